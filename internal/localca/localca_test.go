package localca_test

import (
	"bytes"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"journeyman.dev/internal/localca"
)

var now = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func load(t *testing.T, folder string) *localca.Authority {
	t.Helper()
	a, err := localca.Load(folder, []string{"localhost", "127.0.0.1", "login.contoso.com"}, now, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestTheAuthorityIsMadeOnceAndSignsAtEachStart(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "tls")
	first := load(t, folder)
	pem, err := os.ReadFile(first.File)
	if err != nil {
		t.Fatal(err)
	}
	second := load(t, folder)
	if again, err := os.ReadFile(second.File); err != nil || !bytes.Equal(pem, again) {
		t.Errorf("the authority was made anew: %v", err)
	}
	if bytes.Equal(first.Certificate.Certificate[0], second.Certificate.Certificate[0]) {
		t.Error("the certificate rested somewhere")
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem)
	for _, a := range []*localca.Authority{first, second} {
		leaf, err := x509.ParseCertificate(a.Certificate.Certificate[0])
		if err != nil {
			t.Fatal(err)
		}
		for _, host := range []string{"localhost", "127.0.0.1", "login.contoso.com"} {
			if _, err := leaf.Verify(x509.VerifyOptions{DNSName: host, Roots: pool, CurrentTime: now.AddDate(0, 2, 0)}); err != nil {
				t.Errorf("%s: %v", host, err)
			}
		}
		if _, err := leaf.Verify(x509.VerifyOptions{DNSName: "example.com", Roots: pool, CurrentTime: now}); err == nil {
			t.Error("the certificate is good for another host")
		}
	}
	if info, err := os.Stat(filepath.Join(folder, "ca.key")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key: %v, %v", info.Mode(), err)
	}
}

func TestAnAuthorityThatCannotBeReadIsNotReplaced(t *testing.T) {
	t.Parallel()
	for name, damage := range map[string]func(folder string) error{
		"no PEM": func(folder string) error { return os.WriteFile(filepath.Join(folder, "ca.pem"), []byte("x"), 0o600) },
		"a key of PEM": func(folder string) error {
			return os.WriteFile(filepath.Join(folder, "ca.key"), []byte("-----BEGIN X-----\nAAAA\n-----END X-----\n"), 0o600)
		},
		"a folder as it": func(folder string) error {
			return errors.Join(os.Remove(filepath.Join(folder, "ca.key")), os.Mkdir(filepath.Join(folder, "ca.key"), 0o700))
		},
	} {
		folder := t.TempDir()
		load(t, folder)
		if err := damage(folder); err != nil {
			t.Fatal(err)
		}
		if _, err := localca.Load(folder, []string{"localhost"}, now, rand.Reader); err == nil {
			t.Errorf("%s: it was loaded", name)
		}
	}
}

func TestTheMachineIsCalledByThePublicAddress(t *testing.T) {
	t.Parallel()
	if hosts := localca.Hosts("https://login.contoso.com:8443"); hosts[0] != "localhost" || !slices.Contains(hosts, "login.contoso.com") {
		t.Error(hosts)
	}
	if hosts := localca.Hosts(""); slices.Contains(hosts, "") {
		t.Error(hosts)
	}
}
