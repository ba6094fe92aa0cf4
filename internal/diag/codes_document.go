package diag

import "strings"

// Codes JM1xxx: the document and its structure.
const (
	NotWellFormed     Code = "JM1001"
	TooLarge          Code = "JM1002"
	BadEncoding       Code = "JM1003"
	WrongRoot         Code = "JM1004"
	UnknownElement    Code = "JM1101"
	UnknownAttribute  Code = "JM1102"
	MissingAttribute  Code = "JM1103"
	UnexpectedText    Code = "JM1104"
	ElementOrder      Code = "JM1105"
	RepeatedElement   Code = "JM1106"
	IllegalValue      Code = "JM1107"
	DuplicateID       Code = "JM1108"
	BadIdentifier     Code = "JM1109"
	MisspeltAttribute Code = "JM1110"
	SameID            Code = "JM1111"
	LeftPlaceholder   Code = "JM1112"
)

var documentCodes = map[Code]Entry{
	NotWellFormed: {
		Severity: Error, Title: "Not well-formed",
		Cause:   "The file isn't well-formed XML, or it contains a document type declaration.",
		Cure:    "Correct the XML at this place. Policies need no document type declaration.",
		Refused: "Posted refusals: the file contains invalid XML, or data at the root level is invalid.",
		Example: Example{Policy: `<BuildingBlocks>`},
	},
	TooLarge: {
		Severity: Error, Title: "File too large",
		Cause:   "The file is larger than 1024 KB.",
		Cure:    "Split it into a base and policies that inherit from it.",
		Refused: "Documented limit of a policy file.",
		Example: Example{Policy: "a file of 1048577 bytes or more", Make: func() []string { return []string{"<!--" + strings.Repeat("x", 1<<20) + "-->"} }},
	},
	BadEncoding: {
		Severity: Error, Title: "Unknown encoding",
		Cause:   "The file is neither UTF-8 nor UTF-16.",
		Cure:    "Save it as UTF-8.",
		Refused: "Posted refusals of files that XML readers can't read.",
		Example: Example{Whole: "<TrustFrameworkPolicy><!-- caf\xe9 --></TrustFrameworkPolicy>"},
	},
	WrongRoot: {
		Severity: Error, Title: "Not a policy",
		Cause:   "The root element isn't TrustFrameworkPolicy.",
		Cure:    "Upload a policy file.",
		Refused: "The published schema declares one root.",
		Example: Example{Whole: "<Policy />"},
	},
	UnknownElement: {
		Severity: Error, Title: "Unknown element",
		Cause:   "An element is at a place where the schema allows no element of that name.",
		Cure:    "Correct the element's name or move the element.",
		Refused: "Posted: azure-docs#97126 (\"has invalid child element\").",
		Example: Example{Policy: schema(`<Claim Id="city" />`)},
	},
	UnknownAttribute: {
		Severity: Warning, Title: "Unknown attribute",
		Cause:   "The schema declares no such attribute, and none with a similar name; the attribute has no effect.",
		Cure:    "Remove it.",
		Example: Example{Policy: schema(`<ClaimType Id="city" Colour="red"><DataType>string</DataType></ClaimType>`)},
	},
	MisspeltAttribute: {
		Severity: Error, Title: "Misspelt attribute",
		Cause:   "The schema declares no such attribute, but it declares one with a similar name.",
		Cure:    "Correct its name.",
		Refused: "The published schema declares the attributes of each element and allows no others.",
		Example: Example{Policy: profiles(`<TechnicalProfile Id="API"><InputClaims><InputClaim ClaimTypeReferenceId="age" DefaultVlaue="1" /></InputClaims></TechnicalProfile>`)},
	},
	MissingAttribute: {
		Severity: Error, Several: true, Title: "Missing attribute",
		Cause:   "An element lacks a required attribute.",
		Cure:    "Add the attribute.",
		Refused: "The published schema requires it.",
		Example: Example{Policy: schema(`<ClaimType><DataType>string</DataType></ClaimType>`)},
	},
	UnexpectedText: {
		Severity: Error, Title: "Unexpected text",
		Cause:   "An element contains text, but may contain only elements.",
		Cure:    "Remove the text.",
		Refused: "Posted refusals: the element cannot contain text; samples#618 even of a blank.",
		Example: Example{Policy: `<BuildingBlocks>text</BuildingBlocks>`},
	},
	ElementOrder: {
		Severity: Error, Title: "Wrong order",
		Cause:   "Child elements aren't in the order that the schema requires.",
		Cure:    "Move the element to its place.",
		Refused: "Posted: azure-docs#97126; each content model of the published schema is a sequence.",
		Example: Example{Policy: schema(`<ClaimType Id="city"><DataType>string</DataType><DisplayName>City</DisplayName></ClaimType>`)},
	},
	RepeatedElement: {
		Severity: Error, Title: "Repeated element",
		Cause:   "An element that may occur once occurs twice.",
		Cure:    "Merge the two elements.",
		Refused: "The published schema allows the element once.",
		Example: Example{Policy: schema(`<ClaimType Id="city"><DataType>string</DataType><DataType>string</DataType></ClaimType>`)},
	},
	IllegalValue: {
		Severity: Error, Title: "Illegal value",
		Cause:   "A value isn't one of the values that the schema allows.",
		Cure:    "Use one of the legal values.",
		Refused: "The published schema lists the values or declares their type.",
		Example: Example{Policy: schema(`<ClaimType Id="city"><DataType>text</DataType></ClaimType>`)},
	},
	DuplicateID: {
		Severity: Error, Title: "Duplicate id",
		Cause:   "Two items in one file have the same id, or two steps have the same Order.",
		Cure:    "Rename or remove one of the two.",
		Refused: "Posted refusals: duplicate key sequence for the key UniqueOrchestrationStepOrder; the published schema declares such keys.",
		Example: Example{Policy: schema(`<ClaimType Id="city"><DataType>string</DataType></ClaimType>
<ClaimType Id="city"><DataType>string</DataType></ClaimType>`)},
	},
	SameID: {
		Severity: Warning, Title: "Two for one id",
		Cause: "Two items in one file have ids that differ only in letter case, or have the same id and are of a kind for which B2C doesn't require unique ids. Ids are compared without case, and the two items are merged.",
		Cure:  "Rename or remove one of the two.",
		Example: Example{Policy: schema(`<ClaimType Id="city"><DataType>string</DataType></ClaimType>
<ClaimType Id="City"><DataType>string</DataType></ClaimType>`)},
	},
	LeftPlaceholder: {
		Severity: Warning, Several: true, Title: "Placeholder left",
		Cause:   "An uploaded policy contains a placeholder {Settings:…}, or the settings lack a value for one. The placeholder's text is used as written.",
		Cure:    "Upload the policy with --settings, or add the value to the environment's PolicySettings.",
		Example: Example{Policy: profiles(`<TechnicalProfile Id="API"><InputClaims><InputClaim ClaimTypeReferenceId="email" DefaultValue="{Settings:Address}" /></InputClaims></TechnicalProfile>`), Upload: true},
	},
	BadIdentifier: {
		Severity: Error, Title: "Bad identifier",
		Cause:   "TenantId or PolicyId contains illegal characters.",
		Cure:    "Use letters, digits, '_', '-' and '.'.",
		Refused: "The published schema declares a pattern for it.",
		Example: Example{Whole: examplePolicy("B2C_1A_my policy", "B2C_1A_Base", "")},
	},
}
