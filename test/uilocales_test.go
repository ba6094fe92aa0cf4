package test

import "testing"

// languagesPolicy is a policy that supports English alone, has texts in Spanish and Hindi, too,
// and puts what it finds into the token.
const languagesPolicy = `<BuildingBlocks><ClaimsSchema><ClaimType Id="greeting"><DisplayName>Greeting</DisplayName><DataType>string</DataType></ClaimType><ClaimType Id="culture"><DisplayName>Culture</DisplayName><DataType>string</DataType></ClaimType></ClaimsSchema>
<ClaimsTransformations><ClaimsTransformation Id="Texts" TransformationMethod="GetLocalizedStringsTransformation"><OutputClaims><OutputClaim ClaimTypeReferenceId="greeting" TransformationClaimType="hello" /></OutputClaims></ClaimsTransformation></ClaimsTransformations>
<ContentDefinitions><ContentDefinition Id="api.texts"><LoadUri>~/tenant/templates/AzureBlue/selfAsserted.cshtml</LoadUri><RecoveryUri>~/common/default_page_error.html</RecoveryUri><DataUri>urn:com:microsoft:aad:b2c:elements:contract:selfasserted:2.1.7</DataUri>
<LocalizedResourcesReferences MergeBehavior="Prepend"><LocalizedResourcesReference Language="en" LocalizedResourcesReferenceId="texts.en" /><LocalizedResourcesReference Language="es" LocalizedResourcesReferenceId="texts.es" /><LocalizedResourcesReference Language="hi" LocalizedResourcesReferenceId="texts.hi" /></LocalizedResourcesReferences></ContentDefinition></ContentDefinitions>
<Localization Enabled="true"><SupportedLanguages DefaultLanguage="en" MergeBehavior="ReplaceAll"><SupportedLanguage>en</SupportedLanguage></SupportedLanguages>
<LocalizedResources Id="texts.en"><LocalizedStrings><LocalizedString ElementType="GetLocalizedStringsTransformationClaimType" StringId="hello">Hello</LocalizedString></LocalizedStrings></LocalizedResources>
<LocalizedResources Id="texts.es"><LocalizedStrings><LocalizedString ElementType="GetLocalizedStringsTransformationClaimType" StringId="hello">Hola</LocalizedString></LocalizedStrings></LocalizedResources>
<LocalizedResources Id="texts.hi"><LocalizedStrings><LocalizedString ElementType="GetLocalizedStringsTransformationClaimType" StringId="hello">Namaste</LocalizedString></LocalizedStrings></LocalizedResources></Localization></BuildingBlocks>
<ClaimsProviders><ClaimsProvider><DisplayName>Texts</DisplayName><TechnicalProfiles><TechnicalProfile Id="Texts"><DisplayName>Texts</DisplayName><Protocol Name="Proprietary" Handler="Web.TPEngine.Providers.ClaimsTransformationProtocolProvider, Web.TPEngine, Version=1.0.0.0, Culture=neutral, PublicKeyToken=null" />
<Metadata><Item Key="ContentDefinitionReferenceId">api.texts</Item><Item Key="IncludeClaimResolvingInClaimsHandling">true</Item></Metadata><OutputClaims><OutputClaim ClaimTypeReferenceId="greeting" /><OutputClaim ClaimTypeReferenceId="culture" DefaultValue="{Culture:RFC5646}" AlwaysUseDefaultValue="true" /></OutputClaims>
<OutputClaimsTransformations><OutputClaimsTransformation ReferenceId="Texts" /></OutputClaimsTransformations></TechnicalProfile></TechnicalProfiles></ClaimsProvider></ClaimsProviders>
<UserJourneys><UserJourney Id="Texts"><OrchestrationSteps><OrchestrationStep Order="1" Type="ClaimsExchange"><ClaimsExchanges><ClaimsExchange Id="Texts" TechnicalProfileReferenceId="Texts" /></ClaimsExchanges></OrchestrationStep>
<OrchestrationStep Order="2" Type="SendClaims" CpimIssuerTechnicalProfileReferenceId="Token-JWT" /></OrchestrationSteps></UserJourney></UserJourneys>`

// TestUILocalesNeedsTextsAndTheBrowserSupport (pages §6 [D]).
func TestUILocalesNeedsTextsAndTheBrowserSupport(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	policy := e.own(languagesPolicy, relyingParty("Texts", "", "greeting", "culture"))
	for _, c := range []struct{ name, uiLocales, accept, culture, greeting string }{
		{"a language with resources that isn't supported", "es", "", "es", "Hola"},
		{"one that we have no texts in", "hi", "", "hi", "Namaste"},
		{"a region of it", "es-MX", "", "es-MX", "Hola"},
		{"a language without resources has no texts", "de", "", "de", ""},
		{"the first that there is", "xx-YY hi es", "", "hi", "Namaste"},
		{"neither resources nor texts of ours", "xx-YY", "", "en", "Hello"},
		{"the browser chooses supported ones only", "", "es, en-GB;q=0.5", "en-GB", "Hello"},
		{"and none that has resources alone", "", "hi", "en", "Hello"},
	} {
		t.Run(c.name, func(t *testing.T) {
			u := e.user()
			u.http.Transport = withHeader{u.http.Transport, "Accept-Language", c.accept}
			u.authorize(policy, map[string]string{"ui_locales": c.uiLocales})
			_, payload := decode(t, u.redeem(policy).IDToken)
			greeting, _ := payload["greeting"].(string)
			if payload["culture"] != c.culture || greeting != c.greeting {
				t.Errorf("culture %v, greeting %q; want %q, %q", payload["culture"], greeting, c.culture, c.greeting)
			}
		})
	}
}
