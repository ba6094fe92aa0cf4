package directory_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"journeyman.dev/internal/directory"
	"journeyman.dev/internal/store"
)

// clock is a time that the test moves.
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
	if u, err := d.Authenticate(t.Context(), "ada@example.com", good); err != nil || u.Failures != 0 {
		t.Errorf("afterwards: %v", err)
	}
}

// One wrong password, tried again and again, is somebody's old one and locks nobody out.
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
	u, err := d.Authenticate(t.Context(), "ada@example.com", good)
	if err != nil || u.Failures != 0 || len(u.Wrong) != 0 {
		t.Fatalf("%d failures, %d kept: %v", u.Failures, len(u.Wrong), err)
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

func TestANewPasswordRevokesGrants(t *testing.T) {
	t.Parallel()
	d, c, u := open(t)
	issued := c.now()
	c.advance(time.Hour)
	if err := d.GrantValid(t.Context(), u.ID, issued); err != nil {
		t.Errorf("before: %v", err)
	}
	if _, err := d.Update(t.Context(), u.ID, "Another-word.2", "", nil); err != nil {
		t.Fatal(err)
	}
	if err := d.GrantValid(t.Context(), u.ID, issued); !errors.Is(err, directory.ErrGrantRevoked) {
		t.Errorf("after: %v", err)
	}
	if err := d.GrantValid(t.Context(), u.ID, c.now()); err != nil {
		t.Errorf("a grant of the new password: %v", err)
	}
	if err := d.Delete(t.Context(), u.ID); err != nil {
		t.Fatal(err)
	}
	if err := d.GrantValid(t.Context(), u.ID, c.now()); !errors.Is(err, directory.ErrNotFound) {
		t.Errorf("a deleted account: %v", err)
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
