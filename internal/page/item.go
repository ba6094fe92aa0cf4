package page

import (
	"html/template"
	"slices"
	"strconv"
	"strings"
	"time"

	"journeyman.dev/internal/claims"
	"journeyman.dev/internal/journey"
)

// item is the template data of a field.
type item struct {
	*journey.Field
	ID           string
	Kind         string // class of the li: TextBox, EmailBox …
	Type         string // of the input
	Mode         string // inputmode; "" for none
	Autocomplete string
	Label        string // without HTML
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
	view         *view
}

type option struct {
	Value, Text string
	Selected    bool
}

// T returns a text of the page for the verification of this field.
func (i item) T(id string) string { return i.view.T(id) }

// H is T for texts of a policy that may contain links.
func (i item) H(id string) template.HTML { return i.view.H(id) }

// ListClass returns the list class of the page's layout.
func (i item) ListClass() string { return i.view.ListClass(i.ID) }

// Old reports a layout below 2.0.0.
func (i item) Old() bool { return i.view.Old() }

// LabelHTML returns the label with the policy's links.
func (i item) LabelHTML() template.HTML {
	if i.DisplayName == "" {
		return inline(i.Label)
	}
	return inline(i.DisplayName)
}

// HTML returns an option's text with links.
func (o option) HTML() template.HTML { return inline(o.Text) }

// Plain returns an option's text without HTML.
func (o option) Plain() string { return plain(o.Text) }

func newItem(f *journey.Field, v *view, first bool) item {
	i := item{Field: f, ID: f.Claim.ID(), Kind: f.Input.String(), Type: "text", Label: plain(f.DisplayName), Help: f.HelpText, First: first, view: v}
	unified := v.Page.Kind.SignIn
	if unified && v.Old() {
		i.oldLabel()
	}
	if i.Label == "" {
		i.Label = i.ID
	}
	if unified && f.Input != claims.Password && v.Page.Form.OperatingEmail && v.Layout.AtLeast(1, 2, 0) {
		i.Type = "email"
	}
	switch f.Input {
	case claims.EmailBox:
		if v.Layout.AtLeast(1, 2, 0) {
			i.Type = "email"
		}
	case claims.Password:
		i.Type, i.Password, i.Autocomplete = "password", true, "new-password"
		if unified || f.Claim.ID() == "oldPassword" {
			i.Autocomplete = "current-password"
		}
	case claims.DateTimeDropdown:
		i.dates()
	case claims.TextBox:
		if f.Claim.DataType() == claims.Int || f.Claim.DataType() == claims.Long {
			i.Mode = "numeric"
		}
	}
	if f.Code {
		i.Autocomplete = "one-time-code"
	}
	if i.Autocomplete == "" {
		i.Autocomplete = autocomplete(i.ID, unified)
	}
	if i.Autocomplete == "one-time-code" {
		i.Mode = "numeric"
	}
	for _, c := range f.Choices {
		selected := c.Selected
		if f.Value != "" {
			selected = slices.ContainsFunc(strings.Split(f.Value, ","), func(v string) bool {
				// The text of a boolean is True; policies write true in enumerations.
				return v == c.Value || f.Claim.DataType() == claims.Boolean && strings.EqualFold(v, c.Value)
			})
		}
		i.Options = append(i.Options, option{Value: c.Value, Text: c.Text, Selected: selected})
	}
	return i
}

// oldLabel sets the label of a sign-in form in layouts below 2.0.0. Those layouts have label texts that a
// policy may set; the default is the claim's own name.
func (i *item) oldLabel() {
	id := "logonIdentifier_" + i.view.identifier()
	if i.Input == claims.Password {
		id = "password"
	}
	if text, ok := i.view.words.set(id); ok {
		i.Label, i.DisplayName = plain(text), text
	}
}

// purposes are the autocomplete purposes of well-known claims for WCAG 1.3.5, by folded id.
var purposes = map[string]string{
	"email": "email", "signinname": "username", "signinnames.emailaddress": "email", "givenname": "given-name", "surname": "family-name",
	"displayname": "name", "city": "address-level2", "state": "address-level1", "country": "country-name", "postalcode": "postal-code",
	"streetaddress": "street-address", "jobtitle": "organization-title", "phonenumber": "tel", "strongauthenticationphonenumber": "tel",
	"mobile": "tel", "dateofbirth": "bday", "verificationcode": "one-time-code", "otpcode": "one-time-code", "organizationname": "organization",
}

func autocomplete(id string, unified bool) string {
	if unified {
		return "username"
	}
	return purposes[strings.ToLower(id)]
}

// The range of years of a date without IsDateRange predicate. B2C's range isn't published. Most dates on
// pages are birthdays, so the list begins near today.
const (
	firstYear  = 1900
	yearsAhead = 10
)

func (i *item) dates() {
	i.Day, i.Month, i.Year = i.T("day"), i.T("month"), i.T("year")
	for d := 1; d <= 31; d++ {
		i.Days = append(i.Days, strconv.Itoa(d))
	}
	for n, name := range strings.Split(i.T("months"), ",") {
		i.Months = append(i.Months, option{Value: strconv.Itoa(n + 1), Text: strings.TrimSpace(name)})
	}
	low, high := firstYear, i.Today.Year()+yearsAhead
	for _, g := range i.Groups {
		for _, p := range g.Predicates {
			if p.Method == "IsDateRange" {
				low, high = yearOf(p.Parameters["Minimum"], i.Today, low), yearOf(p.Parameters["Maximum"], i.Today, high)
			}
		}
	}
	if d, err := time.Parse(time.DateOnly, i.Value[:min(len(i.Value), 10)]); err == nil {
		low, high = min(low, d.Year()), max(high, d.Year()) // so that the present value can be shown
	}
	for y := high; y >= low && y > high-1000; y-- {
		i.Years = append(i.Years, strconv.Itoa(y))
	}
}

func yearOf(bound string, today time.Time, def int) int {
	if strings.EqualFold(strings.TrimSpace(bound), "Today") {
		return today.Year()
	}
	if d, err := time.Parse(time.DateOnly, strings.TrimSpace(bound)); err == nil {
		return d.Year()
	}
	return def
}
