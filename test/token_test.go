package test

import (
	"net/url"
	"strings"
	"testing"
	"time"
)

func TestRefreshReturnsTheFirstValue(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	files := enriched(t, e.api.server.URL)
	edit(t, files, "TrustFrameworkExtensions", `<ClaimsProvider>
      <DisplayName>REST APIs</DisplayName>`, `<ClaimsProvider><DisplayName>Refresh</DisplayName><TechnicalProfiles><TechnicalProfile Id="RefreshTokenReadAndSetup"><OutputClaims><OutputClaim ClaimTypeReferenceId="balance" /></OutputClaims></TechnicalProfile></TechnicalProfiles></ClaimsProvider>
    <ClaimsProvider>
      <DisplayName>REST APIs</DisplayName>`)
	e.upload(files)
	checkRefresh(t, e, "760.50")
}

func TestRefreshWithoutTheClaimInTheSetupLosesIt(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	e.upload(enriched(t, e.api.server.URL))
	checkRefresh(t, e, nil)
}

func TestRefreshWithoutAJourneyReplaysTheFirstClaims(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	files := enriched(t, e.api.server.URL)
	edit(t, files, "SignUpOrSignin", `<Endpoint Id="Token" UserJourneyReferenceId="RedeemRefreshToken" />`, "")
	edit(t, files, "SignUpOrSignin", "<Endpoints>", "")
	edit(t, files, "SignUpOrSignin", "</Endpoints>", "")
	e.upload(files)
	checkRefresh(t, e, "760.50")
}

// checkRefresh signs up, changes what the API says, and refreshes: the API isn't called.
func checkRefresh(t *testing.T, e *env, want any) {
	t.Helper()
	u := e.user()
	u.authorize(signUpSignIn, nil)
	u.navigate("/api/CombinedSigninAndSignup/unified?local=signup")
	u.verify("email", "emily@example.com")
	u.pass(map[string]string{"email": "emily@example.com", "newPassword": password, "reenterPassword": password, "displayName": "Emily", "givenName": "Emily", "surname": "Smith"})
	got := u.redeem(signUpSignIn)
	if got.RefreshToken == "" {
		t.Fatalf("no refresh token: %v", got.raw)
	}
	_, before := decode(t, got.IDToken)
	e.api.take()
	e.api.respond(200, `{"balance":"0.01"}`)
	e.clock.advance(10 * time.Minute)
	got = e.token(signUpSignIn, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {got.RefreshToken}})
	if got.status != 200 {
		t.Fatalf("refresh: %+v", got)
	}
	_, after := decode(t, got.IDToken)
	if after["balance"] != want || after["sub"] != before["sub"] || after["auth_time"] != before["auth_time"] || after["iat"] == before["iat"] {
		t.Errorf("before %v\nafter  %v", before, after)
	}
	if calls := e.api.take(); len(calls) != 0 {
		t.Errorf("the API was called %d times", len(calls))
	}
	again := e.token(signUpSignIn, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {got.RefreshToken}})
	if again.status != 200 {
		t.Errorf("second refresh: %+v", again)
	}
	replayed := e.token(signUpSignIn, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {got.RefreshToken}})
	if replayed.Error != "invalid_grant" || !strings.HasPrefix(replayed.Description, "AADB2C90129") {
		t.Errorf("replayed refresh token: %+v", replayed)
	}
	if family := e.token(signUpSignIn, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {again.RefreshToken}}); family.Error != "invalid_grant" {
		t.Errorf("the family of a replayed token still works: %+v", family)
	}
}

func TestAReplayedCodeRevokesWhatItGave(t *testing.T) {
	t.Parallel()
	e, _ := signedUp(t, nil)
	u := e.user()
	u.authorize(signUpSignIn, nil)
	u.pass(map[string]string{"signInName": "emily@example.com", "password": password})
	got := u.redeem(signUpSignIn)
	form := url.Values{"grant_type": {"authorization_code"}, "code": {u.result().Get("code")}, "redirect_uri": {spaRedirect}, "code_verifier": {u.verifier}}
	if again := e.token(signUpSignIn, form); again.status != 400 || again.Error != "invalid_grant" {
		t.Errorf("replay: %+v", again)
	}
	if r := e.token(signUpSignIn, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {got.RefreshToken}}); r.Error != "invalid_grant" {
		t.Errorf("refresh after replay: %+v", r)
	}
}

