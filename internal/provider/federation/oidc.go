package federation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"journeyman.dev/internal/diag"
	"journeyman.dev/internal/journey"
	"journeyman.dev/internal/outbound"
	"journeyman.dev/internal/program"
)

// OpenIDConnect plans OpenID Connect profiles; those that send a local account's
// password to Azure AD are answered by Accounts.
type OpenIDConnect struct {
	Caller   Caller
	Keys     Keys
	Accounts Accounts
	Metadata *MetadataCache
}

type oidcExchange struct {
	common
	cache        *MetadataCache
	metadataURL  string
	authorize    string
	token        string
	issuer       string
	jwks         string
	responseType string
	responseMode string
	audience     string
	prefixes     []string
	byIssuer     bool   // DiscoverMetadataByTokenIssuer
	claims       string // ClaimsEndpoint; "" for none
}

// Plan implements journey.Provider.
func (p *OpenIDConnect) Plan(plan *program.Plan) journey.Exchange {
	m := plan.Metadata
	if isPasswordGrant(plan) {
		return planLogin(plan, p.Accounts)
	}
	x := &oidcExchange{common: planCommon(plan, p.Caller, p.Keys), cache: p.Metadata}
	x.metadataURL = m.String("METADATA", "")
	x.authorize = m.String("authorization_endpoint", "")
	x.token = m.String("AccessTokenEndpoint", m.String("token_endpoint", ""))
	x.issuer = m.String("issuer", "")
	x.jwks = m.String("JWKS", m.String("jwks_uri", ""))
	x.responseType = m.Choice("response_types", "id_token", "id_token", "code", "code id_token", "id_token code", "token")
	x.responseMode = m.Choice("response_mode", "form_post", "form_post", "query", "fragment")
	x.audience = m.String("IdTokenAudience", x.clientID)
	for prefix := range strings.SplitSeq(m.String("ValidTokenIssuerPrefixes", ""), ",") {
		if prefix = strings.TrimSpace(prefix); prefix != "" {
			x.prefixes = append(x.prefixes, prefix)
		}
	}
	if x.scope == "" {
		x.scope = "openid"
	}
	checkEndpoint(plan, "METADATA", x.metadataURL)
	checkEndpoint(plan, "authorization_endpoint", x.authorize)
	checkEndpoint(plan, "JWKS", x.jwks)
	x.complete(plan)
	x.byIssuer = m.Bool("DiscoverMetadataByTokenIssuer", false)
	m.Unused("the token endpoint is called as HttpBinding says", "HttpMethod")
	x.claims = m.String("ClaimsEndpoint", "")
	x.secretKey, _ = plan.Key("client_secret", strings.Contains(x.responseType, "code") && x.signingKey == "")
	return x
}

// complete checks a profile that has the endpoints in place of METADATA. B2C takes one with
// the authorization endpoint alone; users come back from it to an error.
func (x *oidcExchange) complete(plan *program.Plan) {
	lacks := func(hint, what string) {
		plan.Report(diag.IncompleteProvider, plan.Source.Pos, hint, "technical profile %q has no METADATA and names no %s", plan.Source.ID.Value, what)
	}
	switch {
	case x.metadataURL != "":
		return
	case x.authorize == "":
		plan.Metadata.Required("METADATA")
		return
	}
	if strings.Contains(x.responseType, "code") && x.token == "" {
		lacks(`add <Item Key="AccessTokenEndpoint">…</Item>`, "token endpoint")
	}
	if x.jwks == "" && x.issuer == "" {
		lacks(`add <Item Key="JWKS">…</Item>`, "key set to check tokens with")
	}
	if x.issuer == "" && len(x.prefixes) == 0 {
		lacks(`add <Item Key="issuer">…</Item>`, "issuer to compare with that of tokens")
	}
}

