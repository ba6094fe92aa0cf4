package journey

import (
	"cmp"
	"context"
	"fmt"
	"reflect"
	"time"

	"journeyman.dev/internal/claims"
	"journeyman.dev/internal/policy"
	"journeyman.dev/internal/session"
)

// SingleSignOn is a relying party's session rules (protocol §6.1).
type SingleSignOn struct {
	Scope       SSOScope
	KeepAlive   time.Duration // KMSI; 0: off
	Lifetime    time.Duration
	Absolute    bool
	EnforceHint bool // EnforceIdTokenHintOnLogout
}

// SSOScope says who shares a session.
type SSOScope uint8

// The scopes.
const (
	ScopeTenant SSOScope = iota
	ScopeApplication
	ScopePolicy
	ScopeSuppressed
)

// Key is the session partition that a request of a client uses; "" for none.
func (s SingleSignOn) Key(policyID, clientID string) string {
	switch s.Scope {
	case ScopeApplication:
		return "app:" + clientID
	case ScopePolicy:
		return "policy:" + policy.Fold(policyID)
	case ScopeSuppressed:
		return ""
	}
	return "tenant"
}

// checkSession drops what the browser's session remembers of an account that it isn't
// good for any more: since then its password was changed or its sessions revoked.
func (r *run) checkSession(ctx context.Context) error {
	if r.j.Fresh {
		return nil
	}
	key := r.scopeKey()
	p := r.session.Live(key, r.e.Now())
	if p == nil {
		return nil
	}
	checked := ""
	for _, entry := range p.Entries {
		id := entry.Claims.Get(objectID).String()
		if id == "" || id == checked {
			continue
		}
		checked = id
		good, err := r.e.Accounts.SessionValid(ctx, id, p.Credentials)
		if err != nil {
			return fmt.Errorf("session: %w", err)
		}
		if !good {
			delete(r.session.Partitions, key)
			return nil
		}
	}
	return nil
}

// objectID is the claim that names the account in a session.
const objectID = "objectId"

// remembered returns what the session has for a rule, nil if nothing may be used.
func (r *run) remembered(rule *SessionRule) *session.Entry {
	if rule == nil || r.j.Fresh {
		return nil
	}
	p := r.session.Live(r.scopeKey(), r.e.Now())
	if p == nil {
		return nil
	}
	entry, ok := p.Entries[policy.Fold(rule.ID)]
	if !ok {
		return nil
	}
	return &entry
}

func (r *run) scopeKey() string {
	return r.p.RelyingParty.SSO.Key(r.j.PolicyID, r.j.Request.Parameters["client_id"])
}

// restore skips a profile if the session remembers it: stored claims come back and
// the rule's own output claims are set, which tells policies of the hit
// (policy-engine §5.16: objectIdFromSession).
func (r *run) restore(tp *TechnicalProfile) bool {
	rule := tp.Session
	entry := r.remembered(rule)
	if entry == nil || entry.Claims.Len() == 0 {
		return false
	}
	switch rule.Kind {
	case SessionDefault:
	case SessionExternalLogin:
		if rule.AlwaysFetch {
			return false
		}
	default:
		return false
	}
	r.j.Claims.Merge(&entry.Claims)
	for _, use := range rule.Outputs {
		if v, ok := r.defaultValue(use, &r.j.Claims); ok && use.HasDefault {
			r.j.Claims.Set(use.Claim.ID, v)
		}
	}
	return true
}

// keep notes what a profile that ran leaves to the session. Running a profile that
// remembers an identity makes the journey fresh, unless the session already knew
// the same one: otherwise a second user of the browser could inherit what a later
// profile remembers of the first. B2C's rule is not published; ours is the
// careful one [I].
func (r *run) keep(tp *TechnicalProfile, exchangeID string) {
	rule := tp.Session
	if rule == nil || rule.Kind == SessionNoop {
		return
	}
	write := SessionWrite{Rule: rule.ID, Kind: rule.Kind, Exchange: exchangeID}
	for _, use := range rule.Persisted {
		write.Claims.Set(use.Claim.ID, r.j.Claims.Get(use.Claim.ID))
	}
	if rule.Kind == SessionDefault && write.Claims.Len() == 0 {
		return
	}
	if rule.Kind == SessionDefault || rule.Kind == SessionExternalLogin {
		r.j.Credentials = r.e.Now()
		if entry := r.remembered(rule); entry == nil || !sameClaims(&entry.Claims, &write.Claims) {
			r.j.Fresh = true
		}
	}
	r.j.Writes = append(r.j.Writes, write)
}

func sameClaims(a, b *claims.Bag) bool {
	if a.Len() != b.Len() {
		return false
	}
	for id, v := range a.All() {
		if !reflect.DeepEqual(v, b.Get(id)) {
			return false
		}
	}
	return true
}

// saveSession carries the journey's writes into the session when it finishes. A
// fresh journey replaces what the scope had; another one adds to it.
func (r *run) saveSession(client session.Client, register bool) {
	sso := r.p.RelyingParty.SSO
	key := r.scopeKey()
	if key == "" {
		return
	}
	now := r.e.Now()
	old := r.session.Live(key, now)
	if len(r.j.Writes) == 0 && old == nil {
		return
	}
	if r.session == nil {
		r.session = &session.Session{ID: r.e.NewID()}
	}
	next := &session.Partition{Created: now, Credentials: now, Entries: make(map[string]session.Entry)}
	if old != nil && !r.j.Fresh {
		next.Created, next.Credentials, next.Persistent, next.Clients = old.Created, old.Credentials, old.Persistent, old.Clients
		for id, entry := range old.Entries {
			next.Entries[id] = entry
		}
	}
	if !r.j.Credentials.IsZero() {
		next.Credentials = r.j.Credentials
	}
	for _, w := range r.j.Writes {
		if w.Kind == SessionDefault || w.Kind == SessionExternalLogin {
			next.Entries[policy.Fold(w.Rule)] = session.Entry{Claims: w.Claims, Exchange: w.Exchange, Policy: r.j.PolicyID}
		}
	}
	if register {
		next.Register(client)
	}
	// A policy without KMSI in the same session drops it (protocol §6.1 [D]).
	next.Persistent = sso.KeepAlive > 0 && (r.j.KMSI || next.Persistent)
	lifetime := cmp.Or(sso.Lifetime, 24*time.Hour)
	if next.Persistent {
		lifetime = sso.KeepAlive
	}
	next.Used = now
	if sso.Absolute && !next.Persistent {
		next.Expires = next.Created.Add(lifetime)
	} else {
		next.Expires = now.Add(lifetime)
	}
	r.session.Put(key, next)
	r.session.Prune(now)
	r.sessionChanged = true
}
