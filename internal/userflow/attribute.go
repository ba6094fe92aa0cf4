package userflow

import (
	"regexp"
	"slices"
	"strings"

	"journeyman.dev/internal/refusal"
)

// AttributeType is the data type of a user attribute, by its Graph name.
type AttributeType string

// The supported types (rest-and-connectors §4.3).
const (
	StringAttribute  AttributeType = "string"
	BooleanAttribute AttributeType = "boolean"
	Int64Attribute   AttributeType = "int64"
)

// Attribute is a user attribute of the tenant.
type Attribute struct {
	// ID is the id in Graph: City, or extension_{extensions app without dashes}_Name.
	ID          string        `json:"id"`
	DisplayName string        `json:"displayName"`
	Description string        `json:"description,omitempty"`
	Type        AttributeType `json:"type"`
	Custom      bool          `json:"custom,omitempty"`

	claim  string // id of the claim type, and the name in the directory
	token  string // its name in tokens
	length int    // most characters; 0: 250
}

// builtIn are the attributes of every tenant (rest-and-connectors §4.1).
var builtIn = []Attribute{
	{ID: "City", DisplayName: "City", Description: "The city in which the user is located.", Type: StringAttribute, claim: "city", length: 128},
	{ID: "Country", DisplayName: "Country/Region", Description: "The country or region in which the user is located.", Type: StringAttribute, claim: "country", length: 128},
	{ID: "DisplayName", DisplayName: "Display Name", Description: "The name under which the user appears.", Type: StringAttribute, claim: "displayName", token: "name", length: 256},
	{ID: "Email", DisplayName: "Email Address", Description: "The user's e-mail address.", Type: StringAttribute, claim: "email"},
	{ID: "GivenName", DisplayName: "Given Name", Description: "The user's given name (also first name).", Type: StringAttribute, claim: "givenName", token: "given_name", length: 64},
	{ID: "JobTitle", DisplayName: "Job Title", Description: "The user's job title.", Type: StringAttribute, claim: "jobTitle", length: 128},
	{ID: "PostalCode", DisplayName: "Postal Code", Description: "The postal code of the user's address.", Type: StringAttribute, claim: "postalCode", length: 40},
	{ID: "State", DisplayName: "State/Province", Description: "The state or province of the user's address.", Type: StringAttribute, claim: "state", length: 128},
	{ID: "StreetAddress", DisplayName: "Street Address", Description: "The street of the user's address.", Type: StringAttribute, claim: "streetAddress", length: 1024},
	{ID: "Surname", DisplayName: "Surname", Description: "The user's family name (also last name).", Type: StringAttribute, claim: "surname", token: "family_name", length: 64},
}

func (a *Attribute) isEmail() bool { return a.claim == "email" }

// ClaimID returns the claim type of the attribute: city, extension_Level.
func (a *Attribute) ClaimID() string { return a.claim }

// TokenName returns the attribute's name in tokens, never with an application id.
func (a *Attribute) TokenName() string {
	if a.token != "" {
		return a.token
	}
	return a.claim
}

// most returns the maximum number of characters in the directory.
func (a *Attribute) most() int {
	if a.length > 0 {
		return a.length
	}
	return 250
}

// dataType returns the policy's data type.
func (a *Attribute) dataType() string {
	switch a.Type {
	case BooleanAttribute:
		return "boolean"
	case Int64Attribute:
		return "int"
	}
	return "string"
}

// input returns the default input of the attribute.
func (a *Attribute) input() Input {
	switch {
	case a.isEmail():
		return EmailBox
	case a.Type == BooleanAttribute:
		return RadioSingleSelect
	}
	return TextBox
}

var attributeName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]{0,63}$`)

// NewAttribute makes a custom attribute. name is its short name, such as Level.
func (t *Tenant) NewAttribute(name, description string, kind AttributeType) (Attribute, error) {
	switch kind {
	case StringAttribute, BooleanAttribute, Int64Attribute:
	case "stringCollection", "dateTime":
		return Attribute{}, invalid("attributes of the dataType %s can't be used in user flows: use string, boolean or int64", kind)
	default:
		return Attribute{}, invalid("dataType must be string, boolean or int64")
	}
	if !attributeName.MatchString(name) {
		return Attribute{}, invalid("displayName must begin with a letter and have letters, digits and _ only, at most 64")
	}
	a := Attribute{ID: "extension_" + t.ExtensionsApp + "_" + name, DisplayName: name, Description: description, Type: kind, Custom: true}
	if _, taken := t.Attribute(a.ID); taken {
		return a, refusal.Because(ErrExists, "exists already")
	}
	return a.complete(), nil
}

// complete sets the derived values.
func (a Attribute) complete() Attribute {
	if a.Custom {
		a.claim = "extension_" + a.DisplayName
	}
	return a
}

// AllAttributes returns the built-in attributes and the tenant's own.
func (t *Tenant) AllAttributes() []Attribute {
	list := append([]Attribute{}, builtIn...)
	for _, a := range t.Attributes {
		list = append(list, a.complete())
	}
	return list
}

// Attribute finds an attribute by any of its names, ignoring case: City, city,
// extension_{app}_Level, extension_Level.
func (t *Tenant) Attribute(id string) (Attribute, bool) {
	for _, a := range t.AllAttributes() {
		if strings.EqualFold(a.ID, id) || strings.EqualFold(a.claim, id) {
			return a, true
		}
	}
	return Attribute{}, false
}

// GraphName returns the attribute's name at Microsoft Graph and in a connector's request.
func (a *Attribute) GraphName() string {
	if a.Custom {
		return a.ID
	}
	return a.claim
}

// Uses reports whether a flow collects an attribute or puts it into its token.
func (f *Flow) Uses(a Attribute) bool {
	is := func(id string) bool { return strings.EqualFold(id, a.ID) || strings.EqualFold(id, a.claim) }
	for _, assigned := range f.Attributes {
		if is(assigned.Attribute) {
			return true
		}
	}
	return slices.ContainsFunc(f.Settings.ApplicationClaims, is)
}
