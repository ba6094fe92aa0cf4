package providertest

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"journeyman.dev/internal/keyset"
	"journeyman.dev/internal/outbound"
)

// Secret is part of every secret of Keys; no log may contain it.
const Secret = "top-secret"

// Keys are the policy keys of a tenant. Each name has a secret, its id behind [Secret]; all
// names share one RSA key, with a certificate.
type Keys struct {
	Service Service
	// Secrets are those that differ, by id.
	Secrets map[string]string
}

// signing makes the RSA key that all tests share: making one takes long.
var signing = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })

// Secret gives a secret.
func (k *Keys) Secret(ctx context.Context, id string) ([]byte, error) {
	if err := k.Service.Do(ctx); err != nil {
		return nil, err
	}
	if text, ok := k.Secrets[id]; ok {
		return []byte(text), nil
	}
	return []byte(Secret + " " + id), nil
}

// ActiveSigningKey gives the RSA key.
func (k *Keys) ActiveSigningKey(ctx context.Context, id string) (keyset.SigningKey, error) {
	if err := k.Service.Do(ctx); err != nil {
		return keyset.SigningKey{}, err
	}
	key, err := signing()
	return keyset.SigningKey{KID: id, Key: key}, err
}

// PublicJWKS gives the public half of the RSA key.
func (k *Keys) PublicJWKS(ctx context.Context, id string) (jose.JSONWebKeySet, error) {
	if err := k.Service.Do(ctx); err != nil {
		return jose.JSONWebKeySet{}, err
	}
	key, err := signing()
	if err != nil {
		return jose.JSONWebKeySet{}, err
	}
	return jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: key.Public(), KeyID: id, Algorithm: "RS256", Use: "sig"}}}, nil
}

// Certificate gives the RSA key with a self-signed certificate.
func (k *Keys) Certificate(ctx context.Context, id string) (chain [][]byte, key crypto.Signer, err error) {
	if err := k.Service.Do(ctx); err != nil {
		return nil, nil, err
	}
	private, err := signing()
	if err != nil {
		return nil, nil, err
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: id}, NotAfter: time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	return [][]byte{der}, private, err
}

// Call is a request that a provider made, as its receiver reads it.
type Call struct {
	Method, URL, Body string
	Header            http.Header
	Request           outbound.Request
}

// Caller answers the requests of providers by a handler, without a network.
type Caller struct {
	Service Service
	Handler http.Handler
	// Err is returned in place of an answer, if it isn't nil.
	Err error

	mu    sync.Mutex
	calls []Call
}

// Answers is a Caller that answers each request the same.
func Answers(status int, body string) *Caller {
	return &Caller{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	})}
}

// Refuses is a Caller that gets no answer, for a reason such as outbound.ErrTimeout.
func Refuses(err error) *Caller { return &Caller{Err: err} }

// Do sends a request to the handler.
func (c *Caller) Do(ctx context.Context, r outbound.Request) (outbound.Response, error) {
	c.mu.Lock()
	c.calls = append(c.calls, Call{Method: r.Method, URL: r.URL, Body: string(r.Body), Header: r.Header.Clone(), Request: r})
	c.mu.Unlock()
	if err := errors.Join(c.Service.Do(ctx), c.Err); err != nil {
		return outbound.Response{}, err
	}
	request, err := http.NewRequestWithContext(ctx, r.Method, r.URL, bytes.NewReader(r.Body))
	if err != nil {
		return outbound.Response{}, fmt.Errorf("%w: %w", outbound.ErrUnreachable, err)
	}
	request.Header = r.Header.Clone()
	w := httptest.NewRecorder()
	c.Handler.ServeHTTP(w, request)
	return outbound.Response{Status: w.Code, Header: w.Header(), Body: w.Body.Bytes(), Attempts: 1}, nil
}

// Calls are the requests so far.
func (c *Caller) Calls() []Call {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]Call(nil), c.calls...)
}

// Last is the latest request; the test ends if there is none.
func (c *Caller) Last(t testing.TB) Call {
	t.Helper()
	calls := c.Calls()
	if len(calls) == 0 {
		t.Fatal("nobody was called")
	}
	return calls[len(calls)-1]
}
