package test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"journeyman.dev/internal/server"
)

// signedIn is a user who has a session at our own starter policies.
func (e *env) signedIn() *user {
	e.t.Helper()
	e.own(`<BuildingBlocks />`, relyingParty("SignUpOrSignIn", ""))
	u := e.user()
	u.ownSignUp("ada@example.com")
	return u
}

// app is an application made by the admin API, with a secret.
func (e *env) app(members object) (id, appID, secret string) {
	e.t.Helper()
	body := object{"displayName": "app", "web": object{"redirectUris": []string{webRedirect}}}
	maps.Copy(body, members)
	made := e.must(201, "POST", "v1.0/applications", body)
	id, _ = made["id"].(string)
	appID, _ = made["appId"].(string)
	secret, _ = e.must(200, "POST", "v1.0/applications/"+id+"/addPassword", object{})["secretText"].(string)
	return id, appID, secret
}

func TestTokensFromTheBrowserAreBoundToTheIDToken(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	u := e.signedIn()
	_, appID, _ := e.app(object{"web": object{"redirectUris": []string{webRedirect}, "implicitGrantSettings": object{"enableIdTokenIssuance": true, "enableAccessTokenIssuance": true}}})
	half := func(text string) string {
		sum := sha256.Sum256([]byte(text))
		return base64.RawURLEncoding.EncodeToString(sum[:16])
	}
	for _, kind := range []string{"code id_token", "id_token token", "code id_token token"} {
		u.authorize(ownSignIn, map[string]string{"client_id": appID, "redirect_uri": webRedirect, "response_type": kind, "scope": "openid " + appID})
		got := u.result()
		if got.Get("id_token") == "" {
			t.Fatalf("%s: %v", kind, got)
		}
		_, payload := decode(t, got.Get("id_token"))
		for member, text := range map[string]string{"c_hash": got.Get("code"), "at_hash": got.Get("access_token")} {
			hash, has := payload[member]
			if want := half(text); text != "" && hash != want || text == "" && has {
				t.Errorf("%s: %s is %v, want %s (of %d characters)", kind, member, hash, want, len(text))
			}
		}
	}
}

func TestACodeIsRedeemedWithItsRedirectURIOrItsVerifier(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	u := e.signedIn()
	_, appID, secret := e.app(nil)
	redeem := func(pkce bool, change map[string]string) tokens {
		t.Helper()
		parameters := map[string]string{"client_id": appID, "redirect_uri": webRedirect}
		form := url.Values{"grant_type": {"authorization_code"}, "client_id": {appID}, "client_secret": {secret}, "redirect_uri": {webRedirect}}
		if pkce {
			form.Set("code_verifier", strings.Repeat("v", 50))
		} else {
			maps.Copy(parameters, map[string]string{"code_challenge": "", "code_challenge_method": ""})
		}
		u.authorize(ownSignIn, parameters)
		form.Set("code", u.result().Get("code"))
		for name, value := range change {
			form.Set(name, value)
			if value == "-" {
				form.Del(name)
			}
		}
		return e.token(ownSignIn, form)
	}
	for name, tt := range map[string]struct {
		pkce   bool
		change map[string]string
		code   string
	}{
		"without PKCE":                         {false, nil, ""},
		"without PKCE and address":             {false, map[string]string{"redirect_uri": "-"}, "AADB2C90083"},
		"without PKCE, empty address":          {false, map[string]string{"redirect_uri": ""}, "AADB2C90006"},
		"with PKCE, without address":           {true, map[string]string{"redirect_uri": "-"}, ""},
		"with PKCE, another address":           {true, map[string]string{"redirect_uri": spaRedirect}, "AADB2C90006"},
		"with PKCE, without address, verifier": {true, map[string]string{"redirect_uri": "-", "code_verifier": "-"}, "AADB2C90183"},
	} {
		got := redeem(tt.pkce, tt.change)
		if tt.code == "" && got.status != http.StatusOK || tt.code != "" && (got.status != http.StatusBadRequest || !strings.HasPrefix(got.Description, tt.code+":")) {
			t.Errorf("%s: %d %v, want %q", name, got.status, got.raw, tt.code)
		}
	}
}

func TestPlainChallengesAreForApplicationsThatHadThem(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	u := e.signedIn()
	verifier := strings.Repeat("v", 50)
	// ask returns the error of a request with a plain challenge, "" if it gets tokens.
	ask := func(appID, secret, method string) string {
		t.Helper()
		u.authorize(ownSignIn, map[string]string{"client_id": appID, "redirect_uri": webRedirect, "code_challenge": verifier, "code_challenge_method": method})
		if code, _, _ := strings.Cut(u.result().Get("error_description"), ":"); code != "" {
			return code
		}
		got := e.token(ownSignIn, url.Values{"grant_type": {"authorization_code"}, "client_id": {appID}, "client_secret": {secret}, "redirect_uri": {webRedirect}, "code": {u.result().Get("code")}, "code_verifier": {verifier}})
		return got.Error
	}
	id, appID, secret := e.app(nil)
	for _, method := range []string{"plain", ""} {
		if got := ask(e.web.AppID, e.secret, method); got != "" {
			t.Errorf("an application from before, method %q: %s", method, got)
		}
		if got := ask(appID, secret, method); got != "AADB2C90184" {
			t.Errorf("a new application, method %q: %q", method, got)
		}
	}
	e.must(204, "PATCH", "v1.0/applications/"+id, object{"pkce": object{"allowPlain": true}})
	if got := ask(appID, secret, "plain"); got != "" {
		t.Errorf("with the switch: %s", got)
	}
	// What was read, sent back, changes nothing; nor does another member.
	shown := e.must(200, "GET", "v1.0/applications/"+e.web.ID, nil)["pkce"]
	if b, _ := json.Marshal(shown); string(b) != `{"allowPlain":true,"required":null}` {
		t.Errorf("shown: %s", b)
	}
	e.must(204, "PATCH", "v1.0/applications/"+e.web.ID, object{"pkce": shown})
	e.must(204, "PATCH", "v1.0/applications/"+e.web.ID, object{"pkce": object{"required": false}})
	if got := ask(e.web.AppID, e.secret, "plain"); got != "" {
		t.Errorf("an application from before that was sent back: %s", got)
	}
	e.must(204, "PATCH", "v1.0/applications/"+e.web.ID, object{"pkce": nil})
	if got := ask(e.web.AppID, e.secret, "plain"); got != "AADB2C90184" {
		t.Errorf("an application from before that follows the tenant now: %q", got)
	}
	e.must(400, "PATCH", "v1.0/applications/"+id, object{"pkce": object{"required": "yes"}})
	e.must(400, "PATCH", "v1.0/applications/"+id, object{"pkce": true})
}

