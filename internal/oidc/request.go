package oidc

import (
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"journeyman.dev/internal/application"
	"journeyman.dev/internal/endpoint"
	"journeyman.dev/internal/journey"
	"journeyman.dev/internal/limit"
	"journeyman.dev/internal/program"
)

// authorization is a checked authorize request: the part that the journey carries and that
// the answer needs.
type authorization struct {
	ClientID     string            `json:"client"`
	RedirectURI  string            `json:"redirect"`
	RedirectKind string            `json:"kind"` // web, spa or native
	ResponseType responseTypes     `json:"type"`
	ResponseMode string            `json:"mode"`
	Scopes       []string          `json:"scope"`
	Resource     string            `json:"resource,omitempty"` // see grant
	State        string            `json:"state,omitempty"`
	HasState     bool              `json:"hasState,omitempty"`
	Nonce        string            `json:"nonce,omitempty"`
	Challenge    string            `json:"challenge,omitempty"`
	Plain        bool              `json:"plain,omitempty"` // code_challenge_method plain
	ClientInfo   bool              `json:"clientInfo,omitempty"`
	Endpoint     endpoint.Endpoint `json:"endpoint"`
	BaseURL      string            `json:"base"`
}

// responseTypes is response_type as a set.
type responseTypes struct {
	Code, IDToken, Token bool
}

func parseResponseType(text string) (responseTypes, bool) {
	var t responseTypes
	for _, word := range strings.Fields(text) {
		switch word {
		case "code":
			t.Code = true
		case "id_token":
			t.IDToken = true
		case "token":
			t.Token = true
		default:
			return t, false
		}
	}
	return t, t != responseTypes{}
}

// front reports whether a token comes through the browser.
func (t responseTypes) front() bool { return t.IDToken || t.Token }

// single are the request parameters that may come only once (protocol §10).
var single = []string{
	"client_id", "response_type", "redirect_uri", "scope", "response_mode", "nonce", "state", "prompt", "login_hint",
	"domain_hint", "ui_locales", "max_age", "id_token_hint", "code_challenge", "code_challenge_method", "p", "client_assertion", "client_assertion_type",
}

// maxParameter bounds one request parameter [I].
const maxParameter = 16 << 10

// maxRequest bounds all of a request that a journey keeps [I]. An id_token_hint and a
// state of the usual sizes fit in several times over.
const maxRequest = 40 << 10

// authorize serves the authorization endpoint in the order of protocol §2.4.
func (s *Server) authorize(w http.ResponseWriter, r *http.Request, e endpoint.Endpoint, p *program.Program) {
	r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
	if err := r.ParseForm(); err != nil {
		s.Browser.Error(w, r, http.StatusBadRequest, (&failure{code: journey.CodeUnreadable, text: "The request could not be read."}).page(), "")
		return
	}
	q := r.Form
	client, redirect, fail := s.clientAndRedirect(r, q)
	if fail != nil {
		status := http.StatusBadRequest
		if fail.code == journey.CodeInternal {
			// Ours, such as a database that doesn't answer: worth another try.
			status = http.StatusServiceUnavailable
			w.Header().Set("Retry-After", strconv.Itoa(int(limit.RetryAfter.Seconds())))
		}
		s.Browser.Error(w, r, status, fail.page(), "")
		return
	}
	a := &authorization{
		ClientID: client.AppID, RedirectURI: q.Get("redirect_uri"), RedirectKind: redirect,
		State: q.Get("state"), HasState: q.Has("state"), Nonce: q.Get("nonce"), ClientInfo: q.Get("client_info") == "1",
		Challenge: q.Get("code_challenge"), Endpoint: e, BaseURL: s.BaseURL(r),
	}
	if fail := s.check(r, a, q, client); fail != nil {
		s.respondError(w, r, a, fail, s.Engine.NewID())
		return
	}
	s.begin(w, r, a, q, p, client)
}

