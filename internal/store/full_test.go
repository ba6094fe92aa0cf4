package store

import (
	"path/filepath"
	"testing"
	"time"
)

// A full disk accepts no write, even if reading still works.
func TestReadinessSeesAFullDisk(t *testing.T) {
	t.Parallel()
	d, err := OpenSQLite(t.Context(), filepath.Join(t.TempDir(), "db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	now := time.Now()
	if err := d.Ready(t.Context(), now); err != nil {
		t.Fatal(err)
	}
	// SQLite's own full disk: no more pages.
	if _, err := d.conn.ExecContext(t.Context(), "DELETE FROM probes"); err != nil {
		t.Fatal(err)
	}
	if _, err := d.conn.ExecContext(t.Context(), "VACUUM"); err != nil {
		t.Fatal(err)
	}
	if _, err := d.conn.ExecContext(t.Context(), "PRAGMA max_page_count = 1"); err != nil {
		t.Fatal(err)
	}
	if err := d.Ready(t.Context(), now); err == nil {
		t.Error("a full database takes writes")
	}
	if _, err := d.Setting(t.Context(), "tenantId"); err != nil {
		t.Errorf("reading: %v", err)
	}
	if _, err := d.conn.ExecContext(t.Context(), "PRAGMA max_page_count = 1000000"); err != nil {
		t.Fatal(err)
	}
	if err := d.Ready(t.Context(), now); err != nil {
		t.Errorf("with room again: %v", err)
	}
}
