package oidc

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"journeyman.dev/internal/audit"
	"journeyman.dev/internal/journey"
	"journeyman.dev/internal/seal"
	"journeyman.dev/internal/token"
)

// Deliver answers a browser with a journey's outcome: pages and redirects through
// the Browser, the end to the application.
func (s *Server) Deliver(w http.ResponseWriter, r *http.Request, ran journey.Ran) {
	s.deliver(w, r, ran, nil)
}

// deliver is Deliver for a journey whose authorization is at hand; nil if it must be
// read from the journey.
func (s *Server) deliver(w http.ResponseWriter, r *http.Request, ran journey.Ran, a *authorization) {
	known := func(j *journey.Journey) error {
		if a != nil {
			return nil
		}
		a = new(authorization)
		return json.Unmarshal(j.Protocol, a)
	}
	if ran.SessionChanged {
		s.Browser.SetSession(w, r, ran.Session)
	}
	switch out := ran.Outcome.(type) {
	case *journey.Finished:
		if err := known(out.Journey); err != nil {
			s.internal(w, r, out.Journey.CorrelationID, err)
			return
		}
		switch issued := out.Issued.(type) {
		case *token.Settings:
			s.finish(w, r, a, out, issued)
		case *journey.Document:
			// The policy ends this journey with a JSON issuer: the browser gets the document, as
			// the application asked for none (policy-engine §4.10 [I]).
			s.document(w, issued)
		default:
			f := &failure{journey.CodeNoTokens, "server_error", "The journey issues no tokens."}
			s.respondError(w, r, a, f, out.Journey.CorrelationID)
		}
	case *journey.Failed:
		if out.Journey == nil || known(out.Journey) != nil {
			s.Browser.Error(w, r, http.StatusInternalServerError, out.Failure, "")
			return
		}
		if p := s.Programs.Current(out.Journey.PolicyID); p != nil && p.RelyingParty() != nil && p.RelyingParty().ShowErrors() && showable(out.Failure) {
			s.Browser.Error(w, r, http.StatusBadRequest, out.Failure, out.Journey.CorrelationID)
			return
		}
		s.respondError(w, r, a, fromJourney(out.Failure), out.Journey.CorrelationID)
	default:
		s.Browser.Show(w, r, ran)
	}
}

// showable reports whether OnError DisplayInService keeps a failure on the error page. What
// the user chose, and a request that wants no page, is the application's to know.
func showable(f *journey.Failure) bool {
	switch f.Code {
	case journey.CodeCancelled, journey.CodeForgotPassword, journey.CodeInteractionRequired:
		return false
	}
	return f.OAuth != "access_denied" // an OAuth2Error issuer's: the policy sends it
}

func (s *Server) internal(w http.ResponseWriter, r *http.Request, correlationID string, err error) {
	s.Log.ErrorContext(r.Context(), "internal error", "correlationId", correlationID, "err", err)
	s.Browser.Error(w, r, http.StatusInternalServerError, journey.Fail(journey.CodeInternal, err), correlationID)
}

// finish makes the authorization response.
func (s *Server) finish(w http.ResponseWriter, r *http.Request, a *authorization, out *journey.Finished, settings *token.Settings) {
	g := s.grantOf(a, out)
	values := parameters{}
	code := ""
	if a.ResponseType.Code {
		sealed, err := s.sealGrant(seal.Code, g)
		if err != nil {
			s.respondError(w, r, a, s.issueFailure(r, out.Journey.CorrelationID, err), out.Journey.CorrelationID)
			return
		}
		code = sealed
		values.add("code", code)
	}
	if a.ResponseType.front() {
		issued, err := s.issueFront(r, a, out, settings, g, code)
		if err != nil {
			s.respondError(w, r, a, s.issueFailure(r, out.Journey.CorrelationID, err), out.Journey.CorrelationID)
			return
		}
		if issued.accessToken != "" {
			values.add("access_token", issued.accessToken)
			values.add("token_type", "Bearer")
			values.add("expires_in", strconv.FormatInt(int64(settings.AccessLifetime.Seconds()), 10))
			values.add("scope", strings.Join(a.Scopes, " "))
		}
		if issued.idToken != "" {
			values.add("id_token", issued.idToken)
		}
	}
	if a.ClientInfo {
		values.add("client_info", s.clientInfo(g))
	}
	values.add("iss", s.issuer(a.BaseURL, settings, out.Program.PolicyID()))
	s.recordIssued(a, out, g)
	s.respond(w, r, a, values)
}

