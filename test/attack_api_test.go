package test

import (
	"bytes"
	"compress/gzip"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"journeyman.dev/internal/server"
)

// dripping answers one byte at a time, without end.
func dripping(w http.ResponseWriter, r *http.Request) {
	flush := http.NewResponseController(w)
	_, _ = io.WriteString(w, `{"answer":"`)
	for r.Context().Err() == nil {
		if _, err := io.WriteString(w, "x"); err != nil || flush.Flush() != nil {
			return
		}
		pause := time.NewTimer(5 * time.Millisecond)
		select {
		case <-pause.C:
		case <-r.Context().Done():
			pause.Stop()
		}
	}
}

// bomb is 200 MB of an answer in 200 kB of gzip.
var bomb = sync.OnceValue(func() []byte {
	var b bytes.Buffer
	z, _ := gzip.NewWriterLevel(&b, gzip.BestCompression)
	_, _ = io.WriteString(z, `{"answer":"`)
	chunk := bytes.Repeat([]byte("x"), 1<<20)
	for range 200 {
		_, _ = z.Write(chunk)
	}
	_, _ = io.WriteString(z, `"}`)
	_ = z.Close()
	return b.Bytes()
})

// Whatever an API answers, or doesn't, a sign-in ends in the documented error with a
// correlation id, in bounded time and memory; whoever else signs in doesn't notice.
func TestHostileAPIs(t *testing.T) {
	t.Parallel()
	api := newAPI(t)
	patient := startWith(t, api, func(c *server.Config) { c.RESTAttempts = 2 })
	hasty := startWith(t, api, func(c *server.Config) { c.RESTTimeout, c.RESTAttempts = 300*time.Millisecond, 2 })
	policy := patient.slowPolicy()
	hasty.slowPolicy()
	text := func(contentType, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", contentType)
			_, _ = io.WriteString(w, body)
		}
	}
	const unreadable, incomplete, failed = "AADB2C90261", "AADB2C90255", "AADB2C90075"
	tests := []struct {
		name   string
		answer http.HandlerFunc
		want   string // code of the error; "" for success
		calls  int    // -1: any
	}{
		{"10 MB", func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, `{"answer":"`)
			chunk := strings.Repeat("x", 1<<16)
			for range 160 {
				if _, err := io.WriteString(w, chunk); err != nil {
					return
				}
			}
			_, _ = io.WriteString(w, `"}`)
		}, unreadable, 1},
		{"10 MB of an error", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusConflict)
			_, _ = io.WriteString(w, `{"userMessage":"`+strings.Repeat("x", 10<<20)+`"}`)
		}, unreadable, 1},
		{"10 MB of headers", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Much", strings.Repeat("x", 10<<20))
			_, _ = io.WriteString(w, `{"answer":"yes"}`)
		}, failed, -1},
		{"a gzip bomb", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = w.Write(bomb())
		}, unreadable, 1},
		{"gzip that is none", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = io.WriteString(w, `{"answer":"yes"}`)
		}, unreadable, -1},
		{"never", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, incomplete, 2},
		{"headers, then nothing", func(w http.ResponseWriter, r *http.Request) {
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
		}, incomplete, 2},
		{"byte by byte", dripping, incomplete, 2},
		{"half an answer", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			_, _ = io.WriteString(w, `{"answer":"yes`)
		}, unreadable, 2},
		{"half a chunked answer", func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, `{"answer":"yes`)
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		}, unreadable, 2},
		{"no HTTP", func(w http.ResponseWriter, _ *http.Request) {
			conn, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				return
			}
			_, _ = io.WriteString(conn, "SSH-2.0-OpenSSH_9.9\r\n")
			_ = conn.Close()
		}, failed, -1},
		{"a redirect to itself", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, r.URL.String(), http.StatusTemporaryRedirect)
		}, failed, 1},
		{"a redirect to a file", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "file:///etc/passwd")
			w.WriteHeader(http.StatusFound)
		}, failed, 1},
		{"HTML", text("text/html", `<html><script>alert(1)</script>`), unreadable, 1},
		{"XML", text("application/xml", `<answer>yes</answer>`), unreadable, 1},
		{"JSON that breaks off", text("application/json", `{"answer":"yes"`), unreadable, 1},
		{"JSON twice", text("application/json", `{"answer":"yes"}{"answer":"no"}`), unreadable, 1},
		{"only a number", text("application/json", `42`), unreadable, 1},
		{"JSON a hundred thousand levels deep", text("application/json", strings.Repeat(`{"a":`, 100_000)+`1`+strings.Repeat(`}`, 100_000)), unreadable, 1},
		{"bytes that are no UTF-8", text("application/json", "\xff\xfe\x00{"), unreadable, 1},
		// Azure's own functions answer JSON as text/plain: the body decides, not its label.
		{"JSON labelled as text", text("text/plain", `{"answer":"yes"}`), "", 1},
		{"informational answers without end", func(w http.ResponseWriter, r *http.Request) {
			for range 1000 {
				w.WriteHeader(http.StatusEarlyHints)
			}
			<-r.Context().Done()
		}, incomplete, -1},
	}
	for _, tt := range tests {
		e := patient
		if tt.want == incomplete {
			e = hasty
		}
		api.handle(tt.answer)
		api.take()
		u := e.user()
		u.authorize(policy, nil)
		got := u.result()
		description := got.Get("error_description")
		switch {
		case tt.want == "" && got.Get("code") == "":
			t.Errorf("%s: %v", tt.name, got)
		case tt.want != "" && (got.Get("error") != "server_error" || !strings.HasPrefix(description, tt.want+": ") || !strings.Contains(description, "\r\nCorrelation ID: ")):
			t.Errorf("%s: want %s, got %v", tt.name, tt.want, got)
		}
		for _, leak := range []string{"<script>", "xxxx", "passwd", "SSH"} {
			if strings.Contains(description, leak) {
				t.Errorf("%s: the error tells %q: %s", tt.name, leak, description)
			}
		}
		// A hasty server may give up before the API has noticed.
		if calls := len(api.take()); tt.calls >= 0 && (calls > tt.calls || e == patient && calls < tt.calls) {
			t.Errorf("%s: %d calls, want %d", tt.name, calls, tt.calls)
		}
	}
	// And afterwards everything is as it was.
	api.respond(200, `{"answer":"yes"}`)
	u := patient.user()
	u.authorize(policy, nil)
	u.redeem(policy)
}

