package test

import (
	"net/url"
	"strings"
	"testing"
)

func TestAPageWithNothingToShowIsNoPage(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	policy := e.asks(pageSpec{
		blocks:  `<ClaimType Id="nick"><DisplayName>Nick</DisplayName><DataType>string</DataType></ClaimType>`,
		outputs: `<OutputClaim ClaimTypeReferenceId="nick" DefaultValue="set" />`,
	})
	u := e.user()
	u.authorize(policy, nil)
	u.redeem(policy)
}

func TestVerificationCanBeSwitchedOff(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	policy := e.asks(pageSpec{
		blocks:   `<ClaimType Id="email"><DisplayName>E-mail</DisplayName><DataType>string</DataType><UserInputType>EmailBox</UserInputType></ClaimType>`,
		outputs:  `<OutputClaim ClaimTypeReferenceId="email" PartnerClaimType="Verified.Email" Required="true" />`,
		metadata: `<Item Key="EnforceEmailVerification">False</Item>`, token: []string{"email"},
	})
	u := e.user()
	u.authorize(policy, nil)
	if strings.Contains(u.page, "email_ver_but_send") {
		t.Error("there is a button to send a code")
	}
	if r := u.post(url.Values{"request_type": {"VERIFICATION_REQUEST"}, "claim_id": {"email"}, "claim_value": {"ada@example.com"}}); r.Status != "400" || len(e.srv.Outbox.Messages()) != 0 {
		t.Errorf("a code was sent: %+v", r)
	}
	u.pass(map[string]string{"email": "ada@example.com"})
	u.redeem(policy)
}

func TestBlanksAroundPasswordsStayUnlessTrimmed(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	for trim, status := range map[string]string{"true": "200", "false": "400"} {
		policy := e.asks(pageSpec{
			blocks:  `<ClaimType Id="secret"><DisplayName>Password</DisplayName><DataType>string</DataType><UserInputType>Password</UserInputType><Restriction><Pattern RegularExpression="^\S+$" /></Restriction></ClaimType>`,
			outputs: `<OutputClaim ClaimTypeReferenceId="secret" Required="true" />`, token: []string{"secret"},
			metadata: `<Item Key="setting.trimSpacesInPassword">` + trim + `</Item>`,
		})
		u := e.user()
		u.authorize(policy, nil)
		if !strings.Contains(u.page, `"trimSpacesInPassword":`+trim) {
			t.Errorf("%s: the page doesn't know", trim)
		}
		if r := u.submit(map[string]string{"secret": " Pass-word.1 "}); r.Status != status {
			t.Errorf("%s: %+v", trim, r)
		}
	}
}

// unified uploads a sign-in page: its layout, metadata of its profile, and more members of
// the relying party's behaviours.
func (e *env) unified(layout, metadata, behaviors string) string {
	e.t.Helper()
	extension := `<BuildingBlocks><ContentDefinitions><ContentDefinition Id="api.signin"><DataUri>urn:com:microsoft:aad:b2c:elements:` + layout + `</DataUri></ContentDefinition></ContentDefinitions></BuildingBlocks>
<ClaimsProviders><ClaimsProvider><DisplayName>t</DisplayName><TechnicalProfiles><TechnicalProfile Id="Page-SignIn"><Metadata>` + metadata + `</Metadata></TechnicalProfile></TechnicalProfiles></ClaimsProvider></ClaimsProviders>
<UserJourneys><UserJourney Id="J"><OrchestrationSteps>
<OrchestrationStep Order="1" Type="CombinedSignInAndSignUp" ContentDefinitionReferenceId="api.signin"><ClaimsProviderSelections><ClaimsProviderSelection TargetClaimsExchangeId="ForgotPasswordExchange" /><ClaimsProviderSelection ValidationClaimsExchangeId="SignInExchange" /></ClaimsProviderSelections><ClaimsExchanges><ClaimsExchange Id="SignInExchange" TechnicalProfileReferenceId="Page-SignIn" /></ClaimsExchanges></OrchestrationStep>
<OrchestrationStep Order="2" Type="ClaimsExchange"><Preconditions><Precondition Type="ClaimsExist" ExecuteActionsIf="true"><Value>objectId</Value><Action>SkipThisOrchestrationStep</Action></Precondition></Preconditions><ClaimsExchanges><ClaimsExchange Id="SignUpExchange" TechnicalProfileReferenceId="Page-SignUp" /><ClaimsExchange Id="ForgotPasswordExchange" TechnicalProfileReferenceId="Page-FindAccount" /><ClaimsExchange Id="ByProfileExchange" TechnicalProfileReferenceId="Page-Profile" /></ClaimsExchanges></OrchestrationStep>
<OrchestrationStep Order="3" ` + sendClaims + `</OrchestrationSteps></UserJourney></UserJourneys>`
	rp := relyingParty("J", "", "displayName")
	if behaviors != "" {
		rp = strings.Replace(rp, `<TechnicalProfile Id="PolicyProfile">`, `<UserJourneyBehaviors>`+behaviors+`</UserJourneyBehaviors><TechnicalProfile Id="PolicyProfile">`, 1)
	}
	return e.own(extension, rp)
}

