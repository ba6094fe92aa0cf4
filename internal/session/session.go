// Package session has single sign-on sessions: what a browser remembers between
// journeys. The session travels in a sealed cookie, so that using one costs no
// write; the journey engine reads and fills it, the protocols carry it.
//
// Reference: protocol §6, policy-engine §5.16.
package session

import (
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
}

// Partition is a session within one SingleSignOn scope.
type Partition struct {
	Created     time.Time        `json:"c"`
	Used        time.Time        `json:"u"`
	Credentials time.Time        `json:"a"` // when the user last proved an identity
	Expires     time.Time        `json:"x"`
	Persistent  bool             `json:"k,omitempty"` // keep me signed in
	Entries     map[string]Entry `json:"e"`           // by folded session profile id
	Clients     []Client         `json:"r,omitempty"` // relying parties to sign out
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
