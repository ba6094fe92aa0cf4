package apiconnector_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"

	"journeyman.dev/internal/application"
	"journeyman.dev/internal/claims"
	"journeyman.dev/internal/connector"
	"journeyman.dev/internal/journey"
	. "journeyman.dev/internal/journey/journeytest"
	"journeyman.dev/internal/outbound"
	"journeyman.dev/internal/program"
	"journeyman.dev/internal/provider/apiconnector"
	"journeyman.dev/internal/provider/providertest"
	"journeyman.dev/internal/userflow"
)

// connectors are API connectors whose API answers the same each time.
type connectors struct {
	service  providertest.Service
	settings connector.Settings
	status   int
	body     string
	err      error
	tls      *tls.ConnectionState

	sent string
	kept int
}

func (c *connectors) Get(id string) (connector.Connector, error) {
	if id != "c1" {
		return connector.Connector{}, connector.ErrNotFound
	}
	return connector.Connector{ID: id, DisplayName: "API", TargetURL: "https://api.example/", Settings: c.settings, Auth: connector.Authentication{Kind: connector.Basic, Password: providertest.Secret}}, nil
}

func (c *connectors) Call(ctx context.Context, id string, q connector.Request) (connector.Connector, connector.Answer, error) {
	found, err := c.Get(id)
	if err = errors.Join(err, c.service.Do(ctx), c.err); err != nil {
		return found, connector.Answer{Host: "api.example"}, err
	}
	c.sent = string(q.Body)
	return found, connector.Answer{Status: c.status, Body: []byte(c.body), Header: http.Header{"Set-Cookie": {"x"}, "X-A": {"1", "2"}}, Host: "api.example", Attempts: 1, TLS: c.tls, Cached: true, Hedged: true}, nil
}

func (c *connectors) Keep(string, []byte, connector.Answer) { c.kept++ }

// applications know one.
type applications struct{}

func (applications) GetByAppID(context.Context, string) (application.Application, error) {
	return application.Application{ID: "obj-1", DisplayName: "Shop"}, nil
}

const extensions = "0a1b2c3d00004000800000000000000f"

func kind(c *connectors) program.ProfileKind {
	return program.ProfileKind{Name: "ApiConnectorProvider", Plan: journey.Plans(&apiconnector.Provider{Connectors: c, Applications: applications{}, ExtensionsApp: extensions})}
}

func TestTheSuiteOfProviders(t *testing.T) {
	t.Parallel()
	providertest.Suite(t, providertest.Description{
		New: func(_ *testing.T, s providertest.Service) program.ProfileKind {
			return kind(&connectors{service: s, status: 200, body: `{"version":"1.0.0","action":"Continue"}`})
		},
		Claims: "email city", Inputs: map[string]string{"email": "ada@example.com"}, Ends: "finished", Required: []string{"ConnectorId", "Step"},
		Profile: Profile("Subject", "ApiConnectorProvider", "<Metadata>\n<Item Key=\"ConnectorId\">c1</Item>\n<Item Key=\"Step\">PreTokenIssuance</Item>\n</Metadata>"+Inputs("email")+Outputs("city")),
	})
}

// call is a policy that calls a connector in a step.
func call(id string, step apiconnector.Step, outputs ...string) Policy {
	return Policy{
		Claims: "email city action issuer federated", Profiles: Sets("Begin", "email", "ada@example.com", "federated", `{"type":6,"identityProvider":"facebook.com","key":"ZjE="}`) +
			Profile("API", "ApiConnectorProvider", Metadata("ConnectorId", id, "Step", string(step))+Inputs("email")+Outputs(append(outputs, "city")...)),
		Steps: []string{Run("Begin"), Run("API")}, Outputs: `<OutputClaim ClaimTypeReferenceId="city" DefaultValue="" /><OutputClaim ClaimTypeReferenceId="action" DefaultValue="" />`,
	}
}

