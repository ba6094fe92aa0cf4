// Package userflows serves the admin API's /identity/b2cUserFlows and
// /identity/userFlowAttributes. A user flow's settings that Graph has no members for, and
// its policy file, are sub-resources of our own.
//
//	userflows.go    user flows            attributes.go   user attributes of the tenant
//	bindings.go     their API connectors  assignments.go  those that a user flow collects
//	providers.go    their identity        languages.go    languages
//	                providers             pages.go        texts of pages
//	settings.go     settings
//
// Reference: rest-and-connectors §4, §5.
package userflows

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"journeyman.dev/internal/audit"
	"journeyman.dev/internal/connector"
	"journeyman.dev/internal/keyset"
	"journeyman.dev/internal/live"
	"journeyman.dev/internal/msgraph"
	"journeyman.dev/internal/refusal"
	"journeyman.dev/internal/userflow"
)

const (
	read  = "IdentityUserFlow.Read.All IdentityUserFlow.ReadWrite.All"
	write = "IdentityUserFlow.ReadWrite.All"
)

// Flows are the user flows of the tenant, with its attributes and identity providers.
type Flows interface {
	// Tenant is what there is now; the caller must not change it.
	Tenant() *userflow.Tenant
	// Change changes a copy of the tenant; userflow.ErrInvalid has a text for the caller.
	Change(ctx context.Context, change func(t *userflow.Tenant) error) error
}

// Connectors are the API connectors that user flows call.
type Connectors interface {
	// Get returns connector.ErrNotFound if there is none.
	Get(id string) (connector.Connector, error)
}

// Policies are how the tenant's policies stand; some inherit from user flows.
type Policies interface {
	Statuses() []live.Status
}

// PageText is a built-in text of a page.
type PageText struct{ ElementType, StringID, Value string }

// Handler serves user flows. All fields must be set.
type Handler struct {
	Flows      Flows
	Connectors Connectors
	Policies   Policies
	// ShowConnector and ShowProvider show API connectors and identity providers as their
	// own resources do.
	ShowConnector func(c connector.Connector) any
	ShowProvider  func(p userflow.Provider) any
	// Export prints a user flow as a custom policy of an id; "" makes one. Its errors are
	// for the caller.
	Export func(flowID, policyID string) ([]byte, error)
	// PageTexts are the built-in texts of a kind of page in a language.
	PageTexts func(layout, language string) []PageText
	Now       func() time.Time
}

// Resources implements msgraph.Source.
func (h *Handler) Resources() []msgraph.Resource {
	flows := msgraph.Resource{Kind: "user flow", Service: audit.ServiceB2C, Category: audit.CategoryResources, Beta: true, Failure: failure, Routes: h.routes()}
	attributes := msgraph.Resource{Kind: "user attribute", Service: audit.ServiceB2C, Category: audit.CategoryResources, Failure: failure, Routes: h.attributeRoutes()}
	return []msgraph.Resource{flows, attributes}
}

func (h *Handler) routes() []msgraph.Route {
	const list, one = "identity/b2cUserFlows", "identity/b2cUserFlows/{}"
	const connectors, assignments, languages = one + "/apiConnectorConfiguration", one + "/userAttributeAssignments", one + "/languages"
	change := func(method, path string, handle msgraph.Handler) msgraph.Route {
		return msgraph.Change(method, path, write, "Update user flow", handle)
	}
	return []msgraph.Route{
		msgraph.Get(list, read, h.list),
		msgraph.Add(list, write, "Create user flow", h.create),
		msgraph.Get(one, read, h.get),
		change(http.MethodPatch, one, h.patch),
		msgraph.Delete(one, write, "Delete user flow", h.delete),
		msgraph.Get(one+"/settings", read, h.getSettings),
		change(http.MethodPatch, one+"/settings", h.patchSettings),
		msgraph.Get(one+"/policy/$value", read, h.export),
		msgraph.Get(connectors, read, h.getBindings),
		msgraph.Get(connectors+"/{}", read, h.getBinding),
		change(http.MethodPut, connectors+"/{}/$ref", h.putBinding),
		change(http.MethodDelete, connectors+"/{}/$ref", h.deleteBinding),
		msgraph.Get(one+"/userFlowIdentityProviders", read, h.listProviders),
		change(http.MethodPost, one+"/userFlowIdentityProviders/$ref", h.addProvider),
		change(http.MethodPatch, one+"/userFlowIdentityProviders/$ref", h.addProvider),
		change(http.MethodDelete, one+"/userFlowIdentityProviders/{}/$ref", h.removeProvider),
		msgraph.Get(one+"/identityProviders", read, h.listProviders),
		change(http.MethodPost, one+"/identityProviders/$ref", h.addProvider),
		change(http.MethodDelete, one+"/identityProviders/{}/$ref", h.removeProvider),
		msgraph.Get(assignments, read, h.listAssignments),
		change(http.MethodPost, assignments, h.createAssignment),
		msgraph.Get(assignments+"/getOrder", read, h.getOrder),
		msgraph.Get(assignments+"/getOrder()", read, h.getOrder),
		change(http.MethodPost, assignments+"/setOrder", h.setOrder),
		msgraph.Get(assignments+"/{}", read, h.getAssignment),
		change(http.MethodPatch, assignments+"/{}", h.patchAssignment),
		change(http.MethodDelete, assignments+"/{}", h.deleteAssignment),
		msgraph.Get(languages, read, h.listLanguages),
		msgraph.Get(languages+"/{}", read, h.getLanguage),
		change(http.MethodPut, languages+"/{}", h.putLanguage),
		change(http.MethodDelete, languages+"/{}", h.deleteLanguage),
		msgraph.Get(languages+"/{}/defaultPages", read, h.listPages),
		msgraph.Get(languages+"/{}/overridesPages", read, h.listPages),
		msgraph.Get(languages+"/{}/defaultPages/{}/$value", read, h.getDefaultPage),
		msgraph.Get(languages+"/{}/overridesPages/{}/$value", read, h.getOverridesPage),
		change(http.MethodPut, languages+"/{}/overridesPages/{}/$value", h.putOverridesPage),
		change(http.MethodDelete, languages+"/{}/overridesPages/{}/$value", h.deleteOverridesPage),
	}
}

