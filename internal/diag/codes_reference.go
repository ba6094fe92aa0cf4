package diag

import "strings"

// Codes JM2xxx: inheritance and references.
const (
	MissingBase          Code = "JM2001"
	BaseCycle            Code = "JM2002"
	ChainTooLong         Code = "JM2003"
	BaseTenant           Code = "JM2004"
	IncludeCycle         Code = "JM2005"
	WrongTenant          Code = "JM2006"
	MergeTooLarge        Code = "JM2007"
	ChangedProtocol      Code = "JM2008"
	MisspeltProfile      Code = "JM2009"
	StrayProfile         Code = "JM2010"
	UndeclaredClaimType  Code = "JM2101"
	UndeclaredTransform  Code = "JM2102"
	UndeclaredProfile    Code = "JM2103"
	UndeclaredContent    Code = "JM2104"
	UndeclaredPredicate  Code = "JM2105"
	UndeclaredValidation Code = "JM2106"
	UndeclaredResource   Code = "JM2107"
	UndeclaredJourney    Code = "JM2108"
	UndeclaredSubJourney Code = "JM2109"
	UndeclaredControl    Code = "JM2110"
	UndeclaredClientDef  Code = "JM2111"
)

var referenceCodes = map[Code]Entry{
	MissingBase: {
		Severity: Error, Title: "Base policy not found",
		Cause:   "The tenant contains no policy of the name in BasePolicy.",
		Cure:    "Upload the base first, or correct its id.",
		Refused: "Posted: starterpack#113 (\"Policy with 'policyId' … cannot be found in the directory\").",
		Example: Example{Whole: examplePolicy("B2C_1A_Example", "B2C_1A_Bsae", "")},
	},
	BaseCycle: {
		Severity: Error, Title: "Cycle of bases",
		Cause:   "A policy inherits from itself.",
		Cure:    "Make one of the policies the root.",
		Refused: "Posted, as for any missing base: B2C looks for the base when its child is uploaded, and no policy of a circle could be uploaded first.",
		Example: Example{Whole: examplePolicy("B2C_1A_Example", "B2C_1A_Example", "")},
	},
	ChainTooLong: {
		Severity: Error, Title: "Too many levels",
		Cause:   "A policy inherits over more than ten levels.",
		Cure:    "Merge some levels.",
		Refused: "Documented limit.",
		Example: Example{Policy: "a policy over ten others", Make: chainOf(11)},
	},
	BaseTenant: {
		Severity: Error, Title: "Base in another tenant",
		Cause:   "BasePolicy names another tenant.",
		Cure:    "Keep base and child in one tenant.",
		Refused: "Posted, as for any missing base: B2C looks for the base in the named tenant, and this server contains one tenant.",
		Example: Example{Whole: strings.Replace(examplePolicy("B2C_1A_Example", "B2C_1A_Base", ""), "<TenantId>contoso", "<TenantId>fabrikam", 1)},
	},
	IncludeCycle: {
		Severity: Error, Title: "Cycle of includes",
		Cause:   "A technical profile includes itself.",
		Cure:    "Remove one of the includes.",
		Refused: "Documented: the included profile becomes part of the other; a circle has no end.",
		Example: Example{Policy: profiles(`<TechnicalProfile Id="A"><IncludeTechnicalProfile ReferenceId="B" /></TechnicalProfile>
<TechnicalProfile Id="B"><IncludeTechnicalProfile ReferenceId="A" /></TechnicalProfile>`)},
	},
	WrongTenant: {
		Severity: Error, Title: "Wrong tenant",
		Cause:   "The policy's TenantId isn't the name of this tenant.",
		Cure:    "Write the tenant's name.",
		Refused: "Posted: azure-docs#30477 (\"is not same as the one in login tenant\").",
		Example: Example{Whole: strings.ReplaceAll(examplePolicy("B2C_1A_Example", "", ""), "contoso", "fabrikam"), Upload: true},
	},
	MergeTooLarge: {
		Severity: Error, Title: "Too much included",
		Cause:   "The technical profiles of a policy include more than 200000 items from other profiles.",
		Cure:    "Include fewer items.",
		Refused: "Documented limit of a policy file, which thousands of includes would evade; real policies include less than a hundredth of it.",
		Example: Example{Policy: "500 profiles that include one with 500 output claims", Make: manyIncludes},
	},
	ChangedProtocol: {
		Severity: Warning, Title: "Changed protocol",
		Cause:   "A policy changes the Protocol of a technical profile that a base declares. The base's settings may not fit the new protocol.",
		Cure:    "Declare another profile, or keep the protocol.",
		Example: Example{Policy: profiles(`<TechnicalProfile Id="Session"><Protocol Name="None" /></TechnicalProfile>`)},
	},
	MisspeltProfile: {
		Severity: Error, Title: "Misspelt technical profile",
		Cause:   "A technical profile lacks a required setting. Another profile with a similar name can't run and isn't used; it was probably meant to add the setting.",
		Cure:    "Correct the profile's Id.",
		Refused: "Posted, as for any profile that lacks a required setting: samples#218.",
		Example: Example{Policy: apiInstead(`<TechnicalProfile Id="New">` + handler("RestfulProvider") + `<OutputClaims><OutputClaim ClaimTypeReferenceId="objectId" /></OutputClaims></TechnicalProfile>
<TechnicalProfile Id="Neww"><Metadata><Item Key="ServiceUrl">https://api.example/</Item><Item Key="AuthenticationType">Bearer</Item></Metadata></TechnicalProfile>`)},
	},
	StrayProfile: {
		Severity: Warning, Unless: MisspeltProfile, Title: "Technical profile without use",
		Cause:   "A technical profile can't run and isn't used. Another profile has a similar name; this one was probably meant to change it.",
		Cure:    "Correct the profile's Id.",
		Example: Example{Policy: profiles(`<TechnicalProfile Id="APIs"><Metadata><Item Key="SendClaimsIn">Form</Item></Metadata></TechnicalProfile>`)},
	},
	UndeclaredClaimType: {
		Severity: Error, Title: "Unknown claim type",
		Cause:   "A reference names a claim type that neither the policy nor its bases declare.",
		Cure:    "Declare it under ClaimsSchema or correct the id.",
		Refused: "Posted: azure-docs#27602 (\"makes a reference to ClaimType with id … but neither the policy nor any of its base policies contain such an element\").",
		Example: Example{Policy: profiles(`<TechnicalProfile Id="API"><InputClaims><InputClaim ClaimTypeReferenceId="emial" /></InputClaims></TechnicalProfile>`)},
	},
	UndeclaredTransform: {
		Severity: Error, Title: "Unknown claims transformation",
		Cause:   "A reference names an undeclared claims transformation.",
		Cure:    "Declare it under ClaimsTransformations or correct the id.",
		Refused: "Posted, as for claim types: azure-docs#27602.",
		Example: Example{Policy: profiles(`<TechnicalProfile Id="API"><InputClaimsTransformations><InputClaimsTransformation ReferenceId="Coppy" /></InputClaimsTransformations></TechnicalProfile>`)},
	},
	UndeclaredProfile: {
		Severity: Error, Title: "Unknown technical profile",
		Cause:   "A reference names an undeclared technical profile.",
		Cure:    "Declare it in a ClaimsProvider or correct the id.",
		Refused: "Posted, as for claim types: azure-docs#27602.",
		Example: Example{Policy: profiles(`<TechnicalProfile Id="API"><UseTechnicalProfileForSessionManagement ReferenceId="Sesion" /></TechnicalProfile>`)},
	},
	UndeclaredContent: {
		Severity: Error, Title: "Unknown content definition",
		Cause:   "A reference names an undeclared content definition.",
		Cure:    "Declare it under ContentDefinitions or correct the id.",
		Refused: "Posted, as for claim types: azure-docs#27602.",
		Example: Example{Policy: profiles(`<TechnicalProfile Id="Form"><Metadata><Item Key="ContentDefinitionReferenceId">api.pgae</Item></Metadata></TechnicalProfile>`)},
	},
	UndeclaredPredicate: {
		Severity: Error, Title: "Unknown predicate",
		Cause:   "A predicate validation names an undeclared predicate.",
		Cure:    "Declare it under Predicates or correct the id.",
		Refused: "Posted: azure-docs#108172.",
		Example: Example{Policy: blocks(`<PredicateValidations><PredicateValidation Id="Strong"><PredicateGroups><PredicateGroup Id="All">
<PredicateReferences><PredicateReference Id="Length" /></PredicateReferences>
</PredicateGroup></PredicateGroups></PredicateValidation></PredicateValidations>`)},
	},
	UndeclaredValidation: {
		Severity: Error, Title: "Unknown predicate validation",
		Cause:   "A claim type names an undeclared predicate validation.",
		Cure:    "Declare it under PredicateValidations or correct the id.",
		Refused: "Posted, as for predicates: azure-docs#108172.",
		Example: Example{Policy: schema(`<ClaimType Id="email"><PredicateValidationReference Id="Strong" /></ClaimType>`)},
	},
	UndeclaredResource: {
		Severity: Error, Title: "Unknown localized resource",
		Cause:   "A content definition names undeclared localized resources.",
		Cure:    "Declare them under Localization or correct the id.",
		Refused: "Posted, as for claim types: azure-docs#27602.",
		Example: Example{Policy: blocks(`<ContentDefinitions><ContentDefinition Id="api.page"><LocalizedResourcesReferences>
<LocalizedResourcesReference Language="en" LocalizedResourcesReferenceId="api.page.en" />
</LocalizedResourcesReferences></ContentDefinition></ContentDefinitions>`)},
	},
	UndeclaredJourney: {
		Severity: Error, Title: "Unknown user journey",
		Cause:   "A relying party names an undeclared user journey.",
		Cure:    "Declare it under UserJourneys or correct the id.",
		Refused: "Posted, as for claim types: azure-docs#27602.",
		Example: Example{Policy: party(`<DefaultUserJourney ReferenceId="SingIn" />`)},
	},
	UndeclaredSubJourney: {
		Severity: Error, Title: "Unknown sub journey",
		Cause:   "A step names an undeclared sub journey.",
		Cure:    "Declare it under SubJourneys or correct the id.",
		Refused: "Posted, as for claim types: azure-docs#27602.",
		Example: Example{Policy: journey(`<OrchestrationStep Order="1" Type="InvokeSubJourney"><JourneyList><Candidate SubJourneyReferenceId="More" /></JourneyList></OrchestrationStep>
<OrchestrationStep Order="2" Type="SendClaims" CpimIssuerTechnicalProfileReferenceId="Issuer" />`)},
	},
	UndeclaredControl: {
		Severity: Error, Title: "Unknown display control",
		Cause:   "A display claim names an undeclared display control.",
		Cure:    "Declare it under DisplayControls or correct the id.",
		Refused: "Posted, as for claim types: azure-docs#27602.",
		Example: Example{Policy: profiles(`<TechnicalProfile Id="Form"><DisplayClaims><DisplayClaim DisplayControlReferenceId="verify" /></DisplayClaims></TechnicalProfile>`)},
	},
	UndeclaredClientDef: {
		Severity: Warning, Title: "Unknown client definition",
		Cause:   "A journey names an undeclared client definition.",
		Cure:    "Declare it under ClientDefinitions or correct the id.",
		Example: Example{Policy: `<UserJourneys><UserJourney Id="SignIn"><ClientDefinition ReferenceId="DefaultWeb" /></UserJourney></UserJourneys>`},
	},
}
