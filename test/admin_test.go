package test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// graph calls the admin API with a bearer token; it returns status and body.
func (e *env) graph(bearer, method, path string, body any) (int, map[string]any) {
	e.t.Helper()
	var reader io.Reader
	contentType := "application/json"
	switch b := body.(type) {
	case nil:
	case string:
		reader, contentType = strings.NewReader(b), "application/xml"
	default:
		j, err := json.Marshal(b)
		if err != nil {
			e.t.Fatal(err)
		}
		reader = bytes.NewReader(j)
	}
	req, err := http.NewRequest(method, e.srv.AdminURL()+"/graph/"+path, reader)
	if err != nil {
		e.t.Fatal(err)
	}
	req.Header.Set("Content-Type", contentType)
	if bearer != "" {
		req.Header.Set("Authorization", "Bearer "+bearer)
	}
	res, err := e.client(nil).Do(req)
	if err != nil {
		e.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		e.t.Fatal(err)
	}
	var out map[string]any
	if json.Unmarshal(text, &out) != nil {
		out = map[string]any{"body": string(text)}
	}
	return res.StatusCode, out
}

// message is the error's code and message.
func message(body map[string]any) string {
	e, _ := body["error"].(map[string]any)
	return fmt.Sprint(e["code"], ": ", e["message"])
}

type object = map[string]any

func TestPoliciesOverTheAdminAPI(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	files := enriched(t, e.api.server.URL+"/api/GetProfile")
	const admin = "admin-token"
	if status, body := e.graph("", "GET", "beta/trustFramework/policies", nil); status != 401 || !strings.HasPrefix(message(body), "InvalidAuthenticationToken") {
		t.Errorf("without token: %d %v", status, body)
	}
	if status, body := e.graph(admin, "PUT", "beta/trustFramework/policies/B2C_1A_TrustFrameworkExtensions/$value", files["TrustFrameworkExtensions"]); status != 400 ||
		!strings.Contains(message(body), `AADB2C: Validation failed: 1 validation error(s) found in policy "B2C_1A_TRUSTFRAMEWORKEXTENSIONS" of tenant "contoso.onmicrosoft.com".`) {
		t.Errorf("without its base: %d %v", status, body)
	}
	for i, name := range []string{"B2C_1A_TrustFrameworkBase", "B2C_1A_TrustFrameworkLocalization", "B2C_1A_TrustFrameworkExtensions", "B2C_1A_signup_signin", "B2C_1A_ProfileEdit", "B2C_1A_PasswordReset"} {
		status, body := e.graph(admin, "PUT", "beta/trustframework/policies/"+strings.ToUpper(name)+"/$value", files[uploadOrder[i]])
		if status != 201 || !strings.Contains(fmt.Sprint(body["body"]), `TenantObjectId="`+e.srv.TenantID+`"`) {
			t.Fatalf("%s: %d %v", name, status, body)
		}
	}
	if status, _ := e.graph(admin, "PUT", "beta/trustFramework/policies('B2C_1A_signup_signin')/%24value", files["SignUpOrSignin"]); status != 200 {
		t.Errorf("replacing: %d", status)
	}
	if status, body := e.graph(admin, "POST", "beta/trustFramework/policies", files["SignUpOrSignin"]); status != 409 {
		t.Errorf("creating again: %d %v", status, body)
	}
	broken := strings.Replace(files["SignUpOrSignin"], `ClaimTypeReferenceId="displayName"`, `ClaimTypeReferenceId="displayNme"`, 1)
	status, body := e.graph(admin, "PUT", "beta/trustFramework/policies/B2C_1A_signup_signin/$value", broken)
	details, _ := body["error"].(object)["details"].([]any)
	var found object
	for _, d := range details {
		if d := d.(object); d["severity"] == "error" {
			found = d
		}
	}
	line := 1 + strings.Count(broken[:strings.Index(broken, "displayNme")], "\n")
	if status != 400 || found["code"] != "JM2101" || found["line"] != float64(line) || !strings.Contains(fmt.Sprint(found["hint"]), "displayName") {
		t.Errorf("a misspelt claim: %d %v", status, body)
	}
	if status, body := e.graph(admin, "PUT", "beta/trustFramework/policies/B2C_1A_other/$value", files["SignUpOrSignin"]); status != 400 {
		t.Errorf("another id: %d %v", status, body)
	}
	if status, body := e.graph(admin, "DELETE", "beta/trustFramework/policies/B2C_1A_TrustFrameworkBase", nil); status != 400 || !strings.Contains(message(body), "inherits from it") {
		t.Errorf("deleting a base: %d %v", status, body)
	}
	_, body = e.graph(admin, "GET", "beta/trustFramework/policies", nil)
	if list, _ := body["value"].([]any); len(list) != 6 {
		t.Errorf("list: %v", body)
	}
	if status, _ := e.graph(admin, "DELETE", "beta/trustFramework/policies/B2C_1A_ProfileEdit", nil); status != 204 {
		t.Errorf("deleting: %d", status)
	}
	if status, body := e.graph(admin, "GET", "beta/trustFramework/policies/B2C_1A_ProfileEdit", nil); status != 404 {
		t.Errorf("deleted: %d %v", status, body)
	}
	e.user().signUp(signUpSignIn, "emily@example.com")
}

