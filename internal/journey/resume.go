package journey

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"time"

	"journeyman.dev/internal/program"
)

// Post handles a request of a page's script: the form, or a request to send or check
// a code. The journey stays where it is; after an accepted form it waits for the
// navigation that goes on. A post that was accepted already is answered the same
// again and runs nothing.
func (e *Engine) Post(ctx context.Context, v Visit, a Answer) (Reply, error) {
	var reply Reply
	err := e.exclusively(ctx, v, func(_ context.Context, r *run) (bool, error) {
		p := r.j.Pending
		if r.j.Ended || p == nil || p.Exchange == "" || p.Kind == PendingAway || !equal(v.CSRF, p.CSRF) {
			return false, ErrStale
		}
		if p.Done || p.Exhausted || p.Failed != nil {
			reply = accepted(a)
			return false, nil
		}
		return true, nil
	}, func(ctx context.Context, r *run, version int64) (saved bool, err error) {
		if reply, err = r.post(ctx, a); err != nil {
			return false, err
		}
		err = r.store(ctx, &version)
		return err == nil, err
	})
	return reply, err
}

// accepted is the answer to a request that has nothing left to do.
func accepted(a Answer) Reply {
	if a.Kind == Submitted || a.Kind == ControlAction {
		return Reply{OK: true}
	}
	return Reply{OK: true, Result: new(int)} // scripts read 0 as good
}

// post runs the page's profile with the answer.
func (r *run) post(ctx context.Context, a Answer) (out Reply, _ error) {
	p := r.j.Pending
	exchange := r.pendingExchange()
	if exchange == nil {
		return Reply{}, fmt.Errorf("exchange %s is not in the step", p.Exchange)
	}
	working := r.j.Claims.Clone()
	result, err := r.runProfile(ctx, exchange.Profile(), &working, exchangeRun{answer: &a, memory: p.Memory, resumed: true})
	if err != nil {
		f := AsFailure(err)
		if f.Code == CodeInternal {
			r.e.Log.ErrorContext(ctx, "post failed", "correlationId", r.j.CorrelationID, "policyId", r.p.PolicyID(), "err", err)
		}
		f = r.localise(f, exchange.Profile(), nil)
		if f.Fatal && a.Kind != ControlAction {
			_, at := r.waits()
			p.Failed = stepFailure(f, at.step).stored()
		}
		result = Answered{Reply: Reply{Code: string(f.Code), Message: f.Public, Field: f.Field, Throttled: f.Code == CodeThrottled}}
	}
	reply := Reply{}
	defer func() {
		if content := r.content(exchange.Profile()); content != nil && content.OmitsCodes() {
			out.Code = ""
		}
	}()
	switch result := result.(type) {
	case Done:
		r.j.Claims = working
		r.keep(exchange.Profile(), exchange.ID())
		p.Done = true
		reply.OK = true
	case Answered:
		reply = result.Reply
		if result.Memory != nil {
			p.Memory = result.Memory
		}
		reply.Message = r.p.Schema().WithoutResolvers(reply.Message)
		if p.Failed != nil {
			reply = accepted(a) // the navigation that follows ends the journey
		} else if !reply.OK && a.Kind == Submitted && !reply.Throttled {
			p.Tries++
			if limit := r.retryLimit(exchange.Profile()); p.Tries > limit {
				p.Exhausted = true
				reply = Reply{OK: true} // the navigation that follows ends the journey
			}
		}
	default:
		return Reply{}, fmt.Errorf("technical profile %s answered a post with neither output nor reply", exchange.Profile().ID())
	}
	if r.observed() {
		r.observe(ctx, PagePosted{exchange, a, reply})
	}
	return reply, nil
}

// retryLimiter is an exchange that bounds the rejected posts of its page.
type retryLimiter interface{ RetryLimit() int }

func (r *run) retryLimit(tp *program.TechnicalProfile) int {
	if l, ok := tp.Exchange().(retryLimiter); ok && l.RetryLimit() > 0 {
		return l.RetryLimit()
	}
	n, _ := r.waits()
	return n.retries()
}

// Action is a navigation within a journey.
type Action struct {
	Kind     ActionKind
	Exchange string            // Choose
	KMSI     bool              // Confirm: the keep-me-signed-in box
	Fields   map[string]string // Return: the other site's parameters, with state
}

// ActionKind is the kind of a navigation.
type ActionKind uint8

// The kinds of navigations.
const (
	Confirm ActionKind = iota + 1 // after an accepted form
	Choose                        // a provider button, or a link with an exchange
	SignUp                        // the sign-up link
	Forgot                        // the forgot-password link
	Cancel
	Return // from another site
	Reload // show the page again
)

// Continue handles a navigation of the journey's browser.
func (e *Engine) Continue(ctx context.Context, v Visit, a Action) (Ran, error) {
	var ran Ran
	err := e.exclusively(ctx, v, func(ctx context.Context, r *run) (todo bool, err error) {
		ran, todo, err = r.ready(ctx, v, a)
		return todo, err
	}, func(ctx context.Context, r *run, version int64) (saved bool, err error) {
		var out Outcome
		if a.Kind == Return {
			out = r.returned(ctx, a)
		} else if out, err = r.act(ctx, a); err != nil {
			return false, err
		}
		if out == nil {
			ran, err = r.redisplay(ctx)
			return false, err
		}
		ran, err = r.settle(ctx, out, &version)
		return err == nil, err
	})
	return ran, err
}

