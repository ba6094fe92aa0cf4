package oidc

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"journeyman.dev/internal/application"
	"journeyman.dev/internal/audit"
	"journeyman.dev/internal/directory"
	"journeyman.dev/internal/endpoint"
	"journeyman.dev/internal/journey"
	"journeyman.dev/internal/seal"
	"journeyman.dev/internal/token"
)

// maxTokenRequest bounds the body of a token request [I].
const maxTokenRequest = 256 << 10

// token serves the token endpoint.
func (s *Server) token(w http.ResponseWriter, r *http.Request, _ endpoint.Endpoint, p *journey.Program) {
	r.Body = http.MaxBytesReader(w, r.Body, maxTokenRequest)
	w.Header().Add("Vary", "Origin")
	if r.Method == http.MethodOptions {
		s.preflight(w, r)
		return
	}
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/x-www-form-urlencoded" {
		s.tokenError(w, r, &failure{"AADB2C90083", "invalid_request", "The request body must be of the type application/x-www-form-urlencoded."})
		return
	}
	if err := r.ParseForm(); err != nil {
		s.tokenError(w, r, &failure{"AADB2C90083", "invalid_request", "The request body could not be read."})
		return
	}
	form := r.PostForm
	for name, values := range form {
		if len(values) > 1 {
			s.tokenError(w, r, &failure{"AADB2C90083", "invalid_request", "The request has the parameter '" + name + "' more than once."})
			return
		}
	}
	client, secret, fail := s.tokenClient(r, form)
	if fail != nil {
		s.tokenError(w, r, fail)
		return
	}
	s.allowOrigin(w, r, client)
	t := &exchange{s: s, r: r, form: form, client: client, secret: secret, p: p, settings: p.Tokens()}
	if t.settings == nil {
		s.tokenError(w, r, &failure{"AADB2C90021", "server_error", "The policy issues no tokens."})
		return
	}
	switch form.Get("grant_type") {
	case "authorization_code":
		fail = t.code(w)
	case "refresh_token":
		fail = t.refresh(w)
	case "":
		fail = &failure{"AADB2C90083", "invalid_request", "The request is missing the required parameter: grant_type."}
	default:
		fail = &failure{"AADB2C90086", "unsupported_grant_type", "The supplied grant_type is not supported."}
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
			return application.Application{}, "", &failure{"AADB2C90081", "invalid_client", "The request authenticates the client in two ways that differ."}
		}
		id = user
		if secret == "" {
			secret = decoded
		}
	}
	if id == "" {
		return application.Application{}, "", &failure{"AADB2C90008", "unauthorized_client", "The request does not contain a client id parameter."}
	}
	client, err := s.Applications.GetByAppID(r.Context(), id)
	switch {
	case errors.Is(err, application.ErrNotFound):
		return client, "", &failure{"AADB2C90018", "unauthorized_client", "The client id specified in the request is not registered in the tenant."}
	case err != nil:
		s.Log.ErrorContext(r.Context(), "application can't be read", "err", err)
		return client, "", &failure{string(journey.CodeInternal), "server_error", journey.CodeInternal.Text()}
	case !client.Enabled():
		return client, "", &failure{"AADB2C90092", "unauthorized_client", "The application is disabled."}
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
	p        *journey.Program
	settings *journey.TokenSettings
}

// authenticate checks the client as the grant's redirect URI asks for: a secret for
// web, none for public ones.
func (t *exchange) authenticate(g *grant) *failure {
	if t.client.PublicKind(g.Kind) {
		if t.secret != "" {
			return &failure{"AADB2C90084", "invalid_request", "Public clients should not send a client_secret when redeeming a publicly acquired grant."}
		}
		return nil
	}
	if t.secret == "" {
		return &failure{"AADB2C90079", "invalid_request", "Clients must send a client_secret when redeeming a confidential grant."}
	}
	if !t.client.CheckSecret(t.secret, t.s.Now()) {
		return &failure{"AADB2C90081", "invalid_client", "The specified client_secret does not match the expected value for this client."}
	}
	return nil
}

