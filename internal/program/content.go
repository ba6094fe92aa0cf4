package program

import (
	"strings"

	"journeyman.dev/internal/claims"
)

// ContentDefinition is a compiled page description.
type ContentDefinition struct {
	id       string
	loadURI  claims.Template
	dataURI  DataURI
	metadata Items
	// Resources has the policy's texts by lower-case language tag.
	resources map[string]*Resources
}

// OmitsCodes reports that refusals reach the page's script without their code: self-asserted
// layouts below 2.1.17 answer so (pages §3.1).
func (c *ContentDefinition) OmitsCodes() bool {
	return c.dataURI.Page == "selfasserted" && !c.dataURI.AtLeast(2, 1, 17)
}

// DataURI is urn:com:microsoft:aad:b2c:elements:[contract:]page:version.
type DataURI struct {
	Contract            bool
	Page                string // unifiedssp, selfasserted, …
	Major, Minor, Patch int
}

// AtLeast reports whether the layout version is at least the given one.
func (u DataURI) AtLeast(major, minor, patch int) bool {
	if u.Major != major {
		return u.Major > major
	}
	if u.Minor != minor {
		return u.Minor > minor
	}
	return u.Patch >= patch
}

// TextKey finds a localised text: element type, element id (for a UxElement, an
// ErrorMessage and a ClaimsProvider "") and string id, all compared without case.
type TextKey struct {
	ElementType, ElementID, StringID string
}

func foldKey(k TextKey) TextKey {
	return TextKey{strings.ToLower(k.ElementType), strings.ToLower(k.ElementID), strings.ToLower(k.StringID)}
}

// Resources has the texts that a policy defines for one page in one language.
type Resources struct {
	language    string
	texts       map[TextKey]localText
	collections map[string][]claims.Choice // claim id, folded
	// dynamic is set if a text may have claim resolvers; expand then resolves them, in the
	// copy that a journey has.
	dynamic bool
	expand  func(string) string
}

// NoTexts are the texts of a page for which the policy has none.
func NoTexts(language string) *Resources { return &Resources{language: language} }

// localText is a text with its string id as the policy writes it.
type localText struct{ id, value string }

// Text finds a text of the policy.
func (r *Resources) Text(elementType, elementID, stringID string) (string, bool) {
	if r == nil {
		return "", false
	}
	text, ok := r.texts[foldKey(TextKey{elementType, elementID, stringID})]
	return r.worded(text.value), ok
}

// Texts are the texts of an element type without element id, by string id as the
// policy writes it.
func (r *Resources) Texts(elementType string) map[string]string {
	out := make(map[string]string)
	if r == nil {
		return out
	}
	for key, text := range r.texts {
		if key.ElementID == "" && strings.EqualFold(key.ElementType, elementType) {
			out[text.id] = r.worded(text.value)
		}
	}
	return out
}

// Choices finds the enumerations of a claim in this language.
func (r *Resources) Choices(claimID string) ([]claims.Choice, bool) {
	if r == nil {
		return nil, false
	}
	choices, ok := r.collections[strings.ToLower(claimID)]
	return choices, ok
}

// In finds the texts for a language tag.
func (c *ContentDefinition) In(language string) *Resources {
	for _, tag := range claims.ParentLanguages(language) {
		if res, ok := c.resources[tag]; ok {
			return res
		}
	}
	return nil
}
