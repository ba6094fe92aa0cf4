// Package restful plans and runs RESTful technical profiles: a customer's API is
// called with claims and answers with claims.
//
// Reference: rest-and-connectors §2.
package restful

import (
	"context"
	"crypto"
	"crypto/tls"
	"net/url"
	"slices"
	"strings"
	"time"

	"journeyman.dev/internal/claims"
	"journeyman.dev/internal/diag"
	"journeyman.dev/internal/journey"
	"journeyman.dev/internal/outbound"
	"journeyman.dev/internal/policy"
	"journeyman.dev/internal/program"
)

// Caller sends requests.
type Caller interface {
	Do(ctx context.Context, r outbound.Request) (outbound.Response, error)
}

// Keys gives secrets and certificates.
type Keys interface {
	Secret(ctx context.Context, id string) ([]byte, error)
	Certificate(ctx context.Context, id string) (chain [][]byte, key crypto.Signer, err error)
}

// Provider plans RESTful profiles.
type Provider struct {
	Caller Caller
	Keys   Keys
	// Timeout of an attempt and number of attempts; 0: 30 s and 3, as documented
	// (rest-and-connectors §1.7).
	Timeout  time.Duration
	Attempts int
}

// The ways to send claims.
const (
	inBody   = "Body"
	inForm   = "Form"
	inHeader = "Header"
	inURL    = "Url"
	inQuery  = "QueryString"
)

// The ways to authenticate.
const (
	authNone   = "None"
	authBasic  = "Basic"
	authBearer = "Bearer"
	authCert   = "ClientCertificate"
	authAPIKey = "ApiKeyHeader"
)

// Metadata are the metadata items and keys of a profile.
type Metadata struct {
	ServiceURL   string
	ResolveURL   bool // claim resolvers in ServiceUrl are resolved
	SendClaims   string
	Auth         string
	PayloadClaim string // id of the claim whose text is the body; "" for none
	BearerClaim  string // id of the input claim with the bearer token; "" for none
	JSONPaths    bool
	Debug        bool

	Username, Password, Token, CertificateKey string // key set ids
	APIKeyHeader, APIKey                      string
}

// Exchange is a planned profile.
type Exchange struct {
	m        Metadata
	p        *Provider
	template claims.Template
	paths    map[string]claims.Path // by partner name; nil without ResolveJsonPathsInJsonTokens
}

// Plan implements journey.Provider.
func (p *Provider) Plan(plan *program.Plan) journey.Exchange {
	m := plan.Metadata
	x := &Exchange{p: p}
	x.m = Metadata{
		ServiceURL: m.Required("ServiceUrl"),
		ResolveURL: m.Bool("IncludeClaimResolvingInClaimsHandling", false),
		SendClaims: m.Choice("SendClaimsIn", inBody, inBody, inForm, inHeader, inURL, inQuery),
		JSONPaths:  m.Bool("ResolveJsonPathsInJsonTokens", false),
		Debug:      m.Bool("DebugMode", false),
	}
	x.authentication(plan)
	x.address(plan)
	x.payload(plan)
	if m.Bool("IgnoreServerCertificateErrors", false) {
		plan.Report(diag.UnsupportedSetting, m.At("IgnoreServerCertificateErrors"), "let the API have a valid certificate; a private authority can be trusted with --outbound-ca",
			"technical profile %q asks to ignore certificate errors, which aren't ignored", plan.Source.ID.Value)
	}
	m.Met("ClaimsFormat")               // documented to be ignored
	m.Met("ClaimResolverUrlFormatting") // values in an address are always escaped
	m.Unused("SendClaimsIn decides on method and body", "HttpMethod", "HttpBinding", "Content-Type", "ContentType")
	m.Unused("answers are JSON", "ResponseClaimsFormat", "NamespaceIdentifierPath", "NamespaceIdentifierValue")
	m.Unused("the operator decides with --rest-timeout", "TimeoutInSeconds")
	if x.m.JSONPaths {
		x.paths = make(map[string]claims.Path)
		for _, use := range plan.Profile.Outputs().All() {
			path, err := claims.ParsePath(use.Partner())
			if err != nil {
				plan.Report(diag.BadJSONPath, use.Position(), "for example data[0].email",
					"technical profile %q has an invalid JSON path %q", plan.Source.ID.Value, use.Partner())
				continue
			}
			x.paths[use.Partner()] = path
		}
	}
	return x
}

