package application

// PKCE says what an application's authorization requests need, beyond what the tenant's
// settings say. Members that are nil follow the tenant's.
type PKCE struct {
	// Required asks for a code challenge also of confidential clients; public ones always
	// need one.
	Required *bool `json:"required,omitempty"`
	// AllowPlain lets a challenge be its own verifier, which protects nothing from whoever
	// reads the request.
	AllowPlain *bool `json:"allowPlain,omitempty"`
}

// NeedsPKCE reports whether a confidential client's requests must have a code challenge;
// tenant is the tenant's setting.
func (a *Application) NeedsPKCE(tenant bool) bool {
	if a.PKCE != nil && a.PKCE.Required != nil {
		return *a.PKCE.Required
	}
	return tenant
}

// AllowsPlainPKCE reports whether a code challenge may be plain, which it also is when its
// method isn't given; tenant is the tenant's setting. Applications from before there was
// a choice, whose PKCE is nil, keep what they had.
func (a *Application) AllowsPlainPKCE(tenant bool) bool {
	if a.PKCE != nil && a.PKCE.AllowPlain != nil {
		return *a.PKCE.AllowPlain
	}
	return tenant || a.PKCE == nil
}
