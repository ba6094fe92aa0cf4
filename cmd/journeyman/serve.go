package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"journeyman.dev/internal/server"
)

// settings are what dev and serve share. Each is also a variable JOURNEYMAN_… and a
// member of the configuration file.
type settings struct {
	Config       string        `help:"JSON file of settings." type:"path"`
	Listen       string        `help:"Public listener." default:"127.0.0.1:8443"`
	AdminListen  string        `help:"Admin listener." default:"127.0.0.1:8444"`
	TLS          string        `name:"tls" help:"auto (a local certificate authority in the data folder), off, or cert.pem,key.pem." default:"auto" env:"JOURNEYMAN_TLS"`
	TenantID     string        `name:"tenant-id" help:"GUID of the tenant; made once if not given." env:"JOURNEYMAN_TENANT_ID"`
	Database     string        `help:"sqlite:FILE or postgres://user:password@host/name; a file in the data folder if not given."`
	Data         string        `help:"Folder for database, keys and certificates." default:"./data" type:"path"`
	PublicURL    string        `name:"public-url" help:"Scheme and host that browsers use, behind a proxy." env:"JOURNEYMAN_PUBLIC_URL"`
	OutboundCA   string        `name:"outbound-ca" help:"PEM file of certificate authorities to trust for calls out, beside the system's." env:"JOURNEYMAN_OUTBOUND_CA"`
	MasterKey    []string      `help:"Master keys, 32 bytes in base64 each: the first seals, all open; a file in the data folder if not given." sep:","`
	SMTPURL      string        `name:"smtp-url" help:"smtp://user:password@host:port?from=address." env:"JOURNEYMAN_SMTP_URL"`
	AdminToken   string        `help:"Static bearer token for the admin API."`
	TrustProxy   bool          `help:"Take the client's address from X-Forwarded-For of the proxy in front."`
	RESTTimeout  time.Duration `name:"rest-timeout" help:"How long a RESTful technical profile waits for each attempt." default:"30s" env:"JOURNEYMAN_REST_TIMEOUT"`
	RESTAttempts int           `name:"rest-attempts" help:"How often a RESTful technical profile asks an API that doesn't answer." default:"3" env:"JOURNEYMAN_REST_ATTEMPTS"`
	PerHost      int           `name:"outbound-per-host" help:"How many calls to one host may be under way; as many again wait." default:"512" env:"JOURNEYMAN_OUTBOUND_PER_HOST"`
	Proxy        string        `name:"outbound-proxy" help:"Proxy that https calls leave through, http://user:password@host:port; none if not even HTTPS_PROXY counts." env:"JOURNEYMAN_OUTBOUND_PROXY"`
	Shutdown     time.Duration `name:"shutdown-timeout" help:"How long a stop may take, requests under way included." default:"30s" env:"JOURNEYMAN_SHUTDOWN_TIMEOUT"`

	DatabaseTimeout      time.Duration `help:"How long the database may take for a statement; twice as long for a transaction." default:"5s"`
	Init                 bool          `help:"Begin with an empty tenant although the data folder has the master key of one."`
	Connections          int           `name:"max-connections" help:"How many connections the public listener takes; 0: 8192, or what the system allows." default:"0" env:"JOURNEYMAN_MAX_CONNECTIONS"`
	JourneysPerClient    int           `name:"journeys-per-client" help:"How many journeys that never end a client may begin in an hour; negative: any number." default:"5000" env:"JOURNEYMAN_JOURNEYS_PER_CLIENT"`
	BreachedPasswords    string        `name:"breached-passwords" help:"Where breached passwords are looked up: a folder of range files, or the https address of a range service." env:"JOURNEYMAN_BREACHED_PASSWORDS"`
	RefuseKnownPasswords bool          `name:"refuse-known-passwords" help:"Refuse common and breached passwords also in custom policies that don't say, and from administrators." env:"JOURNEYMAN_REFUSE_KNOWN_PASSWORDS"`
	RequirePKCE          bool          `name:"require-pkce" help:"Refuse codes without PKCE also for confidential applications that have no setting of their own." env:"JOURNEYMAN_REQUIRE_PKCE"`
	AllowPlainPKCE       bool          `name:"allow-plain-pkce" help:"Let the code challenge method plain pass for applications that have no setting of their own." env:"JOURNEYMAN_ALLOW_PLAIN_PKCE"`

	ConnectorTimeout  time.Duration `help:"How long an API connector waits for each attempt." default:"20s"`
	ConnectorAttempts int           `help:"How often an API connector asks an API that doesn't answer." default:"2"`
	AuditKeep         time.Duration `help:"How long audit records are kept." default:"168h"`

	DisabledAccounts bool `name:"compatible-disabled-accounts" help:"Give tokens to disabled accounts that a policy lets through, as B2C does with those of social providers." env:"JOURNEYMAN_COMPATIBLE_DISABLED_ACCOUNTS"`

	LogLevel level `help:"debug, info, warn or error." default:"${log_level}"`
}

