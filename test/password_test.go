package test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"journeyman.dev/internal/application"
	"journeyman.dev/internal/server"
)

// Resource owner password credentials (protocol §3.1).

// passwordPolicy are the building blocks, profiles and journeys that B2C's walkthrough of
// the flow asks for, on a base whose names are given.
func passwordPolicy(readUser, issuer, session string) string {
	claimTypes := ""
	for _, id := range []string{"logonIdentifier", "resource_id", "grant_type", "scope", "nca", "client_id", "userPrincipalName"} {
		claimTypes += `<ClaimType Id="` + id + `"><DisplayName>x</DisplayName><DataType>string</DataType></ClaimType>`
	}
	for _, id := range []string{"refreshTokenIssuedOnDateTime", "refreshTokensValidFromDateTime"} {
		claimTypes += `<ClaimType Id="` + id + `"><DisplayName>x</DisplayName><DataType>string</DataType></ClaimType>`
	}
	sm := `<UseTechnicalProfileForSessionManagement ReferenceId="` + session + `" />`
	return `<BuildingBlocks><ClaimsSchema>` + claimTypes + `</ClaimsSchema><ClaimsTransformations>
<ClaimsTransformation Id="AssertRefreshTokenIssuedLaterThanValidFromDate" TransformationMethod="AssertDateTimeIsGreaterThan"><InputClaims>
  <InputClaim ClaimTypeReferenceId="refreshTokenIssuedOnDateTime" TransformationClaimType="leftOperand" /><InputClaim ClaimTypeReferenceId="refreshTokensValidFromDateTime" TransformationClaimType="rightOperand" /></InputClaims>
  <InputParameters><InputParameter Id="AssertIfEqualTo" DataType="boolean" Value="false" /><InputParameter Id="AssertIfRightOperandIsNotPresent" DataType="boolean" Value="true" /></InputParameters></ClaimsTransformation>
</ClaimsTransformations></BuildingBlocks>
<ClaimsProviders><ClaimsProvider><DisplayName>Local Account SignIn</DisplayName><TechnicalProfiles>
<TechnicalProfile Id="ResourceOwnerPasswordCredentials-OAUTH2"><DisplayName>Local Account SignIn</DisplayName><Protocol Name="OpenIdConnect" /><Metadata>
  <Item Key="UserMessageIfClaimsPrincipalDoesNotExist">unknown user</Item><Item Key="UserMessageIfInvalidPassword">wrong password</Item>
  <Item Key="DiscoverMetadataByTokenIssuer">true</Item><Item Key="ValidTokenIssuerPrefixes">https://sts.windows.net/</Item>
  <Item Key="METADATA">https://login.microsoftonline.com/{tenant}/.well-known/openid-configuration</Item>
  <Item Key="authorization_endpoint">https://login.microsoftonline.com/{tenant}/oauth2/token</Item>
  <Item Key="response_types">id_token</Item><Item Key="response_mode">query</Item><Item Key="scope">email openid</Item><Item Key="grant_type">password</Item></Metadata>
  <InputClaims><InputClaim ClaimTypeReferenceId="logonIdentifier" PartnerClaimType="username" Required="true" DefaultValue="{OIDC:Username}" />
    <InputClaim ClaimTypeReferenceId="password" Required="true" DefaultValue="{OIDC:Password}" />
    <InputClaim ClaimTypeReferenceId="grant_type" DefaultValue="password" /><InputClaim ClaimTypeReferenceId="scope" DefaultValue="openid" />
    <InputClaim ClaimTypeReferenceId="nca" PartnerClaimType="nca" DefaultValue="1" />
    <InputClaim ClaimTypeReferenceId="client_id" DefaultValue="00000000-0000-0000-0000-000000000000" />
    <InputClaim ClaimTypeReferenceId="resource_id" PartnerClaimType="resource" DefaultValue="00000000-0000-0000-0000-000000000000" /></InputClaims>
  <OutputClaims><OutputClaim ClaimTypeReferenceId="objectId" PartnerClaimType="oid" /><OutputClaim ClaimTypeReferenceId="userPrincipalName" PartnerClaimType="upn" /></OutputClaims>` + sm + `</TechnicalProfile>
<TechnicalProfile Id="ResourceOwnerPasswordCredentials-RedeemRefreshToken"><DisplayName>Refresh token</DisplayName><Protocol Name="None" />
  <OutputClaims><OutputClaim ClaimTypeReferenceId="objectId" /><OutputClaim ClaimTypeReferenceId="refreshTokenIssuedOnDateTime" /></OutputClaims>` + sm + `</TechnicalProfile>
<TechnicalProfile Id="AAD-UserReadUsingObjectId-CheckRefreshTokenDate"><OutputClaims><OutputClaim ClaimTypeReferenceId="refreshTokensValidFromDateTime" /></OutputClaims>
  <OutputClaimsTransformations><OutputClaimsTransformation ReferenceId="AssertRefreshTokenIssuedLaterThanValidFromDate" /></OutputClaimsTransformations>
  <IncludeTechnicalProfile ReferenceId="` + readUser + `" /></TechnicalProfile>
<TechnicalProfile Id="` + issuer + `"><Metadata><Item Key="RefreshTokenUserJourneyId">ResourceOwnerPasswordCredentials-RedeemRefreshToken</Item></Metadata></TechnicalProfile>
</TechnicalProfiles></ClaimsProvider></ClaimsProviders>
<UserJourneys>
<UserJourney Id="ResourceOwnerPasswordCredentials"><PreserveOriginalAssertion>false</PreserveOriginalAssertion><OrchestrationSteps>` +
		step(1, "ResourceOwnerPasswordCredentials-OAUTH2", "") + step(2, readUser, "") +
		`<OrchestrationStep Order="3" Type="SendClaims" CpimIssuerTechnicalProfileReferenceId="` + issuer + `" /></OrchestrationSteps></UserJourney>
<UserJourney Id="ResourceOwnerPasswordCredentials-RedeemRefreshToken"><PreserveOriginalAssertion>false</PreserveOriginalAssertion><OrchestrationSteps>` +
		step(1, "ResourceOwnerPasswordCredentials-RedeemRefreshToken", "") + step(2, "AAD-UserReadUsingObjectId-CheckRefreshTokenDate", "") +
		`<OrchestrationStep Order="3" Type="SendClaims" CpimIssuerTechnicalProfileReferenceId="` + issuer + `" /></OrchestrationSteps></UserJourney></UserJourneys>`
}