func TestKeySetsOverTheAdminAPI(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	const admin, sets = "admin-token", "beta/trustFramework/keySets"
	steps := []struct {
		method, path string
		body         any
		status       int
		want         string
	}{
		{"POST", sets, object{"id": "RestApiKey"}, 201, `"id":"B2C_1A_RestApiKey"`},
		{"POST", sets, object{"id": "B2C_1A_restapikey"}, 400, "AADB2C95028"},
		{"GET", sets + "/missing", nil, 400, "AADB2C95024"},
		{"GET", sets + "/B2C_1A_RestApiKey/getActiveKey", nil, 400, "no active key"},
		{"POST", sets + "/RestApiKey/uploadSecret", object{"use": "sig", "k": "s3cret", "nbf": "1600000000"}, 200, `"kty":"oct"`},
		{"POST", sets + "/RestApiKey/generateKey", object{"use": "sig", "kty": "RSA"}, 400, "AADB2C95032"},
		{"POST", sets + "/RestApiKey/generateKey", object{"use": "sig", "kty": "EC"}, 400, "AADB2C95031"},
		{"POST", sets + "/RestApiKey/generateKey", object{"use": "sig"}, 400, "AADB2C95030"},
		{"GET", sets + "('RestApiKey')/getActiveKey", nil, 200, `"nbf":1600000000`},
		{"PUT", sets + "/RestApiKey", object{"keys": []object{{"kty": "oct", "use": "enc", "k": "c2VjcmV0"}}}, 200, `"use":"enc"`},
		{"PUT", sets + "/RestApiKey", object{"keys": []object{{"kty": "oct", "kid": "x", "k": "c2VjcmV0"}}}, 400, "AADB2C95059"},
		{"POST", sets, object{"id": "Signing"}, 201, ""},
		{"POST", sets + "/Signing/generateKey", object{"use": "sig", "kty": "rsa"}, 200, `"n":"`},
		{"POST", sets + "/Signing/uploadPkcs12", object{"key": "AAAA", "password": ""}, 400, "AADB2C95024"},
		{"POST", sets + "/Signing/uploadCertificate", object{"key": base64.StdEncoding.EncodeToString(e.api.server.Certificate().Raw)}, 200, `"x5c":`},
		{"DELETE", sets + "/RestApiKey", nil, 204, ""},
		{"GET", sets + "/RestApiKey", nil, 400, "AADB2C95024"},
		{"GET", "v1.0/trustFramework/keySets", nil, 404, ""},
	}
	for _, s := range steps {
		status, body := e.graph(admin, s.method, s.path, s.body)
		text, _ := json.Marshal(body)
		if status != s.status || !strings.Contains(string(text), s.want) {
			t.Errorf("%s %s: %d %s, want %d %s", s.method, s.path, status, text, s.status, s.want)
		}
		for _, secret := range []string{"s3cret", "c2VjcmV0", `"d":`, `"private"`} {
			if strings.Contains(string(text), secret) {
				t.Errorf("%s %s shows a secret: %s", s.method, s.path, text)
			}
		}
	}
}

func TestUsersOverTheAdminAPI(t *testing.T) {
	t.Parallel()
	users(t, start(t, nil))
}

