package onetime

import (
	"context"
	"errors"
	"time"
)

// Guesses bounds wrong codes for one identifier over all journeys, also where each journey
// has a code of its own.
type Guesses interface {
	// Guard charges a try for an identifier and makes it; the charge is taken back if it
	// was right. ErrGuessed: too many were wrong lately, and it was not made.
	Guard(ctx context.Context, identifier string, try func() (right bool)) error
}

// ErrGuessed says that too many wrong codes were entered for an identifier.
var ErrGuessed = errors.New("too many wrong codes")

// CheckGuarded is Check within the bound of guesses, NoRetry beyond it; guesses may be
// nil. Where there is nothing to guess, nothing is charged.
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

// open reports whether there is a code that can be tried.
func (c *Code) open(now time.Time, maxTries int) bool {
	return c != nil && c.Hash != nil && now.Before(c.Expires) && c.Tries < maxTries
}
