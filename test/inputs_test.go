package test

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/google/go-cmp/cmp"
)

func TestEveryInputTypeTakesItsValues(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	spec := everyInputPage()
	spec.blocks += `<ClaimType Id="agreed"><DisplayName>I agree</DisplayName><DataType>boolean</DataType><UserInputType>CheckboxMultiSelect</UserInputType><Restriction><Enumeration Text="Yes, to &lt;a href=&quot;https://contoso.example/terms&quot;&gt;the terms&lt;/a&gt;" Value="true" /></Restriction></ClaimType>
<ClaimType Id="when"><DisplayName>When</DisplayName><DataType>dateTime</DataType><UserInputType>DateTimeDropdown</UserInputType></ClaimType>
<ClaimType Id="groups"><DisplayName>Groups</DisplayName><DataType>stringCollection</DataType><UserInputType>CheckboxMultiSelect</UserInputType><Restriction><Enumeration Text="One" Value="1" /><Enumeration Text="Two" Value="2" /></Restriction></ClaimType>
<ClaimType Id="big"><DisplayName>Big</DisplayName><DataType>long</DataType><UserInputType>TextBox</UserInputType></ClaimType>
<ClaimType Id="press"><DisplayName>Press me</DisplayName><DataType>string</DataType><UserInputType>Button</UserInputType></ClaimType>
<ClaimType Id="vip"><DisplayName>VIP</DisplayName><DataType>boolean</DataType><UserInputType>RadioSingleSelect</UserInputType><Restriction><Enumeration Text="Yes" Value="true" /><Enumeration Text="No" Value="false" /></Restriction></ClaimType>`
	for _, id := range []string{"agreed", "when", "groups", "big", "press", "vip"} {
		spec.display += `<DisplayClaim ClaimTypeReferenceId="` + id + `" />`
		spec.outputs += `<OutputClaim ClaimTypeReferenceId="` + id + `" />`
		if id != "press" {
			spec.token = append(spec.token, id)
		}
	}
	spec.inputs += `<InputClaim ClaimTypeReferenceId="vip" DefaultValue="true" />`
	policy := e.asks(spec)
	u := e.user()
	u.authorize(policy, nil)
	for _, want := range []string{`id="vip_true" name="vip" value="true" checked`, `Yes, to <a href="https://contoso.example/terms" target="_blank" rel="noopener noreferrer">the terms</a></label>`, `<button type="button" id="press">Press me</button>`, `Read &lt;b&gt;this&lt;/b&gt;</p>`} {
		if !strings.Contains(u.page, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	right := map[string]string{
		"email": " em@example.com ", "nick": " Em ", "age": " 30 ", "born": "2001-02-28", "color": "red", "fruit": "A,C", "city": "seattle", "card": "forged", "note": "forged", "press": "forged",
		"agreed": "true", "when": "2001-02-28", "groups": "1,2", "big": "9007199254740993", "vip": "false",
	}
	wrong := map[string][]string{
		"age": {"thirty", "3.5", "2147483648", "1e3"}, "born": {"2001-02-30", "28.2.2001", "2001-00-10"}, "color": {"green", "red,blue", "Red"}, "fruit": {"A,D", "A,,C", "A,C,"}, "city": {"Seattle", "seattle "[:7] + "x"},
		"agreed": {"yes", "true,true,x"}, "when": {"soon"}, "groups": {"3"}, "big": {"9223372036854775808"}, "email": {""}, "nick": {"   "}, "vip": {"maybe"},
	}
	for id, values := range wrong {
		for _, v := range values {
			fields := maps.Clone(right)
			fields[id] = v
			// The limit of tries is for people; each value gets a page of its own.
			u := e.user()
			u.authorize(policy, nil)
			if r := u.submit(fields); r.Status != "400" || r.Message == "" || r.ErrorCode != "AADB2C90158" {
				t.Errorf("%s = %q was taken: %+v", id, v, r)
			}
		}
	}
	u.pass(right)
	_, payload := decode(t, u.redeem(policy).IDToken)
	for id, want := range map[string]any{
		"email": "em@example.com", "nick": "Em", "age": float64(30), "born": "2001-02-28", "color": "red", "fruit": "A,C", "city": "seattle", "card": "206-555-0123",
		"agreed": true, "when": float64(983318400), "groups": []any{"1", "2"}, "vip": false, "helper": nil,
	} {
		if diff := cmp.Diff(want, payload[id]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", id, diff)
		}
	}
}

func TestRestrictionsMergeInThreeWays(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	const base = `<Enumeration Text="Parent one" Value="1" /><Enumeration Text="Parent two" Value="2" />`
	const child = `<Enumeration Text="Child two" Value="2" /><Enumeration Text="Child three" Value="3" SelectByDefault="true" />`
	for behavior, want := range map[string]string{
		` MergeBehavior="Append"`: "Parent one|Child two|Child three", ` MergeBehavior="Prepend"`: "Child two|Child three|Parent one", ` MergeBehavior="ReplaceAll"`: "Child two|Child three", "": "Child two|Child three",
	} {
		policy := e.asks(pageSpec{blocks: `<ClaimType Id="nick"><DisplayName>Nick</DisplayName><DataType>string</DataType><UserInputType>DropdownSingleSelect</UserInputType><Restriction>` + base + `</Restriction></ClaimType>`})
		_, body := e.graph("admin-token", http.MethodGet, "beta/trustFramework/policies/"+policy+"/$value", nil)
		e.put(strings.Replace(body["body"].(string), "<RelyingParty>", `<BuildingBlocks><ClaimsSchema><ClaimType Id="nick"><Restriction`+behavior+`>`+child+`</Restriction></ClaimType></ClaimsSchema></BuildingBlocks><RelyingParty>`, 1))
		u := e.user()
		u.authorize(policy, nil)
		var found []string
		for _, text := range []string{"Parent one", "Child two", "Child three", "Parent two"} {
			if i := strings.Index(u.page, ">"+text+"</option>"); i >= 0 {
				found = append(found, fmt.Sprintf("%08d%s", i, text))
			}
		}
		got := ordered(found)
		if got != want {
			t.Errorf("%q: %s, want %s", behavior, got, want)
		}
		if legal := strings.Contains(want, "Parent one"); (u.submit(map[string]string{"nick": "1"}).Status == "200") != legal {
			t.Errorf("%q: the server doesn't know the list", behavior)
		}
	}
}

// ordered joins texts by the eight digits in front of them.
func ordered(list []string) string {
	for i := range list {
		for j := i; j > 0 && list[j] < list[j-1]; j-- {
			list[j], list[j-1] = list[j-1], list[j]
		}
	}
	for i := range list {
		list[i] = list[i][8:]
	}
	return strings.Join(list, "|")
}

func TestMasksHideValuesOnPagesAlone(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	for mask, want := range map[string]string{
		`<Mask Type="Simple">XXX-XXX-</Mask>`:                   "XXX-XXX-ith@contoso.com",
		`<Mask Type="Regex" Regex="(?&lt;=.).(?=.*@)">*</Mask>`: "e**********@contoso.com",
	} {
		for _, kind := range []string{"Readonly", "Paragraph"} {
			policy := e.asks(pageSpec{
				blocks: `<ClaimType Id="shownEmail"><DisplayName>E-mail</DisplayName><DataType>string</DataType>` + mask + `<UserInputType>` + kind + `</UserInputType></ClaimType><ClaimType Id="nick"><DisplayName>Nick</DisplayName><DataType>string</DataType><UserInputType>TextBox</UserInputType></ClaimType>`,
				inputs: `<InputClaim ClaimTypeReferenceId="shownEmail" DefaultValue="emily.smith@contoso.com" />`, outputs: `<OutputClaim ClaimTypeReferenceId="shownEmail" /><OutputClaim ClaimTypeReferenceId="nick" />`, token: []string{"shownEmail"},
			})
			u := e.user()
			u.authorize(policy, nil)
			if !strings.Contains(u.page, want) || strings.Contains(u.page, "emily.smith") {
				t.Errorf("%s %s: %s", kind, mask, excerpt(u.page))
			}
			u.pass(map[string]string{"nick": "x", "shownEmail": "forged@contoso.com"})
			if _, payload := decode(t, u.redeem(policy).IDToken); payload["shownEmail"] != "emily.smith@contoso.com" {
				t.Errorf("%s: the token has %v", kind, payload["shownEmail"])
			}
		}
	}
}

// TestWhatAPageDoesNotAskForIsNeverSet: forged field names, and claims that exist.
func TestWhatAPageDoesNotAskForIsNeverSet(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	policy := e.asks(pageSpec{
		blocks:  `<ClaimType Id="nick"><DisplayName>Nick</DisplayName><DataType>string</DataType><UserInputType>TextBox</UserInputType></ClaimType><ClaimType Id="role"><DisplayName>Role</DisplayName><DataType>string</DataType><UserInputType>TextBox</UserInputType></ClaimType><ClaimType Id="inner"><DataType>string</DataType></ClaimType>`,
		display: `<DisplayClaim ClaimTypeReferenceId="nick" />`, outputs: `<OutputClaim ClaimTypeReferenceId="nick" /><OutputClaim ClaimTypeReferenceId="role" /><OutputClaim ClaimTypeReferenceId="inner" DefaultValue="" />`, token: []string{"nick", "role", "inner", "objectId"},
	})
	u := e.user()
	u.authorize(policy, nil)
	if strings.Contains(u.page, `id="role"`) {
		t.Error("with a display claim, output claims aren't shown")
	}
	u.pass(map[string]string{"nick": "Em", "role": "admin", "inner": "x", "objectId": "11111111-1111-1111-1111-111111111111", "ROLE": "admin", "nick ": "x", "Nick": "y", "__proto__": "x", "claim_id": "role", "claim_value": "admin"})
	if _, payload := decode(t, u.redeem(policy).IDToken); payload["nick"] != "Em" || payload["role"] != nil || payload["inner"] != nil || payload["sub"] != "nobody" {
		t.Errorf("payload = %v", payload)
	}
}

// TestBadPostsAreRefusedAndTheJourneyGoesOn: over-long, wrong, unexpected and repeated.
func TestBadPostsAreRefusedAndTheJourneyGoesOn(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	policy := e.asks(pageSpec{})
	u := e.user()
	u.authorize(policy, nil)
	for name, body := range map[string]string{
		"empty": "", "no kind": "nick=x", "unknown kind": "request_type=EVERYTHING&nick=x", "repeated field": "request_type=RESPONSE&nick=a&nick=b", "repeated kind": "request_type=RESPONSE&request_type=RESPONSE",
		"over-long field": "request_type=RESPONSE&nick=" + strings.Repeat("x", 9<<10), "over-long body": "request_type=RESPONSE&nick=" + strings.Repeat("x", 300<<10),
		"NUL": "request_type=RESPONSE&nick=a%00b", "not UTF-8": "request_type=RESPONSE&nick=%ff%fe", "bad escape": "request_type=RESPONSE&nick=%zz", "semicolons": "request_type=RESPONSE;nick=x",
		"verifies nothing": "request_type=VERIFICATION_REQUEST&claim_id=nick&claim_value=a@example.com", "checks nothing": "request_type=VALIDATION_REQUEST&claim_id=nick&user_input=123456",
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, u.path("/SelfAsserted"), strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("X-CSRF-TOKEN", u.settings.CSRF)
		res, err := u.http.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		answer, _ := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if !bytes.Contains(answer, []byte(`"status":"400"`)) || res.StatusCode >= 500 || bytes.Contains(answer, []byte("xxx")) {
			t.Errorf("%s: %d %s", name, res.StatusCode, answer)
		}
	}
	// A body that begins with an ampersand is what B2C's own script sends.
	if r := u.post(url.Values{"": {""}, "request_type": {"RESPONSE"}, "nick": {"Em"}}); r.Status != "200" {
		t.Fatalf("the page is broken: %+v", r)
	}
	u.confirm()
	u.redeem(policy)
}

// TestScriptsInClaimsAndTextsAreEscaped looks for them alive in the page.
func TestScriptsInClaimsAndTextsAreEscaped(t *testing.T) {
	t.Parallel()
	const attack = `"'></script></title><script>window.hurt=1</script><img src=x onerror="window.hurt=1">`
	escaped := strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;").Replace(attack)
	spec := everyInputPage()
	spec.blocks = strings.NewReplacer("<DisplayName>Nick name", "<DisplayName>"+escaped, "<UserHelpText>What friends call you", "<UserHelpText>"+escaped, `Text="Red"`, `Text="`+escaped+`"`, `Value="bellevue"`, `Value="`+escaped+`"`).Replace(spec.blocks)
	spec.inputs = `<InputClaim ClaimTypeReferenceId="nick" DefaultValue="{OAUTH-KV:nick}" AlwaysUseDefaultValue="true" /><InputClaim ClaimTypeReferenceId="card" DefaultValue="{OAUTH-KV:nick}" AlwaysUseDefaultValue="true" /><InputClaim ClaimTypeReferenceId="note" DefaultValue="{OAUTH-KV:nick}" AlwaysUseDefaultValue="true" />`
	spec.metadata = `<Item Key="IncludeClaimResolvingInClaimsHandling">true</Item><Item Key="language.button_continue">` + escaped + `</Item>`
	spec.validate = `<ValidationTechnicalProfile ReferenceId="Refuse" />`
	spec.resources = `<LocalizedResourcesReference Language="en" LocalizedResourcesReferenceId="test.en" />`
	spec.more = `<Localization Enabled="true"><LocalizedResources Id="test.en"><LocalizedStrings><LocalizedString ElementType="UxElement" StringId="heading">` + escaped + `</LocalizedString><LocalizedString ElementType="UxElement" StringId="initial_intro">` + escaped + `</LocalizedString><LocalizedString ElementType="UxElement" StringId="` + "x" + `">` + escaped + `</LocalizedString></LocalizedStrings></LocalizedResources></Localization>`
	e := start(t, nil)
	spec.providers = `<TechnicalProfile Id="Refuse"><DisplayName>Refuse</DisplayName><Protocol Name="Proprietary" Handler="Web.TPEngine.Providers.RestfulProvider, Web.TPEngine, Version=1.0.0.0, Culture=neutral, PublicKeyToken=null" /><Metadata><Item Key="ServiceUrl">` + e.api.server.URL + `/refuse</Item><Item Key="AuthenticationType">None</Item><Item Key="AllowInsecureAuthInProduction">true</Item><Item Key="SendClaimsIn">Body</Item></Metadata><InputClaims><InputClaim ClaimTypeReferenceId="nick" /></InputClaims></TechnicalProfile>`
	e.api.respond(http.StatusConflict, `{"version":"1.0.0","status":409,"userMessage":"</script><img src=x onerror='window.hurt=1'>"}`)
	ctx := browser(t)
	policy := e.asks(spec)
	do(t, ctx, chromedp.Navigate(e.authorizeURL(policy, "en")+"&nick="+url.QueryEscape(attack)), chromedp.WaitVisible(css("#attributeVerification")), chromedp.Click(css("#nick_label ~ .helpLink")))
	if got := get(t, ctx, chromedp.Value(css("#nick"))); got != attack {
		t.Errorf("the field has %q", got)
	}
	do(t, ctx, chromedp.SetValue(css("#email"), "em@example.com"), chromedp.Click(css("#continue")), chromedp.WaitVisible(css("#claimVerificationServerError")))
	if got := get(t, ctx, chromedp.Evaluate[string](`String(window.hurt) + document.querySelectorAll("#api img, #api script, .helpText *").length + document.querySelector("#claimVerificationServerError").textContent`)); got != "undefined0</script><img src=x onerror='window.hurt=1'>" {
		t.Errorf("state = %s", got)
	}
}

// TestPredicatesAreCheckedInThePageAndOnTheServer: what a browser can check never leaves
// it; .NET expressions that it can't read are the server's.
func TestPredicatesAreCheckedInThePageAndOnTheServer(t *testing.T) {
	t.Parallel()
	ctx := browser(t)
	e := start(t, nil)
	predicate := func(id, method, help string, parameters ...string) string {
		p := ""
		for i := 0; i < len(parameters); i += 2 {
			p += `<Parameter Id="` + parameters[i] + `">` + parameters[i+1] + `</Parameter>`
		}
		return `<Predicate Id="` + id + `" Method="` + method + `" HelpText="` + help + `"><Parameters>` + p + `</Parameters></Predicate>`
	}
	group := func(atLeast string, predicates ...string) string {
		refs := ""
		for _, p := range predicates {
			refs += `<PredicateReference Id="` + p + `" />`
		}
		return `<PredicateGroup Id="G` + predicates[0] + `"><UserHelpText>` + "Group " + predicates[0] + `</UserHelpText><PredicateReferences` + atLeast + `>` + refs + `</PredicateReferences></PredicateGroup>`
	}
	policy := e.asks(pageSpec{
		blocks: `<ClaimType Id="newPassword"><DisplayName>Password</DisplayName><DataType>string</DataType><UserInputType>Password</UserInputType><Restriction><Pattern RegularExpression="^never$" HelpText="predicates win" /></Restriction><PredicateValidationReference Id="Strong" /></ClaimType>
<ClaimType Id="born"><DisplayName>Born</DisplayName><DataType>date</DataType><UserInputType>DateTimeDropdown</UserInputType><PredicateValidationReference Id="Past" /></ClaimType>
<ClaimType Id="nick"><DisplayName>Nick</DisplayName><DataType>string</DataType><UserInputType>TextBox</UserInputType><Restriction><Pattern RegularExpression="^(?&gt;[a-z]+)$" HelpText="Atomic groups are .NET's" /></Restriction></ClaimType>`,
		predicates: `<Predicates>` + predicate("Length", "IsLengthRange", "8 to 64 characters", "Minimum", "8", "Maximum", "64") + predicate("Small", "IncludesCharacters", "a small letter", "CharacterSet", "a-z") + predicate("Large", "IncludesCharacters", "a capital", "CharacterSet", "A-Z") +
			predicate("Digit", "IncludesCharacters", "a digit", "CharacterSet", "0-9") + predicate("Symbol", "IncludesCharacters", "a symbol", "CharacterSet", `@#$%^&amp;*\-_+=[]{}|\\:',.?/~"();!`) + predicate("NoName", "MatchesRegex", "not the word secret", "RegularExpression", "(?i)^(?!.*secret).*$") +
			predicate("Range", "IsDateRange", "a day between 1970 and today", "Minimum", "1970-01-01", "Maximum", "Today") + `</Predicates><PredicateValidations><PredicateValidation Id="Strong"><PredicateGroups>` + group("", "Length") + group(` MatchAtLeast="3"`, "Small", "Large", "Digit", "Symbol") + group("", "NoName") + `</PredicateGroups></PredicateValidation><PredicateValidation Id="Past"><PredicateGroups>` + group("", "Range") + `</PredicateGroups></PredicateValidation></PredicateValidations>`,
		outputs: `<OutputClaim ClaimTypeReferenceId="newPassword" Required="true" /><OutputClaim ClaimTypeReferenceId="born" Required="true" /><OutputClaim ClaimTypeReferenceId="nick" Required="true" />`,
		token:   []string{"nick", "born"},
	})
	passwords := map[string]string{
		"short-1":        "Group Length\n8 to 64 characters",
		"longenough":     "Group Small\na capital\na digit\na symbol",
		"Has-Secret-1":   "Group NoName\nnot the word secret",
		"abc":            "Group Length\n8 to 64 characters\nGroup Small\na capital\na digit\na symbol",
		"Pass-word.word": "",
	}
	do(t, ctx, chromedp.Navigate(e.authorizeURL(policy, "en")), chromedp.WaitVisible(css("#attributeVerification")))
	text := func(id string) string {
		return get(t, ctx, chromedp.Evaluate[string](`(e => e.getAttribute("aria-hidden") === "true" ? "" : e.textContent)(document.querySelector("#`+id+`_error"))`))
	}
	get(t, ctx, chromedp.Evaluate[bool](`window.calls = 0, XMLHttpRequest.prototype.send = (send => function () { window.calls++; return send.apply(this, arguments); })(XMLHttpRequest.prototype.send), true`))
	for value, want := range passwords {
		do(t, ctx, chromedp.SetValue(css("#newPassword"), value), chromedp.Click(css("#continue")))
		if got := text("newPassword"); got != want {
			t.Errorf("in the page, %s: %q, want %q", value, got, want)
		}
	}
	if years := get(t, ctx, chromedp.Evaluate[string](`[...document.querySelectorAll("#born_year option")].map(o => o.value).filter(Boolean).slice(-1)[0]`)); years != "1970" {
		t.Errorf("the years begin with %s", years)
	}
	do(t, ctx, chromedp.SetValue(css("#newPassword"), "Pass-word.word"), chromedp.SetValue(css("#born_day"), "1"), chromedp.SetValue(css("#born_month"), "12"), chromedp.SetValue(css("#born_year"), "1970"), chromedp.SetValue(css("#nick"), "UPPER"))
	if calls := get(t, ctx, chromedp.Evaluate[int](`window.calls`)); calls != 0 {
		t.Errorf("%d calls for what the page could see", calls)
	}
	do(t, ctx, chromedp.Click(css("#continue")), chromedp.WaitVisible(css("#nick_error")))
	if got := text("nick"); got != "Atomic groups are .NET's" {
		t.Errorf("of the server: %q", got)
	}
	u := e.user()
	for value, want := range passwords {
		u.authorize(policy, nil)
		if r := u.submit(map[string]string{"newPassword": value, "born": "1970-01-01", "nick": "x"}); want != "" && r.Message != want || (r.Status == "200") != (want == "") {
			t.Errorf("on the server, %s: %+v, want %q", value, r, want)
		}
	}
	u.authorize(policy, nil)
	if r := u.submit(map[string]string{"newPassword": "Pass-word.word", "born": "2999-01-01", "nick": "x"}); r.Message != "Group Range\na day between 1970 and today" {
		t.Errorf("a day to come: %+v", r)
	}
}

// TestAPasswordIsGoneAfterItsPage: only the page's own validation profiles see it.
func TestAPasswordIsGoneAfterItsPage(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	policy := e.asks(pageSpec{
		blocks:  `<ClaimType Id="newPassword"><DisplayName>Password</DisplayName><DataType>string</DataType><UserInputType>Password</UserInputType></ClaimType>`,
		outputs: `<OutputClaim ClaimTypeReferenceId="newPassword" Required="true" />`, token: []string{"newPassword"},
		metadata: `<Item Key="setting.trimSpacesInPassword">false</Item>`,
	})
	u := e.user()
	u.authorize(policy, nil)
	u.pass(map[string]string{"newPassword": " Pass-word.1 "})
	if _, payload := decode(t, u.redeem(policy).IDToken); payload["newPassword"] != nil {
		t.Errorf("the token has the password: %v", payload)
	}
}

func TestABlockPageCannotBeContinued(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	policy := e.asks(pageSpec{
		blocks: `<ClaimType Id="note"><DisplayName>Note</DisplayName><DataType>string</DataType><UserInputType>Paragraph</UserInputType></ClaimType>`, inputs: `<InputClaim ClaimTypeReferenceId="note" DefaultValue="You may not pass" />`,
		outputs: `<OutputClaim ClaimTypeReferenceId="note" />`, metadata: `<Item Key="setting.showContinueButton">FALSE</Item><Item Key="setting.showCancelButton">false</Item>`, token: []string{"note"},
	})
	u := e.user()
	u.authorize(policy, nil)
	if strings.Contains(u.page, `id="continue"`) || strings.Contains(u.page, `id="cancel"`) || !strings.Contains(u.page, "You may not pass") {
		t.Errorf("page = %s", excerpt(u.page))
	}
	if r := u.submit(nil); r.Status != "400" {
		t.Errorf("a hand-made post: %+v", r)
	}
	if u.confirm(); u.callback != nil {
		t.Error("a hand-made confirmation went on")
	}
}

func TestTriesAreUsedUp(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	policy := e.asks(pageSpec{outputs: `<OutputClaim ClaimTypeReferenceId="nick" Required="true" />`, metadata: `<Item Key="setting.retryLimit">2</Item>`})
	u := e.user()
	u.authorize(policy, nil)
	for range 2 {
		if r := u.submit(nil); r.Status != "400" {
			t.Fatalf("reply = %+v", r)
		}
	}
	if r := u.submit(nil); r.Status != "200" {
		t.Fatalf("the page isn't sent on: %+v", r)
	}
	u.confirm()
	if got := u.result(); !strings.HasPrefix(got.Get("error_description"), "AADB2C90157") {
		t.Errorf("result = %v", got)
	}
}

func TestErrorCodesComeWithTheLayoutsThatHaveThem(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	for layout, want := range map[string]string{"contract:selfasserted:2.1.16": "", "selfasserted:1.1.0": "", "contract:selfasserted:2.1.17": "AADB2C90158"} {
		policy := e.asks(pageSpec{layout: layout, outputs: `<OutputClaim ClaimTypeReferenceId="nick" Required="true" />`})
		u := e.user()
		u.authorize(policy, nil)
		if r := u.submit(nil); r.Status != "400" || r.ErrorCode != want {
			t.Errorf("%s: %+v", layout, r)
		}
	}
}
