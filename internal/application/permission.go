package application

import (
	"encoding/json"
	"slices"
	"strings"
)

// permission is offered by an API: a scope for users, or a role for applications.
type permission struct {
	ID      string   `json:"id"`
	Value   string   `json:"value"`
	Enabled *bool    `json:"isEnabled"` // absent: enabled
	Members []string `json:"allowedMemberTypes"`
}

// extra reads a stored member by its name in any case. A member of another shape counts as absent.
func (a *Application) extra(name string, to any) {
	for key, raw := range a.Extra {
		if strings.EqualFold(key, name) {
			_ = json.Unmarshal(raw, to)
		}
	}
}

// scopes are the API's oauth2PermissionScopes, roles its appRoles for applications.
func (a *Application) scopes() []permission {
	var api struct {
		Scopes []permission `json:"oauth2PermissionScopes"`
	}
	a.extra("api", &api)
	return api.Scopes
}

func (a *Application) roles() []permission {
	var all []permission
	a.extra("appRoles", &all)
	return slices.DeleteFunc(all, func(p permission) bool {
		return !slices.ContainsFunc(p.Members, func(m string) bool { return strings.EqualFold(m, "Application") })
	})
}

// declared returns the ids of an application's required permissions of one type, Scope or Role, at an API.
func (a *Application) declared(apiID, kind string) map[string]bool {
	var list []struct {
		Resource string `json:"resourceAppId"`
		Access   []struct {
			ID   string `json:"id"`
			Type string `json:"type"`
		} `json:"resourceAccess"`
	}
	a.extra("requiredResourceAccess", &list)
	ids := make(map[string]bool)
	for _, r := range list {
		if !strings.EqualFold(r.Resource, apiID) {
			continue
		}
		for _, access := range r.Access {
			if strings.EqualFold(access.Type, kind) {
				ids[strings.ToLower(access.ID)] = true
			}
		}
	}
	return ids
}

// GrantedScopes returns the values of the scopes of an API that an application may request: those in its
// requiredResourceAccess, and all of its own.
func (a *Application) GrantedScopes(api *Application) []string {
	ids := a.declared(api.AppID, "Scope")
	own := strings.EqualFold(a.AppID, api.AppID)
	return values(api.scopes(), func(p permission) bool { return own || ids[strings.ToLower(p.ID)] })
}

// GrantedRoles returns the values of an application's roles at an API: those in its requiredResourceAccess.
func (a *Application) GrantedRoles(api *Application) []string {
	ids := a.declared(api.AppID, "Role")
	return values(api.roles(), func(p permission) bool { return ids[strings.ToLower(p.ID)] })
}

func values(list []permission, granted func(permission) bool) []string {
	var out []string
	for _, p := range list {
		if p.Value != "" && (p.Enabled == nil || *p.Enabled) && granted(p) {
			out = append(out, p.Value)
		}
	}
	return out
}

// Identifies reports whether a text is an address of the application as an API: one of its identifier URIs,
// or its id. A final slash doesn't count.
func (a *Application) Identifies(text string) bool {
	text = strings.TrimSuffix(text, "/")
	if strings.EqualFold(text, a.AppID) {
		return true
	}
	return slices.ContainsFunc(a.IdentifierURIs, func(uri string) bool { return strings.EqualFold(strings.TrimSuffix(uri, "/"), text) })
}
