package policy_test

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf16"

	"journeyman.dev/internal/diag"
	"journeyman.dev/internal/kinds"
	"journeyman.dev/internal/policy"
)

const head = `<TrustFrameworkPolicy xmlns="http://schemas.microsoft.com/online/cpim/schemas/2013/06" PolicySchemaVersion="0.3.0.0" TenantId="contoso.onmicrosoft.com" PolicyId="%s" PublicPolicyUri="http://contoso.onmicrosoft.com/x">`

func document(id, base, body string) string {
	if base != "" {
		base = "<BasePolicy><TenantId>contoso.onmicrosoft.com</TenantId><PolicyId>" + base + "</PolicyId></BasePolicy>"
	}
	return fmt.Sprintf(head, id) + "\n" + base + body + "</TrustFrameworkPolicy>"
}

// parse reads a document without faults.
func parse(t *testing.T, id, base, body string) *policy.Document {
	t.Helper()
	d, list := policy.Parse(id+".xml", []byte(document(id, base, body)))
	if len(list) > 0 {
		t.Fatalf("%s: %v", id, list)
	}
	return d
}

// effective merges a chain.
func effective(t *testing.T, docs ...*policy.Document) *policy.Effective {
	t.Helper()
	e, list := policy.Inherit(docs)
	if list.HasErrors() {
		t.Fatal(list)
	}
	return e
}

func TestParsingTellsEverythingWithItsPlace(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		body string
		want string // line:column severity code
	}{
		{"an unknown element", "<BuildingBlock/>", "2:1 error JM1101"},
		{"an unknown attribute", `<BuildingBlocks><ClaimsSchema><ClaimType Id="a" Idd="x"><DataType>string</DataType></ClaimType></ClaimsSchema></BuildingBlocks>`, "2:49 warning JM1102"},
		{"a missing attribute", `<BuildingBlocks><ClaimsSchema><ClaimType><DataType>string</DataType></ClaimType></ClaimsSchema></BuildingBlocks>`, "2:31 error JM1103"},
		{"text between elements", "<BuildingBlocks>\n  text</BuildingBlocks>", "3:3 error JM1104"},
		{"the wrong order", `<ClaimsProviders><ClaimsProvider><DisplayName>x</DisplayName><TechnicalProfiles><TechnicalProfile Id="a"/></TechnicalProfiles></ClaimsProvider></ClaimsProviders><BuildingBlocks/>`, "2:162 error JM1105"},
		{"an illegal value", `<BuildingBlocks><ClaimsSchema><ClaimType Id="a"><DataType>strng</DataType></ClaimType></ClaimsSchema></BuildingBlocks>`, "2:59 error JM1107"},
		{"an id twice", `<BuildingBlocks><ClaimsSchema><ClaimType Id="a"><DataType>string</DataType></ClaimType><ClaimType Id="a"><DataType>string</DataType></ClaimType></ClaimsSchema></BuildingBlocks>`, "2:99 error JM1108"},
		{"an id twice, but for letter case", `<BuildingBlocks><ClaimsSchema><ClaimType Id="a"><DataType>string</DataType></ClaimType><ClaimType Id="A"><DataType>string</DataType></ClaimType></ClaimsSchema></BuildingBlocks>`, "2:99 warning JM1111"},
		{"an id twice that needn't be unique", `<BuildingBlocks><DisplayControls><DisplayControl Id="a" UserInterfaceControlType="VerificationControl"/><DisplayControl Id="a" UserInterfaceControlType="VerificationControl"/></DisplayControls></BuildingBlocks>`, "2:121 warning JM1111"},
		{"not well-formed", "<BuildingBlocks>", "error JM1001"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, list := policy.Parse("a.xml", []byte(document("B2C_1A_A", "", tt.body)))
			if len(list) != 1 {
				t.Fatalf("diagnostics = %v", list)
			}
			d := list[0]
			got := fmt.Sprintf("%d:%d %s %s", d.Position.Line, d.Position.Column, d.Severity, d.Code)
			if !strings.HasSuffix(got, tt.want) {
				t.Errorf("got %s, want %s (%s)", got, tt.want, d.Message)
			}
		})
	}
}

