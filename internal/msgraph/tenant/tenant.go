// Package tenant serves the admin API's /domains and /organization: how tools find the
// tenant's name and id.
//
// Reference: admin-surface §1.2.
package tenant

import "journeyman.dev/internal/msgraph"

const read = "Organization.Read.All Domain.Read.All Directory.Read.All Directory.ReadWrite.All Policy.Read.All Policy.ReadWrite.TrustFramework"

// Handler serves the tenant. All fields must be set.
type Handler struct {
	Name string // contoso.onmicrosoft.com
	ID   string // GUID
}

// Resources implements msgraph.Source.
func (h *Handler) Resources() []msgraph.Resource {
	return []msgraph.Resource{{Routes: []msgraph.Route{
		msgraph.Get("domains", read, h.domains),
		msgraph.Get("organization", read, h.organization),
	}}}
}

type domain struct {
	ID       string `json:"id"`
	Default  bool   `json:"isDefault"`
	Initial  bool   `json:"isInitial"`
	Verified bool   `json:"isVerified"`
}

type organization struct {
	ID          string           `json:"id"`
	DisplayName string           `json:"displayName"`
	Domains     []verifiedDomain `json:"verifiedDomains"`
}

type verifiedDomain struct {
	Name    string `json:"name"`
	Default bool   `json:"isDefault"`
	Initial bool   `json:"isInitial"`
}

func (h *Handler) domains(q *msgraph.Request) error {
	return msgraph.WriteList(q, "domains", []domain{{ID: h.Name, Default: true, Initial: true, Verified: true}})
}

func (h *Handler) organization(q *msgraph.Request) error {
	return msgraph.WriteList(q, "organization", []organization{
		{ID: h.ID, DisplayName: h.Name, Domains: []verifiedDomain{{Name: h.Name, Default: true, Initial: true}}},
	})
}

var _ msgraph.Source = (*Handler)(nil)
