package userflows

import (
	"slices"
	"strings"

	"journeyman.dev/internal/msgraph"
	"journeyman.dev/internal/userflow"
)

func (h *Handler) providersOf(t *userflow.Tenant, f *userflow.Flow) []any {
	list := []any{}
	for _, id := range f.Providers {
		if p, ok := t.Provider(id); ok {
			list = append(list, h.ShowProvider(p))
		}
	}
	return list
}

func (h *Handler) listProviders(q *msgraph.Request) error {
	f, err := h.flow(q)
	if err != nil {
		return err
	}
	return msgraph.WriteList(q, "Collection(microsoft.graph.identityProviderBase)", h.providersOf(h.Flows.Tenant(), f))
}

func (h *Handler) addProvider(q *msgraph.Request) error {
	var in struct {
		reference
		Plain string `json:"id"` // the legacy form
	}
	if err := q.Read(&in); err != nil {
		return err
	}
	id, err := in.reference.id("identityProviders")
	if err != nil {
		return err
	}
	if id == "" {
		id = in.Plain
	}
	return h.changeFlow(q, func(t *userflow.Tenant, f *userflow.Flow) error {
		p, ok := t.Provider(id)
		if !ok {
			return msgraph.B2CNotFound("identity provider", id)
		}
		if !slices.ContainsFunc(f.Providers, func(have string) bool { return strings.EqualFold(have, p.ID) }) {
			f.Providers = append(f.Providers, p.ID)
		}
		return nil
	})
}

func (h *Handler) removeProvider(q *msgraph.Request) error {
	return h.changeFlow(q, func(_ *userflow.Tenant, f *userflow.Flow) error {
		had := len(f.Providers)
		f.Providers = slices.DeleteFunc(f.Providers, func(have string) bool { return strings.EqualFold(have, q.Arg(1)) })
		if len(f.Providers) == had {
			return msgraph.B2CNotFound("identity provider of the user flow", q.Arg(1))
		}
		return nil
	})
}
