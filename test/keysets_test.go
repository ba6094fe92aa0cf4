package test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

const keySets = "beta/trustFramework/keySets"

func TestKeySetsInUseAreNotDeleted(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	e.must(201, "POST", keySets, object{"id": "ApiUser"})
	e.must(201, "POST", keySets, object{"id": "ApiPassword"})
	e.must(201, "POST", keySets, object{"id": "HashSecret"})
	for _, name := range []string{"ApiUser", "ApiPassword", "HashSecret"} {
		e.must(200, "POST", keySets+"/"+name+"/uploadSecret", object{"use": "enc", "k": "first"})
	}
	blocks := `<BuildingBlocks><ClaimsTransformations><ClaimsTransformation Id="H" TransformationMethod="Hash"><InputClaims><InputClaim ClaimTypeReferenceId="displayName" TransformationClaimType="plaintext" /><InputClaim ClaimTypeReferenceId="displayName" TransformationClaimType="salt" /></InputClaims>
		<InputParameters><InputParameter Id="randomizerSecret" DataType="string" Value="hashsecret" /></InputParameters><OutputClaims><OutputClaim ClaimTypeReferenceId="displayName" TransformationClaimType="hash" /></OutputClaims></ClaimsTransformation></ClaimsTransformations></BuildingBlocks>`
	e.own(blocks+restProfile(e.api.server.URL), relyingParty("Called", ""))
	flow := e.flow("susi", "signUpOrSignIn")
	kept := func(method, path string, body any, users ...string) {
		t.Helper()
		status, answer := e.graph(admin, method, path, body)
		text := message(answer)
		for _, user := range users {
			if !strings.Contains(text, user) {
				t.Errorf("%s %s: %s doesn't name %s", method, path, text, user)
			}
		}
		if status != http.StatusBadRequest {
			t.Errorf("%s %s: %d %s", method, path, status, text)
		}
	}
	kept("DELETE", keySets+"/ApiUser", nil, "B2C_1A_TestExtensions")
	kept("DELETE", keySets+"/b2c_1a_APIPASSWORD", nil, "B2C_1A_TestExtensions")
	kept("DELETE", keySets+"('HashSecret')", nil, "B2C_1A_TestExtensions")
	kept("DELETE", keySets+"/B2C_1A_TokenSigningKeyContainer", nil, flow, "B2C_1A_Base")
	kept("PUT", keySets+"/ApiUser", object{"keys": []object{}}, "B2C_1A_TestExtensions")
	kept("PUT", keySets+"/ApiUser", object{}, "B2C_1A_TestExtensions")
	only, _ := e.must(200, "GET", keySets+"/ApiUser/keys_v2", nil)["value"].([]any)
	kept("DELETE", keySets+"/ApiUser/keys_v2/"+only[0].(object)["kid"].(string), nil, "B2C_1A_TestExtensions")
	e.must(200, "PUT", keySets+"/ApiUser", object{"keys": []object{{"kty": "oct", "use": "enc", "k": "c2Vjb25k"}}})
	// Once the policies are gone, the keys can go, too.
	e.must(204, "DELETE", "beta/trustFramework/policies/B2C_1A_Test", nil)
	e.must(204, "DELETE", "beta/trustFramework/policies/B2C_1A_TestExtensions", nil)
	e.must(204, "DELETE", keySets+"/ApiUser", nil)
	e.must(204, "DELETE", keySets+"/HashSecret", nil)
}