func TestWhatTheSchemaLeavesOptionalIsntMissed(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		profile(`<TechnicalProfile Id="a"><SubjectAuthenticationRequirements TimeToLive="5" /></TechnicalProfile>`),
		`<UserJourneys><UserJourney Id="a"><OrchestrationSteps><OrchestrationStep Order="1" Type="Noop" /></OrchestrationSteps><ClientDefinition /></UserJourney></UserJourneys>`,
	} {
		if _, list := policy.Parse("a.xml", []byte(document("B2C_1A_A", "", body))); len(list) != 0 {
			t.Errorf("%s: %v", body, list)
		}
	}
}

func TestEveryProblemOfAFileIsTold(t *testing.T) {
	t.Parallel()
	_, list := policy.Parse("a.xml", []byte(document("B2C_1A_A", "", `<BuildingBlocks><ClaimsSchema>
<ClaimType Id="a"><DataType>nope</DataType></ClaimType>
<ClaimTyp Id="b"/>
<ClaimType><DataType>string</DataType></ClaimType>
</ClaimsSchema></BuildingBlocks>`)))
	var lines []int
	for _, d := range list {
		lines = append(lines, d.Position.Line)
		if d.PolicyID != "B2C_1A_A" || d.Hint == "" {
			t.Errorf("%+v", d)
		}
	}
	if fmt.Sprint(lines) != "[3 4 5]" {
		t.Errorf("%v", list)
	}
}

func TestEncodings(t *testing.T) {
	t.Parallel()
	text := document("B2C_1A_Ä", "", "<!-- é --><BuildingBlocks/>")
	text = strings.Replace(text, "B2C_1A_Ä", "B2C_1A_A", 1)
	units := utf16.Encode([]rune("\ufeff" + text))
	little, big := []byte{}, []byte{}
	for _, u := range units {
		little = append(little, byte(u), byte(u>>8))
		big = append(big, byte(u>>8), byte(u))
	}
	for name, src := range map[string][]byte{"UTF-8": []byte(text), "UTF-8 with BOM": []byte("\ufeff" + text), "UTF-16 LE": little, "UTF-16 BE": big} {
		d, list := policy.Parse("a.xml", src)
		if d == nil || len(list) > 0 || d.PolicyID.Value != "B2C_1A_A" {
			t.Errorf("%s: %v", name, list)
		}
	}
	for name, src := range map[string]string{
		"no UTF-8": "\xff\xfe\xfa", "a DTD": `<!DOCTYPE x [<!ENTITY a "b">]>` + text, "nothing": "", "another root": "<a/>",
		"an entity": strings.Replace(text, "<BuildingBlocks/>", "<BuildingBlocks>&a;</BuildingBlocks>", 1),
		"too deep":  strings.Repeat("<a>", 100_000), "binary": "\x00\x01",
	} {
		if d, list := policy.Parse("a.xml", []byte(src)); !list.HasErrors() {
			t.Errorf("%s: %v %v", name, d, list)
		}
	}
	if _, list := policy.Parse("a.xml", make([]byte, 2<<20)); len(list) != 1 || list[0].Code != diag.TooLarge {
		t.Errorf("a large file: %v", list)
	}
}

