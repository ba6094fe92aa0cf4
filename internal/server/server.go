// Package server wires the packages to a running server: configuration, the registry
// of providers, listeners, life and death. It is the only one that knows everybody.
//
// Reference: DESIGN §2, §7.
package server

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"journeyman.dev/internal/apple"
	"journeyman.dev/internal/application"
	"journeyman.dev/internal/audit"
	"journeyman.dev/internal/breach"
	"journeyman.dev/internal/connector"
	"journeyman.dev/internal/directory"
	"journeyman.dev/internal/endpoint"
	"journeyman.dev/internal/journey"
	"journeyman.dev/internal/keyset"
	"journeyman.dev/internal/kinds"
	"journeyman.dev/internal/library"
	"journeyman.dev/internal/limit"
	"journeyman.dev/internal/listen"
	"journeyman.dev/internal/localca"
	"journeyman.dev/internal/mail"
	"journeyman.dev/internal/oidc"
	"journeyman.dev/internal/onetime"
	"journeyman.dev/internal/outbound"
	"journeyman.dev/internal/page"
	"journeyman.dev/internal/program"
	"journeyman.dev/internal/provider/apiconnector"
	dirprovider "journeyman.dev/internal/provider/directory"
	"journeyman.dev/internal/provider/federation"
	"journeyman.dev/internal/provider/insights"
	"journeyman.dev/internal/provider/otp"
	"journeyman.dev/internal/provider/restful"
	"journeyman.dev/internal/provider/selfasserted"
	"journeyman.dev/internal/provider/userinfo"
	"journeyman.dev/internal/readiness"
	"journeyman.dev/internal/seal"
	"journeyman.dev/internal/settings"
	"journeyman.dev/internal/signpost"
	"journeyman.dev/internal/store"
	"journeyman.dev/internal/tenant"
	"journeyman.dev/internal/userflow"
)

// Config is what an operator sets, and what the process gives.
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
	Policies *library.Library
	Keys     *keyset.Service
	OwnKeys  *keyset.Service // those that no policy can name
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

	// ExtensionsApp is the app id that extension attributes belong to, without dashes.
	ExtensionsApp string

	localTLS *tls.Config
	db       *store.DB
	// fingerprint is of the policies and keys that were read last; syncing guards it.
	syncing     sync.Mutex
	fingerprint string
	apple       *apple.Secrets
	engine      *journey.Engine
	oidc        *oidc.Server
	pages       *page.Pages
	ready       *readiness.Readiness
	public      net.Listener
	admin       net.Listener
	baseURL     string
	adminURL    string
	// stopping ends when the requests under way have had their time: see Run.
	stopping context.Context
	stop     context.CancelFunc
}

// New opens the data, binds the listeners and wires everything; Run serves.
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
	cost := c.PasswordCost
	if cost == (directory.Cost{}) {
		cost = directory.DefaultCost
	}
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

// defaultJourneys is more than thousands of people behind one address leave.
const defaultJourneys = 5000

// identify makes or reads what the tenant is known by.
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

// EnsureKeys makes the key sets that token issuers name, if they are missing.
func (s *Server) EnsureKeys(ctx context.Context) error { return tenant.EnsureKeys(ctx, s.Keys) }

// EnsureApplication makes or updates a web application and gives it a new secret; what
// it had before is replaced. name finds it again.
func (s *Server) EnsureApplication(ctx context.Context, name string, redirects []string) (appID, secret string, err error) {
	return s.applications().Ensure(ctx, name, redirects)
}

// LocalTLS is the configuration of a listener with a certificate of the local
// authority; nil without one.
func (s *Server) LocalTLS() *tls.Config { return s.localTLS }

// certificates makes the listeners' TLS and the pool that calls out trust.
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
			// The sample API and a developer's own use certificates of this authority.
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

