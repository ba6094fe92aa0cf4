// Package transformation plans profiles that do nothing but run claims
// transformations (ClaimsTransformationProtocolProvider). The engine runs the
// transformations before and after; the provider's own part is empty.
//
// Reference: policy-engine §5.9.
package transformation

import (
	"context"

	"journeyman.dev/internal/diag"
	"journeyman.dev/internal/journey"
	"journeyman.dev/internal/program"
)

// Provider plans claims-transformation profiles.
type Provider struct{}

// Plan implements journey.Provider.
func (Provider) Plan(p *program.Plan) journey.Exchange {
	if len(p.Source.OutputClaims) == 0 {
		p.Report(diag.NoOutputClaims, p.Source.Pos, "add at least one OutputClaim",
			"claims-transformation technical profile %q has no OutputClaims", p.Source.ID.Value)
	}
	return exchange{}
}

type exchange struct{}

// Run implements journey.Exchange.
func (exchange) Run(context.Context, *journey.Call) (journey.Result, error) {
	return journey.Done{Output: journey.Nothing{}}, nil
}

var _ journey.Provider = Provider{}
