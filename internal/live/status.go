package live

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"journeyman.dev/internal/diag"
	"journeyman.dev/internal/policy"
	"journeyman.dev/internal/program"
)

// State is the condition of a policy. The words are those of the admin API.
type State string

// The states.
const (
	// Current policies serve their latest upload.
	Current State = "current"
	// LastGood policies serve an older version of themselves or of their bases, because the latest upload
	// doesn't compile.
	LastGood State = "lastGood"
	// Broken policies serve nothing: no known version of them compiles.
	Broken State = "broken"
)

// Status is the condition of a policy or user flow with its reasons.
type Status struct {
	ID    string
	State State
	// Hash is the hash of the served program, Since the time from which it is served. They are "" and zero
	// for a policy that serves no program, such as a base.
	Hash  string
	Since time.Time
	// Diagnostics are those of the latest upload of the chain.
	Diagnostics diag.List

	Document *policy.Document // the file; nil if it can't be read any more
	Policy   Policy           // as uploaded
	UserFlow bool             // made from a user flow
}

// compileAll makes the state of all policies. Unchanged policies aren't compiled again.
func (l *Policies) compileAll(ctx context.Context, sources, flows map[string]Policy) (*state, error) {
	served, err := l.Store.Served(ctx)
	if err != nil {
		return nil, err
	}
	was := l.current()
	next := &state{
		sources: sources, flows: flows, docs: parseAll(sources, flows), status: make(map[string]Status),
		current: make(map[string]*program.Program), byHash: make(map[string]compiled),
	}
	for id, s := range next.all() {
		c, known := was.byHash[hashOf(next.parts(s.ID))]
		if !known {
			c = l.compile(next, s.ID)
		}
		status := Status{ID: s.ID, State: Current, Diagnostics: c.found, Since: served[id].Since}
		if c.program == nil || c.found.HasErrors() {
			status.State = LastGood
			if c, err = l.lastGood(ctx, was, id, served[id].Hash); err != nil {
				return nil, err
			}
		}
		if c.program == nil {
			status.State = Broken
		} else {
			next.current[id], next.byHash[c.program.Hash()] = c.program, c
			if c.program.RelyingParty() != nil {
				status.Hash = c.program.Hash()
			}
		}
		if status.Hash != served[id].Hash {
			status.Since = l.Now()
		}
		next.status[id] = status
	}
	return next, nil
}

// lastGood finds the program that a policy served last, or none if no such program compiles.
func (l *Policies) lastGood(ctx context.Context, was *state, id, hash string) (compiled, error) {
	if p := was.current[id]; p != nil && p.RelyingParty() != nil && (hash == "" || p.Hash() == hash) {
		return was.byHash[p.Hash()], nil
	}
	if hash == "" {
		return compiled{}, nil
	}
	if c, ok := was.byHash[hash]; ok {
		return c, nil
	}
	c, err := l.restore(ctx, hash)
	switch {
	case err == nil, ctx.Err() != nil:
		return c, ctx.Err()
	case !errors.Is(err, ErrNoProgram):
		l.Log.ErrorContext(ctx, "the last good version of a policy can't be used", "policyId", id, "err", err)
	}
	return compiled{}, nil
}

// serving returns the served programs of the state, for the store.
func (s *state) serving(at time.Time) Serving {
	out := Serving{At: at, Served: make(map[string]string), Programs: make(map[string][][]byte)}
	for id, status := range s.status {
		if status.State != Current || status.Hash == "" {
			continue // the store contains its last good version
		}
		out.Served[id] = status.Hash
		out.Programs[status.Hash] = s.parts(status.ID)
	}
	return out
}

// Status returns the condition of a policy; ErrNoPolicy if there is none.
func (l *Policies) Status(id string) (Status, error) {
	live := l.current()
	s, ok := live.status[policy.Fold(policy.NormalID(id))]
	if !ok {
		return Status{}, ErrNoPolicy
	}
	return live.complete(s), nil
}

// Statuses returns the conditions of all policies and user flows, by id.
func (l *Policies) Statuses() []Status {
	live := l.current()
	var list []Status
	for _, s := range live.status {
		list = append(list, live.complete(s))
	}
	slices.SortFunc(list, func(a, b Status) int { return strings.Compare(policy.Fold(a.ID), policy.Fold(b.ID)) })
	return list
}

// Knows reports whether there is a policy of this id, even one that serves nothing.
func (l *Policies) Knows(id string) bool {
	_, ok := l.current().status[policy.Fold(policy.NormalID(id))]
	return ok
}

func (s *state) complete(one Status) Status {
	id := policy.Fold(one.ID)
	one.Policy = s.source(id)
	one.Document, _ = s.docs.Get(id)
	_, one.UserFlow = s.flows[id]
	one.Diagnostics = Named(slices.Clone(one.Diagnostics), s.docs.All()).Sort()
	return one
}
