// Package session has single sign-on sessions: what a browser remembers between
// journeys. The session travels in a sealed cookie, so that using one costs no
// write; the journey engine reads and fills it, the protocols carry it.
//
// The server keeps a record of each: a cookie whose record is gone is worth nothing, so
// that signing out, or an administrator, ends a session also where it was copied to.
//
// Reference: protocol §6, policy-engine §5.16.
package session

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"slices"
	"time"

	"journeyman.dev/internal/claims"
)

// Session is the content of the cookie.
type Session struct {
	ID string `json:"id"`
	// Partitions by scope key: sessions of different SingleSignOn scopes don't see
	// each other.
	Partitions map[string]*Partition `json:"p"`
	// Memory is what providers remember between journeys, by name, until one finishes.
	Memory map[string]json.RawMessage `json:"m,omitempty"`
}

// Partition is a session within one SingleSignOn scope.
type Partition struct {
	// ID is that of its record; a partition without one is of an older version and not used.
	ID string `json:"i"`
	// Account is the object id of the directory's account that the session belongs to, "" if
	// it belongs to none, as with a policy that keeps no accounts; Epoch is the account's.
	Account string `json:"o,omitempty"`
	Epoch   int64  `json:"n,omitempty"`
	// Kept is until when its record is kept.
	Kept        time.Time        `json:"z"`
	Created     time.Time        `json:"c"`
	Used        time.Time        `json:"u"`
	Credentials time.Time        `json:"a"` // when the user last proved an identity
	Expires     time.Time        `json:"x"`
	Persistent  bool             `json:"k,omitempty"` // keep me signed in
	Entries     map[string]Entry `json:"e"`           // by folded session profile id
	Clients     []Client         `json:"r,omitempty"` // relying parties to sign out
	Providers   []Provider       `json:"f,omitempty"` // identity providers to sign out at
}

// Entry is what one session-management profile remembers.
type Entry struct {
	Claims   claims.Bag `json:"c"`
	Exchange string     `json:"x,omitempty"` // external login: the chosen exchange
	Policy   string     `json:"p,omitempty"` // the policy that wrote it
}

// Client is a relying party that took part.
type Client struct {
	ID        string `json:"i"`
	LogoutURL string `json:"l,omitempty"`
}

// Provider is an identity provider that the browser is signed in at, by the technical profile
// of a policy.
type Provider struct {
	Policy  string `json:"p"`
	Profile string `json:"t"`
}

// maxProviders bounds what a cookie keeps; the oldest make way.
const maxProviders = 8

// SignedInAt notes a provider, once.
func (p *Partition) SignedInAt(at Provider) {
	list := append(slices.DeleteFunc(slices.Clone(p.Providers), func(have Provider) bool { return have == at }), at)
	p.Providers = list[max(0, len(list)-maxProviders):]
}

// LogValue logs the id's presence only.
func (s *Session) LogValue() slog.Value { return slog.BoolValue(s != nil) }

// Live returns the partition of a scope if it is there and has not expired.
func (s *Session) Live(scope string, now time.Time) *Partition {
	if s == nil || scope == "" {
		return nil
	}
	p := s.Partitions[scope]
	if p == nil || !now.Before(p.Expires) {
		return nil
	}
	return p
}

// Put starts or replaces a partition.
func (s *Session) Put(scope string, p *Partition) {
	if s.Partitions == nil {
		s.Partitions = make(map[string]*Partition)
	}
	s.Partitions[scope] = p
}

// Prune drops expired partitions; it reports whether anything is left.
func (s *Session) Prune(now time.Time) bool {
	for scope, p := range s.Partitions {
		if !now.Before(p.Expires) {
			delete(s.Partitions, scope)
		}
	}
	return len(s.Partitions) > 0
}

// Register adds a client to the ones to sign out, once.
func (p *Partition) Register(c Client) {
	p.Clients = slices.DeleteFunc(p.Clients, func(have Client) bool { return have.ID == c.ID })
	p.Clients = append(p.Clients, c)
}

// CredentialsAt is when the user of a scope last proved an identity; ok is false
// without a live session.
func (s *Session) CredentialsAt(scope string, now time.Time) (at time.Time, ok bool) {
	p := s.Live(scope, now)
	if p == nil {
		return time.Time{}, false
	}
	return p.Credentials, true
}

// ErrNotFound says that there is no such session.
var ErrNotFound = errors.New("no such session")

// Record is what the server keeps of a session.
type Record struct {
	ID       string    `json:"-"`
	Account  string    `json:"-"` // object id; "" for none
	Started  time.Time `json:"started"`
	Used     time.Time `json:"-"`      // when the record was last written: some time before the last use
	Expires  time.Time `json:"-"`      // of the record; the session may end before
	PolicyID string    `json:"policy"` // that used it last
	ClientID string    `json:"client"`
	RemoteIP string    `json:"ip,omitempty"`
	// UserAgent is cut to 256 bytes.
	UserAgent string `json:"agent,omitempty"`
}

// Store keeps records of sessions.
type Store interface {
	// SaveSession makes or renews a record, and ends another session that it takes the place
	// of, if that isn't "".
	SaveSession(ctx context.Context, r Record, replaced string) error
	// SessionLive reports whether the record of a session without account is there.
	SessionLive(ctx context.Context, id string) (bool, error)
	// DropSession ends a session; one that is over is no error.
	DropSession(ctx context.Context, id string) error
	// UserSessions are an account's sessions, the one used last first.
	UserSessions(ctx context.Context, account string, now time.Time) ([]Record, error)
	// EndUserSession ends a session of an account, ErrNotFound if it has no such session.
	EndUserSession(ctx context.Context, account, id string) error
}
