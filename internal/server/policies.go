package server

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"journeyman.dev/internal/diag"
	"journeyman.dev/internal/journey"
	"journeyman.dev/internal/policy"
	"journeyman.dev/internal/store"
)

// Policies holds the tenant's policies: stored as uploaded, compiled in memory. A
// journey under way finishes on the program that it began with.
type Policies struct {
	store   store.Policies
	options journey.Options
	now     func() time.Time
	log     *slog.Logger
	keep    time.Duration // how long programs outlive their policies

	mu      sync.RWMutex
	sources map[string]store.Policy // by folded id
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
	p.byHash = make(map[string]*journey.Program)
	p.current = make(map[string]*journey.Program)
	if err := p.Reload(ctx); err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.remember(ctx)
}

// Reload reads the stored policies and compiles them: at the start, and when another
// node changed them.
func (p *Policies) Reload(ctx context.Context) error {
	list, err := p.store.List(ctx)
	if err != nil {
		return fmt.Errorf("policies: %w", err)
	}
	sources := make(map[string]store.Policy)
	for _, s := range list {
		sources[policy.Fold(s.ID)] = s
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sources = sources
	p.compileAll(ctx)
	return nil
}

// compileAll compiles every policy anew; the caller holds the lock.
func (p *Policies) compileAll(ctx context.Context) {
	p.docs = parseAll(p.sources)
	next := make(map[string]*journey.Program)
	for id, s := range p.sources {
		program, list := p.compile(p.docs, s.ID, p.sources)
		if program == nil || list.HasErrors() {
			for _, d := range list {
				if d.Severity == diag.Error {
					p.log.ErrorContext(ctx, "stored policy has an error", "policyId", s.ID, "diagnostic", d.String())
				}
			}
			if old := p.current[id]; old != nil {
				next[id] = old
			}
			continue
		}
		next[id] = program
		p.byHash[program.Hash] = program
	}
	p.current = next
}

func parseAll(sources map[string]store.Policy) *policy.Set {
	var docs []*policy.Document
	for _, s := range sources {
		if d, _ := policy.Parse(s.ID+".xml", s.XML); d != nil {
			docs = append(docs, d)
		}
	}
	return policy.NewSet(docs...)
}

// compile makes the program of one policy of a set.
func (p *Policies) compile(docs *policy.Set, id string, sources map[string]store.Policy) (*journey.Program, diag.List) {
	chain, list := docs.Chain(id)
	if chain == nil {
		return nil, list
	}
	var parts [][]byte
	for _, d := range chain {
		parts = append(parts, sources[policy.Fold(d.PolicyID.Value)].XML)
	}
	return compileChain(chain, parts, p.options)
}

// compileChain inherits, checks and compiles.
func compileChain(chain []*policy.Document, parts [][]byte, o journey.Options) (*journey.Program, diag.List) {
	e, list := policy.Inherit(chain)
	list = append(list, policy.Check(e)...)
	o.Hash = hashOf(parts)
	program, more := journey.Compile(e, o)
	for i := range more {
		if more[i].PolicyID == "" {
			more[i].PolicyID = e.PolicyID()
		}
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

// remember keeps the documents of the current programs, for journeys under way; the
// caller holds the lock.
func (p *Policies) remember(ctx context.Context) error {
	programs := make(map[string][][]byte)
	for id, program := range p.current {
		if program.RelyingParty == nil {
			continue
		}
		chain, _ := p.docs.Chain(id)
		var parts [][]byte
		for _, d := range chain {
			parts = append(parts, p.sources[policy.Fold(d.PolicyID.Value)].XML)
		}
		if len(parts) > 0 && hashOf(parts) == program.Hash {
			programs[program.Hash] = parts
		}
	}
	now := p.now()
	return p.store.KeepPrograms(ctx, programs, now, now.Add(-p.keep))
}

// Put stores policy files, all or none, and compiles them with everything that
// inherits from them. The diagnostics are those of the files; with ErrInvalid one of
// them is an error and nothing was stored.
func (p *Policies) Put(ctx context.Context, files ...store.Policy) (diag.List, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	sources := make(map[string]store.Policy)
	for id, s := range p.sources {
		sources[id] = s
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
		list = append(list, p.identity(d, f.ID)...)
		files[i].ID, files[i].Updated = withPrefix(d.PolicyID.Value), now
		sources[policy.Fold(files[i].ID)] = files[i]
		ids = append(ids, files[i].ID)
	}
	if list.HasErrors() {
		return list.Sort(), ErrInvalid
	}
	docs := parseAll(sources)
	for _, id := range ids {
		_, found := p.compile(docs, id, sources)
		list = append(list, found...)
	}
	list = named(list, docs.All()).Sort()
	if list.HasErrors() {
		return list, ErrInvalid
	}
	if err := p.store.Put(ctx, files...); err != nil {
		return list, err
	}
	p.sources = sources
	p.compileAll(ctx)
	return list, p.remember(ctx)
}

// withPrefix adds the prefix that custom policies have, as B2C does.
func withPrefix(id string) string {
	if len(id) >= 4 && strings.EqualFold(id[:4], "B2C_") {
		return id
	}
	return "B2C_1A_" + id
}

// identity checks that a file belongs to the tenant and is named as it is addressed.
func (p *Policies) identity(d *policy.Document, id string) diag.List {
	var c diag.Collector
	short, _, _ := strings.Cut(p.options.TenantName, ".")
	if t := d.TenantID.Value; !strings.EqualFold(t, p.options.TenantName) && !strings.EqualFold(t, p.options.TenantID) && !strings.EqualFold(t, short) {
		c.Report(diag.WrongTenant, d.TenantID.Pos, "write "+p.options.TenantName, "the policy is of tenant %q, but is uploaded to %q", t, p.options.TenantName)
	}
	if id != "" && !strings.EqualFold(withPrefix(d.PolicyID.Value), withPrefix(id)) {
		c.Report(diag.WrongTenant, d.PolicyID.Pos, "upload it under its own id", "the policy's id is %q, but it is uploaded as %q", d.PolicyID.Value, id)
	}
	return c.List()
}

// Current implements oidc.Programs.
func (p *Policies) Current(id string) *journey.Program {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.current[policy.Fold(id)]
}

// Program implements journey.Programs: a journey under way finds the program that it
// began with, also after a restart.
func (p *Policies) Program(ctx context.Context, hash string) (*journey.Program, error) {
	p.mu.RLock()
	program := p.byHash[hash]
	p.mu.RUnlock()
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
	p.byHash[hash] = program
	return program, nil
}

// List returns the stored policies by id.
func (p *Policies) List() []store.Policy {
	p.mu.RLock()
	defer p.mu.RUnlock()
	var out []store.Policy
	for _, s := range p.sources {
		out = append(out, s)
	}
	slices.SortFunc(out, func(a, b store.Policy) int { return strings.Compare(policy.Fold(a.ID), policy.Fold(b.ID)) })
	return out
}

// Get returns a stored policy.
func (p *Policies) Get(id string) (store.Policy, error) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	if s, ok := p.sources[policy.Fold(withPrefix(id))]; ok {
		return s, nil
	}
	return store.Policy{}, fmt.Errorf("%w: %s", ErrNoPolicy, id)
}

// Delete removes a policy that no other inherits from.
func (p *Policies) Delete(ctx context.Context, id string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	id = withPrefix(id)
	s, ok := p.sources[policy.Fold(id)]
	if !ok {
		return fmt.Errorf("%w: %s", ErrNoPolicy, id)
	}
	if children := p.docs.Children(s.ID); len(children) > 0 {
		return fmt.Errorf("%w: policy %s inherits from it", ErrInvalid, children[0].PolicyID.Value)
	}
	if err := p.store.Delete(ctx, s.ID); err != nil {
		return err
	}
	delete(p.sources, policy.Fold(id))
	p.compileAll(ctx)
	return nil
}
