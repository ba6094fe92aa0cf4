package journey

import (
	"context"
	"fmt"

	"journeyman.dev/internal/policy"
	"journeyman.dev/internal/program"
)

// node is a compiled orchestration step, as the engine runs it: each kind of step is a type
// with its own run.
type node interface {
	// run does the step's work. A nil outcome means: go on with the frame on top.
	run(ctx context.Context, r *run, at position) (Outcome, error)
}

// waiting is a node on whose page a journey may wait for the user.
type waiting interface {
	node
	// exchange finds the claims exchange that the page's form belongs to; nil if there is none
	// of the id.
	exchange(id string) *program.ClaimsExchange
	// page draws the page again; form is what its exchange asks for, nil if there is none.
	page(r *run, step *program.Step, exchange *program.ClaimsExchange, form *Form) *Page
	// retries is how many rejected posts the page takes if its profile doesn't say.
	retries() int
}

// choosing is a waiting node whose page has buttons and links that lead to exchanges.
type choosing interface {
	waiting
	// choice finds the exchange that a navigation chooses; "" if the page offered none such.
	choice(r *run, a Action) (exchangeID string, _ *Failure)
}

// position is where a run stands.
type position struct {
	journey *program.UserJourney
	frame   *Frame
	step    *program.Step
}

// next goes on with the step after this one.
func (at position) next() { at.choose("") }

// choose goes on with the next step, which runs the chosen exchange; "" for its own choice.
func (at position) choose(exchangeID string) {
	at.frame.Choice = exchangeID
	at.frame.Step++
}

// here is the position at which the journey stands; ok is false if it stands at no step.
func (r *run) here() (at position, ok bool) {
	uj, frame := r.top()
	if uj == nil || frame.Step >= uj.Steps().Len() {
		return position{}, false
	}
	return position{uj, frame, uj.Steps().At(frame.Step)}, true
}

// StepKinds are the kinds of orchestration steps that the engine runs (policy-engine §4.2).
func StepKinds() []program.StepKind {
	return []program.StepKind{
		{Name: "ClaimsExchange", Plan: planClaimsExchange},
		{Name: "CombinedSignInAndSignUp", Plan: planCombined},
		{Name: "ClaimsProviderSelection", Plan: planProviderSelection},
		{Name: "GetClaims", Plan: planGetClaims},
		{Name: "InvokeSubJourney", Plan: planInvokeSubJourney},
		{Name: "SendClaims", Plan: planSendClaims},
		{Name: "Noop", Plan: func(*program.StepPlan) program.Node { return noop{} }},
	}
}

// noop is a step that does nothing.
type noop struct{}

func (noop) run(_ context.Context, _ *run, at position) (Outcome, error) {
	at.next()
	return nil, nil
}

// invokeSubJourney is a step that runs a sub journey and then goes on, unless the sub journey
// is a transfer.
type invokeSubJourney struct{ journey *program.UserJourney }

func planInvokeSubJourney(p *program.StepPlan) program.Node { return invokeSubJourney{p.SubJourney()} }

func (n invokeSubJourney) run(_ context.Context, r *run, at position) (Outcome, error) {
	at.frame.Choice = ""
	if n.journey == nil {
		return nil, Fail(CodeInternal, fmt.Errorf("step %d has no sub journey", at.step.Order()))
	}
	r.j.Stack = append(r.j.Stack, Frame{Journey: policy.Fold(n.journey.ID()), Sub: true})
	return nil, nil
}
