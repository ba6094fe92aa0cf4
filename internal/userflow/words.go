package userflow

import (
	"maps"
	"slices"
	"strconv"

	"journeyman.dev/internal/texts"
)

// word is a text of a flow's pages in a language.
type word struct{ elementType, elementID, stringID, value string }

func (w word) element() *element {
	e := el("LocalizedString", "ElementType", w.elementType)
	if w.elementID != "" {
		e.attrs = append(e.attrs, "ElementId", w.elementID)
	}
	e.attrs = append(e.attrs, "StringId", w.stringID)
	e.text = w.value
	return e
}

// same reports whether an element is for the same place.
func (w word) same(e *element) bool { return slices.Equal(e.attrs, w.element().attrs) }

// headings are the headings of some pages. Other pages use the one of their kind.
var headings = map[string]string{
	"localaccountsignup": "signup_heading", "selfasserted": "signup_heading", "selfasserted.profileupdate": "profile_heading",
	"localaccountpasswordreset": "reset_heading", "blockpage": "block_heading",
}

// labels are the claims with our names in every language, by text id.
var labels = map[string]string{
	"email": "email", "newPassword": "newPassword", "reenterPassword": "reenterPassword", "password": "password", "signInNames.userName": "userName",
	"city": "city", "country": "country", "displayName": "displayName", "givenName": "givenName", "jobTitle": "jobTitle", "postalCode": "postalCode",
	"state": "state", "streetAddress": "streetAddress", "surname": "surname",
}

// builtIn returns the texts of a page: its heading, the names of its inputs, and the faults of passwords. An
// administrator's name of an attribute is in the claims schema and the same in every language.
func (d *document) builtIn(pageID, tag string) []word {
	set := texts.For(tag)
	text := func(id string, args ...string) string { return texts.Format(set.Text(texts.UserFlow, id), args...) }
	var list []word
	if id, ok := headings[pageID]; ok {
		list = append(list, word{"UxElement", "", "heading", text(id)})
	}
	if pageID == "blockpage" {
		// The page has no input and shows only the API's message.
		return append(list, word{"UxElement", "", "initial_intro", ""}, word{"ClaimType", "connectorMessage", "DisplayName", ""})
	}
	signIn := "email"
	switch {
	case d.email && d.username:
		signIn = "signInName_both"
	case d.username:
		signIn = "userName"
	}
	list = append(list, word{"ClaimType", "signInName", "DisplayName", text(signIn)})
	for _, claim := range slices.Sorted(maps.Keys(labels)) {
		if !d.named(claim) {
			list = append(list, word{"ClaimType", claim, "DisplayName", text(labels[claim])})
		}
	}
	least, most, classes, digits := d.rule()
	list = append(list, word{"Predicate", "LengthRange", "HelpText", text("password_length", strconv.Itoa(least), strconv.Itoa(most))})
	if digits {
		list = append(list, word{"Predicate", "DigitsOnly", "HelpText", text("password_digits")})
	}
	if classes > 0 {
		list = append(list,
			word{"PredicateValidation", passwordValidation, "CharacterClasses", text("password_classes", strconv.Itoa(classes))},
			word{"Predicate", "Lowercase", "HelpText", text("lowercase")}, word{"Predicate", "Uppercase", "HelpText", text("uppercase")},
			word{"Predicate", "Number", "HelpText", text("digit")}, word{"Predicate", "Symbol", "HelpText", text("symbol")},
		)
	}
	return list
}

// named reports whether the administrator named an attribute.
func (d *document) named(claim string) bool {
	if claim == "email" {
		return d.address != nil && d.address.DisplayName != ""
	}
	return slices.ContainsFunc(d.fields, func(f field) bool { return f.claim == claim && f.shown.DisplayName != "" })
}
