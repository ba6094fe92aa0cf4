// Package usercontext plans profiles that give the engine's knowledge of the request
// (UserJourneyContextProvider): the client's address and the correlation id.
//
// Reference: policy-engine §5.14.
package usercontext

import (
	"context"

	"journeyman.dev/internal/claims"
	"journeyman.dev/internal/journey"
	"journeyman.dev/internal/program"
)

// Provider plans user journey context profiles.
type Provider struct{}

// Plan implements journey.Provider.
func (Provider) Plan(*program.Plan) journey.Exchange { return exchange{} }

type exchange struct{}

// Run implements journey.Exchange.
func (exchange) Run(_ context.Context, call *journey.Call) (journey.Result, error) {
	out := journey.Values{"CorrelationId": claims.Text(call.Journey.CorrelationID)}
	if ip := call.Journey.Request.RemoteIP; ip != "" {
		out["IP-Address"] = claims.Text(ip)
	}
	return journey.Done{Output: out}, nil
}

var _ journey.Provider = Provider{}
