package claims

import "slices"

// InputType is the form of a claim's input on pages (claims-and-transformations §1.5).
type InputType uint8

// The input types. NoInput is for claims that pages never show.
const (
	NoInput InputType = iota
	TextBox
	EmailBox
	Password
	DateTimeDropdown
	DropdownSingleSelect
	RadioSingleSelect
	CheckboxMultiSelect
	Readonly
	Paragraph
	Button
)

// inputTypeNames lists the names in policies by input type.
var inputTypeNames = [...]string{
	TextBox: "TextBox", EmailBox: "EmailBox", Password: "Password", DateTimeDropdown: "DateTimeDropdown",
	DropdownSingleSelect: "DropdownSingleSelect", RadioSingleSelect: "RadioSingleSelect",
	CheckboxMultiSelect: "CheckboxMultiSelect", Readonly: "Readonly", Paragraph: "Paragraph", Button: "Button",
}

// String returns the name in policies and page classes; "" for NoInput.
func (t InputType) String() string {
	if int(t) < len(inputTypeNames) {
		return inputTypeNames[t]
	}
	return ""
}

// ParseInputType finds an input type by its name.
func ParseInputType(name string) (InputType, bool) {
	for t, n := range inputTypeNames {
		if n != "" && n == name {
			return InputType(t), true
		}
	}
	return NoInput, false
}

// TypeDefinition is the source of a Type.
type TypeDefinition struct {
	ID           string // as declared
	DisplayName  string
	DataType     DataType
	UserHelpText string
	Input        InputType
	Partners     map[string]string // lower-case protocol name → default partner name
	Enumerations []Choice
	Mask         *Mask // nil: shown as it is
}

// Type is a compiled claim type. It is immutable.
type Type struct{ d TypeDefinition }

// NewType makes a claim type from a definition. The caller must not change the definition afterwards.
func NewType(d TypeDefinition) *Type { return &Type{d} }

// ID returns the declared id.
func (t *Type) ID() string { return t.d.ID }

// DisplayName returns the name for pages.
func (t *Type) DisplayName() string { return t.d.DisplayName }

// DataType returns the type of the claim's values.
func (t *Type) DataType() DataType { return t.d.DataType }

// UserHelpText returns the text that explains the claim to the user.
func (t *Type) UserHelpText() string { return t.d.UserHelpText }

// Input returns the form of the claim's input on pages.
func (t *Type) Input() InputType { return t.d.Input }

// Enumerations returns a copy of the user's choices; nil for any value.
func (t *Type) Enumerations() []Choice { return slices.Clone(t.d.Enumerations) }

// Masked returns the form of a value on pages.
func (t *Type) Masked(text string) string {
	if t.d.Mask == nil {
		return text
	}
	return t.d.Mask.Apply(text)
}

// Choice is one enumeration of a claim.
type Choice struct {
	Text     string
	Value    string
	Selected bool // SelectByDefault
}

// Partner returns the claim's name in a protocol: its default partner claim type, else its id
// (claims-and-transformations §1.1).
func (t *Type) Partner(protocol string) string {
	if name, ok := t.d.Partners[protocol]; ok {
		return name
	}
	return t.d.ID
}
