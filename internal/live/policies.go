package live

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"journeyman.dev/internal/refusal"

	"journeyman.dev/internal/diag"
	"journeyman.dev/internal/policy"
	"journeyman.dev/internal/program"
	"journeyman.dev/internal/userflow"
)

// Policy is a policy file.
type Policy struct {
	ID      string // in its normal form: see policy.NormalID
	XML     []byte
	Updated time.Time
	// Version counts the uploads of the id from 1. It is 0 for a document that wasn't uploaded.
	Version int64
	// By identifies the uploader to the admin API; "" if unknown.
	By string
	// New makes an upload fail with ErrExists if the policy exists already.
	New bool
	// File is the file's name in the diagnostics of an upload; "" means a name made from the id. It isn't
	// stored.
	File string
}

// KeptVersions is the number of versions that are kept of each policy.
const KeptVersions = 20

// Serving is the set of served programs at a time.
type Serving struct {
	At time.Time
	// Served maps folded policy ids to hashes of programs; Programs maps the hashes to the programs'
	// documents, the base first.
	Served   map[string]string
	Programs map[string][][]byte
}

// Served is the program that a policy served last.
type Served struct {
	Hash  string
	Since time.Time
}

// Store keeps policy files and their versions, the last served program of each policy, and the documents of
// programs. Last good versions and running journeys need those documents.
type Store interface {
	List(ctx context.Context) ([]Policy, error)
	// Put stores policies and the programs served from then on in one write, all or none. Each policy becomes
	// the next version of its id.
	Put(ctx context.Context, list []Policy, now Serving) error
	Delete(ctx context.Context, id string) error
	// Versions returns the kept versions of a policy, the newest first, even after its deletion.
	Versions(ctx context.Context, id string) ([]Policy, error)
	// Served returns the last served program of each policy or user flow, by folded id.
	Served(ctx context.Context) (map[string]Served, error)
	// Program returns the documents of a program, root first; ErrNoProgram if they are gone.
	Program(ctx context.Context, hash string) ([][]byte, error)
	// KeepPrograms records the served programs. It forgets programs that are neither served nor were current
	// since the time forget.
	KeepPrograms(ctx context.Context, now Serving, forget time.Time) error
}

// ErrNoProgram means that the documents of a program are gone.
var ErrNoProgram = errors.New("program is gone")

// Policies holds the tenant's policies. All fields must be set; [Policies.Load] comes
// first.
type Policies struct {
	Store   Store
	Options program.Options
	Now     func() time.Time
	Log     *slog.Logger
	Keep    time.Duration // how long programs outlive their policies
	// KeyActive reports whether a policy key contains a currently valid key. nil means unknown.
	KeyActive func(id string) bool

	// changes is held from reading the store until the result is published or written: otherwise a reload
	// could restore a policy that an upload has just replaced. Requests never wait for it.
	changes sync.Mutex
	live    atomic.Pointer[state]
	flows   map[string]Policy // documents of user flows, by folded id; changes guards it

	mu    sync.Mutex
	older map[string]*program.Program // by hash, of journeys under way; emptied by housekeeping
}

// state is one state of all policies. It never changes.
type state struct {
	sources map[string]Policy // as uploaded, by folded id
	flows   map[string]Policy // made from user flows, by folded id
	docs    *policy.Set
	status  map[string]Status           // by folded id
	current map[string]*program.Program // by folded id; the served programs
	byHash  map[string]compiled
}

// compiled is a program with the findings in its documents.
type compiled struct {
	program *program.Program
	found   diag.List
}

// Errors of changing policies.
var (
	ErrNoPolicy = errors.New("no such policy")
	ErrExists   = errors.New("the policy exists")
	// ErrInvalid comes with diagnostics.
	ErrInvalid = errors.New("the policy has errors")
)

// Load reads and compiles the stored policies. A policy that doesn't compile any more serves its last good
// version.
func (l *Policies) Load(ctx context.Context) error {
	if err := l.Reload(ctx); err != nil {
		return err
	}
	return l.Remember(ctx)
}

// Reload reads and compiles the stored policies, at the start and after a change by another node.
func (l *Policies) Reload(ctx context.Context) error {
	l.changes.Lock()
	defer l.changes.Unlock()
	sources, err := l.stored(ctx)
	if err != nil {
		return err
	}
	next, err := l.compileAll(ctx, sources, l.flows)
	if err != nil {
		return err
	}
	l.publish(ctx, next)
	return nil
}

// stored reads all policies, by folded id.
func (l *Policies) stored(ctx context.Context) (map[string]Policy, error) {
	list, err := l.Store.List(ctx)
	if err != nil {
		return nil, fmt.Errorf("policies: %w", err)
	}
	sources := make(map[string]Policy)
	for _, s := range list {
		sources[policy.Fold(s.ID)] = s
	}
	return sources, nil
}

