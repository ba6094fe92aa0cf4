// Package readiness says whether requests should come to this server: to load balancers and
// to the people who look after it.
//
//	ready    everything works
//	degraded a part is broken, such as a policy that doesn't compile any more; still 200
//	down     the database takes no writes, or a stop has begun; 503
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

	"journeyman.dev/internal/library"
)

// Readiness knows whether the server can do its work. The exported fields must be set before
// the first use; it is safe for concurrent use.
type Readiness struct {
	// Write is a write to the database; it is called from a goroutine of its own, and never
	// twice at a time.
	Write func() error
	// Problems are the policies that don't do their work.
	Problems func() []library.Problem
	Now      func() time.Time

	mu     sync.Mutex
	rate   *rate.Limiter // of probes
	probe  *probe        // under way or, if it is done, the last
	leaves bool          // a stop has begun
}

// probe is a write that shows whether the database takes one.
type probe struct {
	done chan struct{}
	err  error
}

const (
	// probeEvery is how often the database is written to at most, however often anybody asks.
	probeEvery = time.Second
	// probeWait is how long an answer waits for the database: those who ask give up after
	// some seconds themselves.
	probeWait = 3 * time.Second
)

// Leave makes the answer no from now on: a stop has begun.
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

// current is the probe to go by; it begins one if the last was a while ago.
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
			return r.probe // a database that hangs is asked once
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

// The states. A degraded server serves: what is broken is a part of it.
const (
	stateReady    = "ready"
	stateDegraded = "degraded"
	stateDown     = "down"
)

// ServeHTTP says whether requests should come here: 200 or 503. As text the first word says
// it; as JSON each check is there.
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

// probeDatabase says what is wrong with the database, "" if nothing is.
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
