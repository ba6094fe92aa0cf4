package oidc_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"journeyman.dev/internal/journey"
	"journeyman.dev/internal/session"
)

const logoutPath = "/oauth2/v2.0/logout"

// signedIn is a session of two applications in one scope, and one in another.
func signedIn(scope string) *session.Session {
	return &session.Session{ID: "s", Partitions: map[string]*session.Partition{
		scope:   {ID: "record", Clients: []session.Client{{ID: "web", LogoutURL: "https://app.example/out"}, {ID: "spa", LogoutURL: "https://spa.example/out"}, {ID: "native"}}},
		"other": {ID: "other record"},
	}}
}

func TestSigningOutEndsTheSessionOfThePolicysScope(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.session = signedIn("tenant")
	rec := w.do(t, http.MethodGet, "B2C_1A_signin"+logoutPath, nil)
	if rec.Code != http.StatusOK || !slices.Equal(w.dropped, []string{"record"}) || w.setSession != w.session || w.session.Partitions["tenant"] != nil || w.cleared || !w.forgotten {
		t.Errorf("%d %v %+v", rec.Code, w.dropped, w.setSession)
	}
	for _, part := range []string{"You are signed out", `<iframe src="https://app.example/out"`, `<iframe src="https://spa.example/out"`, "You may close this page."} {
		if !strings.Contains(rec.Body.String(), part) {
			t.Errorf("the page lacks %s: %s", part, rec.Body)
		}
	}
	if csp := rec.Header().Get("Content-Security-Policy"); !strings.Contains(csp, "frame-src https:") || rec.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("%v", rec.Header())
	}

	// The last partition takes the cookie with it; one without a record has nothing to drop.
	w = newWorld(t)
	w.session = &session.Session{Partitions: map[string]*session.Partition{"tenant": {}}}
	if w.do(t, http.MethodGet, "B2C_1A_signin"+logoutPath, nil); !w.cleared || w.setSession != nil || len(w.dropped) != 0 {
		t.Errorf("cleared %v, dropped %v", w.cleared, w.dropped)
	}
	w = newWorld(t)
	if rec := w.do(t, http.MethodPost, "B2C_1A_signin"+logoutPath, nil); rec.Code != http.StatusOK || !w.cleared {
		t.Errorf("without a session: %d", rec.Code)
	}
	w.session = signedIn("policy:another")
	if w.do(t, http.MethodGet, "B2C_1A_signin"+logoutPath, nil); len(w.dropped) != 0 {
		t.Errorf("dropped %v", w.dropped)
	}
}

func TestASessionThatCannotBeDroppedIsReported(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.session, w.dropErr = signedIn("tenant"), errDown
	rec := w.do(t, http.MethodGet, "B2C_1A_signin"+logoutPath, nil)
	if rec.Code != http.StatusInternalServerError || w.fault.Code != journey.CodeInternal || w.fault.Public != journey.CodeInternal.Text() || w.setSession == nil {
		t.Errorf("%d %+v", rec.Code, w.fault)
	}
}

func TestTheWayBackIsAnAddressOfAnApplication(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, address, state, want string
		refused                    journey.Code
	}{
		{"a registered one", "https://app.example/in", "-", "https://app.example/in", ""},
		{"with a state", "https://app.example/in?tenant=1", "x y", "https://app.example/in?state=x+y&tenant=1", ""},
		{"a logout URL", "https://spa.example/out", "-", "https://spa.example/out", ""},
		{"a native one", "msal://in", "-", "msal://in", ""},
		{"on the origin of one", "https://app.example:443/signout-callback-oidc", "-", "https://app.example:443/signout-callback-oidc", ""},
		{"none", "-", "-", "", ""},
		{"elsewhere", "https://evil.example/", "-", "", journey.CodeRedirectURI},
		{"another scheme", "http://app.example/in", "-", "", journey.CodeRedirectURI},
		{"another port", "https://app.example:444/in", "-", "", journey.CodeRedirectURI},
		{"with a user", "https://x@app.example/in", "-", "", journey.CodeRedirectURI},
		{"no host", "https:app.example", "-", "", journey.CodeRedirectURI},
		{"a path alone", "/in", "-", "", journey.CodeLogoutURI},
		{"no address", "https://%zz", "-", "", journey.CodeLogoutURI},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			rec := w.do(t, http.MethodGet, "B2C_1A_signin"+logoutPath, with(url.Values{}, "post_logout_redirect_uri", c.address, "state", c.state))
			if got := rec.Header().Get("Location"); got != c.want || (rec.Code == http.StatusFound) != (c.want != "") {
				t.Errorf("%d to %q, want %q", rec.Code, got, c.want)
			}
			if c.refused != "" && !strings.Contains(rec.Body.String(), string(c.refused)+": ") {
				t.Errorf("no reason: %s", rec.Body)
			}
		})
	}
	t.Run("after the other applications", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.session = signedIn("tenant")
		rec := w.do(t, http.MethodGet, "B2C_1A_signin"+logoutPath, url.Values{"post_logout_redirect_uri": {"https://app.example/in"}, "client_id": {"web"}})
		body := rec.Body.String()
		if rec.Code != 200 || !strings.Contains(body, `content="2;url=https://app.example/in"`) || !strings.Contains(body, "spa.example/out") || strings.Contains(body, "app.example/out") {
			t.Errorf("%d %s", rec.Code, body)
		}
	})
	t.Run("while the applications can't be listed", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.Applications = unlisted{registrations{w}}
		if rec := w.do(t, http.MethodGet, "B2C_1A_signin"+logoutPath, url.Values{"post_logout_redirect_uri": {"https://app.example/in"}}); rec.Code != 200 {
			t.Errorf("%d", rec.Code)
		}
	})
	t.Run("an unreadable request", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, base+"/contoso/B2C_1A_signin"+logoutPath+"?state=%zz", nil)
		if rec := w.serve(t, r); rec.Code != 400 || w.fault.Code != journey.CodeUnreadable || w.forgotten {
			t.Errorf("%d %+v", rec.Code, w.fault)
		}
	})
}