// current returns the live state, an empty one at the start.
func (l *Policies) current() *state {
	if live := l.live.Load(); live != nil {
		return live
	}
	return &state{docs: policy.NewSet()}
}

// publish makes a state the live one. The caller holds changes. It logs each policy that newly serves its
// last good version, or nothing.
func (l *Policies) publish(ctx context.Context, next *state) {
	was := l.current()
	l.live.Store(next)
	for id, s := range next.status {
		if s.State == Current || was.status[id].State == s.State && was.status[id].Hash == s.Hash {
			continue
		}
		l.Log.ErrorContext(ctx, "policy doesn't compile as it is", "policyId", s.ID, "state", s.State, "errors", s.Diagnostics.Errors(), "first", firstError(s.Diagnostics))
	}
}

// all iterates over the uploaded policies and those of user flows, by folded id.
func (s *state) all() iter.Seq2[string, Policy] {
	return func(yield func(string, Policy) bool) {
		for _, m := range []map[string]Policy{s.sources, s.flows} {
			for id, one := range m {
				if !yield(id, one) {
					return
				}
			}
		}
	}
}

// source finds a policy's document.
func (s *state) source(id string) Policy {
	if one, ok := s.sources[policy.Fold(id)]; ok {
		return one
	}
	return s.flows[policy.Fold(id)]
}

// parts returns the documents of a policy's chain as uploaded, the base first; none if the chain is broken.
func (s *state) parts(id string) [][]byte {
	chain, _ := s.docs.Chain(id)
	var parts [][]byte
	for _, d := range chain {
		parts = append(parts, s.source(d.PolicyID.Value).XML)
	}
	return parts
}

func parseAll(sources ...map[string]Policy) *policy.Set {
	var docs []*policy.Document
	for _, m := range sources {
		for _, s := range m {
			if d, _ := policy.Parse(s.ID+".xml", s.XML); d != nil {
				docs = append(docs, d)
			}
		}
	}
	return policy.NewSet(docs...)
}

// compile makes the program of one policy of a state, or none if the chain is broken.
func (l *Policies) compile(s *state, id string) compiled {
	chain, list := s.docs.Chain(id)
	if chain == nil {
		return compiled{nil, list}
	}
	o := l.Options
	o.Generated = s.generated(chain)
	p, list := Compile(chain, s.parts(id), o)
	return compiled{p, list}
}

// generated reports whether all documents of a chain come from user flows. An uploaded document belongs to
// its author, even if it inherits from a user flow.
func (s *state) generated(chain []*policy.Document) bool {
	for _, d := range chain {
		id := policy.Fold(d.PolicyID.Value)
		_, uploaded := s.sources[id]
		if _, ok := s.flows[id]; !ok || uploaded {
			return false
		}
	}
	return true
}

// Remember stores the served programs with their documents. It forgets programs that no policy serves and no
// journey can need any more.
func (l *Policies) Remember(ctx context.Context) error {
	l.mu.Lock()
	l.older = make(map[string]*program.Program)
	l.mu.Unlock()
	now := l.Now()
	return l.Store.KeepPrograms(ctx, l.current().serving(now), now.Add(-l.Keep))
}

// Uploaded is the result of an upload.
type Uploaded struct {
	// Diagnostics are those of the files.
	Diagnostics diag.List
	// Broken are the policies that the files broke and that now serve their last good version. Mended are the
	// ids of policies that were broken and are current again.
	Broken []Status
	Mended []string
	// Files are the uploaded policies, with ids and in the given order. Unchanged are the folded ids of the
	// omitted ones, Made those of the new ones.
	Files           []Policy
	Unchanged, Made map[string]bool
}

// Put is Upload for callers that need only the diagnostics of the files.
func (l *Policies) Put(ctx context.Context, files ...Policy) (diag.List, error) {
	out, err := l.Upload(ctx, files...)
	return out.Diagnostics, err
}

// Upload stores policy files, all or none, and compiles them with all policies that inherit from them.
// ErrInvalid means that one of the files contains an error and nothing was stored. A file isn't refused
// because it breaks a policy that inherits from it: pipelines upload a base first, and then its children.
func (l *Policies) Upload(ctx context.Context, files ...Policy) (Uploaded, error) {
	return l.upload(ctx, false, files)
}

// UploadSet is Upload for the files of a folder. It omits files that the tenant contains already, byte by
// byte, and allows one file for each id. It reports the diagnostics of all files under the files' own names.
func (l *Policies) UploadSet(ctx context.Context, files ...Policy) (Uploaded, error) {
	return l.upload(ctx, true, files)
}

