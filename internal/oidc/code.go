package oidc

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"net/http"
	"regexp"

	"journeyman.dev/internal/journey"
	"journeyman.dev/internal/seal"
)

// code redeems an authorization code.
func (t *exchange) code(w http.ResponseWriter) *failure {
	text := t.form.Get("code")
	if text == "" {
		return &failure{journey.CodeMissingParameter, "invalid_request", "The request is missing the required parameter: code."}
	}
	g, fail := t.s.openGrant(seal.Code, text)
	if fail != nil {
		return fail
	}
	if fail := t.belongs(g); fail != nil {
		return fail
	}
	// Every authorization request has a redirect URI, so the redemption must have it, too (RFC
	// 6749 §4.1.3). A client that proves the challenge of its own request may leave it out: a
	// code that was slipped to it from elsewhere fails there.
	switch uri := t.form.Get("redirect_uri"); {
	case !t.form.Has("redirect_uri") && g.Challenge == "":
		return &failure{journey.CodeMissingParameter, "invalid_request", "The request is missing the required parameter: redirect_uri."}
	case t.form.Has("redirect_uri") && uri != g.RedirectURI:
		return &failure{journey.CodeRedirectURI, "invalid_grant", "The redirect URI provided in the request is not the one that the grant was issued for."}
	}
	if fail := t.authenticate(g); fail != nil {
		return fail
	}
	if fail := verifier(g, t.form.Get("code_verifier")); fail != nil {
		return fail
	}
	return t.answer(w, g, func() (*tokenBody, *failure) { return t.tokens(g) })
}

var verifierPattern = regexp.MustCompile(`^[A-Za-z0-9\-._~]{43,128}$`)

// verifier checks PKCE.
func verifier(g *grant, text string) *failure {
	if g.Challenge == "" {
		if text != "" {
			return &failure{journey.CodeVerifierMismatch, "invalid_grant", "The supplied code_verifier does not match the associated code_challenge."}
		}
		return nil
	}
	if !verifierPattern.MatchString(text) {
		return &failure{journey.CodeChallenge, "invalid_grant", "The supplied code_verifier is invalid."}
	}
	got := text
	if !g.Plain {
		sum := sha256.Sum256([]byte(text))
		got = base64.RawURLEncoding.EncodeToString(sum[:])
	}
	if subtle.ConstantTimeCompare([]byte(got), []byte(g.Challenge)) != 1 {
		return &failure{journey.CodeVerifierMismatch, "invalid_grant", "The supplied code_verifier does not match the associated code_challenge."}
	}
	return nil
}
