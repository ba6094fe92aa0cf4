package texts

// PageText is a built-in text of a page, by the element and the id that name it in a policy's
// localized resources.
type PageText struct{ ElementType, StringID, Value string }

// OfPage returns the built-in texts of a kind of page in a language, then the messages of errors. The layout
// is the page's name in a DataUri, such as "selfasserted". An unknown layout has only messages.
func OfPage(layout, language string) []PageText {
	set := For(language)
	var out []PageText
	for _, part := range []struct {
		section     Section
		elementType string
	}{{pageSections[layout], "UxElement"}, {Message, "ErrorMessage"}} {
		for _, id := range IDs(part.section) {
			out = append(out, PageText{ElementType: part.elementType, StringID: id, Value: set.Text(part.section, id)})
		}
	}
	return out
}

// pageSections maps the pages of DataUris to sections.
var pageSections = map[string]Section{
	"unifiedssp": Unified, "selfasserted": SelfAsserted, "providerselection": ProviderSelection, "globalexception": GlobalException,
}
