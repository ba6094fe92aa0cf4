package msgraphtest

import (
	"context"
	"crypto/rand"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"journeyman.dev/internal/application"
	"journeyman.dev/internal/audit"
	"journeyman.dev/internal/keyset"
	"journeyman.dev/internal/limit"
	"journeyman.dev/internal/msgraph"
	"journeyman.dev/internal/seal"
	"journeyman.dev/internal/userflow"
)

// The tenant of all tests, and where its admin API is.
const (
	Tenant   = "contoso.example"
	TenantID = "11111111-2222-4333-8444-555555555555"
	Base     = "https://graph.example"
	// ExtensionsApp is the application of the users' extension attributes.
	ExtensionsApp = "99999999000040008000000000000000"
	// AdminToken has every permission.
	AdminToken = "an admin token that nobody guesses"
)

// Now is the time of all tests.
func Now() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC) }

// Graph is a running admin API.
type Graph struct {
	Server *msgraph.Server
	// Apps are the applications that may call it.
	Apps *Applications
	// Audits are the records that it has written.
	Audits *Audits

	vars map[string]string
	seen int // records that were looked at
}

// New starts an admin API with resources.
func New(t testing.TB, sources ...msgraph.Source) *Graph {
	t.Helper()
	return NewOver(t, &Applications{}, &Audits{}, sources...)
}

// NewOver is New over stores of the test's own.
func NewOver(t testing.TB, apps *Applications, audits *Audits, sources ...msgraph.Source) *Graph {
	t.Helper()
	g := &Graph{Apps: apps, Audits: audits, vars: map[string]string{"base": Base, "tenant": Tenant}}
	records := NewLog(t, audits)
	g.Server = msgraph.New(msgraph.Server{
		TenantName: Tenant, TenantID: TenantID, AdminToken: AdminToken, Apps: apps, OwnKeys: OwnKeys(t), Assertions: &Assertions{},
		Audit: records, Failures: &limit.Failures{Now: Now}, BaseURL: func(*http.Request) string { return Base }, Now: Now, Log: slog.New(slog.DiscardHandler),
	}, sources...)
	return g
}

// NewLog is an audit log over a store that writes each record at once: one whose run has
// ended.
func NewLog(t testing.TB, audits *Audits) *audit.Log {
	t.Helper()
	records := &audit.Log{Store: audits, Now: Now, Rand: rand.Reader, Log: slog.New(slog.DiscardHandler)}
	ended, stop := context.WithCancel(t.Context())
	stop()
	if err := records.Run(ended); err != nil {
		t.Fatal(err)
	}
	return records
}

// Sealer seals the keys and connectors of tests.
func Sealer(t testing.TB) *seal.Sealer {
	t.Helper()
	sealer, err := seal.New(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	return sealer
}

var signingKey = sync.OnceValues(func() (keyset.Key, error) { return keyset.GenerateRSA("sig") })

// OwnKeys are key sets in memory, with the key that signs admin tokens.
func OwnKeys(t testing.TB) *keyset.Service {
	t.Helper()
	keys, err := keyset.NewOwn(t.Context(), &KeySets{}, Sealer(t), Now)
	if err != nil {
		t.Fatal(err)
	}
	key, err := signingKey()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := keys.Create(t.Context(), "AdminTokens", key); err != nil {
		t.Fatal(err)
	}
	return keys
}

// Register adds an application with permissions, and returns it with its secret.
func (g *Graph) Register(t testing.TB, permissions ...string) (app application.Application, secret string) {
	t.Helper()
	kept, secret := application.NewSecret("", Now(), Now().AddDate(1, 0, 0))
	app = application.Application{
		ID: uuid.NewString(), AppID: uuid.NewString(), DisplayName: "Tool", Created: Now(), AdminRoles: permissions, Secrets: []application.Secret{kept},
	}
	if err := g.Apps.Create(t.Context(), app); err != nil {
		t.Fatal(err)
	}
	return app, secret
}

// Token returns a bearer token of an application with permissions.
func (g *Graph) Token(t testing.TB, permissions ...string) string {
	t.Helper()
	app, secret := g.Register(t, permissions...)
	r := httptest.NewRequest(http.MethodPost, "/token", strings.NewReader("grant_type=client_credentials&scope=https://graph.microsoft.com/.default&client_id="+app.AppID+"&client_secret="+secret))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	g.Server.ServeToken(w, r, false)
	token, _ := decode(t, w.Body.Bytes())["access_token"].(string)
	if token == "" {
		t.Fatalf("no token: got %d %s", w.Code, w.Body)
	}
	return token
}

// UserFlows is the real service over user flows in memory; every policy of theirs counts
// as compiled.
func UserFlows(t testing.TB) *userflow.Service {
	t.Helper()
	store := &Flows{}
	flows := &userflow.Service{
		Store: store, Publisher: store, TenantName: Tenant, ExtensionsApp: ExtensionsApp, Prepare: func(context.Context) error { return nil }, Now: Now,
	}
	if err := flows.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	return flows
}

// Twice are the audit records of a change of one of B2C's own resources, as Step.Records:
// of the authorization and of the change.
func Twice(activity, result string) string {
	return activity + ": success; " + activity + ": " + result
}
