package server

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"journeyman.dev/internal/listen"
	"journeyman.dev/internal/mail"
	"journeyman.dev/internal/msgraph"
	"journeyman.dev/internal/outbound"
	"journeyman.dev/internal/seal"
	"journeyman.dev/internal/store"
)

// Check finds what is wrong with settings, before anything is made or opened. New refuses
// what it finds; what needs the database or a free port is seen only there.
func Check(c Config) error {
	var list []error
	add := func(err error) {
		if err != nil {
			list = append(list, err)
		}
	}
	if c.AdminToken != "" && !c.Development && utf8.RuneCountInString(c.AdminToken) < msgraph.MinAdminToken {
		add(fmt.Errorf("the admin token has fewer than %d characters, so that it could be guessed: make one with openssl rand -base64 32", msgraph.MinAdminToken))
	}
	if strings.TrimSpace(c.Tenant) != c.Tenant || strings.ContainsAny(c.Tenant, "/ ") {
		add(fmt.Errorf("tenant: %q is no name such as contoso.onmicrosoft.com", c.Tenant))
	}
	if _, err := uuid.Parse(c.TenantID); c.TenantID != "" && err != nil {
		add(fmt.Errorf("tenant-id: %q is no GUID", c.TenantID))
	}
	add(checkListener("listen", c.Listen))
	if c.AdminListen != "" {
		add(checkListener("admin-listen", c.AdminListen))
	}
	_, err := listen.CertificateFiles(c.TLS)
	add(err)
	_, err = publicURL(c.PublicURL)
	add(err)
	add(store.CheckAddress(c.vault().Address()))
	if info, err := os.Stat(c.Data); err == nil && !info.IsDir() {
		add(fmt.Errorf("data: %s is no folder", c.Data))
	}
	if c.MasterKey != "" {
		if _, err := seal.ParseMasterKeys(c.MasterKey); err != nil {
			add(fmt.Errorf("master key: %w", err))
		}
	}
	if c.SMTP != "" {
		_, err := mail.NewSMTP(c.SMTP)
		add(err)
	}
	if _, err := outbound.New(outbound.Config{Proxy: c.OutboundProxy, NoProxy: c.NoProxy}); err != nil {
		add(fmt.Errorf("outbound-proxy: %w", err))
	}
	add(trustFile(c.OutboundCA, x509.NewCertPool()))
	for name, d := range map[string]time.Duration{
		"rest-timeout": c.RESTTimeout, "connector-timeout": c.ConnectorTimeout, "database-timeout": c.DatabaseTimeout,
		"shutdown-timeout": c.ShutdownTimeout, "shutdown-delay": c.ShutdownDelay, "audit-keep": c.AuditKeep,
	} {
		if d < 0 {
			add(fmt.Errorf("%s: %s is less than nothing", name, d))
		}
	}
	return errors.Join(list...)
}

// checkListener looks at an address without taking it.
func checkListener(flag, address string) error {
	_, port, err := net.SplitHostPort(address)
	if err == nil {
		_, err = net.LookupPort("tcp", port)
	}
	if err != nil {
		return fmt.Errorf("%s: %q is no address such as 127.0.0.1:8443", flag, address)
	}
	return nil
}

// publicURL is the scheme and host that browsers use, "" without the setting.
func publicURL(setting string) (string, error) {
	if setting == "" {
		return "", nil
	}
	u, err := url.Parse(setting)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || strings.Trim(u.Path, "/") != "" {
		return "", fmt.Errorf("public-url must be scheme and host, such as https://login.contoso.com")
	}
	return u.Scheme + "://" + u.Host, nil
}

// trustFile adds the authorities of a file to a pool; "" adds none.
func trustFile(file string, pool *x509.CertPool) error {
	if file == "" {
		return nil
	}
	pem, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("outbound-ca: %w", err)
	}
	if !pool.AppendCertsFromPEM(pem) {
		return fmt.Errorf("outbound-ca: %s holds no certificate", file)
	}
	return nil
}
