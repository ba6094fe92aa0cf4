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

// requests is a server with the walkthrough's policies for fuzzing.
func requests(f *testing.F) *env {
	f.Helper()
	e := start(f, nil)
	e.upload(enriched(f, e.api.server.URL+"/api/GetProfile"))
	return e
}

// An authorize request gets a page or a redirect to the application that it names,
// whatever its parameters are: never to anywhere else, never a server's error.
func FuzzAuthorize(f *testing.F) {
	e := requests(f)
	good := url.Values{"client_id": {"CLIENT"}, "redirect_uri": {spaRedirect}, "response_type": {"code"}, "scope": {"openid"}, "code_challenge": {challenge(strings.Repeat("v", 50))}, "code_challenge_method": {"S256"}}
	for _, change := range []string{
		"", "&redirect_uri=https://evil.example/", "&response_type=token", "&response_mode=form_post&response_type=id_token&nonce=n", "&prompt=none", "&max_age=0", "&max_age=x", "&ui_locales=%3Cscript%3E",
		"&state=%0d%0aX:1", "&id_token_hint=a.b.c", "&domain_hint=x", "&scope=", "&request=x", "&response_mode=nonsense", "&%", "&a=%zz", "&login_hint=%00", "&p=B2C_1A_ProfileEdit",
	} {
		f.Add("", change)
		f.Add(good.Encode(), change)
	}
	client := e.client(nil)
	f.Fuzz(func(t *testing.T, base, change string) {
		req := &http.Request{Method: http.MethodGet, Header: http.Header{}}
		at, err := url.Parse(e.base + "/" + tenant + "/" + signUpSignIn + "/oauth2/v2.0/authorize")
		if err != nil {
			t.Fatal(err)
		}
		at.RawQuery = strings.ReplaceAll(base, "CLIENT", e.spa.AppID) + change
		req.URL = at
		res, err := client.Do(req)
		if err != nil {
			t.Skip(err) // what HTTP itself refuses to send
		}
		body, err := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		if res.StatusCode >= 500 {
			t.Errorf("%q: status %d", at.RawQuery, res.StatusCode)
		}
		if to := res.Header.Get("Location"); to != "" && !strings.HasPrefix(to, spaRedirect+"?") && !strings.HasPrefix(to, spaRedirect+"#") && !strings.HasPrefix(to, e.base+"/") && !strings.HasPrefix(to, "/"+tenant) {
			t.Errorf("%q: redirected to %s", at.RawQuery, to)
		}
		for _, form := range formAction.FindAllStringSubmatch(string(body), -1) {
			if strings.Contains(form[1], "://") && form[1] != spaRedirect {
				t.Errorf("%q: a form goes to %s", at.RawQuery, form[1])
			}
		}
	})
}

var formAction = regexp.MustCompile(`<form[^>]* action="([^"]*)"`)

// A token request is refused with an OAuth error in JSON, whatever is sent.
func FuzzToken(f *testing.F) {
	e := requests(f)
	for _, body := range []string{
		"", "grant_type=authorization_code", "grant_type=refresh_token&refresh_token=x", "grant_type=password&username=a&password=b", "grant_type=client_credentials", "grant_type=x&client_id=CLIENT",
		"grant_type=authorization_code&client_id=CLIENT&code=x&redirect_uri=" + spaRedirect + "&code_verifier=v", "client_id=CLIENT&client_id=CLIENT", "client_secret=x&client_id=CLIENT&grant_type=refresh_token", "%", "a=%zz", "grant_type=%00",
		"grant_type=client_credentials&client_id=CLIENT&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer&client_assertion=eyJhbGciOiJQUzI1NiJ9.eyJzdWIiOiJDTElFTlQifQ.AA",
		"grant_type=client_credentials&client_assertion=eyJhbGciOiJub25lIn0.e30.&client_assertion_type=x", "client_assertion=..&grant_type=refresh_token&refresh_token=x",
	} {
		f.Add(body, "application/x-www-form-urlencoded", "")
		f.Add(body, "application/json", "Basic Og==")
	}
	client := e.client(nil)
	f.Fuzz(func(t *testing.T, body, contentType, authorization string) {
		req, err := http.NewRequest(http.MethodPost, e.base+"/"+tenant+"/"+signUpSignIn+"/oauth2/v2.0/token", strings.NewReader(strings.ReplaceAll(body, "CLIENT", e.spa.AppID)))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", contentType)
		req.Header.Set("Authorization", authorization)
		res, err := client.Do(req)
		if err != nil {
			t.Skip(err)
		}
		defer func() { _ = res.Body.Close() }()
		var out struct {
			Error       string `json:"error"`
			Description string `json:"error_description"`
		}
		if err := json.NewDecoder(res.Body).Decode(&out); err != nil || res.StatusCode != 400 && res.StatusCode != 401 || out.Error == "" || !strings.HasPrefix(out.Description, "AADB2C") {
			t.Errorf("%q: status %d, %+v, %v", body, res.StatusCode, out, err)
		}
	})
}