// Run implements journey.Exchange.
func (x *oidcExchange) Run(ctx context.Context, call *journey.Call) (journey.Result, error) {
	var body map[string]string
	if call.Answer != nil {
		body = x.receive(call) // before anything can fail
	}
	md, err := x.discover(ctx, call)
	if err != nil {
		return nil, err
	}
	if call.Answer == nil {
		mode := x.responseMode
		if x.responseType == "code" && mode == "fragment" {
			mode = "query"
		}
		return x.leave(call, md.AuthorizationEndpoint, x.responseType, mode)
	}
	p, err := x.returned(call, x.answeredBy(md, call.Answer.Fields))
	if err != nil {
		return nil, err
	}
	tokens := map[string]any{}
	idToken := call.Answer.Fields["id_token"]
	if strings.Contains(x.responseType, "code") {
		if tokens, err = x.redeem(ctx, call, md.TokenEndpoint, p); err != nil {
			return nil, err
		}
		if text, ok := tokens["id_token"].(string); ok {
			idToken = text
		}
	}
	user, err := x.verify(ctx, call, md, idToken, p.Nonce)
	if err != nil {
		return nil, x.bad(err)
	}
	// An issuer that metadata leaves open, as Entra's does, is the token's.
	if iss, has := call.Answer.Fields["iss"]; has && iss != md.Issuer && iss != md.Declared && iss != user["iss"] {
		return nil, x.bad(errors.New("the answer names another issuer than its id token"))
	}
	subject, _ := user["sub"].(string)
	x.addUserInfo(ctx, call, user, tokens)
	return journey.Done{Output: output{claims: user, tokens: tokens, paths: x.paths, posted: x.recall(call, body, subject)}}, nil
}

// addUserInfo adds the claims of the claims endpoint, if the profile names one and it answers
// for the same user: only those that the id token lacks. B2C documents no such call, so a
// failed one ends nothing.
func (x *oidcExchange) addUserInfo(ctx context.Context, call *journey.Call, user, tokens map[string]any) {
	access, _ := tokens["access_token"].(string)
	if x.claims == "" || access == "" {
		return
	}
	header := x.header(call)
	header.Set("Authorization", "Bearer "+access)
	answer, err := x.caller.Do(ctx, outbound.Request{Method: http.MethodGet, URL: x.claims, Header: header, Timeout: 10 * time.Second})
	if err != nil {
		return
	}
	more, err := x.read("claims endpoint", answer)
	if err != nil || more["sub"] != user["sub"] {
		return // OpenID Connect Core §5.3.2: another user's claims are not used
	}
	for name, value := range more {
		if _, have := user[name]; !have {
			user[name] = value
		}
	}
}

// answeredBy compares the issuer that an authorization response names with the provider's
// (RFC 9207): the response of another provider, which got our request instead of this one
// or gave us its code, ends here. A provider whose metadata promises the name must name
// itself; others may.
func (x *oidcExchange) answeredBy(md metadata, fields map[string]string) error {
	iss, has := fields["iss"]
	if !has {
		if md.NamesItself == true {
			return errors.New("the answer lacks the iss that the provider's metadata promises")
		}
		return nil
	}
	for _, want := range []string{md.Issuer, md.Declared} {
		before, after, open := strings.Cut(want, "{tenantid}")
		if want != "" && iss == want {
			return nil
		}
		if tid, ok := strings.CutPrefix(iss, before); open && ok {
			if tid, ok = strings.CutSuffix(tid, after); ok && tid != "" && !strings.ContainsAny(tid, "/?#") {
				return nil
			}
		}
	}
	if hasPrefix(iss, x.prefixes) {
		return nil
	}
	return errors.New("the answer is from another issuer")
}

func hasPrefix(text string, prefixes []string) bool {
	return slices.ContainsFunc(prefixes, func(prefix string) bool { return strings.HasPrefix(text, prefix) })
}

// discover is the provider's metadata with the profile's own endpoints in front.
func (x *oidcExchange) discover(ctx context.Context, call *journey.Call) (metadata, error) {
	var md metadata
	if x.metadataURL != "" {
		address := strings.ReplaceAll(x.metadataURL, "{tenant}", url.PathEscape(call.Program.TenantName()))
		found, err := x.cache.metadata(ctx, address, call.Now())
		if err != nil {
			return md, journey.Fail(journey.CodeUnreachable, fmt.Errorf("technical profile %s: metadata: %w", x.profileID, err))
		}
		md = found
		md.Declared = found.Issuer
	} else if x.jwks == "" && x.issuer != "" && call.Answer != nil {
		// The issuer's own document says where its keys are (OpenID Connect Discovery §4).
		address := strings.TrimSuffix(strings.ReplaceAll(x.issuer, "{tenant}", url.PathEscape(call.Program.TenantName())), "/") + "/.well-known/openid-configuration"
		found, err := x.cache.metadata(ctx, address, call.Now())
		if err != nil {
			return md, journey.Fail(journey.CodeUnreachable, fmt.Errorf("technical profile %s: metadata of the issuer: %w", x.profileID, err))
		}
		md = found
		md.Declared = found.Issuer
	}
	own := func(text, found string) string {
		if text == "" {
			return found
		}
		return strings.ReplaceAll(text, "{tenant}", url.PathEscape(call.Program.TenantName()))
	}
	md.AuthorizationEndpoint = own(x.authorize, md.AuthorizationEndpoint)
	md.TokenEndpoint = own(x.token, md.TokenEndpoint)
	md.Issuer = own(x.issuer, md.Issuer)
	md.JWKSURI = own(x.jwks, md.JWKSURI)
	return md, nil
}

