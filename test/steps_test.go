package test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"journeyman.dev/internal/keyset"
	"journeyman.dev/internal/live"
	"journeyman.dev/policies"
)

// Tests on our own starter policies, with a policy of the test on top.

// own uploads the starter policies, an extension and a relying party on it.
func (e *env) own(extension, relyingParty string) string {
	e.t.Helper()
	files, err := policies.LocalAccounts(map[string]string{"Tenant": tenant, "ApiUrl": e.api.server.URL + "/api/GetProfile"})
	if err != nil {
		e.t.Fatal(err)
	}
	header := func(id, base string) string {
		return fmt.Sprintf(`<TrustFrameworkPolicy xmlns="http://schemas.microsoft.com/online/cpim/schemas/2013/06" PolicySchemaVersion="0.3.0.0" TenantId="%[1]s" PolicyId="%[2]s" PublicPolicyUri="http://%[1]s/%[2]s"><BasePolicy><TenantId>%[1]s</TenantId><PolicyId>%[3]s</PolicyId></BasePolicy>`, tenant, id, base)
	}
	files = append(files, []byte(header("B2C_1A_TestExtensions", "B2C_1A_Extensions")+extension+"</TrustFrameworkPolicy>"),
		[]byte(header("B2C_1A_Test", "B2C_1A_TestExtensions")+relyingParty+"</TrustFrameworkPolicy>"))
	for _, f := range files {
		if list, err := e.srv.Policies.Put(context.Background(), live.Policy{XML: f}); err != nil {
			e.t.Fatalf("%v\n%v", err, list)
		}
	}
	return "B2C_1A_Test"
}

// relyingParty puts out claims of a journey.
func relyingParty(journey, inputs string, outputs ...string) string {
	var b strings.Builder
	b.WriteString(`<RelyingParty><DefaultUserJourney ReferenceId="` + journey + `" /><TechnicalProfile Id="PolicyProfile"><Protocol Name="OpenIdConnect" />` + inputs + `<OutputClaims>`)
	for _, o := range outputs {
		b.WriteString(`<OutputClaim ClaimTypeReferenceId="` + o + `" DefaultValue="" />`)
	}
	b.WriteString(`<OutputClaim ClaimTypeReferenceId="objectId" PartnerClaimType="sub" DefaultValue="nobody" /></OutputClaims><SubjectNamingInfo ClaimType="sub" /></TechnicalProfile></RelyingParty>`)
	return b.String()
}

const (
	transformation = `<Protocol Name="Proprietary" Handler="Web.TPEngine.Providers.ClaimsTransformationProtocolProvider, Web.TPEngine, Version=1.0.0.0, Culture=neutral, PublicKeyToken=null" />`
	sendClaims     = `Type="SendClaims" CpimIssuerTechnicalProfileReferenceId="Token-JWT" />`
)

// setter is a profile that sets the claim trail to a text, and one that appends it.
func setter(id, more string) string {
	return `<TechnicalProfile Id="` + id + `"><DisplayName>x</DisplayName>` + transformation + more + `<OutputClaims><OutputClaim ClaimTypeReferenceId="trail" /></OutputClaims><OutputClaimsTransformations><OutputClaimsTransformation ReferenceId="Add-` + id + `" /></OutputClaimsTransformations></TechnicalProfile>`
}

func adder(id string) string {
	return `<ClaimsTransformation Id="Add-` + id + `" TransformationMethod="AddParameterToStringCollection"><InputClaims><InputClaim ClaimTypeReferenceId="trail" TransformationClaimType="collection" /></InputClaims><InputParameters><InputParameter Id="item" DataType="string" Value="` + id + `" /></InputParameters><OutputClaims><OutputClaim ClaimTypeReferenceId="trail" TransformationClaimType="collection" /></OutputClaims></ClaimsTransformation>`
}

// trailBlocks declares the claim trail and profiles that leave their id on it.
func trailBlocks(ids ...string) (blocks, providers string) {
	var t, p strings.Builder
	for _, id := range ids {
		t.WriteString(adder(id))
		p.WriteString(setter(id, ""))
	}
	blocks = `<BuildingBlocks><ClaimsSchema><ClaimType Id="trail"><DataType>stringCollection</DataType></ClaimType><ClaimType Id="flag"><DataType>boolean</DataType></ClaimType><ClaimType Id="loyalty"><DataType>string</DataType></ClaimType></ClaimsSchema><ClaimsTransformations>` + t.String() + `</ClaimsTransformations></BuildingBlocks>`
	return blocks, p.String()
}

