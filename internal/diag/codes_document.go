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
		Cause:   "The file isn't well-formed XML, or has a document type declaration.",
		Cure:    "Mend the XML at the place; policies need no DTD.",
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
		Refused: "Posted refusals of files that no XML reader can read.",
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
		Cause:   "An element stands where the schema has none of that name.",
		Cure:    "Correct its name or move it.",
		Refused: "Posted: azure-docs#97126 (\"has invalid child element\").",
		Example: Example{Policy: schema(`<Claim Id="city" />`)},
	},
	UnknownAttribute: {
		Severity: Warning, Title: "Unknown attribute",
		Cause:   "An element has an attribute that the schema doesn't have and that is near to none; it has no effect.",
		Cure:    "Remove it.",
		Example: Example{Policy: schema(`<ClaimType Id="city" Colour="red"><DataType>string</DataType></ClaimType>`)},
	},
	MisspeltAttribute: {
		Severity: Error, Title: "Misspelt attribute",
		Cause:   "An element has an attribute that the schema doesn't have, but with nearly the name of one that it has.",
		Cure:    "Correct its name.",
		Refused: "The published schema declares the attributes of each element and takes no others.",
		Example: Example{Policy: profiles(`<TechnicalProfile Id="API"><InputClaims><InputClaim ClaimTypeReferenceId="age" DefaultVlaue="1" /></InputClaims></TechnicalProfile>`)},
	},
	MissingAttribute: {
		Severity: Error, Several: true, Title: "Missing attribute",
		Cause:   "An element lacks an attribute that it needs.",
		Cure:    "Add the attribute.",
		Refused: "The published schema requires it.",
		Example: Example{Policy: schema(`<ClaimType><DataType>string</DataType></ClaimType>`)},
	},
	UnexpectedText: {
		Severity: Error, Title: "Unexpected text",
		Cause:   "There is text in an element that holds only elements.",
		Cure:    "Remove the text.",
		Refused: "Posted refusals: the element cannot contain text; samples#618 even of a blank.",
		Example: Example{Policy: `<BuildingBlocks>text</BuildingBlocks>`},
	},
	ElementOrder: {
		Severity: Error, Title: "Wrong order",
		Cause:   "Child elements are not in the order that the schema asks for.",
		Cure:    "Move the element to its place.",
		Refused: "Posted: azure-docs#97126; each content model of the published schema is a sequence.",
		Example: Example{Policy: schema(`<ClaimType Id="city"><DataType>string</DataType><DisplayName>City</DisplayName></ClaimType>`)},
	},
	RepeatedElement: {
		Severity: Error, Title: "Repeated element",
		Cause:   "An element that may be there once is there twice.",
		Cure:    "Merge the two.",
		Refused: "The published schema takes it once.",
		Example: Example{Policy: schema(`<ClaimType Id="city"><DataType>string</DataType><DataType>string</DataType></ClaimType>`)},
	},
	IllegalValue: {
		Severity: Error, Title: "Illegal value",
		Cause:   "A value is none of those that the schema allows.",
		Cure:    "Use one of the legal values.",
		Refused: "The published schema enumerates the values, or types them.",
		Example: Example{Policy: schema(`<ClaimType Id="city"><DataType>text</DataType></ClaimType>`)},
	},
	DuplicateID: {
		Severity: Error, Title: "Duplicate id",
		Cause:   "Two things in one file have the same id, or two steps the same Order.",
		Cure:    "Rename or remove one.",
		Refused: "Posted refusals: duplicate key sequence for the key UniqueOrchestrationStepOrder; the published schema has such keys.",
		Example: Example{Policy: schema(`<ClaimType Id="city"><DataType>string</DataType></ClaimType>
<ClaimType Id="city"><DataType>string</DataType></ClaimType>`)},
	},
	SameID: {
		Severity: Warning, Title: "Two for one id",
		Cause: "Two things in one file have ids that differ in letter case alone, or are of a kind that B2C doesn't ask unique ids of; ids compare without case, and the two are merged.",
		Cure:  "Rename or remove one.",
		Example: Example{Policy: schema(`<ClaimType Id="city"><DataType>string</DataType></ClaimType>
<ClaimType Id="City"><DataType>string</DataType></ClaimType>`)},
	},
	LeftPlaceholder: {
		Severity: Warning, Several: true, Title: "Placeholder left",
		Cause:   "A policy is uploaded with a placeholder {Settings:…} in it, or the settings lack a value for one; it is used as it is written.",
		Cure:    "Upload it with --settings, or add the value to the environment's PolicySettings.",
		Example: Example{Policy: profiles(`<TechnicalProfile Id="API"><InputClaims><InputClaim ClaimTypeReferenceId="email" DefaultValue="{Settings:Address}" /></InputClaims></TechnicalProfile>`), Upload: true},
	},
	BadIdentifier: {
		Severity: Error, Title: "Bad identifier",
		Cause:   "TenantId or PolicyId has characters that aren't allowed.",
		Cure:    "Use letters, digits, '_', '-' and '.'.",
		Refused: "The published schema has a pattern for it.",
		Example: Example{Whole: examplePolicy("B2C_1A_my policy", "B2C_1A_Base", "")},
	},
}
