package test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// copies makes transformations that copy one claim to another: ab copies a to b.
func copies(ids ...string) string {
	var b strings.Builder
	for _, id := range ids {
		b.WriteString(`<ClaimsTransformation Id="` + id + `" TransformationMethod="CopyClaim"><InputClaims><InputClaim ClaimTypeReferenceId="` + id[:1] + `" TransformationClaimType="inputClaim" /></InputClaims><OutputClaims><OutputClaim ClaimTypeReferenceId="` + id[1:] + `" TransformationClaimType="outputClaim" /></OutputClaims></ClaimsTransformation>`)
	}
	return b.String()
}

// parts are those of a claims transformation profile.
type parts struct{ inputCTs, inputs, outputs, outputCTs string }

func (p parts) profile(id string) string {
	list := func(tag, one, ids string) string {
		if ids == "" {
			return ""
		}
		out := "<" + tag + ">"
		for id := range strings.FieldsSeq(ids) {
			out += "<" + one + ` ReferenceId="` + id + `" />`
		}
		return out + "</" + tag + ">"
	}
	claims := func(tag, one, uses string) string {
		if uses == "" {
			return ""
		}
		out := "<" + tag + ">"
		for use := range strings.FieldsSeq(uses) { // a, a=default, a!=forced default
			name, value, has := strings.Cut(use, "=")
			out += "<" + one + ` ClaimTypeReferenceId="` + strings.TrimSuffix(name, "!") + `"`
			if has {
				out += ` DefaultValue="` + value + `"`
			}
			if strings.HasSuffix(name, "!") {
				out += ` AlwaysUseDefaultValue="true"`
			}
			out += " />"
		}
		return out + "</" + tag + ">"
	}
	return `<TechnicalProfile Id="` + id + `"><DisplayName>x</DisplayName>` + transformation + list("InputClaimsTransformations", "InputClaimsTransformation", p.inputCTs) +
		claims("InputClaims", "InputClaim", p.inputs) + claims("OutputClaims", "OutputClaim", p.outputs) +
		list("OutputClaimsTransformations", "OutputClaimsTransformation", p.outputCTs) + `</TechnicalProfile>`
}

const (
	letters  = `<ClaimType Id="a"><DataType>string</DataType></ClaimType><ClaimType Id="b"><DataType>string</DataType></ClaimType><ClaimType Id="c"><DataType>string</DataType></ClaimType><ClaimType Id="d"><DataType>string</DataType></ClaimType>`
	differ   = `<ClaimsTransformation Id="differ" TransformationMethod="AssertStringClaimsAreEqual"><InputClaims><InputClaim ClaimTypeReferenceId="a" TransformationClaimType="inputClaim1" /><InputClaim ClaimTypeReferenceId="d" TransformationClaimType="inputClaim2" /></InputClaims><InputParameters><InputParameter Id="stringComparison" DataType="string" Value="ordinal" /></InputParameters></ClaimsTransformation>`
	nickname = `<ClaimType Id="nick"><DisplayName>Nick name</DisplayName><DataType>string</DataType><UserInputType>TextBox</UserInputType></ClaimType>`
)