// native registers an application that may send passwords.
func (e *env) native() application.Application {
	e.t.Helper()
	a := application.Application{ID: uuid.NewString(), AppID: uuid.NewString(), DisplayName: "native", NativeRedirects: []string{"myapp://auth"}, FallbackPublic: true}
	if err := e.srv.Apps.Create(context.Background(), a); err != nil {
		e.t.Fatal(err)
	}
	return a
}

// passwordForm is the request of B2C's walkthrough; parameters override or, when empty, remove.
func passwordForm(client application.Application, parameters map[string]string) url.Values {
	form := url.Values{
		"grant_type": {"password"}, "client_id": {client.AppID}, "username": {"emily@example.com"}, "password": {password},
		"scope": {"openid " + client.AppID + " offline_access"}, "response_type": {"token id_token"},
	}
	for k, v := range parameters {
		form.Set(k, v)
		if v == "" {
			form.Del(k)
		}
	}
	return form
}

func (g tokens) refused(t *testing.T, what, oauth, code string) {
	t.Helper()
	if g.status != http.StatusBadRequest || g.Error != oauth || !strings.HasPrefix(g.Description, code+": ") || len(g.raw) != 2 {
		t.Errorf("%s: %d %v, want %s %s", what, g.status, g.raw, oauth, code)
	}
}

