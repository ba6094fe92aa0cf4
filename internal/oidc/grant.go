package oidc

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"journeyman.dev/internal/claims"
	"journeyman.dev/internal/journey"
	"journeyman.dev/internal/keyset"
	"journeyman.dev/internal/program"
	"journeyman.dev/internal/seal"
	"journeyman.dev/internal/token"
)

// grantForm is the present form of grants. Older ones don't name their account and its
// epoch: they are taken as revoked.
const grantForm = 2

// codeLifetime is B2C's, about ten minutes (protocol §3.3).
const codeLifetime = 10 * time.Minute

// spaLifetime is the life of a single-page application's refresh tokens: a rotated
// one keeps the first one's end (protocol §3.3).
const spaLifetime = 24 * time.Hour

// grant is what a code or refresh token carries, sealed: everything that tokens are
// made of, so that issuing costs no write.
type grant struct {
	Form        int           `json:"form"`   // grantForm
	ID          string        `json:"id"`     // of the redemption
	Family      string        `json:"family"` // all that came from one authorization
	Policy      string        `json:"policy"`
	ClientID    string        `json:"client"`
	RedirectURI string        `json:"redirect,omitempty"`
	Kind        string        `json:"kind"`
	Scopes      []string      `json:"scope"`
	Resource    string        `json:"resource,omitempty"` // client id of the API that access tokens are for; "": none
	Roles       []string      `json:"-"`                  // of an application that acts for itself
	Nonce       string        `json:"nonce,omitempty"`
	Challenge   string        `json:"challenge,omitempty"`
	Plain       bool          `json:"plain,omitempty"`
	Subject     string        `json:"sub"`
	ObjectID    string        `json:"oid,omitempty"`
	Account     string        `json:"account,omitempty"` // of the directory; "" for none
	Epoch       int64         `json:"epoch,omitempty"`   // of the account
	Claims      []storedClaim `json:"claims"`
	Bag         claims.Bag    `json:"bag"` // for the refresh journey
	AuthTime    time.Time     `json:"auth"`
	First       time.Time     `json:"first"`  // first token of the family
	Issued      time.Time     `json:"issued"` // this code or token
	Expires     time.Time     `json:"exp"`
	Language    string        `json:"lang,omitempty"`
}

type storedClaim struct {
	Name  string       `json:"n"`
	Value claims.Value `json:"v"`
}

// grantOf makes the grant of a finished journey. A code's id is the journey's: should
// the journey's end be delivered twice, both codes are one.
func (s *Server) grantOf(a *authorization, out *journey.Finished) *grant {
	now := s.Now().UTC().Truncate(time.Second)
	g := &grant{
		Form: grantForm, ID: "code " + out.Journey.ID, Family: out.Journey.ID, Policy: out.Program.PolicyID(), ClientID: a.ClientID, RedirectURI: a.RedirectURI,
		Kind: a.RedirectKind, Scopes: a.Scopes, Resource: a.Resource, Nonce: a.Nonce, Challenge: a.Challenge, Plain: a.Plain,
		AuthTime: out.AuthTime, First: now, Issued: now, Expires: now.Add(codeLifetime), Language: out.Journey.Language,
	}
	g.fill(out)
	if out.Account.Closed {
		g.Scopes = slices.DeleteFunc(slices.Clone(g.Scopes), func(scope string) bool { return scope == "offline_access" })
	}
	return g
}

func (g *grant) fill(out *journey.Finished) {
	g.Claims = nil
	for _, c := range out.Claims {
		g.Claims = append(g.Claims, storedClaim(c))
	}
	g.Bag = out.Kept
	g.Subject = out.Subject
	if out.Account.ID != "" {
		g.Account, g.Epoch = out.Account.ID, out.Account.Epoch
	}
	identity := out.Issued.AccountClaim()
	if identity == "" {
		identity = "objectId"
	}
	g.ObjectID = out.Kept.Get(identity).String()
	if g.ObjectID == "" {
		g.ObjectID = out.Kept.Get("objectId").String()
	}
	if g.Subject == "" {
		g.Subject = g.ObjectID
	}
}

func (g *grant) has(scope string) bool {
	return slices.ContainsFunc(g.Scopes, func(have string) bool { return strings.EqualFold(have, scope) })
}

// claim finds a token claim's text.
func (g *grant) claim(name string) string {
	for _, c := range g.Claims {
		if c.Name == name {
			return c.Value.String()
		}
	}
	return ""
}

func (s *Server) sealGrant(p seal.Purpose, g *grant) (string, error) {
	data, err := json.Marshal(g)
	if err != nil {
		return "", err
	}
	return s.Sealer.SealText(p, s.TenantID, data), nil
}

