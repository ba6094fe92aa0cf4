package policy

import (
	"slices"
	"strconv"
	"strings"

	"journeyman.dev/internal/diag"
)

// The kinds of elements with texts, and the texts of a claim type (pages §2).
var (
	textElements = []string{"ClaimType", "ClaimsProvider", "DisplayControl", "ErrorMessage", "UxElement", "Predicate", "PredicateValidation", "InputValidation",
		"GetLocalizedStringsTransformationClaimType", "FormatLocalizedStringTransformationClaimType"}
	claimTexts = []string{"DisplayName", "UserHelpText", "AdminHelpText", "PatternHelpText"}
)

// texts warns of localized texts whose names are probably misspelt. B2C accepts any name, because a base may
// contain texts for elements of its children; a misspelt one is never shown.
func (c *checker) texts() {
	for _, r := range c.e.LocalizedResources.All() {
		for _, s := range r.Strings {
			c.slip(s.ElementType, textElements, "ElementType", r)
			c.textElement(s.ElementType, s.ElementID, r)
			if strings.EqualFold(s.ElementType.Value, "ClaimType") {
				c.slip(s.StringID, claimTexts, "StringId", r)
			}
		}
		for _, col := range r.Collections {
			c.textElement(col.ElementType, col.ElementID, r)
		}
	}
}

// textElement checks the id of an element with a text.
func (c *checker) textElement(kind, id Text, r *LocalizedResources) {
	switch Fold(kind.Value) {
	case "claimtype":
		c.slip(id, c.e.ClaimTypes.IDs(), "ElementId", r)
	case "displaycontrol":
		c.slip(id, c.e.DisplayControls.IDs(), "ElementId", r)
	case "predicate":
		c.slip(id, c.e.Predicates.IDs(), "ElementId", r)
	case "predicatevalidation", "inputvalidation":
		c.slip(id, c.e.PredicateValidations.IDs(), "ElementId", r)
	}
}

func (c *checker) slip(t Text, known []string, attribute string, r *LocalizedResources) {
	same := func(k string) bool { return strings.EqualFold(k, t.Value) }
	if t.Value == "" || c.hints >= maxHints || slices.ContainsFunc(known, same) {
		return
	}
	c.hints++
	if near := diag.Slip(t.Value, known); near != "" {
		c.Report(diag.MisspeltText, t.Pos, "did you mean "+strconv.Quote(near)+"?", "localized resource %q has a text for the %s %q, which nothing has", r.ID.Value, attribute, t.Value)
	}
}
