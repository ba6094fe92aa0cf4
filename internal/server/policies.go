package server

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
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
	"journeyman.dev/internal/store"
	"journeyman.dev/internal/userflow"
)

// Policies holds the tenant's policies: stored as uploaded, compiled in memory. A
// journey under way finishes on the program that it began with.
type Policies struct {
	store   store.Policies
	options journey.Options
	now     func() time.Time
	log     *slog.Logger
	keep    time.Duration // how long programs outlive their policies

	// changes is held from reading the store to publishing what was read or written:
	// else a reload could put back what an upload has just replaced. Requests never
	// wait for it.
	changes sync.Mutex
	live    atomic.Pointer[policies]
	flows   map[string]store.Policy // documents of user flows, by folded id; changes guards it

	mu    sync.Mutex
	older map[string]*journey.Program // by hash, of journeys under way; emptied by housekeeping
}

// policies is one state of all policies; it never changes.
type policies struct {
	sources map[string]store.Policy // as uploaded, by folded id
	flows   map[string]store.Policy // made from user flows, by folded id
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

// load reads the stored policies and compiles them. A policy that doesn't compile any
// more is kept and reported: it was fine when it was uploaded.
func (p *Policies) load(ctx context.Context) error {
	if err := p.Reload(ctx); err != nil {
		return err
	}
	return p.Remember(ctx)
}

// Reload reads the stored policies and compiles them: at the start, and when another
// node changed them.
func (p *Policies) Reload(ctx context.Context) error {
	p.changes.Lock()
	defer p.changes.Unlock()
	sources, err := p.stored(ctx)
	if err != nil {
		return err
	}
	p.publish(ctx, sources)
	return nil
}

// stored reads all policies, by folded id.
func (p *Policies) stored(ctx context.Context) (map[string]store.Policy, error) {
	list, err := p.store.List(ctx)
	if err != nil {
		return nil, fmt.Errorf("policies: %w", err)
	}
	sources := make(map[string]store.Policy)
	for _, s := range list {
		sources[policy.Fold(s.ID)] = s
	}
	return sources, nil
}

// publish compiles every policy whose chain changed and makes the result current; the
// caller holds changes.
func (p *Policies) publish(ctx context.Context, sources map[string]store.Policy) {
	p.live.Store(p.compileAll(ctx, sources, p.flows))
}

// compileAll makes the state of all policies; what hasn't changed isn't compiled again.
func (p *Policies) compileAll(ctx context.Context, sources, flows map[string]store.Policy) *policies {
	was := p.current()
	next := &policies{sources: sources, flows: flows, docs: parseAll(sources, flows), current: make(map[string]*journey.Program), byHash: make(map[string]*journey.Program)}
	for id, s := range next.all() {
		program := was.byHash[hashOf(next.parts(s.ID))]
		if program == nil {
			var list diag.List
			program, list = p.compile(next, s.ID)
			if program == nil || list.HasErrors() {
				for _, d := range list {
					if d.Severity == diag.Error {
						p.log.ErrorContext(ctx, "stored policy has an error", "policyId", s.ID, "diagnostic", d.String())
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
func (p *Policies) current() *policies {
	if live := p.live.Load(); live != nil {
		return live
	}
	return &policies{docs: policy.NewSet()}
}

// all are the uploaded policies and those of user flows, by folded id.
func (s *policies) all() iter.Seq2[string, store.Policy] {
	return func(yield func(string, store.Policy) bool) {
		for _, m := range []map[string]store.Policy{s.sources, s.flows} {
			for id, one := range m {
				if !yield(id, one) {
					return
				}
			}
		}
	}
}

// source finds a policy's document.
func (s *policies) source(id string) store.Policy {
	if one, ok := s.sources[policy.Fold(id)]; ok {
		return one
	}
	return s.flows[policy.Fold(id)]
}

// parts are the documents of a policy's chain as uploaded, the base first; none if the
// chain is broken.
func (s *policies) parts(id string) [][]byte {
	chain, _ := s.docs.Chain(id)
	var parts [][]byte
	for _, d := range chain {
		parts = append(parts, s.source(d.PolicyID.Value).XML)
	}
	return parts
}

func parseAll(sources ...map[string]store.Policy) *policy.Set {
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
func (p *Policies) compile(s *policies, id string) (*journey.Program, diag.List) {
	chain, list := s.docs.Chain(id)
	if chain == nil {
		return nil, list
	}
	return compileChain(chain, s.parts(id), p.options)
}

// compileChain inherits, checks and compiles. Of a chain with a damaged file only what
// damaged it is told, and there is no program.
func compileChain(chain []*policy.Document, parts [][]byte, o journey.Options) (*journey.Program, diag.List) {
	var faults diag.List
	for _, d := range chain {
		faults = append(faults, d.Faults...)
	}
	if len(faults) > 0 {
		return nil, faults.Sort()
	}
	e, list := policy.Inherit(chain)
	list = append(list, policy.Check(e)...)
	o.Hash = hashOf(parts)
	program, more := journey.Compile(e, o)
	for i := range more {
		more[i].PolicyID = e.Owner(more[i].Position.File)
	}
	return program, append(list, more...).Sort()
}

func hashOf(parts [][]byte) string {
	h := sha256.New()
	for _, part := range parts {
		var n [8]byte
		binary.BigEndian.PutUint64(n[:], uint64(len(part)))
		h.Write(n[:])
		h.Write(part)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// Remember keeps the documents of the current programs in the store, for journeys under
// way, and forgets those that no journey can need any more.
func (p *Policies) Remember(ctx context.Context) error {
	live := p.current()
	programs := make(map[string][][]byte)
	for id, program := range live.current {
		if program.RelyingParty == nil {
			continue
		}
		if parts := live.parts(id); len(parts) > 0 && hashOf(parts) == program.Hash {
			programs[program.Hash] = parts
		}
	}
	p.mu.Lock()
	p.older = make(map[string]*journey.Program)
	p.mu.Unlock()
	now := p.now()
	return p.store.KeepPrograms(ctx, programs, now, now.Add(-p.keep))
}

// Put stores policy files, all or none, and compiles them with everything that
// inherits from them. The diagnostics are those of the files; with ErrInvalid one of
// them is an error and nothing was stored.
func (p *Policies) Put(ctx context.Context, files ...store.Policy) (diag.List, error) {
	p.changes.Lock()
	defer p.changes.Unlock()
	// What the store has, not what this node last saw of it: another may have changed it.
	sources, err := p.stored(ctx)
	if err != nil {
		return nil, err
	}
	var list diag.List
	var ids []string
	now := p.now()
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
		list = append(list, identity(d, f.ID, p.options)...)
		files[i].ID, files[i].Updated = withPrefix(d.PolicyID.Value), now
		sources[policy.Fold(files[i].ID)] = files[i]
		ids = append(ids, files[i].ID)
	}
	if list.HasErrors() {
		return list.Sort(), ErrInvalid
	}
	next := &policies{sources: sources, flows: p.flows, docs: parseAll(sources, p.flows)}
	for _, id := range ids {
		_, found := p.compile(next, id)
		list = append(list, found...)
	}
	list = named(list, next.docs.All()).Sort()
	if list.HasErrors() {
		return list, ErrInvalid
	}
	if err := p.store.Put(ctx, files...); err != nil {
		return list, err
	}
	p.publish(ctx, sources)
	return list, p.Remember(ctx)
}

// withPrefix adds the prefix that custom policies have, as B2C does.
func withPrefix(id string) string {
	if len(id) >= 4 && strings.EqualFold(id[:4], "B2C_") {
		return id
	}
	return "B2C_1A_" + id
}

// identity checks that a file belongs to the tenant and is named as it is addressed.
func identity(d *policy.Document, id string, o journey.Options) diag.List {
	var c diag.Collector
	short, _, _ := strings.Cut(o.TenantName, ".")
	if t := d.TenantID.Value; !strings.EqualFold(t, o.TenantName) && !strings.EqualFold(t, o.TenantID) && !strings.EqualFold(t, short) {
		c.Report(diag.WrongTenant, d.TenantID.Pos, "write "+o.TenantName, "the policy is of tenant %q, but is uploaded to %q", t, o.TenantName)
	}
	if userflow.IsFlowID(d.PolicyID.Value) {
		c.Report(diag.WrongTenant, d.PolicyID.Pos, "name it B2C_1A_…", "the policy's id %q is one that user flows have", d.PolicyID.Value)
	}
	if id != "" && !strings.EqualFold(withPrefix(d.PolicyID.Value), withPrefix(id)) {
		c.Report(diag.WrongTenant, d.PolicyID.Pos, "upload it under its own id", "the policy's id is %q, but it is uploaded as %q", d.PolicyID.Value, id)
	}
	return c.List()
}

// Current implements oidc.Programs.
func (p *Policies) Current(id string) *journey.Program {
	return p.current().current[policy.Fold(id)]
}

// Program implements journey.Programs: a journey under way finishes on the program that
// it began with, also after a restart.
func (p *Policies) Program(ctx context.Context, hash string) (*journey.Program, error) {
	if program := p.current().byHash[hash]; program != nil {
		return program, nil
	}
	p.mu.Lock()
	program := p.older[hash]
	p.mu.Unlock()
	if program != nil {
		return program, nil
	}
	parts, err := p.store.Program(ctx, hash)
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
	program, list := compileChain(chain, parts, p.options)
	if program == nil || list.HasErrors() {
		return nil, fmt.Errorf("program %s can't be compiled any more", hash)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.older[hash] = program
	return program, nil
}

// List returns the stored policies by id.
func (p *Policies) List() []store.Policy {
	return slices.SortedFunc(maps.Values(p.current().sources), func(a, b store.Policy) int {
		return strings.Compare(policy.Fold(a.ID), policy.Fold(b.ID))
	})
}

// Get returns a stored policy.
func (p *Policies) Get(id string) (store.Policy, error) {
	if s, ok := p.current().sources[policy.Fold(withPrefix(id))]; ok {
		return s, nil
	}
	return store.Policy{}, fmt.Errorf("%w: %s", ErrNoPolicy, id)
}

// Delete removes a policy that no other inherits from.
func (p *Policies) Delete(ctx context.Context, id string) error {
	p.changes.Lock()
	defer p.changes.Unlock()
	sources, err := p.stored(ctx)
	if err != nil {
		return err
	}
	s, ok := sources[policy.Fold(withPrefix(id))]
	if !ok {
		return fmt.Errorf("%w: %s", ErrNoPolicy, id)
	}
	if children := parseAll(sources).Children(s.ID); len(children) > 0 {
		return fmt.Errorf("%w: policy %s inherits from it", ErrInvalid, children[0].PolicyID.Value)
	}
	if err := p.store.Delete(ctx, s.ID); err != nil {
		return err
	}
	delete(sources, policy.Fold(s.ID))
	p.publish(ctx, sources)
	return nil
}
