package test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// ids are those of a list.
func ids(body map[string]any) []string {
	out := []string{}
	for _, v := range body["value"].([]any) {
		out = append(out, v.(map[string]any)["id"].(string))
	}
	return out
}

// without drops what differs from run to run.
func without(m map[string]any, names ...string) map[string]any {
	for _, name := range append(names, "@odata.context") {
		delete(m, name)
	}
	return m
}

func TestUserFlowsOverTheAdminAPI(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	made := e.must(201, "POST", flows, object{"id": "Customer", "userFlowType": "signUpOrSignIn", "userFlowTypeVersion": 3})
	want := map[string]any{"id": "B2C_1_Customer", "userFlowType": "signUpOrSignIn", "userFlowTypeVersion": float64(3), "isLanguageCustomizationEnabled": false,
		"defaultLanguageTag": "en", "apiConnectorConfiguration": map[string]any{}}
	if diff := cmp.Diff(want, without(made)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(want, without(e.must(200, "GET", "beta/Identity/B2CUserFlows('b2c_1_CUSTOMER')/", nil))); diff != "" {
		t.Error(diff)
	}
	for _, bad := range []struct {
		body   object
		status int
		text   string
	}{
		{object{"id": "Customer", "userFlowType": "signUpOrSignIn"}, 409, "exists already"},
		{object{"id": "x y", "userFlowType": "signUp"}, 400, "letters, digits"},
		{object{"id": "A_x", "userFlowType": "signUp"}, 400, "custom policy"},
		{object{"id": "x", "userFlowType": "other"}, 400, "userFlowType must be one of"},
		{object{"id": "x", "userFlowType": "signUp", "identityProviders": []object{{"id": "Nobody"}}}, 400, "no identity provider"},
		{object{"id": "x", "userFlowType": "passwordReset", "apiConnectorConfiguration": object{"postAttributeCollection": object{"@odata.id": "x/apiConnectors/none"}}}, 404, "no API connector"},
	} {
		if status, body := e.graph(admin, "POST", flows, bad.body); status != bad.status || !strings.Contains(message(body), bad.text) {
			t.Errorf("%v: %d %s", bad.body, status, message(body))
		}
	}
	e.must(404, "GET", flows+"/B2C_1_none", nil)
	if status, _ := e.graph(admin, "GET", "v1.0/identity/b2cUserFlows", nil); status != 404 {
		t.Errorf("v1.0 has user flows: %d", status)
	}
	if status, body := e.graph(admin, "PATCH", flows+"/B2C_1_Customer", object{"userFlowType": "signIn"}); status != 400 {
		t.Errorf("the type was changed: %d %v", status, body)
	}

	// Connectors of the steps.
	id := e.connector("https://api.example/?code=abc")
	e.bind("B2C_1_Customer", "postFederationSignup", id)
	got := e.must(200, "GET", flows+"/B2C_1_Customer/apiConnectorConfiguration?$expand=postFederationSignup,postAttributeCollection", nil)
	if got["postFederationSignup"].(map[string]any)["id"] != id || got["postAttributeCollection"] != nil {
		t.Errorf("%v", got)
	}
	e.must(204, "PUT", flows+"/B2C_1_Customer/apiConnectorConfiguration/postFederationSignup/$ref", object{})
	if got := e.must(200, "GET", flows+"/B2C_1_Customer/apiConnectorConfiguration?$expand=postFederationSignup", nil); got["postFederationSignup"] != nil {
		t.Errorf("%v", got)
	}
	edit := e.flow("edit", "profileUpdate")
	if status, body := e.graph(admin, "PUT", flows+"/"+edit+"/apiConnectorConfiguration/preTokenIssuance/$ref", object{"@odata.id": "x/apiConnectors/" + id}); status != 400 || !strings.Contains(message(body), "no step") {
		t.Errorf("a step of profile editing: %d %v", status, body)
	}

	// Attributes, their order.
	level := e.attribute("Level", "String")
	if level != "extension_"+e.srv.ExtensionsApp+"_Level" {
		t.Errorf("id %q", level)
	}
	e.must(409, "POST", "beta/identity/userFlowAttributes", object{"displayName": "level", "dataType": "string"})
	e.must(400, "POST", "beta/identity/userFlowAttributes", object{"displayName": "Tags", "dataType": "stringCollection"})
	e.must(400, "POST", "beta/identity/userFlowAttributes", object{"displayName": "1st", "dataType": "string"})
	e.must(204, "PATCH", "beta/identity/userFlowAttributes/"+level, object{"description": "The level"})
	e.must(400, "PATCH", "beta/identity/userFlowAttributes/City", object{"description": "x"})
	if list := e.must(200, "GET", "v1.0/identity/userFlowAttributes?$filter="+url.QueryEscape("displayName eq 'Level'"), nil)["value"].([]any); len(list) != 1 || list[0].(map[string]any)["description"] != "The level" || list[0].(map[string]any)["dataType"] != "string" {
		t.Errorf("%v", list)
	}
	for _, a := range []string{"City", level, "displayName"} {
		e.assign("B2C_1_Customer", a, nil)
	}
	e.must(409, "POST", flows+"/B2C_1_Customer/userAttributeAssignments", object{"userAttribute": object{"id": "city"}})
	e.must(400, "POST", flows+"/B2C_1_Customer/userAttributeAssignments", object{"userAttribute": object{"id": "Country"}, "userInputType": "dropdownSingleSelect"})
	e.must(204, "PATCH", flows+"/B2C_1_Customer/userAttributeAssignments/City", object{"userInputType": "RadioSingleSelect", "userAttributeValues": []object{{"name": "Oslo", "value": "o", "isDefault": true}}})
	e.must(204, "POST", flows+"/B2C_1_Customer/userAttributeAssignments/setOrder", object{"newAssignmentOrder": object{"order": []string{"displayName", level, "City"}}})
	e.must(400, "POST", flows+"/B2C_1_Customer/userAttributeAssignments/setOrder", object{"newAssignmentOrder": object{"order": []string{"City", "City", "City"}}})
	if diff := cmp.Diff([]any{"DisplayName", level, "City"}, e.must(200, "GET", flows+"/B2C_1_Customer/userAttributeAssignments/getOrder", nil)["order"]); diff != "" {
		t.Error(diff)
	}
	list := e.must(200, "GET", flows+"/B2C_1_Customer/userAttributeAssignments?$expand=userAttribute", nil)["value"].([]any)
	city := list[2].(map[string]any)
	if diff := cmp.Diff([]any{map[string]any{"name": "Oslo", "value": "o", "isDefault": true}}, city["userAttributeValues"]); diff != "" || city["userInputType"] != "radioSingleSelect" || city["userAttribute"].(map[string]any)["userFlowAttributeType"] != "builtIn" {
		t.Errorf("%v", city)
	}
	if status, body := e.graph(admin, "DELETE", "beta/identity/userFlowAttributes/"+level, nil); status != 400 || !strings.Contains(message(body), "B2C_1_Customer") {
		t.Errorf("an attribute in use: %d %v", status, body)
	}
	e.must(204, "DELETE", flows+"/B2C_1_Customer/userAttributeAssignments/"+level, nil)
	e.must(204, "DELETE", "beta/identity/userFlowAttributes/"+level, nil)
	e.must(204, "DELETE", flows+"/"+edit, nil)
	if diff := cmp.Diff([]string{"B2C_1_Customer"}, ids(e.must(200, "GET", flows, nil))); diff != "" {
		t.Error(diff)
	}
}

func TestAPIConnectorsOverTheAdminAPI(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	const path = "v1.0/identity/apiConnectors"
	basic := func(user, password string) object {
		return object{"@odata.type": "#microsoft.graph.basicAuthentication", "username": user, "password": password}
	}
	for _, bad := range []object{
		{"displayName": "x", "targetUrl": "https://api.example/"}, {"displayName": "x", "targetUrl": "http://api.example/", "authenticationConfiguration": basic("u", "p")},
		{"displayName": "x", "targetUrl": "https://api.example/", "authenticationConfiguration": basic("u", "")}, {"displayName": "", "targetUrl": "https://api.example/", "authenticationConfiguration": basic("u", "p")},
		{"displayName": "x", "targetUrl": "https://api.example/", "authenticationConfiguration": object{"@odata.type": "#microsoft.graph.pkcs12Certificate", "pkcs12Value": "nonsense", "password": ""}},
		{"displayName": "x", "targetUrl": "https://api.example/", "authenticationConfiguration": object{"@odata.type": "#microsoft.graph.other"}},
	} {
		if status, body := e.graph(admin, "POST", path, bad); status != 400 || !strings.HasPrefix(message(body), "AADB2C") {
			t.Errorf("%v: %d %v", bad, status, body)
		}
	}
	made := e.must(201, "POST", path, object{"displayName": "Orders", "targetUrl": "https://api.example/a?code=b", "authenticationConfiguration": basic("u", "top-secret")})
	id := made["id"].(string)
	want := map[string]any{"id": id, "displayName": "Orders", "targetUrl": "https://api.example/a?code=b",
		"authenticationConfiguration": map[string]any{"@odata.type": "#microsoft.graph.basicAuthentication", "username": "u", "password": "******"}}
	if diff := cmp.Diff(want, without(made)); diff != "" {
		t.Error(diff)
	}
	// What was read, sent back, keeps the password.
	e.must(204, "PATCH", path+"/"+id, object{"displayName": "New", "authenticationConfiguration": made["authenticationConfiguration"]})
	have, err := e.srv.Connectors.Get(id)
	if err != nil || have.DisplayName != "New" || have.Auth.Password != "top-secret" {
		t.Errorf("%+v %v", have, err)
	}
	set := without(e.must(200, "GET", path+"/"+id+"/settings", nil))
	if diff := cmp.Diff(map[string]any{"contract": "apiConnector", "strict": false, "timeoutSeconds": float64(0), "attempts": float64(0), "cache": map[string]any{"timeToLiveSeconds": float64(0)},
		"circuitBreaker": map[string]any{"failures": float64(0), "openSeconds": float64(0)}, "hedging": map[string]any{"afterMilliseconds": float64(0)}, "maxConcurrent": float64(0)}, set); diff != "" {
		t.Error(diff)
	}
	e.must(204, "PATCH", path+"/"+id+"/settings", object{"cache": object{"timeToLiveSeconds": 60}, "circuitBreaker": object{"failures": 5}})
	if have, _ := e.srv.Connectors.Get(id); have.Settings.CacheFor.Seconds() != 60 || have.Settings.BreakAfter != 5 {
		t.Errorf("%+v", have.Settings)
	}
	for _, bad := range []object{{"contract": "other"}, {"attempts": 9}, {"retries": 1}, {"attempts": "two"}} {
		e.must(400, "PATCH", path+"/"+id+"/settings", bad)
	}
	e.must(404, "GET", path+"/none", nil)
	e.must(204, "DELETE", path+"/"+id, nil)
	if list := ids(e.must(200, "GET", path, nil)); len(list) != 0 {
		t.Errorf("%v", list)
	}
	for i := range 20 {
		e.must(201, "POST", path, object{"displayName": fmt.Sprint(i), "targetUrl": "https://api.example/", "authenticationConfiguration": basic("u", "p")})
	}
	e.must(400, "POST", path, object{"displayName": "21st", "targetUrl": "https://api.example/", "authenticationConfiguration": basic("u", "p")})
}

func TestAdminChangesAreRecorded(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	e.flow("one", "signUp")
	e.must(404, "DELETE", flows+"/B2C_1_none", nil)
	e.must(201, "POST", "beta/trustFramework/keySets", object{"id": "Mine"})
	e.must(201, "POST", "v1.0/users", object{"displayName": "Ada", "identities": []object{{"signInType": "userName", "issuer": tenant, "issuerAssignedId": "ada"}}, "passwordProfile": object{"password": password}})
	got := e.must(200, "GET", "v1.0/auditLogs/directoryAudits?$orderby=activityDateTime%20asc&$select=activityDisplayName,category,result,loggedByService,operationType", nil)
	want := []any{
		map[string]any{"activityDisplayName": "Create user flow", "category": "Authorization", "result": "success", "loggedByService": "B2C", "operationType": ""},
		map[string]any{"activityDisplayName": "Create user flow", "category": "ResourceManagement", "result": "success", "loggedByService": "B2C", "operationType": ""},
		map[string]any{"activityDisplayName": "Delete user flow", "category": "Authorization", "result": "success", "loggedByService": "B2C", "operationType": ""},
		map[string]any{"activityDisplayName": "Delete user flow", "category": "ResourceManagement", "result": "failure", "loggedByService": "B2C", "operationType": ""},
		map[string]any{"activityDisplayName": "Create policy key", "category": "Authorization", "result": "success", "loggedByService": "B2C", "operationType": ""},
		map[string]any{"activityDisplayName": "Create policy key", "category": "KeyManagement", "result": "success", "loggedByService": "B2C", "operationType": ""},
		map[string]any{"activityDisplayName": "Add user", "category": "UserManagement", "result": "success", "loggedByService": "Core Directory", "operationType": "Add"},
	}
	if diff := cmp.Diff(want, got["value"]); diff != "" {
		t.Error(diff)
	}
	// Pages, filters, one record.
	page := e.must(200, "GET", "v1.0/auditLogs/directoryAudits?$top=3", nil)
	all := ids(page)
	for page["@odata.nextLink"] != nil {
		next := page["@odata.nextLink"].(string)
		page = e.must(200, "GET", next[strings.Index(next, "/graph/")+len("/graph/"):], nil)
		all = append(all, ids(page)...)
	}
	if sorted := slices.Clone(all); len(all) != 7 || !slices.IsSortedFunc(sorted, func(a, b string) int { return strings.Compare(b, a) }) {
		t.Errorf("pages: %v", all)
	}
	one := e.must(200, "GET", "v1.0/auditLogs/directoryAudits/"+all[0], nil)
	at := one["activityDateTime"].(string)
	if len(at) != len("2026-11-25T18:37:24.6575802Z") {
		t.Errorf("time %q", at)
	}
	for filter, want := range map[string]int{
		"loggedByService eq 'B2C' and result eq 'failure'": 1, "category eq 'KeyManagement' or category eq 'UserManagement'": 2, "startswith(activityDisplayName,'Create')": 4,
		"activityDateTime gt 2020-01-01T00:00:00Z": 7, "activityDateTime gt 2100-01-01T00:00:00Z": 0, "activityDateTime le 2020-01-01T00:00:00Z": 0,
		"id eq '" + all[0] + "'": 1, "targetResources/any(t:t/id eq 'B2C_1_one')": 2, "correlationId eq '" + one["correlationId"].(string) + "'": 1,
	} {
		if got := len(ids(e.must(200, "GET", "beta/auditLogs/directoryAudits?$filter="+url.QueryEscape(filter), nil))); got != want {
			t.Errorf("%s: %d records, want %d", filter, got, want)
		}
	}
	e.must(400, "GET", "v1.0/auditLogs/directoryAudits?$orderby=result", nil)
	e.must(404, "GET", "v1.0/auditLogs/directoryAudits/none", nil)
}

func TestRolesOfUserFlowsAndAudits(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	reader := e.adminApp(t, "b0afded3-3588-46d8-8b3d-9842eff778da", "1b0c317f-dd31-4305-9932-259a8b6e8099", "b86848a7-d5b1-41eb-a9b4-54a4e6306e97")
	for path, want := range map[string]int{flows: 200, "beta/identity/apiConnectors": 200, "v1.0/auditLogs/directoryAudits": 200, "beta/identity/identityProviders": 403} {
		if status, body := e.graph(reader, "GET", path, nil); status != want {
			t.Errorf("%s: %d %v", path, status, body)
		}
	}
	if status, body := e.graph(reader, "POST", flows, object{"id": "x", "userFlowType": "signUp"}); status != 403 || !strings.HasPrefix(message(body), "Authorization_RequestDenied") {
		t.Errorf("%d %v", status, body)
	}
	if r := e.audits("Create user flow", 1)[0]; r["result"] != "failure" || r["category"] != "Authorization" {
		t.Errorf("%v", r)
	}
	if status, _ := e.graph("", "GET", flows, nil); status != http.StatusUnauthorized {
		t.Errorf("without a token: %d", status)
	}
}

func TestADryRunOfAConnector(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	level := e.attribute("Level", "string")
	flow := e.flow("susi", "signUpOrSignIn")
	e.settings(flow, object{"applicationClaims": []string{level, "JobTitle"}})
	id := e.connector(e.api.server.URL + "/?code=x")
	u := e.user()
	u.register(flow, "ada@example.com", nil)
	e.must(204, "PATCH", "v1.0/users/"+u.claims(flow)["sub"].(string), object{level: "3", "city": "Bergen"})
	e.api.respond(200, continuing(object{"extension_Level": "gold", "city": "Oslo", "email": "x@y", "jobTitle": nil}))
	got := e.must(200, "POST", "beta/identity/apiConnectors/"+id+"/probe", object{"user": "ADA@example.com", "userFlow": flow, "clientId": "app-1"})
	request := got["request"].(map[string]any)
	body := request["body"].(map[string]any)
	if body["step"] != "PreTokenIssuance" || body["client_id"] != "app-1" || body["email"] != "ada@example.com" || body[level] != "3" || body["city"] != "Bergen" || body["identities"] == nil {
		t.Errorf("request: %v", body)
	}
	if strings.Contains(fmt.Sprint(got), "dXNlcjpzZWNyZXQ") {
		t.Error("the password is shown")
	}
	response, outcome, facts := got["response"].(map[string]any), got["outcome"].(map[string]any), got["tls"].(map[string]any)
	if response["status"] != float64(200) || response["attempts"] != float64(1) || facts["version"] != "TLS 1.3" {
		t.Errorf("response: %v %v", response, facts)
	}
	if diff := cmp.Diff(map[string]any{"extension_Level": "gold"}, outcome["token"]); diff != "" {
		t.Errorf("token: %s", diff)
	}
	if claims := outcome["claims"].([]any); len(claims) != 4 {
		t.Errorf("claims: %v", claims)
	}
	e.api.respond(200, `{"action":"ShowBlockPage","userMessage":"x"}`)
	if got := e.must(200, "POST", "beta/identity/apiConnectors/"+id+"/probe", object{"step": "preTokenIssuance"})["outcome"].(map[string]any); got["code"] != "AADB2C90273" || got["error"] == "" {
		t.Errorf("outcome: %v", got)
	}
	e.must(400, "POST", "beta/identity/apiConnectors/"+id+"/probe", object{"user": "nobody"})
	e.must(400, "POST", "beta/identity/apiConnectors/"+id+"/probe", object{"step": "Later"})
}

func TestAnAPIForEntraServesAFlow(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	flow := e.flow("susi", "signUpOrSignIn")
	e.settings(flow, object{"applicationClaims": []string{"City", "objectId"}})
	id := e.connector(e.api.server.URL)
	e.must(204, "PATCH", "beta/identity/apiConnectors/"+id+"/settings", object{"contract": "tokenIssuanceStart"})
	e.bind(flow, "preTokenIssuance", id)
	e.api.respond(200, `{"data":{"@odata.type":"microsoft.graph.onTokenIssuanceStartResponseData","actions":[{"@odata.type":"microsoft.graph.tokenIssuanceStart.provideClaimsForToken","claims":{"city":"Oslo"}}]}}`)
	u := e.user()
	u.register(flow, "ada@example.com", nil)
	payload := u.claims(flow)
	body := bodyOf(t, e.api.take()[0])
	event := body["data"].(map[string]any)["authenticationContext"].(map[string]any)
	if payload["city"] != "Oslo" || body["type"] != "microsoft.graph.authenticationEvent.tokenIssuanceStart" || event["user"].(map[string]any)["id"] != payload["oid"] ||
		event["clientServicePrincipal"].(map[string]any)["displayName"] != "single page" {
		t.Errorf("%v %v", payload, body)
	}
}

func TestACachedAnswerSpares(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	flow := e.flow("susi", "signUpOrSignIn")
	e.settings(flow, object{"applicationClaims": []string{"City"}})
	id := e.connector(e.api.server.URL)
	e.bind(flow, "preTokenIssuance", id)
	e.must(204, "PATCH", "beta/identity/apiConnectors/"+id+"/settings", object{"cache": object{"timeToLiveSeconds": 60}})
	e.api.respond(200, continuing(object{"city": "Oslo"}))
	u := e.user()
	u.register(flow, "ada@example.com", nil)
	for range 3 {
		if got := u.claims(flow)["city"]; got != "Oslo" {
			t.Errorf("city %v", got)
		}
		u.authorize(flow, nil)
	}
	if calls := e.api.take(); len(calls) != 1 {
		t.Errorf("%d calls", len(calls))
	}
	e.clock.advance(61 * 1e9)
	u.authorize(flow, nil)
	if calls := e.api.take(); len(calls) != 1 {
		t.Errorf("%d calls after the time to live", len(calls))
	}
}

// adminApp registers an application with roles and returns an admin token of it.
func (e *env) adminApp(t *testing.T, roles ...string) string {
	t.Helper()
	var list []object
	for _, id := range roles {
		list = append(list, object{"id": id, "type": "Role"})
	}
	made := e.must(201, "POST", "v1.0/applications", object{"displayName": "Pipeline", "requiredResourceAccess": []object{{"resourceAppId": "00000003-0000-0000-c000-000000000000", "resourceAccess": list}}})
	secret := e.must(200, "POST", "v1.0/applications/"+made["id"].(string)+"/addPassword", object{"passwordCredential": object{"displayName": "ci"}})["secretText"].(string)
	res, err := e.client(nil).PostForm(e.srv.AdminURL()+"/"+tenant+"/oauth2/v2.0/token", url.Values{"grant_type": {"client_credentials"}, "client_id": {made["appId"].(string)}, "client_secret": {secret}, "scope": {"https://graph.microsoft.com/.default"}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	var out struct {
		Token string `json:"access_token"`
	}
	if err := json.NewDecoder(res.Body).Decode(&out); err != nil || out.Token == "" {
		t.Fatalf("no admin token: %v", err)
	}
	return out.Token
}
