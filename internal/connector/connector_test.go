package connector_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"journeyman.dev/internal/connector"
	"journeyman.dev/internal/outbound"
	"journeyman.dev/internal/seal"
)

// memory is a Store.
type memory struct {
	mu   sync.Mutex
	rows map[string]connector.Stored
}

func (m *memory) LoadConnectors(context.Context) ([]connector.Stored, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var list []connector.Stored
	for _, r := range m.rows {
		list = append(list, r)
	}
	return list, nil
}

func (m *memory) PutConnector(_ context.Context, c connector.Stored) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.rows[c.ID].Version != c.Version-1 {
		return connector.ErrConflict
	}
	if m.rows == nil {
		m.rows = make(map[string]connector.Stored)
	}
	m.rows[c.ID] = c
	return nil
}

func (m *memory) DeleteConnector(_ context.Context, id string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.rows, id)
	return nil
}

// caller answers calls and records the requests.
type caller struct {
	mu     sync.Mutex
	calls  []outbound.Request
	answer func(ctx context.Context, n int) (outbound.Response, error)
}

func (c *caller) Do(ctx context.Context, r outbound.Request) (outbound.Response, error) {
	c.mu.Lock()
	c.calls = append(c.calls, r)
	n := len(c.calls)
	c.mu.Unlock()
	return c.answer(ctx, n)
}

func (c *caller) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.calls)
}

func ok(context.Context, int) (outbound.Response, error) {
	return outbound.Response{Status: http.StatusOK, Body: []byte(`{}`), Attempts: 1}, nil
}

// service makes a Service with one Basic connector.
func service(t *testing.T, set connector.Settings, c *caller) (*connector.Service, string) {
	t.Helper()
	sealer, err := seal.New(make([]byte, seal.MasterKeySize))
	if err != nil {
		t.Fatal(err)
	}
	s := &connector.Service{Store: &memory{}, Sealer: sealer, Caller: c, Now: time.Now}
	if err := s.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	made, err := s.Create(t.Context(), connector.Connector{
		DisplayName: "API", TargetURL: "https://api.example/?code=a", Settings: set,
		Auth: connector.Authentication{Kind: connector.Basic, Username: "u", Password: "p"},
	})
	if err != nil {
		t.Fatal(err)
	}
	return s, made.ID
}

func call(s *connector.Service, id, key string) (connector.Answer, error) {
	_, a, err := s.Call(context.Background(), id, connector.Request{Body: []byte(`{}`), CacheKey: []byte(key)})
	if err == nil && a.Status == http.StatusOK {
		s.Keep(id, []byte(key), a)
	}
	return a, err
}

func TestAnswersAreKeptForTheirTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &caller{answer: ok}
		s, id := service(t, connector.Settings{CacheFor: time.Minute}, c)
		for i, step := range []struct {
			key    string
			wait   time.Duration
			calls  int
			cached bool
		}{
			{"a", 0, 1, false}, {"a", 59 * time.Second, 1, true}, {"b", 0, 2, false}, {"a", time.Second, 3, false}, {"a", 0, 3, true},
		} {
			time.Sleep(step.wait) // virtual
			a, err := call(s, id, step.key)
			if err != nil || c.count() != step.calls || a.Cached != step.cached {
				t.Errorf("step %d: %d calls, cached %v, %v; want %d, %v", i, c.count(), a.Cached, err, step.calls, step.cached)
			}
		}
		if _, a, err := s.Call(t.Context(), id, connector.Request{CacheKey: []byte("a"), Probe: true}); err != nil || a.Cached {
			t.Error("a dry run took a kept answer")
		}
	})
}

func TestWithoutSettingsNothingIsKept(t *testing.T) {
	t.Parallel()
	c := &caller{answer: ok}
	s, id := service(t, connector.Settings{}, c)
	for range 3 {
		if a, err := call(s, id, "a"); err != nil || a.Cached {
			t.Errorf("%+v %v", a, err)
		}
	}
	if r := c.calls[0]; c.count() != 3 || r.Timeout != 20*time.Second || r.Attempts != 2 || r.Header.Get("Authorization") != "Basic dTpw" || r.URL != "https://api.example/?code=a" {
		t.Errorf("%d calls, %+v", c.count(), r)
	}
}

