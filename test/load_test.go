package test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"journeyman.dev/internal/server"
)

// gate is an API that holds requests until it is opened.
type gate struct {
	arrived chan struct{} // one for each request
	open    chan struct{}
	inside  atomic.Int64
	most    atomic.Int64
}

func newGate(a *scriptedAPI) *gate {
	g := &gate{arrived: make(chan struct{}, 1000), open: make(chan struct{})}
	a.handle(func(w http.ResponseWriter, r *http.Request) {
		now := g.inside.Add(1)
		defer g.inside.Add(-1)
		for most := g.most.Load(); now > most && !g.most.CompareAndSwap(most, now); most = g.most.Load() {
		}
		g.arrived <- struct{}{}
		select {
		case <-g.open:
			_, _ = io.WriteString(w, `{"answer":"yes","balance":"760.50"}`)
		case <-r.Context().Done():
		}
	})
	return g
}

// await waits until n requests have arrived.
func (g *gate) await(t *testing.T, n int) {
	t.Helper()
	late := time.NewTimer(2 * time.Minute) // a bug elsewhere: nobody comes
	defer late.Stop()
	for i := range n {
		select {
		case <-g.arrived:
		case <-late.C:
			t.Fatalf("%d of %d requests arrived", i, n)
		}
	}
}

// slowPolicy calls the API without a page.
func (e *env) slowPolicy() string {
	return e.own(restPolicy{}.extension(e.api.server.URL), relyingParty("J", "", "got"))
}

// begin sends an authorize request in the background; the channel gives the address
// that the application was called at, nil when there was no answer.
func (u *user) begin(ctx context.Context, policy string) <-chan *url.URL {
	got := make(chan *url.URL, 1)
	u.verifier = strings.Repeat("v", 50)
	q := url.Values{"client_id": {u.e.spa.AppID}, "redirect_uri": {spaRedirect}, "response_type": {"code"}, "scope": {"openid"},
		"code_challenge": {challenge(u.verifier)}, "code_challenge_method": {"S256"}}
	go func() {
		defer close(got)
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.e.base+"/"+tenant+"/"+policy+"/oauth2/v2.0/authorize?"+q.Encode(), nil)
		if err != nil {
			u.t.Error(err)
			return
		}
		res, err := u.http.Do(req)
		if err != nil {
			return
		}
		_, _ = io.Copy(io.Discard, res.Body)
		_ = res.Body.Close()
		if at, err := res.Location(); err == nil {
			got <- at
		}
	}()
	return got
}

// onBoth runs a test on a server with either database.
func onBoth(t *testing.T, change func(*server.Config), test func(t *testing.T, e *env)) {
	for name, database := range databases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			on := database(t)
			test(t, start(t, func(c *server.Config) {
				on(c)
				if change != nil {
					change(c)
				}
			}))
		})
	}
}

// 64 sign-ins hang in an API: they hold no lock, no transaction and no connection that
// another sign-in needs.
func TestASlowAPILeavesOtherPoliciesAlone(t *testing.T) {
	t.Parallel()
	onBoth(t, nil, func(t *testing.T, e *env) {
		policy := e.slowPolicy()
		e.user().ownSignUp("ada@example.com")
		slow := newGate(e.api)
		var waiting []<-chan *url.URL
		for range 64 {
			waiting = append(waiting, e.user().begin(t.Context(), policy))
		}
		slow.await(t, len(waiting))
		// The policy that signs up calls another API.
		quick := newAPI(t)
		other := e.own(restPolicy{}.extension(quick.server.URL), relyingParty("J", "", "got"))
		quick.respond(200, `{"answer":"quick"}`)
		u := e.user()
		u.authorize(other, nil)
		if _, payload := decode(t, u.redeem(other).IDToken); payload["got"] != "quick" {
			t.Errorf("payload = %v", payload)
		}
		u = e.user()
		u.authorize(ownSignIn, nil)
		if r := u.submit(map[string]string{"signInName": "ada@example.com", "password": "wrong"}); r.ErrorCode == "" {
			t.Errorf("a page was not answered: %+v", r)
		}
		if status, _ := e.graph("admin-token", "GET", "v1.0/users", nil); status != 200 {
			t.Errorf("the admin API: %d", status)
		}
		close(slow.open)
		for _, w := range waiting {
			if at := <-w; at == nil || at.Query().Get("code") == "" {
				t.Errorf("a sign-in that waited ended at %v", at)
			}
		}
	})
}

// What hangs is bounded: by calls under way and calls that wait, for each host.
func TestCallsToOneAPIAreBounded(t *testing.T) {
	t.Parallel()
	e := start(t, func(c *server.Config) { c.OutboundPerHost = 8 })
	policy := e.slowPolicy()
	slow := newGate(e.api)
	var waiting []<-chan *url.URL
	for range 64 {
		waiting = append(waiting, e.user().begin(t.Context(), policy))
	}
	results := make(chan *url.URL)
	for _, w := range waiting {
		go func() { results <- <-w }()
	}
	// 8 are in the API and 8 wait; all others are told at once.
	for range 64 - 16 {
		at := <-results
		if at == nil || at.Query().Get("error") != "server_error" || !strings.Contains(at.Query().Get("error_description"), "Correlation ID: ") {
			t.Errorf("a call beyond the bound ended at %v", at)
		}
	}
	close(slow.open)
	for range 16 {
		if at := <-results; at == nil || at.Query().Get("code") == "" {
			t.Errorf("a call within the bound ended at %v", at)
		}
	}
	if most := slow.most.Load(); most > 8 {
		t.Errorf("%d calls were in the API at a time", most)
	}
}

