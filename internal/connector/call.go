package connector

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"net/http"
	"net/url"
	"sync"
	"time"

	"journeyman.dev/internal/limit"
	"journeyman.dev/internal/outbound"
)

// Caller sends requests.
type Caller interface {
	Do(ctx context.Context, r outbound.Request) (outbound.Response, error)
}

// The defaults of rest-and-connectors §1.7.
const (
	defaultTimeout  = 20 * time.Second
	defaultAttempts = 2
	defaultBreakFor = 30 * time.Second
	maxCached       = 10_000
)

// Request is a call of a connector.
type Request struct {
	Body          []byte // JSON
	CorrelationID string
	// CacheKey represents the sent claims; nil: the answer is neither read from the cache nor stored there.
	CacheKey []byte
	// Probe always calls the API: without cache, circuit breaker and second request.
	Probe bool
}

// Answer is the result of a call. Attempts, Duration and Host are set even with an error.
type Answer struct {
	Status   int
	Header   http.Header
	Body     []byte
	TLS      *tls.ConnectionState // nil for a cached answer
	Attempts int
	Duration time.Duration
	Host     string
	Cached   bool
	Hedged   bool // the answer is that of a second request
}

// state is shared by the calls of a connector.
type state struct {
	breaker *limit.Breaker // nil if there is none
	places  chan struct{}  // nil if there is no limit

	mu    sync.Mutex
	cache map[[32]byte]cached
}

type cached struct {
	answer  Answer
	expires time.Time
}

func newState(set Settings) *state {
	s := &state{}
	if set.BreakAfter > 0 {
		wait := set.BreakFor
		if wait == 0 {
			wait = defaultBreakFor
		}
		s.breaker = &limit.Breaker{After: set.BreakAfter, Wait: wait}
	}
	if set.MaxConcurrent > 0 {
		s.places = make(chan struct{}, set.MaxConcurrent)
	}
	if set.CacheFor > 0 {
		s.cache = make(map[[32]byte]cached)
	}
	return s
}

// Call calls a connector's API. The error is ErrNotFound, ErrNoCertificate, ErrBreakerOpen, ErrBusy, or one
// of package outbound's. An answer of any status is no error. The caller interprets the answer and stores a
// reusable one with [Service.Keep].
func (s *Service) Call(ctx context.Context, id string, q Request) (Connector, Answer, error) {
	r, ok := s.current()[fold(id)]
	if !ok {
		return Connector{}, Answer{}, ErrNotFound
	}
	host := ""
	if u, err := url.Parse(r.TargetURL); err == nil {
		host = u.Host
	}
	if !q.Probe {
		if a, ok := r.state.look(q.CacheKey, s.Now()); ok {
			return r.Connector, a, nil
		}
	}
	request, err := s.request(r, q)
	if err != nil {
		return r.Connector, Answer{Host: host}, err
	}
	response, hedged, err := s.send(ctx, r, request, q.Probe)
	return r.Connector, Answer{
		Status: response.Status, Header: response.Header, Body: response.Body, TLS: response.TLS,
		Attempts: response.Attempts, Duration: response.Duration, Host: host, Hedged: hedged,
	}, err
}

func (s *Service) request(r *running, q Request) (outbound.Request, error) {
	out := outbound.Request{
		Method: http.MethodPost, URL: r.TargetURL, Body: q.Body,
		Header:  http.Header{"Content-Type": {"application/json"}, "Accept": {"application/json"}},
		Timeout: firstOf(r.Settings.Timeout, s.Timeout, defaultTimeout), Attempts: firstOf(r.Settings.Attempts, s.Attempts, defaultAttempts),
	}
	if q.CorrelationID != "" {
		out.Header.Set("X-Correlation-Id", q.CorrelationID)
	}
	switch r.Auth.Kind {
	case Basic:
		out.Header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(r.Auth.Username+":"+r.Auth.Password)))
	case ClientCertificate:
		now := s.Now()
		active, ok := r.Auth.Active(now)
		if !ok {
			return out, ErrNoCertificate
		}
		for i := range r.Auth.Certificates {
			if &r.Auth.Certificates[i] == active {
				out.Certificate = r.certificates[i]
			}
		}
	}
	return out, nil
}

