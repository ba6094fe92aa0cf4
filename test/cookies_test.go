package test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"journeyman.dev/internal/server"
)

// Cookies that only we read can't be set by a sister host; those that clients and scripts
// read keep B2C's names.
func TestCookiesAreBoundToTheirHost(t *testing.T) {
	t.Parallel()
	e := ownPolicies(t)
	u := e.user()
	u.ownSignUp("ada@example.com")
	u.authorize(ownSignIn, map[string]string{"prompt": "login"})
	at, _ := url.Parse(e.srv.URL())
	found := map[string]int{}
	for _, c := range u.http.Jar.Cookies(at) {
		for _, name := range []string{"__Host-x-ms-cpim-sso_0", "__Host-x-ms-cpim-cache|", "x-ms-cpim-csrf", "x-ms-cpim-trans"} {
			if strings.HasPrefix(c.Name, name) {
				found[name]++
			}
		}
		if strings.HasPrefix(c.Name, "x-ms-cpim-sso") || strings.HasPrefix(c.Name, "x-ms-cpim-cache") {
			t.Errorf("a cookie without prefix: %s", c.Name)
		}
	}
	if len(found) != 4 {
		t.Errorf("cookies: %v", found)
	}
}

// withoutPrefixes makes a browser as the release before left it.
func (u *user) withoutPrefixes() {
	u.t.Helper()
	at, _ := url.Parse(u.e.srv.URL())
	for _, c := range u.http.Jar.Cookies(at) {
		if name, ok := strings.CutPrefix(c.Name, "__Host-"); ok {
			u.http.Jar.SetCookies(at, []*http.Cookie{{Name: c.Name, Path: "/", MaxAge: -1}, {Name: name, Value: c.Value, Path: "/", Secure: true}})
		}
	}
}

func TestCookiesOfTheReleaseBeforeAreReadAndReplaced(t *testing.T) {
	t.Parallel()
	e := ownPolicies(t)
	u := e.user()
	u.ownSignUp("ada@example.com")
	at, _ := url.Parse(e.srv.URL())
	session := func(prefix string) (value string) {
		for _, c := range u.http.Jar.Cookies(at) {
			if c.Name == prefix+"x-ms-cpim-sso_0" {
				value = c.Value
			}
		}
		return value
	}
	u.withoutPrefixes()
	if session("") == "" || session("__Host-") != "" {
		t.Fatal("the cookies have prefixes")
	}
	u.authorize(ownSignIn, nil)
	if u.result().Get("code") == "" {
		t.Errorf("by the old session: %v", u.result())
	}
	if session("") != "" || session("__Host-") == "" {
		t.Error("the old cookie wasn't replaced")
	}
	// A journey under way goes on, too.
	u = e.user()
	u.authorize(ownSignIn, nil)
	u.withoutPrefixes()
	u.pass(map[string]string{"signInName": "ada@example.com", "password": password})
	if u.result().Get("code") == "" {
		t.Errorf("an old page: %v", u.result())
	}
	// The name without prefix, which a sister host can write, doesn't count beside the other.
	other := e.user()
	other.ownSignUp("bob@example.com")
	for _, c := range other.http.Jar.Cookies(at) {
		if name, ok := strings.CutPrefix(c.Name, "__Host-"); ok {
			u.http.Jar.SetCookies(at, []*http.Cookie{{Name: name, Value: c.Value, Path: "/", Secure: true}})
		}
	}
	u.authorize(ownSignIn, nil)
	if _, payload := decode(t, u.redeem(ownSignIn).IDToken); payload["email"] != "ada@example.com" {
		t.Errorf("the other session counted: %v", payload["email"])
	}
	// Signing out takes both away.
	for _, c := range other.http.Jar.Cookies(at) {
		if name, ok := strings.CutPrefix(c.Name, "__Host-"); ok {
			u.http.Jar.SetCookies(at, []*http.Cookie{{Name: name, Value: c.Value, Path: "/", Secure: true}})
		}
	}
	u.get(e.base + "/" + tenant + "/" + ownSignIn + "/oauth2/v2.0/logout")
	if session("") != "" || session("__Host-") != "" {
		t.Error("a session is left after signing out")
	}
}

func TestCookiesWithoutHTTPSHaveNoPrefix(t *testing.T) {
	t.Parallel()
	e := start(t, func(c *server.Config) { c.TLS = "off" })
	e.own(`<BuildingBlocks />`, relyingParty("SignUpOrSignIn", ""))
	u := e.user()
	u.ownSignUp("ada@example.com")
	u.authorize(ownSignIn, nil)
	if u.result().Get("code") == "" {
		t.Errorf("%v", u.result())
	}
	at, _ := url.Parse(e.srv.URL())
	for _, c := range u.http.Jar.Cookies(at) {
		if strings.HasPrefix(c.Name, "__Host-") {
			t.Errorf("browsers refuse %s here", c.Name)
		}
	}
}
