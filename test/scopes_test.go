package test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"

	"journeyman.dev/internal/application"
)

// Access tokens for APIs: for users by scopes, for applications by roles (protocol §3.1, §3.4).

const apiURI = "https://" + tenant + "/orders"

// registered makes an application over the admin API.
func (e *env) registered(body object) application.Application {
	e.t.Helper()
	made := e.must(201, "POST", "v1.0/applications", body)
	a, err := e.srv.Apps.Get(context.Background(), made["id"].(string))
	if err != nil {
		e.t.Fatal(err)
	}
	return a
}

// permissions of the API that tests ask for.
var readScope, writeScope, closedScope, readRole, userRole = uuid.NewString(), uuid.NewString(), uuid.NewString(), uuid.NewString(), uuid.NewString()

// ordersAPI registers an API with scopes and roles.
func (e *env) ordersAPI() application.Application {
	return e.registered(object{
		"displayName": "Orders", "identifierUris": []string{apiURI},
		"api": object{"oauth2PermissionScopes": []object{
			{"id": readScope, "value": "orders.read", "type": "User", "isEnabled": true}, {"id": writeScope, "value": "orders.write", "isEnabled": true},
			{"id": closedScope, "value": "orders.closed", "isEnabled": false},
		}},
		"appRoles": []object{
			{"id": readRole, "value": "app.read", "allowedMemberTypes": []string{"Application"}, "isEnabled": true},
			{"id": userRole, "value": "user.only", "allowedMemberTypes": []string{"User"}, "isEnabled": true},
		},
	})
}

// requires is the member that declares permissions on an API.
func requires(api application.Application, kind string, ids ...string) []object {
	var access []object
	for _, id := range ids {
		access = append(access, object{"id": id, "type": kind})
	}
	return []object{{"resourceAppId": api.AppID, "resourceAccess": access}}
}

// scopedApplication is a single-page application with permissions, in place of the usual one.
func (e *env) scopedApplication(required []object) {
	e.t.Helper()
	e.spa = e.registered(object{"displayName": "shop", "spa": object{"redirectUris": []string{spaRedirect}}, "requiredResourceAccess": required,
		"web": object{"implicitGrantSettings": object{"enableAccessTokenIssuance": true, "enableIdTokenIssuance": true}}})
}

