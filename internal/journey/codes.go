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
		"redirect_uri or post_logout_redirect_uri differs from every registered address of the application, by a character or by its platform", "Register the address as the application sends it, or correct the application.",
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
		"scope is missing or blank", "Request openid or a scope of an API.",
	},
	CodeResponseType: {
		"The response type is missing or not supported.", "unsupported_response_type", "redirect",
		"response_type contains other words than code, id_token and token", "Correct it.",
	},
	CodeResponseMode: {
		"The response mode is not supported.", "invalid_request", "redirect",
		"response_mode isn't query, fragment or form_post, or it is query in a request for a token", "Omit response_mode, or use fragment or form_post for tokens.",
	},
	CodeAssertionType: {
		"The requested client assertion type does not match the expected type.", "invalid_client", "token",
		"client_assertion_type isn't urn:ietf:params:oauth:client-assertion-type:jwt-bearer", "Correct it.",
	},
	CodeAssertion: {
		"The client assertion provided in the request is invalid.", "invalid_client", "token",
		"The assertion has expired, is for another audience, or is signed with a certificate that isn't registered for the application; the text names the reason", "Register the certificate; check the clock and the audience.",
	},
	CodeUnknownClient: {
		"The client id specified in the request is not registered in the tenant.", "unauthorized_client", "page, token",
		"client_id names no application of this tenant", "Correct client_id, or register the application.",
	},
	CodeKeysUnavailable: {
		"The signing keys of the policy are not available.", "server_error", "discovery",
		"The server can't read the key set of the policy", "Search the log for the correlation id.",
	},
	CodeNoTokens: {
		"The policy issues no tokens.", "server_error", "token",
		"The policy's journeys end with an issuer that isn't a JWT issuer", "Use a policy whose SendClaims step names a JWT issuer.",
	},
	CodeUnknownPolicy: {
		"The tenant has no policy of this name.", "invalid_request", "page, token, discovery",
		"The address names no policy or two policies, or the policy doesn't exist, has no relying party or was never compiled without errors; the text names the reason", "Correct the address. If the policy exists, see its details in the admin API.",
	},
	CodeNoAssertion: {
		"The request contains an empty client assertion.", "invalid_request", "redirect",
		"The relying party requires an input claim from client_assertion, but the request doesn't contain it", "Send the claims in client_assertion, as a JWT signed with the relying party's client_secret.",
	},
	CodeNoSendClaims: {
		"The user journey ended without sending claims.", "server_error", "redirect",
		"The journey reached its end, and its SendClaims step was skipped", "Check the preconditions of the last steps.",
	},
	CodePrompt: {
		"The prompt included in the request contains invalid values.", "invalid_request", "redirect",
		"prompt contains other words than none, login, consent and select_account", "Correct it.",
	},
	CodeStateLost: {
		"The sign-in took too long or was opened in another browser. Please go back to the application and start again.", "server_error", "page, redirect",
		"The journey has ended or belongs to another browser, or the browser sent no cookies", "Start again from the application.",
	},
	CodeNoProvider: {
		"No suitable way to sign in is available for this request.", "server_error", "redirect",
		"A selection step has no enabled identity provider", "Check `EnabledForUserJourneys` and preconditions.",
	},
	CodeUserNotFound: {
		"We can't seem to find your account.", "access_denied", "page, redirect",
		"No account has the entered name, or the account was deleted in the meantime", "Sign up, or correct the name.",
	},
	CodeWrongPassword: {
		"Your password is incorrect.", "access_denied", "page, redirect",
		"The password is wrong", "Try again, or reset the password.",
	},
	CodeNoResource: {
		"The scope provided in the request must specify a resource.", "invalid_request", "redirect",
		"response_type requests a token, but no scope names an API or the client id", "Add the scope of an API.",
	},
	CodeImplicitOff: {
		"The application is not configured to allow the OAuth implicit flow for this response type.", "unauthorized_client", "redirect",
		"Implicit id tokens or access tokens are disabled for the application", "Use the code flow, or enable the tokens in `web.implicitGrantSettings`.",
	},
	CodeLogoutURI: {
		"The post logout redirect URI has an invalid format.", "invalid_request", "sign-out",
		"post_logout_redirect_uri isn't an absolute address", "Correct it.",
	},
	CodeKeyMissing: {
		"A cryptographic key that the policy needs is not configured.", "server_error", "redirect",
		"A technical profile names a key set that doesn't exist", "Create the key set.",
	},
	CodeExchangeFailed: {
		"A claims exchange that the policy calls failed.", "server_error", "page, redirect",
		"The API of a step refused the call or answered with an error; the text contains technical profile, step, code and reason", "Examine the API. In the validation of a self-asserted page, the user sees the API's message instead.",
	},
	CodeInteractionRequired: {
		"An interactive session could not be established without the user.", "interaction_required", "redirect, token",
		"The journey must show a page, but the request is a token request or contains prompt=none", "Send the user to sign in.",
	},
	CodeSecretMissing: {
		"Clients must send a client_secret when redeeming a confidential grant.", "invalid_request", "token",
		"The redirect URI is registered for web, but the request contains neither secret nor assertion", "Send a secret or an assertion, or register the address as spa or publicClient.",
	},
	CodeGrantExpired: {
		"The provided grant has expired. Please re-authenticate and try again.", "invalid_grant", "token",
		"The code is older than ten minutes, or the lifetime or sliding window of the refresh token has ended", "Sign in again.",
	},
	CodeClientSecret: {
		"The specified client_secret does not match the expected value for this client.", "invalid_client", "token",
		"The secret is wrong, has expired or was removed, or the request contains two different authentications", "Send the secret's value, not its id.",
	},
	CodeMissingParameter: {
		"The request is missing a required parameter, or has one more than once.", "invalid_request", "page, redirect, token",
		"A required parameter is missing or repeated; the text names it", "Send the parameter once. Send a token request as a form in the body.",
	},
	CodePublicSecret: {
		"Public clients should not send a client_secret when redeeming a publicly acquired grant.", "invalid_request", "token",
		"The grant's redirect URI is registered for spa or publicClient", "Omit the secret.",
	},
	CodeInternal: {
		"The service has encountered an internal error. Please try again.", "server_error", "page, redirect, token",
		"This server or the policy contains a fault", "Search the log for the correlation id.",
	},
	CodeGrantType: {
		"The supplied grant_type is not supported.", "unsupported_grant_type", "token",
		"grant_type isn't authorization_code, refresh_token, password or client_credentials", "Correct it.",
	},
	CodeOtherPolicy: {
		"The provided grant has not been issued for this endpoint.", "invalid_grant", "token",
		"Another policy issued the code or refresh token", "Redeem it at the policy that issued it.",
	},
	CodeGrantMalformed: {
		"The provided grant is malformed or was encrypted with an unknown key.", "invalid_grant", "token",
		"The code or token was changed or cut, or comes from a server with another master key", "Sign in again. Give all nodes the same master keys.",
	},
	CodeCancelled: {
		"The user has cancelled entering self-asserted information.", "access_denied", "redirect",
		"The user pressed Cancel", "Let the user start again.",
	},
	CodeClientDisabled: {
		"The application is disabled.", "unauthorized_client", "page, token",
		"An administrator disabled the application", "Enable the application.",
	},
	CodeScopeWithoutOpenID: {
		"The scope parameter must include 'openid' when requesting a response_type of 'id_token'.", "invalid_request", "redirect",
		"response_type contains id_token, but scope lacks openid", "Add openid.",
	},
	CodeAccountDisabled: {
		"Your account has been disabled. Contact your support person to unlock it, then try again.", "access_denied", "page, redirect",
		"The account is disabled", "Enable the account. B2C accepts disabled accounts of social providers: see `--compatible-disabled-accounts`.",
	},
	CodeAccountLocked: {
		"Your account is temporarily locked to prevent unauthorized use. Try again later.", "access_denied", "page, redirect",
		"The password was wrong too often", "Wait, or reset the password.",
	},
	CodeScopeForCode: {
		"When requesting the 'code' response_type, the scope parameter must include a resource or client id for access tokens, or 'openid' for id tokens.", "invalid_request", "redirect",
		"scope contains neither openid nor a resource, so the code would give no token", "Add openid, or a scope of an API.",
	},
	CodeUnknownScope: {
		"The scope provided in the request is not supported.", "invalid_request", "redirect, token",
		"No application of the tenant has the scope's App ID URI, or a client credentials request contains another scope than /.default", "Correct the scope, or expose it in the API's registration.",
	},
	CodeForgotPassword: {
		"The user has forgotten their password.", "access_denied", "redirect",
		"The user pressed the link for forgotten passwords, but the policy has no journey for it", "Send the user to the password reset policy.",
	},
	CodeMaxAge: {
		"The max_age parameter is not a number in the range that is allowed.", "invalid_request", "redirect",
		"max_age isn't a whole number of seconds", "Correct it.",
	},
	CodeUnreadable: {
		"The request could not be read.", "invalid_request", "page",
		"A parameter is too long or contains illegal characters", "Correct the request.",
	},
	CodeAccountDeleted: {
		"The account that this grant was issued for does not exist any more.", "invalid_grant", "token",
		"The account was deleted", "Sign in again.",
	},
	CodeGrantRevoked: {
		"The grant has been revoked.", "invalid_grant", "token, redirect",
		"Since the sign-in, the password was changed, sessions were revoked or the account was disabled; or the code or refresh token was used twice, which revokes all tokens of the sign-in", "Sign in again. Use each refresh token once.",
	},
	CodeSeveralResources: {
		"The scope provided in the request specifies more than one resource for an access token, which is not supported.", "invalid_request", "redirect, token",
		"The request contains scopes of two APIs", "Request one API at a time. One refresh token serves both.",
	},
	CodeRetriesUsed: {
		"The number of tries for this page is used up.", "access_denied", "redirect",
		"The user sent a page with errors too often (`setting.retryLimit`)", "Let the user start again.",
	},
	CodeNotValid: {
		"The information that was entered is not valid.", "access_denied", "page, redirect",
		"A value violates its restriction, or an assertion failed", "See the page's message. Outside a page, the log names the assertion.",
	},
	CodeNotVerified: {
		"The claim could not be verified.", "access_denied", "page",
		"The user sent the page before an address was verified", "Verify the address.",
	},
	CodeSendFailed: {
		"The verification code could not be sent. Please try again.", "server_error", "page",
		"The mail server refused the mail, or no mail server is configured", "See the log; set `--smtp-url`.",
	},
	CodeVerifierMismatch: {
		"The supplied code_verifier does not match the associated code_challenge.", "invalid_grant", "token",
		"PKCE: the verifier belongs to another request, or the code was requested without a challenge", "Store the verifier with the request.",
	},
	CodeChallenge: {
		"The supplied code_challenge or code_verifier is invalid.", "invalid_request", "redirect; token: `invalid_grant`",
		"The value has fewer than 43 or more than 128 characters, or contains illegal characters", "Follow RFC 7636.",
	},
	CodeChallengeMethod: {
		"The supplied code_challenge_method is not supported. Supported values are plain and S256.", "invalid_request", "redirect",
		"The request contains another method, a method without challenge, or plain for an application that may not use it", "Use S256.",
	},
	CodeBearerMissing: {
		"The bearer token for a claims exchange is not available.", "server_error", "redirect",
		"The claim for an API's bearer token has no value", "Check the step that fetches the token.",
	},
	CodeBearerEmpty: {
		"The bearer token for a claims exchange is empty.", "server_error", "redirect",
		"The claim for an API's bearer token is empty", "Check the step that fetches the token.",
	},
	CodePermissions: {
		"This application does not have sufficient permissions against this web resource to perform the operation.", "invalid_request", "redirect, token",
		"The application lacks a permission for the scope, or has no role of the API", "Grant the scope or role under `requiredResourceAccess`.",
	},
	CodeHintExpired: {
		"The id_token_hint is expired.", "invalid_request", "redirect",
		"The id_token_hint in the request has expired", "Send a fresh token.",
	},
	CodeHintAudience: {
		"The id_token_hint has another audience.", "invalid_request", "redirect",
		"The hint's aud differs from the profile's metadata", "Correct the hint or the metadata.",
	},
	CodeHintInvalid: {
		"The id_token_hint could not be read.", "invalid_request", "redirect",
		"The hint isn't a JWT, or lacks a required claim", "Correct the hint.",
	},
	CodeNoActiveKey: {
		"A key set that the policy uses has no active key.", "server_error", "redirect, token",
		"All keys of the set are disabled, expired or not valid yet", "Add or enable a key.",
	},
	CodePasswordGrantOff: {
		"Resource owner flow has not been enabled for the application.", "unauthorized_client", "token",
		"grant_type is password, but the application isn't a public client", "Set `isFallbackPublicClient`.",
	},
	CodeInvalidCredentials: {
		"The username or password provided in the request are invalid.", "access_denied", "token",
		"grant_type is password, and the name or the password is wrong", "Correct them.",
	},
	CodePostOnly: {
		"The specified token exchange is only supported over HTTP POST.", "invalid_request", "token",
		"The application called the token endpoint with another method", "Use POST.",
	},
	CodeHintIssuer: {
		"The id_token_hint has another issuer.", "invalid_request", "redirect",
		"The hint's iss differs from the profile's metadata", "Correct the hint or the metadata.",
	},
	CodeHintSignature: {
		"The id_token_hint failed signature validation.", "invalid_request", "redirect",
		"The hint is signed with a key that the profile doesn't name", "Check `METADATA` or the key set.",
	},
	CodeLogoutHintExpired: {
		"The id_token_hint is expired.", "invalid_request", "sign-out",
		"The policy enforces hints at sign-out, and this hint has expired", "Send a fresh token.",
	},
	CodeLogoutHintAudience: {
		"The id_token_hint has no valid audience.", "invalid_request", "sign-out",
		"The hint isn't an id token of an application", "Send the application's id token.",
	},
	CodeLogoutHintIssuer: {
		"The id_token_hint was not issued here.", "invalid_request", "sign-out",
		"Another server or policy issued the hint", "Send the application's id token.",
	},
	CodeLogoutHintSignature: {
		"The id_token_hint failed signature validation.", "invalid_request", "sign-out",
		"The hint was changed, or its signing key no longer exists", "Send a fresh token.",
	},
	CodeLogoutHintMalformed: {
		"The id_token_hint provided is malformed.", "invalid_request", "sign-out",
		"The hint isn't a JWT", "Send the application's id token.",
	},
	CodeThrottled: {
		"There are many requests at this moment. Please wait for some time and try again.", "temporarily_unavailable", "page, token (429)",
		"There were too many attempts from one client or for one account, or the server has reached a limit", "Wait for `Retry-After`.",
	},
	CodeIncompleteExchange: {
		"A claims exchange that the policy calls did not complete in time.", "server_error", "redirect",
		"The API didn't answer in time, or its circuit breaker is open", "Examine the API, or increase its time-out.",
	},
	CodeUnparsableReply: {
		"The answer of a claims exchange could not be read.", "server_error", "redirect",
		"The API's answer isn't a JSON object, or is too large", "Examine the API's answer.",
	},
	CodeLogoutHintMissing: {
		"The id_token_hint parameter has not been specified in the request.", "invalid_request", "sign-out",
		"The policy enforces hints at sign-out, but the request contains none", "Send the application's id token.",
	},
	CodeProviderResponse: {
		"The identity provider gave an invalid response.", "server_error", "redirect",
		"The provider refused, or its answer or token isn't valid for the policy", "Search the log for the correlation id.",
	},
	CodeUntrusted: {
		"A secure connection to the service that the policy calls could not be established.", "server_error", "redirect",
		"TLS failed, or the certificate, the address or the connection isn't acceptable", "See the log; use `--outbound-ca` for private authorities.",
	},
	CodeOtherClient: {
		"The provided client id does not match the client id that issued the grant.", "invalid_grant", "token",
		"The code or refresh token belongs to another application", "Redeem it with the application that requested it.",
	},
	CodeNoRefreshJourney: {
		"The user journey for refreshing tokens is not available.", "server_error", "token",
		"The policy names an undeclared refresh journey", "Declare the journey.",
	},
	CodeUnreachable: {
		"The identity provider could not be reached. Please try again in a few minutes.", "server_error", "redirect",
		"The connection failed, or the provider didn't answer in time", "Examine the provider.",
	},
	CodeUserExists: {
		"A user with the specified ID already exists. Please choose a different one.", "server_error", "page, redirect",
		"Another account has the name", "Sign in, or choose another name.",
	},
	CodeBadScope: {
		"The request contains an invalid scope parameter: it has an illegal character.", "invalid_request", "redirect",
		"scope contains illegal characters", "Correct it.",
	},
	CodeNoPasswordInput: {
		"No technical profile of the policy has the input claims that the resource owner password credential flow needs.", "server_error", "token",
		"grant_type is password, but the policy doesn't support that grant", "Use a policy for the password grant.",
	},
	CodeNoChallenge: {
		"The request must present a code_challenge.", "invalid_request", "redirect",
		"The request contains no challenge, but the redirect URI is registered for spa or publicClient, or PKCE is required", "Use PKCE.",
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
	b.WriteString("# Errors\n\nUsers and applications get these errors at run time. The codes are Azure AD B2C's. The text of a request may be more exact than\n" +
		"the text here, and a policy may replace it. *Page*: the user sees the error with a correlation id, under which the log contains the\n" +
		"cause. *Redirect*: the application gets `error` and `error_description` at its redirect URI (with `OnError` DisplayInService, the\n" +
		"user sees the error on the page instead). *Token*: the token endpoint answers with the error. This page is generated from the\n" +
		"catalogue in `internal/journey`. Faults of policy files are in [diagnostics.md](diagnostics.md).\n\n" +
		"| Code | OAuth error | Where | Text, cause and cure |\n|---|---|---|---|\n")
	for _, c := range Codes() {
		e := codes[c]
		fmt.Fprintf(&b, "| `%s` | `%s` | %s | %s<br>*Cause*: %s.<br>*Cure*: %s |\n", c, e.oauth, e.where, e.text, e.cause, e.cure)
	}
	return b.String()
}
