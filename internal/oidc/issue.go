package oidc

import (
	"encoding/base64"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"journeyman.dev/internal/application"
	"journeyman.dev/internal/seal"
	"journeyman.dev/internal/token"
)

// tokens signs the tokens of a grant.
func (t *exchange) tokens(g *grant) (*tokenBody, *failure) {
	s := t.s
	if asked := t.form.Get("scope"); asked != "" && t.form.Get("grant_type") == "authorization_code" {
		// The token request may drop offline_access (protocol §3.2: granted in both).
		if g.has("offline_access") && !slices.Contains(strings.Fields(asked), "offline_access") {
			g.Scopes = slices.DeleteFunc(slices.Clone(g.Scopes), func(scope string) bool { return scope == "offline_access" })
		}
	}
	access := g.Resource != ""
	base := s.BaseURL(t.r)
	out, err := s.issue(t.r, base, t.p, t.settings, g, g.has("openid"), access, "")
	if err != nil {
		return nil, s.issueFailure(t.r, s.Engine.NewID(), err)
	}
	now := s.Now().UTC().Truncate(time.Second)
	body := t.body()
	if access {
		body.text("access_token", out.accessToken)
	}
	if out.idToken != "" {
		body.text("id_token", out.idToken)
	}
	body.text("token_type", "Bearer")
	body.number("not_before", now.Unix())
	if access {
		body.number("expires_in", int64(t.settings.AccessLifetime.Seconds()))
		body.number("expires_on", now.Add(t.settings.AccessLifetime).Unix())
		body.text("resource", g.Resource)
	}
	if out.idToken != "" {
		body.number("id_token_expires_in", int64(t.settings.IDLifetime.Seconds()))
	}
	body.text("profile_info", s.profileInfo(g))
	body.text("scope", strings.Join(g.Scopes, " "))
	if t.form.Get("client_info") == "1" {
		body.text("client_info", s.clientInfo(g))
	}
	if g.has("offline_access") {
		text, expires, err := t.nextRefresh(g, now)
		if err != nil {
			return nil, s.issueFailure(t.r, s.Engine.NewID(), err)
		}
		body.text("refresh_token", text)
		body.number("refresh_token_expires_in", int64(expires.Sub(now).Seconds()))
	}
	return body, nil
}

// nextRefresh makes the next refresh token of a family.
func (t *exchange) nextRefresh(g *grant, now time.Time) (string, time.Time, error) {
	next := *g
	next.ID = "refresh " + t.s.Engine.NewID()
	next.Issued = now
	next.Challenge, next.Plain, next.Nonce = "", false, g.Nonce
	if t.client.PublicKind(g.Kind) && g.Kind == string(application.SPA) {
		next.Expires = g.First.Add(spaLifetime)
	} else {
		next.Expires = now.Add(t.settings.RefreshLifetime)
		if window := g.First.Add(t.settings.RefreshWindow); !t.settings.InfiniteWindow && next.Expires.After(window) {
			next.Expires = window
		}
	}
	text, err := t.s.sealGrant(seal.Refresh, &next)
	return text, next.Expires, err
}

func (s *Server) profileInfo(g *grant) string {
	null := func(text string) any {
		if text == "" {
			return nil
		}
		return text
	}
	data, _ := json.Marshal(struct {
		Ver  string `json:"ver"`
		TID  string `json:"tid"`
		Sub  any    `json:"sub"`
		Name any    `json:"name"`
		User any    `json:"preferred_username"`
		IDP  any    `json:"idp"`
	}{"1.0", s.TenantID, nil, null(g.claim("name")), nil, null(g.claim("idp"))})
	return base64.RawURLEncoding.EncodeToString(data)
}

// tokenBody is an answer whose members keep their order; numbers become texts when
// the issuer's metadata asks for it.
type tokenBody struct {
	token.Claims
	asText bool
}

func (t *exchange) body() *tokenBody { return &tokenBody{asText: t.settings.NumbersAsText} }

func (b *tokenBody) text(name, value string) { b.Set(name, value) }

func (b *tokenBody) number(name string, value int64) {
	if b.asText {
		b.Set(name, strconv.FormatInt(value, 10))
		return
	}
	b.Set(name, value)
}
