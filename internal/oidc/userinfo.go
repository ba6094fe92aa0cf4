package oidc

import (
	"net/http"
	"strings"

	"journeyman.dev/internal/endpoint"
	"journeyman.dev/internal/journey"
	"journeyman.dev/internal/program"
	"journeyman.dev/internal/token"
)

const userInfoPath = "openid/v2.0/userinfo"

// userInfo runs the journey that the relying party binds to its UserInfo endpoint, on the
// token of the request (protocol §5.1).
func (s *Server) userInfo(w http.ResponseWriter, r *http.Request, _ endpoint.Endpoint, p *program.Program) {
	h := w.Header()
	h.Set("Access-Control-Allow-Origin", "*")
	if r.Method == http.MethodOptions {
		h.Set("Access-Control-Allow-Methods", "GET, POST, OPTIONS")
		h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type")
		h.Set("Access-Control-Max-Age", "3600")
		w.WriteHeader(http.StatusNoContent)
		return
	}
	if p.RelyingParty().UserInfo() == nil {
		s.json(w, http.StatusNotFound, errorBody{Error: "invalid_request",
			Description: s.describe(&failure{code: journey.CodeUnknownPolicy, text: "The policy has no UserInfo endpoint."}, s.Engine.NewID())})
		return
	}
	scheme, text, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if text = strings.TrimSpace(text); !strings.EqualFold(scheme, "Bearer") || text == "" || len(r.Header.Values("Authorization")) > 1 {
		// The answer to a request without a token contains no error (RFC 6750 §3.1).
		s.unauthorized(w, "", &failure{oauth: "invalid_request", text: "The request has no bearer token."})
		return
	}
	base := s.BaseURL(r)
	parameters := make(map[string]string)
	for name, values := range r.URL.Query() {
		if name != "access_token" {
			parameters[name] = values[0]
		}
	}
	ran, err := s.Engine.Start(r.Context(), journey.Begin{
		Program:  p,
		Language: p.Language(r.URL.Query().Get("ui_locales"), r.Header.Get("Accept-Language")),
		Mode:     &journey.Bearer{Token: text, Issuer: s.issuer(base, tokensOf(p), p.PolicyID())},
		Request: journey.Request{
			Parameters: parameters, AcceptLanguage: r.Header.Get("Accept-Language"), RemoteIP: s.RemoteIP(r), Host: r.Host,
			BaseURL: base, Tenant: s.TenantName, UserAgent: journey.CutUserAgent(r.UserAgent()),
		},
	})
	if err != nil {
		f := s.issueFailure(r, s.Engine.NewID(), err)
		s.json(w, http.StatusInternalServerError, errorBody{f.oauth, s.describe(f, s.Engine.NewID())})
		return
	}
	switch out := ran.Outcome.(type) {
	case *journey.Finished:
		if d, ok := out.Issued.(*journey.Document); ok {
			s.document(w, d)
			return
		}
		s.Log.ErrorContext(r.Context(), "the UserInfo journey ends with a token", "policyId", p.PolicyID(), "correlationId", out.Journey.CorrelationID)
	case *journey.Failed:
		s.userInfoFailure(w, out)
		return
	}
	f := &failure{journey.CodeInternal, "server_error", journey.CodeInternal.Text()}
	s.json(w, http.StatusInternalServerError, errorBody{f.oauth, s.describe(f, s.Engine.NewID())})
}

// userInfoFailure answers a token that isn't accepted, or whose account is gone, with 401;
// anything else that a step refuses with 400, our own faults with 500.
func (s *Server) userInfoFailure(w http.ResponseWriter, out *journey.Failed) {
	f := fromJourney(out.Failure)
	status := http.StatusBadRequest
	switch {
	case f.oauth == journey.InvalidToken, f.code == journey.CodeUserNotFound, f.code == journey.CodeAccountDeleted,
		f.code == journey.CodeAccountDisabled, f.code == journey.CodeGrantRevoked:
		f.oauth = journey.InvalidToken
		s.unauthorized(w, out.Journey.CorrelationID, f)
		return
	case f.code == journey.CodeThrottled:
		status = http.StatusTooManyRequests
	case f.oauth == "server_error":
		status = http.StatusInternalServerError
	}
	s.json(w, status, errorBody{f.oauth, s.describe(f, out.Journey.CorrelationID)})
}

// unauthorized challenges the client; correlationID is "" if no journey ran.
func (s *Server) unauthorized(w http.ResponseWriter, correlationID string, f *failure) {
	challenge := "Bearer"
	if correlationID == "" {
		correlationID = s.Engine.NewID()
	} else {
		challenge = `Bearer error="` + f.oauth + `", error_description="The token is invalid or expired."`
	}
	w.Header().Set("WWW-Authenticate", challenge)
	s.json(w, http.StatusUnauthorized, errorBody{f.oauth, s.describe(f, correlationID)})
}

// document sends the document of a JSON issuer.
func (s *Server) document(w http.ResponseWriter, d *journey.Document) {
	body := new(token.Claims)
	for _, m := range d.Members {
		body.Set(m.Name, m.Value.TokenJSON())
	}
	s.json(w, http.StatusOK, body)
}