func (l *Policies) upload(ctx context.Context, set bool, files []Policy) (Uploaded, error) {
	l.changes.Lock()
	defer l.changes.Unlock()
	out := Uploaded{Unchanged: make(map[string]bool), Made: make(map[string]bool)}
	// Read the store, not this node's memory: another node may have changed policies.
	sources, err := l.stored(ctx)
	if err != nil {
		return out, err
	}
	had := maps.Clone(sources)
	placed := make(map[string]string) // names of files by folded id
	var changed []Policy
	for _, f := range files {
		found := l.place(&f, sources)
		id := policy.Fold(f.ID)
		if first, twice := placed[id]; twice && set && !found.HasErrors() {
			found = append(found, diag.New(diag.DuplicateID, diag.Position{File: f.name(), Line: 1, Column: 1}, "the other is "+first, "policy %q is there twice", f.ID))
		}
		out.Diagnostics = append(out.Diagnostics, found...)
		out.Files = append(out.Files, f)
		if found.HasErrors() {
			continue
		}
		placed[id] = f.name()
		before, there := had[id]
		out.Made[id] = !there
		if f.New && there {
			return out, fmt.Errorf("%w: %s", ErrExists, f.ID)
		}
		if set && there && bytes.Equal(before.XML, f.XML) {
			sources[id], out.Unchanged[id] = before, true
			continue
		}
		changed = append(changed, f)
	}
	refused := out.Diagnostics.HasErrors()
	if refused && !set {
		out.Diagnostics.Sort()
		return out, ErrInvalid
	}
	next, err := l.compileAll(ctx, sources, l.flows)
	if err != nil {
		return out, err
	}
	for id := range placed {
		// If a file can't be read, report only certain faults: the policies that inherit from it, or may do
		// so, weren't checked.
		if !refused || next.within(id, placed) {
			out.Diagnostics = append(out.Diagnostics, next.status[id].Diagnostics...)
		}
	}
	out.Diagnostics = Named(out.Diagnostics, next.docs.All())
	for i := range out.Diagnostics {
		rename(&out.Diagnostics[i], placed)
	}
	out.Diagnostics = out.Diagnostics.Sort()
	if out.Diagnostics.HasErrors() {
		return out, ErrInvalid
	}
	if len(changed) > 0 {
		if err := l.Store.Put(ctx, changed, next.serving(l.Now())); err != nil {
			return out, err
		}
	}
	was := l.current()
	// The store counts the versions.
	if next.sources, err = l.stored(ctx); err != nil {
		return out, err
	}
	for id, s := range next.status {
		_, own := placed[id]
		switch before, known := was.status[id]; {
		case s.State != Current && !own && (known && before.State == Current || next.standsOn(s.ID, changed)):
			out.Broken = append(out.Broken, s)
		case s.State == Current && known && before.State != Current:
			out.Mended = append(out.Mended, s.ID)
		}
	}
	slices.SortFunc(out.Broken, func(a, b Status) int { return strings.Compare(a.ID, b.ID) })
	slices.Sort(out.Mended)
	l.publish(ctx, next)
	return out, nil
}

// name returns the file's name for diagnostics.
func (p Policy) name() string {
	if p.File != "" {
		return p.File
	}
	return cmp.Or(p.ID, "policy") + ".xml"
}

// within reports whether a set contains a policy and all of its bases.
func (s *state) within(id string, some map[string]string) bool {
	chain, _ := s.docs.Chain(id)
	for _, d := range chain {
		if _, ok := some[policy.Fold(d.PolicyID.Value)]; !ok {
			return false
		}
	}
	return chain != nil
}

// rename replaces the file name of a diagnostic by the name of the uploaded file, if there is one.
func rename(d *diag.Diagnostic, files map[string]string) {
	if own, ok := files[policy.Fold(strings.TrimSuffix(d.Position.File, ".xml"))]; ok {
		d.Position.File = own
	}
}

// standsOn reports whether a policy inherits from one of the files.
func (s *state) standsOn(id string, files []Policy) bool {
	chain, _ := s.docs.Chain(id)
	return slices.ContainsFunc(chain, func(d *policy.Document) bool {
		return slices.ContainsFunc(files, func(f Policy) bool { return strings.EqualFold(f.ID, d.PolicyID.Value) })
	})
}

// place parses a file and adds it to the sources. It reports the faults of the file itself.
func (l *Policies) place(f *Policy, sources map[string]Policy) diag.List {
	d, found := policy.Parse(f.name(), f.XML)
	if d == nil || found.HasErrors() {
		return found
	}
	// Compiling the file reports its other faults again.
	list := identity(d, f.ID, l.Options)
	if text, err := policy.DecodeText(f.XML); err == nil {
		list = append(list, leftPlaceholders(d.File, text, "upload the policy with the settings of its environment")...)
	}
	f.ID, f.Updated = d.PolicyID.Value, l.Now()
	if list.HasErrors() {
		return list
	}
	sources[policy.Fold(f.ID)] = *f
	return list
}

