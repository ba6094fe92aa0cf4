package library

import (
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

	"journeyman.dev/internal/diag"
	"journeyman.dev/internal/journey"
	"journeyman.dev/internal/policy"
	"journeyman.dev/internal/userflow"
)

// Policy is a policy file.
type Policy struct {
	ID      string // as uploaded, with the prefix that custom policies have
	XML     []byte
	Updated time.Time
}

// Store keeps policy files, and the documents of programs for journeys under way.
type Store interface {
	List(ctx context.Context) ([]Policy, error)
	// Put stores policies in one write, all or none.
	Put(ctx context.Context, list ...Policy) error
	Delete(ctx context.Context, id string) error
	// Program returns the documents of a program, root first.
	Program(ctx context.Context, hash string) ([][]byte, error)
	// KeepPrograms remembers the documents of programs, and forgets those that were not
	// current since a time.
	KeepPrograms(ctx context.Context, programs map[string][][]byte, now, forget time.Time) error
}

// Library holds the tenant's policies. All fields must be set; [Library.Load] comes
// first.
type Library struct {
	Store   Store
	Options journey.Options
	Now     func() time.Time
	Log     *slog.Logger
	Keep    time.Duration // how long programs outlive their policies

	// changes is held from reading the store to publishing what was read or written:
	// else a reload could put back what an upload has just replaced. Requests never
	// wait for it.
	changes sync.Mutex
	live    atomic.Pointer[state]
	flows   map[string]Policy // documents of user flows, by folded id; changes guards it

	mu    sync.Mutex
	older map[string]*journey.Program // by hash, of journeys under way; emptied by housekeeping
}

// state is one state of all policies; it never changes.
type state struct {
	sources map[string]Policy // as uploaded, by folded id
	flows   map[string]Policy // made from user flows, by folded id
	docs    *policy.Set
	current map[string]*journey.Program // by folded id
	byHash  map[string]*journey.Program
}

// Errors of changing policies.
var (
	ErrNoPolicy = errors.New("no such policy")
	// ErrInvalid goes with diagnostics.
	ErrInvalid = errors.New("the policy has errors")
)

// Load reads the stored policies and compiles them. A policy that doesn't compile any
// more is kept and reported: it was fine when it was uploaded.
func (l *Library) Load(ctx context.Context) error {
	if err := l.Reload(ctx); err != nil {
		return err
	}
	return l.Remember(ctx)
}

// Reload reads the stored policies and compiles them: at the start, and when another
// node changed them.
func (l *Library) Reload(ctx context.Context) error {
	l.changes.Lock()
	defer l.changes.Unlock()
	sources, err := l.stored(ctx)
	if err != nil {
		return err
	}
	l.publish(ctx, sources)
	return nil
}

