package directory

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"journeyman.dev/internal/canonical"
	"journeyman.dev/internal/claims"
	"journeyman.dev/internal/claims/transform"
	"journeyman.dev/internal/directory"
	"journeyman.dev/internal/journey"
	"journeyman.dev/internal/program"
)

// property is a property of a user that claims name by their partner: how it finds a user, and
// is read, written and deleted. Which property a claim means is decided at upload.
type property struct {
	// find finds a user by a value, directory.ErrNotFound if there is none; nil if the property
	// finds nobody.
	find func(ctx context.Context, users *directory.Directory, v claims.Value) (*directory.User, error)
	// read gives the value; of is the type that the claim wants. In the table nil means that of
	// an attribute, as for clear.
	read func(o output, of claims.DataType) (claims.Value, error)
	// write notes a new value; nil for a property that writing leaves alone.
	write func(c *changes, v claims.Value) error
	// clear deletes the value.
	clear func(u *directory.User)
}

// property is the property of a claim of the profile.
func (x *Exchange) property(use *program.ClaimUse) property {
	if p, ok := x.properties[use]; ok {
		return p
	}
	return x.propertyOf(use.Partner())
}

// propertyOf finds the property of a partner name: one of the table, a sign-in name of a kind,
// else an attribute.
func (x *Exchange) propertyOf(partner string) property {
	name := strings.ToLower(partner)
	attribute := x.attribute(partner)
	p := property{
		read:  func(o output, _ claims.DataType) (claims.Value, error) { return o.u.Attribute(attribute), nil },
		write: func(c *changes, v claims.Value) error { c.attributes[attribute] = v; return nil },
		clear: func(u *directory.User) { u.SetAttribute(attribute, claims.Value{}) },
	}
	if own, ok := properties[name]; ok {
		if own.read == nil {
			own.read = p.read
		}
		if own.clear == nil {
			own.clear = p.clear
		}
		return own
	}
	if _, ok := strings.CutPrefix(name, "signinnames."); ok {
		return signInName(partner[len("signInNames."):])
	}
	return p
}

// signInName is a sign-in name of one kind. Names that are written replace all others.
func signInName(kind string) property {
	is := func(i directory.Identity) bool { return strings.EqualFold(i.Type, kind) }
	return property{
		find: func(ctx context.Context, users *directory.Directory, v claims.Value) (*directory.User, error) {
			return only(ctx, users.Store, v.String(), func(u *directory.User) bool { return u.Has(strings.ToLower(kind), v.String()) })
		},
		read: func(o output, _ claims.DataType) (claims.Value, error) { return first(o.u, is), nil },
		write: func(c *changes, v claims.Value) error {
			if !v.Empty() {
				c.local = append(c.local, directory.Identity{Type: kind, ID: v.String()})
			}
			return nil
		},
		clear: func(u *directory.User) { u.Identities = slices.DeleteFunc(u.Identities, is) },
	}
}

func local(i directory.Identity) bool { return i.Type != directory.Federated }

func external(i directory.Identity) bool { return i.Type == directory.Federated }

// first is the first identity of a kind, none if there is none.
func first(u *directory.User, is func(directory.Identity) bool) claims.Value {
	if i := slices.IndexFunc(u.Identities, is); i >= 0 {
		return claims.Text(u.Identities[i].ID)
	}
	return claims.Value{}
}

