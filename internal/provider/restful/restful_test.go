package restful_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"journeyman.dev/internal/journey"
	. "journeyman.dev/internal/journey/journeytest"
	"journeyman.dev/internal/outbound"
	"journeyman.dev/internal/provider/providertest"
	"journeyman.dev/internal/provider/restful"
)

// api is a policy whose one profile calls an API; keys are pairs of role and key set.
func api(metadata []string, inputs, outputs string, keys ...string) Policy {
	if !strings.Contains(strings.Join(metadata, " "), "AuthenticationType") {
		metadata = append(metadata, "AuthenticationType", "None", "AllowInsecureAuthInProduction", "true")
	}
	if !strings.Contains(strings.Join(metadata, " "), "ServiceUrl") {
		metadata = append(metadata, "ServiceUrl", "https://api.example/v1")
	}
	cryptographic := ""
	for i := 0; i+1 < len(keys); i += 2 {
		cryptographic += `<Key Id="` + keys[i] + `" StorageReferenceId="B2C_1A_` + keys[i+1] + `" />`
	}
	if cryptographic != "" {
		cryptographic = "<CryptographicKeys>" + cryptographic + "</CryptographicKeys>"
	}
	return Policy{
		Claims: "email name -age:int -list:stringCollection -flag:boolean -when:dateTime", Profiles: Sets("Begin", "email", "a&b@example.com", "name", "Ada <L>", "age", "36", "list", "x", "flag", "true") +
			Profile("API", "RestfulProvider", Metadata(metadata...)+cryptographic+inputs+outputs),
		Steps: []string{Run("Begin"), Run("API")},
	}
}

// call runs a policy against an API and returns who was called, and the user.
func call(t *testing.T, caller *providertest.Caller, p Policy) (*Stage, *User) {
	t.Helper()
	s := New(t, kind(&restful.Provider{Caller: caller, Keys: &providertest.Keys{Secrets: map[string]string{"B2C_1A_File": "from-file \r\n", "B2C_1A_Split": "a\nb"}}}))
	return s, s.User().Visit(s.Compile(p), "campaign", "c/1")
}

// rest-and-connectors §2.2: how claims are sent.
func TestHowClaimsAreSent(t *testing.T) {
	t.Parallel()
	all := Inputs("email", "name=fullName", "age", "list", "flag", "when")
	for _, c := range []struct {
		name     string
		metadata []string
		inputs   string
		method   string
		url      string
		body     string
		header   string // name=value
	}{
		{"in a JSON body, the default", nil, all, "POST", "https://api.example/v1", `{"email":"a&b@example.com","fullName":"Ada <L>","age":36,"list":["x"],"flag":true}`, "Content-Type=application/json; charset=utf-8"},
		{"nothing to send", nil, "", "POST", "https://api.example/v1", `{}`, "Accept=application/json"},
		{"the first of one partner name", nil, Inputs("email=who", "name=who"), "POST", "https://api.example/v1", `{"who":"a&b@example.com"}`, ""},
		{"the text of a claim", []string{"ClaimUsedForRequestPayload", "name"}, all, "POST", "https://api.example/v1", `Ada <L>`, ""},
		{"in a form", []string{"SendClaimsIn", "Form"}, Inputs("email", "name"), "POST", "https://api.example/v1", "email=a%26b%40example.com&name=Ada+%3CL%3E", "Content-Type=application/x-www-form-urlencoded"},
		{"in headers", []string{"SendClaimsIn", "Header"}, Inputs("email", "name=X-Name"), "GET", "https://api.example/v1", "", "X-Name=Ada <L>"},
		{"in the query", []string{"SendClaimsIn", "QueryString"}, Inputs("email"), "GET", "https://api.example/v1?email=a%26b%40example.com", "", ""},
		{"in a query that has one", []string{"SendClaimsIn", "QueryString", "ServiceUrl", "https://api.example/?a=b"}, Inputs("age"), "GET", "https://api.example/?a=b&age=36", "", ""},
		{"in a query that has begun", []string{"SendClaimsIn", "QueryString", "ServiceUrl", "https://api.example/?"}, Inputs("age"), "GET", "https://api.example/?age=36", "", ""},
		{"no claims for the query", []string{"SendClaimsIn", "QueryString"}, "", "GET", "https://api.example/v1", "", ""},
		{"in the address", []string{"SendClaimsIn", "Url", "ServiceUrl", "https://api.example/{name}/of?e={email}&w={when}"}, Inputs("name", "email", "when"), "GET", "https://api.example/Ada%20%3CL%3E/of?e=a%26b%40example.com&w=", "", ""},
		{"claim resolvers in the address", []string{"ServiceUrl", "https://api.example/{OAUTH-KV:campaign}", "IncludeClaimResolvingInClaimsHandling", "true"}, "", "POST", "https://api.example/c%2F1", "{}", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			caller := providertest.Answers(200, "")
			_, u := call(t, caller, api(c.metadata, c.inputs, ""))
			u.Finished()
			got := caller.Last(t)
			if got.Method != c.method || got.URL != c.url || got.Body != c.body {
				t.Errorf("%s %s\n%s", got.Method, got.URL, got.Body)
			}
			if name, value, ok := strings.Cut(c.header, "="); ok && got.Header.Get(name) != value {
				t.Errorf("%s: %q", name, got.Header.Get(name))
			}
			if got.Header.Get("X-Correlation-Id") == "" || got.Request.Timeout != 30*time.Second || got.Request.Attempts != 3 {
				t.Errorf("request: %+v", got.Request)
			}
		})
	}
}

