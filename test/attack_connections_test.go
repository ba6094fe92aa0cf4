package test

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"runtime"
	"testing"
	"time"

	"journeyman.dev/internal/server"
)

// dialling makes a client that comes from an address of this machine's own.
func (e *env) dialling(from string) *http.Client {
	d := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
	client := e.client(nil)
	client.Transport = &http.Transport{TLSClientConfig: &tls.Config{RootCAs: e.caPool}, DisableKeepAlives: true, DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		_, port, err := net.SplitHostPort(address)
		if err != nil {
			return nil, err
		}
		return d.DialContext(ctx, network, "127.0.0.1:"+port)
	}}
	return client
}

// Connections that do nothing keep nobody else out, neither users nor administrators.
func TestAFullListenerStillServesOthers(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("needs more than one address of the loopback interface")
	}
	t.Parallel()
	e := start(t, func(c *server.Config) { c.MaxConnections = 30 })
	_, port, err := net.SplitHostPort(e.base[len("https://"):])
	if err != nil {
		t.Fatal(err)
	}
	var idle []net.Conn
	for range 100 {
		c, err := net.Dial("tcp", "127.0.0.1:"+port)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		idle = append(idle, c)
	}
	// Only so many are open: the others have been closed, the oldest of them first.
	for _, c := range idle[:50] {
		_ = c.SetReadDeadline(time.Now().Add(20 * time.Second))
		if _, err := c.Read(make([]byte, 1)); err == nil {
			t.Fatal("an idle connection got an answer")
		} else if n, ok := errors.AsType[net.Error](err); ok && n.Timeout() {
			t.Fatal("more connections are open than there are places")
		}
	}
	get := func(client *http.Client, address string) {
		t.Helper()
		res, err := client.Get(address)
		if err != nil {
			t.Errorf("%s: %v", address, err)
			return
		}
		body, err := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if res.StatusCode != http.StatusOK || err != nil {
			t.Errorf("%s: %d %s %v", address, res.StatusCode, body, err)
		}
	}
	for range 40 {
		get(e.dialling("127.0.0.2"), e.base+"/healthz")
		get(e.dialling("127.0.0.1"), e.base+"/healthz")
	}
	get(e.client(nil), e.srv.AdminURL()+"/readyz")
}
