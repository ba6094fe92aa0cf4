package onetime

import (
	"context"
	"errors"
	"time"

	"journeyman.dev/internal/canonical"
	"journeyman.dev/internal/limit"
)

// wrongCodes: so many wrong codes for one identifier, over all journeys, lock it for a
// while. A person enters a few of each of a few codes; who may try so many finds one of a
// million in years.
var wrongCodes = limit.Rule{After: 20, First: 10 * time.Minute, Most: time.Hour, Few: time.Hour, Forget: 24 * time.Hour}

// CountedGuesses are Guesses that a store counts over all nodes: 20 wrong codes for an
// identifier lock it, for ten minutes at first and for an hour at most.
type CountedGuesses struct{ tries *limit.Tries }

// NewCountedGuesses counts in a store.
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

// IssueLimits bound how many codes one identifier gets, over all nodes.
type IssueLimits struct{ Made *limit.Windows }

// Allow counts a code for an identifier; it returns false if most were made within the time
// already.
func (l IssueLimits) Allow(ctx context.Context, identifier string, most int, within time.Duration) (bool, error) {
	return l.Made.Take(ctx, limit.Bound{Key: limit.Key("code for", canonical.Name(identifier)), Most: most, Within: within})
}
