package store_test

import (
	"path/filepath"
	"testing"

	"journeyman.dev/internal/store"
	"journeyman.dev/internal/store/storetest"
)

func TestSQLite(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) func() *store.DB {
		path := filepath.Join(t.TempDir(), "a folder", "with ü?.db")
		path = filepath.Join(filepath.Dir(filepath.Dir(path)), filepath.Base(path))
		return func() *store.DB {
			db, err := store.OpenSQLite(t.Context(), path)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = db.Close() })
			return db
		}
	})
}
