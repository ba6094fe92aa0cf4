package test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// markup is what an attacker writes where text is expected; each must come out as text
// in HTML, in an attribute and in a script.
const markup = `"><script>alert(1)</script></script><!--'onmouseover=alert(2)//{{7*7}}<img src=x onerror=alert(3)>`

// leaks finds markup that a browser would run.
var leaks = regexp.MustCompile(`<script>alert|<img src=x|" ?onmouseover|'onmouseover=alert\(2\)//\{\{7\*7\}\}<|"><script|</script><!--`)

func (u *user) harmless(what string) {
	u.t.Helper()
	if found := leaks.FindString(u.page); found != "" {
		u.t.Errorf("%s: %q reached the page:\n%s", what, found, excerpt(u.page))
	}
}

// Markup in claims, texts, errors and request parameters stays text, on every page.
func TestMarkupStaysText(t *testing.T) {
	t.Parallel()
	e, _ := signedUp(t, nil)
	escaped := "&#34;&gt;&lt;script&gt;"

	// Request parameters.
	for _, name := range []string{"ui_locales", "login_hint", "domain_hint", "nonce", "state", "campaign", "p", "claims", "id_token_hint", "prompt", "response_mode", "response_type", "scope", "redirect_uri", "client_id", "code_challenge_method", markup} {
		u := e.user()
		u.authorize(signUpSignIn, map[string]string{name: markup})
		u.harmless(name)
		for _, mode := range []string{"form_post", "fragment"} {
			u.authorize(signUpSignIn, map[string]string{name: markup, "prompt": "none", "response_mode": mode})
			u.harmless(name + " by " + mode)
		}
	}
	u := e.user()
	u.authorize(signUpSignIn, map[string]string{"login_hint": markup})
	if !strings.Contains(u.page, escaped) {
		t.Errorf("the login hint is not on the page:\n%s", excerpt(u.page))
	}

	// The state goes back to the application as it was, in a form that holds it as text.
	u.authorize(signUpSignIn, map[string]string{"state": markup, "prompt": "none", "response_mode": "form_post"})
	u.harmless("state")
	if !strings.Contains(u.page, escaped) {
		t.Errorf("the state is not in the form:\n%.1000s", u.page)
	}

	// Claims of the user, shown by profile edit.
	u = e.user()
	u.authorize("B2C_1A_ProfileEdit", nil)
	u.navigate("/api/CombinedSigninAndSignup/unified?claimsexchange=LocalAccountSigninEmailExchange")
	u.pass(map[string]string{"signInName": "emily@example.com", "password": password})
	u.pass(map[string]string{"displayName": markup, "givenName": markup[:60], "surname": "Smith"})
	u.redeem("B2C_1A_ProfileEdit")
	u = e.user()
	u.authorize("B2C_1A_ProfileEdit", nil)
	u.navigate("/api/CombinedSigninAndSignup/unified?claimsexchange=LocalAccountSigninEmailExchange")
	u.pass(map[string]string{"signInName": "emily@example.com", "password": password})
	u.harmless("a claim")
	if !strings.Contains(u.page, escaped) {
		t.Errorf("the name is not on the page:\n%s", excerpt(u.page))
	}

	// What an API says goes to the application, in one line, and nowhere as markup.
	e.api.handle(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusConflict)
		_ = json.NewEncoder(w).Encode(map[string]any{"version": "1.0.0", "status": 409, "userMessage": markup + "\r\nCorrelation ID: forged\r\nSet-Cookie: a=b"})
	})
	for _, mode := range []string{"query", "form_post"} {
		u = e.user()
		u.authorize(signUpSignIn, map[string]string{"response_mode": mode})
		u.pass(map[string]string{"signInName": "emily@example.com", "password": password})
		u.harmless("an API's message by " + mode)
		if mode == "query" {
			if lines := strings.Split(u.result().Get("error_description"), "\r\n"); len(lines) != 4 || strings.Contains(lines[1], "forged") {
				t.Errorf("the API's message made lines of its own: %q", lines)
			}
		}
	}
	for _, c := range u.http.Jar.Cookies(&url.URL{Scheme: "https", Host: "localhost", Path: "/"}) {
		if c.Name == "a" {
			t.Error("an API's message set a cookie")
		}
	}

	// Paths and unknown things on the error page.
	for _, path := range []string{"/" + url.PathEscape(markup), "/" + tenant + "/" + url.PathEscape(markup) + "/oauth2/v2.0/authorize", "/" + url.PathEscape(markup) + "/x/oauth2/v2.0/authorize", "/" + tenant + "/" + signUpSignIn + "/api/" + url.PathEscape(markup) + "/confirmed?tx=" + url.QueryEscape(markup)} {
		u = e.user()
		u.get(e.base + path)
		u.harmless(path)
	}
}

