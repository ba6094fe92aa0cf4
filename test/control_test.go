package test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

const oneTimePassword = `<Protocol Name="Proprietary" Handler="Web.TPEngine.Providers.OneTimePasswordProtocolProvider, Web.TPEngine, Version=1.0.0.0, Culture=neutral, PublicKeyToken=null" />`

// phonePage is a page that verifies a phone number: one profile makes the code, an API
// sends it, another profile checks it.
func phonePage(api string) pageSpec {
	return pageSpec{
		blocks: `<ClaimType Id="phone"><DisplayName>Phone</DisplayName><DataType>string</DataType><UserInputType>TextBox</UserInputType><Restriction><Pattern RegularExpression="^\+[0-9]+$" HelpText="Begin with +." /></Restriction></ClaimType>
<ClaimType Id="verificationCode"><DisplayName>Code</DisplayName><DataType>string</DataType><UserInputType>TextBox</UserInputType></ClaimType>
<ClaimType Id="otp"><DataType>string</DataType></ClaimType><ClaimType Id="sid"><DataType>string</DataType></ClaimType>
<ClaimType Id="nick"><DisplayName>Nick name</DisplayName><DataType>string</DataType><UserInputType>TextBox</UserInputType></ClaimType>`,
		more: `<DisplayControls><DisplayControl Id="phoneControl" UserInterfaceControlType="VerificationControl">
<DisplayClaims><DisplayClaim ClaimTypeReferenceId="phone" ControlClaimType="Phone" Required="true" /><DisplayClaim ClaimTypeReferenceId="verificationCode" ControlClaimType="VerificationCode" Required="true" /></DisplayClaims>
<OutputClaims><OutputClaim ClaimTypeReferenceId="phone" /><OutputClaim ClaimTypeReferenceId="sid" /></OutputClaims>
<Actions><Action Id="SendCode"><ValidationClaimsExchange><ValidationClaimsExchangeTechnicalProfile TechnicalProfileReferenceId="Generate" /><ValidationClaimsExchangeTechnicalProfile TechnicalProfileReferenceId="Send" /></ValidationClaimsExchange></Action>
<Action Id="VerifyCode"><ValidationClaimsExchange><ValidationClaimsExchangeTechnicalProfile TechnicalProfileReferenceId="Verify" /></ValidationClaimsExchange></Action></Actions>
</DisplayControl></DisplayControls>`,
		providers: `<TechnicalProfile Id="Generate"><DisplayName>g</DisplayName>` + oneTimePassword + `<Metadata><Item Key="Operation">GenerateCode</Item><Item Key="CodeExpirationInSeconds">300</Item><Item Key="CodeLength">8</Item><Item Key="CharacterSet">A-Z2-9</Item><Item Key="NumRetryAttempts">3</Item><Item Key="NumCodeGenerationAttempts">4</Item></Metadata>
<InputClaims><InputClaim ClaimTypeReferenceId="phone" PartnerClaimType="identifier" /></InputClaims><OutputClaims><OutputClaim ClaimTypeReferenceId="otp" PartnerClaimType="otpGenerated" /></OutputClaims></TechnicalProfile>
<TechnicalProfile Id="Send"><DisplayName>s</DisplayName>` + restHandler + `<Metadata><Item Key="ServiceUrl">` + api + `/send</Item><Item Key="AuthenticationType">None</Item><Item Key="AllowInsecureAuthInProduction">true</Item><Item Key="SendClaimsIn">Body</Item></Metadata>
<InputClaims><InputClaim ClaimTypeReferenceId="phone" PartnerClaimType="to" /><InputClaim ClaimTypeReferenceId="otp" PartnerClaimType="code" /></InputClaims><OutputClaims><OutputClaim ClaimTypeReferenceId="sid" /></OutputClaims></TechnicalProfile>
<TechnicalProfile Id="Verify"><DisplayName>v</DisplayName>` + oneTimePassword + `<Metadata><Item Key="Operation">VerifyCode</Item><Item Key="UserMessage.InvalidCode">Wrong code.</Item><Item Key="UserMessage.MaxRetryAttemped">Tried too often.</Item><Item Key="UserMessage.VerificationHasExpired">Too late.</Item></Metadata>
<InputClaims><InputClaim ClaimTypeReferenceId="phone" PartnerClaimType="identifier" /><InputClaim ClaimTypeReferenceId="verificationCode" PartnerClaimType="otpToVerify" /></InputClaims></TechnicalProfile>`,
		metadata: `<Item Key="UserMessageIfVerificationControlClaimsNotVerified">Verify your phone.</Item>`,
		display:  `<DisplayClaim DisplayControlReferenceId="phoneControl" /><DisplayClaim ClaimTypeReferenceId="nick" Required="true" />`,
		outputs:  `<OutputClaim ClaimTypeReferenceId="phone" /><OutputClaim ClaimTypeReferenceId="sid" /><OutputClaim ClaimTypeReferenceId="nick" /><OutputClaim ClaimTypeReferenceId="otp" /><OutputClaim ClaimTypeReferenceId="verificationCode" />`,
		token:    []string{"phone", "sid", "nick", "otp", "verificationCode"},
	}
}

