package program_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"journeyman.dev/internal/claims"
	. "journeyman.dev/internal/journey/journeytest"
	"journeyman.dev/internal/policy"
	"journeyman.dev/internal/program"
)

// claims-and-transformations §5.1: what each claim resolver gives.
func TestClaimResolvers(t *testing.T) {
	t.Parallel()
	p := New(t).Compile(Policy{Claims: "email", Development: true})
	var bag claims.Bag
	bag.Set("email", claims.Text("a@b.example"))
	s := &program.Situation{
		Program: p, Claims: &bag, Password: "pass", Language: "de-AT", CorrelationID: "c1", Host: "login.example", RemoteIP: "192.0.2.1", KMSI: true,
		Now: func() time.Time { return time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC) },
		Parameters: map[string]string{"client_id": "app", "login_hint": "ada", "Campaign": "summer", "redirect_uri": "https://app", "state": "s", "acr_values": "a", "domain_hint": "d", "max_age": "1", "nonce": "n", "prompt": "login",
			"resource": "r", "scope": "openid", "username": "u"},
	}
	for text, want := range map[string]string{
		"{Culture:LanguageName}": "de", "{Culture:LCID}": "3079", "{Culture:RegionName}": "AT", "{Culture:RFC5646}": "de-AT",
		"{Policy:PolicyId}": "B2C_1A_Test", "{Policy:RelyingPartyTenantId}": Tenant, "{Policy:TenantObjectId}": TenantID, "{Policy:TrustFrameworkTenantId}": Tenant,
		"{Context:BuildNumber}": "1.0.507.0", "{Context:CorrelationId}": "c1", "{Context:DateTimeInUtc}": "1/2/2030 3:04:05 AM", "{Context:DeploymentMode}": "Development",
		"{Context:HostName}": "login.example", "{Context:IPAddress}": "192.0.2.1", "{Context:KMSI}": "true",
		"{OIDC:AuthenticationContextReferences}": "a", "{OIDC:ClientId}": "app", "{OIDC:DomainHint}": "d", "{OIDC:LoginHint}": "ada", "{OIDC:MaxAge}": "1", "{OIDC:Nonce}": "n", "{OIDC:Prompt}": "login",
		"{OIDC:RedirectUri}": "https://app", "{OIDC:Resource}": "r", "{OIDC:Scope}": "openid", "{OIDC:Username}": "u", "{OIDC:Password}": "pass",
		"{OAUTH-KV:campaign}": "summer", "{oauth-kv:CAMPAIGN}": "summer", "{OAUTH-KV:none}": "", "{OAUTH-KV:state}": "", "{OAUTH-KV:redirect_uri}": "",
		"{SAML:Issuer}": "", "{Claim:email}": "a@b.example", "{claim:EMAIL}": "a@b.example", "{Claim:none}": "{Claim:none}", "{No:Such}": "{No:Such}", "{oauth2:access_token}": "{oauth2:access_token}",
	} {
		if got := claims.ParseTemplate(text).Expand(s, nil); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
	s.KMSI = false
	if got := claims.ParseTemplate("{Context:KMSI}").Expand(s, nil); got != "false" {
		t.Errorf("KMSI: %q", got)
	}
	for text, known := range map[string]bool{"{Claim:email}": true, "{Claim:none}": false, "{OAUTH-KV:any}": true, "{oauth2:access_token}": true, "{OIDC:LoginHnit}": false} {
		if got := p.Schema().KnownResolver(claims.ParseTemplate(text).References()[0]); got != known {
			t.Errorf("%s known: %t", text, got)
		}
	}
}

// ruled declares claim types with rules.
func ruled() Policy {
	return Policy{
		Claims: "plain",
		ClaimTypes: `<ClaimType Id="nick"><DisplayName>Nick</DisplayName><DataType>string</DataType><UserInputType>TextBox</UserInputType><Restriction><Pattern RegularExpression="^[a-z]+$" HelpText=" Small letters. " /></Restriction></ClaimType>
<ClaimType Id="secret"><DisplayName>Secret</DisplayName><DataType>string</DataType><UserInputType>Password</UserInputType><PredicateValidationReference Id="Strong" /></ClaimType>`,
		Building: `<Predicates><Predicate Id="Length" Method="IsLengthRange" HelpText="4 to 8 characters."><Parameters><Parameter Id="Minimum">4</Parameter><Parameter Id="Maximum">8</Parameter></Parameters></Predicate>
<Predicate Id="Lower" Method="IncludesCharacters" HelpText="a small letter"><Parameters><Parameter Id="CharacterSet">a-z</Parameter></Parameters></Predicate>
<Predicate Id="Digit" Method="IncludesCharacters" HelpText="a digit"><Parameters><Parameter Id="CharacterSet">0-9</Parameter></Parameters></Predicate></Predicates>
<PredicateValidations><PredicateValidation Id="Strong"><PredicateGroups><PredicateGroup Id="Size"><PredicateReferences><PredicateReference Id="Length" /></PredicateReferences></PredicateGroup>
<PredicateGroup Id="Kinds"><UserHelpText>At least one of:</UserHelpText><PredicateReferences MatchAtLeast="1"><PredicateReference Id="Lower" /><PredicateReference Id="Digit" /></PredicateReferences></PredicateGroup></PredicateGroups></PredicateValidation></PredicateValidations>`,
	}
}

