// Package federation plans and runs the profiles that sign users in elsewhere: OAuth 2
// and OpenID Connect identity providers; and login-NonInteractive, the profile that
// checks a local account's password against Azure AD's own endpoint, which we answer
// in process.
//
// Reference: policy-engine §5.4–§5.6; rest-and-connectors §2.4.
package federation

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"journeyman.dev/internal/audit"
	"journeyman.dev/internal/claims"
	"journeyman.dev/internal/diag"
	"journeyman.dev/internal/journey"
	"journeyman.dev/internal/keyset"
	"journeyman.dev/internal/outbound"
	"journeyman.dev/internal/program"
)

// Caller sends requests.
type Caller interface {
	Do(ctx context.Context, r outbound.Request) (outbound.Response, error)
}

// Keys gives client secrets.
type Keys interface {
	Secret(ctx context.Context, id string) ([]byte, error)
	// ActiveSigningKey is the RSA key that client assertions are signed with.
	ActiveSigningKey(ctx context.Context, id string) (keyset.SigningKey, error)
}

// common is what both protocols share: the client and the call back.
type common struct {
	caller         Caller
	keys           Keys
	profileID      string
	clientID       string
	secretKey      string // key set id; "" for a public client
	signingKey     string // key set id of private_key_jwt; "" for another method
	algorithm      jose.SignatureAlgorithm
	clientIDName   string // of the parameter: client_id, but WeChat has its own
	secretName     string
	userAgent      string // UserAgentForClaimsExchange; {tenant} and {policy} are replaced
	errorMember    string // ResponseErrorCodeParamName
	jsonP          bool   // an answer may be callback({…})
	failOn5xx      bool   // MarkAsFailureOnStatusCode5xx
	posted         posted // ReadBodyClaimsOnIdpRedirect
	providerName   string
	endSession     string // end_session_endpoint
	singleLogout   bool
	scope          string
	basicAuth      bool // token_endpoint_auth_method client_secret_basic
	tokenByGet     bool // HttpBinding GET
	policyInReturn bool // UsePolicyInRedirectUri
	extra          url.Values
	paths          map[string]claims.Path // by partner; with ResolveJsonPathsInJsonTokens
}

func planCommon(plan *program.Plan, caller Caller, keys Keys) common {
	m := plan.Metadata
	c := common{
		caller: caller, keys: keys, profileID: plan.Source.ID.Value,
		clientID:       m.Required("client_id"),
		scope:          m.String("scope", ""),
		clientIDName:   m.String("ClientIdParamName", "client_id"),
		secretName:     m.String("ClientSecretParamName", "client_secret"),
		userAgent:      m.String("UserAgentForClaimsExchange", ""),
		errorMember:    m.String("ResponseErrorCodeParamName", ""),
		failOn5xx:      m.Bool("MarkAsFailureOnStatusCode5xx", false),
		posted:         parsePosted(m.String("ReadBodyClaimsOnIdpRedirect", "")),
		providerName:   m.String("ProviderName", ""),
		endSession:     m.String("end_session_endpoint", ""),
		singleLogout:   m.Bool("SingleLogoutEnabled", true),
		tokenByGet:     m.Choice("HttpBinding", "POST", "POST", "GET") == "GET",
		policyInReturn: m.Bool("UsePolicyInRedirectUri", false),
	}
	c.jsonP = strings.EqualFold(m.String("AccessTokenResponseFormat", ""), "JsonP")
	c.jsonP = strings.EqualFold(m.String("ClaimsResponseFormat", ""), "JsonP") || c.jsonP
	switch m.Choice("token_endpoint_auth_method", "client_secret_post", "client_secret_post", "client_secret_basic", "private_key_jwt") {
	case "client_secret_basic":
		c.basicAuth = true
	case "private_key_jwt":
		c.signingKey, _ = plan.Key("assertion_signing_key", true)
	}
	c.algorithm = jose.SignatureAlgorithm(m.Choice("token_signing_algorithm", "RS256", "RS256", "RS512"))
	if text := m.String("AdditionalRequestQueryParameters", ""); text != "" {
		values, err := url.ParseQuery(strings.TrimPrefix(text, "?"))
		if err != nil {
			plan.Report(diag.DoubtfulMetadata, m.At("AdditionalRequestQueryParameters"), "write a=b&c=d",
				"technical profile %q has an invalid value for the metadata item %q", plan.Source.ID.Value, "AdditionalRequestQueryParameters")
		}
		c.extra = values
	}
	if m.Bool("ResolveJsonPathsInJsonTokens", false) {
		c.paths = make(map[string]claims.Path)
		for _, use := range plan.Profile.Outputs().All() {
			if strings.HasPrefix(use.Partner(), "{") {
				continue
			}
			path, err := claims.ParsePath(use.Partner())
			if err != nil {
				plan.Report(diag.BadJSONPath, use.Position(), "for example data[0].email", "technical profile %q has an invalid JSON path %q", plan.Source.ID.Value, use.Partner())
				continue
			}
			c.paths[use.Partner()] = path
		}
	}
	m.Unused("which claim names the user is what an OutputClaim says", "external_user_identity_claim_id")
	m.Unused("it belongs to B2C's built-in policies", "LocalAccountProfile", "CustomerSocialIdpProfile")
	return c
}

