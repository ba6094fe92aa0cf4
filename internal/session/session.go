// Package session implements single sign-on sessions: the memory of a browser between journeys. A session is
// in a sealed cookie, so that its use costs no write. The journey engine reads and fills it, and the
// protocols transport it.
//
// The server keeps a record of each session. A cookie without record is invalid, so that a sign-out or an
// administrator ends a session in every copy of the cookie.
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
	// Partitions by scope key. Sessions of different SingleSignOn scopes don't see each other.
	Partitions map[string]*Partition `json:"p"`
	// Memory contains values of providers between journeys, by name, until a journey finishes.
	Memory map[string]json.RawMessage `json:"m,omitempty"`
}

// Partition is a session within one SingleSignOn scope.
type Partition struct {
	// ID is the id of its record. A partition without one comes from an older version and is ignored.
	ID string `json:"i"`
	// Account is the object id of the session's directory account, or "" if the policy keeps no accounts.
	// Epoch is the account's.
	Account string `json:"o,omitempty"`
	Epoch   int64  `json:"n,omitempty"`
	// Kept is the time until which its record is kept.
	Kept        time.Time        `json:"z"`
	Created     time.Time        `json:"c"`
	Used        time.Time        `json:"u"`
	Credentials time.Time        `json:"a"` // the user's last proof of an identity
	Expires     time.Time        `json:"x"`
	Persistent  bool             `json:"k,omitempty"` // keep me signed in
	Entries     map[string]Entry `json:"e"`           // by folded session profile id
	Clients     []Client         `json:"r,omitempty"` // relying parties to sign out
	Providers   []Provider       `json:"f,omitempty"` // identity providers at which to sign out
}

// Entry is the memory of one session-management profile.
type Entry struct {
	Claims   claims.Bag `json:"c"`
	Exchange string     `json:"x,omitempty"` // external login: the chosen exchange
	Policy   string     `json:"p,omitempty"` // the policy that wrote it
}

// Client is a relying party of the session.
type Client struct {
	ID        string `json:"i"`
	LogoutURL string `json:"l,omitempty"`
}

// Provider is an identity provider at which the browser is signed in, by the technical profile of a policy.
type Provider struct {
	Policy  string `json:"p"`
	Profile string `json:"t"`
}

// maxProviders limits the providers in a cookie. The oldest are dropped.
const maxProviders = 8

// SignedInAt adds a provider once.
func (p *Partition) SignedInAt(at Provider) {
	list := append(slices.DeleteFunc(slices.Clone(p.Providers), func(have Provider) bool { return have == at }), at)
	p.Providers = list[max(0, len(list)-maxProviders):]
}

// LogValue logs the id's presence only.
func (s *Session) LogValue() slog.Value { return slog.BoolValue(s != nil) }

// Live returns the partition of a scope, or nil if it is absent or has expired.
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

// Prune drops expired partitions. It reports whether any is left.
func (s *Session) Prune(now time.Time) bool {
	for scope, p := range s.Partitions {
		if !now.Before(p.Expires) {
			delete(s.Partitions, scope)
		}
	}
	return len(s.Partitions) > 0
}

// Register adds a client to the clients to sign out, once.
func (p *Partition) Register(c Client) {
	p.Clients = slices.DeleteFunc(p.Clients, func(have Client) bool { return have.ID == c.ID })
	p.Clients = append(p.Clients, c)
}

// CredentialsAt returns the time of the user's last proof of an identity in a scope. ok is false without a
// live session.
func (s *Session) CredentialsAt(scope string, now time.Time) (at time.Time, ok bool) {
	p := s.Live(scope, now)
	if p == nil {
		return time.Time{}, false
	}
	return p.Credentials, true
}

// ErrNotFound means that there is no such session.
var ErrNotFound = errors.New("no such session")

// Record is the server's record of a session.
type Record struct {
	ID       string    `json:"-"`
	Account  string    `json:"-"` // object id; "" for none
	Started  time.Time `json:"started"`
	Used     time.Time `json:"-"`      // last write of the record: some time before the last use
	Expires  time.Time `json:"-"`      // of the record; the session may end earlier
	PolicyID string    `json:"policy"` // of the last use
	ClientID string    `json:"client"`
	RemoteIP string    `json:"ip,omitempty"`
	// UserAgent is cut to 256 bytes.
	UserAgent string `json:"agent,omitempty"`
}

// Store keeps records of sessions.
type Store interface {
	// SaveSession makes or renews a record. It ends the session replaced, unless that is "".
	SaveSession(ctx context.Context, r Record, replaced string) error
	// SessionLive reports whether the record of a session without account exists.
	SessionLive(ctx context.Context, id string) (bool, error)
	// DropSession ends a session. It is no error if the session has ended already.
	DropSession(ctx context.Context, id string) error
	// UserSessions returns an account's sessions, the last used first.
	UserSessions(ctx context.Context, account string, now time.Time) ([]Record, error)
	// EndUserSession ends a session of an account; ErrNotFound if there is none.
	EndUserSession(ctx context.Context, account, id string) error
}
