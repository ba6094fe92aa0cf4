package test

import (
	"os"
	"testing"

	"journeyman.dev/internal/server"
	"journeyman.dev/internal/store/storetest"
)

func TestMain(m *testing.M) {
	code := m.Run()
	storetest.StopPostgres()
	os.Exit(code)
}

// onPostgres makes a server use a database of PostgreSQL.
func onPostgres(t *testing.T) func(*server.Config) {
	t.Helper()
	address := storetest.Postgres(t)
	return func(c *server.Config) { c.Database = address }
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
