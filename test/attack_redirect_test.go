package test

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// lookalikes are addresses that resemble a registered one.
func lookalikes(registered string) []string {
	u, err := url.Parse(registered)
	if err != nil {
		panic(err)
	}
	host, path := u.Host, u.Path
	return []string{
		"", "https://evil.example/", "https://evil.example" + path, "//" + host + path, "http://" + host + path, "HTTPS://" + host + path + "x",
		registered + "/", registered + "x", registered + "?x=1", registered + "#x", registered + "/../evil", registered + "%2f..%2fevil", registered + ".evil.example",
		"https://" + host + ".evil.example" + path, "https://evil.example/" + registered, "https://" + host + "@evil.example" + path, "https://evil.example\\@" + host + path,
		"https://evil.example#@" + host + path, "https://" + host + ":444" + path, "https://" + host + "%2eevil.example" + path, "https:/" + host + path, "https:" + host + path, "https://" + host + "\\" + path,
		"javascript:alert(1)//" + registered, "data:text/html,<script>alert(1)</script>", "\thttps://evil.example/", " " + registered, registered + " ", registered + "\r\nLocation: https://evil.example/", registered + "\x00",
		strings.ToUpper(registered[:12]) + registered[12:] + "%00", "https://app.example/*", "urn:ietf:wg:oauth:2.0:oob",
	}
}

// signOutTo signs out to an address that isn't registered. The user is signed out; nothing
// leads away from the origin of a registered address.
func (e *env) signOutTo(u *user, base, uri string) {
	e.t.Helper()
	res, err := u.http.Get(base + "logout?" + url.Values{"post_logout_redirect_uri": {uri}, "state": {"s"}}.Encode())
	if err != nil {
		e.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		e.t.Fatal(err)
	}
	registered, err := url.Parse(spaRedirect)
	if err != nil {
		e.t.Fatal(err)
	}
	if location := res.Header.Get("Location"); location != "" {
		to, err := url.Parse(location)
		if err != nil || to.Scheme != registered.Scheme || !strings.EqualFold(to.Host, registered.Host) || to.User != nil || strings.ContainsAny(location, "\\\r\n\t ") {
			e.t.Errorf("post_logout_redirect_uri %q leads to %q", uri, location)
		}
		return
	}
	if res.StatusCode != 200 || strings.Contains(string(body), "evil.example") || strings.Contains(string(body), "http-equiv=\"refresh\"") || strings.Contains(string(body), "href=") {
		e.t.Errorf("post_logout_redirect_uri %q: status %d\n%s", uri, res.StatusCode, body)
	}
}

// No address that isn't registered is ever redirected to, posted to or offered as a link.
func TestOpenRedirects(t *testing.T) {
	t.Parallel()
	e, _ := signedUp(t, nil)
	u := e.user()
	u.authorize(signUpSignIn, nil)
	u.pass(map[string]string{"signInName": "emily@example.com", "password": password})
	u.redeem(signUpSignIn)
	visit := func(what, address string) {
		t.Helper()
		res, err := u.http.Get(address)
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		body, err := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		if to := res.Header.Get("Location"); to != "" || res.StatusCode < 400 || res.StatusCode >= 500 || strings.Contains(string(body), "evil.example") || strings.Contains(string(body), "http-equiv=\"refresh\"") {
			t.Errorf("%s: status %d, location %q", what, res.StatusCode, to)
		}
	}
	base := e.base + "/" + tenant + "/" + signUpSignIn + "/oauth2/v2.0/"
	for _, uri := range lookalikes(spaRedirect) {
		for _, mode := range []string{"query", "fragment", "form_post"} {
			q := url.Values{"client_id": {e.spa.AppID}, "redirect_uri": {uri}, "response_type": {"code"}, "response_mode": {mode}, "scope": {"openid"},
				"code_challenge": {challenge(u.verifier)}, "code_challenge_method": {"S256"}, "state": {"s"}}
			visit("redirect_uri "+uri, base+"authorize?"+q.Encode())
			// An error, too, is told to nobody else.
			q.Set("scope", "nonsense")
			q.Set("prompt", "none")
			visit("an error for redirect_uri "+uri, base+"authorize?"+q.Encode())
		}
		if uri != "" {
			e.signOutTo(u, base, uri)
		}
	}
	// Another application's address is not this one's.
	visit("another application's address", base+"authorize?"+url.Values{"client_id": {e.spa.AppID}, "redirect_uri": {webRedirect}, "response_type": {"code"}, "scope": {"openid"}, "code_challenge": {challenge(u.verifier)}, "code_challenge_method": {"S256"}}.Encode())
	// At the token endpoint a lookalike redeems nothing.
	s := e.sealed(signUpSignIn)
	for _, uri := range lookalikes(spaRedirect) {
		form := s.codeForm(s.code)
		form.Set("redirect_uri", uri)
		if got := e.token(signUpSignIn, form); got.status != 400 || got.Error != "invalid_grant" {
			t.Errorf("redeemed with redirect_uri %q: %+v", uri, got)
		}
	}
	// What a page's own links carry leads nowhere else either.
	u = e.user()
	u.authorize(signUpSignIn, map[string]string{"login_hint": "https://evil.example/", "domain_hint": "https://evil.example/", "return_url": "https://evil.example/", "returnUrl": "https://evil.example/"})
	for _, form := range formAction.FindAllStringSubmatch(u.page, -1) {
		if strings.Contains(form[1], "evil") {
			t.Errorf("a form goes to %s", form[1])
		}
	}
	for _, path := range []string{"//evil.example/", "/%2fevil.example/", "/\\evil.example", "/" + tenant + "//evil.example/oauth2/v2.0/authorize", "/" + tenant + "/" + signUpSignIn + "//evil.example", "/" + tenant + "/https://evil.example/api/x/confirmed"} {
		res, err := u.http.Get(e.base + path)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if to := res.Header.Get("Location"); strings.Contains(to, "evil") || res.StatusCode >= 500 {
			t.Errorf("%s: status %d, location %q", path, res.StatusCode, to)
		}
	}
}