func failure(err error) *msgraph.Error {
	var fault *keyset.Fault
	switch {
	case errors.As(err, &fault): // of the keys that every flow needs
		return msgraph.NewError(http.StatusBadRequest, fault.Code, fault.Text)
	case errors.Is(err, userflow.ErrInvalid):
		return msgraph.B2CBadRequest(msgraph.Refused(err, userflow.ErrInvalid))
	case errors.Is(err, userflow.ErrExists), errors.Is(err, userflow.ErrConflict), errors.Is(err, keyset.ErrConflict):
		return msgraph.B2CError(http.StatusConflict, msgraph.Refused(err, userflow.ErrExists, userflow.ErrConflict, keyset.ErrConflict))
	case errors.Is(err, userflow.ErrNotFound):
		return msgraph.B2CError(http.StatusNotFound, msgraph.Refused(err, userflow.ErrNotFound))
	}
	return nil
}

// shown is a user flow as Graph shows it.
type shown struct {
	ID                    string        `json:"id"`
	Kind                  userflow.Kind `json:"userFlowType"`
	Version               float64       `json:"userFlowTypeVersion"`
	LanguageCustomization bool          `json:"isLanguageCustomizationEnabled"`
	DefaultLanguage       string        `json:"defaultLanguageTag"`
	// Connectors is always empty here (rest-and-connectors §5.3).
	Connectors struct{} `json:"apiConnectorConfiguration"`
}

func show(f *userflow.Flow) shown {
	tag := f.DefaultLanguage
	if tag == "" {
		tag = "en"
	}
	return shown{ID: f.ID, Kind: f.Kind, Version: f.Version, LanguageCustomization: f.LanguageCustomization, DefaultLanguage: tag}
}

func (h *Handler) list(q *msgraph.Request) error {
	filter, err := q.Filter()
	if err != nil {
		return err
	}
	var value []msgraph.Object
	t := h.Flows.Tenant()
	for i := range t.Flows {
		ok, err := filter.Matches(show(&t.Flows[i]))
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		object, err := h.expanded(q, t, &t.Flows[i])
		if err != nil {
			return err
		}
		value = append(value, object.Select(q.Option("$select")))
	}
	return msgraph.WriteList(q, "identity/b2cUserFlows", value)
}

// expanded is a user flow with the members that $expand names.
func (h *Handler) expanded(q *msgraph.Request, t *userflow.Tenant, f *userflow.Flow) (msgraph.Object, error) {
	object, err := msgraph.ObjectOf(show(f))
	for name := range strings.SplitSeq(q.Option("$expand"), ",") {
		if err != nil {
			return nil, err
		}
		switch name = strings.TrimSpace(name); strings.ToLower(name) {
		case "identityproviders", "userflowidentityproviders":
			object, err = object.With(name, h.providersOf(t, f))
		case "userattributeassignments":
			list := []assignment{}
			for _, a := range f.Attributes {
				list = append(list, showAssignment(t, a, false))
			}
			object, err = object.With("userAttributeAssignments", list)
		}
	}
	return object, err
}

func (h *Handler) get(q *msgraph.Request) error {
	f, err := h.flow(q)
	if err != nil {
		return err
	}
	object, err := h.expanded(q, h.Flows.Tenant(), f)
	if err != nil {
		return err
	}
	return q.Write(http.StatusOK, "identity/b2cUserFlows/$entity", object)
}

func (h *Handler) export(q *msgraph.Request) error {
	f, err := h.flow(q)
	if err != nil {
		return err
	}
	xml, err := h.Export(f.ID, q.Option("policyId"))
	if text := refusal.Text(err); text != "" {
		return msgraph.B2CBadRequest(text)
	}
	if err != nil {
		return err
	}
	return q.WritePolicy(http.StatusOK, xml)
}

// flow finds the flow that the address names.
func (h *Handler) flow(q *msgraph.Request) (*userflow.Flow, error) {
	f, err := h.Flows.Tenant().Flow(q.Arg(0))
	if errors.Is(err, userflow.ErrNotFound) {
		return nil, msgraph.B2CNotFound("user flow", q.Arg(0))
	}
	return f, err
}

var _ msgraph.Source = (*Handler)(nil)