// rest-and-connectors §1.
func TestAConnectorsAnswerLeadsOnOrEndsTheJourney(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		id     string
		step   apiconnector.Step
		api    connectors
		takes  bool // an output claim takes the action
		claims string
		code   journey.Code
		public string
		kept   int
	}{
		{"continue", "c1", apiconnector.PreTokenIssuance, connectors{status: 200, body: `{"action":"Continue","city":"Oslo"}`}, false, "city=Oslo", "", "", 1},
		{"block", "c1", apiconnector.PostFederationSignup, connectors{status: 200, body: `{"action":"ShowBlockPage","userMessage":"No."}`}, false, "", journey.CodeExchangeFailed, "No.", 0},
		{"block, and the policy has a page for it", "c1", apiconnector.PostFederationSignup, connectors{status: 200, body: `{"action":"ShowBlockPage","userMessage":"No."}`}, true, "action=ShowBlockPage", "", "", 0},
		{"what was entered is refused", "c1", apiconnector.PostAttributeCollection, connectors{status: 400, body: `{"status":400,"action":"ValidationError","userMessage":"Bad."}`}, false, "", journey.CodeExchangeFailed, "Bad.", 0},
		{"an error", "c1", apiconnector.PostAttributeCollection, connectors{status: 409, body: `{"status":409}`}, false, "", journey.CodeExchangeFailed, "Conflict", 0},
		{"no such connector", "c2", apiconnector.PreTokenIssuance, connectors{}, false, "", journey.CodeInternal, "", 0},
		{"no answer in time", "c1", apiconnector.PreTokenIssuance, connectors{err: outbound.ErrTimeout}, false, "", journey.CodeIncompleteExchange, "", 0},
		{"an answer that is too large", "c1", apiconnector.PreTokenIssuance, connectors{err: outbound.ErrTooLarge}, false, "", journey.CodeProviderResponse, "", 0},
		{"no certificate", "c1", apiconnector.PreTokenIssuance, connectors{err: connector.ErrNoCertificate}, false, "", journey.CodeNoActiveKey, "", 0},
		{"no trust", "c1", apiconnector.PreTokenIssuance, connectors{err: outbound.ErrUnreachable}, false, "", journey.CodeUntrusted, "", 0},
		{"Entra's contract has one step", "c1", apiconnector.PostFederationSignup, connectors{settings: connector.Settings{Contract: connector.ContractTokenIssuance}}, false, "", journey.CodeProviderResponse, "", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			api := c.api
			s := New(t, kind(&api))
			var outputs []string
			if c.takes {
				outputs = []string{"action"}
			}
			u := s.User()
			u.Request.AcceptLanguage = "de-DE,en;q=0.5"
			u.Visit(s.Compile(call(c.id, c.step, outputs...)))
			if api.kept != c.kept {
				t.Errorf("kept %d times", api.kept)
			}
			if c.code != "" {
				if f := u.Failed(); f.Code != c.code || c.public != "" && f.Public != c.public {
					t.Errorf("failure: %+v", f)
				}
				return
			}
			if got := u.Claims(); got != c.claims {
				t.Errorf("claims: %s", got)
			}
			if !strings.Contains(api.sent, `"ui_locales":"de-DE en"`) || !strings.Contains(api.sent, `"email":"ada@example.com"`) {
				t.Errorf("sent: %s", api.sent)
			}
			if records := s.Audits.Take(); len(records) != 1 {
				t.Errorf("%d records", len(records))
			}
		})
	}
}

func TestEntrasContractKnowsTheApplication(t *testing.T) {
	t.Parallel()
	api := &connectors{settings: connector.Settings{Contract: connector.ContractTokenIssuance}, status: 200,
		body: `{"data":{"@odata.type":"microsoft.graph.onTokenIssuanceStartResponseData","actions":[{"@odata.type":"microsoft.graph.tokenIssuanceStart.provideClaimsForToken","claims":{"city":"Oslo"}}]}}`}
	s := New(t, kind(api))
	if got := s.User().Visit(s.Compile(call("c1", apiconnector.PreTokenIssuance)), "ui_locales", "de").Claims(); got != "city=Oslo" {
		t.Errorf("claims: %s", got)
	}
	if !strings.Contains(api.sent, "obj-1") || !strings.Contains(api.sent, "Shop") {
		t.Errorf("sent: %s", api.sent)
	}
}

// A dry run keeps nothing, shows everything but secrets, and says what reaches the token.
func TestADryRun(t *testing.T) {
	t.Parallel()
	d := apiconnector.Dry{Request: apiconnector.Request{Step: apiconnector.PreTokenIssuance, ClientID: "app", CorrelationID: "c"}, TokenNames: map[string]string{"city": "town"}}
	d.Member("email", claims.Text("a@b.example"))
	d.Member("none", claims.Value{})
	api := &connectors{status: 200, body: `{"action":"Continue","city":"Oslo","other":"x","sub":"y"}`,
		tls: &tls.ConnectionState{Version: tls.VersionTLS13, CipherSuite: tls.TLS_AES_128_GCM_SHA256, PeerCertificates: []*x509.Certificate{{}}}}
	p := &apiconnector.Provider{Connectors: api, Applications: applications{}, ExtensionsApp: extensions}
	got, err := p.Probe(t.Context(), "c1", d)
	if err != nil || api.kept != 0 {
		t.Fatalf("%v, kept %d", err, api.kept)
	}
	if got.Outcome.Token["town"] != "Oslo" || len(got.Outcome.Claims) != 3 || got.Response.Headers["X-A"] != "1, 2" || got.TLS.Version != "TLS 1.3" || got.Request.Headers["Authorization"] != "Basic ******" {
		t.Errorf("%+v", got)
	}
	text, err := json.Marshal(got)
	if err != nil || strings.Contains(string(text), providertest.Secret) || strings.Contains(string(text), "Set-Cookie") {
		t.Errorf("%s, %v", text, err)
	}
	for name, api := range map[string]*connectors{"a timeout": {err: outbound.ErrTimeout}, "a bad answer": {status: 200, body: "<html>" + strings.Repeat("x", 70<<10)}} {
		p.Connectors = api
		got, err := p.Probe(t.Context(), "c1", d)
		if err != nil || got.Outcome.Code == "" || got.Outcome.Error == "" || len(got.Response.Body) > 64<<10 {
			t.Errorf("%s: %+v, %v", name, got.Outcome, err)
		}
	}
	if _, err := p.Probe(t.Context(), "c2", d); !errors.Is(err, connector.ErrNotFound) {
		t.Errorf("no such connector: %v", err)
	}
}

func TestSettingsThatAreReported(t *testing.T) {
	t.Parallel()
	s := New(t, kind(new(connectors)))
	if _, found := s.Findings(call("c1", "PreToken")); !strings.Contains(Text(found), "PreTokenIssuance") {
		t.Errorf("findings:\n%s", Text(found))
	}
	if step, ok := userflow.ParseStep("pretokenissuance"); !ok || step != apiconnector.PreTokenIssuance {
		t.Errorf("%s, %t", step, ok)
	}
	if _, ok := userflow.ParseStep("x"); ok {
		t.Error("x is a step")
	}
}
