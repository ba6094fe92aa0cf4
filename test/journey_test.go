package test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"journeyman.dev/internal/server"
)

func TestADoubledPostRunsOnce(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	e.upload(enriched(t, e.api.server.URL))
	u := e.user()
	u.authorize(signUpSignIn, nil)
	u.navigate("/api/CombinedSigninAndSignup/unified?local=signup")
	u.verify("email", "emily@example.com")
	fields := map[string]string{"email": "emily@example.com", "newPassword": password, "reenterPassword": password, "displayName": "Emily", "givenName": "Emily", "surname": "Smith"}
	var wg sync.WaitGroup
	for range 5 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			if r := u.submit(fields); r.Status != "200" {
				t.Errorf("a doubled post was refused: %+v", r)
			}
		}()
	}
	wg.Wait()
	users, err := e.srv.Users.Store.ListUsers(t.Context(), "", 10, false)
	if err != nil || len(users) != 1 {
		t.Fatalf("%d users, %v", len(users), err)
	}
	confirmed := u.path("/api/SelfAsserted/confirmed") + "&csrf_token=" + url.QueryEscape(u.settings.CSRF)
	u.get(confirmed)
	first := u.result().Get("code")
	if calls := e.api.take(); len(calls) != 1 {
		t.Errorf("%d calls of the API, want 1", len(calls))
	}
	// The navigation again: the same end, no step twice, and one code all in all.
	u.get(confirmed)
	second := u.result().Get("code")
	if calls := e.api.take(); len(calls) != 0 {
		t.Errorf("%d calls of the API after a doubled navigation", len(calls))
	}
	redeem := func(code string) tokens {
		return e.token(signUpSignIn, url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {spaRedirect}, "code_verifier": {u.verifier}})
	}
	if got := redeem(first); got.status != 200 {
		t.Errorf("first code: %+v", got)
	}
	if got := redeem(second); got.Error != "invalid_grant" {
		t.Errorf("both codes of one journey were redeemed")
	}
	// Whoever goes back to this address later gets nothing.
	e.clock.advance(2 * time.Minute)
	u.get(confirmed)
	if u.callback != nil || !strings.Contains(u.page, "AADB2C90046") {
		t.Errorf("an ended journey gave its end again after two minutes: %v", u.callback)
	}
}

func TestSigningOutForgetsJourneys(t *testing.T) {
	t.Parallel()
	e, _ := signedUp(t, nil)
	u := e.user()
	u.authorize(signUpSignIn, nil)
	if r := u.submit(map[string]string{"signInName": "emily@example.com", "password": password}); r.Status != "200" {
		t.Fatalf("%+v", r)
	}
	confirmed := u.path("/api/CombinedSigninAndSignup/confirmed") + "&csrf_token=" + url.QueryEscape(u.settings.CSRF)
	u.get(confirmed)
	u.result()
	u.get(e.srv.URL() + "/" + tenant + "/" + signUpSignIn + "/oauth2/v2.0/logout")
	u.get(confirmed)
	if u.callback != nil {
		t.Error("going back after signing out signed in again")
	}
}

func TestPostsOfAnotherBrowserOrPageAreRefused(t *testing.T) {
	t.Parallel()
	e, _ := signedUp(t, nil)
	u := e.user()
	u.authorize(signUpSignIn, nil)
	thief := e.user()
	thief.settings = u.settings
	if r := thief.submit(map[string]string{"signInName": "emily@example.com", "password": password}); r.Status != "400" || r.ErrorCode != "AADB2C90046" {
		t.Errorf("a post without the browser's cookie: %+v", r)
	}
	good := u.settings.CSRF
	u.settings.CSRF = "forged"
	if r := u.submit(map[string]string{"signInName": "emily@example.com", "password": password}); r.Status != "400" || r.ErrorCode != "AADB2C90046" {
		t.Errorf("a forged csrf token: %+v", r)
	}
	u.settings.CSRF = good
	if r := u.post(url.Values{"request_type": {"RESPONSE"}, "signInName": {"a", "b"}}); r.Status != "400" {
		t.Errorf("a repeated field: %+v", r)
	}
	u.navigate("/api/CombinedSigninAndSignup/confirmed?x=")
	if u.callback != nil || !strings.Contains(u.page, `data-name="Unified"`) {
		t.Errorf("confirming without a sign-in led on:\n%s", excerpt(u.page))
	}
	u.pass(map[string]string{"signInName": "emily@example.com", "password": password})
	u.redeem(signUpSignIn)
}

