package apiconnector

import (
	"cmp"
	"context"
	"errors"
	"strings"

	"journeyman.dev/internal/refusal"

	"journeyman.dev/internal/claims"
	"journeyman.dev/internal/connector"
	"journeyman.dev/internal/directory"
	"journeyman.dev/internal/userflow"
)

// Question asks for a dry run in an administrator's words. Empty members are allowed.
type Question struct {
	User     string // object id, sign-in name or user principal name; "": an unknown user
	Step     string // "": PreTokenIssuance
	UserFlow string // whose application claims count; "": all attributes
	ClientID string // "": an application that nobody has
	Locales  string // "": en-US
}

// Users finds users of the directory; both methods return directory.ErrNotFound.
type Users interface {
	GetUser(ctx context.Context, id string) (*directory.User, error)
	FindUser(ctx context.Context, k directory.Key) (*directory.User, error)
}

// Prober makes dry runs of connectors. All fields must be set.
type Prober struct {
	Provider *Provider
	Users    Users
	Tenant   func() *userflow.Tenant // as it is now
	TenantID string
	NewID    func() string // correlation ids
}

// Probe makes a dry run of a connector for a user of the directory. Its errors wrap
// connector.ErrNotFound, connector.ErrInvalid or userflow.ErrNotFound, or are internal.
func (p *Prober) Probe(ctx context.Context, connectorID string, q Question) (Probed, error) {
	step := PreTokenIssuance
	if q.Step != "" {
		var ok bool
		if step, ok = userflow.ParseStep(q.Step); !ok {
			return Probed{}, refusal.Because(connector.ErrInvalid, "step must be one of %v", stepNames())
		}
	}
	t := p.Tenant()
	d := Dry{
		Request: Request{
			Step: step, ClientID: cmp.Or(q.ClientID, "00000000-0000-0000-0000-000000000000"), Locales: cmp.Or(q.Locales, "en-US"), CorrelationID: p.NewID(),
			TenantID: p.TenantID,
		},
		TokenNames: t.TokenNames(nil),
	}
	if q.UserFlow != "" {
		f, err := t.Flow(q.UserFlow)
		if err != nil {
			return Probed{}, err
		}
		d.TokenNames = t.TokenNames(f)
	}
	if q.User != "" {
		u, err := p.findUser(ctx, q.User)
		if err != nil {
			return Probed{}, err
		}
		d.describe(u, t)
	}
	return p.Provider.Probe(ctx, connectorID, d)
}

// findUser finds a user by object id, sign-in name or user principal name.
func (p *Prober) findUser(ctx context.Context, name string) (*directory.User, error) {
	u, err := p.Users.GetUser(ctx, strings.ToLower(name))
	if errors.Is(err, directory.ErrNotFound) {
		u, err = p.Users.FindUser(ctx, directory.NameKey(name))
	}
	if errors.Is(err, directory.ErrNotFound) {
		return nil, refusal.Because(connector.ErrInvalid, "there is no such user")
	}
	return u, err
}

// describe adds the members that a journey would send about a user.
func (d *Dry) describe(u *directory.User, t *userflow.Tenant) {
	d.Member("objectId", claims.Text(u.ID))
	address := u.Attribute("otherMails")
	if items := address.Items(); len(items) > 0 {
		address = claims.Text(items[0])
	}
	for _, i := range u.Identities {
		if strings.EqualFold(i.Type, "emailAddress") {
			address = claims.Text(i.ID)
		}
		d.Identities = append(d.Identities, Identity{SignInType: i.Type, Issuer: i.Issuer, IssuerAssignedID: i.ID})
	}
	d.Member("email", address)
	for _, a := range t.AllAttributes() {
		if a.GraphName() != "email" {
			d.Member(a.GraphName(), u.Attribute(a.GraphName()))
		}
	}
}
