package diag

// Codes JM3xxx: claims and claims transformations.
const (
	UnknownMethod        Code = "JM3001"
	UnexpectedRole       Code = "JM3002"
	MissingRole          Code = "JM3003"
	RoleType             Code = "JM3004"
	UnexpectedParameter  Code = "JM3005"
	MissingParameter     Code = "JM3006"
	BadParameter         Code = "JM3007"
	MissingPredicate     Code = "JM3008"
	BadRegularExpression Code = "JM3101"
	BadPredicate         Code = "JM3102"
	BadDataURI           Code = "JM3103"
	MissingDataType      Code = "JM3104"
	ChangedDataType      Code = "JM3105"
	UnknownResolver      Code = "JM3106"
	LiteralResolver      Code = "JM3107"
	ImpossibleGroup      Code = "JM3108"
)

var claimCodes = map[Code]Entry{
	UnknownMethod: {
		Severity: Error, Title: "Unknown transformation method",
		Cause:   "A ClaimsTransformation names a TransformationMethod that doesn't exist.",
		Cure:    "Correct the name.",
		Refused: "Posted refusals of wrong signatures (samples#515): a method that doesn't exist has no signature.",
		Example: Example{Policy: transformation(`<ClaimsTransformation Id="Twice" TransformationMethod="CopyClaims" />`)},
	},
	UnexpectedRole: {
		Severity: Error, Title: "Unexpected claim",
		Cause:   "A ClaimsTransformation declares a claim that its method doesn't expect.",
		Cure:    "Correct TransformationClaimType or remove the claim.",
		Refused: "Posted: samples#515 (\"declared in the Policy but were not expected by the TransformMethod\").",
		Example: Example{Policy: transformation(`<ClaimsTransformation Id="Twice" TransformationMethod="CopyClaim">
<InputClaims><InputClaim ClaimTypeReferenceId="email" TransformationClaimType="input" /></InputClaims>
<OutputClaims><OutputClaim ClaimTypeReferenceId="objectId" TransformationClaimType="outputClaim" /></OutputClaims>
</ClaimsTransformation>`)},
	},
	MissingRole: {
		Severity: Error, Several: true, Title: "Missing claim",
		Cause:   "A ClaimsTransformation lacks a claim that its method requires.",
		Cure:    "Declare the claim with the TransformationClaimType that the message names.",
		Refused: "Posted: samples#515 (\"expected by the TransformMethod but were not declared in the Policy\").",
		Example: Example{Policy: transformation(`<ClaimsTransformation Id="Twice" TransformationMethod="CopyClaim" />`)},
	},
	RoleType: {
		Severity: Error, Title: "Wrong data type",
		Cause:   "The data type of a claim of a ClaimsTransformation isn't the one that the method expects.",
		Cure:    "Use a claim of that data type.",
		Refused: "Posted: samples#515 (\"[DateTime]rightOperand\" for \"[String]rightOperand\").",
		Example: Example{Policy: transformation(`<ClaimsTransformation Id="Twice" TransformationMethod="ChangeCase">
<InputClaims><InputClaim ClaimTypeReferenceId="age" TransformationClaimType="inputClaim1" /></InputClaims>
<InputParameters><InputParameter Id="toCase" DataType="string" Value="LOWER" /></InputParameters>
</ClaimsTransformation>`)},
	},
	UnexpectedParameter: {
		Severity: Warning, Title: "Unexpected parameter",
		Cause: "A ClaimsTransformation contains a parameter that its method doesn't know. The parameter has no effect.",
		Cure:  "Correct the parameter's Id or remove it.",
		Example: Example{Policy: transformation(`<ClaimsTransformation Id="Twice" TransformationMethod="CreateRandomString">
<InputParameters><InputParameter Id="randomGeneratorType" DataType="string" Value="GUID" /><InputParameter Id="colour" DataType="string" Value="red" /></InputParameters>
</ClaimsTransformation>`)},
	},
	MissingParameter: {
		Severity: Error, Several: true, Title: "Missing parameter",
		Cause:   "A ClaimsTransformation lacks a parameter that its method requires.",
		Cure:    "Add the parameter.",
		Refused: "Documented as required by the method.",
		Example: Example{Policy: transformation(`<ClaimsTransformation Id="Twice" TransformationMethod="CreateRandomString" />`)},
	},
	BadParameter: {
		Severity: Error, Title: "Invalid parameter",
		Cause:   "The value of a parameter of a ClaimsTransformation is invalid.",
		Cure:    "Write one of the legal values that the hint names.",
		Refused: "Posted refusals of unreadable values: the input string was not in a correct format.",
		Example: Example{Policy: transformation(`<ClaimsTransformation Id="Twice" TransformationMethod="CreateRandomString">
<InputParameters><InputParameter Id="randomGeneratorType" DataType="string" Value="UUID" /></InputParameters>
</ClaimsTransformation>`)},
	},
	MissingPredicate: {
		Severity: Error, Title: "No predicate to match",
		Cause:   "CopyClaimIfPredicateMatch writes a claim type without predicate validation.",
		Cure:    "Give the claim type a PredicateValidationReference.",
		Refused: "Documented as required by the method.",
		Example: Example{Policy: transformation(`<ClaimsTransformation Id="Twice" TransformationMethod="CopyClaimIfPredicateMatch">
<InputClaims><InputClaim ClaimTypeReferenceId="email" TransformationClaimType="inputClaim" /></InputClaims>
<OutputClaims><OutputClaim ClaimTypeReferenceId="objectId" TransformationClaimType="outputClaim" /></OutputClaims>
</ClaimsTransformation>`)},
	},
	BadRegularExpression: {
		Severity: Error, Title: "Invalid regular expression",
		Cause:   "A regular expression is invalid.",
		Cure:    "Write a valid .NET regular expression.",
		Refused: "Documented: the text must be a .NET regular expression.",
		Example: Example{Policy: schema(`<ClaimType Id="email"><Restriction><Pattern RegularExpression="(" /></Restriction></ClaimType>`)},
	},
	BadPredicate: {
		Severity: Error, Title: "Invalid predicate",
		Cause:   "A predicate lacks a parameter, or a parameter is invalid.",
		Cure:    "Write the parameters that its method requires.",
		Refused: "Documented as required by the method of the predicate.",
		Example: Example{Policy: blocks(`<Predicates><Predicate Id="Length" Method="IsLengthRange"><Parameters><Parameter Id="Minimum">8</Parameter></Parameters></Predicate></Predicates>`)},
	},
	BadDataURI: {
		Severity: Error, Title: "Unknown DataUri",
		Cause:   "The DataUri of a content definition names no page layout.",
		Cure:    "Write the name and version of a page layout.",
		Refused: "Posted: azure-docs#47345 (\"cannot be found in the element factory cache\").",
		Example: Example{Policy: blocks(`<ContentDefinitions><ContentDefinition Id="api.page"><DataUri>urn:com:microsoft:aad:b2c:elements:contract:unified:2.1.7</DataUri></ContentDefinition></ContentDefinitions>`)},
	},
	MissingDataType: {
		Severity: Warning, Title: "Missing data type",
		Cause:   "A claim type declares no DataType. It is treated as a string.",
		Cure:    "Add a DataType to the claim type.",
		Example: Example{Policy: schema(`<ClaimType Id="city" />`)},
	},
	ChangedDataType: {
		Severity: Error, Title: "Changed data type",
		Cause:   "A policy changes the DataType of a claim type that a base declares.",
		Cure:    "Keep the data type, or declare another claim type.",
		Refused: "Posted: samples#524 and #515, for a claim type that base and child declare differently.",
		Example: Example{Policy: schema(`<ClaimType Id="age"><DataType>string</DataType></ClaimType>`)},
	},
	UnknownResolver: {
		Severity: Warning, Several: true, Title: "Unknown claim resolver",
		Cause:   "A default value contains a claim resolver that doesn't exist. The text is used as written.",
		Cure:    "Correct the resolver's name.",
		Example: Example{Policy: profiles(`<TechnicalProfile Id="API"><InputClaims><InputClaim ClaimTypeReferenceId="email" DefaultValue="{Context:IPAdress}" /></InputClaims></TechnicalProfile>`)},
	},
	LiteralResolver: {
		Severity: Warning, Several: true, Title: "Claim resolver isn't resolved",
		Cause:   "A default value contains a claim resolver, but the profile doesn't resolve claim resolvers. The text itself becomes the value, except in input claims of self-asserted profiles.",
		Cure:    "Add <Item Key=\"IncludeClaimResolvingInClaimsHandling\">true</Item> to the profile's Metadata.",
		Example: Example{Policy: profiles(`<TechnicalProfile Id="Form"><InputClaims><InputClaim ClaimTypeReferenceId="email" DefaultValue="{OIDC:LoginHint}" /></InputClaims></TechnicalProfile>`)},
	},
	ImpossibleGroup: {
		Severity: Warning, Title: "Predicate group that never passes",
		Cause: "MatchAtLeast of a predicate group is greater than the number of its predicates.",
		Cure:  "Lower MatchAtLeast, or add predicates.",
		Example: Example{Policy: blocks(`<Predicates><Predicate Id="Digit" Method="IncludesCharacters"><Parameters><Parameter Id="CharacterSet">0-9</Parameter></Parameters></Predicate></Predicates>
<PredicateValidations><PredicateValidation Id="Strong"><PredicateGroups><PredicateGroup Id="All">
<PredicateReferences MatchAtLeast="2"><PredicateReference Id="Digit" /></PredicateReferences>
</PredicateGroup></PredicateGroups></PredicateValidation></PredicateValidations>`)},
	},
}