func firstOf[T comparable](values ...T) T {
	var zero T
	for _, v := range values {
		if v != zero {
			return v
		}
	}
	return zero
}

// send waits for a place and sends, through the circuit breaker.
func (s *Service) send(ctx context.Context, r *running, request outbound.Request, probe bool) (outbound.Response, bool, error) {
	if probe {
		request.Attempts = 1
		response, err := s.Caller.Do(ctx, request)
		return response, false, err
	}
	if r.state.places != nil {
		wait, cancel := context.WithTimeout(ctx, request.Timeout)
		defer cancel()
		select {
		case r.state.places <- struct{}{}:
			defer func() { <-r.state.places }()
		case <-wait.Done():
			return outbound.Response{}, false, ErrBusy
		}
	}
	if b := r.state.breaker; b != nil {
		if !b.Allow(s.Now()) {
			return outbound.Response{}, false, ErrBreakerOpen
		}
		v := limit.Unknown
		defer func() { b.Done(v, s.Now()) }()
		response, hedged, err := hedge(ctx, s.Caller, r.Settings.HedgeAfter, request)
		switch {
		case err == nil && response.Status < http.StatusInternalServerError:
			v = limit.Healthy
		case err == nil || ctx.Err() == nil:
			v = limit.Failing
		}
		return response, hedged, err
	}
	return hedge(ctx, s.Caller, r.Settings.HedgeAfter, request)
}

// hedge sends a second request if the first has no answer after a while. It returns the earlier answer and
// cancels the other request.
func hedge(ctx context.Context, caller Caller, after time.Duration, request outbound.Request) (outbound.Response, bool, error) {
	if after == 0 || after >= request.Timeout {
		response, err := caller.Do(ctx, request)
		return response, false, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	type result struct {
		response outbound.Response
		hedged   bool
		err      error
	}
	results := make(chan result, 2) // no sender waits for a caller that left
	send := func(hedged bool) {
		response, err := caller.Do(ctx, request)
		results <- result{response, hedged, err}
	}
	go send(false)
	timer := time.NewTimer(after)
	defer timer.Stop()
	for running := 1; ; {
		select {
		case <-timer.C:
			running++
			go send(true)
		case last := <-results:
			running--
			if last.err == nil || running == 0 {
				return last.response, last.hedged, last.err
			}
		}
	}
}

// cacheKey binds an answer to the sent claims.
func cacheKey(key []byte) [32]byte { return sha256.Sum256(key) }

func (s *state) look(key []byte, now time.Time) (Answer, bool) {
	if s.cache == nil || key == nil {
		return Answer{}, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	have, ok := s.cache[cacheKey(key)]
	if !ok || !now.Before(have.expires) {
		return Answer{}, false
	}
	return have.answer, true
}

// Keep stores an answer that let a journey continue, for the connector's time to live. Without a time to live
// it stores nothing.
func (s *Service) Keep(id string, key []byte, a Answer) {
	r, ok := s.current()[fold(id)]
	if !ok || r.state.cache == nil || key == nil || a.Cached {
		return
	}
	now := s.Now()
	a.Cached, a.TLS, a.Header, a.Attempts, a.Duration = true, nil, nil, 0, 0
	st := r.state
	st.mu.Lock()
	defer st.mu.Unlock()
	if len(st.cache) >= maxCached {
		for k, v := range st.cache {
			if !now.Before(v.expires) {
				delete(st.cache, k)
			}
		}
		if len(st.cache) >= maxCached {
			clear(st.cache)
		}
	}
	st.cache[cacheKey(key)] = cached{answer: a, expires: now.Add(r.Settings.CacheFor)}
}
