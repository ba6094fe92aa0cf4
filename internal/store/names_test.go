package store_test

import (
	"database/sql"
	"encoding/json"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"journeyman.dev/internal/directory"
	"journeyman.dev/internal/store"
	"journeyman.dev/internal/store/storetest"
)

// Users of the earlier version had one index. The new index finds them. Names of two users are reported and
// find nobody.
func TestUsersOfOlderVersionsGetTheNewIndex(t *testing.T) {
	t.Parallel()
	for name, address := range map[string]string{"SQLite": "sqlite:" + filepath.Join(t.TempDir(), "x.db"), "PostgreSQL": storetest.Postgres(t)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			migrateNames(t, address)
		})
	}
}

func migrateNames(t *testing.T, address string) {
	deleted := time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)
	is := func(kind, id string) directory.Identity {
		return directory.Identity{Type: kind, Issuer: "contoso.onmicrosoft.com", ID: id}
	}
	users := []*directory.User{
		{ID: "a", UPN: "a@contoso.onmicrosoft.com", Identities: []directory.Identity{is("emailAddress", "Ada@Example.com"), is("userName", "ada")}},
		{ID: "b", UPN: "b@contoso.onmicrosoft.com", Identities: []directory.Identity{is("aaa", "ADA@example.com"), is("phoneNumber", "+1 555 010 0123")}},
		{ID: "c", UPN: "c@contoso.onmicrosoft.com", Identities: []directory.Identity{{Type: directory.Federated, Issuer: "Facebook.com", ID: "Xy"}, is("userName", "C@contoso.onmicrosoft.com")}},
		{ID: "d", UPN: "ada@example.com", Deleted: deleted},
	}
	if err := store.AtVersion(t.Context(), address, 3, func(db *sql.DB) error {
		for _, u := range users {
			data, err := json.Marshal(u)
			if err != nil {
				return err
			}
			var when any
			if !u.Deleted.IsZero() {
				when = u.Deleted.UnixMicro()
			}
			if _, err := db.ExecContext(t.Context(), "INSERT INTO users (id, data, deleted) VALUES ($1, $2, $3)", u.ID, data, when); err != nil {
				return err
			}
			if _, err := db.ExecContext(t.Context(), "INSERT INTO identities (scope, value, user_id) VALUES ($1, $2, $3)", "upn", strings.ToLower(u.UPN), u.ID); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	s := store.Users{DB: opener(t, address)()}
	find := func(k directory.Key) string {
		u, err := s.FindUser(t.Context(), k)
		switch {
		case errors.Is(err, directory.ErrNotFound):
			return "nobody"
		case errors.Is(err, directory.ErrAmbiguous):
			return "two"
		case err != nil:
			t.Fatal(err)
		}
		return u.ID
	}
	got := map[string]string{"facebook": find(directory.Identity{Type: directory.Federated, Issuer: "facebook.com", ID: "Xy"}.Key())}
	for _, name := range []string{"ada@example.com", "ADA", "+15550100123", "c@contoso.onmicrosoft.com", "B@contoso.onmicrosoft.com", "eve"} {
		got[name] = find(directory.NameKey(name))
	}
	want := map[string]string{"facebook": "c", "ada@example.com": "two", "ADA": "a", "+15550100123": "b", "c@contoso.onmicrosoft.com": "c", "B@contoso.onmicrosoft.com": "b", "eve": "nobody"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("found: %s", diff)
	}
	clashes := func() []directory.Clash {
		t.Helper()
		list, err := s.Clashes(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	if diff := cmp.Diff([]directory.Clash{{Scope: "name", Users: []string{"a", "b"}}}, clashes()); diff != "" {
		t.Errorf("clashes: %s", diff)
	}
	change := func(id string, f func(u *directory.User)) error {
		_, err := s.UpdateUser(t.Context(), id, func(u *directory.User) error { f(u); return nil })
		return err
	}
	// Both can be changed, but nobody can get the name as a third user.
	for _, id := range []string{"a", "b"} {
		if err := change(id, func(u *directory.User) { u.Disabled = true }); err != nil {
			t.Errorf("changing %s: %v", id, err)
		}
	}
	if err := change("c", func(u *directory.User) { u.UPN = "ada@example.com" }); !errors.Is(err, directory.ErrExists) {
		t.Errorf("a third user of the name: %v", err)
	}
	// When the first gives the name up, it belongs only to the second.
	if err := change("a", func(u *directory.User) {
		u.Identities = slices.DeleteFunc(u.Identities, func(i directory.Identity) bool { return i.Type == "emailAddress" })
	}); err != nil {
		t.Fatal(err)
	}
	if got := find(directory.NameKey("ada@example.com")); got != "b" || len(clashes()) != 0 {
		t.Errorf("afterwards: %s, %v", got, clashes())
	}
	if err := change("c", func(u *directory.User) { u.UPN = "ada@example.com" }); !errors.Is(err, directory.ErrExists) {
		t.Errorf("taking the name of the second: %v", err)
	}
	if _, err := s.RestoreUser(t.Context(), "d"); !errors.Is(err, directory.ErrExists) {
		t.Errorf("restoring a user of the name: %v", err)
	}
}
