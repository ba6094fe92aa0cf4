package test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"software.sslmate.com/src/go-pkcs12"

	"journeyman.dev/internal/keyset"
	"journeyman.dev/internal/live"
	"journeyman.dev/internal/server"
)

const restHandler = `<Protocol Name="Proprietary" Handler="Web.TPEngine.Providers.RestfulProvider, Web.TPEngine, Version=1.0.0.0, Culture=neutral, PublicKeyToken=null" />`

// restPolicy is a journey of one REST call without pages.
type restPolicy struct {
	url      string // after the API's address
	metadata string
	keys     string
	inputs   string
	outputs  string
	mode     string // SendClaimsIn
	auth     string
	before   string // input claims transformations
}

func (r restPolicy) extension(base string) string {
	claims := ""
	for _, c := range []string{"text:string", "flag:boolean", "count:int", "big:long", "when:dateTime", "day:date", "tags:stringCollection", "token:string", "payload:string", "got:string", "gotFlag:boolean", "gotCount:int", "gotTags:stringCollection", "gotWhen:dateTime"} {
		id, kind, _ := strings.Cut(c, ":")
		claims += `<ClaimType Id="` + id + `"><DataType>` + kind + `</DataType></ClaimType>`
	}
	if r.auth == "" {
		r.auth = "None"
	}
	if r.mode != "" {
		r.metadata += `<Item Key="SendClaimsIn">` + r.mode + `</Item>`
	}
	if r.keys != "" {
		r.keys = `<CryptographicKeys>` + r.keys + `</CryptographicKeys>`
	}
	if r.before != "" {
		r.before = `<InputClaimsTransformations><InputClaimsTransformation ReferenceId="` + r.before + `" /></InputClaimsTransformations>`
	}
	if r.inputs != "" {
		r.inputs = `<InputClaims>` + r.inputs + `</InputClaims>`
	}
	if r.outputs == "" {
		r.outputs = `<OutputClaim ClaimTypeReferenceId="got" PartnerClaimType="answer" />`
	}
	return `<BuildingBlocks><ClaimsSchema>` + claims + `</ClaimsSchema><ClaimsTransformations>
	<ClaimsTransformation Id="Nested" TransformationMethod="GenerateJson"><InputClaims><InputClaim ClaimTypeReferenceId="text" TransformationClaimType="customer.names.0" /></InputClaims><InputParameters><InputParameter Id="template" DataType="string" Value="d-1" /><InputParameter Id="customer.vip" DataType="boolean" Value="true" /></InputParameters><OutputClaims><OutputClaim ClaimTypeReferenceId="payload" TransformationClaimType="outputClaim" /></OutputClaims></ClaimsTransformation>
	</ClaimsTransformations></BuildingBlocks>
	<ClaimsProviders><ClaimsProvider><DisplayName>API</DisplayName><TechnicalProfiles>
	<TechnicalProfile Id="Set"><DisplayName>s</DisplayName>` + transformation + `<OutputClaims>
	<OutputClaim ClaimTypeReferenceId="text" DefaultValue="a b&amp;c&#233;" /><OutputClaim ClaimTypeReferenceId="flag" DefaultValue="true" /><OutputClaim ClaimTypeReferenceId="count" DefaultValue="42" /><OutputClaim ClaimTypeReferenceId="big" DefaultValue="9007199254740993" />
	<OutputClaim ClaimTypeReferenceId="when" DefaultValue="2022-01-14T11:40:35Z" /><OutputClaim ClaimTypeReferenceId="day" DefaultValue="2022-01-14" /><OutputClaim ClaimTypeReferenceId="tags" DefaultValue="one" /><OutputClaim ClaimTypeReferenceId="token" DefaultValue="t0ken" /></OutputClaims></TechnicalProfile>
	<TechnicalProfile Id="Call"><DisplayName>c</DisplayName>` + restHandler + `<Metadata><Item Key="ServiceUrl">` + base + r.url + `</Item><Item Key="AuthenticationType">` + r.auth + `</Item><Item Key="AllowInsecureAuthInProduction">true</Item>` + r.metadata + `</Metadata>` + r.keys + r.before + r.inputs + `<OutputClaims>` + r.outputs + `</OutputClaims></TechnicalProfile>
	</TechnicalProfiles></ClaimsProvider></ClaimsProviders>
	<UserJourneys><UserJourney Id="J"><OrchestrationSteps>` + step(1, "Set", "") + step(2, "Call", "") + `<OrchestrationStep Order="3" ` + sendClaims + `</OrchestrationSteps></UserJourney></UserJourneys>`
}

