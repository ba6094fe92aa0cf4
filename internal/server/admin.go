package server

import (
	"encoding/json"
	"html/template"
	"io"
	"net/http"
)

// AdminHandler serves the admin listener.
func (s *Server) AdminHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok\n") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		if err := s.db.Ready(r.Context()); err != nil {
			http.Error(w, "database does not answer", http.StatusServiceUnavailable)
			return
		}
		_, _ = io.WriteString(w, "ready\n")
	})
	if s.Outbox != nil {
		mux.HandleFunc("GET /outbox", s.outbox)
		mux.HandleFunc("GET /outbox.json", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_ = json.NewEncoder(w).Encode(s.Outbox.Messages())
		})
	}
	return s.protect(mux)
}

var outboxPage = template.Must(template.New("outbox").Parse(`<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="5"><title>Mail outbox</title><style>:root{color-scheme:light dark}body{font:1rem/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem}article{border:1px solid #8888;border-radius:.5rem;padding:.75rem 1rem;margin:0 0 1rem}pre{white-space:pre-wrap;margin:.5rem 0 0;font:inherit}small{opacity:.75}</style></head>
<body><h1>Mail outbox</h1><p>Mails that would have been sent, newest first.</p>{{range .}}<article><strong>{{.Subject}}</strong><br><small>to {{.To}} · {{.Time.Format "15:04:05"}} UTC</small><pre>{{.Text}}</pre></article>{{else}}<p>Nothing yet.</p>{{end}}</body></html>`))

func (s *Server) outbox(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
	_ = outboxPage.Execute(w, s.Outbox.Messages())
}
