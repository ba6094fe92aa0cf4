package oidc

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"journeyman.dev/internal/audit"
	"journeyman.dev/internal/directory"
	"journeyman.dev/internal/journey"
	"journeyman.dev/internal/seal"
)

// refresh redeems a refresh token: through the policy's refresh journey, or by
// repeating the claims of the first authentication.
func (t *exchange) refresh(w http.ResponseWriter) *failure {
	text := t.form.Get("refresh_token")
	if text == "" {
		return &failure{journey.CodeMissingParameter, "invalid_request", "The request is missing the required parameter: refresh_token."}
	}
	g, fail := t.s.openGrant(seal.Refresh, text)
	if fail != nil {
		return fail
	}
	if fail := t.belongs(g); fail != nil {
		return fail
	}
	if fail := t.authenticate(g); fail != nil {
		return fail
	}
	if fail := t.answer(w, g, func() (*tokenBody, *failure) { return t.refreshed(g) }); fail != nil {
		return fail
	}
	t.record(audit.TokenExchanged, g)
	return nil
}

// refreshed makes the tokens of a refresh token.
func (t *exchange) refreshed(g *grant) (*tokenBody, *failure) {
	if fail := t.standing(g); fail != nil {
		return nil, fail
	}
	next := *g
	if t.p.RelyingParty().Refresh() != nil {
		if fail := t.journey(g, &next); fail != nil {
			return nil, fail
		}
	}
	if fail := t.narrow(&next); fail != nil {
		return nil, fail
	}
	return t.tokens(&next)
}

// standing asks whether the grant's account is still good before a refresh journey and a
// signature are spent on it; redeeming the grant asks again, once and for all.
func (t *exchange) standing(g *grant) *failure {
	if g.Account == "" {
		return nil
	}
	now, err := t.s.Accounts.Standing(t.r.Context(), g.Account, "")
	switch {
	case errors.Is(err, directory.ErrNotFound):
		return accountGone()
	case err != nil:
		return t.s.issueFailure(t.r, t.s.Engine.NewID(), err)
	case now.Epoch != g.Epoch:
		return revoked()
	}
	return nil
}

func revoked() *failure {
	return &failure{journey.CodeGrantRevoked, "invalid_grant", "The provided grant has been revoked. Please re-authenticate and try again."}
}

func accountGone() *failure {
	return &failure{journey.CodeAccountDeleted, "invalid_grant", "The account associated with this grant no longer exists. Please re-authenticate and try again."}
}

// narrow gives a refresh the scopes that it asks for. They may be fewer than were granted,
// or those of another API that the client has permissions on, as MSAL asks for the tokens
// of several APIs with one refresh token; permissions that the client has lost are gone.
func (t *exchange) narrow(g *grant) *failure {
	text := t.form.Get("scope")
	if strings.TrimSpace(text) == "" {
		text = strings.Join(g.Scopes, " ")
	}
	a := new(authorization)
	if fail := t.s.checkScope(t.r.Context(), a, t.client, text); fail != nil {
		return fail
	}
	g.Scopes = slices.DeleteFunc(a.Scopes, func(scope string) bool { return slices.Contains(protocolScopes, scope) && !g.has(scope) })
	g.Resource = a.Resource
	return nil
}

// journey runs the refresh journey; its claims take the place of the first ones.
func (t *exchange) journey(g, next *grant) *failure {
	out, fail := t.run(journey.Begin{
		Mode: &journey.Renewal{Claims: g.Bag, IssuedAt: g.Issued}, Language: g.Language,
	})
	if fail != nil {
		switch fail.code {
		case journey.CodeNotValid, // an assertion over the grant's age failed
			journey.CodeAccountDisabled, journey.CodeGrantRevoked:
			return revoked()
		case journey.CodeUserNotFound:
			return accountGone()
		}
		return fail
	}
	next.fill(out)
	// A claim that the setup profile doesn't list is gone from this token, and stays in the
	// grant only if the journey's own outcome has it.
	for id, v := range g.Bag.All() {
		if !next.Bag.Has(id) {
			next.Bag.Set(id, v)
		}
	}
	return nil
}
