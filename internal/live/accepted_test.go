package live_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"journeyman.dev/internal/diag"
	"journeyman.dev/internal/kinds"
	"journeyman.dev/internal/lint"
	"journeyman.dev/internal/live"
	"journeyman.dev/internal/needtest"
	"journeyman.dev/internal/policy"
)

// example is a policy that inherits from the base of the catalogue's examples.
func example(id, base, body string) string {
	if base != "" {
		base = "<BasePolicy><TenantId>contoso.onmicrosoft.com</TenantId><PolicyId>" + base + "</PolicyId></BasePolicy>"
	}
	return `<TrustFrameworkPolicy xmlns="http://schemas.microsoft.com/online/cpim/schemas/2013/06" PolicySchemaVersion="0.3.0.0" TenantId="contoso.onmicrosoft.com" PolicyId="` + id + `" PublicPolicyUri="http://contoso.onmicrosoft.com/` + id + `">` + base + body + `</TrustFrameworkPolicy>`
}

// root is the examples' base without its relying party.
func root() string {
	before, rest, _ := strings.Cut(diag.ExampleBase, "<RelyingParty>")
	_, after, _ := strings.Cut(rest, "</RelyingParty>")
	return before + after
}

func codesOf(list diag.List) string {
	var codes []string
	for _, d := range list {
		codes = append(codes, fmt.Sprintf("%s %s", d.Severity, d.Code))
	}
	slices.Sort(codes)
	return strings.Join(slices.Compact(codes), ", ")
}

const selfAssertedProtocol = `<Protocol Name="Proprietary" Handler="Web.TPEngine.Providers.SelfAssertedAttributeProvider, Web.TPEngine" />`

func profilesIn(xml string) string {
	return "<ClaimsProviders><ClaimsProvider><TechnicalProfiles>" + xml + "</TechnicalProfiles></ClaimsProvider></ClaimsProviders>"
}

func journeyOf(id, steps string) string {
	return `<UserJourneys><UserJourney Id="` + id + `"><OrchestrationSteps>` + steps + `</OrchestrationSteps></UserJourney></UserJourneys>`
}

const send = `Type="SendClaims" CpimIssuerTechnicalProfileReferenceId="Issuer" />`