func TestATenantAllowsPlainChallenges(t *testing.T) {
	t.Parallel()
	e := start(t, func(c *server.Config) { c.AllowPlainPKCE = true })
	u := e.signedIn()
	id, appID, _ := e.app(nil)
	plain := func() string {
		u.authorize(ownSignIn, map[string]string{"client_id": appID, "redirect_uri": webRedirect, "code_challenge_method": "plain"})
		return u.result().Get("error")
	}
	if got := plain(); got != "" {
		t.Errorf("allowed by the tenant: %s", got)
	}
	e.must(204, "PATCH", "v1.0/applications/"+id, object{"pkce": object{"allowPlain": false}})
	if got := plain(); got != "invalid_request" {
		t.Errorf("refused by the application: %q", got)
	}
}

func TestPKCECanBeRequired(t *testing.T) {
	t.Parallel()
	for _, tenantWide := range []bool{false, true} {
		e := start(t, func(c *server.Config) { c.RequirePKCE = tenantWide })
		u := e.signedIn()
		id, appID, _ := e.app(nil)
		without := func() string {
			u.authorize(ownSignIn, map[string]string{"client_id": appID, "redirect_uri": webRedirect, "code_challenge": "", "code_challenge_method": ""})
			code, _, _ := strings.Cut(u.result().Get("error_description"), ":")
			return code
		}
		required := map[bool]string{true: "AADB2C99059"}
		if got := without(); got != required[tenantWide] {
			t.Errorf("by default, tenant %t: %q", tenantWide, got)
		}
		e.must(204, "PATCH", "v1.0/applications/"+id, object{"pkce": object{"required": !tenantWide}})
		if got := without(); got != required[!tenantWide] {
			t.Errorf("by the application, tenant %t: %q", tenantWide, got)
		}
		// Tokens from the browser have no code that PKCE could bind.
		u.authorize(ownSignIn, map[string]string{"client_id": e.web.AppID, "redirect_uri": webRedirect, "response_type": "id_token", "code_challenge": "", "code_challenge_method": ""})
		if u.result().Get("id_token") == "" {
			t.Errorf("an id token: %v", u.result())
		}
	}
}

func TestClientCredentialsPassOverScopesOfUsers(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	e.own(`<BuildingBlocks />`, relyingParty("SignUpOrSignIn", ""))
	const graphRole = "741f803b-c850-494e-b5df-cde7c675a1ca"
	uri := "https://contoso.onmicrosoft.com/self"
	_, appID, secret := e.app(object{"identifierUris": []string{uri}, "requiredResourceAccess": []object{
		{"resourceAppId": "00000003-0000-0000-c000-000000000000", "resourceAccess": []object{{"id": graphRole, "type": "Role"}}}}})
	form := func(scope string) url.Values {
		return url.Values{"grant_type": {"client_credentials"}, "client_id": {appID}, "client_secret": {secret}, "scope": {scope}}
	}
	for scope, good := range map[string]bool{
		"%s/.default": true, "%s/.default openid offline_access profile": true, "openid email profile offline_access %s/.default": true,
		"openid": false, "openid profile": false, "%s/.default other": false,
	} {
		got := e.token(ownSignIn, form(strings.ReplaceAll(scope, "%s", uri)))
		if good != (got.status == http.StatusOK) || !good && !strings.HasPrefix(got.Description, "AADB2C90117:") {
			t.Errorf("an API, %q: %d %v", scope, got.status, got.raw)
		}
		res, err := e.client(nil).PostForm(e.srv.AdminURL()+"/"+tenant+"/oauth2/v2.0/token", form(strings.ReplaceAll(scope, "%s", "https://graph.microsoft.com")))
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if good != (res.StatusCode == http.StatusOK) {
			t.Errorf("the admin API, %q: %d", scope, res.StatusCode)
		}
	}
}

func TestDiscoveryListsTheMethodsOfNewApplications(t *testing.T) {
	t.Parallel()
	for _, allowed := range []bool{false, true} {
		e := start(t, func(c *server.Config) { c.AllowPlainPKCE = allowed })
		e.own(`<BuildingBlocks />`, relyingParty("SignUpOrSignIn", ""))
		res, err := e.client(nil).Get(e.base + "/" + tenant + "/" + ownSignIn + "/v2.0/.well-known/openid-configuration")
		if err != nil {
			t.Fatal(err)
		}
		var doc struct {
			Methods []string `json:"code_challenge_methods_supported"`
		}
		err = json.NewDecoder(res.Body).Decode(&doc)
		_ = res.Body.Close()
		want := "S256"
		if allowed {
			want = "S256 plain"
		}
		if got := strings.Join(doc.Methods, " "); err != nil || got != want {
			t.Errorf("plain allowed %t: %q, %v", allowed, got, err)
		}
	}
}
