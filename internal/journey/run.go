package journey

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"

	"journeyman.dev/internal/policy"
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
		if frame.Step >= len(uj.Steps) {
			if !frame.Sub || uj.Transfer {
				return r.fail(Fail(CodeNoSendClaims, nil))
			}
			r.j.Stack = r.j.Stack[:len(r.j.Stack)-1]
			_, caller := r.top()
			caller.Step++
			continue
		}
		step := uj.Steps[frame.Step]
		if program.Skips(step.Preconditions, &r.j.Claims) {
			frame.Choice = "" // a choice for a step that is skipped is dropped (§4.4)
			frame.Step++
			continue
		}
		r.record(ctx, uj, step)
		out, err := r.step(ctx, uj, frame, step)
		if err != nil {
			return r.fail(stepFailure(err, step))
		}
		if out != nil {
			return out
		}
	}
	return r.fail(Fail(CodeInternal, errors.New("too many steps")))
}

// record tells of a step before it runs: which claims there are, never their values. It is
// for developers; a policy under development that has JourneyInsights with DeveloperMode
// makes it a line of the ordinary log.
func (r *run) record(ctx context.Context, uj *program.UserJourney, step *program.Step) {
	level := slog.LevelDebug
	if r.p.RelyingParty.Recorded {
		level = slog.LevelInfo
	}
	if !r.e.Log.Enabled(ctx, level) {
		return
	}
	claimIDs := []string{}
	for id := range r.j.Claims.All() {
		claimIDs = append(claimIDs, id)
	}
	r.e.Log.Log(ctx, level, "step", "correlationId", r.j.CorrelationID, "policyId", r.p.PolicyID, "journey", uj.ID,
		"step", step.Order, "type", step.Type.String(), "claims", claimIDs)
}

// stepFailure tells where an exchange failed, as B2C does (rest-and-connectors §2.6).
func stepFailure(err error, step *program.Step) *Failure {
	f := AsFailure(err)
	g := *f
	g.Step = step.Order
	g.StepType = step.Type.String()
	return &g
}

// top is the journey and frame that run now.
func (r *run) top() (*program.UserJourney, *Frame) {
	if len(r.j.Stack) == 0 {
		return nil, nil
	}
	frame := &r.j.Stack[len(r.j.Stack)-1]
	if frame.Sub {
		return r.p.SubJourneys[frame.Journey], frame
	}
	return r.p.Journeys[frame.Journey], frame
}

// step runs one step. A nil outcome means: go on with the frame on top.
func (r *run) step(ctx context.Context, uj *program.UserJourney, frame *Frame, step *program.Step) (Outcome, error) {
	if step.NotBuilt != "" {
		return nil, NotBuilt("orchestration step", strconv.Itoa(step.Order), step.NotBuilt)
	}
	switch step.Type {
	case program.StepClaimsExchange:
		return r.exchangeStep(ctx, frame, step)
	case program.StepCombinedSignInAndSignUp, program.StepClaimsProviderSelection:
		return r.selectionStep(ctx, frame, step)
	case program.StepGetClaims:
		if err := r.getClaims(ctx, step); err != nil {
			return nil, err
		}
	case program.StepInvokeSubJourney:
		frame.Choice = ""
		if step.SubJourney == nil {
			return nil, Fail(CodeInternal, fmt.Errorf("step %d has no sub journey", step.Order))
		}
		r.j.Stack = append(r.j.Stack, Frame{Journey: policy.Fold(step.SubJourney.ID), Sub: true})
		return nil, nil
	case program.StepSendClaims:
		return r.sendClaims(ctx, uj, step)
	}
	frame.Choice = ""
	frame.Step++
	return nil, nil
}

