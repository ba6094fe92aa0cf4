package limit

import (
	"sync"
	"time"
)

// Waiting limits unfinished work of a client on one node: Begin adds to its count, End subtracts, and the
// count decreases over time.
type Waiting struct {
	Most   int           // units for each client; 0 or less: no limit
	Within time.Duration // time in which a count decreases by Most
	Now    func() time.Time

	mu      sync.Mutex
	clients *recent[*level]
}

type level struct {
	units float64
	at    time.Time
}

// Begin adds units for a client. It returns false if the client has too many.
func (w *Waiting) Begin(client string, units int) bool {
	if w == nil || w.Most <= 0 || client == "" {
		return true
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.clients == nil {
		w.clients = newRecent[*level](maxRemembered, nil)
	}
	l, ok := w.clients.get(client)
	if !ok {
		l = &level{at: w.Now()}
		w.clients.put(client, l)
	}
	w.forgive(l)
	if l.units+float64(units) > float64(w.Most) {
		return false
	}
	l.units += float64(units)
	return true
}

// End subtracts units.
func (w *Waiting) End(client string, units int) {
	if w == nil || w.Most <= 0 {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.clients == nil {
		return
	}
	if l, ok := w.clients.get(client); ok {
		w.forgive(l)
		l.units = max(0, l.units-float64(units))
	}
}

func (w *Waiting) forgive(l *level) {
	now := w.Now()
	if passed := now.Sub(l.at); passed > 0 {
		l.units = max(0, l.units-float64(w.Most)*passed.Seconds()/w.Within.Seconds())
	}
	l.at = now
}
