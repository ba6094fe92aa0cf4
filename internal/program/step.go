package program

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"journeyman.dev/internal/policy"
)

// Step is a compiled orchestration step: the parts that all steps share, and a node of its
// kind, which the engine runs.
type Step struct {
	order         int
	kind          string // its type, as documented; "unknown" if this version can't run it
	notBuilt      string // its type as written, if this version can't run it
	preconditions []Precondition
	content       *ContentDefinition // of its page; nil if it names none

	// Exchanges are all claims exchanges of the step, SubJourney the journey that it invokes
	// and Issuer the profile that ends the journey in it: for whoever walks a program.
	exchanges  []*ClaimsExchange
	subJourney *UserJourney
	issuer     *TechnicalProfile

	node Node // nil if NotBuilt
}

// Node is a planned step: the part that is particular to its kind. A Program keeps it; the
// engine knows how to run it.
type Node any

// Selection is a button of a provider selection.
type Selection struct {
	exchangeID string // in the next step
	exchange   *ClaimsExchange
}

// ClaimsExchange runs a technical profile under an id.
type ClaimsExchange struct {
	id      string
	profile *TechnicalProfile
}

// StepPlanner makes the node of a step of its kind.
type StepPlanner func(p *StepPlan) Node

// StepPlan gives a StepPlanner the parts of a step that it plans.
type StepPlan struct {
	c    *compiler
	src  *policy.OrchestrationStep
	uj   *UserJourney
	step *Step
	next *Step // nil for the last one
}

// Exchanges are the claims exchanges of the step, in the policy's order.
func (p *StepPlan) Exchanges() []*ClaimsExchange { return p.step.exchanges }

// Validation is the exchange of the step itself that one of its selections names: the
// sign-in form of a combined step. nil if none does.
func (p *StepPlan) Validation() *ClaimsExchange {
	var found *ClaimsExchange
	for _, s := range p.src.Selections {
		for _, x := range p.step.exchanges {
			if s.Validation.Set() && strings.EqualFold(x.id, s.Validation.Value) {
				found = x
			}
		}
	}
	return found
}

// Selections are the exchanges of the next step that the step lets the user choose from.
func (p *StepPlan) Selections() []Selection {
	var list []Selection
	for _, s := range p.src.Selections {
		if s.Validation.Set() || p.next == nil {
			continue
		}
		for _, x := range p.next.exchanges {
			if strings.EqualFold(x.id, s.Target.Value) {
				list = append(list, Selection{exchangeID: x.id, exchange: x})
			}
		}
	}
	return list
}

// Following are the claims exchanges of the next step.
func (p *StepPlan) Following() []*ClaimsExchange {
	if p.next == nil {
		return nil
	}
	return p.next.exchanges
}

// ShowsSingle reports DisplayOption ShowSingleProvider: the page is shown even if there is
// one provider to choose.
func (p *StepPlan) ShowsSingle() bool {
	return strings.EqualFold(p.src.DisplayOption.Value, "ShowSingleProvider")
}

// Content is the content definition of the step's page; nil if it names none.
func (p *StepPlan) Content() *ContentDefinition { return p.step.content }

// SubJourney is the journey that the step invokes; nil if it isn't declared.
func (p *StepPlan) SubJourney() *UserJourney {
	for _, candidate := range p.src.Candidates {
		p.step.subJourney = p.c.subJourney(candidate.Value)
	}
	return p.step.subJourney
}

// Issuer is the profile that ends the journey: the step's, else the journey's default one;
// nil if there is neither.
func (p *StepPlan) Issuer() *TechnicalProfile {
	p.step.issuer = p.uj.defaultIssuer
	if p.src.Issuer.Set() {
		if own := p.c.profile(p.src.Issuer.Value, AsIssuer); own != nil {
			p.step.issuer = own
		}
	}
	return p.step.issuer
}

// Hint is the profile that reads the request's id_token_hint; nil if it isn't declared.
func (p *StepPlan) Hint() *TechnicalProfile {
	p.c.hints = true
	return p.c.profile(p.src.Issuer.Value, AsHint)
}

// steps compiles the steps of a journey, in their order.
func (c *compiler) steps(uj *UserJourney, src *policy.UserJourney) {
	if src.DefaultIssuer.Set() {
		uj.defaultIssuer = c.profile(src.DefaultIssuer.Value, AsIssuer)
	}
	for _, ref := range src.AuthorizationProfiles {
		if tp := c.profile(ref.Value, AsAuthorization); tp != nil {
			uj.authorization = append(uj.authorization, tp)
		}
	}
	plans := make([]*StepPlan, len(src.Steps))
	for i, s := range src.Steps {
		plans[i] = &StepPlan{c: c, src: s, uj: uj, step: c.step(s)}
	}
	slices.SortStableFunc(plans, func(a, b *StepPlan) int { return cmp.Compare(a.step.order, b.step.order) })
	for i, p := range plans {
		uj.steps = append(uj.steps, p.step)
		if i+1 < len(plans) {
			p.next = plans[i+1].step
		}
		kind, ok := c.o.Kinds.steps[policy.Fold(p.src.Type.Value)]
		if !ok || kind.Plan == nil {
			p.step.kind, p.step.notBuilt = "unknown", strings.TrimSpace(p.src.Type.Value)
			continue
		}
		p.step.kind, p.step.node = kind.Name, kind.Plan(p)
	}
}

// step compiles what all kinds of steps have.
func (c *compiler) step(src *policy.OrchestrationStep) *Step {
	order, _ := strconv.Atoi(strings.TrimSpace(src.Order.Value))
	step := &Step{order: order, preconditions: c.preconditions(src.Preconditions)}
	if src.ContentDefinition.Set() {
		step.content = c.p.content[policy.Fold(src.ContentDefinition.Value)]
	}
	for _, x := range src.Exchanges {
		if tp := c.profile(x.TechnicalProfile.Value, AsExchange); tp != nil {
			step.exchanges = append(step.exchanges, &ClaimsExchange{id: x.ID.Value, profile: tp})
			c.needsPage(step, tp)
		}
	}
	return step
}
