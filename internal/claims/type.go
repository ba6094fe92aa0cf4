package claims

import "slices"

// InputType says how a page asks for a claim (claims-and-transformations §1.5).
type InputType uint8

// The input types; NoInput is a claim that pages never show.
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

// InputTypeNames has the names that policies write, by input type.
var inputTypeNames = [...]string{
	TextBox: "TextBox", EmailBox: "EmailBox", Password: "Password", DateTimeDropdown: "DateTimeDropdown",
	DropdownSingleSelect: "DropdownSingleSelect", RadioSingleSelect: "RadioSingleSelect",
	CheckboxMultiSelect: "CheckboxMultiSelect", Readonly: "Readonly", Paragraph: "Paragraph", Button: "Button",
}

// String is the name that policies and page classes have; "" for NoInput.
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

// TypeDefinition is what a Type is made of.
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

// NewType makes a claim type of a definition, which the caller no longer changes.
func NewType(d TypeDefinition) *Type { return &Type{d} }

// ID is the id, as declared.
func (t *Type) ID() string { return t.d.ID }

// DisplayName is the name that pages show.
func (t *Type) DisplayName() string { return t.d.DisplayName }

// DataType is the type of the claim's values.
func (t *Type) DataType() DataType { return t.d.DataType }

// UserHelpText is the text that explains the claim to the user.
func (t *Type) UserHelpText() string { return t.d.UserHelpText }

// Input is how a page asks for the claim.
func (t *Type) Input() InputType { return t.d.Input }

// Enumerations copies the values that the user may choose from; nil for any.
func (t *Type) Enumerations() []Choice { return slices.Clone(t.d.Enumerations) }

// Masked is a value as pages show it.
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

// Partner is the claim's name in a protocol: its default partner claim type, else
// its id (claims-and-transformations §1.1).
func (t *Type) Partner(protocol string) string {
	if name, ok := t.d.Partners[protocol]; ok {
		return name
	}
	return t.d.ID
}