// clientAndRedirect finds the client and checks the redirect URI: until both are
// known to be good, nothing is redirected.
func (s *Server) clientAndRedirect(r *http.Request, q url.Values) (application.Application, string, *failure) {
	none := application.Application{}
	for _, name := range single {
		if len(q[name]) > 1 {
			return none, "", &failure{code: journey.CodeMissingParameter, text: "The request has the parameter '" + name + "' more than once."}
		}
		if len(q.Get(name)) > maxParameter || strings.ContainsRune(q.Get(name), 0) {
			return none, "", &failure{code: journey.CodeUnreadable, text: "The parameter '" + name + "' is not acceptable."}
		}
	}
	id := q.Get("client_id")
	if id == "" {
		return none, "", &failure{code: journey.CodeNoClientID, text: "The request does not contain a client id parameter."}
	}
	client, err := s.Applications.GetByAppID(r.Context(), id)
	switch {
	case errors.Is(err, application.ErrNotFound):
		return none, "", &failure{code: journey.CodeUnknownClient, text: "The client id specified in the request is not registered in the tenant."}
	case err != nil:
		s.Log.ErrorContext(r.Context(), "application can't be read", "err", err)
		return none, "", &failure{code: journey.CodeInternal, text: journey.CodeInternal.Text()}
	case !client.Enabled():
		return none, "", &failure{code: journey.CodeClientDisabled, text: "The application is disabled."}
	}
	uri := q.Get("redirect_uri")
	if !client.HasRedirectURIs() {
		return none, "", &failure{code: journey.CodeNoRedirectURIs, text: "The application has no registered redirect URIs."}
	}
	kind, ok := client.RedirectKind(uri)
	if !ok {
		return none, "", &failure{code: journey.CodeRedirectURI, text: "The redirect URI provided in the request is not registered for the client id."}
	}
	return client, string(kind), nil
}

// check does the rest, whose failures go to the application.
func (s *Server) check(r *http.Request, a *authorization, q url.Values, client application.Application) *failure {
	types, ok := parseResponseType(q.Get("response_type"))
	if !ok {
		return s.modeOnError(a, q, &failure{journey.CodeResponseType, "unsupported_response_type", "The response type is missing or not supported."})
	}
	a.ResponseType = types
	mode := q.Get("response_mode")
	switch mode {
	case "":
		mode = "query"
		if types.front() {
			mode = "fragment"
		}
	case "query", "fragment", "form_post":
	default:
		return s.modeOnError(a, url.Values{}, &failure{journey.CodeResponseMode, "invalid_request", "The response mode is not supported."})
	}
	if mode == "query" && types.front() {
		a.ResponseMode = "fragment"
		return &failure{journey.CodeResponseMode, "invalid_request", "The response mode 'query' can't be used when a token is returned."}
	}
	a.ResponseMode = mode
	if (client.PublicKind(a.RedirectKind) || client.NeedsPKCE(s.RequirePKCE)) && types.Code && a.Challenge == "" {
		return &failure{journey.CodeNoChallenge, "invalid_request", "The request must present a code_challenge."}
	}
	if types.IDToken && !client.ImplicitIDToken || types.Token && !client.ImplicitAccessToken {
		return &failure{journey.CodeImplicitOff, "unauthorized_client", "The application is not configured to allow the OAuth implicit flow for this response type."}
	}
	if f := s.checkScope(r.Context(), a, client, q.Get("scope")); f != nil {
		return f
	}
	switch method := q.Get("code_challenge_method"); {
	case method != "" && a.Challenge == "":
		return &failure{journey.CodeChallengeMethod, "invalid_request", "The request has a code_challenge_method without a code_challenge."}
	case method == "plain", method == "" && a.Challenge != "":
		if !client.AllowsPlainPKCE(s.AllowPlainPKCE) {
			return &failure{journey.CodeChallengeMethod, "invalid_request", "The code_challenge_method 'plain', which is also what a missing one means, is not allowed for this application. Use S256."}
		}
		a.Plain = true
	case method != "" && method != "S256":
		return &failure{journey.CodeChallengeMethod, "invalid_request", "The supplied code_challenge_method is not supported. Supported values are plain and S256."}
	}
	if a.Challenge != "" && (len(a.Challenge) < 43 || len(a.Challenge) > 128) {
		return &failure{journey.CodeChallenge, "invalid_request", "The supplied code_challenge is invalid."}
	}
	if types.IDToken && a.Nonce == "" {
		return &failure{journey.CodeMissingParameter, "invalid_request", "The request is missing the required parameter nonce."}
	}
	for _, prompt := range strings.Fields(q.Get("prompt")) {
		if !slices.Contains([]string{"none", "login", "consent", "select_account"}, prompt) {
			return &failure{journey.CodePrompt, "invalid_request", "The prompt included in the request contains invalid values."}
		}
	}
	if text := q.Get("max_age"); text != "" {
		if n, err := strconv.Atoi(text); err != nil || n < 0 || n > 1<<30 {
			return &failure{journey.CodeMaxAge, "invalid_request", "The max_age parameter is not a number in the range that is allowed."}
		}
	}
	return nil
}

