package userflow

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// page is a page of flows. Its content definition is api.ID.
type page struct {
	id     string // the name in Graph's language pages and the settings
	layout string // page of the DataUri
	kinds  []Kind
}

var signUps, signIns = []Kind{SignUpOrSignIn, SignUp}, []Kind{SignUpOrSignIn, SignIn, ProfileUpdate}

var pages = []page{
	{"signuporsignin", "unifiedssp", signIns},
	{"idpselections", "providerselection", []Kind{SignUpOrSignIn, SignUp, SignIn, ProfileUpdate}},
	{"localaccountsignup", "selfasserted", signUps},
	{"selfasserted", "selfasserted", signUps}, // attributes of users from identity providers
	{"selfasserted.profileupdate", "selfasserted", []Kind{ProfileUpdate}},
	{"localaccountpasswordreset", "selfasserted", []Kind{SignUpOrSignIn, SignIn, PasswordReset}},
	{"blockpage", "selfasserted", signUps},
	{"error", "globalexception", []Kind{SignUpOrSignIn, SignUp, SignIn, ProfileUpdate, PasswordReset}},
}

// PageLayout returns the kind of a page in the DataUri of its content definition.
func PageLayout(id string) string {
	for _, p := range pages {
		if p.id == id {
			return p.layout
		}
	}
	return ""
}

// layouts are the versions that we write, and the oldest versions that support the self-service password
// reset.
var layouts = map[string]string{"unifiedssp": "2.1.7", "selfasserted": "2.1.7", "providerselection": "1.2.1", "globalexception": "1.2.1"}

// PageIDs returns the pages of flows of a kind.
func PageIDs(k Kind) []string {
	var ids []string
	for _, p := range pages {
		if slices.Contains(p.kinds, k) {
			ids = append(ids, p.id)
		}
	}
	return ids
}

var versionPattern = regexp.MustCompile(`^\d{1,3}\.\d{1,3}\.\d{1,3}$`)

func checkPage(k Kind, id string, p Page) error {
	if !slices.Contains(PageIDs(k), id) {
		return invalid("a user flow of the type %s has no page %q; its pages are %s", k, id, strings.Join(PageIDs(k), ", "))
	}
	if p.URI != "" {
		// Claim resolvers are allowed in path and query, as in a policy's LoadUri.
		u, err := url.Parse(strings.NewReplacer("{", "%7B", "}", "%7D").Replace(p.URI))
		if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || strings.Contains(u.Host, "%7B") {
			return invalid("pages.%s.uri must be an absolute https URL", id)
		}
	}
	if p.Version != "" && !versionPattern.MatchString(p.Version) {
		return invalid("pages.%s.layoutVersion must be like 2.1.7", id)
	}
	return nil
}

// loadURIs are B2C's names of built-in templates.
var loadURIs = map[string]string{
	"unifiedssp": "~/tenant/templates/AzureBlue/unified.cshtml", "selfasserted": "~/tenant/templates/AzureBlue/selfAsserted.cshtml",
	"providerselection": "~/tenant/templates/AzureBlue/idpSelector.cshtml", "globalexception": "~/tenant/templates/AzureBlue/exception.cshtml",
}

func (d *document) contentDefinitions() *element {
	list := el("ContentDefinitions")
	languages := d.languages()
	for _, p := range pages {
		if !slices.Contains(p.kinds, d.Kind) {
			continue
		}
		set := d.Settings.Pages[p.id]
		definition := el("ContentDefinition", "Id", "api."+p.id).with(
			text("LoadUri", or(set.URI, loadURIs[p.layout])), text("RecoveryUri", "~/common/default_page_error.html"),
			text("DataUri", "urn:com:microsoft:aad:b2c:elements:contract:"+p.layout+":"+or(set.Version, layouts[p.layout])),
		)
		if p.id == "signuporsignin" && d.Settings.SelfServicePasswordReset {
			definition.with(el("Metadata").with(text("Item", forgotExchange, "Key", "setting.forgotPasswordLinkOverride")))
		}
		references := el("LocalizedResourcesReferences")
		for _, tag := range languages {
			references.with(el("LocalizedResourcesReference", "Language", tag, "LocalizedResourcesReferenceId", resourcesID(p.id, tag)))
		}
		list.with(definition.with(references))
	}
	return list.filled()
}

func resourcesID(pageID, tag string) string { return "api." + pageID + "." + tag }

// languages returns the tags of the flow's languages, the default first. Without language customization there
// is only the default.
func (d *document) languages() []string {
	tags := []string{or(d.DefaultLanguage, "en")}
	if d.LanguageCustomization {
		for _, l := range d.Languages {
			if l.Enabled && !strings.EqualFold(l.Tag, tags[0]) {
				tags = append(tags, l.Tag)
			}
		}
	}
	return tags
}

// localization returns our texts and the administrator's overrides for each page and language. Every language
// has its own, so that overrides of the default language don't replace another language's built-in texts.
func (d *document) localization() *element {
	if len(PageIDs(d.Kind)) == 0 {
		return nil
	}
	supported := el("SupportedLanguages", "DefaultLanguage", or(d.DefaultLanguage, "en"), "MergeBehavior", "ReplaceAll")
	root := el("Localization", "Enabled", "true").with(supported)
	for _, tag := range d.languages() {
		supported.with(text("SupportedLanguage", tag))
		for _, id := range PageIDs(d.Kind) {
			root.with(d.resources(id, tag))
		}
	}
	return root
}

func (d *document) resources(pageID, tag string) *element {
	var texts Texts
	for _, l := range d.Languages {
		if strings.EqualFold(l.Tag, tag) {
			texts = l.Overrides[pageID]
		}
	}
	collections, stringsOf := el("LocalizedCollections"), el("LocalizedStrings")
	for _, c := range texts.LocalizedCollections {
		if !c.Override {
			continue
		}
		list := el("LocalizedCollection", "ElementType", c.ElementType, "ElementId", c.ElementID, "TargetCollection", or(c.TargetCollection, "Restriction"))
		for _, item := range c.Items {
			list.with(el("Item", "Text", item.Name, "Value", item.Value))
		}
		collections.with(list.filled())
	}
	for _, s := range texts.LocalizedStrings {
		if !s.Override || s.Value == "" {
			continue
		}
		one := el("LocalizedString", "ElementType", s.ElementType)
		if s.ElementID != nil && *s.ElementID != "" {
			one.attrs = append(one.attrs, "ElementId", *s.ElementID)
		}
		one.attrs = append(one.attrs, "StringId", s.StringID)
		one.text = s.Value
		stringsOf.with(one)
	}
	for _, s := range d.builtIn(pageID, tag) {
		if slices.ContainsFunc(stringsOf.children, s.same) {
			continue // the administrator's text replaces it
		}
		stringsOf.with(s.element())
	}
	return el("LocalizedResources", "Id", resourcesID(pageID, tag)).with(collections.filled(), stringsOf.filled())
}
