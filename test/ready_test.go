package test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"journeyman.dev/internal/live"
	"journeyman.dev/internal/server"
	"journeyman.dev/internal/store"
	"journeyman.dev/internal/store/storetest"
	"journeyman.dev/internal/vault"
)

// readiness is what /readyz answers as JSON.
type readiness struct {
	code   int
	Status string
	Checks []struct{ Name, Status, Detail string }
}

func (e *env) ready(t *testing.T) (r readiness) {
	t.Helper()
	req, err := http.NewRequest(http.MethodGet, e.srv.AdminURL()+"/readyz", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Accept", "application/json")
	res, err := e.client(nil).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	r.code = res.StatusCode
	if err := json.NewDecoder(res.Body).Decode(&r); err != nil {
		t.Fatal(err)
	}
	return r
}

func (r readiness) has(name, detail string) bool {
	return slices.ContainsFunc(r.Checks, func(c struct{ Name, Status, Detail string }) bool {
		return c.Name == name && c.Status != "ok" && strings.Contains(c.Detail, detail)
	})
}

// Readiness names what a policy lacks, and the rest is served.
func TestReadinessNamesBrokenPolicies(t *testing.T) {
	t.Parallel()
	for name, change := range databases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address := ""
			e := start(t, func(c *server.Config) {
				change(t)(c)
				address = c.Database
			})
			e.upload(enriched(t, e.api.server.URL+"/api/GetProfile"))
			res, err := e.client(nil).Get(e.srv.AdminURL() + "/readyz")
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(res.Body)
			_ = res.Body.Close()
			if err != nil || res.StatusCode != http.StatusOK || string(body) != "ready\n" {
				t.Fatalf("%d %q %v", res.StatusCode, body, err)
			}
			if err := e.srv.Keys.Delete(t.Context(), "B2C_1A_TokenSigningKeyContainer"); err != nil {
				t.Fatal(err)
			}
			if r := e.ready(t); r.code != http.StatusOK || r.Status != "degraded" || !r.has("policy "+signUpSignIn, "TokenSigningKeyContainer") {
				t.Errorf("without a key set: %+v", r)
			}
			e.keys()
			if r := e.ready(t); r.code != http.StatusOK || r.Status != "ready" {
				t.Errorf("with it again: %+v", r)
			}
			// A policy that doesn't compile any more, as after an upgrade.
			db, err := store.Open(t.Context(), address)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = db.Close() })
			broken := `<TrustFrameworkPolicy xmlns="http://schemas.microsoft.com/online/cpim/schemas/2013/06" PolicySchemaVersion="0.3.0.0" TenantId="` + tenant + `" PolicyId="B2C_1A_Broken" PublicPolicyUri="http://x"><Nonsense /></TrustFrameworkPolicy>`
			if err := (store.Policies{DB: db}).Put(t.Context(), []live.Policy{{ID: "B2C_1A_Broken", XML: []byte(broken), Updated: time.Now()}}, live.Serving{At: time.Now()}); err != nil {
				t.Fatal(err)
			}
			if err := e.srv.Sync(t.Context()); err != nil {
				t.Fatal(err)
			}
			if r := e.ready(t); r.code != http.StatusOK || r.Status != "degraded" || !r.has("policy B2C_1A_Broken", "JM") {
				t.Errorf("with a broken policy: %+v", r)
			}
			e.user().signUp(signUpSignIn, "emily@example.com")
		})
	}
}

// between is a line to a server that can go dead: connections stay, and nothing comes.
type between struct {
	mu   sync.Mutex
	dead chan struct{}
}

// line forwards connections to a socket, until it is dead.
func line(t *testing.T, network, address string) (*between, string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b := &between{dead: make(chan struct{})}
	t.Cleanup(func() { _ = l.Close() })
	forward := func(to, from net.Conn) {
		buffer := make([]byte, 32<<10)
		for {
			n, err := from.Read(buffer)
			select {
			case <-b.cut():
				<-t.Context().Done()
				_ = to.Close()
				return
			default:
			}
			if n > 0 {
				_, _ = to.Write(buffer[:n])
			}
			if err != nil {
				_ = to.Close()
				return
			}
		}
	}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			s, err := net.Dial(network, address)
			if err != nil {
				_ = c.Close()
				continue
			}
			go forward(s, c)
			go forward(c, s)
		}
	}()
	return b, l.Addr().String()
}

func (b *between) cut() chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.dead
}

// repair makes the line alive for what comes from now on.
func (b *between) repair() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.dead = make(chan struct{})
}

