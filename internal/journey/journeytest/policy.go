package journeytest

import (
	"bytes"
	"cmp"
	"encoding/xml"
	"fmt"
	"strings"
)

// Policy is a small policy of one document. Each field contains XML elements, unless its comment
// says otherwise; the zero value is a policy that issues an empty token at once.
type Policy struct {
	ID string // "" is B2C_1A_Test
	// Claims are the claim types in short: names with blanks between, each with a data type
	// after a colon, else a string that pages ask for. A minus in front of a name makes one that
	// no page shows; an asterisk makes a password. The relying party puts out all but
	// passwords, objectId as sub. Example: "email -objectId -age:int *password".
	Claims     string
	ClaimTypes string // ClaimType elements, of which the relying party puts out none
	Building   string // more children of BuildingBlocks
	Providers  string // ClaimsProvider elements
	Profiles   string // TechnicalProfile elements of one more claims provider
	// Steps are the orchestration steps of the user journey "Journey", without Order. A step
	// that sends the claims follows, unless one of them does.
	Steps       []string
	Journeys    string // more UserJourney elements
	SubJourneys string // SubJourney elements
	Endpoints   string // Endpoint elements of the relying party
	Behaviors   string // children of UserJourneyBehaviors
	Inputs      string // InputClaim elements of the relying party
	Outputs     string // OutputClaim elements; "" is all of Claims but passwords
	Development bool   // DeploymentMode
}

// XML is the whole document.
func (p Policy) XML() []byte {
	types, outputs := claimTypes(p.Claims)
	if outputs = cmp.Or(p.Outputs, outputs); !strings.Contains(outputs, `PartnerClaimType="sub"`) {
		types += `<ClaimType Id="nobody"><DisplayName>nobody</DisplayName><DataType>string</DataType></ClaimType>`
		outputs += `<OutputClaim ClaimTypeReferenceId="nobody" PartnerClaimType="sub" DefaultValue="" />`
	}
	steps := p.Steps
	if !strings.Contains(strings.Join(steps, ""), `Type="SendClaims"`) {
		steps = append(append([]string(nil), steps...), SendClaims("Issuer"))
	}
	var b strings.Builder
	mode := ""
	if p.Development {
		mode = ` DeploymentMode="Development"`
	}
	id := cmp.Or(p.ID, "B2C_1A_Test")
	fmt.Fprintf(&b, `<TrustFrameworkPolicy xmlns="http://schemas.microsoft.com/online/cpim/schemas/2013/06" PolicySchemaVersion="0.3.0.0" TenantId="%[1]s" PolicyId="%[2]s" PublicPolicyUri="http://%[1]s/%[2]s"%[3]s>`+"\n", Tenant, id, mode)
	b.WriteString("<BuildingBlocks>" + element("ClaimsSchema", types+p.ClaimTypes) + p.Building + "</BuildingBlocks>\n<ClaimsProviders>" + p.Providers +
		"<ClaimsProvider><DisplayName>Test</DisplayName><TechnicalProfiles>\n" + p.Profiles + issuer + "</TechnicalProfiles></ClaimsProvider></ClaimsProviders>\n<UserJourneys>" +
		Journey("Journey", steps...) + p.Journeys + "</UserJourneys>\n" + element("SubJourneys", p.SubJourneys) +
		`<RelyingParty><DefaultUserJourney ReferenceId="Journey" />` + element("Endpoints", p.Endpoints) + element("UserJourneyBehaviors", p.Behaviors) +
		`<TechnicalProfile Id="PolicyProfile"><DisplayName>Policy</DisplayName><Protocol Name="OpenIdConnect" />` + element("InputClaims", p.Inputs) + element("OutputClaims", outputs) +
		`<SubjectNamingInfo ClaimType="sub" /></TechnicalProfile></RelyingParty></TrustFrameworkPolicy>`)
	return []byte(b.String())
}

// issuer is the profile that ends the journeys.
const issuer = `<TechnicalProfile Id="Issuer"><DisplayName>Issuer</DisplayName><Protocol Name="None" /><OutputTokenFormat>JWT</OutputTokenFormat></TechnicalProfile>`

// element wraps children; "" has no element.
func element(name, children string) string {
	if children == "" {
		return ""
	}
	return "<" + name + ">" + children + "</" + name + ">"
}

// escape makes a value fit for XML.
func escape(value string) string {
	var b bytes.Buffer
	_ = xml.EscapeText(&b, []byte(value)) // a buffer takes everything
	return b.String()
}

