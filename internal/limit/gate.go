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

// ErrBusy says that as many wait already as may.
var ErrBusy = errors.New("too many requests are waiting")

// RetryAfter is when to come again after ErrBusy.
const RetryAfter = 2 * time.Second

// Gate lets only so many in at a time and only so many wait. Who waits is let in by how
// often the client failed lately, then in turns among clients; within one client, what
// comes on a connection without failures goes first. When too many wait, the last of the
// same order leaves.
type Gate struct {
	slots, queue, perAccount, waitPerAccount int

	mu       sync.Mutex
	inside   int
	seq      int64
	served   float64 // how many were let in
	turn     float64 // of the client that was let in last
	waiting  []*waiter
	clients  *recent[*client]
	accounts map[string]*account
}

// Entry is what wants in.
type Entry struct {
	Client     string      // [Client], or the id of a known device
	Connection *Connection // may be nil
	Account    string      // whose password it is; "" if it is nobody's
}

// client is what is remembered of one that wanted in.
type client struct {
	failures float64 // fading
	at       float64 // Gate.served when failures was right
	turn     float64 // its last turn
	waiting  int
	told     int // failures that Noisy was asked for
}

type account struct{ inside, waiting int }

type waiter struct {
	entry  Entry
	client *client
	seq    int64
	done   chan struct{} // closed when it was let in or sent away
	in     bool
}

// NewGate makes a gate with places for slots at a time and queue that wait; of one account
// at most perAccount at a time and waitPerAccount that wait.
func NewGate(slots, queue, perAccount, waitPerAccount int) *Gate {
	return &Gate{
		slots: slots, queue: queue, perAccount: perAccount, waitPerAccount: waitPerAccount, accounts: make(map[string]*account),
		clients: newRecent(maxRemembered, func(c *client) bool { return c.waiting > 0 }),
	}
}

// Enter waits for a place until ctx ends. leave gives it back, and says whether what was
// done was a failure of the client. ErrBusy: too many wait.
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

// How long a connection waits for its refusal: each time for longer, so that one that comes
// again at once, whatever the answer, doesn't keep the processors from those that were
// let in.
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

// Refuse counts a failure of what is refused before it comes in, and lets it wait for its
// refusal.
func (g *Gate) Refuse(ctx context.Context, e Entry) {
	g.mu.Lock()
	g.fail(g.client(e.Client), e.Connection)
	g.mu.Unlock()
	_ = sentAway(ctx, e.Connection)
}

// A client's failures are all worth a record until there are noisyAfter lately; then one of
// noisyEach is, so that records don't grow as fast as somebody guesses [I].
const (
	noisyAfter = 200
	noisyEach  = 50
)

// Noisy reports whether a failure that the client has just had is one of very many.
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

// join puts a waiter into the queue; false if there is no place for it.
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

// drop takes a waiter out of the queue.
func (g *Gate) drop(i int) {
	w := g.waiting[i]
	g.waiting = slices.Delete(g.waiting, i, i+1)
	w.client.waiting--
	g.account(w.entry.Account).waiting--
	g.forget(w.entry.Account)
}

// admit lets in as many as there are places.
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

// fading is after how many hashes a failure counts half: minutes, if nothing but failures
// comes [I].
const fading = 4096

func (g *Gate) failures(c *client) float64 {
	return c.failures * math.Exp2(-(g.served-c.at)/fading)
}

// standing is a client's class: 0 for a few failures, as people have them, then by their
// magnitude.
func (g *Gate) standing(c *client) int { return bits.Len(uint(g.failures(c)) / 16) }

// before reports whether a is let in before b.
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

// worse reports whether a is sent away before b.
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