func TestAnEnforcedHintDecidesAboutSigningOut(t *testing.T) {
	t.Parallel()
	issuer := base + "/" + tenantID + "/v2.0/"
	hint := func(c jwt.Claims) string { return ours(t, c) }
	later := jwt.NewNumericDate(start.Add(time.Hour))
	good := hint(jwt.Claims{Issuer: issuer, Audience: jwt.Audience{"web"}, Expiry: later})
	for _, c := range []struct {
		name, hint, address string
		spoil               func(w *world)
		want                journey.Code
	}{
		{"none", "", "https://app.example/in", nil, journey.CodeLogoutHintMissing},
		{"no token", "x", "https://app.example/in", nil, journey.CodeLogoutHintMalformed},
		{"another key", signed(t, jose.RS256, signingKeys()[1], jwt.Claims{Issuer: issuer}), "https://app.example/in", nil, journey.CodeLogoutHintSignature},
		{"no keys", good, "https://app.example/in", func(w *world) { w.keysErr = errDown }, journey.CodeLogoutHintSignature},
		{"another issuer", hint(jwt.Claims{Issuer: "x", Audience: jwt.Audience{"web"}}), "https://app.example/in", nil, journey.CodeLogoutHintIssuer},
		{"two audiences", hint(jwt.Claims{Issuer: issuer, Audience: jwt.Audience{"web", "spa"}}), "https://app.example/in", nil, journey.CodeLogoutHintAudience},
		{"an expired one", hint(jwt.Claims{Issuer: issuer, Audience: jwt.Audience{"web"}, Expiry: jwt.NewNumericDate(start.Add(-time.Second))}), "https://app.example/in", nil, journey.CodeLogoutHintExpired},
		{"another application's address", good, "https://spa.example/in", nil, journey.CodeRedirectURI},
		{"on the origin of its own", good, "https://app.example/elsewhere", nil, journey.CodeRedirectURI},
		{"a good one", good, "https://app.example/in", nil, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.session = signedIn("policy:b2c_1a_enforced")
			if c.spoil != nil {
				c.spoil(w)
			}
			rec := w.do(t, http.MethodGet, "B2C_1A_enforced"+logoutPath, url.Values{"id_token_hint": {c.hint}, "post_logout_redirect_uri": {c.address}})
			if c.want != "" {
				if rec.Code != 400 || w.fault == nil || w.fault.Code != c.want || len(w.dropped) != 0 {
					t.Errorf("%d %+v", rec.Code, w.fault)
				}
				return
			}
			if rec.Code != 200 || len(w.dropped) != 1 || !strings.Contains(rec.Body.String(), "https://spa.example/out") {
				t.Errorf("%d %s", rec.Code, rec.Body)
			}
		})
	}
}

func TestTheBrowserIsSignedOutAtIdentityProviders(t *testing.T) {
	t.Parallel()
	at := func(policy, profile string) session.Provider {
		return session.Provider{Policy: policy, Profile: profile}
	}
	w := newWorld(t)
	providers := []session.Provider{at("B2C_1A_nothing", "Step"), at("B2C_1A_password", "Nobody"), at("B2C_1A_password", "JwtIssuer"), at("B2C_1A_password", "Step"), at("B2C_1A_password", "step")}
	w.session = &session.Session{Partitions: map[string]*session.Partition{"tenant": {Providers: providers}}}
	rec := w.do(t, http.MethodGet, "B2C_1A_signin"+logoutPath, nil)
	if n := strings.Count(rec.Body.String(), `<iframe src="https://idp.example/logout"`); n != 1 || strings.Count(rec.Body.String(), "<iframe") != 1 {
		t.Errorf("%d frames: %s", n, rec.Body)
	}
	// One that doesn't answer keeps nobody signed in here.
	w.session = &session.Session{Partitions: map[string]*session.Partition{"tenant": {Providers: providers}}}
	w.clock = start.Add(time.Second)
	if rec := w.do(t, http.MethodGet, "B2C_1A_signin"+logoutPath, nil); rec.Code != 200 || strings.Contains(rec.Body.String(), "<iframe") {
		t.Errorf("%d %s", rec.Code, rec.Body)
	}
}
