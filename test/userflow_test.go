package test

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"journeyman.dev/internal/server"
	"journeyman.dev/internal/userflow"
)

const admin = "admin-token"

// must calls the admin API; the status must be the given one.
func (e *env) must(status int, method, path string, body any) map[string]any {
	e.t.Helper()
	got, answer := e.graph(admin, method, path, body)
	if got != status {
		e.t.Fatalf("%s %s: %d %v, want %d", method, path, got, answer, status)
	}
	return answer
}

const flows = "beta/identity/b2cUserFlows"

// connector makes an API connector with Basic authentication.
func (e *env) connector(address string) string {
	e.t.Helper()
	made := e.must(201, "POST", "beta/identity/apiConnectors", object{
		"displayName": "Test API", "targetUrl": address,
		"authenticationConfiguration": object{"@odata.type": "#microsoft.graph.basicAuthentication", "username": "user", "password": "secret"},
	})
	return made["id"].(string)
}

// bind picks a connector for a step of a flow.
func (e *env) bind(flow, step, connector string) {
	e.t.Helper()
	e.must(204, "PUT", flows+"/"+flow+"/apiConnectorConfiguration/"+step+"/$ref", object{"@odata.id": "https://graph.microsoft.com/beta/identity/apiConnectors/" + connector})
}

// assign makes a flow collect an attribute.
func (e *env) assign(flow, attribute string, more object) {
	e.t.Helper()
	body := object{"isOptional": true, "requiresVerification": false, "userInputType": "textBox", "displayName": attribute, "userAttributeValues": []any{}, "userAttribute": object{"id": attribute}}
	for k, v := range more {
		body[k] = v
	}
	e.must(201, "POST", flows+"/"+flow+"/userAttributeAssignments", body)
}

// attribute makes a custom attribute and returns its id.
func (e *env) attribute(name, kind string) string {
	e.t.Helper()
	return e.must(201, "POST", "beta/identity/userFlowAttributes", object{"displayName": name, "description": "d", "dataType": kind})["id"].(string)
}

// settings changes our own settings of a flow.
func (e *env) settings(flow string, set object) {
	e.t.Helper()
	e.must(204, "PATCH", flows+"/"+flow+"/settings", set)
}

// flow makes a user flow.
func (e *env) flow(name, kind string) string {
	e.t.Helper()
	return e.must(201, "POST", flows, object{"id": name, "userFlowType": kind, "userFlowTypeVersion": 3})["id"].(string)
}

// register signs up with a local account at a flow.
func (u *user) register(flow, address string, more map[string]string) {
	u.t.Helper()
	u.openSignUp(flow, address)
	fields := map[string]string{"email": address, "newPassword": password, "reenterPassword": password}
	for k, v := range more {
		fields[k] = v
	}
	u.pass(fields)
}

// openSignUp opens the sign-up page and verifies the address.
func (u *user) openSignUp(flow, address string) {
	u.t.Helper()
	u.authorize(flow, nil)
	u.navigate("/api/CombinedSigninAndSignup/unified?local=signup")
	u.verify("email", address)
}

// claims are those of the id token that the user's code gives.
func (u *user) claims(flow string) map[string]any {
	u.t.Helper()
	_, payload := decode(u.t, u.redeem(flow).IDToken)
	return payload
}