// TestValuesFlowThroughTechnicalProfiles holds claims-and-transformations §3.1 and §3.2,
// step by step; the token has what is in the bag in the end.
func TestValuesFlowThroughTechnicalProfiles(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		steps []parts
		want  map[string]any
	}{
		{"an input transformation sees what the one before put out", []parts{{outputs: "a=A"}, {inputCTs: "ab bc", outputs: "c"}}, map[string]any{"a": "A", "b": "A", "c": "A"}},
		{"input transformations run before input claims have their defaults", []parts{{inputCTs: "ab", inputs: "a=A", outputs: "d=D"}}, map[string]any{"a": "A", "d": "D"}},
		{"output transformations see the defaults of input claims", []parts{{inputs: "a=A", outputs: "d=D", outputCTs: "ab"}}, map[string]any{"a": "A", "b": "A", "d": "D"}},
		{"output transformations see the defaults of output claims", []parts{{outputs: "a=A", outputCTs: "ab bc"}}, map[string]any{"a": "A", "b": "A", "c": "A"}},
		{"a transformation sees the whole bag", []parts{{outputs: "a=A"}, {outputs: "d=D"}, {outputs: "d", outputCTs: "ab"}}, map[string]any{"a": "A", "b": "A", "d": "D"}},
		{"a default doesn't replace what is there", []parts{{outputs: "a=A"}, {outputs: "a=B"}}, map[string]any{"a": "A"}},
		{"a forced default does", []parts{{outputs: "a=A"}, {outputs: "a!=B"}}, map[string]any{"a": "B"}},
		{"an input's forced default, too", []parts{{outputs: "a=A"}, {inputs: "a!=B", outputs: "d=D", outputCTs: "ac"}}, map[string]any{"a": "B", "c": "B", "d": "D"}},
		{"an output claim without value or default writes nothing", []parts{{outputs: "a"}, {outputs: "d=D", outputCTs: "ab"}}, map[string]any{"d": "D"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			e := start(t, nil)
			var profiles, steps strings.Builder
			for i, p := range test.steps {
				id := "P" + string(rune('1'+i))
				profiles.WriteString(p.profile(id))
				steps.WriteString(step(i+1, id, ""))
			}
			policy := e.own(`<BuildingBlocks><ClaimsSchema>`+letters+`</ClaimsSchema><ClaimsTransformations>`+copies("ab", "bc", "ac")+`</ClaimsTransformations></BuildingBlocks>`+
				`<ClaimsProviders><ClaimsProvider><DisplayName>t</DisplayName><TechnicalProfiles>`+profiles.String()+`</TechnicalProfiles></ClaimsProvider></ClaimsProviders>`+
				`<UserJourneys><UserJourney Id="J"><OrchestrationSteps>`+steps.String()+`<OrchestrationStep Order="`+string(rune('1'+len(test.steps)))+`" `+sendClaims+`</OrchestrationSteps></UserJourney></UserJourneys>`,
				relyingParty("J", "", "a", "b", "c", "d"))
			u := e.user()
			u.authorize(policy, nil)
			if diff := cmp.Diff(test.want, u.letters(policy)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// letters are the claims a to d, and nick, of the token.
func (u *user) letters(policy string) map[string]any {
	u.t.Helper()
	_, payload := decode(u.t, u.redeem(policy).IDToken)
	got := make(map[string]any)
	for _, id := range []string{"a", "b", "c", "d", "nick"} {
		if v, ok := payload[id]; ok {
			got[id] = v
		}
	}
	return got
}

// TestValuesFlowThroughPages holds §3.2 and §3.3: validation profiles, and fields that
// users empty.
func TestValuesFlowThroughPages(t *testing.T) {
	t.Parallel()
	validate := func(list ...string) string {
		out := ""
		for _, one := range list {
			id, more, _ := strings.Cut(one, " ")
			out += `<ValidationTechnicalProfile ReferenceId="` + id + `" ` + more + ` />`
		}
		return out
	}
	output := func(ids ...string) string {
		out := ""
		for _, id := range ids {
			out += `<OutputClaim ClaimTypeReferenceId="` + id + `" />`
		}
		return out
	}
	const prefilled = `<InputClaim ClaimTypeReferenceId="nick" DefaultValue="Old" />`
	for _, test := range []struct {
		name     string
		profiles string
		validate string
		inputs   string
		metadata string
		outputs  string
		entered  string
		want     map[string]any
	}{
		{name: "later validations see what earlier ones put out, the journey what the page lists", profiles: parts{outputs: "b=B"}.profile("V1") + parts{outputs: "c", outputCTs: "bc"}.profile("V2"),
			validate: validate("V1", "V2"), outputs: output("nick", "c"), entered: "Em", want: map[string]any{"nick": "Em", "c": "B"}},
		{name: "validations see the page", profiles: parts{outputs: "b", outputCTs: "nb"}.profile("V1"), validate: validate("V1"), outputs: output("nick", "b"), entered: "Em", want: map[string]any{"nick": "Em", "b": "Em"}},
		{name: "a failed validation leaves nothing", profiles: parts{outputs: "a=A b=B", outputCTs: "ac differ"}.profile("V1") + parts{outputs: "d=D"}.profile("V2"),
			validate: validate(`V1 ContinueOnError="true"`, "V2"), outputs: output("nick", "a", "b", "c", "d"), entered: "Em", want: map[string]any{"nick": "Em", "d": "D"}},
		{name: "validations end after a success that says so", profiles: parts{outputs: "a=A"}.profile("V1") + parts{outputs: "b=B"}.profile("V2"),
			validate: validate(`V1 ContinueOnSuccess="false"`, "V2"), outputs: output("nick", "a", "b"), entered: "Em", want: map[string]any{"nick": "Em", "a": "A"}},
		{name: "a prefilled value that the user deletes stays in force", inputs: prefilled, outputs: output("nick"), want: map[string]any{"nick": "Old"}},
		{name: "unless empty claims are allowed", inputs: prefilled, metadata: `<Item Key="AllowGenerationOfClaimsWithNullValues">true</Item>`, outputs: output("nick"), want: map[string]any{}},
		{name: "what the user enters replaces it", inputs: prefilled, outputs: output("nick"), entered: "New", want: map[string]any{"nick": "New"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			e := start(t, nil)
			transformations := copies("ab", "bc", "ac") + strings.Replace(copies("nb"), `ClaimTypeReferenceId="n"`, `ClaimTypeReferenceId="nick"`, 1) + differ
			policy := e.asks(pageSpec{
				blocks: letters + nickname, predicates: `<ClaimsTransformations>` + transformations + `</ClaimsTransformations>`, providers: test.profiles, validate: test.validate,
				inputs: test.inputs, metadata: test.metadata, outputs: test.outputs, token: []string{"a", "b", "c", "d", "nick"},
			})
			u := e.user()
			u.authorize(policy, nil)
			u.pass(map[string]string{"nick": test.entered})
			if diff := cmp.Diff(test.want, u.letters(policy)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestTheTokenHasDefaultsForWhatIsEmpty holds §3.5.
func TestTheTokenHasDefaultsForWhatIsEmpty(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	policy := e.own(`<BuildingBlocks><ClaimsSchema>`+letters+`</ClaimsSchema></BuildingBlocks><ClaimsProviders><ClaimsProvider><DisplayName>t</DisplayName><TechnicalProfiles>`+parts{outputs: "a=A"}.profile("P1")+
		`</TechnicalProfiles></ClaimsProvider></ClaimsProviders><UserJourneys><UserJourney Id="J"><OrchestrationSteps>`+step(1, "P1", "")+`<OrchestrationStep Order="2" `+sendClaims+`</OrchestrationSteps></UserJourney></UserJourneys>`,
		strings.Replace(relyingParty("J", "", "d"), `<OutputClaims>`, `<OutputClaims><OutputClaim ClaimTypeReferenceId="a" DefaultValue="unknown" /><OutputClaim ClaimTypeReferenceId="b" DefaultValue="unknown" /><OutputClaim ClaimTypeReferenceId="c" PartnerClaimType="sea" DefaultValue="C" AlwaysUseDefaultValue="true" />`, 1))
	u := e.user()
	u.authorize(policy, nil)
	_, payload := decode(t, u.redeem(policy).IDToken)
	if payload["a"] != "A" || payload["b"] != "unknown" || payload["sea"] != "C" {
		t.Errorf("payload: %v", payload)
	}
	if v, ok := payload["d"]; ok {
		t.Errorf("an empty claim is %q", v)
	}
}

// TestEveryClaimResolver holds the table of rest-and-connectors §3, in an output claim
// with the flag; without it, the text stays.
func TestEveryClaimResolver(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	resolvers := map[string]string{ // "": anything but nothing and the text itself
		"Culture:LanguageName": "de", "Culture:LCID": "2055", "Culture:RegionName": "CH", "Culture:RFC5646": "de-CH",
		"Policy:PolicyId": "B2C_1A_Test", "Policy:RelyingPartyTenantId": tenant, "Policy:TrustFrameworkTenantId": tenant, "Policy:TenantObjectId": "",
		"Context:BuildNumber": "", "Context:CorrelationId": "", "Context:DateTimeInUtc": "", "Context:DeploymentMode": "Production", "Context:HostName": strings.TrimPrefix(e.base, "https://"),
		"Context:IPAddress": "127.0.0.1", "CONTEXT:KMSI": "false", "Claim:a": "A",
		"OIDC:AuthenticationContextReferences": "acr1", "OIDC:ClientId": e.spa.AppID, "OIDC:DomainHint": "none.example", "OIDC:LoginHint": "ada@example.com", "OIDC:MaxAge": "3600",
		"OIDC:Nonce": "defaultNonce", "OIDC:RedirectUri": spaRedirect, "OIDC:Resource": "res", "OIDC:scope": "openid offline_access",
		"OAUTH-KV:campaign": "summer", "oauth-kv:SEASON": "winter",
	}
	empty := []string{"OIDC:Prompt", "OIDC:Username", "OIDC:Password", "OAUTH-KV:state", "OAUTH-KV:response_type", "OAUTH-KV:missing", "Claim:b"}
	literal := "OIDC:LoginHint"
	var schema, outputs, plain strings.Builder
	var ids []string
	names := make(map[string]string)
	for name := range resolvers {
		names["r"+strings.Map(alphanumeric, name)] = name
	}
	for _, name := range empty {
		names["r"+strings.Map(alphanumeric, name)] = name
	}
	for id, name := range names {
		ids = append(ids, id)
		schema.WriteString(`<ClaimType Id="` + id + `"><DataType>string</DataType></ClaimType>`)
		outputs.WriteString(`<OutputClaim ClaimTypeReferenceId="` + id + `" DefaultValue="{` + name + `}" AlwaysUseDefaultValue="true" />`)
	}
	plain.WriteString(`<OutputClaim ClaimTypeReferenceId="a" DefaultValue="A" /><OutputClaim ClaimTypeReferenceId="c" DefaultValue="{` + literal + `}" />`)
	profile := func(id, metadata, outputs string) string {
		return `<TechnicalProfile Id="` + id + `"><DisplayName>x</DisplayName>` + transformation + metadata + `<OutputClaims>` + outputs + `</OutputClaims></TechnicalProfile>`
	}
	policy := e.own(`<BuildingBlocks><ClaimsSchema>`+letters+schema.String()+`</ClaimsSchema><Localization Enabled="true"><SupportedLanguages DefaultLanguage="en" MergeBehavior="Append"><SupportedLanguage>de-CH</SupportedLanguage></SupportedLanguages></Localization></BuildingBlocks>`+
		`<ClaimsProviders><ClaimsProvider><DisplayName>t</DisplayName><TechnicalProfiles>`+profile("P1", "", plain.String())+profile("P2", `<Metadata><Item Key="IncludeClaimResolvingInClaimsHandling">true</Item></Metadata>`, outputs.String())+`</TechnicalProfiles></ClaimsProvider></ClaimsProviders>`+
		`<UserJourneys><UserJourney Id="J"><OrchestrationSteps>`+step(1, "P1", "")+step(2, "P2", "")+`<OrchestrationStep Order="3" `+sendClaims+`</OrchestrationSteps></UserJourney></UserJourneys>`,
		relyingParty("J", "", append(ids, "c")...))
	u := e.user()
	u.authorize(policy, map[string]string{"ui_locales": "de-CH", "acr_values": "acr1", "domain_hint": "none.example", "login_hint": "ada@example.com", "max_age": "3600", "resource": "res", "campaign": "summer", "season": "winter"})
	_, payload := decode(t, u.redeem(policy).IDToken)
	for id, name := range names {
		got, have := payload[id]
		want, known := resolvers[name]
		switch {
		case !known && have:
			t.Errorf("{%s} = %q, want nothing", name, got)
		case known && want == "" && (!have || got == "" || got == "{"+name+"}"), known && want != "" && got != want:
			t.Errorf("{%s} = %v, want %q", name, got, want)
		}
	}
	if when := fmt.Sprint(payload["rContextDateTimeInUtc"]); !usTime.MatchString(when) {
		t.Errorf("{Context:DateTimeInUtc} = %s", when)
	}
	if payload["c"] != "{"+literal+"}" {
		t.Errorf("without the flag, {%s} is %v", literal, payload["c"])
	}
}

var usTime = regexp.MustCompile(`^[1-9][0-9]?/[1-9][0-9]?/20[0-9]{2} [1-9][0-9]?:[0-9]{2}:[0-9]{2} [AP]M$`)

func alphanumeric(r rune) rune {
	if r == ':' || r == '-' || r == '_' {
		return -1
	}
	return r
}