// Sign-ins that hung leave nothing behind.
func TestHangingSignInsLeaveNoMemoryBehind(t *testing.T) {
	e := start(t, func(c *server.Config) { c.RESTAttempts = 1 })
	policy := e.slowPolicy()
	held := func() (goroutines int, heap uint64) {
		e.srv.Outbound.Close()
		var m runtime.MemStats
		for range 3 {
			runtime.GC()
		}
		runtime.ReadMemStats(&m)
		return runtime.NumGoroutine(), m.HeapAlloc
	}
	round := func() (during uint64) {
		slow := newGate(e.api)
		var waiting []<-chan *url.URL
		users := make([]*user, 64)
		for i := range users {
			users[i] = e.user()
			waiting = append(waiting, users[i].begin(t.Context(), policy))
		}
		slow.await(t, len(waiting))
		_, during = held()
		close(slow.open)
		for i, w := range waiting {
			<-w
			users[i].http.CloseIdleConnections()
		}
		return during
	}
	round() // pools and caches are filled once
	goroutines, heap := held()
	during := round()
	// A sign-in that hangs costs this process well under a megabyte, client and API included.
	if during > heap+64<<20 {
		t.Errorf("64 hanging sign-ins take %d MB", (during-heap)>>20)
	}
	for range 1000 {
		if now, _ := held(); now <= goroutines+16 {
			return
		}
	}
	after, _ := held()
	t.Errorf("%d goroutines before, %d after", goroutines, after)
}

// A browser that reloads drops its first request: the step runs to its end all the
// same, and once.
func TestAnAbandonedNavigationRunsItsStepOnce(t *testing.T) {
	t.Parallel()
	onBoth(t, nil, func(t *testing.T, e *env) {
		e.upload(enriched(t, e.api.server.URL+"/api/GetProfile"))
		e.user().signUp(signUpSignIn, "emily@example.com")
		e.api.take()
		u := e.user()
		u.authorize(signUpSignIn, nil)
		if r := u.submit(map[string]string{"signInName": "emily@example.com", "password": password}); r.Status != "200" {
			t.Fatalf("%+v", r)
		}
		slow := newGate(e.api)
		confirmed := u.path("/api/CombinedSigninAndSignup/confirmed?rememberMe=false") + "&csrf_token=" + url.QueryEscape(u.settings.CSRF)
		ctx, cancel := context.WithCancel(t.Context())
		gone := make(chan error, 1)
		go func() {
			req, err := http.NewRequestWithContext(ctx, http.MethodGet, confirmed, nil)
			if err == nil {
				_, err = u.http.Do(req)
			}
			gone <- err
		}()
		slow.await(t, 1)
		cancel()
		if err := <-gone; !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		close(slow.open)
		u.get(confirmed)
		u.redeem(signUpSignIn)
		if calls := e.api.take(); len(calls) != 1 {
			t.Errorf("%d calls of the API, want 1", len(calls))
		}
	})
}

// refusesConnections waits until a server takes nobody any more.
func refusesConnections(t *testing.T, address string) {
	t.Helper()
	at, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	for range 100_000 {
		conn, err := net.Dial("tcp", at.Host)
		if err != nil {
			return
		}
		_ = conn.Close()
	}
	t.Fatal("the server still listens")
}

// SIGTERM lets requests under way finish, takes no others, and ends within its limit
// also when an API hangs.
func TestSIGTERMDrains(t *testing.T) {
	t.Parallel()
	for name, hangs := range map[string]bool{"the API answers in time": false, "the API hangs": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var config childConfig
			e := start(t, func(s *server.Config) {
				config = childConfig{Data: s.Data, Database: s.Database, OutboundCA: s.OutboundCA, Shutdown: time.Minute}
			})
			policy := e.slowPolicy()
			e.stop()
			if hangs {
				config.Shutdown = 8 * time.Second
			}
			c := startChild(t, config)
			defer c.kill()
			e.base = c.public
			slow := newGate(e.api)
			var waiting []<-chan *url.URL
			for range 32 {
				waiting = append(waiting, e.user().begin(t.Context(), policy))
			}
			slow.await(t, len(waiting))
			if err := c.process.Process.Signal(syscall.SIGTERM); err != nil {
				t.Fatal(err)
			}
			refusesConnections(t, c.public)
			if !hangs {
				close(slow.open)
			}
			for _, w := range waiting {
				at := <-w
				switch {
				case at == nil:
					t.Error("a request under way got no answer")
				case !hangs && at.Query().Get("code") == "":
					t.Errorf("a request under way ended at %v", at)
				case hangs && at.Query().Get("error") != "server_error":
					t.Errorf("a request in a hanging API ended at %v", at)
				}
			}
			var ended sync.WaitGroup
			ended.Go(func() {
				if err := c.process.Wait(); err != nil {
					t.Errorf("the server ended with %v", err)
				}
			})
			ended.Wait()
		})
	}
}
