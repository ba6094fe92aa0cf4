package test

import (
	"encoding/base64"
	"io"
	"net/http"
	"strings"
	"testing"
)

// raw calls the admin API with a body as it is, and returns the answer's.
func (e *env) raw(method, path, body string) (status int, answer string) {
	e.t.Helper()
	req, err := http.NewRequest(method, e.srv.AdminURL()+"/graph/"+path, strings.NewReader(body))
	if err != nil {
		e.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+admin)
	res, err := e.client(nil).Do(req)
	if err != nil {
		e.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		e.t.Fatal(err)
	}
	return res.StatusCode, string(b)
}

// What looks like a trailing comma in a text is none: passwords and secrets are kept as
// they were sent.
func TestTextsOfTheAdminAPIAreKeptAsTheyWereSent(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	policy := e.own(passwordPolicy("Directory-Read", "Token-JWT", "Session-None"), relyingParty("ResourceOwnerPasswordCredentials", "", "displayName"))
	native := e.native()
	e.must(201, "POST", "v1.0/users", object{"displayName": "Ada ,]", "passwordProfile": object{"password": "Secret1,]x"},
		"identities": []object{{"signInType": "emailAddress", "issuer": tenant, "issuerAssignedId": "ada@example.com"}}})
	signIn := func(password string) tokens {
		return e.token(policy, passwordForm(native, map[string]string{"username": "ada@example.com", "password": password}))
	}
	got := signIn("Secret1,]x")
	if got.status != http.StatusOK {
		t.Fatalf("the right password: %d %v", got.status, got.raw)
	}
	if _, payload := decode(t, got.IDToken); payload["name"] != "Ada ,]" {
		t.Errorf("name: %v", payload)
	}
	if got := signIn("Secret1]x"); got.status == http.StatusOK {
		t.Error("a password without its comma signs in")
	}

	e.must(201, "POST", "beta/trustFramework/keySets", object{"id": "Api"})
	if status, _ := e.raw("POST", "beta/trustFramework/keySets/Api/uploadSecret", `{"use":"sig","k":" a,}b ",}`); status != http.StatusOK {
		t.Errorf("a trailing comma: %d", status)
	}
	if status, _ := e.raw("POST", "beta/trustFramework/keySets/Api/uploadSecret", `{"use":"sig","k":"a"/* secret */}`); status != http.StatusBadRequest {
		t.Errorf("a comment: %d", status)
	}
	if secret, err := e.srv.Keys.Secret(t.Context(), "Api"); err != nil || string(secret) != " a,}b " {
		t.Errorf("secret %q, %v", secret, err)
	}

	made := e.must(201, "POST", "beta/identity/apiConnectors", object{"displayName": "x", "targetUrl": e.api.server.URL,
		"authenticationConfiguration": object{"@odata.type": "#microsoft.graph.basicAuthentication", "username": "u", "password": "p,}w"}})
	e.api.take()
	e.must(200, "POST", "beta/identity/apiConnectors/"+made["id"].(string)+"/probe", object{"step": "preTokenIssuance"})
	calls := e.api.take()
	if want := "Basic " + base64.StdEncoding.EncodeToString([]byte("u:p,}w")); len(calls) != 1 || calls[0].Header.Get("Authorization") != want {
		t.Errorf("the API was called with %v, want %s", calls, want)
	}
}

// Numbers keep all their digits.
func TestNumbersOfTheAdminAPIAreKeptAsTheyWereSent(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	level := e.attribute("Level", "int64")
	user, _ := e.must(201, "POST", "v1.0/users", object{"displayName": "Ada", "passwordProfile": object{"password": "Secret1,]x"},
		"identities": []object{{"signInType": "emailAddress", "issuer": tenant, "issuerAssignedId": "ada@example.com"}}})["id"].(string)
	for sent, want := range map[string]string{"9007199254740993": "9007199254740993", "-9223372036854775808": "-9223372036854775808", "5.0": "5", "1e3": "1000", "5.5": "", "1e300": "", "9223372036854775808": ""} {
		status, _ := e.raw("PATCH", "v1.0/users/"+user, `{"`+level+`":`+sent+`}`)
		if good := status == http.StatusNoContent; good != (want != "") {
			t.Errorf("%s: %d", sent, status)
		}
		if want == "" {
			continue
		}
		if _, shown := e.raw("GET", "v1.0/users/"+user+"?$select="+level, ""); !strings.Contains(shown, `"`+level+`":`+want) {
			t.Errorf("%s became %s", sent, shown)
		}
	}
	_, app, _ := e.app(object{"notes": "n"})
	at := "v1.0/applications(appId='" + app + "')"
	if status, _ := e.raw("PATCH", at, `{"custom":{"big":12345678901234567890,"small":1.10},"count":7}`); status != http.StatusNoContent {
		t.Errorf("application: %d", status)
	}
	if _, shown := e.raw("GET", at, ""); !strings.Contains(shown, `"big":12345678901234567890`) || !strings.Contains(shown, `"small":1.10`) {
		t.Errorf("application: %s", shown)
	}
	if got := e.must(200, "GET", "v1.0/applications?$filter=count%20eq%207", nil); len(got["value"].([]any)) != 1 {
		t.Errorf("found by a number: %v", got)
	}
}

// The same holds for the secrets of RESTful technical profiles, whose blanks were taken off.
func TestSecretsReachAnAPIWithTheirBlanks(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	for name, secret := range map[string]string{"ApiUser": "user", "ApiPassword": " pass word \n"} {
		e.must(201, "POST", "beta/trustFramework/keySets", object{"id": name})
		e.must(200, "POST", "beta/trustFramework/keySets/"+name+"/uploadSecret", object{"use": "enc", "k": secret})
	}
	policy := e.own(restProfile(e.api.server.URL), relyingParty("Called", ""))
	e.api.take()
	u := e.user()
	u.authorize(policy, nil)
	if u.result().Get("code") == "" {
		t.Fatalf("%v", u.result())
	}
	calls := e.api.take()
	if want := "Basic " + base64.StdEncoding.EncodeToString([]byte("user: pass word ")); len(calls) != 1 || calls[0].Header.Get("Authorization") != want {
		t.Errorf("the API was called with %v, want %s", calls, want)
	}
}

// restProfile is a journey Called that calls an API with Basic authentication.
func restProfile(address string) string {
	return `<ClaimsProviders><ClaimsProvider><DisplayName>t</DisplayName><TechnicalProfiles><TechnicalProfile Id="REST-Call"><DisplayName>c</DisplayName>
	<Protocol Name="Proprietary" Handler="Web.TPEngine.Providers.RestfulProvider, Web.TPEngine, Version=1.0.0.0, Culture=neutral, PublicKeyToken=null" />
	<Metadata><Item Key="ServiceUrl">` + address + `</Item><Item Key="AuthenticationType">Basic</Item><Item Key="SendClaimsIn">Body</Item></Metadata>
	<CryptographicKeys><Key Id="BasicAuthenticationUsername" StorageReferenceId="B2C_1A_ApiUser" /><Key Id="BasicAuthenticationPassword" StorageReferenceId="B2C_1A_ApiPassword" /></CryptographicKeys>
	<OutputClaims><OutputClaim ClaimTypeReferenceId="displayName" PartnerClaimType="balance" /></OutputClaims></TechnicalProfile></TechnicalProfiles></ClaimsProvider></ClaimsProviders>
	<UserJourneys><UserJourney Id="Called"><OrchestrationSteps>` + step(1, "REST-Call", "") + `<OrchestrationStep Order="2" ` + sendClaims + `</OrchestrationSteps></UserJourney></UserJourneys>`
}
