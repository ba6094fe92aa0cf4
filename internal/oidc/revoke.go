package oidc

import (
	"errors"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"journeyman.dev/internal/application"
	"journeyman.dev/internal/directory"
	"journeyman.dev/internal/endpoint"
	"journeyman.dev/internal/journey"
	"journeyman.dev/internal/program"
	"journeyman.dev/internal/seal"
	"journeyman.dev/internal/token"
)

// B2C has neither endpoint; the addresses are ours, beside those of the token endpoint.
const (
	revokePath     = "oauth2/v2.0/revoke"
	introspectPath = "oauth2/v2.0/introspect"
)

// revokedFor is how long a revoked family is remembered, from the end of the token that
// was shown: no token of the family can be redeemed meanwhile, so none lives longer.
const revokedFor = 2 * 365 * 24 * time.Hour

// readForm reads a form of which each parameter counts: none may come twice.
func readForm(w http.ResponseWriter, r *http.Request) (url.Values, *failure) {
	r.Body = http.MaxBytesReader(w, r.Body, maxTokenRequest)
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/x-www-form-urlencoded" {
		return nil, &failure{journey.CodeMissingParameter, "invalid_request", "The request body must be of the type application/x-www-form-urlencoded."}
	}
	if err := r.ParseForm(); err != nil {
		return nil, &failure{journey.CodeMissingParameter, "invalid_request", "The request body could not be read."}
	}
	for name, values := range r.PostForm {
		if len(values) > 1 {
			return nil, &failure{journey.CodeMissingParameter, "invalid_request", "The request has the parameter '" + name + "' more than once."}
		}
	}
	return r.PostForm, nil
}

// tokenRequest reads a request about a token: who asks, and about which.
func (s *Server) tokenRequest(w http.ResponseWriter, r *http.Request, p *program.Program) (*exchange, *failure) {
	form, fail := readForm(w, r)
	if fail != nil {
		return nil, fail
	}
	client, secret, fail := s.tokenClient(r, form)
	if fail != nil {
		if fail.oauth != "server_error" {
			// Here a client that isn't known has failed to prove who it is.
			fail.oauth = "invalid_client"
		}
		return nil, fail
	}
	s.allowOrigin(w, r, client)
	t := &exchange{s: s, r: r, form: form, client: client, secret: secret, p: p, settings: tokensOf(p)}
	switch {
	case t.settings == nil:
		return nil, &failure{journey.CodeNoTokens, "server_error", "The policy issues no tokens."}
	case form.Get("token") == "":
		return t, &failure{journey.CodeMissingParameter, "invalid_request", "The request is missing the required parameter: token."}
	}
	return t, nil
}

