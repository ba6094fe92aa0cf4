package test

import (
	"context"
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"journeyman.dev/internal/needtest"
)

// customersTemplate is written as customers write theirs: a style sheet of another site,
// scripts that need jQuery, and B2C's ids and classes.
const customersTemplate = `<!DOCTYPE html>
<html lang="en"><head>
<title>Contoso</title>
<link rel="stylesheet" href="HOST/site.css" data-preload="true">
<script src="HOST/site.js" data-preload="true"></script>
</head><body>
<header>Contoso</header>
<div class="container"><div id="api"></div></div>
<script>
window.trail.push("body: " + document.querySelectorAll("#api form, #api button").length);
$(document).ready(function () {
  window.trail.push("ready: " + $.fn.jquery);
  $("#api").addClass("decorated");
  $("label[for]").each(function () { $(this).attr("data-seen", $(this).text()); });
  $("#helper").val("typed 14 times");
});
</script>
</body></html>`

const customersScript = `window.trail = ["head: " + typeof SETTINGS + " " + typeof CONTENT + " " + typeof SA_FIELDS + " " + typeof $];
var open = XMLHttpRequest.prototype.open;
XMLHttpRequest.prototype.open = function (method, address) {
  window.trail.push(method + " " + address.split("?")[0].split("/").pop());
  this.addEventListener("load", function () { window.trail.push(this.responseText); });
  return open.apply(this, arguments);
};
if ($.fn.jquery.charAt(0) === "1") { $(window).load(function () { window.trail.push("load"); }); }`

const customersStyles = `#api { border-top: 7px solid rgb(1, 2, 3) } .attrEntry .helpLink { color: rgb(4, 5, 6) } li.helper_li, #helper { position: absolute; left: -9999px }
#next, #continue { background: rgb(7, 8, 9) } .error.pageLevel { color: rgb(200, 0, 1) }`

// customersHost serves a customer's files.
func customersHost(e *env) {
	host := e.api.server.URL
	e.api.serve(map[string]string{"/page.html": strings.ReplaceAll(customersTemplate, "HOST", host), "/site.js": customersScript, "/site.css": customersStyles})
}

// everyInput has a claim of every input type.
const everyInput = `<ClaimType Id="email"><DisplayName>E-mail address</DisplayName><DataType>string</DataType><UserHelpText>Where we reach you</UserHelpText><UserInputType>EmailBox</UserInputType></ClaimType>
<ClaimType Id="newPassword"><DisplayName>New password</DisplayName><DataType>string</DataType><UserInputType>Password</UserInputType></ClaimType>
<ClaimType Id="nick"><DisplayName>Nick name</DisplayName><DataType>string</DataType><UserHelpText>What friends call you</UserHelpText><UserInputType>TextBox</UserInputType></ClaimType>
<ClaimType Id="age"><DisplayName>Age</DisplayName><DataType>int</DataType><UserInputType>TextBox</UserInputType></ClaimType>
<ClaimType Id="helper"><DisplayName>Helper</DisplayName><DataType>string</DataType><UserInputType>TextBox</UserInputType></ClaimType>
<ClaimType Id="born"><DisplayName>Date of birth</DisplayName><DataType>date</DataType><UserInputType>DateTimeDropdown</UserInputType></ClaimType>
<ClaimType Id="color"><DisplayName>Colour</DisplayName><DataType>string</DataType><UserInputType>RadioSingleSelect</UserInputType><Restriction><Enumeration Text="Red" Value="red" /><Enumeration Text="Blue" Value="blue" SelectByDefault="true" /></Restriction></ClaimType>
<ClaimType Id="fruit"><DisplayName>Fruit</DisplayName><DataType>string</DataType><UserInputType>CheckboxMultiSelect</UserInputType><Restriction><Enumeration Text="Apple" Value="A" /><Enumeration Text="Banana" Value="B" /><Enumeration Text="Cherry" Value="C" /></Restriction></ClaimType>
<ClaimType Id="city"><DisplayName>City</DisplayName><DataType>string</DataType><UserInputType>DropdownSingleSelect</UserInputType><Restriction><Enumeration Text="Bellevue" Value="bellevue" /><Enumeration Text="Seattle" Value="seattle" /></Restriction></ClaimType>
<ClaimType Id="card"><DisplayName>Card</DisplayName><DataType>string</DataType><Mask Type="Simple">XXX-XXX-</Mask><UserInputType>Readonly</UserInputType></ClaimType>
<ClaimType Id="note"><DisplayName>Note</DisplayName><DataType>string</DataType><UserInputType>Paragraph</UserInputType></ClaimType>`

