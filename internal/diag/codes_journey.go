package diag

// Codes JM5xxx: journeys and their steps.
const (
	MissingOrder      Code = "JM5001"
	MissingExchange   Code = "JM5002"
	MissingSelection  Code = "JM5003"
	UnknownTarget     Code = "JM5004"
	NoSendClaims      Code = "JM5005"
	SubJourneyEnd     Code = "JM5006"
	IncompleteStep    Code = "JM5007"
	RecursiveCall     Code = "JM5008"
	ProfileProtocol   Code = "JM5009"
	UnknownHandler    Code = "JM5010"
	UnknownDisplay    Code = "JM5011"
	BadPrecondition   Code = "JM5012"
	ClaimNotShown     Code = "JM5013"
	BadDefault        Code = "JM5014"
	RequiredNotOutput Code = "JM5015"
	NoDefaultIssuer   Code = "JM5016"
	NotAnIssuer       Code = "JM5017"
	BadSelection      Code = "JM5018"
	NotASession       Code = "JM5019"
	EmptyComparison   Code = "JM5020"
	UnusedHandler     Code = "JM5021"
)

var journeyCodes = map[Code]Entry{
	MissingOrder: {
		Severity: Error, Title: "Missing step",
		Cause:   "The orders of a journey's steps don't count from 1 without gaps.",
		Cure:    "Number the steps 1, 2, 3 …",
		Refused: "Posted refusals: the expected orchestration step with order N was not found.",
		Example: Example{Policy: journey(`<OrchestrationStep Order="2" Type="SendClaims" CpimIssuerTechnicalProfileReferenceId="Issuer" />`)},
	},
	MissingExchange: {
		Severity: Error, Title: "No claims exchange",
		Cause:   "A selection step isn't followed by a claims exchange step.",
		Cure:    "Add a ClaimsExchange step with the target exchanges after the selection step.",
		Refused: "Posted refusals: the step must be followed by a claims exchange step.",
		Example: Example{Policy: journey(`<OrchestrationStep Order="1" Type="ClaimsProviderSelection" ContentDefinitionReferenceId="api.page">
<ClaimsProviderSelections><ClaimsProviderSelection TargetClaimsExchangeId="Social" /></ClaimsProviderSelections></OrchestrationStep>
<OrchestrationStep Order="2" Type="SendClaims" CpimIssuerTechnicalProfileReferenceId="Issuer" />`)},
	},
	MissingSelection: {
		Severity: Error, Title: "No selection",
		Cause:   "A step has several claims exchanges, but no selection step before it.",
		Cure:    "Add a selection step before this step, or keep only one exchange.",
		Refused: "Posted: azure-docs#6866 (\"must be preceded by a claims provider selection\"), of an extensions file.",
		Example: Example{Policy: journey(`<OrchestrationStep Order="1" Type="ClaimsExchange"><ClaimsExchanges>
<ClaimsExchange Id="Social" TechnicalProfileReferenceId="Social" /><ClaimsExchange Id="API" TechnicalProfileReferenceId="API" />
</ClaimsExchanges></OrchestrationStep>
<OrchestrationStep Order="2" Type="SendClaims" CpimIssuerTechnicalProfileReferenceId="Issuer" />`)},
	},
	UnknownTarget: {
		Severity: Error, Title: "Unknown claims exchange",
		Cause:   "A selection names a claims exchange that the step doesn't contain.",
		Cure:    "Name an exchange of the next step (target) or of the same step (validation).",
		Refused: "Documented: the id of an exchange of the next step, or of the same one.",
		Example: Example{Policy: journey(`<OrchestrationStep Order="1" Type="ClaimsProviderSelection" ContentDefinitionReferenceId="api.page">
<ClaimsProviderSelections><ClaimsProviderSelection TargetClaimsExchangeId="Socail" /></ClaimsProviderSelections></OrchestrationStep>
<OrchestrationStep Order="2" Type="ClaimsExchange"><ClaimsExchanges><ClaimsExchange Id="Social" TechnicalProfileReferenceId="Social" /></ClaimsExchanges></OrchestrationStep>
<OrchestrationStep Order="3" Type="SendClaims" CpimIssuerTechnicalProfileReferenceId="Issuer" />`)},
	},
	NoSendClaims: {
		Severity: Error, Title: "Journey without end",
		Cause:   "A user journey has no SendClaims step.",
		Cure:    "Add a SendClaims step at the end.",
		Refused: "Posted: samples#44 (\"does not contain a send claims step\"), of an extensions file.",
		Example: Example{Policy: journey(`<OrchestrationStep Order="1" Type="Noop" />`)},
	},
	SubJourneyEnd: {
		Severity: Error, Title: "Wrong end of a sub journey",
		Cause:   "A sub journey of type Call sends claims, or one of type Transfer doesn't.",
		Cure:    "Move the SendClaims step or change the type.",
		Refused: "Posted: azure-docs#88552, of a sub journey of type Call with SendClaims; for type Transfer, the documentation.",
		Example: Example{Policy: `<SubJourneys><SubJourney Id="More" Type="Call"><OrchestrationSteps>
<OrchestrationStep Order="1" Type="SendClaims" CpimIssuerTechnicalProfileReferenceId="Issuer" />
</OrchestrationSteps></SubJourney></SubJourneys>`},
	},
	IncompleteStep: {
		Severity: Error, Several: true, Title: "Incomplete step",
		Cause:   "A step lacks an element or attribute that its type requires.",
		Cure:    "Add the element or attribute that the message names.",
		Refused: "Posted: azure-docs#88552 (\"send claims step does not contain a reference to an issuer technical profile\"); for other steps, the documentation.",
		Example: Example{Policy: journey(`<OrchestrationStep Order="1" Type="SendClaims" />`)},
	},
	RecursiveCall: {
		Severity: Warning, Title: "Sub journey calls itself",
		Cause: "A sub journey calls itself, directly or through others. Users see an error unless a precondition ends the circle.",
		Cure:  "Remove one of the calls.",
		Example: Example{Policy: `<SubJourneys><SubJourney Id="More" Type="Call"><OrchestrationSteps>
<OrchestrationStep Order="1" Type="InvokeSubJourney"><JourneyList><Candidate SubJourneyReferenceId="More" /></JourneyList></OrchestrationStep>
</OrchestrationSteps></SubJourney></SubJourneys>`},
	},
	ProfileProtocol: {
		Severity: Error, Title: "Profile without protocol",
		Cause:   "A technical profile that a journey uses declares no Protocol.",
		Cure:    "Add a Protocol to the profile or to one that it includes.",
		Refused: "Documented: a profile that is used has a protocol.",
		Example: Example{Policy: apiInstead(`<TechnicalProfile Id="New"><OutputClaims><OutputClaim ClaimTypeReferenceId="objectId" /></OutputClaims></TechnicalProfile>`)},
	},
	UnknownHandler: {
		Severity: Error, Title: "Unknown handler",
		Cause:   "A Proprietary technical profile that a journey runs names a handler that doesn't exist.",
		Cure:    "Correct the handler's class name.",
		Refused: "Documented: the pages of the providers list the handlers.",
		Example: Example{Policy: apiInstead(`<TechnicalProfile Id="New">` + handler("RestfullProvider") + `<OutputClaims><OutputClaim ClaimTypeReferenceId="objectId" /></OutputClaims></TechnicalProfile>`)},
	},
	UnusedHandler: {
		Severity: Warning, Unless: UnknownHandler, Title: "Unknown handler of an unused profile",
		Cause:   "A Proprietary technical profile that no journey runs names a handler that doesn't exist. The name is similar to an existing handler's.",
		Cure:    "Correct the handler's class name.",
		Example: Example{Policy: profiles(`<TechnicalProfile Id="New">` + handler("RestfullProvider") + `</TechnicalProfile>`)},
	},
	UnknownDisplay: {
		Severity: Warning, Title: "Display claim without claim",
		Cause:   "A DisplayClaim names neither a claim type nor a display control; nothing is shown for it.",
		Cure:    "Name a claim type or a display control.",
		Example: Example{Policy: profiles(`<TechnicalProfile Id="Form"><DisplayClaims><DisplayClaim Required="true" /></DisplayClaims></TechnicalProfile>`)},
	},
	BadPrecondition: {
		Severity: Error, Title: "Incomplete precondition",
		Cause:   "A precondition lacks its claim or its action.",
		Cure:    "Add the Value or the Action.",
		Refused: "The published schema requires at least one Value and one Action.",
		Example: Example{Policy: `<UserJourneys><UserJourney Id="SignIn"><OrchestrationSteps><OrchestrationStep Order="3" Type="ClaimsExchange">
<Preconditions><Precondition Type="ClaimsExist" ExecuteActionsIf="true"><Value>email</Value></Precondition></Preconditions>
</OrchestrationStep></OrchestrationSteps></UserJourney></UserJourneys>`},
	},
	EmptyComparison: {
		Severity: Warning, Title: "Comparison with nothing",
		Cause: "A precondition of type ClaimEquals contains no text to compare with, so no value is equal to it.",
		Cure:  "Add a second Value.",
		Example: Example{Policy: `<UserJourneys><UserJourney Id="SignIn"><OrchestrationSteps><OrchestrationStep Order="3" Type="ClaimsExchange">
<Preconditions><Precondition Type="ClaimEquals" ExecuteActionsIf="true"><Value>email</Value><Action>SkipThisOrchestrationStep</Action></Precondition></Preconditions>
</OrchestrationStep></OrchestrationSteps></UserJourney></UserJourneys>`},
	},
	ClaimNotShown: {
		Severity: Error, Title: "Claim without source",
		Cause:   "An output claim of a self-asserted profile has no UserInputType and no DefaultValue, and no validation profile returns it.",
		Cure:    "Add one of the three.",
		Refused: "Posted: samples#260 (\"does not specify a UserInputType or a DefaultValue, and is not retrieved from a ValidationTechnicalProfile either\").",
		Example: Example{Policy: profiles(`<TechnicalProfile Id="Form"><OutputClaims><OutputClaim ClaimTypeReferenceId="age" /></OutputClaims></TechnicalProfile>`)},
	},
	BadDefault: {
		Severity: Error, Title: "Default of another type",
		Cause:   "A DefaultValue isn't a value of the claim's data type.",
		Cure:    "Write a value of that data type.",
		Refused: "Posted refusals: the input string was not in a correct format.",
		Example: Example{Policy: profiles(`<TechnicalProfile Id="API"><InputClaims><InputClaim ClaimTypeReferenceId="age" DefaultValue="young" /></InputClaims></TechnicalProfile>`)},
	},
	RequiredNotOutput: {
		Severity: Error, Title: "Required claim without source",
		Cause:   "No earlier step outputs a required input claim of an exchange.",
		Cure:    "Output the claim in an earlier step, or give it a DefaultValue.",
		Refused: "Posted: azure-docs#12948 (\"is not an output claim in any of the previous steps\").",
		Example: Example{Policy: profiles(`<TechnicalProfile Id="API"><InputClaims><InputClaim ClaimTypeReferenceId="age" Required="true" /></InputClaims></TechnicalProfile>`)},
	},
	NoDefaultIssuer: {
		Severity: Warning, Title: "No default issuer",
		Cause: "A journey contains several SendClaims steps and declares no DefaultCpimIssuerTechnicalProfileReferenceId. The first issuer is the default.",
		Cure:  "Name the default issuer on the journey.",
		Example: Example{Policy: journey(`<OrchestrationStep Order="1" Type="SendClaims" CpimIssuerTechnicalProfileReferenceId="Issuer" />
<OrchestrationStep Order="2" Type="SendClaims" CpimIssuerTechnicalProfileReferenceId="Issuer" />`)},
	},
	NotAnIssuer: {
		Severity: Error, Title: "Not an issuer",
		Cause:   "A SendClaims step names a technical profile without OutputTokenFormat. Such a profile can't issue tokens.",
		Cure:    "Name an issuer, such as JwtIssuer.",
		Refused: "Posted: azure-docs#88552 (\"does not contain a reference to an issuer technical profile\").",
		Example: Example{Policy: journey(`<OrchestrationStep Order="1" Type="SendClaims" CpimIssuerTechnicalProfileReferenceId="Form" />`)},
	},
	BadSelection: {
		Severity: Warning, Title: "Selection without one exchange",
		Cause: "A ClaimsProviderSelection names both a target and a validation exchange, or neither. If it names both, the validation exchange counts; if it names neither, nothing is shown.",
		Cure:  "Name one of them: a target is an exchange of the next step, a validation is an exchange of the same step.",
		Example: Example{Policy: journey(`<OrchestrationStep Order="1" Type="ClaimsProviderSelection" ContentDefinitionReferenceId="api.page">
<ClaimsProviderSelections><ClaimsProviderSelection /></ClaimsProviderSelections></OrchestrationStep>
<OrchestrationStep Order="2" Type="SendClaims" CpimIssuerTechnicalProfileReferenceId="Issuer" />`)},
	},
	NotASession: {
		Severity: Warning, Title: "Not a session provider",
		Cause:   "UseTechnicalProfileForSessionManagement names a technical profile that doesn't manage sessions. No session is kept for the profile.",
		Cure:    "Name a profile with a session provider, such as SM-AAD or SM-Noop.",
		Example: Example{Policy: profiles(`<TechnicalProfile Id="API"><UseTechnicalProfileForSessionManagement ReferenceId="Form" /></TechnicalProfile>`)},
	},
}