// stored reads all policies, by folded id.
func (l *Library) stored(ctx context.Context) (map[string]Policy, error) {
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

// publish compiles every policy whose chain changed and makes the result current; the
// caller holds changes.
func (l *Library) publish(ctx context.Context, sources map[string]Policy) {
	l.live.Store(l.compileAll(ctx, sources, l.flows))
}

// compileAll makes the state of all policies; what hasn't changed isn't compiled again.
func (l *Library) compileAll(ctx context.Context, sources, flows map[string]Policy) *state {
	was := l.current()
	next := &state{sources: sources, flows: flows, docs: parseAll(sources, flows), current: make(map[string]*journey.Program), byHash: make(map[string]*journey.Program)}
	for id, s := range next.all() {
		program := was.byHash[hashOf(next.parts(s.ID))]
		if program == nil {
			var list diag.List
			program, list = l.compile(next, s.ID)
			if program == nil || list.HasErrors() {
				for _, d := range list {
					if d.Severity == diag.Error {
						l.Log.ErrorContext(ctx, "stored policy has an error", "policyId", s.ID, "diagnostic", d.String())
					}
				}
				program = was.current[id]
			}
		}
		if program != nil {
			next.current[id] = program
			next.byHash[program.Hash] = program
		}
	}
	return next
}

// current is the live state; at the start there is an empty one.
func (l *Library) current() *state {
	if live := l.live.Load(); live != nil {
		return live
	}
	return &state{docs: policy.NewSet()}
}

// all are the uploaded policies and those of user flows, by folded id.
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

// parts are the documents of a policy's chain as uploaded, the base first; none if the
// chain is broken.
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

// compile makes the program of one policy of a state.
func (l *Library) compile(s *state, id string) (*journey.Program, diag.List) {
	chain, list := s.docs.Chain(id)
	if chain == nil {
		return nil, list
	}
	o := l.Options
	o.Generated = s.generated(chain)
	return compileChain(chain, s.parts(id), o)
}

// generated reports whether all documents of a chain were made from user flows: one that
// was uploaded, although on top of one, is its author's.
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

// Remember keeps the documents of the current programs in the store, for journeys under
// way, and forgets those that no journey can need any more.
func (l *Library) Remember(ctx context.Context) error {
	live := l.current()
	programs := make(map[string][][]byte)
	for id, program := range live.current {
		if program.RelyingParty == nil {
			continue
		}
		if parts := live.parts(id); len(parts) > 0 && hashOf(parts) == program.Hash {
			programs[program.Hash] = parts
		}
	}
	l.mu.Lock()
	l.older = make(map[string]*journey.Program)
	l.mu.Unlock()
	now := l.Now()
	return l.Store.KeepPrograms(ctx, programs, now, now.Add(-l.Keep))
}

// Put stores policy files, all or none, and compiles them with everything that
// inherits from them. The diagnostics are those of the files; with ErrInvalid one of
// them is an error and nothing was stored.
func (l *Library) Put(ctx context.Context, files ...Policy) (diag.List, error) {
	l.changes.Lock()
	defer l.changes.Unlock()
	// What the store has, not what this node last saw of it: another may have changed it.
	sources, err := l.stored(ctx)
	if err != nil {
		return nil, err
	}
	var list diag.List
	var ids []string
	now := l.Now()
	for i, f := range files {
		name := f.ID
		if name == "" {
			name = "policy"
		}
		d, found := policy.Parse(name+".xml", f.XML)
		list = append(list, found...)
		if d == nil || found.HasErrors() {
			continue
		}
		list = append(list, identity(d, f.ID, l.Options)...)
		files[i].ID, files[i].Updated = PolicyID(d.PolicyID.Value), now
		sources[policy.Fold(files[i].ID)] = files[i]
		ids = append(ids, files[i].ID)
	}
	if list.HasErrors() {
		return list.Sort(), ErrInvalid
	}
	next := &state{sources: sources, flows: l.flows, docs: parseAll(sources, l.flows)}
	for _, id := range ids {
		_, found := l.compile(next, id)
		list = append(list, found...)
	}
	list = named(list, next.docs.All()).Sort()
	if list.HasErrors() {
		return list, ErrInvalid
	}
	if err := l.Store.Put(ctx, files...); err != nil {
		return list, err
	}
	l.publish(ctx, sources)
	return list, l.Remember(ctx)
}

// Current implements oidc.Programs.
func (l *Library) Current(id string) *journey.Program {
	return l.current().current[policy.Fold(id)]
}

// Program implements journey.Programs: a journey under way finishes on the program that
// it began with, also after a restart.
func (l *Library) Program(ctx context.Context, hash string) (*journey.Program, error) {
	if program := l.current().byHash[hash]; program != nil {
		return program, nil
	}
	l.mu.Lock()
	program := l.older[hash]
	l.mu.Unlock()
	if program != nil {
		return program, nil
	}
	parts, err := l.Store.Program(ctx, hash)
	if err != nil {
		return nil, fmt.Errorf("program %s: %w", hash, err)
	}
	var chain []*policy.Document
	for _, part := range parts {
		d, _ := policy.Parse("policy.xml", part)
		if d == nil {
			return nil, fmt.Errorf("program %s: a document can't be read", hash)
		}
		chain = append(chain, d)
	}
	o := l.Options
	o.Generated = l.wasGenerated(chain)
	program, list := compileChain(chain, parts, o)
	if program == nil || list.HasErrors() {
		return nil, fmt.Errorf("program %s can't be compiled any more", hash)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.older[hash] = program
	return program, nil
}

// wasGenerated is generated for the documents of an older program, whose user flows may be
// gone: only theirs have such ids, which uploads are refused.
func (l *Library) wasGenerated(chain []*policy.Document) bool {
	live := l.current()
	for _, d := range chain {
		if _, uploaded := live.sources[policy.Fold(d.PolicyID.Value)]; uploaded || !userflow.IsFlowID(d.PolicyID.Value) {
			return false
		}
	}
	return true
}

// List returns the stored policies by id.
func (l *Library) List() []Policy {
	return slices.SortedFunc(maps.Values(l.current().sources), func(a, b Policy) int {
		return strings.Compare(policy.Fold(a.ID), policy.Fold(b.ID))
	})
}

// Get returns a stored policy.
func (l *Library) Get(id string) (Policy, error) {
	if s, ok := l.current().sources[policy.Fold(PolicyID(id))]; ok {
		return s, nil
	}
	return Policy{}, fmt.Errorf("%w: %s", ErrNoPolicy, id)
}

// Delete removes a policy that no other inherits from.
func (l *Library) Delete(ctx context.Context, id string) error {
	l.changes.Lock()
	defer l.changes.Unlock()
	sources, err := l.stored(ctx)
	if err != nil {
		return err
	}
	s, ok := sources[policy.Fold(PolicyID(id))]
	if !ok {
		return fmt.Errorf("%w: %s", ErrNoPolicy, id)
	}
	if children := parseAll(sources).Children(s.ID); len(children) > 0 {
		return fmt.Errorf("%w: policy %s inherits from it", ErrInvalid, children[0].PolicyID.Value)
	}
	if err := l.Store.Delete(ctx, s.ID); err != nil {
		return err
	}
	delete(sources, policy.Fold(s.ID))
	l.publish(ctx, sources)
	return nil
}
