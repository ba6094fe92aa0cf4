package oidc

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"journeyman.dev/internal/application"
	"journeyman.dev/internal/endpoint"
	"journeyman.dev/internal/journey"
	"journeyman.dev/internal/program"
	"journeyman.dev/internal/token"
)

// maxTokenRequest bounds the body of a token request [I].
const maxTokenRequest = 256 << 10

// token serves the token endpoint.
func (s *Server) token(w http.ResponseWriter, r *http.Request, _ endpoint.Endpoint, p *program.Program) {
	w.Header().Add("Vary", "Origin")
	if r.Method == http.MethodOptions {
		s.preflight(w, r)
		return
	}
	form, fail := readForm(w, r)
	if fail != nil {
		s.tokenError(w, r, fail)
		return
	}
	client, secret, fail := s.tokenClient(r, form)
	if fail != nil {
		s.tokenError(w, r, fail)
		return
	}
	s.allowOrigin(w, r, client)
	t := &exchange{s: s, r: r, form: form, client: client, secret: secret, p: p, settings: tokensOf(p)}
	if t.settings == nil {
		s.tokenError(w, r, &failure{journey.CodeNoTokens, "server_error", "The policy issues no tokens."})
		return
	}
	switch form.Get("grant_type") {
	case "authorization_code":
		fail = t.code(w)
	case "refresh_token":
		fail = t.refresh(w)
	case "client_credentials":
		fail = t.clientCredentials(w)
	case "password":
		fail = t.password(w)
	case "":
		fail = &failure{journey.CodeMissingParameter, "invalid_request", "The request is missing the required parameter: grant_type."}
	default:
		fail = &failure{journey.CodeGrantType, "unsupported_grant_type", "The supplied grant_type is not supported."}
	}
	if fail != nil {
		s.tokenError(w, r, fail)
	}
}

// tokenClient finds the client by form or Basic authentication; both may be sent if
// they agree.
func (s *Server) tokenClient(r *http.Request, form url.Values) (application.Application, string, *failure) {
	id, secret := form.Get("client_id"), form.Get("client_secret")
	if user, pass, ok := r.BasicAuth(); ok {
		// RFC 6749 §2.3.1: form-encoded before Basic; many clients send them bare.
		if u, err := url.QueryUnescape(user); err == nil {
			user = u
		}
		decoded := pass
		if p, err := url.QueryUnescape(pass); err == nil {
			decoded = p
		}
		if id != "" && id != user || secret != "" && secret != pass && secret != decoded {
			return application.Application{}, "", &failure{journey.CodeClientSecret, "invalid_client", "The request authenticates the client in two ways that differ."}
		}
		id = user
		if secret == "" {
			secret = decoded
		}
	}
	assertion := form.Get("client_assertion")
	if assertion != "" && secret != "" {
		return application.Application{}, "", &failure{journey.CodeClientSecret, "invalid_client", "The request authenticates the client by both a secret and an assertion."}
	}
	if id == "" && assertion != "" {
		id = application.ClientOfAssertion(assertion)
	}
	if id == "" {
		return application.Application{}, "", &failure{journey.CodeNoClientID, "unauthorized_client", "The request does not contain a client id parameter."}
	}
	if strings.ContainsRune(id, 0) || !utf8.ValidString(id) {
		return application.Application{}, "", &failure{journey.CodeUnknownClient, "unauthorized_client", "The client id specified in the request is not registered in the tenant."}
	}
	client, err := s.Applications.GetByAppID(r.Context(), id)
	switch {
	case errors.Is(err, application.ErrNotFound):
		return client, "", &failure{journey.CodeUnknownClient, "unauthorized_client", "The client id specified in the request is not registered in the tenant."}
	case err != nil:
		s.Log.ErrorContext(r.Context(), "application can't be read", "err", err)
		return client, "", &failure{journey.CodeInternal, "server_error", journey.CodeInternal.Text()}
	case !client.Enabled():
		return client, "", &failure{journey.CodeClientDisabled, "unauthorized_client", "The application is disabled."}
	}
	return client, secret, nil
}

// allowOrigin lets the pages of a single-page application read the answer.
func (s *Server) allowOrigin(w http.ResponseWriter, r *http.Request, client application.Application) {
	origin := r.Header.Get("Origin")
	if origin == "" {
		return
	}
	for _, uri := range client.SPARedirects {
		if u, err := url.Parse(uri); err == nil && u.Scheme+"://"+u.Host == origin {
			w.Header().Set("Access-Control-Allow-Origin", origin)
			return
		}
	}
}

// preflight can't know the client; the answer itself is only readable to its origins.
func (s *Server) preflight(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	if origin := r.Header.Get("Origin"); origin != "" {
		h.Set("Access-Control-Allow-Origin", origin)
		h.Set("Access-Control-Allow-Methods", "POST, OPTIONS")
		h.Set("Access-Control-Allow-Headers", "Content-Type, Authorization, x-client-SKU, x-client-VER, x-client-current-telemetry, x-client-last-telemetry, x-ms-lib-capability, client-request-id, x-anchormailbox")
		h.Set("Access-Control-Max-Age", "3600")
	}
	w.WriteHeader(http.StatusNoContent)
}

// exchange is one token request.
type exchange struct {
	s        *Server
	r        *http.Request
	form     url.Values
	client   application.Application
	secret   string
	p        *program.Program
	settings *token.Settings
}

