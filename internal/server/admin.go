package server

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"

	"journeyman.dev/internal/msgraph"
	"journeyman.dev/internal/provider/apiconnector"
	"journeyman.dev/internal/signpost"
	"journeyman.dev/internal/store"
	"journeyman.dev/internal/texts"
)

// AdminHandler serves the admin listener.
func (s *Server) AdminHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok\n") })
	mux.Handle("GET /readyz", s.ready)
	graph := s.graph()
	for _, prefix := range []string{"/graph/", "/v1.0/", "/beta/"} {
		mux.Handle(prefix, graph)
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if signpost.Asked(r) {
			signpost.Write(w, signpost.Admin(s.Outbox != nil))
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
		Connectors: s.Connectors, Flows: s.Flows, Audit: s.Audit, Prober: s.prober(), ExportFlow: func(id, policyID string) ([]byte, error) { return s.Flows.Tenant().Export(id, policyID) },
		AppleSecret: s.apple.Make, PageTexts: pageTexts,
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

// prober makes dry runs for the admin API.
type prober struct{ *apiconnector.Prober }

func (s *Server) prober() prober {
	return prober{&apiconnector.Prober{Provider: s.connectorProvider(), Users: s.Users.Store, Tenant: s.Flows.Tenant, TenantID: s.TenantID, NewID: s.engine.NewID}}
}

// Probe implements msgraph.Prober.
func (p prober) Probe(ctx context.Context, connectorID string, r msgraph.ProbeRequest) (any, error) {
	return p.Prober.Probe(ctx, connectorID, apiconnector.Question(r))
}

// pageTexts are the built-in texts of a kind of page, in the form of the admin API.
func pageTexts(layout, language string) (list []msgraph.PageText) {
	for _, t := range texts.OfPage(layout, language) {
		list = append(list, msgraph.PageText(t))
	}
	return list
}
