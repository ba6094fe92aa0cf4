package selfasserted

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"net/mail"
	"strings"
	"time"

	"crypto/rand"

	"journeyman.dev/internal/journey"
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

// ErrThrottled says that an address or its sender got too many codes.
var ErrThrottled = errors.New("too many verification codes")

// state is what the page remembers between posts: the verification of each claim.
// It is kept with the journey, on the server.
type state struct {
	Verifications map[string]*verification `json:"v,omitempty"` // by claim id
}

// verification binds a code to an address.
type verification struct {
	Address string    `json:"a"`
	Code    []byte    `json:"c"` // hash
	Expires time.Time `json:"x"`
	Tries   int       `json:"t,omitempty"`
	Sent    int       `json:"s"`
	Done    bool      `json:"d,omitempty"`
}

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
		return v.Address
	}
	return ""
}

// isVerified binds the verification to the value: verifying one address doesn't
// verify another (pages §4.2).
func (s *state) isVerified(claimID, address string) bool {
	have := s.verified(claimID)
	return have != "" && strings.EqualFold(have, address)
}

// reply keeps the state and answers.
func (s *state) reply(r journey.Reply) (journey.Result, error) {
	memory, err := json.Marshal(s)
	if err != nil {
		return journey.Result{}, err
	}
	return journey.Result{Reply: &r, Memory: memory}, nil
}

// verifiable finds the field of a verification request.
func (x *Exchange) verifiable(claimID string) (field, bool) {
	for _, f := range x.fields {
		if f.verify && strings.EqualFold(f.use.Claim.ID, claimID) {
			return f, true
		}
	}
	return field{}, false
}

// sendCode sends a new code to the address on the page.
func (x *Exchange) sendCode(ctx context.Context, call *journey.Call, s *state) (journey.Result, error) {
	f, ok := x.verifiable(call.Answer.Claim)
	if !ok {
		return refuse(journey.CodeNotVerified, "This page verifies no such claim.", ""), nil
	}
	id := f.use.Claim.ID
	address := strings.TrimSpace(call.Answer.Value)
	if parsed, err := mail.ParseAddress(address); err != nil || parsed.Address != address || len(address) > 254 {
		return refuse(journey.CodeNotValid, uxText(call, "ver_incorrect_format"), id), nil
	}
	if f.rule.Check(address, call.Now()) != nil {
		return refuse(journey.CodeNotValid, uxText(call, "ver_incorrect_format"), id), nil
	}
	if x.mailer == nil {
		return journey.Result{}, journey.Fail(journey.CodeSendFailed, errors.New("no mail sender is configured"))
	}
	v := s.Verifications[id]
	if v == nil {
		v = new(verification)
		s.Verifications[id] = v
	}
	if v.Sent >= codesPerPage {
		return s.reply(journey.Reply{OK: true, Result: journey.ResultThrottled})
	}
	code, err := newCode(call)
	if err != nil {
		return journey.Result{}, err
	}
	*v = verification{Address: address, Code: hashCode(call, code), Expires: call.Now().Add(codeLifetime), Sent: v.Sent + 1}
	err = x.mailer.SendCode(ctx, CodeMail{To: address, Code: code, Lifetime: codeLifetime, Language: call.Language, Tenant: call.Program.TenantName, RemoteIP: call.Journey.Request.RemoteIP})
	switch {
	case errors.Is(err, ErrThrottled):
		return s.reply(journey.Reply{OK: true, Result: journey.ResultThrottled})
	case err != nil:
		return journey.Result{}, journey.Fail(journey.CodeSendFailed, err)
	}
	return s.reply(journey.Reply{OK: true, Result: journey.ResultOK})
}

// checkCode compares an entered code, within its life and tries.
func (x *Exchange) checkCode(call *journey.Call, s *state) (journey.Result, error) {
	f, ok := x.verifiable(call.Answer.Claim)
	if !ok {
		return refuse(journey.CodeNotVerified, "This page verifies no such claim.", ""), nil
	}
	v := s.Verifications[f.use.Claim.ID]
	switch {
	case v == nil || v.Code == nil || (call.Answer.Value != "" && !strings.EqualFold(strings.TrimSpace(call.Answer.Value), v.Address)):
		return s.reply(journey.Reply{OK: true, Result: journey.ResultCodeExpired})
	case v.Done:
		return s.reply(journey.Reply{OK: true, Result: journey.ResultOK})
	case !call.Now().Before(v.Expires):
		return s.reply(journey.Reply{OK: true, Result: journey.ResultCodeExpired})
	case v.Tries >= codeTries:
		return s.reply(journey.Reply{OK: true, Result: journey.ResultNoRetry})
	}
	v.Tries++
	if subtle.ConstantTimeCompare(hashCode(call, strings.TrimSpace(call.Answer.Code)), v.Code) != 1 {
		result := journey.ResultWrong
		if v.Tries >= codeTries {
			result = journey.ResultNoRetry
		}
		return s.reply(journey.Reply{OK: true, Result: result})
	}
	v.Done = true
	return s.reply(journey.Reply{OK: true, Result: journey.ResultOK})
}

func newCode(call *journey.Call) (string, error) {
	limit := new(big.Int).Exp(big.NewInt(10), big.NewInt(codeDigits), nil)
	n, err := rand.Int(call.Rand, limit)
	if err != nil {
		return "", fmt.Errorf("verification code: %w", err)
	}
	return fmt.Sprintf("%0*d", codeDigits, n), nil
}

// hashCode keeps codes out of the stored journey; the journey's id salts them.
func hashCode(call *journey.Call, code string) []byte {
	h := sha256.Sum256([]byte(call.Journey.ID + "|" + code))
	return h[:]
}

// uxText is a text of the page: the policy's, else our own.
func uxText(call *journey.Call, id string) string {
	if text, ok := call.Resources.Text("UxElement", "", id); ok {
		return text
	}
	return texts.For(call.Language).Text(texts.SelfAsserted, id)
}
