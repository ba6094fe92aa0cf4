package journey

import (
	"context"
	"fmt"
	"strings"

	"journeyman.dev/internal/program"
)

// claimsExchange is a step that runs one of its claims exchanges.
type claimsExchange struct{ exchanges []*program.ClaimsExchange }

func planClaimsExchange(p *program.StepPlan) program.Node { return &claimsExchange{p.Exchanges()} }

// run runs the exchange that a selection chose, or the only one, or the
// first that is enabled (policy-engine §4.2 [I]).
func (n *claimsExchange) run(ctx context.Context, r *run, at position) (Outcome, error) {
	exchange := n.chosen(r, at.frame)
	if exchange == nil {
		for _, x := range n.exchanges {
			if x.Profile().Enabled().Allows(&r.j.Claims) {
				continue // another one was chosen
			}
			r.skipped(ctx, x.Profile(), NotEnabled)
		}
		at.next()
		return nil, nil
	}
	if r.restore(exchange.Profile()) {
		r.skipped(ctx, exchange.Profile(), SessionRemembers)
		at.next()
		return nil, nil
	}
	working := r.j.Claims.Clone()
	state := r.newState()
	result, err := r.runProfile(ctx, exchange.Profile(), &working, exchangeRun{state: state})
	if err != nil {
		return nil, r.exchangeFailure(err, exchange)
	}
	if _, ok := result.(Done); ok {
		r.j.Claims = working
		r.keep(exchange.Profile(), exchange.ID())
		at.next()
		return nil, nil
	}
	if r.j.NoUI {
		return nil, Fail(CodeInteractionRequired, nil)
	}
	switch result := result.(type) {
	case Ask:
		r.j.Claims = working
		r.suspend(&Pending{Kind: PendingForm, Exchange: exchange.ID(), Memory: result.Memory})
		return &ShowPage{Journey: r.j, Page: r.formPage(at.step, exchange, result.Form)}, nil
	case Leave:
		r.j.Claims = working
		r.suspend(&Pending{Kind: PendingAway, Exchange: exchange.ID(), Memory: result.Memory, State: state})
		return &GoTo{Journey: r.j, URL: result.URL}, nil
	}
	return nil, Fail(CodeInternal, fmt.Errorf("technical profile %s gave no result", exchange.Profile().ID()))
}

// chosen finds the exchange that a ClaimsExchange step runs.
func (n *claimsExchange) chosen(r *run, frame *Frame) *program.ClaimsExchange {
	if frame.Choice != "" {
		for _, x := range n.exchanges {
			if strings.EqualFold(x.ID(), frame.Choice) && x.Profile().Enabled().Allows(&r.j.Claims) {
				return x
			}
		}
		return nil // the choice is not here: nothing runs (§4.2 [I])
	}
	for _, x := range n.exchanges {
		if x.Profile().Enabled().Allows(&r.j.Claims) {
			return x
		}
	}
	return nil
}

func (n *claimsExchange) exchange(id string) *program.ClaimsExchange {
	for _, x := range n.exchanges {
		if x.ID() == id {
			return x
		}
	}
	return nil
}

func (n *claimsExchange) page(r *run, step *program.Step, exchange *program.ClaimsExchange, form *Form) *Page {
	if form == nil {
		return nil
	}
	return r.formPage(step, exchange, form)
}

// retries is the default seen in B2C's pages (pages §3.4 [P]).
func (n *claimsExchange) retries() int { return 7 }