func step(order int, profile, preconditions string) string {
	return fmt.Sprintf(`<OrchestrationStep Order="%d" Type="ClaimsExchange">%s<ClaimsExchanges><ClaimsExchange Id="X%d-%s" TechnicalProfileReferenceId="%s" /></ClaimsExchanges></OrchestrationStep>`, order, preconditions, order, profile, profile)
}

func call(order int, sub string) string {
	return fmt.Sprintf(`<OrchestrationStep Order="%d" Type="InvokeSubJourney"><JourneyList><Candidate SubJourneyReferenceId="%s" /></JourneyList></OrchestrationStep>`, order, sub)
}

// trail runs a journey without pages to its token.
func (e *env) trail(policy string, parameters map[string]string) string {
	e.t.Helper()
	u := e.user()
	u.authorize(policy, parameters)
	_, payload := decode(e.t, u.redeem(policy).IDToken)
	return fmt.Sprint(payload["trail"])
}

func TestSubJourneysCallAndTransfer(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	blocks, profiles := trailBlocks("A", "B", "C", "D", "E")
	extension := blocks + `<ClaimsProviders><ClaimsProvider><DisplayName>t</DisplayName><TechnicalProfiles>` + profiles + `</TechnicalProfiles></ClaimsProvider></ClaimsProviders>` +
		`<UserJourneys><UserJourney Id="J"><OrchestrationSteps>` + step(1, "A", "") + call(2, "Outer") + step(3, "C", "") + call(4, "End") + step(5, "E", "") + `<OrchestrationStep Order="6" ` + sendClaims + `</OrchestrationSteps></UserJourney></UserJourneys>` +
		`<SubJourneys><SubJourney Id="Outer" Type="Call"><OrchestrationSteps>` + call(1, "Inner") + `</OrchestrationSteps></SubJourney>` +
		`<SubJourney Id="Inner" Type="Call"><OrchestrationSteps>` + step(1, "B", "") + `</OrchestrationSteps></SubJourney>` +
		`<SubJourney Id="End" Type="Transfer"><OrchestrationSteps>` + step(1, "D", "") + `<OrchestrationStep Order="2" ` + sendClaims + `</OrchestrationSteps></SubJourney></SubJourneys>`
	policy := e.own(extension, relyingParty("J", "", "trail"))
	if got := e.trail(policy, nil); got != "[A B C D]" {
		t.Errorf("trail = %s", got)
	}
}

func TestPreconditionsAndEnablement(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	blocks, profiles := trailBlocks("A", "B", "C", "D", "E", "F")
	on := func(mode, claim, value string) string {
		m := `<Metadata>`
		if claim != "" {
			m += `<Item Key="ClaimTypeOnWhichToEnable">` + claim + `</Item><Item Key="ClaimValueOnWhichToEnable">` + value + `</Item>`
		}
		return m + `</Metadata>|` + `<EnabledForUserJourneys>` + mode + `</EnabledForUserJourneys>`
	}
	enabled := func(id, mode, claim, value string) string {
		metadata, tail, _ := strings.Cut(on(mode, claim, value), "|")
		if metadata == "<Metadata></Metadata>" {
			metadata = ""
		}
		return strings.Replace(setter(id, metadata), "</OutputClaimsTransformations>", "</OutputClaimsTransformations>"+tail, 1)
	}
	profiles = setter("A", "") + enabled("B", "Never", "", "") + enabled("C", "OnItemExistenceInStringCollectionClaim", "trail", "A") +
		enabled("D", "OnItemAbsenceInStringCollectionClaim", "trail", "A") + enabled("E", "OnClaimsExistence", "TRAIL", "") + setter("F", "")
	skip := func(kind, when, claim, value string) string {
		if value != "" {
			value = "<Value>" + value + "</Value>"
		}
		return `<Preconditions><Precondition Type="` + kind + `" ExecuteActionsIf="` + when + `"><Value>` + claim + `</Value>` + value + `<Action>SkipThisOrchestrationStep</Action></Precondition></Preconditions>`
	}
	steps := step(1, "A", "") + step(2, "B", "") + step(3, "C", "") + step(4, "D", "") + step(5, "E", "") +
		step(6, "F", skip("ClaimsExist", "true", "trail", "")) + // exists: skipped
		step(7, "F", skip("ClaimsExist", "false", "trail", "")) + // exists: runs
		step(8, "B", skip("ClaimEquals", "false", "flag", "True")) // an absent claim is ignored: runs, but B is never enabled
	extension := blocks + `<ClaimsProviders><ClaimsProvider><DisplayName>t</DisplayName><TechnicalProfiles>` + profiles + `</TechnicalProfiles></ClaimsProvider></ClaimsProviders>` +
		`<UserJourneys><UserJourney Id="J"><OrchestrationSteps>` + steps + `<OrchestrationStep Order="9" ` + sendClaims + `</OrchestrationSteps></UserJourney></UserJourneys>`
	policy := e.own(extension, relyingParty("J", "", "trail"))
	if got := e.trail(policy, nil); got != "[A C E F]" {
		t.Errorf("trail = %s", got)
	}
}

