package page

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html/template"
	"strconv"
	"strings"

	"journeyman.dev/internal/claims"
	"journeyman.dev/internal/journey"
	"journeyman.dev/internal/program"
)

// settings are the members of SETTINGS, in B2C's order (pages §2.2).
type settings struct {
	RemoteResource    string            `json:"remoteResource"`
	RetryLimit        int               `json:"retryLimit"`
	TrimPassword      bool              `json:"trimSpacesInPassword"`
	API               string            `json:"api"`
	CSRF              string            `json:"csrf"`
	TransID           string            `json:"transId"`
	PageViewID        string            `json:"pageViewId"`
	SuppressCSS       bool              `json:"suppressElementCss"`
	ViewIDWithHeader  bool              `json:"isPageViewIdSentWithHeader"`
	AutoFocusPassword bool              `json:"allowAutoFocusOnPasswordField"`
	PageMode          int               `json:"pageMode"`
	Config            map[string]string `json:"config"`
	Hosts             hosts             `json:"hosts"`
	Locale            locale            `json:"locale"`
	XHR               xhr               `json:"xhrSettings"`
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

// globals makes the page's global variables. JSON in a script escapes <, > and &, so that no text ends the
// script.
func (v *view) globals(api, base string) {
	p := v.Page
	lang, country, _ := strings.Cut(p.Language, "-")
	s := settings{
		RemoteResource: remoteResource(p), API: api, CSRF: p.CSRF, TransID: transID(p.Transaction), PageViewID: p.CorrelationID,
		ViewIDWithHeader: true, AutoFocusPassword: true, Config: v.config(),
		Hosts:  hosts{Tenant: base, Policy: p.PolicyID, Static: staticPath},
		Locale: locale{Lang: lang, Country: country},
		XHR:    xhr{true, 3, 200, 2, []string{"error", "timeout"}},
	}
	if p.Form != nil {
		s.RetryLimit = p.Form.RetryLimit
		s.TrimPassword = p.Form.TrimPassword
	}
	v.Settings = js(s)
	if !v.Layout.AtLeast(2, 0, 0) {
		v.Settings = template.JS(broken([]byte(v.Settings))) //nolint:gosec // JSON stays JSON
	}
	v.Content = js(v.words.all())
	v.Fields = template.JS(spaced([]byte(js(map[string]any{"AttributeFields": v.fields()})))) //nolint:gosec // JSON stays JSON
	list := []map[string]string{}
	for _, c := range p.Providers {
		list = append(list, map[string]string{"id": c.ID, "description": plain(c.Label)})
	}
	v.Providers = js(map[string]any{"list": list})
}

// remoteResource returns the absolute address of a page's template, as in B2C.
func remoteResource(p *journey.Page) string {
	if p.TemplateURL != "" {
		return p.TemplateURL
	}
	name := p.BuiltIn
	if name == "" {
		name = "tenant/templates/AzureBlue/" + p.Kind.Skeleton + ".cshtml"
	}
	separator := "?"
	if strings.Contains(name, "?") {
		separator = "&"
	}
	return p.BaseURL + staticPath + name + separator + "slice=001-000&dc=JRN"
}

// config returns the settings of the profile with the scripts' defaults.
func (v *view) config() map[string]string {
	config := map[string]string{"layoutVersion": fmt.Sprintf("%d.%d.%d", v.Layout.Major, v.Layout.Minor, v.Layout.Patch)}
	form := v.Page.Form
	if form == nil {
		return config
	}
	for name, value := range form.Settings.After("setting.") {
		config[name] = value
	}
	for name, value := range v.Page.Kind.Config {
		if config[name] == "" {
			config[name] = value
		}
	}
	if v.Page.Kind.SignIn && config["forgotPasswordLinkLocation"] == "" {
		config["forgotPasswordLinkLocation"] = form.ForgotPlacement
	}
	if form.RetryLimit > 0 {
		config["retryLimit"] = strconv.Itoa(form.RetryLimit)
	}
	return config
}

func js(x any) template.JS {
	b, err := json.Marshal(x)
	if err != nil {
		return "null"
	}
	return template.JS(b) //nolint:gosec // encoding/json escapes <, > and &
}

// spaced adds a blank after each colon and comma: scripts search SA_FIELDS for "DISP": "…" with it, and
// SETTINGS without (pages §2.2 [P][I]).
func spaced(b []byte) []byte { return separate(b, ' ', -1) }

// broken ends the line after each member of the outer object, as SETTINGS do in layouts below 2.0.0.
func broken(b []byte) []byte { return separate(b, '\n', 1) }

// separate writes a character after the separators of compact JSON: after colons and
// commas of every depth, or at one depth after commas alone.
func separate(b []byte, with byte, only int) []byte {
	var out bytes.Buffer
	depth, quoted, escaped := 0, false, false
	for _, c := range b {
		out.WriteByte(c)
		switch {
		case escaped:
			escaped = false
		case quoted:
			escaped, quoted = c == '\\', c != '"'
		case c == '"':
			quoted = true
		case c == '{' || c == '[':
			depth++
		case c == '}' || c == ']':
			depth--
		case c == ',' && (only < 0 || depth == only), c == ':' && only < 0:
			out.WriteByte(with)
		}
	}
	return out.Bytes()
}

type fieldChoice struct {
	Value string `json:"VAL"`
	Text  string `json:"DISP"`
}

type fieldGroup struct {
	Help    string                   `json:"help"`
	AtLeast int                      `json:"atLeast"`
	Checks  []program.PredicateCheck `json:"checks"`
}

// controlField is a display control among SA_FIELDS.AttributeFields; CODE_ID is our own.
type controlField struct {
	Kind    string            `json:"UX_INPUT_TYPE"`
	Input   string            `json:"USER_INPUT_TYPE"`
	ID      string            `json:"ID"`
	Code    string            `json:"CODE_ID"`
	Content map[string]string `json:"DISPLAY_CONTROL_CONTENT"`
	Fields  []attributeField  `json:"DISPLAY_FIELDS"`
}

// attributeField is a member of SA_FIELDS.AttributeFields; PREDICATES is our own.
type attributeField struct {
	Kind     string        `json:"UX_INPUT_TYPE"`
	Input    string        `json:"USER_INPUT_TYPE"`
	IsText   bool          `json:"IS_TEXT"`
	IsEmail  bool          `json:"IS_EMAIL"`
	IsPass   bool          `json:"IS_PASSWORD"`
	IsDate   bool          `json:"IS_DATE"`
	IsRadio  bool          `json:"IS_RADIO"`
	IsDrop   bool          `json:"IS_DROP"`
	IsPara   bool          `json:"IS_TEXT_IN_PARAGRAPH"`
	IsMulti  bool          `json:"IS_CHECK_MULTI"`
	IsLink   bool          `json:"IS_LINK"`
	Verify   bool          `json:"VERIFY"`
	Name     string        `json:"DN"`
	ID       string        `json:"ID"`
	Help     string        `json:"U_HELP"`
	Pre      string        `json:"PRE"`
	Day      string        `json:"DAY_PRE"`
	Month    string        `json:"MONTH_PRE"`
	Year     string        `json:"YEAR_PRE"`
	Pattern  string        `json:"PAT"`
	PatHelp  string        `json:"PAT_DESC"`
	Required bool          `json:"IS_REQ"`
	ReadOnly bool          `json:"IS_RDO"`
	Options  []fieldChoice `json:"OPTIONS"`
	Groups   []fieldGroup  `json:"PREDICATES,omitempty"`
}

func (v *view) fields() []any {
	list := []any{}
	for _, g := range v.Groups {
		if g.Control == nil {
			list = append(list, g.Field.field())
			continue
		}
		c := controlField{Kind: g.Control.Kind.Name, Input: "DisplayControl", ID: g.Control.ID, Content: g.Control.content()}
		for _, i := range g.Control.Items {
			c.Fields = append(c.Fields, i.field())
			if i.Code {
				c.Code = i.ID
			}
		}
		list = append(list, c)
	}
	return list
}

func (i item) field() attributeField {
	f := attributeField{
		Kind: i.Kind, Input: i.Kind, Name: i.Label, ID: i.ID, Help: i.Help, Pre: i.Value, Pattern: i.Pattern, PatHelp: i.PatternHelp,
		Required: i.Required, Verify: i.Verify, Options: []fieldChoice{},
		IsText: i.Input == claims.TextBox, IsEmail: i.Input == claims.EmailBox, IsPass: i.Password, IsDate: i.Input == claims.DateTimeDropdown,
		IsRadio: i.Input == claims.RadioSingleSelect, IsDrop: i.Input == claims.DropdownSingleSelect, IsMulti: i.Input == claims.CheckboxMultiSelect,
		IsPara: i.Input == claims.Paragraph, ReadOnly: i.Input == claims.Readonly, Day: i.Day, Month: i.Month, Year: i.Year,
	}
	for _, o := range i.Options {
		f.Options = append(f.Options, fieldChoice{o.Value, o.Plain()})
	}
	for _, g := range i.Groups {
		f.Groups = append(f.Groups, fieldGroup{g.Help, g.AtLeast, g.Predicates})
	}
	return f
}
