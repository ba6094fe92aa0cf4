// Package directory has the users of a tenant: identities, passwords, attributes.
//
// Reference: policy-engine §5.3, §5.4; admin-surface §4.
package directory

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/google/uuid"

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
	// TokensValidFrom revokes the grants that were given before it.
	TokensValidFrom time.Time `json:"tokensValidFrom"`
	Failures        int       `json:"failures,omitempty"`
	// Wrong are the last wrong passwords, hashed as the right one is.
	Wrong       []string  `json:"wrong,omitempty"`
	LockedUntil time.Time `json:"lockedUntil,omitzero"`
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

// Key is the form in which identities are compared and unique: local ones by type and
// value without regard to case (the issuer isn't looked at), federated ones by issuer
// and exact id.
func (i Identity) Key() (scope, value string) {
	if strings.EqualFold(i.Type, Federated) {
		return "federated:" + strings.ToLower(i.Issuer), i.ID
	}
	return "local:" + strings.ToLower(i.Type), strings.ToLower(i.ID)
}

// UPNScope is the scope of user principal names in the index of identities.
const UPNScope = "upn"

// Keys are all index entries of a user.
func (u *User) Keys() [][2]string {
	var keys [][2]string
	for _, i := range u.Identities {
		scope, value := i.Key()
		keys = append(keys, [2]string{scope, value})
	}
	if u.UPN != "" {
		keys = append(keys, [2]string{UPNScope, strings.ToLower(u.UPN)})
	}
	return keys
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
	ErrNotFound      = errors.New("no such user")
	ErrExists        = errors.New("a user with this identity exists")
	ErrWrongPassword = errors.New("wrong password")
	ErrDisabled      = errors.New("account is disabled")
	ErrLocked        = errors.New("account is locked for a while")
	ErrBusy          = errors.New("too many passwords are being checked")
	// ErrWeakPassword and ErrInvalid have a text for people.
	ErrWeakPassword = errors.New("the password does not meet the requirements: 8 to 64 characters, and 3 of lower case, upper case, digits and symbols")
	ErrInvalid      = errors.New("invalid user")
	ErrGrantRevoked = errors.New("the user's grants were revoked")
)

// Store keeps users.
type Store interface {
	// CreateUser returns ErrExists if one of the user's keys is taken.
	CreateUser(ctx context.Context, u *User) error
	// GetUser and FindUser return ErrNotFound; deleted users are not found.
	GetUser(ctx context.Context, id string) (*User, error)
	FindUser(ctx context.Context, scope, value string) (*User, error)
	// FindLocal finds the users that have a local identity or user principal name of
	// this folded value.
	FindLocal(ctx context.Context, value string) ([]*User, error)
	// UpdateUser changes a user in one transaction; change must be quick and may be
	// run again. It returns the user as it is then.
	UpdateUser(ctx context.Context, id string, change func(*User) error) (*User, error)
	// ListUsers returns up to limit users with an id after the given one, by id.
	ListUsers(ctx context.Context, after string, limit int, deleted bool) ([]*User, error)
	// PurgeUsers removes users that were deleted before a time.
	PurgeUsers(ctx context.Context, deletedBefore time.Time) error
	// Wrong passwords are counted by what all nodes share.
	limit.TryStore
}

// Directory is the service around a Store.
type Directory struct {
	Store      Store
	TenantName string
	Passwords  *Passwords
	Now        func() time.Time
	Rand       io.Reader

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
		return fmt.Errorf("%w: more than 10 identities", ErrInvalid)
	}
	for _, i := range u.Identities {
		if i.ID == "" || i.Type == "" || i.Type == Federated && i.Issuer == "" {
			return fmt.Errorf("%w: an identity lacks its type, issuer or id", ErrInvalid)
		}
		if len(i.ID) > 256 || len(i.Issuer) > 512 || strings.ContainsFunc(i.ID, unicode.IsControl) {
			return fmt.Errorf("%w: an identity is too long or has characters that aren't allowed", ErrInvalid)
		}
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
			return fmt.Errorf("%w: %s has more than %d characters", ErrInvalid, name, most)
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
	for i := range u.Identities {
		if u.Identities[i].Type != Federated && u.Identities[i].Issuer == "" {
			u.Identities[i].Issuer = d.TenantName
		}
	}
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

// Update changes a user; a non-empty password is checked and hashed first, outside
// the transaction.
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
		if hash != "" {
			u.Password = hash
			u.Failures, u.Wrong, u.LockedUntil, u.ForceChange = 0, nil, time.Time{}, false
			// A new password ends what the old one opened.
			u.TokensValidFrom = d.Now().UTC().Truncate(time.Second)
		}
		if change != nil {
			if err := change(u); err != nil {
				return err
			}
		}
		return u.Check()
	})
}

// Delete marks a user as deleted and frees its identities for nobody: they come back
// when it is restored.
func (d *Directory) Delete(ctx context.Context, id string) error {
	forget(ctx, id)
	_, err := d.Store.UpdateUser(ctx, id, func(u *User) error {
		u.Deleted = d.Now().UTC()
		return nil
	})
	return err
}

// GrantValid reports whether refresh tokens that were issued at a time are still
// good: ErrNotFound, ErrDisabled or ErrGrantRevoked if not.
func (d *Directory) GrantValid(ctx context.Context, id string, issued time.Time) error {
	u, err := d.Get(ctx, id)
	switch {
	case err != nil:
		return err
	case u.Disabled:
		return ErrDisabled
	case issued.Before(u.TokensValidFrom):
		return ErrGrantRevoked
	}
	return nil
}

// SessionValid reports whether a browser's session, in which the user last proved who
// it is at a time, may still be used: not once the account is gone or disabled, its
// password was changed, or its sessions were revoked.
func (d *Directory) SessionValid(ctx context.Context, id string, proved time.Time) (bool, error) {
	switch err := d.GrantValid(ctx, id, proved); {
	case err == nil:
		return true, nil
	case errors.Is(err, ErrNotFound), errors.Is(err, ErrDisabled), errors.Is(err, ErrGrantRevoked):
		return false, nil
	default:
		return false, err
	}
}
