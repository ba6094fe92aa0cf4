// Package application manages the registered applications of a tenant: their redirect URIs by platform,
// secrets and switches.
//
// Reference: admin-surface §5, protocol §2.2.
package application

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"

	"journeyman.dev/internal/refusal"

	"github.com/google/uuid"
)

// Kind is the platform of a redirect URI.
type Kind string

// The platforms.
const (
	Web    Kind = "web"
	SPA    Kind = "spa"
	Native Kind = "native"
)

// Application is a registration.
type Application struct {
	ID          string    `json:"id"` // object id
	AppID       string    `json:"appId"`
	DisplayName string    `json:"displayName"`
	Created     time.Time `json:"created"`
	Disabled    bool      `json:"disabled,omitempty"`

	WebRedirects    []string `json:"webRedirects,omitempty"`
	SPARedirects    []string `json:"spaRedirects,omitempty"`
	NativeRedirects []string `json:"nativeRedirects,omitempty"`
	LogoutURL       string   `json:"logoutUrl,omitempty"`

	ImplicitIDToken     bool `json:"implicitIdToken,omitempty"`
	ImplicitAccessToken bool `json:"implicitAccessToken,omitempty"`
	FallbackPublic      bool `json:"fallbackPublic,omitempty"`
	// PKCE is nil in registrations from before the setting existed.
	PKCE *PKCE `json:"pkce,omitempty"`

	SignInAudience string   `json:"signInAudience,omitempty"`
	IdentifierURIs []string `json:"identifierUris,omitempty"`
	Secrets        []Secret `json:"secrets,omitempty"`
	// Certificates check the assertions of a client that signs them (private_key_jwt).
	Certificates []Certificate `json:"certificates,omitempty"`

	// AdminRoles are the application's roles for the admin API.
	AdminRoles []string `json:"adminRoles,omitempty"`
	// Extra contains members that are stored and returned, without effect here.
	Extra map[string]json.RawMessage `json:"extra,omitempty"`
}

// Secret is a client secret. Only its hash is stored. Our secrets contain 256 random bits, so that a fast
// hash can't be searched.
type Secret struct {
	KeyID       string    `json:"keyId"`
	DisplayName string    `json:"displayName,omitempty"`
	Hint        string    `json:"hint"`
	Hash        []byte    `json:"hash"`
	Start       time.Time `json:"start"`
	End         time.Time `json:"end"`
}

// Errors of applications.
var (
	ErrNotFound = errors.New("no such application")
	ErrInvalid  = errors.New("invalid application")
)

// Enabled reports whether the application may be used.
func (a *Application) Enabled() bool { return !a.Disabled }

// HasRedirectURIs reports whether any redirect URI is registered.
func (a *Application) HasRedirectURIs() bool {
	return len(a.WebRedirects)+len(a.SPARedirects)+len(a.NativeRedirects) > 0
}

// RedirectKind returns the platform of a redirect URI. It compares character by character, except that a
// native loopback address may use any port (RFC 8252 §7.3).
func (a *Application) RedirectKind(uri string) (Kind, bool) {
	switch {
	case slices.Contains(a.WebRedirects, uri):
		return Web, true
	case slices.Contains(a.SPARedirects, uri):
		return SPA, true
	case slices.Contains(a.NativeRedirects, uri):
		return Native, true
	}
	asked, err := url.Parse(uri)
	if err != nil || asked.Scheme != "http" || !loopback(asked.Hostname()) {
		return "", false
	}
	for _, have := range a.NativeRedirects {
		registered, err := url.Parse(have)
		if err == nil && registered.Scheme == "http" && registered.Hostname() == asked.Hostname() && registered.Port() == "" &&
			registered.Path == asked.Path && registered.RawQuery == asked.RawQuery && asked.User == nil && asked.Fragment == "" {
			return Native, true
		}
	}
	return "", false
}

func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// PublicKind reports whether requests with a redirect URI of this kind come from a public client, which uses
// PKCE instead of a secret.
func (a *Application) PublicKind(kind string) bool {
	return kind == string(SPA) || kind == string(Native)
}

// CheckSecret reports whether a text is a currently valid secret.
func (a *Application) CheckSecret(text string, now time.Time) bool {
	_, good := a.FindSecret(text, now)
	return good
}

// FindSecret returns the key id of a currently valid secret with this text.
func (a *Application) FindSecret(text string, now time.Time) (keyID string, good bool) {
	sum := sha256.Sum256([]byte(text))
	for _, s := range a.Secrets {
		if subtle.ConstantTimeCompare(sum[:], s.Hash) == 1 && s.valid(now) {
			keyID, good = s.KeyID, true
		}
	}
	return keyID, good
}

