package onetime

import (
	"context"
	"errors"
	"time"
)

// Guesses limits wrong codes for one identifier over all journeys, even if each journey has its own code.
type Guesses interface {
	// Guard charges a try for an identifier and runs it. A right try takes the charge back. ErrGuessed means
	// that there were too many wrong tries recently, and that the try did not run.
	Guard(ctx context.Context, identifier string, try func() (right bool)) error
}

// ErrGuessed means that too many wrong codes were entered for an identifier.
var ErrGuessed = errors.New("too many wrong codes")

// CheckGuarded is Check within the limit of guesses; beyond the limit it returns NoRetry. guesses may be nil.
// Without an open code nothing is charged.
func (c *Code) CheckGuarded(ctx context.Context, guesses Guesses, salt, entered string, now time.Time, maxTries int) (Verdict, error) {
	if guesses == nil || !c.open(now, maxTries) {
		return c.Check(salt, entered, now, maxTries), nil
	}
	verdict := NoRetry
	err := guesses.Guard(ctx, c.Identifier, func() bool {
		verdict = c.Check(salt, entered, now, maxTries)
		return verdict == Right
	})
	if errors.Is(err, ErrGuessed) {
		return NoRetry, nil
	}
	return verdict, err
}

// open reports whether there is a code with remaining tries.
func (c *Code) open(now time.Time, maxTries int) bool {
	return c != nil && c.Hash != nil && now.Before(c.Expires) && c.Tries < maxTries
}
