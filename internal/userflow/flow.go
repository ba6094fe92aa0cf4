package userflow

import (
	"errors"
	"regexp"
	"slices"
	"strings"
	"time"

	"journeyman.dev/internal/refusal"
)

// Kind is the purpose of a flow, by its Graph name.
type Kind string

// The kinds.
const (
	SignUpOrSignIn Kind = "signUpOrSignIn"
	SignUp         Kind = "signUp"
	SignIn         Kind = "signIn"
	ProfileUpdate  Kind = "profileUpdate"
	PasswordReset  Kind = "passwordReset"
	ResourceOwner  Kind = "resourceOwner"
)

// Kinds are all kinds.
var Kinds = []Kind{SignUpOrSignIn, SignUp, SignIn, ProfileUpdate, PasswordReset, ResourceOwner}

// ParseKind finds a kind, ignoring case.
func ParseKind(text string) (Kind, bool) {
	for _, k := range Kinds {
		if strings.EqualFold(string(k), text) {
			return k, true
		}
	}
	return "", false
}

// signsUp reports whether users of a kind may sign up.
func (k Kind) signsUp() bool { return k == SignUpOrSignIn || k == SignUp }
func (k Kind) signsIn() bool { return k == SignUpOrSignIn || k == SignIn || k == ProfileUpdate }

// federates reports whether users of a kind may come from an identity provider.
func (k Kind) federates() bool { return k != PasswordReset && k != ResourceOwner }

// Flow is a user flow.
type Flow struct {
	ID      string  `json:"id"` // B2C_1_name
	Kind    Kind    `json:"kind"`
	Version float64 `json:"version"`
	// LanguageCustomization enables the languages. Without it all texts are in the default one.
	LanguageCustomization bool   `json:"languageCustomization,omitempty"`
	DefaultLanguage       string `json:"defaultLanguage,omitempty"` // RFC 5646; "": en
	// Providers are ids of identity providers, including the built-in local ones, in the order of their
	// addition.
	Providers []string `json:"providers"`
	// Connectors are ids of API connectors by step. Absent steps have none.
	Connectors map[ConnectorStep]string `json:"connectors,omitempty"`
	Attributes []Assignment             `json:"attributes,omitempty"` // in their order on the page
	Languages  []Language               `json:"languages,omitempty"`
	Settings   Settings                 `json:"settings"`
	Created    time.Time                `json:"created"`
}

// ConnectorStep is a step at which a flow may call a connector, by its Graph name.
type ConnectorStep string

// The steps (rest-and-connectors §1.2).
const (
	PostFederationSignup    ConnectorStep = "postFederationSignup"
	PostAttributeCollection ConnectorStep = "postAttributeCollection"
	PreTokenIssuance        ConnectorStep = "preTokenIssuance"
)

// ConnectorSteps are all steps, in their order.
var ConnectorSteps = []ConnectorStep{PostFederationSignup, PostAttributeCollection, PreTokenIssuance}

// Name is the step's name in policies, in requests to APIs and in the audit log: that of Graph
// with a capital.
func (s ConnectorStep) Name() string {
	if s == "" {
		return ""
	}
	return strings.ToUpper(string(s[:1])) + string(s[1:])
}

// ParseStep finds a step by either name, ignoring case.
func ParseStep(text string) (ConnectorStep, bool) {
	for _, s := range ConnectorSteps {
		if strings.EqualFold(string(s), text) {
			return s, true
		}
	}
	return "", false
}

// allows reports whether flows of a kind have a step.
func (k Kind) allows(s ConnectorStep) bool {
	if s == PreTokenIssuance {
		return k == SignUpOrSignIn || k == SignUp || k == SignIn
	}
	return k.signsUp()
}

// Assignment is a user attribute that the flow collects.
type Assignment struct {
	Attribute   string  `json:"attribute"` // id, as in the tenant's list
	DisplayName string  `json:"displayName,omitempty"`
	Optional    bool    `json:"optional,omitempty"`
	Verify      bool    `json:"verify,omitempty"` // e-mail only
	Input       Input   `json:"input,omitempty"`  // "": the attribute's own
	Values      []Value `json:"values,omitempty"` // of the select inputs
}

// Value is one of the values to choose from.
type Value struct {
	Name    string `json:"name"`
	Value   string `json:"value"`
	Default bool   `json:"isDefault"`
}

// Input is the form of an attribute's input on the page, by its Graph name.
type Input string

// The inputs.
const (
	TextBox              Input = "textBox"
	DateTimeDropdown     Input = "dateTimeDropdown"
	RadioSingleSelect    Input = "radioSingleSelect"
	DropdownSingleSelect Input = "dropdownSingleSelect"
	EmailBox             Input = "emailBox"
	CheckboxMultiSelect  Input = "checkboxMultiSelect"
)

var inputs = []Input{TextBox, DateTimeDropdown, RadioSingleSelect, DropdownSingleSelect, EmailBox, CheckboxMultiSelect}

// ParseInput finds an input, ignoring case.
func ParseInput(text string) (Input, bool) {
	for _, i := range inputs {
		if strings.EqualFold(string(i), text) {
			return i, true
		}
	}
	return "", false
}

func (i Input) selects() bool {
	return i == RadioSingleSelect || i == DropdownSingleSelect || i == CheckboxMultiSelect
}

// Language is a language of the flow.
type Language struct {
	Tag     string `json:"tag"`
	Enabled bool   `json:"enabled"`
	// Overrides are texts that replace the built-in ones, by page id.
	Overrides map[string]Texts `json:"overrides,omitempty"`
}

