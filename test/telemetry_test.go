package test

import (
	"bytes"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"journeyman.dev/internal/server"
)

// logLines keeps what a server logs.
type logLines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logLines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logLines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func (l *logLines) with(c *server.Config) {
	c.Log = slog.New(slog.NewJSONHandler(l, &slog.HandlerOptions{Level: slog.LevelInfo}))
}

func insightsProfile(id, handler, metadata, inputs string) string {
	return `<TechnicalProfile Id="` + id + `"><DisplayName>t</DisplayName><Protocol Name="Proprietary" Handler="Web.TPEngine.Providers.` + handler + `, Web.TPEngine, Version=1.0.0.0, Culture=neutral, PublicKeyToken=null" /><Metadata>` + metadata + `</Metadata>` + inputs + `</TechnicalProfile>`
}

// TestApplicationInsightsNeverEndsAJourney: neither what it is called, nor wrong metadata, nor
// a transformation before it that refuses.
func TestApplicationInsightsNeverEndsAJourney(t *testing.T) {
	t.Parallel()
	log := new(logLines)
	e := start(t, log.with)
	blocks, profiles := trailBlocks("A", "B")
	blocks = strings.Replace(blocks, "</ClaimsTransformations>", `<ClaimsTransformation Id="Refuse" TransformationMethod="AssertBooleanClaimIsEqualToValue"><InputClaims><InputClaim ClaimTypeReferenceId="flag" TransformationClaimType="inputClaim" /></InputClaims><InputParameters><InputParameter Id="valueToCompareTo" DataType="boolean" Value="true" /></InputParameters></ClaimsTransformation></ClaimsTransformations>`, 1)
	event := `<InputClaims><InputClaim ClaimTypeReferenceId="loyalty" PartnerClaimType="eventName" DefaultValue="SignedIn" /><InputClaim ClaimTypeReferenceId="flag" PartnerClaimType="{property:Flag}" DefaultValue="true" /></InputClaims>`
	fromClaim := `<InputClaims><InputClaim ClaimTypeReferenceId="loyalty" PartnerClaimType="EventName" DefaultValue="{OAUTH-KV:loyal}" AlwaysUseDefaultValue="true" /></InputClaims>`
	profiles += insightsProfile("I1", "Insights.AzureApplicationInsightsProvider", `<Item Key="InstrumentationKey">00000000-0000-0000-0000-000000000001</Item><Item Key="DeveloperMode">maybe</Item>`, event) +
		insightsProfile("I2", "AzureApplicationInsightsProvider", `<Item Key="IncludeClaimResolvingInClaimsHandling">nonsense</Item>`, fromClaim) +
		insightsProfile("I3", "Insights.ApplicationInsightsProvider", "", `<InputClaimsTransformations><InputClaimsTransformation ReferenceId="Refuse" /></InputClaimsTransformations>`+event) +
		insightsProfile("I4", "Insights.AzureApplicationInsightsProvider", `<Item Key="DisableTelemetry">true</Item>`, strings.Replace(event, "SignedIn", "Silent", 1))
	extension := blocks + `<ClaimsProviders><ClaimsProvider><DisplayName>t</DisplayName><TechnicalProfiles>` + profiles + `</TechnicalProfiles></ClaimsProvider></ClaimsProviders>` +
		`<UserJourneys><UserJourney Id="J"><OrchestrationSteps>` + step(1, "A", "") + step(2, "I1", "") + step(3, "I2", "") + step(4, "I3", "") + step(5, "I4", "") + step(6, "B", "") + `<OrchestrationStep Order="7" ` + sendClaims + `</OrchestrationSteps></UserJourney></UserJourneys>`
	policy := e.own(extension, relyingParty("J", "", "trail"))
	if got := e.trail(policy, map[string]string{"loyal": "someones-secret"}); got != "[A B]" {
		t.Errorf("trail = %s", got)
	}
	lines := log.String()
	for _, want := range []string{
		`"event":{"name":"SignedIn","properties":["Flag"],"technicalProfileId":"I1"`, `"event":{"name":"…","properties":null,"technicalProfileId":"I2"`,
		`"msg":"telemetry failed, the journey goes on","technicalProfileId":"I3"`,
	} {
		if !strings.Contains(lines, want) {
			t.Errorf("the log lacks %s:\n%s", want, lines)
		}
	}
	for _, not := range []string{"someones-secret", "Silent"} {
		if strings.Contains(lines, not) {
			t.Errorf("the log has %s", not)
		}
	}
}

