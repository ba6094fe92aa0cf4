// Package outbound is the only package that calls other servers. Its HTTP client serves REST APIs, identity
// providers and their metadata.
//
// It requires TLS 1.2, checks certificates and addresses when it dials, limits time and size, and follows no
// redirects. It repeats a request only if there was no answer.
//
// Reference: DESIGN §5; rest-and-connectors §1.7.
package outbound

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"syscall"
	"time"

	"code.dny.dev/ssrf"

	"journeyman.dev/internal/limit"
	"journeyman.dev/internal/telemetry"
)

// Errors of a request without answer. Their texts contain the host, never the whole address, which may
// contain claims.
var (
	ErrTimeout     = errors.New("no answer in time")
	ErrUnreachable = errors.New("host can't be reached")
	ErrUnresolved  = errors.New("host name can't be resolved")
	ErrForbidden   = errors.New("address is not allowed")
	ErrTooLarge    = errors.New("answer is too large")
	ErrIncomplete  = errors.New("answer broke off")
	ErrBusy        = errors.New("too many calls to the host are under way")
)

// Config is the set of allowed destinations.
type Config struct {
	// Development allows loopback and private addresses, and plain http to loopback.
	Development bool
	// RootCAs are the trusted authorities; nil: the system's.
	RootCAs *x509.CertPool
	// PerHost limits the simultaneous calls to one host; 0: 512. As many again may wait, at most for the
	// time-out of an answer. Further calls get ErrBusy at once.
	PerHost int
	// Proxy is the address of a proxy for https calls. Its scheme is http or https, and it contains
	// credentials if the proxy requires them; "": no proxy. NoProxy are hosts that are called directly, in
	// the form of the variable NO_PROXY; loopback is always called directly.
	Proxy, NoProxy string
	Log            *slog.Logger
}

// defaultPerHost is the number of calls that one slow API may occupy. It is far above the usual calls to a
// healthy API, and costs little memory if the API hangs.
const defaultPerHost = 512

// Client sends requests. It is safe for concurrent use.
type Client struct {
	config  Config
	dialer  *net.Dialer
	proxies proxies
	plain   *ways
	hosts   limit.Hosts

	mu       sync.Mutex
	withCert map[[32]byte]*ways
}

// ways are the clients for direct calls and for calls through the proxy.
type ways struct{ direct, proxied *http.Client }

const (
	dialTimeout = 10 * time.Second
	keepAlive   = 30 * time.Second
)

// New makes a Client. The error concerns the proxy's address.
func New(config Config) (*Client, error) {
	config.PerHost = cmp.Or(config.PerHost, defaultPerHost)
	c := &Client{config: config, withCert: make(map[[32]byte]*ways)}
	c.hosts.Width = config.PerHost
	guard := ssrf.New(ssrf.WithAnyPort(), ssrf.WithNetworks("tcp4", "tcp6"))
	allowed := func(network, address string, conn syscall.RawConn) error {
		if config.Development && local(address) {
			return nil
		}
		if err := guard.Safe(network, address, conn); err != nil {
			return fmt.Errorf("%w: %s", ErrForbidden, address)
		}
		return nil
	}
	c.dialer = &net.Dialer{Timeout: dialTimeout, KeepAlive: keepAlive, Control: allowed}
	var err error
	if c.proxies, err = newProxies(config, func(network, address string) error { return allowed(network, address, nil) }); err != nil {
		return nil, err
	}
	c.plain = c.clients(nil)
	return c, nil
}

// local reports whether an address is loopback or private, and so allowed only in development.
func local(address string) bool {
	ap, err := netip.ParseAddrPort(address)
	if err != nil {
		return false
	}
	ip := ap.Addr().Unmap()
	return ip.IsLoopback() || ip.IsPrivate()
}

func (c *Client) clients(cert *tls.Certificate) *ways {
	both := &ways{direct: c.client(cert, func(t *http.Transport) *http.Transport { return t })}
	if c.proxies.address != nil {
		both.proxied = c.client(cert, c.proxies.transport)
	}
	return both
}