// properties are those that are no attributes, by folded partner name (policy-engine §5.3).
var properties = map[string]property{
	"objectid": {
		find: func(ctx context.Context, users *directory.Directory, v claims.Value) (*directory.User, error) {
			return users.Get(ctx, strings.ToLower(v.String()))
		},
		read: reads(func(o output) claims.Value { return claims.Text(o.u.ID) }),
	},
	"userprincipalname": {
		find: func(ctx context.Context, users *directory.Directory, v claims.Value) (*directory.User, error) {
			return only(ctx, users.Store, v.String(), func(u *directory.User) bool { return canonical.Same(u.UPN, v.String()) })
		},
		read:  reads(func(o output) claims.Value { return claims.Text(o.u.UPN) }),
		write: writes(func(c *changes, v claims.Value) { c.upn = new(v.String()) }),
	},
	"signinnames": {
		find: func(ctx context.Context, users *directory.Directory, v claims.Value) (*directory.User, error) {
			return only(ctx, users.Store, v.String(), func(*directory.User) bool { return true })
		},
		read:  reads(func(o output) claims.Value { return first(o.u, local) }),
		write: writes(func(c *changes, v claims.Value) { c.attributes["signInNames"] = v }),
	},
	"alternativesecurityid": {
		find: findFederated, write: writeFederated(false), clear: clearFederated,
		read: func(o output, _ claims.DataType) (claims.Value, error) {
			i := slices.IndexFunc(o.u.Identities, external)
			if i < 0 {
				return claims.Value{}, nil
			}
			id := o.u.Identities[i]
			text, err := transform.FormatAlternativeSecurityID(claims.Identity{Issuer: id.Issuer, IssuerUserID: id.ID})
			return claims.Text(text), err
		},
	},
	"alternativesecurityids": {
		find: findFederated, write: writeFederated(true), clear: clearFederated, read: readFederated(claims.AlternativeSecurityIDCollection),
	},
	"useridentities": {
		find: findFederated, write: writeFederated(true), clear: clearFederated, read: readFederated(claims.UserIdentityCollection),
	},
	"password": {
		read:  reads(func(output) claims.Value { return claims.Value{} }),
		write: writes(func(c *changes, v claims.Value) { c.password = v.String() }),
	},
	"passwordpolicies": {
		read: reads(func(o output) claims.Value {
			if o.u.PasswordPolicies == "" {
				return claims.Value{}
			}
			return claims.Text(o.u.PasswordPolicies)
		}),
		write: writes(func(c *changes, v claims.Value) { c.policies = new(v.String()) }),
		clear: func(u *directory.User) { u.PasswordPolicies = "" },
	},
	"accountenabled": {
		read:  reads(func(o output) claims.Value { return claims.Bool(!o.u.Disabled) }),
		write: writes(func(c *changes, v claims.Value) { c.enabled = new(isTrue(v)) }),
	},
	"passwordprofile.forcechangepasswordnextlogin": {
		read:  reads(func(o output) claims.Value { return claims.Bool(o.u.ForceChange) }),
		write: writes(func(c *changes, v claims.Value) { c.force = new(isTrue(v)) }),
	},
	"newclaimsprincipalcreated": {
		// Only a creation says so; an update leaves the claim alone (§5.3).
		read: reads(func(o output) claims.Value {
			if o.created {
				return claims.Bool(true)
			}
			return claims.Value{}
		}),
	},
	"createddatetime": {read: reads(func(o output) claims.Value { return claims.Instant(o.u.Created) })},
	"creationtype": {
		read: reads(func(o output) claims.Value {
			if slices.ContainsFunc(o.u.Identities, local) {
				return claims.Text("LocalAccount")
			}
			return claims.Value{}
		}),
	},
	"refreshtokensvalidfromdatetime": {
		read: reads(func(o output) claims.Value { return claims.Instant(o.u.TokensValidFrom.Truncate(time.Second)) }),
	},
	"legalagegroupclassification": {},
	"tenantid":                    {},
}

func reads(read func(o output) claims.Value) func(output, claims.DataType) (claims.Value, error) {
	return func(o output, _ claims.DataType) (claims.Value, error) { return read(o), nil }
}

func writes(write func(c *changes, v claims.Value)) func(*changes, claims.Value) error {
	return func(c *changes, v claims.Value) error {
		write(c, v)
		return nil
	}
}

func isTrue(v claims.Value) bool { return v.True() || strings.EqualFold(v.String(), "true") }

func findFederated(ctx context.Context, users *directory.Directory, v claims.Value) (*directory.User, error) {
	ids, err := federated(v)
	if err != nil {
		return nil, err
	}
	if len(ids) == 0 {
		return nil, directory.ErrNotFound
	}
	return users.Store.FindUser(ctx, newest(ids).Key())
}

// writeFederated adds identities; whole collections replace those that the user has.
func writeFederated(whole bool) func(c *changes, v claims.Value) error {
	return func(c *changes, v claims.Value) error {
		if v.Empty() {
			return nil
		}
		ids, err := federated(v)
		c.federated = append(c.federated, ids...)
		c.replaceAll = c.replaceAll || whole
		return err
	}
}

func clearFederated(u *directory.User) { u.Identities = slices.DeleteFunc(u.Identities, external) }

