package journey

import (
	"context"
	"encoding/json"
	"io"
	"time"

	"journeyman.dev/internal/claims"
	"journeyman.dev/internal/program"
	"journeyman.dev/internal/texts"
)

// Provider plans technical profiles of one kind, when a policy is compiled.
type Provider interface {
	// Plan reads and checks the profile's metadata. It reports faults through p and may then
	// return nil.
	Plan(p *program.Plan) Exchange
}

// Plans is a Provider as the compiler calls it.
func Plans(p Provider) program.Planner {
	return func(plan *program.Plan) program.Planned {
		if x := p.Plan(plan); x != nil {
			return x
		}
		return nil
	}
}

// Exchange is a technical profile that a Provider planned: immutable, shared by
// all journeys that run it.
type Exchange interface {
	// Run does the profile's work once. An error that users or applications may
	// see is a *Failure; any other error is reported as an internal one.
	Run(ctx context.Context, call *Call) (Result, error)
}

// Call is one run of an Exchange within a journey.
type Call struct {
	Profile  *program.TechnicalProfile
	Journey  *Journey         // read only; the engine alone writes claims
	Program  *program.Program // of the journey
	Resolver claims.Resolver  // claim resolvers as of now

	Inputs    Inputs // input claims that have a value, defaults applied, in order
	Persisted Inputs // persisted claims that have a value, in order

	// Answer is the answer of the user or of another site to this exchange; nil at the first
	// run.
	Answer *Answer

	// Memory is the exchange's own data from an earlier run of the same step: it is kept with
	// the suspended journey. nil at the first run.
	Memory json.RawMessage

	// Notes are what providers remember for the rest of the journey, each under a name
	// of its own. They are kept whatever comes of the call, so that a failed try counts.
	Notes map[string]json.RawMessage

	// Validate runs validation technical profiles over the values of a page: the
	// profile's own, or those of a display control's action. The claims that they put
	// out are added to page. A *Failure contains the message for the user.
	Validate func(ctx context.Context, list program.List[program.Validation], page *claims.Bag) error

	// ReturnURL is the federation callback, without policy segment and with one.
	ReturnURL, PolicyReturnURL string
	// State is the value for the state parameter of another site's address.
	State string

	// SignIn is set if the form stands on the combined page for signing in and up.
	SignIn bool

	Language  string             // of the journey
	Resources *program.Resources // the policy's texts for the page; may be nil

	Now  func() time.Time
	Rand io.Reader
	// Audit records an event of the exchange; never nil.
	Audit func(Event)

	browser *browserMemory
	wording func(string) string // resolves claim resolvers in a text of the policy; may be nil
}

// Recall gives what an earlier call of any journey in this browser remembered under a name;
// nil if there is nothing.
func (c *Call) Recall(name string) json.RawMessage {
	if c.browser == nil {
		return nil
	}
	return c.browser.get(name)
}

// Remember keeps a small value in the browser, sealed, until a journey finishes. It is kept
// whatever comes of the call: for what another site says only once.
func (c *Call) Remember(name string, value json.RawMessage) {
	if c.browser != nil {
		c.browser.put(name, value)
	}
}

// SignsOut is an exchange with another site that has a session of its own there.
type SignsOut interface {
	// SignOutURL is the address that ends it, for a hidden frame; "" if there is none.
	SignOutURL(ctx context.Context, p *program.Program, now time.Time) (string, error)
}

// Input is one input or persisted claim with its value.
type Input struct {
	Use   *program.ClaimUse
	Value claims.Value
}

// Inputs are the values given to a provider, in the order of the policy.
type Inputs []Input

// Get finds a value by partner name; when several claims map to it, the first
// with a value wins (policy-engine §2.3: the includer's mapping comes first).
func (in Inputs) Get(partner string) (claims.Value, bool) {
	for _, i := range in {
		if i.Use.Partner() == partner {
			return i.Value, true
		}
	}
	return claims.Value{}, false
}

