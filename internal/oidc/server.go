package oidc

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"

	"journeyman.dev/internal/application"
	"journeyman.dev/internal/endpoint"
	"journeyman.dev/internal/journey"
	"journeyman.dev/internal/keyset"
	"journeyman.dev/internal/program"
	"journeyman.dev/internal/seal"
	"journeyman.dev/internal/session"
	"journeyman.dev/internal/token"
)

// Programs finds the current program of a policy.
type Programs interface {
	// Current returns nil if the tenant has no such policy, or none of its versions compiles.
	Current(policyID string) *program.Program
	// Knows reports whether the tenant has the policy, good or not.
	Knows(policyID string) bool
}

// Applications finds registered applications.
type Applications interface {
	// GetByAppID returns application.ErrNotFound if there is none.
	GetByAppID(ctx context.Context, appID string) (application.Application, error)
	List(ctx context.Context) ([]application.Application, error)
}

// Keys gives signing keys, the keys that applications check tokens with, and the secrets that
// applications sign with. The ids are those of key sets.
type Keys interface {
	ActiveSigningKey(ctx context.Context, id string) (keyset.SigningKey, error)
	PublicJWKS(ctx context.Context, id string) (jose.JSONWebKeySet, error)
	Secret(ctx context.Context, id string) ([]byte, error)
}

// Grants makes codes and refresh tokens single-use.
type Grants interface {
	// Redeem notes a redemption durably, in one write, if the grant's account is still in
	// the epoch of the grant. It returns token.ErrReplayed if it was redeemed before, and then
	// the whole family is revoked; token.ErrRevoked if the family was, or the account's
	// grants; token.ErrNoAccount if the account is gone.
	Redeem(ctx context.Context, r token.Redemption) error
	// Revoke makes a family worthless, durably; it is remembered until expires.
	Revoke(ctx context.Context, family string, expires time.Time) error
	// Redeemable returns what Redeem would, and changes nothing.
	Redeemable(ctx context.Context, r token.Redemption) error
}

// Sessions keeps records of single sign-on sessions.
type Sessions interface {
	// DropSession ends a session, whoever has a copy of its cookie.
	DropSession(ctx context.Context, id string) error
}

// Browser draws pages and keeps what belongs to a browser.
type Browser interface {
	Show(w http.ResponseWriter, r *http.Request, ran journey.Ran)
	// Error shows the error page with correlation id and time.
	Error(w http.ResponseWriter, r *http.Request, status int, f *journey.Failure, correlationID string)
	Session(r *http.Request) *session.Session
	SetSession(w http.ResponseWriter, r *http.Request, s *session.Session)
	ClearSession(w http.ResponseWriter, r *http.Request)
	// ForgetJourneys unbinds the browser from its journeys: none can be gone on with.
	ForgetJourneys(w http.ResponseWriter, r *http.Request)
}

// Engine runs journeys.
type Engine interface {
	// Start runs a journey to its first outcome. It returns journey.ErrTooMany if the server
	// has no room for another one.
	Start(ctx context.Context, b journey.Begin) (journey.Ran, error)
	// NewID returns a random GUID.
	NewID() string
}

// Server serves one tenant's applications. All fields must be set.
type Server struct {
	TenantName   string // contoso.onmicrosoft.com
	TenantID     string // GUID
	Programs     Programs
	Applications Applications
	Keys         Keys
	Sealer       *seal.Sealer
	Grants       Grants
	Assertions   application.Assertions
	Accounts     journey.Accounts
	Sessions     Sessions
	Audit        journey.Auditor
	Browser      Browser
	Engine       Engine
	// BaseURL is scheme and host that the browser or client used, from configuration
	// or a trusted proxy, without final slash.
	BaseURL func(r *http.Request) string
	// RemoteIP is the client's address.
	RemoteIP func(r *http.Request) string
	// RequirePKCE and AllowPlainPKCE are the tenant's settings for applications that have
	// none of their own.
	RequirePKCE, AllowPlainPKCE bool

	Now func() time.Time
	Log *slog.Logger

	redeeming redemptions
}

