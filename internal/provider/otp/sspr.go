package otp

import (
	"context"
	"errors"
	netmail "net/mail"
	"time"

	"journeyman.dev/internal/canonical"
	"journeyman.dev/internal/journey"
	"journeyman.dev/internal/mail"
	"journeyman.dev/internal/onetime"
	"journeyman.dev/internal/program"
	"journeyman.dev/internal/texts"
)

// Mailer sends a verification code.
type Mailer interface {
	// SendCode returns [mail.ErrThrottled] when the address got too many, any other error
	// when the mail could not be handed over.
	SendCode(ctx context.Context, c mail.Code) error
	// CodeUsed takes note that who was mailed a code has entered it: that was no abuse.
	CodeUsed(ctx context.Context, c mail.Code) error
}

// Mailed plans the profiles that mail a code themselves: they stand in for the service
// behind B2C's self-service password reset. Mailer may be nil: then a code can't be
// sent and the page says so.
type Mailed struct {
	Mailer Mailer
	// Guesses bounds wrong codes over all journeys; nil: each journey counts for itself.
	Guesses onetime.Guesses
}

// mailedNote is where the journey remembers codes of this provider.
const mailedNote = "sspr"

// mailedTerms: what B2C's service does isn't published; we use what its one-time
// passwords have (policy-engine §5.11).
var mailedTerms = terms{lifetime: 10 * time.Minute, length: 6, set: onetime.Digits, tries: 5, perPerson: 10}

// Plan implements journey.Provider.
func (p *Mailed) Plan(plan *program.Plan) journey.Exchange {
	m := plan.Metadata
	m.Unused("an address that gets no mail can't be verified", "allowTestEmailAddressPassThrough")
	operation := m.RequiredChoice("Operation", "", opSend, opVerify)
	switch operation {
	case opSend:
		needs(plan, operation, "InputClaim", plan.Profile.Inputs(), "emailAddress")
		return &send{mailer: p.Mailer}
	case opVerify:
		needs(plan, operation, "InputClaim", plan.Profile.Inputs(), "emailAddress")
		needs(plan, operation, "InputClaim", plan.Profile.Inputs(), "verificationCode")
		return verifyMailed{p.Mailer, p.Guesses}
	}
	return nil
}

// send mails a code.
type send struct{ mailer Mailer }

// Run implements journey.Exchange.
func (x *send) Run(ctx context.Context, call *journey.Call) (journey.Result, error) {
	to, err := identifier(call, "emailAddress")
	if err != nil {
		return nil, err
	}
	if parsed, err := netmail.ParseAddress(to); err != nil || parsed.Address != to || len(to) > 254 {
		return nil, &journey.Failure{Code: journey.CodeNotValid, Public: texts.For(call.Language).Text(texts.SelfAsserted, "ver_incorrect_format")}
	}
	to = canonical.Name(to)
	if x.mailer == nil {
		f := refusal(call, "UserMessageIfInternalError", "")
		f.Code, f.Cause = journey.CodeSendFailed, errors.New("no mail sender is configured")
		return nil, f
	}
	codes, err := read(call, mailedNote)
	if err != nil {
		return nil, err
	}
	code, err := codes.issue(call, to, mailedTerms)
	if err != nil {
		return nil, err
	}
	if code == "" {
		return nil, refusal(call, "UserMessageIfThrottled", "")
	}
	if err := codes.keep(call, mailedNote); err != nil {
		return nil, err
	}
	err = x.mailer.SendCode(ctx, mail.Code{
		To: to, Code: code, Lifetime: mailedTerms.lifetime, Language: call.Language, Tenant: call.Program.TenantName(), RemoteIP: call.Journey.Request.RemoteIP,
	})
	switch {
	case errors.Is(err, mail.ErrThrottled):
		return nil, refusal(call, "UserMessageIfThrottled", "")
	case err != nil:
		f := refusal(call, "UserMessageIfInternalError", "")
		f.Code, f.Cause = journey.CodeSendFailed, err
		return nil, f
	}
	return journey.Done{Output: journey.Nothing{}}, nil
}

// verifyMailed checks a mailed code.
type verifyMailed struct {
	mailer  Mailer
	guesses onetime.Guesses
}

// Run implements journey.Exchange.
func (x verifyMailed) Run(ctx context.Context, call *journey.Call) (journey.Result, error) {
	result, err := check(ctx, x.guesses, call, mailedNote, "emailAddress", "verificationCode", func(v onetime.Verdict) *journey.Failure {
		switch v {
		case onetime.Wrong:
			return refusal(call, "UserMessageIfVerificationFailedRetryAllowed", "")
		case onetime.NoRetry:
			return refusal(call, "UserMessageIfVerificationFailedNoRetry", "")
		}
		return refusal(call, "UserMessageIfChallengeExpired", "")
	})
	if err != nil || x.mailer == nil {
		return result, err
	}
	to, err := identifier(call, "emailAddress")
	if err != nil {
		return nil, err
	}
	return result, x.mailer.CodeUsed(ctx, mail.Code{To: to, RemoteIP: call.Journey.Request.RemoteIP})
}

var _ journey.Provider = (*Mailed)(nil)