func (x *Exchange) authentication(plan *program.Plan) {
	m := plan.Metadata
	x.m.Auth = m.RequiredChoice("AuthenticationType", authNone, authNone, authBasic, authBearer, authCert, authAPIKey)
	insecure := m.Bool("AllowInsecureAuthInProduction", false)
	claimID := m.String("UseClaimAsBearerToken", "")
	switch x.m.Auth {
	case authNone:
		// An invalid or missing value was already reported; don't treat it as None.
		if plan.Production && !insecure && strings.EqualFold(m.String("AuthenticationType", ""), authNone) {
			plan.Report(diag.InsecureREST, m.At("AuthenticationType"), `add <Item Key="AllowInsecureAuthInProduction">true</Item>, or authenticate`,
				"technical profile %q calls its API without authentication in a policy for production", plan.Source.ID.Value)
		}
	case authBasic:
		x.m.Username, _ = plan.Key("BasicAuthenticationUsername", true)
		x.m.Password, _ = plan.Key("BasicAuthenticationPassword", true)
	case authBearer:
		if claimID == "" {
			x.m.Token, _ = plan.Key("BearerAuthenticationToken", true)
			return
		}
		x.m.BearerClaim = inputClaim(plan, claimID, "UseClaimAsBearerToken")
	case authCert:
		x.m.CertificateKey, _ = plan.Key("ClientCertificate", true)
	case authAPIKey:
		if len(plan.Source.Keys) == 0 {
			plan.Report(diag.MissingProfileKey, plan.Source.Pos, `add <Key Id="x-api-key" StorageReferenceId="B2C_1A_…" />: the key's Id is the header's name`,
				"technical profile %q needs a cryptographic key whose Id is the name of its header", plan.Source.ID.Value)
			return
		}
		x.m.APIKeyHeader = plan.Source.Keys[0].ID.Value
		x.m.APIKey, _ = plan.Key(x.m.APIKeyHeader, true)
	}
}

// inputClaim finds a claim that metadata names among the profile's input claims.
func inputClaim(plan *program.Plan, name, key string) string {
	for _, use := range plan.Profile.Inputs().All() {
		if strings.EqualFold(use.Claim().ID(), name) || strings.EqualFold(use.Partner(), name) {
			return use.Claim().ID()
		}
	}
	if !plan.Incomplete {
		plan.Report(diag.NotAnInput, plan.Metadata.At(key), notAnInput(plan, name),
			"technical profile %q names the claim %q in %s, which isn't one of its input claims", plan.Source.ID.Value, name, key)
	}
	return ""
}

// notAnInput is the hint for a claim that isn't an input claim.
func notAnInput(plan *program.Plan, name string) string {
	var names []string
	for _, use := range plan.Profile.Inputs().All() {
		names = append(names, use.Partner())
	}
	if near := diag.Nearest(name, names); near != "" {
		return "did you mean \"" + near + "\"?"
	}
	return "add it to the InputClaims"
}

