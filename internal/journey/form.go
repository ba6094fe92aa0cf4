package journey

import (
	"time"

	"journeyman.dev/internal/claims"
	"journeyman.dev/internal/program"
)

// Page is a page to show: all data of its HTML, and no HTML.
type Page struct {
	Kind      *PageKind
	Content   *program.ContentDefinition
	Language  string             // chosen tag, e.g. "en-US"
	Resources *program.Resources // the policy's texts in that language; never nil

	Transaction   string // journey id, the TID of StateProperties
	CSRF          string
	PolicyID      string
	TenantName    string
	Tenant        string // the segment as requested
	ClientID      string
	CorrelationID string

	Form      *Form    // unified (may be nil) and self-asserted
	Providers []Choice // unified and provider selection
	// SignUps and Forgot are the exchanges that the links run. ForgotLink is false
	// when the page has no forgot link; Forgot is "" for the classic link, which
	// ends the journey with AADB2C90118.
	SignUps      []Choice // layouts from 2.1.0 have up to three
	ForgotLink   bool
	Forgot       string
	KeepSignedIn bool // show the "keep me signed in" box

	// TemplateURL is where the customer's template is, resolved; "" for a built-in one,
	// which BuiltIn names: tenant/templates/AzureBlue/unified.cshtml.
	TemplateURL string
	BuiltIn     string
	// Scripts lets the template's scripts run: the policy allows them and the layout
	// has a contract with them (pages §2.1 [D]).
	Scripts bool
	Framing string
	BaseURL string // scheme and host that the browser uses
}

// Choice is a provider button; ID is the exchange's.
type Choice struct {
	ID        string
	Label     string
	TextLink  bool
	UnderForm bool
}

// Form is the form of a page: its fields and buttons.
type Form struct {
	// Kind is the page that the form stands on, unless a step has one; nil: self-asserted.
	Kind   *PageKind
	Fields []*Field
	// Body is the data of the kind's own template; nil for the kinds of package page.
	Body any

	ShowContinue    bool
	ShowCancel      bool
	ShowSignUp      bool // setting.showSignupLink: the links to sign up, beside a sign-in form
	RememberMe      bool // setting.enableRememberMe: the box to stay signed in
	TrimPassword    bool // setting.trimSpacesInPassword
	RetryLimit      int
	OperatingEmail  bool          // setting.operatingMode Email
	ForgotPlacement string        // AfterLabel, AfterInput, AfterButtons, None
	Settings        program.Items // other setting.* and language.* items
	Messages        program.Items // message texts of the profile's metadata
}

// Field is one claim on a page.
type Field struct {
	program.Description // the claim's rule
	Claim               *claims.Type
	Input               claims.InputType // how the page asks for it
	Required            bool
	Value               string          // prefilled; masked for read-only ones; never a password
	Verify              bool            // the value must be verified by e-mail first
	Verified            string          // the address that is verified already
	Choices             []claims.Choice // of the chosen language
	DisplayName         string          // of the chosen language
	HelpText            string          // of the chosen language
	Today               time.Time       // as the journey's clock has it
	// Control is the display control that the field belongs to; its fields follow each
	// other. Code says that the field is for the verification code.
	Control *Control
	Code    bool
}

// Control is a display control on a page (pages §4.3).
type Control struct {
	ID       string
	Kind     *ControlKind
	Verified bool
	Body     any // data of the kind's own template
}