func TestAnyFaultOfBasesIsTold(t *testing.T) {
	t.Parallel()
	a, b := parse(t, "B2C_1A_A", "B2C_1A_B", ""), parse(t, "B2C_1A_B", "B2C_1A_A", "")
	if _, list := policy.NewSet(a, b).Chain("b2c_1a_a"); len(list) != 1 || list[0].Code != diag.BaseCycle {
		t.Errorf("a cycle: %v", list)
	}
	if _, list := policy.NewSet(a, parse(t, "B2C_1A_BB", "", "")).Chain("B2C_1A_A"); len(list) != 1 || list[0].Code != diag.MissingBase || !strings.Contains(list[0].Hint, "B2C_1A_BB") {
		t.Errorf("a missing base: %v", list)
	}
	docs := []*policy.Document{parse(t, "B2C_1A_0", "", "")}
	for i := 1; i < 12; i++ {
		docs = append(docs, parse(t, fmt.Sprintf("B2C_1A_%d", i), fmt.Sprintf("B2C_1A_%d", i-1), ""))
	}
	if _, list := policy.NewSet(docs...).Chain("B2C_1A_11"); len(list) != 1 || list[0].Code != diag.ChainTooLong {
		t.Errorf("too many levels: %v", list)
	}
	if chain, list := policy.NewSet(docs...).Chain("B2C_1A_9"); len(chain) != 10 || len(list) > 0 {
		t.Errorf("ten levels: %d %v", len(chain), list)
	}
}

func profile(inner string) string {
	return `<ClaimsProviders><ClaimsProvider><DisplayName>x</DisplayName><TechnicalProfiles>` + inner + `</TechnicalProfiles></ClaimsProvider></ClaimsProviders>`
}

func TestMergeRules(t *testing.T) {
	t.Parallel()
	base := parse(t, "B2C_1A_A", "", `<BuildingBlocks><ClaimsSchema><ClaimType Id="name"><DisplayName>Name</DisplayName><DataType>string</DataType><UserHelpText>Help</UserHelpText></ClaimType></ClaimsSchema></BuildingBlocks>`+
		profile(`<TechnicalProfile Id="Common"><Protocol Name="None" /><Metadata><Item Key="a">common</Item><Item Key="c">common</Item></Metadata></TechnicalProfile><TechnicalProfile Id="P"><DisplayName>base</DisplayName><Metadata><Item Key="a">base</Item><Item Key="B ">base</Item></Metadata><OutputClaims><OutputClaim ClaimTypeReferenceId="name" /></OutputClaims><IncludeTechnicalProfile ReferenceId="Common" /></TechnicalProfile>`)+
		`<UserJourneys><UserJourney Id="J"><OrchestrationSteps><OrchestrationStep Order="1" Type="ClaimsExchange"><ClaimsExchanges><ClaimsExchange Id="X" TechnicalProfileReferenceId="P" /></ClaimsExchanges></OrchestrationStep><OrchestrationStep Order="2" Type="SendClaims" CpimIssuerTechnicalProfileReferenceId="P" /></OrchestrationSteps></UserJourney></UserJourneys>`)
	child := parse(t, "B2C_1A_B", "B2C_1A_A", `<BuildingBlocks><ClaimsSchema><ClaimType Id="NAME"><DisplayName>Full name</DisplayName></ClaimType></ClaimsSchema></BuildingBlocks>`+
		profile(`<TechnicalProfile Id="p"><Metadata><Item Key="b">child</Item></Metadata></TechnicalProfile>`)+
		`<UserJourneys><UserJourney Id="j"><OrchestrationSteps><OrchestrationStep Order="2" Type="ClaimsExchange"><ClaimsExchanges><ClaimsExchange Id="Y" TechnicalProfileReferenceId="P" /></ClaimsExchanges></OrchestrationStep><OrchestrationStep Order="3" Type="SendClaims" CpimIssuerTechnicalProfileReferenceId="P" /></OrchestrationSteps></UserJourney></UserJourneys>`)
	e := effective(t, base, child)
	claim, _ := e.ClaimTypes.Get("Name")
	if claim.ID.Value != "name" || claim.DisplayName.Value != "Full name" || claim.UserHelpText.Value != "Help" || claim.DataType.Value != "string" {
		t.Errorf("claim type: %+v", claim)
	}
	p, _ := e.TechnicalProfiles.Get("P")
	for key, want := range map[string]string{"a": "base", "b": "child", "C": "common"} {
		if item, _ := p.Metadata.Get(key); item.Value.Value != want {
			t.Errorf("metadata %s = %q, want %q", key, item.Value.Value, want)
		}
	}
	if p.DisplayName.Value != "base" || p.Protocol.Name.Value != "None" || len(p.OutputClaims) != 1 {
		t.Errorf("profile: %+v", p)
	}
	j, _ := e.UserJourneys.Get("J")
	types := map[string]string{}
	for _, s := range j.Steps {
		types[s.Order.Value] = s.Type.Value
	}
	if len(types) != 3 || types["1"] != "ClaimsExchange" || types["2"] != "ClaimsExchange" || types["3"] != "SendClaims" {
		t.Errorf("steps = %v", types)
	}
}

