package program

import (
	"strings"
	"time"

	"journeyman.dev/internal/claims"
)

// buildNumber is what {Context:BuildNumber} gives: the shape of B2C's.
const buildNumber = "1.0.507.0"

// Situation gives the values of claim resolvers as of one moment of a journey
// (claims-and-transformations §5.1). It implements claims.Resolver.
type Situation struct {
	Program *Program
	Claims  *claims.Bag
	// Parameters are those of the request; Password is what {OIDC:Password} gives.
	Parameters map[string]string
	Password   string

	Language      string
	CorrelationID string
	Host          string
	RemoteIP      string
	KMSI          bool // the user asked to be kept signed in
	Now           func() time.Time
}

// Resolve implements claims.Resolver. Namespaces and names compare without case.
func (s *Situation) Resolve(ref claims.Reference) (string, bool) {
	key := strings.ToLower(ref.Key)
	switch strings.ToLower(ref.Namespace) {
	case "culture":
		return s.culture(key)
	case "policy":
		return s.policy(key)
	case "context":
		return s.context(key)
	case "claim":
		t, ok := s.Program.Schema.Claim(ref.Key)
		if !ok {
			return "", false
		}
		return s.Claims.Get(t.ID).String(), true
	case "oidc":
		return s.oidc(key)
	case "oauth-kv":
		if protocolOnly[key] {
			return "", true
		}
		return s.parameter(ref.Key), true
	case "saml":
		_, known := samlResolvers[key]
		return "", known
	}
	return "", false
}

// KnownResolver reports whether a reference names a claim resolver; {Claim:x} is
// known if the schema has x.
func (s *Schema) KnownResolver(ref claims.Reference) bool {
	key := strings.ToLower(ref.Key)
	switch strings.ToLower(ref.Namespace) {
	case "culture":
		return key == "languagename" || key == "lcid" || key == "regionname" || key == "rfc5646"
	case "policy":
		return key == "policyid" || key == "relyingpartytenantid" || key == "tenantobjectid" || key == "trustframeworktenantid"
	case "context":
		switch key {
		case "buildnumber", "correlationid", "datetimeinutc", "deploymentmode", "hostname", "ipaddress", "kmsi":
			return true
		}
	case "claim":
		_, ok := s.Claim(ref.Key)
		return ok
	case "oidc":
		_, ok := oidcParameters[key]
		return ok
	case "oauth-kv":
		return true
	case "saml":
		return samlResolvers[key]
	case "oauth2":
		return key == "access_token" || key == "token_type" || key == "refresh_token" || key == "expires_in"
	}
	return false
}

// resolverNames are suggested for a misspelt one.
var resolverNames = []string{
	"{Culture:LanguageName}", "{Culture:LCID}", "{Culture:RegionName}", "{Culture:RFC5646}",
	"{Policy:PolicyId}", "{Policy:RelyingPartyTenantId}", "{Policy:TenantObjectId}", "{Policy:TrustFrameworkTenantId}",
	"{Context:BuildNumber}", "{Context:CorrelationId}", "{Context:DateTimeInUtc}", "{Context:DeploymentMode}", "{Context:HostName}", "{Context:IPAddress}", "{Context:KMSI}",
	"{OIDC:AuthenticationContextReferences}", "{OIDC:ClientId}", "{OIDC:DomainHint}", "{OIDC:LoginHint}", "{OIDC:MaxAge}", "{OIDC:Nonce}", "{OIDC:Prompt}",
	"{OIDC:RedirectUri}", "{OIDC:Resource}", "{OIDC:Scope}", "{OIDC:Username}", "{OIDC:Password}",
}

var samlResolvers = map[string]bool{
	"authncontextclassreferences": true, "nameidpolicyformat": true, "issuer": true, "allowcreate": true,
	"forceauthn": true, "providername": true, "relaystate": true, "subject": true, "binding": true,
}

var oidcParameters = map[string]string{
	"authenticationcontextreferences": "acr_values", "clientid": "client_id", "domainhint": "domain_hint",
	"loginhint": "login_hint", "maxage": "max_age", "nonce": "nonce", "prompt": "prompt",
	"redirecturi": "redirect_uri", "resource": "resource", "scope": "scope",
	"username": "username", "password": "password",
}

// protocolOnly are parameters that {OAUTH-KV:…} doesn't give
// (claims-and-transformations §5.1 [Q]; rest-and-connectors §3).
var protocolOnly = map[string]bool{
	"state": true, "response_type": true, "response_mode": true, "id_token_hint": true, "redirect_uri": true,
	"client_secret": true, "code_verifier": true, "password": true,
}

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

func (s *Situation) oidc(key string) (string, bool) {
	name, ok := oidcParameters[key]
	if !ok {
		return "", false
	}
	if name == "password" {
		return s.Password, true
	}
	return s.Parameters[name], true
}

func (s *Situation) culture(key string) (string, bool) {
	c := claims.ParseCulture(s.Language)
	switch key {
	case "languagename":
		return c.LanguageName(), true
	case "lcid":
		return c.LCID(), true
	case "regionname":
		return c.RegionName(), true
	case "rfc5646":
		return c.RFC5646(), true
	}
	return "", false
}

func (s *Situation) policy(key string) (string, bool) {
	switch key {
	case "policyid":
		return s.Program.PolicyID, true
	case "relyingpartytenantid", "trustframeworktenantid":
		return s.Program.TenantName, true
	case "tenantobjectid":
		return s.Program.TenantID, true
	}
	return "", false
}

func (s *Situation) context(key string) (string, bool) {
	switch key {
	case "buildnumber":
		return buildNumber, true
	case "correlationid":
		return s.CorrelationID, true
	case "datetimeinutc":
		// US pattern without leading zeros (claims-and-transformations §6.46).
		return s.Now().UTC().Format("1/2/2006 3:04:05 PM"), true
	case "deploymentmode":
		return s.Program.DeploymentMode, true
	case "hostname":
		return s.Host, true
	case "ipaddress":
		return s.RemoteIP, true
	case "kmsi":
		if s.KMSI {
			return "true", true
		}
		return "false", true
	}
	return "", false
}