func TestAccessTokensForAnAPI(t *testing.T) {
	t.Parallel()
	e := ownPolicies(t)
	api := e.ordersAPI()
	other := e.registered(object{"displayName": "Stock", "identifierUris": []string{"api://stock/"}, "api": object{"oauth2PermissionScopes": []object{{"id": writeScope, "value": "use", "isEnabled": true}}}})
	e.scopedApplication(append(requires(api, "Scope", readScope, closedScope), requires(other, "Scope", writeScope)...))
	u := e.user()
	u.ownSignUp("ada@example.com")

	authorize := func(scope string) {
		t.Helper()
		u.authorize(ownSignIn, map[string]string{"scope": scope})
	}
	check := func(got tokens, aud, scp, scope string) {
		t.Helper()
		if got.AccessToken == "" {
			t.Fatalf("no access token: %v", got.raw)
		}
		_, claims := decode(t, got.AccessToken)
		if claims["aud"] != aud || claims["scp"] != scp || claims["azp"] != e.spa.AppID || got.raw["resource"] != aud || got.raw["scope"] != scope {
			t.Errorf("claims %v\nanswer %v", claims, got.raw)
		}
		if got.IDToken != "" {
			if _, id := decode(t, got.IDToken); id["aud"] != e.spa.AppID || id["scp"] != nil {
				t.Errorf("id token: %v", id)
			}
		}
	}
	// orders.write isn't granted and orders.closed disabled: what remains is given.
	authorize("openid offline_access " + apiURI + "/orders.read " + apiURI + "/orders.write " + apiURI + "/orders.closed")
	got := u.redeem(ownSignIn)
	check(got, api.AppID, "orders.read", "openid offline_access "+apiURI+"/orders.read")
	// A refresh gives the same, and, asked for it, a token for another API or none.
	refresh := func(scope string) tokens {
		t.Helper()
		form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {got.RefreshToken}}
		if scope != "" {
			form.Set("scope", scope)
		}
		next := e.token(ownSignIn, form)
		if next.RefreshToken != "" {
			got = next
		}
		return next
	}
	check(refresh(""), api.AppID, "orders.read", "openid offline_access "+apiURI+"/orders.read")
	check(refresh("openid offline_access api://stock/use"), other.AppID, "use", "openid offline_access api://stock/use")
	if next := refresh("openid offline_access"); next.AccessToken != "" || next.IDToken == "" {
		t.Errorf("without API: %v", next.raw)
	}
	refresh("openid "+apiURI+"/orders.write").refused(t, "a refresh for a scope that isn't granted", "invalid_request", "AADB2C90205")
	refresh("openid "+apiURI+"/orders.read api://stock/use").refused(t, "a refresh for two APIs", "invalid_request", "AADB2C90146")

	authorize("openid " + strings.ToUpper(apiURI) + "/.default")
	check(u.redeem(ownSignIn), api.AppID, "orders.read", "openid "+strings.ToUpper(apiURI)+"/orders.read")
	authorize(apiURI + "/orders.read") // no id token
	check(u.redeem(ownSignIn), api.AppID, "orders.read", apiURI+"/orders.read")
	authorize("openid " + e.spa.AppID)
	if _, claims := decode(t, u.redeem(ownSignIn).AccessToken); claims["aud"] != e.spa.AppID || claims["scp"] != nil {
		t.Errorf("a token for itself: %v", claims)
	}
	u.authorize(ownSignIn, map[string]string{"scope": "openid " + apiURI + "/orders.read", "response_type": "id_token token"})
	front := u.result()
	_, claims := decode(t, front.Get("access_token"))
	if claims["aud"] != api.AppID || claims["scp"] != "orders.read" || front.Get("scope") != "openid "+apiURI+"/orders.read" {
		t.Errorf("front channel: %v %v", claims, front)
	}
	_, id := decode(t, front.Get("id_token"))
	if id["at_hash"] == nil || id["scp"] != nil || id["aud"] != e.spa.AppID {
		t.Errorf("its id token: %v", id)
	}

	for what, c := range map[string]struct{ scope, code string }{
		"not granted":          {"openid " + apiURI + "/orders.write", "AADB2C90205"},
		"disabled":             {"openid " + apiURI + "/orders.closed", "AADB2C90205"},
		"a scope it lacks":     {"openid " + apiURI + "/nothing", "AADB2C90205"},
		"two APIs":             {"openid " + apiURI + "/orders.read api://stock/use", "AADB2C90146"},
		"an API and itself":    {"openid " + apiURI + "/orders.read " + e.spa.AppID, "AADB2C90146"},
		"an unknown API":       {"openid https://" + tenant + "/none/orders.read", "AADB2C90117"},
		"the URI alone":        {"openid " + apiURI, "AADB2C90117"},
		"a longer URI":         {"openid " + apiURI + "/x/orders.read", "AADB2C90117"},
		"Graph":                {"openid User.Read", "AADB2C90117"},
		"an illegal character": {`openid a"b`, "AADB2C99005"},
		"a letter outside":     {"openid é", "AADB2C99005"},
	} {
		authorize(c.scope)
		if got := u.result(); got.Get("error") != "invalid_request" || !strings.HasPrefix(got.Get("error_description"), c.code+": ") {
			t.Errorf("%s: want %s, got %v", what, c.code, got)
		}
	}

	// Also for a password.
	policy, native := e.own(passwordPolicy("Directory-Read", "Token-JWT", "Session-None"), relyingParty("ResourceOwnerPasswordCredentials", "", "displayName")),
		e.registered(object{"displayName": "native", "isFallbackPublicClient": true, "requiredResourceAccess": requires(api, "Scope", writeScope)})
	owner := e.token(policy, passwordForm(native, map[string]string{"username": "ada@example.com", "scope": "openid " + apiURI + "/orders.write"}))
	if _, claims := decode(t, owner.AccessToken); claims["aud"] != api.AppID || claims["scp"] != "orders.write" || claims["azp"] != native.AppID {
		t.Errorf("for a password: %v", claims)
	}
	e.token(policy, passwordForm(native, map[string]string{"username": "ada@example.com", "scope": "openid " + apiURI + "/orders.read"})).
		refused(t, "a scope of another client for a password", "invalid_request", "AADB2C90205")

	// A permission that is taken away is gone with the next refresh.
	authorize("openid offline_access " + apiURI + "/orders.read")
	got = u.redeem(ownSignIn)
	e.must(204, "PATCH", "v1.0/applications/"+e.spa.ID, object{"requiredResourceAccess": []object{}})
	refresh("").refused(t, "after the permission was taken away", "invalid_request", "AADB2C90205")
}

