package test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const signUpSignIn = "B2C_1A_signup_signin"

func TestWalkthroughSignUpEnrichesTheToken(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	e.upload(enriched(t, e.api.server.URL+"/api/GetProfile"))
	u := e.user()
	u.authorize(signUpSignIn, nil)
	if !strings.Contains(u.page, `data-name="Unified"`) {
		t.Fatalf("no sign-in page:\n%s", excerpt(u.page))
	}
	u.navigate("/api/CombinedSigninAndSignup/unified?local=signup")
	u.verify("email", "emily@example.com")
	u.pass(map[string]string{"email": "emily@example.com", "newPassword": password, "reenterPassword": password, "displayName": "Emily Smith", "givenName": "Emily", "surname": "Smith"})
	got := u.redeem(signUpSignIn)
	header, payload := decode(t, got.IDToken)
	if want := []string{"alg", "kid", "typ"}; !slices.Equal(slices.Sorted(maps.Keys(header)), want) {
		t.Errorf("header = %v", header)
	}
	sub, _ := payload["sub"].(string)
	calls := e.api.take()
	if len(calls) != 1 || calls[0].Method != "POST" || calls[0].Path != "/api/GetProfile" || calls[0].Body != `{"objectId":"`+sub+`","lang":"1033"}` {
		t.Errorf("calls = %+v", calls)
	}
	for _, name := range []string{"exp", "nbf", "iat", "auth_time"} {
		if _, ok := payload[name].(float64); !ok {
			t.Errorf("%s = %v, want a number", name, payload[name])
		}
		delete(payload, name)
	}
	want := map[string]any{
		"ver": "1.0", "iss": e.srv.URL() + "/" + e.srv.TenantID + "/v2.0/", "sub": sub, "aud": e.spa.AppID, "acr": "b2c_1a_signup_signin", "nonce": "defaultNonce",
		"name": "Emily Smith", "given_name": "Emily", "family_name": "Smith", "email": "emily@example.com", "tid": e.srv.TenantID, "balance": "760.50",
	}
	if diff := cmp.Diff(want, payload); diff != "" {
		t.Errorf("payload (-want +got):\n%s", diff)
	}
}

// signedUp is a server with the walkthrough's policies and a user who signed up.
func signedUp(t *testing.T, change func(files map[string]string)) (*env, map[string]any) {
	t.Helper()
	e := start(t, nil)
	files := enriched(t, e.api.server.URL+"/api/GetProfile")
	if change != nil {
		change(files)
	}
	e.upload(files)
	payload := e.user().signUp(signUpSignIn, "emily@example.com")
	e.api.take()
	return e, payload
}

func TestLocalSignIn(t *testing.T) {
	t.Parallel()
	e, signUp := signedUp(t, nil)
	u := e.user()
	u.authorize(signUpSignIn, map[string]string{"login_hint": "emily@example.com"})
	if !strings.Contains(u.page, `value="emily@example.com"`) {
		t.Error("the page has no login hint")
	}
	if r := u.submit(map[string]string{"signInName": "emily@example.com", "password": "wrong"}); r.Status != "400" || r.ErrorCode != "AADB2C90054" || r.Message != "Your password is incorrect." {
		t.Errorf("wrong password: %+v", r)
	}
	if r := u.submit(map[string]string{"signInName": "nobody@example.com", "password": "wrong"}); r.Status != "400" || r.ErrorCode != "AADB2C90053" {
		t.Errorf("unknown user: %+v", r)
	}
	u.pass(map[string]string{"signInName": "emily@example.com", "password": password})
	_, payload := decode(t, u.redeem(signUpSignIn).IDToken)
	if payload["sub"] != signUp["sub"] || payload["balance"] != "760.50" || payload["name"] != "Emily Smith" {
		t.Errorf("payload = %v", payload)
	}
	if _, ok := payload["email"]; ok {
		t.Error("a local sign-in sets no email claim")
	}
}

func TestAReturningBrowserSeesNoPage(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	e.upload(enriched(t, e.api.server.URL))
	u := e.user()
	first := u.signUp(signUpSignIn, "emily@example.com")
	e.api.take()
	u.authorize(signUpSignIn, nil)
	_, payload := decode(t, u.redeem(signUpSignIn).IDToken)
	if payload["sub"] != first["sub"] || payload["balance"] != "760.50" {
		t.Errorf("payload = %v", payload)
	}
	if calls := e.api.take(); len(calls) != 1 {
		t.Errorf("%d calls, want 1: each token is enriched anew", len(calls))
	}
	u.authorize(signUpSignIn, map[string]string{"prompt": "none"})
	if u.result().Get("code") == "" {
		t.Errorf("prompt=none: %v", u.result())
	}
	u.authorize(signUpSignIn, map[string]string{"prompt": "login"})
	if u.callback != nil {
		t.Error("prompt=login asked nothing")
	}
	u.get(e.srv.URL() + "/" + tenant + "/" + signUpSignIn + "/oauth2/v2.0/logout?post_logout_redirect_uri=" + spaRedirect + "&state=bye")
	if u.callback == nil || u.callback.Query().Get("state") != "bye" {
		t.Errorf("logout led to %s %v", u.pageURL, u.callback)
	}
	u.authorize(signUpSignIn, map[string]string{"prompt": "none"})
	if got := u.result(); got.Get("error") != "interaction_required" || !strings.HasPrefix(got.Get("error_description"), "AADB2C90077") {
		t.Errorf("after logout: %v", got)
	}
}