// revoke serves token revocation (RFC 7009). A refresh token takes its family with it,
// durably and on all nodes. What isn't a token of this client's gets the same answer as
// one that was revoked: there is nothing to learn. An access or id token can't be called
// back, as APIs check it without asking here, and the answer says so.
func (s *Server) revoke(w http.ResponseWriter, r *http.Request, _ endpoint.Endpoint, p *program.Program) {
	w.Header().Add("Vary", "Origin")
	if r.Method == http.MethodOptions {
		s.preflight(w, r)
		return
	}
	t, fail := s.tokenRequest(w, r, p)
	if fail == nil {
		fail = t.revoke()
	}
	if fail != nil {
		s.tokenError(w, r, fail)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Pragma", "no-cache")
	w.WriteHeader(http.StatusOK)
}

func (t *exchange) revoke() *failure {
	text := t.form.Get("token")
	g, opened := t.s.openGrant(seal.Refresh, text)
	if opened != nil || !strings.EqualFold(g.ClientID, t.client.AppID) {
		g = nil
	}
	if fail := t.owner(g); fail != nil {
		return fail
	}
	if g == nil {
		if got := t.issuedToken(text); got != nil && strings.EqualFold(got.client(), t.client.AppID) {
			return &failure{"", "unsupported_token_type", "Access and id tokens can't be revoked: they are checked without asking this server, and end by themselves. Revoke the refresh token."}
		}
		return nil
	}
	if !t.s.Now().Before(g.Expires) {
		return nil
	}
	if err := t.s.Grants.Revoke(t.r.Context(), g.Family, g.Expires.Add(revokedFor)); err != nil {
		return t.s.issueFailure(t.r, t.s.Engine.NewID(), err)
	}
	return nil
}

// owner checks who revokes: a client that shows credentials must show good ones; one that
// shows none may revoke what it got as a public client, and learns nothing otherwise.
func (t *exchange) owner(g *grant) *failure {
	switch {
	case t.secret != "" || t.asserts():
		return t.confidential()
	case g != nil && (g.Kind == passwordKind || t.client.PublicKind(g.Kind)):
		return nil
	case g == nil && !t.client.Confidential(t.s.Now()):
		return nil
	}
	return t.confidential() // says that a secret is missing
}

// introspect serves token introspection (RFC 7662), for clients that prove who they are.
// A token is inactive for any reason, without telling which.
func (s *Server) introspect(w http.ResponseWriter, r *http.Request, _ endpoint.Endpoint, p *program.Program) {
	t, fail := s.tokenRequest(w, r, p)
	if t != nil && (fail == nil || fail.oauth == "invalid_request") {
		if refused := t.confidential(); refused != nil {
			fail = refused
			if fail.oauth == "invalid_request" { // no credentials at all
				fail.oauth = "invalid_client"
			}
		}
	}
	var body *token.Claims
	if fail == nil {
		body, fail = t.introspect()
	}
	switch {
	case fail == nil:
		s.json(w, http.StatusOK, body)
	case fail.oauth == "invalid_client":
		id := s.Engine.NewID()
		s.Log.InfoContext(r.Context(), "introspection refused", "correlationId", id, "code", fail.code, "oauthError", fail.oauth)
		w.Header().Set("WWW-Authenticate", "Basic")
		s.json(w, http.StatusUnauthorized, errorBody{fail.oauth, s.describe(fail, id)})
	case fail.oauth == "server_error":
		s.json(w, http.StatusInternalServerError, errorBody{fail.oauth, s.describe(fail, s.Engine.NewID())})
	default:
		s.tokenError(w, r, fail)
	}
}

func (t *exchange) introspect() (*token.Claims, *failure) {
	text := t.form.Get("token")
	var body *token.Claims
	var err error
	if g, opened := t.s.openGrant(seal.Refresh, text); opened == nil {
		body, err = t.introspectGrant(g)
	} else if got := t.issuedToken(text); got != nil {
		body, err = t.introspectToken(got)
	}
	if err != nil {
		return nil, t.s.issueFailure(t.r, t.s.Engine.NewID(), err)
	}
	if body == nil {
		body = new(token.Claims)
		body.Set("active", false)
	}
	return body, nil
}

// introspectGrant describes a refresh token that could be redeemed here now, nil for any
// other: it is this policy's and this client's, unused, not revoked, and its account good.
func (t *exchange) introspectGrant(g *grant) (*token.Claims, error) {
	if t.belongs(g) != nil {
		return nil, nil
	}
	redemption := token.Redemption{ID: g.ID, Family: g.Family, Expires: g.Expires, Account: g.Account, Epoch: g.Epoch}
	switch err := t.s.Grants.Redeemable(t.r.Context(), redemption); {
	case errors.Is(err, token.ErrReplayed), errors.Is(err, token.ErrRevoked), errors.Is(err, token.ErrNoAccount):
		return nil, nil
	case err != nil:
		return nil, err
	}
	body := new(token.Claims)
	body.Set("active", true)
	body.Set("scope", strings.Join(g.Scopes, " "))
	body.Set("client_id", g.ClientID)
	body.Set("exp", g.Expires.Unix())
	body.Set("iat", g.Issued.Unix())
	if g.Subject != "" {
		body.Set("sub", g.Subject)
	}
	body.Set("iss", t.s.issuer(t.s.BaseURL(t.r), t.settings, t.p.PolicyID()))
	return body, nil
}

// accountGood reports whether what an account got at a time is still good. An access token
// has no epoch, and its time has seconds: one of the second in which the account's grants
// were ended counts as good, as the user who did it may have got it just after.
func (t *exchange) accountGood(objectID string, issued time.Time) (bool, error) {
	now, err := t.s.Accounts.Standing(t.r.Context(), objectID, "")
	if errors.Is(err, directory.ErrNotFound) {
		return false, nil
	}
	return err == nil && !now.Disabled && !issued.Before(now.Since), err
}

// signedToken is an access or id token that this server signed for the policy.
type signedToken struct {
	jwt.Claims
	Client   string           `json:"azp"` // of access tokens alone
	Scope    string           `json:"scp"`
	AuthTime *jwt.NumericDate `json:"auth_time"` // nil: an application acts for itself
	members  map[string]any
}

// client is who a token was issued to.
func (k *signedToken) client() string {
	if k.Client == "" && len(k.Audience) == 1 {
		return k.Audience[0] // an id token
	}
	return k.Client
}

// issuedToken checks that a text is a token of this policy's issuer and keys, also one
// that has expired; nil for anything else.
func (t *exchange) issuedToken(text string) *signedToken {
	parsed, err := jwt.ParseSigned(text, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		return nil
	}
	keys, err := t.s.Keys.PublicJWKS(t.r.Context(), t.settings.SigningKey)
	if err != nil {
		return nil
	}
	got := new(signedToken)
	if parsed.Claims(keys, got, &got.members) != nil || got.Issuer != t.s.issuer(t.s.BaseURL(t.r), t.settings, t.p.PolicyID()) {
		return nil
	}
	return got
}

// introspectToken describes an access token that is for the client, or was issued to it,
// nil for any other. An account that the policy's tokens name must still be good.
func (t *exchange) introspectToken(got *signedToken) (*token.Claims, error) {
	now := t.s.Now()
	if got.Client == "" || got.Expiry == nil || !now.Before(got.Expiry.Time()) || got.NotBefore != nil && now.Before(got.NotBefore.Time()) {
		return nil, nil
	}
	if !strings.EqualFold(got.Client, t.client.AppID) && !got.Audience.Contains(t.client.AppID) {
		return nil, nil
	}
	issuedTo, err := t.s.Applications.GetByAppID(t.r.Context(), got.Client)
	switch {
	case errors.Is(err, application.ErrNotFound):
		return nil, nil
	case err != nil:
		return nil, err
	case !issuedTo.Enabled():
		return nil, nil
	}
	if got.AuthTime != nil {
		for _, id := range t.accounts(got) {
			if good, err := t.accountGood(id, got.IssuedAt.Time()); err != nil || !good {
				return nil, err
			}
		}
	}
	body := new(token.Claims)
	body.Set("active", true)
	if got.Scope != "" {
		body.Set("scope", got.Scope)
	}
	body.Set("client_id", got.Client)
	body.Set("token_type", "Bearer")
	body.Set("exp", int64(*got.Expiry))
	for name, at := range map[string]*jwt.NumericDate{"iat": got.IssuedAt, "nbf": got.NotBefore} {
		if at != nil {
			body.Set(name, int64(*at))
		}
	}
	body.Set("sub", got.Subject)
	body.Set("aud", got.Audience[0])
	body.Set("iss", got.Issuer)
	return body, nil
}

// accounts are the object ids that a token names, under the names that the policy gives
// them. A policy whose tokens don't have it says nothing of the account.
func (t *exchange) accounts(got *signedToken) []string {
	var list []string
	for _, use := range t.p.RelyingParty().Outputs().All() {
		if use.Claim().ID() != "objectId" {
			continue
		}
		for _, name := range []string{use.Partner(), "sub"} {
			if name == "sub" && use.Partner() != t.p.RelyingParty().Subject() {
				continue
			}
			if id, ok := got.members[name].(string); ok && id != "" {
				list = append(list, id)
			}
		}
	}
	return list
}
