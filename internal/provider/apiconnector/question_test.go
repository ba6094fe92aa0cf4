package apiconnector

import (
	"context"
	"errors"
	"testing"

	"journeyman.dev/internal/connector"
	"journeyman.dev/internal/directory"
	"journeyman.dev/internal/userflow"
)

// oneUser is a directory with one user.
type oneUser struct {
	user directory.User
	name directory.Key
}

func (o oneUser) GetUser(_ context.Context, id string) (*directory.User, error) {
	if id != o.user.ID {
		return nil, directory.ErrNotFound
	}
	return &o.user, nil
}

func (o oneUser) FindUser(_ context.Context, k directory.Key) (*directory.User, error) {
	if k != o.name {
		return nil, directory.ErrNotFound
	}
	return &o.user, nil
}

func testProber() *Prober {
	user := directory.User{ID: "0a1b2c3d-0000-4000-8000-00000000000f", Identities: []directory.Identity{{Type: "emailAddress", Issuer: "contoso.onmicrosoft.com", ID: "ada@example.com"}}}
	return &Prober{
		Provider: &Provider{Connectors: &connector.Service{}}, Users: oneUser{user, directory.NameKey("ada@example.com")},
		Tenant: func() *userflow.Tenant { return &userflow.Tenant{Name: "contoso.onmicrosoft.com"} }, TenantID: "t", NewID: func() string { return "id" },
	}
}

func TestAQuestionThatCannotBeAnsweredSaysWhy(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		question Question
		want     error
	}{
		"a step that isn't":      {Question{Step: "Nothing"}, connector.ErrInvalid},
		"a user that isn't":      {Question{User: "bob@example.com"}, connector.ErrInvalid},
		"a user flow that isn't": {Question{UserFlow: "B2C_1_none"}, userflow.ErrNotFound},
	} {
		if _, err := testProber().Probe(t.Context(), "c", test.question); !errors.Is(err, test.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAUserIsFoundByIDAndByName(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"0A1B2C3D-0000-4000-8000-00000000000F", "Ada@example.com"} {
		u, err := testProber().findUser(t.Context(), name)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var d Dry
		d.describe(u, testProber().Tenant())
		if len(d.Identities) != 1 || d.Identities[0].IssuerAssignedID != "ada@example.com" {
			t.Errorf("%s: %+v", name, d.Identities)
		}
		members := make(map[string]string)
		for _, m := range d.Members {
			members[m.Name] = m.Value.String()
		}
		if members["objectId"] != u.ID || members["email"] != "ada@example.com" {
			t.Errorf("%s: %v", name, members)
		}
	}
}
