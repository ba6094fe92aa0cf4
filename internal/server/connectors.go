package server

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"journeyman.dev/internal/claims"
	"journeyman.dev/internal/connector"
	"journeyman.dev/internal/directory"
	"journeyman.dev/internal/keyset"
	"journeyman.dev/internal/msgraph/apiconnectors"
	"journeyman.dev/internal/provider/apiconnector"
	"journeyman.dev/internal/userflow"
)

// auditKeep is how long audit records are kept; B2C keeps them for 7 days.
func (s *Server) auditKeep() time.Duration { return cmp.Or(s.Config.AuditKeep, 7*24*time.Hour) }

func (s *Server) connectorProvider() *apiconnector.Provider {
	return &apiconnector.Provider{Connectors: s.Connectors, Applications: s.Apps, ExtensionsApp: s.ExtensionsApp}
}

// decodePKCS12 reads a client certificate as key sets read theirs.
func decodePKCS12(data []byte, password string) (chain [][]byte, private []byte, err error) {
	k, err := keyset.FromPKCS12(data, password)
	if err != nil {
		return nil, nil, err
	}
	return k.Chain, k.Private, nil
}

// Probe implements apiconnectors.Prober: a dry run of a connector for a user of the directory.
func (s *Server) Probe(ctx context.Context, connectorID string, r apiconnectors.ProbeRequest) (any, error) {
	step := apiconnector.PreTokenIssuance
	if r.Step != "" {
		var ok bool
		if step, ok = apiconnector.ParseStep(r.Step); !ok {
			return nil, fmt.Errorf("%w: step must be one of %v", connector.ErrInvalid, apiconnector.Steps)
		}
	}
	t := s.Flows.Tenant()
	d := apiconnector.Dry{
		Request: apiconnector.Request{
			Step: step, ClientID: cmp.Or(r.ClientID, "00000000-0000-0000-0000-000000000000"), Locales: cmp.Or(r.Locales, "en-US"), CorrelationID: s.engine.NewID(),
			TenantID: s.TenantID,
		},
		TokenNames: t.TokenNames(nil),
	}
	if r.UserFlow != "" {
		f, err := t.Flow(r.UserFlow)
		if err != nil {
			return nil, err
		}
		d.TokenNames = t.TokenNames(f)
	}
	if r.User != "" {
		u, err := s.findUser(ctx, r.User)
		if err != nil {
			return nil, err
		}
		s.describe(&d, u, t)
	}
	return s.connectorProvider().Probe(ctx, connectorID, d)
}

// findUser finds a user by object id, sign-in name or user principal name.
func (s *Server) findUser(ctx context.Context, name string) (*directory.User, error) {
	u, err := s.Users.Store.GetUser(ctx, strings.ToLower(name))
	if errors.Is(err, directory.ErrNotFound) {
		u, err = s.Users.Store.FindUser(ctx, directory.NameKey(name))
	}
	if errors.Is(err, directory.ErrNotFound) {
		return nil, fmt.Errorf("%w: there is no such user", connector.ErrInvalid)
	}
	return u, err
}

// describe tells what a journey would send about a user.
func (s *Server) describe(d *apiconnector.Dry, u *directory.User, t *userflow.Tenant) {
	d.Member("objectId", claims.Text(u.ID))
	address := u.Attribute("otherMails")
	if items := address.Items(); len(items) > 0 {
		address = claims.Text(items[0])
	}
	for _, i := range u.Identities {
		if strings.EqualFold(i.Type, "emailAddress") {
			address = claims.Text(i.ID)
		}
		d.Identities = append(d.Identities, apiconnector.Identity{SignInType: i.Type, Issuer: i.Issuer, IssuerAssignedID: i.ID})
	}
	d.Member("email", address)
	for _, a := range t.AllAttributes() {
		if a.GraphName() != "email" {
			d.Member(a.GraphName(), u.Attribute(a.GraphName()))
		}
	}
}
