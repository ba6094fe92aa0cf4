// Package page serves end users: the pages of a journey in B2C's DOM, their scripts' requests, the cookies of
// a browser, and the error page.
//
//	browser ── authorize ──► oidc ── Show ──► a page, bound to the browser by a cookie
//	   │                                        │ XHR: SelfAsserted
//	   ├──◄─────────────────── {"status":"200"} ┘
//	   └── GET …/confirmed ──► Engine.Continue ──► next page, or oidc.Deliver
//
// The journey engine makes all decisions. This package turns requests into the engine's visits and its
// outcomes into HTML.
//
// Reference: pages §1–§5.
package page

import (
	"bytes"
	"crypto/rand"
	"embed"
	"encoding/base64"
	"encoding/json"
	"html/template"
	"io/fs"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"journeyman.dev/internal/journey"
	"journeyman.dev/internal/program"
	"journeyman.dev/internal/seal"
	"journeyman.dev/internal/session"
)

//go:embed templates/*.html skeletons/*.html assets/page.css assets/script/*.js
var files embed.FS

// Pages serves the pages of one tenant. All fields but Program must be set.
type Pages struct {
	Engine *journey.Engine
	Sealer *seal.Sealer
	// TenantID binds sessions to the tenant, because servers may share a master key.
	TenantID string
	// Kinds are the kinds of pages that can be drawn.
	Kinds *Kinds
	// Templates loads customers' page templates.
	Templates *Templates
	// Deliver answers the browser with the outcome of a navigation.
	Deliver func(w http.ResponseWriter, r *http.Request, ran journey.Ran)
	// Program returns the policy of a request, for its error page. If it or its result is nil, the built-in
	// error page is shown.
	Program func(r *http.Request) *program.Program
	// Secure is set if browsers use https: cookies are then Secure.
	Secure bool
	// Development shows a template's faults to authors in the page, and lets templates load their files from
	// this machine.
	Development bool
	Now         func() time.Time
	Log         *slog.Logger
}

// embedded returns a part of the build. It panics if the part is missing, which is a bug of ours.
func embedded(text string, err error) string {
	if err != nil {
		panic("page: " + err.Error())
	}
	return text
}

func readStyles(fsys fs.FS) (string, error) {
	b, err := fs.ReadFile(fsys, "assets/page.css")
	return string(b), err
}

var (
	styles    = template.CSS(embedded(readStyles(files))) //nolint:gosec // a file of the build
	script    = template.JS(embedded(joinScript(files)))  //nolint:gosec // files of the build
	templates = template.Must(template.New("").ParseFS(files, "templates/*.html"))
)

// Show draws a page or sends the browser away.
func (p *Pages) Show(w http.ResponseWriter, r *http.Request, ran journey.Ran) {
	switch out := ran.Outcome.(type) {
	case *journey.ShowPage:
		p.bind(w, r, out.Journey, out.BrowserSecret)
		p.draw(w, r, out.Page)
	case *journey.GoTo:
		p.bind(w, r, out.Journey, out.BrowserSecret)
		h := w.Header()
		h.Set("Cache-Control", "no-store")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Location", out.URL)
		w.WriteHeader(http.StatusFound)
	default:
		p.Error(w, r, http.StatusInternalServerError, journey.Fail(journey.CodeInternal, nil), "")
	}
}

// draw writes the HTML of a page.
func (p *Pages) draw(w http.ResponseWriter, r *http.Request, page *journey.Page) {
	v := newView(p.Kinds, page)
	v.Template, v.Notice = p.template(r, page)
	w.Header().Set("X-Request-Id", page.Transaction)
	p.setCookie(w, &http.Cookie{Name: csrfCookie, Value: page.CSRF, Path: "/"})
	p.setCookie(w, &http.Cookie{Name: transCookie, Value: transValue(page), Path: "/"})
	p.write(w, http.StatusOK, v, page.Framing)
}

// template returns the page's template: the customer's, or the built-in one if that can't be loaded, so that
// people can sign in. The notice reports the failure.
func (p *Pages) template(r *http.Request, page *journey.Page) (t *Template, notice string) {
	if page.TemplateURL == "" {
		return builtIn(page.BuiltIn, page.Kind), ""
	}
	t, err := p.Templates.Load(r.Context(), page.TemplateURL, page.Scripts)
	if err != nil {
		notice = p.loadFailed(r, page.Content.ID(), page.PolicyID, page.CorrelationID, page.TemplateURL, err)
	}
	if t == nil {
		t = builtIn("", page.Kind)
	}
	return t, notice
}

// loadFailed logs that a template can't be loaded. The log contains only the host of the address, because the
// rest may contain claims.
func (p *Pages) loadFailed(r *http.Request, content, policyID, correlationID, address string, err error) string {
	host := ""
	if u, perr := url.Parse(address); perr == nil {
		host = u.Host
	}
	p.Log.WarnContext(r.Context(), "page template can't be loaded: an older one or the built-in page is shown",
		"correlationId", correlationID, "policyId", policyID, "contentDefinitionId", content, "host", host, "err", err)
	return "The template of content definition " + content + " could not be loaded from " + host + ": " + err.Error() + "."
}