// lastCode is what the API was told to send.
func lastCode(t *testing.T, api *scriptedAPI) string {
	t.Helper()
	calls := api.take()
	if len(calls) != 1 {
		t.Fatalf("the API was called %d times, want once", len(calls))
	}
	var sent struct{ To, Code string }
	if err := json.Unmarshal([]byte(calls[0].Body), &sent); err != nil || sent.To == "" {
		t.Fatalf("the API got %s: %v", calls[0].Body, err)
	}
	return sent.Code
}

func wants(t *testing.T, what string, got reply, status, message string) {
	t.Helper()
	if got.Status != status || got.Message != message {
		t.Errorf("%s: %+v, want status %s and %q", what, got, status, message)
	}
}

func TestAVerificationControlProvesAPhoneNumber(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	e.api.respond(http.StatusOK, `{"sid":"SM1"}`)
	policy := e.asks(phonePage(e.api.server.URL))
	u := e.user()
	u.authorize(policy, nil)
	phone, form := map[string]string{"phone": "+4912345"}, map[string]string{"phone": "+4912345", "nick": "Em"}
	with := func(code string) map[string]string {
		return map[string]string{"phone": "+4912345", "verificationCode": code}
	}

	wants(t, "submitted unverified", u.submit(form), "400", "Verify your phone.")
	wants(t, "verified without a code", u.act("phoneControl", "VerifyCode", with("ABCDEFGH")), "400", "The code has expired. Please send a new one.")
	wants(t, "an invalid number", u.act("phoneControl", "SendCode", map[string]string{"phone": "12345"}), "400", "Begin with +.")
	if calls := e.api.take(); len(calls) > 0 {
		t.Errorf("the API was called for nothing: %v", calls)
	}
	wants(t, "sent", u.act("phoneControl", "SendCode", phone), "200", "")
	code := lastCode(t, e.api)
	if len(code) != 8 || strings.Trim(code, "ABCDEFGHIJKLMNOPQRSTUVWXYZ23456789") != "" {
		t.Errorf("the code %q isn't of the policy's characters", code)
	}
	wrong := strings.Map(func(r rune) rune {
		if r == 'A' {
			return 'B'
		}
		return 'A'
	}, code)
	wants(t, "wrong code", u.act("phoneControl", "VerifyCode", with(wrong)), "400", "Wrong code.")
	wants(t, "another number", u.act("phoneControl", "VerifyCode", map[string]string{"phone": "+4999999", "verificationCode": code}), "400", "The code has expired. Please send a new one.")
	wants(t, "wrong again", u.act("phoneControl", "VerifyCode", with(wrong)), "400", "Wrong code.")
	wants(t, "wrong too often", u.act("phoneControl", "VerifyCode", with(wrong)), "400", "Tried too often.")
	wants(t, "right after that", u.act("phoneControl", "VerifyCode", with(code)), "400", "Tried too often.")

	e.clock.advance(3 * time.Second)
	wants(t, "sent again", u.act("phoneControl", "SendCode", phone), "200", "")
	code = lastCode(t, e.api)
	e.clock.advance(5*time.Minute + time.Second)
	wants(t, "late", u.act("phoneControl", "VerifyCode", with(code)), "400", "Too late.")
	wants(t, "sent a third time", u.act("phonecontrol", "sendcode", phone), "200", "")
	code = lastCode(t, e.api)
	wants(t, "right", u.act("phoneControl", "VerifyCode", with(" "+code+" ")), "200", "")
	wants(t, "repeated, as after a lost answer", u.act("phoneControl", "VerifyCode", with(code)), "200", "")

	u.navigate("/api/" + u.settings.API + "/confirmed?rememberMe=false")
	if !strings.Contains(u.page, `id="phoneControl" role="group" data-verified="true"`) || !strings.Contains(u.page, `value="&#43;4912345"`) {
		t.Errorf("a page that is loaded again has forgotten the verification:\n%s", excerpt(u.page))
	}
	if strings.Contains(u.page, code) {
		t.Error("the page has the code")
	}
	wants(t, "another number in the end", u.submit(map[string]string{"phone": "+4999999", "nick": "Em"}), "400", "Verify your phone.")
	u.pass(map[string]string{"phone": "+4912345", "nick": "Em", "verificationCode": code})
	_, claims := decode(t, u.redeem(policy).IDToken)
	if claims["phone"] != "+4912345" || claims["sid"] != "SM1" || claims["nick"] != "Em" {
		t.Errorf("claims: %v", claims)
	}
	for _, secret := range []string{"otp", "verificationCode"} {
		if v, ok := claims[secret]; ok {
			t.Errorf("the token has %s = %v", secret, v)
		}
	}
}

