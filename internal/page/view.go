package page

import (
	"html/template"
	"net/http"
	"net/url"
	"strings"

	"journeyman.dev/internal/claims"
	"journeyman.dev/internal/journey"
	"journeyman.dev/internal/program"
	"journeyman.dev/internal/texts"
)

// view is the data of the templates.
type view struct {
	Nonce     string
	Styles    template.CSS
	Script    template.JS
	Language  string
	Direction string // ltr or rtl
	Title     string
	Template  *Template
	Notice    string // to authors: the template's fault
	Layout    program.DataURI
	JQuery    string // its address; "" if the build contains none

	File  string // template of the content
	Name  string // data-name of the api element
	Class string // class of the api element

	CorrelationID string
	Settings      template.JS
	Content       template.JS
	Fields        template.JS // SA_FIELDS
	Providers     template.JS // CP
	Exception     template.JS // GLOBALEX

	kinds  *Kinds
	words  *words
	Page   *journey.Page
	Items  []item   // all fields
	Groups []group  // the same in the order of the page
	Top    []button // providers above the form
	Links  []button // as text links
	Bottom []button // as text links under the form

	SignUps    []button
	ForgotHref string
	ForgotAt   string

	// The error page.
	Message, Code, Timestamp string
}

// T returns a text of the page: the policy's, else ours.
func (v *view) T(id string) string { return v.words.ux(id) }

// H is T for texts of a policy that may contain links.
func (v *view) H(id string) template.HTML { return inline(v.words.ux(id)) }

// Has reports whether the policy defines a text.
func (v *view) Has(id string) bool {
	_, ok := v.words.set(id)
	return ok
}

// ShowHeading reports whether the heading is visible. Layouts from 2.1.1 hide it until the policy contains a
// text for it, because customers' templates have their own. Our pages always show it (pages §1, §7).
func (v *view) ShowHeading() bool { return v.Template.builtIn || v.Has("heading") }

// HasTitle reports whether the template contains a title.
func (v *view) HasTitle() bool { return v.Template.hasTitle }

// HasViewport reports whether the template contains a viewport.
func (v *view) HasViewport() bool { return v.Template.hasViewport }

// BuiltIn reports whether the template is ours and so contains our style.
func (v *view) BuiltIn() bool { return v.Template.builtIn }

// Scripts reports whether the template's scripts run. They need jQuery.
func (v *view) Scripts() bool { return v.Template.scripts }

// Old reports a layout below 2.0.0.
func (v *view) Old() bool { return !v.Layout.AtLeast(2, 0, 0) }

// ListClass returns the class {claim}_li of list items in layouts from 2.1.8.
func (v *view) ListClass(id string) string {
	if !v.Layout.AtLeast(2, 1, 8) {
		return ""
	}
	return " " + id + "_li"
}

// Intro returns the heading of the sign-in form. In the text for all kinds of names, {0} stands for the label
// of the name's field.
func (v *view) Intro() string {
	if v.Old() {
		return v.T("local_intro_" + v.identifier())
	}
	for _, i := range v.Items {
		if !i.Password {
			return journey.FormatMessage(v.T("local_intro_generic"), i.Label)
		}
	}
	return v.T("local_intro_generic")
}

// identifier returns the end of string ids for the kinds of sign-in names in layouts below 2.0.0.
func (v *view) identifier() string {
	if v.Page.Form != nil && v.Page.Form.OperatingEmail {
		return "email"
	}
	return "username"
}

// newest is the layout of pages without a named one.
var newest = program.DataURI{Major: 2, Minor: 1, Patch: 26}

type button struct {
	ID, Label, Href string
	First           bool
}

func newView(kinds *Kinds, page *journey.Page) *view {
	kind := page.Kind
	w := &words{res: page.Resources, own: texts.For(page.Language), section: kind.Texts, metadata: make(map[string]string)}
	language := shown(page.Language, page.Resources, w.own)
	v := &view{
		Language: language, Direction: direction(language), CorrelationID: page.CorrelationID, Page: page, words: w, kinds: kinds,
		File: kind.Name, Name: kind.DataName,
	}
	var metadata program.Items
	if page.Content != nil {
		v.Layout, metadata = page.Content.DataURI(), page.Content.Metadata()
	}
	if v.Layout == (program.DataURI{}) {
		v.Layout = newest // a content definition without DataUri
	}
	w.addMetadata(metadata)
	if page.Form != nil {
		w.addMetadata(page.Form.Settings)
	}
	base := "/" + url.PathEscape(page.Tenant) + "/" + url.PathEscape(page.PolicyID)
	link := func(path string) string {
		return base + path + "csrf_token=" + url.QueryEscape(page.CSRF) + "&tx=" + url.QueryEscape(transID(page.Transaction)) + "&p=" + url.QueryEscape(page.PolicyID)
	}
	choose := func(id string) string {
		return link("/api/CombinedSigninAndSignup/unified?claimsexchange=" + url.QueryEscape(id) + "&")
	}
	for _, c := range page.Providers {
		b := button{ID: c.ID, Label: c.Label, Href: choose(c.ID)}
		switch {
		case c.UnderForm:
			v.Bottom = append(v.Bottom, b)
		case c.TextLink:
			v.Links = append(v.Links, b)
		default:
			b.First = len(v.Top) == 0
			v.Top = append(v.Top, b)
		}
	}
	if len(page.SignUps) == 1 {
		v.SignUps = []button{{ID: "createAccount", Href: link("/api/CombinedSigninAndSignup/unified?local=signup&")}}
	} else {
		for _, c := range page.SignUps {
			v.SignUps = append(v.SignUps, button{ID: c.ID, Label: c.Label, Href: choose(c.ID)})
		}
	}
	v.ForgotHref = link("/api/CombinedSigninAndSignup/forgotPassword?")
	if page.Forgot != "" {
		v.ForgotHref = choose(page.Forgot)
	}
	if page.Form != nil {
		v.ForgotAt = page.Form.ForgotPlacement
		for i, f := range page.Form.Fields {
			v.Items = append(v.Items, newItem(f, v, i == 0))
		}
		v.Groups = grouped(v)
	}
	v.Title = plain(v.T("heading"))
	v.globals(kind.API, base)
	return v
}

