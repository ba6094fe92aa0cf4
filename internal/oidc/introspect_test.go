package oidc_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"journeyman.dev/internal/directory"
	"journeyman.dev/internal/journey"
)

const (
	revokePath     = "/oauth2/v2.0/revoke"
	introspectPath = "/oauth2/v2.0/introspect"
)

// about is the web application's request about a token.
func about(text any, change ...string) url.Values {
	token, _ := text.(string)
	return with(url.Values{"client_id": {"web"}, "client_secret": {secret}, "token": {token}}, change...)
}

// issued are all kinds of tokens of the web application.
func (w *world) issued(t *testing.T) map[string]any {
	t.Helper()
	return w.redeem(t, w.code(t, "B2C_1A_signin", asking("scope", "openid offline_access https://contoso.example/api/read")))
}

func TestRevokingARefreshTokenEndsItsFamily(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	refresh := w.issued(t)["refresh_token"]
	rec := w.do(t, http.MethodPost, "B2C_1A_signin"+revokePath, about(refresh))
	if rec.Code != http.StatusOK || rec.Body.Len() != 0 || rec.Header().Get("Cache-Control") != "no-store" || len(w.families) != 1 {
		t.Errorf("%d %s %v", rec.Code, rec.Body, w.families)
	}
	refused(t, w.do(t, http.MethodPost, "B2C_1A_signin"+tokenPath, renewing(refresh.(string))), "invalid_grant", journey.CodeGrantRevoked)
}

func TestRevocationReportsNothingAboutOthersTokens(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		form   func(got map[string]any) url.Values
		spoil  func(w *world)
		status int
		oauth  string
		begins string
	}{
		{"nonsense", func(map[string]any) url.Values { return about("nonsense") }, nil, 200, "", ""},
		{"another client's", func(got map[string]any) url.Values { return about(got["refresh_token"], "client_id", "code") }, nil, 200, "", ""},
		{"a public client's nonsense", func(map[string]any) url.Values { return about("x", "client_id", "spa", "client_secret", "-") }, nil, 200, "", ""},
		{"an expired one", func(got map[string]any) url.Values { return about(got["refresh_token"]) }, func(w *world) { w.clock = start.Add(15 * 24 * time.Hour) }, 200, "", ""},
		{"an access token", func(got map[string]any) url.Values { return about(got["access_token"]) }, nil, 400, "unsupported_token_type", "Access and id tokens can't be revoked"},
		{"an id token", func(got map[string]any) url.Values { return about(got["id_token"]) }, nil, 400, "unsupported_token_type", "Access and id tokens can't be revoked"},
		{"an id token while keys can't be read", func(got map[string]any) url.Values { return about(got["id_token"]) }, func(w *world) { w.keysErr = errDown }, 200, "", ""},
		{"no token", func(map[string]any) url.Values { return about("") }, nil, 400, "invalid_request", "AADB2C90083: "},
		{"no secret", func(got map[string]any) url.Values { return about(got["refresh_token"], "client_secret", "-") }, nil, 400, "invalid_request", "AADB2C90079: "},
		{"a wrong secret", func(got map[string]any) url.Values { return about(got["refresh_token"], "client_secret", "x") }, nil, 400, "invalid_client", "AADB2C90081: "},
		{"an unknown client", func(map[string]any) url.Values { return about("x", "client_id", "nobody") }, nil, 400, "invalid_client", "AADB2C90018: "},
		{"the store is down", func(got map[string]any) url.Values { return about(got["refresh_token"]) }, func(w *world) { w.grantsErr = errDown }, 400, "server_error", "AADB2C90085: "},
		{"the applications are down", func(got map[string]any) url.Values { return about(got["refresh_token"]) }, func(w *world) { w.appsErr = errDown }, 400, "server_error", "AADB2C90085: "},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			form := c.form(w.issued(t))
			if c.spoil != nil {
				c.spoil(w)
			}
			rec := w.do(t, http.MethodPost, "B2C_1A_signin"+revokePath, form)
			if rec.Code != c.status || len(w.families) != 0 {
				t.Fatalf("status %d: %s", rec.Code, rec.Body)
			}
			if c.oauth == "" {
				return
			}
			got := body(t, rec)
			if description, _ := got["error_description"].(string); got["error"] != c.oauth || !strings.HasPrefix(description, c.begins) {
				t.Errorf("%v", got)
			}
		})
	}
}

func TestAPublicClientRevokesWhatItGot(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	query := asking("client_id", "spa", "redirect_uri", "https://spa.example/in", "code_challenge", challenge, "code_challenge_method", "S256", "scope", "openid offline_access")
	form := redeeming(w.code(t, "B2C_1A_signin", query), "client_id", "spa", "client_secret", "-", "redirect_uri", "https://spa.example/in", "code_verifier", verifier)
	got := body(t, w.do(t, http.MethodPost, "B2C_1A_signin"+tokenPath, form))
	rec := w.do(t, http.MethodPost, "B2C_1A_signin"+revokePath, about(got["refresh_token"], "client_id", "spa", "client_secret", "-"))
	if rec.Code != http.StatusOK || len(w.families) != 1 {
		t.Errorf("%d %s", rec.Code, rec.Body)
	}
}

// inactive checks that an introspection reports nothing.
func inactive(t *testing.T, rec *httptest.ResponseRecorder) {
	t.Helper()
	if rec.Code != http.StatusOK || rec.Body.String() != `{"active":false}` {
		t.Errorf("%d: %s", rec.Code, rec.Body)
	}
}

func TestIntrospectionDescribesAGoodToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	got := w.issued(t)
	refresh := body(t, w.do(t, http.MethodPost, "B2C_1A_signin"+introspectPath, about(got["refresh_token"])))
	want := map[string]any{
		"active": true, "client_id": "web", "sub": user, "iss": base + "/" + tenantID + "/v2.0/", "scope": got["scope"],
		"iat": float64(start.Unix()), "exp": float64(start.Add(14 * 24 * time.Hour).Unix()),
	}
	same(t, refresh, want)
	access := body(t, w.do(t, http.MethodPost, "B2C_1A_signin"+introspectPath, about(got["access_token"])))
	want["scope"], want["token_type"], want["aud"], want["nbf"], want["exp"] = "read", "Bearer", "api", float64(start.Unix()), float64(start.Unix()+3600)
	same(t, access, want)
	// The API may ask, too.
	same(t, body(t, w.do(t, http.MethodPost, "B2C_1A_signin"+introspectPath, about(got["access_token"], "client_id", "api"))), want)
	// Basic authentication does.
	form := about(got["access_token"], "client_id", "-", "client_secret", "-")
	r := w.do(t, http.MethodPost, "B2C_1A_signin"+introspectPath, form, "Authorization", "Basic d2ViOnRoZSBzZWNyZXQgb2YgdGhlIHdlYiBhcHBsaWNhdGlvbg==")
	same(t, body(t, r), want)
}

func same(t *testing.T, got, want map[string]any) {
	t.Helper()
	for name, value := range want {
		if got[name] != value {
			t.Errorf("%s is %v, want %v", name, got[name], value)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestATokenIsInactiveForAnyReason(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		kind   string // of token; "": the text of change
		change []string
		spoil  func(w *world)
	}{
		{"nonsense", "", []string{"token", "nonsense"}, nil},
		{"an id token", "id_token", nil, nil},
		{"another client asks", "access_token", []string{"client_id", "code"}, nil},
		{"another client asks for a refresh token", "refresh_token", []string{"client_id", "code"}, nil},
		{"an expired access token", "access_token", nil, func(w *world) { w.clock = start.Add(time.Hour) }},
		{"an access token of the future", "access_token", nil, func(w *world) { w.clock = start.Add(-time.Second) }},
		{"an expired refresh token", "refresh_token", nil, func(w *world) { w.clock = start.Add(14 * 24 * time.Hour) }},
		{"a redeemed refresh token", "refresh_token", nil, func(w *world) { w.grantsErr = errGone }},
		{"a revoked family", "refresh_token", nil, func(w *world) { w.families["journey 1"] = true }},
		{"a deleted account", "access_token", nil, func(w *world) { w.standingErr = directory.ErrNotFound }},
		{"a disabled account", "access_token", nil, func(w *world) { w.standing.Disabled = true }},
		{"an account whose grants were ended later", "access_token", nil, func(w *world) { w.standing.Since = start.Add(time.Second) }},
		{"a client that was deleted", "access_token", []string{"client_id", "api"}, func(w *world) { delete(w.apps, "web") }},
		{"a client that was disabled", "access_token", []string{"client_id", "api"}, func(w *world) { w.disable("web") }},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			form := about(w.issued(t)[c.kind], c.change...)
			if c.spoil != nil {
				c.spoil(w)
			}
			inactive(t, w.do(t, http.MethodPost, "B2C_1A_signin"+introspectPath, form))
		})
	}
	t.Run("another server's", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		inactive(t, w.do(t, http.MethodPost, "B2C_1A_signin"+introspectPath, about(signed(t, jose.RS256, signingKeys()[1], map[string]any{"azp": "web"}))))
		inactive(t, w.do(t, http.MethodPost, "B2C_1A_signin"+introspectPath, about(ours(t, map[string]any{"azp": "web", "iss": "x"}))))
	})
}

func (w *world) disable(id string) {
	app := w.apps[id]
	app.Disabled = true
	w.apps[id] = app
}

func TestWhoAsksAboutATokenProvesItself(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		change []string
		status int
		oauth  string
	}{
		{"no secret", []string{"client_secret", "-"}, 401, "invalid_client"},
		{"a wrong secret", []string{"client_secret", "x"}, 401, "invalid_client"},
		{"an unknown client", []string{"client_id", "nobody"}, 401, "invalid_client"},
		{"a wrong secret without a token", []string{"client_secret", "x", "token", "-"}, 401, "invalid_client"},
		{"no token", []string{"token", "-"}, 400, "invalid_request"},
	} {
		w := newWorld(t)
		rec := w.do(t, http.MethodPost, "B2C_1A_signin"+introspectPath, about("x", c.change...))
		if got := body(t, rec); rec.Code != c.status || got["error"] != c.oauth || (rec.Header().Get("WWW-Authenticate") == "Basic") != (c.status == 401) {
			t.Errorf("%s: %d %v", c.name, rec.Code, got)
		}
	}
}

func TestAFaultOfOurOwnIsNoInactiveToken(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, kind string
		spoil      func(w *world)
	}{
		{"the store", "refresh_token", func(w *world) { w.grantsErr = errDown }},
		{"the directory", "access_token", func(w *world) { w.standingErr = errDown }},
	} {
		w := newWorld(t)
		text := w.issued(t)[c.kind]
		c.spoil(w)
		rec := w.do(t, http.MethodPost, "B2C_1A_signin"+introspectPath, about(text))
		if got := body(t, rec); rec.Code != http.StatusInternalServerError || got["error"] != "server_error" {
			t.Errorf("%s: %d %v", c.name, rec.Code, got)
		}
	}
	w := newWorld(t)
	if rec := w.do(t, http.MethodPost, "B2C_1A_document"+introspectPath, about("x")); rec.Code != http.StatusInternalServerError {
		t.Errorf("no issuer: %d %s", rec.Code, rec.Body)
	}
}
