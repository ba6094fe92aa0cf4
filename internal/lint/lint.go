// Package lint checks policy files as one tenant, without a server, a store or keys.
//
//	bytes ─ policy.Parse ─► documents, by folder ─ Set.Chain ─► one policy's chain ─ live.Compile ─► diagnostics
//
// Callers: journeyman policy lint, compile and upload.
//
// Reference: policy-engine §2.1, §3.
package lint

import (
	"cmp"
	"path/filepath"
	"slices"
	"strings"

	"journeyman.dev/internal/diag"
	"journeyman.dev/internal/live"
	"journeyman.dev/internal/policy"
	"journeyman.dev/internal/program"
)

// File is a policy file to lint.
type File struct {
	Path   string
	Source []byte
	// Found is set for files found in a folder. Found files that aren't policies are ignored.
	Found bool
	// Base is set for files that serve only as bases, such as a starter pack under a set of changes. They
	// aren't linted.
	Base bool
}

// Check checks files as one tenant, for the known kinds of technical profiles. Keys are unknown, so none is
// reported as missing. If several folders contain a policy of the same id, a file's own folder comes first,
// then the nearest folder, and last the files that only serve as bases. In those Check reports only errors,
// because they would refuse the policies that inherit from them.
func Check(files []File, kinds *program.Kinds) diag.List {
	t, list := readTenant(files)
	tested := make(map[*policy.Document]bool) // inherited by a relying party that was checked
	// If a file is unreadable or lacks its base, both already reported, the inheritance is uncertain.
	unclear := t.nameless || slices.ContainsFunc(t.docs, func(d *policy.Document) bool { return len(d.Faults) > 0 })
	for _, d := range t.docs {
		if t.bases[d.File] {
			continue
		}
		chain, found := t.around(d).Chain(d.PolicyID.Value)
		missing := func(f diag.Diagnostic) bool { return f.Code == diag.MissingBase }
		if unknown, ok := t.unknownBase(d); ok && slices.ContainsFunc(found, missing) {
			found = append(slices.DeleteFunc(found, missing), unknown)
		}
		if t.nameless {
			found = slices.DeleteFunc(found, missing)
		}
		list = append(list, found...)
		if chain == nil {
			unclear = unclear || found.HasErrors()
			continue
		}
		_, found = live.Compile(chain, nil, program.Options{Kinds: kinds, Offline: true})
		list = append(list, found...)
		if slices.ContainsFunc(chain, func(d *policy.Document) bool { return d.RelyingParty != nil }) {
			for _, one := range chain {
				tested[one] = true
			}
		}
	}
	list = slices.DeleteFunc(list, func(d diag.Diagnostic) bool { return t.bases[d.Position.File] && d.Severity != diag.Error })
	list = slices.DeleteFunc(list, func(d diag.Diagnostic) bool {
		return d.Code == diag.NotChecked && (unclear || slices.ContainsFunc(t.docs, func(doc *policy.Document) bool { return doc.Pos == d.Position && tested[doc] }))
	})
	return live.Named(list, t.docs).Sort()
}

// unknownBase reports that a policy can't be checked, because a deployment tool fills in the name of its base
// or of a base's base.
func (t *tenant) unknownBase(d *policy.Document) (diag.Diagnostic, bool) {
	for range t.docs {
		if d.Base == nil {
			break
		}
		next, ok := t.around(d).Get(d.Base.PolicyID.Value)
		if !ok {
			return diag.New(diag.NotChecked, d.Base.PolicyID.Pos, "fill it in with --settings, or before linting",
				"which policy %q stands for isn't known, so that what inherits from it isn't checked", d.Base.PolicyID.Value), policy.Placeholder(d.Base.PolicyID.Value)
		}
		d = next
	}
	return diag.Diagnostic{}, false
}

// Merge merges a policy of files with its bases, for printing.
func Merge(files []File, kinds *program.Kinds, id string) (*policy.Effective, diag.List) {
	t, list := readTenant(files)
	for _, d := range t.docs {
		if !strings.EqualFold(d.PolicyID.Value, id) {
			continue
		}
		chain, found := t.around(d).Chain(id)
		list = append(list, found...)
		if chain == nil {
			return nil, list
		}
		e, found := policy.Inherit(chain)
		list = append(append(list, found...), policy.Check(e, kinds.Names())...)
		return e, list.Sort()
	}
	return nil, list
}

// tenant is the policies of files, linted together.
type tenant struct {
	docs  []*policy.Document
	bases map[string]bool // files that only serve as bases
	// nameless is set if the id of a file is unreadable. Another file may inherit from it.
	nameless bool
	sets     map[string]*policy.Set // by folder: see around
}

func readTenant(files []File) (*tenant, diag.List) {
	t := &tenant{bases: make(map[string]bool), sets: make(map[string]*policy.Set)}
	var list diag.List
	seen := make(map[string]*policy.Document)
	for _, f := range files {
		d, found := policy.Parse(f.Path, f.Source)
		if d == nil && f.Found && slices.ContainsFunc(found, func(d diag.Diagnostic) bool { return d.Code == diag.WrongRoot }) {
			continue
		}
		list = append(list, found...)
		t.bases[f.Path] = f.Base
		if d == nil || !d.PolicyID.Set() || slices.ContainsFunc(d.Faults, func(f diag.Diagnostic) bool { return f.Code == diag.BadIdentifier }) {
			t.nameless = true
			continue
		}
		key := filepath.Dir(f.Path) + "|" + policy.Fold(d.PolicyID.Value)
		if first, twice := seen[key]; twice {
			list = append(list, diag.New(diag.DuplicateID, d.PolicyID.Pos, "the first is at "+first.PolicyID.Pos.String(), "policy %q is there twice", d.PolicyID.Value))
			continue
		}
		seen[key] = d
		t.docs = append(t.docs, d)
	}
	return t, list
}

// around returns the tenant from a document's point of view: among policies with the same id, the one in the
// nearest folder counts, and files that only serve as bases come last.
func (t *tenant) around(d *policy.Document) *policy.Set {
	folder := filepath.Dir(d.File)
	if set, ok := t.sets[folder]; ok {
		return set
	}
	own := strings.Split(filepath.ToSlash(folder), "/")
	distance := func(other *policy.Document) int {
		theirs := strings.Split(filepath.ToSlash(filepath.Dir(other.File)), "/")
		shared := 0
		for shared < len(own) && shared < len(theirs) && own[shared] == theirs[shared] {
			shared++
		}
		steps := len(own) + len(theirs) - 2*shared
		if t.bases[other.File] {
			steps += 1 << 20
		}
		return steps
	}
	sorted := slices.Clone(t.docs)
	slices.SortStableFunc(sorted, func(a, b *policy.Document) int { return cmp.Compare(distance(b), distance(a)) })
	set := policy.NewSet(sorted...)
	t.sets[folder] = set
	return set
}