var everyToken = []string{"email", "nick", "age", "helper", "born", "color", "fruit", "city", "card"}

func everyInputPage() pageSpec {
	return pageSpec{
		blocks: everyInput, token: everyToken,
		inputs:  `<InputClaim ClaimTypeReferenceId="card" DefaultValue="206-555-0123" /><InputClaim ClaimTypeReferenceId="note" DefaultValue="Read &lt;b&gt;this&lt;/b&gt;" />`,
		display: `<DisplayClaim ClaimTypeReferenceId="email" Required="true" /><DisplayClaim ClaimTypeReferenceId="nick" Required="true" /><DisplayClaim ClaimTypeReferenceId="age" /><DisplayClaim ClaimTypeReferenceId="helper" /><DisplayClaim ClaimTypeReferenceId="born" /><DisplayClaim ClaimTypeReferenceId="color" /><DisplayClaim ClaimTypeReferenceId="fruit" /><DisplayClaim ClaimTypeReferenceId="city" /><DisplayClaim ClaimTypeReferenceId="card" /><DisplayClaim ClaimTypeReferenceId="note" />`,
		outputs: `<OutputClaim ClaimTypeReferenceId="email" /><OutputClaim ClaimTypeReferenceId="nick" /><OutputClaim ClaimTypeReferenceId="age" /><OutputClaim ClaimTypeReferenceId="helper" /><OutputClaim ClaimTypeReferenceId="born" /><OutputClaim ClaimTypeReferenceId="color" /><OutputClaim ClaimTypeReferenceId="fruit" /><OutputClaim ClaimTypeReferenceId="city" /><OutputClaim ClaimTypeReferenceId="card" />`,
	}
}

