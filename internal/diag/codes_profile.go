package diag

// Codes JM40xx: metadata and keys of technical profiles.
const (
	MissingMetadata     Code = "JM4001"
	BadMetadata         Code = "JM4002"
	UnknownMetadata     Code = "JM4003"
	MissingProfileKey   Code = "JM4004"
	MissingKeySet       Code = "JM4005"
	NoOutputClaims      Code = "JM4006"
	MissingDirectoryKey Code = "JM4007"
	BadEndpoint         Code = "JM4008"
	MisspeltMetadata    Code = "JM4009"
	MisspeltKey         Code = "JM4010"
	MissingPartner      Code = "JM4011"
	IncompleteControl   Code = "JM4012"
	DoubtfulMetadata    Code = "JM4013"
	NotInPolicy         Code = "JM4014"
	IncompleteProvider  Code = "JM4015"
	NoEffect            Code = "JM4016"
	MissingConnector    Code = "JM4020"
)

var profileCodes = map[Code]Entry{
	MissingMetadata: {
		Severity: Error, Several: true, Title: "Missing metadata item",
		Cause:   "A technical profile lacks a metadata item that its provider requires.",
		Cure:    "Add the item to the profile, to one that it includes, or to a child policy's overlay.",
		Refused: "Posted: samples#218 (\"A required Metadata item with key … was not found in the TechnicalProfile\").",
		Example: Example{Policy: apiInstead(`<TechnicalProfile Id="New">` + handler("RestfulProvider") + `<Metadata><Item Key="ServiceUrl">https://api.example/</Item></Metadata><OutputClaims><OutputClaim ClaimTypeReferenceId="objectId" /></OutputClaims></TechnicalProfile>`)},
	},
	BadMetadata: {
		Severity: Error, Title: "Invalid metadata value",
		Cause:   "A metadata item is empty, or its value isn't one that the provider documents.",
		Cure:    "Write one of the legal values that the hint names.",
		Refused: "Posted: samples#278 (\"defines an invalid value … for the metadata item\"), of an empty one; for other values, the documentation lists the legal ones.",
		Example: Example{Policy: profiles(`<TechnicalProfile Id="API"><Metadata><Item Key="SendClaimsIn">Envelope</Item></Metadata></TechnicalProfile>`)},
	},
	DoubtfulMetadata: {
		Severity: Warning, Title: "Ignored metadata value",
		Cause:   "The value of a flag, a number or a page setting is invalid. The default is used instead.",
		Cure:    "Write one of the legal values that the hint names.",
		Example: Example{Policy: profiles(`<TechnicalProfile Id="API"><Metadata><Item Key="DebugMode">maybe</Item></Metadata></TechnicalProfile>`)},
	},
	NotInPolicy: {
		Severity: Warning, Title: "Metadata names an undeclared item",
		Cause:   "A metadata item names a claim type, a journey or a claims exchange that the policy doesn't declare. Users who reach it see an error or nothing.",
		Cure:    "Declare the item, or correct its name.",
		Example: Example{Policy: profiles(`<TechnicalProfile Id="Issuer"><Metadata><Item Key="RefreshTokenUserJourneyId">Refresh</Item></Metadata></TechnicalProfile>`)},
	},
	IncompleteProvider: {
		Severity: Warning, Several: true, Title: "Incomplete identity provider",
		Cause:   "An OpenID Connect profile without METADATA lacks a setting. Without token endpoint or key set, users who return from the provider see an error; without issuer, the issuer of tokens isn't checked.",
		Cure:    "Name METADATA, or AccessTokenEndpoint, JWKS and issuer.",
		Example: Example{Policy: apiInstead(`<TechnicalProfile Id="New"><Protocol Name="OpenIdConnect" /><Metadata><Item Key="client_id">app</Item><Item Key="authorization_endpoint">https://social.example/authorize</Item><Item Key="JWKS">https://social.example/keys</Item></Metadata><OutputClaims><OutputClaim ClaimTypeReferenceId="objectId" /></OutputClaims></TechnicalProfile>`)},
	},
	UnknownMetadata: {
		Severity: Warning, Title: "Unknown metadata item",
		Cause:   "The profile's provider doesn't know the key of a metadata item. The item has no effect.",
		Cure:    "Correct the key's spelling or remove the item.",
		Example: Example{Policy: profiles(`<TechnicalProfile Id="API"><Metadata><Item Key="SendClaimIn">Form</Item></Metadata></TechnicalProfile>`)},
	},
	MissingProfileKey: {
		Severity: Error, Several: true, Title: "Missing cryptographic key",
		Cause:   "A technical profile lacks a key in CryptographicKeys that its provider requires.",
		Cure:    "Add the key with the id of a policy key set.",
		Refused: "Documented as required by the provider.",
		Example: Example{Policy: profiles(`<TechnicalProfile Id="API"><Metadata><Item Key="AuthenticationType">ClientCertificate</Item></Metadata></TechnicalProfile>`)},
	},
	MissingKeySet: {
		Severity: Warning, Title: "Unknown policy key",
		Cause:   "A technical profile refers to a policy key set that the tenant doesn't contain yet.",
		Cure:    "Create the key set in the tenant. Until then, users who reach the profile see an error.",
		Example: Example{Policy: profiles(`<TechnicalProfile Id="API"><CryptographicKeys><Key Id="BearerAuthenticationToken" StorageReferenceId="B2C_1A_Missing" /></CryptographicKeys></TechnicalProfile>`), Upload: true},
	},
	NoOutputClaims: {
		Severity: Error, Title: "No output claims",
		Cause:   "A claims-transformation technical profile declares no OutputClaims.",
		Cure:    "Add at least one OutputClaim.",
		Refused: "Documented: the element is mandatory.",
		Example: Example{Policy: apiInstead(`<TechnicalProfile Id="New">` + handler("ClaimsTransformationProtocolProvider") + `<OutputClaimsTransformations><OutputClaimsTransformation ReferenceId="Copy" /></OutputClaimsTransformations></TechnicalProfile>`)},
	},
	MissingDirectoryKey: {
		Severity: Warning, Title: "No key claim",
		Cause:   "A directory technical profile declares no input claim that identifies a user, so it finds nobody.",
		Cure:    "Add an InputClaim for objectId, a sign-in name or an alternative security id.",
		Example: Example{Policy: apiInstead(`<TechnicalProfile Id="New">` + handler("AzureActiveDirectoryProvider") + `<Metadata><Item Key="Operation">Read</Item></Metadata><OutputClaims><OutputClaim ClaimTypeReferenceId="objectId" /></OutputClaims></TechnicalProfile>`)},
	},
	BadEndpoint: {
		Severity: Error, Title: "Invalid endpoint",
		Cause:   "An endpoint of an identity provider isn't an absolute https address.",
		Cure:    "Write the address that the provider documents.",
		Refused: "Documented: it is the address of the provider's endpoint, by https in production.",
		Example: Example{Policy: profiles(`<TechnicalProfile Id="Social"><Metadata><Item Key="authorization_endpoint">social.example/authorize</Item></Metadata></TechnicalProfile>`)},
	},
	MisspeltMetadata: {
		Severity: Error, Title: "Misspelt metadata item",
		Cause:   "A technical profile lacks a metadata item that its provider requires. Another item has a similar key.",
		Cure:    "Correct the item's Key.",
		Refused: "Posted, as for any missing item: samples#218.",
		Example: Example{Policy: apiInstead(`<TechnicalProfile Id="New">` + handler("RestfulProvider") + `<Metadata><Item Key="ServiceURI">https://api.example/</Item><Item Key="AuthenticationType">None</Item><Item Key="AllowInsecureAuthInProduction">true</Item></Metadata><OutputClaims><OutputClaim ClaimTypeReferenceId="objectId" /></OutputClaims></TechnicalProfile>`)},
	},
	MissingPartner: {
		Severity: Error, Several: true, Title: "Missing partner claim",
		Cause:   "A technical profile maps no claim to a required input or output of its operation.",
		Cure:    "Add the claim with the PartnerClaimType that the hint names.",
		Refused: "Documented as required by the operation.",
		Example: Example{Policy: apiInstead(`<TechnicalProfile Id="New">` + handler("OneTimePasswordProtocolProvider") + `<Metadata><Item Key="Operation">GenerateCode</Item></Metadata><InputClaims><InputClaim ClaimTypeReferenceId="objectId" PartnerClaimType="identifier" /></InputClaims><OutputClaims><OutputClaim ClaimTypeReferenceId="objectId" /></OutputClaims></TechnicalProfile>`)},
	},
	IncompleteControl: {
		Severity: Warning, Several: true, Title: "Incomplete verification control",
		Cause: "A page shows a verification control without a claim for the code, or without an action that sends or checks the code. Users can't leave the page.",
		Cure:  "Add a DisplayClaim with ControlClaimType=\"VerificationCode\" and the actions SendCode and VerifyCode.",
		Example: Example{Policy: blocks(`<DisplayControls><DisplayControl Id="verify" UserInterfaceControlType="VerificationControl">
<DisplayClaims><DisplayClaim ClaimTypeReferenceId="email" /></DisplayClaims><Actions><Action Id="SendCode" /><Action Id="VerifyCode" /></Actions>
</DisplayControl></DisplayControls>`) + profiles(`<TechnicalProfile Id="Form"><DisplayClaims><DisplayClaim DisplayControlReferenceId="verify" /></DisplayClaims></TechnicalProfile>`)},
	},
	NoEffect: {
		Severity: Warning, Several: true, Title: "Setting without effect",
		Cause:   "A technical profile contains a setting of B2C that has no effect here; the hint gives the reason.",
		Cure:    "No change is needed, but don't rely on the setting.",
		Example: Example{Policy: apiInstead(`<TechnicalProfile Id="New">` + handler("Insights.AzureApplicationInsightsProvider") + `<Metadata><Item Key="InstrumentationKey">4d7e7b86-bb8b-41e6-9185-3b13fb625cb5</Item></Metadata><InputClaims><InputClaim ClaimTypeReferenceId="objectId" PartnerClaimType="eventName" DefaultValue="SignIn" /></InputClaims><OutputClaims><OutputClaim ClaimTypeReferenceId="objectId" /></OutputClaims></TechnicalProfile>`)},
	},
	MissingConnector: {
		Severity: Warning, Title: "Unknown API connector",
		Cause:   "A technical profile calls an API connector that the tenant doesn't contain.",
		Cure:    "Create the API connector and write its id. Until then, users who reach the profile see an error.",
		Example: Example{Policy: apiInstead(`<TechnicalProfile Id="New">` + handler("ApiConnectorProvider") + `<Metadata><Item Key="ConnectorId">missing</Item><Item Key="Step">PreTokenIssuance</Item></Metadata><OutputClaims><OutputClaim ClaimTypeReferenceId="objectId" /></OutputClaims></TechnicalProfile>`), Upload: true},
	},
	MisspeltKey: {
		Severity: Error, Title: "Misspelt cryptographic key",
		Cause:   "A technical profile lacks a key in CryptographicKeys that its provider requires. Another key has a similar Id.",
		Cure:    "Correct the key's Id.",
		Refused: "Documented as required by the provider.",
		Example: Example{Policy: apiInstead(`<TechnicalProfile Id="New">` + handler("RestfulProvider") + `<Metadata><Item Key="ServiceUrl">https://api.example/</Item><Item Key="AuthenticationType">Bearer</Item></Metadata>
<CryptographicKeys><Key Id="BearerAuthenticatonToken" StorageReferenceId="B2C_1A_ApiToken" /></CryptographicKeys><OutputClaims><OutputClaim ClaimTypeReferenceId="objectId" /></OutputClaims></TechnicalProfile>`)},
	},
}