// belongs checks that a grant is this policy's and this client's, and alive.
func (t *exchange) belongs(g *grant) *failure {
	switch {
	case !strings.EqualFold(g.Policy, t.p.PolicyID):
		return &failure{"AADB2C90088", "invalid_grant", "The provided grant has not been issued for this endpoint: it belongs to another policy."}
	case !strings.EqualFold(g.ClientID, t.client.AppID):
		return &failure{"AADB2C90279", "invalid_grant", "The provided client id does not match the client id that issued the grant."}
	case !t.s.Now().Before(g.Expires):
		return &failure{"AADB2C90080", "invalid_grant", fmt.Sprintf("The provided grant has expired. Please re-authenticate and try again. Current time: %d, Grant issued time: %d, Grant expiration time: %d",
			t.s.Now().Unix(), g.Issued.Unix(), g.Expires.Unix())}
	}
	return nil
}

// code redeems an authorization code.
func (t *exchange) code(w http.ResponseWriter) *failure {
	text := t.form.Get("code")
	if text == "" {
		return &failure{"AADB2C90083", "invalid_request", "The request is missing the required parameter: code."}
	}
	g, fail := t.s.openGrant(seal.Code, text)
	if fail != nil {
		return fail
	}
	if fail := t.belongs(g); fail != nil {
		return fail
	}
	if uri := t.form.Get("redirect_uri"); t.form.Has("redirect_uri") && uri != g.RedirectURI {
		return &failure{"AADB2C90006", "invalid_grant", "The redirect URI provided in the request is not the one that the grant was issued for."}
	}
	if fail := t.authenticate(g); fail != nil {
		return fail
	}
	if fail := verifier(g, t.form.Get("code_verifier")); fail != nil {
		return fail
	}
	return t.answer(w, g, func() (*tokenBody, *failure) { return t.tokens(g) })
}

var verifierPattern = regexp.MustCompile(`^[A-Za-z0-9\-._~]{43,128}$`)

// verifier checks PKCE.
func verifier(g *grant, text string) *failure {
	if g.Challenge == "" {
		if text != "" {
			return &failure{"AADB2C90182", "invalid_grant", "The supplied code_verifier does not match the associated code_challenge."}
		}
		return nil
	}
	if !verifierPattern.MatchString(text) {
		return &failure{"AADB2C90183", "invalid_grant", "The supplied code_verifier is invalid."}
	}
	got := text
	if !g.Plain {
		sum := sha256.Sum256([]byte(text))
		got = base64.RawURLEncoding.EncodeToString(sum[:])
	}
	if subtle.ConstantTimeCompare([]byte(got), []byte(g.Challenge)) != 1 {
		return &failure{"AADB2C90182", "invalid_grant", "The supplied code_verifier does not match the associated code_challenge."}
	}
	return nil
}

// refresh redeems a refresh token: through the policy's refresh journey, or by
// repeating the claims of the first authentication.
func (t *exchange) refresh(w http.ResponseWriter) *failure {
	text := t.form.Get("refresh_token")
	if text == "" {
		return &failure{"AADB2C90083", "invalid_request", "The request is missing the required parameter: refresh_token."}
	}
	g, fail := t.s.openGrant(seal.Refresh, text)
	if fail != nil {
		return fail
	}
	if fail := t.belongs(g); fail != nil {
		return fail
	}
	if fail := t.authenticate(g); fail != nil {
		return fail
	}
	if fail := t.answer(w, g, func() (*tokenBody, *failure) { return t.refreshed(g) }); fail != nil {
		return fail
	}
	t.record(audit.TokenExchanged, g)
	return nil
}

// refreshed makes the tokens of a refresh token.
func (t *exchange) refreshed(g *grant) (*tokenBody, *failure) {
	if g.ObjectID != "" {
		switch err := t.s.Accounts.GrantValid(t.r.Context(), g.ObjectID, g.Issued); {
		case err == nil:
		case errors.Is(err, directory.ErrNotFound):
			return nil, &failure{"AADB2C90128", "invalid_grant", "The account associated with this grant no longer exists. Please re-authenticate and try again."}
		case errors.Is(err, directory.ErrDisabled), errors.Is(err, directory.ErrGrantRevoked):
			return nil, &failure{"AADB2C90129", "invalid_grant", "The provided grant has been revoked. Please re-authenticate and try again."}
		default:
			return nil, t.s.issueFailure(t.r, t.s.Engine.NewID(), err)
		}
	}
	next := *g
	if t.p.RelyingParty.Refresh != nil {
		if fail := t.journey(g, &next); fail != nil {
			return nil, fail
		}
	}
	if fail := t.narrow(&next); fail != nil {
		return nil, fail
	}
	return t.tokens(&next)
}