// SecretValid reports whether a secret or certificate with a key id is currently valid.
func (a *Application) SecretValid(keyID string, now time.Time) bool {
	return slices.ContainsFunc(a.Secrets, func(s Secret) bool { return s.KeyID == keyID && s.valid(now) }) ||
		slices.ContainsFunc(a.Certificates, func(c Certificate) bool { return c.KeyID == keyID && c.Valid(now) })
}

// HasSecret reports whether the application has a currently valid secret.
func (a *Application) HasSecret(now time.Time) bool {
	return slices.ContainsFunc(a.Secrets, func(s Secret) bool { return s.valid(now) })
}

func (s *Secret) valid(now time.Time) bool { return !now.Before(s.Start) && now.Before(s.End) }

// Confidential reports whether the application has a currently valid secret or certificate.
func (a *Application) Confidential(now time.Time) bool {
	return a.HasSecret(now) || slices.ContainsFunc(a.Certificates, func(c Certificate) bool { return c.Valid(now) })
}

// NewSecret makes a secret. The text is shown once and not stored.
func NewSecret(displayName string, start, end time.Time) (Secret, string) {
	var b [32]byte
	_, _ = rand.Read(b[:])
	return SecretOf(displayName, base64.RawURLEncoding.EncodeToString(b[:]), start, end)
}

// SecretOf makes a secret with a given text, for imports.
func SecretOf(displayName, text string, start, end time.Time) (Secret, string) {
	sum := sha256.Sum256([]byte(text))
	return Secret{KeyID: uuid.NewString(), DisplayName: displayName, Hint: text[:min(3, len(text))], Hash: sum[:], Start: start, End: end}, text
}

// maxRedirects is B2C's limit.
const maxRedirects = 100

// Check reports the fault of an application as an error that wraps ErrInvalid.
func (a *Application) Check() error {
	if strings.TrimSpace(a.DisplayName) == "" || len(a.DisplayName) > 256 {
		return refusal.Because(ErrInvalid, "displayName must have 1 to 256 characters")
	}
	if _, err := uuid.Parse(a.AppID); err != nil {
		return refusal.Because(ErrInvalid, "appId must be a GUID")
	}
	if len(a.WebRedirects)+len(a.SPARedirects)+len(a.NativeRedirects) > maxRedirects {
		return refusal.Because(ErrInvalid, "more than %d redirect URIs", maxRedirects)
	}
	for _, uri := range slices.Concat(a.WebRedirects, a.SPARedirects) {
		if err := checkRedirect(uri, false); err != nil {
			return err
		}
	}
	for _, uri := range a.NativeRedirects {
		if err := checkRedirect(uri, true); err != nil {
			return err
		}
	}
	if a.LogoutURL != "" {
		if err := checkRedirect(a.LogoutURL, false); err != nil {
			return err
		}
	}
	return a.checkCertificates()
}

func checkRedirect(uri string, native bool) error {
	u, err := url.Parse(uri)
	switch {
	case err != nil, !u.IsAbs(), u.Fragment != "", strings.HasSuffix(uri, "#"), strings.Contains(uri, "*"), len(uri) > 2048:
		return refusal.Because(ErrInvalid, "%q is no redirect URI: it must be absolute, without fragment and wildcard", uri)
	case u.Scheme == "javascript", u.Scheme == "data", u.Scheme == "vbscript", u.Scheme == "file", u.Scheme == "blob", u.Scheme == "about":
		return refusal.Because(ErrInvalid, "the scheme of %q isn't allowed", uri)
	case u.Scheme == "https" && u.Host != "":
		return nil
	case u.Scheme == "http" && loopback(u.Hostname()):
		return nil
	case u.Scheme == "http":
		return refusal.Because(ErrInvalid, "%q: http is for localhost only", uri)
	case native:
		return nil
	}
	return refusal.Because(ErrInvalid, "the scheme of %q is for native applications only", uri)
}

// Store keeps applications.
type Store interface {
	Create(ctx context.Context, a Application) error
	// Get, GetByAppID, Update and Delete return ErrNotFound if there is none.
	Get(ctx context.Context, id string) (Application, error)
	GetByAppID(ctx context.Context, appID string) (Application, error)
	List(ctx context.Context) ([]Application, error)
	Update(ctx context.Context, id string, change func(*Application) error) (Application, error)
	Delete(ctx context.Context, id string) error
}
