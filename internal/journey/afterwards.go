package journey

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"
)

// Steps may stand behind the last SendClaims step: Microsoft's walkthrough counts sign-ins
// there, with Application Insights. They run once the outcome is decided, beside its answer:
// what they do neither changes nor delays the token, and what goes wrong is only logged.

const (
	// afterLimit is how long the steps behind the last SendClaims step may take together.
	afterLimit = 10 * time.Second
	// afterAtOnce is how many journeys may be in them; those of any more are left out.
	afterAtOnce = 256
)

// behind are the exchanges of the steps behind the journey's last SendClaims step, if that is
// the one that ended it: an earlier one ends the journey where it stands (policy-engine §4.1).
func (r *run) behind() []*Step {
	uj, frame := r.top()
	if uj == nil || frame.Step >= len(uj.Steps) || uj.Steps[frame.Step].Type != StepSendClaims {
		return nil
	}
	rest := uj.Steps[frame.Step+1:]
	if slices.ContainsFunc(rest, func(s *Step) bool { return s.Type == StepSendClaims }) {
		return nil
	}
	return rest
}

// afterwards starts the steps behind the one that ended the journey, on a copy of it.
func (r *run) afterwards(ctx context.Context) {
	steps := r.behind()
	if len(steps) == 0 {
		return
	}
	if r.e.afterCount.Add(1) > afterAtOnce {
		r.e.afterCount.Add(-1)
		r.e.Log.WarnContext(ctx, "steps behind SendClaims are left out: too many are under way", "correlationId", r.j.CorrelationID, "policyId", r.p.PolicyID)
		return
	}
	j := *r.j
	j.Claims, j.Stack, j.Notes, j.Accounts = r.j.Claims.Clone(), slices.Clone(r.j.Stack), maps.Clone(r.j.Notes), maps.Clone(r.j.Accounts)
	j.Request.Parameters = maps.Clone(r.j.Request.Parameters)
	j.NoUI, j.sessionless = true, true
	later := &run{e: r.e, p: r.p, j: &j}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), afterLimit)
	r.e.after.Go(func() {
		defer r.e.afterCount.Add(-1)
		defer cancel()
		for _, step := range steps {
			if err := later.behindStep(ctx, step); err != nil {
				r.e.Log.WarnContext(ctx, "a step behind SendClaims failed; the token isn't touched by it", "correlationId", j.CorrelationID, "policyId", later.p.PolicyID, "step", step.Order, "failure", AsFailure(err))
			}
		}
	})
}

// behindStep runs one step; those that would ask the user do nothing.
func (r *run) behindStep(ctx context.Context, step *Step) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = Fail(CodeInternal, fmt.Errorf("panic: %v", p))
		}
	}()
	if step.Type != StepClaimsExchange || skips(step.Preconditions, &r.j.Claims) {
		return nil
	}
	exchange := r.chosen(&Frame{}, step)
	if exchange == nil {
		return nil
	}
	working := r.j.Claims.Clone()
	result, err := r.runProfile(ctx, exchange.Profile, &working, exchangeRun{})
	if err != nil {
		return r.exchangeFailure(err, exchange)
	}
	if result.Output != nil {
		r.j.Claims = working
	}
	return nil
}

// Wait waits for the steps that run beside answers that were given, each for a limited time.
func (e *Engine) Wait() { e.after.Wait() }
