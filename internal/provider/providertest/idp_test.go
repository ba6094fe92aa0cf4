package providertest_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"journeyman.dev/internal/provider/providertest"
)

// Tests of a whole server put the identity provider behind a listener of their own.
func TestTheIdentityProviderServesHTTP(t *testing.T) {
	t.Parallel()
	p := providertest.NewIdentityProvider(time.Now)
	server := httptest.NewServer(p)
	defer server.Close()
	p.Issuer = server.URL
	get := func(path string, to any) int {
		t.Helper()
		answer, err := http.Get(server.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		body, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		if to != nil {
			if err := json.Unmarshal(body, to); err != nil {
				t.Fatalf("%s: %v\n%s", path, err, body)
			}
		}
		return answer.StatusCode
	}
	var document map[string]string
	get("/.well-known/openid-configuration", &document)
	if document["issuer"] != server.URL || document["token_endpoint"] != server.URL+"/token" {
		t.Errorf("document: %v", document)
	}
	if q := p.Authorize(t, document["authorization_endpoint"]+"?nonce=n1&client_id=client"); q.Get("client_id") != "client" {
		t.Errorf("authorization request: %v", q)
	}
	answer, err := http.PostForm(server.URL+"/token", url.Values{"code": {"c"}})
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var tokens struct {
		IDToken string `json:"id_token"`
	}
	if err := json.NewDecoder(answer.Body).Decode(&tokens); err != nil {
		t.Fatal(err)
	}
	var keys jose.JSONWebKeySet
	get("/keys", &keys)
	token, err := jwt.ParseSigned(tokens.IDToken, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		t.Fatal(err)
	}
	var claims map[string]any
	if err := token.Claims(keys, &claims); err != nil || claims["nonce"] != "n1" || claims["iss"] != server.URL {
		t.Errorf("claims: %v, %v", claims, err)
	}
	if status := get("/nowhere", nil); status != http.StatusNotFound || p.Redeemed[0].Get("code") != "c" {
		t.Errorf("status %d, redeemed %v", status, p.Redeemed)
	}
	p.Keys.Service = providertest.Failing
	if status := get("/keys", nil); status != http.StatusInternalServerError {
		t.Errorf("status %d", status)
	}
}
