package test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net"
	"testing"
	"time"

	"software.sslmate.com/src/go-pkcs12"
)

// madeCertificate makes a self-signed RSA certificate.
func madeCertificate(t *testing.T, name string, from, to time.Time, ip string) (*x509.Certificate, *rsa.PrivateKey) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name}, NotBefore: from, NotAfter: to,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		IsCA: true, BasicConstraintsValid: true,
	}
	if ip != "" {
		template.IPAddresses = []net.IP{net.ParseIP(ip)}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert, key
}

// selfSigned is a server certificate for a time and an address.
func selfSigned(t *testing.T, from, to time.Time, ip string) tls.Certificate {
	t.Helper()
	cert, key := madeCertificate(t, "server", from, to, ip)
	return tls.Certificate{Certificate: [][]byte{cert.Raw}, PrivateKey: key}
}

// clientPKCS12 is a client certificate as an administrator uploads it.
func clientPKCS12(t *testing.T, name, password string) []byte {
	t.Helper()
	cert, key := madeCertificate(t, name, time.Now().Add(-time.Hour), time.Now().Add(24*time.Hour), "")
	pfx, err := pkcs12.Modern.Encode(key, cert, nil, password)
	if err != nil {
		t.Fatal(err)
	}
	return pfx
}
