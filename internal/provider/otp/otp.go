// Package otp plans the profiles behind verification by a code: those that make a code
// for somebody else to send, and check it (OneTimePasswordProtocolProvider); and those
// that mail it themselves (AadSsprProtocolProvider).
//
// A code belongs to one journey and one identifier. What is known of it is kept in the
// journey's notes, so that a wrong try counts although the post that made it fails. It
// can be used once.
//
// Reference: policy-engine §5.11, §5.13; pages §4.3.
package otp

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"journeyman.dev/internal/canonical"
	"journeyman.dev/internal/diag"
	"journeyman.dev/internal/journey"
	"journeyman.dev/internal/onetime"
	"journeyman.dev/internal/program"
	"journeyman.dev/internal/texts"
)

// maxIdentifiers bounds what one journey remembers [I].
const maxIdentifiers = 20

// ledger are the codes of a journey, by folded identifier.
type ledger map[string]*entry

type entry struct {
	onetime.Code
	MaxTries int `json:"m"`
	// Reuse is the code itself, where it is to be given again: journeys rest sealed.
	Reuse string `json:"r,omitempty"`
}

// read finds the ledger under a note's name.
func read(call *journey.Call, note string) (ledger, error) {
	l := make(ledger)
	if data, ok := call.Notes[note]; ok {
		if err := json.Unmarshal(data, &l); err != nil {
			return nil, fmt.Errorf("notes of one-time codes: %w", err)
		}
	}
	return l, nil
}

func (l ledger) keep(call *journey.Call, note string) error {
	data, err := json.Marshal(l)
	if err != nil {
		return err
	}
	call.Notes[note] = data
	return nil
}

func fold(identifier string) string { return canonical.Name(identifier) }

// terms are how codes are made.
type terms struct {
	lifetime  time.Duration
	length    int
	set       string
	tries     int
	perPerson int
	reuse     bool
}

// issue makes the next code for an identifier; "" if that had too many.
func (l ledger) issue(call *journey.Call, identifier string, t terms) (string, error) {
	e := l[fold(identifier)]
	if e == nil {
		if len(l) >= maxIdentifiers {
			return "", nil
		}
		e = new(entry)
		l[fold(identifier)] = e
	}
	if e.Issued >= t.perPerson {
		return "", nil
	}
	code := e.Reuse
	if !t.reuse || code == "" || !call.Now().Before(e.Expires) {
		var err error
		if code, err = onetime.New(call.Rand, t.set, t.length); err != nil {
			return "", err
		}
	}
	tries := e.Tries
	again := code == e.Reuse
	e.Issue(call.Journey.ID, identifier, code, call.Now().Add(t.lifetime))
	if again {
		e.Tries = tries // sending the same code once more gives no new tries to guess it
	}
	e.MaxTries, e.Reuse = t.tries, ""
	if t.reuse {
		e.Reuse = code
	}
	return code, nil
}

// check compares a code; a right one is used up.
func (l ledger) check(ctx context.Context, guesses onetime.Guesses, call *journey.Call, identifier, code string) (onetime.Verdict, error) {
	e := l[fold(identifier)]
	if e == nil {
		return onetime.Expired, nil
	}
	verdict, err := e.CheckGuarded(ctx, guesses, call.Journey.ID, code, call.Now(), e.MaxTries)
	if verdict == onetime.Right {
		e.Hash, e.Reuse = nil, ""
	}
	return verdict, err
}

// refusal is a Failure with the text that pages have for a message key.
func refusal(call *journey.Call, key, other string) *journey.Failure {
	return &journey.Failure{
		Code: journey.CodeNotVerified, MessageKey: key, OtherKey: other, Public: texts.For(call.Language).Text(texts.Message, key),
	}
}

// identifier is an input that the profile can't work without.
func identifier(call *journey.Call, partner string) (string, error) {
	v, ok := call.Inputs.Get(partner)
	if !ok || strings.TrimSpace(v.String()) == "" {
		return "", journey.Fail(journey.CodeExchangeFailed, fmt.Errorf("technical profile %s: the input claim %s has no value", call.Profile.ID(), partner))
	}
	return strings.TrimSpace(v.String()), nil
}

// needs reports a claim that an operation needs and the profile doesn't map.
func needs(plan *program.Plan, operation, element string, uses program.List[*program.ClaimUse], partner string) {
	if plan.Incomplete || uses.Any(func(u *program.ClaimUse) bool { return u.Partner() == partner }) {
		return
	}
	plan.Report(diag.MissingPartner, plan.Source.Pos, "add an "+element+" with PartnerClaimType=\""+partner+"\"",
		"technical profile %q with the operation %s has no %s for %q", plan.Source.ID.Value, operation, element, partner)
}
