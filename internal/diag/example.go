package diag

import (
	"fmt"
	"strings"
)

// Example is the smallest bad example of a code. A test lints each one and expects the code once and no other
// error.
type Example struct {
	// Policy is the content of a policy that inherits from [ExampleBase]; see [Example.Files].
	Policy string
	// Alone is set if the policy has no base.
	Alone bool
	// Whole is a whole file, instead of Policy.
	Whole string
	// Make makes the files of an example that is too large to show; Policy then describes them.
	Make func() []string
	// Upload is set if only an upload finds the fault, because it concerns the tenant.
	Upload bool
}

const exampleRoot = `<TrustFrameworkPolicy xmlns="http://schemas.microsoft.com/online/cpim/schemas/2013/06" PolicySchemaVersion="0.3.0.0"
  TenantId="contoso.onmicrosoft.com" PolicyId="%s" PublicPolicyUri="http://contoso.onmicrosoft.com/%[1]s">
`

// Files returns the policy files of the example; the file with the fault is last.
func (x Example) Files() []string {
	switch {
	case x.Make != nil:
		return x.Make()
	case x.Whole != "":
		return []string{ExampleBase, x.Whole}
	case x.Alone:
		return []string{examplePolicy("B2C_1A_Example", "", x.Policy)}
	}
	return []string{ExampleBase, examplePolicy("B2C_1A_Example", "B2C_1A_Base", x.Policy)}
}

func examplePolicy(id, base, body string) string {
	if base != "" {
		base = "<BasePolicy><TenantId>contoso.onmicrosoft.com</TenantId><PolicyId>" + base + "</PolicyId></BasePolicy>\n"
	}
	return fmt.Sprintf(exampleRoot, id) + base + body + "\n</TrustFrameworkPolicy>\n"
}

// Pieces of examples.

func blocks(xml string) string { return "<BuildingBlocks>\n" + xml + "\n</BuildingBlocks>" }

func schema(xml string) string { return blocks("<ClaimsSchema>\n" + xml + "\n</ClaimsSchema>") }

func transformation(xml string) string {
	return blocks("<ClaimsTransformations>\n" + xml + "\n</ClaimsTransformations>")
}

func profiles(xml string) string {
	return "<ClaimsProviders><ClaimsProvider><TechnicalProfiles>\n" + xml + "\n</TechnicalProfiles></ClaimsProvider></ClaimsProviders>"
}

func journey(xml string) string {
	return "<UserJourneys><UserJourney Id=\"Other\"><OrchestrationSteps>\n" + xml + "\n</OrchestrationSteps></UserJourney></UserJourneys>"
}

func party(xml string) string { return "<RelyingParty>\n" + xml + "\n</RelyingParty>" }

func partyOutputs(xml string) string {
	return party("<TechnicalProfile Id=\"PolicyProfile\">\n" + xml + "\n</TechnicalProfile>")
}

// apiInstead makes the base's journey call another profile instead of API.
func apiInstead(profile string) string {
	return profiles(profile) + "\n<UserJourneys><UserJourney Id=\"SignIn\"><OrchestrationSteps><OrchestrationStep Order=\"3\" Type=\"ClaimsExchange\">\n" +
		"<ClaimsExchanges><ClaimsExchange Id=\"API\" TechnicalProfileReferenceId=\"New\" /></ClaimsExchanges>\n" +
		"</OrchestrationStep></OrchestrationSteps></UserJourney></UserJourneys>"
}

func handler(class string) string {
	return `<Protocol Name="Proprietary" Handler="Web.TPEngine.Providers.` + class + `, Web.TPEngine" />`
}