// claims-and-transformations §4.3.
func TestRulesOfValues(t *testing.T) {
	t.Parallel()
	p := New(t).Compile(ruled())
	for _, c := range []struct{ claim, text, want string }{
		{"plain", "anything", ""}, {"nick", "ada", ""}, {"nick", "Ada", "Small letters."},
		{"secret", "abcd", ""}, {"secret", "1234", ""}, {"secret", "abc", "4 to 8 characters."}, {"secret", "ABCD", "At least one of:\na small letter\na digit"},
		{"secret", "A", "4 to 8 characters.\nAt least one of:\na small letter\na digit"},
	} {
		v := p.Schema().Rule(c.claim).Check(c.text, time.Now())
		switch {
		case (v == nil) != (c.want == ""):
			t.Errorf("%s %q: %v", c.claim, c.text, v)
		case v != nil && v.Text(nil) != c.want:
			t.Errorf("%s %q: %q", c.claim, c.text, v.Text(nil))
		}
	}
	if d := p.Schema().Rule("plain").Describe(nil); d.Pattern != "" || d.Groups != nil {
		t.Errorf("no rule: %+v", d)
	}
	if d := p.Schema().Rule("nick").Describe(nil); d.Pattern != "^[a-z]+$" || d.PatternHelp != "Small letters." {
		t.Errorf("pattern: %+v", d)
	}
	want := []program.PredicateGroup{
		{AtLeast: 1, Predicates: []program.PredicateCheck{{ID: "Length", Method: "IsLengthRange", Help: "4 to 8 characters.", Parameters: map[string]string{"Minimum": "4", "Maximum": "8"}}}},
		{Help: "At least one of:", AtLeast: 1, Predicates: []program.PredicateCheck{{ID: "Lower", Method: "IncludesCharacters", Help: "a small letter", Parameters: map[string]string{"CharacterSet": "a-z"}},
			{ID: "Digit", Method: "IncludesCharacters", Help: "a digit", Parameters: map[string]string{"CharacterSet": "0-9"}}}},
	}
	if diff := cmp.Diff(want, p.Schema().Rule("secret").Describe(nil).Groups); diff != "" {
		t.Error(diff)
	}
}

// Texts of the policy go before the rule's own.
func TestTextsOfRulesAreLocalized(t *testing.T) {
	t.Parallel()
	policy := ruled()
	policy.Building = strings.Replace(Contents(Content("form", "selfasserted:2.1.7")), "</ContentDefinition>", `<LocalizedResourcesReferences MergeBehavior="Prepend"><LocalizedResourcesReference Language="en" LocalizedResourcesReferenceId="en" /></LocalizedResourcesReferences></ContentDefinition>`, 1)
	policy.Building = ruled().Building + policy.Building + `<Localization Enabled="true"><SupportedLanguages DefaultLanguage="en" MergeBehavior="ReplaceAll"><SupportedLanguage>en</SupportedLanguage></SupportedLanguages><LocalizedResources Id="en">
<LocalizedCollections><LocalizedCollection ElementType="ClaimType" ElementId="plain" TargetCollection="Restriction"><Item Text="One" Value="1" SelectByDefault="true" /></LocalizedCollection></LocalizedCollections>
<LocalizedStrings><LocalizedString ElementType="ClaimType" ElementId="nick" StringId="PatternHelpText">small</LocalizedString><LocalizedString ElementType="Predicate" ElementId="Length" StringId="HelpText">four to eight</LocalizedString>
<LocalizedString ElementType="PredicateValidation" ElementId="Strong" StringId="Kinds">one of</LocalizedString><LocalizedString ElementType="UxElement" StringId="button_continue">Go on</LocalizedString></LocalizedStrings></LocalizedResources></Localization>`
	policy.Profiles, policy.Steps = Scripted("A", Metadata("ContentDefinitionReferenceId", "form")), []string{Run("A")}
	p := New(t).Compile(policy)
	tp, ok := p.Profile("a")
	if !ok || tp.Content() == nil {
		t.Fatal("no content definition")
	}
	content := tp.Content()
	res := content.In("en-US")
	for claim, want := range map[string]string{"nick": "small", "secret": "four to eight\none of\na small letter\na digit"} {
		if got := p.Schema().Rule(claim).Check("A", time.Now()).Text(res); got != want {
			t.Errorf("%s: %q", claim, got)
		}
	}
	if choices, ok := res.Choices("PLAIN"); !ok || len(choices) != 1 || !choices[0].Selected {
		t.Errorf("choices: %+v", choices)
	}
	if diff := cmp.Diff(map[string]string{"button_continue": "Go on"}, res.Texts("uxelement")); diff != "" {
		t.Error(diff)
	}
	if content.In("de") != nil {
		t.Error("texts of another language")
	}
	if got := p.Language("xx de en", ""); got != "de" { // our own texts have German
		t.Errorf("language: %s", got)
	}
	if got := p.Language("", "de, en;q=0.5"); got != "en" {
		t.Errorf("language of the browser: %s", got)
	}
}

