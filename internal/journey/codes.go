package journey

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Code is an AADB2C code of the run-time catalogue.
type Code string

// The codes. Numbers and meaning are B2C's (protocol §7); where B2C's text is known,
// clients may compare it.
const (
	CodeRedirectURI         Code = "AADB2C90006"
	CodeNoRedirectURIs      Code = "AADB2C90007"
	CodeNoClientID          Code = "AADB2C90008"
	CodeNoScope             Code = "AADB2C90010"
	CodeResponseType        Code = "AADB2C90013"
	CodeResponseMode        Code = "AADB2C90014"
	CodeAssertionType       Code = "AADB2C90016"
	CodeAssertion           Code = "AADB2C90017"
	CodeUnknownClient       Code = "AADB2C90018"
	CodeKeysUnavailable     Code = "AADB2C90019"
	CodeNoTokens            Code = "AADB2C90021"
	CodeUnknownPolicy       Code = "AADB2C90031"
	CodeNoAssertion         Code = "AADB2C90039"
	CodeNoSendClaims        Code = "AADB2C90040"
	CodePrompt              Code = "AADB2C90043"
	CodeStateLost           Code = "AADB2C90046"
	CodeNoProvider          Code = "AADB2C90051"
	CodeUserNotFound        Code = "AADB2C90053"
	CodeWrongPassword       Code = "AADB2C90054"
	CodeNoResource          Code = "AADB2C90055"
	CodeImplicitOff         Code = "AADB2C90057"
	CodeLogoutURI           Code = "AADB2C90067"
	CodeKeyMissing          Code = "AADB2C90073"
	CodeExchangeFailed      Code = "AADB2C90075"
	CodeInteractionRequired Code = "AADB2C90077"
	CodeSecretMissing       Code = "AADB2C90079"
	CodeGrantExpired        Code = "AADB2C90080"
	CodeClientSecret        Code = "AADB2C90081"
	CodeMissingParameter    Code = "AADB2C90083"
	CodePublicSecret        Code = "AADB2C90084"
	CodeInternal            Code = "AADB2C90085"
	CodeGrantType           Code = "AADB2C90086"
	CodeOtherPolicy         Code = "AADB2C90088"
	CodeGrantMalformed      Code = "AADB2C90090"
	CodeCancelled           Code = "AADB2C90091"
	CodeClientDisabled      Code = "AADB2C90092"
	CodeScopeWithoutOpenID  Code = "AADB2C90110"
	CodeAccountDisabled     Code = "AADB2C90111"
	CodeAccountLocked       Code = "AADB2C90114"
	CodeScopeForCode        Code = "AADB2C90115"
	CodeUnknownScope        Code = "AADB2C90117"
	CodeForgotPassword      Code = "AADB2C90118"
	CodeMaxAge              Code = "AADB2C90120"
	CodeUnreadable          Code = "AADB2C90122"
	CodeAccountDeleted      Code = "AADB2C90128"
	CodeGrantRevoked        Code = "AADB2C90129"
	CodeSeveralResources    Code = "AADB2C90146"
	CodeRetriesUsed         Code = "AADB2C90157"
	CodeNotValid            Code = "AADB2C90158"
	CodeNotVerified         Code = "AADB2C90159"
	CodeSendFailed          Code = "AADB2C90161"
	CodeVerifierMismatch    Code = "AADB2C90182"
	CodeChallenge           Code = "AADB2C90183"
	CodeChallengeMethod     Code = "AADB2C90184"
	CodeBearerMissing       Code = "AADB2C90194"
	CodeBearerEmpty         Code = "AADB2C90195"
	CodePermissions         Code = "AADB2C90205"
	CodeHintExpired         Code = "AADB2C90208"
	CodeHintAudience        Code = "AADB2C90209"
	CodeHintInvalid         Code = "AADB2C90210"
	CodeNoActiveKey         Code = "AADB2C90220"
	CodePasswordGrantOff    Code = "AADB2C90224"
	CodeInvalidCredentials  Code = "AADB2C90225"
	CodePostOnly            Code = "AADB2C90226"
	CodeHintIssuer          Code = "AADB2C90232"
	CodeHintSignature       Code = "AADB2C90233"
	CodeLogoutHintExpired   Code = "AADB2C90235"
	CodeLogoutHintAudience  Code = "AADB2C90237"
	CodeLogoutHintIssuer    Code = "AADB2C90238"
	CodeLogoutHintSignature Code = "AADB2C90239"
	CodeLogoutHintMalformed Code = "AADB2C90240"
	CodeThrottled           Code = "AADB2C90244"
	CodeIncompleteExchange  Code = "AADB2C90255"
	CodeUnparsableReply     Code = "AADB2C90261"
	CodeLogoutHintMissing   Code = "AADB2C90272"
	CodeProviderResponse    Code = "AADB2C90273"
	CodeUntrusted           Code = "AADB2C90275"
	CodeOtherClient         Code = "AADB2C90279"
	CodeNoRefreshJourney    Code = "AADB2C90288"
	CodeUnreachable         Code = "AADB2C90289"
	CodeUserExists          Code = "AADB2C99001"
	CodeBadScope            Code = "AADB2C99005"
	CodeNoPasswordInput     Code = "AADB2C99015"
	CodeNoChallenge         Code = "AADB2C99059"
)

