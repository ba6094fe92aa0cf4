package msgraph

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"journeyman.dev/internal/application"
)

// applicationJSON is a registration as the API shows it.
func applicationJSON(a application.Application) map[string]any {
	out := map[string]any{}
	for name, raw := range a.Extra {
		out[name] = Exact(raw)
	}
	web := object(out["web"])
	web["redirectUris"] = OrEmpty(a.WebRedirects)
	web["logoutUrl"] = OrNull(a.LogoutURL)
	web["implicitGrantSettings"] = map[string]any{"enableIdTokenIssuance": a.ImplicitIDToken, "enableAccessTokenIssuance": a.ImplicitAccessToken}
	out["web"] = web
	spa := object(out["spa"])
	spa["redirectUris"] = OrEmpty(a.SPARedirects)
	out["spa"] = spa
	public := object(out["publicClient"])
	public["redirectUris"] = OrEmpty(a.NativeRedirects)
	out["publicClient"] = public
	secrets := []any{}
	for _, s := range a.Secrets {
		secrets = append(secrets, secretJSON(s))
	}
	for name, v := range map[string]any{
		"id": a.ID, "appId": a.AppID, "displayName": a.DisplayName, "createdDateTime": a.Created.UTC().Format(time.RFC3339),
		"signInAudience": OrNull(a.SignInAudience), "identifierUris": OrEmpty(a.IdentifierURIs), "isFallbackPublicClient": a.FallbackPublic,
		"passwordCredentials": secrets, "keyCredentials": certificatesJSON(a, false), "pkce": pkceJSON(a),
	} {
		out[name] = v
	}
	if _, ok := out["requiredResourceAccess"]; !ok {
		out["requiredResourceAccess"] = []any{}
	}
	return out
}

// pkceJSON is a member of our own. What an application from before there was a choice may
// do is shown as if it had been chosen, so that sending it back changes nothing.
func pkceJSON(a application.Application) map[string]any {
	if a.PKCE == nil {
		return map[string]any{"required": nil, "allowPlain": true}
	}
	return map[string]any{"required": a.PKCE.Required, "allowPlain": a.PKCE.AllowPlain}
}

func object(v any) map[string]any {
	if m, ok := v.(map[string]any); ok {
		return m
	}
	return map[string]any{}
}

func secretJSON(s application.Secret) map[string]any {
	return map[string]any{"keyId": s.KeyID, "displayName": OrNull(s.DisplayName), "hint": s.Hint, "secretText": nil,
		"startDateTime": s.Start.UTC().Format(time.RFC3339), "endDateTime": s.End.UTC().Format(time.RFC3339), "customKeyIdentifier": nil}
}

func (q *Request) listApplications() error {
	f, err := q.Filter()
	if err != nil {
		return err
	}
	limit, err := q.Top(100, 999)
	if err != nil {
		return err
	}
	list, err := q.s.Services.Apps.List(q.Context())
	if err != nil {
		return err
	}
	value := []map[string]any{}
	after, next := q.URL.Query().Get("$skiptoken"), ""
	for _, a := range list {
		if a.ID <= after {
			continue
		}
		shown := applicationJSON(a)
		good, err := f.Matches(shown)
		if err != nil {
			return err
		}
		if !good {
			continue
		}
		if len(value) == limit {
			next, _ = value[limit-1]["id"].(string)
			break
		}
		value = append(value, shown)
	}
	for i := range value {
		value[i] = choose(value[i], q.URL.Query().Get("$select"))
	}
	return WritePage(q, "applications", value, next)
}

// application finds the registration of the request by id or (appId='…').
func (q *Request) application() (application.Application, error) {
	var a application.Application
	var err error
	if appID, ok := strings.CutPrefix(q.Arg(0), "appId="); ok {
		a, err = q.s.Services.Apps.GetByAppID(q.Context(), appID)
	} else {
		a, err = q.s.Services.Apps.Get(q.Context(), strings.ToLower(q.Arg(0)))
	}
	if errors.Is(err, application.ErrNotFound) {
		return a, NotFound(q.Arg(0))
	}
	return a, err
}

