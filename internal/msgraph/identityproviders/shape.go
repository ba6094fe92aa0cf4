package identityproviders

import (
	"journeyman.dev/internal/msgraph"
	"journeyman.dev/internal/userflow"
)

// provider has the members of all providers.
type provider struct {
	Type        string `json:"@odata.type"`
	ID          string `json:"id"`
	DisplayName string `json:"displayName"`
}

type builtIn struct {
	provider
	Kind string `json:"identityProviderType"`
}

type social struct {
	provider
	Kind         string `json:"identityProviderType"`
	ClientID     string `json:"clientId"`
	ClientSecret string `json:"clientSecret"` // masked
}

type apple struct {
	provider
	DeveloperID string `json:"developerId"`
	ServiceID   string `json:"serviceId"`
	KeyID       string `json:"keyId"`
	Certificate string `json:"certificateData"` // masked
}

type openIDConnect struct {
	provider
	ClientID     string                 `json:"clientId"`
	ClientSecret string                 `json:"clientSecret"` // masked
	MetadataURL  string                 `json:"metadataUrl"`
	Scope        string                 `json:"scope"`
	ResponseType string                 `json:"responseType"`
	ResponseMode string                 `json:"responseMode"`
	DomainHint   string                 `json:"domainHint"`
	Claims       userflow.ClaimsMapping `json:"claimsMapping"`
}

// Show is a provider as Graph shows it, without its secret: for user flows, which show
// theirs.
func Show(p userflow.Provider) any {
	all := provider{ID: p.ID, DisplayName: p.DisplayName}
	switch {
	case p.BuiltIn():
		all.Type = "#microsoft.graph.builtInIdentityProvider"
		return builtIn{provider: all, Kind: p.Type}
	case p.Type == userflow.TypeApple:
		all.Type = "#microsoft.graph.appleManagedIdentityProvider"
		return apple{provider: all, DeveloperID: p.DeveloperID, ServiceID: p.ClientID, KeyID: p.KeyID, Certificate: msgraph.Masked}
	case p.Type == userflow.TypeOpenIDConnect:
		all.Type = "#microsoft.graph.openIdConnectIdentityProvider"
		return openIDConnect{
			provider: all, ClientID: p.ClientID, ClientSecret: msgraph.Masked, MetadataURL: p.MetadataURL, Scope: p.Scope,
			ResponseType: p.ResponseType, ResponseMode: p.ResponseMode, DomainHint: p.DomainHint, Claims: p.Claims,
		}
	}
	all.Type = "#microsoft.graph.socialIdentityProvider"
	return social{provider: all, Kind: p.Type, ClientID: p.ClientID, ClientSecret: msgraph.Masked}
}