// Claim finds a value by the id of the claim.
func (in Inputs) Claim(id string) (claims.Value, bool) {
	for _, i := range in {
		if i.Use.Claim().ID() == id {
			return i.Value, true
		}
	}
	return claims.Value{}, false
}

// Result is the result of a run: Done, Ask, Leave, Answered or Issue; nil only with an error.
type Result interface{ result() }

// Done is a finished exchange: the output claims are read from Output.
type Done struct{ Output Output }

// Ask shows a form; the exchange runs again with the answer.
type Ask struct {
	Form   *Form
	Memory json.RawMessage // kept for the next run; nil keeps the old one
}

// Leave sends the browser to another site; the exchange runs again with the site's answer.
type Leave struct {
	URL    string
	Memory json.RawMessage // kept for the next run; nil keeps the old one
}

// Answered answers the page's script; the form stays.
type Answered struct {
	Reply  Reply
	Memory json.RawMessage // kept for the next run; nil keeps the old one
}

// Issue ends the journey: the application gets Issued. Only issuers give it.
type Issue struct{ Issued Issued }

func (Done) result()     {}
func (Ask) result()      {}
func (Leave) result()    {}
func (Answered) result() {}
func (Issue) result()    {}

// Output gives the values that a provider has for a profile's output claims.
type Output interface {
	// Claim returns the value for an output claim, converted to its data type; no
	// value if the provider has none.
	Claim(use *program.ClaimUse) (claims.Value, error)
}

// Nothing is the Output of a provider without values.
type Nothing struct{}

// Claim returns no value.
func (Nothing) Claim(*program.ClaimUse) (claims.Value, error) { return claims.Value{}, nil }

// Values is an Output by partner name.
type Values map[string]claims.Value

// Claim finds the value by the claim's partner name and converts it.
func (v Values) Claim(use *program.ClaimUse) (claims.Value, error) {
	return v[use.Partner()].Convert(use.Claim().DataType())
}

// NotFound is the Output of a directory read that found nobody: no values, and no
// defaults either (policy-engine §5.3 [I]).
type NotFound struct{ Nothing }

// AnswerKind says what an Answer is: a page's request by its request_type, or one of the two
// below.
type AnswerKind string

// The kinds of answers that every page may have. Others are values that a page's kind lists.
const (
	Submitted     AnswerKind = "RESPONSE"       // the form
	ControlAction AnswerKind = "control action" // run Action of display control Control
	Returned      AnswerKind = "returned"       // another site sent the browser back
)

// Answer is an answer to an exchange that asked or left.
type Answer struct {
	Kind    AnswerKind
	Path    string            // that was posted to, below the policy, lower case
	Fields  map[string]string // posted or returned parameters; repeated ones are refused before
	Control string
	Action  string
}

// Reply answers a page's script (pages §3.1).
type Reply struct {
	OK      bool   // status "200" or "400"
	Code    string // AADB2C code of a refusal
	Message string // localised text for the user
	Field   string // the claim whose value is wrong, if one is
	// Result is a member of good answers to requests other than the form; nil for none.
	Result *int
	// Throttled: as many wait already as may; the same may do a moment later.
	Throttled bool
}

// Message finds the text for a message key: localised by the page, written in the
// profile's metadata, our own in the journey's language, or the built-in one; {0},
// {1} … are replaced by args.
func (c *Call) Message(key, builtIn string, args ...string) string {
	text := builtIn
	if t, ok := c.Resources.Text("ErrorMessage", "", key); ok {
		text = t
	} else if t, ok := c.Profile.Messages().Lookup(key); ok {
		if text = t; c.wording != nil {
			text = c.wording(t)
		}
	} else if t, ok := texts.For(c.Language).Translation(texts.Message, key); ok {
		text = t
	}
	return FormatMessage(text, args...)
}

// FormatMessage replaces {0}, {1} … by args.
func FormatMessage(text string, args ...string) string { return texts.Format(text, args...) }
