// Package refreshtoken plans the profile with Protocol None that begins a refresh
// journey (RefreshTokenReadAndSetup): it restores the claims that the refresh token
// carries and that the profile lists.
//
// Reference: policy-engine §4.10.
package refreshtoken

import (
	"context"
	"strings"

	"journeyman.dev/internal/claims"
	"journeyman.dev/internal/journey"
	"journeyman.dev/internal/program"
)

// issuedOn is the claim with the time at which the grant was first issued.
const issuedOn = "refreshTokenIssuedOnDateTime"

// Provider plans profiles with Protocol None that are used as exchanges.
type Provider struct{}

// Plan implements journey.Provider.
func (Provider) Plan(p *program.Plan) journey.Exchange {
	p.Metadata.Service("url")
	p.RestoresClaims()
	return exchange{}
}

type exchange struct{}

// Run implements journey.Exchange. Outside a refresh journey there is nothing to
// restore, and the profile passes without claims.
func (exchange) Run(_ context.Context, call *journey.Call) (journey.Result, error) {
	if call.Journey.Renewal == nil {
		return journey.Done{Output: journey.Nothing{}}, nil
	}
	return journey.Done{Output: restored{call.Journey.Renewal}}, nil
}

type restored struct{ renewal *journey.Renewal }

// Claim implements journey.Output.
func (r restored) Claim(use *program.ClaimUse) (claims.Value, error) {
	if strings.EqualFold(use.Claim().ID(), issuedOn) || strings.EqualFold(use.Partner(), issuedOn) {
		return claims.Instant(r.renewal.IssuedAt).Convert(use.Claim().DataType())
	}
	return r.renewal.Claims.Get(use.Claim().ID()).Convert(use.Claim().DataType())
}

var _ journey.Provider = Provider{}
