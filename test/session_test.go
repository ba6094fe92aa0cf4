package test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// The starter policies of our own keep users signed in for 14 days if they ask for it.

func ownPolicies(t *testing.T) *env {
	t.Helper()
	e := start(t, nil)
	blocks, _ := trailBlocks("A")
	e.own(blocks, relyingParty("SignUpOrSignIn", "", "trail"))
	return e
}

const ownSignIn = "B2C_1A_SignUpOrSignIn"

func (u *user) ownSignUp(address string) {
	u.t.Helper()
	u.authorize(ownSignIn, nil)
	u.navigate("/api/CombinedSigninAndSignup/unified?local=signup")
	u.verify("email", address)
	u.pass(map[string]string{"email": address, "newPassword": password, "reenterPassword": password, "displayName": "Ada"})
	u.redeem(ownSignIn)
}

func TestKeepMeSignedIn(t *testing.T) {
	t.Parallel()
	e := ownPolicies(t)
	e.user().ownSignUp("ada@example.com")
	signIn := func(remember string) *user {
		u := e.user()
		u.authorize(ownSignIn, nil)
		if !strings.Contains(u.page, `id="rememberMe"`) {
			t.Fatal("no box to keep the user signed in")
		}
		if r := u.submit(map[string]string{"signInName": "ada@example.com", "password": password}); r.Status != "200" {
			t.Fatalf("%+v", r)
		}
		u.navigate("/api/CombinedSigninAndSignup/confirmed?rememberMe=" + remember)
		u.redeem(ownSignIn)
		return u
	}
	kept, not := signIn("true"), signIn("false")
	persistent := func(u *user) bool {
		// A cookie jar doesn't tell; the answer to another sign-in does.
		req, _ := http.NewRequest(http.MethodGet, e.srv.URL()+"/"+tenant+"/"+ownSignIn+"/oauth2/v2.0/authorize?"+url.Values{"client_id": {e.spa.AppID}, "redirect_uri": {spaRedirect},
			"response_type": {"code"}, "scope": {"openid"}, "code_challenge": {challenge(strings.Repeat("v", 50))}, "code_challenge_method": {"S256"}}.Encode(), nil)
		res, err := u.http.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = res.Body.Close() }()
		for _, c := range res.Cookies() {
			if strings.HasPrefix(c.Name, "__Host-x-ms-cpim-sso") {
				if !c.HttpOnly || !c.Secure || c.SameSite != http.SameSiteNoneMode {
					t.Errorf("session cookie: %+v", c)
				}
				return c.MaxAge > 0
			}
		}
		t.Error("no session cookie")
		return false
	}
	if !persistent(kept) || persistent(not) {
		t.Error("the cookie of a user who wants to stay signed in outlives the browser, another doesn't")
	}
	e.clock.advance(25 * time.Hour)
	kept.authorize(ownSignIn, nil)
	kept.redeem(ownSignIn)
	not.authorize(ownSignIn, nil)
	if not.callback != nil {
		t.Error("a session of 24 hours is still there after 25")
	}
	e.clock.advance(15 * 24 * time.Hour)
	kept.authorize(ownSignIn, nil)
	if kept.callback != nil {
		t.Error("a session of 14 days is still there after 15")
	}
}

func TestMaxAgeAsksForThePasswordAgain(t *testing.T) {
	t.Parallel()
	e := ownPolicies(t)
	u := e.user()
	u.ownSignUp("ada@example.com")
	e.clock.advance(10 * time.Minute)
	u.authorize(ownSignIn, map[string]string{"max_age": "3600"})
	u.redeem(ownSignIn)
	u.authorize(ownSignIn, map[string]string{"max_age": "60"})
	if u.callback != nil {
		t.Error("a sign-in of ten minutes ago was good enough for max_age=60")
	}
}

func TestASecondUserOfABrowserInheritsNothing(t *testing.T) {
	t.Parallel()
	e := ownPolicies(t)
	e.user().ownSignUp("bob@example.com")
	u := e.user()
	u.ownSignUp("ada@example.com")
	u.authorize(ownSignIn, map[string]string{"prompt": "login"})
	u.pass(map[string]string{"signInName": "bob@example.com", "password": password})
	u.redeem(ownSignIn)
	u.authorize(ownSignIn, nil)
	if _, payload := decode(t, u.redeem(ownSignIn).IDToken); payload["email"] != "bob@example.com" {
		t.Errorf("payload = %v", payload)
	}
}

func TestAForgedSessionIsNone(t *testing.T) {
	t.Parallel()
	e := ownPolicies(t)
	u := e.user()
	u.ownSignUp("ada@example.com")
	at, _ := url.Parse(e.srv.URL())
	for _, c := range u.http.Jar.Cookies(at) {
		if strings.HasPrefix(c.Name, "__Host-x-ms-cpim-sso") {
			middle, other := len(c.Value)/2, "A"
			if c.Value[middle] == 'A' {
				other = "B"
			}
			c.Value = c.Value[:middle] + other + c.Value[middle+1:]
			c.Path = "/"
			u.http.Jar.SetCookies(at, []*http.Cookie{c})
		}
	}
	u.authorize(ownSignIn, nil)
	if u.callback != nil {
		t.Error("a forged session signed somebody in")
	}
}