// openGrant opens a code or refresh token; what can't be opened was never ours, or
// was sealed with a key that is gone.
func (s *Server) openGrant(p seal.Purpose, text string) (*grant, *failure) {
	data, err := s.Sealer.OpenText(p, s.TenantID, text)
	if err == nil {
		g := new(grant)
		if err = json.Unmarshal(data, g); err == nil && g.Form != grantForm {
			return nil, revoked()
		}
		if err == nil {
			return g, nil
		}
	}
	return nil, &failure{journey.CodeGrantMalformed, "invalid_grant", "The provided grant is malformed or was encrypted with an unknown key."}
}

// reserved are the token's own members, which no policy claim replaces.
var reserved = []string{"exp", "nbf", "ver", "iss", "sub", "aud", "nonce", "iat", "auth_time", "azp", "scp", "c_hash", "at_hash"}

// payload makes the members that id and access tokens share, in B2C's order.
func (s *Server) payload(base string, p *program.Program, settings *token.Settings, g *grant, lifetime time.Duration) *token.Claims {
	now := s.Now().Unix()
	c := new(token.Claims)
	c.Set("exp", now+int64(lifetime.Seconds()))
	c.Set("nbf", now)
	c.Set("ver", "1.0")
	c.Set("iss", s.issuer(base, settings, p.PolicyID()))
	subject := g.Subject
	if subject == "" {
		subject = "Not supported currently. Use oid claim."
	}
	c.Set("sub", subject)
	c.Set("aud", g.ClientID)
	if !settings.NoACR {
		c.Set("acr", strings.ToLower(p.PolicyID()))
	}
	if g.Nonce != "" {
		c.Set("nonce", g.Nonce)
	}
	c.Set("iat", now)
	if !g.AuthTime.IsZero() {
		c.Set("auth_time", g.AuthTime.Unix())
	}
	for _, claim := range g.Claims {
		if !slices.Contains(reserved, claim.Name) {
			c.Set(claim.Name, claim.Value.TokenJSON())
		}
	}
	return c
}

// issued is a set of signed tokens.
type issued struct {
	idToken, accessToken string
}

// issue signs the tokens that the scopes ask for. The id token vouches for the access token beside it
// and, in the front channel, for the code (OpenID Connect Core §3.3.2.11).
func (s *Server) issue(r *http.Request, base string, p *program.Program, settings *token.Settings, g *grant, id, access bool, code string) (issued, error) {
	var out issued
	key, err := s.Keys.ActiveSigningKey(r.Context(), settings.SigningKey)
	if err != nil {
		return out, err
	}
	if access {
		c := s.payload(base, p, settings, g, settings.AccessLifetime)
		c.Set("aud", g.Resource)
		c.Set("azp", g.ClientID)
		if scp := g.permissions(); scp != "" {
			c.Set("scp", scp)
		}
		if out.accessToken, err = token.Sign(key.Key, key.KID, c, nil); err != nil {
			return out, err
		}
	}
	if id {
		c := s.payload(base, p, settings, g, settings.IDLifetime)
		if code != "" {
			c.Set("c_hash", token.HalfHash(code))
		}
		if out.accessToken != "" {
			c.Set("at_hash", token.HalfHash(out.accessToken))
		}
		if out.idToken, err = token.Sign(key.Key, key.KID, c, nil); err != nil {
			return out, err
		}
	}
	return out, nil
}

// issueFront signs what an authorization response carries.
func (s *Server) issueFront(r *http.Request, a *authorization, out *journey.Finished, settings *token.Settings, g *grant, code string) (issued, error) {
	return s.issue(r, a.BaseURL, out.Program, settings, g, a.ResponseType.IDToken, a.ResponseType.Token, code)
}

// issueFailure logs why tokens could not be issued and gives the public error.
func (s *Server) issueFailure(r *http.Request, correlationID string, err error) *failure {
	s.Log.ErrorContext(r.Context(), "tokens can't be issued", "correlationId", correlationID, "err", err)
	if errors.Is(err, keyset.ErrNoActive) || errors.Is(err, keyset.ErrNotFound) {
		return &failure{journey.CodeNoActiveKey, "server_error", journey.CodeNoActiveKey.Text()}
	}
	return &failure{journey.CodeInternal, "server_error", journey.CodeInternal.Text()}
}

// clientInfo is what MSAL keys its accounts with.
func (s *Server) clientInfo(g *grant) string {
	data, _ := json.Marshal(struct {
		UID  string `json:"uid"`
		UTID string `json:"utid"`
	}{g.ObjectID + "-" + strings.ToLower(g.Policy), s.TenantID})
	return base64.RawURLEncoding.EncodeToString(data)
}