// everySignIn has a sign-in page with providers, sign-up, forgotten password and a box to
// stay signed in, and behind it a choice of providers.
func everySignIn(e *env, loadURI string) string {
	e.t.Helper()
	content := func(id, page string) string {
		return `<ContentDefinition Id="` + id + `"><LoadUri>` + loadURI + `</LoadUri><DataUri>urn:com:microsoft:aad:b2c:elements:contract:` + page + `</DataUri></ContentDefinition>`
	}
	extension := `<BuildingBlocks><ContentDefinitions>` + content("api.signin", "unifiedssp:2.1.14") + content("api.choose", "providerselection:1.2.4") + `</ContentDefinitions></BuildingBlocks>
<ClaimsProviders><ClaimsProvider><DisplayName>Other</DisplayName><TechnicalProfiles>
<TechnicalProfile Id="Facebook"><DisplayName>Facebook</DisplayName><Protocol Name="OAuth2" /><Metadata><Item Key="client_id">1</Item><Item Key="authorization_endpoint">https://facebook.example/dialog</Item><Item Key="AccessTokenEndpoint">https://facebook.example/token</Item><Item Key="ClaimsEndpoint">https://facebook.example/me</Item></Metadata><CryptographicKeys><Key Id="client_secret" StorageReferenceId="B2C_1A_FacebookSecret" /></CryptographicKeys><OutputClaims><OutputClaim ClaimTypeReferenceId="displayName" PartnerClaimType="name" /></OutputClaims></TechnicalProfile>
<TechnicalProfile Id="Corporate"><DisplayName>Employees &amp; guests</DisplayName><Protocol Name="OAuth2" /><Metadata><Item Key="client_id">1</Item><Item Key="authorization_endpoint">https://corp.example/dialog</Item><Item Key="AccessTokenEndpoint">https://corp.example/token</Item><Item Key="ClaimsEndpoint">https://corp.example/me</Item><Item Key="ClaimsProviderSelectionDisplayType">TextLink</Item></Metadata><CryptographicKeys><Key Id="client_secret" StorageReferenceId="B2C_1A_FacebookSecret" /></CryptographicKeys><OutputClaims><OutputClaim ClaimTypeReferenceId="displayName" PartnerClaimType="name" /></OutputClaims></TechnicalProfile>
</TechnicalProfiles></ClaimsProvider></ClaimsProviders>
<UserJourneys><UserJourney Id="J"><OrchestrationSteps>
<OrchestrationStep Order="1" Type="CombinedSignInAndSignUp" ContentDefinitionReferenceId="api.signin"><ClaimsProviderSelections><ClaimsProviderSelection TargetClaimsExchangeId="FacebookExchange" /><ClaimsProviderSelection TargetClaimsExchangeId="CorporateExchange" /><ClaimsProviderSelection ValidationClaimsExchangeId="SignInExchange" /></ClaimsProviderSelections><ClaimsExchanges><ClaimsExchange Id="SignInExchange" TechnicalProfileReferenceId="Page-SignIn" /></ClaimsExchanges></OrchestrationStep>
<OrchestrationStep Order="2" Type="ClaimsExchange"><Preconditions><Precondition Type="ClaimsExist" ExecuteActionsIf="true"><Value>objectId</Value><Action>SkipThisOrchestrationStep</Action></Precondition></Preconditions><ClaimsExchanges><ClaimsExchange Id="FacebookExchange" TechnicalProfileReferenceId="Facebook" /><ClaimsExchange Id="CorporateExchange" TechnicalProfileReferenceId="Corporate" /><ClaimsExchange Id="SignUpExchange" TechnicalProfileReferenceId="Page-SignUp" /></ClaimsExchanges></OrchestrationStep>
<OrchestrationStep Order="3" Type="ClaimsProviderSelection" ContentDefinitionReferenceId="api.choose"><ClaimsProviderSelections><ClaimsProviderSelection TargetClaimsExchangeId="GoogleExchange" /><ClaimsProviderSelection TargetClaimsExchangeId="TwitterExchange" /></ClaimsProviderSelections></OrchestrationStep>
<OrchestrationStep Order="4" Type="ClaimsExchange"><ClaimsExchanges><ClaimsExchange Id="GoogleExchange" TechnicalProfileReferenceId="Facebook" /><ClaimsExchange Id="TwitterExchange" TechnicalProfileReferenceId="Corporate" /></ClaimsExchanges></OrchestrationStep>
<OrchestrationStep Order="5" ` + sendClaims + `</OrchestrationSteps></UserJourney></UserJourneys>`
	rp := strings.Replace(relyingParty("J", "", "displayName"), `<TechnicalProfile Id="PolicyProfile">`, `<UserJourneyBehaviors><SingleSignOn Scope="Tenant" KeepAliveInDays="7" />`+allowScripts+`</UserJourneyBehaviors><TechnicalProfile Id="PolicyProfile">`, 1)
	return e.own(extension, rp)
}

// authorizeURL is where a browser begins at a policy.
func (e *env) authorizeURL(policy, language string) string {
	return e.srv.URL() + "/" + tenant + "/" + policy + "/oauth2/v2.0/authorize?" + url.Values{"client_id": {e.spa.AppID}, "redirect_uri": {spaRedirect},
		"response_type": {"id_token"}, "response_mode": {"fragment"}, "scope": {"openid"}, "nonce": {"n"}, "state": {"s"}, "ui_locales": {language}}.Encode()
}

// wantAll asserts that each selector finds an element.
func wantAll(t *testing.T, ctx context.Context, page string, selectors ...string) {
	t.Helper()
	list, err := json.Marshal(selectors)
	if err != nil {
		t.Fatal(err)
	}
	for _, missing := range get(t, ctx, chromedp.Evaluate[[]string](string(list)+`.filter(s => !document.querySelector(s))`)) {
		t.Errorf("%s page: nothing is %s", page, missing)
	}
}