func (q *Request) getApplication() error {
	a, err := q.application()
	if err != nil {
		return err
	}
	shown := applicationJSON(a)
	if fields := q.URL.Query().Get("$select"); slices.ContainsFunc(strings.Split(fields, ","), func(f string) bool { return strings.EqualFold(strings.TrimSpace(f), "keyCredentials") }) {
		// Graph shows the certificates themselves only to those who name them.
		shown["keyCredentials"] = certificatesJSON(a, true)
	}
	return q.Write(http.StatusOK, "applications/$entity", choose(shown, q.URL.Query().Get("$select")))
}

// change applies a body to a registration; members that we don't act on are kept and
// given back.
func (q *Request) change(a *application.Application, raw map[string]json.RawMessage) error {
	for name, value := range raw {
		if err := q.changeMember(a, name, value); err != nil {
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

func (q *Request) changeMember(a *application.Application, name string, raw json.RawMessage) error {
	bad := BadRequest("Invalid value specified for property '" + name + "' of resource 'Application'.")
	switch lower := strings.ToLower(name); lower {
	case "id", "appid", "createddatetime", "passwordcredentials", "publisherdomain", "deleteddatetime":
		return nil // the service's own
	case "keycredentials":
		return q.replaceCertificates(a, raw)
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
		if err := q.grant(a, raw); err != nil {
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
// holds them itself: nobody gives what it doesn't have. In Graph, declaring and
// granting are two calls; here they are one (our decision).
func (q *Request) grant(a *application.Application, raw json.RawMessage) error {
	var list []struct {
		Resource string `json:"resourceAppId"`
		Access   []struct {
			ID   string `json:"id"`
			Type string `json:"type"`
		} `json:"resourceAccess"`
	}
	if json.Unmarshal(raw, &list) != nil {
		return BadRequest("Invalid value specified for property 'requiredResourceAccess' of resource 'Application'.")
	}
	var roles []string
	for _, r := range list {
		if !strings.EqualFold(r.Resource, GraphAppID) {
			continue
		}
		for _, access := range r.Access {
			role, ok := Permission(access.ID)
			if !ok || !strings.EqualFold(access.Type, "Role") {
				continue
			}
			if !q.Caller.May(role) && !slices.Contains(a.AdminRoles, role) {
				return NewError(http.StatusForbidden, "Authorization_RequestDenied", "Insufficient privileges to complete the operation. The caller can't grant the role "+role+", which it doesn't have.")
			}
			roles = append(roles, role)
		}
	}
	a.AdminRoles = roles
	return nil
}

// mayChange keeps a caller from becoming an application that has more rights, and from
// taking it or its secrets away. It is asked of what is stored, within the change.
func (q *Request) mayChange(a application.Application) error {
	for _, role := range a.AdminRoles {
		if !q.Caller.May(role) {
			return NewError(http.StatusForbidden, "Authorization_RequestDenied", "Insufficient privileges to complete the operation. The application has the role "+role+", which the caller doesn't have.")
		}
	}
	return nil
}

// ownIdentifiers refuses identifier URIs that another application is known by: tokens for
// one API would be made for the other.
func (q *Request) ownIdentifiers(raw map[string]json.RawMessage, id string) error {
	var asked application.Application
	for name, value := range raw {
		if strings.EqualFold(name, "identifierUris") && json.Unmarshal(value, &asked.IdentifierURIs) != nil {
			return nil // change says what is wrong
		}
	}
	if len(asked.IdentifierURIs) == 0 {
		return nil
	}
	list, err := q.s.Services.Apps.List(q.Context())
	if err != nil {
		return err
	}
	for _, other := range list {
		if other.ID != id && slices.ContainsFunc(asked.IdentifierURIs, other.Identifies) {
			return BadRequest("Another object with the same value for property identifierUris already exists.")
		}
	}
	return nil
}

func (q *Request) createApplication() error {
	var raw map[string]json.RawMessage
	if err := q.Read(&raw); err != nil {
		return err
	}
	a := application.Application{ID: uuid.NewString(), AppID: uuid.NewString(), Created: q.s.Now().UTC().Truncate(time.Second), SignInAudience: "AzureADandPersonalMicrosoftAccount", PKCE: new(application.PKCE)}
	if err := q.change(&a, raw); err != nil {
		return err
	}
	if err := q.ownIdentifiers(raw, a.ID); err != nil {
		return err
	}
	if err := q.s.Services.Apps.Create(q.Context(), a); err != nil {
		return err
	}
	q.SetHeader("Location", q.Base()+"/applications/"+a.ID)
	return q.Write(http.StatusCreated, "applications/$entity", applicationJSON(a))
}

func (q *Request) patchApplication() error {
	a, err := q.application()
	if err != nil {
		return err
	}
	var raw map[string]json.RawMessage
	if err := q.Read(&raw); err != nil {
		return err
	}
	if err := q.ownIdentifiers(raw, a.ID); err != nil {
		return err
	}
	if _, err := q.s.Services.Apps.Update(q.Context(), a.ID, func(a *application.Application) error {
		if err := q.mayChange(*a); err != nil {
			return err
		}
		return q.change(a, raw)
	}); err != nil {
		return err
	}
	return q.WriteNothing()
}

func (q *Request) deleteApplication() error {
	a, err := q.application()
	if err != nil {
		return err
	}
	if strings.EqualFold(strings.ReplaceAll(a.AppID, "-", ""), q.s.ExtensionsApp) {
		return BadRequest("The application that holds the users' extension attributes can't be deleted.")
	}
	if err := q.mayChange(a); err != nil {
		return err
	}
	if err := q.s.Services.Apps.Delete(q.Context(), a.ID); err != nil {
		return err
	}
	return q.WriteNothing()
}

func (q *Request) addPassword() error {
	a, err := q.application()
	if err != nil {
		return err
	}
	var in struct {
		Credential struct {
			DisplayName string    `json:"displayName"`
			Start       time.Time `json:"startDateTime"`
			End         time.Time `json:"endDateTime"`
		} `json:"passwordCredential"`
	}
	if q.ContentLength != 0 {
		if err := q.Read(&in); err != nil {
			return err
		}
	}
	now := q.s.Now().UTC().Truncate(time.Second)
	start, end := in.Credential.Start, in.Credential.End
	if start.IsZero() {
		start = now
	}
	if end.IsZero() {
		end = start.AddDate(2, 0, 0)
	}
	if !end.After(start) {
		return BadRequest("The end of the password credential is not after its start.")
	}
	secret, text := application.NewSecret(in.Credential.DisplayName, start, end)
	if _, err := q.s.Services.Apps.Update(q.Context(), a.ID, func(a *application.Application) error {
		if err := q.mayChange(*a); err != nil {
			return err
		}
		a.Secrets = append(a.Secrets, secret)
		return nil
	}); err != nil {
		return err
	}
	body := secretJSON(secret)
	body["secretText"] = text
	return q.Write(http.StatusOK, "microsoft.graph.passwordCredential", body)
}

func (q *Request) removePassword() error {
	a, err := q.application()
	if err != nil {
		return err
	}
	var in struct {
		KeyID string `json:"keyId"`
	}
	if err := q.Read(&in); err != nil {
		return err
	}
	found := false
	if _, err := q.s.Services.Apps.Update(q.Context(), a.ID, func(a *application.Application) error {
		if err := q.mayChange(*a); err != nil {
			return err
		}
		a.Secrets = slices.DeleteFunc(a.Secrets, func(s application.Secret) bool {
			found = found || s.KeyID == in.KeyID
			return s.KeyID == in.KeyID
		})
		return nil
	}); err != nil {
		return err
	}
	if !found {
		return BadRequest("No password credential found with keyId.")
	}
	return q.WriteNothing()
}