// codeEntry is one line of the run-time catalogue.
type codeEntry struct {
	text  string // for people; requests may have a more exact one
	oauth string // OAuth error value at the application
	where string // who gets it: the error page, the application by redirect, a token request, sign-out
	cause string
	cure  string
}

var codes = map[Code]codeEntry{
	CodeRedirectURI: {
		"The redirect URI provided in the request is not registered for the client id.", "invalid_request", "page, sign-out; token: `invalid_grant`",
		"redirect_uri, or post_logout_redirect_uri, differs from every address that the application has registered, by a character or by its platform", "Register the address as the application sends it, or correct the application.",
	},
	CodeNoRedirectURIs: {
		"The application has no registered redirect URIs.", "invalid_request", "page",
		"The application was registered without any redirect URI", "Add one under web, spa or publicClient.",
	},
	CodeNoClientID: {
		"The request does not contain a client id parameter.", "unauthorized_client", "page, token",
		"client_id is missing, and no Basic authentication or assertion names the client", "Send client_id.",
	},
	CodeNoScope: {
		"The request does not contain a scope parameter.", "invalid_request", "redirect, token",
		"scope is missing or blank", "Ask for openid, or for a scope of an API.",
	},
	CodeResponseType: {
		"The response type is missing or not supported.", "unsupported_response_type", "redirect",
		"response_type has other words than code, id_token and token", "Correct it.",
	},
	CodeResponseMode: {
		"The response mode is not supported.", "invalid_request", "redirect",
		"response_mode is none of query, fragment and form_post, or query with a token", "Leave it out, or use fragment or form_post for tokens.",
	},
	CodeAssertionType: {
		"The requested client assertion type does not match the expected type.", "invalid_client", "token",
		"client_assertion_type is not urn:ietf:params:oauth:client-assertion-type:jwt-bearer", "Correct it.",
	},
	CodeAssertion: {
		"The client assertion provided in the request is invalid.", "invalid_client", "token",
		"The assertion has expired, is for another audience, or is signed by a certificate that the application has not registered; the text says which", "Register the certificate, and mind the clock and the audience.",
	},
	CodeUnknownClient: {
		"The client id specified in the request is not registered in the tenant.", "unauthorized_client", "page, token",
		"client_id names no application of this tenant", "Correct it, or register the application.",
	},
	CodeKeysUnavailable: {
		"The signing keys of the policy are not available.", "server_error", "discovery",
		"The key set of the policy can't be read", "See the log by the correlation id.",
	},
	CodeNoTokens: {
		"The policy issues no tokens.", "server_error", "token",
		"The policy's journeys end with another issuer than a JWT issuer", "Use a policy whose SendClaims step names a JWT issuer.",
	},
	CodeUnknownPolicy: {
		"The tenant has no policy of this name.", "invalid_request", "page, token, discovery",
		"The address names no policy, two policies, one that isn't there, has no relying party, or has never compiled; the text says which", "Correct the address; for a policy that is there, see its details in the admin API.",
	},
	CodeNoAssertion: {
		"The request contains an empty client assertion.", "invalid_request", "redirect",
		"The relying party requires an input claim, which applications send in client_assertion, and the request has none", "Send the claims in a JWT that is signed with the relying party's client_secret.",
	},
	CodeNoSendClaims: {
		"The user journey ended without sending claims.", "server_error", "redirect",
		"All steps were done or skipped, SendClaims among them", "Check the preconditions of the last steps.",
	},
	CodePrompt: {
		"The prompt included in the request contains invalid values.", "invalid_request", "redirect",
		"prompt has other words than none, login, consent and select_account", "Correct it.",
	},
	CodeStateLost: {
		"The sign-in took too long or was opened in another browser. Please go back to the application and start again.", "server_error", "page, redirect",
		"The journey is over, belongs to another browser, or the browser sent no cookies", "Start again from the application.",
	},
	CodeNoProvider: {
		"No suitable way to sign in is available for this request.", "server_error", "redirect",
		"A selection step has no identity provider that is enabled", "Check `EnabledForUserJourneys` and preconditions.",
	},
	CodeUserNotFound: {
		"We can't seem to find your account.", "access_denied", "page, redirect",
		"Nobody has the name that was entered, or the account was deleted meanwhile", "Sign up, or correct the name.",
	},
	CodeWrongPassword: {
		"Your password is incorrect.", "access_denied", "page, redirect",
		"The password is wrong", "Try again, or reset it.",
	},
	CodeNoResource: {
		"The scope provided in the request must specify a resource.", "invalid_request", "redirect",
		"response_type asks for a token and no scope names an API or the client id", "Add the scope of an API.",
	},
	CodeImplicitOff: {
		"The application is not configured to allow the OAuth implicit flow for this response type.", "unauthorized_client", "redirect",
		"Implicit id or access tokens are off for the application", "Use the code flow, or switch `web.implicitGrantSettings` on.",
	},
	CodeLogoutURI: {
		"The post logout redirect URI has an invalid format.", "invalid_request", "sign-out",
		"post_logout_redirect_uri is no absolute address", "Correct it.",
	},
	CodeKeyMissing: {
		"A cryptographic key that the policy needs is not configured.", "server_error", "redirect",
		"The key set that a technical profile names isn't there", "Create it.",
	},
	CodeExchangeFailed: {
		"A claims exchange that the policy calls failed.", "server_error", "page, redirect",
		"The API that a step calls refused, or answered with an error; technical profile, step, code and reason are in the text", "Look at the API; in a self-asserted page's validation its message is shown to the user instead.",
	},
	CodeInteractionRequired: {
		"An interactive session could not be established without the user.", "interaction_required", "redirect, token",
		"prompt=none, or a token request, and the journey has to show a page", "Send the user to sign in.",
	},
	CodeSecretMissing: {
		"Clients must send a client_secret when redeeming a confidential grant.", "invalid_request", "token",
		"The redirect URI is registered for web, and the request has neither secret nor assertion", "Send one, or register the address as spa or publicClient.",
	},
	CodeGrantExpired: {
		"The provided grant has expired. Please re-authenticate and try again.", "invalid_grant", "token",
		"The code is older than ten minutes, or the refresh token's time or window is over", "Sign in anew.",
	},
	CodeClientSecret: {
		"The specified client_secret does not match the expected value for this client.", "invalid_client", "token",
		"The secret is wrong, has expired or was removed, or two ways of authentication differ", "Send the secret's value, not its id.",
	},
	CodeMissingParameter: {
		"The request is missing a required parameter, or has one more than once.", "invalid_request", "page, redirect, token",
		"The text names the parameter", "Send it once; a token request is a form in the body.",
	},
	CodePublicSecret: {
		"Public clients should not send a client_secret when redeeming a publicly acquired grant.", "invalid_request", "token",
		"The grant's redirect URI is registered for spa or publicClient", "Leave the secret out.",
	},
	CodeInternal: {
		"The service has encountered an internal error. Please try again.", "server_error", "page, redirect, token",
		"A fault of this server, or of the policy", "See the log by the correlation id.",
	},
	CodeGrantType: {
		"The supplied grant_type is not supported.", "unsupported_grant_type", "token",
		"grant_type is none of authorization_code, refresh_token, password and client_credentials", "Correct it.",
	},
	CodeOtherPolicy: {
		"The provided grant has not been issued for this endpoint.", "invalid_grant", "token",
		"The code or refresh token came from another policy", "Redeem it at the policy that it came from.",
	},
	CodeGrantMalformed: {
		"The provided grant is malformed or was encrypted with an unknown key.", "invalid_grant", "token",
		"It was cut or changed on its way, or comes from another server or master key", "Sign in anew; give all nodes the same master keys.",
	},
	CodeCancelled: {
		"The user has cancelled entering self-asserted information.", "access_denied", "redirect",
		"The user pressed Cancel", "Let the user start again.",
	},
	CodeClientDisabled: {
		"The application is disabled.", "unauthorized_client", "page, token",
		"An administrator disabled it", "Enable it.",
	},
	CodeScopeWithoutOpenID: {
		"The scope parameter must include 'openid' when requesting a response_type of 'id_token'.", "invalid_request", "redirect",
		"response_type has id_token and scope lacks openid", "Add openid.",
	},
	CodeAccountDisabled: {
		"Your account has been disabled. Contact your support person to unlock it, then try again.", "access_denied", "page, redirect",
		"The account is disabled", "Enable it; see `--compatible-disabled-accounts` for what B2C lets through.",
	},
	CodeAccountLocked: {
		"Your account is temporarily locked to prevent unauthorized use. Try again later.", "access_denied", "page, redirect",
		"Too many wrong passwords", "Wait, or reset the password.",
	},
	CodeScopeForCode: {
		"When requesting the 'code' response_type, the scope parameter must include a resource or client id for access tokens, or 'openid' for id tokens.", "invalid_request", "redirect",
		"scope names nothing that a code could be for", "Add openid, or a scope of an API.",
	},
	CodeUnknownScope: {
		"The scope provided in the request is not supported.", "invalid_request", "redirect, token",
		"No application of the tenant has the App ID URI, or client credentials ask for another scope than /.default", "Correct the scope, or expose it.",
	},
	CodeForgotPassword: {
		"The user has forgotten their password.", "access_denied", "redirect",
		"The user pressed the link, and the policy has no journey for it", "Send the user to the password reset policy.",
	},
	CodeMaxAge: {
		"The max_age parameter is not a number in the range that is allowed.", "invalid_request", "redirect",
		"max_age is no whole number of seconds", "Correct it.",
	},
	CodeUnreadable: {
		"The request could not be read.", "invalid_request", "page",
		"A parameter is too long, or has characters that none may have", "Correct the request.",
	},
	CodeAccountDeleted: {
		"The account that this grant was issued for does not exist any more.", "invalid_grant", "token",
		"The account was deleted", "Sign in anew.",
	},
	CodeGrantRevoked: {
		"The grant has been revoked.", "invalid_grant", "token, redirect",
		"The password was changed, sessions were revoked or the account disabled since; or the code or refresh token was used before, which revokes all that came from the sign-in", "Sign in anew; use each refresh token once.",
	},
	CodeSeveralResources: {
		"The scope provided in the request specifies more than one resource for an access token, which is not supported.", "invalid_request", "redirect, token",
		"Scopes of two APIs", "Ask for one at a time; one refresh token serves both.",
	},
	CodeRetriesUsed: {
		"The number of tries for this page is used up.", "access_denied", "redirect",
		"A page was posted wrongly too often (`setting.retryLimit`)", "Let the user start again.",
	},
	CodeNotValid: {
		"The information that was entered is not valid.", "access_denied", "page, redirect",
		"A value breaks its restriction, or an assertion failed", "See the page's message; outside of a page, the assertion is named in the log.",
	},
	CodeNotVerified: {
		"The claim could not be verified.", "access_denied", "page",
		"An address was not verified before the page was sent", "Verify it.",
	},
	CodeSendFailed: {
		"The verification code could not be sent. Please try again.", "server_error", "page",
		"The mail server refused, or none is configured", "See the log; set `--smtp-url`.",
	},
	CodeVerifierMismatch: {
		"The supplied code_verifier does not match the associated code_challenge.", "invalid_grant", "token",
		"PKCE: the verifier is another's, or the code was asked for without a challenge", "Keep the verifier with the request.",
	},
	CodeChallenge: {
		"The supplied code_challenge or code_verifier is invalid.", "invalid_request", "redirect; token: `invalid_grant`",
		"It has fewer than 43 or more than 128 characters, or illegal ones", "Make it as RFC 7636 says.",
	},
	CodeChallengeMethod: {
		"The supplied code_challenge_method is not supported. Supported values are plain and S256.", "invalid_request", "redirect",
		"Another method, a method without challenge, or plain for an application that may not use it", "Use S256.",
	},
	CodeBearerMissing: {
		"The bearer token for a claims exchange is not available.", "server_error", "redirect",
		"The claim that has an API's bearer token has no value", "Check the step that fetches it.",
	},
	CodeBearerEmpty: {
		"The bearer token for a claims exchange is empty.", "server_error", "redirect",
		"As 90194, with an empty value", "Check the step that fetches it.",
	},
	CodePermissions: {
		"This application does not have sufficient permissions against this web resource to perform the operation.", "invalid_request", "redirect, token",
		"The application was not granted the scope, or has no role of the API", "Grant it under `requiredResourceAccess`.",
	},
	CodeHintExpired: {
		"The id_token_hint is expired.", "invalid_request", "redirect",
		"An id_token_hint in the request is too old", "Send a fresh one.",
	},
	CodeHintAudience: {
		"The id_token_hint has another audience.", "invalid_request", "redirect",
		"Its aud is not the one that the profile's metadata names", "Correct the hint or the metadata.",
	},
	CodeHintInvalid: {
		"The id_token_hint could not be read.", "invalid_request", "redirect",
		"It is no JWT, or lacks what it needs", "Correct the hint.",
	},
	CodeNoActiveKey: {
		"A key set that the policy uses has no active key.", "server_error", "redirect, token",
		"All keys of the set are disabled, expired or not valid yet", "Add or enable a key.",
	},
	CodePasswordGrantOff: {
		"Resource owner flow has not been enabled for the application.", "unauthorized_client", "token",
		"grant_type=password, and the application is no public client", "Set `isFallbackPublicClient`.",
	},
	CodeInvalidCredentials: {
		"The username or password provided in the request are invalid.", "access_denied", "token",
		"grant_type=password with a wrong name or password", "Correct them.",
	},
	CodePostOnly: {
		"The specified token exchange is only supported over HTTP POST.", "invalid_request", "token",
		"The token endpoint was called with another method", "Use POST.",
	},
	CodeHintIssuer: {
		"The id_token_hint has another issuer.", "invalid_request", "redirect",
		"Its iss is not the one that the profile's metadata names", "Correct the hint or the metadata.",
	},
	CodeHintSignature: {
		"The id_token_hint failed signature validation.", "invalid_request", "redirect",
		"It is signed with a key that the profile doesn't name", "Check `METADATA` or the key set.",
	},
	CodeLogoutHintExpired: {
		"The id_token_hint is expired.", "invalid_request", "sign-out",
		"The policy enforces hints at sign-out, and this one is too old", "Send a fresh one.",
	},
	CodeLogoutHintAudience: {
		"The id_token_hint has no valid audience.", "invalid_request", "sign-out",
		"It is no id token of an application", "Send the application's id token.",
	},
	CodeLogoutHintIssuer: {
		"The id_token_hint was not issued here.", "invalid_request", "sign-out",
		"It comes from another server or policy", "Send the application's id token.",
	},
	CodeLogoutHintSignature: {
		"The id_token_hint failed signature validation.", "invalid_request", "sign-out",
		"It was changed, or is signed with a key that is gone", "Send a fresh one.",
	},
	CodeLogoutHintMalformed: {
		"The id_token_hint provided is malformed.", "invalid_request", "sign-out",
		"It is no JWT", "Send the application's id token.",
	},
	CodeThrottled: {
		"There are many requests at this moment. Please wait for some time and try again.", "temporarily_unavailable", "page, token (429)",
		"Too many tries from one place, or for one account; or the server is at its bound", "Wait for `Retry-After`.",
	},
	CodeIncompleteExchange: {
		"A claims exchange that the policy calls did not complete in time.", "server_error", "redirect",
		"The API did not answer within its time, or its circuit is open", "Look at the API, or give it more time.",
	},
	CodeUnparsableReply: {
		"The answer of a claims exchange could not be read.", "server_error", "redirect",
		"The API's answer is no JSON object, or too large", "Look at the API's answer.",
	},
	CodeLogoutHintMissing: {
		"The id_token_hint parameter has not been specified in the request.", "invalid_request", "sign-out",
		"The policy enforces hints at sign-out", "Send the application's id token.",
	},
	CodeProviderResponse: {
		"The identity provider gave an invalid response.", "server_error", "redirect",
		"The provider refused, or its answer or token doesn't hold what the policy asks for", "See the log by the correlation id.",
	},
	CodeUntrusted: {
		"A secure connection to the service that the policy calls could not be established.", "server_error", "redirect",
		"TLS, certificate, address or connection", "See the log; `--outbound-ca` for private authorities.",
	},
	CodeOtherClient: {
		"The provided client id does not match the client id that issued the grant.", "invalid_grant", "token",
		"The code or refresh token belongs to another application", "Redeem it with the application that asked for it.",
	},
	CodeNoRefreshJourney: {
		"The user journey for refreshing tokens is not available.", "server_error", "token",
		"The policy names a refresh journey that it lacks", "Declare it.",
	},
	CodeUnreachable: {
		"The identity provider could not be reached. Please try again in a few minutes.", "server_error", "redirect",
		"No connection, or no answer in time", "Look at the provider.",
	},
	CodeUserExists: {
		"A user with the specified ID already exists. Please choose a different one.", "server_error", "page, redirect",
		"Another account has the name", "Sign in, or choose another.",
	},
	CodeBadScope: {
		"The request contains an invalid scope parameter: it has an illegal character.", "invalid_request", "redirect",
		"scope has characters that none may have", "Correct it.",
	},
	CodeNoPasswordInput: {
		"No technical profile of the policy has the input claims that the resource owner password credential flow needs.", "server_error", "token",
		"grant_type=password at a policy that signs in otherwise", "Use a policy for it.",
	},
	CodeNoChallenge: {
		"The request must present a code_challenge.", "invalid_request", "redirect",
		"The redirect URI is registered for spa or publicClient, or PKCE is required, and the request has no challenge", "Use PKCE.",
	},
}

