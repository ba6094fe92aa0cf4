package page

import (
	"bytes"
	"embed"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"journeyman.dev/internal/program"
)

// jqueryFiles contains jQuery if scripts/pages.sh fetched it before the build. The folder always exists.
//
//go:embed jquery
var jqueryFiles embed.FS

const (
	jqueryNew = "jquery-3.5.1.min.js"
	jqueryOld = "jquery-1.12.4.min.js"
	// staticPath is SETTINGS.hosts.static.
	staticPath = "/static/"
)

// jqueryOf returns the jQuery of a layout: 1.12.4 below version 1.2.0, then 3.4.1 and 3.5.1. We serve 3.5.1
// for both (pages §1 [D]).
func jqueryOf(layout program.DataURI) string {
	if layout.AtLeast(1, 2, 0) {
		return jqueryNew
	}
	return jqueryOld
}

func jquery(name string) ([]byte, bool) {
	b, err := jqueryFiles.ReadFile("jquery/" + name)
	return b, err == nil
}

// LogMissing logs at the start that the build contains no jQuery.
func LogMissing(log *slog.Logger) {
	for _, name := range []string{jqueryNew, jqueryOld} {
		if _, ok := jquery(name); !ok {
			log.Warn("this build has no jQuery: scripts of customers' page templates that need it fail; run make pages and build again", "file", name)
		}
	}
}

// ServeStatic serves jQuery and the skeletons of the built-in pages. It returns false for other paths.
func (p *Pages) ServeStatic(w http.ResponseWriter, r *http.Request) bool {
	name, ok := strings.CutPrefix(r.URL.Path, staticPath)
	if !ok {
		return false
	}
	var body []byte
	contentType := "text/javascript; charset=utf-8"
	switch name {
	case jqueryNew, jqueryOld:
		body, ok = jquery(name)
	default:
		body, ok = skeleton(name)
		contentType = "text/html; charset=utf-8"
	}
	if !ok {
		return false
	}
	h := w.Header()
	h.Set("Content-Type", contentType)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Access-Control-Allow-Origin", "*") // the files contain no personal data
	h.Set("Cache-Control", "public, max-age=86400")
	if contentType != "text/html; charset=utf-8" {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	} else {
		h.Set("Content-Security-Policy", "sandbox; default-src 'none'")
	}
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
	return true
}
