package page

import (
	"encoding/json"
	"html/template"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"journeyman.dev/internal/claims"
	"journeyman.dev/internal/journey"
)

// view is what templates draw from.
type view struct {
	Nonce     string
	Styles    template.CSS
	Script    template.JS
	Language  string
	Direction string // ltr or rtl
	Title     string

	CorrelationID string
	Settings      template.JS
	Content       template.JS
	Fields        template.JS // SA_FIELDS
	Providers     template.JS // CP

	texts  *texts
	Page   *journey.Page
	Items  []item
	Top    []button // providers above the form
	Links  []button // as text links
	Bottom []button // as text links under the form

	SignUp     string // href
	ForgotHref string
	ForgotAt   string

	// The error page.
	Message, Code, Timestamp string
}

// T is a text of the page: the policy's, else ours.
func (v *view) T(id string) string { return v.texts.ux(id) }

// Intro is the heading of the sign-in form, in which {0} stands for what the user
// signs in with.
func (v *view) Intro() string {
	for _, i := range v.Items {
		if !i.Password {
			return journey.FormatMessage(v.T("local_intro_generic"), i.Label)
		}
	}
	return v.T("local_intro_generic")
}

// Has reports whether the policy defines a text.
func (v *view) Has(id string) bool {
	_, ok := v.texts.res.Text("UxElement", "", id)
	return ok
}

type button struct {
	ID, Label, Href string
	First           bool
}

// item is a field as templates draw it.
type item struct {
	*journey.Field
	ID           string
	Kind         string // class of the li: TextBox, EmailBox …
	Type         string // of the input
	Autocomplete string
	Label        string
	Help         string
	Options      []option
	Day          string
	Month        string
	Year         string
	Days         []string
	Months       []option
	Years        []string
	Password     bool
	First        bool
	texts        *texts
}

// T is a text of the page, for the verification of this field.
func (i item) T(id string) string { return i.texts.ux(id) }

type option struct {
	Value, Text string
	Selected    bool
}

func newView(page *journey.Page, r *http.Request) *view {
	t := &texts{res: page.Resources, language: page.Language}
	v := &view{
		Language: page.Language, Direction: "ltr", CorrelationID: page.CorrelationID, Page: page, texts: t,
		Title: t.ux("heading"),
	}
	if base, _, _ := strings.Cut(strings.ToLower(page.Language), "-"); base == "ar" || base == "he" || base == "fa" || base == "ur" {
		v.Direction = "rtl"
	}
	api := map[journey.PageKind]string{
		journey.PageSelfAsserted: "SelfAsserted", journey.PageUnified: "CombinedSigninAndSignup", journey.PageProviderSelection: "CombinedSigninAndSignup",
	}[page.Kind]
	base := "/" + url.PathEscape(page.Tenant) + "/" + url.PathEscape(page.PolicyID)
	link := func(path string) string {
		return base + path + "csrf_token=" + url.QueryEscape(page.CSRF) + "&tx=" + url.QueryEscape(transID(page.Transaction)) + "&p=" + url.QueryEscape(page.PolicyID)
	}
	for i, c := range page.Providers {
		b := button{ID: c.ID, Label: c.Label, Href: link("/api/CombinedSigninAndSignup/unified?claimsexchange=" + url.QueryEscape(c.ID) + "&"), First: i == 0}
		switch {
		case c.TextLink && c.UnderForm, c.UnderForm:
			v.Bottom = append(v.Bottom, b)
		case c.TextLink:
			v.Links = append(v.Links, b)
		default:
			v.Top = append(v.Top, b)
		}
	}
	v.SignUp = link("/api/CombinedSigninAndSignup/unified?local=signup&")
	v.ForgotHref = link("/api/CombinedSigninAndSignup/forgotPassword?")
	if page.Forgot != "" {
		v.ForgotHref = link("/api/CombinedSigninAndSignup/unified?claimsexchange=" + url.QueryEscape(page.Forgot) + "&")
	}
	if page.Form != nil {
		v.ForgotAt = page.Form.ForgotPlacement
		for i, f := range page.Form.Fields {
			v.Items = append(v.Items, newItem(f, t, page, i == 0))
		}
	}
	if page.Kind == journey.PageUnified {
		v.Title = t.ux("unified_heading")
	}
	v.globals(api, base)
	return v
}