// The verifier, the nonce and the client of a code are those of its request.
func TestMixedUpRequests(t *testing.T) {
	t.Parallel()
	e, _ := signedUp(t, nil)
	s := e.sealed(signUpSignIn)
	refuse := func(what, want string, form url.Values) {
		t.Helper()
		if got := e.token(signUpSignIn, form); got.status != 400 || got.Error != want {
			t.Errorf("%s: %d %s %s", what, got.status, got.Error, got.Description)
		}
	}
	with := func(name, value string) url.Values {
		form := s.codeForm(s.code)
		form.Set(name, value)
		return form
	}
	refuse("the challenge as verifier", "invalid_grant", with("code_verifier", challenge(s.u.verifier)))
	refuse("an empty verifier", "invalid_grant", with("code_verifier", ""))
	refuse("a short verifier", "invalid_grant", with("code_verifier", strings.Repeat("v", 42)))
	refuse("a verifier of other characters", "invalid_grant", with("code_verifier", strings.Repeat("ü", 50)))
	refuse("another case", "invalid_grant", with("code_verifier", strings.ToUpper(s.u.verifier)))
	refuse("another client", "invalid_grant", with("client_id", e.web.AppID))
	refuse("an unknown client", "unauthorized_client", with("client_id", "11111111-1111-1111-1111-111111111111"))
	basic := s.codeForm(s.code)
	req, err := http.NewRequest(http.MethodPost, e.base+"/"+tenant+"/"+signUpSignIn+"/oauth2/v2.0/token", strings.NewReader(basic.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.SetBasicAuth(e.web.AppID, e.secret)
	res, err := e.client(nil).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode != 400 {
		t.Errorf("one client in the form, another in the header: %d", res.StatusCode)
	}
	repeated := s.codeForm(s.code)
	repeated.Add("code", s.code)
	refuse("a repeated code", "invalid_request", repeated)
	// The nonce of the token is the request's, whatever the token request says.
	got := e.token(signUpSignIn, with("nonce", "evil"))
	if _, payload := decode(t, got.IDToken); payload["nonce"] != "defaultNonce" {
		t.Errorf("nonce = %v", payload["nonce"])
	}
	// A code without challenge (a web application's) takes no verifier: whoever injects a
	// code into a client that uses PKCE gains nothing.
	u := e.user()
	u.authorize(signUpSignIn, map[string]string{"client_id": e.web.AppID, "redirect_uri": webRedirect, "code_challenge": "", "code_challenge_method": ""})
	u.pass(map[string]string{"signInName": "emily@example.com", "password": password})
	form := url.Values{"grant_type": {"authorization_code"}, "client_id": {e.web.AppID}, "client_secret": {e.secret}, "code": {u.result().Get("code")}, "redirect_uri": {webRedirect}, "code_verifier": {strings.Repeat("v", 50)}}
	refuse("a verifier for a code without challenge", "invalid_grant", form)
	// A public client can't leave the challenge out, nor make it plain afterwards.
	u = e.user()
	u.authorize(signUpSignIn, map[string]string{"code_challenge": "", "code_challenge_method": ""})
	if got := u.result(); got.Get("error") != "invalid_request" {
		t.Errorf("without a challenge: %v", got)
	}
	// Tenant and policy of the address.
	for address, want := range map[string]int{
		"/fabrikam.onmicrosoft.com/" + signUpSignIn: 404, "/" + tenant + "/B2C_1A_Nobody": 404, "/" + tenant + "/" + signUpSignIn + "?p=B2C_1A_ProfileEdit": 400,
	} {
		path, query, _ := strings.Cut(address, "?")
		res, err := e.client(nil).Get(e.base + path + "/oauth2/v2.0/authorize?" + query)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if res.StatusCode != want || !strings.Contains(string(body), "AADB2C90031") {
			t.Errorf("%s: status %d, want %d\n%s", address, res.StatusCode, want, excerpt(string(body)))
		}
	}
}
