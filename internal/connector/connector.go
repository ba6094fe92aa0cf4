package connector

import (
	"crypto/sha1" //nolint:gosec // thumbprints of certificates are SHA-1 by convention
	"crypto/x509"
	"encoding/hex"
	"errors"
	"net/url"
	"strings"
	"time"

	"journeyman.dev/internal/refusal"
)

// Connector is an API connector as stored.
type Connector struct {
	ID          string         `json:"id"` // GUID, made by us
	DisplayName string         `json:"displayName"`
	TargetURL   string         `json:"targetUrl"` // https; the query is kept as given
	Auth        Authentication `json:"auth"`
	Settings    Settings       `json:"settings"`
	Created     time.Time      `json:"created"`
}

// Authentication is the way in which the API identifies us: Basic, or a client certificate.
type Authentication struct {
	Kind         Kind          `json:"kind"`
	Username     string        `json:"username,omitempty"`
	Password     string        `json:"password,omitempty"`
	Certificates []Certificate `json:"certificates,omitempty"` // in the order of upload
}

// Kind is a way to authenticate.
type Kind string

// The kinds. There is no connector without authentication: an API that is secured by a key in its address
// gets Basic credentials and ignores them (rest-and-connectors §1.1).
const (
	Basic             Kind = "basic"
	ClientCertificate Kind = "certificate"
)

// Certificate is a client certificate with its private key.
type Certificate struct {
	Chain     [][]byte  `json:"chain"`   // DER, the leaf first
	Private   []byte    `json:"private"` // PKCS #8
	NotBefore time.Time `json:"notBefore"`
	NotAfter  time.Time `json:"notAfter"`
	Uploaded  time.Time `json:"uploaded"`
}

// Thumbprint returns the SHA-1 of the leaf in upper-case hex, as in Windows and Graph.
func (c *Certificate) Thumbprint() string {
	sum := sha1.Sum(c.Chain[0]) //nolint:gosec // see the import
	return strings.ToUpper(hex.EncodeToString(sum[:]))
}

// Active returns the certificate to present: of the valid ones, the last uploaded (rest-and-connectors §1.1
// [D]).
func (a *Authentication) Active(now time.Time) (*Certificate, bool) {
	for i := len(a.Certificates) - 1; i >= 0; i-- {
		c := &a.Certificates[i]
		if !now.Before(c.NotBefore) && now.Before(c.NotAfter) {
			return c, true
		}
	}
	return nil, false
}

// Contract is the form of requests and answers that the API implements.
type Contract string

// The contracts.
const (
	// ContractConnector is B2C's: rest-and-connectors §1.3, §1.4. It is the default.
	ContractConnector Contract = "apiConnector"
	// ContractTokenIssuance is the contract of Entra's custom authentication extensions for the event
	// tokenIssuanceStart. It is for APIs that serve both products during a migration.
	ContractTokenIssuance Contract = "tokenIssuanceStart"
)

// Settings are features that B2C lacks. The zero value is B2C's behaviour.
type Settings struct {
	Contract Contract `json:"contract,omitempty"` // "": apiConnector
	// Strict requires a version in each answer (rest-and-connectors §1.4).
	Strict bool `json:"strict,omitempty"`
	// Timeout of each attempt and number of attempts; 0: the server's (20 s and 2).
	Timeout  time.Duration `json:"timeout,omitempty"`
	Attempts int           `json:"attempts,omitempty"`
	// CacheFor is the time for which answers that let the journey continue are stored, by the sent claims; 0:
	// every journey calls the API.
	CacheFor time.Duration `json:"cacheFor,omitempty"`
	// After BreakAfter failures in a row the API isn't called for BreakFor; 0: the API is always called.
	BreakAfter int           `json:"breakAfter,omitempty"`
	BreakFor   time.Duration `json:"breakFor,omitempty"` // 0: 30 s
	// HedgeAfter is the time after which an unanswered request is sent again, and the earlier answer wins; 0:
	// never. The API must tolerate repeated requests.
	HedgeAfter time.Duration `json:"hedgeAfter,omitempty"`
	// MaxConcurrent limits the simultaneous calls; more wait within their time-out. 0: no limit.
	MaxConcurrent int `json:"maxConcurrent,omitempty"`
}