func TestPasswordGrantOfTheStarterPack(t *testing.T) {
	t.Parallel()
	files := starterPack(t)
	e := start(t, nil)
	body := passwordPolicy("AAD-UserReadUsingObjectId", "JwtIssuer", "SM-Noop")
	header := files["TrustFrameworkExtensions"][:strings.Index(files["TrustFrameworkExtensions"], "<BasePolicy>")]
	files["Ropc"] = strings.Replace(header, "B2C_1A_TrustFrameworkExtensions\"", "B2C_1A_RopcExtensions\"", 1) +
		`<BasePolicy><TenantId>` + tenant + `</TenantId><PolicyId>B2C_1A_TrustFrameworkExtensions</PolicyId></BasePolicy>` + body + `</TrustFrameworkPolicy>`
	files["RopcAuth"] = strings.Replace(header, "B2C_1A_TrustFrameworkExtensions\"", "B2C_1A_ROPC_Auth\"", 1) +
		`<BasePolicy><TenantId>` + tenant + `</TenantId><PolicyId>B2C_1A_RopcExtensions</PolicyId></BasePolicy>
<RelyingParty><DefaultUserJourney ReferenceId="ResourceOwnerPasswordCredentials" /><TechnicalProfile Id="PolicyProfile"><DisplayName>PolicyProfile</DisplayName><Protocol Name="OpenIdConnect" />
<OutputClaims><OutputClaim ClaimTypeReferenceId="displayName" /><OutputClaim ClaimTypeReferenceId="givenName" /><OutputClaim ClaimTypeReferenceId="objectId" PartnerClaimType="sub" /></OutputClaims>
<SubjectNamingInfo ClaimType="sub" /></TechnicalProfile></RelyingParty></TrustFrameworkPolicy>`
	e.upload(files, append(uploadOrder, "Ropc", "RopcAuth")...)
	sub := e.user().signUp("B2C_1A_signup_signin", "emily@example.com")["sub"]
	checkPasswordGrant(t, e, "B2C_1A_ROPC_Auth", sub)
}

// ropc uploads a password policy on our own starter policies, with a user.
func (e *env) ropc() (policy string, subject any) {
	e.t.Helper()
	policy = e.own(passwordPolicy("Directory-Read", "Token-JWT", "Session-None"), relyingParty("ResourceOwnerPasswordCredentials", "", "displayName"))
	u := e.user()
	u.authorize(ownSignIn, nil)
	u.navigate("/api/CombinedSigninAndSignup/unified?local=signup")
	u.verify("email", "emily@example.com")
	u.pass(map[string]string{"email": "emily@example.com", "newPassword": password, "reenterPassword": password, "displayName": "Emily Smith"})
	_, payload := decode(e.t, u.redeem(ownSignIn).IDToken)
	return policy, payload["sub"]
}

func TestPasswordGrant(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	policy, sub := e.ropc()
	checkPasswordGrant(t, e, policy, sub)
}

