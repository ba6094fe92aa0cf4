package journey_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"journeyman.dev/internal/journey"
	. "journeyman.dev/internal/journey/journeytest"
)

// twoPages asks for email, then for trail.
func twoPages() Policy {
	return Policy{Claims: "email trail", Building: contents(), Profiles: form("First", Outputs("email!")) + form("Second", Outputs("trail!")), Steps: []string{Run("First"), Run("Second")}}
}

// pages §3.4: the script repeats a post to which it got no answer; policy-engine §4.1: a
// completed step never runs again.
func TestADoubledPostRunsOnce(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	ran := 0
	s.Script("A", func(context.Context, *journey.Call) (journey.Result, error) {
		ran++
		return journey.Done{Output: journey.Nothing{}}, nil
	})
	u := s.User().Visit(s.Compile(page(validations(validation("A", "", "")), Scripted("A", ""))))
	for range 3 {
		if r := u.Post("email", "e"); !r.OK {
			t.Errorf("reply: %+v", r)
		}
	}
	// Other requests of an accepted page are answered with the good result, which is 0.
	if r := u.Send(journey.Answer{Kind: "VERIFICATION_REQUEST"}); !r.OK || r.Result == nil || *r.Result != 0 {
		t.Errorf("reply: %+v", r)
	}
	if ran != 1 {
		t.Errorf("ran %d times", ran)
	}
}

// pages §3.2: the token of a page fits the step in progress.
func TestPagesThatAreNotTheJourneysAnyMore(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	u := s.User().Visit(s.Compile(twoPages()))
	first := u.Here()
	if r := u.Post("email", "e"); !r.OK {
		t.Fatalf("%+v", r)
	}
	u.Confirm()
	if got := u.Fields(); got != "trail=" {
		t.Fatalf("second page: %s", got)
	}
	// A reload, or a doubled click, of the navigation that led here shows where the journey is.
	ran, err := s.Engine.Continue(t.Context(), first, journey.Action{Kind: journey.Confirm})
	if out, ok := ran.Outcome.(*journey.ShowPage); err != nil || !ok || out.Page.Form.Fields[0].Claim.ID() != "trail" || out.Page.CSRF != u.Page().CSRF {
		t.Errorf("the navigation once more: %s, %v", Describe(ran.Outcome), err)
	}
	if _, err := s.Engine.Post(t.Context(), first, journey.Answer{Kind: journey.Submitted}); !errors.Is(err, journey.ErrStale) {
		t.Errorf("a post of the first page: %v", err)
	}
	for _, csrf := range []string{"", "other"} {
		v := u.Here()
		v.CSRF = csrf
		if _, err := s.Engine.Continue(t.Context(), v, journey.Action{Kind: journey.Confirm}); !errors.Is(err, journey.ErrStale) {
			t.Errorf("token %q: %v", csrf, err)
		}
	}
	u.Submit("trail", "t")
	if got := u.Claims(); got != "email=e trail=t" {
		t.Errorf("claims: %s", got)
	}
	if _, err := s.Engine.Post(t.Context(), u.Here(), journey.Answer{Kind: journey.Submitted}); !errors.Is(err, journey.ErrStale) {
		t.Errorf("a post after the end: %v", err)
	}
}

