package oidc

import (
	"net/http"

	"journeyman.dev/internal/journey"
)

// passwordKind is the kind of grants that came from a resource owner's password: like
// those of public clients they are redeemed without a secret, and one that is sent isn't
// looked at (protocol §3.1 [D]).
const passwordKind = "password"

// password serves the resource owner password grant: the policy's default journey runs
// without pages, and without session, on the user name and password of the request.
func (t *exchange) password(w http.ResponseWriter) *failure {
	if !t.client.FallbackPublic {
		return &failure{journey.CodePasswordGrantOff, "unauthorized_client", "Resource owner flow has not been enabled for the application."}
	}
	for _, name := range []string{"username", "password"} {
		if t.form.Get(name) == "" {
			return &failure{journey.CodeMissingParameter, "invalid_request", "The request is missing the required parameter: " + name + "."}
		}
	}
	a := &authorization{ClientID: t.client.AppID, RedirectKind: passwordKind, Nonce: t.form.Get("nonce"), ResponseType: responseTypes{Code: true}}
	if fail := t.s.checkScope(t.r.Context(), a, t.client, t.form.Get("scope")); fail != nil {
		return fail
	}
	if !t.p.RelyingParty().TakesPassword() {
		return &failure{journey.CodeNoPasswordInput, "server_error", "No technical profile of the policy '" + t.p.PolicyID() +
			"' has the input claims that the resource owner password credential flow needs."}
	}
	out, fail := t.run(journey.Begin{
		Mode:     &journey.ResourceOwner{Password: t.form.Get("password")},
		Language: t.p.Language(t.form.Get("ui_locales"), t.r.Header.Get("Accept-Language")),
	})
	if fail != nil {
		return fail
	}
	g := t.s.grantOf(a, out)
	body, fail := t.tokens(g)
	if fail != nil {
		return fail
	}
	access := g.Resource != ""
	a.ResponseType = responseTypes{Token: access, IDToken: !access}
	t.s.recordIssued(a, out, g)
	t.s.json(w, http.StatusOK, body)
	return nil
}