// record keeps an audit record of a token request.
func (t *exchange) record(activity string, g *grant) {
	j := journey.Journey{CorrelationID: t.s.Engine.NewID(), Request: journey.Request{
		Parameters: map[string]string{"client_id": g.ClientID}, RemoteIP: t.s.RemoteIP(t.r), UserAgent: journey.CutUserAgent(t.r.UserAgent()),
	}}
	t.s.Audit.Add(j.Record(t.p, journey.Event{Activity: activity, UserID: g.ObjectID}))
}

// narrow lets a refresh ask for fewer scopes than were granted.
func (t *exchange) narrow(g *grant) *failure {
	asked := strings.Fields(t.form.Get("scope"))
	if len(asked) == 0 {
		return nil
	}
	var scopes []string
	for _, scope := range asked {
		switch {
		case g.has(scope):
			scopes = append(scopes, scope)
		case scope == "profile", scope == "email", scope == "openid", scope == "offline_access":
		default:
			return &failure{"AADB2C90117", "invalid_request", "The scope '" + scope + "' provided in the request is not supported."}
		}
	}
	g.Scopes = scopes
	return nil
}

// journey runs the refresh journey; its claims take the place of the first ones.
func (t *exchange) journey(g, next *grant) *failure {
	parameters := make(map[string]string)
	for name := range maps.Keys(t.form) {
		switch name {
		case "client_secret", "refresh_token", "code_verifier", "client_assertion", "password":
		default:
			parameters[name] = t.form.Get(name)
		}
	}
	parameters["client_id"] = g.ClientID
	base := t.s.BaseURL(t.r)
	ran, err := t.s.Engine.Start(t.r.Context(), journey.Begin{
		Program: t.p, Journey: t.p.RelyingParty.Refresh, NoUI: true, Language: g.Language,
		Grant: &journey.Grant{Claims: g.Bag, IssuedAt: g.Issued},
		Request: journey.Request{
			Parameters: parameters, RemoteIP: t.s.RemoteIP(t.r), Host: t.r.Host, BaseURL: base, Tenant: t.s.TenantName,
		},
	})
	if err != nil {
		return t.s.issueFailure(t.r, t.s.Engine.NewID(), err)
	}
	switch out := ran.Outcome.(type) {
	case *journey.Finished:
		next.fill(out)
		// What the setup profile doesn't list is gone from this token, and stays in the
		// grant only if the journey's own outcome has it.
		for id, v := range g.Bag.All() {
			if !next.Bag.Has(id) {
				next.Bag.Set(id, v)
			}
		}
		return nil
	case *journey.Failed:
		f := fromJourney(out.Failure)
		switch journey.Code(f.code) {
		case journey.CodeNotValid: // an assertion over the grant's age failed
			return &failure{"AADB2C90129", "invalid_grant", "The provided grant has been revoked. Please re-authenticate and try again."}
		case journey.CodeUserNotFound:
			return &failure{"AADB2C90128", "invalid_grant", "The account associated with this grant no longer exists. Please re-authenticate and try again."}
		}
		return f
	}
	return &failure{string(journey.CodeInteractionRequired), "interaction_required", journey.CodeInteractionRequired.Text()}
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
	switch err := s.Grants.Redeem(t.r.Context(), old.ID, old.Family, old.Expires); {
	case err == nil:
		return nil
	case errors.Is(err, token.ErrReplayed), errors.Is(err, token.ErrRevoked):
		s.Log.WarnContext(t.r.Context(), "grant refused", "clientId", t.client.AppID, "policyId", t.p.PolicyID, "err", err)
		return &failure{"AADB2C90129", "invalid_grant", "The provided grant has been revoked. Please re-authenticate and try again."}
	default:
		return s.issueFailure(t.r, s.Engine.NewID(), err)
	}
}

