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

// errProxy is a proxy that can't be reached, other than the host behind it.
var errProxy = errors.New("the proxy can't be reached")

// proxies decide which requests leave through a proxy.
type proxies struct {
	address *url.URL // nil: none
	use     func(*url.URL) (*url.URL, error)
	guard   func(network, address string) error
}

// parseProxy reads a proxy's address. No error repeats it, as it may hold a password.
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
	// Plain http is for loopback in development alone, and loopback never takes a proxy.
	rules := httpproxy.Config{HTTPSProxy: config.Proxy, NoProxy: config.NoProxy}
	return proxies{address: address, use: rules.ProxyFunc(), guard: guard}, nil
}

// chosen reports whether a request takes the proxy.
func (p *proxies) chosen(u *url.URL) bool {
	if p.address == nil {
		return false
	}
	via, err := p.use(u)
	return err == nil && via != nil
}

// privateNames end the names that are of no public host: of a machine, its network, its
// cloud or its cluster (RFC 6761, 6762, 8375; .internal is reserved by ICANN).
var privateNames = []string{"localhost", "localdomain", "local", "internal", "intranet", "private", "corp", "home", "lan", "home.arpa", "svc", "test", "invalid", "onion"}

// check refuses hosts that no call may reach, before the proxy is asked for them. Names
// are resolved by the proxy: whether one has a private address is the proxy's to refuse.
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
	// 127.1, 0x7f000001 and 2130706433 are addresses to many resolvers, and names to none.
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

// transport makes a transport leave through the proxy: it dials nothing else.
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