// checkEndpoint reports an address that can't be one.
func checkEndpoint(plan *program.Plan, key, address string) {
	if address == "" || plan.Unsettled(strings.NewReplacer("{tenant}", "", "{policy}", "").Replace(address)) {
		return
	}
	u, err := url.Parse(strings.NewReplacer("{tenant}", "tenant", "{policy}", "policy").Replace(address))
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		plan.Report(diag.BadEndpoint, plan.Metadata.At(key), "write an absolute https address",
			"technical profile %q has an invalid address %q in %s", plan.Source.ID.Value, address, key)
		return
	}
	if u.Scheme == "http" && plan.Production {
		plan.Report(diag.BadEndpoint, plan.Metadata.At(key), `use https, or set DeploymentMode="Development" on the policy`,
			"technical profile %q has an http address in %s", plan.Source.ID.Value, key)
	}
}

// pending is kept with the journey while the user is away.
type pending struct {
	Verifier string `json:"v"`
	Nonce    string `json:"n"`
}

func randomText(call *journey.Call) (string, error) {
	var b [32]byte
	random := call.Rand
	if random == nil {
		random = rand.Reader
	}
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(b[:]), nil
}

func (c *common) returnURL(call *journey.Call) string {
	if c.policyInReturn {
		return call.PolicyReturnURL
	}
	return call.ReturnURL
}

// leave makes the authorization request: the profile's own parameters, the policy's
// input claims, state, PKCE and nonce.
func (c *common) leave(call *journey.Call, endpoint, responseType, responseMode string) (journey.Result, error) {
	verifier, err := randomText(call)
	if err != nil {
		return nil, err
	}
	nonce, err := randomText(call)
	if err != nil {
		return nil, err
	}
	u, err := url.Parse(endpoint)
	if err != nil {
		return nil, journey.Fail(journey.CodeUnreachable, fmt.Errorf("technical profile %s: authorization endpoint: %w", c.profileID, err))
	}
	q := u.Query()
	for name, values := range c.extra {
		q[name] = values
	}
	for _, in := range call.Inputs {
		if !in.Value.Empty() {
			q.Set(in.Use.Partner(), in.Value.String())
		}
	}
	// Ours come last: no input claim takes their place.
	q.Set(c.clientIDName, c.clientID)
	q.Set("redirect_uri", c.returnURL(call))
	q.Set("response_type", responseType)
	q.Set("state", call.State)
	if c.scope != "" {
		q.Set("scope", c.scope)
	}
	if responseMode != "" {
		q.Set("response_mode", responseMode)
		q.Set("nonce", nonce)
	}
	if strings.Contains(responseType, "code") {
		sum := sha256.Sum256([]byte(verifier))
		q.Set("code_challenge", base64.RawURLEncoding.EncodeToString(sum[:]))
		q.Set("code_challenge_method", "S256")
	}
	u.RawQuery = q.Encode()
	memory, err := json.Marshal(pending{Verifier: verifier, Nonce: nonce})
	if err != nil {
		return nil, err
	}
	return journey.Leave{URL: u.String(), Memory: memory}, nil
}