// TestARequestForACodeThatIsRepeatedAtOnceSendsOne: the page's script repeats a request
// that got no answer.
func TestARequestForACodeThatIsRepeatedAtOnceSendsOne(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	e.api.respond(http.StatusOK, `{"sid":"SM1"}`)
	policy := e.asks(phonePage(e.api.server.URL))
	u := e.user()
	u.authorize(policy, nil)
	for range 3 {
		wants(t, "sent", u.act("phoneControl", "SendCode", map[string]string{"phone": "+4912345"}), "200", "")
	}
	code := lastCode(t, e.api)
	wants(t, "another number", u.act("phoneControl", "SendCode", map[string]string{"phone": "+4967890"}), "200", "")
	if lastCode(t, e.api) == code {
		t.Error("two numbers got one code")
	}
	e.upload(enriched(t, e.api.server.URL))
	u = e.user()
	u.authorize(signUpSignIn, nil)
	u.navigate("/api/CombinedSigninAndSignup/unified?local=signup")
	request := url.Values{"request_type": {"VERIFICATION_REQUEST"}, "claim_id": {"email"}, "claim_value": {"ada@example.com"}}
	for i, want := range []int{1, 1, 2} {
		if i == 2 {
			e.clock.advance(3 * time.Second)
		}
		if r := u.post(request); r.Status != "200" || r.Result != 0 {
			t.Errorf("request %d: %+v", i+1, r)
		}
		if got := len(e.srv.Outbox.Messages()); got != want {
			t.Errorf("after request %d: %d mails, want %d", i+1, got, want)
		}
	}
}

func TestAControlGivesEachNumberAFewCodesInAllJourneys(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	e.api.respond(http.StatusOK, `{"sid":"SM1"}`)
	policy := e.asks(phonePage(e.api.server.URL))
	for i := range 5 { // NumCodeGenerationAttempts is 4
		u := e.user()
		u.authorize(policy, nil)
		r := u.act("phoneControl", "SendCode", map[string]string{"phone": "+4912345"})
		if want := i < 4; (r.Status == "200") != want {
			t.Errorf("code %d: %+v", i+1, r)
		} else if !want && r.Message != "Too many codes were sent. Please wait a while, then try again." {
			t.Errorf("the last one is told %q", r.Message)
		}
	}
	u := e.user()
	u.authorize(policy, nil)
	wants(t, "another number", u.act("phoneControl", "SendCode", map[string]string{"phone": "+4967890"}), "200", "")
}

func TestAControlTellsWhatAnAPIAnswersAndGoesOn(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	policy := e.asks(phonePage(e.api.server.URL))
	u := e.user()
	u.authorize(policy, nil)
	e.api.respond(http.StatusConflict, `{"version":"1.0.0","status":409,"userMessage":"No mobile number."}`)
	wants(t, "refused", u.act("phoneControl", "SendCode", map[string]string{"phone": "+4912345"}), "400", "No mobile number.")
	e.api.take()
	e.api.respond(http.StatusInternalServerError, `oops`)
	if r := u.act("phoneControl", "SendCode", map[string]string{"phone": "+4912345"}); r.Status != "400" || r.Message == "" || strings.Contains(r.Message, "oops") {
		t.Errorf("a broken API: %+v", r)
	}
	e.api.take()
	e.api.respond(http.StatusOK, `{"sid":"SM1"}`)
	wants(t, "afterwards", u.act("phoneControl", "SendCode", map[string]string{"phone": "+4912345"}), "200", "")
	if lastCode(t, e.api) == "" {
		t.Error("no code was sent")
	}
}