func TestADeletedKeySetIsKeptAndRestored(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	secret := func(name string) string {
		b, err := e.srv.Keys.Secret(t.Context(), name)
		if err != nil {
			return ""
		}
		return string(b)
	}
	add := func(text string) {
		t.Helper()
		e.must(201, "POST", keySets, object{"id": "Api"})
		e.must(200, "POST", keySets+"/Api/uploadSecret", object{"use": "sig", "k": text})
	}
	add("first")
	e.must(204, "DELETE", keySets+"/Api", nil)
	e.must(400, "GET", keySets+"/Api", nil)
	if b, _ := json.Marshal(e.must(200, "GET", keySets+"/B2C_1A_Api.bak", nil)); !strings.Contains(string(b), `"id":"B2C_1A_Api.bak"`) || strings.Contains(string(b), "first") {
		t.Errorf("the copy: %s", b)
	}
	// The name is free; deleting what took it replaces the copy.
	add("second")
	if status, body := e.graph(admin, "POST", keySets+"/Api.bak/restore", nil); status != 400 || !strings.HasPrefix(message(body), "AADB2C95028") {
		t.Errorf("restoring over a set: %d %v", status, body)
	}
	e.must(204, "DELETE", keySets+"/b2c_1a_api", nil)
	got := e.must(200, "POST", keySets+"/Api.BAK/restore", nil)
	if got["id"] != "B2C_1A_Api" || secret("Api") != "second" {
		t.Errorf("restored: %v, %q", got, secret("Api"))
	}
	e.must(400, "GET", keySets+"/Api.bak", nil)
	// A restored set is one like others, also after a restart and on another node.
	if err := e.srv.Keys.Reload(t.Context()); err != nil || secret("Api") != "second" {
		t.Errorf("read again: %v, %q", err, secret("Api"))
	}
	e.must(200, "POST", keySets+"/Api/uploadSecret", object{"use": "sig", "k": "third"})
	// A copy that is deleted is gone.
	e.must(204, "DELETE", keySets+"/Api", nil)
	e.must(204, "DELETE", keySets+"/Api.bak", nil)
	e.must(400, "POST", keySets+"/Api.bak/restore", nil)
	e.must(400, "GET", keySets+"/Api.bak.bak", nil)
	add("fourth")
	if status, body := e.graph(admin, "POST", keySets+"/Api/restore", nil); status != 400 || !strings.HasPrefix(message(body), "AADB2C95027") {
		t.Errorf("restoring what is no copy: %d %v", status, body)
	}
	if status, _ := e.graph(admin, "POST", keySets, object{"id": "Other.bak"}); status != 400 {
		t.Errorf("a set with a copy's name: %d", status)
	}
}

func TestSingleKeysAreDisabledAndEnabled(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	policy := e.own(`<BuildingBlocks />`, relyingParty("SignUpOrSignIn", ""))
	const set = keySets + "/B2C_1A_TokenSigningKeyContainer"
	e.must(200, "POST", set+"/generateKey", object{"use": "sig", "kty": "RSA"})
	list, _ := e.must(200, "GET", set+"/keys_v2", nil)["value"].([]any)
	if len(list) != 2 {
		t.Fatalf("%v", list)
	}
	old, added := list[0].(object), list[1].(object)
	if old["status"] != "enabled" || old["kty"] != "RSA" || old["n"] == nil || old["d"] != nil {
		t.Errorf("%v", old)
	}
	kid := added["kid"].(string)
	published := func() (kids string) {
		res, err := e.client(nil).Get(e.base + "/" + tenant + "/" + policy + "/discovery/v2.0/keys")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = res.Body.Close() }()
		var doc struct{ Keys []object }
		if err := json.NewDecoder(res.Body).Decode(&doc); err != nil {
			t.Fatal(err)
		}
		return fmt.Sprint(doc.Keys)
	}
	active := func() any { return e.must(200, "GET", set+"/getActiveKey", nil)["kid"] }
	if active() != kid || !strings.Contains(published(), kid) {
		t.Errorf("active %v, published %s", active(), published())
	}
	e.must(204, "PATCH", set+"/keys_v2/"+kid, object{"status": "disabled"})
	if got := e.must(200, "GET", set+"/keys_v2/"+kid, nil); got["status"] != "disabled" {
		t.Errorf("%v", got)
	}
	if active() != old["kid"] || strings.Contains(published(), kid) {
		t.Errorf("disabled: active %v, published %s", active(), published())
	}
	e.must(204, "PATCH", set+"/keys_v2('"+kid+"')", object{"status": "Enabled"})
	e.must(204, "PATCH", set+"/keys_v2/"+kid, object{})
	if active() != kid || !strings.Contains(published(), kid) {
		t.Errorf("enabled: active %v, published %s", active(), published())
	}
	for _, bad := range []object{{"status": "off"}, {"status": 1}} {
		e.must(400, "PATCH", set+"/keys_v2/"+kid, bad)
	}
	for _, unknown := range []string{strings.ToLower(kid) + "x", "nobody"} {
		e.must(404, "GET", set+"/keys_v2/"+unknown, nil)
		e.must(404, "PATCH", set+"/keys_v2/"+unknown, object{"status": "disabled"})
		e.must(404, "DELETE", set+"/keys_v2/"+unknown, nil)
	}
	e.must(204, "DELETE", set+"/keys_v2/"+kid, nil)
	if list, _ := e.must(200, "GET", set+"/keys_v2", nil)["value"].([]any); len(list) != 1 || active() != old["kid"] {
		t.Errorf("%v", list)
	}
	e.must(400, "GET", keySets+"/missing/keys_v2", nil)
	e.must(404, "GET", "v1.0/trustFramework/keySets/B2C_1A_TokenSigningKeyContainer/keys_v2", nil)
}

