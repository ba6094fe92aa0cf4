// Package storetest is the suite that any database behind package store must pass.
package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"journeyman.dev/internal/application"
	"journeyman.dev/internal/claims"
	"journeyman.dev/internal/directory"
	"journeyman.dev/internal/journey"
	"journeyman.dev/internal/keyset"
	"journeyman.dev/internal/library"
	"journeyman.dev/internal/store"
	"journeyman.dev/internal/token"
)

// Run runs the suite. open opens a database; opening it again must find what was
// written before.
func Run(t *testing.T, open func(t *testing.T) func() *store.DB) {
	for name, test := range map[string]func(t *testing.T, reopen func() *store.DB){
		"journeys": journeys, "grants": grants, "users": users, "identities are unique": identities, "concurrent updates": concurrent,
		"applications": applications, "key sets": keySets, "policies": policies, "settings": settings, "fingerprint": fingerprint, "purge": purge,
		"a failed write leaves nothing": failedWrite, "API connectors": connectors, "user flows": userFlows, "audits": audits,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, open(t))
		})
	}
}

var now = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

func must[T any](v T, err error) func(t *testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func journeys(t *testing.T, reopen func() *store.DB) {
	db := reopen()
	ctx := t.Context()
	s := store.Journeys{DB: db}
	check(t, s.Create(ctx, "a", []byte("one"), now.Add(time.Hour)))
	_, version, err := s.Load(ctx, "a")
	check(t, err)
	check(t, s.Save(ctx, "a", version, []byte("two"), now.Add(time.Hour)))
	if err := s.Save(ctx, "a", version, []byte("three"), now.Add(time.Hour)); !errors.Is(err, journey.ErrConflict) {
		t.Errorf("saving an old version: %v", err)
	}
	if _, _, err := s.Load(ctx, "b"); !errors.Is(err, journey.ErrNoJourney) {
		t.Errorf("loading what isn't there: %v", err)
	}
	check(t, db.Close())
	data, _, err := store.Journeys{DB: reopen()}.Load(ctx, "a")
	if err != nil || string(data) != "two" {
		t.Errorf("after opening again: %q, %v", data, err)
	}
}

func grants(t *testing.T, reopen func() *store.DB) {
	db := reopen()
	ctx := t.Context()
	s := store.Grants{DB: db}
	// Many at once: one wins, the rest are replays, and the family is revoked.
	var won, replayed, other atomic.Int32
	var wg sync.WaitGroup
	for range 50 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			switch err := s.Redeem(ctx, "code 1", "family", now); {
			case err == nil:
				won.Add(1)
			case errors.Is(err, token.ErrReplayed), errors.Is(err, token.ErrRevoked):
				replayed.Add(1)
			default:
				other.Add(1)
			}
		}()
	}
	wg.Wait()
	if won.Load() != 1 || replayed.Load() != 49 {
		t.Errorf("%d won, %d were replays, %d failed otherwise", won.Load(), replayed.Load(), other.Load())
	}
	check(t, db.Close())
	s = store.Grants{DB: reopen()}
	if err := s.Redeem(ctx, "refresh 1", "family", now); !errors.Is(err, token.ErrRevoked) {
		t.Errorf("another grant of a revoked family: %v", err)
	}
	if err := s.Redeem(ctx, "refresh 2", "another family", now); err != nil {
		t.Errorf("another family: %v", err)
	}
}

func local(address string) directory.Identity {
	return directory.Identity{Type: "emailAddress", Issuer: "contoso.onmicrosoft.com", ID: address}
}

func user(address string) *directory.User {
	id := uuid.NewString()
	u := &directory.User{ID: id, UPN: id + "@contoso.onmicrosoft.com", Created: now, TokensValidFrom: now, Identities: []directory.Identity{local(address)}}
	u.SetAttribute("displayName", claims.Text("A <é>"))
	u.SetAttribute("extension_x_when", claims.Instant(now))
	return u
}

