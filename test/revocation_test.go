package test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"journeyman.dev/internal/application"
)

// Token revocation (RFC 7009) and introspection (RFC 7662).

func readTokens(t *testing.T, res *http.Response) tokens {
	t.Helper()
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	out := tokens{status: res.StatusCode}
	if len(body) > 0 {
		if err := json.Unmarshal(body, &out); err != nil {
			t.Fatalf("%d %s", res.StatusCode, body)
		}
		_ = json.Unmarshal(body, &out.raw)
	}
	return out
}

func (e *env) revoke(t *testing.T, form url.Values) tokens {
	t.Helper()
	return e.postToken(t, e.base+"/"+tenant+"/"+ownSignIn+"/oauth2/v2.0/revoke", form)
}

func (e *env) introspect(t *testing.T, app application.Application, secret, token string) tokens {
	t.Helper()
	return e.postToken(t, e.base+"/"+tenant+"/"+ownSignIn+"/oauth2/v2.0/introspect", url.Values{"client_id": {app.AppID}, "client_secret": {secret}, "token": {token}})
}

// webTokens signs up with the confidential application.
func (e *env) webTokens(u *user, address, scope string) tokens {
	e.t.Helper()
	u.authorize(ownSignIn, map[string]string{"client_id": e.web.AppID, "redirect_uri": webRedirect, "scope": scope})
	u.navigate("/api/CombinedSigninAndSignup/unified?local=signup")
	u.verify("email", address)
	u.pass(map[string]string{"email": address, "newPassword": password, "reenterPassword": password, "displayName": "Ada"})
	got := e.token(ownSignIn, url.Values{"grant_type": {"authorization_code"}, "client_id": {e.web.AppID}, "client_secret": {e.secret}, "code": {u.result().Get("code")}, "redirect_uri": {webRedirect}, "code_verifier": {u.verifier}})
	if got.status != http.StatusOK {
		e.t.Fatalf("token: %+v", got.raw)
	}
	return got
}

func (e *env) webRefresh(token string) tokens {
	return e.token(ownSignIn, url.Values{"grant_type": {"refresh_token"}, "client_id": {e.web.AppID}, "client_secret": {e.secret}, "refresh_token": {token}})
}

func TestRevokingARefreshTokenEndsItsFamily(t *testing.T) {
	t.Parallel()
	e := ownPolicies(t)
	first := e.webTokens(e.user(), "ada@example.com", "openid offline_access "+e.web.AppID)
	next := e.webRefresh(first.RefreshToken)
	if next.status != http.StatusOK {
		t.Fatalf("refresh: %+v", next.raw)
	}
	mine := url.Values{"client_id": {e.web.AppID}, "client_secret": {e.secret}, "token": {first.RefreshToken}, "token_type_hint": {"refresh_token"}}
	for name, c := range map[string]struct {
		change      url.Values
		oauth, code string
	}{
		"no secret":       {url.Values{"client_secret": {""}}, "invalid_request", "AADB2C90079"},
		"a wrong secret":  {url.Values{"client_secret": {"x"}}, "invalid_client", "AADB2C90081"},
		"no client":       {url.Values{"client_id": {""}}, "invalid_client", "AADB2C90008"},
		"no token":        {url.Values{"token": {""}}, "invalid_request", "AADB2C90083"},
		"an access token": {url.Values{"token": {next.AccessToken}}, "unsupported_token_type", "Access and id tokens"},
		"an id token":     {url.Values{"token": {next.IDToken}}, "unsupported_token_type", "Access and id tokens"},
	} {
		form := url.Values{}
		for _, set := range []url.Values{mine, c.change} {
			for k, v := range set {
				form[k] = v
			}
		}
		if got := e.revoke(t, form); got.status != http.StatusBadRequest || got.Error != c.oauth || !strings.HasPrefix(got.Description, c.code) {
			t.Errorf("%s: %d %+v", name, got.status, got.raw)
		}
	}
	// What isn't this client's gets the same answer, and goes on.
	for name, form := range map[string]url.Values{
		"unknown":         {"client_id": {e.web.AppID}, "client_secret": {e.secret}, "token": {"x"}},
		"another's token": {"client_id": {e.spa.AppID}, "token": {next.RefreshToken}},
	} {
		if got := e.revoke(t, form); got.status != http.StatusOK || got.raw != nil {
			t.Errorf("%s: %d %+v", name, got.status, got.raw)
		}
	}
	if next = e.webRefresh(next.RefreshToken); next.status != http.StatusOK {
		t.Fatalf("revoked by another: %+v", next.raw)
	}
	// The first of the family was used long ago: revoking it ends the newest.
	for range 2 {
		if got := e.revoke(t, mine); got.status != http.StatusOK {
			t.Errorf("revoke: %d %+v", got.status, got.raw)
		}
	}
	if got := e.webRefresh(next.RefreshToken); got.status != http.StatusBadRequest || got.Error != "invalid_grant" || !strings.HasPrefix(got.Description, "AADB2C90129") {
		t.Errorf("a refresh after revocation: %+v", got.raw)
	}
}