// A value of dots alone would climb in the path.
func TestAValueDoesNotClimbThePath(t *testing.T) {
	t.Parallel()
	caller := providertest.Answers(200, "")
	p := api([]string{"SendClaimsIn", "Url", "ServiceUrl", "https://api.example/a/{name}/b"}, Inputs("name"), "")
	p.Profiles = strings.Replace(p.Profiles, "Ada &lt;L&gt;", "..", 1)
	if _, u := call(t, caller, p); u.Finished() == nil || caller.Last(t).URL != "https://api.example/a/%2E%2E/b" {
		t.Errorf("%s", caller.Last(t).URL)
	}
}

// What can't be sent isn't.
func TestClaimsThatCannotBeSentFailTheExchange(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		metadata []string
		inputs   string
		code     journey.Code
	}{
		"a line break in a header":   {[]string{"SendClaimsIn", "Header"}, `<InputClaims><InputClaim ClaimTypeReferenceId="when" /><InputClaim ClaimTypeReferenceId="name" DefaultValue="a&#10;b" AlwaysUseDefaultValue="true" /></InputClaims>`, journey.CodeExchangeFailed},
		"a header's name with blank": {[]string{"SendClaimsIn", "Header"}, Inputs("email=X Mail"), journey.CodeExchangeFailed},
		"no payload":                 {[]string{"ClaimUsedForRequestPayload", "when"}, Inputs("when"), journey.CodeExchangeFailed},
		"no bearer token":            {[]string{"AuthenticationType", "Bearer", "UseClaimAsBearerToken", "when"}, Inputs("when"), journey.CodeBearerMissing},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			caller := providertest.Answers(200, "")
			_, u := call(t, caller, api(c.metadata, c.inputs, ""))
			if f := u.Failed(); f.Code != c.code {
				t.Errorf("failure: %v", f)
			}
			if len(caller.Calls()) != 0 {
				t.Error("the API was called")
			}
		})
	}
}

// rest-and-connectors §2.3: authentication.
func TestAuthentication(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, kind string
		metadata   []string
		keys       []string
		header     string
		code       journey.Code
	}{
		{"none", "None", []string{"AllowInsecureAuthInProduction", "true"}, nil, "Authorization=", ""},
		{"basic", "Basic", nil, []string{"BasicAuthenticationUsername", "User", "BasicAuthenticationPassword", "File"}, "Authorization=Basic dG9wLXNlY3JldCBCMkNfMUFfVXNlcjpmcm9tLWZpbGUg", ""},
		{"bearer", "Bearer", nil, []string{"BearerAuthenticationToken", "File"}, "Authorization=Bearer from-file ", ""},
		{"bearer of a claim", "Bearer", []string{"UseClaimAsBearerToken", "name"}, nil, "Authorization=Bearer Ada <L>", ""},
		{"bearer with a line break within", "Bearer", nil, []string{"BearerAuthenticationToken", "Split"}, "", journey.CodeBearerMissing},
		{"a header of its own", "ApiKeyHeader", nil, []string{"x-functions-key", "Function"}, "x-functions-key=top-secret B2C_1A_Function", ""},
		{"a certificate", "ClientCertificate", nil, []string{"ClientCertificate", "Cert"}, "Authorization=", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			caller := providertest.Answers(200, "")
			_, u := call(t, caller, api(append([]string{"AuthenticationType", c.kind}, c.metadata...), Inputs("email", "name"), "", c.keys...))
			if c.code != "" {
				if f := u.Failed(); f.Code != c.code {
					t.Errorf("failure: %v", f)
				}
				return
			}
			u.Finished()
			got := caller.Last(t)
			if name, value, _ := strings.Cut(c.header, "="); got.Header.Get(name) != value {
				t.Errorf("%s: %q", name, got.Header.Get(name))
			}
			if cert := got.Request.Certificate; (cert != nil) != (c.kind == "ClientCertificate") || cert != nil && len(cert.Certificate) != 1 {
				t.Errorf("certificate: %v", cert)
			}
			if strings.Contains(got.Body, "Ada") == (c.name == "bearer of a claim") {
				t.Errorf("body: %s", got.Body)
			}
		})
	}
}

