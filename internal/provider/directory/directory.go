// Package directory plans and runs the profiles that read and write users
// (AzureActiveDirectoryProvider) against our own directory.
//
// Reference: policy-engine §5.3.
package directory

import (
	"context"
	"errors"
	"strings"

	"journeyman.dev/internal/audit"
	"journeyman.dev/internal/claims"
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

// Metadata are the metadata items of a profile.
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
	m          Metadata
	users      *directory.Directory
	notifier   Notifier
	properties map[*program.ClaimUse]property // of all claims of the profile
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
	x.properties = make(map[*program.ClaimUse]property)
	for _, uses := range []program.List[*program.ClaimUse]{plan.Profile.Inputs(), plan.Profile.Persisted(), plan.Profile.Outputs()} {
		for _, use := range uses.All() {
			x.properties[use] = x.propertyOf(use.Partner())
		}
	}
	finds := func(use *program.ClaimUse) bool { return x.properties[use].find != nil }
	if !plan.Profile.Inputs().Any(finds) && !plan.Incomplete {
		plan.Report(diag.MissingDirectoryKey, plan.Source.Pos, "add an InputClaim with PartnerClaimType objectId, userPrincipalName, signInNames.…, alternativeSecurityId or userIdentities",
			"directory technical profile %q has no input claim that finds a user", plan.Source.ID.Value)
	}
	return x
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

// failure turns an error of the directory into the failure that the page shows.
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

// deleteClaims removes the persisted attributes; the key stays.
func (x *Exchange) deleteClaims(ctx context.Context, call *journey.Call, u *directory.User) (journey.Result, error) {
	var before *directory.User
	u, err := x.users.Update(ctx, u.ID, "", "", func(u *directory.User) error {
		before = u.Clone()
		for _, use := range call.Profile.Persisted().All() {
			p := x.property(use)
			if p.find != nil && len(call.Inputs) > 0 && strings.EqualFold(call.Inputs[0].Use.Partner(), use.Partner()) {
				continue // the key stays
			}
			p.clear(u)
		}
		return nil
	})
	if err != nil {
		return nil, failure(err)
	}
	x.notify(ctx, call, before, u, false)
	return journey.Done{Output: output{u: u, x: x}}, nil
}

var (
	_ journey.Provider = (*Provider)(nil)
	_ journey.Exchange = (*Exchange)(nil)
)