// exchangeStep runs the exchange that a selection chose, or the only one, or the
// first that is enabled (policy-engine §4.2 [I]).
func (r *run) exchangeStep(ctx context.Context, frame *Frame, step *program.Step) (Outcome, error) {
	exchange := r.chosen(frame, step)
	if exchange == nil {
		frame.Choice = ""
		frame.Step++
		return nil, nil
	}
	if r.restore(exchange.Profile) {
		frame.Choice = ""
		frame.Step++
		return nil, nil
	}
	working := r.j.Claims.Clone()
	state := r.newState()
	result, err := r.runProfile(ctx, exchange.Profile, &working, exchangeRun{state: state})
	if err != nil {
		return nil, r.exchangeFailure(err, exchange)
	}
	switch {
	case result.Output != nil:
		r.j.Claims = working
		r.keep(exchange.Profile, exchange.ID)
		frame.Choice = ""
		frame.Step++
		return nil, nil
	case r.j.NoUI:
		return nil, Fail(CodeInteractionRequired, nil)
	case result.Ask != nil:
		r.j.Claims = working
		r.suspend(&Pending{Kind: PendingForm, Exchange: exchange.ID, Memory: result.Memory})
		return &ShowPage{Journey: r.j, Page: r.formPage(step, exchange, result.Ask)}, nil
	case result.Leave != nil:
		r.j.Claims = working
		r.suspend(&Pending{Kind: PendingAway, Exchange: exchange.ID, Memory: result.Memory, State: state})
		return &GoTo{Journey: r.j, URL: result.Leave.URL}, nil
	}
	return nil, Fail(CodeInternal, fmt.Errorf("technical profile %s gave no result", exchange.Profile.ID))
}

// exchangeFailure adds the exchange to a failure's story.
func (r *run) exchangeFailure(err error, exchange *program.ClaimsExchange) error {
	f := AsFailure(err)
	g := *f
	g.Exchange, g.Profile = exchange.ID, exchange.Profile.ID
	return r.localise(&g, exchange.Profile, nil)
}

// chosen finds the exchange that a ClaimsExchange step runs.
func (r *run) chosen(frame *Frame, step *program.Step) *program.ClaimsExchange {
	if frame.Choice != "" {
		for _, x := range step.Exchanges {
			if strings.EqualFold(x.ID, frame.Choice) && x.Profile.Enabled.Allows(&r.j.Claims) {
				return x
			}
		}
		return nil // the choice is not here: nothing runs (§4.2 [I])
	}
	for _, x := range step.Exchanges {
		if x.Profile.Enabled.Allows(&r.j.Claims) {
			return x
		}
	}
	return nil
}

// selectionStep is a combined or provider selection step: it may choose by
// domain_hint, by the session, or because there is one provider, else it asks.
func (r *run) selectionStep(ctx context.Context, frame *Frame, step *program.Step) (Outcome, error) {
	targets := r.enabledTargets(step)
	if choice := r.hinted(targets); choice != "" {
		return nil, r.choose(frame, choice)
	}
	if step.Validation != nil && r.restore(step.Validation.Profile) {
		return nil, r.choose(frame, "")
	}
	for _, t := range targets {
		if entry := r.remembered(t.Exchange.Profile.Session); entry != nil && rememberedChoice(t, entry) {
			return nil, r.choose(frame, t.ExchangeID)
		}
	}
	// A combined step with one provider and no page has nothing to show either.
	combined := step.Type == program.StepCombinedSignInAndSignUp
	if len(targets) == 1 && !step.ShowSingle && (!combined || step.Content == nil && step.Validation == nil) {
		return nil, r.choose(frame, targets[0].ExchangeID)
	}
	if step.Validation == nil && len(targets) == 0 {
		return nil, Fail(CodeNoProvider, nil)
	}
	if r.j.NoUI {
		return nil, Fail(CodeInteractionRequired, nil)
	}
	var form *Form
	pending := &Pending{Kind: PendingSelection}
	if step.Validation != nil {
		working := r.j.Claims.Clone()
		result, err := r.runProfile(ctx, step.Validation.Profile, &working, exchangeRun{})
		if err != nil {
			return nil, r.exchangeFailure(err, step.Validation)
		}
		if result.Ask != nil {
			r.j.Claims = working
			form = result.Ask
			pending.Exchange, pending.Memory = step.Validation.ID, result.Memory
		}
	}
	r.suspend(pending)
	return &ShowPage{Journey: r.j, Page: r.selectionPage(step, targets, form)}, nil
}

// rememberedChoice reports whether a session entry stands for having chosen this
// provider before: an external login of this very exchange, or a local account's
// sign-in that would be restored (policy-engine §5.16).
func rememberedChoice(s program.Selection, entry *session.Entry) bool {
	switch s.Exchange.Profile.Session.Kind {
	case program.SessionExternalLogin:
		return strings.EqualFold(entry.Exchange, s.ExchangeID)
	case program.SessionDefault:
		return entry.Claims.Len() > 0
	}
	return false
}