// continuing is an API that lets the journey go on with claims.
func continuing(claims object) string {
	body := object{"version": "1.0.0", "action": "Continue"}
	for k, v := range claims {
		body[k] = v
	}
	text, err := json.Marshal(body)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// bodyOf is the body of a call.
func bodyOf(t *testing.T, c apiCall) map[string]any {
	t.Helper()
	var body map[string]any
	if err := json.Unmarshal([]byte(c.Body), &body); err != nil {
		t.Fatalf("%q: %v", c.Body, err)
	}
	return body
}

// audits are the records of an activity, oldest first; there must be as many as are
// wanted.
func (e *env) audits(activity string, want int) []map[string]any {
	e.t.Helper()
	body := e.must(200, "GET", "v1.0/auditLogs/directoryAudits?$orderby=activityDateTime&$filter="+url.QueryEscape("loggedByService eq 'B2C' and activityDisplayName eq '"+activity+"'"), nil)
	var out []map[string]any
	for _, v := range body["value"].([]any) {
		out = append(out, v.(map[string]any))
	}
	if len(out) != want {
		e.t.Errorf("%d records of %q, want %d", len(out), activity, want)
	}
	return out
}

func detail(record map[string]any, key string) string {
	for _, v := range record["additionalDetails"].([]any) {
		if d := v.(map[string]any); d["key"] == key {
			return d["value"].(string)
		}
	}
	return ""
}

const connectorCalled = "An API was called as part of a user flow"

func TestANewUserFlowWorksAtOnce(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	for _, name := range []string{"TokenSigningKeyContainer", "TokenEncryptionKeyContainer"} {
		if err := e.srv.Keys.Delete(t.Context(), name); err != nil { // a new tenant has none
			t.Fatal(err)
		}
	}
	flow := e.flow("signup1", "signUpOrSignIn")
	if flow != "B2C_1_signup1" {
		t.Fatalf("id %q", flow)
	}
	u := e.user()
	u.register(flow, "ada@example.com", nil)
	payload := u.claims(flow)
	if payload["tfp"] != flow || payload["acr"] != nil || payload["ver"] != "1.0" || payload["sub"] == "" {
		t.Errorf("claims: %v", payload)
	}
	if diff := cmp.Diff([]any{"ada@example.com"}, payload["emails"]); diff != "" {
		t.Errorf("emails: %s", diff)
	}
	// Another browser signs in.
	v := e.user()
	v.authorize(flow, nil)
	v.pass(map[string]string{"signInName": "ada@example.com", "password": password})
	if again := v.claims(flow); again["sub"] != payload["sub"] || again["newUser"] != nil {
		t.Errorf("signing in again: %v", again)
	}
	// A returning browser sees no page.
	v.authorize(flow, nil)
	if v.callback == nil {
		t.Error("the session was not used")
	}
}

func TestConnectorsOfEveryStepOfALocalSignUp(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	flow := e.flow("susi", "signUpOrSignIn")
	level := e.attribute("Level", "string")
	e.attribute("Age", "int64")
	e.attribute("Member", "boolean")
	e.assign(flow, "City", nil)
	e.assign(flow, level, nil)
	e.assign(flow, "extension_Age", nil)
	e.settings(flow, object{"applicationClaims": []string{"City", level, "emails", "newUser", "objectId", "JobTitle"}})
	for i, step := range []string{"postFederationSignup", "postAttributeCollection", "preTokenIssuance"} {
		e.bind(flow, step, e.connector(fmt.Sprintf("%s/step%d?code=a%%26b", e.api.server.URL, i+1)))
	}
	e.api.handle(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		answer := object{"extension_Level": "gold", "jobTitle": "Baker"}
		if r.URL.Path == "/step3" {
			answer = object{"city": "Oslo", "email": "evil@example.com", "Level": "bare", "postalCode": "1234"}
		}
		_, _ = w.Write([]byte(continuing(answer)))
	})
	u := e.user()
	u.register(flow, "ada@example.com", map[string]string{"city": "Bergen", "extension_Level": "3", "extension_Age": "41"})
	first := u.claims(flow)
	calls := e.api.take()
	if len(calls) != 2 || calls[0].Path != "/step2?code=a%26b" || calls[1].Path != "/step3?code=a%26b" {
		t.Fatalf("calls: %+v", calls)
	}
	if got := calls[0].Header.Get("Authorization"); got != "Basic dXNlcjpzZWNyZXQ=" {
		t.Errorf("Authorization %q", got)
	}
	if diff := cmp.Diff(map[string]any{
		"step": "PostAttributeCollection", "client_id": e.spa.AppID, "ui_locales": "en-US", "email": "ada@example.com", "city": "Bergen", level: "3",
		strings.Replace(level, "_Level", "_Age", 1): float64(41),
	}, bodyOf(t, calls[0])); diff != "" {
		t.Errorf("PostAttributeCollection: %s", diff)
	}
	if diff := cmp.Diff(map[string]any{
		"step": "PreTokenIssuance", "client_id": e.spa.AppID, "ui_locales": "en-US", "email": "ada@example.com", "city": "Bergen", level: "gold",
		strings.Replace(level, "_Level", "_Age", 1): float64(41), "objectId": first["sub"], "jobTitle": "Baker", "displayName": "unknown",
		"identities": []any{map[string]any{"signInType": "emailAddress", "issuer": tenant, "issuerAssignedId": "ada@example.com"}},
	}, bodyOf(t, calls[1])); diff != "" {
		t.Errorf("PreTokenIssuance: %s", diff)
	}
	// The API's value is stored, not the typed one; what isn't a user attribute of the
	// flow is in the first token only.
	if first["city"] != "Oslo" || first["extension_Level"] != "gold" || first["jobTitle"] != "Baker" || first["newUser"] != true || first["postalCode"] != nil {
		t.Errorf("first token: %v", first)
	}
	if diff := cmp.Diff([]any{"ada@example.com"}, first["emails"]); diff != "" {
		t.Errorf("emails: %s", diff)
	}
	_, stored := e.graph(admin, "GET", "beta/users/"+first["sub"].(string), nil)
	if stored["city"] != "Bergen" || stored[level] != "gold" || stored["jobTitle"] != nil {
		t.Errorf("stored: %v", stored)
	}
	// Signing in calls PreTokenIssuance only.
	v := e.user()
	v.authorize(flow, nil)
	v.pass(map[string]string{"signInName": "ada@example.com", "password": password})
	got := v.redeem(flow)
	_, second := decode(t, got.IDToken)
	if second["city"] != "Oslo" || second["jobTitle"] != nil || second["newUser"] != nil {
		t.Errorf("second token: %v", second)
	}
	if calls := e.api.take(); len(calls) != 1 || bodyOf(t, calls[0])["step"] != "PreTokenIssuance" {
		t.Errorf("calls of a sign-in: %+v", calls)
	}
	// A refreshed token repeats the values without a call.
	e.api.respond(500, `{}`)
	refreshed := e.token(flow, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {got.RefreshToken}})
	if _, payload := decode(t, refreshed.IDToken); payload["city"] != "Oslo" {
		t.Errorf("refreshed: %v", payload)
	}
	if calls := e.api.take(); len(calls) != 0 {
		t.Errorf("refreshing called the API: %+v", calls)
	}
	records := e.audits(connectorCalled, 3)
	if r := records[0]; r["result"] != "success" || r["category"] != "Authentication" || detail(r, "numberOfAttempts") != "1" || detail(r, "Step") != "PostAttributeCollection" ||
		detail(r, "HttpStatus") != "200" || detail(r, "PolicyId") != flow || detail(r, "ApplicationId") != e.spa.AppID || !strings.HasPrefix(e.api.server.URL, "https://"+detail(r, "TargetHost")) {
		t.Errorf("record: %v", r)
	}
	text, err := json.Marshal(records)
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"secret", "dXNlcjpzZWNyZXQ", "Bergen", "gold"} {
		if strings.Contains(string(text), secret) {
			t.Errorf("a record has %q", secret)
		}
	}
	e.audits("A self-service sign-up request was completed", 1)
	e.audits("Validate local account credentials", 1)
	e.audits("Issue an authorization code to the application", 2)
	e.audits("Exchange token", 1)
}

