package main

import (
	"context"
	"errors"
	"fmt"

	"journeyman.dev/internal/connector"
	"journeyman.dev/internal/live"
	"journeyman.dev/internal/server"
	"journeyman.dev/internal/userflow"
)

// sample is the start of a developer's tenant.
type sample struct {
	flow               string // id of the user flow
	apiURL             string // of the connector
	username, password string
}

// ensurePolicies uploads policy files, all or none. It does nothing if the tenant contains policies.
func ensurePolicies(ctx context.Context, srv *server.Server, files [][]byte) error {
	if len(srv.Policies.List()) > 0 {
		return nil
	}
	var list []live.Policy
	for _, f := range files {
		list = append(list, live.Policy{XML: f})
	}
	found, err := srv.Policies.Put(ctx, list...)
	if err != nil {
		return fmt.Errorf("starter policies: %w: %v", err, found)
	}
	return nil
}

// ensureFlow makes a user flow with an API connector for development: sign-up and sign-in with a name, and a
// balance from the API just before the token. In an existing flow it changes only the API's address and
// password.
func (s sample) ensureFlow(ctx context.Context, srv *server.Server) error {
	const name = "Sample API"
	api := connector.Connector{
		DisplayName: name, TargetURL: s.apiURL,
		Auth: connector.Authentication{Kind: connector.Basic, Username: s.username, Password: s.password},
	}
	for _, have := range srv.Connectors.List() {
		if have.DisplayName != name {
			continue
		}
		_, err := srv.Connectors.Update(ctx, have.ID, func(c *connector.Connector) error {
			c.TargetURL, c.Auth = api.TargetURL, api.Auth
			return nil
		})
		return err
	}
	made, err := srv.Connectors.Create(ctx, api)
	if err != nil {
		return err
	}
	return srv.Flows.Change(ctx, func(t *userflow.Tenant) error {
		f, err := userflow.NewFlow(s.flow, userflow.SignUpOrSignIn, 0, nil, srv.Config.Now())
		if err != nil {
			return err
		}
		if _, err := t.Flow(f.ID); err == nil {
			return nil
		}
		balance, err := t.NewAttribute("Balance", "What the user has.", userflow.StringAttribute)
		if err != nil && !errors.Is(err, userflow.ErrExists) {
			return err
		}
		if err == nil {
			t.Attributes = append(t.Attributes, balance)
		}
		f.Attributes = []userflow.Assignment{{Attribute: "DisplayName", DisplayName: "Name"}}
		f.Connectors = map[userflow.ConnectorStep]string{userflow.PostAttributeCollection: made.ID, userflow.PreTokenIssuance: made.ID}
		f.Settings.ApplicationClaims = []string{"DisplayName", "emails", "newUser", "objectId", "extension_Balance"}
		f.Settings.SelfServicePasswordReset = true
		f.Settings.KeepSignedInDays = 14
		t.Flows = append(t.Flows, f)
		return nil
	})
}
