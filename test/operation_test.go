package test

import (
	"bytes"
	"context"
	"crypto/tls"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"

	"journeyman.dev/internal/mail/mailtest"
	"journeyman.dev/internal/server"
)

// record keeps what a server logs.
type record struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (r *record) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.Write(p)
}

func (r *record) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.String()
}

func (r *record) logger() *slog.Logger { return slog.New(slog.NewJSONHandler(r, nil)) }

// startRefused is the error with which a server doesn't start.
func startRefused(t *testing.T, c server.Config) string {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	srv, err := server.New(ctx, c)
	if err == nil {
		cancel()
		_ = srv.Run(ctx)
		t.Fatal("the server started")
	}
	return err.Error()
}

func TestADatabaseBelongsToOneTenant(t *testing.T) {
	t.Parallel()
	var config server.Config
	e := start(t, func(c *server.Config) { config = *c })
	e.stop()
	config.Tenant = "fabrikam.onmicrosoft.com"
	if got := startRefused(t, config); !strings.Contains(got, "belongs to the tenant "+tenant+", not fabrikam.onmicrosoft.com") {
		t.Error(got)
	}
	config.Tenant = strings.ToUpper(tenant)
	srv, err := server.New(t.Context(), config)
	if err != nil {
		t.Fatalf("the same name in other letters: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_ = srv.Run(ctx)
}

func TestATakenPortNamesItselfAndTheFlag(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	for flag, change := range map[string]func(*server.Config){
		"--listen":       func(c *server.Config) { c.Listen = l.Addr().String() },
		"--admin-listen": func(c *server.Config) { c.AdminListen = l.Addr().String() },
	} {
		c := serverConfig(t.TempDir(), "")
		c.Log = slog.New(slog.DiscardHandler)
		change(&c)
		if got := startRefused(t, c); !strings.Contains(got, "port "+port+" is taken by another program; choose another with "+flag) {
			t.Errorf("%s: %s", flag, got)
		}
	}
}

func TestListenersTakeTheSuitesOfB2CsList(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	for _, suite := range []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256, tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384} {
		for _, address := range []string{e.srv.URL(), e.srv.AdminURL()} {
			conn, err := tls.Dial("tcp", strings.TrimPrefix(address, "https://"), &tls.Config{RootCAs: e.caPool, MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{suite}})
			if err != nil {
				t.Errorf("%s at %s: %v", tls.CipherSuiteName(suite), address, err)
				continue
			}
			_ = conn.Close()
		}
	}
}

func TestWithoutAMailServerTheStartSaysWhatWillFail(t *testing.T) {
	t.Parallel()
	var log record
	start(t, func(c *server.Config) { c.Development, c.AdminToken, c.Log = false, "", log.logger() })
	if !strings.Contains(log.String(), "no mail server is set (--smtp-url)") {
		t.Error(log.String())
	}
}

func TestACodeThatCannotBeMailedIsLoggedWithItsCause(t *testing.T) {
	t.Parallel()
	var log record
	server1 := mailtest.Start(t, map[string]string{"RCPT": "550 5.1.1 <emily@example.com> mailbox is full"})
	e := start(t, func(c *server.Config) { c.SMTP, c.Log = server1.URL, log.logger() })
	u := e.user()
	u.authorize(e.flow("signup", "signUpOrSignIn"), nil)
	u.navigate("/api/CombinedSigninAndSignup/unified?local=signup")
	r := u.post(map[string][]string{"request_type": {"VERIFICATION_REQUEST"}, "claim_id": {"email"}, "claim_value": {"emily@example.com"}})
	if r.ErrorCode != "AADB2C90161" && r.Status == "200" {
		t.Errorf("the page says %+v", r)
	}
	got := log.String()
	if !strings.Contains(got, "a verification code can't be mailed") || !strings.Contains(got, "mailbox is full") || strings.Contains(got, "emily@example.com") {
		t.Error(got)
	}
}
