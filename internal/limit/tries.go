package limit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

// Rule says how many wrong tries are borne.
type Rule struct {
	After int           // so many lock …
	First time.Duration // … for this long, twice as long the next time,
	Most  time.Duration // … and never for longer than this.
	// Few is how long fewer tries are remembered after the last one, and Forget how long
	// those are that have locked: whoever tries many keys leaves rows for an hour, not a day.
	Few, Forget time.Duration
}

// Locks are how long the first, second … lock takes; the last one holds for all that
// follow.
func (r Rule) Locks() [5]time.Duration {
	var locks [5]time.Duration
	for i := range locks {
		locks[i] = min(r.First<<i, r.Most)
	}
	return locks
}

// Charge is what became of charging a try.
type Charge struct {
	Charged bool
	// Until is when the lock ends, if it was not charged.
	Until time.Time
	// Running says that tries under way may still turn out right, so that the lock may not
	// last.
	Running bool
}

// TryStore counts tries over all nodes.
type TryStore interface {
	// ChargeTry counts a try as failed, before it is made, unless the key is locked.
	ChargeTry(ctx context.Context, key string, rule Rule, now time.Time) (Charge, error)
	// EndTry ends a try that was charged. change gets the fingerprints of the last wrong
	// ones, and gives those to keep, and whether the charge is taken back.
	EndTry(ctx context.Context, key string, rule Rule, now time.Time, change func(last string) (keep string, refund bool)) error
	// ClearTries forgets a key's tries but those that are under way.
	ClearTries(ctx context.Context, key string) error
}

// Locked says that too many wrong tries were made.
type Locked struct {
	Until time.Time
	// Repeated: this node has said so before.
	Repeated bool
}

// Error implements error.
func (l *Locked) Error() string { return "too many wrong tries" }

// Tries bounds wrong tries by key. Store, Rule and Now must be set.
type Tries struct {
	Store TryStore
	Rule  Rule
	Now   func() time.Time

	mu    sync.Mutex
	locks *recent[time.Time]
}

// Check returns *Locked if this node knows that the key is locked: that costs nothing.
// A lock can't be lifted before its time, as nothing is tried meanwhile.
func (t *Tries) Check(key string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.locks == nil {
		return nil
	}
	until, ok := t.locks.get(key)
	if !ok {
		return nil
	}
	if !t.Now().Before(until) {
		t.locks.remove(key)
		return nil
	}
	return &Locked{Until: until, Repeated: true}
}

func (t *Tries) remember(key string, until time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.locks == nil {
		t.locks = newRecent[time.Time](maxRemembered, nil)
	}
	t.locks.put(key, until)
}

// Tries that are under way elsewhere decide within moments whether a lock holds.
const (
	runningLook = 25 * time.Millisecond
	runningWait = time.Second
)

// Begin charges a try. *Locked: it must not be made; ErrBusy: others are under way that
// may use the budget up.
func (t *Tries) Begin(ctx context.Context, key string) (*Try, error) {
	if err := t.Check(key); err != nil {
		return nil, err
	}
	for waited := time.Duration(0); ; waited += runningLook {
		c, err := t.Store.ChargeTry(ctx, key, t.Rule, t.Now())
		switch {
		case err != nil:
			return nil, fmt.Errorf("count of tries: %w", err)
		case c.Charged:
			return &Try{t: t, key: key}, nil
		case !c.Running:
			t.remember(key, c.Until)
			return nil, &Locked{Until: c.Until}
		case waited >= runningWait:
			return nil, ErrBusy
		}
		look := time.NewTimer(runningLook)
		select {
		case <-look.C:
		case <-ctx.Done():
			look.Stop()
			return nil, ctx.Err()
		}
	}
}

// Guard makes a try: it returns *Locked or ErrBusy if it may not be made.
func (t *Tries) Guard(ctx context.Context, key string, try func() (right bool)) error {
	charged, err := t.Begin(ctx, key)
	if err != nil {
		return err
	}
	if try() {
		return charged.Right(ctx)
	}
	return charged.Wrong(ctx, "")
}

// Try is one that was charged; exactly one of its methods ends it. They outlive the
// request: a client that leaves must not keep its charge from being settled.
type Try struct {
	t   *Tries
	key string
}

// remembered is how many wrong tries don't count again: a program that has an old
// password locks nobody out (pages §9, 38).
const remembered = 3

// Wrong ends a try that was wrong. One whose fingerprint is that of one of the last isn't
// counted again; "": all count.
func (y *Try) Wrong(ctx context.Context, fingerprint string) error {
	return y.end(ctx, func(last string) (string, bool) {
		if fingerprint == "" {
			return last, false
		}
		var list []string
		_ = json.Unmarshal([]byte(last), &list) // "" at first
		if slices.Contains(list, fingerprint) {
			return last, true
		}
		if list = append(list, fingerprint); len(list) > remembered {
			list = list[len(list)-remembered:]
		}
		text, err := json.Marshal(list)
		if err != nil {
			return last, false
		}
		return string(text), false
	})
}

// Undo ends a try that was not made.
func (y *Try) Undo(ctx context.Context) error {
	return y.end(ctx, func(last string) (string, bool) { return last, true })
}

func (y *Try) end(ctx context.Context, change func(string) (string, bool)) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleIn)
	defer cancel()
	return y.settled(y.t.Store.EndTry(ctx, y.key, y.t.Rule, y.t.Now(), change))
}

// Right ends a try that was right: those before it are forgotten.
func (y *Try) Right(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleIn)
	defer cancel()
	return y.settled(y.t.Store.ClearTries(ctx, y.key))
}

const settleIn = 10 * time.Second

func (y *Try) settled(err error) error {
	if err != nil {
		return fmt.Errorf("count of tries: %w", err)
	}
	return nil
}

// IsLocked reports whether an error is *Locked.
func IsLocked(err error) bool {
	_, ok := errors.AsType[*Locked](err)
	return ok
}