func TestValidationErrorsKeepThePage(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	flow := e.flow("susi", "signUpOrSignIn")
	e.assign(flow, "City", nil)
	e.bind(flow, "postAttributeCollection", e.connector(e.api.server.URL))
	for _, status := range []string{`400`, `"400"`} {
		t.Run(status, func(t *testing.T) {
			u := e.user()
			address := fmt.Sprintf("a%d@example.com", len(status))
			u.openSignUp(flow, address)
			e.api.respond(400, `{"version":"1.0.0","status":`+status+`,"action":"ValidationError","userMessage":"No <b>cities</b> with B."}`)
			fields := map[string]string{"email": address, "newPassword": password, "reenterPassword": password, "city": "Bergen"}
			if r := u.submit(fields); r.Status != "400" || r.Message != "No <b>cities</b> with B." {
				t.Fatalf("reply: %+v", r)
			}
			e.api.respond(200, continuing(nil))
			fields["city"] = "Oslo"
			u.pass(fields)
			u.claims(flow)
			if calls := e.api.take(); len(calls) != 2 || bodyOf(t, calls[1])["city"] != "Oslo" {
				t.Errorf("calls: %+v", calls)
			}
		})
	}
}

func TestABlockPageEndsTheSignUp(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	flow := e.flow("susi", "signUpOrSignIn")
	e.bind(flow, "postAttributeCollection", e.connector(e.api.server.URL))
	e.api.respond(200, `{"version":"1.0.0","action":"ShowBlockPage","userMessage":"Not <i>you</i>."}`)
	u := e.user()
	u.register(flow, "ada@example.com", nil)
	if u.callback != nil || !strings.Contains(u.page, "Not &lt;i&gt;you&lt;/i&gt;.") {
		t.Fatalf("no block page: %v %s", u.callback, excerpt(u.page))
	}
	if strings.Contains(u.page, `id="continue"`) || strings.Contains(u.page, `id="cancel"`) {
		t.Error("the block page leads on")
	}
	// Nothing leads on: neither posting nor navigating.
	u.submit(nil)
	u.confirm()
	if u.callback != nil {
		t.Errorf("the application was called: %v", u.callback)
	}
	if _, body := e.graph(admin, "GET", "v1.0/users?$filter="+url.QueryEscape("identities/any(c:c/issuerAssignedId eq 'ada@example.com' and c/issuer eq '"+tenant+"')"), nil); len(body["value"].([]any)) != 0 {
		t.Errorf("there is an account: %v", body)
	}
}