// addMetadata adds texts of metadata: language.{string id}, or in a provider selection's content definition
// language.intro (pages §1, §5).
func (t *words) addMetadata(metadata program.Items) {
	for id, value := range metadata.After("language.") {
		if value != "" {
			t.metadata[t.idOf(id)] = value
		}
	}
}

// shown returns the actual language of a page's texts, for screen readers. If neither the policy nor we have
// texts in a language, the page shows English ones.
func shown(language string, res *program.Resources, own *texts.Set) string {
	base, _, _ := strings.Cut(strings.ToLower(language), "-")
	ours, _, _ := strings.Cut(strings.ToLower(own.Tag()), "-")
	if base != ours && len(res.Texts("UxElement")) == 0 {
		return own.Tag()
	}
	return language
}

func direction(language string) string {
	switch base, _, _ := strings.Cut(strings.ToLower(language), "-"); base {
	case "ar", "he", "fa", "ur", "dv", "ps", "yi", "ckb", "ug", "sd":
		return "rtl"
	}
	return "ltr"
}

// newErrorView makes the error page in the requested language.
func newErrorView(p *program.Program, r *http.Request, f *journey.Failure) *view {
	uiLocales, accept := r.URL.Query().Get("ui_locales"), r.Header.Get("Accept-Language")
	language := claims.ChooseLanguage(nil, texts.Default, uiLocales, accept)
	var res *program.Resources
	if p != nil {
		language = p.Language(uiLocales, accept)
		if p.ErrorContent() != nil {
			res = p.ErrorContent().In(language).WithoutResolvers(p.Schema())
		}
	}
	own := texts.For(language)
	w := &words{res: res, own: own, section: texts.GlobalException, metadata: make(map[string]string)}
	if p != nil && p.ErrorContent() != nil {
		w.addMetadata(p.ErrorContent().Metadata())
	}
	v := &view{
		Language: shown(language, res, own), words: w, Title: plain(w.ux("heading")),
		File: "error", Name: "GlobalException", Class: "error-page-content", Message: f.Public, Code: string(f.Code),
	}
	if v.Message == "" || v.Message == f.Code.Text() {
		v.Message = f.Code.Text()
		if text, ok := own.Find(texts.Failure, v.Code); ok {
			v.Message = text
		}
	}
	v.Direction = direction(v.Language)
	v.Exception = js(map[string]string{"message": v.Message, "errorCode": v.Code})
	return v
}

// SignUpText returns the text with the links to sign up: one, or up to three in the text's places (layouts
// from 2.1.0).
func (v *view) SignUpText() template.HTML {
	var links []string
	label := v.T("createaccount_one_link")
	if v.Old() {
		label = v.T("createaccount_link")
	}
	text := "{0}"
	switch len(v.SignUps) {
	case 2:
		text = v.T("createaccount_two_links")
	case 3:
		text = v.T("createaccount_three_links")
	}
	for _, s := range v.SignUps {
		if s.Label != "" {
			label = s.Label
		}
		links = append(links, `<a id="`+template.HTMLEscapeString(s.ID)+`" href="`+template.HTMLEscapeString(s.Href)+`">`+template.HTMLEscapeString(plain(label))+`</a>`)
	}
	return template.HTML(journey.FormatMessage(template.HTMLEscapeString(text), links...)) //nolint:gosec // all parts are escaped
}

// prepare sets the parts that depend on the template.
func (v *view) prepare(development bool) {
	if _, ok := jquery(jqueryOf(v.Layout)); ok {
		v.JQuery = staticPath + jqueryOf(v.Layout)
	}
	if !development {
		v.Notice = ""
	} else if v.JQuery == "" && v.Template.scripts && v.Notice == "" {
		v.Notice = "This build of Journeyman has no jQuery, which scripts of this page may need. Run make pages, and build again."
	}
}

// Disclaimers returns the links of the disclaimer, if the policy contains them.
func (v *view) Disclaimers() []button {
	var links []button
	for _, n := range []string{"1", "2"} {
		label, _ := v.words.set("disclaimer_link_" + n + "_text")
		href, _ := v.words.set("disclaimer_link_" + n + "_url")
		if label != "" && href != "" {
			links = append(links, button{Label: label, Href: href})
		}
	}
	return links
}
