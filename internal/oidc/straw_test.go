package oidc_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"journeyman.dev/internal/application"
	"journeyman.dev/internal/audit"
	"journeyman.dev/internal/claims"
	"journeyman.dev/internal/directory"
	"journeyman.dev/internal/endpoint"
	"journeyman.dev/internal/journey"
	"journeyman.dev/internal/keyset"
	"journeyman.dev/internal/oidc"
	"journeyman.dev/internal/program"
	"journeyman.dev/internal/seal"
	"journeyman.dev/internal/session"
	"journeyman.dev/internal/token"
)

const (
	tenantID = "11111111-2222-3333-4444-555555555555"
	base     = "https://login.contoso.example"
	secret   = "the secret of the web application"
	user     = "aaaaaaaa-0000-0000-0000-000000000001"
)

// errDown is the error of a dependency that doesn't answer; no public text may contain it.
var errDown = errors.New("pq: password authentication failed for user journeyman")

// start is when the clock of each world begins.
var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// world is a Server whose dependencies are of straw: memory, and answers of the test's choice.
type world struct {
	*oidc.Server
	clock time.Time
	ids   int

	// outcome answers instead of the engine; nil finishes every journey with a token for user.
	outcome func(journey.Begin) (journey.Ran, error)
	begun   []journey.Begin

	apps     map[string]application.Application
	appsErr  error
	keysErr  error
	programs map[string]*program.Program
	broken   map[string]bool // policies that the tenant has and that don't compile

	redeemed  map[string]bool
	families  map[string]bool // that were revoked
	grantsErr error

	standing    directory.Standing
	standingErr error
	spent       map[string]bool // client assertions
	dropped     []string        // sessions
	dropErr     error
	records     []audit.Record

	// What the browser was given.
	session    *session.Session
	setSession *session.Session
	cleared    bool
	forgotten  bool
	shown      journey.Ran
	fault      *journey.Failure // of the error page
	faultID    string           // its correlation id
}

// signingKeys are two RSA keys that all tests share: making one takes long.
var signingKeys = sync.OnceValue(func() (keys [2]*rsa.PrivateKey) {
	for i := range keys {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			panic(err)
		}
		keys[i] = key
	}
	return keys
})

func newWorld(t *testing.T) *world {
	t.Helper()
	sealer, err := seal.New(make([]byte, seal.MasterKeySize))
	if err != nil {
		t.Fatal(err)
	}
	w := &world{
		clock: start, apps: applications(), programs: programs(), broken: map[string]bool{"b2c_1a_broken": true},
		redeemed: make(map[string]bool), families: make(map[string]bool), spent: make(map[string]bool), standing: directory.Standing{Epoch: 1},
	}
	w.Server = &oidc.Server{
		TenantName: "contoso.onmicrosoft.com", TenantID: tenantID, Programs: tenantPrograms{w}, Applications: registrations{w}, Keys: keys{w}, Sealer: sealer,
		Grants: grants{w}, Assertions: assertions{w}, Accounts: accounts{w}, Sessions: sessions{w}, Audit: auditor{w}, Browser: browser{w}, Engine: engine{w},
		BaseURL: func(*http.Request) string { return base }, RemoteIP: func(*http.Request) string { return "192.0.2.1" },
		Now: func() time.Time { return w.clock }, Log: slog.New(slog.DiscardHandler),
	}
	return w
}

// tenantPrograms are the policies of the world's tenant.
type tenantPrograms struct{ *world }

func (p tenantPrograms) Current(id string) *program.Program { return p.programs[strings.ToLower(id)] }

func (p tenantPrograms) Knows(id string) bool {
	return p.broken[strings.ToLower(id)] || p.programs[strings.ToLower(id)] != nil
}

// registrations are the world's applications.
type registrations struct{ *world }

func (r registrations) GetByAppID(_ context.Context, id string) (application.Application, error) {
	if r.appsErr != nil {
		return application.Application{}, r.appsErr
	}
	app, ok := r.apps[id]
	if !ok {
		return app, fmt.Errorf("%s: %w", id, application.ErrNotFound)
	}
	return app, nil
}

func (r registrations) List(context.Context) (list []application.Application, err error) {
	for _, app := range r.apps {
		list = append(list, app)
	}
	return list, r.appsErr
}

// keys are one RSA key and one secret under every id.
type keys struct{ *world }

func (k keys) ActiveSigningKey(context.Context, string) (keyset.SigningKey, error) {
	return keyset.SigningKey{KID: "one", Key: signingKeys()[0]}, k.keysErr
}

func (k keys) PublicJWKS(context.Context, string) (jose.JSONWebKeySet, error) {
	public := jose.JSONWebKey{KeyID: "one", Key: signingKeys()[0].Public(), Algorithm: "RS256", Use: "sig"}
	return jose.JSONWebKeySet{Keys: []jose.JSONWebKey{public}}, k.keysErr
}

func (k keys) Secret(context.Context, string) ([]byte, error) { return assertionSecret, k.keysErr }

var assertionSecret = []byte("the policy key that client assertions are signed with, 64 bytes.")

// grants redeem like the store.
type grants struct{ *world }

func (g grants) Redeemable(_ context.Context, r token.Redemption) error {
	switch {
	case g.grantsErr != nil:
		return g.grantsErr
	case g.families[r.Family], r.Account != "" && r.Epoch != g.standing.Epoch:
		return token.ErrRevoked
	case g.redeemed[r.ID]:
		return token.ErrReplayed
	}
	return nil
}