// pages §1: DataUri.
func TestDataURIs(t *testing.T) {
	t.Parallel()
	const prefix = "urn:com:microsoft:aad:b2c:elements:"
	for text, want := range map[string]program.DataURI{
		prefix + "contract:unifiedssp:2.1.7":          {Contract: true, Page: "unifiedssp", Major: 2, Minor: 1, Patch: 7},
		prefix + "selfasserted:1.1.0":                 {Page: "selfasserted", Major: 1, Minor: 1},
		prefix + "contract:idpselection:1.0.0":        {Contract: true, Page: "providerselection", Major: 1},
		prefix + "contract:unifiedssp:2.1":            {},
		prefix + "contract:unifiedssp:2.1.x":          {},
		prefix + "contract:nopage:2.1.7":              {},
		prefix + "unifiedssp":                         {},
		"urn:other":                                   {},
		strings.ToUpper(prefix) + "MULTIFACTOR:1.0.0": {Page: "multifactor", Major: 1},
	} {
		got, ok := program.ParseDataURI(text)
		if got != want && ok || ok != (want.Page != "") {
			t.Errorf("%s: %+v, %t", text, got, ok)
		}
	}
	u := program.DataURI{Major: 2, Minor: 1, Patch: 7}
	if !u.AtLeast(1, 9, 9) || !u.AtLeast(2, 0, 9) || !u.AtLeast(2, 1, 7) || u.AtLeast(2, 1, 8) || u.AtLeast(2, 2, 0) || u.AtLeast(3, 0, 0) {
		t.Error("versions compare wrongly")
	}
}

// protocol §6.1 and pages §2.1: what a relying party's behaviours become.
func TestBehaviorsOfARelyingParty(t *testing.T) {
	t.Parallel()
	p := New(t).Compile(Policy{Claims: "email", Behaviors: `<SingleSignOn Scope="Application" KeepAliveInDays="400" EnforceIdTokenHintOnLogout="true" /><SessionExpiryType>Absolute</SessionExpiryType><SessionExpiryInSeconds>900</SessionExpiryInSeconds>
<ContentDefinitionParameters><Parameter Name="campaign">{OAUTH-KV:campaign}</Parameter></ContentDefinitionParameters><JourneyFraming Enabled="true" Sources="https://a.example https://b.example:8443" /><ScriptExecution>Allow</ScriptExecution><OnError Mode="DisplayInService" />`})
	rp := p.RelyingParty()
	sso := rp.SSO()
	if sso.Key("B2C_1A_Test", "app") != "app:app" || sso.KeepAlive() != 90*24*time.Hour || sso.Lifetime() != 15*time.Minute || !sso.Absolute() || !sso.EnforceHint() {
		t.Errorf("session: %+v", sso)
	}
	if rp.Framing() != "https://a.example https://b.example:8443" || !rp.ScriptExecution() || !rp.ShowErrors() || rp.PageParameters().Len() != 1 {
		t.Errorf("relying party: %+v", rp)
	}
	if diff := cmp.Diff(map[string]string{"campaign": "c", "client_id": "a"}, p.Keeps(map[string]string{"campaign": "c", "client_id": "a", "other": "x"})); diff != "" {
		t.Error(diff)
	}
	// An origin that is none isn't taken.
	for _, bad := range []string{"http://a.example", "https://*.example", "https://a.example/path", "a.example", "https://u@a.example"} {
		p, found := New(t).Findings(Policy{Claims: "email", Behaviors: `<JourneyFraming Enabled="true" Sources="` + bad + `" />`})
		if p.RelyingParty().Framing() != "" || !strings.Contains(Text(found), "has the source") {
			t.Errorf("%s: %q\n%s", bad, p.RelyingParty().Framing(), Text(found))
		}
	}
}

