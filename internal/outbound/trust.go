package outbound

import (
	"crypto/x509"
	"fmt"
	"os"
)

// Trust adds the authorities of a PEM file to a pool. A file without any is an error.
func Trust(pool *x509.CertPool, file string) error {
	pem, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("outbound-ca: %w", err)
	}
	if !pool.AppendCertsFromPEM(pem) {
		return fmt.Errorf("outbound-ca: %s holds no certificate", file)
	}
	return nil
}