// ExampleBase is the policy that the examples inherit from. It contains no fault.
var ExampleBase = examplePolicy("B2C_1A_Base", "", strings.TrimSpace(`
<BuildingBlocks>
  <ClaimsSchema>
    <ClaimType Id="objectId"><DataType>string</DataType></ClaimType>
    <ClaimType Id="email"><DataType>string</DataType><UserInputType>EmailBox</UserInputType></ClaimType>
    <ClaimType Id="age"><DataType>int</DataType></ClaimType>
    <ClaimType Id="alternativeSecurityId"><DataType>string</DataType></ClaimType>
  </ClaimsSchema>
  <ClaimsTransformations>
    <ClaimsTransformation Id="Copy" TransformationMethod="CopyClaim">
      <InputClaims><InputClaim ClaimTypeReferenceId="email" TransformationClaimType="inputClaim" /></InputClaims>
      <OutputClaims><OutputClaim ClaimTypeReferenceId="objectId" TransformationClaimType="outputClaim" /></OutputClaims>
    </ClaimsTransformation>
  </ClaimsTransformations>
  <ContentDefinitions>
    <ContentDefinition Id="api.page"><DataUri>urn:com:microsoft:aad:b2c:elements:contract:unifiedssp:2.1.7</DataUri></ContentDefinition>
  </ContentDefinitions>
</BuildingBlocks>
<ClaimsProviders><ClaimsProvider><TechnicalProfiles>
  <TechnicalProfile Id="Social">
    <Protocol Name="OAuth2" />
    <Metadata>
      <Item Key="client_id">app</Item>
      <Item Key="authorization_endpoint">https://social.example/authorize</Item>
      <Item Key="AccessTokenEndpoint">https://social.example/token</Item>
      <Item Key="ClaimsEndpoint">https://social.example/me</Item>
    </Metadata>
    <CryptographicKeys><Key Id="client_secret" StorageReferenceId="B2C_1A_SocialSecret" /></CryptographicKeys>
    <OutputClaims><OutputClaim ClaimTypeReferenceId="email" /></OutputClaims>
    <UseTechnicalProfileForSessionManagement ReferenceId="Session" />
  </TechnicalProfile>
  <TechnicalProfile Id="Form">
    `+handler("SelfAssertedAttributeProvider")+`
    <Metadata><Item Key="ContentDefinitionReferenceId">api.page</Item></Metadata>
    <OutputClaims><OutputClaim ClaimTypeReferenceId="email" /></OutputClaims>
  </TechnicalProfile>
  <TechnicalProfile Id="API">
    `+handler("RestfulProvider")+`
    <Metadata>
      <Item Key="ServiceUrl">https://api.example/</Item>
      <Item Key="AuthenticationType">Bearer</Item>
    </Metadata>
    <CryptographicKeys><Key Id="BearerAuthenticationToken" StorageReferenceId="B2C_1A_ApiToken" /></CryptographicKeys>
    <InputClaims><InputClaim ClaimTypeReferenceId="email" /></InputClaims>
    <OutputClaims><OutputClaim ClaimTypeReferenceId="objectId" /></OutputClaims>
  </TechnicalProfile>
  <TechnicalProfile Id="Session">`+handler("DefaultSSOSessionProvider")+`</TechnicalProfile>
  <TechnicalProfile Id="Issuer">
    <Protocol Name="None" />
    <OutputTokenFormat>JWT</OutputTokenFormat>
    <Metadata><Item Key="issuer_refresh_token_user_identity_claim_type">objectId</Item></Metadata>
    <CryptographicKeys>
      <Key Id="issuer_secret" StorageReferenceId="B2C_1A_Signing" />
      <Key Id="issuer_refresh_token_key" StorageReferenceId="B2C_1A_Encryption" />
    </CryptographicKeys>
  </TechnicalProfile>
</TechnicalProfiles></ClaimsProvider></ClaimsProviders>
<UserJourneys><UserJourney Id="SignIn"><OrchestrationSteps>
  <OrchestrationStep Order="1" Type="CombinedSignInAndSignUp" ContentDefinitionReferenceId="api.page">
    <ClaimsProviderSelections>
      <ClaimsProviderSelection TargetClaimsExchangeId="Social" />
      <ClaimsProviderSelection ValidationClaimsExchangeId="Form" />
    </ClaimsProviderSelections>
    <ClaimsExchanges><ClaimsExchange Id="Form" TechnicalProfileReferenceId="Form" /></ClaimsExchanges>
  </OrchestrationStep>
  <OrchestrationStep Order="2" Type="ClaimsExchange">
    <ClaimsExchanges><ClaimsExchange Id="Social" TechnicalProfileReferenceId="Social" /></ClaimsExchanges>
  </OrchestrationStep>
  <OrchestrationStep Order="3" Type="ClaimsExchange">
    <ClaimsExchanges><ClaimsExchange Id="API" TechnicalProfileReferenceId="API" /></ClaimsExchanges>
  </OrchestrationStep>
  <OrchestrationStep Order="4" Type="SendClaims" CpimIssuerTechnicalProfileReferenceId="Issuer" />
</OrchestrationSteps></UserJourney></UserJourneys>
<RelyingParty>
  <DefaultUserJourney ReferenceId="SignIn" />
  <TechnicalProfile Id="PolicyProfile">
    <Protocol Name="OpenIdConnect" />
    <OutputClaims><OutputClaim ClaimTypeReferenceId="objectId" PartnerClaimType="sub" /></OutputClaims>
    <SubjectNamingInfo ClaimType="sub" />
  </TechnicalProfile>
</RelyingParty>`))

// chainOf makes n policies that each inherit from the one before.
func chainOf(n int) func() []string {
	return func() []string {
		files := []string{examplePolicy("B2C_1A_1", "", "")}
		for i := 2; i <= n; i++ {
			files = append(files, examplePolicy(fmt.Sprintf("B2C_1A_%d", i), fmt.Sprintf("B2C_1A_%d", i-1), ""))
		}
		return files
	}
}

func manyIncludes() []string {
	const n = 500
	var types, claims, includers strings.Builder
	for i := range n {
		fmt.Fprintf(&types, "<ClaimType Id=\"c%d\"><DataType>string</DataType></ClaimType>\n", i)
		fmt.Fprintf(&claims, "<OutputClaim ClaimTypeReferenceId=\"c%d\" />\n", i)
		fmt.Fprintf(&includers, "<TechnicalProfile Id=\"P%d\"><IncludeTechnicalProfile ReferenceId=\"Many\" /></TechnicalProfile>\n", i)
	}
	return []string{examplePolicy("B2C_1A_Example", "", schema(types.String())+
		profiles("<TechnicalProfile Id=\"Many\"><OutputClaims>"+claims.String()+"</OutputClaims></TechnicalProfile>"+includers.String()))}
}
