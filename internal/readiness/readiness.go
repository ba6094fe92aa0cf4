// Package readiness reports to load balancers and operators whether this server should get requests.
//
//	ready    everything works
//	degraded a part is broken, such as a policy that doesn't compile any more; still 200
//	down     the database accepts no writes, or a stop has begun; 503
//
// Callers: server mounts it at /readyz of the admin listener.
package readiness

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"journeyman.dev/internal/live"
)

// Readiness checks whether the server works. The exported fields must be set before the first use. It is safe
// for concurrent use.
type Readiness struct {
	// Write writes to the database. It is called in its own goroutine, and never twice at a time.
	Write func() error
	// Problems returns the policies that don't work.
	Problems func() []live.Problem
	Now      func() time.Time

	mu     sync.Mutex
	rate   *rate.Limiter // of probes
	probe  *probe        // the running probe, or the last one
	leaves bool          // a stop has begun
}

// probe is a write that tests whether the database accepts writes.
type probe struct {
	done chan struct{}
	err  error
}

const (
	// probeEvery is the minimum time between two writes, for any number of requests.
	probeEvery = time.Second
	// probeWait limits an answer's wait for the database, because clients give up after some seconds.
	probeWait = 3 * time.Second
)

// Leave reports the server as down from now on, because a stop has begun.
func (r *Readiness) Leave() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.leaves = true
}

func (r *Readiness) leaving() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.leaves
}

// current returns the current probe. It begins a new one if the last is old.
func (r *Readiness) current() *probe {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.rate == nil {
		r.rate = rate.NewLimiter(rate.Every(probeEvery), 1)
	}
	if r.probe != nil {
		select {
		case <-r.probe.done:
		default:
			return r.probe // only one request to a hanging database
		}
	}
	if r.probe == nil || r.rate.AllowN(r.Now(), 1) {
		p := &probe{done: make(chan struct{})}
		r.probe = p
		go func() {
			defer close(p.done)
			p.err = r.Write()
		}()
	}
	return r.probe
}

// check is one line of the answer.
type check struct {
	Name   string `json:"name"`
	Status string `json:"status"` // ok, degraded or down
	Detail string `json:"detail,omitempty"`
}

// The states. A degraded server serves; only a part of it is broken.
const (
	stateReady    = "ready"
	stateDegraded = "degraded"
	stateDown     = "down"
)

// ServeHTTP answers 200 or 503. The text begins with the state; JSON contains each check.
func (r *Readiness) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	state, checks := r.checks(q.Context())
	status := http.StatusOK
	if state == stateDown {
		status = http.StatusServiceUnavailable
	}
	w.Header().Set("Cache-Control", "no-store")
	if strings.Contains(q.Header.Get("Accept"), "application/json") {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(struct {
			Status string  `json:"status"`
			Checks []check `json:"checks"`
		}{state, checks})
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, state+"\n")
	for _, c := range checks {
		if c.Status != "ok" {
			_, _ = io.WriteString(w, c.Name+": "+c.Detail+"\n")
		}
	}
}

func (r *Readiness) checks(ctx context.Context) (state string, checks []check) {
	state = stateReady
	if r.leaving() {
		state = stateDown
		checks = append(checks, check{"server", stateDown, "is stopping"})
	}
	database := check{Name: "database", Status: "ok"}
	if detail := r.probeDatabase(ctx); detail != "" {
		state = stateDown
		database.Status, database.Detail = stateDown, detail
	}
	checks = append(checks, database)
	problems := r.Problems()
	if len(problems) == 0 {
		return state, append(checks, check{Name: "policies", Status: "ok"})
	}
	if state == stateReady {
		state = stateDegraded
	}
	for _, p := range problems {
		checks = append(checks, check{"policy " + p.PolicyID, stateDegraded, p.Text})
	}
	return state, checks
}

// probeDatabase returns the fault of the database, "" if there is none.
func (r *Readiness) probeDatabase(ctx context.Context) string {
	p := r.current()
	late := time.NewTimer(probeWait)
	defer late.Stop()
	select {
	case <-p.done:
		if p.err != nil {
			return "takes no writes"
		}
		return ""
	case <-late.C:
		return "does not answer"
	case <-ctx.Done():
		return "was not waited for"
	}
}
