package journey

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"journeyman.dev/internal/claims"
	"journeyman.dev/internal/program"
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
	return Done{Nothing{}}, w.err
}

func TestTelemetryThatFailsEndsNoJourneyAndChangesNoClaim(t *testing.T) {
	t.Parallel()
	var ran []string
	for _, err := range []error{nil, errors.New("no telemetry")} {
		set := &program.ClaimUse{Claim: &claims.Type{ID: "name", DataType: claims.String}, HasDefault: true, Default: claims.ParseTemplate("Event")}
		tp := &program.TechnicalProfile{ID: "watch", Exchange: watcher{"watch", &ran, err}, Inputs: []*program.ClaimUse{set}, Outputs: []*program.ClaimUse{set}}
		r := &run{e: &Engine{Log: slog.New(slog.DiscardHandler), Now: time.Now}, j: &Journey{}, p: &program.Program{Schema: new(program.Schema), RelyingParty: new(program.RelyingParty)}}
		bag := new(claims.Bag)
		result, got := r.runProfile(t.Context(), tp, bag, exchangeRun{})
		if got != nil || result == nil || bag.Len() != 0 {
			t.Errorf("%v: %v, %v, %d claims", err, got, result, bag.Len())
		}
	}
	if len(ran) != 2 {
		t.Errorf("ran %v", ran)
	}
}