// TestTheDOMContract looks for every selector of the contract (pages §2.3–2.6) in a page
// with a customer's template, whose style sheet and script do their work.
func TestTheDOMContract(t *testing.T) {
	t.Parallel()
	ctx := browser(t)
	e := start(t, nil)
	needsJQuery(t, e)
	customersHost(e)
	template := e.api.server.URL + "/page.html"
	evaluate := func(script string) string {
		t.Helper()
		return get(t, ctx, chromedp.Evaluate[string](script))
	}

	signIn := everySignIn(e, template)
	do(t, ctx, chromedp.Navigate(e.authorizeURL(signIn, "en")), chromedp.WaitVisible(css("#localAccountForm")))
	wantAll(t, ctx, "unified", `html[lang=en]`, `#api.decorated[data-name="Unified"][role=main]`, `#api > .heading > h1`, `#api > .claims-provider-list-buttons.social[role=form] > .intro > h2`,
		`.social > .options > div > button#FacebookExchange.accountButton.claims-provider-selection.firstButton[role=link]`, `#api > .divider > h2`,
		`form#localAccountForm.localAccount[action="JavaScript:void(0);"]`, `#localAccountForm > .intro > h2`, `#localAccountForm > .error.pageLevel[role=alert][aria-hidden=true] > p`,
		`.entry > .entry-item > label[for=signInName] + .error.itemLevel + input#signInName[name="E-mail address"][placeholder="E-mail address"][type=email][autocomplete=username]`,
		`.entry-item > .password-label > label[for=password] + a#forgotPassword[href*="forgotPassword"]`, `.entry-item > .password-label + .error.itemLevel + input#password[type=password][autocomplete=current-password]`,
		`.entry > .working`, `.entry > .rememberMe > input#rememberMe + label[for=rememberMe]`, `.entry > .buttons > button#next[type=submit][form=localAccountForm]`,
		`#localAccountForm + .divider > h2`, `.divider + .create > p > a#createAccount[href*="local=signup"]`, `.claims-provider-list-text-links .text-link > a#CorporateExchange`,
		`script[data-container="true"][nonce]`, `script[src*="/static/jquery-3.5.1.min.js"]`, `label[data-seen="Password"]`)
	if got := evaluate(`[getComputedStyle(document.querySelector("#api")).borderTopColor, getComputedStyle(document.querySelector("#next")).backgroundColor].join()`); got != "rgb(1, 2, 3),rgb(7, 8, 9)" {
		t.Errorf("the customer's styles: %s", got)
	}
	if got := evaluate(`window.trail.join("|")`); got != "head: object object object function|body: 3|ready: 3.5.1" {
		t.Errorf("the customer's script: %s", got)
	}
	// Errors: texts at the fields, states as scripts watch them.
	do(t, ctx, chromedp.SendKeys(css("#signInName"), "nobody"), chromedp.Click(css("#next")), chromedp.WaitVisible(css(".error.itemLevel.show[aria-hidden=false]")))
	wantAll(t, ctx, "unified", `input#signInName.highlightError[aria-invalid=true]`, `input#password.highlightError`, `.entry-item > .error.itemLevel[aria-hidden=false][style*="display: block"]`)
	do(t, ctx, chromedp.SendKeys(css("#signInName"), "@example.com"), chromedp.SendKeys(css("#password"), "wrong"), chromedp.Click(css("#next")), chromedp.WaitVisible(css(".error.pageLevel[aria-hidden=false]")))
	if got := evaluate(`window.trail.slice(3).join("|")`); !strings.HasPrefix(got, `POST SelfAsserted|{"status":"400","errorCode":"AADB2C90053","message":`) {
		t.Errorf("what the customer's script saw of the call: %s", got)
	}
	if get(t, ctx, chromedp.Value(css("#signInName"))) != "nobody@example.com" {
		t.Error("the form lost what was typed")
	}

	do(t, ctx, chromedp.Click(css("#createAccount")), chromedp.WaitVisible(css("#attributeVerification")))
	wantAll(t, ctx, "sign-up", `li.EmailBox .attrEntry > .buttons.verify[data-claim_id=email] > #email_ver_wait.working`, `label#email_ver_input_label`, `input#email_ver_input.verifyInput`, `button#email_ver_but_send.sendButton[id$=ver_but_send]`,
		`#email_ver_but_verify.verifyButton`, `#email_ver_but_resend.sendButton`, `#email_ver_but_edit.editButton`, `#email_ver_but_default.defaultButton`, `#email_intro.verificationInfoText`, `#email_info`, `#email_success.verificationSuccessText`,
		`#email_fail_retry.verificationErrorText.error`, `#email_fail_no_retry`, `#email_fail_throttled`, `#email_fail_code_expired`, `#email_fail_server`, `#email_incorrect_format`, `#newPassword[autocomplete=new-password]`, `#reenterPassword`, `#cancel`)

	spec := everyInputPage()
	spec.loadURI, spec.behaviors = template, allowScripts
	policy := e.asks(spec)
	do(t, ctx, chromedp.Navigate(e.authorizeURL(policy, "en")), chromedp.WaitVisible(css("#attributeVerification")))
	wantAll(t, ctx, "self-asserted", `#api[data-name="SelfAsserted"] > .heading > h1`, `#api > .intro > p`, `form#attributeVerification > #passwordEntryMismatch.error.pageLevel`, `#requiredFieldMissing.error.pageLevel`, `#fieldIncorrect`, `#captchaUnresolved`, `#claimVerificationServerError`,
		`#attributeVerification > #attributeList.attr > ul > li.TextBox.nick_li > .attrEntry > label#nick_label.required[for=nick] + .error.itemLevel[role=alert] + input#nick.textInput[placeholder="Nick name"][aria-required=true] + a.helpLink.tiny[data-help="What friends call you"]`,
		`li.EmailBox.email_li input#email[type=email]`, `li.Readonly input#card[disabled][value="XXX-XXX-0123"]`, `li.Paragraph p.textInParagraph#note[tabindex="0"]`,
		`li.DropdownSingleSelect select.dropdown_single#city > option[value=seattle]`, `select#city > option:first-child[disabled]`, `li.RadioSingleSelect input#color_red[type=radio][name=color][value=red]`, `input#color_blue:checked`,
		`li.CheckboxMultiSelect input#fruit_A[type=checkbox]`, `li.DateTimeDropdown div#born.date > select#born_day.day`, `select#born_month.month`, `select#born_year.year`, `input#age[inputmode=numeric]`,
		`#attributeVerification > .buttons > button#continue[type=submit][form=attributeVerification][aria-disabled=false]`, `.buttons > button#cancel[formnovalidate]`, `.verifying-modal[aria-live=assertive] > #verifying_blurb`,
		`#attributeList ul li:nth-child(3)`)
	if got := get(t, ctx, chromedp.Evaluate[bool](`document.querySelector(".disclaimer-container") === null`)); !got {
		t.Error("a disclaimer that nobody wrote")
	}
	do(t, ctx, chromedp.Click(css("#continue")), chromedp.WaitVisible(css("#requiredFieldMissing")))
	wantAll(t, ctx, "self-asserted", `#requiredFieldMissing[aria-hidden=false][style*="display: block"]`, `.attrEntry.validate > .error.itemLevel.show[aria-hidden=false]`, `#fieldIncorrect[aria-hidden=true]`)
	// An error goes once the value is right.
	do(t, ctx, chromedp.SendKeys(css("#nick"), "Em"), chromedp.SendKeys(css("#email"), "em@example.com"))
	if got := evaluate(`document.querySelectorAll(".attrEntry.validate").length + " " + document.activeElement.id`); got != "0 email" {
		t.Errorf("after typing: %s", got)
	}
	do(t, ctx, chromedp.SendKeys(css("#age"), "30"), chromedp.SetValue(css("#born_day"), "29"), chromedp.SetValue(css("#born_month"), "2"), chromedp.SetValue(css("#born_year"), "2001"), chromedp.Click(css("#color_red")), chromedp.Click(css("#fruit_A")), chromedp.Click(css("#fruit_C")), chromedp.SetValue(css("#city"), "seattle"))
	do(t, ctx, chromedp.Click(css("#continue")), chromedp.WaitVisible(css("#born_error"))) // there was no 29th of February
	do(t, ctx, chromedp.SetValue(css("#born_day"), "28"))
	values := sent(t, ctx, chromedp.Click(css("#continue")))
	_, payload := decode(t, values.Get("id_token"))
	// What a script filled in, hidden from sight, arrives; what is read-only stays whole.
	for claim, want := range map[string]any{"nick": "Em", "email": "em@example.com", "age": float64(30), "born": "2001-02-28", "color": "red", "fruit": "A,C", "city": "seattle", "helper": "typed 14 times", "card": "206-555-0123"} {
		if payload[claim] != want {
			t.Errorf("%s = %v, want %v", claim, payload[claim], want)
		}
	}
}

