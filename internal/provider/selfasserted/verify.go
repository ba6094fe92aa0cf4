package selfasserted

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	netmail "net/mail"
	"strings"
	"time"

	"journeyman.dev/internal/canonical"
	"journeyman.dev/internal/journey"
	"journeyman.dev/internal/mail"
	"journeyman.dev/internal/onetime"
	"journeyman.dev/internal/texts"
)

// The limits of e-mail verification. B2C doesn't publish those of this control; we
// use those of its one-time-password provider (pages §4.2 [I]).
const (
	codeLifetime = 10 * time.Minute
	codeDigits   = 6
	codeTries    = 5
	codesPerPage = 10
)

// The requests of the page's script beside the form, and their fields (pages §3.1 rows 4 and 5).
const (
	codeRequested journey.AnswerKind = "VERIFICATION_REQUEST" // send a code to verify a claim's value
	codeEntered   journey.AnswerKind = "VALIDATION_REQUEST"   // check the code

	fieldClaim = "claim_id"
	fieldValue = "claim_value"
	fieldCode  = "user_input"
)

// The results of these requests (pages §3.1 row 5; 1, 2 and 4 are our choice for B2C's gap [I]).
const (
	resultGood        = 0
	resultThrottled   = 1
	resultNoRetry     = 2
	resultWrong       = 3
	resultCodeExpired = 4
)

// state is the state of the page between posts: the verification of each claim.
// It is kept with the journey, on the server.
type state struct {
	Verifications map[string]*verification `json:"v,omitempty"` // by claim id
	Controls      map[string]*controlState `json:"c,omitempty"` // by control id
}

// verification binds a code to an address.
type verification struct {
	onetime.Code
	Sent time.Time `json:"s,omitzero"`
	Done bool      `json:"d,omitempty"`
}

// repeated is how soon the same request for a code is the page's script again, which got
// no answer to the first (pages §9: one mail is sent). Nobody reads a mail so fast that
// another is wanted.
const repeated = 2 * time.Second

func load(memory json.RawMessage) (*state, error) {
	s := &state{Verifications: make(map[string]*verification)}
	if memory == nil {
		return s, nil
	}
	if err := json.Unmarshal(memory, s); err != nil {
		return nil, fmt.Errorf("self-asserted page state: %w", err)
	}
	if s.Verifications == nil {
		s.Verifications = make(map[string]*verification)
	}
	return s, nil
}

// verified is the address that was verified for a claim, "" if none was.
func (s *state) verified(claimID string) string {
	if v := s.Verifications[claimID]; v != nil && v.Done {
		return v.Identifier
	}
	return ""
}

// isVerified binds the verification to the value: verifying one address doesn't
// verify another (pages §4.2).
func (s *state) isVerified(claimID, address string) bool {
	return canonical.Same(s.verified(claimID), address)
}

// reply keeps the state and answers.
func (s *state) reply(r journey.Reply) (journey.Result, error) {
	memory, err := json.Marshal(s)
	if err != nil {
		return nil, err
	}
	return journey.Answered{Reply: r, Memory: memory}, nil
}

// verifiable finds the field of a verification request.
func (x *Exchange) verifiable(claimID string) (field, bool) {
	for _, f := range x.fields {
		if f.verify && strings.EqualFold(f.use.Claim().ID(), claimID) {
			return f, true
		}
	}
	return field{}, false
}

// address is the address of a verification request: the entered one, or where the
// page only shows the address on record, that one, whatever the browser sends.
func (f field) address(call *journey.Call) string {
	if f.writable() {
		return strings.TrimSpace(call.Answer.Fields[fieldValue])
	}
	v, _ := call.Inputs.Claim(f.use.Claim().ID())
	return v.String()
}

// sendCode sends a new code to the address on the page.
func (x *Exchange) sendCode(ctx context.Context, call *journey.Call, s *state) (journey.Result, error) {
	f, ok := x.verifiable(call.Answer.Fields[fieldClaim])
	if !ok {
		return refuse(journey.CodeNotVerified, "This page verifies no such claim.", ""), nil
	}
	id := f.use.Claim().ID()
	address := f.address(call)
	if parsed, err := netmail.ParseAddress(address); err != nil || parsed.Address != address || len(address) > 254 {
		return refuse(journey.CodeNotValid, uxText(call, "ver_incorrect_format"), id), nil
	}
	if f.rule.Check(address, call.Now()) != nil {
		return refuse(journey.CodeNotValid, uxText(call, "ver_incorrect_format"), id), nil
	}
	// One form of the address is mailed, verified, and later written.
	address = canonical.Name(address)
	if x.mailer == nil {
		return nil, journey.Fail(journey.CodeSendFailed, errors.New("no mail sender is configured"))
	}
	v := s.Verifications[id]
	if v == nil {
		v = new(verification)
		s.Verifications[id] = v
	}
	if !v.Done && v.Tries == 0 && v.Identifier == address && call.Now().Sub(v.Sent) < repeated {
		return s.reply(journey.Reply{OK: true, Result: new(resultGood)})
	}
	if v.Issued >= codesPerPage {
		return s.reply(journey.Reply{OK: true, Result: new(resultThrottled)})
	}
	code, err := onetime.New(call.Rand, onetime.Digits, codeDigits)
	if err != nil {
		return nil, err
	}
	v.Issue(call.Journey.ID, address, code, call.Now().Add(codeLifetime))
	v.Done, v.Sent = false, time.Time{}
	err = x.mailer.SendCode(ctx, mail.Code{To: address, Code: code, Lifetime: codeLifetime, Language: call.Language, Tenant: call.Program.TenantName(), RemoteIP: call.Journey.Request.RemoteIP})
	switch {
	case errors.Is(err, mail.ErrThrottled):
		return s.reply(journey.Reply{OK: true, Result: new(resultThrottled)})
	case err != nil:
		return nil, journey.Fail(journey.CodeSendFailed, err)
	}
	v.Sent = call.Now()
	return s.reply(journey.Reply{OK: true, Result: new(resultGood)})
}

// checkCode compares an entered code, within its life and tries.
func (x *Exchange) checkCode(ctx context.Context, call *journey.Call, s *state) (journey.Result, error) {
	f, ok := x.verifiable(call.Answer.Fields[fieldClaim])
	if !ok {
		return refuse(journey.CodeNotVerified, "This page verifies no such claim.", ""), nil
	}
	v := s.Verifications[f.use.Claim().ID()]
	result := resultCodeExpired
	switch {
	case v == nil || (call.Answer.Fields[fieldValue] != "" && !canonical.Same(f.address(call), v.Identifier)):
	case v.Done:
		result = resultGood
	default:
		verdict, err := v.CheckGuarded(ctx, x.guesses, call.Journey.ID, call.Answer.Fields[fieldCode], call.Now(), codeTries)
		if err != nil {
			return nil, err
		}
		switch verdict {
		case onetime.Right:
			v.Done, result = true, resultGood
			if x.mailer != nil {
				if err := x.mailer.CodeUsed(ctx, mail.Code{To: v.Identifier, RemoteIP: call.Journey.Request.RemoteIP}); err != nil {
					return nil, err
				}
			}
		case onetime.Wrong:
			result = resultWrong
		case onetime.NoRetry:
			result = resultNoRetry
		}
	}
	return s.reply(journey.Reply{OK: true, Result: &result})
}

// uxText is a text of the page: the policy's, else our own.
func uxText(call *journey.Call, id string) string {
	if text, ok := call.Resources.Text("UxElement", "", id); ok {
		return text
	}
	return texts.For(call.Language).Text(texts.SelfAsserted, id)
}