// ready says whether a navigation leads on from where the journey stands; if not, what
// it is answered.
func (r *run) ready(ctx context.Context, v Visit, a Action) (ran Ran, todo bool, err error) {
	p := r.j.Pending
	switch {
	case r.j.Ended:
		ran, err = r.again(ctx)
	case p == nil:
		err = ErrStale
	case a.Kind == Return:
		if p.Kind == PendingAway && equal(a.Fields["state"], p.State) {
			return ran, true, nil
		}
		ran, err = r.redisplay(ctx)
	case p.Kind == PendingAway:
		err = ErrStale
	case equal(v.CSRF, p.CSRF):
		return ran, true, nil
	case p.Before != "" && equal(v.CSRF, p.Before):
		// A reload, or a doubled click, of the navigation that led here: show where
		// the journey stands and run nothing.
		ran, err = r.redisplay(ctx)
	default:
		err = ErrStale
	}
	return ran, false, err
}

// act performs a navigation; a nil outcome means: show the page again.
func (r *run) act(ctx context.Context, a Action) (Outcome, error) {
	p := r.j.Pending
	n, at := r.waits()
	switch a.Kind {
	case Confirm:
		if p.Failed != nil {
			return r.fail(p.Failed.failure()), nil
		}
		if p.Exhausted {
			return r.fail(Fail(CodeRetriesUsed, nil)), nil
		}
		if !p.Done {
			return nil, nil
		}
		r.j.KMSI = r.j.KMSI || a.KMSI
		at.next()
		return r.advance(ctx), nil
	case Cancel:
		return r.fail(Fail(CodeCancelled, nil)), nil
	case SignUp, Forgot, Choose:
		c, ok := n.(choosing)
		if !ok || p.Done {
			return nil, nil
		}
		id, f := c.choice(r, a)
		switch {
		case f != nil:
			return r.fail(f), nil
		case id == "":
			return nil, nil
		}
		at.choose(id)
		return r.advance(ctx), nil
	}
	return nil, nil
}

// waits is the node on whose page the journey waits, and where it stands.
func (r *run) waits() (waiting, position) {
	at, _ := r.here()
	if at.step == nil {
		return nil, at
	}
	n, _ := at.step.Node().(waiting)
	return n, at
}

// returned resumes the exchange that left for another site.
func (r *run) returned(ctx context.Context, a Action) Outcome {
	_, at := r.waits()
	exchange := r.pendingExchange()
	if exchange == nil {
		return r.fail(Fail(CodeInternal, fmt.Errorf("exchange %s is not in the step", r.j.Pending.Exchange)))
	}
	working := r.j.Claims.Clone()
	result, err := r.runProfile(ctx, exchange.Profile(), &working, exchangeRun{
		answer: &Answer{Kind: Returned, Fields: a.Fields}, memory: r.j.Pending.Memory, resumed: true,
	})
	if _, ok := result.(Done); err == nil && !ok {
		err = errors.New("the provider gave no claims after the return")
	}
	if err != nil {
		return r.fail(stepFailure(r.exchangeFailure(err, exchange), at.step))
	}
	r.j.Claims = working
	r.keep(exchange.Profile(), exchange.ID())
	at.next()
	return r.advance(ctx)
}

// pendingExchange finds the exchange that the journey waits for; nil if there is none.
func (r *run) pendingExchange() *program.ClaimsExchange {
	n, _ := r.waits()
	if n == nil {
		return nil
	}
	return n.exchange(r.j.Pending.Exchange)
}

// redisplay draws the page on which the journey waits, without changing anything.
func (r *run) redisplay(ctx context.Context) (Ran, error) {
	p := r.j.Pending
	if p == nil || p.Kind == PendingAway {
		return Ran{}, ErrStale
	}
	n, at := r.waits()
	if n == nil {
		return Ran{}, ErrStale
	}
	var form *Form
	exchange := n.exchange(p.Exchange)
	if exchange != nil {
		working := r.j.Claims.Clone()
		result, err := r.runProfile(ctx, exchange.Profile(), &working, exchangeRun{memory: p.Memory, resumed: true})
		if err != nil {
			return Ran{}, err
		}
		if ask, ok := result.(Ask); ok {
			form = ask.Form
		}
	}
	page := n.page(r, at.step, exchange, form)
	if page == nil {
		return Ran{}, ErrStale
	}
	return Ran{Outcome: &ShowPage{Journey: r.j, Page: page}, Session: r.session}, nil
}

// replayWindow is how long an ended journey gives its end again: long enough for a
// doubled click or a lost answer, too short for whoever comes to the browser next.
const replayWindow = time.Minute

// again gives the end of a journey that has ended once more: the protocol derives
// the code from the journey, so that it can still be used only once.
func (r *run) again(ctx context.Context) (Ran, error) {
	if r.e.Now().Sub(r.j.EndedAt) > replayWindow {
		return Ran{}, ErrStale
	}
	if r.j.Failure != nil {
		return Ran{Outcome: &Failed{Journey: r.j, Failure: r.j.Failure.failure()}, Session: r.session}, nil
	}
	at, ok := r.here()
	if !ok {
		return Ran{}, ErrStale
	}
	out, err := r.step(ctx, at)
	if err != nil {
		// Meanwhile the account was disabled, or its grants were ended.
		return Ran{Outcome: r.fail(AsFailure(err)), Session: r.session}, nil
	}
	out.(*Finished).AuthTime = r.authTime()
	return Ran{Outcome: out, Session: r.session}, nil
}

func equal(a, b string) bool {
	return a != "" && subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1
}
