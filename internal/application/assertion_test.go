package application_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"testing"
	"time"

	"journeyman.dev/internal/application"
)

var now = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// selfSigned makes a certificate for a year from now.
func selfSigned(t testing.TB, bits int) []byte {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "client"}, NotBefore: now, NotAfter: now.AddDate(1, 0, 0)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// everything accepts every assertion as unused.
type everything struct{}

func (everything) SpendAssertion(context.Context, string, time.Time) error { return nil }

// Nobody has the key of the certificate, so no assertion can be its client's.
func FuzzAuthenticate(f *testing.F) {
	c, err := application.NewCertificate("client", selfSigned(f, 2048))
	if err != nil {
		f.Fatal(err)
	}
	app := &application.Application{AppID: "3f0e8c7a-7c0b-4b8e-9f53-0d6f3f0c1a11", Certificates: []application.Certificate{c}}
	for _, text := range []string{"", "..", "eyJhbGciOiJQUzI1NiJ9.e30.AA", "eyJhbGciOiJub25lIn0.e30.", "eyJhbGciOiJSUzI1NiIsIng1dCI6MX0.e30.AA", "eyJhbGciOiJSUzI1NiIsIng1YyI6W119.e30.AA", `{"payload":"e30","signatures":[]}`} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		_ = application.ClientOfAssertion(text)
		if _, err := app.Authenticate(t.Context(), text, func(string) bool { return true }, now, everything{}); err == nil {
			t.Errorf("%q was taken", text)
		}
	})
}

// An accepted upload is a certificate, and can be read again.
func FuzzCertificate(f *testing.F) {
	f.Add(selfSigned(f, 2048))
	f.Add([]byte("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"))
	f.Add([]byte("-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := application.NewCertificate("", data)
		if err != nil {
			return
		}
		if _, err := x509.ParseCertificate(c.DER); err != nil || !c.End.After(c.Start) && c.Valid(c.Start) {
			t.Errorf("%x: %v", data, err)
		}
	})
}

func TestKeysOfCertificatesAreNeitherSmallNorStrange(t *testing.T) {
	t.Parallel()
	if _, err := application.NewCertificate("", selfSigned(t, 1024)); err == nil {
		t.Error("a key of 1024 bits was taken")
	}
	c, err := application.NewCertificate("", selfSigned(t, 2048))
	if err != nil {
		t.Fatal(err)
	}
	for at, want := range map[time.Duration]bool{-time.Second: false, 0: true, 24 * time.Hour: true, 367 * 24 * time.Hour: false} {
		if got := c.Valid(now.Add(at)); got != want {
			t.Errorf("after %v: %v", at, got)
		}
	}
}
