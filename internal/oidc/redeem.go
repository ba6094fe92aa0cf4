package oidc

import (
	"context"
	"sync"
)

// redemptions keeps replays from costing a signature: of those that redeem one grant at
// a time one goes on, and the others learn what became of it first. It remembers the
// last redemptions; the store decides about all others, and about other nodes'.
type redemptions struct {
	mu   sync.Mutex
	by   map[string]*redemption
	last [4096]string // ring of redeemed ids
	next int
}

type redemption struct {
	done     chan struct{}
	redeemed bool
}

// begin waits for others that redeem the same grant. replayed says that one has
// redeemed it; else the caller goes on and must call end.
func (m *redemptions) begin(ctx context.Context, id string) (replayed bool, end func(redeemed bool), err error) {
	for {
		m.mu.Lock()
		other := m.by[id]
		if other == nil {
			own := &redemption{done: make(chan struct{})}
			if m.by == nil {
				m.by = make(map[string]*redemption)
			}
			m.by[id] = own
			m.mu.Unlock()
			return false, func(redeemed bool) { m.end(id, own, redeemed) }, nil
		}
		m.mu.Unlock()
		select {
		case <-other.done:
			if other.redeemed {
				return true, nil, nil
			}
		case <-ctx.Done():
			return false, nil, ctx.Err()
		}
	}
}

func (m *redemptions) end(id string, own *redemption, redeemed bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	own.redeemed = redeemed
	close(own.done)
	if !redeemed {
		delete(m.by, id)
		return
	}
	delete(m.by, m.last[m.next])
	m.last[m.next] = id
	m.next = (m.next + 1) % len(m.last)
}