// Readiness reports a database that hangs within seconds, also when all of its connections wait.
func TestAHangingDatabaseIsAnsweredFor(t *testing.T) {
	t.Parallel()
	u, err := url.Parse(storetest.Postgres(t))
	if err != nil {
		t.Fatal(err)
	}
	b, address := line(t, "unix", filepath.Join(u.Query().Get("host"), ".s.PGSQL.5432"))
	e := start(t, func(c *server.Config) {
		c.Database = "postgres://journeyman@" + address + u.Path + "?sslmode=disable"
		c.DatabaseTimeout = 2 * time.Second
		c.Log = slog.New(slog.DiscardHandler) // it has much to say
	})
	e.upload(enriched(t, e.api.server.URL+"/api/GetProfile"))
	if r := e.ready(t); r.code != http.StatusOK {
		t.Fatalf("%+v", r)
	}
	close(b.cut())
	e.srv.Apps.Forget()
	begun := time.Now()
	var all sync.WaitGroup
	for range 60 { // more than there are connections
		all.Go(func() {
			ctx, cancel := context.WithTimeout(t.Context(), 40*time.Second)
			defer cancel()
			req, err := http.NewRequestWithContext(ctx, http.MethodGet, e.authorizeURL(signUpSignIn, "en"), nil)
			if err != nil {
				t.Error(err)
				return
			}
			res, err := e.client(nil).Do(req)
			if err != nil {
				t.Errorf("authorize: %v", err)
				return
			}
			_ = res.Body.Close()
			if res.StatusCode != http.StatusServiceUnavailable || res.Header.Get("Retry-After") == "" {
				t.Errorf("authorize: %d", res.StatusCode)
			}
		})
	}
	e.clock.advance(time.Minute)
	if r := e.ready(t); r.code != http.StatusServiceUnavailable || !r.has("database", "") {
		t.Errorf("%+v", r)
	}
	all.Wait()
	if took := time.Since(begun); took > 30*time.Second {
		t.Errorf("the answers took %v", took)
	}
	b.repair()
	deadline := time.Now().Add(time.Minute)
	for e.ready(t).code != http.StatusOK {
		if time.Now().After(deadline) {
			t.Fatal("the server is not ready again")
		}
		e.clock.advance(time.Second)
	}
	e.user().signUp(signUpSignIn, "emily@example.com")
}

// Readiness fails for a while before the listeners close, for load balancers.
func TestAStopIsToldBeforeItHappens(t *testing.T) {
	t.Parallel()
	e := start(t, func(c *server.Config) { c.ShutdownDelay = 10 * time.Second })
	e.upload(enriched(t, e.api.server.URL+"/api/GetProfile"))
	u := e.user()
	u.signUp(signUpSignIn, "emily@example.com")
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		e.stop()
	}()
	for e.ready(t).code != http.StatusServiceUnavailable {
		select {
		case <-stopped:
			t.Fatal("the server stopped and was ready all the time")
		default:
		}
	}
	if r := e.ready(t); !r.has("server", "stopping") {
		t.Errorf("%+v", r)
	}
	u = e.user()
	u.authorize(signUpSignIn, nil)
	u.pass(map[string]string{"signInName": "emily@example.com", "password": password})
	u.redeem(signUpSignIn)
	<-stopped
}

// A server whose database is gone doesn't begin anew as an empty tenant.
func TestAMissingDatabaseIsNoNewTenant(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	config := serverConfig(data, "")
	config.TLS = "off"
	path := filepath.Join(data, "journeyman.db")
	begin := func(change func(*server.Config)) error {
		t.Helper()
		c := config
		change(&c)
		ctx, cancel := context.WithCancel(t.Context())
		s, err := server.New(ctx, c)
		cancel()
		if err == nil {
			err = s.Run(ctx)
		}
		return err
	}
	same := func(*server.Config) {}
	// A first start that doesn't reach its database leaves nothing that the next trips over.
	if err := begin(func(c *server.Config) { c.Database = "postgres://nobody@127.0.0.1:1/none" }); err == nil {
		t.Error("a server started without a database")
	}
	for range 2 {
		if err := begin(same); err != nil {
			t.Fatal(err)
		}
	}
	gone, _ := filepath.Glob(path + "*")
	for _, name := range gone {
		if err := os.Remove(name); err != nil {
			t.Fatal(err)
		}
	}
	if err := begin(same); !errors.Is(err, vault.ErrNoTenant) {
		t.Errorf("a missing file: %v", err)
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the refused start left a database: %v", err)
	}
	empty := onPostgres(t)
	if err := begin(empty); !errors.Is(err, vault.ErrNoTenant) {
		t.Errorf("another database: %v", err)
	}
	if err := begin(func(c *server.Config) { c.Init = true }); err != nil {
		t.Errorf("with init: %v", err)
	}
	if err := begin(same); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

// A new key beside a tenant would open nothing of what is sealed there.
func TestATenantWithoutItsMasterKeyIsNotServed(t *testing.T) {
	t.Parallel()
	for name, database := range databases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			on, config := database(t), serverConfig(t.TempDir(), "")
			on(&config)
			config.TLS = "off"
			srv, err := server.New(t.Context(), config)
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			if err := srv.Run(ctx); err != nil {
				t.Fatal(err)
			}
			key := filepath.Join(config.Data, "master.key")
			if err := os.Remove(key); err != nil {
				t.Fatal(err)
			}
			for _, config.Init = range []bool{false, true} {
				if text := startRefused(t, config); !strings.Contains(text, key+" is missing") {
					t.Error(text)
				}
			}
			if _, err := os.Stat(key); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("the refused start left a key: %v", err)
			}
		})
	}
}
