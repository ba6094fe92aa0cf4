package apiconnector

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"journeyman.dev/internal/claims"
	"journeyman.dev/internal/connector"
	"journeyman.dev/internal/journey"
	"journeyman.dev/internal/userflow"
)

const app = "0a1b2c3d00004000800000000000000f"

func TestReadingAnAnswer(t *testing.T) {
	t.Parallel()
	const long = "extension_" + app + "_Level"
	tests := []struct {
		name   string
		step   Step
		strict bool
		status int
		body   string
		action Action
		claims map[string]any
		code   journey.Code
	}{
		{"continue", PreTokenIssuance, false, 200, `{"version":"0.0.1","action":"Continue","city":"Oslo"}`, ActionContinue, map[string]any{"city": "Oslo"}, ""},
		{"byte order mark", PreTokenIssuance, false, 200, "\ufeff" + `{"action":"Continue"}`, ActionContinue, map[string]any{}, ""},
		{"without version", PreTokenIssuance, false, 200, `{"action":"Continue"}`, ActionContinue, map[string]any{}, ""},
		{"without version, strict", PreTokenIssuance, true, 200, `{"action":"Continue"}`, "", nil, journey.CodeProviderResponse},
		{"long name", PreTokenIssuance, false, 200, `{"action":"Continue","` + long + `":"3"}`, ActionContinue, map[string]any{"extension_level": "3"}, ""},
		{"any case", PreTokenIssuance, false, 200, `{"action":"Continue","` + strings.ToUpper(long) + `":"3","CITY":"Oslo"}`, ActionContinue, map[string]any{"extension_level": "3", "city": "Oslo"}, ""},
		{"both names", PreTokenIssuance, false, 200, `{"action":"Continue","` + long + `":"long","extension_Level":"short"}`, ActionContinue, map[string]any{"extension_level": "short"}, ""},
		{"another application's", PreTokenIssuance, false, 200, `{"action":"Continue","extension_ffffffffffffffffffffffffffffffff_Level":"3"}`, ActionContinue, map[string]any{"extension_ffffffffffffffffffffffffffffffff_level": "3"}, ""},
		{"null and empty", PreTokenIssuance, false, 200, `{"action":"Continue","city":null,"extension_Level":""}`, ActionContinue, map[string]any{"extension_level": ""}, ""},
		{"who the user is", PreTokenIssuance, false, 200, `{"action":"Continue","email":"a@b","emails":["a"],"identities":[],"objectId":"x","sub":"x","tfp":"x","iss":"x"}`, ActionContinue, map[string]any{}, ""},
		{"an address before the page", PostFederationSignup, false, 200, `{"action":"Continue","email":"a@b"}`, ActionContinue, map[string]any{"email": "a@b"}, ""},
		{"an address after the page", PostAttributeCollection, false, 200, `{"action":"Continue","email":"a@b"}`, ActionContinue, map[string]any{}, ""},
		{"members beside", PreTokenIssuance, false, 200, `{"action":"Continue","code":"x","userMessage":"hello"}`, ActionContinue, map[string]any{}, ""},
		{"block", PostFederationSignup, false, 200, `{"version":"1.0.0","action":"ShowBlockPage","userMessage":"no"}`, ActionShowBlockPage, nil, ""},
		{"block without message", PostFederationSignup, false, 200, `{"action":"ShowBlockPage"}`, "", nil, journey.CodeProviderResponse},
		{"block before the token", PreTokenIssuance, false, 200, `{"action":"ShowBlockPage","userMessage":"no"}`, "", nil, journey.CodeProviderResponse},
		{"validation error", PostAttributeCollection, false, 400, `{"version":"1.0.0","status":400,"action":"ValidationError","userMessage":"no"}`, ActionValidationError, nil, ""},
		{"validation error, status as text", PostAttributeCollection, false, 400, `{"status":"400","action":"ValidationError","userMessage":"no"}`, ActionValidationError, nil, ""},
		{"validation error, other status", PostAttributeCollection, false, 400, `{"status":409,"action":"ValidationError","userMessage":"no"}`, "", nil, journey.CodeExchangeFailed},
		{"validation error without message", PostAttributeCollection, false, 400, `{"status":400,"action":"ValidationError"}`, "", nil, journey.CodeExchangeFailed},
		{"validation error elsewhere", PostFederationSignup, false, 400, `{"status":400,"action":"ValidationError","userMessage":"no"}`, "", nil, journey.CodeProviderResponse},
		{"409", PostAttributeCollection, false, 409, `{"status":409,"userMessage":"no"}`, "", nil, journey.CodeExchangeFailed},
		{"unparsable error", PostAttributeCollection, false, 502, `<html>`, "", nil, journey.CodeUnparsableReply},
		{"empty error", PostAttributeCollection, false, 502, ` `, "", nil, journey.CodeExchangeFailed},
		{"null", PreTokenIssuance, false, 200, `null`, "", nil, journey.CodeProviderResponse},
		{"an array", PreTokenIssuance, false, 200, `[{"action":"Continue"}]`, "", nil, journey.CodeProviderResponse},
		{"two objects", PreTokenIssuance, false, 200, `{"action":"Continue"}{}`, "", nil, journey.CodeProviderResponse},
		{"empty", PreTokenIssuance, false, 200, ``, "", nil, journey.CodeProviderResponse},
		{"action of another type", PreTokenIssuance, false, 200, `{"action":["Continue"]}`, "", nil, journey.CodeProviderResponse},
		{"201", PreTokenIssuance, false, 201, `{"action":"Continue"}`, "", nil, journey.CodeProviderResponse},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c := &connector.Connector{Settings: connector.Settings{Strict: test.strict}}
			got, err := Read(c, test.step, app, test.status, []byte(test.body))
			if test.code != "" {
				var refused *refusedAnswer
				if !errors.As(err, &refused) || refused.code != test.code {
					t.Fatalf("%v, want %s", err, test.code)
				}
				if f := journey.AsFailure(failed("api.example", err)); f.Code != test.code || !f.Fatal {
					t.Errorf("failure: %+v", f)
				}
				return
			}
			if err != nil || got.Action != test.action {
				t.Fatalf("%+v %v", got, err)
			}
			if diff := cmp.Diff(test.claims, got.Claims); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestEntrasContract(t *testing.T) {
	t.Parallel()
	c := &connector.Connector{Settings: connector.Settings{Contract: connector.ContractTokenIssuance}}
	good := `{"data":{"@odata.type":"microsoft.graph.onTokenIssuanceStartResponseData","actions":[{"@odata.type":"microsoft.graph.tokenIssuanceStart.provideClaimsForToken","claims":{"city":"Oslo","extension_Roles":["a","b"],"sub":"x"}}]}}`
	for name, test := range map[string]struct {
		status int
		body   string
		good   bool
	}{
		"as documented": {200, good, true}, "with #": {200, strings.ReplaceAll(good, `"microsoft`, `"#microsoft`), true},
		"no type": {200, `{"data":{"actions":[]}}`, false}, "no action": {200, strings.Replace(good, "provideClaimsForToken", "other", 1), false},
		"B2C's": {200, `{"version":"1.0.0","action":"Continue"}`, false}, "500": {500, good, false}, "a page": {200, "<html>", false},
	} {
		got, err := Read(c, PreTokenIssuance, app, test.status, []byte(test.body))
		if test.good != (err == nil) {
			t.Errorf("%s: %v", name, err)
		}
		if test.good {
			if diff := cmp.Diff(map[string]any{"city": "Oslo", "extension_roles": []any{"a", "b"}}, got.Claims); diff != "" {
				t.Errorf("%s: %s", name, diff)
			}
		}
	}
	r := Request{Step: PreTokenIssuance, ClientID: "app-1", ClientObjectID: "obj-1", ClientName: "Shop", Locales: "de-DE en", CorrelationID: "c-1", TenantID: "t-1", IP: "192.0.2.1",
		Members: []Member{{"objectId", claims.Text("u-1")}, {"displayName", claims.Text("Ann")}, {"email", claims.Text("a@b.example")}}}
	body, key, err := r.encode(c)
	if err != nil || key != nil {
		t.Fatal(err, key)
	}
	var got map[string]any
	if err := json.Unmarshal(body, &got); err != nil {
		t.Fatal(err)
	}
	app := map[string]any{"id": "obj-1", "appId": "app-1", "appDisplayName": "Shop", "displayName": "Shop"}
	want := map[string]any{
		"type": "microsoft.graph.authenticationEvent.tokenIssuanceStart", "source": "/tenants/t-1/applications/app-1",
		"data": map[string]any{
			"@odata.type": "microsoft.graph.onTokenIssuanceStartCalloutData", "tenantId": "t-1", "authenticationEventListenerId": "t-1", "customAuthenticationExtensionId": "t-1",
			"authenticationContext": map[string]any{
				"correlationId": "c-1", "client": map[string]any{"ip": "192.0.2.1", "locale": "de-DE", "market": "de-DE"}, "protocol": "OAUTH2.0",
				"clientServicePrincipal": app, "resourceServicePrincipal": app,
				"user": map[string]any{"id": "u-1", "displayName": "Ann", "mail": "a@b.example", "userType": "Member", "preferredLanguage": "de-DE"},
			},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestTheRequestsMembers(t *testing.T) {
	t.Parallel()
	r := Request{Step: PostAttributeCollection, ClientID: "c", Locales: "en-US", Members: []Member{
		{"objectId", claims.Text("none yet")}, {"email", claims.Text("a@x.test")}, {"extension_" + app + "_Age", claims.Integer(41)}, {"extension_" + app + "_Member", claims.Bool(false)},
		{"step", claims.Text("forged")}, {"city", claims.Text(`"Bergen" <&>`)},
	}, Identities: []Identity{{"federated", "facebook.com", "7"}}}
	got, err := r.JSON()
	want := `{"step":"PostAttributeCollection","client_id":"c","ui_locales":"en-US","email":"a@x.test","extension_` + app + `_Age":41,"extension_` + app +
		`_Member":false,"city":"\"Bergen\" <&>","identities":[{"signInType":"federated","issuer":"facebook.com","issuerAssignedId":"7"}]}`
	if err != nil || string(got) != want {
		t.Errorf("%v\n got %s\nwant %s", err, got, want)
	}
}

// The property: whatever an API answers, a journey goes on, asks again, blocks or ends
// with a code of ours; and no claim says who the user is.
func FuzzRead(f *testing.F) {
	f.Add(200, []byte(`{"version":"1.0.0","action":"Continue","city":"Oslo","extension_0a1b2c3d00004000800000000000000f_A":1}`), true)
	f.Add(400, []byte(`{"status":"400","action":"ValidationError","userMessage":"x"}`), false)
	f.Add(200, []byte(`{"data":{"@odata.type":"microsoft.graph.onTokenIssuanceStartResponseData","actions":[{"@odata.type":"microsoft.graph.tokenIssuanceStart.provideClaimsForToken","claims":{}}]}}`), true)
	f.Fuzz(func(t *testing.T, status int, body []byte, entra bool) {
		c := &connector.Connector{}
		if entra {
			c.Settings.Contract = connector.ContractTokenIssuance
		}
		for _, step := range userflow.ConnectorSteps {
			v, err := Read(c, step, app, status, body)
			if err != nil {
				f := journey.AsFailure(failed("host", err))
				if !f.Fatal || f.Code == journey.CodeInternal || f.Code.Text() == "" {
					t.Errorf("%v: %+v", err, f)
				}
				continue
			}
			if v.Action == ActionShowBlockPage && step == PreTokenIssuance || v.Action == ActionValidationError && step != PostAttributeCollection {
				t.Errorf("%s at %s", v.Action, step)
			}
			for name := range v.Claims {
				if name != strings.ToLower(name) || identityClaims[name] || protocolClaims[name] {
					t.Errorf("claim %q", name)
				}
			}
		}
	})
}

func TestTheLocalesAreTheApplicationsThenTheBrowsersThenTheChosen(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, asked, accept, want string }{
		{"what the application asks for, as it is", "da-DK de", "fr", "da-DK de"},
		{"the browser's, the one liked best first", "", "en;q=0.5, de-AT, *;q=0.1", "de-AT en"},
		{"a header that can't be read", "", ";;;", "sv"},
		{"neither", " ", "", "sv"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			call := &journey.Call{Language: "sv", Journey: &journey.Journey{Request: journey.Request{
				Parameters: map[string]string{"ui_locales": tt.asked}, AcceptLanguage: tt.accept,
			}}}
			if got := locales(call); got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}
