package server

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"journeyman.dev/internal/application"
	"journeyman.dev/internal/keyset"
	"journeyman.dev/internal/library"
)

// extensionsAppName is how tools find the application that extension attributes
// belong to (admin-surface §5).
const extensionsAppName = "b2c-extensions-app. Do not modify. Used by AADB2C for storing user data."

// ensureExtensionsApp makes the application of a new tenant that extension attributes
// belong to.
func (s *Server) ensureExtensionsApp(ctx context.Context, appID string) error {
	_, err := s.Apps.GetByAppID(ctx, appID)
	if !errors.Is(err, application.ErrNotFound) {
		return err
	}
	return s.Apps.Create(ctx, application.Application{ID: uuid.NewString(), AppID: appID, DisplayName: extensionsAppName, Created: s.Config.Now().UTC(), SignInAudience: "AzureADMyOrg"})
}

// EnsureKeys makes the key sets that token issuers name, if they are missing.
func (s *Server) EnsureKeys(ctx context.Context) error {
	for name, use := range map[string]string{"TokenSigningKeyContainer": "sig", "TokenEncryptionKeyContainer": "enc"} {
		if s.Keys.Exists(name) {
			continue
		}
		k, err := keyset.GenerateRSA(use)
		if err != nil {
			return err
		}
		if _, err := s.Keys.Create(ctx, name, k); err != nil {
			return err
		}
	}
	return nil
}

// EnsureApplication makes or updates a web application and gives it a new secret; what
// it had before is replaced. name finds it again.
func (s *Server) EnsureApplication(ctx context.Context, name string, redirects []string) (appID, secret string, err error) {
	now := s.Config.Now()
	made, secret := application.NewSecret(name, now.Add(-time.Minute), now.AddDate(1, 0, 0))
	appID, err = s.db.SetSetting(ctx, "application "+name, uuid.NewString())
	if err != nil {
		return "", "", err
	}
	have, err := s.Apps.GetByAppID(ctx, appID)
	if errors.Is(err, application.ErrNotFound) {
		a := application.Application{ID: uuid.NewString(), AppID: appID, DisplayName: name, Created: now.UTC(), WebRedirects: redirects,
			Secrets: []application.Secret{made}, ImplicitIDToken: true, PKCE: new(application.PKCE), SignInAudience: "AzureADandPersonalMicrosoftAccount"}
		return appID, secret, s.Apps.Create(ctx, a)
	}
	if err != nil {
		return "", "", err
	}
	_, err = s.Apps.Update(ctx, have.ID, func(a *application.Application) error {
		a.WebRedirects, a.Secrets = redirects, []application.Secret{made}
		return nil
	})
	return appID, secret, err
}

// EnsurePolicies uploads policy files that the tenant doesn't have yet, all or none; a
// policy that is there is left as it is.
func (s *Server) EnsurePolicies(ctx context.Context, files [][]byte) error {
	if len(s.Policies.List()) > 0 {
		return nil
	}
	var list []library.Policy
	for _, f := range files {
		list = append(list, library.Policy{XML: f})
	}
	found, err := s.Policies.Put(ctx, list...)
	if err != nil {
		return fmt.Errorf("starter policies: %w: %v", err, found)
	}
	return nil
}

// LocalTLS is the configuration of a listener with a certificate of the local
// authority; nil without one.
func (s *Server) LocalTLS() *tls.Config { return s.localTLS }
