// Package directory has the users of a tenant: identities, passwords, attributes.
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
	// Epoch counts the times that all grants and sessions of the account were ended. What was
	// given in another epoch than the present one is good for nothing.
	Epoch int64 `json:"epoch,omitempty"`
	// TokensValidFrom is when the epoch began, in whole seconds: policies compare it.
	TokensValidFrom time.Time `json:"tokensValidFrom"`
	// Deleted is when the user was deleted; deleted users can be restored for 30 days.
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

// Key is an entry of the index of identities: each belongs to one user.
type Key struct{ Scope, Value string }

// NameKey is the key of a name of the tenant's own: an address, a user name, a phone number
// or a user principal name. A name belongs to one user, whatever kind it is registered as.
func NameKey(name string) Key { return Key{"name", canonical.Name(name)} }

// Key is the form in which identities are compared and unique: those of the tenant by
// their name (the issuer isn't looked at), federated ones by issuer and exact id.
func (i Identity) Key() Key {
	if strings.EqualFold(i.Type, Federated) {
		return Key{"federated:" + canonical.Fold(i.Issuer), i.ID}
	}
	return NameKey(i.ID)
}

// Keys are all index entries of a user, each once; a deleted user has none, so that its
// names are free again.
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

// Has reports whether the user has a name as an identity of a type; any type if it is "".
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

// SetAttribute sets an attribute; no value or an empty one removes it.
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

// Errors.
var (
	ErrNotFound = errors.New("no such user")
	ErrExists   = errors.New("a user with this identity exists")
	// ErrAmbiguous says that a name belongs to two users, as older versions allowed: neither
	// may be taken for the other.
	ErrAmbiguous     = errors.New("two users have this name")
	ErrWrongPassword = errors.New("wrong password")
	ErrDisabled      = errors.New("account is disabled")
	ErrLocked        = errors.New("account is locked for a while")
	ErrBusy          = errors.New("too many passwords are being checked")
	// ErrWeakPassword and ErrInvalid have a text for people.
	ErrWeakPassword = errors.New("the password does not meet the requirements: 8 to 64 characters, and 3 of lower case, upper case, digits and symbols")
	ErrInvalid      = errors.New("invalid user")
)

// Store keeps users.
type Store interface {
	// CreateUser returns ErrExists if one of the user's keys is taken.
	CreateUser(ctx context.Context, u *User) error
	// GetUser and FindUser return ErrNotFound; deleted users are not found. FindUser returns
	// ErrAmbiguous if the key is that of two users.
	GetUser(ctx context.Context, id string) (*User, error)
	FindUser(ctx context.Context, k Key) (*User, error)
	// GetUserInSession is GetUser; it also reports whether the session is there and the
	// user's.
	GetUserInSession(ctx context.Context, id, sessionID string) (*User, bool, error)
	// UpdateUser changes a user in one transaction; change must be quick and may be
	// run again. It returns the user as it is then, ErrNotFound for one that is deleted.
	UpdateUser(ctx context.Context, id string, change func(*User) error) (*User, error)
	// ListUsers returns up to limit users with an id after the given one, by id.
	ListUsers(ctx context.Context, after string, limit int, deleted bool) ([]*User, error)
	// GetDeletedUser and RestoreUser return ErrNotFound for a user that isn't deleted,
	// RestoreUser ErrExists if another user has one of its names now.
	GetDeletedUser(ctx context.Context, id string) (*User, error)
	RestoreUser(ctx context.Context, id string) (*User, error)
	// PurgeUser removes a deleted user for good, else ErrNotFound.
	PurgeUser(ctx context.Context, id string) error
	// PurgeUsers removes users that were deleted before a time.
	PurgeUsers(ctx context.Context, deletedBefore time.Time) error
	// Clashes are the keys that two users have, as older versions allowed.
	Clashes(ctx context.Context) ([]Clash, error)
	// Wrong passwords are counted by what all nodes share.
	limit.TryStore
}

// Clash is a key that several users have.
type Clash struct {
	Scope string
	Users []string // ids
}

// Directory is the service around a Store.
type Directory struct {
	Store      Store
	TenantName string
	Passwords  *Passwords
	// Known tells common and stolen passwords; nil: none is known.
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

// Check reports what a user has wrong.
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

// Create completes and stores a new user: id, user principal name, times. The
// password, if there is one, is checked and hashed.
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

// CheckPassword applies the directory's strong-password rule, unless the user's
// policies lift it.
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

// complete gives local identities their issuer, and all of them the form that is kept.
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

// Update changes a user; a non-empty password is checked and hashed first, outside
// the transaction. A new password, and disabling the account, end its grants and sessions.
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

// Delete marks a user as deleted. Its names are free for others at once; its grants and
// sessions are over, also if it is restored.
func (d *Directory) Delete(ctx context.Context, id string) error {
	forget(ctx, id)
	_, err := d.Store.UpdateUser(ctx, id, func(u *User) error {
		u.endGrants(d.Now())
		u.Deleted = d.Now().UTC()
		return nil
	})
	return err
}

// Standing is what tells whether an account may be given something, and whether what it
// was given is still good.
type Standing struct {
	Epoch    int64
	Since    time.Time // when the epoch began, in whole seconds
	Disabled bool
	// Session says that the session that was asked about is there, and this account's.
	Session bool
}

// Standing returns the standing of an account, ErrNotFound if there is none. sessionID is a
// session to look for in the same read; "" for none.
func (d *Directory) Standing(ctx context.Context, id, sessionID string) (Standing, error) {
	u, live, err := d.getInSession(ctx, strings.ToLower(id), sessionID)
	if err != nil {
		return Standing{}, err
	}
	return Standing{Epoch: u.Epoch, Since: u.TokensValidFrom, Disabled: u.Disabled, Session: live}, nil
}
