package server

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// readiness knows whether the server can do its work.
type readiness struct {
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

// leave makes the server tell that it is about to stop.
func (r *readiness) leave() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.leaves = true
}

func (r *readiness) leaving() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.leaves
}

// current is the probe to go by; it begins one if the last was a while ago.
func (r *readiness) current(now time.Time, write func() error) *probe {
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
	if r.probe == nil || r.rate.AllowN(now, 1) {
		p := &probe{done: make(chan struct{})}
		r.probe = p
		go func() {
			defer close(p.done)
			p.err = write()
		}()
	}
	return r.probe
}

// check is one line of what readiness tells.
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

// readyz tells whether requests should come here: 200 or 503. As text the first word says
// it; as JSON each check is there.
func (s *Server) readyz(w http.ResponseWriter, r *http.Request) {
	state, checks := s.checks(r.Context())
	status := http.StatusOK
	if state == stateDown {
		status = http.StatusServiceUnavailable
	}
	w.Header().Set("Cache-Control", "no-store")
	if strings.Contains(r.Header.Get("Accept"), "application/json") {
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

func (s *Server) checks(ctx context.Context) (state string, checks []check) {
	state = stateReady
	if s.ready.leaving() {
		state = stateDown
		checks = append(checks, check{"server", stateDown, "is stopping"})
	}
	database := check{Name: "database", Status: "ok"}
	if detail := s.probeDatabase(ctx); detail != "" {
		state = stateDown
		database.Status, database.Detail = stateDown, detail
	}
	checks = append(checks, database)
	problems := s.Policies.Problems()
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
func (s *Server) probeDatabase(ctx context.Context) string {
	p := s.ready.current(s.Config.Now(), func() error {
		err := s.db.Ready(s.stopping, s.Config.Now())
		if err != nil && s.stopping.Err() == nil {
			s.Config.Log.Error("the database takes no writes", "err", err)
		}
		return err
	})
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