func TestWhatAConnectorMayDoWrong(t *testing.T) {
	t.Parallel()
	hanging := make(chan struct{})
	t.Cleanup(func() { close(hanging) })
	// What answers in time may take its time where the machine is busy.
	called := make(map[*env]int)
	flow := ""
	serving := func(timeout time.Duration) *env {
		e := start(t, func(c *server.Config) { c.ConnectorTimeout = timeout })
		flow = e.flow("susi", "signUpOrSignIn")
		e.bind(flow, "postAttributeCollection", e.connector(e.api.server.URL+"/signup"))
		return e
	}
	patient, hasty := serving(time.Minute), serving(300*time.Millisecond)
	answer := func(status int, contentType, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", contentType)
			w.WriteHeader(status)
			_, _ = w.Write([]byte(body))
		}
	}
	hijack := func(then string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			conn, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			_, _ = conn.Write([]byte(then))
			_ = conn.Close()
		}
	}
	tests := []struct {
		name     string
		handler  http.HandlerFunc
		code     string
		text     string
		attempts string
		result   string
	}{
		{"400 without status", answer(400, "application/json", `{"version":"1.0.0","action":"ValidationError","userMessage":"x"}`), "AADB2C90075", "PreUserWriteRestful", "1", "failure"},
		{"500", answer(500, "application/json", `{}`), "AADB2C90075", "Code 'InternalServerError'", "1", "failure"},
		{"401", answer(401, "text/plain", ``), "AADB2C90075", "Code 'Unauthorized'", "1", "failure"},
		{"404 with a page", answer(404, "text/html", `<html>`), "AADB2C90261", "", "1", "failure"},
		{"200 with a page", answer(200, "text/html", `<html>`), "AADB2C90273", "", "1", "failure"},
		{"200 without action", answer(200, "application/json", `{"version":"1.0.0"}`), "AADB2C90273", "", "1", "failure"},
		{"200 with an unknown action", answer(200, "application/json", `{"action":"Stop"}`), "AADB2C90273", "", "1", "failure"},
		{"200 with ValidationError", answer(200, "application/json", `{"action":"ValidationError","status":400,"userMessage":"x"}`), "AADB2C90273", "", "1", "failure"},
		{"204", answer(204, "application/json", ``), "AADB2C90273", "", "1", "failure"},
		{"a redirect", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/elsewhere", http.StatusFound) }, "AADB2C90075", "Code 'Found'", "1", "failure"},
		{"10 MB", func(w http.ResponseWriter, _ *http.Request) {
			chunk := []byte(strings.Repeat(" ", 1<<20))
			for range 10 {
				if _, err := w.Write(chunk); err != nil {
					return
				}
			}
		}, "AADB2C90273", "", "1", "failure"},
		{"a gzip bomb", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			zipped := gzip.NewWriter(w)
			defer func() { _ = zipped.Close() }()
			for range 1000 {
				if _, err := zipped.Write(make([]byte, 1<<20)); err != nil {
					return
				}
			}
		}, "AADB2C90273", "", "1", "failure"},
		{"byte by byte", func(w http.ResponseWriter, r *http.Request) {
			tick := time.NewTicker(20 * time.Millisecond)
			defer tick.Stop()
			for r.Context().Err() == nil {
				if _, err := w.Write([]byte(" ")); err != nil {
					return
				}
				_ = http.NewResponseController(w).Flush()
				select {
				case <-tick.C:
				case <-hanging:
					return
				}
			}
		}, "AADB2C90255", "", "2", "timeout"},
		{"never", func(w http.ResponseWriter, r *http.Request) {
			select {
			case <-hanging:
			case <-r.Context().Done():
			}
		}, "AADB2C90255", "", "2", "timeout"},
		{"half an answer", hijack("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{\"action\""), "AADB2C90255", "", "2", "failure"},
		{"a reset", hijack(""), "AADB2C90275", "", "2", "failure"},
	}
	for i, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			e := patient
			if test.result == "timeout" {
				e = hasty
			}
			called[e]++
			u := e.user()
			address := fmt.Sprintf("user%d@example.com", i)
			u.openSignUp(flow, address)
			e.api.take()
			e.api.handle(test.handler)
			if r := u.submit(map[string]string{"email": address, "newPassword": password, "reenterPassword": password}); r.Status != "200" {
				t.Fatalf("the page stays: %+v", r)
			}
			u.confirm()
			got := u.result()
			description := got.Get("error_description")
			if got.Get("error") != "server_error" || !strings.HasPrefix(description, test.code+":") || !strings.Contains(description, test.text) || !strings.Contains(description, "Correlation ID: ") {
				t.Errorf("error: %v", got)
			}
			records := e.audits(connectorCalled, called[e])
			last := records[len(records)-1]
			if last["result"] != test.result || detail(last, "numberOfAttempts") != test.attempts || !strings.Contains(description, last["correlationId"].(string)) {
				t.Errorf("record: %v, want result %s, attempts %s", last, test.result, test.attempts)
			}
			if users := e.must(200, "GET", "v1.0/users?$filter="+url.QueryEscape("identities/any(c:c/issuerAssignedId eq '"+address+"' and c/issuer eq '"+tenant+"')"), nil); len(users["value"].([]any)) != 0 {
				t.Error("there is an account")
			}
		})
	}
}