func TestTokenRequestsThatAreRefused(t *testing.T) {
	t.Parallel()
	e, _ := signedUp(t, nil)
	code := func() (string, string) {
		u := e.user()
		u.authorize(signUpSignIn, nil)
		u.pass(map[string]string{"signInName": "emily@example.com", "password": password})
		return u.result().Get("code"), u.verifier
	}
	tests := []struct {
		name   string
		policy string
		change func(form url.Values)
		later  time.Duration
		error  string
		code   string
	}{
		{"another policy", "B2C_1A_ProfileEdit", nil, 0, "invalid_grant", "AADB2C90088"},
		{"another client", signUpSignIn, func(f url.Values) { f.Set("client_id", e.web.AppID); f.Set("client_secret", e.secret) }, 0, "invalid_grant", "AADB2C90279"},
		{"another redirect URI", signUpSignIn, func(f url.Values) { f.Set("redirect_uri", webRedirect) }, 0, "invalid_grant", "AADB2C90006"},
		{"a wrong verifier", signUpSignIn, func(f url.Values) { f.Set("code_verifier", strings.Repeat("x", 50)) }, 0, "invalid_grant", "AADB2C90182"},
		{"no verifier", signUpSignIn, func(f url.Values) { f.Del("code_verifier") }, 0, "invalid_grant", "AADB2C90183"},
		{"a secret for a public client", signUpSignIn, func(f url.Values) { f.Set("client_secret", "x") }, 0, "invalid_request", "AADB2C90084"},
		{"a flipped code", signUpSignIn, func(f url.Values) { f.Set("code", "A"+f.Get("code")[1:]+"A") }, 0, "invalid_grant", "AADB2C90090"},
		{"no code", signUpSignIn, func(f url.Values) { f.Del("code") }, 0, "invalid_request", "AADB2C90083"},
		{"an unknown grant type", signUpSignIn, func(f url.Values) { f.Set("grant_type", "magic") }, 0, "unsupported_grant_type", "AADB2C90086"},
		{"an unknown client", signUpSignIn, func(f url.Values) { f.Set("client_id", "x") }, 0, "unauthorized_client", "AADB2C90018"},
		{"a code as refresh token", signUpSignIn, func(f url.Values) { f.Set("grant_type", "refresh_token"); f.Set("refresh_token", f.Get("code")) }, 0, "invalid_grant", "AADB2C90090"},
		{"an expired code", signUpSignIn, nil, 11 * time.Minute, "invalid_grant", "AADB2C90080"},
	}
	for _, tt := range tests {
		text, verifier := code()
		form := url.Values{"grant_type": {"authorization_code"}, "client_id": {e.spa.AppID}, "code": {text}, "redirect_uri": {spaRedirect}, "code_verifier": {verifier}}
		if tt.change != nil {
			tt.change(form)
		}
		e.clock.advance(tt.later)
		got := e.token(tt.policy, form)
		if got.status != 400 || got.Error != tt.error || !strings.HasPrefix(got.Description, tt.code+": ") || len(got.raw) != 2 {
			t.Errorf("%s: %d %v", tt.name, got.status, got.raw)
		}
	}
}

func TestWebApplicationsNeedTheirSecret(t *testing.T) {
	t.Parallel()
	e, _ := signedUp(t, nil)
	begin := func() string {
		u := e.user()
		u.authorize(signUpSignIn, map[string]string{"client_id": e.web.AppID, "redirect_uri": webRedirect, "code_challenge": "", "code_challenge_method": "", "response_type": "code id_token", "scope": "openid " + e.web.AppID})
		u.pass(map[string]string{"signInName": "emily@example.com", "password": password})
		got := u.result()
		_, payload := decode(t, got.Get("id_token"))
		if payload["c_hash"] == nil || payload["balance"] != "760.50" || u.callback.Fragment == "" {
			t.Errorf("hybrid answer: %v", got)
		}
		return got.Get("code")
	}
	form := func(code, secret string) url.Values {
		f := url.Values{"grant_type": {"authorization_code"}, "client_id": {e.web.AppID}, "code": {code}, "redirect_uri": {webRedirect}}
		if secret != "" {
			f.Set("client_secret", secret)
		}
		return f
	}
	code := begin()
	if got := e.token(signUpSignIn, form(code, "")); got.Error != "invalid_request" || !strings.HasPrefix(got.Description, "AADB2C90079") {
		t.Errorf("without secret: %+v", got)
	}
	if got := e.token(signUpSignIn, form(code, "wrong")); got.Error != "invalid_client" || !strings.HasPrefix(got.Description, "AADB2C90081") {
		t.Errorf("wrong secret: %+v", got)
	}
	got := e.token(signUpSignIn, form(code, e.secret))
	if got.status != 200 || got.AccessToken == "" || got.IDToken == "" || got.raw["resource"] != e.web.AppID {
		t.Errorf("with secret: %+v", got)
	}
	if _, payload := decode(t, got.AccessToken); payload["azp"] != e.web.AppID || payload["balance"] != "760.50" {
		t.Errorf("access token: %v", payload)
	}
}