func TestIdentifierURIsAreOneApplicationsOwn(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	api := e.ordersAPI()
	for _, uri := range []string{apiURI, apiURI + "/", strings.ToUpper(apiURI), api.AppID} {
		e.must(400, "POST", "v1.0/applications", object{"displayName": "impostor", "identifierUris": []string{"api://x", uri}})
		made := e.registered(object{"displayName": "impostor"})
		e.must(400, "PATCH", "v1.0/applications/"+made.ID, object{"identifierUris": []string{uri}})
	}
	e.must(204, "PATCH", "v1.0/applications/"+api.ID, object{"identifierUris": []string{apiURI, "api://orders"}})
}

// credentials is a confidential application that acts for itself.
func (e *env) credentials(required []object) (application.Application, string) {
	e.t.Helper()
	a := e.registered(object{"displayName": "nightly", "requiredResourceAccess": required})
	return a, e.must(200, "POST", "v1.0/applications/"+a.ID+"/addPassword", object{})["secretText"].(string)
}

func TestClientCredentials(t *testing.T) {
	t.Parallel()
	e := ownPolicies(t)
	api := e.ordersAPI()
	e.registered(object{"displayName": "Stock", "identifierUris": []string{"api://stock"}})
	app, secret := e.credentials(requires(api, "Role", readRole, userRole))
	form := func(parameters map[string]string) url.Values {
		f := url.Values{"grant_type": {"client_credentials"}, "client_id": {app.AppID}, "client_secret": {secret}, "scope": {apiURI + "/.default"}}
		for k, v := range parameters {
			f.Set(k, v)
			if v == "" {
				f.Del(k)
			}
		}
		return f
	}
	flow := e.flow("susi", "signUpOrSignIn")
	for _, policy := range []string{ownSignIn, flow} {
		got := e.token(policy, form(nil))
		if got.status != 200 || got.IDToken != "" || got.RefreshToken != "" || got.raw["resource"] != api.AppID || got.raw["expires_in"] != 3600.0 || got.raw["token_type"] != "Bearer" || len(got.raw) != 6 {
			t.Fatalf("%s: %d %v", policy, got.status, got.raw)
		}
		_, claims := decode(t, got.AccessToken)
		if claims["aud"] != api.AppID || claims["scp"] != "app.read" || claims["azp"] != app.AppID || claims["sub"] != app.ID || claims["iss"] != e.base+"/"+e.srv.TenantID+"/v2.0/" || claims["auth_time"] != nil {
			t.Errorf("%s: %v", policy, claims)
		}
		if status, _ := e.graph(got.AccessToken, "GET", "v1.0/users", nil); status != http.StatusUnauthorized {
			t.Errorf("the token opens the admin API: %d", status)
		}
	}
	own := e.token(ownSignIn, form(map[string]string{"scope": app.AppID + "/.default"}))
	if _, claims := decode(t, own.AccessToken); claims["aud"] != app.AppID || claims["scp"] != nil {
		t.Errorf("for itself: %v", claims)
	}
	req, err := http.NewRequest("POST", e.base+"/"+tenant+"/oauth2/v2.0/token?p="+ownSignIn, strings.NewReader(url.Values{"grant_type": {"client_credentials"}, "scope": {apiURI + "/.default"}}.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.SetBasicAuth(app.AppID, secret)
	res, err := e.client(nil).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode != 200 {
		t.Errorf("with Basic authentication: %d", res.StatusCode)
	}
	issued := e.audits("Issue an access token to the application", 4)
	if detail(issued[0], "ApplicationId") != app.AppID {
		t.Errorf("audit: %v", issued[0])
	}
	for _, c := range []struct {
		what, oauth, code string
		parameters        map[string]string
	}{
		{"no secret", "invalid_request", "AADB2C90079", map[string]string{"client_secret": ""}},
		{"a wrong secret", "invalid_client", "AADB2C90081", map[string]string{"client_secret": "wrong"}},
		{"another application's secret", "invalid_client", "AADB2C90081", map[string]string{"client_secret": e.secret}},
		{"an application without secrets", "invalid_client", "AADB2C90081", map[string]string{"client_id": e.spa.AppID}},
		{"no scope", "invalid_request", "AADB2C90010", map[string]string{"scope": ""}},
		{"a scope for users", "invalid_request", "AADB2C90117", map[string]string{"scope": apiURI + "/orders.read"}},
		{"openid", "invalid_request", "AADB2C90117", map[string]string{"scope": "openid"}},
		{"an unknown API", "invalid_request", "AADB2C90117", map[string]string{"scope": "https://graph.microsoft.com/.default"}},
		{"an API without role", "invalid_request", "AADB2C90205", map[string]string{"scope": "api://stock/.default"}},
		{"two APIs", "invalid_request", "AADB2C90146", map[string]string{"scope": apiURI + "/.default api://stock/.default"}},
	} {
		e.token(ownSignIn, form(c.parameters)).refused(t, c.what, c.oauth, c.code)
	}
	e.must(204, "PATCH", "v1.0/applications/"+api.ID, object{"appRoles": []object{{"id": readRole, "value": "app.read", "allowedMemberTypes": []string{"Application"}, "isEnabled": false}}})
	e.token(ownSignIn, form(nil)).refused(t, "a role that was disabled", "invalid_request", "AADB2C90205")
}

func TestClientCredentialsRunTheIssuersJourney(t *testing.T) {
	t.Parallel()
	files := starterPack(t)
	sample, err := os.ReadFile(filepath.Join("..", "..", "shared", "corpus", "samples", "client_credentials_flow", "ClientCredentialsFlow.xml"))
	if errors.Is(err, os.ErrNotExist) {
		sample, err = os.ReadFile(filepath.Join("testdata", "pack", "ClientCredentials.xml"))
	}
	if err != nil {
		t.Fatal(err)
	}
	files["ClientCredentials"] = strings.ReplaceAll(string(sample), "yourtenant.onmicrosoft.com", tenant)
	e := start(t, nil)
	e.upload(files, append(uploadOrder, "ClientCredentials")...)
	api := e.ordersAPI()
	app, secret := e.credentials(requires(api, "Role", readRole))
	got := e.token("B2C_1A_Demo_ClientCredentialsFlow", url.Values{"grant_type": {"client_credentials"}, "client_id": {app.AppID}, "client_secret": {secret}, "scope": {apiURI + "/.default"}})
	if got.status != 200 {
		t.Fatalf("%d %v", got.status, got.raw)
	}
	_, claims := decode(t, got.AccessToken)
	if claims["Credentials"] != "OAuth 2.0 Client Credentials" || claims["RandomValue"] == "No Value" || claims["name"] != "Empty value 2" || claims["scp"] != "app.read" || claims["sub"] != app.ID || claims["tid"] != e.srv.TenantID {
		t.Errorf("%v", claims)
	}
}

// A journey of client credentials may ask an API, which may refuse; it has no page.
func TestClientCredentialsJourneysThatFail(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	policy := e.own(`<ClaimsProviders><ClaimsProvider><DisplayName>t</DisplayName><TechnicalProfiles>
<TechnicalProfile Id="Token-JWT"><Metadata><Item Key="ClientCredentialsUserJourneyId">Machines</Item></Metadata></TechnicalProfile></TechnicalProfiles></ClaimsProvider></ClaimsProviders>
<UserJourneys><UserJourney Id="Machines"><OrchestrationSteps>`+step(1, "Page-Profile", "")+`<OrchestrationStep Order="2" `+sendClaims+`</OrchestrationSteps></UserJourney></UserJourneys>`,
		relyingParty("SignUpOrSignIn", "", "displayName"))
	api := e.ordersAPI()
	app, secret := e.credentials(requires(api, "Role", readRole))
	e.token(policy, url.Values{"grant_type": {"client_credentials"}, "client_id": {app.AppID}, "client_secret": {secret}, "scope": {apiURI + "/.default"}}).
		refused(t, "a page", "interaction_required", "AADB2C90077")
}