// TestOldLayoutsHaveTheOldJQuery: scripts written for it use .load(fn), which later
// versions lack.
func TestOldLayoutsHaveTheOldJQuery(t *testing.T) {
	t.Parallel()
	ctx := browser(t)
	e := start(t, nil)
	needsJQuery(t, e)
	customersHost(e)
	policy := e.asks(pageSpec{layout: "contract:selfasserted:1.1.0", loadURI: e.api.server.URL + "/page.html", behaviors: allowScripts})
	do(t, ctx, chromedp.Navigate(e.authorizeURL(policy, "en")), chromedp.WaitVisible(css("#attributeVerification")))
	if got := get(t, ctx, chromedp.Evaluate[string](`new Promise(r => $(window).load(() => setTimeout(() => r(window.trail.join("|")), 0)) && document.readyState === "complete" && r(window.trail.join("|")))`, chromedp.EvalAwaitPromise)); !strings.Contains(got, "ready: 1.12.4|load") {
		t.Errorf("trail = %s", got)
	}
}

// TestScriptsOfATemplateAreDeadUnlessAllowed: also those that hide in attributes and links.
func TestScriptsOfATemplateAreDeadUnlessAllowed(t *testing.T) {
	t.Parallel()
	ctx := browser(t)
	e := start(t, nil)
	e.api.serve(map[string]string{"/page.html": `<html><head><script>window.ran = "head"</script></head><body onload="window.ran='onload'"><svg onload="window.ran='svg'"></svg><img src="x" onerror="window.ran='img'">
<a id="link" href="javascript:window.ran='link'">x</a><math><mtext><table><mglyph><style><img src=x onerror="window.ran='mutation'"></style></mglyph></table></mtext></math><div id="api"></div></body></html>`})
	policy := e.asks(pageSpec{loadURI: e.api.server.URL + "/page.html"})
	do(t, ctx, chromedp.Navigate(e.authorizeURL(policy, "en")), chromedp.WaitVisible(css("#attributeVerification")), chromedp.Click(css("#link")))
	if got := get(t, ctx, chromedp.Evaluate[string](`String(window.ran)`)); got != "undefined" {
		t.Errorf("a script ran: %s", got)
	}
	values := sent(t, ctx, chromedp.SendKeys(css("#nick"), "Em"), chromedp.Click(css("#continue")))
	if values.Get("id_token") == "" {
		t.Errorf("the page doesn't work: %v", values)
	}
}

