package journeytest

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"journeyman.dev/internal/journey"
	"journeyman.dev/internal/program"
)

// Story is an observer that keeps each observation as a line:
//
//	step 1 ClaimsExchange            step Sub.1 ClaimsExchange in a sub journey
//	skip step 2: email exists        the precondition that holds
//	skip Form: the session remembers
//	run Form: asks                   done, asks, leaves, answers, issues or fails with a code
//	validate Check: done
//	transform Lower
//	call api.example: 200
//	page selfasserted
//	post RESPONSE: 400 AADB2C90158
//	leave https://idp.example/
//	end                              end AADB2C90091
type Story struct {
	mu    sync.Mutex
	lines []string
}

// Observe implements journey.Observer.
func (s *Story) Observe(_ context.Context, _ *journey.Journey, o journey.Observation) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lines = append(s.lines, line(o))
}

// Take returns the lines so far, and forgets them.
func (s *Story) Take() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	lines := s.lines
	s.lines = nil
	return lines
}

func line(o journey.Observation) string {
	switch o := o.(type) {
	case journey.StepEntered:
		return "step " + where(o.UserJourney, o.Step) + " " + o.Step.Kind()
	case journey.StepSkipped:
		return "skip step " + where(o.UserJourney, o.Step) + ": " + condition(o.Step.Preconditions().At(o.Precondition))
	case journey.ProfileSkipped:
		return "skip " + o.Profile.ID() + ": " + reasons[o.Because]
	case journey.ProfileRun:
		verb := "run "
		if o.Validation {
			verb = "validate "
		}
		return verb + o.Profile.ID() + ": " + result(o.Result, o.Err)
	case journey.Transformed:
		if o.Err != nil {
			return "transform " + o.Transformation + ": fails"
		}
		return "transform " + o.Transformation
	case journey.CalledOut:
		return fmt.Sprintf("call %s: %d", o.Call.Host, o.Call.Status)
	case journey.PageShown:
		return "page " + o.Page.Kind.Name
	case journey.PagePosted:
		if o.Reply.OK {
			return "post " + string(o.Answer.Kind) + ": 200"
		}
		return "post " + string(o.Answer.Kind) + ": 400 " + o.Reply.Code
	case journey.Left:
		address, _, _ := strings.Cut(o.URL, "?")
		return "leave " + address
	case journey.Ended:
		if o.Failure != nil {
			return "end " + string(o.Failure.Code)
		}
		return "end"
	}
	return fmt.Sprintf("%T", o)
}

func where(uj *program.UserJourney, step *program.Step) string {
	if uj.ID() == "Journey" {
		return fmt.Sprint(step.Order())
	}
	return fmt.Sprintf("%s.%d", uj.ID(), step.Order())
}

// condition is a precondition that holds, in words.
func condition(p program.Precondition) string {
	verb := map[bool]string{true: "exists", false: "does not exist"}
	if p.Equals() {
		verb = map[bool]string{true: "is ", false: "is not "}
	}
	return p.Claim() + " " + verb[p.WhenTrue()] + strings.Join(p.Texts().Copy(), " or ")
}

var reasons = map[journey.SkipReason]string{
	journey.SessionRemembers: "the session remembers", journey.NotEnabled: "not enabled", journey.PreconditionMet: "a precondition holds",
}

func result(r journey.Result, err error) string {
	if err != nil {
		return "fails with " + string(journey.AsFailure(err).Code)
	}
	switch r.(type) {
	case journey.Done:
		return "done"
	case journey.Ask:
		return "asks"
	case journey.Leave:
		return "leaves"
	case journey.Answered:
		return "answers"
	case journey.Issue:
		return "issues"
	}
	return "nothing"
}

var _ journey.Observer = (*Story)(nil)
