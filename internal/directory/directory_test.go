package directory_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"journeyman.dev/internal/claims"
	"journeyman.dev/internal/directory"
	"journeyman.dev/internal/store"
)

// clock is a time that the test sets.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

const good = "Pass-word.1"

func open(t *testing.T) (*directory.Directory, *clock, *directory.User) {
	t.Helper()
	db, err := store.OpenSQLite(t.Context(), filepath.Join(t.TempDir(), "db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	c := &clock{at: time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)}
	d := &directory.Directory{Store: store.Users{DB: db}, TenantName: "contoso.onmicrosoft.com", Now: c.now, Rand: rand.Reader,
		Passwords: directory.NewPasswords(directory.Cost{Memory: 64, Time: 1, Threads: 1}, 2)}
	u := &directory.User{Identities: []directory.Identity{{Type: "emailAddress", ID: "Ada@example.com"}}}
	if err := d.Create(t.Context(), u, good); err != nil {
		t.Fatal(err)
	}
	return d, c, u
}

func TestPasswordsAreCheckedUnderAnyName(t *testing.T) {
	t.Parallel()
	d, _, u := open(t)
	for _, name := range []string{"ada@example.com", " ADA@EXAMPLE.COM ", u.UPN} {
		if got, err := d.Authenticate(t.Context(), name, good); err != nil || got.ID != u.ID {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := d.Authenticate(t.Context(), "ada@example.com", "Pass-word.2"); !errors.Is(err, directory.ErrWrongPassword) {
		t.Errorf("a wrong password: %v", err)
	}
	if _, err := d.Authenticate(t.Context(), "bob@example.com", good); !errors.Is(err, directory.ErrNotFound) {
		t.Errorf("an unknown name: %v", err)
	}
	stored, err := d.Store.GetUser(t.Context(), u.ID)
	if err != nil || stored.Password == good || len(stored.Password) < 60 {
		t.Errorf("stored password: %v", err)
	}
}

func TestLockout(t *testing.T) {
	t.Parallel()
	d, c, _ := open(t)
	wrong := func(times int) {
		t.Helper()
		for i := range times {
			if _, err := d.Authenticate(t.Context(), "ada@example.com", fmt.Sprint("wrong", i)); !errors.Is(err, directory.ErrWrongPassword) {
				t.Fatalf("err = %v", err)
			}
		}
	}
	wrong(10)
	if _, err := d.Authenticate(t.Context(), "ada@example.com", good); !errors.Is(err, directory.ErrLocked) {
		t.Errorf("after ten wrong passwords: %v", err)
	}
	c.advance(61 * time.Second)
	wrong(10)
	c.advance(61 * time.Second)
	if _, err := d.Authenticate(t.Context(), "ada@example.com", good); !errors.Is(err, directory.ErrLocked) {
		t.Errorf("the second lock is longer: %v", err)
	}
	c.advance(time.Minute)
	if _, err := d.Authenticate(t.Context(), "ada@example.com", good); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

// One wrong password, repeated, is probably an old one and locks nobody out.
func TestARepeatedWrongPasswordCountsOnce(t *testing.T) {
	t.Parallel()
	d, _, _ := open(t)
	try := func(password string) error {
		_, err := d.Authenticate(t.Context(), "ada@example.com", password)
		return err
	}
	for range 20 {
		if err := try("old"); !errors.Is(err, directory.ErrWrongPassword) {
			t.Fatal(err)
		}
	}
	if err := try(good); err != nil {
		t.Fatal(err)
	}
	for i := range 10 {
		if err := try(fmt.Sprint("guess", i)); !errors.Is(err, directory.ErrWrongPassword) {
			t.Fatal(err)
		}
	}
	if err := try(good); !errors.Is(err, directory.ErrLocked) {
		t.Errorf("after ten different ones: %v", err)
	}
}

// The end of an account's grants begins a new epoch, even within the same second.
func TestWhatEndsGrantsBeginsAnEpoch(t *testing.T) {
	t.Parallel()
	d, _, u := open(t)
	epoch := func() directory.Standing {
		t.Helper()
		s, err := d.Standing(t.Context(), u.ID, "")
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	update := func(password string, change func(*directory.User) error) {
		t.Helper()
		if _, err := d.Update(t.Context(), u.ID, password, "", change); err != nil {
			t.Fatal(err)
		}
	}
	disable := func(on bool) func(*directory.User) error {
		return func(u *directory.User) error { u.Disabled = on; return nil }
	}
	start := epoch()
	update("", func(u *directory.User) error { u.SetAttribute("city", claims.Text("London")); return nil })
	if got := epoch(); got != start {
		t.Errorf("after a change of the city: %+v", got)
	}
	update("Another-word.2", nil)
	if got := epoch(); got.Epoch != start.Epoch+1 {
		t.Errorf("after a new password: %+v", got)
	}
	update("", disable(true))
	update("", disable(true))
	if got := epoch(); got.Epoch != start.Epoch+2 || !got.Disabled {
		t.Errorf("after disabling twice: %+v", got)
	}
	update("", disable(false))
	if got := epoch(); got.Epoch != start.Epoch+2 || got.Disabled {
		t.Errorf("after enabling: %+v", got)
	}
	if err := d.Revoke(t.Context(), u.ID); err != nil {
		t.Fatal(err)
	}
	if got := epoch(); got.Epoch != start.Epoch+3 {
		t.Errorf("after revoking: %+v", got)
	}
	if err := d.Delete(t.Context(), u.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Standing(t.Context(), u.ID, ""); !errors.Is(err, directory.ErrNotFound) {
		t.Errorf("a deleted account: %v", err)
	}
	if _, err := d.Store.RestoreUser(t.Context(), u.ID); err != nil {
		t.Fatal(err)
	}
	if got := epoch(); got.Epoch != start.Epoch+4 {
		t.Errorf("after restoring: %+v", got)
	}
}

func TestANameBelongsToOneAccountWhateverItsType(t *testing.T) {
	t.Parallel()
	d, _, u := open(t)
	for _, name := range []directory.Identity{
		{Type: "emailAddress", ID: "ADA@example.com"}, {Type: "emailAddress2", ID: "ada@example.com"}, {Type: "userName", ID: "ada@example.com"},
		{Type: "aaa", ID: "ada@example.com"}, {Type: "userName", ID: u.UPN}, {Type: "customerNumber", ID: "ada@example.com."},
	} {
		other := &directory.User{Identities: []directory.Identity{name}}
		if err := d.Create(t.Context(), other, good); !errors.Is(err, directory.ErrExists) {
			t.Errorf("%s %s: %v", name.Type, name.ID, err)
		}
	}
	if err := d.Create(t.Context(), &directory.User{UPN: "ADA@example.com"}, good); !errors.Is(err, directory.ErrExists) {
		t.Errorf("as a user principal name: %v", err)
	}
	// A user's own names may be equal.
	twin := &directory.User{Identities: []directory.Identity{{Type: "emailAddress", ID: "bob@example.com"}, {Type: "userName", ID: "Bob@example.com"}}, UPN: "bob@EXAMPLE.com"}
	if err := d.Create(t.Context(), twin, good); err != nil {
		t.Errorf("three names of one account: %v", err)
	}
	// A look-alike is another user.
	if err := d.Create(t.Context(), &directory.User{Identities: []directory.Identity{{Type: "emailAddress", ID: "bo\u0432@example.com"}}}, good); err != nil {
		t.Errorf("a look-alike: %v", err)
	}
}

func TestIdentitiesAreChecked(t *testing.T) {
	t.Parallel()
	d, _, _ := open(t)
	for _, i := range []directory.Identity{
		{Type: "emailAddress", ID: "no address"}, {Type: "emailAddress7", ID: "x"}, {Type: "userName", ID: "has blanks"}, {Type: "userName", ID: strings.Repeat("x", 65)},
		{Type: "userName", ID: "zero\u200bwidth"}, {Type: "userName", ID: "a\x00b"}, {Type: "1st", ID: "x"}, {Type: "a b", ID: "x"}, {Type: "", ID: "x"}, {Type: "userName", ID: ""},
		{Type: "Federated", Issuer: "x.com", ID: "1"}, {Type: "federated", ID: "1"}, {Type: "userName", ID: "\xff"},
	} {
		if err := d.Create(t.Context(), &directory.User{Identities: []directory.Identity{i}}, good); !errors.Is(err, directory.ErrInvalid) {
			t.Errorf("%+v: %v", i, err)
		}
	}
}

func TestADeletedAccountsNamesAreFree(t *testing.T) {
	t.Parallel()
	d, _, u := open(t)
	if err := d.Delete(t.Context(), u.ID); err != nil {
		t.Fatal(err)
	}
	next := &directory.User{Identities: []directory.Identity{{Type: "emailAddress", ID: "ada@example.com"}}}
	if err := d.Create(t.Context(), next, good); err != nil {
		t.Fatalf("the address is not free: %v", err)
	}
	if _, err := d.Store.RestoreUser(t.Context(), u.ID); !errors.Is(err, directory.ErrExists) {
		t.Errorf("restored although another has the address: %v", err)
	}
	if err := d.Delete(t.Context(), next.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Store.RestoreUser(t.Context(), u.ID); err != nil {
		t.Errorf("restoring when the address is free again: %v", err)
	}
	if got, err := d.Authenticate(t.Context(), "ada@example.com", good); err != nil || got.ID != u.ID {
		t.Errorf("after restoring: %v", err)
	}
	if _, err := d.Store.RestoreUser(t.Context(), u.ID); !errors.Is(err, directory.ErrNotFound) {
		t.Errorf("restoring what isn't deleted: %v", err)
	}
	if err := d.Store.PurgeUser(t.Context(), u.ID); !errors.Is(err, directory.ErrNotFound) {
		t.Errorf("purging what isn't deleted: %v", err)
	}
	if err := d.Store.PurgeUser(t.Context(), next.ID); err != nil {
		t.Error(err)
	}
}

func TestPasswordRule(t *testing.T) {
	t.Parallel()
	for password, ok := range map[string]bool{"short.1A": true, "short1A": false, "alllowercase": false, "lower123": false, "lower123A": true, "ÄÖÜäöü12": true} {
		if err := directory.CheckPassword(password, ""); (err == nil) != ok {
			t.Errorf("%s: %v", password, err)
		}
	}
	if err := directory.CheckPassword("a", "DisablePasswordExpiration, DisableStrongPassword"); err != nil {
		t.Errorf("a lifted rule: %v", err)
	}
	if err := directory.CheckPassword("", "DisableStrongPassword"); err == nil {
		t.Error("an empty password")
	}
}

func TestHashesAreBounded(t *testing.T) {
	t.Parallel()
	p := directory.NewPasswords(directory.Cost{Memory: 64, Time: 1, Threads: 1}, 1)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := p.Hash(ctx, "x"); !errors.Is(err, directory.ErrBusy) && err != nil {
		t.Errorf("err = %v", err)
	}
	for _, phc := range []string{"", "x", "$argon2id$v=19$m=999999999,t=1,p=1$AAAA$AAAA", "$bcrypt$v=1$x$y$z"} {
		if ok, err := p.Verify(t.Context(), phc, "x"); ok || err == nil {
			t.Errorf("%q: %v, %v", phc, ok, err)
		}
	}
}