func TestAConnectorIsAskedTwiceOnlyWithoutAnAnswer(t *testing.T) {
	t.Parallel()
	e := start(t, func(c *server.Config) { c.ConnectorTimeout = 3 * time.Second })
	flow := e.flow("susi", "signUpOrSignIn")
	e.bind(flow, "preTokenIssuance", e.connector(e.api.server.URL))
	first := true
	e.api.handle(func(w http.ResponseWriter, r *http.Request) {
		if first {
			first = false
			<-r.Context().Done()
			return
		}
		_, _ = w.Write([]byte(continuing(nil)))
	})
	u := e.user()
	u.register(flow, "ada@example.com", nil)
	u.claims(flow)
	if calls := e.api.take(); len(calls) != 2 {
		t.Errorf("%d calls", len(calls))
	}
	if r := e.audits(connectorCalled, 1)[0]; r["result"] != "success" || detail(r, "numberOfAttempts") != "2" {
		t.Errorf("record: %v", r)
	}
}

func TestFlowsBehaveTheSameAsTheirExport(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	flow := e.flow("susi", "signUpOrSignIn")
	e.assign(flow, "City", nil)
	e.settings(flow, object{"applicationClaims": []string{"city", "emails", "newUser"}})
	e.bind(flow, "postAttributeCollection", e.connector(e.api.server.URL+"/a"))
	e.bind(flow, "preTokenIssuance", e.connector(e.api.server.URL+"/b"))
	xml := e.must(200, "GET", flows+"/"+flow+"/policy/$value?policyId=B2C_1A_exported", nil)["body"].(string)
	e.must(201, "PUT", "beta/trustFramework/policies/B2C_1A_exported/$value", xml)
	e.api.respond(200, continuing(object{"city": "Oslo"}))
	run := func(policy, address string) (map[string]any, []map[string]any) {
		u := e.user()
		u.register(policy, address, map[string]string{"city": "Bergen"})
		payload := u.claims(policy)
		for _, name := range []string{"iat", "nbf", "exp", "auth_time", "sub", "emails", "tfp"} {
			delete(payload, name)
		}
		var bodies []map[string]any
		for _, c := range e.api.take() {
			body := bodyOf(t, c)
			for _, name := range []string{"email", "objectId", "identities"} {
				delete(body, name)
			}
			bodies = append(bodies, body)
		}
		return payload, bodies
	}
	asFlow, flowCalls := run(flow, "a@example.com")
	asPolicy, policyCalls := run("B2C_1A_exported", "b@example.com")
	if diff := cmp.Diff(asFlow, asPolicy); diff != "" {
		t.Errorf("tokens differ: %s", diff)
	}
	if diff := cmp.Diff(flowCalls, policyCalls); diff != "" {
		t.Errorf("calls differ: %s", diff)
	}
	if len(flowCalls) != 2 || asFlow["city"] != "Oslo" {
		t.Errorf("%v, %v", flowCalls, asFlow)
	}
	// A user flow isn't among the uploaded policies, and can't be uploaded over.
	for _, p := range e.must(200, "GET", "beta/trustFramework/policies", nil)["value"].([]any) {
		if p.(map[string]any)["id"] == flow {
			t.Error("the user flow is listed as a custom policy")
		}
	}
	e.must(400, "PUT", "beta/trustFramework/policies/B2C_1_susi/$value", strings.Replace(xml, "B2C_1A_exported", "B2C_1_susi", -1))
}