// Current implements oidc.Programs.
func (l *Policies) Current(id string) *program.Program {
	return l.current().current[policy.Fold(policy.NormalID(id))]
}

// Program implements journey.Programs. A running journey ends on the program on which it began, even after a
// restart.
func (l *Policies) Program(ctx context.Context, hash string) (*program.Program, error) {
	if c, ok := l.current().byHash[hash]; ok {
		return c.program, nil
	}
	l.mu.Lock()
	p := l.older[hash]
	l.mu.Unlock()
	if p != nil {
		return p, nil
	}
	c, err := l.restore(ctx, hash)
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.older[hash] = c.program
	return c.program, nil
}

// restore compiles the stored documents of a formerly served program.
func (l *Policies) restore(ctx context.Context, hash string) (compiled, error) {
	parts, err := l.Store.Program(ctx, hash)
	if err != nil {
		return compiled{}, fmt.Errorf("program %s: %w", hash, err)
	}
	var chain []*policy.Document
	for _, part := range parts {
		d, _ := policy.Parse("policy.xml", part)
		if d == nil {
			return compiled{}, fmt.Errorf("program %s: a document can't be read", hash)
		}
		chain = append(chain, d)
	}
	o := l.Options
	o.Generated = l.wasGenerated(chain)
	p, list := recompile(chain, parts, o)
	if p == nil {
		return compiled{}, fmt.Errorf("program %s can't be compiled any more: %s", hash, firstError(list))
	}
	return compiled{p, list}, nil
}

// wasGenerated is generated for the documents of an older program, whose user flows may be gone. Only user
// flows have such ids, because uploads with them are refused.
func (l *Policies) wasGenerated(chain []*policy.Document) bool {
	live := l.current()
	for _, d := range chain {
		if _, uploaded := live.sources[policy.Fold(d.PolicyID.Value)]; uploaded || !userflow.IsFlowID(d.PolicyID.Value) {
			return false
		}
	}
	return true
}

// List returns the stored policies by id.
func (l *Policies) List() []Policy {
	return slices.SortedFunc(maps.Values(l.current().sources), func(a, b Policy) int {
		return strings.Compare(policy.Fold(a.ID), policy.Fold(b.ID))
	})
}

// Get returns a stored policy.
func (l *Policies) Get(id string) (Policy, error) {
	if s, ok := l.current().sources[policy.Fold(policy.NormalID(id))]; ok {
		return s, nil
	}
	return Policy{}, fmt.Errorf("%w: %s", ErrNoPolicy, id)
}

// Delete removes a policy from which no other inherits.
func (l *Policies) Delete(ctx context.Context, id string) error {
	l.changes.Lock()
	defer l.changes.Unlock()
	sources, err := l.stored(ctx)
	if err != nil {
		return err
	}
	s, ok := sources[policy.Fold(policy.NormalID(id))]
	if !ok {
		return fmt.Errorf("%w: %s", ErrNoPolicy, id)
	}
	if children := parseAll(sources).Children(s.ID); len(children) > 0 {
		return refusal.Because(ErrInvalid, "policy %s inherits from it", children[0].PolicyID.Value)
	}
	if err := l.Store.Delete(ctx, s.ID); err != nil {
		return err
	}
	delete(sources, policy.Fold(s.ID))
	next, err := l.compileAll(ctx, sources, l.flows)
	if err != nil {
		return err
	}
	l.publish(ctx, next)
	return nil
}

// Versions returns the kept versions of a policy, the newest first; ErrNoPolicy if there are none.
func (l *Policies) Versions(ctx context.Context, id string) ([]Policy, error) {
	list, err := l.Store.Versions(ctx, policy.NormalID(id))
	if err == nil && len(list) == 0 {
		err = fmt.Errorf("%w: %s", ErrNoPolicy, id)
	}
	return list, err
}

// Restore uploads an older version of a policy again, as the newest.
func (l *Policies) Restore(ctx context.Context, id string, version int64, by string) (Uploaded, error) {
	list, err := l.Versions(ctx, id)
	if err != nil {
		return Uploaded{}, err
	}
	for _, v := range list {
		if v.Version == version {
			return l.Upload(ctx, Policy{ID: v.ID, XML: v.XML, By: by})
		}
	}
	return Uploaded{}, fmt.Errorf("%w: version %d of %s", ErrNoPolicy, version, id)
}
