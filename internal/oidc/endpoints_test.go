package oidc_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"journeyman.dev/internal/claims"
	"journeyman.dev/internal/endpoint"
	"journeyman.dev/internal/journey"
)

const (
	metadataPath = "/v2.0/.well-known/openid-configuration"
	keysPath     = "/discovery/v2.0/keys"
	userInfoPath = "/openid/v2.0/userinfo"
)

func TestAnAddressLeadsToAPolicyOfTheTenant(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, path string
		status     int
		text       string // of the answer; "" for none
	}{
		{"the tenant's name", "/contoso.onmicrosoft.com/b2c_1a_signin" + metadataPath, 200, ""},
		{"its first label", "/CONTOSO/b2c_1a_signin" + metadataPath, 200, ""},
		{"its GUID, and the policy in the query", "/" + tenantID + metadataPath + "?p=B2C_1A_signin", 200, ""},
		{"with tfp", "/tfp/contoso/b2c_1a_signin" + metadataPath, 200, ""},
		{"without v2.0", "/contoso/b2c_1a_signin/.well-known/openid-configuration", 200, ""},
		{"another tenant", "/fabrikam/b2c_1a_signin" + metadataPath, 404, "There is no tenant of this name here."},
		{"no policy", "/contoso" + metadataPath, 404, "The request names no policy."},
		{"an unknown policy", "/contoso/b2c_1a_nothing" + metadataPath, 404, "The tenant has no policy of this name."},
		{"a policy with errors", "/contoso/b2c_1a_broken" + metadataPath, 404, "The policy has errors"},
		{"a policy without relying party", "/contoso/b2c_1a_base" + metadataPath, 404, "The policy has no default user journey."},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			rec := w.serve(t, httptest.NewRequestWithContext(t.Context(), http.MethodGet, base+c.path, nil))
			got := body(t, rec)
			description, _ := got["error_description"].(string)
			if rec.Code != c.status || c.text != "" && !strings.HasPrefix(description, "AADB2C90031: "+c.text) || rec.Header().Get("Access-Control-Allow-Origin") != "*" {
				t.Errorf("%d: %s", rec.Code, rec.Body)
			}
		})
	}
	w := newWorld(t)
	for _, path := range []string{authorize, "/oauth2/v2.0/logout"} {
		if rec := w.do(t, http.MethodGet, "B2C_1A_nothing"+path, nil); rec.Code != http.StatusNotFound || w.fault == nil || w.fault.Code != journey.CodeUnknownPolicy {
			t.Errorf("%s: %d %+v", path, rec.Code, w.fault)
		}
	}
	if rec := w.do(t, http.MethodDelete, "B2C_1A_signin"+authorize, nil); rec.Code != http.StatusMethodNotAllowed || rec.Header().Get("Allow") != "GET, HEAD, POST" {
		t.Errorf("DELETE: %d %v", rec.Code, rec.Header())
	}
	if w.ServeEndpoint(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil), endpoint.Endpoint{Path: "oauth2/v1.0/token"}) {
		t.Error("an unknown endpoint was served")
	}
}

func TestTheMetadataDescribeThePolicy(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	rec := w.do(t, http.MethodGet, "B2C_1A_full"+metadataPath, nil)
	got := body(t, rec)
	here := base + "/contoso.onmicrosoft.com/b2c_1a_full/"
	for name, want := range map[string]string{
		"issuer":                 base + "/tfp/" + tenantID + "/b2c_1a_full/v2.0/",
		"authorization_endpoint": here + "oauth2/v2.0/authorize", "token_endpoint": here + "oauth2/v2.0/token", "end_session_endpoint": here + "oauth2/v2.0/logout",
		"jwks_uri": here + "discovery/v2.0/keys", "userinfo_endpoint": here + "openid/v2.0/userinfo",
		"revocation_endpoint": here + "oauth2/v2.0/revoke", "introspection_endpoint": here + "oauth2/v2.0/introspect",
	} {
		if got[name] != want {
			t.Errorf("%s is %v, want %s", name, got[name], want)
		}
	}
	claimed, _ := got["claims_supported"].([]any)
	if len(claimed) != 9 || claimed[0] != "name" || claimed[1] != "sub" {
		t.Errorf("claims %v", claimed)
	}
	if rec.Header().Get("Cache-Control") != "public, max-age=300" || strings.Contains(rec.Body.String(), "plain") {
		t.Errorf("%v: %s", rec.Header(), rec.Body)
	}
	w.AllowPlainPKCE = true
	got = body(t, w.do(t, http.MethodGet, "B2C_1A_signin"+metadataPath, nil))
	if methods, _ := got["code_challenge_methods_supported"].([]any); !slices.Equal(methods, []any{"S256", "plain"}) || got["userinfo_endpoint"] != nil {
		t.Errorf("%v", got)
	}
}