// claimTypes reads Policy.Claims.
func claimTypes(short string) (types, outputs string) {
	for word := range strings.FieldsSeq(short) {
		name, dataType, _ := strings.Cut(word, ":")
		input := "TextBox"
		switch name[0] {
		case '*':
			input = "Password"
		case '-':
			input = ""
		}
		name = strings.TrimLeft(name, "*-")
		types += `<ClaimType Id="` + name + `"><DisplayName>` + name + `</DisplayName><DataType>` + cmp.Or(dataType, "string") + `</DataType>` + element("UserInputType", input) + `</ClaimType>`
		switch {
		case input == "Password":
		case name == "objectId":
			outputs += `<OutputClaim ClaimTypeReferenceId="objectId" PartnerClaimType="sub" DefaultValue="" />`
		default:
			outputs += `<OutputClaim ClaimTypeReferenceId="` + name + `" DefaultValue="" />`
		}
	}
	return types, outputs
}

// Journey is a UserJourney element of steps without Order.
func Journey(id string, steps ...string) string {
	return `<UserJourney Id="` + id + `"><OrchestrationSteps>` + numbered(steps) + "</OrchestrationSteps></UserJourney>\n"
}

// SubJourney is a SubJourney element of a type, Call or Transfer, of steps without Order.
func SubJourney(id, kind string, steps ...string) string {
	return `<SubJourney Id="` + id + `" Type="` + kind + `"><OrchestrationSteps>` + numbered(steps) + "</OrchestrationSteps></SubJourney>\n"
}

// numbered gives steps their Order.
func numbered(steps []string) string {
	var b strings.Builder
	for i, step := range steps {
		b.WriteString(strings.Replace(step, "<OrchestrationStep ", fmt.Sprintf(`<OrchestrationStep Order="%d" `, i+1), 1) + "\n")
	}
	return b.String()
}

// Step is a step of a type.
func Step(kind, inner string) string {
	return `<OrchestrationStep Type="` + kind + `">` + inner + `</OrchestrationStep>`
}

// Run is a step that runs one technical profile; its claims exchange is called as the profile,
// with an X behind. Preconditions are of the step.
func Run(profile string, preconditions ...string) string { return Offer(preconditions, profile) }

// Offer is a step with a claims exchange for each profile, named as with Run.
func Offer(preconditions []string, profiles ...string) string {
	return Step("ClaimsExchange", element("Preconditions", strings.Join(preconditions, ""))+exchanges(profiles))
}

func exchanges(profiles []string) string {
	var b strings.Builder
	for _, profile := range profiles {
		b.WriteString(`<ClaimsExchange Id="` + profile + `X" TechnicalProfileReferenceId="` + profile + `" />`)
	}
	return element("ClaimsExchanges", b.String())
}

// Select is a step that lets the user choose among the exchanges of profiles in the next step.
// Content is the id of its content definition, Attributes are more attributes of the list.
func Select(content, attributes string, profiles ...string) string {
	return `<OrchestrationStep Type="ClaimsProviderSelection" ContentDefinitionReferenceId="` + content + `">` + selections(attributes, "", profiles) + `</OrchestrationStep>`
}

// Combined is a step that shows the sign-in form of a profile beside buttons for the exchanges
// of the next step; form "" has none, and content "" no page.
func Combined(content, form string, profiles ...string) string {
	attribute, own := "", ""
	if content != "" {
		attribute = ` ContentDefinitionReferenceId="` + content + `"`
	}
	if form != "" {
		own = exchanges([]string{form})
	}
	return `<OrchestrationStep Type="CombinedSignInAndSignUp"` + attribute + `>` + selections("", form, profiles) + own + `</OrchestrationStep>`
}

func selections(attributes, form string, profiles []string) string {
	var b strings.Builder
	for _, profile := range profiles {
		b.WriteString(`<ClaimsProviderSelection TargetClaimsExchangeId="` + profile + `X" />`)
	}
	if form != "" {
		b.WriteString(`<ClaimsProviderSelection ValidationClaimsExchangeId="` + form + `X" />`)
	}
	return `<ClaimsProviderSelections ` + attributes + `>` + b.String() + `</ClaimsProviderSelections>`
}

// Invoke is a step that invokes a sub journey.
func Invoke(subJourney string) string {
	return Step("InvokeSubJourney", `<JourneyList><Candidate SubJourneyReferenceId="`+subJourney+`" /></JourneyList>`)
}

