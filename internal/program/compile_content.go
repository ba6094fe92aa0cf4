package program

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"journeyman.dev/internal/claims"
	"journeyman.dev/internal/diag"
	"journeyman.dev/internal/policy"
	"journeyman.dev/internal/texts"
)

func (c *compiler) languages() {
	c.p.defaultLanguage = "en"
	if !c.e.LocalizationEnabled {
		return
	}
	s := c.e.SupportedLanguages
	if s.DefaultLanguage.Set() {
		c.p.defaultLanguage = strings.ToLower(s.DefaultLanguage.Value)
	}
	for _, l := range s.Languages {
		c.p.languages = append(c.p.languages, strings.ToLower(strings.TrimSpace(l.Value)))
	}
}

func (c *compiler) contentDefinitions() {
	for _, src := range c.e.ContentDefinitions.All() {
		content := &ContentDefinition{
			id: src.ID.Value, loadURI: claims.ParseTemplate(strings.TrimSpace(src.LoadURI.Value)),
			resources: make(map[string]*Resources),
		}
		uri, ok := ParseDataURI(src.DataURI.Value)
		if !ok && src.DataURI.Set() {
			c.diag.Report(diag.BadDataURI, src.DataURI.Pos, layoutHint(src.DataURI.Value),
				"content definition %q has an unknown DataUri %q", src.ID.Value, strings.TrimSpace(src.DataURI.Value))
		}
		content.dataURI = uri
		c.checkLoadURI(src, content.loadURI)
		for _, item := range src.Metadata {
			content.metadata.add(item.Key.Value, strings.TrimSpace(item.Value.Value))
		}
		if src.LocalizedReferences != nil {
			for _, ref := range src.LocalizedReferences.References {
				res, ok := c.e.LocalizedResources.Get(ref.ID.Value)
				if !ok {
					continue
				}
				tag := strings.ToLower(ref.Language.Value)
				if _, first := content.resources[tag]; !first {
					content.resources[tag] = compileResources(ref.Language.Value, res)
				}
			}
		}
		c.p.content[policy.Fold(content.id)] = content
		// B2C finds the error page by its id; a policy that names it otherwise means the
		// first of its kind.
		if uri.Page == "globalexception" && (c.p.errorContent == nil || strings.EqualFold(content.id, "api.error")) {
			c.p.errorContent = content
		}
	}
}

// worded lists the languages that pages have texts in. An administrator switches the
// languages of a user flow on one by one, so ui_locales has no others there.
func (c *compiler) worded() {
	if c.o.Generated || len(c.p.languages) == 0 {
		return
	}
	tags := make(map[string]bool)
	for _, content := range c.p.content {
		for tag := range content.resources {
			tags[tag] = true
		}
	}
	for _, tag := range texts.Languages() {
		tags[strings.ToLower(tag)] = true
	}
	c.p.worded = slices.Sorted(maps.Keys(tags))
}

func compileResources(language string, src *policy.LocalizedResources) *Resources {
	res := &Resources{language: language, texts: make(map[TextKey]localText), collections: make(map[string][]claims.Choice)}
	for _, s := range src.Strings {
		res.texts[foldKey(TextKey{s.ElementType.Value, s.ElementID.Value, s.StringID.Value})] = localText{s.StringID.Value, s.Value.Value}
		res.dynamic = res.dynamic || claims.ParseTemplate(s.Value.Value).Dynamic()
	}
	for _, col := range src.Collections {
		if !strings.EqualFold(col.ElementType.Value, "ClaimType") {
			continue
		}
		choices := []claims.Choice{}
		for _, item := range col.Items {
			choices = append(choices, choiceOf(item))
		}
		res.collections[strings.ToLower(col.ElementID.Value)] = choices
	}
	return res
}

// layouts are the pages that a DataUri may name; idpselection is the old name of
// providerselection.
var layouts = []string{"unifiedssp", "unifiedssd", "selfasserted", "providerselection", "idpselection", "multifactor", "globalexception", "claimsconsent"}

// layoutHint says how to mend a DataUri.
func layoutHint(text string) string {
	for part := range strings.SplitSeq(strings.ToLower(strings.TrimSpace(text)), ":") {
		if slices.Contains(layouts, part) {
			return "write a version behind it, for example urn:com:microsoft:aad:b2c:elements:contract:" + part + ":2.1.7"
		}
	}
	for part := range strings.SplitSeq(strings.ToLower(strings.TrimSpace(text)), ":") {
		if near := diag.Slip(part, layouts); near != "" {
			return "did you mean \"" + near + "\"?"
		}
	}
	return "for example urn:com:microsoft:aad:b2c:elements:contract:selfasserted:2.1.7"
}

// ParseDataURI reads a content definition's DataUri (pages §1).
func ParseDataURI(text string) (DataURI, bool) {
	const prefix = "urn:com:microsoft:aad:b2c:elements:"
	text = strings.TrimSpace(text)
	if len(text) < len(prefix) || !strings.EqualFold(text[:len(prefix)], prefix) {
		return DataURI{}, false
	}
	parts := strings.Split(strings.ToLower(text[len(prefix):]), ":")
	var u DataURI
	if parts[0] == "contract" {
		u.Contract = true
		parts = parts[1:]
	}
	if len(parts) != 2 {
		return DataURI{}, false
	}
	u.Page = parts[0]
	if !slices.Contains(layouts, u.Page) {
		return DataURI{}, false
	}
	if u.Page == "idpselection" {
		u.Page = "providerselection"
	}
	numbers := strings.Split(parts[1], ".")
	if len(numbers) != 3 {
		return DataURI{}, false
	}
	for i, to := range []*int{&u.Major, &u.Minor, &u.Patch} {
		n, err := strconv.Atoi(numbers[i])
		if err != nil || n < 0 {
			return DataURI{}, false
		}
		*to = n
	}
	return u, true
}
