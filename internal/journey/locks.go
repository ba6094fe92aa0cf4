package journey

import "sync"

// locks serialises the requests of one journey in this process: a doubled post
// waits for the first and then finds its answer. Between processes the store's
// version decides.
type locks struct {
	mu   sync.Mutex
	held map[string]*lock
}

type lock struct {
	mu      sync.Mutex
	waiters int
}

// acquire locks a journey; the returned func unlocks it.
func (l *locks) acquire(id string) (release func()) {
	l.mu.Lock()
	if l.held == nil {
		l.held = make(map[string]*lock)
	}
	k := l.held[id]
	if k == nil {
		k = new(lock)
		l.held[id] = k
	}
	k.waiters++
	l.mu.Unlock()
	k.mu.Lock()
	return func() {
		k.mu.Unlock()
		l.mu.Lock()
		defer l.mu.Unlock()
		if k.waiters--; k.waiters == 0 {
			delete(l.held, id)
		}
	}
}
