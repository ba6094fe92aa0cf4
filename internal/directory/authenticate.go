package directory

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"journeyman.dev/internal/canonical"
	"journeyman.dev/internal/limit"
)

// lockout: after this number of wrong passwords the account is locked, each time for longer. B2C documents
// ten tries and one minute.
var lockout = limit.Rule{After: 10, First: time.Minute, Most: 15 * time.Minute, Few: time.Hour, Forget: 24 * time.Hour}

// ErrNoise marks the refusal of one of very many wrong passwords of a client.
var ErrNoise = errors.New("one of very many")

// guard counts wrong passwords.
type guard struct {
	once  sync.Once
	tries *limit.Tries
}

func (d *Directory) tries() *limit.Tries {
	d.guard.once.Do(func() { d.guard.tries = &limit.Tries{Store: d.Store, Rule: lockout, Now: d.Now} })
	return d.guard.tries
}

// Authenticate checks a local account's password. Unknown names are treated like accounts: they take as much
// time, and they are locked.
//
// A try is charged before the password is hashed, and a right password takes the charge back, so that
// simultaneous tries can't exceed the limit. A browser that has signed in to the account before has its own
// tries, so that a stranger can't lock out the owner (see limit.Caller).
func (d *Directory) Authenticate(ctx context.Context, name, password string) (*User, error) {
	u, none := d.Store.FindUser(ctx, NameKey(name))
	if none != nil && !errors.Is(none, ErrNotFound) && !errors.Is(none, ErrAmbiguous) {
		return nil, none
	}
	caller := limit.From(ctx)
	entry := entryOf(caller)
	// A new password starts a new count, because the key contains the hash of the old one.
	stored, key := d.Passwords.dummy, limit.Key("name", canonical.Name(name))
	known := none == nil && u.Password != ""
	if known {
		stored, key = u.Password, limit.Key("account", u.ID, u.Password)
		if device := caller.Device(u.ID); device != "" {
			key = limit.Key("device", u.ID, u.Password, device)
			entry.Client, entry.Connection = key, nil
		}
	}
	entry.Account = key
	if err := d.tries().Check(key); err != nil {
		d.Passwords.gate.Refuse(ctx, entry)
		return nil, fmt.Errorf("%w: %w", ErrLocked, err)
	}
	good, entered, try, err := d.guess(ctx, entry, stored, password)
	switch {
	case limit.IsLocked(err):
		return nil, fmt.Errorf("%w: %w", ErrLocked, err)
	case err != nil:
		return nil, err
	}
	if !good || !known {
		err := try.Wrong(ctx, entered)
		if d.Passwords.gate.Noisy(entry) {
			err = errors.Join(err, ErrNoise)
		}
		if none != nil {
			return nil, errors.Join(none, err)
		}
		return nil, errors.Join(ErrWrongPassword, err)
	}
	if err := try.Right(ctx); err != nil {
		return nil, err
	}
	if u.Disabled {
		return nil, ErrDisabled
	}
	caller.Trust(u.ID)
	return u, nil
}

// guess charges a try and hashes the password when it has a place. The charge comes last, so that waiting
// requests hold none.
func (d *Directory) guess(ctx context.Context, entry limit.Entry, stored, password string) (good bool, entered string, try *limit.Try, err error) {
	leave, err := d.Passwords.enter(ctx, entry)
	if err != nil {
		return false, "", nil, err
	}
	failed := true
	defer func() { leave(failed) }()
	try, err = d.tries().Begin(ctx, entry.Account)
	if errors.Is(err, limit.ErrBusy) {
		err = fmt.Errorf("%w: %w", ErrBusy, err)
	}
	if err != nil {
		return false, "", nil, err
	}
	good, entered, err = verify(stored, password)
	if err != nil {
		return false, "", nil, errors.Join(err, try.Undo(ctx))
	}
	failed = !good
	return good, entered, try, nil
}

// entryOf returns a caller's entry at the gate of the hashes.
func entryOf(c *limit.Caller) limit.Entry {
	if c == nil {
		return limit.Entry{}
	}
	return limit.Entry{Client: c.Client, Connection: c.Connection}
}