// registry is the list of kinds, with providers over the server's services.
func (s *Server) registry() (*program.Kinds, error) {
	mailer, err := s.mailer()
	if err != nil {
		return nil, err
	}
	cache := &federation.MetadataCache{Caller: s.Outbound}
	guesses := onetime.NewCountedGuesses(store.Limits{DB: s.db}, s.Config.Now)
	ring := keyset.Ring{Policies: s.Keys, Own: s.OwnKeys}
	return kinds.New(&kinds.Providers{
		APIConnector:  *s.connectorProvider(),
		Authorization: userinfo.Authorization{Keys: s.Keys},
		Directory:     dirprovider.Provider{Users: s.Users, ExtensionsApp: s.ExtensionsApp, RefuseKnown: s.Config.RefuseKnownPasswords, Notifier: s.notifier()},
		Hint:          federation.Hint{Keys: s.Keys, Metadata: cache},
		Insights:      insights.Provider{Log: s.Config.Log},
		MailedCode:    otp.Mailed{Mailer: mailer, Guesses: guesses},
		OAuth2:        federation.OAuth2{Caller: s.Outbound, Keys: ring},
		OneTimeCode:   otp.Provider{Limits: onetime.IssueLimits{Made: s.windows()}, Guesses: guesses},
		OpenIDConnect: federation.OpenIDConnect{Caller: s.Outbound, Keys: ring, Accounts: s.Users, Metadata: cache},
		RESTful:       restful.Provider{Caller: s.Outbound, Keys: s.Keys, Timeout: s.Config.RESTTimeout, Attempts: s.Config.RESTAttempts},
		SelfAsserted:  selfasserted.Provider{Mailer: mailer, Guesses: guesses},
	}), nil
}

func (s *Server) connectorProvider() *apiconnector.Provider {
	return &apiconnector.Provider{Connectors: s.Connectors, Applications: s.Apps, ExtensionsApp: s.ExtensionsApp}
}

// windows counts what is done within a time, over all nodes.
func (s *Server) windows() *limit.Windows {
	return &limit.Windows{Store: store.Limits{DB: s.db}, Now: s.Config.Now}
}

func (s *Server) mailer() (selfasserted.Mailer, error) {
	if s.Config.SMTP == "" && s.Config.Development {
		s.Outbox = &mail.Outbox{Now: s.Config.Now}
	}
	codes, notices, err := mail.Open(s.Config.SMTP, s.Outbox, s.Config.Log, s.windows())
	if codes == nil {
		return nil, err
	}
	s.notices = notices
	return codes, nil
}

// notifier is the mailer of notices, a real nil if there is none.
func (s *Server) notifier() dirprovider.Notifier {
	if s.notices == nil {
		return nil
	}
	return s.notices
}

func (s *Server) wire(ctx context.Context, sealer *seal.Sealer) error {
	c := s.Config
	s.apple = &apple.Secrets{Keys: s.OwnKeys, Now: c.Now}
	s.Audit = &audit.Log{Store: store.Audits{DB: s.db}, Now: c.Now, Rand: c.Rand, Log: c.Log}
	s.Connectors = &connector.Service{
		Store: store.Resources{DB: s.db}, Sealer: sealer, Caller: s.Outbound, Decode: keyset.DecodePKCS12, Timeout: c.ConnectorTimeout, Attempts: c.ConnectorAttempts, Now: c.Now,
	}
	if err := s.Connectors.Reload(ctx); err != nil {
		return err
	}
	registry, err := s.registry()
	if err != nil {
		return err
	}
	s.Policies = &library.Library{
		Store: store.Policies{DB: s.db}, Now: c.Now, Log: c.Log, Keep: 24 * time.Hour, KeyActive: s.Keys.HasActive,
		Options: program.Options{Kinds: registry, TenantName: c.Tenant, TenantID: s.TenantID, KeyExists: s.Keys.Exists,
			OwnKeyExists: s.OwnKeys.Exists, ConnectorExists: s.Connectors.Exists},
	}
	s.Flows = &userflow.Service{Store: store.Resources{DB: s.db}, Publisher: s.Policies, TenantName: c.Tenant, ExtensionsApp: s.ExtensionsApp, Prepare: s.EnsureKeys, Now: c.Now}
	if err := errors.Join(s.Policies.Load(ctx), s.Flows.Reload(ctx)); err != nil {
		return err
	}
	s.ready = &readiness.Readiness{Write: s.writes, Problems: s.Policies.Problems, Now: c.Now}
	s.engine = &journey.Engine{
		Store: store.Journeys{DB: s.db}, Sealer: sealer, Programs: s.Policies, Accounts: s.Users, Sessions: store.Sessions{DB: s.db}, AllowDisabled: c.CompatibleDisabledAccounts,
		Secret: s.Keys.Secret, Audit: s.Audit, Now: c.Now, Rand: c.Rand, Log: c.Log,
		Waiting: &limit.Waiting{Most: cmp.Or(c.JourneysPerClient, defaultJourneys), Within: time.Hour, Now: c.Now},
	}
	drawn, err := page.NewKinds(kinds.Pages(), kinds.Controls())
	if err != nil {
		return err
	}
	s.pages = &page.Pages{
		Kinds: drawn, Engine: s.engine, Sealer: sealer, TenantID: s.TenantID, Templates: page.NewTemplates(s.Outbound, s.templateAge(), c.Now), Program: s.program,
		Secure: strings.HasPrefix(s.baseURL, "https:"), Development: c.Development, Now: c.Now, Log: c.Log,
	}
	page.LogMissing(c.Log)
	s.oidc = &oidc.Server{
		TenantName: c.Tenant, TenantID: s.TenantID, Programs: s.Policies, Applications: s.Apps, Keys: s.Keys, Sealer: sealer,
		Grants: store.Grants{DB: s.db}, Assertions: s.db, Sessions: store.Sessions{DB: s.db}, Accounts: s.Users, Audit: s.Audit, Browser: s.pages, Engine: s.engine,
		BaseURL: func(*http.Request) string { return s.baseURL }, RemoteIP: s.remoteIP, RequirePKCE: c.RequirePKCE, AllowPlainPKCE: c.AllowPlainPKCE, Now: c.Now, Rand: c.Rand, Log: c.Log,
	}
	s.pages.Deliver = s.oidc.Deliver
	return nil
}