func users(t *testing.T, reopen func() *store.DB) {
	db := reopen()
	ctx := t.Context()
	s := store.Users{DB: db}
	u := user("Ada@Example.com")
	check(t, s.CreateUser(ctx, u))
	check(t, db.Close())
	s = store.Users{DB: reopen()}
	got := must(s.GetUser(ctx, u.ID))(t)
	if got.Attribute("displayName").String() != "A <é>" || got.Attribute("extension_x_when").Type() != claims.DateTime || !got.Created.Equal(now) {
		t.Errorf("read back: %+v", got)
	}
	if got := must(s.FindLocal(ctx, "ada@example.com"))(t); len(got) != 1 || got[0].ID != u.ID {
		t.Errorf("FindLocal = %v", got)
	}
	if got := must(s.FindUser(ctx, directory.UPNScope, u.UPN))(t); got.ID != u.ID {
		t.Errorf("by user principal name: %v", got)
	}
	// A new identity replaces the old one in the index.
	if _, err := s.UpdateUser(ctx, u.ID, func(u *directory.User) error {
		u.Identities = []directory.Identity{{Type: directory.Federated, Issuer: "Facebook.com", ID: "Xy"}}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if got := must(s.FindLocal(ctx, "ada@example.com"))(t); len(got) != 0 {
		t.Errorf("the old identity still finds %v", got)
	}
	if _, err := s.FindUser(ctx, "federated:facebook.com", "xy"); !errors.Is(err, directory.ErrNotFound) {
		t.Errorf("federated ids keep their case: %v", err)
	}
	must(s.FindUser(ctx, "federated:facebook.com", "Xy"))(t)
	// Deleted users are not found, and are there until they are purged.
	must(s.UpdateUser(ctx, u.ID, func(u *directory.User) error { u.Deleted = now; return nil }))(t)
	if _, err := s.GetUser(ctx, u.ID); !errors.Is(err, directory.ErrNotFound) {
		t.Errorf("a deleted user: %v", err)
	}
	if got := must(s.ListUsers(ctx, "", 10, true))(t); len(got) != 1 {
		t.Errorf("deleted users: %v", got)
	}
	check(t, s.PurgeUsers(ctx, now.Add(time.Hour)))
	if got := must(s.ListUsers(ctx, "", 10, true))(t); len(got) != 0 {
		t.Errorf("after the purge: %v", got)
	}
	check(t, s.CreateUser(ctx, user("Ada@Example.com")))
}

func identities(t *testing.T, reopen func() *store.DB) {
	s := store.Users{DB: reopen()}
	ctx := t.Context()
	// Many sign up with one address at once: one wins.
	var won atomic.Int32
	var wg sync.WaitGroup
	for range 20 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			switch err := s.CreateUser(ctx, user("ada@example.com")); {
			case err == nil:
				won.Add(1)
			case !errors.Is(err, directory.ErrExists):
				t.Errorf("err = %v", err)
			}
		}()
	}
	wg.Wait()
	if won.Load() != 1 {
		t.Errorf("%d users have one address", won.Load())
	}
	if all := must(s.ListUsers(ctx, "", 100, false))(t); len(all) != 1 {
		t.Errorf("%d users are there: a refused one was half written", len(all))
	}
	bob := user("bob@example.com")
	check(t, s.CreateUser(ctx, bob))
	if _, err := s.UpdateUser(ctx, bob.ID, func(u *directory.User) error {
		u.Identities = append(u.Identities, local("ADA@example.com"))
		return nil
	}); !errors.Is(err, directory.ErrExists) {
		t.Errorf("taking another's address: %v", err)
	}
	if got := must(s.FindLocal(ctx, "bob@example.com"))(t); len(got) != 1 {
		t.Errorf("the refused change took bob's own address away")
	}
}

func concurrent(t *testing.T, reopen func() *store.DB) {
	s := store.Users{DB: reopen()}
	ctx := t.Context()
	u := user("ada@example.com")
	check(t, s.CreateUser(ctx, u))
	var wg sync.WaitGroup
	for range 40 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			if _, err := s.UpdateUser(ctx, u.ID, func(u *directory.User) error { u.Failures++; return nil }); err != nil {
				t.Error(err)
			}
		}()
	}
	wg.Wait()
	if got := must(s.GetUser(ctx, u.ID))(t); got.Failures != 40 {
		t.Errorf("%d of 40 changes are there", got.Failures)
	}
}

