package msgraph

import (
	"errors"
	"math"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// Throttle slows clients down whose authentication fails.
type Throttle interface {
	// Take counts a failure of a client; wait is how long the client must wait before the
	// next counts as one that may be tried, 0 if it needn't.
	Take(client string) (wait time.Duration)
	// Refund takes a failure back.
	Refund(client string)
}

// Failures of a client are free up to a burst, and one more every while after it. Those of
// clients that aren't kept any more share one allowance.
const (
	failureBurst = 60
	failureEvery = 2 * time.Second
	maxClients   = 4096
)

// Failures is a Throttle in memory; each node counts for itself.
type Failures struct {
	Now func() time.Time

	mu      sync.Mutex
	clients map[string]*allowance
}

type allowance struct {
	left float64
	at   time.Time
}

func (a *allowance) refill(now time.Time) {
	a.left = math.Min(failureBurst, a.left+now.Sub(a.at).Seconds()/failureEvery.Seconds())
	a.at = now
}

// Take implements Throttle.
func (f *Failures) Take(client string) time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	a := f.of(client)
	if a.refill(f.Now()); a.left >= 1 {
		a.left--
		return 0
	}
	return time.Duration((1 - a.left) * float64(failureEvery))
}

// Refund implements Throttle.
func (f *Failures) Refund(client string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	a := f.of(client)
	a.left = math.Min(failureBurst, a.left+1)
}

// of finds a client's allowance. When there are too many, those that are whole again are
// forgotten, which changes nothing; if there is none, new clients share one.
func (f *Failures) of(client string) *allowance {
	if a, ok := f.clients[client]; ok {
		return a
	}
	now := f.Now()
	if len(f.clients) >= maxClients {
		for known, a := range f.clients {
			if a.refill(now); a.left >= failureBurst {
				delete(f.clients, known)
			}
		}
		if len(f.clients) >= maxClients {
			client = ""
			if a, ok := f.clients[client]; ok {
				return a
			}
		}
	}
	if f.clients == nil {
		f.clients = make(map[string]*allowance)
	}
	a := &allowance{left: failureBurst, at: now}
	f.clients[client] = a
	return a
}

// clientOf is whose failures count together: an address, of IPv6 its network.
func clientOf(address string) string {
	ip, err := netip.ParseAddr(address)
	if err != nil || ip.Unmap().Is4() {
		return address
	}
	network, err := ip.WithZone("").Prefix(64)
	if err != nil {
		return address
	}
	return network.String()
}

// MinAdminToken is the length in characters from which on a credential can't be guessed.
const MinAdminToken = 32

// attempt judges a credential. One that could be guessed is charged before, so that no
// more are tried than are counted. Others are always judged: whoever shares an address
// with a stranger who fails isn't locked out. record keeps an audit record of a failure;
// a client that failed too often gets a *throttled.
func (s *Server) attempt(r *http.Request, credential string, judge func() error, record func(reason string)) error {
	client := clientOf(s.remoteIP(r))
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
	if i := strings.LastIndexByte(r.RemoteAddr, ':'); i >= 0 {
		return strings.Trim(r.RemoteAddr[:i], "[]")
	}
	return r.RemoteAddr
}

var _ Throttle = (*Failures)(nil)