func TestVerificationIsBoundToTheAddress(t *testing.T) {
	t.Parallel()
	e := ownPolicies(t)
	u := e.user()
	u.authorize(ownSignIn, nil)
	u.navigate("/api/CombinedSigninAndSignup/unified?local=signup")
	fields := map[string]string{"email": "ada@example.com", "newPassword": password, "reenterPassword": password, "displayName": "Ada"}
	if r := u.submit(fields); r.Status != "400" || r.ErrorCode != "AADB2C90159" {
		t.Errorf("unverified: %+v", r)
	}
	u.verify("email", "mine@example.com")
	if r := u.submit(fields); r.Status != "400" || r.ErrorCode != "AADB2C90159" {
		t.Errorf("another address: %+v", r)
	}
	ask := func(kind, value, code string) reply {
		return u.post(url.Values{"request_type": {kind}, "claim_id": {"email"}, "claim_value": {value}, "user_input": {code}})
	}
	if r := ask("VERIFICATION_REQUEST", "no address", ""); r.Status != "400" {
		t.Errorf("no address: %+v", r)
	}
	ask("VERIFICATION_REQUEST", "ada@example.com", "")
	code := e.mailedCode("ada@example.com")
	for i := range 5 {
		want := 3
		if i == 4 {
			want = 2
		}
		if r := ask("VALIDATION_REQUEST", "ada@example.com", "000000"); r.Result != want {
			t.Errorf("try %d: %+v", i+1, r)
		}
	}
	if r := ask("VALIDATION_REQUEST", "ada@example.com", code); r.Result != 2 {
		t.Errorf("the right code after too many tries: %+v", r)
	}
	ask("VERIFICATION_REQUEST", "ada@example.com", "")
	code = e.mailedCode("ada@example.com")
	e.clock.advance(11 * time.Minute)
	if r := ask("VALIDATION_REQUEST", "ada@example.com", code); r.Result != 4 {
		t.Errorf("an old code: %+v", r)
	}
	u.verify("email", "ada@example.com")
	u.pass(fields)
	u.redeem(ownSignIn)
	// The address is taken now.
	u = e.user()
	u.authorize(ownSignIn, nil)
	u.navigate("/api/CombinedSigninAndSignup/unified?local=signup")
	u.verify("email", "ada@example.com")
	if r := u.submit(fields); r.Status != "400" || !strings.Contains(r.Message, "There is an account with this e-mail address already") {
		t.Errorf("a taken address: %+v", r)
	}
}

func TestTextsOfThePolicyByLanguage(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	extension := `<BuildingBlocks><ContentDefinitions><ContentDefinition Id="api.signin"><LocalizedResourcesReferences MergeBehavior="Prepend"><LocalizedResourcesReference Language="de" LocalizedResourcesReferenceId="signin.de" /></LocalizedResourcesReferences></ContentDefinition></ContentDefinitions>
	<Localization Enabled="true"><SupportedLanguages DefaultLanguage="en" MergeBehavior="Append"><SupportedLanguage>de</SupportedLanguage></SupportedLanguages><LocalizedResources Id="signin.de"><LocalizedStrings>
	<LocalizedString ElementType="UxElement" StringId="button_signin">Anmelden &lt;b&gt;</LocalizedString><LocalizedString ElementType="ClaimType" ElementId="password" StringId="DisplayName">Kennwort</LocalizedString><LocalizedString ElementType="ErrorMessage" StringId="UserMessageIfInvalidPassword">Das Kennwort ist falsch.</LocalizedString></LocalizedStrings></LocalizedResources></Localization></BuildingBlocks>`
	policy := e.own(extension, relyingParty("SignUpOrSignIn", "", "balance"))
	e.user().ownSignUp("ada@example.com")
	for locale, want := range map[string]string{"de": "Kennwort", "de-AT": "Kennwort", "fr de": ">Se connecter<", "xx de": "Kennwort", "en-US": ">Password<", "fr": ">Se connecter<"} {
		u := e.user()
		u.authorize(policy, map[string]string{"ui_locales": locale})
		if !strings.Contains(u.page, want) {
			t.Errorf("%s: no %s in\n%s", locale, want, excerpt(u.page))
		}
		if strings.Contains(u.page, "<b>") {
			t.Errorf("%s: markup of a text reached the page", locale)
		}
	}
	u := e.user()
	u.authorize(policy, map[string]string{"ui_locales": "de-AT"})
	if !strings.Contains(u.page, `lang="de-AT"`) {
		t.Error("the page doesn't tell its language")
	}
	if r := u.submit(map[string]string{"signInName": "ada@example.com", "password": "x"}); r.Message != "Das Kennwort ist falsch." {
		t.Errorf("%+v", r)
	}
	// Markup in what the request says is text.
	u = e.user()
	u.authorize(policy, map[string]string{"login_hint": `"><script>alert(1)</script>`, "ui_locales": `"><script>`})
	if strings.Contains(u.page, "<script>alert") || !strings.Contains(u.page, "&lt;script&gt;alert") {
		t.Errorf("login_hint is not escaped:\n%s", excerpt(u.page))
	}
}