func TestTheCircuitBreakerOpensTriesAndCloses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ill := true
		c := &caller{answer: func(ctx context.Context, _ int) (outbound.Response, error) {
			if ill {
				return outbound.Response{}, outbound.ErrTimeout
			}
			return ok(ctx, 0)
		}}
		s, id := service(t, connector.Settings{BreakAfter: 3, BreakFor: 30 * time.Second}, c)
		for range 3 {
			if _, err := call(s, id, ""); !errors.Is(err, outbound.ErrTimeout) {
				t.Errorf("closed: %v", err)
			}
		}
		if _, err := call(s, id, ""); !errors.Is(err, connector.ErrBreakerOpen) || c.count() != 3 {
			t.Errorf("open: %v, %d calls", err, c.count())
		}
		time.Sleep(30 * time.Second)
		if _, err := call(s, id, ""); !errors.Is(err, outbound.ErrTimeout) {
			t.Errorf("the one that tries: %v", err)
		}
		if _, err := call(s, id, ""); !errors.Is(err, connector.ErrBreakerOpen) {
			t.Errorf("open again: %v", err)
		}
		time.Sleep(30 * time.Second)
		ill = false
		for range 2 {
			if _, err := call(s, id, ""); err != nil {
				t.Errorf("closed again: %v", err)
			}
		}
	})
}

func TestAUserWhoLeavesDoesNotOpenTheBreaker(t *testing.T) {
	t.Parallel()
	c := &caller{answer: func(ctx context.Context, _ int) (outbound.Response, error) {
		return outbound.Response{}, fmt.Errorf("%w: %w", outbound.ErrIncomplete, ctx.Err())
	}}
	s, id := service(t, connector.Settings{BreakAfter: 1}, c)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	for range 2 {
		if _, _, err := s.Call(gone, id, connector.Request{}); errors.Is(err, connector.ErrBreakerOpen) {
			t.Error("the breaker is open")
		}
	}
}

func TestASecondRequestOvertakesASlowOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &caller{}
		c.answer = func(ctx context.Context, n int) (outbound.Response, error) {
			if n == 1 {
				<-ctx.Done() // cancelled when the second has answered
				return outbound.Response{}, ctx.Err()
			}
			return ok(ctx, n)
		}
		s, id := service(t, connector.Settings{HedgeAfter: 200 * time.Millisecond}, c)
		began := time.Now()
		a, err := call(s, id, "")
		if err != nil || !a.Hedged || time.Since(began) != 200*time.Millisecond {
			t.Errorf("%+v %v after %v", a, err, time.Since(began))
		}
		synctest.Wait()
		c.answer = ok
		if a, err := call(s, id, ""); err != nil || a.Hedged || c.count() != 3 {
			t.Errorf("a quick answer: %+v %v, %d calls", a, err, c.count())
		}
	})
}

func TestBothRequestsMayFail(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &caller{answer: func(context.Context, int) (outbound.Response, error) {
			time.Sleep(time.Second)
			return outbound.Response{}, outbound.ErrUnreachable
		}}
		s, id := service(t, connector.Settings{HedgeAfter: 200 * time.Millisecond}, c)
		if _, err := call(s, id, ""); !errors.Is(err, outbound.ErrUnreachable) || c.count() != 2 {
			t.Errorf("%v, %d calls", err, c.count())
		}
	})
}

func TestCallsWaitForTheirPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		running, most, busy := 0, 0, 0
		c := &caller{answer: func(ctx context.Context, n int) (outbound.Response, error) {
			mu.Lock()
			running++
			most = max(most, running)
			mu.Unlock()
			time.Sleep(5 * time.Second)
			mu.Lock()
			running--
			mu.Unlock()
			return ok(ctx, n)
		}}
		s, id := service(t, connector.Settings{MaxConcurrent: 2, Timeout: 12 * time.Second}, c)
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				if _, err := call(s, id, ""); errors.Is(err, connector.ErrBusy) {
					mu.Lock()
					busy++
					mu.Unlock()
				}
			})
		}
		all.Wait()
		if most != 2 || busy != 2 {
			t.Errorf("%d at a time, %d gave up; want 2 and 2", most, busy)
		}
	})
}

// certificate makes a certificate with its key for a time.
func certificate(t *testing.T, from, to time.Time) ([][]byte, []byte) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "client"}, NotBefore: from, NotAfter: to}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return [][]byte{der}, private
}

