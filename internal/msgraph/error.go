package msgraph

import (
	"errors"
	"math"
	"net/http"
	"strconv"
	"time"
	"unicode"
	"unicode/utf8"

	"journeyman.dev/internal/refusal"

	"github.com/google/uuid"
)

// Error is an error as tools read it (admin-surface §1.3). All of it is for the caller.
type Error struct {
	Status  int // of HTTP
	Code    string
	Message string
	// Details are a list of the resource's own shape; nil for none.
	Details any
	// RetryAfter is how long the caller should wait; 0: the answer doesn't say.
	RetryAfter time.Duration
}

// Error implements error.
func (e *Error) Error() string { return e.Code + ": " + e.Message }

// NewError returns an error without details.
func NewError(status int, code, message string) *Error {
	return &Error{Status: status, Code: code, Message: message}
}

// BadRequest is the 400 of Graph's directory.
func BadRequest(message string) *Error {
	return NewError(http.StatusBadRequest, "Request_BadRequest", message)
}

// NotFound is the 404 of Graph's directory.
func NotFound(id string) *Error {
	return NewError(http.StatusNotFound, "Request_ResourceNotFound", "Resource '"+id+"' does not exist or one of its queried reference-property objects are not present.")
}

// Denied is the 403 of Graph's directory; reason is a sentence.
func Denied(reason string) *Error {
	return NewError(http.StatusForbidden, "Authorization_RequestDenied", "Insufficient privileges to complete the operation. "+reason)
}

// B2CError is an error of B2C's own services, whose code is the same for all statuses.
func B2CError(status int, message string) *Error { return NewError(status, "AADB2C", message) }

// B2CBadRequest is the 400 of B2C's own services.
func B2CBadRequest(message string) *Error { return B2CError(http.StatusBadRequest, message) }

// B2CNotFound is the 404 of B2C's own services; kind is the type of the missing thing.
func B2CNotFound(kind, id string) *Error {
	return B2CError(http.StatusNotFound, "There is no "+kind+" with the id '"+id+"'.")
}

// Sentence makes a sentence of an error's text: packages write it in lower case and
// without a full stop.
func Sentence(text string) string {
	r, size := utf8.DecodeRuneInString(text)
	return string(unicode.ToUpper(r)) + text[size:] + "."
}

// Refused is the sentence for a change that a service refused: the text of the refusal, else
// the words of the first of the kinds that the error is. No other words of an error reach a
// caller.
func Refused(err error, kinds ...error) string {
	if text := refusal.Text(err); text != "" {
		return Sentence(text)
	}
	for _, kind := range kinds {
		if errors.Is(err, kind) {
			return Sentence(kind.Error())
		}
	}
	return "The request can't be carried out."
}

// fail answers with an error; whatever isn't meant for the caller is logged.
func (q *Request) fail(err error) {
	q.failBy(nil, err)
}

// failBy is fail for an error of a resource's handler.
func (q *Request) failBy(of *Resource, err error) {
	var e *Error
	if !errors.As(err, &e) && of != nil && of.Failure != nil {
		e = of.Failure(err)
	}
	if e == nil {
		q.s.Log.ErrorContext(q.Context(), "admin API failed", "requestId", q.id, "path", q.URL.Path, "err", err)
		e = NewError(http.StatusInternalServerError, "AADB2C90063", "There is a problem with the service.")
	}
	if e.RetryAfter > 0 {
		retryAfter(q.w, e.RetryAfter)
	}
	q.respond(e)
}

// failure is the body of an answer with an error.
type failure struct {
	Error failureMembers `json:"error"`
}

type failureMembers struct {
	Code    string       `json:"code"`
	Message string       `json:"message"`
	Inner   innerFailure `json:"innerError"`
	Details any          `json:"details,omitempty"`
}

type innerFailure struct {
	Date            string `json:"date"`
	RequestID       string `json:"request-id"`
	ClientRequestID string `json:"client-request-id"`
	CorrelationID   string `json:"correlationId"`
}

func (q *Request) respond(e *Error) {
	inner := innerFailure{Date: q.s.Now().UTC().Format("2006-01-02T15:04:05"), RequestID: q.id, ClientRequestID: q.id, CorrelationID: q.id}
	if id := q.Header.Get("client-request-id"); uuid.Validate(id) == nil {
		inner.ClientRequestID = id
	}
	_ = q.Write(e.Status, "", failure{failureMembers{Code: e.Code, Message: e.Message, Inner: inner, Details: e.Details}})
}

// retryAfter says when a client may come again, in whole seconds.
func retryAfter(w http.ResponseWriter, wait time.Duration) {
	w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
}

var _ error = (*Error)(nil)