func TestAKeyThatCannotBeReadFailsTheExchange(t *testing.T) {
	t.Parallel()
	for kindOf, keys := range map[string][]string{
		"Basic": {"BasicAuthenticationUsername", "U", "BasicAuthenticationPassword", "P"}, "Bearer": {"BearerAuthenticationToken", "T"},
		"ApiKeyHeader": {"x-key", "K"}, "ClientCertificate": {"ClientCertificate", "C"},
	} {
		s := New(t, kind(&restful.Provider{Caller: providertest.Answers(200, ""), Keys: &providertest.Keys{Service: providertest.Failing}}))
		f := s.User().Visit(s.Compile(api([]string{"AuthenticationType", kindOf}, "", "", keys...))).Failed()
		if f.Code != journey.CodeNoActiveKey || strings.Contains(f.Public, ErrTest.Error()) {
			t.Errorf("%s: %+v", kindOf, f)
		}
	}
}

// rest-and-connectors §2.4, §2.5: what is taken from an answer.
func TestAnswersBecomeClaims(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, body string
		metadata   []string
		outputs    string
		want       string // "" if the exchange fails
	}{
		{"members by partner name", `{"mail":"m","name":"n","more":1}`, nil, Outputs("email=mail", "name"), "email=m name=n"},
		{"a byte order mark", "\ufeff" + `{"name":"n"}`, nil, Outputs("name"), "email=a&b@example.com name=n"},
		{"null leaves the claim alone", `{"name":null}`, nil, Outputs("name"), "email=a&b@example.com name=Ada <L>"},
		{"an empty answer", " ", nil, Outputs("name"), "email=a&b@example.com name=Ada <L>"},
		{"JSON paths", `{"a":[{"b":"deep"}]}`, []string{"ResolveJsonPathsInJsonTokens", "true"}, Outputs("name=a[0].b"), "email=a&b@example.com name=deep"},
		{"a path in an array", `[{"b":"first"}]`, []string{"ResolveJsonPathsInJsonTokens", "true"}, Outputs("name=[0].b"), "email=a&b@example.com name=first"},
		{"an array has no members", `[1]`, nil, Outputs("name"), "email=a&b@example.com name=Ada <L>"},
		{"no JSON, and nothing to read", `<html>`, nil, "", "email=a&b@example.com name=Ada <L>"},
		{"no JSON", `<html>`, nil, Outputs("name"), ""},
		{"a number alone", `1`, nil, Outputs("name"), ""},
		{"two values", `{}{}`, nil, Outputs("name"), ""},
		{"a value of another type", `{"age":"many"}`, nil, Outputs("age"), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, u := call(t, providertest.Answers(200, c.body), api(c.metadata, "", c.outputs))
			if c.want == "" {
				if f := u.Failed(); f.Code != journey.CodeUnparsableReply && f.Code != journey.CodeInternal {
					t.Errorf("failure: %v", f)
				}
				return
			}
			got := strings.NewReplacer("age=36 ", "", "flag=True ", "", "flag=true ", "", "list=[\"x\"] ", "", "list=x ", "").Replace(u.Claims())
			if got != c.want {
				t.Errorf("claims: %s", got)
			}
		})
	}
}

// rest-and-connectors §2.6: how an API refuses.
func TestRefusalsOfAnAPI(t *testing.T) {
	t.Parallel()
	refusal := `{"version":"1.0.0","status":409,"code":"E7","requestId":"r1","userMessage":"Taken.","developerMessage":"row 3","moreInfo":"https://x"}`
	for _, c := range []struct {
		name     string
		status   int
		body     string
		metadata []string
		code     journey.Code
		public   string
		reason   string
		text     string
	}{
		{"a message for the user", 409, refusal, nil, journey.CodeExchangeFailed, "Taken.", "Conflict", ""},
		{"with details for developers", 409, refusal, []string{"DebugMode", "true"}, journey.CodeExchangeFailed, "Taken. code: E7 requestId: r1 developerMessage: row 3 moreInfo: https://x", "Conflict", ""},
		{"no message", 404, `{}`, nil, journey.CodeExchangeFailed, "Failed to establish connection to the restful service end point.", "NotFound", "Not Found"},
		{"a text of the policy", 500, refusal, []string{"DefaultUserMessageIfRequestFailed", "Try {0} later."}, journey.CodeExchangeFailed, "Try https://api.example/v1 later.", "InternalServerError", ""},
		{"a redirect is no success", 302, "", nil, journey.CodeExchangeFailed, "Failed to establish connection to the restful service end point.", "Found", "Found"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, u := call(t, providertest.Answers(c.status, c.body), api(c.metadata, "", ""))
			f := u.Failed()
			if f.Code != c.code || f.Public != c.public || f.Reason != c.reason || f.ReasonText != c.text || f.Exchange != "APIX" {
				t.Errorf("failure: %+v", f)
			}
			if want := fmt.Sprintf("api.example answered %d", c.status); !strings.Contains(f.Error(), want) {
				t.Errorf("cause: %v", f)
			}
		})
	}
}