func TestTheCertificateUploadedLastThatIsValidIsPresented(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
	c := &caller{answer: ok}
	s, _ := service(t, connector.Settings{}, c)
	s.Now = func() time.Time { return now }
	day := 24 * time.Hour
	var uploads []connector.Certificate
	for _, span := range [][2]time.Duration{{-day, 30 * day}, {-2 * day, 20 * day}, {5 * day, 40 * day}} {
		chain, private := certificate(t, now.Add(span[0]), now.Add(span[1]))
		s.Decode = func([]byte, string) ([][]byte, []byte, error) { return chain, private, nil }
		one, err := s.Certificate(nil, "")
		if err != nil {
			t.Fatal(err)
		}
		uploads = append(uploads, one)
	}
	made, err := s.Create(t.Context(), connector.Connector{DisplayName: "API", TargetURL: "https://api.example/",
		Auth: connector.Authentication{Kind: connector.ClientCertificate, Certificates: uploads[:1]}})
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range uploads[1:] {
		if _, err := s.AddCertificate(t.Context(), made.ID, one); err != nil {
			t.Fatal(err)
		}
	}
	for _, step := range []struct {
		at   time.Duration
		want int // upload; -1: none
	}{{0, 1}, {5 * day, 2}, {25 * day, 2}, {41 * day, -1}} {
		s.Now = func() time.Time { return now.Add(step.at) }
		_, err := call(s, made.ID, "")
		if step.want < 0 {
			if !errors.Is(err, connector.ErrNoCertificate) {
				t.Errorf("after %v: %v", step.at, err)
			}
			continue
		}
		last := c.calls[len(c.calls)-1]
		if err != nil || last.Certificate == nil || string(last.Certificate.Certificate[0]) != string(uploads[step.want].Chain[0]) {
			t.Errorf("after %v: another certificate, %v", step.at, err)
		}
	}
	chain, private := certificate(t, now.Add(-2*day), now.Add(-day))
	s.Now = func() time.Time { return now }
	s.Decode = func([]byte, string) ([][]byte, []byte, error) { return chain, private, nil }
	if _, err := s.Certificate(nil, ""); !errors.Is(err, connector.ErrInvalid) {
		t.Errorf("an expired certificate was taken: %v", err)
	}
}

func TestSecretsRestSealedAndNodesSeeEachOther(t *testing.T) {
	t.Parallel()
	c := &caller{answer: ok}
	s, id := service(t, connector.Settings{}, c)
	rows, _ := s.Store.LoadConnectors(t.Context())
	if len(rows) != 1 || strings.Contains(string(rows[0].Data), "password") || strings.Contains(string(rows[0].Data), "api.example") {
		t.Errorf("stored in the clear: %q", rows[0].Data)
	}
	other := &connector.Service{Store: s.Store, Sealer: s.Sealer, Caller: c, Now: time.Now}
	if err := other.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := other.Update(t.Context(), id, func(c *connector.Connector) error { c.DisplayName = "New"; return nil }); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Update(t.Context(), id, func(c *connector.Connector) error { c.DisplayName = "Old"; return nil }); !errors.Is(err, connector.ErrConflict) {
		t.Errorf("a change over another's: %v", err)
	}
	if err := s.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	if have, err := s.Get(id); err != nil || have.DisplayName != "New" || have.Auth.Password != "p" {
		t.Errorf("%+v %v", have, err)
	}
	if err := s.Delete(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	if _, err := call(s, id, ""); !errors.Is(err, connector.ErrNotFound) {
		t.Errorf("after deleting: %v", err)
	}
}

func TestWhatAConnectorMustNotBe(t *testing.T) {
	t.Parallel()
	good := connector.Connector{DisplayName: "API", TargetURL: "https://api.example/a?code=1", Auth: connector.Authentication{Kind: connector.Basic, Username: "u", Password: "p"}}
	if err := good.Check(); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*connector.Connector){
		"no name": func(c *connector.Connector) { c.DisplayName = " " }, "http": func(c *connector.Connector) { c.TargetURL = "http://api.example/" },
		"relative": func(c *connector.Connector) { c.TargetURL = "/a" }, "credentials": func(c *connector.Connector) { c.TargetURL = "https://u:p@api.example/" },
		"fragment": func(c *connector.Connector) { c.TargetURL = "https://api.example/#a" }, "no authentication": func(c *connector.Connector) { c.Auth = connector.Authentication{} },
		"no password": func(c *connector.Connector) { c.Auth.Password = "" }, "colon": func(c *connector.Connector) { c.Auth.Username = "a:b" },
		"no certificate": func(c *connector.Connector) { c.Auth = connector.Authentication{Kind: connector.ClientCertificate} },
		"contract":       func(c *connector.Connector) { c.Settings.Contract = "other" }, "timeout": func(c *connector.Connector) { c.Settings.Timeout = time.Hour },
		"attempts": func(c *connector.Connector) { c.Settings.Attempts = 9 }, "cache": func(c *connector.Connector) { c.Settings.CacheFor = -1 },
	} {
		c := good
		change(&c)
		if err := c.Check(); !errors.Is(err, connector.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