func TestJourneysUnderWayKeepTheirProgram(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	files := enriched(t, e.api.server.URL+"/api/GetProfile")
	e.upload(files)
	e.user().signUp(signUpSignIn, "emily@example.com")
	e.api.take()
	u := e.user()
	u.authorize(signUpSignIn, nil)
	edit(t, files, "TrustFrameworkExtensions", "/api/GetProfile", "/api/Changed")
	e.upload(files, "TrustFrameworkExtensions")
	u.pass(map[string]string{"signInName": "emily@example.com", "password": password})
	u.redeem(signUpSignIn)
	if calls := e.api.take(); len(calls) != 1 || calls[0].Path != "/api/GetProfile" {
		t.Errorf("calls = %+v", calls)
	}
	u = e.user()
	u.authorize(signUpSignIn, nil)
	u.pass(map[string]string{"signInName": "emily@example.com", "password": password})
	u.redeem(signUpSignIn)
	if calls := e.api.take(); len(calls) != 1 || calls[0].Path != "/api/Changed" {
		t.Errorf("a new journey: calls = %+v", calls)
	}
}

func TestAuthorizeRequestsThatAreRefused(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	e.upload(enriched(t, e.api.server.URL))
	redirected := []struct {
		name   string
		change map[string]string
		error  string
		code   string
	}{
		{"no response type", map[string]string{"response_type": ""}, "unsupported_response_type", "AADB2C90013"},
		{"no scope", map[string]string{"scope": ""}, "invalid_request", "AADB2C90010"},
		{"an unknown scope", map[string]string{"scope": "openid user.read"}, "invalid_request", "AADB2C90117"},
		{"no nonce for an id token", map[string]string{"response_type": "code id_token", "nonce": ""}, "invalid_request", "AADB2C90083"},
		{"a bad prompt", map[string]string{"prompt": "maybe"}, "invalid_request", "AADB2C90043"},
		{"an implicit token", map[string]string{"response_type": "id_token token", "scope": "openid " + e.spa.AppID}, "unauthorized_client", "AADB2C90057"},
		{"no challenge of a public client", map[string]string{"code_challenge": "", "code_challenge_method": ""}, "invalid_request", "AADB2C99059"},
		{"a bad method", map[string]string{"code_challenge_method": "S512"}, "invalid_request", "AADB2C90184"},
		{"prompt none without a session", map[string]string{"prompt": "none"}, "interaction_required", "AADB2C90077"},
	}
	for _, tt := range redirected {
		u := e.user()
		u.authorize(signUpSignIn, tt.change)
		if got := u.result(); got.Get("error") != tt.error || !strings.HasPrefix(got.Get("error_description"), tt.code+": ") || got.Get("state") != "st" {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
	shown := []struct {
		name   string
		change map[string]string
		code   string
	}{
		{"an unknown client", map[string]string{"client_id": "nobody"}, "AADB2C90018"},
		{"no client", map[string]string{"client_id": ""}, "AADB2C90008"},
		{"a foreign redirect URI", map[string]string{"redirect_uri": "https://evil.example/"}, "AADB2C90006"},
		{"a redirect URI with a suffix", map[string]string{"redirect_uri": spaRedirect + "/x"}, "AADB2C90006"},
	}
	for _, tt := range shown {
		u := e.user()
		u.authorize(signUpSignIn, tt.change)
		if u.callback != nil || !strings.Contains(u.page, tt.code) || !strings.Contains(u.page, "error-page-correlationid") {
			t.Errorf("%s: %v\n%s", tt.name, u.callback, excerpt(u.page))
		}
	}
	u := e.user()
	u.authorize("B2C_1A_nothing", nil)
	if !strings.Contains(u.page, "AADB2C90031") {
		t.Errorf("an unknown policy:\n%s", excerpt(u.page))
	}
}

func TestDiscoveryInEveryAddressForm(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	e.upload(enriched(t, e.api.server.URL))
	for _, path := range []string{
		"/" + tenant + "/B2C_1A_signup_signin/v2.0/.well-known/openid-configuration",
		"/tfp/" + tenant + "/b2c_1a_signup_signin/v2.0/.well-known/openid-configuration",
		"/" + tenant + "/v2.0/.well-known/openid-configuration?p=B2C_1A_SIGNUP_SIGNIN",
		"/" + e.srv.TenantID + "/b2c_1a_signup_signin/v2.0/.well-known/openid-configuration",
	} {
		var doc map[string]any
		fetch(t, e, path, &doc)
		if doc["issuer"] != e.srv.URL()+"/"+e.srv.TenantID+"/v2.0/" {
			t.Errorf("%s: issuer = %v", path, doc["issuer"])
		}
		jwks, _ := doc["jwks_uri"].(string)
		var keys struct{ Keys []map[string]string }
		fetch(t, e, strings.TrimPrefix(jwks, e.srv.URL()), &keys)
		if len(keys.Keys) != 1 || keys.Keys[0]["kty"] != "RSA" || keys.Keys[0]["d"] != "" {
			t.Errorf("%s: keys = %v", path, keys)
		}
	}
}

func fetch(t *testing.T, e *env, path string, to any) {
	t.Helper()
	res, err := e.client(nil).Get(e.srv.URL() + path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	body, _ := io.ReadAll(res.Body)
	if res.StatusCode != http.StatusOK || json.Unmarshal(body, to) != nil {
		t.Fatalf("%s: %d %s", path, res.StatusCode, body)
	}
}

func TestFormPost(t *testing.T) {
	t.Parallel()
	e, _ := signedUp(t, nil)
	u := e.user()
	u.authorize(signUpSignIn, map[string]string{"response_mode": "form_post", "response_type": "id_token", "code_challenge": "", "code_challenge_method": "", "scope": "openid"})
	u.pass(map[string]string{"signInName": "emily@example.com", "password": password})
	if !strings.Contains(u.page, "action='"+spaRedirect+"'") || !strings.Contains(u.page, "name='state' id='state' value='st'") || !strings.Contains(u.page, "name='id_token'") {
		t.Errorf("form:\n%s", u.page)
	}
}

func TestSignInThroughEveryAddressForm(t *testing.T) {
	t.Parallel()
	e, _ := signedUp(t, nil)
	for _, path := range []string{"/tfp/" + tenant + "/" + signUpSignIn + "/oauth2/v2.0/%s?", "/" + tenant + "/oauth2/v2.0/%s?p=" + signUpSignIn + "&", "/" + e.srv.TenantID + "/" + strings.ToUpper(signUpSignIn) + "/oauth2/v2.0/%s?"} {
		u := e.user()
		u.verifier = strings.Repeat("v", 50)
		u.get(e.srv.URL() + strings.Replace(path, "%s", "authorize", 1) + url.Values{"client_id": {e.spa.AppID}, "redirect_uri": {spaRedirect}, "response_type": {"code"}, "scope": {"openid"},
			"code_challenge": {challenge(u.verifier)}, "code_challenge_method": {"S256"}}.Encode())
		u.pass(map[string]string{"signInName": "emily@example.com", "password": password})
		res, err := e.client(nil).PostForm(e.srv.URL()+strings.Replace(path, "%s", "token", 1), url.Values{"grant_type": {"authorization_code"}, "client_id": {e.spa.AppID}, "code": {u.result().Get("code")}, "redirect_uri": {spaRedirect}, "code_verifier": {u.verifier}})
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if res.StatusCode != http.StatusOK || !strings.Contains(string(body), `"id_token":"`) {
			t.Errorf("%s: %d %s", path, res.StatusCode, body)
		}
	}
}

func TestAJourneySurvivesARestart(t *testing.T) {
	t.Parallel()
	for name, database := range databases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			survivesARestart(t, database(t))
		})
	}
}

