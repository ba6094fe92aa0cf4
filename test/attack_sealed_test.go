package test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"journeyman.dev/internal/server"
)

// publicPart is an error description without correlation id and time.
func publicPart(description string) string {
	head, _, _ := strings.Cut(description, "\r\n")
	return head
}

// flipped are the variants of a sealed text in which one byte is another, and those
// that are cut short or made longer.
func flipped(text string, yield func(string)) {
	for i := range len(text) {
		other := byte('A')
		if text[i] == 'A' {
			other = 'B'
		}
		yield(text[:i] + string(other) + text[i+1:])
	}
	for n := 0; n < len(text); n += max(1, len(text)/40) {
		yield(text[:n])
	}
	for _, more := range []string{"A", "AAAA", "=", ".", "\n", " ", "%00"} {
		yield(text + more)
	}
	yield("AAAA" + text)
	yield(text + text)
}

// sealedSet is one of each sealed thing that leaves the server.
type sealedSet struct {
	u                      *user
	code, refresh, session string
}

func (e *env) sealed(policy string) sealedSet {
	e.t.Helper()
	u := e.user()
	u.authorize(policy, nil)
	u.pass(map[string]string{"signInName": "emily@example.com", "password": password})
	s := sealedSet{u: u, refresh: u.redeem(policy).RefreshToken}
	u.authorize(policy, nil) // by the session, for a code that nobody has used
	s.code = u.result().Get("code")
	at, err := url.Parse(e.srv.URL())
	if err != nil {
		e.t.Fatal(err)
	}
	for _, c := range u.http.Jar.Cookies(at) {
		if c.Name == "__Host-x-ms-cpim-sso_0" {
			s.session = c.Value
		}
	}
	if s.code == "" || s.refresh == "" || s.session == "" {
		e.t.Fatalf("%d bytes of code, %d of refresh token, %d of session", len(s.code), len(s.refresh), len(s.session))
	}
	return s
}

func (s sealedSet) codeForm(code string) url.Values {
	return url.Values{"grant_type": {"authorization_code"}, "client_id": {s.u.e.spa.AppID}, "code": {code}, "redirect_uri": {spaRedirect}, "code_verifier": {s.u.verifier}}
}

func (s sealedSet) refreshForm(token string) url.Values {
	return url.Values{"grant_type": {"refresh_token"}, "client_id": {s.u.e.spa.AppID}, "refresh_token": {token}}
}

// signedInWith reports whether a browser with this session cookie gets a code.
func (e *env) signedInWith(policy, session string) bool {
	e.t.Helper()
	u := e.user()
	at, err := url.Parse(e.srv.URL())
	if err != nil {
		e.t.Fatal(err)
	}
	u.http.Jar.SetCookies(at, []*http.Cookie{{Name: "__Host-x-ms-cpim-sso_0", Value: session, Path: "/"}})
	u.authorize(policy, map[string]string{"prompt": "none"})
	return u.result().Get("code") != ""
}

