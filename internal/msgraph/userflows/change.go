package userflows

import (
	"fmt"
	"slices"
	"strings"

	"journeyman.dev/internal/refusal"

	"journeyman.dev/internal/msgraph"
	"journeyman.dev/internal/userflow"
)

// changeFlow changes the flow that the address names, and answers with nothing.
func (h *Handler) changeFlow(q *msgraph.Request, change func(t *userflow.Tenant, f *userflow.Flow) error) error {
	q.Target(q.Arg(0), q.Arg(0), "Policy")
	err := h.Flows.Change(q.Context(), func(t *userflow.Tenant) error {
		f, err := t.Flow(q.Arg(0))
		if err != nil {
			return msgraph.B2CNotFound("user flow", q.Arg(0))
		}
		return change(t, f)
	})
	if err != nil {
		return err
	}
	return q.WriteNothing()
}

func (h *Handler) patch(q *msgraph.Request) error {
	var in struct {
		LanguageCustomization *bool   `json:"isLanguageCustomizationEnabled"`
		DefaultLanguage       *string `json:"defaultLanguageTag"`
		ID                    *string `json:"id"`
		Kind                  *string `json:"userFlowType"`
	}
	if err := q.Read(&in); err != nil {
		return err
	}
	return h.changeFlow(q, func(_ *userflow.Tenant, f *userflow.Flow) error {
		if in.ID != nil && !strings.EqualFold(*in.ID, f.ID) || in.Kind != nil && !strings.EqualFold(*in.Kind, string(f.Kind)) {
			return msgraph.B2CBadRequest("id and userFlowType of a user flow can't be changed.")
		}
		if in.LanguageCustomization != nil {
			f.LanguageCustomization = *in.LanguageCustomization
		}
		if in.DefaultLanguage != nil {
			f.DefaultLanguage = *in.DefaultLanguage
		}
		return nil
	})
}

func (h *Handler) delete(q *msgraph.Request) error {
	f, err := h.flow(q)
	if err != nil {
		return err
	}
	for _, s := range h.Policies.Statuses() {
		if s.Document != nil && s.Document.Base != nil && strings.EqualFold(s.Document.Base.PolicyID.Value, f.ID) {
			return msgraph.B2CBadRequest("The policy " + s.ID + " inherits from the user flow.")
		}
	}
	return h.changeFlow(q, func(t *userflow.Tenant, f *userflow.Flow) error {
		id := f.ID
		t.Flows = slices.DeleteFunc(t.Flows, func(have userflow.Flow) bool { return have.ID == id })
		return nil
	})
}

// sent is a user flow as callers send it; absent members are nil.
type sent struct {
	ID                    string  `json:"id"`
	Kind                  string  `json:"userFlowType"`
	Version               float64 `json:"userFlowTypeVersion"`
	LanguageCustomization *bool   `json:"isLanguageCustomizationEnabled"`
	DefaultLanguage       *string `json:"defaultLanguageTag"`
	Providers             []struct {
		ID string `json:"id"`
	} `json:"identityProviders"`
	Connectors map[string]*reference `json:"apiConnectorConfiguration"`
}

func (h *Handler) create(q *msgraph.Request) error {
	var in sent
	if err := q.Read(&in); err != nil {
		return err
	}
	kind, ok := userflow.ParseKind(in.Kind)
	if !ok {
		return msgraph.B2CBadRequest(fmt.Sprintf("userFlowType must be one of %v.", userflow.Kinds))
	}
	var providers []string
	for _, p := range in.Providers {
		providers = append(providers, p.ID)
	}
	f, err := userflow.NewFlow(in.ID, kind, in.Version, providers, h.Now())
	if err != nil {
		return err
	}
	if in.LanguageCustomization != nil {
		f.LanguageCustomization = *in.LanguageCustomization
	}
	if in.DefaultLanguage != nil {
		f.DefaultLanguage = *in.DefaultLanguage
	}
	for name, r := range in.Connectors {
		if r == nil {
			continue
		}
		if err := h.bind(&f, name, *r); err != nil {
			return err
		}
	}
	q.Target(f.ID, f.ID, "Policy")
	err = h.Flows.Change(q.Context(), func(t *userflow.Tenant) error {
		if _, err := t.Flow(f.ID); err == nil {
			return refusal.Because(userflow.ErrExists, "user flow %s: exists already", f.ID)
		}
		t.Flows = append(t.Flows, f)
		return nil
	})
	if err != nil {
		return err
	}
	return q.WriteCreated("identity/b2cUserFlows/"+f.ID, "identity/b2cUserFlows/$entity", show(&f))
}