func users(t *testing.T, e *env) {
	t.Helper()
	e.upload(enriched(t, e.api.server.URL))
	const admin = "admin-token"
	user := func(address string) object {
		return object{"displayName": "Ada", "givenName": "Ada", "surname": "L", "identities": []object{{"signInType": "emailAddress", "issuer": tenant, "issuerAssignedId": address}},
			"passwordProfile": object{"password": password, "forceChangePasswordNextSignIn": false}, "passwordPolicies": "DisablePasswordExpiration", "city": nil,
			"extension_" + e.srv.ExtensionsApp + "_points": 7}
	}
	status, body := e.graph(admin, "POST", "v1.0/users", user("ada@example.com"))
	id, _ := body["id"].(string)
	if status != 201 || id == "" {
		t.Fatalf("create: %d %v", status, body)
	}
	if status, body := e.graph(admin, "POST", "v1.0/users", user("ADA@example.com")); status != 400 || !strings.HasPrefix(message(body), "Request_BadRequest: Another object") {
		t.Errorf("the same address: %d %v", status, body)
	}
	weak := user("weak@example.com")
	weak["passwordProfile"] = object{"password": "short"}
	if status, _ := e.graph(admin, "POST", "v1.0/users", weak); status != 400 {
		t.Errorf("a weak password: %d", status)
	}
	// The user signs in with what the API wrote.
	u := e.user()
	u.authorize(signUpSignIn, nil)
	u.pass(map[string]string{"signInName": "ada@example.com", "password": password})
	if _, payload := decode(t, u.redeem(signUpSignIn).IDToken); payload["sub"] != id || payload["name"] != "Ada" {
		t.Errorf("payload = %v", payload)
	}
	filters := []struct {
		filter string
		want   int
	}{
		{"identities/any(c:c/issuerAssignedId eq 'ada@example.com' and c/issuer eq '" + tenant + "')", 1},
		{"identities/any(c:c/issuerAssignedId eq 'ADA@example.com' and c/issuer eq 'other')", 1},
		{"identities/any(c:c/issuerAssignedId eq 'bob@example.com' and c/issuer eq '" + tenant + "')", 0},
		{"id eq '" + id + "'", 1},
		{"startswith(displayName,'A')", 1},
		{"displayName eq 'Bob'", 0},
		{"extension_" + e.srv.ExtensionsApp + "_points eq 7", 1},
		{"accountEnabled eq true and surname eq 'L'", 1},
	}
	for _, f := range filters {
		status, body := e.graph(admin, "GET", "v1.0/users?$filter="+url.QueryEscape(f.filter), nil)
		if list, _ := body["value"].([]any); status != 200 || len(list) != f.want {
			t.Errorf("%s: %d %v", f.filter, status, body)
		}
	}
	for _, bad := range []string{"displayName eq", "foo(", "identities/any(", "1", "displayName add 'x'"} {
		if status, body := e.graph(admin, "GET", "v1.0/users?$filter="+url.QueryEscape(bad), nil); status != 400 {
			t.Errorf("%s: %d %v", bad, status, body)
		}
	}
	_, body = e.graph(admin, "GET", "v1.0/users/"+id+"?$select=id,identities,city", nil)
	if len(body) != 4 || body["passwordProfile"] != nil {
		t.Errorf("$select: %v", body)
	}
	for i := range 4 {
		extra := user("")
		extra["identities"] = []object{{"signInType": "federated", "issuer": "facebook.com", "issuerAssignedId": fmt.Sprint(i)}}
		delete(extra, "passwordProfile")
		if status, body := e.graph(admin, "POST", "v1.0/users", extra); status != 201 {
			t.Errorf("a federated user: %d %v", status, body)
		}
	}
	seen := 0
	next := "v1.0/users?$top=2"
	for next != "" {
		_, body := e.graph(admin, "GET", next, nil)
		list, _ := body["value"].([]any)
		seen += len(list)
		link, _ := body["@odata.nextLink"].(string)
		_, next, _ = strings.Cut(link, "/graph/")
	}
	_, all := e.graph(admin, "GET", "v1.0/users", nil)
	if list, _ := all["value"].([]any); seen != len(list) || seen != 5 {
		t.Errorf("paging saw %d of %d", seen, len(list))
	}
	if status, _ := e.graph(admin, "PATCH", "v1.0/users/"+id, object{"displayName": "Ada Lovelace", "accountEnabled": false}); status != 204 {
		t.Errorf("patch: %d", status)
	}
	u = e.user()
	u.authorize(signUpSignIn, nil)
	if r := u.submit(map[string]string{"signInName": "ada@example.com", "password": password}); r.ErrorCode != "AADB2C90111" {
		t.Errorf("a disabled account: %+v", r)
	}
	if status, _ := e.graph(admin, "DELETE", "v1.0/users/"+id, nil); status != 204 {
		t.Errorf("delete: %d", status)
	}
	if status, body := e.graph(admin, "GET", "v1.0/users/"+id, nil); status != 404 || !strings.HasPrefix(message(body), "Request_ResourceNotFound") {
		t.Errorf("deleted: %d %v", status, body)
	}
}

