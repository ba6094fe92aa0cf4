package application

// PKCE contains an application's own requirements for authorization requests. For nil members the tenant's
// settings count.
type PKCE struct {
	// Required requires a code challenge of confidential clients, too. Public clients always need one.
	Required *bool `json:"required,omitempty"`
	// AllowPlain allows a challenge that equals its verifier. Such a challenge doesn't protect against a
	// reader of the request.
	AllowPlain *bool `json:"allowPlain,omitempty"`
}

// NeedsPKCE reports whether a confidential client's requests must contain a code challenge. tenant is the
// tenant's setting.
func (a *Application) NeedsPKCE(tenant bool) bool {
	if a.PKCE != nil && a.PKCE.Required != nil {
		return *a.PKCE.Required
	}
	return tenant
}

// AllowsPlainPKCE reports whether a code challenge may be plain, which is also the default method. tenant is
// the tenant's setting. Old applications from before the setting, whose PKCE is nil, keep their behaviour.
func (a *Application) AllowsPlainPKCE(tenant bool) bool {
	if a.PKCE != nil && a.PKCE.AllowPlain != nil {
		return *a.PKCE.AllowPlain
	}
	return tenant || a.PKCE == nil
}