func TestEveryKindOfUserFlowRuns(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	susi := e.flow("susi", "signUpOrSignIn")
	u := e.user()
	u.register(susi, "ada@example.com", nil)
	sub := u.claims(susi)["sub"]

	up := e.flow("up", "signUp")
	v := e.user()
	v.authorize(up, nil)
	v.verify("email", "bob@example.com")
	v.pass(map[string]string{"email": "bob@example.com", "newPassword": password, "reenterPassword": password})
	v.claims(up)

	in := e.flow("in", "signIn")
	v = e.user()
	v.authorize(in, nil)
	if strings.Contains(v.page, `id="createAccount"`) {
		t.Error("a sign-in flow offers to sign up")
	}
	v.pass(map[string]string{"signInName": "ada@example.com", "password": password})
	if got := v.claims(in)["sub"]; got != sub {
		t.Errorf("sign-in: %v", got)
	}

	edit := e.flow("edit", "profileUpdate")
	e.assign(edit, "City", nil)
	e.settings(edit, object{"applicationClaims": []string{"City"}})
	v.authorize(edit, nil)
	v.pass(map[string]string{"city": "Bergen"})
	if got := v.claims(edit)["city"]; got != "Bergen" {
		t.Errorf("profile: %v", got)
	}

	reset := e.flow("reset", "passwordReset")
	v = e.user()
	v.authorize(reset, nil)
	v.verify("email", "ada@example.com")
	v.pass(map[string]string{"email": "ada@example.com"})
	v.pass(map[string]string{"newPassword": "Other-word.2", "reenterPassword": "Other-word.2"})
	if got := v.claims(reset)["sub"]; got != sub {
		t.Errorf("reset: %v", got)
	}
	v = e.user()
	v.authorize(susi, nil)
	if r := v.submit(map[string]string{"signInName": "ada@example.com", "password": password}); r.Status != "400" {
		t.Errorf("the old password works: %+v", r)
	}
	v.pass(map[string]string{"signInName": "ada@example.com", "password": "Other-word.2"})
	v.claims(susi)
}

func TestSelfServicePasswordResetWithinSignIn(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	flow := e.flow("susi", "signUpOrSignIn")
	u := e.user()
	u.register(flow, "ada@example.com", nil)
	sub := u.claims(flow)["sub"]
	v := e.user()
	v.authorize(flow, nil)
	v.navigate("/api/CombinedSigninAndSignup/forgotPassword?x=y")
	if got := v.result(); !strings.HasPrefix(got.Get("error_description"), "AADB2C90118") {
		t.Errorf("without: %v", got)
	}
	e.settings(flow, object{"selfServicePasswordReset": true})
	v = e.user()
	v.authorize(flow, nil)
	v.navigate("/api/CombinedSigninAndSignup/unified?claimsexchange=ForgotPasswordExchange")
	v.verify("email", "ada@example.com")
	v.pass(map[string]string{"email": "ada@example.com"})
	v.pass(map[string]string{"newPassword": "Other-word.2", "reenterPassword": "Other-word.2"})
	if got := v.claims(flow)["sub"]; got != sub {
		t.Errorf("sub %v, want %v", got, sub)
	}
}

