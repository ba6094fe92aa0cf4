package tenant

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"journeyman.dev/internal/application"
)

// extensionsAppName is the name by which tools find the application for extension attributes (admin-surface
// §5).
const extensionsAppName = "b2c-extensions-app. Do not modify. Used by AADB2C for storing user data."

// Applications makes a tenant's required applications. All fields must be set.
type Applications struct {
	Settings Settings
	Apps     *application.Cache
	Now      func() time.Time
}

// EnsureExtensions makes a new tenant's application for extension attributes. appID is
// [Identity.ExtensionsApp].
func (a Applications) EnsureExtensions(ctx context.Context, appID string) error {
	_, err := a.Apps.GetByAppID(ctx, appID)
	if !errors.Is(err, application.ErrNotFound) {
		return err
	}
	return a.Apps.Create(ctx, application.Application{ID: uuid.NewString(), AppID: appID, DisplayName: extensionsAppName, Created: a.Now().UTC(), SignInAudience: "AzureADMyOrg"})
}

// Ensure makes or updates the web application with a name, and gives it a new secret, valid for a year, which
// replaces the earlier ones.
func (a Applications) Ensure(ctx context.Context, name string, redirects []string) (appID, secret string, err error) {
	now := a.Now()
	made, secret := application.NewSecret(name, now.Add(-time.Minute), now.AddDate(1, 0, 0))
	appID, err = a.Settings.SetSetting(ctx, "application "+name, uuid.NewString())
	if err != nil {
		return "", "", err
	}
	have, err := a.Apps.GetByAppID(ctx, appID)
	if errors.Is(err, application.ErrNotFound) {
		app := application.Application{ID: uuid.NewString(), AppID: appID, DisplayName: name, Created: now.UTC(), WebRedirects: redirects,
			Secrets: []application.Secret{made}, ImplicitIDToken: true, PKCE: new(application.PKCE), SignInAudience: "AzureADandPersonalMicrosoftAccount"}
		return appID, secret, a.Apps.Create(ctx, app)
	}
	if err != nil {
		return "", "", err
	}
	_, err = a.Apps.Update(ctx, have.ID, func(app *application.Application) error {
		app.WebRedirects, app.Secrets = redirects, []application.Secret{made}
		return nil
	})
	return appID, secret, err
}
