package oidc_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"journeyman.dev/internal/application"
	"journeyman.dev/internal/journey"
)

// withCertificate registers the public half of the second signing key with an application.
func (w *world) withCertificate(t *testing.T, id string) {
	t.Helper()
	key := signingKeys()[1]
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: start.Add(-time.Hour), NotAfter: start.Add(365 * 24 * time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	c, err := application.NewCertificate("", der)
	if err != nil {
		t.Fatal(err)
	}
	app := w.apps[id]
	app.Secrets, app.Certificates = nil, []application.Certificate{c}
	w.apps[id] = app
}

// signed is a JWT.
func signed(t *testing.T, algorithm jose.SignatureAlgorithm, key any, claims ...any) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: algorithm, Key: key}, nil)
	if err != nil {
		t.Fatal(err)
	}
	b := jwt.Signed(signer)
	for _, c := range claims {
		b = b.Claims(c)
	}
	text, err := b.Serialize()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// ours is a JWT that this server's key signed.
func ours(t *testing.T, claims any) string {
	t.Helper()
	return signed(t, jose.RS256, jose.JSONWebKey{KeyID: "one", Key: signingKeys()[0]}, claims)
}

// proof is a client assertion of the web application.
func proof(t *testing.T, key *rsa.PrivateKey, id, audience string) string {
	t.Helper()
	return signed(t, jose.RS256, key, jwt.Claims{Issuer: "web", Subject: "web", Audience: jwt.Audience{audience}, ID: id, Expiry: jwt.NewNumericDate(start.Add(time.Minute))})
}

func TestAClientProvesItselfByAnAssertion(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.withCertificate(t, "web")
	for _, c := range []struct {
		name, audience string
		good           bool
	}{
		{"the token endpoint", base + "/contoso.onmicrosoft.com/B2C_1A_signin/oauth2/v2.0/token", true},
		{"the token endpoint in other words", "https://LOGIN.contoso.example/" + tenantID + "/oauth2/v2.0/token?p=b2c_1a_signin", true},
		{"the revocation endpoint", base + "/contoso/B2C_1A_signin/oauth2/v2.0/revoke", true},
		{"the issuer", base + "/" + tenantID + "/v2.0/", true},
		{"another policy", base + "/contoso/B2C_1A_full/oauth2/v2.0/token", false},
		{"another tenant", base + "/fabrikam/B2C_1A_signin/oauth2/v2.0/token", false},
		{"another host", "https://evil.example/contoso/B2C_1A_signin/oauth2/v2.0/token", false},
		{"another endpoint", base + "/contoso/B2C_1A_signin/oauth2/v2.0/authorize", false},
		{"an address with a user", "https://x@login.contoso.example/contoso/B2C_1A_signin/oauth2/v2.0/token", false},
		{"no address", "https://%zz", false},
	} {
		form := acting("client_secret", "-", "client_id", "-", "client_assertion_type", application.AssertionType, "client_assertion", proof(t, signingKeys()[1], c.name, c.audience))
		rec := w.do(t, http.MethodPost, "B2C_1A_signin"+tokenPath, form)
		if (rec.Code == http.StatusOK) != c.good {
			t.Errorf("%s: %d %s", c.name, rec.Code, rec.Body)
		}
		if !c.good {
			refused(t, rec, "invalid_client", journey.CodeAssertion)
		}
	}
}

func TestAnAssertionThatIsNoGoodIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.withCertificate(t, "web")
	here := base + "/" + tenantID + "/v2.0/"
	send := func(kind, text string) url.Values {
		return acting("client_secret", "-", "client_assertion_type", kind, "client_assertion", text)
	}
	post := func(form url.Values) *httptest.ResponseRecorder {
		return w.do(t, http.MethodPost, "B2C_1A_signin"+tokenPath, form)
	}
	refused(t, post(send("saml", proof(t, signingKeys()[1], "1", here))), "invalid_client", journey.CodeAssertionType)
	refused(t, post(send(application.AssertionType, "a.b.c")), "invalid_client", journey.CodeAssertion)
	refused(t, post(send(application.AssertionType, proof(t, signingKeys()[0], "2", here))), "invalid_client", journey.CodeAssertion)
	again := send(application.AssertionType, proof(t, signingKeys()[1], "3", here))
	if rec := post(again); rec.Code != http.StatusOK {
		t.Errorf("%d %s", rec.Code, rec.Body)
	}
	refused(t, post(again), "invalid_client", journey.CodeAssertion)
	w.grantsErr = errDown
	refused(t, post(send(application.AssertionType, proof(t, signingKeys()[1], "4", here))), "server_error", journey.CodeInternal)
}

// invited are the claims of an authorization request's client assertion.
func invited(t *testing.T, key []byte, expires time.Duration, own map[string]any) string {
	t.Helper()
	return signed(t, jose.HS256, key, jwt.Claims{Expiry: jwt.NewNumericDate(start.Add(expires))}, own)
}

func TestAnApplicationSendsInputClaimsInASignedRequest(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	query := asking("client_assertion_type", application.AssertionType,
		"client_assertion", invited(t, assertionSecret, time.Minute, map[string]any{"called": "Grace", "age": 37, "unknown": true}))
	w.code(t, "B2C_1A_invited", query)
	bag := w.begun[0].Mode.(*journey.Browser).Asserted
	if bag == nil || bag.Get("name").String() != "Grace" || bag.Get("age").Number() != 37 || bag.Len() != 2 {
		t.Errorf("%v", bag)
	}
	if _, kept := w.begun[0].Request.Parameters["client_assertion"]; kept {
		t.Error("the journey keeps the assertion")
	}
}

func TestASignedRequestThatIsNoGoodIsRefused(t *testing.T) {
	t.Parallel()
	good := map[string]any{"called": "Grace"}
	for _, c := range []struct {
		name, kind, text string
		err              error
		oauth            string
		want             string
	}{
		{"none", "", "", nil, "invalid_request", "AADB2C90039: "},
		{"another type", "saml", "x", nil, "invalid_request", "AADB2C90016: The requested client assertion type 'saml' does not match"},
		{"no JWT", application.AssertionType, "x", nil, "invalid_request", "AADB2C90017: The client assertion provided in the request is invalid: it is no JWT"},
		{"another key", application.AssertionType, invited(t, []byte(strings.Repeat("k", 64)), time.Minute, good), nil, "invalid_request", "AADB2C90017: The client assertion provided in the request is invalid: its signature is wrong."},
		{"expired", application.AssertionType, invited(t, assertionSecret, -6*time.Minute, good), nil, "invalid_request", "AADB2C90017: The client assertion provided in the request is invalid: it is expired"},
		{"without an end", application.AssertionType, signed(t, jose.HS256, assertionSecret, good), nil, "invalid_request", "AADB2C90017: The client assertion provided in the request is invalid: it is expired"},
		{"without a claim", application.AssertionType, invited(t, assertionSecret, time.Minute, nil), nil, "invalid_request", "AADB2C90017: The client assertion provided in the request is invalid: it lacks the claim called."},
		{"a claim of another type", application.AssertionType, invited(t, assertionSecret, time.Minute, map[string]any{"called": "G", "age": "old"}), nil, "invalid_request", "AADB2C90017: The client assertion provided in the request is invalid: its claim age has a value of another type."},
		{"no key", application.AssertionType, invited(t, assertionSecret, time.Minute, good), errDown, "server_error", "AADB2C90073: " + journey.CodeKeyMissing.Text()},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.keysErr = c.err
			_, got := answered(t, w.do(t, http.MethodGet, "B2C_1A_invited"+authorize, asking("client_assertion_type", c.kind, "client_assertion", c.text)))
			if got.Get("error") != c.oauth || !strings.HasPrefix(got.Get("error_description"), c.want) || len(w.begun) != 0 {
				t.Errorf("%v", got)
			}
		})
	}
}
