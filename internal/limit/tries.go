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

// Rule is the number of accepted wrong tries and the length of locks.
type Rule struct {
	After int           // this number of wrong tries locks
	First time.Duration // length of the first lock; each further one is twice as long
	Most  time.Duration // maximum length of a lock
	// Few is the time after the last try for which tries without lock are remembered; Forget is that time for
	// tries that have locked. So an attack on many keys leaves rows for an hour, not a day.
	Few, Forget time.Duration
}

// Locks returns the lengths of the first, second … lock. The last one also applies to all further locks.
func (r Rule) Locks() [5]time.Duration {
	var locks [5]time.Duration
	for i := range locks {
		locks[i] = min(r.First<<i, r.Most)
	}
	return locks
}

// Charge is the result of charging a try.
type Charge struct {
	Charged bool
	// Until is the end of the lock, if the try was not charged.
	Until time.Time
	// Running reports that a running try may still turn out right, so that the lock may not last.
	Running bool
}

// TryStore counts tries over all nodes.
type TryStore interface {
	// ChargeTry counts a try as failed before it runs, unless the key is locked.
	ChargeTry(ctx context.Context, key string, rule Rule, now time.Time) (Charge, error)
	// EndTry ends a charged try. change gets the fingerprints of the last wrong tries. It returns the
	// fingerprints to keep, and whether the charge is taken back.
	EndTry(ctx context.Context, key string, rule Rule, now time.Time, change func(last string) (keep string, refund bool)) error
	// ClearTries forgets a key's tries except the running ones.
	ClearTries(ctx context.Context, key string) error
}

// Locked means that there were too many wrong tries.
type Locked struct {
	Until time.Time
	// Repeated is set if this node has reported the lock before.
	Repeated bool
}

// Error implements error.
func (l *Locked) Error() string { return "too many wrong tries" }

// Tries limits wrong tries by key. Store, Rule and Now must be set.
type Tries struct {
	Store TryStore
	Rule  Rule
	Now   func() time.Time

	mu    sync.Mutex
	locks *recent[time.Time]
}

// Check returns *Locked if this node knows that the key is locked. That costs nothing. No lock ends early,
// because no try runs in the meantime.
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

// Running tries on other nodes decide within moments whether a lock lasts.
const (
	runningLook = 25 * time.Millisecond
	runningWait = time.Second
)

// Begin charges a try. *Locked means that the try must not run, ErrBusy that running tries may use up the
// bound.
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

// Guard runs a try. It returns *Locked or ErrBusy if the try must not run.
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

// Try is a charged try. Exactly one of its methods ends it. They ignore the request's end, because a client
// that leaves must not prevent the end of its try.
type Try struct {
	t   *Tries
	key string
}

// remembered is the number of different wrong tries that count only once, so that a program with an old
// password locks nobody out (pages §9, 38).
const remembered = 3

// Wrong ends a wrong try. A try with the fingerprint of one of the last tries isn't counted again; "" always
// counts.
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

// Undo ends a try that didn't run.
func (y *Try) Undo(ctx context.Context) error {
	return y.end(ctx, func(last string) (string, bool) { return last, true })
}

func (y *Try) end(ctx context.Context, change func(string) (string, bool)) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleIn)
	defer cancel()
	return y.settled(y.t.Store.EndTry(ctx, y.key, y.t.Rule, y.t.Now(), change))
}

// Right ends a right try. It clears the earlier ones.
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
