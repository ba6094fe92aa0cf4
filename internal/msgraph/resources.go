package msgraph

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"journeyman.dev/internal/audit"
	"journeyman.dev/internal/connector"
	"journeyman.dev/internal/keyset"
	"journeyman.dev/internal/library"
	"journeyman.dev/internal/userflow"
)

// Policies are how policies stand.
type Policies interface {
	Statuses() []library.Status
}

// Services are what the resources in this package work on.
type Services struct {
	Policies Policies
	// Connectors and Flows are the tenant's API connectors and user flows.
	Connectors *connector.Service
	Flows      *userflow.Service
	Prober     Prober
	// ExportFlow prints a user flow as a custom policy of an id; "" makes one.
	ExportFlow func(flowID, policyID string) ([]byte, error)
	// AppleSecret makes the client secret of Sign in with Apple from its private key, and
	// keeps the key to renew it.
	AppleSecret func(ctx context.Context, p *userflow.Provider, private []byte) (keyset.Key, error)
	// PageTexts are the built-in texts of a kind of page in a language.
	PageTexts func(layout, language string) []PageText
}

// PageText is a built-in text.
type PageText struct{ ElementType, StringID, Value string }

const (
	readFlows    = "IdentityUserFlow.Read.All IdentityUserFlow.ReadWrite.All"
	writeFlows   = "IdentityUserFlow.ReadWrite.All"
	readConnect  = "APIConnectors.Read.All APIConnectors.ReadWrite.All"
	writeConnect = "APIConnectors.ReadWrite.All"
	readIdPs     = "IdentityProvider.Read.All IdentityProvider.ReadWrite.All"
	writeIdPs    = "IdentityProvider.ReadWrite.All"
)