func TestGetClaimsReadsTheHint(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	if _, err := e.srv.Keys.Create(t.Context(), "HintSecret", keyset.NewSecret("sig", []byte(strings.Repeat("s", 40)))); err != nil {
		t.Fatal(err)
	}
	blocks, profiles := trailBlocks("A")
	hint := `<TechnicalProfile Id="Hint"><DisplayName>h</DisplayName><Protocol Name="None" /><Metadata><Item Key="issuer">https://app.example</Item><Item Key="IdTokenAudience">journey</Item></Metadata><CryptographicKeys><Key Id="client_secret" StorageReferenceId="B2C_1A_HintSecret" /></CryptographicKeys><OutputClaims><OutputClaim ClaimTypeReferenceId="loyalty" PartnerClaimType="card" /><OutputClaim ClaimTypeReferenceId="flag" PartnerClaimType="vip" /></OutputClaims></TechnicalProfile>`
	extension := blocks + `<ClaimsProviders><ClaimsProvider><DisplayName>t</DisplayName><TechnicalProfiles>` + profiles + hint + `</TechnicalProfiles></ClaimsProvider></ClaimsProviders>` +
		`<UserJourneys><UserJourney Id="J"><OrchestrationSteps><OrchestrationStep Order="1" Type="GetClaims" CpimIssuerTechnicalProfileReferenceId="Hint" /><OrchestrationStep Order="2" ` + sendClaims + `</OrchestrationSteps></UserJourney></UserJourneys>`
	policy := e.own(extension, relyingParty("J", `<InputClaims><InputClaim ClaimTypeReferenceId="loyalty" /></InputClaims>`, "loyalty", "flag"))
	token := func(secret, issuer, audience string, expires time.Duration) string {
		signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.HS256, Key: []byte(secret)}, nil)
		if err != nil {
			t.Fatal(err)
		}
		now := e.clock.now()
		text, err := jwt.Signed(signer).Claims(map[string]any{"iss": issuer, "aud": audience, "nbf": now.Add(-time.Hour).Unix(), "exp": now.Add(expires).Unix(), "card": "gold", "vip": true}).Serialize()
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	good := strings.Repeat("s", 40)
	u := e.user()
	u.authorize(policy, map[string]string{"id_token_hint": token(good, "https://app.example", "journey", time.Hour)})
	// Only what the relying party takes in flows on.
	if _, payload := decode(t, u.redeem(policy).IDToken); payload["loyalty"] != "gold" || payload["flag"] != nil {
		t.Errorf("payload = %v", payload)
	}
	u = e.user()
	u.authorize(policy, nil)
	if _, payload := decode(t, u.redeem(policy).IDToken); payload["loyalty"] != nil {
		t.Errorf("without a hint: %v", payload)
	}
	for want, text := range map[string]string{
		"AADB2C90208": token(good, "https://app.example", "journey", -2*time.Minute),
		"AADB2C90209": token(good, "https://app.example", "other", time.Hour),
		"AADB2C90232": token(good, "https://evil.example", "journey", time.Hour),
		"AADB2C90233": token(strings.Repeat("x", 40), "https://app.example", "journey", time.Hour),
		"AADB2C90210": "nonsense",
	} {
		u := e.user()
		u.authorize(policy, map[string]string{"id_token_hint": text})
		if got := u.result(); got.Get("error") != "invalid_request" || !strings.HasPrefix(got.Get("error_description"), want+": ") {
			t.Errorf("want %s, got %v", want, got)
		}
	}
}

