package listen

import (
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"journeyman.dev/internal/localca"
)

func TestATakenPortNamesTheFlagAndAnother(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	_, _, err = Open("admin-listen", l.Addr().String(), 10, nil)
	if err == nil || !strings.Contains(err.Error(), "choose another with --admin-listen, such as --admin-listen 127.0.0.1:") {
		t.Error(err)
	}
	if _, err = Take("listen", "nonsense"); err == nil || !strings.HasPrefix(err.Error(), "--listen nonsense: ") {
		t.Error(err)
	}
}

func TestAListenerSpeaksWithItsCertificate(t *testing.T) {
	t.Parallel()
	ca, err := localca.Load(t.TempDir(), []string{"localhost"}, time.Now(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	authority, err := os.ReadFile(ca.File)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(authority)
	for scheme, config := range map[string]*tls.Config{"http": nil, "https": TLS(ca.Certificate)} {
		l, origin, err := Open("listen", "127.0.0.1:0", 10, config)
		if err != nil {
			t.Fatal(err)
		}
		srv := &http.Server{ConnState: NoteIdle, ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.Proto) })}
		go func() { _ = srv.Serve(l) }()
		t.Cleanup(func() { _ = srv.Close() })
		if !strings.HasPrefix(origin, scheme+"://localhost:") {
			t.Errorf("origin %s", origin)
		}
		client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, ForceAttemptHTTP2: true}}
		t.Cleanup(client.CloseIdleConnections)
		res, err := client.Get(origin)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if want := map[string]string{"http": "HTTP/1.1", "https": "HTTP/2.0"}[scheme]; string(body) != want {
			t.Errorf("%s: %s", scheme, body)
		}
	}
}

func TestCertificateFilesAreAPair(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	ca, err := localca.Load(folder, []string{"localhost"}, time.Now(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for _, setting := range []string{"", "auto", "off"} {
		if cert, err := CertificateFiles(setting); cert != nil || err != nil {
			t.Errorf("%q: %v, %v", setting, cert, err)
		}
	}
	key := filepath.Join(folder, "ca.key")
	if cert, err := CertificateFiles(ca.File + "," + key); err != nil || cert == nil {
		t.Errorf("a pair: %v", err)
	}
	for setting, want := range map[string]bool{"": true, "auto": true, "off": false, ca.File + "," + key: true} {
		if config, err := Config(setting, TLS(ca.Certificate)); err != nil || (config != nil) != want {
			t.Errorf("%q: %v, %v", setting, config, err)
		}
	}
	if _, err := Config("nonsense", nil); err == nil {
		t.Error("nonsense is a configuration")
	}
	other := filepath.Join(folder, "other.pem")
	if err := os.WriteFile(other, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte("x")}), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, setting := range []string{ca.File, "nonsense", other + "," + key, ca.File + ",missing.key"} {
		if cert, err := CertificateFiles(setting); err == nil {
			t.Errorf("%s was taken: %v", setting, cert)
		}
	}
}

func TestTheListenersShareWhatTheProcessMayHaveOpen(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ most, descriptors, public, admin int }{
		{0, 0, 8192, 512}, {0, 1 << 20, 8192, 512}, {0, 1024, 597, 128}, {0, 100, 64, 32}, {77, 1024, 77, 128},
	} {
		if public, admin := forPublic(c.most, c.descriptors), forAdmin(c.descriptors); public != c.public || admin != c.admin {
			t.Errorf("%+v: %d and %d", c, public, admin)
		}
	}
	if AdminConnections() < 32 || PublicConnections(0) < 64 || PublicConnections(5) != 5 {
		t.Error(AdminConnections(), PublicConnections(0))
	}
}