func TestWhatNoJourneyReachesIsNotJudgedByHowItRuns(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"an abstract base of pages":        profilesIn(`<TechnicalProfile Id="Common">` + selfAssertedProtocol + `<OutputClaims><OutputClaim ClaimTypeReferenceId="age" /></OutputClaims></TechnicalProfile>`),
		"a left-over without content":      profilesIn(`<TechnicalProfile Id="Old">` + selfAssertedProtocol + `<OutputClaims><OutputClaim ClaimTypeReferenceId="email" /><OutputClaim ClaimTypeReferenceId="age" /></OutputClaims></TechnicalProfile>`),
		"an API without address":           profilesIn(`<TechnicalProfile Id="Old"><Protocol Name="Proprietary" Handler="Web.TPEngine.Providers.RestfulProvider, Web.TPEngine" /></TechnicalProfile>`),
		"a provider without client":        profilesIn(`<TechnicalProfile Id="Old"><Protocol Name="OpenIdConnect" /></TechnicalProfile>`),
		"a profile without protocol":       profilesIn(`<TechnicalProfile Id="Old"><OutputClaims><OutputClaim ClaimTypeReferenceId="age" /></OutputClaims></TechnicalProfile>`),
		"another journey's left-over page": profilesIn(`<TechnicalProfile Id="Old">`+selfAssertedProtocol+`<OutputClaims><OutputClaim ClaimTypeReferenceId="age" /></OutputClaims></TechnicalProfile>`) + journeyOf("Other", `<OrchestrationStep Order="1" Type="ClaimsExchange"><ClaimsExchanges><ClaimsExchange Id="X" TechnicalProfileReferenceId="Old" /></ClaimsExchanges></OrchestrationStep><OrchestrationStep Order="2" `+send),
	} {
		if list := linted([]string{diag.ExampleBase, example("B2C_1A_Example", "B2C_1A_Base", body)}); len(list) != 0 {
			t.Errorf("%s: %v", name, list)
		}
	}
	// All reached parts are checked, including those reached by a validation, an action of a control, a
	// refresh journey or a journey of an issuer.
	page := `<TechnicalProfile Id="New">` + selfAssertedProtocol + `<Metadata><Item Key="ContentDefinitionReferenceId">api.page</Item></Metadata><OutputClaims><OutputClaim ClaimTypeReferenceId="email" /><OutputClaim ClaimTypeReferenceId="age" /></OutputClaims></TechnicalProfile>`
	steps := `<OrchestrationStep Order="1" Type="ClaimsExchange"><ClaimsExchanges><ClaimsExchange Id="X" TechnicalProfileReferenceId="New" /></ClaimsExchanges></OrchestrationStep><OrchestrationStep Order="2" ` + send
	for name, body := range map[string]string{
		"the default journey": profilesIn(page) + journeyOf("SignIn", `<OrchestrationStep Order="3" Type="ClaimsExchange"><ClaimsExchanges><ClaimsExchange Id="API" TechnicalProfileReferenceId="New" /></ClaimsExchanges></OrchestrationStep>`) +
			`<RelyingParty><TechnicalProfile Id="PolicyProfile"><OutputClaims><OutputClaim ClaimTypeReferenceId="objectId" DefaultValue="x" /></OutputClaims></TechnicalProfile></RelyingParty>`,
		"the endpoint of refresh tokens": profilesIn(page) + journeyOf("Refresh", steps) + `<RelyingParty><Endpoints><Endpoint Id="Token" UserJourneyReferenceId="Refresh" /></Endpoints></RelyingParty>`,
		"the issuer's refresh journey":   profilesIn(page+`<TechnicalProfile Id="Issuer"><Metadata><Item Key="refreshtokenuserjourneyid">Refresh</Item></Metadata></TechnicalProfile>`) + journeyOf("Refresh", steps),
	} {
		if got := codesOf(linted([]string{diag.ExampleBase, example("B2C_1A_Example", "B2C_1A_Base", body)})); got != "error JM5013" {
			t.Errorf("%s: %s", name, got)
		}
	}
}

func TestTheStructureOfJourneysIsCheckedWithoutRelyingParty(t *testing.T) {
	t.Parallel()
	exchange := func(order int, ids ...string) string {
		var b strings.Builder
		for _, id := range ids {
			b.WriteString(`<ClaimsExchange Id="` + id + `" TechnicalProfileReferenceId="API" />`)
		}
		return fmt.Sprintf(`<OrchestrationStep Order="%d" Type="ClaimsExchange"><ClaimsExchanges>%s</ClaimsExchanges></OrchestrationStep>`, order, b.String())
	}
	for name, test := range map[string]struct{ body, want string }{
		"nothing wrong":            {journeyOf("Other", exchange(1, "A")+`<OrchestrationStep Order="2" `+send), "info JM6006"},
		"steps behind":             {journeyOf("Other", `<OrchestrationStep Order="1" `+send+exchange(2, "A")), "info JM6006"},
		"no SendClaims":            {journeyOf("Other", exchange(1, "A")), "error JM5005, info JM6006"},
		"two exchanges":            {journeyOf("Other", exchange(1, "A", "B")+`<OrchestrationStep Order="2" `+send), "error JM5003, info JM6006"},
		"exchanges that pile up":   {journeyOf("SignIn", exchange(3, "Another")), "error JM5003, info JM6006"},
		"a gap":                    {journeyOf("Other", exchange(2, "A")+`<OrchestrationStep Order="3" `+send), "error JM5001, info JM6006"},
		"an unknown target":        {journeyOf("Other", `<OrchestrationStep Order="1" Type="ClaimsProviderSelection" ContentDefinitionReferenceId="api.page"><ClaimsProviderSelections><ClaimsProviderSelection TargetClaimsExchangeId="Nobody" /></ClaimsProviderSelections></OrchestrationStep>`+exchange(2, "A")+`<OrchestrationStep Order="3" `+send), "error JM5004, info JM6006"},
		"an unknown profile":       {journeyOf("Other", strings.Replace(exchange(1, "A"), `"API"`, `"APU"`, 1)+`<OrchestrationStep Order="2" `+send), "error JM2103, info JM6006"},
		"a sub journey that sends": {`<SubJourneys><SubJourney Id="Sub" Type="Call"><OrchestrationSteps><OrchestrationStep Order="1" ` + send + `</OrchestrationSteps></SubJourney></SubJourneys>`, "error JM5006, info JM6006"},
		"one that calls itself":    {`<SubJourneys><SubJourney Id="Sub" Type="Call"><OrchestrationSteps><OrchestrationStep Order="1" Type="InvokeSubJourney"><JourneyList><Candidate SubJourneyReferenceId="Sub" /></JourneyList></OrchestrationStep></OrchestrationSteps></SubJourney></SubJourneys>`, "info JM6006, warning JM5008"},
	} {
		files := []string{root(), example("B2C_1A_Extensions", "B2C_1A_Base", test.body)}
		if got := codesOf(linted(files)); got != test.want {
			t.Errorf("lint of %s: %s, want %s", name, got, test.want)
		}
		if got := codesOf(upload(t, files)); !strings.HasPrefix(strings.TrimPrefix(got, "info JM6006, "), strings.TrimSuffix(strings.TrimPrefix(test.want, "info JM6006, "), ", info JM6006")) {
			t.Errorf("upload of %s: %s, want %s", name, got, test.want)
		}
	}
	// With a relying party everything is checked.
	if list := linted([]string{root(), example("B2C_1A_Extensions", "B2C_1A_Base", ""), example("B2C_1A_RP", "B2C_1A_Extensions", relyingPartyOf(diag.ExampleBase))}); len(list) != 0 {
		t.Errorf("with a relying party: %v", list)
	}
}