func (c *Client) client(cert *tls.Certificate, change func(*http.Transport) *http.Transport) *http.Client {
	config := &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: c.config.RootCAs, CipherSuites: CipherSuites()}
	if cert != nil {
		config.Certificates = []tls.Certificate{*cert}
	}
	return &http.Client{
		Transport: change(&http.Transport{
			DialContext: c.dialer.DialContext, TLSClientConfig: config, ForceAttemptHTTP2: true,
			TLSHandshakeTimeout: 10 * time.Second, MaxIdleConns: 1024, MaxIdleConnsPerHost: c.config.PerHost, MaxConnsPerHost: c.config.PerHost,
			IdleConnTimeout: 90 * time.Second, ExpectContinueTimeout: time.Second, MaxResponseHeaderBytes: 64 << 10,
		}),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// forCertificate keeps the clients for each client certificate, so that connections are reused.
func (c *Client) forCertificate(cert *tls.Certificate) *ways {
	if cert == nil {
		return c.plain
	}
	key := sha256.Sum256(bytes.Join(cert.Certificate, nil))
	c.mu.Lock()
	defer c.mu.Unlock()
	if have, ok := c.withCert[key]; ok {
		return have
	}
	made := c.clients(cert)
	c.withCert[key] = made
	return made
}

// Request is a call.
type Request struct {
	Method  string
	URL     string
	Header  http.Header
	Body    []byte
	Timeout time.Duration // for each attempt, including the answer; 0: 30 s
	// Attempts is the maximum number of attempts without answer; 0: one. An answer of any status is final.
	Attempts    int
	Certificate *tls.Certificate
	MaxBody     int64 // 0: 1 MiB
}

// Response is an answer.
type Response struct {
	Status   int
	Header   http.Header
	Body     []byte
	Attempts int
	Duration time.Duration
	TLS      *tls.ConnectionState // nil for plain http, and without an answer
}

// CheckURL reports whether an address is allowed at all: https, or in development http to loopback.
func (c *Client) CheckURL(address string) error {
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Host == "":
		return fmt.Errorf("%w: not an absolute URL", ErrForbidden)
	case u.User != nil:
		return fmt.Errorf("%w: the URL has credentials", ErrForbidden)
	case u.Scheme == "https":
		return nil
	case u.Scheme != "http":
		return fmt.Errorf("%w: the scheme %s", ErrForbidden, u.Scheme)
	}
	ip := net.ParseIP(u.Hostname())
	if c.config.Development && (u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()) {
		return nil
	}
	return fmt.Errorf("%w: plain http to %s", ErrForbidden, u.Hostname())
}

// Do sends a request. The error wraps one of this package's. Response contains the number of attempts even
// after an error.
func (c *Client) Do(ctx context.Context, r Request) (Response, error) {
	if err := c.CheckURL(r.URL); err != nil {
		return Response{}, err
	}
	start := time.Now()
	var out Response
	var err error
	for attempt := 1; attempt <= max(r.Attempts, 1); attempt++ {
		out, err = c.once(ctx, r)
		out.Attempts = attempt
		if err == nil || errors.Is(err, ErrForbidden) || errors.Is(err, ErrTooLarge) || errors.Is(err, ErrBusy) || ctx.Err() != nil {
			break
		}
	}
	out.Duration = time.Since(start)
	scope := telemetry.From(ctx)
	if c.config.Log == nil && scope == nil {
		return out, err
	}
	host := ""
	if u, perr := url.Parse(r.URL); perr == nil {
		host = u.Host
	}
	if scope != nil && scope.Called != nil {
		scope.Called(ctx, telemetry.Call{Method: r.Method, Host: host, Status: out.Status, Attempts: out.Attempts, Duration: out.Duration, Err: err})
	}
	if c.config.Log != nil {
		attrs := []any{"host", host, "method", r.Method, "status", out.Status, "attempts", out.Attempts, "duration", out.Duration}
		if scope != nil {
			attrs = append(attrs, "correlationId", scope.CorrelationID)
		}
		if err != nil {
			attrs = append(attrs, "err", err)
		}
		c.config.Log.DebugContext(ctx, "call out", attrs...)
	}
	return out, err
}