func TestUserNames(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	flow := e.must(201, "POST", flows, object{"id": "names", "userFlowType": "signUpOrSignIn", "identityProviders": []object{{"id": userflow.UsernameProvider}}})["id"].(string)
	e.settings(flow, object{"selfServicePasswordReset": true})
	u := e.user()
	u.openSignUp(flow, "ada@example.com")
	u.pass(map[string]string{"signInNames.userName": "ada", "email": "ada@example.com", "newPassword": password, "reenterPassword": password})
	first := u.claims(flow)
	if diff := cmp.Diff([]any{"ada@example.com"}, first["emails"]); diff != "" {
		t.Errorf("emails: %s", diff)
	}
	v := e.user()
	v.authorize(flow, nil)
	v.pass(map[string]string{"signInName": "ADA", "password": password})
	if v.claims(flow)["sub"] != first["sub"] {
		t.Error("another user")
	}
	// Whoever has another address doesn't get a new password.
	v = e.user()
	v.authorize(flow, nil)
	v.navigate("/api/CombinedSigninAndSignup/unified?claimsexchange=ForgotPasswordExchange")
	v.pass(map[string]string{"signInName": "ada"})
	v.verify("email", "eve@example.com")
	if r := v.submit(map[string]string{"email": "eve@example.com"}); r.Status != "400" {
		t.Fatalf("another address was accepted: %+v", r)
	}
	v.verify("email", "ada@example.com")
	v.pass(map[string]string{"email": "ada@example.com"})
	v.pass(map[string]string{"newPassword": "Other-word.2", "reenterPassword": "Other-word.2"})
	if v.claims(flow)["sub"] != first["sub"] {
		t.Error("another user")
	}
}

func TestSettingsOfAFlowReachTheToken(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	flow := e.flow("susi", "signUpOrSignIn")
	e.settings(flow, object{
		"applicationClaims": []string{"objectId", "newUser"}, "tokenLifetimes": object{"accessAndIdTokenMinutes": 15},
		"tokenCompatibility": object{"issuer": "authorityWithTfp", "subject": "notSupported", "policyClaim": "acr"},
		"passwordComplexity": object{"kind": "custom", "minimumLength": 6, "characters": "digits"},
		"session":            object{"singleSignOn": "disabled"},
	})
	u := e.user()
	u.openSignUp(flow, "ada@example.com")
	if r := u.submit(map[string]string{"email": "ada@example.com", "newPassword": password, "reenterPassword": password}); r.Status != "400" {
		t.Errorf("a password that the rule refuses was taken: %+v", r)
	}
	u.pass(map[string]string{"email": "ada@example.com", "newPassword": "918273640", "reenterPassword": "918273640"})
	payload := u.claims(flow)
	if payload["acr"] != "b2c_1_susi" || payload["tfp"] != nil || payload["sub"] != "Not supported currently. Use oid claim." || payload["oid"] == nil || payload["newUser"] != true ||
		!strings.Contains(payload["iss"].(string), "/tfp/"+e.srv.TenantID+"/b2c_1_susi/v2.0/") || payload["exp"].(float64)-payload["iat"].(float64) != 900 {
		t.Errorf("claims: %v", payload)
	}
	u.authorize(flow, nil)
	if u.callback != nil {
		t.Error("the session was used")
	}
	set := e.must(200, "GET", flows+"/"+flow+"/settings", nil)
	if diff := cmp.Diff([]any{"objectId", "newUser"}, set["applicationClaims"]); diff != "" {
		t.Errorf("settings: %s", diff)
	}
	for _, test := range []struct {
		set  object
		text string
	}{
		{object{"multiFactorAuthentication": object{"enforcement": "alwaysOn"}}, "not supported yet"},
		{object{"ageGating": object{"enabled": true}}, "not supported yet"},
		{object{"forcedPasswordReset": object{"enabled": true}}, "not supported yet"},
		{object{"tokenLifetimes": object{"accessAndIdTokenMinutes": 1}}, "between 5 and 1440"},
		{object{"applicationClaims": []string{"favouriteColour"}}, "can't be an application claim"},
		{object{"applicationClaim": []string{}}, `no setting "applicationClaim"`},
		{object{"pages": object{"nowhere": object{"uri": "https://x.example"}}}, "has no page"},
		{object{"pages": object{"signuporsignin": object{"uri": "http://x.example"}}}, "https URL"},
	} {
		if status, body := e.graph(admin, "PATCH", flows+"/"+flow+"/settings", test.set); status != 400 || !strings.Contains(message(body), test.text) {
			t.Errorf("%v: %d %s", test.set, status, message(body))
		}
	}
}

