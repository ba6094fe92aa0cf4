package apiconnector

import (
	"encoding/json"
	"net/http"
	"strings"

	"journeyman.dev/internal/journey"
)

// The type names of Entra's token issuance event, as its custom authentication
// extensions send and expect them.
const (
	eventType    = "microsoft.graph.authenticationEvent.tokenIssuanceStart"
	calloutType  = "microsoft.graph.onTokenIssuanceStartCalloutData"
	responseType = "microsoft.graph.onTokenIssuanceStartResponseData"
	claimsAction = "microsoft.graph.tokenIssuanceStart.provideClaimsForToken"
)

type event struct {
	Type   string    `json:"type"`
	Source string    `json:"source"`
	Data   eventData `json:"data"`
}

type eventData struct {
	Type        string       `json:"@odata.type"`
	TenantID    string       `json:"tenantId"`
	ListenerID  string       `json:"authenticationEventListenerId"`
	ExtensionID string       `json:"customAuthenticationExtensionId"`
	Context     eventContext `json:"authenticationContext"`
}

type eventContext struct {
	CorrelationID string           `json:"correlationId"`
	Client        eventClient      `json:"client"`
	Protocol      string           `json:"protocol"`
	ClientApp     servicePrincipal `json:"clientServicePrincipal"`
	ResourceApp   servicePrincipal `json:"resourceServicePrincipal"`
	User          map[string]any   `json:"user"`
}

type eventClient struct {
	IP     string `json:"ip,omitempty"`
	Locale string `json:"locale"`
	Market string `json:"market"`
}

type servicePrincipal struct {
	ID             string `json:"id"`
	AppID          string `json:"appId"`
	AppDisplayName string `json:"appDisplayName"`
	DisplayName    string `json:"displayName"`
}

// userNames are the members of the event's user by the names that connectors send.
var userNames = map[string]string{"objectid": "id", "email": "mail"}

// tokenIssuance is the request of Entra's contract. The listener and extension ids are
// those of the tenant: there is only one of each here.
func (r *Request) tokenIssuance() ([]byte, error) {
	app := servicePrincipal{ID: r.ClientObjectID, AppID: r.ClientID, AppDisplayName: r.ClientName, DisplayName: r.ClientName}
	language, _, _ := strings.Cut(strings.TrimSpace(r.Locales), " ")
	user := map[string]any{"userType": "Member"}
	for _, m := range r.Members {
		name := m.Name
		if graph, ok := userNames[strings.ToLower(name)]; ok {
			name = graph
		}
		user[name] = m.Value.JSON()
	}
	if _, ok := user["preferredLanguage"]; !ok && language != "" {
		user["preferredLanguage"] = language
	}
	if len(r.Identities) > 0 {
		user["identities"] = r.Identities
	}
	return json.Marshal(event{Type: eventType, Source: "/tenants/" + r.TenantID + "/applications/" + r.ClientID, Data: eventData{
		Type: calloutType, TenantID: r.TenantID, ListenerID: r.TenantID, ExtensionID: r.TenantID,
		Context: eventContext{
			CorrelationID: r.CorrelationID, Client: eventClient{IP: r.IP, Locale: language, Market: language}, Protocol: "OAUTH2.0",
			ClientApp: app, ResourceApp: app, User: user,
		},
	}})
}

// readTokenIssuance understands an answer of Entra's contract: the claims of its first
// provideClaimsForToken action.
func readTokenIssuance(extensionsApp string, status int, body []byte) (Verdict, error) {
	if status != http.StatusOK {
		if status >= 200 && status <= 299 {
			return Verdict{}, refuse(journey.CodeProviderResponse, status, "only 200 lets the journey go on")
		}
		return Verdict{}, refuse(journey.CodeExchangeFailed, status, "%s", http.StatusText(status))
	}
	object, err := decode(body)
	if err != nil {
		return Verdict{}, refuse(journey.CodeProviderResponse, status, "the body is no JSON object")
	}
	data, _ := object["data"].(map[string]any)
	if !isType(data, responseType) {
		return Verdict{}, refuse(journey.CodeProviderResponse, status, "data is no %s", responseType)
	}
	actions, _ := data["actions"].([]any)
	for _, a := range actions {
		action, _ := a.(map[string]any)
		if !isType(action, claimsAction) {
			continue
		}
		given, _ := action["claims"].(map[string]any)
		v := Verdict{Action: ActionContinue}
		v.take(given, PreTokenIssuance, extensionsApp)
		return v, nil
	}
	return Verdict{}, refuse(journey.CodeProviderResponse, status, "there is no action %s", claimsAction)
}

// isType compares a type name with or without its #.
func isType(object map[string]any, name string) bool {
	have, _ := object["@odata.type"].(string)
	return strings.EqualFold(strings.TrimPrefix(have, "#"), name)
}
