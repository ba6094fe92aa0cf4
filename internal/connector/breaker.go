package connector

import (
	"sync"
	"time"
)

// breaker stops calls to a failing API. After a number of failures in a row it is open for a while. Then one
// call tries, and closes or opens it again. The caller gives the time, so that tests can set it.
type breaker struct {
	after int
	wait  time.Duration

	mu       sync.Mutex
	failures int
	until    time.Time // open until then; zero: closed
	trying   bool      // the trying call is running
}

// allow reports whether a call may be made; every allowed call ends with done.
func (b *breaker) allow(now time.Time) bool {
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

// verdict is the result of a call for the breaker.
type verdict uint8

const (
	healthy verdict = iota
	failing
	unknown // the caller cancelled
)

func (b *breaker) done(v verdict, now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.trying = false
	switch v {
	case healthy:
		b.failures, b.until = 0, time.Time{}
	case failing:
		b.failures++
		if b.failures >= b.after {
			b.until = now.Add(b.wait)
		}
	}
}
