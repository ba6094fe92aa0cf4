package server

import (
	"html/template"
	"net/http"
)

// rootPage is what a person sees who opens the address of a listener. That of the public one
// says neither what runs here in which version nor for which tenant.
var rootPage = template.Must(template.New("root").Parse(`<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>{{.Title}}</title>
<style>:root{color-scheme:light dark}body{background:light-dark(#fff,#16181d);color:light-dark(#1b2430,#eef2f7);font:1rem/1.6 system-ui,sans-serif;max-width:40rem;margin:3rem auto;padding:0 1rem}code{overflow-wrap:anywhere}a{color:light-dark(#1a56c4,#9dbdff)}li{margin:.4rem 0}</style></head>
<body><main><h1>{{.Title}}</h1><p>{{.Text}}</p>{{if .Links}}<ul>{{range .Links}}<li>{{if .Href}}<a href="{{.Href}}">{{.Name}}</a>{{else}}<code>{{.Name}}</code>{{end}}: {{.Text}}</li>{{end}}</ul>{{end}}</main></body></html>
`))

type rootView struct {
	Title, Text string
	Links       []rootLink
}

// rootLink is a place to go to; without Href one that a browser can't open.
type rootLink struct{ Name, Href, Text string }

func writeRoot(w http.ResponseWriter, v rootView) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'")
	_ = rootPage.Execute(w, v)
}

// isRoot reports whether a person opened the bare address.
func isRoot(r *http.Request) bool {
	return r.URL.Path == "/" && r.URL.RawQuery == "" && (r.Method == http.MethodGet || r.Method == http.MethodHead)
}

func (s *Server) publicRoot(w http.ResponseWriter) {
	writeRoot(w, rootView{Title: "Sign-in service", Text: "People are signed in here for applications. Open the application that you want to use: it brings you to the right page."})
}

func (s *Server) adminRoot(w http.ResponseWriter) {
	v := rootView{Title: "Admin listener", Text: "Administrators and their tools manage the tenant here, by the interface of Microsoft Graph. Each call needs a bearer token.", Links: []rootLink{
		{Name: "/graph/beta, /graph/v1.0", Text: "the admin API"},
		{Name: "/readyz", Href: "/readyz", Text: "whether the server is ready"},
		{Name: "/healthz", Href: "/healthz", Text: "whether it runs"},
	}}
	if s.Outbox != nil {
		v.Links = append(v.Links, rootLink{Name: "/outbox", Href: "/outbox", Text: "mails that would have been sent"})
	}
	writeRoot(w, v)
}
