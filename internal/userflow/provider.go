package userflow

import (
	"net/url"
	"regexp"
	"strings"
)

// The built-in identity providers: local accounts.
const (
	EmailProvider    = "EmailPassword-OAUTH"
	UsernameProvider = "UsernamePassword-OAUTH"
)

// Provider is an identity provider of the tenant. Its secret is one of our own key sets,
// [Provider.SecretKey].
type Provider struct {
	ID          string `json:"id"` // Facebook-OAUTH, OIDC-V1-Name-…
	Type        string `json:"type"`
	DisplayName string `json:"displayName"`
	ClientID    string `json:"clientId,omitempty"`

	// OpenID Connect.
	MetadataURL  string        `json:"metadataUrl,omitempty"`
	Scope        string        `json:"scope,omitempty"`
	ResponseType string        `json:"responseType,omitempty"` // code, id_token
	ResponseMode string        `json:"responseMode,omitempty"` // form_post, query
	DomainHint   string        `json:"domainHint,omitempty"`
	Claims       ClaimsMapping `json:"claimsMapping,omitzero"`

	// Apple.
	DeveloperID string `json:"developerId,omitempty"`
	KeyID       string `json:"keyId,omitempty"`
}

// ClaimsMapping contains the names of the provider's claims.
type ClaimsMapping struct {
	UserID      string `json:"userId"`
	DisplayName string `json:"displayName"`
	GivenName   string `json:"givenName"`
	Surname     string `json:"surname"`
	Email       string `json:"email"`
}

// The types of providers outside the catalogue.
const (
	TypeOpenIDConnect = "OpenIDConnect"
	TypeApple         = "AppleManaged"
	typeEmail         = "EmailPassword"
	typeUsername      = "UsernamePassword"
)

var builtInProviders = []Provider{
	{ID: EmailProvider, Type: typeEmail, DisplayName: "Email with password"},
	{ID: UsernameProvider, Type: typeUsername, DisplayName: "User name with password"},
}

func (p *Provider) local() bool { return p.Type == typeEmail || p.Type == typeUsername }

// BuiltIn reports whether every tenant has the provider.
func (p *Provider) BuiltIn() bool { return p.local() }

// AllProviders returns the built-in providers and the tenant's own.
func (t *Tenant) AllProviders() []Provider {
	return append(append([]Provider{}, builtInProviders...), t.Providers...)
}

// Provider finds an identity provider by id, ignoring case.
func (t *Tenant) Provider(id string) (Provider, bool) {
	for _, p := range t.AllProviders() {
		if strings.EqualFold(p.ID, id) {
			return p, true
		}
	}
	return Provider{}, false
}

// SecretKey returns the id of our own key set with the provider's secret. Only the documents of user flows
// can name it.
func (p *Provider) SecretKey() string { return "journeyman:IdentityProvider_" + p.keyName() }

// PrivateKey returns the id of our own key set with the key that signs secrets of Sign in with Apple.
func (p *Provider) PrivateKey() string { return p.SecretKey() + "_PrivateKey" }

// exportedKey returns the policy key that an exported flow names instead.
func (p *Provider) exportedKey() string { return "B2C_1A_" + p.keyName() + "_Secret" }

func (p *Provider) keyName() string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
			return r
		}
		return '_'
	}, p.ID)
}

// social is a public identity provider: a technical profile as data.
type social struct {
	ID, Label string
	Domain    string // for domain_hint, and the name in identities
	Protocol  string // OAuth2 or OpenIdConnect
	Metadata  []string
	Inputs    []string // claims of the authorization request: name, value …
	// Claims are the provider's names for: user id, display name, given name, surname, e-mail address; "" for
	// none.
	Claims [5]string
}

