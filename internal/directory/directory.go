// Package directory manages the users of a tenant: identities, passwords, attributes.
//
// Reference: policy-engine §5.3, §5.4; admin-surface §4.
package directory

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"time"
	"unicode"

	"journeyman.dev/internal/refusal"

	"github.com/google/uuid"

	"journeyman.dev/internal/canonical"
	"journeyman.dev/internal/claims"
	"journeyman.dev/internal/limit"
)

// User is an account. Attributes are keyed by their directory name: displayName,
// givenName, surname, otherMails …, and extension_{appId without dashes}_Name.
type User struct {
	ID               string                  `json:"id"` // GUID
	UPN              string                  `json:"upn"`
	Created          time.Time               `json:"created"`
	Disabled         bool                    `json:"disabled,omitempty"`
	Identities       []Identity              `json:"identities,omitempty"`
	Password         string                  `json:"password,omitempty"` // PHC string, argon2id
	PasswordPolicies string                  `json:"passwordPolicies,omitempty"`
	ForceChange      bool                    `json:"forceChange,omitempty"`
	Attributes       map[string]claims.Value `json:"attributes,omitempty"`
	// Epoch counts how often all grants and sessions of the account were ended. Grants and sessions of an
	// earlier epoch are invalid.
	Epoch int64 `json:"epoch,omitempty"`
	// TokensValidFrom is the begin of the epoch, in whole seconds, because policies compare it.
	TokensValidFrom time.Time `json:"tokensValidFrom"`
	// Deleted is the time of deletion. Deleted users can be restored for 30 days.
	Deleted time.Time `json:"deleted,omitzero"`
}

// Identity is a way to sign in.
type Identity struct {
	Type   string `json:"signInType"` // emailAddress, userName, phoneNumber …, or federated
	Issuer string `json:"issuer"`     // the tenant for local ones, else facebook.com …
	ID     string `json:"issuerAssignedId"`
}

// Federated is the type of identities at other providers.
const Federated = "federated"

// Key is an entry of the index of identities. Each key belongs to one user.
type Key struct{ Scope, Value string }

// NameKey returns the key of a local name: an address, a user name, a phone number or a user principal name.
// A name belongs to one user, whatever its kind.
func NameKey(name string) Key { return Key{"name", canonical.Name(name)} }

// Key returns the form in which identities are compared and unique: local ones by name without the issuer,
// federated ones by issuer and exact id.
func (i Identity) Key() Key {
	if strings.EqualFold(i.Type, Federated) {
		return Key{"federated:" + canonical.Fold(i.Issuer), i.ID}
	}
	return NameKey(i.ID)
}

// Keys returns all index entries of a user, each once. A deleted user has none, so that its names are free
// again.
func (u *User) Keys() []Key {
	var keys []Key
	add := func(k Key) {
		if !slices.Contains(keys, k) {
			keys = append(keys, k)
		}
	}
	if !u.Deleted.IsZero() {
		return nil
	}
	for _, i := range u.Identities {
		add(i.Key())
	}
	if u.UPN != "" {
		add(NameKey(u.UPN))
	}
	return keys
}

// Has reports whether the user has a name as an identity of a type; "" means any type.
func (u *User) Has(kind, name string) bool {
	return slices.ContainsFunc(u.Identities, func(i Identity) bool {
		return i.Type != Federated && (kind == "" || strings.EqualFold(i.Type, kind)) && canonical.Same(i.ID, name)
	})
}

// endGrants ends all grants and sessions of the account.
func (u *User) endGrants(now time.Time) {
	u.Epoch++
	u.TokensValidFrom = now.UTC().Truncate(time.Second)
}

// Attribute returns an attribute, ignoring the case of its name.
func (u *User) Attribute(name string) claims.Value {
	if v, ok := u.Attributes[name]; ok {
		return v
	}
	for k, v := range u.Attributes {
		if strings.EqualFold(k, name) {
			return v
		}
	}
	return claims.Value{}
}

// SetAttribute sets an attribute. No value or an empty value removes it.
func (u *User) SetAttribute(name string, v claims.Value) {
	for k := range u.Attributes {
		if strings.EqualFold(k, name) {
			delete(u.Attributes, k)
		}
	}
	if v.Empty() {
		return
	}
	if u.Attributes == nil {
		u.Attributes = make(map[string]claims.Value)
	}
	u.Attributes[name] = v
}