// rest-and-connectors §1.7, §2.6: calls without answer.
func TestCallsWithoutAnswer(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err      error
		metadata []string
		code     journey.Code
		public   string
	}{
		{outbound.ErrTimeout, nil, journey.CodeIncompleteExchange, ""},
		{outbound.ErrTimeout, []string{"UserMessageIfRequestTimeout", "No answer in {0} s of {1}."}, journey.CodeIncompleteExchange, "No answer in 30 s of https://api.example/v1."},
		{outbound.ErrUnresolved, []string{"UserMessageIfDnsResolutionFailed", "No host {0}."}, journey.CodeExchangeFailed, "No host https://api.example/v1."},
		{outbound.ErrUnresolved, nil, journey.CodeExchangeFailed, ""},
		{outbound.ErrTooLarge, nil, journey.CodeUnparsableReply, ""},
		{outbound.ErrIncomplete, nil, journey.CodeUnparsableReply, ""},
		{outbound.ErrBusy, nil, journey.CodeExchangeFailed, ""},
	} {
		_, u := call(t, providertest.Refuses(c.err), api(c.metadata, "", ""))
		f := u.Failed()
		if f.Code != c.code || c.public != "" && f.Public != c.public || f.Public == "" || strings.Contains(f.Public, c.err.Error()) {
			t.Errorf("%v: %+v", c.err, f)
		}
	}
}

// Findings of the profile's settings beside those of the suite.
func TestFindingsOfRESTfulProfiles(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		metadata []string
		inputs   string
		outputs  string
		keys     []string
		want     string // part of a finding; "" if there is none
	}{
		{"as it should be", nil, "", "", nil, ""},
		{"no authentication in production", []string{"AuthenticationType", "None"}, "", "", nil, "without authentication"},
		{"http in production", []string{"ServiceUrl", "http://api.example"}, "", "", nil, "http ServiceUrl"},
		{"no address", []string{"ServiceUrl", "api.example"}, "", "", nil, "invalid ServiceUrl"},
		{"another scheme", []string{"ServiceUrl", "ftp://api.example"}, "", "", nil, "invalid ServiceUrl"},
		{"a bad host", []string{"ServiceUrl", "https://a b/"}, "", "", nil, "invalid ServiceUrl"},
		{"a placeholder in the host", []string{"ServiceUrl", "https://{email}.example/"}, Inputs("email"), "", nil, "placeholder in the host"},
		{"credentials in the address", []string{"ServiceUrl", "https://a:b@api.example/"}, "", "", nil, "credentials"},
		{"a placeholder that is no input", []string{"SendClaimsIn", "Url", "ServiceUrl", "https://api.example/{emial}"}, Inputs("email"), "", nil, `did you mean "email"`},
		{"a payload that is no input", []string{"ClaimUsedForRequestPayload", "name"}, Inputs("email"), "", nil, "isn't one of its input claims"},
		{"a payload that isn't sent in the body", []string{"ClaimUsedForRequestPayload", "name", "SendClaimsIn", "Form"}, Inputs("name"), "", nil, "set SendClaimsIn to Body"},
		{"certificate errors", []string{"IgnoreServerCertificateErrors", "true"}, "", "", nil, "ignore certificate errors"},
		{"a bad JSON path", []string{"ResolveJsonPathsInJsonTokens", "true"}, "", Outputs("name=a["), nil, "invalid JSON path"},
		{"an API key without name", []string{"AuthenticationType", "ApiKeyHeader"}, "", "", nil, "name of its header"},
		{"another way of sending", []string{"SendClaimsIn", "Querystrin"}, "", "", nil, `did you mean "QueryString"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := New(t, kind(new(restful.Provider)))
			_, found := s.Findings(api(c.metadata, c.inputs, c.outputs, c.keys...))
			if text := Text(found); c.want == "" && text != "" || !strings.Contains(text, c.want) {
				t.Errorf("findings:\n%s", text)
			}
		})
	}
}
