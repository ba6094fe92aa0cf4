package limit

import (
	"context"
	"time"
)

// Bound is how often something may be done within a time, from the first time on.
type Bound struct {
	Key    string
	Most   int // 0: no bound
	Within time.Duration
}

// WindowStore counts over all nodes.
type WindowStore interface {
	// Take counts once for each bound, all or none: when one of them is used up, it
	// returns false and when that one begins anew.
	Take(ctx context.Context, now time.Time, bounds ...Bound) (ok bool, until time.Time, err error)
	// Give takes back what was counted once.
	Give(ctx context.Context, now time.Time, key string) error
}

// Windows counts what is done.
type Windows struct {
	Store WindowStore
	Now   func() time.Time
}

// Take counts once for each bound, or for none and returns false if one is used up. The
// bounds are asked in their order: put that of who asks before that of whom it is about,
// so that who has used up theirs doesn't learn of the other.
func (w *Windows) Take(ctx context.Context, bounds ...Bound) (bool, error) {
	ok, _, err := w.Store.Take(ctx, w.Now(), bounds...)
	return ok, err
}

// Give takes back what was counted: it was no abuse.
func (w *Windows) Give(ctx context.Context, key string) error {
	return w.Store.Give(ctx, w.Now(), key)
}
