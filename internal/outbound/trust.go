package outbound

import (
	"crypto/x509"
	"fmt"
	"os"
)

// Authorities returns the system's certificate authorities and those of PEM files. Without files it returns
// nil, which means the system's. A file without authorities is an error.
func Authorities(files ...string) (*x509.CertPool, error) {
	if len(files) == 0 {
		return nil, nil
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	for _, file := range files {
		pem, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		if !pool.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("%s holds no certificate", file)
		}
	}
	return pool, nil
}