func failedWrite(t *testing.T, reopen func() *store.DB) {
	s := store.Users{DB: reopen()}
	ctx := t.Context()
	u := user("ada@example.com")
	check(t, s.CreateUser(ctx, u))
	if _, err := s.UpdateUser(ctx, u.ID, func(*directory.User) error { panic("bug") }); err == nil {
		t.Error("a panic was lost")
	}
	wrong := errors.New("wrong")
	if _, err := s.UpdateUser(ctx, u.ID, func(u *directory.User) error { u.Disabled = true; return wrong }); !errors.Is(err, wrong) {
		t.Errorf("err = %v", err)
	}
	if got := must(s.GetUser(ctx, u.ID))(t); got.Disabled {
		t.Error("a refused change was written")
	}
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	if err := s.CreateUser(cancelled, user("late@example.com")); err == nil {
		t.Error("a write of a cancelled request was made")
	}
}

func applications(t *testing.T, reopen func() *store.DB) {
	s := store.Applications{DB: reopen()}
	ctx := t.Context()
	a := application.Application{ID: uuid.NewString(), AppID: uuid.NewString(), DisplayName: "a", WebRedirects: []string{"https://a.example/"}}
	check(t, s.Create(ctx, a))
	if err := s.Create(ctx, application.Application{ID: uuid.NewString(), AppID: a.AppID, DisplayName: "b"}); !errors.Is(err, application.ErrInvalid) {
		t.Errorf("a second application with one appId: %v", err)
	}
	must(s.Update(ctx, a.ID, func(a *application.Application) error { a.DisplayName = "changed"; return nil }))(t)
	if got := must(s.GetByAppID(ctx, a.AppID))(t); got.DisplayName != "changed" {
		t.Errorf("got %+v", got)
	}
	check(t, s.Delete(ctx, a.ID))
	for name, err := range map[string]error{
		"get": second(s.Get(ctx, a.ID)), "by app id": second(s.GetByAppID(ctx, a.AppID)), "delete": s.Delete(ctx, a.ID),
		"update": second(s.Update(ctx, a.ID, func(*application.Application) error { return nil })),
	} {
		if !errors.Is(err, application.ErrNotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func second[T any](_ T, err error) error { return err }

func keySets(t *testing.T, reopen func() *store.DB) {
	s := store.KeySets{DB: reopen()}
	ctx := t.Context()
	check(t, s.CreateKeySet(ctx, keyset.Stored{ID: "B2C_1A_X", Version: 1, Data: []byte{0, 1}}))
	if err := s.CreateKeySet(ctx, keyset.Stored{ID: "b2c_1a_x", Version: 1, Data: []byte{9}}); !errors.Is(err, keyset.ErrExists) {
		t.Errorf("the same name in other case: %v", err)
	}
	check(t, s.SaveKeySet(ctx, keyset.Stored{ID: "B2C_1A_X", Version: 1, Data: []byte{2}}))
	if err := s.SaveKeySet(ctx, keyset.Stored{ID: "B2C_1A_X", Version: 1, Data: []byte{3}}); !errors.Is(err, keyset.ErrConflict) {
		t.Errorf("saving an old version: %v", err)
	}
	list := must(s.LoadKeySets(ctx))(t)
	if len(list) != 1 || list[0].ID != "B2C_1A_X" || !slices.Equal(list[0].Data, []byte{2}) || list[0].Version != 2 {
		t.Errorf("list = %+v", list)
	}
	check(t, s.CreateKeySet(ctx, keyset.Stored{ID: "B2C_1A_X.bak", Version: 7, Data: []byte{7}}))
	backup := keyset.Stored{ID: "B2C_1A_X.bak", Version: 3, Data: []byte{4}}
	if err := s.MoveKeySet(ctx, keyset.Stored{ID: "B2C_1A_X", Version: 1}, []string{"b2c_1a_x.bak"}, backup); !errors.Is(err, keyset.ErrConflict) {
		t.Errorf("moving an old version: %v", err)
	}
	if err := s.MoveKeySet(ctx, keyset.Stored{ID: "B2C_1A_X", Version: 2}, nil, backup); !errors.Is(err, keyset.ErrExists) {
		t.Errorf("moving to a name that is taken: %v", err)
	}
	if list := must(s.LoadKeySets(ctx))(t); len(list) != 2 || list[0].Version != 2 {
		t.Errorf("a refused move left %+v", list)
	}
	check(t, s.MoveKeySet(ctx, keyset.Stored{ID: "b2c_1a_x", Version: 2}, []string{"b2c_1a_x.bak"}, backup))
	if list := must(s.LoadKeySets(ctx))(t); len(list) != 1 || list[0].ID != "B2C_1A_X.bak" || list[0].Version != 3 || !slices.Equal(list[0].Data, []byte{4}) {
		t.Errorf("moved: %+v", list)
	}
	check(t, s.MoveKeySet(ctx, backup, nil, keyset.Stored{ID: "B2C_1A_X", Version: 9, Data: []byte{4}}))
	check(t, s.DeleteKeySet(ctx, "b2c_1A_x"))
	if list := must(s.LoadKeySets(ctx))(t); len(list) != 0 {
		t.Errorf("after deleting: %+v", list)
	}
}

func policies(t *testing.T, reopen func() *store.DB) {
	s := store.Policies{DB: reopen()}
	ctx := t.Context()
	check(t, s.Put(ctx, library.Policy{ID: "B2C_1A_B", XML: []byte("b"), Updated: now}, library.Policy{ID: "B2C_1A_A", XML: []byte("a"), Updated: now}))
	check(t, s.Put(ctx, library.Policy{ID: "b2c_1a_a", XML: []byte("a2"), Updated: now}))
	list := must(s.List(ctx))(t)
	if len(list) != 2 || list[0].ID != "b2c_1a_a" || string(list[0].XML) != "a2" || !list[0].Updated.Equal(now) {
		t.Errorf("list = %+v", list)
	}
	check(t, s.KeepPrograms(ctx, map[string][][]byte{"h1": {[]byte("x"), []byte("y")}}, now, now.Add(-time.Hour)))
	check(t, s.KeepPrograms(ctx, map[string][][]byte{"h2": {[]byte("z")}}, now.Add(time.Minute), now.Add(-time.Hour)))
	if got := must(s.Program(ctx, "h1"))(t); len(got) != 2 || string(got[1]) != "y" {
		t.Errorf("program = %q", got)
	}
	check(t, s.KeepPrograms(ctx, nil, now, now.Add(time.Second)))
	if _, err := s.Program(ctx, "h1"); err == nil {
		t.Error("a forgotten program is still there")
	}
	check(t, s.Delete(ctx, "B2C_1A_B"))
	if list := must(s.List(ctx))(t); len(list) != 1 {
		t.Errorf("after deleting: %+v", list)
	}
}

func fingerprint(t *testing.T, reopen func() *store.DB) {
	db := reopen()
	ctx := t.Context()
	seen := map[string]bool{}
	changed := func(what string) {
		t.Helper()
		got := must(db.Fingerprint(ctx))(t)
		if seen[got] {
			t.Errorf("%s left the fingerprint as it was", what)
		}
		seen[got] = true
	}
	changed("nothing")
	check(t, store.Policies{DB: db}.Put(ctx, library.Policy{ID: "a", XML: []byte("a"), Updated: now}))
	changed("a new policy")
	check(t, store.Policies{DB: db}.Put(ctx, library.Policy{ID: "a", XML: []byte("b"), Updated: now.Add(time.Microsecond)}))
	changed("a changed policy")
	check(t, store.KeySets{DB: db}.CreateKeySet(ctx, keyset.Stored{ID: "k", Version: 1, Data: []byte("x")}))
	changed("a new key set")
	check(t, store.KeySets{DB: db}.SaveKeySet(ctx, keyset.Stored{ID: "k", Version: 1, Data: []byte("y")}))
	changed("a changed key set")
}

func settings(t *testing.T, reopen func() *store.DB) {
	db := reopen()
	ctx := t.Context()
	if got := must(db.SetSetting(ctx, "a", "first"))(t); got != "first" {
		t.Errorf("first: %s", got)
	}
	if got := must(db.SetSetting(ctx, "a", "second"))(t); got != "first" {
		t.Errorf("a setting was replaced by %s", got)
	}
}

func purge(t *testing.T, reopen func() *store.DB) {
	db := reopen()
	ctx := t.Context()
	j := store.Journeys{DB: db}
	for i := range 3 {
		check(t, j.Create(ctx, fmt.Sprint(i), []byte("x"), now.Add(time.Duration(i)*time.Hour)))
	}
	check(t, store.Grants{DB: db}.Redeem(ctx, "old", "f", now.Add(-time.Hour)))
	check(t, db.Purge(ctx, now.Add(90*time.Minute)))
	for i, gone := range []bool{true, true, false} {
		if _, _, err := j.Load(ctx, fmt.Sprint(i)); errors.Is(err, journey.ErrNoJourney) != gone {
			t.Errorf("journey %d: %v", i, err)
		}
	}
}