// writes reports whether the database takes a write.
func (s *Server) writes() error {
	err := s.db.Ready(s.stopping, s.Config.Now())
	if err != nil && s.stopping.Err() == nil {
		s.Config.Log.Error("the database takes no writes", "err", err)
	}
	return err
}

// templateAge is how long a page template without cache headers is used: in development
// an author sees a change at once.
func (s *Server) templateAge() time.Duration {
	if s.Config.Development {
		return 0
	}
	return time.Minute
}

// program is the policy that a request names, nil if it names none that is known.
func (s *Server) program(r *http.Request) *program.Program {
	e, ok, err := endpoint.Parse(r.URL)
	if !ok || err != nil {
		return nil
	}
	return s.Policies.Current(e.Policy)
}

// caller is who sent a request, for the bounds against strangers. Behind a proxy,
// connections are those of the proxy.
func (s *Server) caller(r *http.Request) *limit.Caller {
	c := &limit.Caller{Client: limit.Client(s.remoteIP(r)), Devices: s.pages.Devices(r)}
	if !s.Config.TrustProxy {
		c.Connection = limit.ConnectionOf(r.Context())
	}
	return c
}

// remoteIP is the client's address; behind a trusted proxy the last that it added.
func (s *Server) remoteIP(r *http.Request) string { return limit.RemoteIP(r, s.Config.TrustProxy) }

// URL is the address that browsers use; AdminURL that of the admin listener.
func (s *Server) URL() string { return s.baseURL }

// AdminURL is the address of the admin listener.
func (s *Server) AdminURL() string { return s.adminURL }

// Handler serves the public listener.
func (s *Server) Handler() http.Handler {
	return s.protect(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(s.baseURL, "https:") {
			w.Header().Set("Strict-Transport-Security", "max-age=31536000")
		}
		switch r.URL.Path {
		case "/healthz":
			_, _ = io.WriteString(w, "ok\n")
			return
		case "/favicon.ico":
			w.WriteHeader(http.StatusNoContent)
			return
		}
		if signpost.Asked(r) {
			signpost.Write(w, signpost.Public())
			return
		}
		if s.pages.ServeStatic(w, r) {
			return
		}
		r = r.WithContext(directory.Remembering(limit.With(r.Context(), s.caller(r))))
		e, ok, err := endpoint.Parse(r.URL)
		if err != nil {
			s.pages.Error(w, r, http.StatusBadRequest, &journey.Failure{Code: journey.CodeUnknownPolicy, Public: "The address names two different policies."}, "")
			return
		}
		if ok {
			if s.oidc.ServeEndpoint(w, r, e) {
				return
			}
			r, done := s.lasting(r)
			defer done()
			if s.oidc.OwnTenant(e.Tenant) && s.pages.ServeEndpoint(w, r, e) {
				return
			}
		}
		s.pages.Error(w, r, http.StatusNotFound, &journey.Failure{Public: "There is nothing at this address."}, "")
	}))
}

// protect keeps a panic from the connection.
func (s *Server) protect(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			if p := recover(); p != nil {
				if p == http.ErrAbortHandler {
					panic(p)
				}
				id := s.engine.NewID()
				s.Config.Log.ErrorContext(r.Context(), "panic", "correlationId", id, "panic", fmt.Sprint(p), "path", r.URL.Path, "stack", string(debug.Stack()))
				s.pages.Error(w, r, http.StatusInternalServerError, journey.Fail(journey.CodeInternal, nil), id)
			}
		}()
		next.ServeHTTP(w, r)
	})
}
