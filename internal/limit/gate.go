package limit

import (
	"context"
	"errors"
	"math"
	"math/bits"
	"slices"
	"sync"
	"time"
)

// ErrBusy means that the queue is full.
var ErrBusy = errors.New("too many requests are waiting")

// RetryAfter is the recommended wait after ErrBusy.
const RetryAfter = 2 * time.Second

// Gate limits the requests that run at a time, and those that wait. Clients with fewer recent failures go
// first, then clients take turns. Within one client, connections without failures go first. If too many wait,
// the last one in this order leaves.
type Gate struct {
	slots, queue, perAccount, waitPerAccount int

	mu       sync.Mutex
	inside   int
	seq      int64
	served   float64 // number of admissions
	turn     float64 // turn of the client admitted last
	waiting  []*waiter
	clients  *recent[*client]
	accounts map[string]*account
}

// Entry is a request for a place.
type Entry struct {
	Client     string      // [Client], or the id of a known device
	Connection *Connection // may be nil
	Account    string      // whose password it is; "" if nobody's
}

// client is the memory of one client.
type client struct {
	failures float64 // fading
	at       float64 // Gate.served at the last update of failures
	turn     float64 // its last turn
	waiting  int
	told     int // failures already counted by Noisy
}

type account struct{ inside, waiting int }

type waiter struct {
	entry  Entry
	client *client
	seq    int64
	done   chan struct{} // closed when it is admitted or refused
	in     bool
}

// NewGate makes a gate with slots places and queue waiting requests. Each account may have at most perAccount
// places and waitPerAccount waiting requests.
func NewGate(slots, queue, perAccount, waitPerAccount int) *Gate {
	return &Gate{
		slots: slots, queue: queue, perAccount: perAccount, waitPerAccount: waitPerAccount, accounts: make(map[string]*account),
		clients: newRecent(maxRemembered, func(c *client) bool { return c.waiting > 0 }),
	}
}

// Enter waits for a place until ctx ends. leave returns the place and reports whether the client failed.
// ErrBusy means that too many wait.
func (g *Gate) Enter(ctx context.Context, e Entry) (leave func(failed bool), err error) {
	w := &waiter{entry: e, done: make(chan struct{})}
	g.mu.Lock()
	if !g.join(w) {
		g.mu.Unlock()
		return nil, sentAway(ctx, e.Connection)
	}
	g.admit()
	g.mu.Unlock()
	select {
	case <-w.done:
		if !w.in {
			return nil, sentAway(ctx, e.Connection)
		}
	case <-ctx.Done():
		g.mu.Lock()
		defer g.mu.Unlock()
		if w.in {
			g.leave(w, false)
		} else if i := slices.Index(g.waiting, w); i >= 0 {
			g.drop(i)
		}
		return nil, ctx.Err()
	}
	return func(failed bool) {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.leave(w, failed)
	}, nil
}

// The time that a connection waits for its refusal. It grows each time, so that a client that returns at once
// doesn't take the processors from admitted requests.
const (
	pauseStep = 100 * time.Millisecond
	pauseMost = time.Second
)

func sentAway(ctx context.Context, c *Connection) error {
	if c == nil {
		return ErrBusy
	}
	pause := time.NewTimer(min(time.Duration(c.refusals.Add(1)-1)*pauseStep, pauseMost))
	defer pause.Stop()
	select {
	case <-pause.C:
	case <-ctx.Done():
	}
	return ErrBusy
}

// Refuse counts a failure before admission and waits for the length of the refusal.
func (g *Gate) Refuse(ctx context.Context, e Entry) {
	g.mu.Lock()
	g.fail(g.client(e.Client), e.Connection)
	g.mu.Unlock()
	_ = sentAway(ctx, e.Connection)
}

// Each recent failure of a client gets a record until there are noisyAfter. Afterwards one in noisyEach gets
// one, so that an attack doesn't fill the records [I].
const (
	noisyAfter = 200
	noisyEach  = 50
)

// Noisy reports whether the client's last failure is one of very many.
func (g *Gate) Noisy(e Entry) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	c := g.client(e.Client)
	c.told++
	return g.failures(c) > noisyAfter && c.told%noisyEach != 0
}

