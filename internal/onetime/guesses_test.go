package onetime_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"journeyman.dev/internal/onetime"
)

// guard counts tries, and refuses them if err is ErrGuessed.
type guard struct {
	charged int
	err     error
}

func (g *guard) Guard(_ context.Context, _ string, try func() bool) error {
	if errors.Is(g.err, onetime.ErrGuessed) {
		return g.err
	}
	if g.charged++; try() {
		g.charged--
	}
	return g.err
}

func TestAGuardedCodeIsCheckedOnlyWhileGuessesAreLeft(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	down := errors.New("down")
	for _, c := range []struct {
		name    string
		entered string
		guard   *guard
		at      time.Time
		want    onetime.Verdict
		err     error
		charged int
	}{
		{"right", "123456", new(guard), now, onetime.Right, nil, 0},
		{"wrong", "000000", new(guard), now, onetime.Wrong, nil, 1},
		{"right, but guessed too often", "123456", &guard{err: onetime.ErrGuessed}, now, onetime.NoRetry, nil, 0},
		{"right, and the store is down", "123456", &guard{err: down}, now, onetime.Right, down, 0},
		{"expired", "123456", new(guard), now.Add(time.Hour), onetime.Expired, nil, 0},
	} {
		code := new(onetime.Code)
		code.Issue("salt", "ada@example.com", "123456", now.Add(time.Minute))
		got, err := code.CheckGuarded(t.Context(), c.guard, "salt", c.entered, c.at, 3)
		if got != c.want || !errors.Is(err, c.err) || c.guard.charged != c.charged {
			t.Errorf("%s: %v, %v, charged %d", c.name, got, err, c.guard.charged)
		}
	}
	code := new(onetime.Code)
	code.Issue("salt", "ada@example.com", "123456", now.Add(time.Minute))
	if got, err := code.CheckGuarded(t.Context(), nil, "salt", "123456", now, 3); got != onetime.Right || err != nil {
		t.Errorf("without a guard: %v, %v", got, err)
	}
	var none *onetime.Code
	g := new(guard)
	if _, err := none.CheckGuarded(t.Context(), g, "salt", "123456", now, 3); err != nil || g.charged != 0 {
		t.Errorf("without a code: %v, charged %d", err, g.charged)
	}
}