func (g grants) Redeem(ctx context.Context, r token.Redemption) error {
	err := g.Redeemable(ctx, r)
	if errors.Is(err, token.ErrReplayed) {
		g.families[r.Family] = true
	}
	if err == nil {
		g.redeemed[r.ID] = true
	}
	return err
}

func (g grants) Revoke(_ context.Context, family string, _ time.Time) error {
	if g.grantsErr == nil {
		g.families[family] = true
	}
	return g.grantsErr
}

// assertions are single-use.
type assertions struct{ *world }

func (a assertions) SpendAssertion(_ context.Context, id string, _ time.Time) error {
	switch {
	case a.grantsErr != nil:
		return a.grantsErr
	case a.spent[id]:
		return application.ErrSpent
	}
	a.spent[id] = true
	return nil
}

// accounts all stand the same.
type accounts struct{ *world }

func (a accounts) Standing(context.Context, string, string) (directory.Standing, error) {
	return a.standing, a.standingErr
}

// sessions only end.
type sessions struct{ *world }

func (s sessions) DropSession(_ context.Context, id string) error {
	s.world.dropped = append(s.world.dropped, id)
	return s.dropErr
}

// auditor keeps the records.
type auditor struct{ *world }

func (a auditor) Add(r audit.Record) { a.world.records = append(a.world.records, r) }

// browser notes what it was given.
type browser struct{ *world }

func (b browser) Show(w http.ResponseWriter, _ *http.Request, ran journey.Ran) {
	b.world.shown = ran
	w.WriteHeader(http.StatusOK)
}

func (b browser) Error(w http.ResponseWriter, _ *http.Request, status int, f *journey.Failure, id string) {
	b.world.fault, b.world.faultID = f, id
	w.WriteHeader(status)
}

func (b browser) Session(*http.Request) *session.Session { return b.session }

func (b browser) SetSession(_ http.ResponseWriter, _ *http.Request, s *session.Session) {
	b.world.setSession = s
}

func (b browser) ClearSession(http.ResponseWriter, *http.Request)   { b.world.cleared = true }
func (b browser) ForgetJourneys(http.ResponseWriter, *http.Request) { b.world.forgotten = true }

// engine answers what the test chose, or finishes.
type engine struct{ *world }

func (e engine) Start(_ context.Context, b journey.Begin) (journey.Ran, error) {
	e.world.begun = append(e.world.begun, b)
	answer := e.outcome
	if answer == nil {
		answer = func(b journey.Begin) (journey.Ran, error) { return finished(b), nil }
	}
	ran, err := answer(b)
	if out, ok := ran.Outcome.(*journey.Finished); ok {
		out.Journey.ID = "journey " + strconv.Itoa(len(e.begun))
	}
	return ran, err
}

func (e engine) NewID() string {
	e.world.ids++
	return "id-" + strconv.Itoa(e.world.ids)
}

// finished ends a journey well, with what the policy's issuer issues.
func finished(b journey.Begin) journey.Ran {
	out := &journey.Finished{
		Journey: journeyOf(b), Program: b.Program, Claims: []journey.SentClaim{
			{Name: "name", Value: claims.Text("Ada")}, {Name: "idp", Value: claims.Text("example.org")},
			{Name: "iss", Value: claims.Text("a claim can't replace this")},
		},
		Subject: user, Account: journey.Account{ID: user, Epoch: 1}, AuthTime: start,
	}
	out.Kept.Set("objectId", claims.Text(user))
	out.Issued = new(journey.Document)
	for _, issuer := range b.Program.Issuers() {
		if x, ok := issuer.Exchange().(interface{ Settings() *token.Settings }); ok {
			out.Issued = x.Settings()
		}
	}
	if out.Issued.AccountClaim() == "" {
		out.Issued = &journey.Document{Members: out.Claims[:1]}
	}
	return journey.Ran{Outcome: out}
}

// failing ends every journey with a failure.
func failing(f *journey.Failure) func(journey.Begin) (journey.Ran, error) {
	return func(b journey.Begin) (journey.Ran, error) {
		return journey.Ran{Outcome: &journey.Failed{Journey: journeyOf(b), Failure: f}}, nil
	}
}

func journeyOf(b journey.Begin) *journey.Journey {
	return &journey.Journey{
		ID: "journey", PolicyID: b.Program.PolicyID(), CorrelationID: "correlation", Protocol: b.Protocol, Language: b.Language, Request: b.Request,
	}
}

// do sends a request to an address of the tenant, such as B2C_1A_signin/oauth2/v2.0/token.
func (w *world) do(t *testing.T, method, address string, form url.Values, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	target := base + "/contoso.onmicrosoft.com/" + address
	body := ""
	if method == http.MethodPost {
		body = form.Encode()
	} else if len(form) > 0 {
		target += "?" + form.Encode()
	}
	r := httptest.NewRequestWithContext(t.Context(), method, target, strings.NewReader(body))
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return w.serve(t, r)
}

func (w *world) serve(t *testing.T, r *http.Request) *httptest.ResponseRecorder {
	t.Helper()
	e, ok, err := endpoint.Parse(r.URL)
	if !ok || err != nil {
		t.Fatalf("%s is no endpoint: %v", r.URL, err)
	}
	w.fault, w.faultID = nil, ""
	rec := httptest.NewRecorder()
	if !w.ServeEndpoint(rec, r, e) {
		t.Fatalf("%s isn't served", r.URL)
	}
	if strings.Contains(rec.Body.String()+rec.Header().Get("Location"), "journeyman") {
		t.Errorf("%s: the answer contains an internal detail: %s", r.URL, rec.Body)
	}
	return rec
}