// authenticate checks the client as the grant's redirect URI asks for: a secret for
// web, none for public ones.
func (t *exchange) authenticate(g *grant) *failure {
	if g.Kind == passwordKind {
		return nil
	}
	if t.client.PublicKind(g.Kind) {
		if t.secret != "" || t.asserts() {
			return &failure{journey.CodePublicSecret, "invalid_request", "Public clients should not send a client_secret when redeeming a publicly acquired grant."}
		}
		return nil
	}
	return t.confidential()
}

// confidential checks that the client is who it says: by a secret or an assertion.
func (t *exchange) confidential() *failure {
	if t.asserts() {
		return t.assertion()
	}
	if t.secret == "" {
		return &failure{journey.CodeSecretMissing, "invalid_request", "Clients must send a client_secret when redeeming a confidential grant."}
	}
	if !t.client.CheckSecret(t.secret, t.s.Now()) {
		return &failure{journey.CodeClientSecret, "invalid_client", "The specified client_secret does not match the expected value for this client."}
	}
	return nil
}

// belongs checks that a grant is this policy's and this client's, and alive.
func (t *exchange) belongs(g *grant) *failure {
	switch {
	case !strings.EqualFold(g.Policy, t.p.PolicyID()):
		return &failure{journey.CodeOtherPolicy, "invalid_grant", "The provided grant has not been issued for this endpoint: it belongs to another policy."}
	case !strings.EqualFold(g.ClientID, t.client.AppID):
		return &failure{journey.CodeOtherClient, "invalid_grant", "The provided client id does not match the client id that issued the grant."}
	case !t.s.Now().Before(g.Expires):
		return &failure{journey.CodeGrantExpired, "invalid_grant", fmt.Sprintf("The provided grant has expired. Please re-authenticate and try again. Current time: %d, Grant issued time: %d, Grant expiration time: %d",
			t.s.Now().Unix(), g.Issued.Unix(), g.Expires.Unix())}
	}
	return nil
}

// answer makes the tokens, redeems the old grant in one durable write, and answers.
// Tokens come first: a grant that was redeemed has been answered. One that is known to
// be redeemed already isn't worth a refresh journey and a signature.
func (t *exchange) answer(w http.ResponseWriter, old *grant, tokens func() (*tokenBody, *failure)) *failure {
	replayed, end, err := t.s.redeeming.begin(t.r.Context(), old.ID)
	if err != nil {
		return t.s.issueFailure(t.r, t.s.Engine.NewID(), err)
	}
	if replayed {
		return t.redeem(old)
	}
	spent := false
	defer func() { end(spent) }()
	body, fail := tokens()
	if fail != nil {
		return fail
	}
	if fail := t.redeem(old); fail != nil {
		spent = fail.oauth == "invalid_grant"
		return fail
	}
	spent = true
	t.s.json(w, http.StatusOK, body)
	return nil
}

// redeem spends a grant, once.
func (t *exchange) redeem(old *grant) *failure {
	s := t.s
	switch err := s.Grants.Redeem(t.r.Context(), token.Redemption{ID: old.ID, Family: old.Family, Expires: old.Expires, Account: old.Account, Epoch: old.Epoch}); {
	case err == nil:
		return nil
	case errors.Is(err, token.ErrReplayed), errors.Is(err, token.ErrRevoked):
		s.Log.WarnContext(t.r.Context(), "grant refused", "clientId", t.client.AppID, "policyId", t.p.PolicyID(), "err", err)
		return revoked()
	case errors.Is(err, token.ErrNoAccount):
		return accountGone()
	default:
		return s.issueFailure(t.r, s.Engine.NewID(), err)
	}
}

// secretParameters are those of a token request that no journey sees.
var secretParameters = []string{"client_secret", "client_assertion", "code", "code_verifier", "refresh_token", "password"}

// run runs a journey without pages on the parameters of the token request.
func (t *exchange) run(b journey.Begin) (*journey.Finished, *failure) {
	parameters := make(map[string]string)
	for name := range t.form {
		if !slices.Contains(secretParameters, name) {
			parameters[name] = t.form.Get(name)
		}
	}
	parameters["client_id"] = t.client.AppID
	b.Program = t.p
	b.Request = journey.Request{
		Parameters: parameters, AcceptLanguage: t.r.Header.Get("Accept-Language"), RemoteIP: t.s.RemoteIP(t.r), Host: t.r.Host,
		BaseURL: t.s.BaseURL(t.r), Tenant: t.s.TenantName, UserAgent: journey.CutUserAgent(t.r.UserAgent()),
	}
	ran, err := t.s.Engine.Start(t.r.Context(), b)
	if err != nil {
		return nil, t.s.issueFailure(t.r, t.s.Engine.NewID(), err)
	}
	switch out := ran.Outcome.(type) {
	case *journey.Finished:
		if _, ok := out.Issued.(*token.Settings); !ok {
			return nil, &failure{journey.CodeNoTokens, "server_error", "The journey issues no tokens."}
		}
		return out, nil
	case *journey.Failed:
		return nil, fromJourney(out.Failure)
	}
	return nil, &failure{journey.CodeInteractionRequired, "interaction_required", journey.CodeInteractionRequired.Text()}
}

// record keeps an audit record of a token request.
func (t *exchange) record(activity string, g *grant) {
	j := journey.Journey{CorrelationID: t.s.Engine.NewID(), Request: journey.Request{
		Parameters: map[string]string{"client_id": g.ClientID}, RemoteIP: t.s.RemoteIP(t.r), UserAgent: journey.CutUserAgent(t.r.UserAgent()),
	}}
	t.s.Audit.Add(j.Record(t.p, journey.Event{Activity: activity, UserID: g.ObjectID}))
}
