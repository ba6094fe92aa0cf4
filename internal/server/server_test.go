package server_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"journeyman.dev/internal/directory"
	"journeyman.dev/internal/server"
	"journeyman.dev/internal/settings"
)

// config is for a server on free ports, with cheap passwords.
func config(t *testing.T) server.Config {
	t.Helper()
	return server.Config{
		Server: settings.Server{
			Storage: settings.Storage{Data: t.TempDir()}, Tenant: "contoso.onmicrosoft.com",
			Listen: "127.0.0.1:0", AdminListen: "127.0.0.1:0", AdminToken: "short", Development: true, DatabaseTimeout: time.Minute,
		},
		PasswordCost: directory.Cost{Memory: 64, Time: 1, Threads: 1}, Log: slog.New(slog.DiscardHandler),
	}
}

// run starts a server; the end of the test stops it.
func run(t *testing.T, c server.Config) *server.Server {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	s, err := server.New(ctx, c)
	if err != nil {
		stop()
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("the stop: %v", err)
		}
	})
	return s
}

func client(t *testing.T, s *server.Server) *http.Client {
	t.Helper()
	authority, err := os.ReadFile(s.CAFile)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(authority)
	c := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}}
	t.Cleanup(c.CloseIdleConnections)
	return c
}

func TestTheListenersAnswerAtTheirAddresses(t *testing.T) {
	t.Parallel()
	s := run(t, config(t))
	c := client(t, s)
	for _, want := range []struct {
		method, address string
		status          int
		text            string
	}{
		{"GET", s.URL() + "/", 200, "Sign-in service"},
		{"GET", s.URL() + "/healthz", 200, "ok"},
		{"GET", s.URL() + "/favicon.ico", 204, ""},
		{"GET", s.URL() + "/readyz", 404, "nothing at this address"},
		{"GET", s.URL() + "/outbox", 404, "nothing at this address"},
		{"GET", s.URL() + "/contoso.onmicrosoft.com/B2C_1A_a/oauth2/v2.0/authorize?p=B2C_1A_b", 400, "two different policies"},
		{"GET", s.AdminURL() + "/", 200, "Admin listener"},
		{"GET", s.AdminURL() + "/healthz", 200, "ok"},
		{"GET", s.AdminURL() + "/readyz", 200, "ready"},
		{"GET", s.AdminURL() + "/outbox", 200, "Nothing yet."},
		{"GET", s.AdminURL() + "/outbox.json", 200, "[]"},
		{"GET", s.AdminURL() + "/nothing", 404, "The admin API is at"},
		{"GET", s.AdminURL() + "/graph/v1.0/users", 401, ""},
		{"POST", s.AdminURL() + "/fabrikam.onmicrosoft.com/oauth2/v2.0/token", 400, "AADSTS90002"},
	} {
		req, err := http.NewRequestWithContext(t.Context(), want.method, want.address, nil)
		if err != nil {
			t.Fatal(err)
		}
		res, err := c.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if res.StatusCode != want.status || !strings.Contains(string(body), want.text) {
			t.Errorf("%s %s: %d %.300s", want.method, want.address, res.StatusCode, body)
		}
	}
}

func TestWhatCannotBeRunWithIsRefusedBeforeAnythingIsMade(t *testing.T) {
	t.Parallel()
	c := config(t)
	c.Data = filepath.Join(c.Data, "new")
	c.AdminListen, c.Listen = "127.0.0.1:9", "127.0.0.1:9"
	if _, err := server.New(t.Context(), c); err == nil || !strings.Contains(err.Error(), "are both at port 9") {
		t.Error(err)
	}
	if _, err := os.Stat(c.Data); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the folder was made: %v", err)
	}
}

func TestResealingCountsTheKeySets(t *testing.T) {
	t.Parallel()
	c := config(t)
	s := run(t, c)
	if err := s.EnsureKeys(t.Context()); err != nil {
		t.Fatal(err)
	}
	if done, err := server.Reseal(t.Context(), c.Storage); err != nil || len(done) != 2 || done[0].All != 2 || done[0].Count != 0 {
		t.Errorf("%+v, %v", done, err)
	}
}