func relyingPartyOf(xml string) string {
	_, rest, _ := strings.Cut(xml, "<RelyingParty>")
	inside, _, _ := strings.Cut(rest, "</RelyingParty>")
	return "<RelyingParty>" + inside + "</RelyingParty>"
}

// marks are the placeholders of common pipelines.
var marks = []string{"__X__", "__Tenant_Name__", "$(X)", "$(b2c.tenant)", "{x}", "@X@", "%X%", "${x}", "your_tenant", "{Settings:X}", "{{X}}", "{{ x }}", "#{X}#", "#{X}", "{##X##}"}

func TestPlaceholdersOfPipelinesDontStopTheLinter(t *testing.T) {
	t.Parallel()
	for _, mark := range marks {
		fill := func(xml string) string {
			xml = strings.ReplaceAll(xml, "contoso.onmicrosoft.com", mark+".onmicrosoft.com")
			xml = strings.ReplaceAll(xml, "https://api.example/", "https://"+mark+"/api")
			xml = strings.ReplaceAll(xml, "https://social.example/authorize", mark+"/authorize")
			xml = strings.ReplaceAll(xml, ">https://social.example/me<", ">https://"+mark+".example/me<")
			return strings.ReplaceAll(xml, "B2C_1A_Base", "B2C_1A_"+mark+"Base")
		}
		good := []string{fill(diag.ExampleBase), fill(example("B2C_1A_"+mark, "B2C_1A_Base", ""))}
		if list := linted(good); len(list) != 0 {
			t.Errorf("%s: %v", mark, list)
		}
		values := profilesIn(`<TechnicalProfile Id="API"><Metadata><Item Key="DebugMode">` + mark + `</Item><Item Key="SendClaimsIn">` + mark + `</Item></Metadata><InputClaims><InputClaim ClaimTypeReferenceId="age" DefaultValue="` + mark + `" /></InputClaims></TechnicalProfile>
<TechnicalProfile Id="Issuer"><Metadata><Item Key="token_lifetime_secs">` + mark + `</Item></Metadata></TechnicalProfile>`)
		building := `<BuildingBlocks><ClaimsTransformations><ClaimsTransformation Id="Cut" TransformationMethod="StringSubstring"><InputClaims><InputClaim ClaimTypeReferenceId="email" TransformationClaimType="inputClaim" /></InputClaims><InputParameters><InputParameter Id="startIndex" DataType="int" Value="` + mark + `" /><InputParameter Id="length" DataType="int" Value="1" /></InputParameters><OutputClaims><OutputClaim ClaimTypeReferenceId="objectId" TransformationClaimType="outputClaim" /></OutputClaims></ClaimsTransformation></ClaimsTransformations>
<ContentDefinitions><ContentDefinition Id="api.page"><LoadUri>` + mark + `/page.html</LoadUri></ContentDefinition></ContentDefinitions></BuildingBlocks>`
		if list := linted([]string{diag.ExampleBase, example("B2C_1A_Example", "B2C_1A_Base", building+values)}); len(list) != 0 {
			t.Errorf("%s as a value: %v", mark, list)
		}
		// The rest is checked.
		bad := []string{good[0], fill(example("B2C_1A_Example", "B2C_1A_Base", profilesIn(`<TechnicalProfile Id="API"><InputClaims><InputClaim ClaimTypeReferenceId="emial" /></InputClaims></TechnicalProfile>`)))}
		if got := codesOf(linted(bad)); got != "error JM2101" {
			t.Errorf("%s: %s", mark, got)
		}
		// A whole tenant, and a base whose name isn't known.
		whole := strings.ReplaceAll(diag.ExampleBase, "contoso.onmicrosoft.com", mark)
		if list := linted([]string{whole}); len(list) != 0 {
			t.Errorf("%s as the tenant: %v", mark, list)
		}
		if got := codesOf(linted([]string{example("B2C_1A_Example", mark, profilesIn(`<TechnicalProfile Id="API" />`))})); got != "info JM6006" {
			t.Errorf("%s as the base: %s", mark, got)
		}
	}
	for text, want := range map[string]bool{"contoso.onmicrosoft.com": false, "yourtenant.onmicrosoft.com": false, "__x": false, "a_b": false, "50%": false, "a@b.example": false, "x%20y": false, "B2C_1A__x": false, "$x": false} {
		if policy.Placeholder(text) != want {
			t.Errorf("Placeholder(%q)", text)
		}
	}
}