// Texts of a policy are its author's, but a page shows them as text.
func TestMarkupInAPolicysTexts(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	escape := strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;").Replace(markup)
	extension := `<BuildingBlocks><ClaimsSchema><ClaimType Id="password"><DisplayName>` + escape + `</DisplayName><UserHelpText>` + escape + `</UserHelpText></ClaimType></ClaimsSchema>
	<ContentDefinitions><ContentDefinition Id="api.signin"><LocalizedResourcesReferences MergeBehavior="Prepend"><LocalizedResourcesReference Language="de" LocalizedResourcesReferenceId="signin.de" /></LocalizedResourcesReferences></ContentDefinition></ContentDefinitions>
	<Localization Enabled="true"><SupportedLanguages DefaultLanguage="en" MergeBehavior="Append"><SupportedLanguage>de</SupportedLanguage></SupportedLanguages><LocalizedResources Id="signin.de"><LocalizedStrings>
	<LocalizedString ElementType="UxElement" StringId="button_signin">` + escape + `</LocalizedString><LocalizedString ElementType="ErrorMessage" StringId="UserMessageIfInvalidPassword">` + escape + `</LocalizedString></LocalizedStrings></LocalizedResources></Localization></BuildingBlocks>`
	policy := e.own(extension, relyingParty("SignUpOrSignIn", ""))
	e.user().ownSignUp("ada@example.com")
	for _, language := range []string{"en", "de"} {
		u := e.user()
		u.authorize(policy, map[string]string{"ui_locales": language})
		u.harmless("texts in " + language)
		if r := u.submit(map[string]string{"signInName": "ada@example.com", "password": "wrong"}); language == "de" && r.Message != markup {
			t.Errorf("the message is %q", r.Message)
		}
	}
}

// Pages tell browsers to run nothing but their own script, to be framed by nobody, and
// to send no addresses along.
func TestPagesAreLockedDown(t *testing.T) {
	t.Parallel()
	e, _ := signedUp(t, nil)
	base := e.base + "/" + tenant + "/" + signUpSignIn + "/oauth2/v2.0/"
	good := url.Values{"client_id": {e.spa.AppID}, "redirect_uri": {spaRedirect}, "response_type": {"code"}, "scope": {"openid"}, "code_challenge": {challenge(strings.Repeat("v", 50))}, "code_challenge_method": {"S256"}}
	for name, address := range map[string]string{"sign-in": base + "authorize?" + good.Encode(), "error": base + "authorize", "signed out": base + "logout", "form_post": base + "authorize?" + good.Encode() + "&response_mode=form_post&prompt=none"} {
		res, err := e.user().http.Get(address)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, res.Body)
		_ = res.Body.Close()
		h := res.Header
		policy := h.Get("Content-Security-Policy")
		_, scripts, _ := strings.Cut(policy, "script-src ")
		scripts, _, _ = strings.Cut(scripts, ";")
		if !strings.HasPrefix(policy, "default-src 'none';") || strings.Contains(scripts, "unsafe") || !strings.Contains(policy, "base-uri 'none'") || !strings.Contains(policy, "frame-ancestors 'none'") || h.Get("X-Frame-Options") != "DENY" {
			t.Errorf("%s: Content-Security-Policy %q, X-Frame-Options %q", name, policy, h.Get("X-Frame-Options"))
		}
		if h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Cache-Control") != "no-store" || h.Get("Strict-Transport-Security") == "" {
			t.Errorf("%s: %v", name, h)
		}
	}
}

