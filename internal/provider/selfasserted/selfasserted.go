package selfasserted

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"journeyman.dev/internal/claims"
	"journeyman.dev/internal/journey"
	"journeyman.dev/internal/mail"
	"journeyman.dev/internal/onetime"
	"journeyman.dev/internal/program"
	"journeyman.dev/internal/texts"
)

// Mailer sends the verification code of a page.
type Mailer interface {
	// SendCode returns [mail.ErrThrottled] when the address got too many, any other error
	// when the mail could not be handed over.
	SendCode(ctx context.Context, c mail.Code) error
	// CodeUsed takes note that who was mailed a code has entered it: that was no abuse.
	CodeUsed(ctx context.Context, c mail.Code) error
}

// Provider plans self-asserted technical profiles. Mailer may be nil: then a code
// can't be sent and the page says so.
type Provider struct {
	Mailer Mailer
	// Guesses bounds wrong codes over all journeys; nil: each journey counts for itself.
	Guesses onetime.Guesses
	// Controls are the kinds of display controls that pages may show.
	Controls []ControlKind
}

// Metadata are the metadata items of a profile (pages §5).
type Metadata struct {
	EnforceEmailVerification bool
	AllowNull                bool   // AllowGenerationOfClaimsWithNullValues
	IPAddressClaim           string // id of the claim that gets the client's address; "" for none
	ShowContinue             bool
	ShowCancel               bool
	ShowSignUp               bool
	RememberMe               bool
	TrimPassword             bool
	RetryLimit               int // 0: the page kind's default
	OperatingEmail           bool
	ForgotPlacement          string
	Settings                 program.Items
}

// Exchange is a planned profile.
type Exchange struct {
	metadata Metadata
	mailer   Mailer
	guesses  onetime.Guesses
	fields   []field
	controls []*control
	program  *program.Program
}

// field is a claim that the page shows.
type field struct {
	use     *program.ClaimUse
	verify  bool
	rule    *program.ValueRule
	input   claims.InputType
	control *control // that it belongs to; nil: the page itself
	code    bool     // it is the control's verification code
}

// Plan implements journey.Provider.
func (p *Provider) Plan(plan *program.Plan) journey.Exchange {
	m := plan.Metadata
	x := &Exchange{mailer: p.Mailer, guesses: p.Guesses, program: plan.Program}
	x.metadata = Metadata{
		EnforceEmailVerification: m.Bool("EnforceEmailVerification", true),
		AllowNull:                m.Bool("AllowGenerationOfClaimsWithNullValues", false),
		ShowContinue:             m.Bool("setting.showContinueButton", true),
		ShowCancel:               m.Bool("setting.showCancelButton", true),
		ShowSignUp:               m.Bool("setting.showSignupLink", true),
		RememberMe:               m.Bool("setting.enableRememberMe", false),
		TrimPassword:             m.Bool("setting.trimSpacesInPassword", false),
		RetryLimit:               m.Int("setting.retryLimit", 0, 1, 1000),
		OperatingEmail:           m.Choice("setting.operatingMode", "Username", "Username", "Email") == "Email",
		ForgotPlacement:          m.Choice("setting.forgotPasswordLinkLocation", "AfterLabel", "AfterLabel", "AfterInput", "AfterButtons", "None"),
		Settings:                 m.Prefixed("setting.", "language."),
	}
	if id := m.String("IpAddressClaimReferenceId", ""); id != "" {
		if t, ok := plan.Program.Schema().Claim(id); ok {
			x.metadata.IPAddressClaim = t.ID()
		}
	}
	m.Unused("it belongs to B2C's built-in policies", "LocalAccountType", "LocalAccountProfile")
	m.Unused("every address that must be verified is", "AllowTestEmailAddressPassThrough")
	if plan.Profile.Display().Len() == 0 {
		for _, use := range asked(plan.Profile) {
			x.add(use, nil)
		}
	}
	for _, d := range plan.Profile.Display().All() {
		if d.Control() == nil {
			x.add(d.Use(), nil)
			continue
		}
		c := &control{DisplayControl: d.Control(), kind: p.control(d.Control().Type())}
		x.controls = append(x.controls, c)
		if c.kind != nil && c.kind.Check != nil {
			c.kind.Check(plan, d.Control())
		}
		for _, use := range d.Control().Display().All() {
			x.add(use, c)
		}
	}
	return x
}