func TestAPublicClientRevokesItsOwnToken(t *testing.T) {
	t.Parallel()
	e := ownPolicies(t)
	u := e.user()
	u.ownSignUp("ada@example.com")
	u.authorize(ownSignIn, nil)
	got := u.redeem(ownSignIn)
	req, err := http.NewRequest(http.MethodPost, e.base+"/"+tenant+"/"+ownSignIn+"/oauth2/v2.0/revoke", strings.NewReader(url.Values{"client_id": {e.spa.AppID}, "token": {got.RefreshToken}}.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Origin", "https://app.example")
	res, err := e.client(nil).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusOK || res.Header.Get("Access-Control-Allow-Origin") != "https://app.example" {
		t.Errorf("%d %v", res.StatusCode, res.Header)
	}
	if got := e.token(ownSignIn, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {got.RefreshToken}}); got.Error != "invalid_grant" {
		t.Errorf("a refresh after revocation: %+v", got.raw)
	}
}

func TestIntrospection(t *testing.T) {
	t.Parallel()
	e := ownPolicies(t)
	api := e.ordersAPI()
	apiSecret := e.must(200, "POST", "v1.0/applications/"+api.ID+"/addPassword", nil)["secretText"].(string)
	other := e.registered(object{"displayName": "Other"})
	otherSecret := e.must(200, "POST", "v1.0/applications/"+other.ID+"/addPassword", nil)["secretText"].(string)
	e.must(204, "PATCH", "v1.0/applications/"+e.web.ID, object{"requiredResourceAccess": requires(api, "Scope", readScope)})
	got := e.webTokens(e.user(), "ada@example.com", "openid offline_access "+apiURI+"/orders.read")
	inactive := func(name string, answer tokens) {
		t.Helper()
		if answer.status != http.StatusOK || len(answer.raw) != 1 || answer.raw["active"] != false {
			t.Errorf("%s: %d %v", name, answer.status, answer.raw)
		}
	}
	_, payload := decode(t, got.AccessToken)
	for name, answer := range map[string]tokens{"the client": e.introspect(t, e.web, e.secret, got.AccessToken), "the API": e.introspect(t, api, apiSecret, got.AccessToken)} {
		if answer.raw["active"] != true || answer.raw["scope"] != "orders.read" || answer.raw["client_id"] != e.web.AppID || answer.raw["aud"] != api.AppID ||
			answer.raw["sub"] != payload["sub"] || answer.raw["exp"] != payload["exp"] || answer.raw["iss"] != payload["iss"] || answer.raw["token_type"] != "Bearer" {
			t.Errorf("%s asks for an access token: %v", name, answer.raw)
		}
	}
	if answer := e.introspect(t, e.web, e.secret, got.RefreshToken); answer.raw["active"] != true || answer.raw["client_id"] != e.web.AppID || answer.raw["sub"] != payload["sub"] {
		t.Errorf("a refresh token: %v", answer.raw)
	}
	inactive("another's access token", e.introspect(t, other, otherSecret, got.AccessToken))
	inactive("another's refresh token", e.introspect(t, api, apiSecret, got.RefreshToken))
	inactive("an id token", e.introspect(t, e.web, e.secret, got.IDToken))
	inactive("rubbish", e.introspect(t, e.web, e.secret, "x"))
	inactive("a changed token", e.introspect(t, e.web, e.secret, got.AccessToken[:len(got.AccessToken)-8]+"AAAAAAAA"))
	inactive("a code", e.introspect(t, e.web, e.secret, "x"+got.RefreshToken))
	for name, c := range map[string][2]string{"a wrong secret": {e.web.AppID, "x"}, "no secret": {e.web.AppID, ""}, "a public client": {e.spa.AppID, ""}, "no client": {"", ""}} {
		answer := e.postToken(t, e.base+"/"+tenant+"/"+ownSignIn+"/oauth2/v2.0/introspect", url.Values{"client_id": {c[0]}, "client_secret": {c[1]}, "token": {got.AccessToken}})
		if answer.status != http.StatusUnauthorized || answer.Error != "invalid_client" {
			t.Errorf("%s: %d %v", name, answer.status, answer.raw)
		}
	}

	// Used, a refresh token is inactive; its successor is until the account isn't good.
	next := e.webRefresh(got.RefreshToken)
	inactive("a used refresh token", e.introspect(t, e.web, e.secret, got.RefreshToken))
	user := payload["sub"].(string)
	e.must(204, "PATCH", "v1.0/users/"+user, object{"accountEnabled": false})
	inactive("a refresh token of a disabled account", e.introspect(t, e.web, e.secret, next.RefreshToken))
	inactive("an access token of a disabled account", e.introspect(t, e.web, e.secret, next.AccessToken))
	e.must(204, "PATCH", "v1.0/users/"+user, object{"accountEnabled": true})
	fresh := e.webTokens(e.user(), "eve@example.com", "openid offline_access "+e.web.AppID)
	if answer := e.introspect(t, e.web, e.secret, fresh.AccessToken); answer.raw["active"] != true {
		t.Errorf("another user's token: %v", answer.raw)
	}
	e.clock.advance(2 * time.Hour)
	inactive("an expired access token", e.introspect(t, e.web, e.secret, fresh.AccessToken))
	e.revoke(t, url.Values{"client_id": {e.web.AppID}, "client_secret": {e.secret}, "token": {fresh.RefreshToken}})
	inactive("a revoked refresh token", e.introspect(t, e.web, e.secret, fresh.RefreshToken))
	e.must(204, "DELETE", "v1.0/users/"+user, nil)
	inactive("a refresh token of an account that is gone", e.introspect(t, e.web, e.secret, next.RefreshToken))
}

// An application that acts for itself has no account; its tokens are active until it is disabled.
func TestIntrospectionOfAnApplicationsToken(t *testing.T) {
	t.Parallel()
	e, s, form := service(t)
	got := e.token(ownSignIn, with(form, s.sign(s.claims(nil))))
	app, err := e.srv.Apps.GetByAppID(context.Background(), s.app)
	if err != nil {
		t.Fatal(err)
	}
	secret := e.must(200, "POST", "v1.0/applications/"+app.ID+"/addPassword", nil)["secretText"].(string)
	if answer := e.introspect(t, app, secret, got.AccessToken); answer.raw["active"] != true || answer.raw["scope"] != "app.read" {
		t.Errorf("got %v", answer.raw)
	}
	// A certificate is as good as a secret, for both endpoints.
	ask := with(url.Values{"client_id": {app.AppID}, "token": {got.AccessToken}}, s.sign(s.claims(map[string]any{"aud": e.base + "/" + tenant + "/" + ownSignIn + "/oauth2/v2.0/introspect"})))
	if answer := e.postToken(t, e.base+"/"+tenant+"/"+ownSignIn+"/oauth2/v2.0/introspect", ask); answer.raw["active"] != true {
		t.Errorf("by certificate: %v", answer.raw)
	}
}

func TestDiscoveryListsRevocationAndIntrospection(t *testing.T) {
	t.Parallel()
	e := ownPolicies(t)
	res, err := e.client(nil).Get(e.base + "/" + tenant + "/" + ownSignIn + "/v2.0/.well-known/openid-configuration")
	if err != nil {
		t.Fatal(err)
	}
	doc := readTokens(t, res).raw
	base := e.base + "/" + tenant + "/" + strings.ToLower(ownSignIn) + "/oauth2/v2.0/"
	if doc["revocation_endpoint"] != base+"revoke" || doc["introspection_endpoint"] != base+"introspect" {
		t.Errorf("got %v", doc)
	}
	for _, name := range []string{"token_endpoint_auth_methods_supported", "revocation_endpoint_auth_methods_supported", "introspection_endpoint_auth_methods_supported"} {
		text, _ := json.Marshal(doc[name])
		if !strings.Contains(string(text), "private_key_jwt") {
			t.Errorf("%s: %s", name, text)
		}
	}
	text, _ := json.Marshal(doc["token_endpoint_auth_signing_alg_values_supported"])
	if string(text) != `["RS256","PS256"]` {
		t.Errorf("algorithms: %s", text)
	}
}
