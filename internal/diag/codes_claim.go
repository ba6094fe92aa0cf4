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
)

var claimCodes = map[Code]Entry{
	UnknownMethod:        {Error, "Unknown transformation method", "A ClaimsTransformation has a TransformationMethod that doesn't exist.", "Correct the name."},
	UnexpectedRole:       {Error, "Unexpected claim", "A ClaimsTransformation declares a claim that its method doesn't expect.", "Correct TransformationClaimType or remove the claim."},
	MissingRole:          {Error, "Missing claim", "A ClaimsTransformation lacks a claim that its method expects.", "Declare the claim with the TransformationClaimType that the message names."},
	RoleType:             {Error, "Wrong data type", "A claim of a ClaimsTransformation has another data type than its method expects.", "Use a claim of that data type."},
	UnexpectedParameter:  {Error, "Unexpected parameter", "A ClaimsTransformation has a parameter that its method doesn't expect.", "Correct the parameter's Id or remove it."},
	MissingParameter:     {Error, "Missing parameter", "A ClaimsTransformation lacks a parameter that its method needs.", "Add the parameter."},
	BadParameter:         {Error, "Invalid parameter", "A parameter of a ClaimsTransformation has a value that its method can't use.", "Write one of the legal values that the hint names."},
	MissingPredicate:     {Error, "No predicate to match", "CopyClaimIfPredicateMatch writes a claim type that has no predicate validation.", "Give the claim type a PredicateValidationReference."},
	BadRegularExpression: {Error, "Invalid regular expression", "A regular expression can't be compiled.", "Write it as .NET regular expressions are written."},
	BadPredicate:         {Error, "Invalid predicate", "A predicate lacks a parameter or has one that can't be used.", "Give the parameters that its method needs."},
	BadDataURI:           {Error, "Unknown DataUri", "A content definition has a DataUri that names no page layout.", "Use a layout's name and version."},
	MissingDataType:      {Error, "Missing data type", "A claim type that is used has no DataType.", "Add a DataType to the claim type."},
	ChangedDataType:      {Error, "Changed data type", "A policy changes the DataType of a claim type that a base declares.", "Keep the data type, or declare another claim type."},
	UnknownResolver:      {Warning, "Unknown claim resolver", "A default value has a claim resolver that doesn't exist; the text is used as it is.", "Correct the resolver's name."},
	LiteralResolver:      {Warning, "Claim resolver isn't resolved", "A default value has a claim resolver, but the profile doesn't resolve them: the text itself becomes the value.", "Add <Item Key=\"IncludeClaimResolvingInClaimsHandling\">true</Item> to the profile's Metadata."},
}
