package providertest

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// IdentityProvider is a scripted OAuth 2 and OpenID Connect provider: a handler, for a Caller
// or for a server of a test. Fields may be changed between requests. Its addresses are
//
//	/.well-known/openid-configuration   /keys   /authorize   /token   /userinfo
//
// below Issuer. Every other path that ends in /.well-known/openid-configuration is a document,
// too, as providers of many tenants have it.
type IdentityProvider struct {
	Issuer string // scheme, host and path, without a final slash
	Now    func() time.Time
	Keys   *Keys

	// Document is added to the discovery document; nil takes a member away.
	Document map[string]any
	// IDToken is added to the claims of id tokens, Token to the token answer and User to that of
	// the claims endpoint; nil takes a member away.
	IDToken, Token, User map[string]any
	// Form makes the token answer a form.
	Form bool
	// Status of token and claims endpoint; 0 is 200.
	TokenStatus, UserStatus int
	// Nonce is that of the last authorization request: see [IdentityProvider.Authorize].
	Nonce string
	// Redeemed are the forms, or queries, that came to the token endpoint, Asked the queries of
	// the claims endpoint, and Heads the headers of both.
	Redeemed, Asked []url.Values
	Heads           []http.Header

	mu sync.Mutex
}

// NewIdentityProvider makes one at https://idp.example.
func NewIdentityProvider(now func() time.Time) *IdentityProvider {
	return &IdentityProvider{Issuer: "https://idp.example", Now: now, Keys: new(Keys)}
}

// ServeHTTP implements http.Handler.
func (p *IdentityProvider) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	switch path := r.URL.Path; {
	case strings.HasSuffix(path, "/.well-known/openid-configuration"):
		write(w, 0, merged(map[string]any{
			"issuer": p.Issuer, "authorization_endpoint": p.Issuer + "/authorize", "token_endpoint": p.Issuer + "/token", "jwks_uri": p.Issuer + "/keys",
			"end_session_endpoint": p.Issuer + "/logout",
		}, p.Document))
	case strings.HasSuffix(path, "/keys"):
		set, err := p.Keys.PublicJWKS(r.Context(), "idp")
		if err != nil {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		write(w, 0, set)
	case strings.HasSuffix(path, "/token"):
		_ = r.ParseForm()
		p.Redeemed, p.Heads = append(p.Redeemed, r.Form), append(p.Heads, r.Header.Clone())
		token, err := p.sign()
		if err != nil {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		answer := merged(map[string]any{"access_token": "access", "token_type": "Bearer", "expires_in": 3600, "id_token": token}, p.Token)
		if p.Form {
			form := make(url.Values)
			for name, value := range answer {
				if text, ok := value.(string); ok {
					form.Set(name, text)
				}
			}
			w.Header().Set("Content-Type", "application/x-www-form-urlencoded")
			_, _ = w.Write([]byte(form.Encode()))
			return
		}
		write(w, p.TokenStatus, answer)
	case strings.HasSuffix(path, "/userinfo"):
		p.Asked, p.Heads = append(p.Asked, r.URL.Query()), append(p.Heads, r.Header.Clone())
		write(w, p.UserStatus, merged(map[string]any{"sub": "user", "id": "user"}, p.User))
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}

// write answers with JSON; status 0 is 200.
func write(w http.ResponseWriter, status int, body any) {
	if status != 0 {
		w.WriteHeader(status)
	}
	_ = json.NewEncoder(w).Encode(body)
}

// merged adds members; nil takes one away.
func merged(members, more map[string]any) map[string]any {
	out := maps.Clone(members)
	for name, value := range more {
		if value == nil {
			delete(out, name)
			continue
		}
		out[name] = value
	}
	return out
}

// Authorize takes an authorization request that the browser brings, and returns its
// parameters. It keeps the nonce for the id token.
func (p *IdentityProvider) Authorize(t testing.TB, address string) url.Values {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.Nonce = u.Query().Get("nonce")
	return u.Query()
}

// IDTokenText is an id token, as the authorization endpoint may give it.
func (p *IdentityProvider) IDTokenText(t testing.TB) string {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	token, err := p.sign()
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func (p *IdentityProvider) sign() (string, error) {
	now := p.Now()
	return Sign("idp", merged(map[string]any{
		"iss": p.Issuer, "aud": "client", "sub": "user", "nonce": p.Nonce, "iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(10 * time.Minute).Unix(),
	}, p.IDToken))
}

// Sign makes a JWT with the key of all [Keys].
func Sign(kid string, claims map[string]any) (string, error) {
	key, err := signing()
	if err != nil {
		return "", err
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: key, KeyID: kid}}, nil)
	if err != nil {
		return "", err
	}
	return jwt.Signed(signer).Claims(claims).Serialize()
}
