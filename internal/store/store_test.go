package store_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"journeyman.dev/internal/journey"
	"journeyman.dev/internal/store"
	"journeyman.dev/internal/store/storetest"
)

func TestMain(m *testing.M) {
	code := m.Run()
	storetest.StopPostgres()
	os.Exit(code)
}

func TestSQLite(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) func() *store.DB {
		return opener(t, "sqlite:"+filepath.Join(t.TempDir(), "with ü and?.db"))
	})
}

func TestPostgreSQL(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) func() *store.DB { return opener(t, storetest.Postgres(t)) })
}

// Among processes with a shared database, a claim decides which one works on a journey.
func TestClaimsOfJourneys(t *testing.T) {
	t.Parallel()
	db := opener(t, storetest.Postgres(t))()
	s, ctx := store.Journeys{DB: db}, t.Context()
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	until, later := now.Add(time.Minute), now.Add(2*time.Minute)
	if err := s.Create(ctx, "a", []byte("one"), now.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	claim := func(version int64, at time.Time, want error) int64 {
		t.Helper()
		claimed, err := s.Claim(ctx, "a", version, at, at.Add(time.Minute))
		if !errors.Is(err, want) {
			t.Errorf("claim of version %d: %v, want %v", version, err, want)
		}
		return claimed
	}
	first := claim(1, now, nil)
	claim(1, now, journey.ErrConflict)
	claim(first, now, journey.ErrConflict)
	// A save frees the journey, and so does a release.
	if err := s.Save(ctx, "a", first, []byte("two"), until); err != nil {
		t.Error(err)
	}
	second := claim(first+1, now, nil)
	if err := s.Release(ctx, "a", second); err != nil {
		t.Error(err)
	}
	third := claim(second, now, nil)
	// The claim of a dead process ends by itself. If the process lives after all, it can't save any more.
	fourth := claim(third, later, nil)
	if err := s.Save(ctx, "a", third, []byte("late"), until); !errors.Is(err, journey.ErrConflict) {
		t.Errorf("saving after the claim was over: %v", err)
	}
	if err := s.Save(ctx, "a", fourth, []byte("three"), until); err != nil {
		t.Error(err)
	}
}

func opener(t *testing.T, address string) func() *store.DB {
	return func() *store.DB {
		db, err := store.Open(t.Context(), address)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = db.Close() })
		return db
	}
}

func TestAddressesThatCannotBeOpened(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"", "mysql:x", "postgres://user:s3cret@127.0.0.1:1/x?connect_timeout=1", "postgres://user:s3cret@%zz", "sqlite:" + filepath.Join(t.TempDir(), "missing", "x.db")} {
		db, err := store.Open(t.Context(), address)
		if err == nil {
			_ = db.Close()
			t.Errorf("%s was opened", address)
		} else if strings.Contains(err.Error(), "s3cret") {
			t.Errorf("the error tells the password: %v", err)
		}
	}
}
