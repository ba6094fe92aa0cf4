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
)

var journeyCodes = map[Code]Entry{
	MissingOrder:      {Error, "Missing step", "The orders of a journey's steps don't count from 1 without gaps.", "Number the steps 1, 2, 3 …"},
	MissingExchange:   {Error, "No claims exchange", "A selection step isn't followed by a claims exchange step.", "Put a ClaimsExchange step with the target exchanges after it."},
	MissingSelection:  {Error, "No selection", "A step has several claims exchanges, but no selection step before it.", "Put a selection step before it, or leave one exchange."},
	UnknownTarget:     {Error, "Unknown claims exchange", "A selection names a claims exchange that isn't there.", "Name an exchange of the next step (target) or of the same step (validation)."},
	NoSendClaims:      {Error, "Journey without end", "A user journey doesn't end with a SendClaims step.", "Add a SendClaims step at the end."},
	SubJourneyEnd:     {Error, "Wrong end of a sub journey", "A sub journey of type Call sends claims, or one of type Transfer doesn't.", "Move the SendClaims step or change the type."},
	IncompleteStep:    {Error, "Incomplete step", "A step lacks what its type needs.", "Add the element or attribute that the message names."},
	RecursiveCall:     {Error, "Sub journey calls itself", "A sub journey is entered again from itself.", "Remove one of the calls."},
	ProfileProtocol:   {Error, "Profile without protocol", "A technical profile that a journey uses has no Protocol.", "Add a Protocol to the profile or to one that it includes."},
	UnknownHandler:    {Error, "Unknown handler", "A Proprietary technical profile names a handler that doesn't exist.", "Correct the handler's class name."},
	UnknownDisplay:    {Error, "Display claim without claim", "A DisplayClaim names neither a claim type nor a display control.", "Name one of them."},
	BadPrecondition:   {Error, "Incomplete precondition", "A precondition lacks its claim, or the text to compare with.", "ClaimsExist takes one Value, ClaimEquals two."},
	ClaimNotShown:     {Error, "Claim without source", "An output claim of a self-asserted profile has no UserInputType, no DefaultValue and no validation profile that returns it.", "Give it one of the three."},
	BadDefault:        {Error, "Default of another type", "A DefaultValue isn't a value of the claim's data type.", "Write a value of that data type."},
	RequiredNotOutput: {Error, "Required claim without source", "A required input claim of an exchange is the output of no earlier step.", "Put it out in an earlier step or give it a DefaultValue."},
	NoDefaultIssuer:   {Warning, "No default issuer", "A journey has several SendClaims steps and no DefaultCpimIssuerTechnicalProfileReferenceId; the first issuer is the default.", "Name the default issuer on the journey."},
}