// Text is the code's own public text.
func (c Code) Text() string { return codes[c].text }

// OAuth is the OAuth error value that the application gets.
func (c Code) OAuth() string {
	if e, ok := codes[c]; ok {
		return e.oauth
	}
	return "server_error"
}

// Codes lists every code of the catalogue in order.
func Codes() []Code { return slices.Sorted(maps.Keys(codes)) }

// ErrorsPage is the page of all run-time errors, made from the catalogue.
func ErrorsPage() string {
	var b strings.Builder
	b.WriteString("# Errors\n\nWhat users and applications get at run time. Codes are Azure AD B2C's; the text may be more exact than the one here, and a policy\n" +
		"may have its own. *Page*: the user sees it, with the correlation id by which the log has the cause. *Redirect*: the application gets\n" +
		"`error` and `error_description` at its redirect URI (on the page instead, with `OnError` DisplayInService). *Token*: the token endpoint\n" +
		"answers with it. This page is generated from the catalogue in `internal/journey`. Faults of policy files are in\n" +
		"[diagnostics.md](diagnostics.md).\n\n| Code | OAuth error | Where | Text, cause and cure |\n|---|---|---|---|\n")
	for _, c := range Codes() {
		e := codes[c]
		fmt.Fprintf(&b, "| `%s` | `%s` | %s | %s<br>*Cause*: %s.<br>*Cure*: %s |\n", c, e.oauth, e.where, e.text, e.cause, e.cure)
	}
	return b.String()
}