// The limits of settings.
const (
	maxName       = 256
	maxURL        = 2048
	maxTimeout    = 2 * time.Minute
	maxAttempts   = 5
	maxCacheFor   = 24 * time.Hour
	maxConnectors = 20 // a tenant's (rest-and-connectors §1.1 [D])
)

// Errors. Those that wrap ErrInvalid contain texts for administrators.
var (
	ErrNotFound      = errors.New("no such API connector")
	ErrInvalid       = errors.New("invalid API connector")
	ErrNoCertificate = errors.New("the API connector has no client certificate that is valid now")
	ErrBreakerOpen   = errors.New("the API failed so often that it isn't called for a while")
	ErrBusy          = errors.New("the API has as many calls under way as it may")
)

func invalid(format string, args ...any) error {
	return refusal.Because(ErrInvalid, format, args...)
}

// Check reports the fault of a connector.
func (c *Connector) Check() error {
	switch {
	case strings.TrimSpace(c.DisplayName) == "":
		return invalid("displayName is required")
	case len(c.DisplayName) > maxName:
		return invalid("displayName has more than %d characters", maxName)
	}
	if err := CheckURL(c.TargetURL); err != nil {
		return err
	}
	if err := c.Auth.check(); err != nil {
		return err
	}
	return c.Settings.check()
}

// CheckURL reports the fault of an endpoint. The dialer decides later whether its address is allowed.
func CheckURL(address string) error {
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Host == "":
		return invalid("targetUrl must be an absolute https URL")
	case len(address) > maxURL:
		return invalid("targetUrl has more than %d characters", maxURL)
	case u.Scheme != "https":
		return invalid("targetUrl must be an https URL")
	case u.User != nil:
		return invalid("targetUrl must not have credentials: use basicAuthentication")
	case u.Fragment != "":
		return invalid("targetUrl must not have a fragment")
	}
	return nil
}

func (a *Authentication) check() error {
	switch a.Kind {
	case Basic:
		if a.Username == "" || a.Password == "" {
			return invalid("basicAuthentication needs username and password")
		}
		if strings.Contains(a.Username, ":") {
			return invalid("the username of basicAuthentication must not have a colon")
		}
	case ClientCertificate:
		if len(a.Certificates) == 0 {
			return invalid("a certificate with its private key is needed")
		}
	default:
		return invalid("authenticationConfiguration must be basicAuthentication or pkcs12Certificate")
	}
	return nil
}

func (s *Settings) check() error {
	switch {
	case s.Contract != "" && s.Contract != ContractConnector && s.Contract != ContractTokenIssuance:
		return invalid("contract must be %s or %s", ContractConnector, ContractTokenIssuance)
	case s.Timeout < 0 || s.Timeout > maxTimeout:
		return invalid("timeoutSeconds must be between 0 and %d", int(maxTimeout.Seconds()))
	case s.Attempts < 0 || s.Attempts > maxAttempts:
		return invalid("attempts must be between 0 and %d", maxAttempts)
	case s.CacheFor < 0 || s.CacheFor > maxCacheFor:
		return invalid("cacheSeconds must be between 0 and %d", int(maxCacheFor.Seconds()))
	case s.BreakAfter < 0 || s.BreakFor < 0 || s.BreakFor > time.Hour:
		return invalid("circuitBreaker must have failures of 0 or more and openSeconds between 0 and 3600")
	case s.HedgeAfter < 0 || s.HedgeAfter > maxTimeout:
		return invalid("hedgeAfterMilliseconds must be between 0 and %d", maxTimeout.Milliseconds())
	case s.MaxConcurrent < 0:
		return invalid("maxConcurrent must be 0 or more")
	}
	return nil
}

// certificateOf checks an administrator's upload.
func certificateOf(chain [][]byte, private []byte, now time.Time) (Certificate, error) {
	if len(chain) == 0 || len(private) == 0 {
		return Certificate{}, invalid("the PKCS #12 file holds no certificate with a private key")
	}
	leaf, err := x509.ParseCertificate(chain[0])
	if err != nil {
		return Certificate{}, invalid("the certificate can't be read")
	}
	if !now.Before(leaf.NotAfter) {
		return Certificate{}, invalid("the certificate expired on %s", leaf.NotAfter.UTC().Format(time.DateOnly))
	}
	return Certificate{Chain: chain, Private: private, NotBefore: leaf.NotBefore, NotAfter: leaf.NotAfter, Uploaded: now.UTC()}, nil
}