// checkPasswordGrant gets tokens for a password and refreshes them until they are revoked.
func checkPasswordGrant(t *testing.T, e *env, policy string, sub any) {
	t.Helper()
	native := e.native()
	got := e.token(policy, passwordForm(native, map[string]string{"client_info": "1", "nonce": "n1"}))
	if got.status != 200 {
		t.Fatalf("%d %v", got.status, got.raw)
	}
	_, id := decode(t, got.IDToken)
	_, access := decode(t, got.AccessToken)
	for name, claims := range map[string]map[string]any{"id": id, "access": access} {
		if claims["sub"] != sub || claims["aud"] != native.AppID || claims["name"] != "Emily Smith" || claims["nonce"] != "n1" || claims["auth_time"] == nil {
			t.Errorf("%s token: %v", name, claims)
		}
	}
	if got.raw["token_type"] != "Bearer" || got.raw["expires_in"] != 3600.0 || got.raw["resource"] != native.AppID || got.raw["client_info"] == nil || got.RefreshToken == "" {
		t.Errorf("answer: %v", got.raw)
	}
	if only := e.token(policy, passwordForm(native, map[string]string{"scope": "openid"})); only.IDToken == "" || only.AccessToken != "" || only.RefreshToken != "" {
		t.Errorf("scope openid alone: %v", only.raw)
	}
	if secret := e.token(policy, passwordForm(native, map[string]string{"client_secret": "any"})); secret.status != 200 {
		t.Errorf("a secret, which isn't looked at: %v", secret.raw)
	}
	refresh := func(token string) tokens {
		return e.token(policy, url.Values{"grant_type": {"refresh_token"}, "client_id": {native.AppID}, "refresh_token": {token}})
	}
	e.clock.advance(time.Minute)
	again := refresh(got.RefreshToken)
	if again.status != 200 {
		t.Fatalf("refresh: %v", again.raw)
	}
	if _, claims := decode(t, again.IDToken); claims["sub"] != sub || claims["name"] != "Emily Smith" {
		t.Errorf("refreshed: %v", claims)
	}
	refresh(got.RefreshToken).refused(t, "replayed refresh token", "invalid_grant", "AADB2C90129")
	refresh(again.RefreshToken).refused(t, "refresh token of its family", "invalid_grant", "AADB2C90129")
	e.token(policy, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {again.RefreshToken}}).refused(t, "refresh token of another client", "invalid_grant", "AADB2C90279")
	third := e.token(policy, passwordForm(native, nil))
	e.clock.advance(time.Minute)
	if status, answer := e.graph(admin, "POST", "v1.0/users/"+sub.(string)+"/revokeSignInSessions", nil); status != 200 {
		t.Fatalf("%d %v", status, answer)
	}
	e.clock.advance(time.Minute)
	refresh(third.RefreshToken).refused(t, "revoked refresh token", "invalid_grant", "AADB2C90129")
}

func TestPasswordGrantsThatAreRefused(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	policy, _ := e.ropc()
	native := e.native()
	for _, c := range []struct {
		what, oauth, code string
		parameters        map[string]string
	}{
		{"wrong password", "access_denied", "AADB2C90225", map[string]string{"password": "wrong"}},
		{"unknown user", "access_denied", "AADB2C90225", map[string]string{"username": "nobody@example.com"}},
		{"no user name", "invalid_request", "AADB2C90083", map[string]string{"username": ""}},
		{"no password", "invalid_request", "AADB2C90083", map[string]string{"password": ""}},
		{"no scope", "invalid_request", "AADB2C90010", map[string]string{"scope": ""}},
		{"unknown scope", "invalid_request", "AADB2C90117", map[string]string{"scope": "openid User.Read"}},
		{"nothing to issue", "invalid_request", "AADB2C90115", map[string]string{"scope": "offline_access"}},
		{"an application that may not", "unauthorized_client", "AADB2C90224", map[string]string{"client_id": e.spa.AppID}},
		{"a web application with its secret", "unauthorized_client", "AADB2C90224", map[string]string{"client_id": e.web.AppID, "client_secret": e.secret}},
		{"unknown application", "unauthorized_client", "AADB2C90018", map[string]string{"client_id": uuid.NewString()}},
		{"another grant_type", "unsupported_grant_type", "AADB2C90086", map[string]string{"grant_type": "Password"}},
	} {
		e.token(policy, passwordForm(native, c.parameters)).refused(t, c.what, c.oauth, c.code)
	}
	wrong := e.token(policy, passwordForm(native, map[string]string{"password": "wrong"}))
	unknown := e.token(policy, passwordForm(native, map[string]string{"username": "nobody@example.com"}))
	if publicPart(wrong.Description) != publicPart(unknown.Description) {
		t.Errorf("the answer tells whether an account exists:\n%s\n%s", wrong.Description, unknown.Description)
	}
	e.token(ownSignIn, passwordForm(native, nil)).refused(t, "a policy that asks on pages", "server_error", "AADB2C99015")
	repeated := passwordForm(native, nil)
	repeated["username"] = []string{"emily@example.com", "bob@example.com"}
	e.token(policy, repeated).refused(t, "two user names", "invalid_request", "AADB2C90083")

	got := e.token(policy, passwordForm(native, nil))
	e.token(ownSignIn, url.Values{"grant_type": {"refresh_token"}, "client_id": {native.AppID}, "refresh_token": {got.RefreshToken}}).
		refused(t, "its refresh token at another policy", "invalid_grant", "AADB2C90088")
	u := e.user()
	u.authorize(policy, map[string]string{"username": "emily@example.com", "password": password})
	if u.result().Get("code") != "" {
		t.Error("a password in an authorize request was taken")
	}
}

