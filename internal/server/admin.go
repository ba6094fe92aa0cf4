package server

import (
	"encoding/json"
	"html/template"
	"io"
	"net/http"
	"strings"

	"journeyman.dev/internal/msgraph"
	"journeyman.dev/internal/msgraph/apiconnectors"
	"journeyman.dev/internal/msgraph/applications"
	"journeyman.dev/internal/msgraph/auditlogs"
	"journeyman.dev/internal/msgraph/identityproviders"
	"journeyman.dev/internal/msgraph/keysets"
	"journeyman.dev/internal/msgraph/policies"
	"journeyman.dev/internal/msgraph/tenant"
	"journeyman.dev/internal/msgraph/userflows"
	"journeyman.dev/internal/msgraph/users"
	"journeyman.dev/internal/store"
)

// AdminHandler serves the admin listener.
func (s *Server) AdminHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok\n") })
	mux.HandleFunc("GET /readyz", s.readyz)
	graph := s.graph()
	for _, prefix := range []string{"/graph/", "/v1.0/", "/beta/"} {
		mux.Handle(prefix, graph)
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if isRoot(r) {
			s.adminRoot(w)
			return
		}
		tenant, rest, _ := strings.Cut(strings.Trim(r.URL.Path, "/"), "/")
		switch strings.ToLower(rest) {
		case "oauth2/v2.0/token":
			s.adminToken(w, r, tenant, graph, false)
		case "oauth2/token":
			s.adminToken(w, r, tenant, graph, true)
		default:
			http.Error(w, "There is nothing at this address. The admin API is at /graph/v1.0 and /graph/beta.", http.StatusNotFound)
		}
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

// graph is the admin API over the server's services.
func (s *Server) graph() *msgraph.Server {
	connectors := &apiconnectors.Handler{Find: s.Connectors, Change: s.Connectors, Certificates: s.Connectors, Flows: s.Flows, Prober: s, Now: s.Config.Now}
	accounts := &users.Handler{
		TenantName: s.Config.Tenant, Find: s.Users.Store, Accounts: s.Users, Revoke: s.Users, Deleted: s.Users.Store, Sessions: store.Sessions{DB: s.db}, Now: s.Config.Now,
	}
	if s.Config.RefuseKnownPasswords {
		accounts.Known = s.Users
	}
	return msgraph.New(msgraph.Server{
		TenantName: s.Config.Tenant, TenantID: s.TenantID, AdminToken: s.Config.AdminToken, Apps: s.Apps, OwnKeys: s.OwnKeys, Assertions: s.db,
		Audit: s.Audit, Failures: &msgraph.Failures{Now: s.Config.Now}, RemoteIP: s.remoteIP,
		BaseURL: func(*http.Request) string { return s.adminURL }, Now: s.Config.Now, Log: s.Config.Log,
	},
		&tenant.Handler{Name: s.Config.Tenant, ID: s.TenantID},
		&policies.Handler{TenantName: s.Config.Tenant, Find: s.Policies, Change: s.Policies, States: s.Policies, History: s.Policies},
		&keysets.Handler{Find: s.Keys, Sets: s.Keys, Backups: s.Keys, Keys: s.Keys, Policies: s.Policies, Now: s.Config.Now},
		&applications.Handler{Find: s.Apps, Change: s.Apps, ExtensionsApp: s.ExtensionsApp, Now: s.Config.Now},
		accounts,
		connectors,
		&identityproviders.Handler{Flows: s.Flows, Secrets: s.OwnKeys, Remove: s.OwnKeys, AppleSecret: s.appleSecret},
		&userflows.Handler{
			Flows: s.Flows, Connectors: s.Connectors, Policies: s.Policies, ShowConnector: connectors.Show, ShowProvider: identityproviders.Show,
			Export: s.ExportFlow, PageTexts: pageTexts, Now: s.Config.Now,
		},
		&auditlogs.Handler{Records: s.Audit.Store, Recent: s.Audit},
	)
}

func (s *Server) adminToken(w http.ResponseWriter, r *http.Request, tenant string, graph *msgraph.Server, v1 bool) {
	if !strings.EqualFold(tenant, s.Config.Tenant) && !strings.EqualFold(tenant, s.TenantID) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusBadRequest)
		_ = json.NewEncoder(w).Encode(map[string]string{"error": "invalid_request", "error_description": "AADSTS90002: The tenant was not found. Check that it is the one that this server serves."})
		return
	}
	graph.ServeToken(w, r, v1)
}

var outboxPage = template.Must(template.New("outbox").Parse(`<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="5"><title>Mail outbox</title><style>:root{color-scheme:light dark}body{font:1rem/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem}article{border:1px solid #8888;border-radius:.5rem;padding:.75rem 1rem;margin:0 0 1rem}pre{white-space:pre-wrap;margin:.5rem 0 0;font:inherit}small{opacity:.75}</style></head>
<body><h1>Mail outbox</h1><p>Mails that would have been sent, newest first.</p>{{range .}}<article><strong>{{.Subject}}</strong><br><small>to {{.To}} · {{.Time.Format "15:04:05"}} UTC</small><pre>{{.Text}}</pre></article>{{else}}<p>Nothing yet.</p>{{end}}</body></html>`))

func (s *Server) outbox(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
	_ = outboxPage.Execute(w, s.Outbox.Messages())
}
