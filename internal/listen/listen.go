// Package listen opens the listeners of a server, with a certificate and a limit of connections.
//
// Callers: server; journeyman dev, for the other servers that it starts.
package listen

import (
	"crypto/tls"
	"fmt"
	"net"
	"strconv"
	"strings"

	"journeyman.dev/internal/limit"
	"journeyman.dev/internal/outbound"
)

// Open opens a listener at a flag's address, with at most most connections. Without config it speaks plain
// HTTP. origin is scheme, host and port for clients on this machine, or at the address.
func Open(flag, address string, most int, config *tls.Config) (l net.Listener, origin string, err error) {
	l, err = Take(flag, address)
	if err != nil {
		return nil, "", err
	}
	l = limit.Listen(l, most)
	scheme := "http"
	if config != nil {
		scheme = "https"
		own := config.Clone()
		own.NextProtos = []string{"h2", "http/1.1"}
		l = tls.NewListener(l, own)
	}
	host, port, _ := net.SplitHostPort(l.Addr().String())
	if ip := net.ParseIP(host); ip == nil || ip.IsLoopback() || ip.IsUnspecified() {
		host = "localhost"
	}
	return l, scheme + "://" + net.JoinHostPort(host, port), nil
}

// TLS returns the configuration of a listener with a certificate.
func TLS(cert tls.Certificate) *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, CipherSuites: outbound.CipherSuites(), Certificates: []tls.Certificate{cert}}
}

// Config returns the listeners' configuration for a setting: the local certificate for "auto" and "", nil
// (plain HTTP) for "off", else a pair of files.
func Config(setting string, local *tls.Config) (*tls.Config, error) {
	switch setting {
	case "", "auto":
		return local.Clone(), nil
	case "off":
		return nil, nil
	}
	cert, err := CertificateFiles(setting)
	if err != nil {
		return nil, err
	}
	return TLS(*cert), nil
}

// CertificateFiles loads the setting's pair of PEM files, such as "cert.pem,key.pem"; nil for "auto", "off"
// and "".
func CertificateFiles(setting string) (*tls.Certificate, error) {
	switch setting {
	case "", "auto", "off":
		return nil, nil
	}
	certFile, keyFile, ok := strings.Cut(setting, ",")
	if !ok {
		return nil, fmt.Errorf("tls must be auto, off, or cert.pem,key.pem")
	}
	cert, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		return nil, fmt.Errorf("tls: %w", err)
	}
	return &cert, nil
}

// Take opens a listener at a flag's address. An occupied port is the most common reason for a failed start,
// so its error contains the remedy.
func Take(flag, address string) (net.Listener, error) {
	l, err := net.Listen("tcp", address)
	if err == nil {
		return l, nil
	}
	if !inUse(err) {
		return nil, fmt.Errorf("--%s %s: %w", flag, address, err)
	}
	host, port, _ := net.SplitHostPort(address)
	example := "0"
	if n, err := strconv.Atoi(port); err == nil && n+1000 < 1<<16 {
		example = strconv.Itoa(n + 1000)
	}
	return nil, fmt.Errorf("port %s is taken by another program; choose another with --%s, such as --%s %s", port, flag, flag, net.JoinHostPort(host, example))
}
