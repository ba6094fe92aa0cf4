package test

import (
	"context"
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"journeyman.dev/internal/seal"
	"journeyman.dev/internal/server"
	"journeyman.dev/internal/settings"
)

// masterKey is a master key of one byte's value.
func masterKey(b byte) string {
	key := make([]byte, seal.MasterKeySize)
	key[0] = b
	return base64.StdEncoding.EncodeToString(key)
}

// The master key is changed while a server runs: by a second key, a reseal, and the end of
// the first.
func TestTheMasterKeyIsChanged(t *testing.T) {
	t.Parallel()
	older, newer := masterKey(1), masterKey(2)
	for name, database := range databases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api, on, data, keys := newAPI(t), database(t), t.TempDir(), older
			change := func(c *server.Config) {
				on(c)
				c.Data, c.MasterKey = data, keys
			}
			e := startWith(t, api, change)
			_, own := e.federatedFlow()
			e.must(201, "POST", keySets, object{"id": "Api"})
			e.must(200, "POST", keySets+"/Api/uploadSecret", object{"use": "sig", "k": "api-secret"})
			e.must(201, "POST", keySets, object{"id": "Gone"})
			e.must(204, "DELETE", keySets+"/Gone", nil)
			connector := e.connector(api.server.URL + "/connector")
			e.stop()

			check := func(e *env) {
				t.Helper()
				if secret, err := e.srv.Keys.Secret(t.Context(), "Api"); err != nil || string(secret) != "api-secret" {
					t.Errorf("policy key: %q, %v", secret, err)
				}
				if secret, err := e.srv.OwnKeys.Secret(t.Context(), own); err != nil || string(secret) != "idp-secret" {
					t.Errorf("our own key: %q, %v", secret, err)
				}
				if c, err := e.srv.Connectors.Get(connector); err != nil || c.Auth.Password == "" {
					t.Errorf("connector: %+v, %v", c, err)
				}
			}
			keys = older + "," + newer
			e = startWith(t, api, change)
			config := settings.Storage{Data: data, Database: e.srv.Config.Database, MasterKey: newer + "\n" + older}
			reseal := func(wantAll bool) {
				t.Helper()
				done, err := server.Reseal(context.Background(), config)
				if err != nil || len(done) != 2 {
					t.Fatalf("%v, %v", done, err)
				}
				for _, kind := range done {
					if kind.All == 0 || wantAll && kind.Count != kind.All || !wantAll && kind.Count != 0 {
						t.Errorf("%+v, all wanted: %t", kind, wantAll)
					}
				}
			}
			reseal(true)
			// The running server reads what was resealed, and goes on changing it.
			if err := e.srv.Sync(t.Context()); err != nil {
				t.Fatal(err)
			}
			check(e)
			e.must(204, "PATCH", "beta/identity/apiConnectors/"+connector, object{"displayName": "Renamed"})
			e.must(200, "POST", keySets+"/Gone.bak/restore", nil)
			reseal2, err := server.Reseal(context.Background(), config)
			if err != nil || reseal2[0].Count != 1 || reseal2[1].Count != 1 {
				t.Errorf("what the server sealed meanwhile: %+v, %v", reseal2, err)
			}
			reseal(false)
			e.stop()
			keys = newer
			e = startWith(t, api, change)
			check(e)
			// A key that doesn't open what is there gives an error, and nothing is changed.
			config.MasterKey = masterKey(3)
			if _, err := server.Reseal(context.Background(), config); err == nil || strings.Contains(err.Error(), config.MasterKey) {
				t.Errorf("a wrong key: %v", err)
			}
			check(e)
		})
	}
}

func TestResealingMakesNeitherKeyNorDatabase(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	for _, c := range []settings.Storage{{Data: data}, {Data: data, MasterKey: masterKey(1)}, {Data: data, MasterKey: masterKey(1), Database: "sqlite:" + filepath.Join(data, "other.db")}} {
		if done, err := server.Reseal(t.Context(), c); err == nil {
			t.Errorf("%+v", done)
		}
	}
	if files, err := os.ReadDir(data); err != nil || len(files) > 0 {
		t.Errorf("made: %v, %v", files, err)
	}
}

// Nobody but the owner reads the database's files, also those that an older version made.
func TestDatabaseFilesAreTheOwners(t *testing.T) {
	t.Parallel()
	file, data := onSQLite(t), t.TempDir()
	on := func(c *server.Config) {
		file(c)
		c.Data = data
	}
	var path string
	modes := func() {
		t.Helper()
		for _, beside := range []string{"", "-wal", "-shm"} {
			info, err := os.Stat(path + beside)
			if err != nil {
				t.Fatal(err)
			}
			if info.Mode().Perm() != 0o600 {
				t.Errorf("%s: %v", filepath.Base(path)+beside, info.Mode())
			}
		}
	}
	e := startWith(t, newAPI(t), on)
	path = strings.TrimPrefix(e.srv.Config.Database, "sqlite:")
	modes()
	for _, beside := range []string{"", "-wal", "-shm"} {
		if err := os.Chmod(path+beside, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	e.stop()
	if err := os.Chmod(path, 0o664); err != nil {
		t.Fatal(err)
	}
	startWith(t, newAPI(t), on)
	modes()
}