func in(claim, more string) string {
	return `<InputClaim ClaimTypeReferenceId="` + claim + `" ` + more + ` />`
}

// secrets makes the key sets that REST profiles name.
func (e *env) secrets() {
	e.t.Helper()
	for name, secret := range map[string]string{"RestUser": "api-user", "RestPassword": "api-password", "RestToken": "static-token", "RestApiKey": "key-1\n"} {
		if _, err := e.srv.Keys.Create(context.Background(), name, keyset.NewSecret("enc", []byte(secret))); err != nil {
			e.t.Fatal(err)
		}
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		e.t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "journeyman client"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		e.t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		e.t.Fatal(err)
	}
	pfx, err := pkcs12.Modern.Encode(key, cert, nil, "pw")
	if err != nil {
		e.t.Fatal(err)
	}
	if _, err := keyset.FromPKCS12(pfx, "wrong"); err == nil || !strings.HasPrefix(err.Error(), "AADB2C95025") {
		e.t.Errorf("a wrong PKCS #12 password: %v", err)
	}
	k, err := keyset.FromPKCS12(pfx, "pw")
	if err != nil {
		e.t.Fatal(err)
	}
	if _, err := e.srv.Keys.Create(context.Background(), "RestCert", k); err != nil {
		e.t.Fatal(err)
	}
}

