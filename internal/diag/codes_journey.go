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
)

var journeyCodes = map[Code]Entry{
	MissingOrder: {
		Severity: Error, Title: "Missing step",
		Cause: "The orders of a journey's steps don't count from 1 without gaps.",
		Cure:  "Number the steps 1, 2, 3 …",
	},
	MissingExchange: {
		Severity: Error, Title: "No claims exchange",
		Cause: "A selection step isn't followed by a claims exchange step.",
		Cure:  "Put a ClaimsExchange step with the target exchanges after it.",
	},
	MissingSelection: {
		Severity: Error, Title: "No selection",
		Cause: "A step has several claims exchanges, but no selection step before it.",
		Cure:  "Put a selection step before it, or leave one exchange.",
	},
	UnknownTarget: {
		Severity: Error, Title: "Unknown claims exchange",
		Cause: "A selection names a claims exchange that isn't there.",
		Cure:  "Name an exchange of the next step (target) or of the same step (validation).",
	},
	NoSendClaims: {
		Severity: Error, Title: "Journey without end",
		Cause: "A user journey doesn't end with a SendClaims step.",
		Cure:  "Add a SendClaims step at the end.",
	},
	SubJourneyEnd: {
		Severity: Error, Title: "Wrong end of a sub journey",
		Cause: "A sub journey of type Call sends claims, or one of type Transfer doesn't.",
		Cure:  "Move the SendClaims step or change the type.",
	},
	IncompleteStep: {
		Severity: Error, Several: true, Title: "Incomplete step",
		Cause: "A step lacks what its type needs.",
		Cure:  "Add the element or attribute that the message names.",
	},
	RecursiveCall: {
		Severity: Error, Title: "Sub journey calls itself",
		Cause: "A sub journey is entered again from itself.",
		Cure:  "Remove one of the calls.",
	},
	ProfileProtocol: {
		Severity: Error, Title: "Profile without protocol",
		Cause: "A technical profile that a journey uses has no Protocol.",
		Cure:  "Add a Protocol to the profile or to one that it includes.",
	},
	UnknownHandler: {
		Severity: Error, Title: "Unknown handler",
		Cause: "A Proprietary technical profile names a handler that doesn't exist.",
		Cure:  "Correct the handler's class name.",
	},
	UnknownDisplay: {
		Severity: Error, Title: "Display claim without claim",
		Cause: "A DisplayClaim names neither a claim type nor a display control.",
		Cure:  "Name one of them.",
	},
	BadPrecondition: {
		Severity: Error, Title: "Incomplete precondition",
		Cause: "A precondition lacks its claim, or the text to compare with.",
		Cure:  "ClaimsExist takes one Value, ClaimEquals two.",
	},
	ClaimNotShown: {
		Severity: Error, Title: "Claim without source",
		Cause: "An output claim of a self-asserted profile has no UserInputType, no DefaultValue and no validation profile that returns it.",
		Cure:  "Give it one of the three.",
	},
	BadDefault: {
		Severity: Error, Title: "Default of another type",
		Cause: "A DefaultValue isn't a value of the claim's data type.",
		Cure:  "Write a value of that data type.",
	},
	RequiredNotOutput: {
		Severity: Error, Title: "Required claim without source",
		Cause: "A required input claim of an exchange is the output of no earlier step.",
		Cure:  "Put it out in an earlier step or give it a DefaultValue.",
	},
	NoDefaultIssuer: {
		Severity: Warning, Title: "No default issuer",
		Cause: "A journey has several SendClaims steps and no DefaultCpimIssuerTechnicalProfileReferenceId; the first issuer is the default.",
		Cure:  "Name the default issuer on the journey.",
	},
	NotAnIssuer: {
		Severity: Error, Title: "Not an issuer",
		Cause: "A SendClaims step names a technical profile that has no OutputTokenFormat, so it can't issue anything.",
		Cure:  "Name an issuer, such as JwtIssuer.",
	},
	BadSelection: {
		Severity: Error, Title: "Selection without one exchange",
		Cause: "A ClaimsProviderSelection names a target and a validation exchange, or neither.",
		Cure:  "Name one: a target is an exchange of the next step, a validation one of the same step.",
	},
	NotASession: {
		Severity: Warning, Title: "Not a session provider",
		Cause: "UseTechnicalProfileForSessionManagement names a technical profile that isn't one of session management; no session is kept for it.",
		Cure:  "Name a profile with a session provider, such as SM-AAD or SM-Noop.",
	},
}
