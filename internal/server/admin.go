package server

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"

	"journeyman.dev/internal/limit"
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
	return s.site.Protect(mux.ServeHTTP)
}

// graph makes the admin API over the server's services.
func (s *Server) graph() *msgraph.Server {
	connectors := &apiconnectors.Handler{Find: s.Connectors, Change: s.Connectors, Certificates: s.Connectors, Flows: s.Flows, Prober: s.prober(), Now: s.Config.Now}
	accounts := &users.Handler{
		TenantName: s.Config.Tenant, Find: s.Users.Store, Accounts: s.Users, Revoke: s.Users, Deleted: s.Users.Store, Sessions: store.Sessions{DB: s.db}, Now: s.Config.Now,
	}
	if s.Config.RefuseKnownPasswords {
		accounts.Known = s.Users
	}
	return msgraph.New(msgraph.Server{
		TenantName: s.Config.Tenant, TenantID: s.TenantID, AdminToken: s.Config.AdminToken, Apps: s.Apps, OwnKeys: s.OwnKeys, Assertions: s.db,
		Audit: s.Audit, Failures: &limit.Failures{Now: s.Config.Now}, RemoteIP: s.remoteIP,
		BaseURL: func(*http.Request) string { return s.adminURL }, Now: s.Config.Now, Log: s.Config.Log,
	},
		&tenant.Handler{Name: s.Config.Tenant, ID: s.TenantID},
		&policies.Handler{TenantName: s.Config.Tenant, Find: s.Policies, Change: s.Policies, States: s.Policies, History: s.Policies},
		&keysets.Handler{Find: s.Keys, Sets: s.Keys, Backups: s.Keys, Keys: s.Keys, Policies: s.Policies, Now: s.Config.Now},
		&applications.Handler{Find: s.Apps, Change: s.Apps, ExtensionsApp: s.ExtensionsApp, Now: s.Config.Now},
		accounts,
		connectors,
		&identityproviders.Handler{Flows: s.Flows, Secrets: s.OwnKeys, Remove: s.OwnKeys, AppleSecret: s.apple.Make},
		&userflows.Handler{
			Flows: s.Flows, Connectors: s.Connectors, Policies: s.Policies, ShowConnector: connectors.Show, ShowProvider: identityproviders.Show,
			Export: func(id, policyID string) ([]byte, error) { return s.Flows.Tenant().Export(id, policyID) }, PageTexts: pageTexts, Now: s.Config.Now,
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

// prober makes dry runs for the admin API.
type prober struct{ *apiconnector.Prober }

func (s *Server) prober() prober {
	return prober{&apiconnector.Prober{Provider: s.connectorProvider(), Users: s.Users.Store, Tenant: s.Flows.Tenant, TenantID: s.TenantID, NewID: s.engine.NewID}}
}

// Probe implements apiconnectors.Prober.
func (p prober) Probe(ctx context.Context, connectorID string, r apiconnectors.ProbeRequest) (any, error) {
	return p.Prober.Probe(ctx, connectorID, apiconnector.Question(r))
}

// pageTexts returns the built-in texts of a kind of page in the form of the admin API.
func pageTexts(layout, language string) (list []userflows.PageText) {
	for _, t := range texts.OfPage(layout, language) {
		list = append(list, userflows.PageText(t))
	}
	return list
}
