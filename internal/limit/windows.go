package limit

import (
	"context"
	"time"
)

// Bound limits the number of actions within a time that begins with the first action.
type Bound struct {
	Key    string
	Most   int // 0: no limit
	Within time.Duration
}

// WindowStore counts over all nodes.
type WindowStore interface {
	// Take counts one action for each bound, all or none. If one bound is used up, it returns false and the
	// end of that bound's time.
	Take(ctx context.Context, now time.Time, bounds ...Bound) (ok bool, until time.Time, err error)
	// Give takes one counted action back.
	Give(ctx context.Context, now time.Time, key string) error
}

// Windows counts actions.
type Windows struct {
	Store WindowStore
	Now   func() time.Time
}

// Take counts one action for each bound. If one is used up, it counts none and returns false. It checks the
// bounds in order: put the asking client's bound before that of the affected person, so that a client without
// tries learns nothing about the person.
func (w *Windows) Take(ctx context.Context, bounds ...Bound) (bool, error) {
	ok, _, err := w.Store.Take(ctx, w.Now(), bounds...)
	return ok, err
}

// Give takes a counted action back, because it was no abuse.
func (w *Windows) Give(ctx context.Context, key string) error {
	return w.Store.Give(ctx, w.Now(), key)
}