// signatures are the algorithms that providers may sign with: none that a public key
// could forge.
var signatures = []jose.SignatureAlgorithm{jose.RS256, jose.RS384, jose.RS512, jose.PS256, jose.PS384, jose.PS512, jose.ES256, jose.ES384, jose.ES512}

// verify checks an id token and returns its claims.
func (x *oidcExchange) verify(ctx context.Context, call *journey.Call, md metadata, text, nonce string) (map[string]any, error) {
	if text == "" {
		return nil, errors.New("the provider returned no id token")
	}
	parsed, err := jwt.ParseSigned(text, signatures)
	if err != nil {
		return nil, errors.New("the id token can't be read")
	}
	if err := x.discoverByIssuer(ctx, call, &md, parsed); err != nil {
		return nil, err
	}
	if md.JWKSURI == "" {
		return nil, errors.New("the profile names no key set to check the id token with")
	}
	kid := parsed.Headers[0].KeyID
	set, err := x.cache.keys(ctx, md.JWKSURI, kid, call.Now())
	if err != nil {
		return nil, err
	}
	var standard jwt.Claims
	var raw json.RawMessage
	if err := parsed.Claims(set, &standard, &raw); err != nil {
		return nil, errors.New("the id token's signature is wrong")
	}
	var user map[string]any
	dec := json.NewDecoder(strings.NewReader(string(raw)))
	dec.UseNumber()
	if err := dec.Decode(&user); err != nil {
		return nil, errors.New("the id token's claims can't be read")
	}
	if err := x.validIssuer(md, standard.Issuer, user); err != nil {
		return nil, err
	}
	if !slices.Contains(standard.Audience, x.audience) {
		return nil, errors.New("the id token is for another audience")
	}
	// OpenID Connect Core §3.1.3.7: of several audiences, azp says whom it was issued to.
	if azp, has := user["azp"]; has && azp != x.clientID || !has && len(standard.Audience) > 1 {
		return nil, errors.New("the id token was issued to another client")
	}
	if err := standard.ValidateWithLeeway(jwt.Expected{Time: call.Now()}, 5*time.Minute); err != nil || standard.Expiry == nil {
		return nil, errors.New("the id token is not valid now")
	}
	if got, _ := user["nonce"].(string); got != nonce {
		return nil, errors.New("the id token has another nonce")
	}
	return user, nil
}

// discoverByIssuer takes the keys of the issuer that the token names, where that is another
// than the metadata's: a provider of many tenants may have a document for each. Only issuers
// with a valid prefix are asked, on the prefix's own host; without prefixes there is none.
func (x *oidcExchange) discoverByIssuer(ctx context.Context, call *journey.Call, md *metadata, parsed *jwt.JSONWebToken) error {
	var named struct {
		Issuer string `json:"iss"`
		Tenant string `json:"tid"`
	}
	if !x.byIssuer || parsed.UnsafeClaimsWithoutVerification(&named) != nil || strings.ReplaceAll(md.Issuer, "{tenantid}", named.Tenant) == named.Issuer {
		return nil
	}
	if !slices.ContainsFunc(x.prefixes, func(prefix string) bool { return under(named.Issuer, prefix) }) {
		return errors.New("the id token's issuer has none of the valid prefixes")
	}
	found, err := x.cache.metadata(ctx, strings.TrimSuffix(named.Issuer, "/")+"/.well-known/openid-configuration", call.Now())
	if err != nil {
		return fmt.Errorf("metadata of the id token's issuer: %w", err)
	}
	if found.Issuer != named.Issuer {
		return errors.New("the metadata of the id token's issuer is another's")
	}
	md.JWKSURI = found.JWKSURI
	return nil
}

