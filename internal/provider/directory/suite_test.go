package directory_test

import (
	"context"
	"crypto/rand"
	"path/filepath"
	"testing"

	users "journeyman.dev/internal/directory"
	"journeyman.dev/internal/journey"
	. "journeyman.dev/internal/journey/journeytest"
	"journeyman.dev/internal/mail"
	"journeyman.dev/internal/program"
	"journeyman.dev/internal/provider/directory"
	"journeyman.dev/internal/provider/providertest"
	"journeyman.dev/internal/store"
)

// extensions is the application of custom attributes.
const extensions = "0a1b2c3d00004000800000000000000f"

// kind lists a provider as package kinds does.
func kind(p *directory.Provider) program.ProfileKind {
	return program.ProfileKind{Name: "AzureActiveDirectoryProvider", Plan: journey.Plans(p)}
}

// failing is a store whose look-ups behave as a service.
type failing struct {
	users.Store
	service providertest.Service
}

func (s failing) FindUser(ctx context.Context, k users.Key) (*users.User, error) {
	if err := s.service.Do(ctx); err != nil {
		return nil, err
	}
	return s.Store.FindUser(ctx, k)
}

// known tells one password that everybody knows.
type known struct{}

func (known) Known(_ context.Context, password string) bool { return password == "Passw0rd!" }

// notices keeps the notices to owners of accounts.
type notices struct{ list []mail.Notice }

func (n *notices) Notify(_ context.Context, notice mail.Notice) { n.list = append(n.list, notice) }

// house is a directory with a stage, whose clock it has.
type house struct {
	*Stage
	users   *users.Directory
	notices *notices
}

func newHouse(t *testing.T) *house {
	t.Helper()
	db, err := store.OpenSQLite(t.Context(), filepath.Join(t.TempDir(), "db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	passwords := users.NewPasswords(users.Cost{Memory: 64, Time: 1, Threads: 1}, 2)
	h := &house{users: &users.Directory{Store: store.Users{DB: db}, TenantName: Tenant, Passwords: passwords, Known: known{}, Rand: rand.Reader}, notices: new(notices)}
	h.Stage = New(t, kind(&directory.Provider{Users: h.users, ExtensionsApp: extensions, Notifier: h.notices}))
	h.users.Now = h.Clock.Now
	h.Engine.Accounts = h.users
	h.Issues(&Token{Account: "oid"})
	return h
}

func TestTheSuiteOfProviders(t *testing.T) {
	t.Parallel()
	providertest.Suite(t, providertest.Description{
		New: func(t *testing.T, s providertest.Service) program.ProfileKind {
			h := newHouse(t)
			u := &users.User{Identities: []users.Identity{{Type: "emailAddress", ID: "ada@example.com"}}}
			if err := h.users.Create(t.Context(), u, ""); err != nil {
				t.Fatal(err)
			}
			h.users.Store = failing{h.users.Store, s}
			return kind(&directory.Provider{Users: h.users, ExtensionsApp: extensions})
		},
		Claims: "email -found",
		Profile: Profile("Subject", "AzureActiveDirectoryProvider", `<Metadata>
<Item Key="Operation">Read</Item>
<Item Key="RaiseErrorIfClaimsPrincipalDoesNotExist">true</Item>
</Metadata>`+Inputs("email!=signInNames.emailAddress")+Outputs("found=signInNames.emailAddress")),
		Required: []string{"Operation"}, Inputs: map[string]string{"email": "ada@example.com"}, Missing: "email", Code: journey.CodeExchangeFailed, Ends: "finished",
	})
}
