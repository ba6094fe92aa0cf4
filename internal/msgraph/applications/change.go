package applications

import (
	"encoding/json"
	"slices"
	"strings"

	"journeyman.dev/internal/application"
	"journeyman.dev/internal/msgraph"
)

// change applies a body to a registration; members that we don't act on are kept and
// given back.
func change(caller msgraph.Caller, a *application.Application, members map[string]json.RawMessage) error {
	for name, value := range members {
		if err := changeMember(caller, a, name, value); err != nil {
			return err
		}
	}
	return a.Check()
}

type redirects struct {
	RedirectURIs *[]string `json:"redirectUris"`
	LogoutURL    *string   `json:"logoutUrl"`
	Implicit     *struct {
		IDToken     *bool `json:"enableIdTokenIssuance"`
		AccessToken *bool `json:"enableAccessTokenIssuance"`
	} `json:"implicitGrantSettings"`
}

func changeMember(caller msgraph.Caller, a *application.Application, name string, raw json.RawMessage) error {
	bad := msgraph.BadRequest("Invalid value specified for property '" + name + "' of resource 'Application'.")
	switch lower := strings.ToLower(name); lower {
	case "id", "appid", "createddatetime", "passwordcredentials", "publisherdomain", "deleteddatetime":
		return nil // the service's own
	case "keycredentials":
		return replaceCertificates(a, raw)
	case "displayname":
		if json.Unmarshal(raw, &a.DisplayName) != nil {
			return bad
		}
	case "signinaudience":
		if json.Unmarshal(raw, &a.SignInAudience) != nil {
			return bad
		}
	case "identifieruris":
		if json.Unmarshal(raw, &a.IdentifierURIs) != nil {
			return bad
		}
	case "isfallbackpublicclient":
		var on *bool
		if json.Unmarshal(raw, &on) != nil {
			return bad
		}
		a.FallbackPublic = on != nil && *on
	case "pkce":
		in := new(application.PKCE) // null follows the tenant
		if string(raw) != "null" {
			plain := true
			if in.AllowPlain = &plain; a.PKCE != nil {
				in = a.PKCE
			}
		}
		if json.Unmarshal(raw, in) != nil {
			return bad
		}
		a.PKCE = in
	case "web", "spa", "publicclient":
		var in redirects
		if json.Unmarshal(raw, &in) != nil {
			return bad
		}
		in.apply(a, lower)
	case "requiredresourceaccess":
		if err := grant(caller, a, raw); err != nil {
			return err
		}
		fallthrough
	default:
		if strings.HasPrefix(name, "@") || strings.Contains(name, "@odata") {
			return nil
		}
		if a.Extra == nil {
			a.Extra = make(map[string]json.RawMessage)
		}
		a.Extra[name] = raw
	}
	return nil
}

func (in redirects) apply(a *application.Application, platform string) {
	if in.RedirectURIs != nil {
		switch platform {
		case "web":
			a.WebRedirects = *in.RedirectURIs
		case "spa":
			a.SPARedirects = *in.RedirectURIs
		default:
			a.NativeRedirects = *in.RedirectURIs
		}
	}
	if platform != "web" {
		return
	}
	if in.LogoutURL != nil {
		a.LogoutURL = *in.LogoutURL
	}
	if in.Implicit != nil {
		if in.Implicit.IDToken != nil {
			a.ImplicitIDToken = *in.Implicit.IDToken
		}
		if in.Implicit.AccessToken != nil {
			a.ImplicitAccessToken = *in.Implicit.AccessToken
		}
	}
}

// grant gives an application the admin roles that it declares, as far as the caller
// holds them itself: nobody gives a role that it lacks. In Graph, declaring and
// granting are two calls; here they are one (our decision).
func grant(caller msgraph.Caller, a *application.Application, raw json.RawMessage) error {
	var list []struct {
		Resource string `json:"resourceAppId"`
		Access   []struct {
			ID   string `json:"id"`
			Type string `json:"type"`
		} `json:"resourceAccess"`
	}
	if json.Unmarshal(raw, &list) != nil {
		return msgraph.BadRequest("Invalid value specified for property 'requiredResourceAccess' of resource 'Application'.")
	}
	var roles []string
	for _, r := range list {
		if !strings.EqualFold(r.Resource, msgraph.GraphAppID) {
			continue
		}
		for _, access := range r.Access {
			role, ok := msgraph.Permission(access.ID)
			if !ok || !strings.EqualFold(access.Type, "Role") {
				continue
			}
			if !caller.May(role) && !slices.Contains(a.AdminRoles, role) {
				return msgraph.Denied("The caller can't grant the role " + role + ", which it doesn't have.")
			}
			roles = append(roles, role)
		}
	}
	a.AdminRoles = roles
	return nil
}

// mayChange keeps a caller from becoming an application that has more rights, and from
// taking it or its secrets away. It is asked of what is stored, within the change.
func mayChange(caller msgraph.Caller, a *application.Application) error {
	for _, role := range a.AdminRoles {
		if !caller.May(role) {
			return msgraph.Denied("The application has the role " + role + ", which the caller doesn't have.")
		}
	}
	return nil
}