func TestAFlowsPagesHaveTheCustomersLook(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	e.api.handle(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte(`<!DOCTYPE html><html><head><title>Contoso</title></head><body><h1>Welcome to Contoso</h1><div id="api"></div></body></html>`))
	})
	flow := e.flow("susi", "signUpOrSignIn")
	e.settings(flow, object{"pages": object{"signuporsignin": object{"uri": e.api.server.URL + "/page.html?lang={Culture:RFC5646}", "layoutVersion": "2.1.5"}}})
	u := e.user()
	u.authorize(flow, nil)
	if !strings.Contains(u.page, "Welcome to Contoso") || !strings.Contains(u.page, `id="localAccountForm"`) {
		t.Errorf("%s", u.page[:min(len(u.page), 600)])
	}
	if calls := e.api.take(); len(calls) != 1 || calls[0].Path != "/page.html?lang=en-US&ui_locales=en-US" {
		t.Errorf("%+v", calls)
	}
	u.pageOf(t, flow, "de-DE", `lang="en`) // languages aren't customised: all is in the default one
}

// pageOf opens a flow's page in a language; it must have a text.
func (u *user) pageOf(t *testing.T, flow, locale, want string) {
	t.Helper()
	u.authorize(flow, map[string]string{"ui_locales": locale})
	if !strings.Contains(u.page, want) {
		t.Errorf("%s has no %q: %s", locale, want, excerpt(u.page))
	}
}

func TestLanguagesAndOverrides(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	flow := e.flow("susi", "signUpOrSignIn")
	e.must(400, "PUT", flows+"/"+flow+"/languages/de", object{"isEnabled": true})
	e.must(204, "PATCH", flows+"/"+flow, object{"isLanguageCustomizationEnabled": true})
	e.must(204, "PUT", flows+"/"+flow+"/languages/de", object{"isEnabled": true})
	pages := e.must(200, "GET", flows+"/"+flow+"/languages/de/overridesPages", nil)["value"].([]any)
	if !slices.ContainsFunc(pages, func(p any) bool { return p.(map[string]any)["id"] == "signuporsignin" }) {
		t.Errorf("pages: %v", pages)
	}
	texts := e.must(200, "GET", flows+"/"+flow+"/languages/de/defaultPages/signuporsignin/$value", nil)
	strs := texts["LocalizedStrings"].([]any)
	found := false
	for _, v := range strs {
		s := v.(map[string]any)
		if s["StringId"] == "button_signin" {
			s["Override"], s["Value"], found = true, "Nur herein", true
		}
	}
	if !found {
		t.Fatalf("default texts: %v", texts)
	}
	e.must(204, "PUT", flows+"/"+flow+"/languages/de/overridesPages/signuporsignin/$value", texts)
	u := e.user()
	u.pageOf(t, flow, "de", "Nur herein")
	u.pageOf(t, flow, "de-AT", "E-Mail-Adresse") // labels are ours, in the language
	u.authorize(flow, map[string]string{"ui_locales": "en"})
	if strings.Contains(u.page, "Nur herein") {
		t.Error("the German text is on the English page")
	}
	// A language that isn't enabled isn't used.
	u.authorize(flow, map[string]string{"ui_locales": "fr"})
	if !strings.Contains(u.page, `lang="en`) {
		t.Errorf("French is used: %s", u.page[:200])
	}
}
