package journey

import (
	"context"
	"log/slog"

	"journeyman.dev/internal/claims"
	"journeyman.dev/internal/program"
	"journeyman.dev/internal/telemetry"
)

// Observer gets an observation of each event of a journey, as it happens: recorders, traces,
// metrics and tests are observers. It must not block, and must neither keep nor change the
// observation after the call. Claims are personal data; passwords are among them.
type Observer interface {
	Observe(ctx context.Context, j *Journey, o Observation)
}

// Observation is one of the types below.
type Observation interface{ observation() }

// StepEntered is a step that is about to run.
type StepEntered struct {
	UserJourney *program.UserJourney
	Step        *program.Step
}

// StepSkipped is a step that a precondition skips: the one of this index in the step's list.
type StepSkipped struct {
	UserJourney  *program.UserJourney
	Step         *program.Step
	Precondition int
	// Value is the value of the precondition's claim; none if it doesn't exist.
	Value claims.Value
}

// ProfileSkipped is a technical profile that isn't run, and why.
type ProfileSkipped struct {
	Profile *program.TechnicalProfile
	Because SkipReason
}

// SkipReason says why a technical profile isn't run.
type SkipReason uint8

// The reasons.
const (
	SessionRemembers SkipReason = iota + 1 // single sign-on brought its claims back
	NotEnabled                             // EnabledForUserJourneys
	PreconditionMet                        // of a validation technical profile
)

// ProfileRun is a technical profile that has run.
type ProfileRun struct {
	Profile *program.TechnicalProfile
	// Validation is set for a validation technical profile, and for one of a display control.
	Validation bool
	// Before and After are the claims around the run.
	Before, After *claims.Bag
	Result        Result // nil with Err
	Err           error
}

// Transformed is a claims transformation that has run.
type Transformed struct {
	Profile        *program.TechnicalProfile
	Transformation string // its id
	Before, After  *claims.Bag
	Err            error
}

// CalledOut is a call to another system that has ended.
type CalledOut struct{ Call telemetry.Call }

// PageShown is a page on which the journey now waits.
type PageShown struct{ Page *Page }

// PagePosted is a post of the page's script, and its answer.
type PagePosted struct {
	Exchange *program.ClaimsExchange
	Answer   Answer
	Reply    Reply
}

// Left is a journey that goes on at another site.
type Left struct{ URL string }

// Ended is the end of a journey. Failure is nil if the application gets its answer.
type Ended struct{ Failure *Failure }

func (StepEntered) observation()    {}
func (StepSkipped) observation()    {}
func (ProfileSkipped) observation() {}
func (ProfileRun) observation()     {}
func (Transformed) observation()    {}
func (CalledOut) observation()      {}
func (PageShown) observation()      {}
func (PagePosted) observation()     {}
func (Left) observation()           {}
func (Ended) observation()          {}

// attach finds the observers of a run, and puts the journey's correlation id into its context.
func (r *run) attach(ctx context.Context) context.Context {
	if r.e.Observe != nil {
		if o := r.e.Observe(r.j, r.p); o != nil {
			r.observers = append(r.observers, o)
		}
	}
	if o := (stepLog{r.e.Log, r.p}); o.enabled(ctx) {
		r.observers = append(r.observers, o)
	}
	scope := &telemetry.Scope{CorrelationID: r.j.CorrelationID}
	if r.observed() {
		scope.Called = func(ctx context.Context, c telemetry.Call) { r.observe(ctx, CalledOut{c}) }
	}
	return telemetry.With(ctx, scope)
}

// observed reports whether there is an observer. It is asked before an observation is made,
// so that a journey without observers makes none.
func (r *run) observed() bool { return len(r.observers) > 0 }

func (r *run) observe(ctx context.Context, o Observation) {
	for _, x := range r.observers {
		x.Observe(ctx, r.j, o)
	}
}

func (r *run) skipped(ctx context.Context, tp *program.TechnicalProfile, because SkipReason) {
	if r.observed() {
		r.observe(ctx, ProfileSkipped{tp, because})
	}
}

// observeOutcome observes the outcome of a run.
func (r *run) observeOutcome(ctx context.Context, out Outcome) {
	if !r.observed() {
		return
	}
	switch out := out.(type) {
	case *ShowPage:
		r.observe(ctx, PageShown{out.Page})
	case *GoTo:
		r.observe(ctx, Left{out.URL})
	case *Finished:
		r.observe(ctx, Ended{})
	case *Failed:
		r.observe(ctx, Ended{out.Failure})
	}
}

// stepLog is the observer that makes the steps of a journey lines of the log, for developers:
// which claims there are, never their values. A policy under development that has
// JourneyInsights with DeveloperMode is logged at level Info, any other at Debug.
type stepLog struct {
	log     *slog.Logger
	program *program.Program
}

func (l stepLog) level() slog.Level {
	if l.program.RelyingParty().Recorded() {
		return slog.LevelInfo
	}
	return slog.LevelDebug
}

func (l stepLog) enabled(ctx context.Context) bool { return l.log.Enabled(ctx, l.level()) }

// Observe implements Observer.
func (l stepLog) Observe(ctx context.Context, j *Journey, o Observation) {
	entered, ok := o.(StepEntered)
	if !ok {
		return
	}
	claimIDs := []string{}
	for id := range j.Claims.All() {
		claimIDs = append(claimIDs, id)
	}
	l.log.Log(ctx, l.level(), "step", "correlationId", j.CorrelationID, "policyId", l.program.PolicyID(), "journey", entered.UserJourney.ID(),
		"step", entered.Step.Order(), "type", entered.Step.Kind(), "claims", claimIDs)
}
