package server

import (
	"context"
	"errors"

	"journeyman.dev/internal/connector"
	"journeyman.dev/internal/userflow"
)

// Sample is what [Server.EnsureSampleFlow] makes.
type Sample struct {
	Flow               string // id of the user flow
	APIURL             string // of the connector
	Username, Password string
}

// EnsureSampleFlow makes a user flow with an API connector for development: sign up and
// in with a name, and a balance that the API tells just before the token. A tenant that
// has the flow keeps it as it is, but for the API's address and password.
func (s *Server) EnsureSampleFlow(ctx context.Context, sample Sample) error {
	const name = "Sample API"
	api := connector.Connector{
		DisplayName: name, TargetURL: sample.APIURL,
		Auth: connector.Authentication{Kind: connector.Basic, Username: sample.Username, Password: sample.Password},
	}
	for _, have := range s.Connectors.List() {
		if have.DisplayName != name {
			continue
		}
		_, err := s.Connectors.Update(ctx, have.ID, func(c *connector.Connector) error {
			c.TargetURL, c.Auth = api.TargetURL, api.Auth
			return nil
		})
		return err
	}
	made, err := s.Connectors.Create(ctx, api)
	if err != nil {
		return err
	}
	return s.Flows.Change(ctx, func(t *userflow.Tenant) error {
		f, err := userflow.NewFlow(sample.Flow, userflow.SignUpOrSignIn, 0, nil, s.Config.Now())
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
