package oidc

import (
	"errors"
	"net/url"
	"slices"
	"strings"

	"journeyman.dev/internal/application"
	"journeyman.dev/internal/endpoint"
	"journeyman.dev/internal/journey"
)

// clientAuthentication are the ways in which confidential clients prove who they are.
var clientAuthentication = []string{"client_secret_post", "client_secret_basic", "private_key_jwt"}

// asserts reports whether the client proves itself by an assertion.
func (t *exchange) asserts() bool {
	return t.form.Get("client_assertion") != "" || t.form.Get("client_assertion_type") != ""
}

// assertion checks the client's assertion. B2C's codes for assertions are kept, though
// B2C itself no longer takes any (protocol §3.1).
func (t *exchange) assertion() *failure {
	if kind := t.form.Get("client_assertion_type"); kind != application.AssertionType {
		return &failure{journey.CodeAssertionType, "invalid_client", "The requested client assertion type '" + oneLine(kind) + "' does not match the expected type '" + application.AssertionType + "'."}
	}
	_, err := t.client.Authenticate(t.r.Context(), t.form.Get("client_assertion"), t.audience, t.s.Now(), t.s.Assertions)
	var refused *application.AssertionError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &refused):
		return &failure{journey.CodeAssertion, "invalid_client", "The client assertion provided in the request is invalid: " + refused.Text + "."}
	}
	return t.s.issueFailure(t.r, t.s.Engine.NewID(), err)
}

// audience reports whether an assertion is meant for this policy here: it names the
// issuer, or an address of the policy's where clients prove themselves, in any of the
// ways in which it can be written.
func (t *exchange) audience(text string) bool {
	base := t.s.BaseURL(t.r)
	if text == t.s.issuer(base, t.settings, t.p.PolicyID()) {
		return true
	}
	named, err := url.Parse(text)
	if err != nil || named.User != nil || named.Fragment != "" || !strings.EqualFold(named.Scheme+"://"+named.Host, base) {
		return false
	}
	e, ok, err := endpoint.Parse(named)
	return ok && err == nil && t.s.OwnTenant(e.Tenant) && strings.EqualFold(e.Policy, t.p.PolicyID()) &&
		slices.Contains([]string{"oauth2/v2.0/token", revokePath, introspectPath}, e.Path)
}
