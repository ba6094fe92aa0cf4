package test

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"journeyman.dev/internal/server"
)

// TestAPIsAreCalledThroughTheProxy enriches a token by an API that only the proxy reaches.
func TestAPIsAreCalledThroughTheProxy(t *testing.T) {
	t.Parallel()
	api := newAPI(t)
	var tunnels atomic.Int32
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodConnect || r.Host != "example.com:443" || r.Header.Get("Proxy-Authorization") != "Basic dXNlcjpzZWNyZXQ=" {
			t.Errorf("the proxy was asked %s %s %q", r.Method, r.Host, r.Header.Get("Proxy-Authorization"))
			w.WriteHeader(http.StatusForbidden)
			return
		}
		tunnels.Add(1)
		far, err := net.Dial("tcp", api.server.Listener.Addr().String())
		if err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		near, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		_, _ = io.WriteString(near, "HTTP/1.1 200 OK\r\n\r\n")
		go func() {
			_, _ = io.Copy(far, near)
			_ = far.Close()
		}()
		_, _ = io.Copy(near, far)
		_ = near.Close()
	}))
	t.Cleanup(proxy.Close)
	e := startWith(t, api, func(c *server.Config) {
		c.Outbound, c.OutboundProxy = "strict", strings.Replace(proxy.URL, "://", "://user:secret@", 1)
	})
	e.upload(enriched(t, "https://example.com")) // the API's certificate is good for it
	if claims := e.user().signUp(signUpSignIn, "emily@example.com"); claims["balance"] != "760.50" {
		t.Errorf("claims: %v", claims)
	}
	if tunnels.Load() == 0 {
		t.Error("the proxy wasn't used")
	}
}
