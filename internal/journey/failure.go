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

// AsFailure finds the Failure in an error; anything else becomes an internal one.
func AsFailure(err error) *Failure {
	if f, ok := errors.AsType[*Failure](err); ok {
		return f
	}
	return Fail(CodeInternal, err)
}

// Code is an AADB2C code of the run-time catalogue.
type Code string

// The codes that journeys fail with. Texts are ours; numbers and meaning are
// B2C's (protocol §7, admin-surface).
const (
	CodeStateLost           Code = "AADB2C90046"
	CodeNoProvider          Code = "AADB2C90051"
	CodeWrongPassword       Code = "AADB2C90054"
	CodeUserNotFound        Code = "AADB2C90053"
	CodeKeyMissing          Code = "AADB2C90073"
	CodeExchangeFailed      Code = "AADB2C90075"
	CodeInteractionRequired Code = "AADB2C90077"
	CodeInternal            Code = "AADB2C90085"
	CodeCancelled           Code = "AADB2C90091"
	CodeAccountDisabled     Code = "AADB2C90111"
	CodeAccountLocked       Code = "AADB2C90114"
	CodeForgotPassword      Code = "AADB2C90118"
	CodeAccountDeleted      Code = "AADB2C90128"
	CodeGrantRevoked        Code = "AADB2C90129"
	CodeRetriesUsed         Code = "AADB2C90157"
	CodeNotValid            Code = "AADB2C90158"
	CodeNotVerified         Code = "AADB2C90159"
	CodeSendFailed          Code = "AADB2C90161"
	CodeNoSendClaims        Code = "AADB2C90040"
	CodeUserExists          Code = "AADB2C99001"
	CodeInvalidCredentials  Code = "AADB2C90225"
	CodeThrottled           Code = "AADB2C90244"
	CodeIncompleteExchange  Code = "AADB2C90255"
	CodeUnparsableReply     Code = "AADB2C90261"
	CodeProviderResponse    Code = "AADB2C90273"
	CodeUntrusted           Code = "AADB2C90275"
	CodeUnreachable         Code = "AADB2C90289"
	CodeNoRefreshJourney    Code = "AADB2C90288"
	CodeNoActiveKey         Code = "AADB2C90220"
	CodeBearerEmpty         Code = "AADB2C90195"
	CodeBearerMissing       Code = "AADB2C90194"
)

// codeEntry is one line of the run-time catalogue.
type codeEntry struct {
	text  string
	oauth string // OAuth error value at the application
}

var codes = map[Code]codeEntry{
	CodeStateLost:           {"The sign-in took too long or was opened in another browser. Please go back to the application and start again.", "server_error"},
	CodeNoProvider:          {"No suitable way to sign in is available for this request.", "server_error"},
	CodeWrongPassword:       {"Your password is incorrect.", "access_denied"},
	CodeUserNotFound:        {"We can't seem to find your account.", "access_denied"},
	CodeKeyMissing:          {"A cryptographic key that the policy needs is not configured.", "server_error"},
	CodeExchangeFailed:      {"A claims exchange that the policy calls failed.", "server_error"},
	CodeInteractionRequired: {"An interactive session could not be established without the user.", "interaction_required"},
	CodeInternal:            {"The service has encountered an internal error. Please try again.", "server_error"},
	CodeCancelled:           {"The user has cancelled entering self-asserted information.", "access_denied"},
	CodeAccountDisabled:     {"Your account has been disabled. Contact your support person to unlock it, then try again.", "access_denied"},
	CodeAccountLocked:       {"Your account is temporarily locked to prevent unauthorized use. Try again later.", "access_denied"},
	CodeForgotPassword:      {"The user has forgotten their password.", "access_denied"},
	CodeAccountDeleted:      {"The account that this grant was issued for does not exist any more.", "invalid_grant"},
	CodeGrantRevoked:        {"The grant has been revoked.", "invalid_grant"},
	CodeRetriesUsed:         {"The number of tries for this page is used up.", "access_denied"},
	CodeNotValid:            {"The information that was entered is not valid.", "access_denied"},
	CodeNotVerified:         {"The claim could not be verified.", "access_denied"},
	CodeSendFailed:          {"The verification code could not be sent. Please try again.", "server_error"},
	CodeNoSendClaims:        {"The user journey ended without sending claims.", "server_error"},
	CodeUserExists:          {"A user with the specified ID already exists. Please choose a different one.", "server_error"},
	CodeInvalidCredentials:  {"The username or password provided in the request are invalid.", "access_denied"},
	CodeThrottled:           {"There are many requests at this moment. Please wait for some time and try again.", "temporarily_unavailable"},
	CodeIncompleteExchange:  {"A claims exchange that the policy calls did not complete in time.", "server_error"},
	CodeUnparsableReply:     {"The answer of a claims exchange could not be read.", "server_error"},
	CodeProviderResponse:    {"The identity provider gave an invalid response.", "server_error"},
	CodeUntrusted:           {"A secure connection to the service that the policy calls could not be established.", "server_error"},
	CodeUnreachable:         {"The identity provider could not be reached. Please try again in a few minutes.", "server_error"},
	CodeNoRefreshJourney:    {"The user journey for refreshing tokens is not available.", "server_error"},
	CodeNoActiveKey:         {"A key set that the policy uses has no active key.", "server_error"},
	CodeBearerEmpty:         {"The bearer token for a claims exchange is empty.", "server_error"},
	CodeBearerMissing:       {"The bearer token for a claims exchange is not available.", "server_error"},
}

// InvalidToken is the OAuth error of a request whose bearer token isn't accepted.
const InvalidToken = "invalid_token"

// Text is the code's own public text.
func (c Code) Text() string { return codes[c].text }

// OAuth is the OAuth error value that the application gets.
func (c Code) OAuth() string {
	if e, ok := codes[c]; ok {
		return e.oauth
	}
	return "server_error"
}

// StoredFailure is what an ended journey keeps of its Failure: what the
// application is told.
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