// address checks ServiceUrl as far as it is known now.
func (x *Exchange) address(plan *program.Plan) {
	text := x.m.ServiceURL
	if text == "" {
		return
	}
	at := plan.Metadata.At("ServiceUrl")
	x.template = claims.ParseTemplate(text)
	scheme, rest, ok := strings.Cut(text, "://")
	host, _, _ := strings.Cut(rest, "/")
	host, _, _ = strings.Cut(host, "?")
	if !ok {
		host = text
	}
	if plan.Unsettled(host) && !slices.ContainsFunc(placeholderNames(host), x.isInput(plan)) || strings.Contains(text, "{Settings:") {
		return // deployment tools fill it in
	}
	switch {
	case !ok || host == "":
		plan.Report(diag.BadServiceURL, at, "write an absolute https address", "technical profile %q has an invalid ServiceUrl %q", plan.Source.ID.Value, text)
		return
	case strings.ContainsAny(host, "{}"):
		plan.Report(diag.BadServiceURL, at, "placeholders may stand in path and query only", "technical profile %q has a placeholder in the host of its ServiceUrl", plan.Source.ID.Value)
		return
	case strings.Contains(host, "@"):
		plan.Report(diag.BadServiceURL, at, "use AuthenticationType Basic", "technical profile %q has credentials in its ServiceUrl", plan.Source.ID.Value)
		return
	}
	if _, err := url.Parse(scheme + "://" + host); err != nil {
		plan.Report(diag.BadServiceURL, at, "write an absolute https address", "technical profile %q has an invalid ServiceUrl %q", plan.Source.ID.Value, text)
		return
	}
	switch strings.ToLower(scheme) {
	case "https":
	case "http":
		if plan.Production {
			plan.Report(diag.InsecureREST, at, `use https, or set DeploymentMode="Development" on the policy`,
				"technical profile %q has an http ServiceUrl in a policy for production", plan.Source.ID.Value)
		}
	default:
		plan.Report(diag.BadServiceURL, at, "write an absolute https address", "technical profile %q has an invalid ServiceUrl %q", plan.Source.ID.Value, text)
	}
	if x.m.SendClaims == inURL {
		x.placeholders(plan, at)
	}
}

// placeholders checks that each {name} of the address is an input claim.
func (x *Exchange) placeholders(plan *program.Plan, at diag.Position) {
	if plan.Incomplete {
		return
	}
	text := x.m.ServiceURL
	if plan.Offline {
		text = policy.WithoutBraces(text)
	}
	for _, name := range placeholderNames(text) {
		if plan.Offline && !strings.Contains(notAnInput(plan, name), "did you mean") {
			continue // as little like a claim as like something that deployment tools fill in
		}
		if !x.isInput(plan)(name) {
			plan.Report(diag.NotAnInput, at, notAnInput(plan, name),
				"technical profile %q has the placeholder {%s} in its ServiceUrl, which isn't one of its input claims", plan.Source.ID.Value, name)
		}
	}
}

// isInput reports whether a name is of an input claim.
func (x *Exchange) isInput(plan *program.Plan) func(name string) bool {
	return func(name string) bool {
		return plan.Profile.Inputs().Any(func(u *program.ClaimUse) bool { return matches(u, name) })
	}
}

func matches(use *program.ClaimUse, name string) bool {
	return strings.EqualFold(use.Partner(), name) || use.Partner() == use.Claim().ID() && strings.EqualFold(use.Claim().ID(), name)
}

// placeholderNames lists the {name} of an address; {a:b} is a claim resolver.
func placeholderNames(text string) []string {
	var names []string
	for {
		start := strings.IndexByte(text, '{')
		if start < 0 {
			return names
		}
		end := strings.IndexByte(text[start:], '}')
		if end < 0 {
			return names
		}
		if name := text[start+1 : start+end]; name != "" && !strings.Contains(name, ":") {
			names = append(names, name)
		}
		text = text[start+end+1:]
	}
}

func (x *Exchange) payload(plan *program.Plan) {
	id := plan.Metadata.String("ClaimUsedForRequestPayload", "")
	if id == "" {
		return
	}
	if x.m.SendClaims != inBody {
		plan.Report(diag.DoubtfulMetadata, plan.Metadata.At("ClaimUsedForRequestPayload"), "set SendClaimsIn to Body",
			"technical profile %q uses a claim as request payload, but sends claims in %s", plan.Source.ID.Value, x.m.SendClaims)
		return
	}
	x.m.PayloadClaim = inputClaim(plan, id, "ClaimUsedForRequestPayload")
}

var (
	_ journey.Provider = (*Provider)(nil)
	_ journey.Exchange = (*Exchange)(nil)
	_ Caller           = (*outbound.Client)(nil)
)

// certificate loads the client certificate.
func (x *Exchange) certificate(ctx context.Context) (*tls.Certificate, error) {
	if x.m.Auth != authCert {
		return nil, nil
	}
	chain, key, err := x.p.Keys.Certificate(ctx, x.m.CertificateKey)
	if err != nil {
		return nil, journey.Fail(journey.CodeNoActiveKey, err)
	}
	return &tls.Certificate{Certificate: chain, PrivateKey: key}, nil
}