func survivesARestart(t *testing.T, on func(*server.Config)) {
	data := t.TempDir()
	listen := ""
	api := newAPI(t)
	same := func(c *server.Config) {
		on(c)
		c.Data = data
		if listen != "" {
			c.Listen = listen
		}
	}
	e := startWith(t, api, same)
	files := enriched(t, api.server.URL+"/api/GetProfile")
	e.upload(files)
	e.user().signUp(signUpSignIn, "emily@example.com")
	u := e.user()
	u.authorize(signUpSignIn, nil)
	// The policy changes, and the server is started again: the journey goes on with
	// the program that it began with.
	edit(t, files, "TrustFrameworkExtensions", "/api/GetProfile", "/api/Changed")
	e.upload(files, "TrustFrameworkExtensions")
	listen = strings.TrimPrefix(strings.Replace(e.srv.URL(), "localhost", "127.0.0.1", 1), "https://")
	e.stop()
	e2 := startWith(t, api, same)
	u.e = e2
	u.http.Transport = e2.client(nil).Transport
	api.take()
	u.pass(map[string]string{"signInName": "emily@example.com", "password": password})
	got := e2.token(signUpSignIn, url.Values{"grant_type": {"authorization_code"}, "client_id": {e.spa.AppID}, "code": {u.result().Get("code")}, "redirect_uri": {spaRedirect}, "code_verifier": {u.verifier}})
	if got.status != 200 {
		t.Errorf("%+v", got)
	}
	if calls := api.take(); len(calls) != 1 || calls[0].Path != "/api/GetProfile" {
		t.Errorf("calls = %+v", calls)
	}
}