func TestTheForgotLinkStaysInTheJourneyWithAnOverride(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	override := `<Item Key="setting.forgotPasswordLinkOverride">ForgotPasswordExchange</Item>`
	u := e.user()
	u.authorize(e.unified("contract:unifiedssp:2.1.2", override, ""), nil)
	if strings.Contains(u.page, `id="ForgotPasswordExchange"`) || !strings.Contains(u.page, `unified?claimsexchange=ForgotPasswordExchange&amp;csrf_token=`) {
		t.Errorf("page = %s", excerpt(u.page))
	}
	if u.navigate("/api/CombinedSigninAndSignup/unified?claimsexchange=ForgotPasswordExchange"); !strings.Contains(u.page, "Reset your password") {
		t.Errorf("page = %s", excerpt(u.page))
	}
	// Layouts before don't know the override.
	u = e.user()
	u.authorize(e.unified("contract:unifiedssp:2.1.1", override, ""), nil)
	u.navigate("/api/CombinedSigninAndSignup/forgotPassword?")
	if got := u.result(); !strings.HasPrefix(got.Get("error_description"), "AADB2C90118") {
		t.Errorf("result = %v", got)
	}
}

func TestTheForgotLinkIsWhereTheSettingSays(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	for place, want := range map[string]string{
		"AfterLabel": `<label for="password">Password</label><a id="forgotPassword"`, "AfterInput": `<div class="forgot-password"><a id="forgotPassword"`,
		"AfterButtons": "<div class=\"forgot-password\"><a id=\"forgotPassword\"", "None": "",
	} {
		u := e.user()
		u.authorize(e.unified("contract:unifiedssp:2.1.14", `<Item Key="setting.forgotPasswordLinkLocation">`+place+`</Item>`, ""), nil)
		at, next := strings.Index(u.page, `id="forgotPassword"`), strings.Index(u.page, `id="next"`)
		if want == "" && at >= 0 || want != "" && !strings.Contains(u.page, want) || place == "AfterInput" && at > next || place == "AfterButtons" && at < next {
			t.Errorf("%s: %s", place, excerpt(u.page))
		}
	}
}

func TestStayingSignedInNeedsTheRelyingPartysConsent(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	e.unified("contract:unifiedssp:2.1.14", "", "")
	e.user().ownSignUp("ada@example.com")
	for behaviors, persistent := range map[string]bool{"": false, `<SingleSignOn Scope="Tenant" />`: false, `<SingleSignOn Scope="Tenant" KeepAliveInDays="7" />`: true} {
		policy := e.unified("contract:unifiedssp:2.1.14", `<Item Key="setting.enableRememberMe">TRUE</Item>`, behaviors)
		u := e.user()
		u.authorize(policy, nil)
		if got := strings.Contains(u.page, `id="rememberMe"`); got != persistent {
			t.Errorf("%s: box = %v", behaviors, got)
		}
		if r := u.submit(map[string]string{"signInName": "ada@example.com", "password": password}); r.Status != "200" {
			t.Fatalf("reply = %+v", r)
		}
		res, err := u.http.Get(u.path("/api/CombinedSigninAndSignup/confirmed?rememberMe=true&csrf_token=" + url.QueryEscape(u.settings.CSRF)))
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		kept := false
		for _, c := range res.Cookies() {
			kept = kept || strings.HasPrefix(c.Name, "__Host-x-ms-cpim-sso") && c.MaxAge > 6*24*3600
		}
		if kept != persistent {
			t.Errorf("%s: persistent = %v", behaviors, kept)
		}
	}
}