func TestCancelAndForgotPassword(t *testing.T) {
	t.Parallel()
	e, _ := signedUp(t, nil)
	u := e.user()
	u.authorize(signUpSignIn, nil)
	u.navigate("/api/CombinedSigninAndSignup/unified?local=signup")
	u.navigate("/api/SelfAsserted/error?x=")
	got := u.result()
	if got.Get("error") != "access_denied" || !strings.HasPrefix(got.Get("error_description"), "AADB2C90091: ") || got.Get("state") != "st" {
		t.Errorf("cancel: %v", got)
	}
	lines := strings.Split(got.Get("error_description"), "\r\n")
	if len(lines) != 4 || !strings.HasPrefix(lines[1], "Correlation ID: ") || !strings.HasPrefix(lines[2], "Timestamp: ") {
		t.Errorf("error_description = %q", got.Get("error_description"))
	}
	u.authorize(signUpSignIn, nil)
	u.navigate("/api/CombinedSigninAndSignup/forgotPassword?x=")
	if got := u.result(); got.Get("error") != "access_denied" || !strings.HasPrefix(got.Get("error_description"), "AADB2C90118: ") {
		t.Errorf("forgot: %v", got)
	}
}

func TestPasswordReset(t *testing.T) {
	t.Parallel()
	e, signUp := signedUp(t, nil)
	const policy, changed = "B2C_1A_PasswordReset", "Another-word.2"
	u := e.user()
	u.authorize(policy, nil)
	u.verify("email", "emily@example.com")
	u.pass(map[string]string{"email": "emily@example.com"})
	u.pass(map[string]string{"newPassword": changed, "reenterPassword": changed})
	_, payload := decode(t, u.redeem(policy).IDToken)
	if payload["sub"] != signUp["sub"] || payload["balance"] != "760.50" || payload["acr"] != "b2c_1a_passwordreset" {
		t.Errorf("payload = %v", payload)
	}
	u = e.user()
	u.authorize(signUpSignIn, nil)
	if r := u.submit(map[string]string{"signInName": "emily@example.com", "password": password}); r.Status != "400" {
		t.Error("the old password still works")
	}
	u.pass(map[string]string{"signInName": "emily@example.com", "password": changed})
	u.redeem(signUpSignIn)
}

func TestProfileEdit(t *testing.T) {
	t.Parallel()
	e, signUp := signedUp(t, nil)
	const policy = "B2C_1A_ProfileEdit"
	u := e.user()
	u.authorize(policy, nil)
	if !strings.Contains(u.page, `id="FacebookExchange"`) || !strings.Contains(u.page, `id="LocalAccountSigninEmailExchange"`) {
		t.Fatalf("no choice of providers:\n%s", excerpt(u.page))
	}
	u.navigate("/api/CombinedSigninAndSignup/unified?claimsexchange=LocalAccountSigninEmailExchange")
	u.pass(map[string]string{"signInName": "emily@example.com", "password": password})
	if !strings.Contains(u.page, `value="Emily"`) {
		t.Errorf("the page isn't prefilled:\n%s", excerpt(u.page))
	}
	u.pass(map[string]string{"displayName": "Em Smith", "givenName": "Em", "surname": "Smith"})
	_, payload := decode(t, u.redeem(policy).IDToken)
	if payload["sub"] != signUp["sub"] || payload["balance"] != "760.50" {
		t.Errorf("payload = %v", payload)
	}
	u = e.user()
	u.authorize(signUpSignIn, nil)
	u.pass(map[string]string{"signInName": "emily@example.com", "password": password})
	if _, payload := decode(t, u.redeem(signUpSignIn).IDToken); payload["given_name"] != "Em" {
		t.Errorf("given_name = %v", payload["given_name"])
	}
}