func TestSealedThingsAreRefusedWithOneError(t *testing.T) {
	t.Parallel()
	const malformed = "AADB2C90090: The provided grant is malformed or was encrypted with an unknown key."
	e, _ := signedUp(t, nil)
	s := e.sealed(signUpSignIn)
	client := e.client(nil)
	refuse := func(what string, form url.Values) {
		t.Helper()
		got := e.tokenBy(client, signUpSignIn, form)
		if got.status != 400 || got.Error != "invalid_grant" || publicPart(got.Description) != malformed || len(got.raw) != 2 {
			t.Errorf("%s: %d %v", what, got.status, got.raw)
		}
	}
	flipped(s.code, func(bad string) {
		if bad != "" {
			refuse("a changed code", s.codeForm(bad))
		}
	})
	flipped(s.refresh, func(bad string) {
		if bad != "" {
			refuse("a changed refresh token", s.refreshForm(bad))
		}
	})
	// One for another.
	refuse("a refresh token as code", s.codeForm(s.refresh))
	refuse("a session as code", s.codeForm(s.session))
	refuse("a code as refresh token", s.refreshForm(s.code))
	refuse("a session as refresh token", s.refreshForm(s.session))
	for what, other := range map[string]string{"code": s.code, "refresh token": s.refresh} {
		if e.signedInWith(signUpSignIn, other) {
			t.Errorf("a %s is a session", what)
		}
	}
	n := 0
	flipped(s.session, func(bad string) {
		// A cookie jar sends no blanks or line ends; every seventh is enough for pages.
		if n++; n%7 == 0 && !strings.ContainsAny(bad, "\n %") && e.signedInWith(signUpSignIn, bad) {
			t.Errorf("a changed session signs in: %q", bad)
		}
	})
	// They are good, all the same.
	if !e.signedInWith(signUpSignIn, s.session) {
		t.Error("the session doesn't sign in")
	}
	if got := e.token(signUpSignIn, s.codeForm(s.code)); got.status != 200 {
		t.Errorf("the code: %+v", got)
	}
	if got := e.token(signUpSignIn, s.refreshForm(s.refresh)); got.status != 200 {
		t.Errorf("the refresh token: %+v", got)
	}
}

// Of another policy, client or tenant: invalid_grant, and the grant stays as it is.
func TestSealedThingsOfOthersAreRefused(t *testing.T) {
	t.Parallel()
	const key = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
	api := newAPI(t)
	tenants := make([]*env, 2)
	for i := range tenants {
		e := startWith(t, api, func(c *server.Config) { c.MasterKey = key })
		e.upload(enriched(t, api.server.URL+"/api/GetProfile"))
		e.user().signUp(signUpSignIn, "emily@example.com")
		tenants[i] = e
	}
	e, other := tenants[0], tenants[1]
	s := e.sealed(signUpSignIn)
	refuse := func(what string, e *env, policy string, form url.Values) {
		t.Helper()
		got := e.token(policy, form)
		if got.status != 400 || got.Error != "invalid_grant" || len(got.raw) != 2 {
			t.Errorf("%s: %d %v", what, got.status, got.raw)
		}
	}
	// Another tenant with the same master key and an application of the same id.
	spa := e.spa
	spa.ID = other.spa.ID + "x"
	if err := other.srv.Apps.Create(t.Context(), spa); err != nil {
		t.Fatal(err)
	}
	refuse("a code at another tenant", other, signUpSignIn, s.codeForm(s.code))
	refuse("a refresh token at another tenant", other, signUpSignIn, s.refreshForm(s.refresh))
	if other.signedInWith(signUpSignIn, s.session) {
		t.Error("a session signs in at another tenant")
	}
	for what, form := range map[string]url.Values{"a code": s.codeForm(s.code), "a refresh token": s.refreshForm(s.refresh)} {
		refuse(what+" at another policy", e, "B2C_1A_ProfileEdit", form)
		form.Set("client_id", e.web.AppID)
		form.Set("client_secret", e.secret)
		refuse(what+" of another client", e, signUpSignIn, form)
	}
	if got := e.token(signUpSignIn, s.codeForm(s.code)); got.status != 200 {
		t.Errorf("the code: %+v", got)
	}
	if got := e.token(signUpSignIn, s.refreshForm(s.refresh)); got.status != 200 {
		t.Errorf("the refresh token: %+v", got)
	}
}

