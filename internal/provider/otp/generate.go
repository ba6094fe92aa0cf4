package otp

import (
	"context"
	"errors"
	"strings"
	"time"

	"journeyman.dev/internal/claims"
	"journeyman.dev/internal/diag"
	"journeyman.dev/internal/journey"
	"journeyman.dev/internal/onetime"
	"journeyman.dev/internal/program"
)

// Limits bounds what one identifier gets over all journeys.
type Limits interface {
	// Allow counts and reports whether another code may be made within the time.
	Allow(ctx context.Context, identifier string, most int, within time.Duration) (bool, error)
}

// Provider plans one-time password profiles. Limits and Guesses may be nil: then each
// journey counts for itself.
type Provider struct {
	Limits  Limits
	Guesses onetime.Guesses
}

// The operations.
const (
	opGenerate = "GenerateCode"
	opVerify   = "VerifyCode"
	opSend     = "SendCode"
)

// note is where the journey remembers codes of this provider.
const note = "otp"

// legacy are message keys of older policies, and what they are called today.
var legacy = map[string]string{
	"UserMessage.VerificationHasExpired": "UserMessageIfSessionDoesNotExist",
	"UserMessage.MaxRetryAttemped":       "UserMessageIfMaxRetryAttempted", // so the samples spell it
	"UserMessage.MaxRetryAttempted":      "UserMessageIfMaxRetryAttempted",
	"UserMessage.InvalidCode":            "UserMessageIfInvalidCode",
	"UserMessage.ServerError":            "UserMessageIfSessionConflict",
}

// Plan implements journey.Provider.
func (p *Provider) Plan(plan *program.Plan) journey.Exchange {
	m := plan.Metadata
	operation := m.RequiredChoice("Operation", "", opGenerate, opVerify)
	for old, key := range legacy {
		if message := m.String(old, ""); message != "" {
			plan.DefaultMessage(key, message)
		}
	}
	t := terms{
		lifetime: time.Duration(m.Int("CodeExpirationInSeconds", 600, 60, 1200)) * time.Second,
		length:   m.Int("CodeLength", 6, 4, 64), perPerson: m.Int("NumCodeGenerationAttempts", 10, 1, 1000),
		tries: m.Int("NumRetryAttempts", 5, 1, 100), reuse: m.Bool("ReuseSameCode", false), set: onetime.Digits,
	}
	if m.Has("CharacterSet") {
		t.set = characters(m.String("CharacterSet", ""))
		if len(t.set) < 10 {
			plan.Report(diag.BadMetadata, m.At("CharacterSet"), "legal: ten or more different characters, such as a-z0-9A-Z",
				"technical profile %q has an invalid value %q for the metadata item %q", plan.Source.ID.Value, m.String("CharacterSet", ""), "CharacterSet")
			t.set = onetime.Digits
		}
	}
	switch operation {
	case opGenerate:
		needs(plan, operation, "InputClaim", plan.Profile.Inputs(), "identifier")
		needs(plan, operation, "OutputClaim", plan.Profile.Outputs(), "otpGenerated")
		return &generate{terms: t, limits: p.Limits}
	case opVerify:
		needs(plan, operation, "InputClaim", plan.Profile.Inputs(), "identifier")
		needs(plan, operation, "InputClaim", plan.Profile.Inputs(), "otpToVerify")
		return verify{p.Guesses}
	}
	return nil
}

// characters expands a set such as a-z0-9: printable ASCII, each character once, as a
// doubled one would come up more often.
func characters(set string) string {
	var out strings.Builder
	add := func(c byte) {
		if c > ' ' && c < 0x7f && strings.IndexByte(out.String(), c) < 0 {
			out.WriteByte(c)
		}
	}
	for i := 0; i < len(set); i++ {
		if i+2 < len(set) && set[i+1] == '-' && set[i] <= set[i+2] {
			for c := int(set[i]); c <= int(set[i+2]); c++ {
				add(byte(c))
			}
			i += 2
			continue
		}
		add(set[i])
	}
	return out.String()
}

// generate makes a code.
type generate struct {
	terms  terms
	limits Limits
}

// Run implements journey.Exchange.
func (x *generate) Run(ctx context.Context, call *journey.Call) (journey.Result, error) {
	who, err := identifier(call, "identifier")
	if err != nil {
		return nil, err
	}
	codes, err := read(call, note)
	if err != nil {
		return nil, err
	}
	tooMany := refusal(call, "UserMessageIfMaxNumberOfCodeGenerated", "")
	if x.limits != nil {
		switch ok, err := x.limits.Allow(ctx, who, x.terms.perPerson, x.terms.lifetime); {
		case err != nil:
			return nil, err
		case !ok:
			return nil, tooMany
		}
	}
	code, err := codes.issue(call, who, x.terms)
	if err != nil {
		return nil, err
	}
	if code == "" {
		return nil, tooMany
	}
	if err := codes.keep(call, note); err != nil {
		return nil, err
	}
	return journey.Done{Output: journey.Values{"otpGenerated": claims.Text(code)}}, nil
}

// verify checks a code.
type verify struct{ guesses onetime.Guesses }

// Run implements journey.Exchange.
func (x verify) Run(ctx context.Context, call *journey.Call) (journey.Result, error) {
	return check(ctx, x.guesses, call, note, "identifier", "otpToVerify", func(v onetime.Verdict) *journey.Failure {
		switch v {
		case onetime.Wrong:
			return refusal(call, "UserMessageIfInvalidCode", "UserMessageIfVerificationFailedRetryAllowed")
		case onetime.NoRetry:
			return refusal(call, "UserMessageIfMaxRetryAttempted", "")
		}
		return refusal(call, "UserMessageIfSessionDoesNotExist", "")
	})
}

// check compares the code that was entered for an identifier.
func check(ctx context.Context, guesses onetime.Guesses, call *journey.Call, note, who, entered string, failure func(onetime.Verdict) *journey.Failure) (journey.Result, error) {
	id, err := identifier(call, who)
	if err != nil {
		return nil, err
	}
	codes, err := read(call, note)
	if err != nil {
		return nil, err
	}
	code := ""
	if v, ok := call.Inputs.Get(entered); ok {
		code = v.String()
	}
	verdict, err := codes.check(ctx, guesses, call, id, code)
	if err := errors.Join(err, codes.keep(call, note)); err != nil {
		return nil, err
	}
	if verdict != onetime.Right {
		return nil, failure(verdict)
	}
	return journey.Done{Output: journey.Nothing{}}, nil
}

var _ journey.Provider = (*Provider)(nil)