// returned reads the answer of the provider: an error ends the exchange, and so does
// refused, which says why the answer isn't the provider's; its error isn't shown then.
func (c *common) returned(call *journey.Call, refused error) (pending, error) {
	var p pending
	if call.Answer.Kind != journey.Returned || json.Unmarshal(call.Memory, &p) != nil {
		return p, errors.New("return without a request")
	}
	federated := journey.Event{Activity: audit.Federated, Provider: cmp.Or(c.providerName, call.Profile.DisplayName()), ProviderAppID: c.clientID}
	if call.Profile.Domains().Len() > 0 {
		federated.Provider = call.Profile.Domains().At(0)
	}
	if refused != nil {
		federated.Result, federated.Reason = audit.Failure, "The answer isn't the identity provider's"
		call.Audit(federated)
		return p, c.bad(refused)
	}
	if call.Answer.Fields["error"] != "" {
		federated.Result, federated.Reason = audit.Failure, "The identity provider answered with an error"
	}
	call.Audit(federated)
	if code := call.Answer.Fields["error"]; code != "" {
		return p, c.refused(code, call.Answer.Fields["error_description"], "the provider answered with an error")
	}
	return p, nil
}

func short(s string) string {
	if r := []rune(s); len(r) > 200 {
		return string(r[:200])
	}
	return s
}

// redeem exchanges the code at the token endpoint.
func (c *common) redeem(ctx context.Context, call *journey.Call, endpoint string, p pending) (map[string]any, error) {
	code := call.Answer.Fields["code"]
	if code == "" {
		return nil, c.bad(errors.New("the provider returned no code"))
	}
	form := url.Values{
		"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {c.returnURL(call)}, c.clientIDName: {c.clientID}, "code_verifier": {p.Verifier},
	}
	header := c.header(call)
	if c.signingKey != "" {
		assertion, err := c.assertion(ctx, call, endpoint)
		if err != nil {
			return nil, err
		}
		form.Set("client_assertion_type", assertionType)
		form.Set("client_assertion", assertion)
	} else if c.secretKey != "" {
		secret, err := c.keys.Secret(ctx, c.secretKey)
		if err != nil {
			return nil, journey.Fail(journey.CodeKeyMissing, fmt.Errorf("technical profile %s: %w", c.profileID, err))
		}
		// A secret that was read from a file has the file's last line break; blanks are part of it.
		text := strings.TrimRight(string(secret), "\r\n")
		if c.basicAuth {
			header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(url.QueryEscape(c.clientID)+":"+url.QueryEscape(text))))
		} else {
			form.Set(c.secretName, text)
		}
	}
	r := outbound.Request{Method: http.MethodPost, URL: endpoint, Header: header, Timeout: 30 * time.Second}
	if c.tokenByGet {
		r.Method = http.MethodGet
		r.URL = joinQuery(endpoint, form)
	} else {
		header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Body = []byte(form.Encode())
	}
	answer, err := c.caller.Do(ctx, r)
	if err != nil {
		return nil, journey.Fail(journey.CodeUnreachable, fmt.Errorf("technical profile %s: token endpoint: %w", c.profileID, err))
	}
	return c.read("token endpoint", answer)
}

// read takes the JSON object of an endpoint's answer. A provider may report an error also
// with status 200: then ResponseErrorCodeParamName says in which member.
func (c *common) read(what string, answer outbound.Response) (map[string]any, error) {
	if answer.Status >= http.StatusInternalServerError && c.failOn5xx {
		// The service failed; otherwise its answer counts as one that is wrong [I].
		return nil, journey.Fail(journey.CodeUnreachable, fmt.Errorf("technical profile %s: %s answered %d", c.profileID, what, answer.Status))
	}
	body := decodeObject(answer.Body, answer.Header.Get("Content-Type"), c.jsonP)
	if answer.Status != http.StatusOK || body == nil {
		return nil, c.bad(fmt.Errorf("%s answered %d", what, answer.Status))
	}
	if code := told(body, c.errorMember); code != "" && code != "0" && code != "false" {
		description := cmp.Or(told(body, "error_description"), told(body, "errmsg"), told(body, "error_msg"), told(body, "msg"))
		return nil, c.refused(code, description, what+" answered with an error")
	}
	return body, nil
}

// told is a member of an answer as text; "" if it is none.
func told(body map[string]any, name string) string {
	switch v := body[name].(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	case bool:
		return strconv.FormatBool(v)
	case map[string]any:
		return cmp.Or(told(v, "code"), told(v, "message"), "error")
	}
	return ""
}