// Clone copies a user.
func (u *User) Clone() *User {
	c := *u
	c.Identities = slices.Clone(u.Identities)
	c.Attributes = make(map[string]claims.Value, len(u.Attributes))
	for k, v := range u.Attributes {
		c.Attributes[k] = v
	}
	return &c
}

// Errors of the directory.
var (
	ErrNotFound = errors.New("no such user")
	ErrExists   = errors.New("a user with this identity exists")
	// ErrAmbiguous means that a name belongs to two users, as older versions allowed. Neither user may be
	// chosen.
	ErrAmbiguous     = errors.New("two users have this name")
	ErrWrongPassword = errors.New("wrong password")
	ErrDisabled      = errors.New("account is disabled")
	ErrLocked        = errors.New("account is locked for a while")
	ErrBusy          = errors.New("too many passwords are being checked")
	// ErrWeakPassword and ErrInvalid contain texts for people.
	ErrWeakPassword = errors.New("the password does not meet the requirements: 8 to 64 characters, and 3 of lower case, upper case, digits and symbols")
	ErrInvalid      = errors.New("invalid user")
)

// Store keeps users.
type Store interface {
	// CreateUser returns ErrExists if one of the user's keys is taken.
	CreateUser(ctx context.Context, u *User) error
	// GetUser and FindUser return ErrNotFound for unknown and deleted users. FindUser returns ErrAmbiguous if
	// two users have the key.
	GetUser(ctx context.Context, id string) (*User, error)
	FindUser(ctx context.Context, k Key) (*User, error)
	// GetUserInSession is GetUser. It also reports whether the session exists and belongs to the user.
	GetUserInSession(ctx context.Context, id, sessionID string) (*User, bool, error)
	// UpdateUser changes a user in one transaction. change must be quick and may run again. It returns the
	// changed user; ErrNotFound for a deleted one.
	UpdateUser(ctx context.Context, id string, change func(*User) error) (*User, error)
	// ListUsers returns up to limit users with an id after the given one, by id.
	ListUsers(ctx context.Context, after string, limit int, deleted bool) ([]*User, error)
	// GetDeletedUser and RestoreUser return ErrNotFound for a user that isn't deleted. RestoreUser returns
	// ErrExists if another user has taken one of the names.
	GetDeletedUser(ctx context.Context, id string) (*User, error)
	RestoreUser(ctx context.Context, id string) (*User, error)
	// PurgeUser removes a deleted user for good; ErrNotFound if there is none.
	PurgeUser(ctx context.Context, id string) error
	// PurgeUsers removes users that were deleted before a time.
	PurgeUsers(ctx context.Context, deletedBefore time.Time) error
	// Clashes returns the keys that two users share, as older versions allowed.
	Clashes(ctx context.Context) ([]Clash, error)
	// All nodes share the counts of wrong passwords.
	limit.TryStore
}

// Clash is a key that several users share.
type Clash struct {
	Scope string
	Users []string // ids
}

// Directory is the service around a Store.
type Directory struct {
	Store      Store
	TenantName string
	Passwords  *Passwords
	// Known recognises common and stolen passwords; nil recognises none.
	Known KnownPasswords
	Now   func() time.Time
	Rand  io.Reader

	guard guard
}

// Limits of documented attributes (admin-surface §4).
var maxLengths = map[string]int{
	"displayname": 256, "givenname": 64, "surname": 64, "jobtitle": 128, "city": 128, "streetaddress": 1024,
	"postalcode": 40, "mailnickname": 64, "department": 64, "state": 128, "country": 128,
}

// Check reports the fault of a user.
func (u *User) Check() error {
	if len(u.Identities) > 10 {
		return refusal.Because(ErrInvalid, "more than 10 identities")
	}
	for _, i := range u.Identities {
		if err := i.check(); err != nil {
			return err
		}
	}
	if err := checkUPN(u.UPN); err != nil {
		return err
	}
	for name, v := range u.Attributes {
		most, ok := maxLengths[strings.ToLower(name)]
		if !ok {
			most = 1024
			if strings.HasPrefix(strings.ToLower(name), "extension_") {
				most = 256
			}
		}
		if text := v.String(); v.Type() == claims.String && len([]rune(text)) > most {
			return refusal.Because(ErrInvalid, "%s has more than %d characters", name, most)
		}
	}
	return nil
}

