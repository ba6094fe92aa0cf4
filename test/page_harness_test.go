package test

import (
	"io"
	"net/http"
	"strings"

	"journeyman.dev/internal/live"
)

const selfAsserted = `<Protocol Name="Proprietary" Handler="Web.TPEngine.Providers.SelfAssertedAttributeProvider, Web.TPEngine, Version=1.0.0.0, Culture=neutral, PublicKeyToken=null" />`

// pageSpec describes a policy with one self-asserted page; what is "" has a default.
type pageSpec struct {
	layout     string // of the DataUri, with contract: or without; none: no DataUri
	loadURI    string
	resources  string // LocalizedResourcesReferences of the content definition
	content    string // other members of the content definition
	blocks     string // claim types
	predicates string // Predicates and PredicateValidations
	more       string // other building blocks: Localization
	metadata   string // items of the page's profile
	inputs     string // input claims of the page's profile
	display    string // display claims
	outputs    string // output claims
	behaviors  string // UserJourneyBehaviors
	token      []string
	providers  string // other technical profiles
	steps      string // steps before the page's
	validate   string // ValidationTechnicalProfiles
}

// asks uploads a policy that shows one page and then issues a token.
func (e *env) asks(p pageSpec) string {
	e.t.Helper()
	def := func(s *string, value string) {
		if *s == "" {
			*s = value
		}
	}
	def(&p.layout, "contract:selfasserted:2.1.26")
	def(&p.loadURI, "~/tenant/default/selfAsserted.cshtml")
	def(&p.outputs, `<OutputClaim ClaimTypeReferenceId="nick" />`)
	def(&p.blocks, `<ClaimType Id="nick"><DisplayName>Nick name</DisplayName><DataType>string</DataType><UserInputType>TextBox</UserInputType></ClaimType>`)
	def(&p.more, `<Localization Enabled="true"><SupportedLanguages DefaultLanguage="en" MergeBehavior="Append"><SupportedLanguage>sv</SupportedLanguage><SupportedLanguage>de</SupportedLanguage><SupportedLanguage>ar</SupportedLanguage></SupportedLanguages></Localization>`)
	if p.token == nil {
		p.token = []string{"nick"}
	}
	wrap := func(tag, inside string) string {
		if inside == "" {
			return ""
		}
		return "<" + tag + ">" + inside + "</" + tag + ">"
	}
	dataURI := `<DataUri>urn:com:microsoft:aad:b2c:elements:` + p.layout + `</DataUri>`
	if p.layout == "none" {
		dataURI = ""
	}
	extension := `<BuildingBlocks><ClaimsSchema>` + p.blocks + `</ClaimsSchema>` + p.predicates +
		`<ContentDefinitions><ContentDefinition Id="api.test"><LoadUri>` + p.loadURI + `</LoadUri>` + dataURI +
		p.content + wrap("LocalizedResourcesReferences", p.resources) + `</ContentDefinition></ContentDefinitions>` + p.more + `</BuildingBlocks>` +
		`<ClaimsProviders><ClaimsProvider><DisplayName>t</DisplayName><TechnicalProfiles>` + p.providers +
		`<TechnicalProfile Id="Ask"><DisplayName>Ask</DisplayName>` + selfAsserted + `<Metadata><Item Key="ContentDefinitionReferenceId">api.test</Item>` + p.metadata + `</Metadata>` +
		wrap("InputClaims", p.inputs) + wrap("DisplayClaims", p.display) + wrap("OutputClaims", p.outputs) + wrap("ValidationTechnicalProfiles", p.validate) + `</TechnicalProfile>` +
		`</TechnicalProfiles></ClaimsProvider></ClaimsProviders>` +
		`<UserJourneys><UserJourney Id="J"><OrchestrationSteps>` + p.steps + step(strings.Count(p.steps, "<OrchestrationStep ")+1, "Ask", "") +
		`<OrchestrationStep Order="` + string(rune('2'+strings.Count(p.steps, "<OrchestrationStep "))) + `" ` + sendClaims + `</OrchestrationSteps></UserJourney></UserJourneys>`
	rp := relyingParty("J", "", p.token...)
	rp = strings.Replace(rp, `<TechnicalProfile Id="PolicyProfile">`, wrap("UserJourneyBehaviors", p.behaviors)+`<TechnicalProfile Id="PolicyProfile">`, 1)
	return e.own(extension, rp)
}

// serve makes the scripted API a template host: paths and their documents.
func (a *scriptedAPI) serve(documents map[string]string) {
	a.handle(func(w http.ResponseWriter, r *http.Request) {
		doc, ok := documents[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		switch {
		case strings.HasSuffix(r.URL.Path, ".css"):
			w.Header().Set("Content-Type", "text/css")
		case strings.HasSuffix(r.URL.Path, ".js"):
			w.Header().Set("Content-Type", "text/javascript")
		default:
			w.Header().Set("Content-Type", "text/html")
		}
		_, _ = io.WriteString(w, doc)
	})
}

const allowScripts = `<ScriptExecution>Allow</ScriptExecution>`

// put uploads one policy file.
func (e *env) put(xml string) {
	e.t.Helper()
	if list, err := e.srv.Policies.Put(e.t.Context(), live.Policy{XML: []byte(xml)}); err != nil {
		e.t.Fatalf("%v\n%v", err, list)
	}
}
