package oidc

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"journeyman.dev/internal/application"
	"journeyman.dev/internal/audit"
	"journeyman.dev/internal/journey"
)

// clientCredentials serves the client credentials grant: an access token for an API and
// the roles that the application has there, with the claims of the journey that the
// token issuer names, if it names one (protocol §3.1).
func (t *exchange) clientCredentials(w http.ResponseWriter) *failure {
	if fail := t.authenticate(&grant{Kind: string(application.Web)}); fail != nil {
		return fail
	}
	api, roles, fail := t.applicationScope()
	if fail != nil {
		return fail
	}
	g := &grant{Policy: t.p.PolicyID(), ClientID: t.client.AppID, Resource: api.AppID, Roles: roles}
	if t.p.RelyingParty().Credentials() != nil {
		out, fail := t.run(journey.Begin{Mode: &journey.Application{}, Language: t.p.Language("", t.r.Header.Get("Accept-Language"))})
		if fail != nil {
			return fail
		}
		g.fill(out)
	}
	if g.Subject == "" {
		g.Subject = t.client.ID
	}
	signed, err := t.s.issue(t.r, t.s.BaseURL(t.r), t.p, t.settings, g, false, true, "")
	if err != nil {
		return t.s.issueFailure(t.r, t.s.Engine.NewID(), err)
	}
	now := t.s.Now().UTC().Truncate(time.Second)
	body := t.body()
	body.text("access_token", signed.accessToken)
	body.text("token_type", "Bearer")
	body.number("not_before", now.Unix())
	body.number("expires_in", int64(t.settings.AccessLifetime.Seconds()))
	body.number("expires_on", now.Add(t.settings.AccessLifetime).Unix())
	body.text("resource", g.Resource)
	t.record(audit.AccessTokenIssued, g)
	t.s.json(w, http.StatusOK, body)
	return nil
}

// applicationScope reads the scope of an application that acts for itself: an App ID URI
// with /.default. What MSAL for Go and Java adds for users, such as openid, is passed
// over. An API gives itself tokens also without roles.
func (t *exchange) applicationScope() (api application.Application, roles []string, fail *failure) {
	asked := strings.Fields(t.form.Get("scope"))
	if len(asked) == 0 {
		return api, nil, &failure{journey.CodeNoScope, "invalid_request", "The request does not contain a scope parameter."}
	}
	own := slices.DeleteFunc(slices.Clone(asked), func(scope string) bool { return slices.Contains(protocolScopes, scope) })
	if len(own) == 0 {
		own = asked[:1] // refused below
	}
	for i, scope := range own {
		one, _, name, fail := t.s.api(t.r.Context(), scope)
		switch {
		case fail != nil:
			return api, nil, fail
		case name != defaultScope:
			return api, nil, &failure{journey.CodeUnknownScope, "invalid_request", "The scope '" + scope + "' provided in the request is not supported: client credentials need the App ID URI of an API with /.default."}
		case i > 0 && one.AppID != api.AppID:
			return api, nil, &failure{journey.CodeSeveralResources, "invalid_request", "The scope provided in the request specifies more than one resource for an access token, which is not supported."}
		}
		api = one
	}
	roles = slices.Compact(t.client.GrantedRoles(&api))
	if len(roles) == 0 && !strings.EqualFold(api.AppID, t.client.AppID) {
		return api, nil, notPermitted()
	}
	return api, roles, nil
}
