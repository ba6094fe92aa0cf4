package journeytest

import (
	"math/rand/v2"
	"sync"
	"time"
)

// Clock is the time of a stage: it stands still until a test moves it.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// newClock begins at a fixed time in UTC.
func newClock() *Clock { return &Clock{now: time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)} }

// Now is the time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Advance moves the time on.
func (c *Clock) Advance(by time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(by)
}

// dice is randomness that is the same in each run, for concurrent use.
type dice struct {
	mu     sync.Mutex
	source *rand.ChaCha8
}

func newDice() *dice { return &dice{source: rand.NewChaCha8([32]byte{1})} }

// Read implements io.Reader.
func (d *dice) Read(b []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.source.Read(b)
}