// write fills the page's template and sends it.
func (p *Pages) write(w http.ResponseWriter, status int, v *view, framing string) {
	var nonce [16]byte
	_, _ = rand.Read(nonce[:])
	v.Nonce = base64.RawStdEncoding.EncodeToString(nonce[:])
	v.Styles, v.Script = styles, script
	v.prepare(p.Development)
	f := filling{language: v.Language, direction: v.Direction, dataName: v.Name, class: v.Class}
	for name, to := range map[string]*[]byte{"head": &f.head, v.File: &f.content, "end": &f.end} {
		var b bytes.Buffer
		if err := p.Kinds.templates.ExecuteTemplate(&b, name, v); err != nil {
			p.Log.Error("page can't be drawn", "page", name, "err", err)
			http.Error(w, "The page can't be shown.", http.StatusInternalServerError)
			return
		}
		*to = b.Bytes()
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", v.Language)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "strict-origin-when-cross-origin")
	if framing == "" {
		h.Set("X-Frame-Options", "DENY")
	}
	h.Set("Content-Security-Policy", contentSecurity(v.Template, v.Nonce, framing, p.Development))
	w.WriteHeader(status)
	_, _ = w.Write(v.Template.render(f)) //nolint:gosec // html/template escaped every value
}

// Error shows the error page with the error, the correlation id and the time, by which an administrator finds
// the log entry. Its template gets neither resolvers nor parameters (pages §2.1 [D]).
func (p *Pages) Error(w http.ResponseWriter, r *http.Request, status int, f *journey.Failure, correlationID string) {
	if correlationID == "" {
		correlationID = p.Engine.NewID()
	}
	p.Log.InfoContext(r.Context(), "error page", "correlationId", correlationID, "failure", f, "status", status)
	var known *program.Program
	if p.Program != nil {
		known = p.Program(r)
	}
	v := newErrorView(known, r, f)
	v.CorrelationID, v.Timestamp = correlationID, p.Now().UTC().Format("2006-01-02 15:04:05Z")
	v.Template = builtIns["exception"]
	if known != nil && known.ErrorContent() != nil {
		content := known.ErrorContent()
		v.Layout = content.DataURI()
		if address := content.LoadURI().Source(); address != "" && !strings.HasPrefix(address, "~/") {
			scripts := content.DataURI().Contract && known.RelyingParty() != nil && known.RelyingParty().ScriptExecution()
			t, err := p.Templates.Load(r.Context(), address, scripts)
			if err != nil {
				v.Notice = p.loadFailed(r, content.ID(), known.PolicyID(), correlationID, address, err)
			}
			if t != nil {
				v.Template = t
			}
		}
	}
	w.Header().Set("X-Request-Id", correlationID)
	p.write(w, status, v, "")
}

// Session returns the browser's session; nil if there is no readable one.
func (p *Pages) Session(r *http.Request) *session.Session {
	text := p.sessionText(r, p.own)
	if text == "" {
		text = p.sessionText(r, func(name string) string { return name }) // see cookie
	}
	if text == "" {
		return nil
	}
	data, err := p.Sealer.OpenText(seal.Session, p.TenantID, text)
	if err != nil {
		return nil
	}
	s := new(session.Session)
	if json.Unmarshal(data, s) != nil {
		return nil
	}
	return s
}

// sessionText joins the cookies of a session.
func (p *Pages) sessionText(r *http.Request, name func(string) string) (text string) {
	for i := range maxSessionCookies {
		c, err := r.Cookie(name(sessionCookie(i)))
		if err != nil {
			break
		}
		text += c.Value
	}
	return text
}

// SetSession writes the browser's session. It lasts as long as the browser, or with "keep me signed in" until
// it expires.
func (p *Pages) SetSession(w http.ResponseWriter, r *http.Request, s *session.Session) {
	data, err := json.Marshal(s)
	if err != nil {
		p.Log.ErrorContext(r.Context(), "session can't be written", "err", err)
		return
	}
	text := p.Sealer.SealText(seal.Session, p.TenantID, data)
	maxAge := 0
	for _, partition := range s.Partitions {
		if partition.Persistent {
			maxAge = max(maxAge, int(partition.Expires.Sub(p.Now()).Seconds()))
		}
	}
	const chunk = 3800 // a cookie may have 4096 bytes with its attributes
	if len(text) > chunk*maxSessionCookies {
		p.Log.WarnContext(r.Context(), "session is too large and was not kept", "bytes", len(text))
		p.ClearSession(w, r)
		return
	}
	for i := range maxSessionCookies {
		part := text[min(i*chunk, len(text)):min((i+1)*chunk, len(text))]
		if part != "" {
			p.writeCookie(w, r, &http.Cookie{Name: sessionCookie(i), Value: part, Path: "/", HttpOnly: true, MaxAge: maxAge})
		} else {
			p.expire(w, r, sessionCookie(i))
		}
	}
}

// ClearSession removes the browser's session.
func (p *Pages) ClearSession(w http.ResponseWriter, r *http.Request) {
	for i := range maxSessionCookies {
		p.expire(w, r, sessionCookie(i))
	}
}
