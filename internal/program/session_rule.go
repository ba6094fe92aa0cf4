package program

import (
	"time"

	"journeyman.dev/internal/policy"
)

// SingleSignOn is a relying party's session rules (protocol §6.1).
type SingleSignOn struct {
	scope       SSOScope
	keepAlive   time.Duration // KMSI; 0: off
	lifetime    time.Duration
	absolute    bool
	enforceHint bool // EnforceIdTokenHintOnLogout
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
	switch s.scope {
	case ScopeApplication:
		return "app:" + clientID
	case ScopePolicy:
		return "policy:" + policy.Fold(policyID)
	case ScopeSuppressed:
		return ""
	}
	return "tenant"
}

// SessionKind is the kind of a session-management profile.
type SessionKind uint8

// The session providers (policy-engine §5.16).
const (
	SessionNoop SessionKind = iota + 1
	SessionDefault
	SessionExternalLogin
	SessionOAuth
	SessionSAML
)

// SessionRule is a compiled session-management profile.
type SessionRule struct {
	id          string // sessions are keyed by it
	kind        SessionKind
	persisted   []*ClaimUse
	outputs     []*ClaimUse
	alwaysFetch bool // AlwaysFetchClaimsFromProvider
}
