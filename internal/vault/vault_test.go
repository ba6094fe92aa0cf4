package vault_test

import (
	"context"
	"encoding/base64"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"journeyman.dev/internal/seal"
	"journeyman.dev/internal/vault"
)

// database contains a tenant with an id, or none.
type database struct {
	tenant string
	err    error
}

func (d database) Setting(context.Context, string) (string, error) { return d.tenant, d.err }

// touch makes a file.
func touch(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func there(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// open acts like a starting server; the database is made in between.
func open(t *testing.T, v vault.Vault, db database) (*seal.Sealer, error) {
	t.Helper()
	found, err := v.Look()
	if err != nil {
		return nil, err
	}
	return found.Sealer(t.Context(), db)
}

func TestAFirstStartMakesAKeyThatLaterOnesRead(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	v := vault.Vault{Data: data}
	if want := "sqlite:" + filepath.Join(data, "journeyman.db"); v.Address() != want {
		t.Errorf("address %s, want %s", v.Address(), want)
	}
	if _, err := open(t, v, database{err: errors.New("away")}); err == nil || there(filepath.Join(data, "master.key")) {
		t.Errorf("a start that doesn't reach its database left a key, or %v", err)
	}
	first, err := open(t, v, database{})
	if err != nil {
		t.Fatal(err)
	}
	sealed := first.Seal(seal.Secret, "test", []byte("secret"))
	touch(t, filepath.Join(data, "journeyman.db"), "")
	for name, again := range map[string]func() (*seal.Sealer, error){
		"the next start": func() (*seal.Sealer, error) { return open(t, v, database{tenant: "t"}) },
		"a reseal":       v.Existing,
	} {
		s, err := again()
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if text, err := s.Open(seal.Secret, "test", sealed); err != nil || string(text) != "secret" {
			t.Errorf("%s: %q, %v", name, text, err)
		}
	}
}

func TestAKeyWithoutItsTenantIsRefused(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	v := vault.Vault{Data: data}
	if _, err := open(t, v, database{}); err != nil {
		t.Fatal(err)
	}
	if _, err := v.Look(); !errors.Is(err, vault.ErrNoTenant) {
		t.Errorf("a missing file: %v", err)
	}
	elsewhere := v
	elsewhere.Database = "postgres://db.example/j"
	if _, err := open(t, elsewhere, database{}); !errors.Is(err, vault.ErrNoTenant) {
		t.Errorf("an empty database: %v", err)
	}
	for name, change := range map[string]func(v *vault.Vault){
		"with init":            func(v *vault.Vault) { v.Init = true },
		"with keys of its own": func(v *vault.Vault) { v.MasterKey = base64.StdEncoding.EncodeToString(make([]byte, 32)) },
	} {
		other := v
		change(&other)
		if _, err := open(t, other, database{}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestResealingMakesNothing(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	key := base64.StdEncoding.EncodeToString(make([]byte, 32))
	for _, v := range []vault.Vault{{Data: data}, {Data: data, MasterKey: key}, {Data: data, MasterKey: "short", Database: "postgres://db.example/j"}} {
		if _, err := v.Existing(); err == nil {
			t.Errorf("%+v opened", v)
		}
	}
	if files, err := os.ReadDir(data); err != nil || len(files) > 0 {
		t.Errorf("made: %v, %v", files, err)
	}
}

func TestATenantWithoutItsKeyIsRefused(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	touch(t, filepath.Join(data, "journeyman.db"), "")
	for _, v := range []vault.Vault{{Data: data}, {Data: data, Init: true}, {Data: data, Database: "postgres://db.example/j"}} {
		if _, err := open(t, v, database{tenant: "t"}); !errors.Is(err, vault.ErrNoKey) {
			t.Errorf("%+v: %v", v, err)
		}
		if there(filepath.Join(data, "master.key")) {
			t.Fatal("a key was made that opens nothing")
		}
	}
	if _, err := open(t, vault.Vault{Data: data, MasterKey: base64.StdEncoding.EncodeToString(make([]byte, 32))}, database{tenant: "t"}); err != nil {
		t.Errorf("with the key by a flag: %v", err)
	}
}

func TestResealingStopsAtTheFirstKindThatFails(t *testing.T) {
	t.Parallel()
	rows := func(kind string, count, all int, err error) vault.Rows {
		return vault.Rows{Kind: kind, Reseal: func(context.Context, *seal.Sealer) (int, int, error) { return count, all, err }}
	}
	failure := errors.New("can't be opened")
	done, err := vault.Reseal(t.Context(), nil, rows("key sets", 1, 2, nil), rows("API connectors", 0, 0, failure), rows("never", 9, 9, nil))
	if want := []vault.Resealed{{Kind: "key sets", Count: 1, All: 2}}; !slices.Equal(done, want) || !errors.Is(err, failure) || !strings.HasPrefix(err.Error(), "API connectors: ") {
		t.Errorf("%+v, %v", done, err)
	}
}
