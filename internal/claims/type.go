package claims

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

// Type is a compiled claim type.
type Type struct {
	ID           string // as declared
	DisplayName  string
	DataType     DataType
	UserHelpText string
	Input        InputType
	Partners     map[string]string // lower-case protocol name → default partner name
	Enumerations []Choice
	Mask         *Mask // nil: shown as it is
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
	if name, ok := t.Partners[protocol]; ok {
		return name
	}
	return t.ID
}
