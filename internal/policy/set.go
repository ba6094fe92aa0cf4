package policy

import (
	"cmp"
	"slices"
	"strings"

	"github.com/google/uuid"

	"journeyman.dev/internal/diag"
)

// maxChain is the maximum number of levels of inheritance (policy-engine §2.1 [D]).
const maxChain = 10

// Set contains the documents of a tenant. Nobody changes it after it is made.
type Set struct {
	docs Index[*Document]
}

// NewSet makes a set. If two documents have the same id, the last one counts.
func NewSet(docs ...*Document) *Set {
	s := &Set{}
	for _, d := range docs {
		s.docs.Put(d.PolicyID.Value, d)
	}
	return s
}

// With returns a set with d in place of the document of its id.
func (s *Set) With(d *Document) *Set {
	docs := append([]*Document(nil), s.docs.All()...)
	return NewSet(append(docs, d)...)
}

// Get finds a document by policy id.
func (s *Set) Get(id string) (*Document, bool) { return s.docs.Get(id) }

// All returns the documents.
func (s *Set) All() []*Document { return s.docs.All() }

// Children returns the documents that inherit from a policy, directly or not.
func (s *Set) Children(id string) []*Document {
	var out []*Document
	for _, d := range s.docs.All() {
		if strings.EqualFold(d.PolicyID.Value, id) {
			continue
		}
		chain, _ := s.Chain(d.PolicyID.Value)
		for _, ancestor := range chain[:max(len(chain)-1, 0)] {
			if strings.EqualFold(ancestor.PolicyID.Value, id) {
				out = append(out, d)
				break
			}
		}
	}
	return out
}

// closing finds the policy of a circle whose base is reported as wrong: the policy that inherits from the
// circle's entry point. The result is the same for every way into the circle. The chain is the walk so far
// and contains next.
func (s *Set) closing(chain []*Document, next string) *Document {
	circle := NewSet()
	for _, d := range chain {
		circle.docs.Put(d.PolicyID.Value, d)
		if strings.EqualFold(d.PolicyID.Value, next) {
			break // the documents behind it lead to the circle
		}
	}
	entry := slices.MinFunc(circle.All(), func(a, b *Document) int { return cmp.Compare(Fold(a.PolicyID.Value), Fold(b.PolicyID.Value)) })
	for _, d := range s.docs.All() {
		if _, inside := circle.Get(d.PolicyID.Value); inside || d.Base == nil {
			continue
		}
		if e, ok := circle.Get(d.Base.PolicyID.Value); ok {
			entry = e
			break
		}
	}
	for _, d := range circle.All() {
		if strings.EqualFold(d.Base.PolicyID.Value, entry.PolicyID.Value) {
			return d
		}
	}
	return entry
}

// sameTenant reports whether two names may belong to one tenant. B2C also accepts a tenant's id and its short
// name, and a placeholder may become any name.
func sameTenant(a, b string) bool {
	if placeholder(a) || placeholder(b) || strings.EqualFold(a, b) || uuid.Validate(a) == nil || uuid.Validate(b) == nil {
		return true
	}
	short := func(s string) string { name, _, _ := strings.Cut(s, "."); return name }
	return (!strings.Contains(a, ".") || !strings.Contains(b, ".")) && strings.EqualFold(short(a), short(b))
}

// Chain follows a policy's bases and returns the documents, root first. It reports a missing base, a cycle or
// too many levels, and then returns no documents.
func (s *Set) Chain(id string) ([]*Document, diag.List) {
	var c diag.Collector
	var chain []*Document
	seen := make(map[string]bool)
	d, ok := s.docs.Get(id)
	for ok {
		chain = append([]*Document{d}, chain...)
		seen[Fold(d.PolicyID.Value)] = true
		if d.Base == nil {
			return chain, c.List()
		}
		base := d.Base.PolicyID
		switch {
		case !base.Set() || !d.Base.TenantID.Set():
			if len(d.Faults) == 0 {
				c.Report(diag.MissingBase, d.Base.Pos, "add <TenantId>…</TenantId><PolicyId>…</PolicyId>", "BasePolicy of policy %q lacks TenantId or PolicyId", d.PolicyID.Value)
			}
			return nil, c.List()
		case seen[Fold(base.Value)]:
			closing := s.closing(chain, base.Value)
			c.Report(diag.BaseCycle, closing.Base.PolicyID.Pos, "one of the policies must be the root", "policy %q inherits from itself through %q", closing.PolicyID.Value, closing.Base.PolicyID.Value)
			return nil, c.List()
		case len(chain) >= maxChain:
			c.Report(diag.ChainTooLong, base.Pos, "at most 10 levels", "policy %q inherits over more than %d levels", chain[len(chain)-1].PolicyID.Value, maxChain)
			return nil, c.List()
		case !sameTenant(d.Base.TenantID.Value, d.TenantID.Value):
			c.Report(diag.BaseTenant, d.Base.TenantID.Pos, "use the tenant of the policy itself", "the base policy is in tenant %q, the policy in %q", d.Base.TenantID.Value, d.TenantID.Value)
			return nil, c.List()
		}
		next, found := s.docs.Get(base.Value)
		if !found {
			var ids []string
			for _, other := range s.docs.All() {
				if seen[Fold(other.PolicyID.Value)] {
					continue
				}
				ids = append(ids, other.PolicyID.Value)
			}
			hint := didYouMean(base.Value, ids)
			if hint == "" {
				hint = "upload the base policy first; to lint, name its folder with --base"
			}
			c.Report(diag.MissingBase, base.Pos, hint, "policy with policyId %q cannot be found in the directory %q", base.Value, d.Base.TenantID.Value)
			return nil, c.List()
		}
		d = next
	}
	return nil, c.List()
}