// Findings of the compiler, each with what it says.
func TestFindingsOfTheCompiler(t *testing.T) {
	t.Parallel()
	with := func(change func(p *Policy)) Policy {
		p := Policy{Claims: "email", Building: Contents(Content("form", "selfasserted:2.1.7"))}
		change(&p)
		return p
	}
	predicates := func(predicate string) func(p *Policy) {
		return func(p *Policy) { p.Building = "<Predicates>" + predicate + "</Predicates>" }
	}
	for _, c := range []struct {
		name   string
		change func(p *Policy)
		want   string
	}{
		{"an expression that is none", func(p *Policy) {
			p.ClaimTypes = `<ClaimType Id="nick"><DataType>string</DataType><Restriction><Pattern RegularExpression="(" HelpText="x" /></Restriction></ClaimType>`
		}, "invalid regular expression"},
		{"a mask that is none", func(p *Policy) {
			p.ClaimTypes = `<ClaimType Id="nick"><DataType>string</DataType><Mask Type="Regex" Regex="(">x</Mask></ClaimType>`
		}, "invalid regular expression"},
		{"a predicate without its parameter", predicates(`<Predicate Id="P" Method="IsLengthRange"><Parameters><Parameter Id="Minimum">1</Parameter></Parameters></Predicate>`), `add <Parameter Id="Maximum">`},
		{"a predicate with a misspelt parameter", predicates(`<Predicate Id="P" Method="IsLengthRange"><Parameters><Parameter Id="Minimum">1</Parameter><Parameter Id="Maxmium">9</Parameter></Parameters></Predicate>`), `did you mean "Maximum"?`},
		{"a predicate whose parameter is no number", predicates(`<Predicate Id="P" Method="IsLengthRange"><Parameters><Parameter Id="Minimum">x</Parameter><Parameter Id="Maximum">9</Parameter></Parameters></Predicate>`), "a value that it can have"},
		{"a predicate with a bad expression", predicates(`<Predicate Id="P" Method="MatchesRegex"><Parameters><Parameter Id="RegularExpression">(</Parameter></Parameters></Predicate>`), ".NET regular expressions"},
		{"a layout without version", func(p *Policy) { p.Building = Contents(Content("form", "selfasserted")) }, "write a version behind it"},
		{"a layout that is misspelt", func(p *Policy) { p.Building = Contents(Content("form", "selfaserted:2.1.7")) }, `did you mean "selfasserted"?`},
		{"a layout that is none", func(p *Policy) { p.Building = Contents(Content("form", "zzz:2.1.7")) }, "for example urn:"},
		{"a page at http", func(p *Policy) {
			p.Building = strings.Replace(p.Building, "~/tenant/templates/AzureBlue/unified.cshtml", "http://cdn.example/page.html", 1)
		}, "https://"},
		{"a page at a host that the request chooses", func(p *Policy) {
			p.Building = strings.Replace(p.Building, "~/tenant/templates/AzureBlue/unified.cshtml", "https://{OAUTH-KV:host}/page.html", 1)
		}, "choose the host of its page"},
		{"a resolver that is misspelt", func(p *Policy) {
			p.Profiles, p.Steps = Scripted("A", `<InputClaims><InputClaim ClaimTypeReferenceId="email" DefaultValue="{OIDC:LoginHnit}" /></InputClaims>`), []string{Run("A")}
		}, "{OIDC:LoginHint}"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, found := New(t).Findings(with(c.change))
			if text := Text(found); !strings.Contains(text, c.want) {
				t.Errorf("no %q in:\n%s", c.want, text)
			}
		})
	}
}

// A parsed policy of no relying party compiles, for linters and for those that inherit from it.
func TestAPolicyWithoutRelyingParty(t *testing.T) {
	t.Parallel()
	src := string(Policy{Claims: "email"}.XML())
	before, _, _ := strings.Cut(src, "<RelyingParty>")
	document, found := policy.Parse("base.xml", []byte(before+"</TrustFrameworkPolicy>"))
	if found.HasErrors() {
		t.Fatal(Text(found))
	}
	effective, _ := policy.Inherit([]*policy.Document{document})
	p, found := program.Compile(effective, program.Options{Kinds: program.NewKinds(nil, nil, nil), Offline: true})
	if found.HasErrors() || p.RelyingParty() != nil || p.Issuers() != nil || p.TenantName() != Tenant {
		t.Errorf("%+v\n%s", p, Text(found))
	}
}
