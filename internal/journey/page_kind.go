package journey

import (
	"journeyman.dev/internal/texts"
)

// PageKind is a kind of page: how it is drawn, and what its script may post (pages §1, §3). The
// three that the engine's steps and self-asserted profiles show are below; a provider that
// shows a page of its own brings its kind, and package kinds lists it.
type PageKind struct {
	Name     string        // of its template; unique
	DataName string        // data-name of the api element
	API      string        // api of SETTINGS
	Texts    texts.Section // of our own texts
	// Skeleton is B2C's name of the page template that stands around it: unified, selfAsserted
	// or idpSelector.
	Skeleton string
	// Template is the source of the content, an HTML template over package page's view; the
	// form's Body is its .Page.Form.Body. "" for the kinds that package page draws itself.
	Template string
	// Posts are the requests of the page's script beside SelfAsserted with RESPONSE, which
	// every page may send: paths below the policy, lower case, with the values of request_type.
	Posts map[string][]AnswerKind
	// Config are defaults of SETTINGS.config.
	Config map[string]string
	// SignIn is set for the page for signing in: its fields are a user name and a password.
	SignIn bool
}

// SelfAssertedPath is where the scripts of most pages post.
const SelfAssertedPath = "selfasserted"

// The kinds of pages that every build has.
var (
	PageSelfAsserted = &PageKind{
		Name: "selfasserted", DataName: "SelfAsserted", API: "SelfAsserted", Texts: texts.SelfAsserted, Skeleton: "selfAsserted",
		Posts:  map[string][]AnswerKind{SelfAssertedPath: {"VERIFICATION_REQUEST", "VALIDATION_REQUEST"}},
		Config: map[string]string{"includePasswordRequirements": "true", "announceVerCompleteMsg": "True"},
	}
	PageUnified = &PageKind{
		Name: "unified", DataName: "Unified", API: "CombinedSigninAndSignup", Texts: texts.Unified, Skeleton: "unified", SignIn: true,
		Config: map[string]string{
			"showSignupLink": "True", "operatingMode": "Username", "enableRememberMe": "false", "sendHintOnSignup": "False",
			"includePasswordRequirements": "true",
		},
	}
	PageProviderSelection = &PageKind{
		Name: "providers", DataName: "IdpSelections", API: "CombinedSigninAndSignup", Texts: texts.ProviderSelection, Skeleton: "idpSelector",
		Config: map[string]string{"includePasswordRequirements": "true", "announceVerCompleteMsg": "True"},
	}
)

// ControlKind is a kind of display control, as pages draw it (pages §4.3).
type ControlKind struct {
	Name  string        // UserInterfaceControlType
	Texts texts.Section // of our own texts
	// Template is the source of its HTML template, over package page's view of a control; the
	// control's Body is its .Body. "" for the kinds that package page draws itself.
	Template string
	// Older are the ids that its texts have elsewhere, by id: those of older layouts, and those
	// that a control's own go before.
	Older map[string][]string
}