// under reports whether an address begins with a prefix, on the same host: the prefix
// https://login.example is not that of https://login.example.evil.
func under(address, prefix string) bool {
	a, err1 := url.Parse(address)
	p, err2 := url.Parse(prefix)
	return err1 == nil && err2 == nil && a.User == nil && a.Host != "" && a.Scheme == p.Scheme && strings.EqualFold(a.Host, p.Host) && strings.HasPrefix(address, prefix)
}

// validIssuer compares the issuer with the metadata's, in which Entra's multi-tenant
// documents write {tenantid} for the tenant of the token.
func (x *oidcExchange) validIssuer(md metadata, issuer string, user map[string]any) error {
	if len(x.prefixes) > 0 {
		if hasPrefix(issuer, x.prefixes) {
			return nil
		}
		return errors.New("the id token's issuer has none of the valid prefixes")
	}
	want := md.Issuer
	if want == "" && x.metadataURL == "" {
		return nil // the profile names its provider by the key set alone, and was warned of
	}
	if tid, ok := user["tid"].(string); ok && !strings.ContainsAny(tid, "/?#") {
		want = strings.ReplaceAll(want, "{tenantid}", tid)
	}
	if want == "" || issuer != want {
		return errors.New("the id token is from another issuer")
	}
	return nil
}

// metadata are the members of a discovery document that we use.
type metadata struct {
	Issuer                string `json:"issuer"`
	AuthorizationEndpoint string `json:"authorization_endpoint"`
	TokenEndpoint         string `json:"token_endpoint"`
	JWKSURI               string `json:"jwks_uri"`
	EndSession            string `json:"end_session_endpoint"`
	// NamesItself is true if authorization responses have iss; a value of another type, as
	// no standard has it, is none.
	NamesItself any `json:"authorization_response_iss_parameter_supported"`
	// Declared is the document's issuer, also where the profile has one of its own.
	Declared string `json:"-"`
}

// MetadataCache keeps discovery documents and keys of providers.
type MetadataCache struct {
	Caller Caller

	mu        sync.Mutex
	documents map[string]cached[metadata]
	sets      map[string]cached[jose.JSONWebKeySet]
}

type cached[T any] struct {
	value T
	at    time.Time
}

// How long documents are kept, and how soon keys may be fetched again for a key that
// isn't known.
const (
	keepMetadata = time.Hour
	keepKeys     = time.Hour
	retryKeys    = time.Minute
)

func (c *MetadataCache) metadata(ctx context.Context, address string, now time.Time) (metadata, error) {
	c.mu.Lock()
	have, ok := c.documents[address]
	c.mu.Unlock()
	if ok && now.Sub(have.at) < keepMetadata {
		return have.value, nil
	}
	var md metadata
	if err := c.fetch(ctx, address, &md); err != nil {
		if ok {
			return have.value, nil // an old one is better than none
		}
		return md, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.documents == nil {
		c.documents = make(map[string]cached[metadata])
	}
	c.documents[address] = cached[metadata]{md, now}
	return md, nil
}

func (c *MetadataCache) keys(ctx context.Context, address, kid string, now time.Time) (jose.JSONWebKeySet, error) {
	c.mu.Lock()
	have, ok := c.sets[address]
	c.mu.Unlock()
	age := now.Sub(have.at)
	if ok && age < keepKeys && (kid == "" || len(have.value.Key(kid)) > 0 || age < retryKeys) {
		return have.value, nil
	}
	var set jose.JSONWebKeySet
	if err := c.fetch(ctx, address, &set); err != nil {
		if ok {
			return have.value, nil
		}
		return set, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.sets == nil {
		c.sets = make(map[string]cached[jose.JSONWebKeySet])
	}
	c.sets[address] = cached[jose.JSONWebKeySet]{set, now}
	return set, nil
}

func (c *MetadataCache) fetch(ctx context.Context, address string, to any) error {
	answer, err := c.Caller.Do(ctx, outbound.Request{Method: http.MethodGet, URL: address, Header: http.Header{"Accept": {"application/json"}}, Timeout: 20 * time.Second, Attempts: 2})
	if err != nil {
		return err
	}
	if answer.Status != http.StatusOK {
		return fmt.Errorf("the document's host answered %d", answer.Status)
	}
	if err := json.Unmarshal(answer.Body, to); err != nil {
		return errors.New("the document is no JSON of the expected form")
	}
	return nil
}

var (
	_ journey.Provider = (*OpenIDConnect)(nil)
	_ journey.Exchange = (*oidcExchange)(nil)
)