// traceParent is the header that connects the trace of a journey with that of the called system.
const traceParent = "Traceparent"

func (c *Client) once(ctx context.Context, r Request) (Response, error) {
	timeout := r.Timeout
	if timeout == 0 {
		timeout = 30 * time.Second
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, r.Method, r.URL, bytes.NewReader(r.Body))
	if err != nil {
		return Response{}, fmt.Errorf("%w: the request can't be made", ErrForbidden)
	}
	if len(r.Body) == 0 {
		req.Body, req.GetBody, req.ContentLength = http.NoBody, nil, 0
	}
	for name, values := range r.Header {
		req.Header[http.CanonicalHeaderKey(name)] = values
	}
	if req.Header.Get("User-Agent") == "" {
		req.Header.Set("User-Agent", "Journeyman")
	}
	if scope := telemetry.From(ctx); scope != nil && req.Header.Get(traceParent) == "" {
		if trace := scope.TraceParent(); trace != "" {
			req.Header.Set(traceParent, trace)
		}
	}
	client := c.forCertificate(r.Certificate).direct
	if c.proxies.chosen(req.URL) {
		// Never send the proxy a request that our own dialer would refuse.
		if err := c.proxies.check(req.URL, c.config.Development); err != nil {
			return Response{}, err
		}
		client = c.forCertificate(r.Certificate).proxied
	}
	leave, err := c.hosts.Enter(ctx, req.URL.Host)
	if err != nil {
		return Response{}, ErrBusy
	}
	defer leave()
	// We count the attempts. Without this, the transport repeats a request if a kept connection turns out to
	// be closed. That is right here, because the server read nothing.
	res, err := client.Do(req)
	if err != nil {
		return Response{}, classify(err)
	}
	defer func() { _ = res.Body.Close() }()
	limit := r.MaxBody
	if limit == 0 {
		limit = 1 << 20
	}
	body, err := io.ReadAll(io.LimitReader(res.Body, limit+1))
	out := Response{Status: res.StatusCode, Header: res.Header, Body: body, TLS: res.TLS}
	switch {
	case int64(len(body)) > limit:
		return out, fmt.Errorf("%w: more than %d bytes", ErrTooLarge, limit)
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		// Also without an error: a server that notices our end may complete its answer before the connection
		// closes.
		return out, ErrTimeout
	case err != nil:
		return out, fmt.Errorf("%w: %s", ErrIncomplete, clean(err))
	}
	return out, nil
}

// classify converts an error of net/http to one of ours, without the address.
func classify(err error) error {
	var dns *net.DNSError
	var netErr net.Error
	switch {
	case errors.Is(err, errProxy):
		return fmt.Errorf("%w: %w", ErrUnreachable, errProxy)
	case errors.Is(err, ErrForbidden):
		return fmt.Errorf("%w: private, loopback and link-local addresses are refused", ErrForbidden)
	case errors.As(err, &dns) && !dns.IsTimeout:
		return ErrUnresolved
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &netErr) && netErr.Timeout():
		return ErrTimeout
	}
	return fmt.Errorf("%w: %s", ErrUnreachable, clean(err))
}

// clean removes the URL that net/http puts in front.
func clean(err error) string {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	return strings.ReplaceAll(err.Error(), "\n", " ")
}

// Close drops idle connections.
func (c *Client) Close() {
	c.plain.close()
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, both := range c.withCert {
		both.close()
	}
}

func (w *ways) close() {
	w.direct.CloseIdleConnections()
	if w.proxied != nil {
		w.proxied.CloseIdleConnections()
	}
}
