package outbound

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestAnAPIWithEachSuiteOfB2CsListIsReached(t *testing.T) {
	t.Parallel()
	for _, suite := range []uint16{
		tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256,
	} {
		api := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }))
		api.TLS = &tls.Config{MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{suite}}
		api.StartTLS()
		defer api.Close()
		pool := x509.NewCertPool()
		pool.AddCert(api.Certificate())
		client, err := New(Config{Development: true, RootCAs: pool})
		if err != nil {
			t.Fatal(err)
		}
		res, err := client.Do(t.Context(), Request{Method: http.MethodGet, URL: api.URL})
		if err != nil || res.TLS.CipherSuite != suite {
			t.Errorf("%s: %v", tls.CipherSuiteName(suite), err)
		}
		client.Close()
	}
}