// SendClaims is the step that ends a journey through an issuer's profile.
func SendClaims(profile string) string {
	return `<OrchestrationStep Type="SendClaims" CpimIssuerTechnicalProfileReferenceId="` + profile + `" />`
}

// Precondition skips a step: ClaimsExist of a claim, or with values ClaimEquals; when is
// ExecuteActionsIf.
func Precondition(when bool, claim string, values ...string) string {
	return precondition("SkipThisOrchestrationStep", when, claim, values)
}

// ValidationPrecondition skips a validation technical profile; see [Precondition].
func ValidationPrecondition(when bool, claim string, values ...string) string {
	return precondition("SkipThisValidationTechnicalProfile", when, claim, values)
}

func precondition(action string, when bool, claim string, values []string) string {
	kind, texts := "ClaimsExist", element("Value", claim)
	if len(values) > 0 {
		kind = "ClaimEquals"
	}
	for _, v := range values {
		texts += element("Value", escape(v))
	}
	return fmt.Sprintf(`<Precondition Type="%s" ExecuteActionsIf="%t">%s<Action>%s</Action></Precondition>`, kind, when, texts, action)
}

// Profile is a technical profile of a provider's handler class, such as RestfulProvider.
func Profile(id, handler, inner string) string {
	return ProfileOf(id, `<Protocol Name="Proprietary" Handler="Web.TPEngine.Providers.`+handler+`, Web.TPEngine, Version=1.0.0.0, Culture=neutral, PublicKeyToken=null" />`, inner)
}

// ProfileOf is a technical profile of any protocol, which is a Protocol element.
func ProfileOf(id, protocol, inner string) string {
	return `<TechnicalProfile Id="` + id + `"><DisplayName>` + id + `</DisplayName>` + protocol + inner + "</TechnicalProfile>\n"
}

// Scripted is a technical profile that a test runs: see [Stage.Script].
func Scripted(id, inner string) string { return Profile(id, ScriptedHandler, inner) }

// Sets is a scripted profile that sets claims to texts: pairs of claim and value.
func Sets(id string, pairs ...string) string {
	var outputs string
	for i := 0; i+1 < len(pairs); i += 2 {
		outputs += `<OutputClaim ClaimTypeReferenceId="` + pairs[i] + `" DefaultValue="` + escape(pairs[i+1]) + `" AlwaysUseDefaultValue="true" />`
	}
	return Scripted(id, element("OutputClaims", outputs))
}

// Metadata is a Metadata element: pairs of key and value.
func Metadata(pairs ...string) string {
	var items string
	for i := 0; i+1 < len(pairs); i += 2 {
		items += `<Item Key="` + pairs[i] + `">` + escape(pairs[i+1]) + `</Item>`
	}
	return element("Metadata", items)
}

// Inputs is a list of input claims: each is a claim id, or id=partner. An id with an exclamation
// mark behind it is required.
func Inputs(uses ...string) string { return claimUses("InputClaim", uses) }

// Outputs is a list of output claims; see [Inputs].
func Outputs(uses ...string) string { return claimUses("OutputClaim", uses) }

// Persisted is a list of persisted claims; see [Inputs].
func Persisted(uses ...string) string { return claimUses("PersistedClaim", uses) }

// Displays is a list of display claims; see [Inputs].
func Displays(uses ...string) string { return claimUses("DisplayClaim", uses) }

func claimUses(kind string, uses []string) string {
	var list string
	for _, use := range uses {
		id, partner, _ := strings.Cut(use, "=")
		attributes := ""
		if short, required := strings.CutSuffix(id, "!"); required {
			id, attributes = short, ` Required="true"`
		}
		if partner != "" {
			attributes += ` PartnerClaimType="` + partner + `"`
		}
		list += `<` + kind + ` ClaimTypeReferenceId="` + id + `"` + attributes + ` />`
	}
	return element(kind+"s", list)
}

// Content is a ContentDefinition of a page layout, such as selfasserted:2.1.7; pairs are its
// metadata.
func Content(id, layout string, pairs ...string) string {
	return `<ContentDefinition Id="` + id + `"><LoadUri>~/tenant/templates/AzureBlue/unified.cshtml</LoadUri><RecoveryUri>~/common/default_page_error.html</RecoveryUri><DataUri>urn:com:microsoft:aad:b2c:elements:contract:` + layout + `</DataUri>` + Metadata(pairs...) + `</ContentDefinition>`
}

// Contents is a ContentDefinitions element.
func Contents(definitions ...string) string {
	return element("ContentDefinitions", strings.Join(definitions, ""))
}