// readFederated gives all identities of other sites, as a collection of a kind unless the
// claim has a kind of collection of its own.
func readFederated(kind claims.DataType) func(o output, of claims.DataType) (claims.Value, error) {
	return func(o output, of claims.DataType) (claims.Value, error) {
		var ids []claims.Identity
		for _, i := range o.u.Identities {
			if external(i) {
				ids = append(ids, claims.Identity{Issuer: i.Issuer, IssuerUserID: i.ID})
			}
		}
		if len(ids) == 0 {
			return claims.Value{}, nil
		}
		as := kind
		switch of {
		case claims.AlternativeSecurityIDCollection, claims.UserIdentityCollection, claims.ObjectIdentityCollection:
			as = of
		}
		return claims.Identities(as, ids...).Convert(of)
	}
}

// find looks a user up by the first key claim that has a value; nil if there is none.
func (x *Exchange) find(ctx context.Context, inputs journey.Inputs) (*directory.User, error) {
	for _, in := range inputs {
		p := x.property(in.Use)
		if p.find == nil || in.Value.Empty() {
			continue
		}
		u, err := p.find(ctx, x.users, in.Value)
		if errors.Is(err, directory.ErrNotFound) {
			return nil, nil
		}
		return u, err
	}
	return nil, nil
}

// newest is the identity that a collection finds a user by: the one that was added last. The
// samples that link a second provider add its identity to those of the user who is signed
// in, and look up whether it is somebody's already: to match any identity would always find
// the user, and to ask for all of them would never find somebody else. [I]
func newest(ids []directory.Identity) directory.Identity { return ids[len(ids)-1] }

// only finds the user of a name if it has the name in the way that the policy asks for: an
// address that is somebody's user name finds nobody by address.
func only(ctx context.Context, store directory.Store, name string, has func(*directory.User) bool) (*directory.User, error) {
	u, err := store.FindUser(ctx, directory.NameKey(name))
	if err != nil {
		return nil, err
	}
	if !has(u) {
		return nil, directory.ErrNotFound
	}
	return u, nil
}

// federated reads the identities of an alternative security id, or of a collection.
func federated(v claims.Value) ([]directory.Identity, error) {
	var list []directory.Identity
	if items := v.IdentityItems(); len(items) > 0 {
		for _, i := range items {
			list = append(list, directory.Identity{Type: directory.Federated, Issuer: i.Issuer, ID: i.IssuerUserID})
		}
		return list, nil
	}
	id, err := transform.ParseAlternativeSecurityID(v.String())
	if err != nil {
		return nil, err
	}
	return append(list, directory.Identity{Type: directory.Federated, Issuer: id.Issuer, ID: id.IssuerUserID}), nil
}

// attribute is the name that an attribute is stored under.
func (x *Exchange) attribute(partner string) string {
	if rest, ok := strings.CutPrefix(partner, "extension_"); ok && !ownsExtension(rest) {
		return "extension_" + x.m.ExtensionsApp + "_" + rest
	}
	if canonical, ok := canonicalNames[strings.ToLower(partner)]; ok {
		return canonical
	}
	return partner
}

// ownsExtension reports whether a name has its application's id already.
func ownsExtension(rest string) bool {
	id, _, ok := strings.Cut(rest, "_")
	if !ok || len(id) != 32 {
		return false
	}
	return strings.IndexFunc(strings.ToLower(id), func(r rune) bool { return !strings.ContainsRune("0123456789abcdef", r) }) < 0
}

// canonicalNames are the directory's spellings (admin-surface §4).
var canonicalNames = func() map[string]string {
	m := make(map[string]string)
	for _, name := range strings.Fields(`ageGroup consentProvidedForMinor legalCountry dateOfBirth city country state streetAddress postalCode
		department jobTitle displayName givenName surname mailNickname mobile telephoneNumber facsimileTelephoneNumber
		physicalDeliveryOfficeName otherMails preferredLanguage usageLocation userType immutableId netId mail
		strongAuthenticationPhoneNumber strongAuthenticationAlternativePhoneNumber strongAuthenticationEmailAddress`) {
		m[strings.ToLower(name)] = name
	}
	return m
}()

// output reads output claims from a user.
type output struct {
	u       *directory.User
	x       *Exchange
	created bool
	written bool
}

// Claim implements journey.Output.
func (o output) Claim(use *program.ClaimUse) (claims.Value, error) {
	v, err := o.x.property(use).read(o, use.Claim().DataType())
	if err != nil || !v.Exists() {
		return claims.Value{}, err
	}
	out, err := v.Convert(use.Claim().DataType())
	if err != nil {
		return claims.Value{}, fmt.Errorf("the user's %s: %w", use.Partner(), err)
	}
	return out, nil
}
