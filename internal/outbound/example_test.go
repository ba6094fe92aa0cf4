package outbound_test

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"

	"journeyman.dev/internal/outbound"
)

// An API is called over TLS, with the authorities that the operator trusts. Addresses of this
// machine are allowed in development alone.
func ExampleClient() {
	api := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprintf(w, `{"path": %q}`, r.URL.Path)
	}))
	defer api.Close()
	roots := x509.NewCertPool()
	roots.AddCert(api.Certificate())

	client, err := outbound.New(outbound.Config{Development: true, RootCAs: roots})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close()
	answer, err := client.Do(context.Background(), outbound.Request{Method: http.MethodGet, URL: api.URL + "/points"})
	fmt.Println(answer.Status, string(answer.Body), answer.TLS != nil, err)

	strict, err := outbound.New(outbound.Config{RootCAs: roots})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer strict.Close()
	_, err = strict.Do(context.Background(), outbound.Request{Method: http.MethodGet, URL: api.URL + "/points"})
	fmt.Println(errors.Is(err, outbound.ErrForbidden))
	// Output:
	// 200 {"path": "/points"} true <nil>
	// true
}