// Resources implements Source.
func (s Services) Resources() []Resource {
	return []Resource{
		{
			Kind: "Api connector", Service: audit.ServiceB2C, Category: audit.CategoryResources,
			Failure: serviceFailure,
			Routes: []Route{
				Get("identity/apiConnectors", readConnect, (*Request).listConnectors),
				Add("identity/apiConnectors", writeConnect, "Create Api connector", (*Request).createConnector),
				Get("identity/apiConnectors/{}", readConnect, (*Request).getConnector),
				Change(http.MethodPatch, "identity/apiConnectors/{}", writeConnect, "Update Api connector", (*Request).patchConnector),
				Delete("identity/apiConnectors/{}", writeConnect, "Delete Api connector", (*Request).deleteConnector),
				Change(http.MethodPost, "identity/apiConnectors/{}/uploadClientCertificate", writeConnect, "Upload certificate to Api connector", (*Request).uploadClientCertificate),
				Get("identity/apiConnectors/{}/settings", readConnect, (*Request).getConnectorSettings),
				Change(http.MethodPatch, "identity/apiConnectors/{}/settings", writeConnect, "Update Api connector", (*Request).patchConnectorSettings),
				Change(http.MethodPost, "identity/apiConnectors/{}/probe", writeConnect, "Probe Api connector", (*Request).probeConnector),
			},
		},
		{
			Kind: "user flow", Service: audit.ServiceB2C, Category: audit.CategoryResources,
			Failure: serviceFailure,
			Beta:    true,
			Routes: []Route{
				Get("identity/b2cUserFlows", readFlows, (*Request).listFlows),
				Add("identity/b2cUserFlows", writeFlows, "Create user flow", (*Request).createFlow),
				Get("identity/b2cUserFlows/{}", readFlows, (*Request).getFlow),
				Change(http.MethodPatch, "identity/b2cUserFlows/{}", writeFlows, "Update user flow", (*Request).patchFlow),
				Delete("identity/b2cUserFlows/{}", writeFlows, "Delete user flow", (*Request).deleteFlow),
				Get("identity/b2cUserFlows/{}/settings", readFlows, (*Request).getFlowSettings),
				Change(http.MethodPatch, "identity/b2cUserFlows/{}/settings", writeFlows, "Update user flow", (*Request).patchFlowSettings),
				Get("identity/b2cUserFlows/{}/policy/$value", readFlows, (*Request).exportFlow),
				Get("identity/b2cUserFlows/{}/apiConnectorConfiguration", readFlows, (*Request).getBindings),
				Get("identity/b2cUserFlows/{}/apiConnectorConfiguration/{}", readFlows, (*Request).getBinding),
				Change(http.MethodPut, "identity/b2cUserFlows/{}/apiConnectorConfiguration/{}/$ref", writeFlows, "Update user flow", (*Request).putBinding),
				Change(http.MethodDelete, "identity/b2cUserFlows/{}/apiConnectorConfiguration/{}/$ref", writeFlows, "Update user flow", (*Request).deleteBinding),
				Get("identity/b2cUserFlows/{}/userFlowIdentityProviders", readFlows, (*Request).listFlowProviders),
				Change(http.MethodPost, "identity/b2cUserFlows/{}/userFlowIdentityProviders/$ref", writeFlows, "Update user flow", (*Request).addFlowProvider),
				Change(http.MethodPatch, "identity/b2cUserFlows/{}/userFlowIdentityProviders/$ref", writeFlows, "Update user flow", (*Request).addFlowProvider),
				Change(http.MethodDelete, "identity/b2cUserFlows/{}/userFlowIdentityProviders/{}/$ref", writeFlows, "Update user flow", (*Request).removeFlowProvider),
				Get("identity/b2cUserFlows/{}/identityProviders", readFlows, (*Request).listFlowProviders),
				Change(http.MethodPost, "identity/b2cUserFlows/{}/identityProviders/$ref", writeFlows, "Update user flow", (*Request).addFlowProvider),
				Change(http.MethodDelete, "identity/b2cUserFlows/{}/identityProviders/{}/$ref", writeFlows, "Update user flow", (*Request).removeFlowProvider),
				Get("identity/b2cUserFlows/{}/userAttributeAssignments", readFlows, (*Request).listAssignments),
				Change(http.MethodPost, "identity/b2cUserFlows/{}/userAttributeAssignments", writeFlows, "Update user flow", (*Request).createAssignment),
				Get("identity/b2cUserFlows/{}/userAttributeAssignments/getOrder", readFlows, (*Request).getOrder),
				Get("identity/b2cUserFlows/{}/userAttributeAssignments/getOrder()", readFlows, (*Request).getOrder),
				Change(http.MethodPost, "identity/b2cUserFlows/{}/userAttributeAssignments/setOrder", writeFlows, "Update user flow", (*Request).setOrder),
				Get("identity/b2cUserFlows/{}/userAttributeAssignments/{}", readFlows, (*Request).getAssignment),
				Change(http.MethodPatch, "identity/b2cUserFlows/{}/userAttributeAssignments/{}", writeFlows, "Update user flow", (*Request).patchAssignment),
				Change(http.MethodDelete, "identity/b2cUserFlows/{}/userAttributeAssignments/{}", writeFlows, "Update user flow", (*Request).deleteAssignment),
				Get("identity/b2cUserFlows/{}/languages", readFlows, (*Request).listLanguages),
				Get("identity/b2cUserFlows/{}/languages/{}", readFlows, (*Request).getLanguage),
				Change(http.MethodPut, "identity/b2cUserFlows/{}/languages/{}", writeFlows, "Update user flow", (*Request).putLanguage),
				Change(http.MethodDelete, "identity/b2cUserFlows/{}/languages/{}", writeFlows, "Update user flow", (*Request).deleteLanguage),
				Get("identity/b2cUserFlows/{}/languages/{}/defaultPages", readFlows, (*Request).listPages),
				Get("identity/b2cUserFlows/{}/languages/{}/overridesPages", readFlows, (*Request).listPages),
				Get("identity/b2cUserFlows/{}/languages/{}/defaultPages/{}/$value", readFlows, (*Request).getDefaultPage),
				Get("identity/b2cUserFlows/{}/languages/{}/overridesPages/{}/$value", readFlows, (*Request).getOverridesPage),
				Change(http.MethodPut, "identity/b2cUserFlows/{}/languages/{}/overridesPages/{}/$value", writeFlows, "Update user flow", (*Request).putOverridesPage),
				Change(http.MethodDelete, "identity/b2cUserFlows/{}/languages/{}/overridesPages/{}/$value", writeFlows, "Update user flow", (*Request).deleteOverridesPage),
			},
		},
		{
			Kind: "user attribute", Service: audit.ServiceB2C, Category: audit.CategoryResources,
			Failure: serviceFailure,
			Routes: []Route{
				Get("identity/userFlowAttributes", readFlows, (*Request).listAttributes),
				Add("identity/userFlowAttributes", writeFlows, "Create user attribute", (*Request).createAttribute),
				Get("identity/userFlowAttributes/{}", readFlows, (*Request).getAttribute),
				Change(http.MethodPatch, "identity/userFlowAttributes/{}", writeFlows, "Update user attribute", (*Request).patchAttribute),
				Delete("identity/userFlowAttributes/{}", writeFlows, "Delete user attribute", (*Request).deleteAttribute),
			},
		},
		{
			Kind: "identity provider", Service: audit.ServiceB2C, Category: audit.CategoryResources,
			Failure: serviceFailure,
			Routes: []Route{
				Get("identity/identityProviders", readIdPs, (*Request).listProviders),
				Add("identity/identityProviders", writeIdPs, "Create identity provider", (*Request).createProvider),
				Get("identity/identityProviders/availableProviderTypes", readIdPs, (*Request).providerTypes),
				Get("identity/identityProviders/availableProviderTypes()", readIdPs, (*Request).providerTypes),
				Get("identity/identityProviders/{}", readIdPs, (*Request).getProvider),
				Change(http.MethodPatch, "identity/identityProviders/{}", writeIdPs, "Update identity provider", (*Request).patchProvider),
				Delete("identity/identityProviders/{}", writeIdPs, "Delete identity provider", (*Request).deleteProvider),
			},
		},
	}
}

// serviceFailure answers with the errors of services that are the caller's business.
func serviceFailure(err error) *Error {
	var fault *keyset.Fault
	switch {
	case errors.As(err, &fault):
		return NewError(http.StatusBadRequest, fault.Code, fault.Text)
	case errors.Is(err, keyset.ErrConflict):
		return B2CError(http.StatusConflict, sentence(err))
	case errors.Is(err, connector.ErrInvalid), errors.Is(err, userflow.ErrInvalid):
		return B2CBadRequest(sentence(err))
	case errors.Is(err, userflow.ErrExists), errors.Is(err, userflow.ErrConflict), errors.Is(err, connector.ErrConflict):
		return B2CError(http.StatusConflict, sentence(err))
	case errors.Is(err, userflow.ErrNotFound), errors.Is(err, connector.ErrNotFound):
		return B2CError(http.StatusNotFound, sentence(err))
	}
	return nil
}

func sentence(err error) string {
	text := strings.TrimPrefix(strings.ReplaceAll(err.Error(), ": invalid: ", ": "), "invalid: ")
	return Sentence(strings.TrimPrefix(text, "invalid API connector: "))
}

// choose keeps the members that $select names; an empty one keeps all.
func choose(object map[string]any, names string) map[string]any {
	if strings.TrimSpace(names) == "" || strings.TrimSpace(names) == "*" {
		return object
	}
	out := make(map[string]any)
	for k, v := range object {
		if Selects(names, k) {
			out[k] = v
		}
	}
	return out
}
