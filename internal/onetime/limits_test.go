package onetime_test

import (
	"errors"
	"path/filepath"
	"testing"
	"time"

	"journeyman.dev/internal/limit"
	"journeyman.dev/internal/onetime"
	"journeyman.dev/internal/store"
)

func openStore(t *testing.T) store.Limits {
	t.Helper()
	db, err := store.OpenSQLite(t.Context(), filepath.Join(t.TempDir(), "db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return store.Limits{DB: db}
}

func TestTwentyWrongCodesLockAnIdentifierForAWhile(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	guesses := onetime.NewCountedGuesses(openStore(t), func() time.Time { return now })
	guess := func(identifier string, right bool) (made bool, err error) {
		err = guesses.Guard(t.Context(), identifier, func() bool { made = true; return right })
		return made, err
	}
	for i := range 20 {
		if made, err := guess("Ada@example.com", false); !made || err != nil {
			t.Fatalf("guess %d: %t, %v", i, made, err)
		}
	}
	if made, err := guess("ada@EXAMPLE.com", true); made || !errors.Is(err, onetime.ErrGuessed) {
		t.Errorf("guess 21, in other letters: %t, %v", made, err)
	}
	if made, err := guess("bob@example.com", true); !made || err != nil {
		t.Errorf("another identifier: %t, %v", made, err)
	}
	now = now.Add(11 * time.Minute)
	if made, err := guess("ada@example.com", true); !made || err != nil {
		t.Errorf("after the lock: %t, %v", made, err)
	}
}

func TestAnIdentifierGetsSoManyCodesWithinATime(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	limits := onetime.IssueLimits{Made: &limit.Windows{Store: openStore(t), Now: func() time.Time { return now }}}
	for i, want := range []bool{true, true, false} {
		if ok, err := limits.Allow(t.Context(), "ada@example.com", 2, time.Minute); ok != want || err != nil {
			t.Errorf("code %d: %t, %v", i, ok, err)
		}
	}
	now = now.Add(time.Minute)
	if ok, err := limits.Allow(t.Context(), "Ada@example.com", 2, time.Minute); !ok || err != nil {
		t.Errorf("a minute later: %t, %v", ok, err)
	}
}
