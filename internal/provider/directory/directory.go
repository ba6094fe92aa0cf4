// Package directory plans and runs the profiles that read and write users
// (AzureActiveDirectoryProvider) against our own directory.
//
// Reference: policy-engine §5.3.
package directory

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"journeyman.dev/internal/audit"
	"journeyman.dev/internal/canonical"
	"journeyman.dev/internal/claims"
	"journeyman.dev/internal/claims/transform"
	"journeyman.dev/internal/diag"
	"journeyman.dev/internal/directory"
	"journeyman.dev/internal/journey"
	"journeyman.dev/internal/limit"
	"journeyman.dev/internal/program"
)

// Provider plans directory profiles.
type Provider struct {
	Users *directory.Directory
	// ExtensionsApp is the app id that extension attributes are stored under, without
	// dashes.
	ExtensionsApp string
	// RefuseKnown is what profiles do that don't say whether they refuse known passwords.
	RefuseKnown bool
	// Notifier mails owners of accounts; nil: nobody is.
	Notifier Notifier
}

// The operations.
const (
	opRead            = "Read"
	opWrite           = "Write"
	opDeleteClaims    = "DeleteClaims"
	opDeletePrincipal = "DeleteClaimsPrincipal"
)

// Metadata is what a profile's metadata items say.
type Metadata struct {
	Operation     string
	RaiseMissing  bool
	RaiseExisting bool
	ExtensionsApp string
	RefuseKnown   bool // passwords that are common or were stolen
	Notify        bool // the owner of an account that is changed
}

// Exchange is a planned profile.
type Exchange struct {
	m        Metadata
	users    *directory.Directory
	notifier Notifier
}

// Plan implements journey.Provider.
func (p *Provider) Plan(plan *program.Plan) journey.Exchange {
	m := plan.Metadata
	x := &Exchange{users: p.Users, notifier: p.Notifier}
	x.m = Metadata{
		Operation:     m.RequiredChoice("Operation", opRead, opRead, opWrite, opDeleteClaims, opDeletePrincipal),
		RaiseMissing:  m.Bool("RaiseErrorIfClaimsPrincipalDoesNotExist", false),
		RaiseExisting: m.Bool("RaiseErrorIfClaimsPrincipalAlreadyExists", false),
		RefuseKnown:   m.Bool("Journeyman.RefuseKnownPasswords", p.RefuseKnown),
		Notify:        m.Bool("Journeyman.NotifyOfChanges", false),
		ExtensionsApp: strings.ToLower(strings.ReplaceAll(m.String("ClientId", p.ExtensionsApp), "-", "")),
	}
	if len(x.m.ExtensionsApp) != 32 {
		// A placeholder, or an application of the tenant that the policy came from.
		x.m.ExtensionsApp = p.ExtensionsApp
	}
	m.Met("ApplicationObjectId") // names the application of custom attributes once more, beside ClientId
	m.Unused("the directory is this server's own", "api-version")
	keys := 0
	for _, use := range plan.Profile.Inputs().All() {
		if keyKind(use.Partner()) != "" {
			keys++
		}
	}
	if keys == 0 && !plan.Incomplete {
		plan.Report(diag.MissingDirectoryKey, plan.Source.Pos, "add an InputClaim with PartnerClaimType objectId, userPrincipalName, signInNames.…, alternativeSecurityId or userIdentities",
			"directory technical profile %q has no input claim that finds a user", plan.Source.ID.Value)
	}
	return x
}

// keyKind names what an input claim finds users by: "" if it isn't a key.
func keyKind(partner string) string {
	p := strings.ToLower(partner)
	switch {
	case p == "objectid", p == "userprincipalname", p == "alternativesecurityid", p == "useridentities", p == "alternativesecurityids", p == "signinnames":
		return p
	case strings.HasPrefix(p, "signinnames."):
		return p
	}
	return ""
}

// Run implements journey.Exchange.
func (x *Exchange) Run(ctx context.Context, call *journey.Call) (journey.Result, error) {
	u, err := x.find(ctx, call.Inputs)
	if err != nil {
		return nil, failure(err)
	}
	if u != nil {
		call.Met(u.ID, u.Epoch)
	}
	switch {
	case u == nil && x.m.RaiseMissing:
		return nil, &journey.Failure{Code: journey.CodeUserNotFound, Public: journey.CodeUserNotFound.Text(), MessageKey: "UserMessageIfClaimsPrincipalDoesNotExist"}
	case u != nil && x.m.RaiseExisting:
		return nil, exists()
	}
	switch x.m.Operation {
	case opRead:
		if u == nil {
			return journey.Done{Output: journey.NotFound{}}, nil
		}
		return journey.Done{Output: output{u: u, x: x}}, nil
	case opWrite:
		return x.write(ctx, call, u)
	case opDeleteClaims:
		if u == nil {
			return journey.Done{Output: journey.NotFound{}}, nil
		}
		return x.deleteClaims(ctx, call, u)
	}
	if u == nil {
		return journey.Done{Output: journey.NotFound{}}, nil
	}
	if err := x.users.Delete(ctx, u.ID); err != nil {
		return nil, failure(err)
	}
	call.Closed(u.ID)
	return journey.Done{Output: journey.Nothing{}}, nil
}

