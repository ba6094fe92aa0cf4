// Package page is what end users see: the pages of a journey in B2C's DOM, their
// scripts' requests, the cookies of a browser, and the error page.
//
//	browser ── authorize ──► oidc ── Show ──► a page, bound to the browser by a cookie
//	   │                                        │ XHR: SelfAsserted
//	   ├──◄─────────────────── {"status":"200"} ┘
//	   └── GET …/confirmed ──► Engine.Continue ──► next page, or oidc.Deliver
//
// The journey engine decides everything; this package turns requests into its
// visits and its outcomes into HTML.
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
	// TenantID is what sessions are bound to: servers may share a master key.
	TenantID string
	// Kinds are the kinds of pages that are drawn.
	Kinds *Kinds
	// Templates loads customers' page templates.
	Templates *Templates
	// Deliver answers the browser with the outcome of a navigation.
	Deliver func(w http.ResponseWriter, r *http.Request, ran journey.Ran)
	// Program is the policy that a request names, for its error page; nil, or a nil
	// program: the built-in error page.
	Program func(r *http.Request) *program.Program
	// Secure is true when browsers reach us by https: cookies then are Secure.
	Secure bool
	// Development shows authors in the page what is wrong with its template, and lets
	// templates take their files from this machine.
	Development bool
	Now         func() time.Time
	Log         *slog.Logger
}

// embedded returns a part of the build; its absence is our own bug.
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

// template finds the page's template: the customer's, or when it can't be loaded the
// built-in one, so that people can sign in. The notice says what went wrong.
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

// loadFailed logs that a template can't be loaded; its address may hold claims, so the
// log has its host alone.
func (p *Pages) loadFailed(r *http.Request, content, policyID, correlationID, address string, err error) string {
	host := ""
	if u, perr := url.Parse(address); perr == nil {
		host = u.Host
	}
	p.Log.WarnContext(r.Context(), "page template can't be loaded: an older one or the built-in page is shown",
		"correlationId", correlationID, "policyId", policyID, "contentDefinitionId", content, "host", host, "err", err)
	return "The template of content definition " + content + " could not be loaded from " + host + ": " + err.Error() + "."
}

// write puts the page together and sends it.
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

// Error shows the error page: what happened, the correlation id and the time that an
// administrator finds it by. Its template gets neither resolvers nor parameters
// (pages §2.1 [D]).
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

// Session reads the browser's session; nil if there is none that can be read.
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

// sessionText joins the cookies that a session is cut into.
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

// SetSession writes the browser's session: for as long as the browser lives, or under
// "keep me signed in" until it expires.
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
