// Package signpost is the page at the bare address of a listener, for people.
//
// Callers: server, for both listeners.
package signpost

import (
	_ "embed" // for go:embed
	"html/template"
	"net/http"
)

// View is the content of the page.
type View struct {
	Title, Text string
	Links       []Link
}

// Link is a destination. It has no Href if a browser can't open it.
type Link struct{ Name, Href, Text string }

// Public returns the page of a public listener. It names neither the product, nor its version, nor the
// tenant.
func Public() View {
	return View{Title: "Sign-in service", Text: "People are signed in here for applications. Open the application that you want to use: it brings you to the right page."}
}

// Admin returns the page of an admin listener, with or without an outbox.
func Admin(outbox bool) View {
	v := View{Title: "Admin listener", Text: "Administrators and their tools manage the tenant here, by the interface of Microsoft Graph. Each call needs a bearer token.", Links: []Link{
		{Name: "/graph/beta, /graph/v1.0", Text: "the admin API"},
		{Name: "/readyz", Href: "/readyz", Text: "whether the server is ready"},
		{Name: "/healthz", Href: "/healthz", Text: "whether it runs"},
	}}
	if outbox {
		v.Links = append(v.Links, Link{Name: "/outbox", Href: "/outbox", Text: "mails that would have been sent"})
	}
	return v
}

//go:embed page.html
var pageText string

var page = template.Must(template.New("signpost").Parse(pageText))

// Write answers with the page.
func Write(w http.ResponseWriter, v View) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'")
	_ = page.Execute(w, v)
}

// Asked reports whether a person opened the bare address.
func Asked(r *http.Request) bool {
	return r.URL.Path == "/" && r.URL.RawQuery == "" && (r.Method == http.MethodGet || r.Method == http.MethodHead)
}
