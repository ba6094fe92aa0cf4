package journey

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"journeyman.dev/internal/program"
)

// Steps may stand behind the last SendClaims step: Microsoft's walkthrough counts sign-ins
// there, with Application Insights. They run once the outcome is decided, beside its answer:
// they neither change nor delay the token, and their failures are only logged.

const (
	// afterLimit is how long the steps behind the last SendClaims step may take together.
	afterLimit = 10 * time.Second
	// afterAtOnce is how many journeys may be in them; those of any more are left out.
	afterAtOnce = 256
)

// behind are the exchanges of the steps behind the journey's last SendClaims step, if that is
// the one that ended it: an earlier one ends the journey where it stands (policy-engine §4.1).
func (r *run) behind() program.List[*program.Step] {
	at, ok := r.here()
	if !ok || !sendsClaims(at.step) {
		return program.List[*program.Step]{}
	}
	rest := at.journey.Steps().From(at.frame.Step + 1)
	if rest.Any(sendsClaims) {
		return program.List[*program.Step]{}
	}
	return rest
}

func sendsClaims(s *program.Step) bool {
	_, ok := s.Node().(sendClaims)
	return ok
}

// afterwards starts the steps behind the one that ended the journey, on a copy of it.
func (r *run) afterwards(ctx context.Context) {
	steps := r.behind()
	if steps.Len() == 0 {
		return
	}
	ctx, done, ok := r.e.after.begin(ctx)
	if !ok {
		r.e.Log.WarnContext(ctx, "steps behind SendClaims are left out: too many are under way", "correlationId", r.j.CorrelationID, "policyId", r.p.PolicyID())
		return
	}
	j := *r.j
	j.Claims, j.Stack, j.Notes, j.Accounts = r.j.Claims.Clone(), slices.Clone(r.j.Stack), maps.Clone(r.j.Notes), maps.Clone(r.j.Accounts)
	j.Request.Parameters = maps.Clone(r.j.Request.Parameters)
	j.NoUI, j.sessionless = true, true
	later := &run{e: r.e, p: r.p, j: &j}
	ctx = later.attach(ctx)
	r.e.after.all.Go(func() {
		defer done()
		for _, step := range steps.All() {
			if err := later.behindStep(ctx, step); err != nil {
				r.e.Log.WarnContext(ctx, "a step behind SendClaims failed; the token isn't touched by it", "correlationId", j.CorrelationID, "policyId", later.p.PolicyID(), "step", step.Order(), "failure", AsFailure(err))
			}
		}
	})
}

// behindStep runs one step; those that would ask the user do nothing.
func (r *run) behindStep(ctx context.Context, step *program.Step) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = Fail(CodeInternal, fmt.Errorf("panic: %v", p))
		}
	}()
	n, ok := step.Node().(*claimsExchange)
	if !ok || program.Skips(step.Preconditions(), &r.j.Claims) {
		return nil
	}
	exchange := n.chosen(r, &Frame{})
	if exchange == nil {
		return nil
	}
	working := r.j.Claims.Clone()
	result, err := r.runProfile(ctx, exchange.Profile(), &working, exchangeRun{})
	if err != nil {
		return r.exchangeFailure(err, exchange)
	}
	if _, ok := result.(Done); ok {
		r.j.Claims = working
	}
	return nil
}

// afters are the journeys whose steps behind SendClaims run.
type afters struct {
	all sync.WaitGroup

	mu      sync.Mutex
	cancels map[int]context.CancelFunc
	last    int
}

// begin takes a place; the context outlives the request, but not its time.
func (a *afters) begin(ctx context.Context) (_ context.Context, done func(), ok bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.cancels) >= afterAtOnce {
		return ctx, nil, false
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), afterLimit)
	if a.cancels == nil {
		a.cancels = make(map[int]context.CancelFunc)
	}
	a.last++
	id := a.last
	a.cancels[id] = cancel
	return ctx, func() {
		cancel()
		a.mu.Lock()
		defer a.mu.Unlock()
		delete(a.cancels, id)
	}, true
}

// Wait waits for the steps that run beside answers that were given; what isn't done after a
// time is cancelled. Call it once no request comes any more.
func (e *Engine) Wait(patience time.Duration) {
	cancel := time.AfterFunc(patience, func() {
		e.after.mu.Lock()
		defer e.after.mu.Unlock()
		for _, cancel := range e.after.cancels {
			cancel()
		}
	})
	defer cancel.Stop()
	e.after.all.Wait()
}
