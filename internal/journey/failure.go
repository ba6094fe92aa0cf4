package journey

import (
	"errors"
	"fmt"
	"log/slog"
)

// Failure is what ends a journey or a post with an error that the user or the
// application may see. Public is shown; Cause is only logged, together with the
// correlation id.
type Failure struct {
	Code Code
	// Public is the text for people, without code, already localised.
	Public string
	// MessageKey names a text that the page's localisation or metadata may have
	// for this failure, e.g. UserMessageIfInvalidPassword; it wins over Public.
	MessageKey string
	// OtherKey is looked for where nobody has a text for MessageKey.
	OtherKey string
	// Field is the claim that is wrong, if one is.
	Field string
	// Reason is the machine-readable reason of a failed claims exchange, e.g.
	// "Conflict" (rest-and-connectors §2.6).
	Reason string
	// ReasonText is the text that goes with Reason to the application, where the one for
	// people would not: the HTTP status in words. "" is Public.
	ReasonText string
	// Exchange, Profile, Step and StepType say where an orchestration step failed: the ids of
	// claims exchange and technical profile.
	Exchange string
	Profile  string
	Step     int
	StepType string
	// OAuth overrides the code's OAuth error.
	OAuth string
	// Fatal ends the journey also where a page could show the failure and ask again.
	Fatal bool
	Cause error
}

// Error is for logs: it has neither the public text, which may quote an API, nor
// claim values.
func (f *Failure) Error() string {
	if f.Cause != nil {
		return fmt.Sprintf("%s: %v", f.Code, f.Cause)
	}
	return string(f.Code)
}

// Unwrap gives the cause.
func (f *Failure) Unwrap() error { return f.Cause }

// LogValue logs code and cause.
func (f *Failure) LogValue() slog.Value {
	attrs := []slog.Attr{slog.String("code", string(f.Code))}
	if f.Cause != nil {
		attrs = append(attrs, slog.String("err", f.Cause.Error()))
	}
	return slog.GroupValue(attrs...)
}

// Fail makes a Failure with the code's own text.
func Fail(code Code, cause error) *Failure {
	return &Failure{Code: code, Public: code.Text(), Cause: cause}
}

// NotBuilt is the Failure of a part of the policy that this version can't run: a technical
// profile, a step, a display control. It names the part and its kind.
func NotBuilt(part, name, what string) *Failure {
	text := fmt.Sprintf("the %s '%s' (%s) is not supported by this version", part, name, what)
	return &Failure{Code: CodeInternal, Public: "T" + text[1:] + ".", Fatal: true, Cause: errors.New(text)}
}

// AsFailure finds the Failure in an error; anything else becomes an internal one.
func AsFailure(err error) *Failure {
	if f, ok := errors.AsType[*Failure](err); ok {
		return f
	}
	return Fail(CodeInternal, err)
}

// InvalidToken is the OAuth error of a request whose bearer token isn't accepted.
const InvalidToken = "invalid_token"

// StoredFailure is the part of a Failure that an ended journey keeps: the part that the
// application gets.
type StoredFailure struct {
	Code     Code   `json:"code"`
	Public   string `json:"public"`
	Reason   string `json:"reason,omitempty"`
	Text     string `json:"text,omitempty"` // ReasonText
	Exchange string `json:"exchange,omitempty"`
	Profile  string `json:"profile,omitempty"`
	Step     int    `json:"step,omitempty"`
	StepType string `json:"stepType,omitempty"`
	OAuth    string `json:"oauth,omitempty"`
}

func (f *Failure) stored() *StoredFailure {
	return &StoredFailure{f.Code, f.Public, f.Reason, f.ReasonText, f.Exchange, f.Profile, f.Step, f.StepType, f.OAuth}
}

func (s *StoredFailure) failure() *Failure {
	return &Failure{Code: s.Code, Public: s.Public, Reason: s.Reason, ReasonText: s.Text, Exchange: s.Exchange, Profile: s.Profile, Step: s.Step, StepType: s.StepType, OAuth: s.OAuth}
}