// What a hostile answer may take is bounded, however large it is: this doesn't run
// beside other tests, as it looks at the memory of the process.
func TestHostileAnswersTakeLittleMemory(t *testing.T) {
	e := start(t, func(c *server.Config) { c.RESTAttempts = 1 })
	policy := e.slowPolicy()
	body := bomb()
	e.api.handle(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write(body)
	})
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range 5 {
		u := e.user()
		u.authorize(policy, nil)
		u.result()
	}
	runtime.ReadMemStats(&after)
	if taken := (after.TotalAlloc - before.TotalAlloc) >> 20; taken > 100 {
		t.Errorf("five gzip bombs of 200 MB took %d MB", taken)
	}
}

// certificateFor makes a self-signed certificate.
func certificateFor(t *testing.T, hosts []string, ips []net.IP, from, to time.Time) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: "api"}, DNSNames: hosts, IPAddresses: ips, NotBefore: from, NotAfter: to,
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// The certificate's host, time and authority, and the version of TLS, are checked
// before anything is sent.
func TestAPIsWithBadTLS(t *testing.T) {
	t.Parallel()
	loopback := []net.IP{net.IPv4(127, 0, 0, 1)}
	now := time.Now()
	good := certificateFor(t, nil, loopback, now.Add(-time.Hour), now.Add(time.Hour))
	tests := []struct {
		name    string
		cert    tls.Certificate
		config  *tls.Config
		trusted bool
		called  bool
	}{
		{"a good one", good, &tls.Config{}, true, true},
		{"another host's", certificateFor(t, []string{"api.example"}, []net.IP{net.IPv4(127, 0, 0, 2)}, now.Add(-time.Hour), now.Add(time.Hour)), &tls.Config{}, true, false},
		{"expired", certificateFor(t, nil, loopback, now.Add(-2*time.Hour), now.Add(-time.Hour)), &tls.Config{}, true, false},
		{"not valid yet", certificateFor(t, nil, loopback, now.Add(time.Hour), now.Add(2*time.Hour)), &tls.Config{}, true, false},
		{"from nobody we trust", certificateFor(t, nil, loopback, now.Add(-time.Hour), now.Add(time.Hour)), &tls.Config{}, false, false},
		{"TLS 1.1", good, &tls.Config{MaxVersion: tls.VersionTLS11}, true, false},
		{"TLS 1.0", good, &tls.Config{MaxVersion: tls.VersionTLS10}, true, false},
		{"a client certificate that we don't have", good, &tls.Config{ClientAuth: tls.RequireAnyClientCert}, true, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			called := make(chan struct{}, 10)
			api := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				called <- struct{}{}
				_, _ = io.WriteString(w, `{"answer":"yes"}`)
			}))
			api.Config.ErrorLog = quiet
			config := tt.config.Clone()
			config.Certificates = []tls.Certificate{tt.cert}
			if config.MaxVersion != 0 {
				config.MinVersion = tls.VersionTLS10
			}
			api.TLS = config
			api.StartTLS()
			defer api.Close()
			e := start(t, func(c *server.Config) {
				c.RESTAttempts = 1
				if tt.trusted {
					authority := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: tt.cert.Certificate[0]})
					if err := os.WriteFile(c.OutboundCA, authority, 0o600); err != nil {
						t.Fatal(err)
					}
				}
			})
			policy := e.own(restPolicy{}.extension(api.URL), relyingParty("J", "", "got"))
			u := e.user()
			u.authorize(policy, nil)
			got := u.result()
			if tt.called {
				if got.Get("code") == "" {
					t.Errorf("%v", got)
				}
				return
			}
			if description := got.Get("error_description"); got.Get("error") != "server_error" || !strings.HasPrefix(description, "AADB2C90075: ") || !strings.Contains(description, "\r\nCorrelation ID: ") {
				t.Errorf("%v", got)
			}
			if len(called) != 0 {
				t.Error("the API got the claims")
			}
		})
	}
}
