package directory

import (
	"crypto/rand"
	"path/filepath"
	"testing"
	"time"

	"journeyman.dev/internal/claims"
	"journeyman.dev/internal/directory"
	"journeyman.dev/internal/journey"
	"journeyman.dev/internal/program"
	"journeyman.dev/internal/store"
)

func open(t *testing.T) *directory.Directory {
	t.Helper()
	db, err := store.OpenSQLite(t.Context(), filepath.Join(t.TempDir(), "db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return &directory.Directory{Store: store.Users{DB: db}, TenantName: "contoso.onmicrosoft.com", Now: time.Now, Rand: rand.Reader}
}

// A user who is signed in with one provider links another: the collection has both identities,
// the new one last.
func TestACollectionFindsWhoHasTheIdentityThatWasAddedLast(t *testing.T) {
	t.Parallel()
	d := open(t)
	user := func(ids ...directory.Identity) string {
		u := &directory.User{Identities: ids}
		if err := d.Create(t.Context(), u, ""); err != nil {
			t.Fatal(err)
		}
		return u.ID
	}
	facebook := directory.Identity{Type: directory.Federated, Issuer: "facebook.com", ID: "f"}
	google := directory.Identity{Type: directory.Federated, Issuer: "google.com", ID: "g"}
	unknown := directory.Identity{Type: directory.Federated, Issuer: "google.com", ID: "unknown"}
	fay, guy := user(facebook), user(google)
	x := &Exchange{users: d}
	for _, c := range []struct {
		what string
		ids  []directory.Identity
		want string
	}{
		{"one's own", []directory.Identity{facebook}, fay},
		{"a second one that nobody has", []directory.Identity{facebook, unknown}, ""},
		{"a second one that is another's", []directory.Identity{facebook, google}, guy},
		{"one's own once more", []directory.Identity{google, facebook}, fay},
		{"none", nil, ""},
	} {
		var items []claims.Identity
		for _, id := range c.ids {
			items = append(items, claims.Identity{Issuer: id.Issuer, IssuerUserID: id.ID})
		}
		in := journey.Inputs{{Use: program.UseOf(nil, "userIdentities"), Value: claims.Identities(claims.UserIdentityCollection, items...)}}
		got, err := x.find(t.Context(), in)
		id := ""
		if got != nil {
			id = got.ID
		}
		if err != nil || id != c.want {
			t.Errorf("%s: %q, want %q: %v", c.what, id, c.want, err)
		}
	}
}

// A name is looked up as the kind that the policy asks for.
func TestANameIsLookedUpAsItsKind(t *testing.T) {
	t.Parallel()
	d := open(t)
	u := &directory.User{UPN: "upn@contoso.onmicrosoft.com", Identities: []directory.Identity{{Type: "emailAddress", ID: "Ada@Example.com"}, {Type: "userName", ID: "bob@example.com"}, {Type: "phoneNumber", ID: "+1 555 010 0123"}}}
	if err := d.Create(t.Context(), u, ""); err != nil {
		t.Fatal(err)
	}
	x := &Exchange{users: d}
	for _, c := range []struct {
		partner, value string
		found          bool
	}{
		{"signInNames.emailAddress", "ADA@example.com", true}, {"signInNames.emailAddress", "bob@example.com", false}, {"signInNames.userName", "bob@example.com", true},
		{"signInNames", "bob@example.com", true}, {"signInNames", "upn@contoso.onmicrosoft.com", true}, {"signInNames.phoneNumber", "+15550100123", true},
		{"userPrincipalName", "UPN@contoso.onmicrosoft.com", true}, {"userPrincipalName", "ada@example.com", false}, {"signInNames.emailAddress", "\u212ada@example.com", false},
	} {
		got, err := x.find(t.Context(), journey.Inputs{{Use: program.UseOf(nil, c.partner), Value: claims.Text(c.value)}})
		if err != nil || (got != nil) != c.found {
			t.Errorf("%s %s: %v, %v", c.partner, c.value, got, err)
		}
	}
}

// What one profile reads must not change what another reads afterwards: the table of properties
// is shared by all.
func TestIdentitiesAreReadAsTheKindThatEachClaimHas(t *testing.T) {
	t.Parallel()
	u := &directory.User{Identities: []directory.Identity{{Type: directory.Federated, Issuer: "idp.example", ID: "fay"}}}
	x := &Exchange{}
	read := x.propertyOf("userIdentities").read
	for _, of := range []claims.DataType{claims.String, claims.AlternativeSecurityIDCollection, claims.String, claims.UserIdentityCollection} {
		v, err := read(output{u: u, x: x}, of)
		if err != nil || v.Type() != of {
			t.Errorf("as %s: %s, %v", of, v.Type(), err)
		}
	}
	first, _ := read(output{u: u, x: x}, claims.String)
	if _, err := read(output{u: u, x: x}, claims.AlternativeSecurityIDCollection); err != nil {
		t.Fatal(err)
	}
	if again, _ := read(output{u: u, x: x}, claims.String); again.String() != first.String() {
		t.Errorf("as text: %q, and after a collection was read %q", first.String(), again.String())
	}
}