func (r *run) enabledTargets(step *program.Step) []program.Selection {
	var targets []program.Selection
	for _, s := range step.Selections {
		if s.Exchange.Profile.Enabled.Allows(&r.j.Claims) {
			targets = append(targets, s)
		}
	}
	return targets
}

// hinted finds the target whose claims provider has the domain of domain_hint. An
// unknown hint is ignored; only the first selection heeds it (§4.3).
func (r *run) hinted(targets []program.Selection) string {
	hint := r.j.Request.Parameters["domain_hint"]
	if hint == "" || r.j.HintUsed {
		return ""
	}
	r.j.HintUsed = true
	for _, t := range targets {
		for _, domain := range t.Exchange.Profile.Domains {
			if strings.EqualFold(domain, hint) {
				return t.ExchangeID
			}
		}
	}
	return ""
}

func (r *run) choose(frame *Frame, exchangeID string) error {
	frame.Choice = exchangeID
	frame.Step++
	return nil
}

// getClaims reads id_token_hint through the step's profile; a missing hint is no
// error (policy-engine §4.2).
func (r *run) getClaims(ctx context.Context, step *program.Step) error {
	if step.Issuer == nil || step.Issuer.Exchange == nil {
		return Fail(CodeInternal, errors.New("GetClaims without a technical profile"))
	}
	working := r.j.Claims.Clone()
	result, err := r.runProfile(ctx, step.Issuer, &working, exchangeRun{})
	if err != nil {
		return err
	}
	if result.Output == nil {
		return Fail(CodeInternal, fmt.Errorf("technical profile %s gave no claims", step.Issuer.ID))
	}
	// Only the relying party's input claims flow on; one that the hint lacks has its default
	// (§5.8).
	for _, in := range r.inputs(r.p.RelyingParty.Inputs, &working) {
		r.j.Claims.Set(in.Use.Claim.ID, in.Value)
	}
	return nil
}

// sendClaims ends the journey with the relying party's claims.
func (r *run) sendClaims(ctx context.Context, uj *program.UserJourney, step *program.Step) (Outcome, error) {
	issuer := step.Issuer
	if issuer == nil {
		issuer = uj.DefaultIssuer
	}
	if issuer == nil || issuer.Exchange == nil {
		return nil, Fail(CodeInternal, errors.New("SendClaims without an issuer"))
	}
	working := r.j.Claims.Clone()
	result, err := r.runProfile(ctx, issuer, &working, exchangeRun{})
	if err != nil {
		return nil, err // OAuth2Error issuers end here, too
	}
	out := &Finished{Journey: r.j, Program: r.p}
	switch issued := result.Output.(type) {
	case *TokenSettings:
		out.Issuer = issued
	case *Document:
		out.Document = issued
	default:
		return nil, Fail(CodeInternal, fmt.Errorf("technical profile %s issues no token", issuer.ID))
	}
	r.j.Claims = working
	for _, use := range r.p.RelyingParty.Outputs {
		v := r.j.Claims.Get(use.Claim.ID)
		if v.Empty() || use.AlwaysDefault {
			if d, ok := r.defaultValue(use, &r.j.Claims); ok {
				v = d
			}
		}
		if !v.Exists() {
			continue
		}
		out.Grant.Set(use.Claim.ID, v)
		if v.Empty() {
			continue // null and empty claims are left out of tokens
		}
		out.Claims = append(out.Claims, TokenClaim{Name: use.Partner, Value: v})
		if use.Partner == r.p.RelyingParty.Subject {
			out.Subject = v.String()
		}
	}
	for _, id := range r.p.GrantClaims {
		if v := r.j.Claims.Get(id); v.Exists() {
			out.Grant.Set(id, v)
		}
	}
	if out.Account, err = r.admit(ctx, out); err != nil {
		return nil, err
	}
	if !r.j.Ended {
		r.j.Ended, r.j.EndedAt = true, r.e.Now()
	}
	r.j.Pending = nil
	return out, nil
}

func (r *run) fail(f *Failure) Outcome {
	return &Failed{Journey: r.j, Failure: f}
}