// tokens signs what a grant gives.
func (t *exchange) tokens(g *grant) (*tokenBody, *failure) {
	s := t.s
	if asked := t.form.Get("scope"); asked != "" && t.form.Get("grant_type") == "authorization_code" {
		// The token request may drop offline_access (protocol §3.2: granted in both).
		if g.has("offline_access") && !slices.Contains(strings.Fields(asked), "offline_access") {
			g.Scopes = slices.DeleteFunc(slices.Clone(g.Scopes), func(scope string) bool { return scope == "offline_access" })
		}
	}
	access := g.has(g.ClientID)
	base := s.BaseURL(t.r)
	out, err := s.issue(t.r, base, t.p, t.settings, g, g.has("openid"), access, "")
	if err != nil {
		return nil, s.issueFailure(t.r, s.Engine.NewID(), err)
	}
	now := s.Now().UTC().Truncate(time.Second)
	body := t.body()
	if access {
		body.text("access_token", out.accessToken)
	}
	if out.idToken != "" {
		body.text("id_token", out.idToken)
	}
	body.text("token_type", "Bearer")
	body.number("not_before", now.Unix())
	if access {
		body.number("expires_in", int64(t.settings.AccessLifetime.Seconds()))
		body.number("expires_on", now.Add(t.settings.AccessLifetime).Unix())
		body.text("resource", g.ClientID)
	}
	if out.idToken != "" {
		body.number("id_token_expires_in", int64(t.settings.IDLifetime.Seconds()))
	}
	body.text("profile_info", s.profileInfo(g))
	body.text("scope", strings.Join(g.Scopes, " "))
	if t.form.Get("client_info") == "1" {
		body.text("client_info", s.clientInfo(g))
	}
	if g.has("offline_access") {
		text, expires, err := t.nextRefresh(g, now)
		if err != nil {
			return nil, s.issueFailure(t.r, s.Engine.NewID(), err)
		}
		body.text("refresh_token", text)
		body.number("refresh_token_expires_in", int64(expires.Sub(now).Seconds()))
	}
	return body, nil
}

// nextRefresh makes the next refresh token of a family.
func (t *exchange) nextRefresh(g *grant, now time.Time) (string, time.Time, error) {
	next := *g
	next.ID = "refresh " + t.s.Engine.NewID()
	next.Issued = now
	next.Challenge, next.Plain, next.Nonce = "", false, g.Nonce
	if t.client.PublicKind(g.Kind) && g.Kind == string(application.SPA) {
		next.Expires = g.First.Add(spaLifetime)
	} else {
		next.Expires = now.Add(t.settings.RefreshLifetime)
		if window := g.First.Add(t.settings.RefreshWindow); !t.settings.InfiniteWindow && next.Expires.After(window) {
			next.Expires = window
		}
	}
	text, err := t.s.sealGrant(seal.Refresh, &next)
	return text, next.Expires, err
}

func (s *Server) profileInfo(g *grant) string {
	null := func(text string) any {
		if text == "" {
			return nil
		}
		return text
	}
	data, _ := json.Marshal(struct {
		Ver  string `json:"ver"`
		TID  string `json:"tid"`
		Sub  any    `json:"sub"`
		Name any    `json:"name"`
		User any    `json:"preferred_username"`
		IDP  any    `json:"idp"`
	}{"1.0", s.TenantID, nil, null(g.claim("name")), nil, null(g.claim("idp"))})
	return base64.RawURLEncoding.EncodeToString(data)
}

// tokenBody is an answer whose members keep their order; numbers become texts when
// the issuer's metadata asks for it.
type tokenBody struct {
	token.Claims
	asText bool
}

func (t *exchange) body() *tokenBody { return &tokenBody{asText: t.settings.NumbersAsText} }

func (b *tokenBody) text(name, value string) { b.Set(name, value) }

func (b *tokenBody) number(name string, value int64) {
	if b.asText {
		b.Set(name, strconv.FormatInt(value, 10))
		return
	}
	b.Set(name, value)
}
