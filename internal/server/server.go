// Package server wires the packages to a running server: configuration, the registry of providers, listeners,
// start and stop. It is the only package that imports all others.
//
// Reference: DESIGN §2, §7.
package server

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"journeyman.dev/internal/apple"
	"journeyman.dev/internal/application"
	"journeyman.dev/internal/audit"
	"journeyman.dev/internal/breach"
	"journeyman.dev/internal/connector"
	"journeyman.dev/internal/directory"
	"journeyman.dev/internal/journey"
	"journeyman.dev/internal/keyset"
	"journeyman.dev/internal/limit"
	"journeyman.dev/internal/listen"
	"journeyman.dev/internal/live"
	"journeyman.dev/internal/localca"
	"journeyman.dev/internal/mail"
	"journeyman.dev/internal/oidc"
	"journeyman.dev/internal/outbound"
	"journeyman.dev/internal/page"
	"journeyman.dev/internal/readiness"
	"journeyman.dev/internal/settings"
	"journeyman.dev/internal/site"
	"journeyman.dev/internal/store"
	"journeyman.dev/internal/tenant"
	"journeyman.dev/internal/userflow"
)

// Config contains an operator's settings and the resources of the process.
type Config struct {
	settings.Server

	PasswordCost directory.Cost   // zero: directory.DefaultCost
	Now          func() time.Time // nil: time.Now
	Rand         io.Reader        // nil: crypto/rand
	Log          *slog.Logger     // nil: slog.Default
}

// Server is a running tenant.
type Server struct {
	Config   Config
	TenantID string
	Policies *live.Policies
	Keys     *keyset.Service
	OwnKeys  *keyset.Service // our own key sets, which policies can't name
	Apps     *application.Cache
	Users    *directory.Directory
	// Connectors and Flows are the tenant's API connectors and user flows.
	Connectors *connector.Service
	Flows      *userflow.Service
	Audit      *audit.Log
	Outbox     *mail.Outbox // nil unless in development without SMTP
	Outbound   *outbound.Client
	notices    *mail.Notices // nil: no mail can be sent
	CAFile     string        // of the local CA; "" without

	// ExtensionsApp is the app id of extension attributes, without dashes.
	ExtensionsApp string

	localTLS *tls.Config
	db       *store.DB
	// fingerprint belongs to the last read policies and keys. syncing guards it.
	syncing           sync.Mutex
	fingerprint       string
	apple             *apple.Secrets
	engine            *journey.Engine
	oidc              *oidc.Server
	pages             *page.Pages
	site              *site.Site
	ready             *readiness.Readiness
	public, admin     net.Listener
	baseURL, adminURL string
	// stopping ends when the time of running requests is over: see Run.
	stopping context.Context
	stop     context.CancelFunc
}

