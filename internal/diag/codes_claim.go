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
		Cause: "A ClaimsTransformation has a TransformationMethod that doesn't exist.",
		Cure:  "Correct the name.",
	},
	UnexpectedRole: {
		Severity: Error, Title: "Unexpected claim",
		Cause: "A ClaimsTransformation declares a claim that its method doesn't expect.",
		Cure:  "Correct TransformationClaimType or remove the claim.",
	},
	MissingRole: {
		Severity: Error, Several: true, Title: "Missing claim",
		Cause: "A ClaimsTransformation lacks a claim that its method expects.",
		Cure:  "Declare the claim with the TransformationClaimType that the message names.",
	},
	RoleType: {
		Severity: Error, Title: "Wrong data type",
		Cause: "A claim of a ClaimsTransformation has another data type than its method expects.",
		Cure:  "Use a claim of that data type.",
	},
	UnexpectedParameter: {
		Severity: Error, Title: "Unexpected parameter",
		Cause: "A ClaimsTransformation has a parameter that its method doesn't expect.",
		Cure:  "Correct the parameter's Id or remove it.",
	},
	MissingParameter: {
		Severity: Error, Several: true, Title: "Missing parameter",
		Cause: "A ClaimsTransformation lacks a parameter that its method needs.",
		Cure:  "Add the parameter.",
	},
	BadParameter: {
		Severity: Error, Title: "Invalid parameter",
		Cause: "A parameter of a ClaimsTransformation has a value that its method can't use.",
		Cure:  "Write one of the legal values that the hint names.",
	},
	MissingPredicate: {
		Severity: Error, Title: "No predicate to match",
		Cause: "CopyClaimIfPredicateMatch writes a claim type that has no predicate validation.",
		Cure:  "Give the claim type a PredicateValidationReference.",
	},
	BadRegularExpression: {
		Severity: Error, Title: "Invalid regular expression",
		Cause: "A regular expression can't be compiled.",
		Cure:  "Write it as .NET regular expressions are written.",
	},
	BadPredicate: {
		Severity: Error, Title: "Invalid predicate",
		Cause: "A predicate lacks a parameter or has one that can't be used.",
		Cure:  "Give the parameters that its method needs.",
	},
	BadDataURI: {
		Severity: Error, Title: "Unknown DataUri",
		Cause: "A content definition has a DataUri that names no page layout.",
		Cure:  "Use a layout's name and version.",
	},
	MissingDataType: {
		Severity: Error, Title: "Missing data type",
		Cause: "A claim type that is used has no DataType.",
		Cure:  "Add a DataType to the claim type.",
	},
	ChangedDataType: {
		Severity: Error, Title: "Changed data type",
		Cause: "A policy changes the DataType of a claim type that a base declares.",
		Cure:  "Keep the data type, or declare another claim type.",
	},
	UnknownResolver: {
		Severity: Warning, Several: true, Title: "Unknown claim resolver",
		Cause: "A default value has a claim resolver that doesn't exist; the text is used as it is.",
		Cure:  "Correct the resolver's name.",
	},
	LiteralResolver: {
		Severity: Warning, Several: true, Title: "Claim resolver isn't resolved",
		Cause: "A default value has a claim resolver, but the profile doesn't resolve them: the text itself becomes the value.",
		Cure:  "Add <Item Key=\"IncludeClaimResolvingInClaimsHandling\">true</Item> to the profile's Metadata.",
	},
	ImpossibleGroup: {
		Severity: Warning, Title: "Predicate group that never passes",
		Cause: "MatchAtLeast of a predicate group is more than the group has predicates.",
		Cure:  "Lower MatchAtLeast, or add predicates.",
	},
}
