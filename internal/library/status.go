package library

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

// State is how a policy stands. The words are those of the admin API.
type State string

// The states.
const (
	// Current policies serve what was uploaded last.
	Current State = "current"
	// LastGood policies serve an older version of themselves or of what they inherit from, as
	// what was uploaded last doesn't compile.
	LastGood State = "lastGood"
	// Broken policies serve nothing: no version of them that still compiles is known.
	Broken State = "broken"
)

// Status is how a policy or user flow stands, and why.
type Status struct {
	ID    string
	State State
	// Hash and Since are of the program that it serves, and since when; "" and zero for one
	// that serves none, as bases don't.
	Hash  string
	Since time.Time
	// Diagnostics are of the chain as it was uploaded last.
	Diagnostics diag.List

	Document *policy.Document // the file; nil if it can't be read any more
	Policy   Policy           // as uploaded
	UserFlow bool             // made from a user flow
}

// compileAll makes the state of all policies; what hasn't changed isn't compiled again.
func (l *Library) compileAll(ctx context.Context, sources, flows map[string]Policy) (*state, error) {
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

// lastGood finds the program that a policy served last; none if there is none that can be
// compiled.
func (l *Library) lastGood(ctx context.Context, was *state, id, hash string) (compiled, error) {
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

// serving is what the state serves, for the store.
func (s *state) serving(at time.Time) Serving {
	out := Serving{At: at, Served: make(map[string]string), Programs: make(map[string][][]byte)}
	for id, status := range s.status {
		if status.State != Current || status.Hash == "" {
			continue // the store has what it stands on
		}
		out.Served[id] = status.Hash
		out.Programs[status.Hash] = s.parts(status.ID)
	}
	return out
}

// Status returns how a policy stands.
func (l *Library) Status(id string) (Status, error) {
	live := l.current()
	s, ok := live.status[policy.Fold(policy.NormalID(id))]
	if !ok {
		return Status{}, ErrNoPolicy
	}
	return live.complete(s), nil
}

// Statuses are those of all policies and user flows, by id.
func (l *Library) Statuses() []Status {
	live := l.current()
	var list []Status
	for _, s := range live.status {
		list = append(list, live.complete(s))
	}
	slices.SortFunc(list, func(a, b Status) int { return strings.Compare(policy.Fold(a.ID), policy.Fold(b.ID)) })
	return list
}

// Knows reports whether there is a policy of this id, also if it serves nothing.
func (l *Library) Knows(id string) bool {
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