// New opens the data, opens the listeners and wires the packages. Run serves.
func New(ctx context.Context, c Config) (_ *Server, err error) {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Rand == nil {
		c.Rand = rand.Reader
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	if err := c.Check(); err != nil {
		return nil, err
	}
	s := &Server{Config: c}
	s.stopping, s.stop = context.WithCancel(context.WithoutCancel(ctx))
	defer func() {
		if err != nil {
			s.close()
		}
	}()
	if err := os.MkdirAll(c.Data, 0o700); err != nil {
		return nil, fmt.Errorf("data folder: %w", err)
	}
	found, err := c.Vault().Look()
	if err != nil {
		return nil, err
	}
	if s.db, err = store.Open(ctx, c.Vault().Address()); err != nil {
		return nil, err
	}
	s.db.SetTimeout(c.DatabaseTimeout)
	sealer, err := found.Sealer(ctx, s.db)
	if err != nil {
		return nil, err
	}
	if err := s.identify(ctx); err != nil {
		return nil, err
	}
	if s.OwnKeys, err = keyset.NewOwn(ctx, store.KeySets{DB: s.db}, sealer, c.Now); err != nil {
		return nil, err
	}
	if s.Keys, err = keyset.NewService(ctx, store.KeySets{DB: s.db}, sealer, c.Now); err != nil {
		return nil, err
	}
	cost := cmp.Or(c.PasswordCost, directory.DefaultCost)
	s.Users = &directory.Directory{Store: store.Users{DB: s.db}, TenantName: c.Tenant, Passwords: directory.NewPasswords(cost, 0), Now: c.Now, Rand: c.Rand}
	if err := s.Users.ReportClashes(ctx, c.Log); err != nil {
		return nil, err
	}
	tlsConfig, pool, err := s.certificates()
	if err != nil {
		return nil, err
	}
	if err := s.listen(tlsConfig); err != nil {
		return nil, err
	}
	if s.Outbound, err = outbound.New(outbound.Config{
		Development: c.Outbound == "development", RootCAs: pool, PerHost: c.OutboundPerHost, Proxy: c.OutboundProxy, NoProxy: c.NoProxy, Log: c.Log,
	}); err != nil {
		return nil, fmt.Errorf("outbound-proxy: %w", err)
	}
	if s.Users.Known, err = breach.Load(c.BreachedPasswords, s.Outbound, c.Log); err != nil {
		return nil, fmt.Errorf("breached-passwords: %w", err)
	}
	if err := s.wire(ctx, sealer); err != nil {
		return nil, err
	}
	return s, nil
}

// defaultJourneys is more than the unfinished journeys of thousands of people behind one address.
const defaultJourneys = 5000

// identify makes or reads the tenant's identity.
func (s *Server) identify(ctx context.Context) error {
	t, err := tenant.Identify(ctx, s.db, store.Policies{DB: s.db}, s.Config.Tenant, s.Config.TenantID)
	if err != nil {
		return err
	}
	s.TenantID, s.ExtensionsApp = t.ID, strings.ReplaceAll(t.ExtensionsApp, "-", "")
	s.Apps = application.NewCache(store.Applications{DB: s.db})
	return s.applications().EnsureExtensions(ctx, t.ExtensionsApp)
}

func (s *Server) applications() tenant.Applications {
	return tenant.Applications{Settings: s.db, Apps: s.Apps, Now: s.Config.Now}
}

// EnsureKeys makes missing key sets of token issuers.
func (s *Server) EnsureKeys(ctx context.Context) error { return tenant.EnsureKeys(ctx, s.Keys) }

// EnsureApplication makes or updates the web application with a name, and gives it a new secret, which
// replaces the earlier ones.
func (s *Server) EnsureApplication(ctx context.Context, name string, redirects []string) (appID, secret string, err error) {
	return s.applications().Ensure(ctx, name, redirects)
}

// LocalTLS returns the configuration of a listener with a certificate of the local authority; nil without
// one.
func (s *Server) LocalTLS() *tls.Config { return s.localTLS }

// certificates makes the listeners' TLS and the trusted authorities of calls out.
func (s *Server) certificates() (*tls.Config, *x509.CertPool, error) {
	c := s.Config
	var trusted []string
	if c.TLS == "" || c.TLS == "auto" || c.Development {
		ca, err := localca.Load(filepath.Join(c.Data, "tls"), localca.Hosts(c.PublicURL), time.Now(), c.Rand)
		if err != nil {
			return nil, nil, err
		}
		s.CAFile, s.localTLS = ca.File, listen.TLS(ca.Certificate)
		if c.Outbound == "development" {
			// The sample API and a developer's own APIs use certificates of this authority.
			trusted = append(trusted, ca.File)
		}
	}
	if c.OutboundCA != "" {
		trusted = append(trusted, c.OutboundCA)
	}
	config, err := listen.Config(c.TLS, s.localTLS)
	if err != nil {
		return nil, nil, err
	}
	pool, err := outbound.Authorities(trusted...)
	if err != nil {
		return nil, nil, fmt.Errorf("outbound-ca: %w", err)
	}
	return config, pool, nil
}

func (s *Server) listen(config *tls.Config) error {
	var err error
	if s.public, s.baseURL, err = listen.Open("listen", s.Config.Listen, listen.PublicConnections(s.Config.MaxConnections), config); err != nil {
		return err
	}
	public, err := s.Config.PublicOrigin()
	if err != nil {
		return err
	}
	s.baseURL = cmp.Or(public, s.baseURL)
	if s.Config.AdminListen != "" {
		if s.admin, s.adminURL, err = listen.Open("admin-listen", s.Config.AdminListen, listen.AdminConnections(), config); err != nil {
			return err
		}
	}
	return nil
}

// remoteIP returns the client's address. Behind a trusted proxy it is the last address that the proxy added.
func (s *Server) remoteIP(r *http.Request) string { return limit.RemoteIP(r, s.Config.TrustProxy) }

// URL returns the address of the public listener for browsers.
func (s *Server) URL() string { return s.baseURL }

// AdminURL returns the address of the admin listener.
func (s *Server) AdminURL() string { return s.adminURL }

// Handler serves the public listener.
func (s *Server) Handler() http.Handler { return s.site }