func newItem(f *journey.Field, t *texts, page *journey.Page, first bool) item {
	i := item{Field: f, ID: f.Claim.ID, Kind: f.Input.String(), Type: "text", Label: f.DisplayName, Help: f.HelpText, First: first, texts: t}
	if i.Label == "" {
		i.Label = i.ID
	}
	unified := page.Kind == journey.PageUnified
	if unified && f.Input != claims.Password && page.Form.OperatingEmail {
		i.Type = "email"
	}
	switch f.Input {
	case claims.EmailBox:
		i.Type = "email"
	case claims.Password:
		i.Type, i.Password, i.Autocomplete = "password", true, "new-password"
		if unified {
			i.Autocomplete = "current-password"
		}
	case claims.DateTimeDropdown:
		i.dates()
	}
	if i.Autocomplete == "" {
		i.Autocomplete = autocomplete(i.ID, unified)
	}
	for _, c := range f.Choices {
		selected := f.Value != "" && contains(strings.Split(f.Value, ","), c.Value) || f.Value == "" && c.Selected
		i.Options = append(i.Options, option{Value: c.Value, Text: c.Text, Selected: selected})
	}
	return i
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

// autocomplete is the purpose of well-known claims, which WCAG 1.3.5 asks for.
func autocomplete(id string, unified bool) string {
	if unified {
		return "username"
	}
	purposes := map[string]string{
		"email": "email", "signinname": "username", "signinnames.emailaddress": "email", "givenname": "given-name", "surname": "family-name",
		"displayname": "name", "city": "address-level2", "country": "country-name", "postalcode": "postal-code", "streetaddress": "street-address",
		"jobtitle": "organization-title", "phonenumber": "tel", "mobile": "tel", "dateofbirth": "bday",
	}
	return purposes[strings.ToLower(id)]
}

func (i *item) dates() {
	i.Day, i.Month, i.Year = i.texts.ux("day"), i.texts.ux("month"), i.texts.ux("year")
	for d := 1; d <= 31; d++ {
		i.Days = append(i.Days, strconv.Itoa(d))
	}
	for n, name := range strings.Split(i.texts.ux("months"), ",") {
		i.Months = append(i.Months, option{Value: strconv.Itoa(n + 1), Text: strings.TrimSpace(name)})
	}
	for y := 2100; y >= 1900; y-- {
		i.Years = append(i.Years, strconv.Itoa(y))
	}
}

// settings are the members of SETTINGS, in B2C's order (pages §2.2).
type settings struct {
	RemoteResource    string `json:"remoteResource"`
	RetryLimit        int    `json:"retryLimit"`
	TrimPassword      bool   `json:"trimSpacesInPassword"`
	API               string `json:"api"`
	CSRF              string `json:"csrf"`
	TransID           string `json:"transId"`
	PageViewID        string `json:"pageViewId"`
	SuppressCSS       bool   `json:"suppressElementCss"`
	ViewIDWithHeader  bool   `json:"isPageViewIdSentWithHeader"`
	AutoFocusPassword bool   `json:"allowAutoFocusOnPasswordField"`
	PageMode          int    `json:"pageMode"`
	Config            any    `json:"config"`
	Hosts             hosts  `json:"hosts"`
	Locale            locale `json:"locale"`
	XHR               xhr    `json:"xhrSettings"`
}

type hosts struct {
	Tenant string `json:"tenant"`
	Policy string `json:"policy"`
	Static string `json:"static"`
}

type locale struct {
	Lang    string `json:"lang"`
	Country string `json:"country,omitempty"`
}

type xhr struct {
	Enabled  bool     `json:"retryEnabled"`
	Attempts int      `json:"retryMaxAttempts"`
	Delay    int      `json:"retryDelay"`
	Exponent int      `json:"retryExponent"`
	On       []string `json:"retryOn"`
}

// globals makes the page's global variables. JSON in a script escapes <, > and &, so
// that no text ends the script.
func (v *view) globals(api, base string) {
	p := v.Page
	lang, country, _ := strings.Cut(p.Language, "-")
	s := settings{
		RemoteResource: p.LoadURI, API: api, CSRF: p.CSRF, TransID: transID(p.Transaction), PageViewID: p.CorrelationID,
		ViewIDWithHeader: true, AutoFocusPassword: true,
		Hosts:  hosts{Tenant: base, Policy: p.PolicyID, Static: "/static/"},
		Locale: locale{Lang: lang, Country: country},
		XHR:    xhr{true, 3, 200, 2, []string{"error", "timeout"}},
	}
	config := map[string]string{}
	if p.Form != nil {
		for key, value := range p.Form.Settings {
			if name, ok := strings.CutPrefix(key, "setting."); ok {
				config[name] = value
			}
		}
		if p.Form.RetryLimit > 0 {
			s.RetryLimit = p.Form.RetryLimit
		}
		s.TrimPassword = strings.EqualFold(p.Form.Settings["setting.trimSpacesInPassword"], "true")
	}
	s.Config = config
	v.Settings = js(s)
	v.Content = js(v.texts.all())
	v.Fields = js(v.fields())
	var list []map[string]string
	for _, c := range p.Providers {
		list = append(list, map[string]string{"id": c.ID, "description": c.Label})
	}
	v.Providers = js(map[string]any{"list": list})
}

func js(x any) template.JS {
	b, err := json.Marshal(x)
	if err != nil {
		return "null"
	}
	return template.JS(b) //nolint:gosec // encoding/json escapes <, > and &
}

// fields are the members of SA_FIELDS that scripts read.
func (v *view) fields() any {
	type choice struct {
		Value string `json:"VAL"`
		Text  string `json:"DISP"`
	}
	type group struct {
		Help    string                   `json:"help"`
		AtLeast int                      `json:"atLeast"`
		Checks  []journey.PredicateCheck `json:"checks"`
	}
	type field struct {
		Kind     string   `json:"UX_INPUT_TYPE"`
		Input    string   `json:"USER_INPUT_TYPE"`
		IsText   bool     `json:"IS_TEXT"`
		IsEmail  bool     `json:"IS_EMAIL"`
		IsPass   bool     `json:"IS_PASSWORD"`
		IsDate   bool     `json:"IS_DATE"`
		IsRadio  bool     `json:"IS_RADIO"`
		IsDrop   bool     `json:"IS_DROP"`
		IsPara   bool     `json:"IS_TEXT_IN_PARAGRAPH"`
		IsMulti  bool     `json:"IS_CHECK_MULTI"`
		IsLink   bool     `json:"IS_LINK"`
		Verify   bool     `json:"VERIFY"`
		Name     string   `json:"DN"`
		ID       string   `json:"ID"`
		Help     string   `json:"U_HELP"`
		Pre      string   `json:"PRE"`
		Day      string   `json:"DAY_PRE"`
		Month    string   `json:"MONTH_PRE"`
		Year     string   `json:"YEAR_PRE"`
		Pattern  string   `json:"PAT"`
		PatHelp  string   `json:"PAT_DESC"`
		Required bool     `json:"IS_REQ"`
		ReadOnly bool     `json:"IS_RDO"`
		Options  []choice `json:"OPTIONS"`
		Groups   []group  `json:"PREDICATES,omitempty"`
	}
	list := []field{}
	for _, i := range v.Items {
		f := field{
			Kind: i.Kind, Input: i.Kind, Name: i.Label, ID: i.ID, Help: i.Help, Pre: i.Value, Pattern: i.Pattern, PatHelp: i.PatternHelp,
			Required: i.Required, Verify: i.Verify, Options: []choice{},
			IsText: i.Input == claims.TextBox, IsEmail: i.Input == claims.EmailBox, IsPass: i.Password, IsDate: i.Input == claims.DateTimeDropdown,
			IsRadio: i.Input == claims.RadioSingleSelect, IsDrop: i.Input == claims.DropdownSingleSelect, IsMulti: i.Input == claims.CheckboxMultiSelect,
			IsPara: i.Input == claims.Paragraph, ReadOnly: i.Input == claims.Readonly, Day: i.Day, Month: i.Month, Year: i.Year,
		}
		for _, o := range i.Options {
			f.Options = append(f.Options, choice{o.Value, o.Text})
		}
		for _, g := range i.Groups {
			f.Groups = append(f.Groups, group{g.Help, g.AtLeast, g.Predicates})
		}
		list = append(list, f)
	}
	return map[string]any{"AttributeFields": list}
}
