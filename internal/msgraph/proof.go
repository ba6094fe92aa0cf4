package msgraph

import (
	"errors"
	"net/http"
	"strings"

	"journeyman.dev/internal/application"
)

// proven checks the secret or assertion of a client of the token endpoint, and returns the
// key id of the secret or certificate. The error is a refusal in Entra's words, or the store's.
func (s *Server) proven(r *http.Request, app application.Application, secret string) (keyID string, err error) {
	form := r.PostForm
	if form.Get("client_assertion") == "" && form.Get("client_assertion_type") == "" {
		keyID, good := app.FindSecret(secret, s.Now())
		if !good {
			return "", refusedText("AADSTS7000215: Invalid client secret provided.")
		}
		return keyID, nil
	}
	if secret != "" {
		return "", refusedText("AADSTS7000218: The request authenticates the client by both a secret and an assertion.")
	}
	if form.Get("client_assertion_type") != application.AssertionType {
		return "", refusedText("AADSTS70002: The client_assertion_type must be '" + application.AssertionType + "'.")
	}
	keyID, err = app.Authenticate(r.Context(), form.Get("client_assertion"), func(audience string) bool { return s.tokenAudience(r, audience) }, s.Now(), s.Assertions)
	var refused *application.AssertionError
	if errors.As(err, &refused) {
		err = refusedText(assertionCodes[refused.Fault] + ": Client assertion is not valid: " + refused.Text + ".")
	}
	return keyID, err
}

// refusal is why a client isn't the application that it says it is, for the client.
type refusedText string

// Error implements error.
func (r refusedText) Error() string { return string(r) }

// assertionCodes are Entra's.
var assertionCodes = map[application.AssertionFault]string{
	application.AssertionMalformed:  "AADSTS50027",
	application.AssertionUnknownKey: "AADSTS700027",
	application.AssertionKeyExpired: "AADSTS7000222",
	application.AssertionSignature:  "AADSTS700027",
	application.AssertionClient:     "AADSTS700021",
	application.AssertionAudience:   "AADSTS700023",
	application.AssertionTime:       "AADSTS700024",
	application.AssertionReplayed:   "AADSTS50013",
}

// tokenAudience reports whether an assertion is for the admin API's token endpoint.
func (s *Server) tokenAudience(r *http.Request, text string) bool {
	if text == s.issuer() {
		return true
	}
	for _, tenant := range []string{s.TenantName, s.TenantID} {
		for _, path := range []string{"/oauth2/v2.0/token", "/oauth2/token", "/v2.0"} {
			if strings.EqualFold(text, s.BaseURL(r)+"/"+tenant+path) {
				return true
			}
		}
	}
	return false
}