func TestEveryWayToCallAnAPI(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	e.secrets()
	all := in("text", `PartnerClaimType="name"`) + in("flag", "") + in("count", "") + in("big", "") + in("when", "") + in("day", "") + in("tags", "") + in("got", "")
	tests := []struct {
		name   string
		policy restPolicy
		check  func(c apiCall) bool
	}{
		{"body, every type; no value is left out", restPolicy{inputs: all, mode: "body"}, func(c apiCall) bool {
			return c.Method == "POST" && c.Body == `{"name":"a b&cé","flag":true,"count":42,"big":9007199254740993,"when":"2022-01-14T11:40:35.0000000Z","day":"2022-01-14","tags":["one"]}` &&
				strings.HasPrefix(c.Header.Get("Content-Type"), "application/json")
		}},
		{"form", restPolicy{inputs: in("text", `PartnerClaimType="na me"`) + in("flag", ""), mode: "Form"}, func(c apiCall) bool {
			return c.Method == "POST" && c.Body == "na+me=a+b%26c%C3%A9&flag=True" && c.Header.Get("Content-Type") == "application/x-www-form-urlencoded"
		}},
		{"header", restPolicy{inputs: in("count", `PartnerClaimType="X-Count"`) + in("token", `PartnerClaimType="x-token"`), mode: "Header"}, func(c apiCall) bool {
			return c.Method == "GET" && c.Body == "" && c.Header.Get("X-Count") == "42" && c.Header.Get("X-Token") == "t0ken"
		}},
		{"query string, joined with the address's own", restPolicy{url: "/q?v=1", inputs: in("text", `PartnerClaimType="n"`) + in("count", ""), mode: "QueryString"}, func(c apiCall) bool {
			return c.Method == "GET" && c.Path == "/q?v=1&n=a+b%26c%C3%A9&count=42"
		}},
		{"url placeholders", restPolicy{url: "/u/{name}/x?c={count}", inputs: in("text", `PartnerClaimType="name"`) + in("count", ""), mode: "Url"}, func(c apiCall) bool {
			return c.Method == "GET" && c.Path == "/u/a%20b%26c%C3%A9/x?c=42"
		}},
		{"braces stay in a body call's address", restPolicy{url: "/u/{name}", inputs: in("count", "")}, func(c apiCall) bool { return c.Path == "/u/%7Bname%7D" || c.Path == "/u/{name}" }},
		{"a default and a forced default", restPolicy{inputs: in("got", `DefaultValue="d"`) + in("text", `DefaultValue="forced" AlwaysUseDefaultValue="true"`) + in("count", `DefaultValue="7"`)}, func(c apiCall) bool {
			return c.Body == `{"got":"d","text":"forced","count":42}`
		}},
		{"resolvers", restPolicy{inputs: in("text", `DefaultValue="{Culture:RFC5646}|{OIDC:ClientId}|{OAUTH-KV:campaign}" AlwaysUseDefaultValue="true"`)}, func(c apiCall) bool {
			return c.Body == `{"text":"en-US|`+e.spa.AppID+`|spring"}`
		}},
		{"a nested payload", restPolicy{before: "Nested", metadata: `<Item Key="ClaimUsedForRequestPayload">payload</Item>`, inputs: in("payload", "") + in("count", "")}, func(c apiCall) bool {
			return c.Body == `{"customer":{"names":["a b&cé"],"vip":true},"template":"d-1"}`
		}},
		{"basic", restPolicy{auth: "Basic", keys: `<Key Id="BasicAuthenticationUsername" StorageReferenceId="B2C_1A_RestUser" /><Key Id="BasicAuthenticationPassword" StorageReferenceId="B2C_1A_RestPassword" />`}, func(c apiCall) bool {
			return c.Header.Get("Authorization") == "Basic YXBpLXVzZXI6YXBpLXBhc3N3b3Jk" && c.Body == "{}"
		}},
		{"a static bearer token", restPolicy{auth: "Bearer", keys: `<Key Id="BearerAuthenticationToken" StorageReferenceId="B2C_1A_RestToken" />`}, func(c apiCall) bool {
			return c.Header.Get("Authorization") == "Bearer static-token"
		}},
		{"a claim as bearer token, not repeated", restPolicy{auth: "Bearer", metadata: `<Item Key="UseClaimAsBearerToken">token</Item>`, inputs: in("token", "") + in("count", "")}, func(c apiCall) bool {
			return c.Header.Get("Authorization") == "Bearer t0ken" && c.Body == `{"count":42}`
		}},
		{"an API key", restPolicy{auth: "ApiKeyHeader", keys: `<Key Id="x-functions-key" StorageReferenceId="B2C_1A_RestApiKey" />`}, func(c apiCall) bool {
			return c.Header.Get("X-Functions-Key") == "key-1"
		}},
		{"a client certificate", restPolicy{auth: "ClientCertificate", keys: `<Key Id="ClientCertificate" StorageReferenceId="B2C_1A_RestCert" />`}, func(c apiCall) bool {
			return c.Certificate == "journeyman client"
		}},
	}
	e.api.respond(200, `{"answer":"yes"}`)
	for _, tt := range tests {
		policy := e.own(tt.policy.extension(e.api.server.URL), relyingParty("J", "", "got"))
		u := e.user()
		u.authorize(policy, map[string]string{"campaign": "spring"})
		_, payload := decode(t, u.redeem(policy).IDToken)
		calls := e.api.take()
		if len(calls) != 1 || !tt.check(calls[0]) || payload["got"] != "yes" {
			t.Errorf("%s: got %v, calls %+v", tt.name, payload["got"], calls)
		}
	}
}