func TestTheKeysAreTheIssuersPublicOnes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	rec := w.do(t, http.MethodGet, "B2C_1A_signin"+keysPath, nil)
	list, _ := body(t, rec)["keys"].([]any)
	if len(list) != 1 {
		t.Fatalf("%s", rec.Body)
	}
	key, _ := list[0].(map[string]any)
	if len(key) != 5 || key["kid"] != "one" || key["kty"] != "RSA" || key["use"] != "sig" || key["e"] != "AQAB" || key["n"] == "" {
		t.Errorf("%v", key)
	}
	// They check what the policy issues.
	if _, err := jose.ParseSigned(w.issued(t)["id_token"].(string), []jose.SignatureAlgorithm{jose.RS256}); err != nil {
		t.Error(err)
	}
	if rec := w.do(t, http.MethodGet, "B2C_1A_document"+keysPath, nil); rec.Body.String() != `{"keys":[]}` {
		t.Errorf("no issuer: %s", rec.Body)
	}
	w.keysErr = errDown
	rec = w.do(t, http.MethodGet, "B2C_1A_signin"+keysPath, nil)
	if got := body(t, rec); rec.Code != 500 || got["error"] != "server_error" || !strings.HasPrefix(got["error_description"].(string), "AADB2C90019: ") {
		t.Errorf("%d %s", rec.Code, rec.Body)
	}
}

func TestUserInfoRunsItsJourneyOnTheToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.outcome = func(b journey.Begin) (journey.Ran, error) {
		issued := &journey.Document{Members: []journey.SentClaim{{Name: "name", Value: claims.Text("Ada <&>")}, {Name: "age", Value: claims.Integer(36)}}}
		return journey.Ran{Outcome: &journey.Finished{Journey: journeyOf(b), Program: b.Program, Issued: issued}}, nil
	}
	rec := w.do(t, http.MethodGet, "B2C_1A_full"+userInfoPath, url.Values{"campaign": {"spring"}, "access_token": {"x"}}, "Authorization", "bearer  the-token")
	if rec.Code != 200 || rec.Body.String() != `{"name":"Ada <&>","age":36}` || rec.Header().Get("Access-Control-Allow-Origin") != "*" {
		t.Errorf("%d %s", rec.Code, rec.Body)
	}
	mode, _ := w.begun[0].Mode.(*journey.Bearer)
	if mode == nil || mode.Token != "the-token" || mode.Issuer != base+"/tfp/"+tenantID+"/b2c_1a_full/v2.0/" {
		t.Errorf("%+v", w.begun[0].Mode)
	}
	if got := w.begun[0].Request.Parameters; len(got) != 1 || got["campaign"] != "spring" {
		t.Errorf("%v", got)
	}
}

func TestUserInfoRefusesAsBearerTokensAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if rec := w.do(t, http.MethodGet, "B2C_1A_signin"+userInfoPath, nil); rec.Code != http.StatusNotFound {
		t.Errorf("no endpoint: %d", rec.Code)
	}
	if rec := w.do(t, http.MethodOptions, "B2C_1A_full"+userInfoPath, nil); rec.Code != http.StatusNoContent || rec.Header().Get("Access-Control-Allow-Headers") == "" {
		t.Errorf("preflight: %d %v", rec.Code, rec.Header())
	}
	for _, header := range []string{"", "Basic x", "Bearer ", "Bearer"} {
		rec := w.do(t, http.MethodGet, "B2C_1A_full"+userInfoPath, nil, "Authorization", header)
		if rec.Code != http.StatusUnauthorized || rec.Header().Get("WWW-Authenticate") != "Bearer" {
			t.Errorf("%q: %d %v", header, rec.Code, rec.Header())
		}
	}
	for _, c := range []struct {
		name    string
		outcome func(journey.Begin) (journey.Ran, error)
		status  int
		oauth   string
	}{
		{"a bad token", failing(&journey.Failure{Public: "The token is bad.", OAuth: journey.InvalidToken}), 401, journey.InvalidToken},
		{"a deleted account", failing(journey.Fail(journey.CodeUserNotFound, nil)), 401, journey.InvalidToken},
		{"a disabled account", failing(journey.Fail(journey.CodeAccountDisabled, nil)), 401, journey.InvalidToken},
		{"too much", failing(journey.Fail(journey.CodeThrottled, nil)), 429, journey.CodeThrottled.OAuth()},
		{"a step that refuses", failing(&journey.Failure{Code: journey.CodeNotValid, Public: "No.", OAuth: "access_denied"}), 400, "access_denied"},
		{"a failure of our own", failing(journey.Fail(journey.CodeInternal, errDown)), 500, "server_error"},
		{"an error", func(journey.Begin) (journey.Ran, error) { return journey.Ran{}, errors.Join(errDown) }, 500, "server_error"},
		{"a page", func(journey.Begin) (journey.Ran, error) { return journey.Ran{Outcome: &journey.ShowPage{}}, nil }, 500, "server_error"},
		{"a token", func(b journey.Begin) (journey.Ran, error) { return finished(b), nil }, 500, "server_error"},
	} {
		w := newWorld(t)
		w.outcome = c.outcome
		rec := w.do(t, http.MethodGet, "B2C_1A_full"+userInfoPath, nil, "Authorization", "Bearer t")
		if got := body(t, rec); rec.Code != c.status || got["error"] != c.oauth {
			t.Errorf("%s: %d %v", c.name, rec.Code, got)
		}
		if challenge := rec.Header().Get("WWW-Authenticate"); c.status == 401 && !strings.HasPrefix(challenge, `Bearer error="invalid_token"`) {
			t.Errorf("%s: %s", c.name, challenge)
		}
	}
}
