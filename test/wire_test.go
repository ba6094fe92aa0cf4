package test

import (
	"maps"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"journeyman.dev/internal/application"
)

// Statements of protocol §11 that belong to no other file.

func TestEnforcedHintsAtLogout(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	e.signInPolicies(map[string]string{"Enforced": `<SingleSignOn Scope="Tenant" EnforceIdTokenHintOnLogout="true" />`, "Free": `<SingleSignOn Scope="Tenant" />`})
	u := e.user()
	u.enter("Enforced", nil)
	good := u.redeem("B2C_1A_Enforced").IDToken
	_, claims := decode(t, good)
	with := func(name string, value any) string {
		c := maps.Clone(claims)
		if c[name] = value; value == nil {
			delete(c, name)
		}
		return e.signWith(c)
	}
	logout := func(policy, hint, target string) {
		t.Helper()
		q := url.Values{"post_logout_redirect_uri": {target}, "state": {"s&1"}}
		if hint != "" {
			q.Set("id_token_hint", hint)
		}
		u.get(e.base + "/" + tenant + "/B2C_1A_" + policy + "/oauth2/v2.0/logout?" + q.Encode())
	}
	now := e.clock.now()
	for _, c := range []struct{ what, hint, target, code string }{
		{"no hint", "", spaRedirect, "AADB2C90272"},
		{"an expired hint", with("exp", now.Add(-time.Minute).Unix()), spaRedirect, "AADB2C90235"},
		{"no audience", with("aud", nil), spaRedirect, "AADB2C90237"},
		{"another issuer", with("iss", "https://evil.example/"), spaRedirect, "AADB2C90238"},
		{"a changed hint", good[:len(good)-8] + "AAAAAAAA", spaRedirect, "AADB2C90239"},
		{"no token", "nonsense", spaRedirect, "AADB2C90240"},
		{"an address of another application", good, webRedirect, "AADB2C90006"},
		{"an address of nobody", good, "https://evil.example/", "AADB2C90006"},
	} {
		logout("Enforced", c.hint, c.target)
		if u.callback != nil || !strings.Contains(u.page, c.code) {
			t.Errorf("%s: want %s, at %v\n%s", c.what, c.code, u.callback, excerpt(u.page))
		}
	}
	if u.enter("Free", nil) {
		t.Error("a refused logout ended the session")
	}
	logout("Enforced", good, spaRedirect)
	if u.callback == nil || u.callback.Query().Get("state") != "s&1" {
		t.Errorf("the good hint: %v", u.callback)
	}
	if !u.enter("Free", nil) {
		t.Error("the session is still there")
	}
	// Where hints aren't enforced, none is needed, and a bad one does no harm.
	logout("Free", "nonsense", webRedirect)
	if u.callback == nil || u.callback.Path != "/signin" {
		t.Errorf("not enforced: %v", u.callback)
	}
}

// SendTokenResponseBodyWithJsonNumbers holds for the answer of every grant.
func TestNumbersOfTokenAnswersAsTexts(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	extension := strings.Replace(passwordPolicy("Directory-Read", "Token-JWT", "Session-None"), `<Item Key="RefreshTokenUserJourneyId">`,
		`<Item Key="SendTokenResponseBodyWithJsonNumbers">false</Item><Item Key="RefreshTokenUserJourneyId">`, 1)
	policy := e.own(extension, relyingParty("ResourceOwnerPasswordCredentials", "", "displayName"))
	e.user().ownSignUp("emily@example.com")
	native := e.native()
	owner := e.token(policy, passwordForm(native, nil))
	api := e.ordersAPI()
	app, secret := e.credentials(requires(api, "Role", readRole))
	for name, got := range map[string]tokens{
		"password": owner,
		"refresh":  e.token(policy, url.Values{"grant_type": {"refresh_token"}, "client_id": {native.AppID}, "refresh_token": {owner.RefreshToken}}),
		"client":   e.token(policy, url.Values{"grant_type": {"client_credentials"}, "client_id": {app.AppID}, "client_secret": {secret}, "scope": {apiURI + "/.default"}}),
	} {
		if got.raw["expires_in"] != "3600" {
			t.Errorf("%s: %v", name, got.raw)
		}
		for _, number := range []string{"not_before", "expires_on"} {
			if _, text := got.raw[number].(string); !text {
				t.Errorf("%s: %s = %v", name, number, got.raw[number])
			}
		}
		if _, claims := decode(t, got.AccessToken); claims["exp"] == nil {
			t.Errorf("%s: %v", name, claims)
		} else if _, number := claims["exp"].(float64); !number {
			t.Errorf("%s: exp of the token is no number: %v", name, claims)
		}
	}
}

func TestLoopbackAddressesOfNativeApplications(t *testing.T) {
	t.Parallel()
	e := ownPolicies(t)
	a := application.Application{ID: uuid.NewString(), AppID: uuid.NewString(), DisplayName: "desktop", NativeRedirects: []string{"http://localhost", "http://127.0.0.1/cb"}, WebRedirects: []string{"http://localhost/web"}}
	if err := e.srv.Apps.Create(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	for uri, good := range map[string]bool{
		"http://localhost:51234": true, "http://localhost": true, "http://127.0.0.1:8080/cb": true,
		"http://localhost:51234/other": false, "https://localhost:51234": false, "http://localhost.evil.example:51234": false,
		"http://127.0.0.1:8080/": false, "http://localhost:51234/web": false, "http://localhost:1@evil.example": false,
	} {
		u := e.user()
		u.authorize(ownSignIn, map[string]string{"client_id": a.AppID, "redirect_uri": uri})
		if shown := u.settings.API != ""; shown != good || !good && !strings.Contains(u.page, "AADB2C90006") {
			t.Errorf("%s: accepted %t, want %t", uri, shown, good)
		}
	}
}
