// Package settings contains an operator's settings, each in one place: a field with its name, its default and
// its help. The command line reads the tags: a setting is a flag, a variable JOURNEYMAN_… and a member of the
// configuration file.
//
//	name     of the flag; the variable and the member are derived from it
//	default  value without setting; with dev: that of journeyman dev, "-" for no flag at all
//	required serve doesn't start without it
//	type     path: made absolute; keys: a list, or text separated by commas
//	secret   "whole" is never shown, of "url" neither password nor query
//	help     one sentence; docs/operating.md contains the details
//
// Callers: cmd/journeyman fills and shows settings; server runs with them.
package settings

import (
	"fmt"
	"log/slog"
	"strings"
	"time"
)

// Server is the settings of a server. A field's comment explains its zero for callers without command line,
// which sets the defaults.
type Server struct {
	Storage
	Mail

	Tenant     string `name:"tenant" required:"" dev:"contoso.onmicrosoft.com" help:"Name of the tenant, such as contoso.onmicrosoft.com."`
	TenantID   string `name:"tenant-id" help:"GUID of the tenant; generated once if not given."`
	Init       bool   `name:"init" help:"Begin with an empty tenant although the data folder contains a tenant's master key."`
	AdminToken string `name:"admin-token" secret:"whole" help:"Static bearer token with every right on the admin API."`

	Listen      string `name:"listen" default:"127.0.0.1:8443" help:"Public listener."`
	AdminListen string `name:"admin-listen" default:"127.0.0.1:8444" help:"Admin listener."` // "": none
	TLS         string `name:"tls" default:"auto" help:"auto: a local authority in the data folder; cert.pem,key.pem; off behind a proxy that terminates TLS."`
	// PublicURL defaults to the listener's address.
	PublicURL string `name:"public-url" secret:"url" help:"Scheme and host that browsers use, behind a proxy."`
	// TrustProxy takes the client's address from the last entry of X-Forwarded-For.
	TrustProxy     bool `name:"trust-proxy" help:"Take the client's address from the last entry of X-Forwarded-For."`
	MaxConnections int  `name:"max-connections" default:"0" help:"Maximum number of connections of the public listener; 0: 8192, fewer if the system allows fewer."`
	// JourneysPerClient is a limit of each node; 0: 5000. Finished journeys don't count.
	JourneysPerClient int `name:"journeys-per-client" default:"5000" help:"Number of unfinished journeys that one client may begin in an hour, on each node; negative: any number."`
	// DatabaseTimeout 0 means 5 s.
	DatabaseTimeout time.Duration `name:"database-timeout" default:"5s" help:"Time-out of a database statement, including the wait for a connection; twice as long for a transaction."`
	ShutdownDelay   time.Duration `name:"shutdown-delay" default:"5s" dev:"-" help:"Time after the signal to stop during which the server still accepts requests while /readyz answers 503."` // 0: none
	// ShutdownTimeout 0 means 30 s.
	ShutdownTimeout time.Duration `name:"shutdown-timeout" default:"30s" help:"Limit of a stop, including requests under way."`
	// AuditKeep 0 means 7 days, as in B2C.
	AuditKeep time.Duration `name:"audit-keep" default:"168h" help:"How long audit records are kept."`
	LogLevel  Level         `name:"log-level" default:"info" dev:"warn" help:"debug, info, warn or error."`

	// Outbound "" means strict.
	Outbound        string `name:"outbound" enum:"strict,development" default:"strict" dev:"development" help:"strict: calls go out to public https addresses only; development: also to loopback and private ones."`
	OutboundCA      string `name:"outbound-ca" help:"PEM file of authorities for the certificates of APIs, in addition to the system's."`
	OutboundPerHost int    `name:"outbound-per-host" default:"512" help:"Number of simultaneous calls to one host; as many again wait for a place, more fail at once."` // 0: 512
	OutboundProxy   string `name:"outbound-proxy" secret:"url" help:"Proxy for https calls, http://user:password@host:port; none ignores HTTPS_PROXY."`
	// NoProxy are hosts that are called directly, as in the variable NO_PROXY.
	NoProxy string `kong:"-"`

	// For the calls of RESTful technical profiles; 0 means 30 s and 3.
	RESTTimeout  time.Duration `name:"rest-timeout" default:"30s" help:"Time-out of each attempt of a call by a RESTful technical profile."`
	RESTAttempts int           `name:"rest-attempts" default:"3" help:"Number of attempts of a call by a RESTful technical profile."`
	// For the calls of API connectors without their own settings; 0 means 20 s and 2.
	ConnectorTimeout  time.Duration `name:"connector-timeout" default:"20s" help:"Time-out of each attempt of a call by an API connector without its own setting."`
	ConnectorAttempts int           `name:"connector-attempts" default:"2" help:"Number of attempts of a call by an API connector without its own setting."`

	// RequirePKCE and AllowPlainPKCE are for applications without their own setting.
	RequirePKCE    bool `name:"require-pkce" help:"Refuse codes without PKCE also for confidential applications, unless their pkce.required says otherwise."`
	AllowPlainPKCE bool `name:"allow-plain-pkce" help:"Accept the code challenge method plain, unless an application's pkce.allowPlain says otherwise."`
	// BreachedPasswords "" means that only common passwords are known.
	BreachedPasswords string `name:"breached-passwords" secret:"url" help:"Source of breached passwords: a folder of range files, or the https address of a range service."`
	// RefuseKnownPasswords is for custom policies without their own setting, and for administrators. User
	// flows have a setting of their own.
	RefuseKnownPasswords       bool `name:"refuse-known-passwords" help:"Refuse common and breached passwords also in custom policies without a setting for it, and from administrators."`
	CompatibleDisabledAccounts bool `name:"compatible-disabled-accounts" help:"Give tokens to disabled accounts if the policy allows it, as B2C does with accounts of social providers."`

	// Development is set by journeyman dev: mails go into a visible outbox, and the admin token may be short.
	Development bool `kong:"-"`
}

// Storage is the place of a tenant's data.
type Storage struct {
	Data     string `name:"data" type:"path" default:"./data" help:"Folder for database, keys and certificates."`
	Database string `name:"database" secret:"url" help:"sqlite:FILE or postgres://user:password@host/name; a file in the data folder if not given."`
	// MasterKey contains one or more keys, separated by commas or blanks.
	MasterKey string `name:"master-key" type:"keys" secret:"whole" help:"Master keys, 32 bytes in base64 each, separated by commas: the first seals, all open; a file in the data folder if not given."`
}

// Mail is the setting of the mail server.
type Mail struct {
	// SMTP "" means that no mail is sent.
	SMTP string `name:"smtp-url" secret:"url" help:"smtp://user:password@host:port?from=address."`
}

// Level is the least severity of log records. Its names are read in any letter case.
type Level slog.Level

// UnmarshalText implements encoding.TextUnmarshaler.
func (l *Level) UnmarshalText(text []byte) error {
	var own slog.Level
	if err := own.UnmarshalText(text); err != nil {
		return fmt.Errorf("the level %q isn't known: use debug, info, warn or error", text)
	}
	*l = Level(own)
	return nil
}

// String implements fmt.Stringer.
func (l Level) String() string { return strings.ToLower(slog.Level(l).String()) }