// recordIssued records the sign-in and the issued grants or tokens, in one record. A code's
// redemption isn't recorded again.
func (s *Server) recordIssued(a *authorization, out *journey.Finished, g *grant) {
	name := audit.CodeIssued
	switch {
	case a.ResponseType.Code:
	case a.ResponseType.IDToken:
		name = audit.IDTokenIssued
	default:
		name = audit.AccessTokenIssued
	}
	s.Audit.Add(out.Journey.Record(out.Program, journey.Event{Activity: name, UserID: g.ObjectID, Provider: g.Bag.Get("identityProvider").String()}))
}

// parameters keep their order.
type parameters []parameter

type parameter struct{ Name, Value string }

func (p *parameters) add(name, value string) { *p = append(*p, parameter{name, value}) }

func (p parameters) without(name string) parameters {
	return slices.DeleteFunc(slices.Clone(p), func(v parameter) bool { return v.Name == name })
}

func (p parameters) encode() string {
	var b strings.Builder
	for i, v := range p {
		if i > 0 {
			b.WriteByte('&')
		}
		b.WriteString(url.QueryEscape(v.Name) + "=" + url.QueryEscape(v.Value))
	}
	return b.String()
}

func (s *Server) respondError(w http.ResponseWriter, r *http.Request, a *authorization, f *failure, correlationID string) {
	values := parameters{{"error", f.oauth}, {"error_description", s.describe(f, correlationID)}}
	if p := s.Programs.Current(a.Endpoint.Policy); p != nil {
		values.add("iss", s.issuer(a.BaseURL, tokensOf(p), p.PolicyID()))
	}
	s.respond(w, r, a, values)
}

// respond sends the browser to the application in the response mode. A redirect has
// an HTML body with the address: some headless clients read tokens from it
// (pages §3.1 [P]).
func (s *Server) respond(w http.ResponseWriter, r *http.Request, a *authorization, values parameters) {
	if a.HasState {
		values.add("state", a.State)
	}
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Frame-Options", "DENY")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Type", "text/html; charset=utf-8")
	if a.ResponseMode == "form_post" {
		h.Set("Content-Security-Policy", "default-src 'none'; script-src 'sha256-"+autoSubmitHash+"'; base-uri 'none'; frame-ancestors 'none'")
		_ = formPost.Execute(w, struct {
			Action template.URL
			Values parameters
		}{template.URL(a.RedirectURI), values}) //nolint:gosec // registered, and its scheme was checked then
		return
	}
	separator := "#"
	if a.ResponseMode == "query" {
		separator = "?"
		if strings.Contains(a.RedirectURI, "?") {
			separator = "&"
		}
	}
	target := a.RedirectURI + separator + values.encode()
	h.Set("Location", target)
	h.Set("Content-Security-Policy", "default-src 'none'; base-uri 'none'; frame-ancestors 'none'")
	w.WriteHeader(http.StatusFound)
	if r.Method != http.MethodHead {
		// Headless scripts read the body up to the end of the address and expect the code
		// or token to end it, as B2C has no iss (pages §3.3 [P]).
		_ = redirectBody.Execute(w, template.URL(a.RedirectURI+separator+values.without("iss").encode()))
	}
}

var redirectBody = template.Must(template.New("redirect").Parse(
	`<html><head><title>Object moved</title></head><body><h2>Object moved to <a href="{{.}}">here</a>.</h2></body></html>`))

// autoSubmit is the only script of the form_post page; its hash is in the policy.
const autoSubmit = `document.forms[0].submit();`

var autoSubmitHash = func() string {
	sum := sha256.Sum256([]byte(autoSubmit))
	return base64.StdEncoding.EncodeToString(sum[:])
}()

// formPost has single-quoted attributes, as clients match them (pages §3.1 [P]).
var formPost = template.Must(template.New("form_post").Parse(
	`<!DOCTYPE html><html><head><meta charset="utf-8"><title>Continue</title></head><body>` +
		`<form id='auto' method='post' action='{{.Action}}'>` +
		`{{range .Values}}<input type='hidden' name='{{.Name}}' id='{{.Name}}' value='{{.Value}}'/>{{end}}` +
		`<noscript><p>Script is disabled. Press the button to go on.</p><button type='submit'>Continue</button></noscript></form>` +
		`<script>` + autoSubmit + `</script></body></html>`))
