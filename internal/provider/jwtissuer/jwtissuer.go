// Package jwtissuer plans the technical profiles that end a journey at an
// OpenID Connect application: the JWT issuer, whose settings the protocol reads,
// and the OAuth2Error issuer, which returns an error that the policy chose.
//
// Reference: policy-engine §4.9, §5.15; protocol §3.3, §4.2.
package jwtissuer

import (
	"context"
	"time"

	"journeyman.dev/internal/journey"
	"journeyman.dev/internal/program"
	"journeyman.dev/internal/token"
)

// Provider plans JWT issuer profiles.
type Provider struct{}

// Plan implements journey.Provider.
func (Provider) Plan(p *program.Plan) journey.Exchange {
	m := p.Metadata
	s := &token.Settings{
		ProfileID:        p.Source.ID.Value,
		RefreshIdentity:  m.Required("issuer_refresh_token_user_identity_claim_type"),
		AccessLifetime:   seconds(m.Int("token_lifetime_secs", 3600, 300, 86400)),
		IDLifetime:       seconds(m.Int("id_token_lifetime_secs", 3600, 300, 86400)),
		RefreshLifetime:  seconds(m.Int("refresh_token_lifetime_secs", 1209600, 86400, 7776000)),
		RefreshWindow:    seconds(m.Int("rolling_refresh_token_lifetime_secs", 7776000, 86400, 31536000)),
		InfiniteWindow:   m.Bool("allow_infinite_rolling_refresh_token", false),
		IssuerWithPolicy: m.Choice("IssuanceClaimPattern", "AuthorityAndTenantGuid", "AuthorityAndTenantGuid", "AuthorityWithTfp") == "AuthorityWithTfp",
		NoACR:            m.Choice("AuthenticationContextReferenceClaimPattern", "PolicyId", "PolicyId", "None") == "None",
		NumbersAsText:    !m.Bool("SendTokenResponseBodyWithJsonNumbers", true),
	}
	p.GrantJourneys(p.Journey("RefreshTokenUserJourneyId"), p.Journey("ClientCredentialsUserJourneyId"))
	p.Claim("issuer_refresh_token_user_identity_claim_type")
	m.Service("client_id")
	s.SigningKey, _ = p.Key("issuer_secret", true)
	s.EncryptionKey, _ = p.Key("issuer_refresh_token_key", true)
	s.SingleSignOut = p.Profile.Session() != nil && p.Profile.Session().Kind() == program.SessionOAuth
	return issuer{s}
}

// issuer is a planned JWT issuer.
type issuer struct{ settings *token.Settings }

// Run implements journey.Exchange: the tokens are made from the settings by the protocol.
func (x issuer) Run(context.Context, *journey.Call) (journey.Result, error) {
	return journey.Issue{Issued: x.settings}, nil
}

// Settings are those of the tokens, for whoever describes them before they are issued.
func (x issuer) Settings() *token.Settings { return x.settings }

func seconds(n int) time.Duration { return time.Duration(n) * time.Second }

// ErrorProvider plans OAuth2Error issuers: the application gets access_denied with
// the code and text that the policy's claims errorCode and errorMessage have.
type ErrorProvider struct{}

// Plan implements journey.Provider.
func (ErrorProvider) Plan(*program.Plan) journey.Exchange { return errorIssuer{} }

type errorIssuer struct{}

// Run implements journey.Exchange: it always fails, with the policy's error.
func (errorIssuer) Run(_ context.Context, call *journey.Call) (journey.Result, error) {
	code, _ := call.Inputs.Get("errorCode")
	message, _ := call.Inputs.Get("errorMessage")
	return nil, &journey.Failure{
		Code: journey.Code("AAD_Custom_" + code.String()), Public: message.String(), OAuth: "access_denied",
	}
}

var (
	_ journey.Provider = Provider{}
	_ journey.Provider = ErrorProvider{}
)
