// Package storetest contains the suite that every database behind package store must pass.
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
	"journeyman.dev/internal/live"
	"journeyman.dev/internal/session"
	"journeyman.dev/internal/store"
	"journeyman.dev/internal/token"
)

// Run runs the suite. open opens a database; opening it again must find the earlier writes.
func Run(t *testing.T, open func(t *testing.T) func() *store.DB) {
	for name, test := range map[string]func(t *testing.T, reopen func() *store.DB){
		"journeys": journeys, "grants": grants, "users": users, "identities are unique": identities, "concurrent updates": concurrent,
		"applications": applications, "key sets": keySets, "policies": policies, "settings": settings, "fingerprint": fingerprint, "purge": purge,
		"a failed write leaves nothing": failedWrite, "API connectors": connectors, "user flows": userFlows, "audits": audits,
		"tries": tries, "windows": windows,
		"assertions": assertions, "revocation": revocation,
		"grants of an account": accountGrants, "sessions": sessions,
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
			switch err := s.Redeem(ctx, token.Redemption{ID: "code 1", Family: "family", Expires: now}); {
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
	if err := s.Redeem(ctx, token.Redemption{ID: "refresh 1", Family: "family", Expires: now}); !errors.Is(err, token.ErrRevoked) {
		t.Errorf("another grant of a revoked family: %v", err)
	}
	if err := s.Redeem(ctx, token.Redemption{ID: "refresh 2", Family: "another family", Expires: now}); err != nil {
		t.Errorf("another family: %v", err)
	}
}

// A grant is redeemable only in its account's epoch at the time of issue.
func accountGrants(t *testing.T, reopen func() *store.DB) {
	db := reopen()
	ctx := t.Context()
	s, all := store.Grants{DB: db}, store.Users{DB: db}
	u := user("ada@example.com")
	check(t, all.CreateUser(ctx, u))
	n := 0
	redeem := func(epoch int64, want error) {
		t.Helper()
		n++
		r := token.Redemption{ID: fmt.Sprint("code ", n), Family: fmt.Sprint("family ", n), Expires: now.Add(time.Hour), Account: u.ID, Epoch: epoch}
		if err := s.Redeem(ctx, r); !errors.Is(err, want) {
			t.Errorf("redeemed in epoch %d: %v, want %v", epoch, err, want)
		}
		if want == nil {
			if err := s.Redeem(ctx, r); !errors.Is(err, token.ErrReplayed) {
				t.Errorf("redeemed again: %v", err)
			}
		}
	}
	redeem(0, nil)
	redeem(1, token.ErrRevoked)
	must(all.UpdateUser(ctx, u.ID, func(u *directory.User) error { u.Epoch++; return nil }))(t)
	redeem(0, token.ErrRevoked)
	redeem(1, nil)
	must(all.UpdateUser(ctx, u.ID, func(u *directory.User) error { u.Deleted = now; return nil }))(t)
	redeem(1, token.ErrNoAccount)
	check(t, all.PurgeUser(ctx, u.ID))
	redeem(1, token.ErrNoAccount)
}

func sessions(t *testing.T, reopen func() *store.DB) {
	db := reopen()
	ctx := t.Context()
	s, all := store.Sessions{DB: db}, store.Users{DB: db}
	u, other := user("ada@example.com"), user("bob@example.com")
	check(t, all.CreateUser(ctx, u))
	check(t, all.CreateUser(ctx, other))
	record := func(id, account string, used time.Time) session.Record {
		return session.Record{ID: id, Account: account, Started: now, Used: used, Expires: now.Add(time.Hour), PolicyID: "P", ClientID: "c", RemoteIP: "::1", UserAgent: "x"}
	}
	check(t, s.SaveSession(ctx, record("1", u.ID, now), ""))
	check(t, s.SaveSession(ctx, record("2", u.ID, now.Add(time.Minute)), ""))
	check(t, s.SaveSession(ctx, record("3", other.ID, now), ""))
	check(t, s.SaveSession(ctx, record("4", "", now), ""))
	check(t, s.SaveSession(ctx, record("1", u.ID, now.Add(2*time.Minute)), "")) // used again
	list := func(account string, at time.Time) (ids []string) {
		t.Helper()
		for _, r := range must(s.UserSessions(ctx, account, at))(t) {
			ids = append(ids, r.ID)
		}
		return ids
	}
	live := func(id, account string) bool {
		t.Helper()
		_, live, err := all.GetUserInSession(ctx, account, id)
		check(t, err)
		return live
	}
	if got := list(u.ID, now); !slices.Equal(got, []string{"1", "2"}) {
		t.Errorf("sessions: %v", got)
	}
	if got := must(s.UserSessions(ctx, other.ID, now))(t); len(got) != 1 || got[0] != record("3", other.ID, now) {
		t.Errorf("a record: %+v", got)
	}
	if got := list(u.ID, now.Add(2*time.Hour)); len(got) != 0 {
		t.Errorf("sessions that are over: %v", got)
	}
	if !live("1", u.ID) || live("1", other.ID) || live("9", u.ID) || !must(s.SessionLive(ctx, "4"))(t) || must(s.SessionLive(ctx, "9"))(t) {
		t.Error("who is in which session is wrong")
	}
	if err := s.EndUserSession(ctx, other.ID, "1"); !errors.Is(err, session.ErrNotFound) {
		t.Errorf("ending another's session: %v", err)
	}
	check(t, s.EndUserSession(ctx, u.ID, "1"))
	check(t, s.SaveSession(ctx, record("5", u.ID, now), "2"))
	if live("1", u.ID) || live("2", u.ID) || !live("5", u.ID) {
		t.Error("an ended session, or one that was replaced, is live")
	}
	check(t, s.DropSession(ctx, "4"))
	check(t, s.DropSession(ctx, "4"))
	// An end of the account's grants ends its sessions.
	must(all.UpdateUser(ctx, u.ID, func(u *directory.User) error { u.Epoch++; return nil }))(t)
	if live("5", u.ID) || !live("3", other.ID) {
		t.Error("a new epoch ended the wrong sessions")
	}
	check(t, db.Purge(ctx, now.Add(2*time.Hour)))
	if live("3", other.ID) {
		t.Error("a session that is over was not purged")
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
	if got := must(s.FindUser(ctx, directory.NameKey("ada@example.com")))(t); got.ID != u.ID {
		t.Errorf("by address: %v", got)
	}
	if got := must(s.FindUser(ctx, directory.NameKey(u.UPN)))(t); got.ID != u.ID {
		t.Errorf("by user principal name: %v", got)
	}
	// A new identity replaces the old one in the index.
	if _, err := s.UpdateUser(ctx, u.ID, func(u *directory.User) error {
		u.Identities = []directory.Identity{{Type: directory.Federated, Issuer: "Facebook.com", ID: "Xy"}}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.FindUser(ctx, directory.NameKey("ada@example.com")); !errors.Is(err, directory.ErrNotFound) {
		t.Errorf("the old identity still finds somebody: %v", err)
	}
	facebook := func(id string) directory.Key {
		return directory.Identity{Type: directory.Federated, Issuer: "facebook.com", ID: id}.Key()
	}
	if _, err := s.FindUser(ctx, facebook("xy")); !errors.Is(err, directory.ErrNotFound) {
		t.Errorf("federated ids keep their case: %v", err)
	}
	must(s.FindUser(ctx, facebook("Xy")))(t)
	// Deleted users are not found, but stay until they are purged.
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
	if got := must(s.FindUser(ctx, directory.NameKey("bob@example.com")))(t); got.ID != bob.ID {
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
			if _, err := s.UpdateUser(ctx, u.ID, func(u *directory.User) error { u.Epoch++; return nil }); err != nil {
				t.Error(err)
			}
		}()
	}
	wg.Wait()
	if got := must(s.GetUser(ctx, u.ID))(t); got.Epoch != 40 {
		t.Errorf("%d of 40 changes are there", got.Epoch)
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
	put := func(served map[string]string, list ...live.Policy) {
		t.Helper()
		programs := make(map[string][][]byte)
		for _, hash := range served {
			programs[hash] = [][]byte{[]byte("program " + hash)}
		}
		check(t, s.Put(ctx, list, live.Serving{At: now, Served: served, Programs: programs}))
	}
	put(map[string]string{"b2c_1a_a": "a1"}, live.Policy{ID: "B2C_1A_B", XML: []byte("b"), Updated: now}, live.Policy{ID: "B2C_1A_A", XML: []byte("a"), Updated: now, By: "ada"})
	put(nil, live.Policy{ID: "b2c_1a_a", XML: []byte("a2"), Updated: now})
	list := must(s.List(ctx))(t)
	if len(list) != 2 || list[0].ID != "b2c_1a_a" || string(list[0].XML) != "a2" || !list[0].Updated.Equal(now) || list[0].Version != 2 {
		t.Errorf("list = %+v", list)
	}
	versions := must(s.Versions(ctx, "B2C_1A_A"))(t)
	if len(versions) != 2 || string(versions[1].XML) != "a" || versions[1].By != "ada" || versions[1].Version != 1 || versions[1].ID != "B2C_1A_A" {
		t.Errorf("versions: %+v", versions)
	}
	keep := func(at, forget time.Time, programs map[string][][]byte) {
		t.Helper()
		check(t, s.KeepPrograms(ctx, live.Serving{At: at, Programs: programs}, forget))
	}
	keep(now, now.Add(-time.Hour), map[string][][]byte{"h1": {[]byte("x"), []byte("y")}})
	keep(now.Add(time.Minute), now.Add(-time.Hour), map[string][][]byte{"h2": {[]byte("z")}})
	if got := must(s.Program(ctx, "h1"))(t); len(got) != 2 || string(got[1]) != "y" {
		t.Errorf("program = %q", got)
	}
	keep(now, now.Add(time.Second), nil)
	if _, err := s.Program(ctx, "h1"); !errors.Is(err, live.ErrNoProgram) {
		t.Errorf("a forgotten program: %v", err)
	}
	// A served program stays, however old it is, until its policy serves another.
	keep(now, now.AddDate(1, 0, 0), nil)
	if got := must(s.Program(ctx, "a1"))(t); string(got[0]) != "program a1" {
		t.Errorf("the program that is served: %q", got)
	}
	put(map[string]string{"b2c_1a_a": "a3"}, live.Policy{ID: "B2C_1A_A", XML: []byte("a3"), Updated: now})
	keep(now, now.AddDate(1, 0, 0), nil)
	if _, err := s.Program(ctx, "a1"); !errors.Is(err, live.ErrNoProgram) {
		t.Errorf("the program that was served: %v", err)
	}
	if served := must(s.Served(ctx))(t); served["b2c_1a_a"].Hash != "a3" || !served["b2c_1a_a"].Since.Equal(now) {
		t.Errorf("served: %+v", served)
	}
	for range live.KeptVersions + 5 {
		put(nil, live.Policy{ID: "B2C_1A_B", XML: []byte("b"), Updated: now})
	}
	if kept := must(s.Versions(ctx, "b2c_1a_b"))(t); len(kept) != live.KeptVersions || kept[0].Version != live.KeptVersions+6 {
		t.Errorf("%d versions, the newest is %d", len(kept), kept[0].Version)
	}
	check(t, s.Delete(ctx, "B2C_1A_B"))
	if kept := must(s.Versions(ctx, "b2c_1a_b"))(t); len(kept) != live.KeptVersions {
		t.Errorf("%d versions of a deleted policy", len(kept))
	}
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
	check(t, store.Policies{DB: db}.Put(ctx, []live.Policy{{ID: "a", XML: []byte("a"), Updated: now}}, live.Serving{}))
	changed("a new policy")
	check(t, store.Policies{DB: db}.Put(ctx, []live.Policy{{ID: "a", XML: []byte("b"), Updated: now.Add(time.Microsecond)}}, live.Serving{}))
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
	check(t, store.Grants{DB: db}.Redeem(ctx, token.Redemption{ID: "old", Family: "f", Expires: now.Add(-time.Hour)}))
	check(t, db.SpendAssertion(ctx, "old", now.Add(-time.Hour)))
	check(t, db.SpendAssertion(ctx, "new", now.Add(2*time.Hour)))
	check(t, db.Purge(ctx, now.Add(90*time.Minute)))
	for i, gone := range []bool{true, true, false} {
		if _, _, err := j.Load(ctx, fmt.Sprint(i)); errors.Is(err, journey.ErrNoJourney) != gone {
			t.Errorf("journey %d: %v", i, err)
		}
	}
	if err := db.SpendAssertion(ctx, "old", now); err != nil {
		t.Errorf("an assertion that can't be used any more is remembered: %v", err)
	}
	if err := db.SpendAssertion(ctx, "new", now); !errors.Is(err, application.ErrSpent) {
		t.Errorf("an assertion that could be used again is forgotten: %v", err)
	}
}

func assertions(t *testing.T, reopen func() *store.DB) {
	db := reopen()
	ctx := t.Context()
	var won, spent atomic.Int32
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			switch err := db.SpendAssertion(ctx, "one", now); {
			case err == nil:
				won.Add(1)
			case errors.Is(err, application.ErrSpent):
				spent.Add(1)
			}
		})
	}
	wg.Wait()
	if won.Load() != 1 || spent.Load() != 49 {
		t.Errorf("%d won, %d were refused", won.Load(), spent.Load())
	}
	check(t, db.Close())
	if err := reopen().SpendAssertion(ctx, "one", now); !errors.Is(err, application.ErrSpent) {
		t.Errorf("after a restart: %v", err)
	}
}

func revocation(t *testing.T, reopen func() *store.DB) {
	db := reopen()
	ctx := t.Context()
	s := store.Grants{DB: db}
	if err := s.Redeemable(ctx, token.Redemption{ID: "refresh 1", Family: "family"}); err != nil {
		t.Errorf("a grant that nobody used: %v", err)
	}
	check(t, s.Redeem(ctx, token.Redemption{ID: "refresh 1", Family: "family", Expires: now}))
	if err := s.Redeemable(ctx, token.Redemption{ID: "refresh 1", Family: "family"}); !errors.Is(err, token.ErrReplayed) {
		t.Errorf("a used grant: %v", err)
	}
	if err := s.Redeemable(ctx, token.Redemption{ID: "refresh 2", Family: "family"}); err != nil {
		t.Errorf("its successor: %v", err)
	}
	check(t, s.Revoke(ctx, "family", now.Add(time.Hour)))
	check(t, s.Revoke(ctx, "family", now.Add(time.Hour)))
	check(t, db.Close())
	s = store.Grants{DB: reopen()}
	if err := s.Redeemable(ctx, token.Redemption{ID: "refresh 2", Family: "family"}); !errors.Is(err, token.ErrRevoked) {
		t.Errorf("the successor after revocation: %v", err)
	}
	if err := s.Redeem(ctx, token.Redemption{ID: "refresh 2", Family: "family", Expires: now}); !errors.Is(err, token.ErrRevoked) {
		t.Errorf("redeeming the successor: %v", err)
	}
}
