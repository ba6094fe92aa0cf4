package limit

import (
	"math"
	"sync"
	"time"
)

// Failures of a client are free up to a burst, and one more every while after it. Those of
// clients that aren't kept any more share one allowance.
const (
	failureBurst = 60
	failureEvery = 2 * time.Second
	maxFailing   = 4096
)

// Failures counts the failed authentications of clients, in memory: each node for itself.
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

// Take counts a failure of a client. wait is how long the client must wait before the next
// attempt may be judged; 0 if it needn't.
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

// Refund takes a failure back.
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
	if len(f.clients) >= maxFailing {
		for known, a := range f.clients {
			if a.refill(now); a.left >= failureBurst {
				delete(f.clients, known)
			}
		}
		if len(f.clients) >= maxFailing {
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