func TestPasswordGrantsLockAccounts(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	policy, sub := e.ropc()
	native := e.native()
	for i := range 10 {
		e.token(policy, passwordForm(native, map[string]string{"password": fmt.Sprint("wrong", i)})).refused(t, "wrong password", "access_denied", "AADB2C90225")
	}
	e.token(policy, passwordForm(native, nil)).refused(t, "locked", "access_denied", "AADB2C90114")
	e.clock.advance(time.Minute)
	if got := e.token(policy, passwordForm(native, nil)); got.status != 200 {
		t.Errorf("after the lock: %v", got.raw)
	}
	if status, answer := e.graph(admin, "PATCH", "v1.0/users/"+sub.(string), object{"accountEnabled": false}); status != 204 {
		t.Fatalf("%d %v", status, answer)
	}
	e.token(policy, passwordForm(native, nil)).refused(t, "disabled", "access_denied", "AADB2C90111")
}

// A journey that reads the password may still come to a page: that isn't shown.
func TestAPasswordGrantShowsNoPage(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	extension := strings.Replace(passwordPolicy("Directory-Read", "Token-JWT", "Session-None"),
		`<OrchestrationStep Order="3" Type="SendClaims"`, step(3, "Page-Profile", "")+`<OrchestrationStep Order="4" Type="SendClaims"`, 1)
	policy := e.own(extension, relyingParty("ResourceOwnerPasswordCredentials", "", "displayName"))
	e.user().ownSignUp("emily@example.com")
	e.token(policy, passwordForm(e.native(), nil)).refused(t, "a page", "interaction_required", "AADB2C90077")
}

func TestPasswordGrantOfAUserFlow(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	susi, ropc := e.flow("susi", "signUpOrSignIn"), e.flow("ropc", "resourceOwner")
	u := e.user()
	u.register(susi, "emily@example.com", nil)
	sub := u.claims(susi)["sub"]
	native := e.native()
	got := e.token(ropc, passwordForm(native, nil))
	if got.status != 200 {
		t.Fatalf("%d %v", got.status, got.raw)
	}
	_, access := decode(t, got.AccessToken)
	if access["sub"] != sub || access["tfp"] != "B2C_1_ropc" || access["aud"] != native.AppID {
		t.Errorf("access token: %v", access)
	}
	refreshed := e.token(ropc, url.Values{"grant_type": {"refresh_token"}, "client_id": {native.AppID}, "refresh_token": {got.RefreshToken}})
	if _, claims := decode(t, refreshed.IDToken); claims["sub"] != sub {
		t.Errorf("refreshed: %v", claims)
	}
	e.token(ropc, passwordForm(native, map[string]string{"password": "wrong"})).refused(t, "wrong password", "access_denied", "AADB2C90225")
	e.token(susi, passwordForm(native, nil)).refused(t, "a flow with pages", "server_error", "AADB2C99015")

	checks := e.audits("Validate local account credentials", 2)
	if checks[0]["result"] != "success" || checks[1]["result"] != "failure" || detail(checks[0], "LocalAccountUsername") != "emily@example.com" {
		t.Errorf("checks: %v", checks)
	}
	issued := e.audits("Issue an access token to the application", 1)
	if detail(issued[0], "PolicyId") != ropc || detail(issued[0], "ApplicationId") != native.AppID {
		t.Errorf("issued: %v", issued)
	}
}

