package journey

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"testing"
	"time"

	"journeyman.dev/internal/claims"
)

// watcher is telemetry that notes when it runs.
type watcher struct {
	name string
	ran  *[]string
	err  error
}

func (watcher) Bystander() {}

func (w watcher) Run(context.Context, *Call) (Result, error) {
	*w.ran = append(*w.ran, w.name)
	return Result{Output: Nothing{}}, w.err
}

type worker struct{ watcher }

// Run of a worker isn't a bystander's: the method is hidden.
func (worker) Bystander(int) {}

func TestOnlyTelemetryRunsAfterTheClaimsWereSent(t *testing.T) {
	t.Parallel()
	var ran []string
	exchange := func(name string, x Exchange) *Step {
		return &Step{Type: StepClaimsExchange, Exchanges: []*ClaimsExchange{{ID: name, Profile: &TechnicalProfile{ID: name, Exchange: x}}}}
	}
	uj := &UserJourney{ID: "J", Steps: []*Step{
		{Type: StepSendClaims},
		exchange("fails", watcher{"fails", &ran, errors.New("no telemetry")}),
		exchange("works", worker{watcher{"works", &ran, nil}}),
		exchange("last", watcher{"last", &ran, nil}),
	}}
	skipped := exchange("skipped", watcher{"skipped", &ran, nil})
	skipped.Preconditions = []Precondition{{Claim: "gone", WhenTrue: true}}
	uj.Steps = append(uj.Steps, skipped)
	r := &run{
		e: &Engine{Log: slog.New(slog.DiscardHandler), Now: time.Now}, j: &Journey{},
		p: &Program{Schema: new(Schema), Journeys: map[string]*UserJourney{"j": uj}, RelyingParty: new(RelyingParty)},
	}
	r.j.Claims.Set("gone", claims.Text("x"))
	r.afterwards(t.Context(), uj, 1)
	if want := []string{"fails", "last"}; !slices.Equal(ran, want) {
		t.Errorf("ran %v, want %v", ran, want)
	}
	r.afterwards(t.Context(), uj, len(uj.Steps)) // nothing stands behind
}