// refused is an error that the provider reports.
func (c *common) refused(code, description, cause string) error {
	return &journey.Failure{Code: journey.CodeProviderResponse, Public: fmt.Sprintf("An invalid response was received: 'Error: %s,Error Description: %s'", short(code), short(description)),
		Cause: fmt.Errorf("technical profile %s: %s", c.profileID, cause)}
}

// header is what each request to the provider has.
func (c *common) header(call *journey.Call) http.Header {
	h := http.Header{"Accept": {"application/json"}}
	if c.userAgent != "" {
		h.Set("User-Agent", strings.NewReplacer("{tenant}", call.Program.TenantName(), "{policy}", call.Program.PolicyID()).Replace(c.userAgent))
	}
	return h
}

// assertion proves the client's identity by a signature (private_key_jwt: OpenID Connect Core
// §9, RFC 7523).
func (c *common) assertion(ctx context.Context, call *journey.Call, endpoint string) (string, error) {
	key, err := c.keys.ActiveSigningKey(ctx, c.signingKey)
	if err != nil {
		return "", journey.Fail(journey.CodeKeyMissing, fmt.Errorf("technical profile %s: %w", c.profileID, err))
	}
	id, err := randomText(call)
	if err != nil {
		return "", err
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: c.algorithm, Key: jose.JSONWebKey{Key: key.Key, KeyID: key.KID}}, (&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		return "", journey.Fail(journey.CodeKeyMissing, fmt.Errorf("technical profile %s: %w", c.profileID, err))
	}
	now := call.Now()
	return jwt.Signed(signer).Claims(jwt.Claims{
		Issuer: c.clientID, Subject: c.clientID, Audience: jwt.Audience{endpoint}, ID: id,
		IssuedAt: jwt.NewNumericDate(now), NotBefore: jwt.NewNumericDate(now), Expiry: jwt.NewNumericDate(now.Add(5 * time.Minute)),
	}).Serialize()
}

func (c *common) bad(cause error) error {
	return journey.Fail(journey.CodeProviderResponse, fmt.Errorf("technical profile %s: %w", c.profileID, cause))
}

func joinQuery(endpoint string, values url.Values) string {
	separator := "?"
	if strings.Contains(endpoint, "?") {
		separator = "&"
	}
	return endpoint + separator + values.Encode()
}

// decodeObject reads a JSON object, or a form, which some providers answer with. With JsonP,
// the object may be the argument of a call.
func decodeObject(body []byte, contentType string, jsonP bool) map[string]any {
	text := strings.TrimSpace(string(body))
	if open, end := strings.IndexByte(text, '('), strings.LastIndexByte(text, ')'); jsonP && !strings.HasPrefix(text, "{") && open >= 0 && end > open {
		text = text[open+1 : end]
	}
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	var object map[string]any
	if dec.Decode(&object) == nil {
		return object
	}
	if strings.HasPrefix(contentType, "application/x-www-form-urlencoded") || strings.HasPrefix(contentType, "text/plain") {
		if values, err := url.ParseQuery(string(body)); err == nil && values.Get("access_token") != "" {
			object = make(map[string]any)
			for name := range values {
				object[name] = values.Get(name)
			}
			return object
		}
	}
	return nil
}

// output reads claims from a provider's JSON, and {oauth2:…} from the token answer.
type output struct {
	claims map[string]any
	tokens map[string]any
	posted map[string]string // what only the browser says; see posted
	paths  map[string]claims.Path
}

// Claim implements journey.Output.
func (o output) Claim(use *program.ClaimUse) (claims.Value, error) {
	raw, ok := o.find(use.Partner())
	if !ok {
		return claims.Value{}, nil
	}
	v, err := claims.FromJSON(use.Claim().DataType(), raw)
	if err != nil {
		return claims.Value{}, fmt.Errorf("the provider's %s: %w", use.Partner(), err)
	}
	return v, nil
}

func (o output) find(partner string) (any, bool) {
	if name, ok := strings.CutPrefix(strings.ToLower(partner), "{oauth2:"); ok {
		raw, ok := o.tokens[strings.TrimSuffix(name, "}")]
		return raw, ok
	}
	var raw any
	path, ok := o.paths[partner]
	if ok {
		raw, ok = path.Get(o.claims)
	} else {
		raw, ok = o.claims[partner]
	}
	if ok {
		return raw, true
	}
	text, ok := o.posted[partner]
	return text, ok
}