func TestReuseSameCodeSendsItAgainAndGivesNoNewTries(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	e.api.respond(http.StatusOK, `{}`)
	spec := phonePage(e.api.server.URL)
	spec.providers = strings.Replace(spec.providers, `<Item Key="CodeLength">`, `<Item Key="ReuseSameCode">true</Item><Item Key="CodeLength">`, 1)
	policy := e.asks(spec)
	u := e.user()
	u.authorize(policy, nil)
	phone := map[string]string{"phone": "+4912345"}
	wants(t, "sent", u.act("phoneControl", "SendCode", phone), "200", "")
	first := lastCode(t, e.api)
	for range 2 {
		u.act("phoneControl", "VerifyCode", map[string]string{"phone": "+4912345", "verificationCode": "x"})
	}
	e.clock.advance(3 * time.Second)
	wants(t, "sent again", u.act("phoneControl", "SendCode", phone), "200", "")
	if again := lastCode(t, e.api); again != first {
		t.Errorf("another code was sent: %q, then %q", first, again)
	}
	wants(t, "the third wrong one", u.act("phoneControl", "VerifyCode", map[string]string{"phone": "+4912345", "verificationCode": "x"}), "400", "Tried too often.")
	e.clock.advance(5 * time.Minute)
	wants(t, "sent after its life", u.act("phoneControl", "SendCode", phone), "200", "")
	if again := lastCode(t, e.api); again == first {
		t.Error("an expired code was sent again")
	}
}

// mailPage verifies an address by mail that the server sends itself; the number that the
// user has is shown and can't be changed.
func mailPage() pageSpec {
	const sspr = `<Protocol Name="Proprietary" Handler="Web.TPEngine.Providers.AadSsprProtocolProvider, Web.TPEngine, Version=1.0.0.0, Culture=neutral, PublicKeyToken=null" />`
	return pageSpec{
		blocks: `<ClaimType Id="email"><DisplayName>Email Address</DisplayName><DataType>string</DataType><UserInputType>EmailBox</UserInputType></ClaimType>
<ClaimType Id="verificationCode"><DisplayName>Verification code</DisplayName><DataType>string</DataType><UserInputType>TextBox</UserInputType></ClaimType>
<ClaimType Id="known"><DisplayName>Customer</DisplayName><DataType>string</DataType><UserInputType>Readonly</UserInputType></ClaimType>
<ClaimType Id="nick"><DisplayName>Nick name</DisplayName><DataType>string</DataType><UserInputType>TextBox</UserInputType></ClaimType>`,
		more: `<Localization Enabled="true"><SupportedLanguages DefaultLanguage="en" MergeBehavior="Append"><SupportedLanguage>de</SupportedLanguage></SupportedLanguages>
<LocalizedResources Id="api.test.en"><LocalizedStrings><LocalizedString ElementType="DisplayControl" ElementId="mailControl" StringId="intro_msg">Prove that it is yours.</LocalizedString><LocalizedString ElementType="DisplayControl" ElementId="mailControl" StringId="but_send_code">Mail me a code</LocalizedString><LocalizedString ElementType="UxElement" StringId="ver_but_send">Send it</LocalizedString><LocalizedString ElementType="UxElement" StringId="ver_but_verify">Check it</LocalizedString><LocalizedString ElementType="ErrorMessage" StringId="UserMessageIfVerificationFailedRetryAllowed">Not that one.</LocalizedString></LocalizedStrings></LocalizedResources></Localization>
<DisplayControls><DisplayControl Id="mailControl" UserInterfaceControlType="VerificationControl">
<InputClaims><InputClaim ClaimTypeReferenceId="email" DefaultValue="em@example.com" /><InputClaim ClaimTypeReferenceId="known" DefaultValue="C-17" /></InputClaims>
<DisplayClaims><DisplayClaim ClaimTypeReferenceId="known" /><DisplayClaim ClaimTypeReferenceId="email" Required="true" /><DisplayClaim ClaimTypeReferenceId="verificationCode" ControlClaimType="VerificationCode" Required="true" /></DisplayClaims>
<Actions><Action Id="SendCode"><ValidationClaimsExchange><ValidationClaimsExchangeTechnicalProfile TechnicalProfileReferenceId="SendMail" /></ValidationClaimsExchange></Action>
<Action Id="VerifyCode"><ValidationClaimsExchange><ValidationClaimsExchangeTechnicalProfile TechnicalProfileReferenceId="VerifyMail" /></ValidationClaimsExchange></Action></Actions>
</DisplayControl></DisplayControls>`,
		resources: `<LocalizedResourcesReference Language="en" LocalizedResourcesReferenceId="api.test.en" />`,
		providers: `<TechnicalProfile Id="SendMail"><DisplayName>s</DisplayName>` + sspr + `<Metadata><Item Key="Operation">SendCode</Item></Metadata><InputClaims><InputClaim ClaimTypeReferenceId="email" PartnerClaimType="emailAddress" /></InputClaims></TechnicalProfile>
<TechnicalProfile Id="VerifyMail"><DisplayName>v</DisplayName>` + sspr + `<Metadata><Item Key="Operation">VerifyCode</Item></Metadata><InputClaims><InputClaim ClaimTypeReferenceId="verificationCode" /><InputClaim ClaimTypeReferenceId="email" PartnerClaimType="emailAddress" /></InputClaims></TechnicalProfile>`,
		display: `<DisplayClaim DisplayControlReferenceId="mailControl" /><DisplayClaim ClaimTypeReferenceId="nick" Required="true" />`,
		outputs: `<OutputClaim ClaimTypeReferenceId="email" /><OutputClaim ClaimTypeReferenceId="known" /><OutputClaim ClaimTypeReferenceId="nick" />`,
		token:   []string{"email", "known", "nick"},
	}
}