// planted are faults in a small correct policy: each gives one diagnostic at its line, and no other.
func TestPlantedFaults(t *testing.T) {
	t.Parallel()
	good := `<BuildingBlocks>
<ClaimsSchema>
<ClaimType Id="objectId"><DataType>string</DataType></ClaimType>
<ClaimType Id="count"><DataType>int</DataType><PredicateValidationReference Id="PV" /></ClaimType>
</ClaimsSchema>
<Predicates><Predicate Id="P" Method="IsLengthRange"><Parameters><Parameter Id="Minimum">1</Parameter><Parameter Id="Maximum">2</Parameter></Parameters></Predicate></Predicates>
<PredicateValidations><PredicateValidation Id="PV"><PredicateGroups><PredicateGroup Id="G"><PredicateReferences><PredicateReference Id="P" /></PredicateReferences></PredicateGroup></PredicateGroups></PredicateValidation></PredicateValidations>
<ClaimsTransformations><ClaimsTransformation Id="CT" TransformationMethod="NullClaim"><OutputClaims><OutputClaim ClaimTypeReferenceId="count" TransformationClaimType="claim_to_null" /></OutputClaims></ClaimsTransformation></ClaimsTransformations>
<ContentDefinitions><ContentDefinition Id="api.page"><DataUri>urn:com:microsoft:aad:b2c:elements:contract:unifiedssp:2.1.7</DataUri></ContentDefinition></ContentDefinitions>
</BuildingBlocks>
<ClaimsProviders><ClaimsProvider><DisplayName>x</DisplayName><TechnicalProfiles>
<TechnicalProfile Id="TP"><DisplayName>x</DisplayName><Protocol Name="Proprietary" Handler="Web.TPEngine.Providers.ClaimsTransformationProtocolProvider, Web.TPEngine" />
<OutputClaims><OutputClaim ClaimTypeReferenceId="objectId" DefaultValue="x" /><OutputClaim ClaimTypeReferenceId="count" DefaultValue="1" /></OutputClaims>
<OutputClaimsTransformations><OutputClaimsTransformation ReferenceId="CT" /></OutputClaimsTransformations>
</TechnicalProfile>
<TechnicalProfile Id="Issuer"><DisplayName>x</DisplayName><Protocol Name="None" /><OutputTokenFormat>JWT</OutputTokenFormat></TechnicalProfile>
</TechnicalProfiles></ClaimsProvider></ClaimsProviders>
<UserJourneys><UserJourney Id="Journey"><OrchestrationSteps>
<OrchestrationStep Order="1" Type="ClaimsProviderSelection" ContentDefinitionReferenceId="api.page"><ClaimsProviderSelections><ClaimsProviderSelection TargetClaimsExchangeId="Exchange" /></ClaimsProviderSelections></OrchestrationStep>
<OrchestrationStep Order="2" Type="ClaimsExchange"><Preconditions><Precondition Type="ClaimsExist" ExecuteActionsIf="true"><Value>objectId</Value><Action>SkipThisOrchestrationStep</Action></Precondition></Preconditions><ClaimsExchanges><ClaimsExchange Id="Exchange" TechnicalProfileReferenceId="TP" /></ClaimsExchanges></OrchestrationStep>
<OrchestrationStep Order="3" Type="SendClaims" CpimIssuerTechnicalProfileReferenceId="Issuer" />
</OrchestrationSteps></UserJourney></UserJourneys>
<RelyingParty><DefaultUserJourney ReferenceId="Journey" /><UserJourneyBehaviors><SessionExpiryInSeconds>900</SessionExpiryInSeconds></UserJourneyBehaviors><TechnicalProfile Id="PolicyProfile"><Protocol Name="OpenIdConnect" />
<OutputClaims><OutputClaim ClaimTypeReferenceId="objectId" PartnerClaimType="sub" /></OutputClaims>
<SubjectNamingInfo ClaimType="sub" /></TechnicalProfile></RelyingParty>`
	check := func(body string) diag.List {
		d, list := policy.Parse("a.xml", []byte(document("B2C_1A_A", "", body)))
		if d == nil {
			return list
		}
		e, more := policy.Inherit([]*policy.Document{d})
		return append(append(list, more...), policy.Check(e, kinds.Offline().Names())...).Sort()
	}
	if list := check(good); len(list) > 0 {
		t.Fatalf("the good policy: %v", list)
	}
	tests := []struct {
		name, old, new string
		code           diag.Code
		hint           string
	}{
		{"a claim of a profile", `<OutputClaim ClaimTypeReferenceId="objectId" DefaultValue`, `<OutputClaim ClaimTypeReferenceId="objctId" DefaultValue`, diag.UndeclaredClaimType, `did you mean "objectId"?`},
		{"a claim of a precondition", `<Value>objectId</Value>`, `<Value>objectID2</Value>`, diag.UndeclaredClaimType, `did you mean "objectId"?`},
		{"a transformation", `<OutputClaimsTransformation ReferenceId="CT"`, `<OutputClaimsTransformation ReferenceId="CTT"`, diag.UndeclaredTransform, `did you mean "CT"?`},
		{"a technical profile", `TechnicalProfileReferenceId="TP"`, `TechnicalProfileReferenceId="TPx"`, diag.UndeclaredProfile, `did you mean "TP"?`},
		{"an issuer", `CpimIssuerTechnicalProfileReferenceId="Issuer"`, `CpimIssuerTechnicalProfileReferenceId="Isuer"`, diag.UndeclaredProfile, `did you mean "Issuer"?`},
		{"a content definition", `ContentDefinitionReferenceId="api.page"`, `ContentDefinitionReferenceId="api.pag"`, diag.UndeclaredContent, `did you mean "api.page"?`},
		{"a predicate", `<PredicateReference Id="P"`, `<PredicateReference Id="Q"`, diag.UndeclaredPredicate, ""},
		{"a predicate validation", `<PredicateValidationReference Id="PV"`, `<PredicateValidationReference Id="PVx"`, diag.UndeclaredValidation, ""},
		{"a user journey", `<DefaultUserJourney ReferenceId="Journey"`, `<DefaultUserJourney ReferenceId="Jurney"`, diag.UndeclaredJourney, `did you mean "Journey"?`},
		{"a default of another type", `DefaultValue="1"`, `DefaultValue="one"`, diag.BadDefault, "write a value of data type int"},
		{"a handler", `ClaimsTransformationProtocolProvider,`, `ClaimTransformationProtocolProvider,`, diag.UnknownHandler, `ClaimsTransformationProtocolProvider`},
		{"a missing step", `Order="3"`, `Order="4"`, diag.MissingOrder, ""},
		{"a target", `TargetClaimsExchangeId="Exchange"`, `TargetClaimsExchangeId="Exchang"`, diag.UnknownTarget, `did you mean "Exchange"?`},
		{"no issuer", ` CpimIssuerTechnicalProfileReferenceId="Issuer"`, ``, diag.IncompleteStep, ""},
		{"a precondition without a value", `<Precondition Type="ClaimsExist" ExecuteActionsIf="true"><Value>objectId</Value>`, `<Precondition Type="ClaimsExist" ExecuteActionsIf="true">`, diag.BadPrecondition, ""},
		{"a comparison with nothing", `<Precondition Type="ClaimsExist" ExecuteActionsIf="true"><Value>objectId</Value>`, `<Precondition Type="ClaimEquals" ExecuteActionsIf="true"><Value>objectId</Value>`, diag.EmptyComparison, ""},
		{"a subject", `<SubjectNamingInfo ClaimType="sub"`, `<SubjectNamingInfo ClaimType="sbu"`, diag.UnknownSubject, `did you mean "sub"?`},
		{"a setting out of range", `<SessionExpiryInSeconds>900<`, `<SessionExpiryInSeconds>899<`, diag.OutOfRange, "from 900 to 86400"},
		{"an output without source", `<OutputClaim ClaimTypeReferenceId="objectId" PartnerClaimType="sub" />`, `<OutputClaim ClaimTypeReferenceId="objectId" PartnerClaimType="sub" /><OutputClaim ClaimTypeReferenceId="other" />`, diag.UndeclaredClaimType, ""},
		{"no data type", `<ClaimType Id="objectId"><DataType>string</DataType></ClaimType>`, `<ClaimType Id="objectId"></ClaimType>`, diag.MissingDataType, ""},
		{"a step that sends nothing", `Type="SendClaims" CpimIssuerTechnicalProfileReferenceId="Issuer"`, `Type="Noop"`, diag.NoSendClaims, ""},
		{"a profile without protocol", `<Protocol Name="Proprietary" Handler="Web.TPEngine.Providers.ClaimsTransformationProtocolProvider, Web.TPEngine" />`, ``, diag.ProfileProtocol, ""},
		{"a step that isn't run yet", `Order="3" Type="SendClaims"`, `Order="3" Type="ConsentScreen" /><OrchestrationStep Order="4" Type="SendClaims"`, diag.UnsupportedStep, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if strings.Count(good, tt.old) != 1 {
				t.Fatalf("%q is there %d times", tt.old, strings.Count(good, tt.old))
			}
			line := 2 + strings.Count(good[:strings.Index(good, tt.old)], "\n")
			list := check(strings.Replace(good, tt.old, tt.new, 1))
			if len(list) != 1 || list[0].Code != tt.code || !strings.Contains(list[0].Hint, tt.hint) || list[0].Position.Line != line && tt.code != diag.NoSendClaims && tt.code != diag.ProfileProtocol {
				t.Errorf("line %d: %v", line, list)
			}
		})
	}
}