// Another site can make a browser send requests with its cookies; none of them does
// anything without the page's token, which that site can't read.
func TestCrossSitePosts(t *testing.T) {
	t.Parallel()
	e, _ := signedUp(t, nil)
	u := e.user()
	u.authorize(signUpSignIn, nil)
	form := url.Values{"request_type": {"RESPONSE"}, "signInName": {"emily@example.com"}, "password": {password}}
	send := func(method, contentType, body string, change func(r *http.Request)) (*http.Response, string) {
		t.Helper()
		req, err := http.NewRequest(method, u.path("/SelfAsserted"), strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Origin", "https://evil.example")
		req.Header.Set("Referer", "https://evil.example/")
		req.Header.Set("Sec-Fetch-Site", "cross-site")
		if contentType != "" {
			req.Header.Set("Content-Type", contentType)
		}
		if change != nil {
			change(req)
		}
		res, err := u.http.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		if origin := res.Header.Get("Access-Control-Allow-Origin"); origin != "" {
			t.Errorf("the answer may be read by %s", origin)
		}
		return res, string(text)
	}
	const formType = "application/x-www-form-urlencoded"
	for name, try := range map[string]func() (*http.Response, string){
		"a form": func() (*http.Response, string) { return send("POST", formType, form.Encode(), nil) },
		"a form with the token in it": func() (*http.Response, string) {
			return send("POST", formType, form.Encode()+"&csrf_token="+url.QueryEscape(u.settings.CSRF)+"x", nil)
		},
		"plain text":      func() (*http.Response, string) { return send("POST", "text/plain", form.Encode(), nil) },
		"no content type": func() (*http.Response, string) { return send("POST", "", form.Encode(), nil) },
		"a guessed token": func() (*http.Response, string) {
			return send("POST", formType, form.Encode(), func(r *http.Request) { r.Header.Set("X-CSRF-TOKEN", "MjAyNi0x") })
		},
		"a GET": func() (*http.Response, string) { return send("GET", "", "", nil) },
		"a GET with the form": func() (*http.Response, string) {
			return send("GET", formType, "", func(r *http.Request) { r.URL.RawQuery += "&" + form.Encode() })
		},
		"a PUT": func() (*http.Response, string) { return send("PUT", formType, form.Encode(), nil) },
		"a method override": func() (*http.Response, string) {
			return send("GET", "", "", func(r *http.Request) { r.Header.Set("X-HTTP-Method-Override", "POST") })
		},
		"a preflight": func() (*http.Response, string) {
			return send("OPTIONS", "", "", func(r *http.Request) { r.Header.Set("Access-Control-Request-Headers", "X-CSRF-TOKEN") })
		},
	} {
		if res, text := try(); strings.Contains(text, `"status":"200"`) || res.StatusCode < 400 {
			t.Errorf("%s: status %d, %s", name, res.StatusCode, text)
		}
	}
	// Links of another site into the journey, without the token.
	for _, path := range []string{"/api/CombinedSigninAndSignup/confirmed?x=", "/api/CombinedSigninAndSignup/unified?local=signup", "/api/CombinedSigninAndSignup/forgotPassword?x=", "/api/SelfAsserted/error?x="} {
		moved := *u
		moved.get(u.path(path))
		if moved.callback != nil || !strings.Contains(moved.page, "AADB2C90046") {
			t.Errorf("%s without the token led on to %v", path, moved.callback)
		}
	}
	// The journey is where it was.
	u.pass(map[string]string{"signInName": "emily@example.com", "password": password})
	u.redeem(signUpSignIn)
	// Signing in by another site's form gets a page, not a session of the attacker's: an
	// authorize request has no credentials.
	res, err := u.http.PostForm(e.base+"/"+tenant+"/"+signUpSignIn+"/oauth2/v2.0/authorize", url.Values{"signInName": {"emily@example.com"}, "password": {password}, "client_id": {e.spa.AppID}, "redirect_uri": {spaRedirect},
		"response_type": {"code"}, "scope": {"openid"}, "code_challenge": {challenge(u.verifier)}, "code_challenge_method": {"S256"}, "prompt": {"login"}})
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.Header.Get("Location") != "" {
		t.Error("credentials in an authorize request signed in")
	}
}

// What a page doesn't ask for is never set, whatever is posted, and what it shows only
// for reading isn't taken from the post.
func TestForgedFieldsOfEveryPage(t *testing.T) {
	t.Parallel()
	e, first := signedUp(t, nil)
	forged := map[string]string{
		"objectId": "11111111-1111-1111-1111-111111111111", "sub": "x", "tenantId": "x", "email": "victim@example.com", "signInNames.emailAddress": "victim@example.com",
		"authenticationSource": "evil", "identityProvider": "evil.example", "balance": "1000000", "newUser": "true", "alternativeSecurityId": `{"type":6,"identityProvider":"evil","key":"eA=="}`,
		"userPrincipalName": "admin@contoso.onmicrosoft.com", "__proto__": "x", "extension_role": "admin", "isForgotPassword": "true", "executed-SelfAsserted-Input": "true",
	}
	with := func(fields map[string]string) map[string]string {
		out := make(map[string]string)
		for name, value := range forged {
			out[name] = value
		}
		for name, value := range fields {
			out[name] = value
		}
		return out
	}
	check := func(what string, u *user, policy string) {
		t.Helper()
		_, payload := decode(t, u.redeem(policy).IDToken)
		if payload["sub"] != first["sub"] || payload["balance"] != "760.50" || payload["idp"] != nil || payload["tid"] != first["tid"] {
			t.Errorf("%s: %v", what, payload)
		}
	}
	u := e.user()
	u.authorize(signUpSignIn, nil)
	u.pass(with(map[string]string{"signInName": "emily@example.com", "password": password}))
	check("sign-in", u, signUpSignIn)
	u = e.user()
	u.authorize("B2C_1A_ProfileEdit", nil)
	u.navigate("/api/CombinedSigninAndSignup/unified?claimsexchange=LocalAccountSigninEmailExchange")
	u.pass(with(map[string]string{"signInName": "emily@example.com", "password": password}))
	u.pass(with(map[string]string{"displayName": "Emily", "givenName": "E", "surname": "S"}))
	check("profile edit", u, "B2C_1A_ProfileEdit")
	// Password reset: the account is the one whose address was verified, not the one that
	// the second page's post names.
	e.user().signUp(signUpSignIn, "victim@example.com")
	u = e.user()
	u.authorize("B2C_1A_PasswordReset", nil)
	u.verify("email", "emily@example.com")
	u.pass(with(map[string]string{"email": "emily@example.com"}))
	u.pass(with(map[string]string{"newPassword": "Another-word.2", "reenterPassword": "Another-word.2"}))
	check("password reset", u, "B2C_1A_PasswordReset")
	u = e.user()
	u.authorize(signUpSignIn, nil)
	u.pass(map[string]string{"signInName": "victim@example.com", "password": password})
	// And the address must be the verified one in every spelling of the field.
	u = e.user()
	u.authorize("B2C_1A_PasswordReset", nil)
	u.verify("email", "emily@example.com")
	for name, fields := range map[string]map[string]string{"another": {"email": "victim@example.com"}, "another case of the name": {"EMAIL": "emily@example.com", "email": "victim@example.com"}, "a blank more": {"email": "victim@example.com "}} {
		if r := u.submit(fields); r.Status != "400" {
			t.Errorf("%s: %+v", name, r)
		}
	}
}