// catalogue are the public providers, by their Graph identityProviderType.
var catalogue = map[string]social{
	"Facebook": {
		ID: "Facebook-OAUTH", Label: "Facebook", Domain: "facebook.com", Protocol: "OAuth2",
		Metadata: []string{
			"ProviderName", "facebook", "authorization_endpoint", "https://www.facebook.com/dialog/oauth",
			"AccessTokenEndpoint", "https://graph.facebook.com/oauth/access_token",
			"ClaimsEndpoint", "https://graph.facebook.com/me?fields=id,first_name,last_name,name,email",
			"HttpBinding", "GET", "scope", "email public_profile", "AccessTokenResponseFormat", "json", "UsePolicyInRedirectUri", "0",
		},
		Claims: [5]string{"id", "name", "first_name", "last_name", "email"},
	},
	"Google": {
		ID: "Google-OAUTH", Label: "Google", Domain: "google.com", Protocol: "OAuth2",
		Metadata: []string{
			"ProviderName", "google", "authorization_endpoint", "https://accounts.google.com/o/oauth2/auth",
			"AccessTokenEndpoint", "https://accounts.google.com/o/oauth2/token", "ClaimsEndpoint", "https://www.googleapis.com/oauth2/v1/userinfo",
			"scope", "email profile", "HttpBinding", "POST", "UsePolicyInRedirectUri", "false",
		},
		Claims: [5]string{"id", "name", "given_name", "family_name", "email"},
	},
	"Microsoft": {
		ID: "MSA-OIDC", Label: "Microsoft Account", Domain: "live.com", Protocol: "OpenIdConnect",
		Metadata: []string{
			"ProviderName", "https://login.live.com", "METADATA", "https://login.live.com/.well-known/openid-configuration",
			"response_types", "code", "response_mode", "form_post", "scope", "openid profile email", "HttpBinding", "POST", "UsePolicyInRedirectUri", "false",
		},
		Claims: [5]string{"sub", "name", "given_name", "family_name", "email"},
	},
	"GitHub": {
		ID: "GitHub-OAUTH", Label: "GitHub", Domain: "github.com", Protocol: "OAuth2",
		Metadata: []string{
			"ProviderName", "github.com", "authorization_endpoint", "https://github.com/login/oauth/authorize",
			"AccessTokenEndpoint", "https://github.com/login/oauth/access_token", "ClaimsEndpoint", "https://api.github.com/user",
			"HttpBinding", "GET", "scope", "read:user user:email", "BearerTokenTransmissionMethod", "AuthorizationHeader",
			"UsePolicyInRedirectUri", "0", "UserAgentForClaimsExchange", "CPIM-Basic/{tenant}/{policy}",
		},
		Claims: [5]string{"id", "name", "", "", "email"},
	},
	"LinkedIn": {
		ID: "LinkedIn-OAUTH", Label: "LinkedIn", Domain: "linkedin.com", Protocol: "OpenIdConnect",
		Metadata: []string{
			"ProviderName", "linkedin.com", "METADATA", "https://www.linkedin.com/oauth/.well-known/openid-configuration",
			"response_types", "code", "response_mode", "query", "scope", "openid profile email", "HttpBinding", "POST", "UsePolicyInRedirectUri", "false",
		},
		Claims: [5]string{"sub", "name", "given_name", "family_name", "email"},
	},
	TypeApple: {
		ID: "Apple-Managed-OIDC", Label: "Sign in with Apple", Domain: "apple.com", Protocol: "OpenIdConnect",
		Metadata: []string{
			"ProviderName", "apple", "METADATA", "https://appleid.apple.com/.well-known/openid-configuration",
			"response_types", "code", "response_mode", "form_post", "scope", "name email", "HttpBinding", "POST", "UsePolicyInRedirectUri", "false",
			// The name comes beside the token, and only once.
			"ReadBodyClaimsOnIdpRedirect", "user.name.firstName user.name.lastName",
		},
		Claims: [5]string{"sub", "", "user.name.firstName", "user.name.lastName", "email"},
	},
}

// notYet are B2C's types that we don't support.
var notYet = []string{"Amazon", "Twitter", "Weibo", "QQ", "WeChat"}

// ProviderTypes lists the types that can be created.
func ProviderTypes() []string {
	return []string{"Facebook", "GitHub", "Google", "LinkedIn", "Microsoft", TypeApple, TypeOpenIDConnect}
}

// CatalogueType finds a type of the catalogue, ignoring case.
func CatalogueType(text string) (string, error) {
	for name := range catalogue {
		if strings.EqualFold(name, text) {
			return name, nil
		}
	}
	for _, name := range notYet {
		if strings.EqualFold(name, text) {
			return "", invalid("identityProviderType %s is not supported yet; %s are", name, strings.Join(ProviderTypes(), ", "))
		}
	}
	return "", invalid("identityProviderType must be one of %s", strings.Join(ProviderTypes(), ", "))
}

var idCharacters = regexp.MustCompile(`[^A-Za-z0-9_]+`)

// Identify sets the id of a new provider: one id for each public provider, and for OpenID Connect ones an id
// made of the name and a random part.
func (p *Provider) Identify(random string) {
	if s, ok := catalogue[p.Type]; ok {
		p.ID = s.ID
		return
	}
	p.ID = "OIDC-V1-" + strings.Trim(idCharacters.ReplaceAllString(p.DisplayName, "_"), "_") + "-" + random
}

// Check reports the fault of a provider.
func (p *Provider) Check() error {
	switch {
	case strings.TrimSpace(p.DisplayName) == "":
		return invalid("displayName is required")
	case p.ClientID == "":
		return invalid("the client id is required")
	}
	if p.Type != TypeOpenIDConnect {
		return nil
	}
	u, err := url.Parse(p.MetadataURL)
	switch {
	case err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil:
		return invalid("metadataUrl must be an absolute https URL")
	case p.ResponseType != "code" && p.ResponseType != "id_token":
		return invalid("responseType must be code or id_token")
	case p.ResponseMode != "form_post" && p.ResponseMode != "query":
		return invalid("responseMode must be form_post or query")
	case p.ResponseType == "id_token" && p.ResponseMode == "query":
		return invalid("an id_token can't come by query: use form_post")
	case p.Scope == "" || !strings.Contains(" "+p.Scope+" ", " openid "):
		return invalid("scope must have openid")
	case p.Claims.UserID == "":
		return invalid("claimsMapping.userId is required")
	}
	return nil
}

// domain returns the provider's name in identities and domain_hint.
func (p *Provider) domain() string {
	if s, ok := catalogue[p.Type]; ok {
		return s.Domain
	}
	if p.DomainHint != "" {
		return p.DomainHint
	}
	if u, err := url.Parse(p.MetadataURL); err == nil {
		return u.Hostname()
	}
	return p.ID
}

// exchangeID returns the claims exchange of the provider's button. Language overrides name it:
// FacebookExchange.
func (p *Provider) exchangeID() string {
	name := p.Type
	if p.Type == TypeOpenIDConnect {
		name = strings.ReplaceAll(p.ID, "-", "_")
	}
	return name + "Exchange"
}