func TestEveryAnswerOfAnAPI(t *testing.T) {
	t.Parallel()
	e := start(t, func(c *server.Config) { c.RESTTimeout, c.RESTAttempts = 2*time.Second, 2 })
	outputs := `<OutputClaim ClaimTypeReferenceId="got" PartnerClaimType="answer" /><OutputClaim ClaimTypeReferenceId="gotFlag" PartnerClaimType="flag" /><OutputClaim ClaimTypeReferenceId="gotCount" PartnerClaimType="count" /><OutputClaim ClaimTypeReferenceId="gotTags" PartnerClaimType="tags" /><OutputClaim ClaimTypeReferenceId="gotWhen" PartnerClaimType="when" />`
	plain := restPolicy{outputs: outputs}
	paths := restPolicy{metadata: `<Item Key="ResolveJsonPathsInJsonTokens">true</Item>`, outputs: `<OutputClaim ClaimTypeReferenceId="got" PartnerClaimType="data[0].to[0].email" /><OutputClaim ClaimTypeReferenceId="gotCount" PartnerClaimType="name.n" />`}
	defaults := restPolicy{outputs: `<OutputClaim ClaimTypeReferenceId="got" PartnerClaimType="answer" DefaultValue="d" /><OutputClaim ClaimTypeReferenceId="gotCount" PartnerClaimType="count" DefaultValue="1" AlwaysUseDefaultValue="true" />`}
	debug := restPolicy{metadata: `<Item Key="DebugMode">true</Item>`}
	message := restPolicy{metadata: `<Item Key="DefaultUserMessageIfRequestFailed">Our shop is closed.</Item><Item Key="UserMessageIfRequestTimeout">No answer in {0} seconds.</Item>`}
	drop := func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err == nil {
			_ = conn.Close()
		}
	}
	hang := func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	half := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "100")
		_, _ = io.WriteString(w, `{"answer":`)
	}
	huge := func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"answer":"`+strings.Repeat("x", 2<<20)+`"}`)
	}
	redirect := func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/elsewhere", http.StatusFound) }
	once := 0
	recovers := func(w http.ResponseWriter, r *http.Request) {
		if once++; once == 1 {
			drop(w, r)
			return
		}
		_, _ = io.WriteString(w, `{"answer":"second"}`)
	}
	answer := func(status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		}
	}
	tests := []struct {
		name   string
		policy restPolicy
		api    http.HandlerFunc
		want   string // of the token's claims, or what the error holds
		fails  bool
		calls  int
	}{
		{"every type", plain, answer(200, `{"answer":"yes","flag":"TRUE","count":"42","tags":"one","when":"2022-01-14T11:40:35Z","more":{}}`), "yes true 42 [one] 1642160435", false, 1},
		{"numbers for texts", plain, answer(200, `{"answer":1.50,"flag":false,"count":7,"tags":["a","b"]}`), "1.50 false 7 [a b] <nil>", false, 1},
		{"null and an empty array are no values", plain, answer(200, `{"answer":null,"tags":[]}`), "<nil> <nil> <nil> <nil> <nil>", false, 1},
		{"an empty body", plain, answer(204, ``), "<nil> <nil> <nil> <nil> <nil>", false, 1},
		{"an error object with status 200 is success", plain, answer(200, `{"version":"1.0.0","status":409,"userMessage":"no"}`), "<nil> <nil> <nil> <nil> <nil>", false, 1},
		{"a number that is too large", plain, answer(200, `{"count":2147483648}`), "AADB2C90085", true, 1},
		{"JSON paths", paths, answer(200, `{"data":[{"to":[{"email":"a@b.c"}]}],"name":{"n":3}}`), "a@b.c <nil> 3 <nil> <nil>", false, 1},
		{"a path that leads nowhere", paths, answer(200, `{"data":[]}`), "<nil> <nil> <nil> <nil> <nil>", false, 1},
		{"defaults", defaults, answer(200, `{"count":9}`), "d <nil> 1 <nil> <nil>", false, 1},
		{"a refusal of any 4xx", plain, answer(400, `{"userMessage":"Not you."}`), "Code 'BadRequest' and Reason 'Not you.'.", true, 1},
		{"a refusal without message", plain, answer(409, `{"status":409}`), "Code 'Conflict'", true, 1},
		{"a 5xx with a message is no refusal", plain, answer(500, `{"userMessage":"internal detail"}`), "Code 'InternalServerError'", true, 1},
		{"debug shows the developer's message", debug, answer(409, `{"userMessage":"No.","developerMessage":"row 7","code":"E1"}`), "No. code: E1 developerMessage: row 7", true, 1},
		{"without debug it stays hidden", plain, answer(409, `{"userMessage":"No.","developerMessage":"row 7"}`), "!row 7", true, 1},
		{"the policy's own text", message, answer(503, ``), "Our shop is closed.", true, 1},
		{"a hanging API is asked again", message, hang, "AADB2C90255: ", true, 2},
		{"a lost connection is tried again", plain, recovers, "second <nil> <nil> <nil> <nil>", false, 2},
		{"half an answer", plain, half, "AADB2C90261: ", true, 2},
		{"a huge answer", plain, huge, "AADB2C90261: ", true, 1},
		{"a redirect isn't followed", plain, redirect, "Code 'Found'", true, 1},
		{"no JSON", plain, answer(200, `<html>`), "AADB2C90261: ", true, 1},
		{"text after the JSON", plain, answer(200, `{} {}`), "AADB2C90261: ", true, 1},
	}
	for _, tt := range tests {
		policy := e.own(tt.policy.extension(e.api.server.URL), relyingParty("J", "", "got", "gotFlag", "gotCount", "gotTags", "gotWhen"))
		e.api.handle(tt.api)
		u := e.user()
		u.authorize(policy, nil)
		got := ""
		if tt.fails {
			got = u.result().Get("error_description")
			if u.result().Get("error") != "server_error" {
				t.Errorf("%s: %v", tt.name, u.result())
			}
		} else {
			_, p := decode(t, u.redeem(policy).IDToken)
			got = fmt.Sprint(p["got"], " ", p["gotFlag"], " ", number(p["gotCount"]), " ", p["gotTags"], " ", number(p["gotWhen"]))
		}
		hidden, mustHide := strings.CutPrefix(tt.want, "!")
		if mustHide == strings.Contains(got, hidden) || !tt.fails && got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
		if calls := e.api.take(); len(calls) != tt.calls {
			t.Errorf("%s: %d calls, want %d", tt.name, len(calls), tt.calls)
		}
	}
}

func number(v any) any {
	if f, ok := v.(float64); ok {
		return int64(f)
	}
	return v
}

func TestCallsOutAreGuarded(t *testing.T) {
	t.Parallel()
	e := start(t, func(c *server.Config) { c.Outbound, c.RESTAttempts = "strict", 1 })
	policy := e.own(restPolicy{}.extension(e.api.server.URL), relyingParty("J", "", "got"))
	u := e.user()
	u.authorize(policy, nil)
	if got := u.result(); got.Get("error") != "server_error" || len(e.api.take()) != 0 {
		t.Errorf("a loopback address was called: %v", got)
	}
	// Development: a certificate that nobody trusts is refused all the same.
	e = start(t, func(c *server.Config) { c.RESTAttempts = 1 })
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(2), DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	e.api.server.TLS.Certificates[0].Certificate, e.api.server.TLS.Certificates[0].PrivateKey = [][]byte{der}, key
	policy = e.own(restPolicy{}.extension(e.api.server.URL), relyingParty("J", "", "got"))
	u = e.user()
	u.authorize(policy, nil)
	if got := u.result(); got.Get("error") != "server_error" || len(e.api.take()) != 0 {
		t.Errorf("an untrusted certificate was accepted: %v", got)
	}
}

func TestRESTProfilesThatUploadRefuses(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	tests := []struct {
		name, code string
		change     func(xml string) string
	}{
		{"http in production", "JM4102", func(x string) string { return strings.Replace(x, "https://127.0.0.1", "http://127.0.0.1", 1) }},
		{"no authentication in production", "JM4102", func(x string) string {
			return strings.Replace(x, `<Item Key="AllowInsecureAuthInProduction">true</Item>`, "", 1)
		}},
		{"an unknown authentication", "JM4002", func(x string) string { return strings.Replace(x, ">None<", ">Nobody<", 1) }},
		{"no authentication named", "JM4001", func(x string) string { return strings.Replace(x, `<Item Key="AuthenticationType">None</Item>`, "", 1) }},
		{"basic without keys", "JM4004", func(x string) string { return strings.Replace(x, ">None<", ">Basic<", 1) }},
		{"a placeholder in the host", "JM4101", func(x string) string { return strings.Replace(x, "https://127.0.0.1", "https://{got}", 1) }},
		{"an unknown way to send claims", "JM4002", func(x string) string { return strings.Replace(x, ">Body<", ">Bdy<", 1) }},
		{"a payload claim that is no input", "JM4103", func(x string) string {
			return strings.Replace(x, `<Item Key="SendClaimsIn">`, `<Item Key="ClaimUsedForRequestPayload">payload</Item><Item Key="SendClaimsIn">`, 1)
		}},
	}
	e.own(restPolicy{mode: "Body"}.extension(e.api.server.URL), relyingParty("J", "", "got"))
	good, err := e.srv.Policies.Get("B2C_1A_TestExtensions")
	if err != nil {
		t.Fatal(err)
	}
	rp, err := e.srv.Policies.Get("B2C_1A_Test")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range tests {
		changed := tt.change(string(good.XML))
		if changed == string(good.XML) {
			t.Fatalf("%s: nothing was changed", tt.name)
		}
		list, err := e.srv.Policies.Put(t.Context(), live.Policy{XML: []byte(changed)}, live.Policy{XML: rp.XML})
		found := 0
		for _, d := range list {
			if string(d.Code) == tt.code {
				found++
			}
		}
		if err == nil || found == 0 {
			t.Errorf("%s: %v %v, want %s", tt.name, err, list, tt.code)
		}
	}
}