func TestApplicationsAndTheirRights(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	const admin = "admin-token"
	access := func(ids ...string) []object {
		var list []object
		for _, id := range ids {
			list = append(list, object{"id": id, "type": "Role"})
		}
		return []object{{"resourceAppId": "00000003-0000-0000-c000-000000000000", "resourceAccess": list}}
	}
	const writeApps, writePolicies = "1bfefb4e-e0b5-418b-a88f-73c46d2cc8e9", "79a677f7-b79d-40d0-a36a-3e6f8688dd7a"
	status, body := e.graph(admin, "POST", "v1.0/applications", object{"displayName": "Pipeline", "web": object{"redirectUris": []string{"https://app.example/"}}, "requiredResourceAccess": access(writeApps)})
	if status != 201 {
		t.Fatalf("create: %d %v", status, body)
	}
	id, _ := body["id"].(string)
	appID, _ := body["appId"].(string)
	status, body = e.graph(admin, "POST", "v1.0/applications/"+id+"/addPassword", object{"passwordCredential": object{"displayName": "ci"}})
	secret, _ := body["secretText"].(string)
	if status != 200 || len(secret) < 40 {
		t.Fatalf("addPassword: %d %v", status, body)
	}
	signIn := func(secret string) (int, map[string]any) {
		res, err := e.client(nil).PostForm(e.srv.AdminURL()+"/"+tenant+"/oauth2/v2.0/token", url.Values{"grant_type": {"client_credentials"}, "client_id": {appID}, "client_secret": {secret}, "scope": {"https://graph.microsoft.com/.default"}})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = res.Body.Close() }()
		var out map[string]any
		if err := json.NewDecoder(res.Body).Decode(&out); err != nil {
			t.Fatal(err)
		}
		return res.StatusCode, out
	}
	if status, body := signIn("wrong"); status != 401 || body["error"] != "invalid_client" {
		t.Errorf("wrong secret: %d %v", status, body)
	}
	_, body = signIn(secret)
	bearer, _ := body["access_token"].(string)
	if _, payload := decode(t, bearer); fmt.Sprint(payload["roles"]) != "[Application.ReadWrite.All]" || payload["aud"] != "https://graph.microsoft.com" {
		t.Errorf("admin token: %v", payload)
	}
	if status, _ := e.graph(bearer, "GET", "v1.0/applications(appId='"+appID+"')", nil); status != 200 {
		t.Errorf("own registration: %d", status)
	}
	if status, body := e.graph(bearer, "GET", "beta/trustFramework/policies", nil); status != 403 || !strings.HasPrefix(message(body), "Authorization_RequestDenied") {
		t.Errorf("a right that it lacks: %d %v", status, body)
	}
	if status, _ := e.graph(bearer, "PATCH", "v1.0/applications/"+id, object{"requiredResourceAccess": access(writeApps, writePolicies)}); status != 403 {
		t.Errorf("an application gave itself a right: %d", status)
	}
	for _, uri := range []string{"http://evil.example/", "https://*.example/", "javascript:alert(1)", "https://a.example/#x", "relative"} {
		if status, body := e.graph(admin, "PATCH", "v1.0/applications/"+id, object{"web": object{"redirectUris": []string{uri}}}); status != 400 {
			t.Errorf("redirect URI %s: %d %v", uri, status, body)
		}
	}
	if status, body := e.graph(admin, "GET", "v1.0/applications?$filter="+url.QueryEscape("startswith(displayName,'b2c-extensions-app')"), nil); status != 200 || len(body["value"].([]any)) != 1 {
		t.Errorf("the extensions app: %d %v", status, body)
	}
	if status, _ := e.graph(admin, "DELETE", "v1.0/applications/"+id, nil); status != 204 {
		t.Errorf("delete: %d", status)
	}
	if status, _ := e.graph(bearer, "GET", "v1.0/applications", nil); status != 401 {
		t.Errorf("the token of a deleted application: %d", status)
	}
	// A policy's token never opens the admin API.
	e.upload(enriched(t, e.api.server.URL))
	u := e.user()
	u.signUp(signUpSignIn, "emily@example.com")
	u.authorize(signUpSignIn, nil)
	if status, _ := e.graph(u.redeem(signUpSignIn).IDToken, "GET", "v1.0/users", nil); status != 401 {
		t.Errorf("a user's token: %d", status)
	}
}
