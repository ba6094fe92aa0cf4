package store_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

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
