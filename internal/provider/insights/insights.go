// Package insights plans Application Insights profiles. Nothing leaves the house: an event is
// a line of the log, and goes to a recorder if there is one. A profile of this kind never
// ends a journey, whatever its metadata says.
//
// Reference: policy-engine §5.14.
package insights

import (
	"context"
	"log/slog"
	"strings"

	"journeyman.dev/internal/claims"
	"journeyman.dev/internal/diag"
	"journeyman.dev/internal/journey"
	"journeyman.dev/internal/program"
)

// Recorder gets the events of journeys.
type Recorder interface {
	// Record must not block: a journey waits for it.
	Record(ctx context.Context, e Event)
}

// Event is an event that a profile reports.
type Event struct {
	// Name is the value of eventName; "" if it has none.
	Name string
	// Literal is set if Name is a text of the policy. Otherwise it is the value of a claim.
	Literal            bool
	TechnicalProfileID string
	PolicyID           string
	CorrelationID      string
	// Properties by name; the values are those of claims, and never logged.
	Properties map[string]claims.Value
	// names are those of Properties, in the order of the policy.
	names []string
}

// LogValue has no claim values.
func (e Event) LogValue() slog.Value {
	name := e.Name
	if !e.Literal {
		name = "…"
	}
	return slog.GroupValue(slog.String("name", name), slog.Any("properties", e.names), slog.String("technicalProfileId", e.TechnicalProfileID),
		slog.String("policyId", e.PolicyID), slog.String("correlationId", e.CorrelationID))
}

// Provider plans Application Insights profiles.
type Provider struct {
	Log      *slog.Logger
	Recorder Recorder // nil: the log alone
}

type exchange struct {
	p   *Provider
	off bool
}

// Plan implements journey.Provider. It only warns: B2C sends no event and goes on when this
// profile is wrong.
func (p *Provider) Plan(plan *program.Plan) journey.Exchange {
	m := plan.Metadata
	x := &exchange{p: p, off: isTrue(m.String("DisableTelemetry", ""))}
	name := false
	for _, use := range plan.Profile.Inputs().All() {
		name = name || strings.EqualFold(use.Partner(), eventName)
	}
	if !name && !plan.Incomplete {
		plan.Report(diag.NoEffect, plan.Source.Pos, `add an InputClaim with PartnerClaimType="eventName"`, "technical profile %q has no event name", plan.Source.ID.Value)
	}
	m.Unused("nothing is sent to Application Insights; the event is a line of the log", "InstrumentationKey", "ConnectionString", "DeveloperMode")
	return x
}

const eventName = "eventName"

func isTrue(text string) bool { return strings.EqualFold(text, "true") || text == "1" }

// Bystander marks an exchange whose failure ends no journey.
func (x *exchange) Bystander() {}

// Run implements journey.Exchange.
func (x *exchange) Run(ctx context.Context, call *journey.Call) (journey.Result, error) {
	done := journey.Done{Output: journey.Nothing{}}
	if x.off {
		return done, nil
	}
	e := Event{TechnicalProfileID: call.Profile.ID(), PolicyID: call.Program.PolicyID(), CorrelationID: call.Journey.CorrelationID, Properties: make(map[string]claims.Value)}
	for _, in := range call.Inputs {
		if strings.EqualFold(in.Use.Partner(), eventName) {
			e.Name = in.Value.String()
			e.Literal = in.Use.HasDefault() && !in.Use.Default().Dynamic() && in.Use.Default().Source() == e.Name
			continue
		}
		if name, ok := property(in.Use.Partner()); ok {
			e.Properties[name] = in.Value
			e.names = append(e.names, name)
		}
	}
	x.p.Log.InfoContext(ctx, "application event", "event", e)
	if x.p.Recorder != nil {
		x.p.Recorder.Record(ctx, e)
	}
	return done, nil
}

// property reads {property:NAME}.
func property(partner string) (string, bool) {
	const prefix = "{property:"
	if len(partner) <= len(prefix) || !strings.EqualFold(partner[:len(prefix)], prefix) || !strings.HasSuffix(partner, "}") {
		return "", false
	}
	return partner[len(prefix) : len(partner)-1], true
}

var (
	_ journey.Provider = (*Provider)(nil)
	_ journey.Exchange = (*exchange)(nil)
)