// Texts are the texts of a page in the form of B2C's portal.
type Texts struct {
	LocalizedStrings     []LocalizedString     `json:"LocalizedStrings"`
	LocalizedCollections []LocalizedCollection `json:"LocalizedCollections,omitempty"`
}

// LocalizedString is one text. Only texts with Override count.
type LocalizedString struct {
	ElementType string  `json:"ElementType"`
	ElementID   *string `json:"ElementId"`
	StringID    string  `json:"StringId"`
	Override    bool    `json:"Override"`
	Value       string  `json:"Value"`
}

// LocalizedCollection contains the values of a select input in a language.
type LocalizedCollection struct {
	ElementType      string          `json:"ElementType"`
	ElementID        string          `json:"ElementId"`
	TargetCollection string          `json:"TargetCollection"`
	Override         bool            `json:"Override"`
	Items            []LocalizedItem `json:"Items"`
}

// LocalizedItem is one value.
type LocalizedItem struct {
	Name  string `json:"Name"`
	Value string `json:"Value"`
}

// ErrInvalid comes with a text for administrators. ErrNotFound means that there is no such flow, attribute or
// identity provider, and ErrExists that its id is taken.
var (
	ErrInvalid  = errors.New("invalid")
	ErrNotFound = errors.New("not found")
	ErrExists   = errors.New("exists already")
)

func invalid(format string, args ...any) error {
	return refusal.Because(ErrInvalid, format, args...)
}

const prefix = "B2C_1_"

var namePattern = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// FlowID makes an id from a name. It adds a missing prefix.
func FlowID(name string) (string, error) {
	if len(name) >= len(prefix) && strings.EqualFold(name[:len(prefix)], prefix) {
		name = name[len(prefix):]
	}
	if !namePattern.MatchString(name) {
		return "", invalid("the id of a user flow has letters, digits, _ and - only, at most 64")
	}
	if len(name) >= 2 && strings.EqualFold(name[:2], "A_") {
		return "", invalid("the id %s%s would be that of a custom policy", prefix, name)
	}
	return prefix + name, nil
}

// IsFlowID reports whether an id is a user flow's, not a custom policy's.
func IsFlowID(id string) bool {
	return len(id) > len(prefix) && strings.EqualFold(id[:len(prefix)], prefix) && !strings.EqualFold(id[len(prefix):min(len(id), len(prefix)+2)], "A_")
}

// languageTag is the useful part of RFC 5646: language, script, region.
var languageTag = regexp.MustCompile(`^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$`)

// Check reports the fault of a flow, given the tenant's attributes and providers.
func (f *Flow) Check(t *Tenant) error {
	if _, ok := ParseKind(string(f.Kind)); !ok {
		return invalid("userFlowType must be one of %v", Kinds)
	}
	if f.DefaultLanguage != "" && !languageTag.MatchString(f.DefaultLanguage) {
		return invalid("defaultLanguageTag %q is no language tag", f.DefaultLanguage)
	}
	if err := f.checkProviders(t); err != nil {
		return err
	}
	for step := range f.Connectors {
		if !f.Kind.allows(step) {
			return invalid("a user flow of the type %s has no step %s", f.Kind, step)
		}
	}
	if err := f.checkAttributes(t); err != nil {
		return err
	}
	for _, l := range f.Languages {
		if !languageTag.MatchString(l.Tag) {
			return invalid("%q is no language tag", l.Tag)
		}
		for page := range l.Overrides {
			if !slices.Contains(PageIDs(f.Kind), page) {
				return invalid("a user flow of the type %s has no page %q; its pages are %s", f.Kind, page, strings.Join(PageIDs(f.Kind), ", "))
			}
		}
	}
	return f.Settings.Check(f, t)
}

func (f *Flow) checkProviders(t *Tenant) error {
	local := false
	for _, id := range f.Providers {
		p, ok := t.Provider(id)
		if !ok {
			return invalid("the tenant has no identity provider %q", id)
		}
		switch {
		case p.local():
			local = true
		case !f.Kind.federates():
			return invalid("a user flow of the type %s has local accounts only", f.Kind)
		}
	}
	switch {
	case len(f.Providers) == 0:
		return invalid("a user flow needs at least one identity provider; local accounts are %s and %s", EmailProvider, UsernameProvider)
	case !local && !f.Kind.federates():
		return invalid("a user flow of the type %s needs local accounts: %s or %s", f.Kind, EmailProvider, UsernameProvider)
	case !local && f.Settings.SelfServicePasswordReset:
		return invalid("selfServicePasswordReset needs local accounts")
	}
	return nil
}

func (f *Flow) checkAttributes(t *Tenant) error {
	seen := make(map[string]bool)
	for _, a := range f.Attributes {
		attribute, ok := t.Attribute(a.Attribute)
		if !ok {
			return invalid("the tenant has no user attribute %q", a.Attribute)
		}
		key := strings.ToLower(attribute.ID)
		switch {
		case seen[key]:
			return invalid("the user attribute %q is there twice", attribute.ID)
		case a.Verify && !attribute.isEmail():
			return invalid("only an e-mail address can be verified, not %q", attribute.ID)
		case a.Input.selects() && len(a.Values) == 0 && attribute.Type != BooleanAttribute:
			return invalid("userAttributeValues are needed for the userInputType %s of %q", a.Input, attribute.ID)
		case !a.Input.selects() && a.Input != "" && len(a.Values) > 0:
			return invalid("userAttributeValues go with a select input only, not with %s of %q", a.Input, attribute.ID)
		case a.Input == CheckboxMultiSelect && attribute.Type == Int64Attribute:
			return invalid("several values can't be one number: %q", attribute.ID)
		}
		seen[key] = true
	}
	return nil
}