// At upload the text is final: a placeholder isn't a host.
func TestAnUploadTakesPlaceholdersAsTheyAre(t *testing.T) {
	t.Parallel()
	for mark, want := range map[string]string{"{x}": "error JM4101", "{Settings:X}": "warning JM1112"} {
		list := upload(t, []string{diag.ExampleBase, example("B2C_1A_Example", "B2C_1A_Base", profilesIn(`<TechnicalProfile Id="API"><Metadata><Item Key="ServiceUrl">https://`+mark+`/api</Item></Metadata></TechnicalProfile>`))})
		if got := codesOf(list); got != want {
			t.Errorf("%s: %s, want %s", mark, got, want)
		}
	}
	if got := codesOf(upload(t, []string{strings.ReplaceAll(diag.ExampleBase, "contoso.onmicrosoft.com", "__Tenant__")})); got != "error JM2006" {
		t.Errorf("a tenant: %s", got)
	}
}

// A tenant has several names.
func TestTheBasesTenantMayHaveAnotherOfItsNames(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{"contoso": "", "CONTOSO.onmicrosoft.com": "", "f2c7ba9a-6fd0-4a4c-8b7e-1a5f6f3f5b0c": "", "fabrikam.onmicrosoft.com": "error JM2004", "fabrikam": "error JM2004"} {
		child := strings.Replace(example("B2C_1A_Example", "B2C_1A_Base", ""), "<TenantId>contoso.onmicrosoft.com", "<TenantId>"+name, 1)
		if got := codesOf(linted([]string{diag.ExampleBase, child})); got != want {
			t.Errorf("%s: %s", name, got)
		}
	}
}