// A journey's page: its transaction, token and cookie belong together.
func TestPagesOfOtherJourneysPoliciesAndTenantsAreRefused(t *testing.T) {
	t.Parallel()
	e, _ := signedUp(t, nil)
	fields := map[string]string{"signInName": "emily@example.com", "password": password}
	open := func() *user {
		u := e.user()
		u.authorize(signUpSignIn, nil)
		return u
	}
	for name, change := range map[string]func(u *user){
		"another policy in the address": func(u *user) {
			u.settings.Hosts.Policy, u.settings.Hosts.Tenant = "B2C_1A_ProfileEdit", "/"+tenant+"/B2C_1A_ProfileEdit"
		},
		"another journey's transaction":   func(u *user) { u.settings.TransID = open().settings.TransID },
		"another page's token":            func(u *user) { u.settings.CSRF = open().settings.CSRF },
		"another journey and its token":   func(u *user) { u.settings = open().settings },
		"no token":                        func(u *user) { u.settings.CSRF = "" },
		"a token with a byte flipped":     func(u *user) { u.settings.CSRF = "Z" + u.settings.CSRF[1:] },
		"a truncated token":               func(u *user) { u.settings.CSRF = u.settings.CSRF[:len(u.settings.CSRF)-2] },
		"a transaction that nobody began": func(u *user) { u.settings.TransID = u.settings.TransID[:len(u.settings.TransID)-6] + "AAAAfQ" },
		"no cookies": func(u *user) {
			u.http.Jar = e.user().http.Jar
		},
	} {
		u := open()
		change(u)
		r := u.submit(fields)
		if r.Status != "400" || r.ErrorCode != "AADB2C90046" {
			t.Errorf("%s: %+v", name, r)
		}
		u.confirm()
		if u.callback != nil || !strings.Contains(u.page, "AADB2C90046") {
			t.Errorf("%s led on to %v\n%s", name, u.callback, excerpt(u.page))
		}
	}
	u := open()
	u.settings.Hosts.Tenant = "/fabrikam.onmicrosoft.com/" + signUpSignIn
	res, err := u.http.PostForm(u.path("/SelfAsserted"), url.Values{"request_type": {"RESPONSE"}})
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusNotFound {
		t.Errorf("another tenant's page: status %d", res.StatusCode)
	}
}

// The state of a federation belongs to one journey of one browser, once.
func TestFederationStates(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	e.trustAPI()
	deny := false
	scriptedFacebook(t, e, &deny)
	files := enriched(t, e.api.server.URL+"/api/GetProfile")
	withFacebook(t, e, files)
	e.upload(files)
	// leave goes as far as the other site and returns where it would send the browser.
	leave := func() (*user, url.Values) {
		u := e.user()
		u.authorize(signUpSignIn, nil)
		address := u.path("/api/CombinedSigninAndSignup/unified?claimsexchange=FacebookExchange") + "&csrf_token=" + url.QueryEscape(u.settings.CSRF)
		for range 2 {
			res, err := u.http.Get(address)
			if err != nil {
				t.Fatal(err)
			}
			_ = res.Body.Close()
			address = res.Header.Get("Location")
		}
		back, err := url.Parse(address)
		if err != nil || back.Query().Get("state") == "" {
			t.Fatalf("%s: %v", address, err)
		}
		return u, back.Query()
	}
	callback := e.base + "/" + tenant + "/oauth2/authresp?"
	refused := func(what string, u *user, back url.Values) {
		t.Helper()
		u.get(callback + back.Encode())
		if u.callback != nil || !strings.Contains(u.page, "AADB2C90046") && !strings.Contains(u.page, "AADB2C90273") {
			t.Errorf("%s led on:\n%s", what, excerpt(u.page))
		}
	}
	u, back := leave()
	_, foreign := leave()
	refused("another journey's state", u, foreign)
	refused("another browser", e.user(), back)
	state := back.Get("state")
	for i := 0; i < len(state); i += 3 {
		bad := []byte(state)
		if bad[i]++; bad[i] == '.'+1 {
			bad[i] = 'x'
		}
		refused("a changed state", u, url.Values{"state": {string(bad)}, "code": {back.Get("code")}})
	}
	refused("no state", u, url.Values{"code": {back.Get("code")}})
	refused("a repeated state", u, url.Values{"state": {state, state}, "code": {back.Get("code")}})
	u.get(callback + back.Encode())
	if !strings.Contains(u.page, `value="Fay"`) {
		t.Fatalf("the right state:\n%s", excerpt(u.page))
	}
	u.get(callback + back.Encode())
	if u.callback != nil {
		t.Error("a state was used twice")
	}
}