func TestWhatIsNotSupportedSaysSo(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	blocks, _ := trailBlocks()
	profile := `<TechnicalProfile Id="Unbuilt"><DisplayName>o</DisplayName><Protocol Name="Proprietary" Handler="Web.TPEngine.Providers.ConditionalAccessProtocolProvider, Web.TPEngine, Version=1.0.0.0, Culture=neutral, PublicKeyToken=null" /><Metadata><Item Key="OperationType">Evaluation</Item></Metadata><OutputClaims><OutputClaim ClaimTypeReferenceId="loyalty" /></OutputClaims></TechnicalProfile>`
	extension := strings.Replace(blocks, "<ClaimsTransformations></ClaimsTransformations>", "", 1) + `<ClaimsProviders><ClaimsProvider><DisplayName>t</DisplayName><TechnicalProfiles>` + profile + `</TechnicalProfiles></ClaimsProvider></ClaimsProviders>` +
		`<UserJourneys><UserJourney Id="J"><OrchestrationSteps>` + step(1, "Unbuilt", "") + `<OrchestrationStep Order="2" ` + sendClaims + `</OrchestrationSteps></UserJourney></UserJourneys>`
	policy := e.own(extension, relyingParty("J", "", "loyalty"))
	_, body := e.graph("admin-token", "GET", "beta/trustFramework/policies/"+policy+"/$value", nil)
	list, err := e.srv.Policies.Put(t.Context(), live.Policy{XML: []byte(fmt.Sprint(body["body"]))})
	if err != nil || !strings.Contains(fmt.Sprint(list), "JM7001") {
		t.Errorf("upload: %v %v", list, err)
	}
	u := e.user()
	u.authorize(policy, nil)
	if got := u.result(); got.Get("error") != "server_error" || !strings.HasPrefix(got.Get("error_description"), "AADB2C90085: ") {
		t.Errorf("running it: %v", got)
	}
}

// The relying party's input claims have defaults, with claim resolvers, for what the hint
// lacks; the context of the request is there for a profile that asks.
func TestDefaultsOfTheRelyingPartysInputsAndTheContext(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	if _, err := e.srv.Keys.Create(t.Context(), "HintSecret", keyset.NewSecret("sig", []byte(strings.Repeat("s", 40)))); err != nil {
		t.Fatal(err)
	}
	blocks, _ := trailBlocks()
	blocks = strings.Replace(blocks, "<ClaimsTransformations></ClaimsTransformations>", "", 1)
	blocks = strings.Replace(blocks, "</ClaimsSchema>", `<ClaimType Id="address"><DataType>string</DataType></ClaimType><ClaimType Id="correlation"><DataType>string</DataType></ClaimType></ClaimsSchema>`, 1)
	profiles := `<TechnicalProfile Id="Hint"><DisplayName>h</DisplayName><Protocol Name="None" /><Metadata><Item Key="issuer">https://app.example</Item><Item Key="IdTokenAudience">journey</Item></Metadata><CryptographicKeys><Key Id="client_secret" StorageReferenceId="B2C_1A_HintSecret" /></CryptographicKeys><OutputClaims><OutputClaim ClaimTypeReferenceId="loyalty" /></OutputClaims></TechnicalProfile>
<TechnicalProfile Id="Context"><DisplayName>c</DisplayName><Protocol Name="Proprietary" Handler="Web.TPEngine.Providers.UserJourneyContextProvider, Web.TPEngine, Version=1.0.0.0, Culture=neutral, PublicKeyToken=null" /><OutputClaims><OutputClaim ClaimTypeReferenceId="address" PartnerClaimType="IP-Address" /><OutputClaim ClaimTypeReferenceId="correlation" PartnerClaimType="CorrelationId" /></OutputClaims></TechnicalProfile>`
	extension := blocks + `<ClaimsProviders><ClaimsProvider><DisplayName>t</DisplayName><TechnicalProfiles>` + profiles + `</TechnicalProfiles></ClaimsProvider></ClaimsProviders>` +
		`<UserJourneys><UserJourney Id="J"><OrchestrationSteps><OrchestrationStep Order="1" Type="GetClaims" CpimIssuerTechnicalProfileReferenceId="Hint" />` + step(2, "Context", "") + `<OrchestrationStep Order="3" ` + sendClaims + `</OrchestrationSteps></UserJourney></UserJourneys>`
	policy := e.own(extension, relyingParty("J", `<InputClaims><InputClaim ClaimTypeReferenceId="loyalty" DefaultValue="{OAUTH-KV:card}" /></InputClaims>`, "loyalty", "address", "correlation"))
	now := e.clock.now()
	hint := signed(t, jose.HS256, []byte(strings.Repeat("s", 40)), nil, map[string]any{"iss": "https://app.example", "aud": "journey", "nbf": now.Add(-time.Hour).Unix(), "exp": now.Add(time.Hour).Unix(), "loyalty": "gold"})
	for want, parameters := range map[string]map[string]string{
		"gold": {"id_token_hint": hint, "card": "silver"}, "silver": {"card": "silver"}, "<nil>": nil,
	} {
		u := e.user()
		u.authorize(policy, parameters)
		_, payload := decode(t, u.redeem(policy).IDToken)
		if fmt.Sprint(payload["loyalty"]) != want {
			t.Errorf("want %s: %v", want, payload)
		}
		if correlation, _ := payload["correlation"].(string); payload["address"] != "127.0.0.1" || len(correlation) != 36 {
			t.Errorf("context: %v", payload)
		}
	}
}
