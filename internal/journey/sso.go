package journey

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"time"

	"journeyman.dev/internal/claims"
	"journeyman.dev/internal/directory"
	"journeyman.dev/internal/policy"
	"journeyman.dev/internal/program"
	"journeyman.dev/internal/session"
)

// checkSession drops the browser's session if the session was ended, or
// is of an account that it isn't good for any more: one that is gone, disabled, or whose
// sessions were ended by a new password or by an administrator.
func (r *run) checkSession(ctx context.Context) error {
	if r.j.Fresh {
		return nil
	}
	key := r.scopeKey()
	p := r.session.Live(key, r.e.Now())
	if p == nil {
		return nil
	}
	good, err := r.goodSession(ctx, p)
	if err != nil {
		return fmt.Errorf("session: %w", err)
	}
	if !good {
		delete(r.session.Partitions, key)
		return nil
	}
	if _, ok := r.j.Accounts[p.Account]; !ok && p.Account != "" {
		r.j.setAccount(p.Account, p.Epoch)
	}
	return nil
}

func (r *run) goodSession(ctx context.Context, p *session.Partition) (bool, error) {
	switch {
	case p.ID == "":
		return false, nil
	case p.Account == "":
		return r.e.Sessions.SessionLive(ctx, p.ID)
	}
	now, err := r.e.Accounts.Standing(ctx, p.Account, p.ID)
	if errors.Is(err, directory.ErrNotFound) {
		return false, nil
	}
	return now.Session && now.Epoch == p.Epoch && (!now.Disabled || r.e.AllowDisabled), err
}

// objectID is the claim that names the account in a session.
const objectID = "objectId"

// remembered returns the session's entry for a rule; nil if there is none, or none may be used.
func (r *run) remembered(rule *program.SessionRule) *session.Entry {
	if rule == nil || r.j.Fresh {
		return nil
	}
	p := r.session.Live(r.scopeKey(), r.e.Now())
	if p == nil {
		return nil
	}
	entry, ok := p.Entries[policy.Fold(rule.ID())]
	if !ok {
		return nil
	}
	return &entry
}

func (r *run) scopeKey() string {
	return r.p.RelyingParty().SSO().Key(r.j.PolicyID, r.j.Request.Parameters["client_id"])
}

// restore skips a profile if the session remembers it: stored claims come back and
// the rule's own output claims are set, which tells policies of the hit
// (policy-engine §5.16: objectIdFromSession).
func (r *run) restore(tp *program.TechnicalProfile) bool {
	rule := tp.Session()
	entry := r.remembered(rule)
	if entry == nil || entry.Claims.Len() == 0 {
		return false
	}
	switch rule.Kind() {
	case program.SessionDefault:
	case program.SessionExternalLogin:
		if rule.AlwaysFetch() {
			return false
		}
	default:
		return false
	}
	r.j.Claims.Merge(&entry.Claims)
	for _, use := range rule.Outputs().All() {
		if v, ok := r.defaultValue(use, &r.j.Claims); ok && use.HasDefault() {
			r.j.Claims.Set(use.Claim().ID(), v)
		}
	}
	return true
}

