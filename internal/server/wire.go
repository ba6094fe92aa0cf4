package server

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"journeyman.dev/internal/apple"
	"journeyman.dev/internal/audit"
	"journeyman.dev/internal/connector"
	"journeyman.dev/internal/endpoint"
	"journeyman.dev/internal/journey"
	"journeyman.dev/internal/keyset"
	"journeyman.dev/internal/kinds"
	"journeyman.dev/internal/limit"
	"journeyman.dev/internal/live"
	"journeyman.dev/internal/mail"
	"journeyman.dev/internal/oidc"
	"journeyman.dev/internal/onetime"
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
	"journeyman.dev/internal/site"
	"journeyman.dev/internal/store"
	"journeyman.dev/internal/userflow"
)

// registry makes the list of kinds, with providers that use the server's services.
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

// windows makes the counter of actions over all nodes.
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

// notifier returns the mailer of notices, a real nil if there is none.
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
	s.Policies = &live.Policies{
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
	age := time.Minute // of a page template without cache headers
	if c.Development {
		age = 0 // an author sees changes at once
	}
	s.pages = &page.Pages{
		Kinds: drawn, Engine: s.engine, Sealer: sealer, TenantID: s.TenantID, Templates: page.NewTemplates(s.Outbound, age, c.Now), Program: s.program,
		Secure: strings.HasPrefix(s.baseURL, "https:"), Development: c.Development, Now: c.Now, Log: c.Log,
	}
	page.LogMissing(c.Log)
	s.oidc = &oidc.Server{
		TenantName: c.Tenant, TenantID: s.TenantID, Programs: s.Policies, Applications: s.Apps, Keys: s.Keys, Sealer: sealer,
		Grants: store.Grants{DB: s.db}, Assertions: s.db, Sessions: store.Sessions{DB: s.db}, Accounts: s.Users, Audit: s.Audit, Browser: s.pages, Engine: s.engine,
		BaseURL: func(*http.Request) string { return s.baseURL }, RemoteIP: s.remoteIP, RequirePKCE: c.RequirePKCE, AllowPlainPKCE: c.AllowPlainPKCE, Now: c.Now, Log: c.Log,
	}
	s.pages.Deliver = s.oidc.Deliver
	s.site = &site.Site{
		OIDC: s.oidc, Pages: s.pages, HTTPS: strings.HasPrefix(s.baseURL, "https:"), TrustProxy: c.TrustProxy, Stopping: s.stopping, NewID: s.engine.NewID, Log: c.Log,
	}
	return nil
}

// writes reports whether the database accepts a write.
func (s *Server) writes() error {
	err := s.db.Ready(s.stopping, s.Config.Now())
	if err != nil && s.stopping.Err() == nil {
		s.Config.Log.Error("the database takes no writes", "err", err)
	}
	return err
}

// program returns the policy of a request, nil if the request names no known one.
func (s *Server) program(r *http.Request) *program.Program {
	e, ok, err := endpoint.Parse(r.URL)
	if !ok || err != nil {
		return nil
	}
	return s.Policies.Current(e.Policy)
}
