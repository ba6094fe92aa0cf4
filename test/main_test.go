package test

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"journeyman.dev/internal/server"
	"journeyman.dev/internal/store/storetest"
)

func TestMain(m *testing.M) {
	if configuration := os.Getenv(childVariable); configuration != "" {
		if err := serveAsChild(configuration); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	code := m.Run()
	storetest.StopPostgres()
	os.Exit(code)
}

// onPostgres makes a server use a database of PostgreSQL.
func onPostgres(t testing.TB) func(*server.Config) {
	t.Helper()
	address := storetest.Postgres(t)
	return func(c *server.Config) { c.Database = address }
}

// databases are what everything runs on.
var databases = map[string]func(testing.TB) func(*server.Config){"SQLite": onSQLite, "PostgreSQL": onPostgres}

// onSQLite makes a server use a file of its own.
func onSQLite(t testing.TB) func(*server.Config) {
	path := filepath.Join(t.TempDir(), "journeyman.db")
	return func(c *server.Config) { c.Database = "sqlite:" + path }
}

func TestTheWalkthroughOnPostgreSQL(t *testing.T) {
	t.Parallel()
	e := start(t, onPostgres(t))
	files := enriched(t, e.api.server.URL)
	edit(t, files, "TrustFrameworkExtensions", `<ClaimsProvider>
      <DisplayName>REST APIs</DisplayName>`, `<ClaimsProvider><DisplayName>Refresh</DisplayName><TechnicalProfiles><TechnicalProfile Id="RefreshTokenReadAndSetup"><OutputClaims><OutputClaim ClaimTypeReferenceId="balance" /></OutputClaims></TechnicalProfile></TechnicalProfiles></ClaimsProvider>
    <ClaimsProvider>
      <DisplayName>REST APIs</DisplayName>`)
	e.upload(files)
	checkRefresh(t, e, "760.50")
	u := e.user()
	u.authorize(signUpSignIn, nil)
	if r := u.submit(map[string]string{"signInName": "emily@example.com", "password": "wrong"}); r.ErrorCode != "AADB2C90054" {
		t.Errorf("wrong password: %+v", r)
	}
	u.pass(map[string]string{"signInName": "emily@example.com", "password": password})
	u.redeem(signUpSignIn)
}

func TestTheAdminAPIOnPostgreSQL(t *testing.T) {
	t.Parallel()
	users(t, start(t, onPostgres(t)))
}

func TestDirectoryOperationsOnPostgreSQL(t *testing.T) {
	t.Parallel()
	directoryOperations(t, start(t, onPostgres(t)))
}

func TestTwoNodesOnOneDatabase(t *testing.T) {
	t.Parallel()
	api := newAPI(t)
	postgres := onPostgres(t)
	key := ""
	node := func(c *server.Config) {
		postgres(c)
		c.MasterKey = key
	}
	key = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
	first, second := startWith(t, api, node), startWith(t, api, node)
	files := enriched(t, api.server.URL+"/api/GetProfile")
	first.upload(files)
	first.user().signUp(signUpSignIn, "emily@example.com")
	if err := second.srv.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	if second.srv.TenantID != first.srv.TenantID || second.srv.Policies.Current(signUpSignIn) == nil {
		t.Fatal("the second node doesn't know the tenant's policies")
	}
	// A journey that begins on one node ends on the other, as behind a load balancer.
	u := first.user()
	u.authorize(signUpSignIn, nil)
	u.e = second
	u.http.Transport = second.client(nil).Transport
	at, _ := url.Parse(first.srv.URL())
	there, _ := url.Parse(second.srv.URL())
	u.http.Jar.SetCookies(there, u.http.Jar.Cookies(at))
	u.pass(map[string]string{"signInName": "emily@example.com", "password": password})
	form := url.Values{"grant_type": {"authorization_code"}, "client_id": {first.spa.AppID}, "code": {u.result().Get("code")}, "redirect_uri": {spaRedirect}, "code_verifier": {u.verifier}}
	if got := second.token(signUpSignIn, form); got.status != 200 {
		t.Errorf("the second node: %+v", got)
	}
	if got := first.token(signUpSignIn, form); got.Error != "invalid_grant" {
		t.Errorf("a code was redeemed at both nodes: %+v", got)
	}
}
