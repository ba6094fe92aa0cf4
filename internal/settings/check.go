package settings

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"reflect"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"journeyman.dev/internal/breach"
	"journeyman.dev/internal/listen"
	"journeyman.dev/internal/mail"
	"journeyman.dev/internal/msgraph"
	"journeyman.dev/internal/outbound"
	"journeyman.dev/internal/seal"
	"journeyman.dev/internal/store"
	"journeyman.dev/internal/vault"
)

// Check reports the faults of settings before anything is made or opened. The errors are joined. A server
// refuses the same settings; only the server sees faults of the database and occupied ports.
func (c *Server) Check() error {
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
	add(c.checkListeners())
	_, err := listen.CertificateFiles(c.TLS)
	add(err)
	_, err = c.PublicOrigin()
	add(err)
	add(store.CheckAddress(c.Vault().Address()))
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
	add(c.checkOutbound())
	if c.OutboundCA != "" {
		if _, err := outbound.Authorities(c.OutboundCA); err != nil {
			add(fmt.Errorf("outbound-ca: %w", err))
		}
	}
	add(checkDurations(reflect.ValueOf(*c)))
	return errors.Join(list...)
}

// checkDurations refuses negative durations, by the names of their flags.
func checkDurations(set reflect.Value) error {
	var list []error
	for i := range set.NumField() {
		field := set.Type().Field(i)
		switch value := set.Field(i).Interface().(type) {
		case time.Duration:
			if value < 0 {
				list = append(list, fmt.Errorf("%s: %s is less than nothing", field.Tag.Get("name"), value))
			}
		default:
			if field.Anonymous {
				list = append(list, checkDurations(set.Field(i)))
			}
		}
	}
	return errors.Join(list...)
}

// checkOutbound makes a client for calls out, without a call.
func (c *Server) checkOutbound() error {
	client, err := outbound.New(outbound.Config{Development: c.Outbound == "development", Proxy: c.OutboundProxy, NoProxy: c.NoProxy})
	if err != nil {
		return fmt.Errorf("outbound-proxy: %w", err)
	}
	defer client.Close()
	if c.BreachedPasswords == "" {
		return nil
	}
	if err := breach.Check(c.BreachedPasswords, client); err != nil {
		return fmt.Errorf("breached-passwords: %w", err)
	}
	return nil
}

// checkListeners checks the addresses without opening them.
func (c *Server) checkListeners() error {
	public, err := readAddress("listen", c.Listen)
	if c.AdminListen == "" {
		return err
	}
	admin, adminErr := readAddress("admin-listen", c.AdminListen)
	if err := errors.Join(err, adminErr); err != nil {
		return err
	}
	if public.takes(admin) {
		return fmt.Errorf("listen and admin-listen are both at port %d: give each one of its own", public.port)
	}
	return nil
}

// address is the address of a listener.
type address struct {
	host string
	ip   net.IP // nil for a name
	port int    // 0: any free port
}

func readAddress(flag, text string) (address, error) {
	host, service, err := net.SplitHostPort(text)
	a := address{host: host, ip: net.ParseIP(host)}
	if err == nil {
		a.port, err = net.LookupPort("tcp", service)
	}
	if err != nil {
		return a, fmt.Errorf("%s: %q is no address such as 127.0.0.1:8443", flag, text)
	}
	switch host {
	case "":
		a.ip = net.IPv6unspecified
	case "localhost":
		a.ip = net.IPv4(127, 0, 0, 1) // Go listens at this address
	}
	return a, nil
}

// takes reports whether two listeners can't be open at once. A listener at all addresses occupies the port in
// both address families.
func (a address) takes(b address) bool {
	if a.port != b.port || a.port == 0 {
		return false
	}
	if a.ip == nil || b.ip == nil {
		return a.host == b.host
	}
	return a.ip.IsUnspecified() || b.ip.IsUnspecified() || a.ip.Equal(b.ip)
}

// PublicOrigin returns the scheme and host that browsers use; "" without the setting.
func (c *Server) PublicOrigin() (string, error) {
	if c.PublicURL == "" {
		return "", nil
	}
	u, err := url.Parse(c.PublicURL)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" ||
		strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || u.User != nil {
		return "", errors.New("public-url must be scheme and host, such as https://login.contoso.com")
	}
	return u.Scheme + "://" + u.Host, nil
}

// Vault returns the place of the tenant's data.
func (c *Server) Vault() vault.Vault {
	v := c.Storage.Vault()
	v.Init = c.Init
	return v
}

// Vault returns the place of the tenant's data.
func (s *Storage) Vault() vault.Vault {
	return vault.Vault{Data: s.Data, Database: s.Database, MasterKey: s.MasterKey}
}
