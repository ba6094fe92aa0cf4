package diag

// Codes JM1xxx: the document and its structure.
const (
	NotWellFormed    Code = "JM1001"
	TooLarge         Code = "JM1002"
	BadEncoding      Code = "JM1003"
	WrongRoot        Code = "JM1004"
	UnknownElement   Code = "JM1101"
	UnknownAttribute Code = "JM1102"
	MissingAttribute Code = "JM1103"
	UnexpectedText   Code = "JM1104"
	ElementOrder     Code = "JM1105"
	RepeatedElement  Code = "JM1106"
	IllegalValue     Code = "JM1107"
	DuplicateID      Code = "JM1108"
	BadIdentifier    Code = "JM1109"
)

var documentCodes = map[Code]Entry{
	NotWellFormed:    {Error, "Not well-formed", "The file isn't well-formed XML, or has a document type declaration.", "Mend the XML at the place; policies need no DTD."},
	TooLarge:         {Error, "File too large", "The file is larger than 1024 KB.", "Split it into a base and policies that inherit from it."},
	BadEncoding:      {Error, "Unknown encoding", "The file is neither UTF-8 nor UTF-16.", "Save it as UTF-8."},
	WrongRoot:        {Error, "Not a policy", "The root element isn't TrustFrameworkPolicy.", "Upload a policy file."},
	UnknownElement:   {Error, "Unknown element", "An element stands where the schema has none of that name.", "Correct its name or move it."},
	UnknownAttribute: {Warning, "Unknown attribute", "An element has an attribute that the schema doesn't have; it has no effect.", "Correct its name or remove it."},
	MissingAttribute: {Error, "Missing attribute", "An element lacks an attribute that it needs.", "Add the attribute."},
	UnexpectedText:   {Error, "Unexpected text", "There is text in an element that holds only elements.", "Remove the text."},
	ElementOrder:     {Error, "Wrong order", "Child elements are not in the order that the schema asks for.", "Move the element to its place."},
	RepeatedElement:  {Error, "Repeated element", "An element that may be there once is there twice.", "Merge the two."},
	IllegalValue:     {Error, "Illegal value", "A value is none of those that the schema allows.", "Use one of the legal values."},
	DuplicateID:      {Error, "Duplicate id", "Two things in one file have the same id (letter case doesn't count), or two steps the same Order.", "Rename or remove one."},
	BadIdentifier:    {Error, "Bad identifier", "TenantId or PolicyId has characters that aren't allowed.", "Use letters, digits, '_', '-' and '.'."},
}