// protocol §6.3: a journey belongs to the browser that began it.
func TestAnotherBrowserGetsNothingOfAJourney(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	u := s.User().Visit(s.Compile(twoPages()))
	for name, c := range map[string]struct {
		change func(v *journey.Visit)
		want   error
	}{
		"no secret":      {func(v *journey.Visit) { v.Secret = "" }, journey.ErrForeign},
		"another secret": {func(v *journey.Visit) { v.Secret = strings.Repeat("x", len(v.Secret)) }, journey.ErrForeign},
		"another policy": {func(v *journey.Visit) { v.PolicyID = "B2C_1A_Other" }, journey.ErrForeign},
		"no journey":     {func(v *journey.Visit) { v.Transaction = "00000000-0000-0000-0000-000000000000" }, journey.ErrNoJourney},
		"no policy":      {func(v *journey.Visit) { v.PolicyID = "" }, nil},
		"another case":   {func(v *journey.Visit) { v.PolicyID = strings.ToUpper(v.PolicyID) }, nil},
	} {
		v := u.Here()
		c.change(&v)
		if _, err := s.Engine.Continue(t.Context(), v, journey.Action{Kind: journey.Reload}); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

func TestAJourneyWaitsForAnHourAfterEachStep(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	u := s.User().Visit(s.Compile(twoPages()))
	s.Clock.Advance(59 * time.Minute)
	u.Submit("email", "e")
	s.Clock.Advance(59 * time.Minute)
	u.Reload()
	s.Clock.Advance(time.Minute)
	if err := u.Try(journey.Action{Kind: journey.Reload}); !errors.Is(err, journey.ErrNoJourney) {
		t.Errorf("after an hour: %v", err)
	}
	s.Engine.Lifetime = time.Minute
	u = s.User().Visit(s.Compile(twoPages()))
	s.Clock.Advance(time.Minute)
	if err := u.Try(journey.Action{Kind: journey.Reload}); !errors.Is(err, journey.ErrNoJourney) {
		t.Errorf("after a minute of one: %v", err)
	}
}

// A lost answer is given again for a minute; then the end belongs to nobody.
func TestTheEndOfAJourneyIsGivenAgainForAMinute(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	p := s.Compile(page("", ""))
	good := s.User().Visit(p).Submit("email", "e")
	bad := s.User().Visit(p).Cancel()
	s.Clock.Advance(time.Minute)
	if got := good.Confirm().Claims(); got != "email=e" {
		t.Errorf("claims: %s", got)
	}
	if f := bad.Cancel().Failed(); f.Code != journey.CodeCancelled {
		t.Errorf("failure: %v", f)
	}
	s.Clock.Advance(time.Second)
	for _, u := range []*User{good, bad} {
		if err := u.Try(journey.Action{Kind: journey.Confirm}); !errors.Is(err, journey.ErrStale) {
			t.Errorf("after a minute: %v", err)
		}
	}
}

// away leaves for another site in its first step.
func away() Policy {
	return Policy{Claims: "email", Profiles: Scripted("IdP", Outputs("email=mail")), Steps: []string{Run("IdP")}}
}

// policy-engine §4.1: an interactive profile suspends the journey, and the answer resumes it.
func TestAJourneyGoesOnWhenTheOtherSiteSendsTheBrowserBack(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.Script("IdP", Leaves("https://idp.example/authorize"))
	u := s.User().Visit(s.Compile(away()))
	if got := u.Away(); !strings.HasPrefix(got, "https://idp.example/authorize?state=") {
		t.Fatalf("away at %s", got)
	}
	here := u.Here()
	if id, ok := journey.StateTransaction(u.Ran.Outcome.(*journey.GoTo).Journey.Pending.State); !ok || id != here.Transaction {
		t.Errorf("the state names %q", id)
	}
	for name, a := range map[string]journey.Action{
		"another state": {Kind: journey.Return, Fields: map[string]string{"state": "x"}}, "no state": {Kind: journey.Return}, "a reload": {Kind: journey.Reload},
	} {
		if err := u.Try(a); !errors.Is(err, journey.ErrStale) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := s.Engine.Post(t.Context(), here, journey.Answer{Kind: journey.Submitted}); !errors.Is(err, journey.ErrStale) {
		t.Errorf("a post: %v", err)
	}
	if got := u.Return("mail", "a@b.example").Claims(); got != "email=a@b.example" {
		t.Errorf("claims: %s", got)
	}
	if got := strings.Join(s.Story.Take(), "; "); got != "step 1 ClaimsExchange; run IdP: leaves; leave https://idp.example/authorize; run IdP: done; step 2 SendClaims; run Issuer: issues; end" {
		t.Errorf("story: %s", got)
	}
}

func TestAReturnThatGoesWrongEndsTheJourney(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		back Script
		code journey.Code
	}{
		"an error of the provider": {Fails(&journey.Failure{Code: journey.CodeProviderResponse, Public: "No."}), journey.CodeProviderResponse},
		"no claims": {func(context.Context, *journey.Call) (journey.Result, error) {
			return journey.Leave{URL: "https://idp.example"}, nil
		}, journey.CodeInternal},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t)
			s.Script("IdP", Leaves("https://idp.example"))
			u := s.User().Visit(s.Compile(away()))
			s.Script("IdP", c.back)
			if f := u.Return().Failed(); f.Code != c.code || f.Exchange != "IdPX" || f.Step != 1 {
				t.Errorf("failure: %+v", f)
			}
		})
	}
}

