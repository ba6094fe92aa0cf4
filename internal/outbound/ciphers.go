package outbound

import "crypto/tls"

// CipherSuites returns the suites of TLS 1.2 for calls out and for listeners. They are Go's own choice and
// two more of B2C's documented list that Go supports but disables (https-cipher-tls-requirements): an API
// that follows the list may offer only those. Both ends still prefer the suites with GCM, by Go's order. Go
// doesn't know the list's two suites with CBC and SHA-384: see docs/decisions.md.
func CipherSuites() []uint16 {
	suites := []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256, tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256}
	for _, s := range tls.CipherSuites() {
		suites = append(suites, s.ID)
	}
	return suites
}
