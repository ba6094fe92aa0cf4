package apple_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"path/filepath"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"journeyman.dev/internal/apple"
	"journeyman.dev/internal/keyset"
	"journeyman.dev/internal/seal"
	"journeyman.dev/internal/store"
	"journeyman.dev/internal/userflow"
)

// clock is a time that a test sets.
type clock struct{ now time.Time }

func (c *clock) Now() time.Time { return c.now }

func newSecrets(t *testing.T, c *clock) *apple.Secrets {
	t.Helper()
	db, err := store.OpenSQLite(t.Context(), filepath.Join(t.TempDir(), "db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	sealer, err := seal.New(make([]byte, seal.MasterKeySize))
	if err != nil {
		t.Fatal(err)
	}
	keys, err := keyset.NewOwn(t.Context(), store.KeySets{DB: db}, sealer, c.Now)
	if err != nil {
		t.Fatal(err)
	}
	return &apple.Secrets{Keys: keys, Now: c.Now}
}

func pkcs8(t *testing.T, key any) []byte {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func ecKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

var provider = userflow.Provider{ID: "Apple-Managed-OIDC", Type: userflow.TypeApple, ClientID: "com.contoso.shop", DeveloperID: "TEAM123456", KeyID: "KEY1234567"}

func TestASecretIsATokenThatAppleAccepts(t *testing.T) {
	t.Parallel()
	c := &clock{time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	s, key := newSecrets(t, c), ecKey(t)
	made, err := s.Make(t.Context(), &provider, pkcs8(t, key))
	if err != nil {
		t.Fatal(err)
	}
	token, err := jwt.ParseSigned(string(made.Secret), []jose.SignatureAlgorithm{jose.ES256})
	if err != nil {
		t.Fatal(err)
	}
	var claims jwt.Claims
	if err := token.Claims(key.Public(), &claims); err != nil {
		t.Fatal(err)
	}
	end := c.now.Add(180 * 24 * time.Hour)
	if token.Headers[0].KeyID != "KEY1234567" || claims.Issuer != "TEAM123456" || claims.Subject != "com.contoso.shop" || !claims.Audience.Contains("https://appleid.apple.com") ||
		!claims.Expiry.Time().Equal(end) || !made.Expires.Equal(end) {
		t.Errorf("%+v %+v, until %v", token.Headers, claims, made.Expires)
	}
	// Another private key replaces the first.
	second := pkcs8(t, ecKey(t))
	if _, err := s.Make(t.Context(), &provider, second); err != nil {
		t.Fatal(err)
	}
	if kept, err := s.Keys.Secret(t.Context(), provider.PrivateKey()); err != nil || string(kept) != string(second) {
		t.Errorf("the second private key wasn't kept: %v", err)
	}
}

func TestOnlyEllipticCurveKeysSign(t *testing.T) {
	t.Parallel()
	s := newSecrets(t, &clock{time.Unix(1.7e9, 0)})
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for name, private := range map[string][]byte{"no key": []byte("x"), "an RSA key": pkcs8(t, rsaKey), "another curve": pkcs8(t, p384)} {
		if _, err := s.Make(t.Context(), &provider, private); err == nil {
			t.Errorf("%s: %v", name, err)
		}
		if s.Keys.Exists(provider.PrivateKey()) {
			t.Errorf("%s was kept", name)
		}
	}
}

func TestSecretsAreRenewedAMonthBeforeTheirEnd(t *testing.T) {
	t.Parallel()
	c := &clock{time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	s := newSecrets(t, c)
	made, err := s.Make(t.Context(), &provider, pkcs8(t, ecKey(t)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Keys.Create(t.Context(), provider.SecretKey(), made); err != nil {
		t.Fatal(err)
	}
	all := []userflow.Provider{{ID: "Facebook-OAUTH", Type: "Facebook"}, provider}
	after := func(days int) string {
		t.Helper()
		c.now = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC).AddDate(0, 0, days)
		if err := s.Renew(t.Context(), all); err != nil {
			t.Fatal(err)
		}
		secret, err := s.Keys.Secret(t.Context(), provider.SecretKey())
		if err != nil {
			t.Fatal(err)
		}
		return string(secret)
	}
	if after(149) != string(made.Secret) {
		t.Error("renewed too early")
	}
	renewed := after(151)
	if renewed == string(made.Secret) {
		t.Error("not renewed")
	}
	if after(152) != renewed {
		t.Error("renewed twice")
	}
}

func TestAProviderThatFailsKeepsNoOtherFromBeingRenewed(t *testing.T) {
	t.Parallel()
	c := &clock{time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	s := newSecrets(t, c)
	made, err := s.Make(t.Context(), &provider, pkcs8(t, ecKey(t)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Keys.Create(t.Context(), provider.SecretKey(), made); err != nil {
		t.Fatal(err)
	}
	c.now = c.now.AddDate(0, 0, 170)
	broken := provider
	broken.ID = "Apple-Other-OIDC"
	if err := s.Renew(t.Context(), []userflow.Provider{broken, provider}); err == nil {
		t.Error("the provider without a secret wasn't reported")
	}
	set, err := s.Keys.Get(provider.SecretKey())
	if err != nil {
		t.Fatal(err)
	}
	if active, ok := set.Active(c.now); !ok || !active.Expires.Equal(c.now.Add(180*24*time.Hour)) {
		t.Errorf("not renewed: %+v", active)
	}
}
