package limit

import (
	"sync"
	"time"
)

// Breaker stops calls to a failing system. After a number of failures in a row it is open for a while. Then one
// call tries, and closes or opens it again. The caller gives the time, so that tests can set it.
type Breaker struct {
	// After is the number of failures in a row that open it, Wait the time that it stays open.
	After int
	Wait  time.Duration

	mu       sync.Mutex
	failures int
	until    time.Time // open until then; zero: closed
	trying   bool      // the trying call is running
}

// Allow reports whether a call may be made; every allowed call ends with Done.
func (b *Breaker) Allow(now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.until.IsZero():
		return true
	case now.Before(b.until) || b.trying:
		return false
	}
	b.trying = true
	return true
}

// Verdict is the result of a call for a Breaker.
type Verdict uint8

// The verdicts.
const (
	Healthy Verdict = iota
	Failing
	Unknown // the caller cancelled
)

// Done reports the result of an allowed call.
func (b *Breaker) Done(v Verdict, now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.trying = false
	switch v {
	case Healthy:
		b.failures, b.until = 0, time.Time{}
	case Failing:
		b.failures++
		if b.failures >= b.After {
			b.until = now.Add(b.Wait)
		}
	}
}