func TestAVerificationControlMailsACode(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	policy := e.asks(mailPage())
	u := e.user()
	u.authorize(policy, nil)
	for _, want := range []string{`value="em@example.com"`, `value="C-17"`, ">Prove that it is yours.<", ">Mail me a code<", ">Check it<", ">Send new code<", `"DISPLAY_CONTROL_CONTENT": {`, `"USER_INPUT_TYPE": "DisplayControl"`, `<li class="TextBox verificationCode_li VerificationCode"`, `autocomplete="one-time-code"`} {
		if !strings.Contains(u.page, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	address := map[string]string{"email": "me@example.com"}
	wants(t, "sent", u.act("mailControl", "SendCode", address), "200", "")
	code := e.mailedCode("me@example.com")
	wants(t, "wrong", u.act("mailControl", "VerifyCode", map[string]string{"email": "me@example.com", "verificationCode": "000000x"}), "400", "Not that one.")
	wants(t, "right", u.act("mailControl", "VerifyCode", map[string]string{"email": "me@example.com", "verificationCode": code}), "200", "")
	u.pass(map[string]string{"email": "me@example.com", "nick": "Em", "known": "forged"})
	_, claims := decode(t, u.redeem(policy).IDToken)
	if claims["email"] != "me@example.com" || claims["known"] != "C-17" {
		t.Errorf("claims: %v", claims)
	}
}

// TestAReadOnlyAddressIsVerifiedAsItIs: a page that shows the address on record proves
// that one, whatever the browser says, and can't be passed without.
func TestAReadOnlyAddressIsVerifiedAsItIs(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	policy := e.asks(pageSpec{
		blocks:  `<ClaimType Id="recorded"><DisplayName>Address</DisplayName><DataType>string</DataType><Mask Type="Regex" Regex="(?&lt;=.).(?=.*@)">*</Mask><UserInputType>Readonly</UserInputType></ClaimType>`,
		inputs:  `<InputClaim ClaimTypeReferenceId="recorded" DefaultValue="owner@example.com" />`,
		outputs: `<OutputClaim ClaimTypeReferenceId="recorded" PartnerClaimType="Verified.Email" Required="true" />`,
		token:   []string{"recorded"},
	})
	u := e.user()
	u.authorize(policy, nil)
	if strings.Contains(u.page, "owner@example.com") {
		t.Error("the page shows the address without its mask")
	}
	if r := u.submit(nil); r.Status != "400" {
		t.Errorf("passed unverified: %+v", r)
	}
	send := url.Values{"request_type": {"VERIFICATION_REQUEST"}, "claim_id": {"recorded"}, "claim_value": {"thief@example.com"}}
	if r := u.post(send); r.Status != "200" || r.Result != 0 {
		t.Errorf("sending: %+v", r)
	}
	for _, m := range e.srv.Outbox.Messages() {
		if m.To != "owner@example.com" {
			t.Errorf("a code went to %s", m.To)
		}
	}
	check := url.Values{"request_type": {"VALIDATION_REQUEST"}, "claim_id": {"recorded"}, "claim_value": {"o****@example.com"}, "user_input": {e.mailedCode("owner@example.com")}}
	if r := u.post(check); r.Status != "200" || r.Result != 0 {
		t.Errorf("checking: %+v", r)
	}
	u.navigate("/api/" + u.settings.API + "/confirmed?rememberMe=false")
	if strings.Contains(u.page, "owner@example.com") || !strings.Contains(u.page, `data-verified="true"`) {
		t.Errorf("the page, loaded again:\n%s", excerpt(u.page))
	}
	u.pass(map[string]string{"recorded": "thief@example.com"})
	if _, claims := decode(t, u.redeem(policy).IDToken); claims["recorded"] != "owner@example.com" {
		t.Errorf("claims: %v", claims)
	}
}

func TestAControlTakesOnlyItsOwnPagesPosts(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	policy := e.asks(mailPage())
	u := e.user()
	u.authorize(policy, nil)
	address := map[string]string{"email": "me@example.com"}
	for _, path := range [][2]string{{"otherControl", "SendCode"}, {"mailControl", "Other"}, {"x", ""}} {
		if r := u.act(path[0], path[1], address); r.Status != "400" || r.Message == "" {
			t.Errorf("%v: %+v", path, r)
		}
	}
	stranger := e.user()
	stranger.authorize(policy, nil)
	stranger.settings = u.settings
	if r := stranger.act("mailControl", "SendCode", address); r.Status != "400" {
		t.Errorf("another browser: %+v", r)
	}
	forged := *u
	forged.settings.CSRF = "x"
	if r := forged.act("mailControl", "SendCode", address); r.Status != "400" {
		t.Errorf("without the page's token: %+v", r)
	}
	if r := u.postTo("/SelfAsserted/DisplayControlAction/vbeta/mailControl/SendCode", url.Values{"email": {"a@example.com", "b@example.com"}}); r.Status != "400" {
		t.Errorf("a repeated field: %+v", r)
	}
	for _, bad := range []string{"", "nobody", "a@example.com\r\nBcc: b@example.com", "a@example.com,b@example.com", strings.Repeat("a", 300) + "@example.com"} {
		if r := u.act("mailControl", "SendCode", map[string]string{"email": bad}); r.Status != "400" {
			t.Errorf("mail to %q: %+v", bad, r)
		}
	}
	if n := len(e.srv.Outbox.Messages()); n != 0 {
		t.Errorf("%d mails were sent", n)
	}
}

// TestTheStarterPacksDisplayControls signs up with the pack that verifies addresses by a
// display control.
func TestTheStarterPacksDisplayControls(t *testing.T) {
	t.Parallel()
	const pack = "../../shared/corpus/starterpack/display-controls/LocalAccounts/"
	files, order := make(map[string]string), []string{"TrustFrameworkBase.xml", "TrustFrameworkLocalization.xml", "TrustFrameworkExtensions.xml", "SignUpOrSignin.xml", "PasswordReset.xml"}
	for _, name := range order {
		path := pack + name
		if _, err := os.Stat(pack); err != nil { // then ours
			path = strings.Replace("testdata/pack/"+name, "TrustFrameworkExtensions", "DisplayControls", 1)
		}
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = strings.NewReplacer("yourtenant.onmicrosoft.com", tenant, "ProxyIdentityExperienceFrameworkAppId", "00000000-0000-0000-0000-000000000001", "IdentityExperienceFrameworkAppId", "00000000-0000-0000-0000-000000000002").Replace(string(b))
	}
	e := start(t, nil)
	e.upload(files, order...)
	const policy = "B2C_1A_signup_signin"
	u := e.user()
	u.authorize(policy, nil)
	u.navigate("/api/" + u.settings.API + "/unified?local=signup")
	prove := func() {
		t.Helper()
		wants(t, "sent", u.act("emailVerificationControl", "SendCode", map[string]string{"email": "em@example.com"}), "200", "")
		code := e.mailedCode("em@example.com")
		wants(t, "verified", u.act("emailVerificationControl", "VerifyCode", map[string]string{"email": "em@example.com", "verificationCode": code}), "200", "")
	}
	form := map[string]string{"email": "em@example.com", "newPassword": "Journey-1man", "reenterPassword": "Journey-1man", "displayName": "Em", "givenName": "E", "surname": "M", "surName": "M"}
	if r := u.submit(form); r.Status != "400" {
		t.Fatalf("signed up unverified: %+v", r)
	}
	prove()
	u.pass(form)
	_, claims := decode(t, u.redeem(policy).IDToken)
	if claims["sub"] == nil {
		t.Errorf("claims: %v", claims)
	}
	u = e.user()
	u.authorize("B2C_1A_PasswordReset", nil)
	prove()
	u.pass(map[string]string{"email": "em@example.com"})
	u.pass(map[string]string{"newPassword": "Journey-2man", "reenterPassword": "Journey-2man"})
	if u.redeem("B2C_1A_PasswordReset").IDToken == "" {
		t.Error("no token after the reset")
	}
}

func TestAVerificationControlInABrowser(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	policy := e.asks(mailPage())
	ctx := browser(t)
	q := url.Values{"client_id": {e.spa.AppID}, "redirect_uri": {spaRedirect}, "response_type": {"code"}, "scope": {"openid"}, "code_challenge": {challenge(strings.Repeat("v", 50))}, "code_challenge_method": {"S256"}, "ui_locales": {"en-US"}}
	do(t, ctx, chromedp.Navigate(e.base+"/"+tenant+"/"+policy+"/oauth2/v2.0/authorize?"+q.Encode()), chromedp.WaitVisible(css("#mailControl_but_send_code")))
	state := func() string {
		return get(t, ctx, chromedp.Evaluate[string](`["mailControl_but_send_code", "mailControl_but_verify_code", "mailControl_but_send_new_code", "mailControl_but_change_claims", "verificationCode"].filter(id => document.getElementById(id).offsetParent).join(" ") + (document.getElementById("nick").disabled ? " held" : "")`))
	}
	expect := func(want string) {
		t.Helper()
		if got := state(); got != want {
			t.Errorf("the page shows %q, want %q", got, want)
		}
	}
	shoot(t, ctx, "control-initial")
	expect("mailControl_but_send_code held")
	do(t, ctx, chromedp.SetValue(css("#email"), "me@example.com"), chromedp.Click(css("#mailControl_but_send_code")), chromedp.WaitVisible(css("#verificationCode")))
	expect("mailControl_but_verify_code mailControl_but_send_new_code verificationCode held")
	do(t, ctx, chromedp.SendKeys(css("#verificationCode"), "1\r"), chromedp.WaitVisible(css("#mailControl_error_message")))
	if text := get(t, ctx, chromedp.Text(css("#mailControl_error_message"))); text != "Not that one." {
		t.Errorf("a wrong code is told %q", text)
	}
	shoot(t, ctx, "control-failed")
	do(t, ctx, chromedp.SetValue(css("#verificationCode"), e.mailedCode("me@example.com")), chromedp.Click(css("#mailControl_but_verify_code")), chromedp.WaitVisible(css("#mailControl_but_change_claims")))
	expect("mailControl_but_change_claims")
	shoot(t, ctx, "control-verified")
	sent := sent(t, ctx, chromedp.SetValue(css("#nick"), "Em"), chromedp.Click(css("#continue")))
	if sent.Get("code") == "" {
		t.Errorf("the application got %v", sent)
	}

	// Layouts below 2.1.18 leave the rest of the page free; the server refuses.
	spec := mailPage()
	spec.layout = "contract:selfasserted:2.1.7"
	policy = e.asks(spec)
	do(t, ctx, chromedp.Navigate(e.base+"/"+tenant+"/"+policy+"/oauth2/v2.0/authorize?"+q.Encode()), chromedp.WaitVisible(css("#mailControl_but_send_code")))
	expect("mailControl_but_send_code")
	do(t, ctx, chromedp.SetValue(css("#nick"), "Em"), chromedp.Click(css("#continue")), chromedp.WaitVisible(css("#claimVerificationServerError")))
	if text := get(t, ctx, chromedp.Text(css("#claimVerificationServerError"))); text != "Please finish the verification first." {
		t.Errorf("unverified is told %q", text)
	}
}