func TestSeveralSignUpLinks(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	u := e.user()
	u.authorize(e.unified("contract:unifiedssp:2.1.14", `<Item Key="SignUpTarget">SignUpExchange, ByProfileExchange</Item>`, ""), nil)
	for _, want := range []string{`Sign up with <a id="SignUpExchange" href="`, ` or <a id="ByProfileExchange" href="`, `>Edit the profile</a></p>`} {
		if !strings.Contains(u.page, want) {
			t.Errorf("no %s: %s", want, excerpt(u.page))
		}
	}
	if u.navigate("/api/CombinedSigninAndSignup/unified?claimsexchange=ByProfileExchange"); !strings.Contains(u.page, "Your profile") {
		t.Errorf("page = %s", excerpt(u.page))
	}
	u = e.user()
	u.authorize(e.unified("contract:unifiedssp:2.1.14", `<Item Key="setting.showSignupLink">false</Item>`, ""), nil)
	if strings.Contains(u.page, `class="create"`) {
		t.Error("the sign-up link is there")
	}
}

func TestOldSignInLayoutsHaveTheirOwnTexts(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	for layout, want := range map[string]string{"unifiedssp:1.0.0": "Sign in with your e-mail address", "contract:unifiedssp:2.1.14": "Sign in with your E-mail address"} {
		u := e.user()
		u.authorize(e.unified(layout, "", ""), nil)
		if !strings.Contains(u.page, "<h2>"+want+"</h2>") || !strings.Contains(u.page, `"requiredField_email":`) {
			t.Errorf("%s: %s", layout, excerpt(u.page))
		}
	}
}

func TestPagesAreFramedOnlyByTheSourcesThatThePolicyNames(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	for behaviors, want := range map[string]string{
		"": "frame-ancestors 'none'",
		`<JourneyFraming Enabled="true" Sources="https://contoso.example https://www.contoso.example; script-src * https://*.example http://contoso.example https://contoso.example/path https://u:p@contoso.example" />`: "frame-ancestors https://contoso.example",
		`<JourneyFraming Enabled="false" Sources="https://contoso.example" />`:                            "frame-ancestors 'none'",
		`<JourneyFraming Enabled="true" Sources="https://contoso.example https://www.contoso.example" />`: "frame-ancestors https://contoso.example https://www.contoso.example",
	} {
		policy := e.unified("contract:unifiedssp:2.1.14", "", behaviors)
		res, err := e.user().http.Get(e.authorizeURL(policy, "en"))
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		csp := res.Header.Get("Content-Security-Policy")
		if !strings.HasSuffix(csp, want) || (res.Header.Get("X-Frame-Options") == "DENY") != strings.HasSuffix(want, "'none'") {
			t.Errorf("%s: %s, X-Frame-Options %q", behaviors, csp, res.Header.Get("X-Frame-Options"))
		}
	}
}

func TestKeysOfPageSettingsCompareWithoutCase(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	u := e.user()
	u.authorize(e.unified("contract:unifiedssp:2.1.14", `<Item Key="setting.showSignUpLink">false</Item><Item Key="SETTING.enablerememberme">true</Item><Item Key="Language.Heading">Come in</Item>
<Item Key="Setting.ForgotPasswordLinkOverride">ForgotPasswordExchange</Item><Item Key="Setting.trimspacesinpassword">true</Item>`, `<SingleSignOn Scope="Tenant" KeepAliveInDays="7" />`), nil)
	if strings.Contains(u.page, `class="create"`) || strings.Contains(u.page, `id="createAccount"`) {
		t.Error("the sign-up link is there")
	}
	for _, want := range []string{`id="rememberMe"`, "Come in", "claimsexchange=ForgotPasswordExchange", `"trimSpacesInPassword":true`, `"showSignupLink":"false"`} {
		if !strings.Contains(u.page, want) {
			t.Errorf("no %s: %s", want, excerpt(u.page))
		}
	}
}