// Create completes and stores a new user: id, user principal name, times. It checks and hashes the password,
// if there is one.
func (d *Directory) Create(ctx context.Context, u *User, password string) error {
	if u.ID == "" {
		id, err := uuid.NewRandomFromReader(d.Rand)
		if err != nil {
			return err
		}
		u.ID = id.String()
	}
	if u.UPN == "" {
		u.UPN = u.ID + "@" + d.TenantName
	}
	u.Created = d.Now().UTC().Truncate(time.Second)
	if u.TokensValidFrom.IsZero() {
		u.TokensValidFrom = u.Created
	}
	d.complete(u)
	if err := u.Check(); err != nil {
		return err
	}
	if password != "" {
		hash, err := d.hash(ctx, password, u.PasswordPolicies)
		if err != nil {
			return err
		}
		u.Password = hash
	}
	return d.Store.CreateUser(ctx, u)
}

func (d *Directory) hash(ctx context.Context, password, policies string) (string, error) {
	if err := CheckPassword(password, policies); err != nil {
		return "", err
	}
	return d.Passwords.Hash(ctx, password)
}

// CheckPassword applies the directory's rule for strong passwords, unless the user's policies disable it.
func CheckPassword(password, policies string) error {
	n := len([]rune(password))
	if n == 0 || n > 256 {
		return ErrWeakPassword
	}
	if strings.Contains(strings.ToLower(policies), "disablestrongpassword") {
		return nil
	}
	var lower, upper, digit, symbol int
	for _, r := range password {
		switch {
		case unicode.IsLower(r):
			lower = 1
		case unicode.IsUpper(r):
			upper = 1
		case unicode.IsDigit(r):
			digit = 1
		default:
			symbol = 1
		}
	}
	if n < 8 || n > 64 || lower+upper+digit+symbol < 3 {
		return ErrWeakPassword
	}
	return nil
}

// complete sets the issuer of local identities, and the stored form of all identities.
func (d *Directory) complete(u *User) {
	for n := range u.Identities {
		i := &u.Identities[n]
		if i.Type == Federated {
			continue
		}
		i.ID = canonical.Text(i.ID)
		if i.Issuer == "" {
			i.Issuer = d.TenantName
		}
	}
}

// Update changes a user. It first checks and hashes a non-empty password, outside the transaction. A new
// password, or disabling the account, ends its grants and sessions.
func (d *Directory) Update(ctx context.Context, id, password, policies string, change func(*User) error) (*User, error) {
	hash := ""
	if password != "" {
		if policies == "" {
			u, err := d.Get(ctx, id)
			if err != nil {
				return nil, err
			}
			policies = u.PasswordPolicies
		}
		var err error
		if hash, err = d.hash(ctx, password, policies); err != nil {
			return nil, err
		}
	}
	forget(ctx, id)
	return d.Store.UpdateUser(ctx, id, func(u *User) error {
		disabled := u.Disabled
		if hash != "" {
			u.Password = hash
			u.ForceChange = false
		}
		if change != nil {
			if err := change(u); err != nil {
				return err
			}
		}
		if hash != "" || u.Disabled && !disabled {
			u.endGrants(d.Now())
		}
		d.complete(u)
		return u.Check()
	})
}

// Revoke ends all grants and sessions of a user.
func (d *Directory) Revoke(ctx context.Context, id string) error {
	forget(ctx, id)
	_, err := d.Store.UpdateUser(ctx, id, func(u *User) error {
		u.endGrants(d.Now())
		return nil
	})
	return err
}

// Delete marks a user as deleted. Its names are free at once. Its grants and sessions end and stay invalid
// after a restore.
func (d *Directory) Delete(ctx context.Context, id string) error {
	forget(ctx, id)
	_, err := d.Store.UpdateUser(ctx, id, func(u *User) error {
		u.endGrants(d.Now())
		u.Deleted = d.Now().UTC()
		return nil
	})
	return err
}

// Standing is the condition of an account for issuing and accepting grants.
type Standing struct {
	Epoch    int64
	Since    time.Time // begin of the epoch, in whole seconds
	Disabled bool
	// Session reports that the requested session exists and belongs to this account.
	Session bool
}

// Standing returns the standing of an account; ErrNotFound if there is none. The same read looks for the
// session sessionID, if that isn't "".
func (d *Directory) Standing(ctx context.Context, id, sessionID string) (Standing, error) {
	u, live, err := d.getInSession(ctx, strings.ToLower(id), sessionID)
	if err != nil {
		return Standing{}, err
	}
	return Standing{Epoch: u.Epoch, Since: u.TokensValidFrom, Disabled: u.Disabled, Session: live}, nil
}