func (g *Gate) client(key string) *client {
	c, ok := g.clients.get(key)
	if !ok {
		c = &client{at: g.served, turn: g.turn}
		g.clients.put(key, c)
	}
	return c
}

func (g *Gate) account(id string) *account {
	a := g.accounts[id]
	if a == nil {
		a = new(account)
		g.accounts[id] = a
	}
	return a
}

func (g *Gate) forget(id string) {
	if a := g.accounts[id]; a != nil && a.inside == 0 && a.waiting == 0 {
		delete(g.accounts, id)
	}
}

// join adds a waiter to the queue. It returns false if the queue is full.
func (g *Gate) join(w *waiter) bool {
	g.seq++
	w.seq, w.client = g.seq, g.client(w.entry.Client)
	if a := g.accounts[w.entry.Account]; w.entry.Account != "" && a != nil && a.waiting >= g.waitPerAccount {
		return false
	}
	g.waiting = append(g.waiting, w)
	w.client.waiting++
	g.account(w.entry.Account).waiting++
	if g.inside+len(g.waiting) <= g.slots+g.queue {
		return true
	}
	worst := 0
	for i := range g.waiting {
		if g.worse(g.waiting[i], g.waiting[worst]) {
			worst = i
		}
	}
	out := g.waiting[worst]
	g.drop(worst)
	close(out.done)
	return out != w
}

// drop removes a waiter from the queue.
func (g *Gate) drop(i int) {
	w := g.waiting[i]
	g.waiting = slices.Delete(g.waiting, i, i+1)
	w.client.waiting--
	g.account(w.entry.Account).waiting--
	g.forget(w.entry.Account)
}

// admit admits waiters while there are free places.
func (g *Gate) admit() {
	for g.inside < g.slots {
		next := -1
		for i, w := range g.waiting {
			if w.entry.Account != "" && g.account(w.entry.Account).inside >= g.perAccount {
				continue
			}
			if next < 0 || g.before(w, g.waiting[next]) {
				next = i
			}
		}
		if next < 0 {
			return
		}
		w := g.waiting[next]
		g.drop(next)
		g.inside++
		g.account(w.entry.Account).inside++
		g.served++
		g.turn = max(g.turn, w.client.turn)
		w.client.turn = g.turn + 1
		w.in = true
		close(w.done)
	}
}

func (g *Gate) leave(w *waiter, failed bool) {
	g.inside--
	g.account(w.entry.Account).inside--
	g.forget(w.entry.Account)
	if failed {
		g.fail(w.client, w.entry.Connection)
	}
	g.admit()
}

func (g *Gate) fail(c *client, connection *Connection) {
	c.failures, c.at = g.failures(c)+1, g.served
	if connection != nil {
		connection.failures.Add(1)
	}
}

// fading is the number of hashes after which a failure counts half: minutes, if only failures come [I].
const fading = 4096

func (g *Gate) failures(c *client) float64 {
	return c.failures * math.Exp2(-(g.served-c.at)/fading)
}

// standing returns a client's class: 0 for the few failures of ordinary people, then by magnitude.
func (g *Gate) standing(c *client) int { return bits.Len(uint(g.failures(c)) / 16) }

// before reports whether a is admitted before b.
func (g *Gate) before(a, b *waiter) bool {
	if a.client != b.client {
		if x, y := g.standing(a.client), g.standing(b.client); x != y {
			return x < y
		}
		if a.client.turn != b.client.turn {
			return a.client.turn < b.client.turn
		}
	}
	if x, y := a.entry.Connection.strikes(), b.entry.Connection.strikes(); x != y {
		return x < y
	}
	return a.seq < b.seq
}

// worse reports whether a is refused before b.
func (g *Gate) worse(a, b *waiter) bool {
	if a.client != b.client {
		if x, y := g.standing(a.client), g.standing(b.client); x != y {
			return x > y
		}
		if a.client.waiting != b.client.waiting {
			return a.client.waiting > b.client.waiting
		}
	}
	if x, y := a.entry.Connection.strikes(), b.entry.Connection.strikes(); x != y {
		return x > y
	}
	return a.seq > b.seq
}