func TestAClientThatLeavesTooManyJourneysGetsNoMore(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	w := &waiting{most: 2}
	s.Engine.Waiting = w
	p := s.Compile(twoPages())
	s.User().Visit(p)
	u := s.User().Visit(p)
	if _, err := s.User().Start(t.Context(), p, new(journey.Browser)); !errors.Is(err, journey.ErrTooMany) {
		t.Errorf("the third: %v", err)
	}
	// Who comes to the end has left none.
	u.Submit("email", "e").Submit("trail", "t").Finished()
	s.User().Visit(p).Cancel().Failed()
	if w.n != 2 {
		t.Errorf("%d are counted", w.n)
	}
}

type waiting struct{ n, most int }

func (w *waiting) Begin(_ string, units int) bool {
	if w.n+units > w.most {
		return false
	}
	w.n += units
	return true
}

func (w *waiting) End(_ string, units int) { w.n -= units }

// A request of the same journey in another process has it alone until it is done.
func TestTwoProcessesRunAStepOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		ran, begun, release := 0, make(chan struct{}), make(chan struct{})
		s.Script("A", func(context.Context, *journey.Call) (journey.Result, error) {
			ran++
			close(begun)
			<-release
			return journey.Done{Output: journey.Nothing{}}, nil
		})
		u := s.User().Visit(s.Compile(page(validations(validation("A", "", "")), Scripted("A", ""))))
		here := u.Here()
		other := &journey.Engine{
			Store: s.Engine.Store, Sealer: s.Engine.Sealer, Programs: s.Engine.Programs, Accounts: s.Engine.Accounts, Sessions: s.Engine.Sessions,
			Now: s.Engine.Now, Rand: s.Engine.Rand, Log: s.Engine.Log,
		}
		replies := make(chan journey.Reply, 2)
		post := func(e *journey.Engine) {
			reply, err := e.Post(t.Context(), here, journey.Answer{Kind: journey.Submitted, Fields: map[string]string{"email": "e"}})
			if err != nil {
				t.Error(err)
			}
			replies <- reply
		}
		go post(s.Engine)
		<-begun
		go post(other)
		// The other process looks again and again; a caller that goes away doesn't wait.
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := other.Continue(gone, here, journey.Action{Kind: journey.Cancel}); !errors.Is(err, context.Canceled) {
			t.Errorf("a caller that is gone: %v", err)
		}
		synctest.Wait()
		close(release)
		for range 2 {
			if r := <-replies; !r.OK {
				t.Errorf("reply: %+v", r)
			}
		}
		if ran != 1 {
			t.Errorf("ran %d times", ran)
		}
	})
}

// A journey whose process died is free again after a while; until then it is claimed.
func TestAClaimedJourneyConflictsAfterAMinute(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		u := s.User().Visit(s.Compile(page("", "")))
		now := s.Clock.Now()
		if _, err := s.Store.Claim(t.Context(), u.Here().Transaction, 1, now, now.Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		if err := u.Try(journey.Action{Kind: journey.Cancel}); !errors.Is(err, journey.ErrConflict) {
			t.Errorf("%v", err)
		}
		s.Clock.Advance(time.Hour + time.Second)
		s.Engine.Lifetime = 2 * time.Hour
		if err := u.Try(journey.Action{Kind: journey.Cancel}); !errors.Is(err, journey.ErrNoJourney) {
			t.Errorf("the journey itself has expired: %v", err)
		}
	})
}

func TestAStoredJourneyThatCannotBeReadIsAnError(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	u := s.User().Visit(s.Compile(page("", "")))
	for name, sealed := range map[string][]byte{"sealed for another": []byte("x\n{}"), "no JSON": []byte(u.Here().Transaction + "\n{")} {
		_, version, err := s.Store.Load(t.Context(), u.Here().Transaction)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Store.Save(t.Context(), u.Here().Transaction, version, sealed, time.Time{}); err != nil {
			t.Fatal(err)
		}
		if err := u.Try(journey.Action{Kind: journey.Reload}); err == nil || errors.Is(err, journey.ErrNoJourney) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