func (x *Exchange) add(use *program.ClaimUse, c *control) {
	f := field{use: use, rule: x.program.Schema().Rule(use.Claim().ID()), input: use.Claim().Input(), control: c}
	if f.input == claims.NoInput {
		f.input = claims.TextBox // a display claim without input type
	}
	f.verify = c == nil && strings.EqualFold(use.Partner(), "Verified.Email") && x.metadata.EnforceEmailVerification
	f.code = c != nil && strings.EqualFold(use.ControlType(), claimCode)
	x.fields = append(x.fields, f)
}

// asked are the claims that a page without display claims shows: the output claims
// that have an input type, no default and no validation profile that returns them
// (policy-engine §5.10 [D]).
func asked(tp *program.TechnicalProfile) []*program.ClaimUse {
	returned := make(map[string]bool)
	for _, v := range tp.Validations().All() {
		for _, use := range v.Profile().Outputs().All() {
			returned[use.Claim().ID()] = true
		}
	}
	var uses []*program.ClaimUse
	for _, use := range tp.Outputs().All() {
		if use.Claim().Input() != claims.NoInput && !use.HasDefault() && !returned[use.Claim().ID()] {
			uses = append(uses, use)
		}
	}
	return uses
}

// signIn is the exchange as the combined page shows it: user name and password, in this
// order, and nothing else, whatever the profile has (pages §2 [D]: "any other claims are not
// rendered"). The user name is what a validation profile signs in with, else the first field;
// a profile without a password shows its second.
func (x *Exchange) signIn(tp *program.TechnicalProfile) *Exchange {
	isName := func(f field) bool { return f.input != claims.Password }
	named := make(map[string]bool)
	for _, v := range tp.Validations().All() {
		for _, use := range v.Profile().Inputs().All() {
			if strings.EqualFold(use.Partner(), "username") {
				named[use.Claim().ID()] = true
			}
		}
	}
	name := slices.IndexFunc(x.fields, func(f field) bool { return isName(f) && named[f.use.Claim().ID()] })
	if name < 0 {
		name = slices.IndexFunc(x.fields, isName)
	}
	second := slices.IndexFunc(x.fields, func(f field) bool { return !isName(f) })
	if second < 0 {
		second = 1 // a passcode that isn't hidden, for example
	}
	out := *x
	out.fields, out.controls = nil, nil
	for _, i := range []int{name, second} {
		if i < 0 || i >= len(x.fields) || i == name && len(out.fields) > 0 {
			continue
		}
		f := x.fields[i]
		if f.control == nil {
			out.fields = append(out.fields, f)
			continue
		}
		if slices.Contains(out.controls, f.control) {
			continue
		}
		// Half a control could never be done.
		out.controls = append(out.controls, f.control)
		for _, other := range x.fields {
			if other.control == f.control {
				out.fields = append(out.fields, other)
			}
		}
	}
	return &out
}

// RetryLimit is setting.retryLimit; 0 leaves it to the page kind.
func (x *Exchange) RetryLimit() int { return x.metadata.RetryLimit }

// NeedsPage reports that a step or the profile must name a content
// definition (policy-engine TP-6).
func (x *Exchange) NeedsPage() bool { return len(x.fields) > 0 }

