package program

import (
	"strings"
	"time"

	"journeyman.dev/internal/claims"
)

// buildNumber is the value of {Context:BuildNumber}: the shape of B2C's.
const buildNumber = "1.0.507.0"

// Situation gives the values of claim resolvers as of one moment of a journey
// (claims-and-transformations §5.1). It implements claims.Resolver.
type Situation struct {
	Program *Program
	Claims  *claims.Bag
	// Parameters are those of the request; Password is the value of {OIDC:Password}.
	Parameters map[string]string
	Password   string

	Language      string
	CorrelationID string
	Host          string
	RemoteIP      string
	KMSI          bool // the user asked to be kept signed in
	Now           func() time.Time
}

// claimResolver is a resolver that policies may write.
type claimResolver struct {
	namespace, key string // as documented; compared without case
	// give gives the value; nil: the resolver stays as text wherever journeys resolve, as other
	// parts give its value.
	give func(s *Situation) string
}

// resolvers is the table of all claim resolvers whose keys are known beforehand; {Claim:…} and
// {OAUTH-KV:…} have any key.
var resolvers = []claimResolver{
	{"Culture", "LanguageName", func(s *Situation) string { return claims.ParseCulture(s.Language).LanguageName() }},
	{"Culture", "LCID", func(s *Situation) string { return claims.ParseCulture(s.Language).LCID() }},
	{"Culture", "RegionName", func(s *Situation) string { return claims.ParseCulture(s.Language).RegionName() }},
	{"Culture", "RFC5646", func(s *Situation) string { return claims.ParseCulture(s.Language).RFC5646() }},

	{"Policy", "PolicyId", func(s *Situation) string { return s.Program.policyID }},
	{"Policy", "RelyingPartyTenantId", func(s *Situation) string { return s.Program.tenantName }},
	{"Policy", "TenantObjectId", func(s *Situation) string { return s.Program.tenantID }},
	{"Policy", "TrustFrameworkTenantId", func(s *Situation) string { return s.Program.tenantName }},

	{"Context", "BuildNumber", func(*Situation) string { return buildNumber }},
	{"Context", "CorrelationId", func(s *Situation) string { return s.CorrelationID }},
	// US pattern without leading zeros (claims-and-transformations §6.46).
	{"Context", "DateTimeInUtc", func(s *Situation) string { return s.Now().UTC().Format("1/2/2006 3:04:05 PM") }},
	{"Context", "DeploymentMode", func(s *Situation) string { return s.Program.deploymentMode }},
	{"Context", "HostName", func(s *Situation) string { return s.Host }},
	{"Context", "IPAddress", func(s *Situation) string { return s.RemoteIP }},
	{"Context", "KMSI", func(s *Situation) string {
		if s.KMSI {
			return "true"
		}
		return "false"
	}},

	{"OIDC", "AuthenticationContextReferences", parameter("acr_values")},
	{"OIDC", "ClientId", parameter("client_id")},
	{"OIDC", "DomainHint", parameter("domain_hint")},
	{"OIDC", "LoginHint", parameter("login_hint")},
	{"OIDC", "MaxAge", parameter("max_age")},
	{"OIDC", "Nonce", parameter("nonce")},
	{"OIDC", "Prompt", parameter("prompt")},
	{"OIDC", "RedirectUri", parameter("redirect_uri")},
	{"OIDC", "Resource", parameter("resource")},
	{"OIDC", "Scope", parameter("scope")},
	{"OIDC", "Username", parameter("username")},
	{"OIDC", "Password", func(s *Situation) string { return s.Password }},

	// No journey begins with a SAML request yet.
	{"SAML", "AuthnContextClassReferences", nothing}, {"SAML", "NameIdPolicyFormat", nothing}, {"SAML", "Issuer", nothing},
	{"SAML", "AllowCreate", nothing}, {"SAML", "ForceAuthn", nothing}, {"SAML", "ProviderName", nothing}, {"SAML", "RelayState", nothing},
	{"SAML", "Subject", nothing}, {"SAML", "Binding", nothing},

	// A federation profile gives these from the answer of its token endpoint.
	{"oauth2", "access_token", nil}, {"oauth2", "token_type", nil}, {"oauth2", "refresh_token", nil}, {"oauth2", "expires_in", nil},
}

func nothing(*Situation) string { return "" }

func parameter(name string) func(*Situation) string {
	return func(s *Situation) string { return s.Parameters[name] }
}

// requestParameters are the parameters of a request that resolvers of the table read.
var requestParameters = []string{
	"acr_values", "client_id", "domain_hint", "login_hint", "max_age", "nonce", "prompt", "redirect_uri", "resource", "scope", "username",
}

// find finds a resolver of the table.
func find(ref claims.Reference) (claimResolver, bool) {
	for _, r := range resolvers {
		if strings.EqualFold(r.key, ref.Key) && strings.EqualFold(r.namespace, ref.Namespace) {
			return r, true
		}
	}
	return claimResolver{}, false
}

// protocolOnly are parameters that {OAUTH-KV:…} doesn't give
// (claims-and-transformations §5.1 [Q]; rest-and-connectors §3).
var protocolOnly = map[string]bool{
	"state": true, "response_type": true, "response_mode": true, "id_token_hint": true, "redirect_uri": true,
	"client_secret": true, "code_verifier": true, "password": true,
}

// Resolve implements claims.Resolver.
func (s *Situation) Resolve(ref claims.Reference) (string, bool) {
	switch {
	case strings.EqualFold(ref.Namespace, "Claim"):
		t, ok := s.Program.schema.Claim(ref.Key)
		if !ok {
			return "", false
		}
		return s.Claims.Get(t.ID()).String(), true
	case strings.EqualFold(ref.Namespace, "OAUTH-KV"):
		if protocolOnly[strings.ToLower(ref.Key)] {
			return "", true
		}
		return s.parameter(ref.Key), true
	}
	if r, ok := find(ref); ok && r.give != nil {
		return r.give(s), true
	}
	return "", false
}

// parameter finds a parameter of the request, ignoring case.
func (s *Situation) parameter(name string) string {
	if v, ok := s.Parameters[name]; ok {
		return v
	}
	for k, v := range s.Parameters {
		if strings.EqualFold(k, name) {
			return v
		}
	}
	return ""
}

// KnownResolver reports whether a reference names a claim resolver; {Claim:x} is
// known if the schema declares x.
func (s *Schema) KnownResolver(ref claims.Reference) bool {
	switch {
	case strings.EqualFold(ref.Namespace, "Claim"):
		_, ok := s.Claim(ref.Key)
		return ok
	case strings.EqualFold(ref.Namespace, "OAUTH-KV"):
		return true
	}
	_, ok := find(ref)
	return ok
}

// resolverNames are suggested for a misspelt one.
func resolverNames() []string {
	var names []string
	for _, r := range resolvers {
		if r.give != nil {
			names = append(names, "{"+r.namespace+":"+r.key+"}")
		}
	}
	return names
}