// ServeEndpoint answers an endpoint of the protocol; false if the path is none.
func (s *Server) ServeEndpoint(w http.ResponseWriter, r *http.Request, e endpoint.Endpoint) bool {
	var handler func(http.ResponseWriter, *http.Request, endpoint.Endpoint, *program.Program)
	methods := "GET, HEAD"
	switch e.Path {
	case "v2.0/.well-known/openid-configuration", ".well-known/openid-configuration":
		handler = s.discovery
	case "discovery/v2.0/keys":
		handler = s.keys
	case "oauth2/v2.0/authorize":
		handler, methods = s.authorize, "GET, HEAD, POST"
	case "oauth2/v2.0/token":
		handler, methods = s.token, "POST, OPTIONS"
	case revokePath:
		handler, methods = s.revoke, "POST, OPTIONS"
	case introspectPath:
		handler, methods = s.introspect, "POST"
	case userInfoPath:
		handler, methods = s.userInfo, "GET, HEAD, POST, OPTIONS"
	case "oauth2/v2.0/logout":
		handler, methods = s.logout, "GET, HEAD, POST"
	default:
		return false
	}
	if !strings.Contains(methods, r.Method) {
		w.Header().Set("Allow", methods)
		if e.Path == "oauth2/v2.0/token" {
			s.tokenError(w, r, &failure{code: journey.CodePostOnly, oauth: "invalid_request", text: "The specified token exchange is only supported over HTTP POST."})
			return true
		}
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		return true
	}
	if !s.OwnTenant(e.Tenant) {
		s.unknownPolicy(w, r, e, "There is no tenant of this name here.")
		return true
	}
	if e.Policy == "" {
		s.unknownPolicy(w, r, e, "The request names no policy.")
		return true
	}
	p := s.Programs.Current(e.Policy)
	if p == nil {
		text := "The tenant has no policy of this name."
		if s.Programs.Knows(e.Policy) {
			text = "The policy has errors and no version of it that works is known. Its details in the admin API list them."
		}
		s.unknownPolicy(w, r, e, text)
		return true
	}
	if p.RelyingParty() == nil || p.RelyingParty().Journey() == nil {
		s.unknownPolicy(w, r, e, "The policy has no default user journey. Ensure that it has a relying party.")
		return true
	}
	handler(w, r, e, p)
	return true
}

// OwnTenant accepts the tenant's name, its first label, and its GUID.
func (s *Server) OwnTenant(segment string) bool {
	short, _, _ := strings.Cut(s.TenantName, ".")
	return strings.EqualFold(segment, s.TenantName) || strings.EqualFold(segment, s.TenantID) || strings.EqualFold(segment, short)
}

// unknownPolicy answers what names no policy that applications could use:
// metadata and token requests get JSON, browsers the error page. B2C's status isn't
// known (protocol §12); 404 is ours.
func (s *Server) unknownPolicy(w http.ResponseWriter, r *http.Request, e endpoint.Endpoint, text string) {
	f := &failure{code: journey.CodeUnknownPolicy, oauth: "invalid_request", text: text}
	switch e.Path {
	case "oauth2/v2.0/token":
		s.tokenError(w, r, f)
	case "oauth2/v2.0/authorize", "oauth2/v2.0/logout":
		s.Browser.Error(w, r, http.StatusNotFound, f.page(), "")
	default:
		w.Header().Set("Access-Control-Allow-Origin", "*")
		s.json(w, http.StatusNotFound, errorBody{Error: f.oauth, Description: s.describe(f, s.Engine.NewID())})
	}
}

// tokensOf are the settings of the issuer that ends a policy's journey; nil for a policy that
// issues no token.
func tokensOf(p *program.Program) *token.Settings {
	for _, issuer := range p.Issuers() {
		if x, ok := issuer.Exchange().(interface{ Settings() *token.Settings }); ok {
			return x.Settings()
		}
	}
	return nil
}
