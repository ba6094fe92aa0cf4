package onetime

import (
	"context"
	"errors"
	"time"

	"journeyman.dev/internal/canonical"
	"journeyman.dev/internal/limit"
)

// wrongCodes: this number of wrong codes for one identifier, over all journeys, locks it for a while. A
// person enters a few for each of a few codes. At this rate, an attacker finds one code of a million in
// years.
var wrongCodes = limit.Rule{After: 20, First: 10 * time.Minute, Most: time.Hour, Few: time.Hour, Forget: 24 * time.Hour}

// CountedGuesses are Guesses counted by a store over all nodes: 20 wrong codes lock an identifier, first for
// ten minutes and at most for an hour.
type CountedGuesses struct{ tries *limit.Tries }

// NewCountedGuesses makes guesses that a store counts.
func NewCountedGuesses(store limit.TryStore, now func() time.Time) CountedGuesses {
	return CountedGuesses{&limit.Tries{Store: store, Rule: wrongCodes, Now: now}}
}

// Guard implements [Guesses].
func (g CountedGuesses) Guard(ctx context.Context, identifier string, try func() bool) error {
	err := g.tries.Guard(ctx, limit.Key("code", canonical.Name(identifier)), try)
	if limit.IsLocked(err) || errors.Is(err, limit.ErrBusy) {
		return ErrGuessed
	}
	return err
}

// IssueLimits limits the codes for each identifier, over all nodes.
type IssueLimits struct{ Made *limit.Windows }

// Allow counts a code for an identifier. It returns false if most codes were made within the time.
func (l IssueLimits) Allow(ctx context.Context, identifier string, most int, within time.Duration) (bool, error) {
	return l.Made.Take(ctx, limit.Bound{Key: limit.Key("code for", canonical.Name(identifier)), Most: most, Within: within})
}