// TestWhatIsNotBuiltSaysSo to application and log, by its name and what it is.
func TestWhatIsNotBuiltSaysSo(t *testing.T) {
	t.Parallel()
	saml := `<TechnicalProfile Id="Contoso-SAML2"><DisplayName>c</DisplayName><Protocol Name="SAML2" /><OutputClaims><OutputClaim ClaimTypeReferenceId="loyalty" /></OutputClaims></TechnicalProfile>`
	phone := `<TechnicalProfile Id="PhoneFactor-Verify"><DisplayName>c</DisplayName><Protocol Name="Proprietary" Handler="Web.TPEngine.Providers.PhoneFactorProtocolProvider, Web.TPEngine, Version=1.0.0.0, Culture=neutral, PublicKeyToken=null" /><OutputClaims><OutputClaim ClaimTypeReferenceId="loyalty" /></OutputClaims></TechnicalProfile>`
	for name, c := range map[string]struct{ profiles, steps, want string }{
		"a SAML provider":    {saml, step(1, "Contoso-SAML2", ""), "The technical profile 'Contoso-SAML2' (protocol SAML2) is not supported by this version."},
		"a phone":            {phone, step(1, "PhoneFactor-Verify", ""), "The technical profile 'PhoneFactor-Verify' (PhoneFactorProtocolProvider) is not supported by this version."},
		"a consent screen":   {"", `<OrchestrationStep Order="1" Type="ConsentScreen" />`, "The orchestration step '1' (ConsentScreen) is not supported by this version."},
		"a review of claims": {"", `<OrchestrationStep Order="1" Type="ReviewScreen" />`, "The orchestration step '1' (ReviewScreen) is not supported by this version."},
		"a user dialog":      {"", `<OrchestrationStep Order="1" Type="UserDialog" />`, "The orchestration step '1' (UserDialog) is not supported by this version."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			log := new(logLines)
			e := start(t, log.with)
			blocks, profiles := trailBlocks("A")
			extension := blocks + `<ClaimsProviders><ClaimsProvider><DisplayName>t</DisplayName><TechnicalProfiles>` + profiles + c.profiles + `</TechnicalProfiles></ClaimsProvider></ClaimsProviders>` +
				`<UserJourneys><UserJourney Id="J"><OrchestrationSteps>` + c.steps + `<OrchestrationStep Order="2" ` + sendClaims + `</OrchestrationSteps></UserJourney></UserJourneys>`
			policy := e.own(extension, relyingParty("J", "", "trail"))
			u := e.user()
			u.authorize(policy, nil)
			got := u.result()
			if got.Get("error") != "server_error" || !strings.HasPrefix(got.Get("error_description"), "AADB2C90085: "+c.want) {
				t.Errorf("%v", got)
			}
			if logged := "t" + strings.TrimSuffix(c.want[1:], "."); !strings.Contains(log.String(), logged) {
				t.Errorf("the log lacks %q:\n%s", logged, log.String())
			}
		})
	}
}

func TestAnUnbuiltValidationProfileEndsTheJourneyAtTheApplication(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	policy := e.asks(pageSpec{
		providers: `<TechnicalProfile Id="PhoneFactor-Verify"><DisplayName>c</DisplayName><Protocol Name="Proprietary" Handler="Web.TPEngine.Providers.PhoneFactorProtocolProvider, Web.TPEngine, Version=1.0.0.0, Culture=neutral, PublicKeyToken=null" /><OutputClaims><OutputClaim ClaimTypeReferenceId="objectId" /></OutputClaims></TechnicalProfile>`,
		validate:  `<ValidationTechnicalProfile ReferenceId="PhoneFactor-Verify" />`,
	})
	u := e.user()
	u.authorize(policy, nil)
	u.pass(map[string]string{"nick": "em"})
	if got := u.result(); !strings.Contains(got.Get("error_description"), "'PhoneFactor-Verify' (PhoneFactorProtocolProvider)") {
		t.Errorf("%v", got)
	}
}