func TestSettingsAreReadAsTheExtensionReadsThem(t *testing.T) {
	t.Parallel()
	const file = `{"Environments": [
{"Name": "Production", "Production": true, "Tenant": "p.onmicrosoft.com", "PolicySettings": {"A": "1"}},
{"Name": "Test", "Tenant": "t.onmicrosoft.com", "PolicySettings": {"A": "{Settings:B}", "B": 2, "C.D": true, "E": "$1 & <x>"}}], "EnvironmentsFolder": "Built"}`
	s, err := live.ParseSettings([]byte(file), "")
	if err != nil || s.Environment != "Test" || s.Production || s.Folder != "Built" {
		t.Fatalf("%+v %v", s, err)
	}
	got, left := s.Fill("a/B2C_1A_SignIn.v1.xml", []byte("<a>{Settings:Tenant} {settings:a} {Settings:C.D} {Settings:E} {Settings:Filename} {Settings:PolicyFilename} {SETTINGS:Environment}</a>\n<!-- {Settings:Old} -->\n ä{Settings:Z}"))
	if want := "<a>t.onmicrosoft.com 2 true $1 & <x> B2C_1A_SignIn.v1 SignIn.v1 Test</a>\n<!-- {Settings:Old} -->\n ä{Settings:Z}"; string(got) != want {
		t.Errorf("%s", got)
	}
	if len(left) != 1 || left[0].Code != diag.LeftPlaceholder || left[0].Position != (diag.Position{File: "a/B2C_1A_SignIn.v1.xml", Line: 3, Column: 3}) {
		t.Errorf("%v", left)
	}
	wide := []byte{0xFF, 0xFE}
	for _, r := range `<?xml version="1.0" encoding="utf-16"?><a>{Settings:A}</a>` {
		wide = append(wide, byte(r), 0)
	}
	if got, _ := s.Fill("a.xml", wide); string(got) != `<?xml version="1.0" encoding="utf-8"?><a>2</a>` {
		t.Errorf("UTF-16: %q", got)
	}
	for name, bad := range map[string][2]string{
		"no JSON": {"{", ""}, "no environments": {"{}", ""}, "an unknown one": {file, "Dev"}, "settings of the old form": {`{"Environments":[{"Name":"A","Tenant":"x"}]}`, ""},
		"a setting that is none": {`{"Environments":[{"Name":"A","PolicySettings":{"x":{}}}]}`, ""}, "no object": {`{"Environments":[{"Name":"A","PolicySettings":[]}]}`, ""},
		"only production": {`{"Environments":[{"Name":"A","Production":true,"PolicySettings":{}},{"Name":"B","Production":true,"PolicySettings":{}}]}`, ""},
	} {
		if _, err := live.ParseSettings([]byte(bad[0]), bad[1]); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if s, err := live.ParseSettings([]byte(file), "production"); err != nil || !s.Production || s.Tenant != "p.onmicrosoft.com" {
		t.Errorf("%+v %v", s, err)
	}
}

// The cases beside the project that concern only uploads.
func TestTheCasesLintAndUpload(t *testing.T) {
	t.Parallel()
	folder := needtest.Folder(t, needtest.Corpus, filepath.Join("..", "..", "..", "shared", "cases"))
	base := readCorpus(t, corpus(t, "starterpack", usualPack), true)
	for _, name := range []string{"abstract-selfasserted-profile", "apple-walkthrough", "appinsights-step-after-sendclaims", "combined-step-single-provider-no-page", "stray-input-parameter", "lint-tenant-placeholders"} {
		files := slices.Concat(readCorpus(t, filepath.Join(folder, name), false), base)
		if list := errorsOf(lint.Check(files, kinds.Offline())); len(list) != 0 {
			t.Errorf("%s: %v", name, list)
		}
	}
	src, err := os.ReadFile(filepath.Join(folder, "lint-tenant-placeholders", "policy.xml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, tenant := range []string{"__Tenant__", "$(Tenant)", "{tenant}.onmicrosoft.com", "@Tenant@", "your_tenant.onmicrosoft.com", "{Settings:Tenant}", "{{Tenant}}", "#{Tenant}#"} {
		text := strings.ReplaceAll(string(src), "__Tenant__", tenant)
		file := lint.File{Path: "policy.xml", Source: []byte(text)}
		if list := errorsOf(lint.Check(append([]lint.File{file}, base...), kinds.Offline())); len(list) != 0 {
			t.Errorf("%s: %v", tenant, list)
		}
		// The check continues and finds the other faults.
		file.Source = []byte(strings.Replace(text, `ReferenceId="J_Ph"`, `ReferenceId="J_Phh"`, 1))
		if list := errorsOf(lint.Check(append([]lint.File{file}, base...), kinds.Offline())); len(list) != 1 || list[0].Code != diag.UndeclaredJourney {
			t.Errorf("%s: %v", tenant, list)
		}
	}
}