// keep notes what a profile that ran leaves to the session. Running a profile that
// remembers an identity makes the journey fresh, unless the session already knew
// the same one: otherwise a second user of the browser could inherit what a later
// profile remembers of the first. B2C's rule is not published; ours is the
// careful one [I].
func (r *run) keep(tp *program.TechnicalProfile, exchangeID string) {
	rule := tp.Session()
	if rule == nil || rule.Kind() == program.SessionNoop {
		return
	}
	write := SessionWrite{Rule: rule.ID(), Kind: rule.Kind(), Exchange: exchangeID}
	if _, ok := tp.Exchange().(SignsOut); ok && rule.Kind() == program.SessionExternalLogin {
		write.Profile = tp.ID()
	}
	for _, use := range rule.Persisted().All() {
		write.Claims.Set(use.Claim().ID(), r.j.Claims.Get(use.Claim().ID()))
	}
	if rule.Kind() == program.SessionDefault && write.Claims.Len() == 0 {
		return
	}
	if rule.Kind() == program.SessionDefault || rule.Kind() == program.SessionExternalLogin {
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
// fresh journey replaces what the scope had; another one adds to it. The session belongs
// to the account that the journey ended with. Its record is written before the browser
// gets the cookie, and again when the cookie would outlive it.
func (r *run) saveSession(ctx context.Context, account Account, client session.Client, register bool) error {
	sso := r.p.RelyingParty().SSO()
	key := r.scopeKey()
	if key == "" {
		return nil
	}
	now := r.e.Now()
	old := r.session.Live(key, now)
	if account.Closed {
		return r.endSession(ctx, key, old)
	}
	if len(r.j.Writes) == 0 && old == nil {
		return nil
	}
	if r.session == nil {
		r.session = &session.Session{ID: r.e.NewID()}
	}
	next := &session.Partition{ID: r.e.NewID(), Account: account.ID, Epoch: account.Epoch, Created: now, Credentials: now, Entries: make(map[string]session.Entry)}
	if old != nil && r.continues(old, account) {
		next.Account, next.Created, next.Credentials, next.Persistent, next.Clients = cmp.Or(account.ID, old.Account), old.Created, old.Credentials, old.Persistent, old.Clients
		if account.ID == "" {
			next.Epoch = old.Epoch
		}
		if next.Account == old.Account && next.Epoch == old.Epoch {
			// Else its record is gone, or another's, and the session gets one of its own.
			next.ID, next.Kept = old.ID, old.Kept
		}
		for id, entry := range old.Entries {
			next.Entries[id] = entry
		}
	}
	if !r.j.Credentials.IsZero() {
		next.Credentials = r.j.Credentials
	}
	for _, w := range r.j.Writes {
		if w.Kind == program.SessionDefault || w.Kind == program.SessionExternalLogin {
			next.Entries[policy.Fold(w.Rule)] = session.Entry{Claims: w.Claims, Exchange: w.Exchange, Policy: r.j.PolicyID}
		}
	}
	if register {
		next.Register(client)
	}
	if old != nil {
		// Also of another user: the browser is still signed in there.
		next.Providers = old.Providers
	}
	for _, w := range r.j.Writes {
		if w.Profile != "" {
			next.SignedInAt(session.Provider{Policy: r.j.PolicyID, Profile: w.Profile})
		}
	}
	// A policy without KMSI in the same session drops it (protocol §6.1 [D]).
	next.Persistent = sso.KeepAlive() > 0 && (r.j.KMSI || next.Persistent)
	lifetime := cmp.Or(sso.Lifetime(), 24*time.Hour)
	if next.Persistent {
		lifetime = sso.KeepAlive()
	}
	next.Used = now
	if sso.Absolute() && !next.Persistent {
		next.Expires = next.Created.Add(lifetime)
	} else {
		next.Expires = now.Add(lifetime)
	}
	if next.Expires.After(next.Kept) {
		// A rolling session moves its end with each use; the record is renewed now and then.
		next.Kept = next.Expires.Add(lifetime / 4)
		if err := r.e.Sessions.SaveSession(ctx, r.sessionRecord(next, client.ID), replacedBy(next, old)); err != nil {
			return fmt.Errorf("session: %w", err)
		}
	}
	r.session.Put(key, next)
	r.session.Prune(now)
	r.sessionChanged = true
	return nil
}

// browserMemory is what providers remember in the browser between journeys.
type browserMemory struct{ r *run }

func (m *browserMemory) get(name string) json.RawMessage {
	if m.r.session == nil {
		return nil
	}
	return m.r.session.Memory[name]
}

// The bounds of a browser's memory, which is a cookie.
const (
	maxMemories    = 4
	maxMemoryBytes = 1200
)

func (m *browserMemory) put(name string, value json.RawMessage) {
	r := m.r
	if r.j.sessionless || len(value) > maxMemoryBytes {
		return
	}
	if r.session == nil {
		r.session = &session.Session{ID: r.e.NewID()}
	}
	if _, have := r.session.Memory[name]; !have && len(r.session.Memory) >= maxMemories {
		clear(r.session.Memory)
	}
	if r.session.Memory == nil {
		r.session.Memory = make(map[string]json.RawMessage)
	}
	r.session.Memory[name] = value
	r.sessionChanged = true
}

// forget clears the browser's memory when the journey has finished.
func (m *browserMemory) forget() {
	if m.r.session != nil && len(m.r.session.Memory) > 0 {
		m.r.session.Memory = nil
		m.r.sessionChanged = true
	}
}

// endSession drops the session of a scope; old is nil if there is none.
func (r *run) endSession(ctx context.Context, key string, old *session.Partition) error {
	if old == nil {
		return nil
	}
	delete(r.session.Partitions, key)
	r.sessionChanged = true
	if err := r.e.Sessions.DropSession(ctx, old.ID); err != nil {
		return fmt.Errorf("session: %w", err)
	}
	return nil
}

// continues reports whether the journey goes on with the session that the browser had: not
// if it was fresh, or ended with another account. A session whose account got a new epoch in this journey goes on if the user has proved
// an identity in it, and so knows the new password, too.
func (r *run) continues(old *session.Partition, account Account) bool {
	switch {
	case r.j.Fresh:
		return false
	case account.ID == "" || old.Account == "":
		return true
	}
	return old.Account == account.ID && (old.Epoch == account.Epoch || !r.j.Credentials.IsZero())
}

// replacedBy is the session that a new one ends: that of the same account. Who signs in where
// another account was signed in ends nothing of the other's: the cookie may have been
// planted, and is gone from this browser in any case.
func replacedBy(next, old *session.Partition) string {
	if old == nil || old.ID == next.ID || old.Account != next.Account {
		return ""
	}
	return old.ID
}

func (r *run) sessionRecord(p *session.Partition, clientID string) session.Record {
	return session.Record{
		ID: p.ID, Account: p.Account, Started: p.Created.UTC(), Used: p.Used, Expires: p.Kept, PolicyID: r.p.PolicyID(), ClientID: clientID,
		RemoteIP: r.j.Request.RemoteIP, UserAgent: r.j.Request.UserAgent,
	}
}