func TestPrintedPolicyIsTheSame(t *testing.T) {
	t.Parallel()
	set, _ := load(t, corpus(t, "starterpack", "SocialAndLocalAccounts"))
	chain, list := set.Chain("B2C_1A_signup_signin")
	if list.HasErrors() {
		t.Fatal(list)
	}
	first := policy.Print(effective(t, chain...))
	d, list := policy.Parse("printed.xml", first)
	if len(list) > 0 {
		t.Fatalf("the printed policy: %v", list)
	}
	e := effective(t, d)
	if list := policy.Check(e, kinds.Offline().Names()); list.HasErrors() {
		t.Errorf("the printed policy: %v", list)
	}
	if second := policy.Print(e); string(first) != string(second) {
		t.Error("printing twice gives two texts")
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(document("B2C_1A_A", "", "<BuildingBlocks/>")))
	f.Add([]byte(document("B2C_1A_A", "B2C_1A_B", `<RelyingParty><DefaultUserJourney ReferenceId="x"/></RelyingParty>`)))
	f.Add([]byte("\xff\xfe<\x00a\x00/\x00>\x00"))
	f.Fuzz(func(t *testing.T, src []byte) {
		d, list := policy.Parse("f.xml", src)
		if d == nil && !list.HasErrors() {
			t.Error("neither a document nor an error")
		}
		if d == nil {
			return
		}
		for _, x := range list {
			if x.Position.Line < 1 || x.Position.Column < 1 {
				t.Errorf("a diagnostic without place: %v", x)
			}
		}
		d.Base = nil
		e, _ := policy.Inherit([]*policy.Document{d})
		policy.Check(e, kinds.Offline().Names())
		policy.Print(e)
	})
}
