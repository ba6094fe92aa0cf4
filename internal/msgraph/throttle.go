package msgraph

import (
	"errors"
	"net/http"
	"time"
	"unicode/utf8"

	"journeyman.dev/internal/limit"
)

// Throttle slows clients down whose authentication fails.
type Throttle interface {
	// Take counts a failure of a client; wait is how long the client must wait before the
	// next counts as one that may be tried, 0 if it needn't.
	Take(client string) (wait time.Duration)
	// Refund takes a failure back.
	Refund(client string)
}

// MinAdminToken is the length in characters from which on a credential can't be guessed.
const MinAdminToken = 32

// attempt judges a credential. One that could be guessed is charged before, so that no
// more are tried than are counted. Others are always judged: whoever shares an address
// with a stranger who fails isn't locked out. record keeps an audit record of a failure;
// a client that failed too often gets a *throttled.
func (s *Server) attempt(r *http.Request, credential string, judge func() error, record func(reason string)) error {
	client := limit.Client(s.remoteIP(r))
	guessable := utf8.RuneCountInString(credential) < MinAdminToken
	if guessable {
		if wait := s.Failures.Take(client); wait > 0 {
			return &throttled{wait}
		}
	}
	err := judge()
	switch {
	case err == nil && guessable:
		s.Failures.Refund(client)
	case err != nil && !guessable:
		if wait := s.Failures.Take(client); wait > 0 {
			return &throttled{wait}
		}
	}
	if err != nil {
		record(reason(err))
	}
	return err
}

// reason is why an attempt was refused, for the audit log.
func reason(err error) string {
	var shown *Error
	var refused refusedText
	switch {
	case errors.As(err, &shown):
		return shown.Message
	case errors.As(err, &refused):
		return string(refused)
	}
	return "The credential could not be checked."
}

// throttled is errTooMany with its time.
type throttled struct{ wait time.Duration }

// Error implements error.
func (*throttled) Error() string { return errTooMany.Message }

var errTooMany = NewError(http.StatusTooManyRequests, "TooManyRequests", "Too many requests of this client could not be authenticated. Try again later.")

// remoteIP is the client's address.
func (s *Server) remoteIP(r *http.Request) string {
	if s.RemoteIP != nil {
		return s.RemoteIP(r)
	}
	return limit.RemoteIP(r, false)
}

var _ Throttle = (*limit.Failures)(nil)
