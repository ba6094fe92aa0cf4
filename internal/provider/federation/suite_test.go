package federation_test

import (
	"context"
	"testing"
	"time"

	"journeyman.dev/internal/directory"
	"journeyman.dev/internal/journey"
	. "journeyman.dev/internal/journey/journeytest"
	"journeyman.dev/internal/program"
	"journeyman.dev/internal/provider/federation"
	"journeyman.dev/internal/provider/providertest"
)

// The kinds, as package kinds lists them.
func oauth2(caller *providertest.Caller, keys *providertest.Keys) program.ProfileKind {
	return program.ProfileKind{Name: "OAuth2", Protocol: true, Plan: journey.Plans(&federation.OAuth2{Caller: caller, Keys: keys}), Resolving: program.ResolvesInputs}
}

func openID(caller *providertest.Caller, keys *providertest.Keys, accounts federation.Accounts) program.ProfileKind {
	return program.ProfileKind{Name: "OpenIdConnect", Protocol: true, Resolving: program.ResolvesInputs,
		Plan: journey.Plans(&federation.OpenIDConnect{Caller: caller, Keys: keys, Accounts: accounts, Metadata: &federation.MetadataCache{Caller: caller}})}
}

func hint(caller *providertest.Caller, keys *providertest.Keys) program.ProfileKind {
	return program.ProfileKind{Role: program.AsHint, Plan: journey.Plans(&federation.Hint{Keys: keys, Metadata: &federation.MetadataCache{Caller: caller}})}
}

// caller reaches an identity provider of a fixed time.
func caller(s providertest.Service) *providertest.Caller {
	return &providertest.Caller{Service: s, Handler: providertest.NewIdentityProvider(func() time.Time { return time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC) })}
}

const (
	isOAuth2 = `<Protocol Name="OAuth2" />`
	isOpenID = `<Protocol Name="OpenIdConnect" />`
	secret   = `<CryptographicKeys>
<Key Id="client_secret" StorageReferenceId="B2C_1A_Client" />
</CryptographicKeys>`
)

func TestTheSuiteOfProvidersForOAuth2(t *testing.T) {
	t.Parallel()
	providertest.Suite(t, providertest.Description{
		New: func(_ *testing.T, s providertest.Service) program.ProfileKind {
			return oauth2(caller(s), new(providertest.Keys))
		},
		Claims: "email", Alone: true, Ends: "away at https://idp.example/authorize", // nobody is called before the user is back
		Profile: ProfileOf("Subject", isOAuth2, `<Metadata>
<Item Key="client_id">client</Item>
<Item Key="authorization_endpoint">https://idp.example/authorize</Item>
<Item Key="AccessTokenEndpoint">https://idp.example/token</Item>
<Item Key="ClaimsEndpoint">https://idp.example/userinfo</Item>
</Metadata>`+secret+Outputs("email")),
		Required: []string{"client_id", "authorization_endpoint", "AccessTokenEndpoint", "ClaimsEndpoint"}, Keys: []string{"client_secret"},
	})
}

func TestTheSuiteOfProvidersForOpenIDConnect(t *testing.T) {
	t.Parallel()
	providertest.Suite(t, providertest.Description{
		New: func(_ *testing.T, s providertest.Service) program.ProfileKind {
			return openID(caller(s), new(providertest.Keys), nil)
		},
		Claims: "email", Ends: "away at https://idp.example/authorize",
		Profile: ProfileOf("Subject", isOpenID, `<Metadata>
<Item Key="client_id">client</Item>
<Item Key="METADATA">https://idp.example/.well-known/openid-configuration</Item>
<Item Key="response_types">code</Item>
</Metadata>`+secret+Outputs("email")),
		Required: []string{"client_id", "METADATA"}, Keys: []string{"client_secret"},
	})
}

func TestTheSuiteOfProvidersForHints(t *testing.T) {
	t.Parallel()
	providertest.Suite(t, providertest.Description{
		New: func(_ *testing.T, s providertest.Service) program.ProfileKind {
			return hint(caller(s), new(providertest.Keys))
		},
		Claims: "email", Role: program.AsHint, Alone: true, Ends: "finished", // without a hint nothing is asked
		Profile: ProfileOf("Subject", `<Protocol Name="None" />`, `<Metadata>
<Item Key="issuer">https://app.example</Item>
<Item Key="IdTokenAudience">journeyman</Item>
</Metadata>`+secret+Outputs("email")),
		Required: []string{"issuer", "IdTokenAudience"}, Keys: []string{"client_secret"},
	})
}

// accounts know one password; err is what else they say.
type accounts struct {
	service providertest.Service
	err     error
	user    directory.User
}

func (a *accounts) Authenticate(ctx context.Context, _, _ string) (*directory.User, error) {
	if err := a.service.Do(ctx); err != nil {
		return nil, err
	}
	if a.err != nil {
		return nil, a.err
	}
	u := a.user
	return &u, nil
}

func TestTheSuiteOfProvidersForPasswords(t *testing.T) {
	t.Parallel()
	providertest.Suite(t, providertest.Description{
		New: func(_ *testing.T, s providertest.Service) program.ProfileKind {
			return openID(caller(s), new(providertest.Keys), &accounts{service: s, user: directory.User{ID: "u1"}})
		},
		Claims: "name pass -oid", Ends: "finished", Inputs: map[string]string{"name": "ada@example.com", "pass": "Str0ng!enough"},
		Profile: ProfileOf("Subject", isOpenID, `<Metadata>
<Item Key="METADATA">https://login.microsoftonline.com/{tenant}/.well-known/openid-configuration</Item>
<Item Key="grant_type">password</Item>
</Metadata>`+Inputs("name=username", "pass=password")+Outputs("oid=oid")),
	})
}