// modeOnError finds a response mode for an error that leaves it open.
func (s *Server) modeOnError(a *authorization, q url.Values, f *failure) *failure {
	a.ResponseMode = "query"
	if mode := q.Get("response_mode"); mode == "fragment" || mode == "form_post" {
		a.ResponseMode = mode
	}
	return f
}

// begin starts the journey.
func (s *Server) begin(w http.ResponseWriter, r *http.Request, a *authorization, q url.Values, p *program.Program, client application.Application) {
	protocol, err := json.Marshal(a)
	if err != nil {
		s.respondError(w, r, a, &failure{journey.CodeInternal, "server_error", journey.CodeInternal.Text()}, s.Engine.NewID())
		return
	}
	parameters := make(map[string]string)
	for name := range maps.Keys(q) {
		if name != "password" {
			parameters[name] = q.Get(name)
		}
	}
	parameters = p.Keeps(parameters)
	size := len(protocol)
	for name, v := range parameters {
		size += len(name) + len(v)
	}
	if size > maxRequest {
		s.respondError(w, r, a, &failure{journey.CodeUnreadable, "invalid_request", "The parameters of the request are too long altogether."}, s.Engine.NewID())
		return
	}
	asserted, fail := s.asserted(r.Context(), p, q)
	if fail != nil {
		s.respondError(w, r, a, fail, s.Engine.NewID())
		return
	}
	current := s.Browser.Session(r)
	prompts := strings.Fields(q.Get("prompt"))
	begin := journey.Begin{
		Program: p, Protocol: protocol,
		Language: p.Language(q.Get("ui_locales"), r.Header.Get("Accept-Language")),
		Mode: &journey.Browser{
			Session: current, LogoutURL: client.LogoutURL, Asserted: asserted, NoPages: slices.Contains(prompts, "none"),
			Fresh: slices.Contains(prompts, "login") || s.tooOld(current, p, a.ClientID, q.Get("max_age")),
		},
		Request: journey.Request{
			Parameters: parameters, AcceptLanguage: r.Header.Get("Accept-Language"), RemoteIP: s.RemoteIP(r),
			Host: r.Host, BaseURL: a.BaseURL, Tenant: a.Endpoint.Tenant, UserAgent: journey.CutUserAgent(r.UserAgent()),
		},
	}
	ran, err := s.Engine.Start(r.Context(), begin)
	if errors.Is(err, journey.ErrTooMany) {
		id := s.Engine.NewID()
		s.Log.WarnContext(r.Context(), "journey refused", "correlationId", id, "policyId", p.PolicyID(), "err", err)
		w.Header().Set("Retry-After", strconv.Itoa(int(limit.RetryAfter.Seconds())))
		s.Browser.Error(w, r, http.StatusTooManyRequests, journey.Fail(journey.CodeThrottled, err), id)
		return
	}
	if err != nil {
		id := s.Engine.NewID()
		s.Log.ErrorContext(r.Context(), "journey can't be started", "correlationId", id, "err", err)
		s.respondError(w, r, a, &failure{journey.CodeInternal, "server_error", journey.CodeInternal.Text()}, id)
		return
	}
	s.deliver(w, r, ran, a)
}

// tooOld enforces max_age against the last time the user proved an identity, as
// auth_time moves on with each use of the session (protocol §2.1 [I]).
func (s *Server) tooOld(current interface {
	CredentialsAt(scope string, now time.Time) (time.Time, bool)
}, p *program.Program, clientID, maxAge string) bool {
	if maxAge == "" {
		return false
	}
	seconds, err := strconv.Atoi(maxAge)
	if err != nil {
		return false
	}
	at, ok := current.CredentialsAt(p.RelyingParty().SSO().Key(p.PolicyID(), clientID), s.Now())
	return ok && s.Now().Sub(at) > time.Duration(seconds)*time.Second
}