func (c *settings) config(s streams) server.Config {
	return server.Config{
		Listen: c.Listen, AdminListen: c.AdminListen, TLS: c.TLS, TenantID: c.TenantID, Database: c.Database, Data: c.Data,
		PublicURL: c.PublicURL, OutboundCA: c.OutboundCA, MasterKey: strings.Join(c.MasterKey, ","), SMTP: c.SMTPURL, AdminToken: c.AdminToken,
		TrustProxy: c.TrustProxy, RESTTimeout: c.RESTTimeout, RESTAttempts: c.RESTAttempts,
		OutboundPerHost: c.PerHost, ShutdownTimeout: c.Shutdown, ConnectorTimeout: c.ConnectorTimeout, ConnectorAttempts: c.ConnectorAttempts, AuditKeep: c.AuditKeep,
		DatabaseTimeout: c.DatabaseTimeout, Init: c.Init, MaxConnections: c.Connections, JourneysPerClient: c.JourneysPerClient,
		BreachedPasswords: c.BreachedPasswords, RefuseKnownPasswords: c.RefuseKnownPasswords,
		OutboundProxy: outboundProxy(c.Proxy, os.Getenv), NoProxy: variable(os.Getenv, "NO_PROXY"),
		RequirePKCE: c.RequirePKCE, AllowPlainPKCE: c.AllowPlainPKCE, CompatibleDisabledAccounts: c.DisabledAccounts,
		Log: logger(s, c.LogLevel),
	}
}

// outboundProxy is the proxy that was set here, or for all programs of the machine.
func outboundProxy(set string, getenv func(string) string) string {
	switch set {
	case "":
		return variable(getenv, "HTTPS_PROXY")
	case "none":
		return ""
	}
	return set
}

// variable reads one that programs know in both cases.
func variable(getenv func(string) string, name string) string {
	if value := getenv(name); value != "" {
		return value
	}
	return getenv(strings.ToLower(name))
}

type serveCommand struct {
	settings      `set:"log_level=info"`
	Tenant        string        `required:"" help:"Name of the tenant, such as contoso.onmicrosoft.com."`
	ShutdownDelay time.Duration `help:"How long requests are still taken after the signal to stop, while /readyz says no." default:"5s"`
	Outbound      string        `help:"strict: only https to public addresses; development: also loopback and private ones." enum:"strict,development" default:"strict"`
}

// Run serves until it is told to stop.
func (c *serveCommand) Run(ctx context.Context, s streams) error {
	config := c.config(s)
	config.Tenant, config.Outbound, config.ShutdownDelay = c.Tenant, c.Outbound, c.ShutdownDelay
	srv, err := server.New(ctx, config)
	if err != nil {
		return err
	}
	fmt.Fprintf(s.err, "journeyman serves %s at %s, admin at %s\n", c.Tenant, srv.URL(), srv.AdminURL())
	return srv.Run(ctx)
}
