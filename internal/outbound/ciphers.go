package outbound

import "crypto/tls"

// CipherSuites are those of TLS 1.2 for calls out and for listeners: Go's own choice, and the
// two of B2C's documented list that Go has but leaves off (https-cipher-tls-requirements).
// An API that was set up by that list may offer nothing else. Both ends still prefer the
// suites with GCM, as Go orders them. The list's two suites with CBC and SHA-384 are unknown
// to Go: see docs/decisions.md.
func CipherSuites() []uint16 {
	suites := []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256, tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256}
	for _, s := range tls.CipherSuites() {
		suites = append(suites, s.ID)
	}
	return suites
}
