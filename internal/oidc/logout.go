package oidc

import (
	"context"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"journeyman.dev/internal/endpoint"
	"journeyman.dev/internal/journey"
	"journeyman.dev/internal/program"
	"journeyman.dev/internal/session"
)

// logout ends the browser's session, signs out the applications that took part, and
// goes back to the application (protocol §5.2). B2C redirects to any https address; we
// only to one that an application of the tenant has registered, or that is on the origin
// of one, as ASP.NET Core's /signout-callback-oidc is: a redirector for everybody is no
// feature. Any other address signs out as well, and the signed-out page says why it goes
// no further. A policy that enforces hints signs out only with a good one, to an address
// that the hint's application has registered.
func (s *Server) logout(w http.ResponseWriter, r *http.Request, e endpoint.Endpoint, p *program.Program) {
	r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
	if err := r.ParseForm(); err != nil {
		s.Browser.Error(w, r, http.StatusBadRequest, (&failure{code: journey.CodeUnreadable, text: "The request could not be read."}).page(), "")
		return
	}
	q := r.Form
	hint := q.Get("id_token_hint")
	audience := q.Get("client_id")
	if p.RelyingParty().SSO().EnforceHint() {
		aud, fail := s.checkHint(r, p, hint)
		if fail != nil {
			s.Browser.Error(w, r, http.StatusBadRequest, fail.page(), "")
			return
		}
		audience = aud
	} else if aud, fail := s.checkHint(r, p, hint); fail == nil {
		audience = aud
	}
	target, refused := s.logoutTarget(r, q.Get("post_logout_redirect_uri"), audience, p.RelyingParty().SSO().EnforceHint())
	if refused != nil && p.RelyingParty().SSO().EnforceHint() {
		s.Browser.Error(w, r, http.StatusBadRequest, refused.page(), "")
		return
	}
	s.Browser.ForgetJourneys(w, r)
	current := s.Browser.Session(r)
	ended, err := s.endSession(r.Context(), current, p, audience)
	if current != nil && len(current.Partitions) > 0 {
		s.Browser.SetSession(w, r, current)
	} else {
		s.Browser.ClearSession(w, r)
	}
	if err != nil {
		// This browser is signed out, but a copy of its cookie might not be.
		s.internal(w, r, s.Engine.NewID(), err)
		return
	}
	if target != "" && q.Has("state") {
		u, err := url.Parse(target)
		if err == nil {
			values := u.Query()
			values.Set("state", q.Get("state"))
			u.RawQuery = values.Encode()
			target = u.String()
		}
	}
	frames := s.providerFrames(r.Context(), ended.Providers)
	for _, c := range ended.Clients {
		if c.LogoutURL != "" && !strings.EqualFold(c.ID, audience) {
			frames = append(frames, c.LogoutURL)
		}
	}
	if len(frames) == 0 && target != "" {
		h := w.Header()
		h.Set("Cache-Control", "no-store")
		h.Set("Location", target)
		w.WriteHeader(http.StatusFound)
		return
	}
	s.signedOut(w, frames, target, refused)
}

// endSession drops the partition of the policy's scope, in the cookie and on the server,
// and returns what it was.
func (s *Server) endSession(ctx context.Context, current *session.Session, p *program.Program, clientID string) (session.Partition, error) {
	if current == nil {
		return session.Partition{}, nil
	}
	key := p.RelyingParty().SSO().Key(p.PolicyID(), clientID)
	partition := current.Partitions[key]
	delete(current.Partitions, key)
	if partition == nil {
		return session.Partition{}, nil
	}
	if partition.ID == "" {
		return *partition, nil
	}
	return *partition, s.Sessions.DropSession(ctx, partition.ID)
}

// providerTimeout bounds how long signing out waits for identity providers' metadata.
const providerTimeout = 5 * time.Second

// providerFrames are the addresses at which the browser signs out of the identity providers
// that it signed in at. One that can't be found out is left out: the user is signed out here.
func (s *Server) providerFrames(ctx context.Context, providers []session.Provider) []string {
	if len(providers) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, providerTimeout)
	defer cancel()
	var frames []string
	for _, at := range providers {
		p := s.Programs.Current(at.Policy)
		if p == nil {
			continue
		}
		tp, ok := p.Profile(at.Profile)
		if !ok {
			continue
		}
		exchange, ok := tp.Exchange().(journey.SignsOut)
		if !ok {
			continue
		}
		address, err := exchange.SignOutURL(ctx, p, s.Now())
		if err != nil {
			s.Log.WarnContext(ctx, "the browser isn't signed out at an identity provider", "policyId", p.PolicyID(), "technicalProfileId", tp.ID(), "err", err)
			continue
		}
		if address != "" && !slices.Contains(frames, address) {
			frames = append(frames, address)
		}
	}
	return frames
}