func TestAStepThatFailsTellsTheApplication(t *testing.T) {
	t.Parallel()
	e, _ := signedUp(t, nil)
	tests := []struct {
		name   string
		status int
		body   string
		want   []string
	}{
		{"a refusal with a message", 409, `{"version":"1.0.0","status":409,"userMessage":"Your account is on hold."}`,
			[]string{"AADB2C90075: The claims exchange 'REST-GetProfile' specified in step '7' returned HTTP error response with Code 'Conflict' and Reason 'Your account is on hold.'."}},
		{"an error", 500, `oops`, []string{"AADB2C90075: ", "Code 'InternalServerError' and Reason 'Internal Server Error'."}},
		{"not found", 404, ``, []string{"AADB2C90075: The claims exchange 'REST-GetProfile' specified in step '7' returned HTTP error response with Code 'NotFound' and Reason 'Not Found'."}},
		{"no JSON", 200, `<html>`, []string{"AADB2C90261: "}},
	}
	for _, tt := range tests {
		e.api.respond(tt.status, tt.body)
		u := e.user()
		u.authorize(signUpSignIn, nil)
		u.pass(map[string]string{"signInName": "emily@example.com", "password": password})
		got := u.result()
		if got.Get("error") != "server_error" || got.Get("code") != "" {
			t.Errorf("%s: %v", tt.name, got)
		}
		for _, part := range append(tt.want, "\r\nCorrelation ID: ", "\r\nTimestamp: ") {
			if !strings.Contains(got.Get("error_description"), part) {
				t.Errorf("%s: %q lacks %q", tt.name, got.Get("error_description"), part)
			}
		}
	}
	e.api.respond(200, `{}`)
	u := e.user()
	u.authorize(signUpSignIn, nil)
	u.pass(map[string]string{"signInName": "emily@example.com", "password": password})
	if _, payload := decode(t, u.redeem(signUpSignIn).IDToken); payload["balance"] != nil {
		t.Errorf("a missing member gave balance = %v", payload["balance"])
	}
}

func TestTheAPIAsValidationKeepsTheUserOnThePage(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	files := enriched(t, e.api.server.URL+"/api/Validate")
	edit(t, files, "TrustFrameworkExtensions", "<!--UserJourneys", "<!--")
	edit(t, files, "TrustFrameworkExtensions", `<ClaimsProvider>
      <DisplayName>REST APIs</DisplayName>`, `<ClaimsProvider><DisplayName>Local</DisplayName><TechnicalProfiles>
        <TechnicalProfile Id="LocalAccountSignUpWithLogonEmail"><ValidationTechnicalProfiles>
          <ValidationTechnicalProfile ReferenceId="REST-GetProfile" />
          <ValidationTechnicalProfile ReferenceId="AAD-UserWriteUsingLogonEmail" />
        </ValidationTechnicalProfiles></TechnicalProfile></TechnicalProfiles></ClaimsProvider>
    <ClaimsProvider>
      <DisplayName>REST APIs</DisplayName>`)
	e.upload(files)
	u := e.user()
	u.authorize(signUpSignIn, nil)
	u.navigate("/api/CombinedSigninAndSignup/unified?local=signup")
	u.verify("email", "emily@example.com")
	fields := map[string]string{"email": "emily@example.com", "newPassword": password, "reenterPassword": password, "displayName": "Emily Smith", "givenName": "Emily", "surname": "Smith"}
	e.api.respond(409, `{"version":"1.0.0","status":409,"userMessage":"We don't know this loyalty number."}`)
	if r := u.submit(fields); r.Status != "400" || r.Message != "We don't know this loyalty number." {
		t.Errorf("refused: %+v", r)
	}
	if users, err := e.srv.Users.Store.ListUsers(t.Context(), "", 10, false); err != nil || len(users) != 0 {
		t.Errorf("users = %v, %v: a refused page must write nobody", users, err)
	}
	e.api.respond(200, `{"balance":"1.00"}`)
	u.pass(fields)
	u.redeem(signUpSignIn)
}

func TestForgedFieldsAreNeverSet(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	e.upload(enriched(t, e.api.server.URL))
	u := e.user()
	u.authorize(signUpSignIn, nil)
	u.navigate("/api/CombinedSigninAndSignup/unified?local=signup")
	u.verify("email", "emily@example.com")
	u.pass(map[string]string{
		"email": "emily@example.com", "newPassword": password, "reenterPassword": password, "displayName": "Emily", "givenName": "Emily", "surname": "Smith",
		"objectId": "11111111-1111-1111-1111-111111111111", "identityProvider": "evil.example", "balance": "1000000", "newUser": "true",
	})
	_, payload := decode(t, u.redeem(signUpSignIn).IDToken)
	if payload["sub"] == "11111111-1111-1111-1111-111111111111" || payload["idp"] != nil || payload["balance"] != "760.50" {
		t.Errorf("payload = %v", payload)
	}
}
