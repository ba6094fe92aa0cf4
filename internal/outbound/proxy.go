package outbound

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"golang.org/x/net/http/httpproxy"
)

// errProxy means that the proxy, not the host behind it, can't be reached.
var errProxy = errors.New("the proxy can't be reached")

// proxies selects the requests that use a proxy.
type proxies struct {
	address *url.URL // nil: none
	use     func(*url.URL) (*url.URL, error)
	guard   func(network, address string) error
}

// parseProxy reads a proxy's address. Its errors don't repeat the address, which may contain a password.
func parseProxy(address string) (*url.URL, error) {
	if !strings.Contains(address, "://") {
		address = "http://" + address // as other programs read HTTPS_PROXY
	}
	u, err := url.Parse(address)
	switch {
	case err != nil, u.Hostname() == "":
		return nil, errors.New("the proxy's address must look like http://user:password@host:port")
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, errors.New("the proxy's address must begin with http:// or https://")
	case strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "":
		return nil, errors.New("the proxy's address must end with the port")
	}
	return u, nil
}

func newProxies(config Config, guard func(network, address string) error) (proxies, error) {
	if config.Proxy == "" {
		return proxies{}, nil
	}
	address, err := parseProxy(config.Proxy)
	if err != nil {
		return proxies{}, err
	}
	// Plain http is only for loopback in development, and loopback never uses a proxy.
	rules := httpproxy.Config{HTTPSProxy: config.Proxy, NoProxy: config.NoProxy}
	return proxies{address: address, use: rules.ProxyFunc(), guard: guard}, nil
}

// chosen reports whether a request uses the proxy.
func (p *proxies) chosen(u *url.URL) bool {
	if p.address == nil {
		return false
	}
	via, err := p.use(u)
	return err == nil && via != nil
}

// privateNames end the names of non-public hosts: of a machine, its network, its cloud or its cluster (RFC
// 6761, 6762, 8375; .internal is reserved by ICANN).
var privateNames = []string{"localhost", "localdomain", "local", "internal", "intranet", "private", "corp", "home", "lan", "home.arpa", "svc", "test", "invalid", "onion"}

// check refuses forbidden hosts before the proxy gets the request. The proxy resolves names, so it must
// itself refuse names with private addresses.
func (p *proxies) check(u *url.URL, development bool) error {
	host := strings.TrimSuffix(strings.ToLower(u.Hostname()), ".")
	if ip, err := netip.ParseAddr(host); err == nil {
		network := "tcp4"
		if ip.Is6() {
			network = "tcp6"
		}
		port := u.Port()
		if port == "" {
			port = "443"
		}
		if err := p.guard(network, net.JoinHostPort(ip.WithZone("").String(), port)); err != nil || ip.Zone() != "" {
			return fmt.Errorf("%w: private, loopback and link-local addresses are refused", ErrForbidden)
		}
		return nil
	}
	// Many resolvers treat 127.1, 0x7f000001 and 2130706433 as addresses.
	if numeric(host[strings.LastIndexByte(host, '.')+1:]) {
		return fmt.Errorf("%w: %s is no host name", ErrForbidden, host)
	}
	if development {
		return nil
	}
	if !strings.Contains(host, ".") {
		return fmt.Errorf("%w: %s is no public host name", ErrForbidden, host)
	}
	for _, name := range privateNames {
		if strings.HasSuffix(host, "."+name) {
			return fmt.Errorf("%w: %s is no public host name", ErrForbidden, host)
		}
	}
	return nil
}

// numeric reports whether a name's last label makes it an address (WHATWG URL, "ends in a
// number").
func numeric(label string) bool {
	if hex, ok := strings.CutPrefix(label, "0x"); ok {
		return strings.Trim(hex, "0123456789abcdef") == ""
	}
	return label != "" && strings.Trim(label, "0123456789") == ""
}

// transport makes a transport use the proxy: it dials nothing else.
func (p *proxies) transport(t *http.Transport) *http.Transport {
	t.Proxy = http.ProxyURL(p.address)
	var dialer net.Dialer
	own := net.JoinHostPort(p.address.Hostname(), proxyPort(p.address))
	dialer.Timeout, dialer.KeepAlive = dialTimeout, keepAlive
	t.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		if !strings.EqualFold(address, own) {
			return nil, fmt.Errorf("%w: %s is not the proxy", ErrForbidden, address)
		}
		conn, err := dialer.DialContext(ctx, network, address)
		if err != nil {
			return nil, errors.Join(errProxy, err)
		}
		return conn, nil
	}
	return t
}

func proxyPort(u *url.URL) string {
	switch {
	case u.Port() != "":
		return u.Port()
	case u.Scheme == "https":
		return "443"
	}
	return "80"
}