// Run implements journey.Exchange.
func (x *Exchange) Run(ctx context.Context, call *journey.Call) (journey.Result, error) {
	for _, c := range x.controls {
		if c.kind == nil {
			return nil, journey.NotBuilt("display control", c.ID(), c.Type())
		}
	}
	if call.SignIn {
		x = x.signIn(call.Profile)
	}
	if len(x.fields) == 0 {
		// Nothing to show: the profile passes and its validations don't run [C][D].
		return journey.Done{Output: journey.Nothing{}}, nil
	}
	state, err := load(call.Memory)
	if err != nil {
		return nil, err
	}
	if call.Answer == nil {
		form, err := x.form(call, state)
		return journey.Ask{Form: form}, err
	}
	switch call.Answer.Kind {
	case codeRequested:
		return x.sendCode(ctx, call, state)
	case codeEntered:
		return x.checkCode(ctx, call, state)
	case journey.ControlAction:
		return x.act(ctx, call, state)
	case journey.Submitted:
		return x.submit(ctx, call, state)
	}
	return refuse(journey.CodeNotValid, texts.For(call.Language).Text(texts.Failure, string(journey.CodeNotValid)), ""), nil
}

// form makes the form of the page.
func (x *Exchange) form(call *journey.Call, s *state) (*journey.Form, error) {
	form := &journey.Form{
		ShowContinue: x.metadata.ShowContinue, ShowCancel: x.metadata.ShowCancel, RetryLimit: x.metadata.RetryLimit,
		ShowSignUp: x.metadata.ShowSignUp, RememberMe: x.metadata.RememberMe, TrimPassword: x.metadata.TrimPassword,
		OperatingEmail: x.metadata.OperatingEmail, ForgotPlacement: x.metadata.ForgotPlacement,
		Settings: x.metadata.Settings, Messages: call.Profile.Messages(),
	}
	drawn := make(map[*control]*journey.Control)
	for _, c := range x.controls {
		drawn[c] = &journey.Control{ID: c.ID(), Kind: c.kind.Drawn, Verified: s.control(c).Done}
		if c.kind.Body != nil {
			var err error
			if drawn[c].Body, err = c.kind.Body(call, c.DisplayControl); err != nil {
				return nil, fmt.Errorf("display control %s: %w", c.ID(), err)
			}
		}
	}
	for _, f := range x.fields {
		out := x.field(call, f, s)
		if f.control != nil {
			out.Control, out.Code = drawn[f.control], f.code
			if value, ok := s.control(f.control).Values[f.use.Claim().ID()]; ok && f.writable() {
				out.Value = value
			}
		}
		form.Fields = append(form.Fields, out)
	}
	return form, nil
}

func (x *Exchange) field(call *journey.Call, f field, s *state) *journey.Field {
	t := f.use.Claim()
	out := &journey.Field{
		Claim: t, Input: f.input, Required: f.use.Required(), Verify: f.verify,
		DisplayName: t.DisplayName(), HelpText: t.UserHelpText(), Choices: choices(call, t), Today: call.Now().UTC(),
	}
	if text, ok := call.Resources.Text("ClaimType", t.ID(), "DisplayName"); ok {
		out.DisplayName = text
	}
	if text, ok := call.Resources.Text("ClaimType", t.ID(), "UserHelpText"); ok {
		out.HelpText = text
	}
	out.Description = f.rule.Describe(call.Resources)
	if f.input != claims.Password && !f.code {
		if v, ok := call.Inputs.Claim(t.ID()); ok {
			out.Value = v.String()
			if f.input == claims.CheckboxMultiSelect && v.Type() == claims.StringCollection {
				out.Value = strings.Join(v.Items(), ",")
			}
			if f.input == claims.Readonly || f.input == claims.Paragraph {
				out.Value = t.Masked(out.Value)
			}
		}
	}
	if f.verify {
		out.Verified = s.verified(t.ID())
		if out.Verified != "" && f.writable() {
			out.Value = out.Verified
		}
	}
	return out
}

// choices is the effective list of a claim: the language's, else the claim type's
// own (claims-and-transformations §1.6 [C]).
func choices(call *journey.Call, t *claims.Type) []claims.Choice {
	if list, ok := call.Resources.Choices(t.ID()); ok {
		return list
	}
	return t.Enumerations()
}

// refuse answers the page's script with a message.
func refuse(code journey.Code, message, claim string) journey.Answered {
	return journey.Answered{Reply: journey.Reply{Code: string(code), Message: message, Field: claim}}
}

var (
	_ journey.Provider = (*Provider)(nil)
	_ journey.Exchange = (*Exchange)(nil)
)
