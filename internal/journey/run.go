package journey

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"journeyman.dev/internal/program"
	"journeyman.dev/internal/session"
)

// run is one walk of a Program over a Journey, from a request to an outcome.
type run struct {
	e *Engine
	p *program.Program
	j *Journey

	session        *session.Session
	sessionChanged bool

	observers []Observer
}

// maxSteps bounds the steps of one run: a program can't loop, so more is a bug.
const maxSteps = 10_000

// advance runs steps until the journey asks, leaves, finishes or fails.
func (r *run) advance(ctx context.Context) Outcome {
	for range maxSteps {
		uj, frame := r.top()
		if uj == nil {
			return r.fail(Fail(CodeNoSendClaims, nil))
		}
		if frame.Step >= uj.Steps().Len() {
			if !frame.Sub || uj.Transfer() {
				return r.fail(Fail(CodeNoSendClaims, nil))
			}
			r.j.Stack = r.j.Stack[:len(r.j.Stack)-1]
			_, caller := r.top()
			caller.Step++
			continue
		}
		step := uj.Steps().At(frame.Step)
		if by := program.SkippedBy(step.Preconditions(), &r.j.Claims); by >= 0 {
			if r.observed() {
				r.observe(ctx, StepSkipped{uj, step, by, r.j.Claims.Get(step.Preconditions().At(by).Claim())})
			}
			frame.Choice = "" // a choice for a step that is skipped is dropped (§4.4)
			frame.Step++
			continue
		}
		if r.observed() {
			r.observe(ctx, StepEntered{uj, step})
		}
		out, err := r.step(ctx, position{uj, frame, step})
		if err != nil {
			return r.fail(stepFailure(err, step))
		}
		if out != nil {
			return out
		}
	}
	return r.fail(Fail(CodeInternal, errors.New("too many steps")))
}

// stepFailure adds the step to a failure, as B2C does (rest-and-connectors §2.6).
func stepFailure(err error, step *program.Step) *Failure {
	f := AsFailure(err)
	g := *f
	g.Step = step.Order()
	g.StepType = step.Kind()
	return &g
}

// top is the journey and frame that run now.
func (r *run) top() (*program.UserJourney, *Frame) {
	if len(r.j.Stack) == 0 {
		return nil, nil
	}
	frame := &r.j.Stack[len(r.j.Stack)-1]
	find := r.p.UserJourney
	if frame.Sub {
		find = r.p.SubJourney
	}
	uj, _ := find(frame.Journey)
	return uj, frame
}

// exchangeFailure adds the exchange to a failure's story.
func (r *run) exchangeFailure(err error, exchange *program.ClaimsExchange) error {
	f := AsFailure(err)
	g := *f
	g.Exchange, g.Profile = exchange.ID(), exchange.Profile().ID()
	return r.localise(&g, exchange.Profile(), nil)
}

// step runs one step. A nil outcome means: go on with the frame on top.
func (r *run) step(ctx context.Context, at position) (Outcome, error) {
	if at.step.NotBuilt() != "" {
		return nil, NotBuilt("orchestration step", strconv.Itoa(at.step.Order()), at.step.NotBuilt())
	}
	n, ok := at.step.Node().(node)
	if !ok {
		return nil, Fail(CodeInternal, fmt.Errorf("step %d can't be run", at.step.Order()))
	}
	return n.run(ctx, r, at)
}

func (r *run) fail(f *Failure) Outcome {
	return &Failed{Journey: r.j, Failure: f}
}
