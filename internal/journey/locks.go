package journey

import (
	"context"
	"errors"
	"sync"
	"time"
)

// locks serialises the requests of one journey in this process: a doubled post
// waits for the first and then finds its answer.
type locks struct {
	mu   sync.Mutex
	held map[string]*lock
}

type lock struct {
	free    chan struct{} // holds one when nobody has the lock
	waiters int
}

// acquire locks a journey; the returned func unlocks it. It fails when ctx ends.
func (l *locks) acquire(ctx context.Context, id string) (release func(), err error) {
	l.mu.Lock()
	if l.held == nil {
		l.held = make(map[string]*lock)
	}
	k := l.held[id]
	if k == nil {
		k = &lock{free: make(chan struct{}, 1)}
		k.free <- struct{}{}
		l.held[id] = k
	}
	k.waiters++
	l.mu.Unlock()
	leave := func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if k.waiters--; k.waiters == 0 {
			delete(l.held, id)
		}
	}
	select {
	case <-k.free:
		return func() {
			k.free <- struct{}{}
			leave()
		}, nil
	case <-ctx.Done():
		leave()
		return nil, ctx.Err()
	}
}

// claimFor is how long a request may work on a journey before another process may take
// it: longer than any answer takes, as the page would not be read any more.
const claimFor = 3 * time.Minute

// Between processes a claim in the store decides; whoever comes second looks again and
// again, as what the first one does takes as long as a customer's API.
const (
	claimLook = 25 * time.Millisecond
	claimWait = time.Minute
)

// exclusively runs a request of a journey when no other runs one, here or in another
// process: ready says whether there is anything to do; then do has the journey alone.
// Steps thereby run once, however often and wherever a request arrives.
func (e *Engine) exclusively(ctx context.Context, v Visit, ready func(ctx context.Context, r *run) (bool, error), do func(ctx context.Context, r *run, version int64) (saved bool, err error)) error {
	release, err := e.locks.acquire(ctx, v.Transaction)
	if err != nil {
		return err
	}
	defer release()
	for waited := time.Duration(0); ; waited += claimLook {
		r, version, err := e.open(ctx, v)
		if err != nil {
			return err
		}
		ctx := r.attach(ctx)
		if todo, err := ready(ctx, r); err != nil || !todo {
			return err
		}
		now := e.Now()
		claimed, err := e.Store.Claim(ctx, v.Transaction, version, now, now.Add(claimFor))
		if err == nil {
			return e.claimed(ctx, v.Transaction, claimed, func() (bool, error) { return do(ctx, r, claimed) })
		}
		if !errors.Is(err, ErrConflict) || waited >= claimWait {
			return err
		}
		look := time.NewTimer(claimLook)
		select {
		case <-look.C:
		case <-ctx.Done():
			look.Stop()
			return ctx.Err()
		}
	}
}

// claimed does the work and gives the journey free unless the work has saved it.
func (e *Engine) claimed(ctx context.Context, id string, version int64, do func() (saved bool, err error)) error {
	saved, err := do()
	if saved {
		return err
	}
	free, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	return errors.Join(err, e.Store.Release(free, id, version))
}