// A secret that was removed, or has ended, ends the admin tokens that were got with it.
func TestAdminTokensEndWithTheirSecret(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	id, appID, first := e.app(object{"requiredResourceAccess": []object{{"resourceAppId": "00000003-0000-0000-c000-000000000000",
		"resourceAccess": []object{{"id": "741f803b-c850-494e-b5df-cde7c675a1ca", "type": "Role"}}}}})
	made := e.must(200, "POST", "v1.0/applications/"+id+"/addPassword", object{"passwordCredential": object{"endDateTime": e.clock.now().Add(30 * time.Minute).UTC().Format(time.RFC3339)}})
	token := func(secret string) string {
		t.Helper()
		res, err := e.client(nil).PostForm(e.srv.AdminURL()+"/"+tenant+"/oauth2/v2.0/token", url.Values{"grant_type": {"client_credentials"}, "client_id": {appID}, "client_secret": {secret}, "scope": {"https://graph.microsoft.com/.default"}})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = res.Body.Close() }()
		var answer tokens
		if err := json.NewDecoder(res.Body).Decode(&answer); err != nil || answer.AccessToken == "" {
			t.Fatalf("no token: %d %v", res.StatusCode, err)
		}
		return answer.AccessToken
	}
	call := func(token string) int {
		status, _ := e.graph(token, "GET", "v1.0/users", nil)
		return status
	}
	one, two := token(first), token(made["secretText"].(string))
	if call(one) != 200 || call(two) != 200 {
		t.Fatalf("%d, %d", call(one), call(two))
	}
	credentials, _ := e.must(200, "GET", "v1.0/applications/"+id, nil)["passwordCredentials"].([]any)
	e.must(204, "POST", "v1.0/applications/"+id+"/removePassword", object{"keyId": credentials[0].(object)["keyId"]})
	if call(one) != 401 || call(two) != 200 {
		t.Errorf("the first secret was removed: %d, %d", call(one), call(two))
	}
	e.clock.advance(31 * time.Minute)
	if call(two) != 401 {
		t.Errorf("the second secret has ended: %d", call(two))
	}
}

// Who may not act as an application, by its secret, may not take its secrets or itself away.
func TestStrongerApplicationsAreNotTakenAway(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	role := func(ids ...string) object {
		var access []object
		for _, id := range ids {
			access = append(access, object{"id": id, "type": "Role"})
		}
		return object{"requiredResourceAccess": []object{{"resourceAppId": "00000003-0000-0000-c000-000000000000", "resourceAccess": access}}}
	}
	const applications, users = "1bfefb4e-e0b5-418b-a88f-73c46d2cc8e9", "741f803b-c850-494e-b5df-cde7c675a1ca"
	_, weakID, weakSecret := e.app(role(applications))
	strong, _, _ := e.app(role(applications, users))
	equal, _, _ := e.app(role(applications))
	res, err := e.client(nil).PostForm(e.srv.AdminURL()+"/"+tenant+"/oauth2/v2.0/token", url.Values{"grant_type": {"client_credentials"}, "client_id": {weakID}, "client_secret": {weakSecret}, "scope": {"https://graph.microsoft.com/.default"}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	var weak tokens
	if err := json.NewDecoder(res.Body).Decode(&weak); err != nil {
		t.Fatal(err)
	}
	keyID := func(id string) any {
		list, _ := e.must(200, "GET", "v1.0/applications/"+id, nil)["passwordCredentials"].([]any)
		return list[0].(object)["keyId"]
	}
	for what, status := range map[string]int{strong: 403, equal: 204} {
		remove := object{"keyId": keyID(what)}
		if got, body := e.graph(weak.AccessToken, "POST", "v1.0/applications/"+what+"/removePassword", remove); got != status {
			t.Errorf("removePassword: %d %v, want %d", got, body, status)
		}
		if got, body := e.graph(weak.AccessToken, "DELETE", "v1.0/applications/"+what, nil); got != status {
			t.Errorf("DELETE: %d %v, want %d", got, body, status)
		}
	}
}