// lockedBuffer is a log that several goroutines write.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

func TestPasswordsReachNoLog(t *testing.T) {
	t.Parallel()
	log := new(lockedBuffer)
	e := start(t, func(c *server.Config) {
		c.Log = slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	})
	policy, _ := e.ropc()
	native := e.native()
	e.token(policy, passwordForm(native, nil))
	e.token(policy, passwordForm(native, map[string]string{"password": "wrong-secret"}))
	e.token(ownSignIn, passwordForm(native, nil))
	text := log.String()
	if !strings.Contains(text, "AADB2C90225") {
		t.Error("the refusal isn't logged")
	}
	for _, secret := range []string{password, "wrong-secret", "emily@example.com"} {
		if strings.Contains(text, secret) {
			t.Errorf("%q is in the log", secret)
		}
	}
}

// A policy may ask an API about the password instead of the directory, as migrations do.
func TestAPasswordGrantThroughAnAPI(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	policy := e.own(`<BuildingBlocks><ClaimsSchema><ClaimType Id="logonIdentifier"><DataType>string</DataType></ClaimType></ClaimsSchema></BuildingBlocks>
<ClaimsProviders><ClaimsProvider><DisplayName>t</DisplayName><TechnicalProfiles><TechnicalProfile Id="REST-Login"><DisplayName>x</DisplayName>
<Protocol Name="Proprietary" Handler="Web.TPEngine.Providers.RestfulProvider, Web.TPEngine, Version=1.0.0.0, Culture=neutral, PublicKeyToken=null" />
<Metadata><Item Key="ServiceUrl">`+e.api.server.URL+`/login</Item><Item Key="SendClaimsIn">Body</Item><Item Key="AuthenticationType">None</Item><Item Key="AllowInsecureAuthInProduction">true</Item></Metadata>
<InputClaims><InputClaim ClaimTypeReferenceId="logonIdentifier" PartnerClaimType="user" DefaultValue="{OIDC:Username}" /><InputClaim ClaimTypeReferenceId="password" PartnerClaimType="secret" DefaultValue="{OIDC:Password}" /></InputClaims>
<OutputClaims><OutputClaim ClaimTypeReferenceId="objectId" PartnerClaimType="id" /></OutputClaims></TechnicalProfile></TechnicalProfiles></ClaimsProvider></ClaimsProviders>
<UserJourneys><UserJourney Id="J"><OrchestrationSteps>`+step(1, "REST-Login", "")+`<OrchestrationStep Order="2" `+sendClaims+`</OrchestrationSteps></UserJourney></UserJourneys>`,
		relyingParty("J", ""))
	native := e.native()
	e.api.respond(200, `{"id":"legacy-7"}`)
	got := e.token(policy, passwordForm(native, map[string]string{"scope": "openid", "username": "emily"}))
	if _, claims := decode(t, got.IDToken); claims["sub"] != "legacy-7" {
		t.Errorf("%v", claims)
	}
	if calls := e.api.take(); len(calls) != 1 || calls[0].Body != `{"user":"emily","secret":"`+password+`"}` {
		t.Errorf("calls: %v", calls)
	}
	e.api.respond(409, `{"version":"1.0.0","status":409,"userMessage":"Use the website, {{x}}\r\nfake: line"}`)
	got = e.token(policy, passwordForm(native, map[string]string{"scope": "openid"}))
	got.refused(t, "the API refuses", "server_error", "AADB2C90075")
	if !strings.Contains(got.Description, "Use the website") || strings.Contains(got.Description, "\nfake") {
		t.Errorf("description: %q", got.Description)
	}
}
