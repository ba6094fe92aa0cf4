package outbound

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// scriptedProxy tunnels every CONNECT to one backend, whatever host it names.
type scriptedProxy struct {
	*httptest.Server
	mu     sync.Mutex
	hosts  []string
	auth   []string
	status int // of the answer; 0: tunnel
}

func newProxy(t *testing.T, backend string, secure bool) *scriptedProxy {
	t.Helper()
	p := &scriptedProxy{}
	p.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		p.hosts, p.auth = append(p.hosts, r.Method+" "+r.Host), append(p.auth, r.Header.Get("Proxy-Authorization"))
		status := p.status
		p.mu.Unlock()
		if r.Method != http.MethodConnect || status != 0 {
			w.WriteHeader(max(status, http.StatusMethodNotAllowed))
			return
		}
		far, err := net.Dial("tcp", backend)
		if err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		near, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		_, _ = io.WriteString(near, "HTTP/1.1 200 Connection established\r\n\r\n")
		go func() {
			_, _ = io.Copy(far, near)
			_ = far.Close()
		}()
		_, _ = io.Copy(near, far)
		_ = near.Close()
	}))
	if secure {
		p.StartTLS()
	} else {
		p.Start()
	}
	t.Cleanup(p.Close)
	return p
}

func (p *scriptedProxy) asked() (hosts, auth []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	hosts, auth = p.hosts, p.auth
	p.hosts, p.auth = nil, nil
	return hosts, auth
}

// backend is an API with a certificate for example.com.
func backend(t *testing.T) (*httptest.Server, *x509.CertPool) {
	t.Helper()
	srv := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Proxy-Authorization") != "" {
			t.Error("the API got the proxy's credentials")
		}
		_, _ = io.WriteString(w, "hello "+r.Host)
	}))
	t.Cleanup(srv.Close)
	pool := x509.NewCertPool()
	pool.AddCert(srv.Certificate())
	return srv, pool
}

func TestHTTPSCallsLeaveThroughTheProxy(t *testing.T) {
	t.Parallel()
	srv, pool := backend(t)
	for name, secure := range map[string]bool{"http": false, "https": true} {
		proxy := newProxy(t, srv.Listener.Addr().String(), secure)
		var log bytes.Buffer
		address := strings.Replace(proxy.URL, "://", "://user:s%40cret@", 1)
		if !secure {
			address = strings.TrimPrefix(address, "http://") // as some write HTTPS_PROXY
		}
		c, err := New(Config{RootCAs: pool, Proxy: address, Log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(c.Close)
		res, err := c.Do(t.Context(), Request{Method: "GET", URL: "https://example.com/x"})
		if err != nil || string(res.Body) != "hello example.com" {
			t.Errorf("%s: %v %s", name, err, res.Body)
		}
		hosts, auth := proxy.asked()
		want := "Basic " + base64.StdEncoding.EncodeToString([]byte("user:s@cret"))
		if len(hosts) != 1 || hosts[0] != "CONNECT example.com:443" || auth[0] != want {
			t.Errorf("%s: the proxy was asked %v %v", name, hosts, auth)
		}
		if strings.Contains(log.String(), "cret") {
			t.Errorf("%s: the log has the password: %s", name, &log)
		}
	}
}

func TestTheGuardHoldsBehindAProxy(t *testing.T) {
	t.Parallel()
	srv, pool := backend(t)
	proxy := newProxy(t, srv.Listener.Addr().String(), false)
	c, err := New(Config{RootCAs: pool, Proxy: proxy.URL})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	for _, host := range []string{
		"10.0.0.1", "192.168.1.1:8443", "169.254.169.254", "100.64.0.1", "0.0.0.0", "127.0.0.1", "[::1]", "[fd00::1]", "[fe80::1]", "[::ffff:10.0.0.1]", "[64:ff9b::a00:1]",
		"127.1", "2130706433", "0x7f000001", "0x7f.1", "017700000001", "0177.0.0.1", "10.0.0.1.", "1.2.3.4.5",
		"localhost", "LOCALHOST.", "api.localhost", "metadata", "metadata.google.internal", "Metadata.Google.Internal.", "printer.local", "api.corp", "x.svc", "x.svc.cluster.local", "router.home.arpa",
	} {
		if _, err := c.Do(t.Context(), Request{Method: "GET", URL: "https://" + host + "/"}); !errors.Is(err, ErrForbidden) {
			t.Errorf("%s: %v", host, err)
		}
	}
	if _, err := c.Do(t.Context(), Request{Method: "GET", URL: "http://example.com/"}); !errors.Is(err, ErrForbidden) {
		t.Errorf("plain http: %v", err)
	}
	if hosts, _ := proxy.asked(); len(hosts) != 0 {
		t.Errorf("the proxy was asked for %v", hosts)
	}
	for _, host := range []string{"example.com", "93.184.216.34", "[2606:2800:220:1:248:1893:25c8:1946]", "1e100.example.com"} {
		_, err := c.Do(t.Context(), Request{Method: "GET", URL: "https://" + host + "/"})
		if errors.Is(err, ErrForbidden) {
			t.Errorf("%s: %v", host, err)
		}
		if hosts, _ := proxy.asked(); len(hosts) != 1 || !strings.HasPrefix(hosts[0], "CONNECT "+host) {
			t.Errorf("%s: the proxy was asked for %v", host, hosts)
		}
	}
}

func TestWhatTakesNoProxy(t *testing.T) {
	t.Parallel()
	srv, pool := backend(t)
	proxy := newProxy(t, srv.Listener.Addr().String(), false)
	for _, development := range []bool{false, true} {
		c, err := New(Config{RootCAs: pool, Proxy: proxy.URL, NoProxy: "127.0.0.0/8, .corp.example,direct.example", Development: development})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(c.Close)
		// Loopback is called directly in development, and refused otherwise.
		res, err := c.Do(t.Context(), Request{Method: "GET", URL: srv.URL})
		if development && (err != nil || !strings.HasPrefix(string(res.Body), "hello 127.0.0.1")) || !development && !errors.Is(err, ErrForbidden) {
			t.Errorf("loopback, development %v: %v %s", development, err, res.Body)
		}
		if hosts, _ := proxy.asked(); len(hosts) != 0 {
			t.Errorf("the proxy was asked for %v", hosts)
		}
	}
}

func TestAProxyThatDoesNotHelp(t *testing.T) {
	t.Parallel()
	srv, pool := backend(t)
	proxy := newProxy(t, srv.Listener.Addr().String(), false)
	proxy.status = http.StatusProxyAuthRequired
	closed := newProxy(t, "", false)
	closed.Close()
	for name, address := range map[string]string{"refuses": proxy.URL, "is away": closed.URL} {
		c, err := New(Config{RootCAs: pool, Proxy: strings.Replace(address, "://", "://user:secret@", 1)})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(c.Close)
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		if _, err := c.Do(ctx, Request{Method: "GET", URL: "https://example.com/path?secret=1"}); !errors.Is(err, ErrUnreachable) || strings.Contains(err.Error(), "secret") {
			t.Errorf("a proxy that %s: %v", name, err)
		}
	}
	for _, address := range []string{"socks5://user:secret@proxy:1080", "http://", "http://user:secret@proxy:x", "http://user:secret@proxy:3128/path", "ftp://proxy", "%"} {
		if _, err := New(Config{Proxy: address}); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", address, err)
		}
	}
}
