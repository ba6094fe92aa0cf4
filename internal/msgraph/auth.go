package msgraph

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"journeyman.dev/internal/application"
)

// Applications finds registered applications.
type Applications interface {
	// GetByAppID returns application.ErrNotFound if there is none.
	GetByAppID(ctx context.Context, appID string) (application.Application, error)
}

// Caller is who calls, with its permissions.
type Caller struct {
	all   bool // the static token
	appID string
	roles []string
}

// May reports whether the caller has one of some permissions, by blank.
func (c Caller) May(permissions string) bool {
	if c.all {
		return true
	}
	for role := range strings.FieldsSeq(permissions) {
		if slices.Contains(c.roles, role) {
			return true
		}
	}
	return false
}

// Name names the caller for whoever looks at a change later.
func (c Caller) Name() string {
	if c.all {
		return "static admin token"
	}
	return c.appID
}

// authenticate finds who calls. id is the request's.
func (s *Server) authenticate(r *http.Request, id string) (c Caller, err error) {
	kind, text, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(kind, "Bearer") || text == "" {
		return Caller{}, invalidToken("Access token is empty.")
	}
	err = s.attempt(r, text, func() error {
		c, err = s.bearer(r, text)
		return err
	}, func(reason string) { s.recordRefused(r, id, c.appID, reason) })
	return c, err
}

// invalidToken is the error of a request that nobody proves to have sent.
func invalidToken(message string) *Error {
	return NewError(http.StatusUnauthorized, "InvalidAuthenticationToken", message)
}

// bearer reads the bearer token: the static one, or one that we signed. With an error the
// caller is whom the token was for, if it was ours.
func (s *Server) bearer(r *http.Request, text string) (Caller, error) {
	if s.AdminToken != "" {
		have, want := sha256.Sum256([]byte(text)), sha256.Sum256([]byte(s.AdminToken))
		if subtle.ConstantTimeCompare(have[:], want[:]) == 1 {
			return Caller{all: true}, nil
		}
	}
	bad := invalidToken("Access token validation failure.")
	parsed, err := jwt.ParseSigned(text, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		return Caller{}, bad
	}
	set, err := s.OwnKeys.PublicJWKS(r.Context(), adminKeys)
	if err != nil {
		return Caller{}, bad
	}
	var standard jwt.Claims
	var own struct {
		AppID string `json:"appid"`
		KeyID string `json:"secret_id"`
	}
	if parsed.Claims(set, &standard, &own) != nil || standard.Expiry == nil ||
		standard.ValidateWithLeeway(jwt.Expected{Issuer: s.issuer(), AnyAudience: jwt.Audience{graphURL}, Time: s.Now()}, time.Minute) != nil {
		return Caller{}, bad
	}
	// The roles are those that the application has now, not those of the token's time; and
	// a secret that was removed, or has ended, ends the tokens that it gave.
	app, err := s.Apps.GetByAppID(r.Context(), own.AppID)
	if err != nil || !app.Enabled() || !app.SecretValid(own.KeyID, s.Now()) {
		return Caller{appID: own.AppID}, bad
	}
	return Caller{appID: own.AppID, roles: app.AdminRoles}, nil
}