func exists() *journey.Failure {
	return &journey.Failure{Code: journey.CodeUserExists, Public: journey.CodeUserExists.Text(), MessageKey: "UserMessageIfClaimsPrincipalAlreadyExists"}
}

// find looks a user up by the first key claim that has a value; nil if there is none.
func (x *Exchange) find(ctx context.Context, inputs journey.Inputs) (*directory.User, error) {
	for _, in := range inputs {
		kind := keyKind(in.Use.Partner())
		if kind == "" || in.Value.Empty() {
			continue
		}
		u, err := x.lookUp(ctx, kind, in.Value)
		if errors.Is(err, directory.ErrNotFound) {
			return nil, nil
		}
		return u, err
	}
	return nil, nil
}

func (x *Exchange) lookUp(ctx context.Context, kind string, v claims.Value) (*directory.User, error) {
	store := x.users.Store
	switch kind {
	case "objectid":
		return x.users.Get(ctx, strings.ToLower(v.String()))
	case "userprincipalname":
		return only(ctx, store, v.String(), func(u *directory.User) bool { return canonical.Same(u.UPN, v.String()) })
	case "alternativesecurityid", "useridentities", "alternativesecurityids":
		ids, err := federated(v)
		if err != nil {
			return nil, err
		}
		if len(ids) == 0 {
			return nil, directory.ErrNotFound
		}
		return store.FindUser(ctx, newest(ids).Key())
	case "signinnames":
		return only(ctx, store, v.String(), func(*directory.User) bool { return true })
	}
	return only(ctx, store, v.String(), func(u *directory.User) bool { return u.Has(strings.TrimPrefix(kind, "signinnames."), v.String()) })
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

// write creates or updates the user with the persisted claims.
func (x *Exchange) write(ctx context.Context, call *journey.Call, u *directory.User) (journey.Result, error) {
	c, err := x.changes(call.Persisted)
	if err != nil {
		return nil, err
	}
	if x.m.RefuseKnown {
		if err := x.users.RefuseKnown(ctx, c.password); err != nil {
			return nil, failure(err)
		}
	}
	created := u == nil
	if created {
		u = new(directory.User)
		c.apply(u)
		if u.Attribute("displayName").Empty() {
			u.SetAttribute("displayName", claims.Text("unknown"))
		}
		if err := x.users.Create(ctx, u, c.password); err != nil {
			return nil, failure(err)
		}
		call.Met(u.ID, u.Epoch)
		call.Audit(journey.Event{Activity: audit.UserAdded, UserID: u.ID, Service: audit.ServiceDirectory, Operation: "Add"})
		call.Audit(journey.Event{Activity: audit.SignUpCompleted, UserID: u.ID})
		if c.password != "" {
			limit.From(ctx).Trust(u.ID)
		}
		return journey.Done{Output: output{u: u, x: x, created: true, written: true}}, nil
	}
	policies := ""
	if c.policies != nil {
		policies = *c.policies
	}
	var before *directory.User
	u, err = x.users.Update(ctx, u.ID, c.password, policies, func(u *directory.User) error {
		before = u.Clone()
		c.apply(u)
		return nil
	})
	if err != nil {
		return nil, failure(err)
	}
	if u.Disabled && !before.Disabled {
		call.Closed(u.ID)
	} else {
		call.Changed(u.ID, before.Epoch, u.Epoch)
	}
	x.notify(ctx, call, before, u, c.password != "")
	if c.password != "" {
		limit.From(ctx).Trust(u.ID)
		call.Audit(journey.Event{Activity: audit.PasswordReset, UserID: u.ID, Service: audit.ServiceDirectory, Operation: "Update"})
	}
	return journey.Done{Output: output{u: u, x: x, written: true}}, nil
}

// failure brings an error of the directory to what the page shows.
func failure(err error) error {
	switch {
	case errors.Is(err, directory.ErrExists):
		f := exists()
		f.Cause = err
		return f
	case errors.Is(err, directory.ErrAmbiguous):
		return journey.Ambiguous(err)
	case errors.Is(err, directory.ErrNotFound): // deleted by another meanwhile
		return &journey.Failure{Code: journey.CodeUserNotFound, Public: journey.CodeUserNotFound.Text(), MessageKey: "UserMessageIfClaimsPrincipalDoesNotExist", Cause: err}
	case errors.Is(err, directory.ErrWeakPassword):
		return &journey.Failure{Code: journey.CodeNotValid, Cause: err, MessageKey: "UserMessageIfInvalidPasswordComplexity",
			Public: "The password must have 8 to 64 characters, and at least 3 of: lower case letters, upper case letters, digits, symbols."}
	case errors.Is(err, directory.ErrKnownPassword):
		return &journey.Failure{Code: journey.CodeNotValid, Cause: err, MessageKey: "UserMessageIfPasswordIsKnown",
			Public: "This password is too easy to guess: it is common, or was stolen from a website. Please choose another."}
	case errors.Is(err, directory.ErrInvalid):
		return &journey.Failure{Code: journey.CodeNotValid, Public: "The information that was entered is not valid.", Cause: err}
	case errors.Is(err, directory.ErrBusy):
		return journey.Fail(journey.CodeThrottled, err)
	}
	return err
}

// changes are the persisted claims by what they mean to a user.
type changes struct {
	local      []directory.Identity
	federated  []directory.Identity
	replaceAll bool // the federated identities came as a whole collection
	upn        *string
	password   string
	policies   *string
	enabled    *bool
	force      *bool
	attributes map[string]claims.Value
}

// readOnly are attributes that writing leaves alone.
var readOnly = []string{"objectid", "createddatetime", "creationtype", "refreshtokensvalidfromdatetime", "legalagegroupclassification", "newclaimsprincipalcreated", "tenantid"}

func (x *Exchange) changes(persisted journey.Inputs) (*changes, error) {
	c := &changes{attributes: make(map[string]claims.Value)}
	for _, in := range persisted {
		name := strings.ToLower(in.Use.Partner())
		switch {
		case slices.Contains(readOnly, name):
		case strings.HasPrefix(name, "signinnames."):
			if !in.Value.Empty() {
				c.local = append(c.local, directory.Identity{Type: in.Use.Partner()[len("signInNames."):], ID: in.Value.String()})
			}
		case name == "alternativesecurityid", name == "alternativesecurityids", name == "useridentities":
			if in.Value.Empty() {
				continue
			}
			ids, err := federated(in.Value)
			if err != nil {
				return nil, err
			}
			c.federated = append(c.federated, ids...)
			c.replaceAll = c.replaceAll || name != "alternativesecurityid"
		case name == "userprincipalname":
			text := in.Value.String()
			c.upn = &text
		case name == "password":
			c.password = in.Value.String()
		case name == "passwordpolicies":
			text := in.Value.String()
			c.policies = &text
		case name == "accountenabled":
			on := in.Value.True() || strings.EqualFold(in.Value.String(), "true")
			c.enabled = &on
		case name == "passwordprofile.forcechangepasswordnextlogin":
			on := in.Value.True() || strings.EqualFold(in.Value.String(), "true")
			c.force = &on
		default:
			c.attributes[x.attribute(in.Use.Partner())] = in.Value
		}
	}
	return c, nil
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

// apply changes a user. Local identities that are written replace all others of the
// kind (§5.3 [D]).
func (c *changes) apply(u *directory.User) {
	keep := func(local bool) []directory.Identity {
		var out []directory.Identity
		for _, i := range u.Identities {
			if (i.Type != directory.Federated) == local {
				out = append(out, i)
			}
		}
		return out
	}
	locals, others := keep(true), keep(false)
	if len(c.local) > 0 {
		locals = c.local
	}
	if c.replaceAll {
		others = nil
	}
	for _, id := range c.federated {
		if !slices.Contains(others, id) {
			others = append(others, id)
		}
	}
	u.Identities = append(locals, others...)
	if c.upn != nil && *c.upn != "" {
		u.UPN = *c.upn
	}
	if c.policies != nil {
		u.PasswordPolicies = *c.policies
	}
	if c.enabled != nil {
		u.Disabled = !*c.enabled
	}
	if c.force != nil {
		u.ForceChange = *c.force
	}
	for name, v := range c.attributes {
		u.SetAttribute(name, v)
	}
}

// deleteClaims removes the persisted attributes; the key stays.
func (x *Exchange) deleteClaims(ctx context.Context, call *journey.Call, u *directory.User) (journey.Result, error) {
	var before *directory.User
	u, err := x.users.Update(ctx, u.ID, "", "", func(u *directory.User) error {
		before = u.Clone()
		for _, use := range call.Profile.Persisted().All() {
			name := strings.ToLower(use.Partner())
			switch {
			case keyKind(name) != "" && len(call.Inputs) > 0 && strings.EqualFold(call.Inputs[0].Use.Partner(), use.Partner()):
			case strings.HasPrefix(name, "signinnames."):
				u.Identities = slices.DeleteFunc(u.Identities, func(i directory.Identity) bool { return strings.EqualFold(i.Type, name[len("signinnames."):]) })
			case name == "alternativesecurityid", name == "alternativesecurityids", name == "useridentities":
				u.Identities = slices.DeleteFunc(u.Identities, func(i directory.Identity) bool { return i.Type == directory.Federated })
			case name == "passwordpolicies":
				u.PasswordPolicies = ""
			default:
				u.SetAttribute(x.attribute(use.Partner()), claims.Value{})
			}
		}
		return nil
	})
	if err != nil {
		return nil, failure(err)
	}
	x.notify(ctx, call, before, u, false)
	return journey.Done{Output: output{u: u, x: x}}, nil
}

// output reads output claims from a user.
type output struct {
	u       *directory.User
	x       *Exchange
	created bool
	written bool
}

// Claim implements journey.Output.
func (o output) Claim(use *program.ClaimUse) (claims.Value, error) {
	v, err := o.value(use)
	if err != nil || !v.Exists() {
		return claims.Value{}, err
	}
	out, err := v.Convert(use.Claim().DataType())
	if err != nil {
		return claims.Value{}, fmt.Errorf("the user's %s: %w", use.Partner(), err)
	}
	return out, nil
}

func (o output) value(use *program.ClaimUse) (claims.Value, error) {
	u := o.u
	name := strings.ToLower(use.Partner())
	switch name {
	case "objectid":
		return claims.Text(u.ID), nil
	case "userprincipalname":
		return claims.Text(u.UPN), nil
	case "newclaimsprincipalcreated":
		// Only a creation says so; an update leaves the claim alone (§5.3).
		if o.created {
			return claims.Bool(true), nil
		}
		return claims.Value{}, nil
	case "accountenabled":
		return claims.Bool(!u.Disabled), nil
	case "passwordpolicies":
		return textOrNone(u.PasswordPolicies), nil
	case "passwordprofile.forcechangepasswordnextlogin":
		return claims.Bool(u.ForceChange), nil
	case "createddatetime":
		return claims.Instant(u.Created), nil
	case "creationtype":
		if slices.ContainsFunc(u.Identities, func(i directory.Identity) bool { return i.Type != directory.Federated }) {
			return claims.Text("LocalAccount"), nil
		}
		return claims.Value{}, nil
	case "refreshtokensvalidfromdatetime":
		return claims.Instant(u.TokensValidFrom.Truncate(time.Second)), nil
	case "password":
		return claims.Value{}, nil
	case "alternativesecurityid":
		for _, i := range u.Identities {
			if i.Type == directory.Federated {
				text, err := transform.FormatAlternativeSecurityID(claims.Identity{Issuer: i.Issuer, IssuerUserID: i.ID})
				return claims.Text(text), err
			}
		}
		return claims.Value{}, nil
	case "alternativesecurityids", "useridentities":
		var ids []claims.Identity
		for _, i := range u.Identities {
			if i.Type == directory.Federated {
				ids = append(ids, claims.Identity{Issuer: i.Issuer, IssuerUserID: i.ID})
			}
		}
		if len(ids) == 0 {
			return claims.Value{}, nil
		}
		switch use.Claim().DataType() {
		case claims.AlternativeSecurityIDCollection, claims.UserIdentityCollection, claims.ObjectIdentityCollection:
			return claims.Identities(use.Claim().DataType(), ids...), nil
		}
		kind := claims.UserIdentityCollection
		if strings.EqualFold(name, "alternativeSecurityIds") {
			kind = claims.AlternativeSecurityIDCollection
		}
		return claims.Identities(kind, ids...).Convert(use.Claim().DataType())
	case "signinnames":
		for _, i := range u.Identities {
			if i.Type != directory.Federated {
				return claims.Text(i.ID), nil
			}
		}
		return claims.Value{}, nil
	}
	if kind, ok := strings.CutPrefix(name, "signinnames."); ok {
		for _, i := range u.Identities {
			if strings.EqualFold(i.Type, kind) {
				return claims.Text(i.ID), nil
			}
		}
		return claims.Value{}, nil
	}
	return u.Attribute(o.x.attribute(use.Partner())), nil
}

func textOrNone(s string) claims.Value {
	if s == "" {
		return claims.Value{}
	}
	return claims.Text(s)
}

var (
	_ journey.Provider = (*Provider)(nil)
	_ journey.Exchange = (*Exchange)(nil)
)
