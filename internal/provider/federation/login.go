package federation

import (
	"context"
	"errors"
	"strings"

	"journeyman.dev/internal/audit"
	"journeyman.dev/internal/claims"
	"journeyman.dev/internal/directory"
	"journeyman.dev/internal/journey"
	"journeyman.dev/internal/limit"
	"journeyman.dev/internal/program"
)

// Accounts checks the passwords of local accounts.
type Accounts interface {
	// Authenticate returns one of package directory's errors.
	Authenticate(ctx context.Context, name, password string) (*directory.User, error)
}

// isPasswordGrant recognises login-NonInteractive: an OpenID Connect profile with
// grant_type=password. Every one is answered from our own directory: a policy that
// comes from B2C means its own tenant, and passwords don't leave the house.
func isPasswordGrant(plan *program.Plan) bool {
	if strings.EqualFold(plan.Metadata.String("grant_type", ""), "password") {
		return true
	}
	for _, use := range plan.Profile.Inputs().All() {
		if strings.EqualFold(use.Partner(), "grant_type") && use.HasDefault() && strings.EqualFold(use.Default().Source(), "password") {
			return true
		}
	}
	return false
}

type login struct {
	accounts Accounts
	tenantID string
}

func planLogin(plan *program.Plan, accounts Accounts) journey.Exchange {
	// They say where and how B2C asks its directory for the password. The documented effect is
	// that a local account's password is checked, and that is what happens: here, in the house.
	plan.Metadata.Met("ProviderName", "METADATA", "authorization_endpoint", "response_types", "response_mode", "scope", "HttpBinding",
		"UsePolicyInRedirectUri", "client_id", "IdTokenAudience", "grant_type", "resource_id", "AccessTokenEndpoint", "IncludeClaimResolvingInClaimsHandling", "issuer",
		"DiscoverMetadataByTokenIssuer", "ValidTokenIssuerPrefixes")
	return &login{accounts: accounts, tenantID: plan.Program.TenantID()}
}

// Run implements journey.Exchange.
func (x *login) Run(ctx context.Context, call *journey.Call) (journey.Result, error) {
	name, _ := call.Inputs.Get("username")
	password, _ := call.Inputs.Get("password")
	u, err := x.accounts.Authenticate(ctx, name.String(), password.String())
	checked := journey.Event{Activity: audit.CredentialsChecked, Username: name.String()}
	if err != nil {
		if !unheard(err) {
			checked.Result, checked.Reason = audit.Failure, err.Error()
			call.Audit(checked)
		}
		return nil, refusal(err, call.Journey.ResourceOwner)
	}
	call.Met(u.ID, u.Epoch)
	checked.UserID = u.ID
	call.Audit(checked)
	out := journey.Values{
		"oid": claims.Text(u.ID), "sub": claims.Text(u.ID), "tid": claims.Text(x.tenantID), "upn": claims.Text(u.UPN),
	}
	if u.ForceChange {
		if _, asked := call.Inputs.Get("continueOnPasswordExpiration"); asked {
			return journey.Done{Output: journey.Values{"passwordExpired": claims.Bool(true)}}, nil
		}
		code := journey.CodeWrongPassword
		if call.Journey.ResourceOwner {
			code = journey.CodeInvalidCredentials
		}
		return nil, &journey.Failure{Code: code, Public: "Your password has expired. Please reset it.", MessageKey: "UserMessageIfPasswordExpired"}
	}
	for partner, attribute := range map[string]string{"name": "displayName", "given_name": "givenName", "family_name": "surname"} {
		if v := u.Attribute(attribute); v.Exists() {
			out[partner] = v
		}
	}
	return journey.Done{Output: out}, nil
}

// unheard reports whether a refusal needs no record: nothing was tried, or it is one of
// very many. Whoever goes on guessing must not fill the database with records of it.
func unheard(err error) bool {
	locked, ok := errors.AsType[*limit.Locked](err)
	return ok && locked.Repeated || errors.Is(err, directory.ErrBusy) || errors.Is(err, directory.ErrNoise)
}

// refusal is the failure that the page shows, by the message keys of policy-engine §5.4. A token
// request isn't told whether it is the name or the password that is wrong.
func refusal(err error, tokenRequest bool) error {
	make := func(code journey.Code, key string) error {
		return &journey.Failure{Code: code, Public: code.Text(), MessageKey: key, Cause: err}
	}
	switch {
	case tokenRequest && (errors.Is(err, directory.ErrNotFound) || errors.Is(err, directory.ErrWrongPassword)):
		return make(journey.CodeInvalidCredentials, "ResourceOwnerFlowInvalidCredentials")
	case errors.Is(err, directory.ErrNotFound):
		return make(journey.CodeUserNotFound, "UserMessageIfClaimsPrincipalDoesNotExist")
	case errors.Is(err, directory.ErrWrongPassword):
		return make(journey.CodeWrongPassword, "UserMessageIfInvalidPassword")
	case errors.Is(err, directory.ErrAmbiguous):
		return journey.Ambiguous(err)
	case errors.Is(err, directory.ErrDisabled):
		return make(journey.CodeAccountDisabled, "UserMessageIfUserAccountDisabled")
	case errors.Is(err, directory.ErrLocked):
		return make(journey.CodeAccountLocked, "UserMessageIfUserAccountLocked")
	case errors.Is(err, directory.ErrBusy):
		return make(journey.CodeThrottled, "AADRequestsThrottled")
	}
	return err
}