// needsJQuery skips a test of scripts in a build without it.
func needsJQuery(t *testing.T, e *env) {
	t.Helper()
	res, err := e.client(nil).Get(e.base + "/static/jquery-1.12.4.min.js")
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode != 200 {
		needtest.Missing(t, needtest.NPM, "this build has no jQuery: run scripts/pages.sh")
	}
}

// TestOldLayoutsAskBeforeTheyLeave: those below 1.1.0, and they cover the page while they wait.
func TestOldLayoutsAskBeforeTheyLeave(t *testing.T) {
	t.Parallel()
	ctx := browser(t)
	e := start(t, nil)
	policy := e.asks(pageSpec{layout: "selfasserted:1.0.0"})
	do(t, ctx, chromedp.Navigate(e.authorizeURL(policy, "en")), chromedp.WaitVisible(css("#attributeVerification")), chromedp.Click(css("#cancel")), chromedp.WaitVisible(css("dialog.alert-modal")))
	shoot(t, ctx, "leave")
	do(t, ctx, chromedp.Click(css(".alert-no")), chromedp.WaitNotPresent(css("dialog")), chromedp.Click(css("#cancel")), chromedp.WaitVisible(css(".alert-yes")))
	if values := sent(t, ctx, chromedp.Click(css(".alert-yes"))); !strings.HasPrefix(values.Get("error_description"), "AADB2C90091") {
		t.Errorf("result = %v", values)
	}
	do(t, ctx, chromedp.Navigate(e.authorizeURL(policy, "en")), chromedp.WaitVisible(css("#attributeVerification")))
	wait := get(t, ctx, chromedp.Evaluate[string](`XMLHttpRequest.prototype.send = function () {}, document.querySelector("#continue").click(), document.querySelector("#simplemodal-container > #simplemodal-data").textContent`))
	if wait != "Please wait while we process your information." {
		t.Errorf("while it waits: %q", wait)
	}
}
