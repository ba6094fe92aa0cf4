package tenant_test

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"journeyman.dev/internal/application"
	"journeyman.dev/internal/keyset"
	"journeyman.dev/internal/live"
	"journeyman.dev/internal/seal"
	"journeyman.dev/internal/store"
	"journeyman.dev/internal/tenant"
)

const name = "contoso.onmicrosoft.com"

func now() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC) }

func openStore(t *testing.T) *store.DB {
	t.Helper()
	db, err := store.OpenSQLite(t.Context(), filepath.Join(t.TempDir(), "db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// policies are names of tenants, one for each policy.
type policies []string

func (p policies) List(context.Context) ([]live.Policy, error) {
	var list []live.Policy
	for _, id := range p {
		list = append(list, live.Policy{ID: "B2C_1A_Base", XML: []byte(`<TrustFrameworkPolicy xmlns="http://schemas.microsoft.com/online/cpim/schemas/2013/06" PolicySchemaVersion="0.3.0.0" TenantId="` + id + `" PolicyId="B2C_1A_Base" PublicPolicyUri="http://x/y"/>`)})
	}
	return list, nil
}

func TestATenantIsKnownByWhatItBeganWith(t *testing.T) {
	t.Parallel()
	db := openStore(t)
	first, err := tenant.Identify(t.Context(), db, policies{}, name, "")
	if err != nil {
		t.Fatal(err)
	}
	if uuid.Validate(first.ID) != nil || uuid.Validate(first.ExtensionsApp) != nil {
		t.Errorf("%+v", first)
	}
	for _, again := range [][2]string{{name, ""}, {strings.ToUpper(name), strings.ToUpper(first.ID)}} {
		if got, err := tenant.Identify(t.Context(), db, policies{}, again[0], again[1]); got != first || err != nil {
			t.Errorf("%v: %+v, %v", again, got, err)
		}
	}
	if _, err := tenant.Identify(t.Context(), db, policies{}, "fabrikam.onmicrosoft.com", ""); err == nil || !strings.Contains(err.Error(), "belongs to the tenant "+name+", not fabrikam.onmicrosoft.com: start with --tenant "+name) {
		t.Errorf("another name: %v", err)
	}
	if _, err := tenant.Identify(t.Context(), db, policies{}, name, uuid.NewString()); err == nil || !strings.Contains(err.Error(), "belongs to the tenant "+first.ID) {
		t.Errorf("another GUID: %v", err)
	}
}

func TestADatabaseFromBeforeNamesWereKeptHasItInItsPolicies(t *testing.T) {
	t.Parallel()
	const id = "0a1b2c3d-0000-4000-8000-000000000001"
	for want, list := range map[string]policies{
		name:                       {id, "contoso", name},
		"fabrikam.onmicrosoft.com": {"contoso", "fabrikam.onmicrosoft.com"},
	} {
		_, err := tenant.Identify(t.Context(), openStore(t), list, name, id)
		if want == name && err != nil || want != name && (err == nil || !strings.Contains(err.Error(), "belongs to the tenant "+want)) {
			t.Errorf("%v: %v", list, err)
		}
	}
}

func TestATenantsApplicationsAreMadeOnce(t *testing.T) {
	t.Parallel()
	db := openStore(t)
	a := tenant.Applications{Settings: db, Apps: application.NewCache(store.Applications{DB: db}), Now: now}
	extensions := uuid.NewString()
	for range 2 {
		if err := a.EnsureExtensions(t.Context(), extensions); err != nil {
			t.Fatal(err)
		}
	}
	id, secret, err := a.Ensure(t.Context(), "Demo", []string{"https://localhost:1/"})
	if err != nil {
		t.Fatal(err)
	}
	again, newer, err := a.Ensure(t.Context(), "Demo", []string{"https://localhost:2/"})
	if err != nil || again != id || newer == secret {
		t.Errorf("again: %s, %v", again, err)
	}
	demo, err := a.Apps.GetByAppID(t.Context(), id)
	if err != nil || !slices.Equal(demo.WebRedirects, []string{"https://localhost:2/"}) || len(demo.Secrets) != 1 {
		t.Errorf("%+v, %v", demo, err)
	}
	list, err := a.Apps.List(t.Context())
	if err != nil || len(list) != 2 {
		t.Errorf("%d applications, %v", len(list), err)
	}
	for _, app := range list {
		if app.AppID == extensions && !strings.HasPrefix(app.DisplayName, "b2c-extensions-app") {
			t.Errorf("%+v", app)
		}
	}
}

func TestKeysThatAreThereAreLeftAlone(t *testing.T) {
	t.Parallel()
	sealer, err := seal.New(make([]byte, seal.MasterKeySize))
	if err != nil {
		t.Fatal(err)
	}
	keys, err := keyset.NewService(t.Context(), store.KeySets{DB: openStore(t)}, sealer, now)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := keys.Create(t.Context(), "TokenEncryptionKeyContainer", keyset.NewSecret("enc", []byte("own"))); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := tenant.EnsureKeys(t.Context(), keys); err != nil {
			t.Fatal(err)
		}
	}
	if secret, err := keys.Secret(t.Context(), "TokenEncryptionKeyContainer"); err != nil || string(secret) != "own" {
		t.Errorf("%q, %v", secret, err)
	}
	if _, err := keys.ActiveSigningKey(t.Context(), "TokenSigningKeyContainer"); err != nil {
		t.Error(err)
	}
}
