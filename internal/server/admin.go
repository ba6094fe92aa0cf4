package server

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"

	"journeyman.dev/internal/msgraph"
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
		mux.HandleFunc("GET /outbox", s.Outbox.ServePage)
		mux.HandleFunc("GET /outbox.json", s.Outbox.ServeJSON)
	}
	return s.protect(mux)
}

// graph is the admin API over the server's services.
func (s *Server) graph() *msgraph.Server {
	return &msgraph.Server{
		TenantName: s.Config.Tenant, TenantID: s.TenantID, ExtensionsApp: s.ExtensionsApp, AdminToken: s.Config.AdminToken,
		Policies: s.Policies, Keys: s.Keys, OwnKeys: s.OwnKeys, Apps: s.Apps, Users: s.Users, Sessions: store.Sessions{DB: s.db},
		Assertions: s.db, RefuseKnownPasswords: s.Config.RefuseKnownPasswords,
		Connectors: s.Connectors, Flows: s.Flows, Audit: s.Audit, Prober: s, ExportFlow: s.ExportFlow, AppleSecret: s.appleSecret, PageTexts: pageTexts,
		Failures: &msgraph.Failures{Now: s.Config.Now}, RemoteIP: s.remoteIP,
		BaseURL: func(*http.Request) string { return s.adminURL }, Now: s.Config.Now, Log: s.Config.Log,
	}
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