// checkHint verifies an id token of ours; an expired one is good enough for signing
// out of an application that still holds it, unless the policy enforces hints.
func (s *Server) checkHint(r *http.Request, p *program.Program, hint string) (string, *failure) {
	if hint == "" {
		return "", &failure{code: journey.CodeLogoutHintMissing, text: "The id_token_hint parameter has not been specified in the request."}
	}
	parsed, err := jwt.ParseSigned(hint, []jose.SignatureAlgorithm{jose.RS256})
	settings := tokensOf(p)
	if err != nil || settings == nil {
		return "", &failure{code: journey.CodeLogoutHintMalformed, text: "The id_token_hint provided is malformed."}
	}
	set, err := s.Keys.PublicJWKS(r.Context(), settings.SigningKey)
	if err != nil {
		return "", &failure{code: journey.CodeLogoutHintSignature, text: "The signature of the id_token_hint could not be checked."}
	}
	var c jwt.Claims
	if err := parsed.Claims(set, &c); err != nil {
		return "", &failure{code: journey.CodeLogoutHintSignature, text: "The id_token_hint failed signature validation."}
	}
	switch {
	case c.Issuer != s.issuer(s.BaseURL(r), settings, p.PolicyID()):
		return "", &failure{code: journey.CodeLogoutHintIssuer, text: "The id_token_hint was not issued here."}
	case len(c.Audience) != 1:
		return "", &failure{code: journey.CodeLogoutHintAudience, text: "The id_token_hint has no valid audience."}
	case c.Expiry != nil && s.Now().After(c.Expiry.Time()) && p.RelyingParty().SSO().EnforceHint():
		return "", &failure{code: journey.CodeLogoutHintExpired, text: "The id_token_hint is expired."}
	}
	return c.Audience[0], nil
}

// logoutTarget checks where to go afterwards. With mustBeOwn it is an address that the
// client itself has registered.
func (s *Server) logoutTarget(r *http.Request, uri, clientID string, mustBeOwn bool) (string, *failure) {
	if uri == "" {
		return "", nil
	}
	u, err := url.Parse(uri)
	if err != nil || !u.IsAbs() {
		return "", &failure{code: journey.CodeLogoutURI, text: "The post logout redirect URI has an invalid format."}
	}
	list, err := s.Applications.List(r.Context())
	if err != nil {
		s.Log.ErrorContext(r.Context(), "applications can't be read", "err", err)
	}
	for _, client := range list {
		if mustBeOwn && !strings.EqualFold(client.AppID, clientID) {
			continue
		}
		if slices.Contains(slices.Concat(client.WebRedirects, client.SPARedirects, client.NativeRedirects, []string{client.LogoutURL}), uri) {
			return uri, nil
		}
	}
	if !mustBeOwn {
		for _, client := range list {
			if slices.ContainsFunc(slices.Concat(client.WebRedirects, client.SPARedirects), func(registered string) bool { return sameOrigin(u, registered) }) {
				// As we read it, so that no browser reads another host in it.
				return u.String(), nil
			}
		}
	}
	return "", &failure{code: journey.CodeRedirectURI, text: "The post logout redirect URI is not registered for an application of this tenant."}
}

// sameOrigin compares scheme, host and port with those of a registered address. Registered
// addresses of web applications are https, or http of this machine.
func sameOrigin(u *url.URL, registered string) bool {
	r, err := url.Parse(registered)
	if err != nil || u.Opaque != "" || u.User != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return false
	}
	return u.Scheme == r.Scheme && strings.EqualFold(u.Hostname(), r.Hostname()) && port(u) == port(r)
}

func port(u *url.URL) string {
	switch p := u.Port(); {
	case p != "":
		return p
	case u.Scheme == "https":
		return "443"
	}
	return "80"
}

var signedOutPage = template.Must(template.New("signed out").Parse(
	`<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Signed out</title>` +
		`{{if .Target}}<meta http-equiv="refresh" content="2;url={{.Target}}">{{end}}` +
		`<style>body{font:1rem/1.5 system-ui,sans-serif;margin:15vh auto;max-width:28rem;padding:0 1rem;text-align:center;color-scheme:light dark}iframe{display:none}</style></head>` +
		`<body><main><h1>You are signed out</h1><p>{{if .Target}}<a href="{{.Target}}">Go back to the application</a>{{else}}You may close this page.{{end}}</p>` +
		`{{with .Note}}<p><small>{{.}}</small></p>{{end}}</main>` +
		`{{range .Frames}}<iframe src="{{.}}" title="" aria-hidden="true"></iframe>{{end}}</body></html>`))

// signedOut signs out of the other applications in hidden frames and shows where the
// user is; refused is why there is no way back to the application, nil if there is one or
// none was asked for.
func (s *Server) signedOut(w http.ResponseWriter, frames []string, target string, refused *failure) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-src https: http://localhost:* http://127.0.0.1:*; base-uri 'none'; frame-ancestors 'none'")
	note := ""
	if refused != nil {
		note = string(refused.code) + ": " + refused.text
	}
	_ = signedOutPage.Execute(w, struct {
		Frames []string
		Target string
		Note   string
	}{frames, target, note})
}
