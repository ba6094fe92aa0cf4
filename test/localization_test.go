package test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"journeyman.dev/internal/texts"
)

// localized is a page with a text of every kind in Swedish.
func localized() pageSpec {
	text := func(kind, element, id, value string) string {
		if element != "" {
			element = ` ElementId="` + element + `"`
		}
		return `<LocalizedString ElementType="` + kind + `"` + element + ` StringId="` + id + `">` + value + `</LocalizedString>`
	}
	return pageSpec{
		blocks: `<ClaimType Id="nick"><DisplayName>Nick name</DisplayName><DataType>string</DataType><UserHelpText>Help</UserHelpText><UserInputType>TextBox</UserInputType><Restriction><Pattern RegularExpression="^[a-z]+$" HelpText="Small letters" /></Restriction></ClaimType>
<ClaimType Id="secret"><DisplayName>Secret</DisplayName><DataType>string</DataType><UserInputType>TextBox</UserInputType><PredicateValidationReference Id="Strong" /></ClaimType>
<ClaimType Id="word"><DisplayName>Word</DisplayName><DataType>string</DataType><UserInputType>TextBox</UserInputType></ClaimType>
<ClaimType Id="city"><DisplayName>City</DisplayName><DataType>string</DataType><UserInputType>DropdownSingleSelect</UserInputType><Restriction><Enumeration Text="Bellevue" Value="bellevue" /></Restriction></ClaimType>
<ClaimType Id="born"><DisplayName>Born</DisplayName><DataType>date</DataType><UserInputType>DateTimeDropdown</UserInputType></ClaimType>`,
		predicates: `<Predicates><Predicate Id="Length" Method="IsLengthRange" HelpText="at least 4 characters"><Parameters><Parameter Id="Minimum">4</Parameter><Parameter Id="Maximum">64</Parameter></Parameters></Predicate><Predicate Id="Digit" Method="IncludesCharacters" HelpText="a digit"><Parameters><Parameter Id="CharacterSet">0-9</Parameter></Parameters></Predicate></Predicates>
<PredicateValidations><PredicateValidation Id="Strong"><PredicateGroups><PredicateGroup Id="Both"><UserHelpText>The secret must have</UserHelpText><PredicateReferences><PredicateReference Id="Length" /><PredicateReference Id="Digit" /></PredicateReferences></PredicateGroup></PredicateGroups></PredicateValidation></PredicateValidations>`,
		resources: `<LocalizedResourcesReference Language="sv" LocalizedResourcesReferenceId="test.sv" />`,
		more: `<Localization Enabled="true"><SupportedLanguages DefaultLanguage="en" MergeBehavior="ReplaceAll"><SupportedLanguage>en</SupportedLanguage><SupportedLanguage>sv</SupportedLanguage><SupportedLanguage>ar</SupportedLanguage><SupportedLanguage>pt-br</SupportedLanguage><SupportedLanguage>xx-TEST</SupportedLanguage></SupportedLanguages>
<LocalizedResources Id="test.sv"><LocalizedCollections><LocalizedCollection ElementType="ClaimType" ElementId="city" TargetCollection="Restriction"><Item Text="Göteborg" Value="gbg" /><Item Text="Stockholm" Value="sthlm" SelectByDefault="true" /></LocalizedCollection></LocalizedCollections><LocalizedStrings>` +
			text("UxElement", "", "initial_intro", "Läs &lt;a href=&quot;https://contoso.example/villkor&quot;&gt;villkoren&lt;/a&gt;") + text("UxElement", "", "MyOwnText", "Egen") +
			text("ClaimType", "nick", "DisplayName", "Smeknamn") + text("ClaimType", "nick", "UserHelpText", "Hjälp") + text("ClaimType", "nick", "PatternHelpText", "Små bokstäver") +
			text("Predicate", "Length", "HelpText", "minst 4 tecken") + text("InputValidation", "Strong", "Both", "Hemligheten måste ha") +
			text("ErrorMessage", "", "UserMessageIfMissingRequiredElement", "{0} fattas!") + text("UxElement", "", "disclaimer_msg_intro", "Genom att fortsätta") +
			text("UxElement", "", "disclaimer_link_1_text", "Integritet") + text("UxElement", "", "disclaimer_link_1_url", "https://contoso.example/integritet") +
			`</LocalizedStrings></LocalizedResources></Localization>`,
		outputs: `<OutputClaim ClaimTypeReferenceId="nick" Required="true" /><OutputClaim ClaimTypeReferenceId="secret" /><OutputClaim ClaimTypeReferenceId="word" Required="true" /><OutputClaim ClaimTypeReferenceId="city" /><OutputClaim ClaimTypeReferenceId="born" />`,
		token:   []string{"nick", "secret", "word", "city", "born"},
	}
}

func TestEveryKindOfTextIsLocalized(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	policy := e.asks(localized())
	u := e.user()
	u.authorize(policy, map[string]string{"ui_locales": "sv-SE"})
	for _, want := range []string{
		`<html lang="sv-SE" dir="ltr">`, `Läs <a href="https://contoso.example/villkor" target="_blank" rel="noopener noreferrer">villkoren</a>`, `"MyOwnText":"Egen"`,
		`>Smeknamn</label>`, `data-help="Hjälp"`, `title="Små bokstäver"`, `<option value="sthlm" selected>Stockholm</option>`, `>Fortsätt</button>`, `>Avbryt</button>`,
		`<option value="2">februari</option>`, `aria-label="Månad"`, `<p class="disclaimer-msg-intro">Genom att fortsätta</p>`, `<a class="disclaimer-link" href="https://contoso.example/integritet"`,
		`"help":"Hemligheten måste ha"`, `"button_continue":"Fortsätt"`,
	} {
		if !strings.Contains(strings.ReplaceAll(u.page, `": "`, `":"`), want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	if strings.Contains(u.page, "Bellevue") {
		t.Error("a localized collection must replace the claim's own list")
	}
	for _, c := range []struct {
		fields map[string]string
		want   string
	}{
		{map[string]string{"nick": "EM", "word": "x"}, "Små bokstäver"},
		{map[string]string{"word": "x"}, "Smeknamn fattas!"},
		{map[string]string{"nick": "em", "secret": "1", "word": "x"}, "Hemligheten måste ha\nminst 4 tecken"},
		{map[string]string{"nick": "em", "secret": "abcd", "word": "x"}, "Hemligheten måste ha\na digit"},
		{map[string]string{"nick": "em", "word": "x", "city": "bellevue"}, "Är inte giltigt: City"}, // not in the list of this language
		{map[string]string{"nick": "em", "word": "x", "born": "31.12.2001"}, "Är inte giltigt: Born"},
	} {
		if r := u.submit(c.fields); r.Status != "400" || r.Message != c.want {
			t.Errorf("%v: %+v, want %q", c.fields, r, c.want)
		}
	}
	u.pass(map[string]string{"nick": "em", "word": "x", "city": "gbg", "secret": "abc1", "born": "2001-12-31"})
	if _, payload := decode(t, u.redeem(policy).IDToken); payload["city"] != "gbg" || payload["born"] != "2001-12-31" {
		t.Errorf("payload = %v", payload)
	}
}

// TestTheLanguageIsTheRequestsThenTheBrowsersThenThePolicys (pages §6).
func TestTheLanguageIsTheRequestsThenTheBrowsersThenThePolicys(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	policy := e.asks(localized())
	for _, c := range []struct{ uiLocales, accept, lang, button string }{
		{"sv", "ar", "sv", "Fortsätt"},
		{"fi sv", "ar", "sv", "Fortsätt"},
		{"fi", "ar;q=0.5, sv", "sv", "Fortsätt"},
		{"", "de, ar-EG;q=0.5", "ar-EG", "متابعة"},
		{"", "", "en", "Continue"},
		{"fi", "de", "en", "Continue"},
		{"pt-BR", "", "pt-BR", "Continuar"},
		{"xx-test", "", "en", "Continue"}, // a tag that the policy made up: our texts are English
		{"no!tag", "", "en", "Continue"},
	} {
		u := e.user()
		transport := u.http.Transport
		u.http.Transport = withHeader{transport, "Accept-Language", c.accept}
		u.authorize(policy, map[string]string{"ui_locales": c.uiLocales})
		if !strings.Contains(u.page, `<html lang="`+c.lang+`" dir=`) || !strings.Contains(u.page, ">"+c.button+"</button>") {
			t.Errorf("%q %q: %s", c.uiLocales, c.accept, u.page[:400])
		}
	}
}

// withHeader adds a header to each request.
type withHeader struct {
	http.RoundTripper
	name, value string
}

func (h withHeader) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	if h.value != "" {
		r.Header.Set(h.name, h.value)
	}
	return h.RoundTripper.RoundTrip(r)
}

func TestOnlyBuiltInPagesTurnRightToLeft(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	e.api.serve(map[string]string{"/page.html": plainTemplate})
	for uri, want := range map[string]string{"~/tenant/default/selfAsserted.cshtml": `<html lang="ar" dir="rtl">`, e.api.server.URL + "/page.html": `<html lang="ar">`} {
		policy := e.asks(pageSpec{loadURI: uri})
		u := e.user()
		u.authorize(policy, map[string]string{"ui_locales": "ar"})
		if !strings.Contains(u.page, want) {
			t.Errorf("%s: %s", uri, u.page[:300])
		}
	}
}

func TestAChildPolicyReplacesSingleTexts(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	child := `<Localization Enabled="true"><LocalizedResources Id="signup.en"><LocalizedStrings><LocalizedString ElementType="uxelement" StringId="BUTTON_CONTINUE">Join us</LocalizedString></LocalizedStrings></LocalizedResources></Localization>`
	policy := e.asks(pageSpec{more: child, resources: `<LocalizedResourcesReference Language="en" LocalizedResourcesReferenceId="signup.en" />`})
	u := e.user()
	u.authorize(ownSignIn, nil)
	if u.navigate("/api/CombinedSigninAndSignup/unified?local=signup"); !strings.Contains(u.page, ">Create account</button>") {
		t.Errorf("the parent's page has changed: %s", excerpt(u.page))
	}
	// The child's journey of the same page has the child's text, and the parent's others.
	u = e.user()
	u.authorize(policy, nil)
	if !strings.Contains(u.page, ">Join us</button>") || !strings.Contains(u.page, "Create your account</h1>") {
		t.Errorf("page = %s", excerpt(u.page))
	}
}

func TestMailsAreInTheUsersLanguage(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	policy := e.asks(pageSpec{
		blocks:  `<ClaimType Id="email"><DisplayName>E-mail</DisplayName><DataType>string</DataType><UserInputType>EmailBox</UserInputType></ClaimType>`,
		outputs: `<OutputClaim ClaimTypeReferenceId="email" PartnerClaimType="Verified.Email" Required="true" />`, token: []string{"email"},
	})
	u := e.user()
	u.authorize(policy, map[string]string{"ui_locales": "de"})
	if r := u.post(url.Values{"request_type": {"VERIFICATION_REQUEST"}, "claim_id": {"email"}, "claim_value": {"not an address"}}); r.Message != "Bitte geben Sie eine gültige E-Mail-Adresse ein." {
		t.Errorf("reply = %+v", r)
	}
	u.verify("email", "ada@example.com")
	m := e.srv.Outbox.Messages()[0]
	if m.Subject != "contoso: Prüfcode" || !strings.HasPrefix(m.Text, "Ihr Prüfcode lautet: ") || !strings.Contains(m.Text, "Er gilt 10 Minuten.") {
		t.Errorf("mail = %+v", m)
	}
}

func TestMessagesOfProfilesAreInTheUsersLanguage(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	policy := everySignIn(e, "~/tenant/default/unified.cshtml")
	_, body := e.graph("admin-token", http.MethodGet, "beta/trustFramework/policies/B2C_1A_TestExtensions/$value", nil)
	e.put(strings.Replace(body["body"].(string), "</ContentDefinitions>", `</ContentDefinitions><Localization Enabled="true"><SupportedLanguages DefaultLanguage="en" MergeBehavior="ReplaceAll"><SupportedLanguage>en</SupportedLanguage><SupportedLanguage>de</SupportedLanguage></SupportedLanguages></Localization>`, 1))
	u := e.user()
	u.authorize(policy, map[string]string{"ui_locales": "de"})
	if r := u.submit(map[string]string{"signInName": "nobody@example.com", "password": "wrong"}); r.Message != "Wir finden kein Konto mit diesen Angaben." {
		t.Errorf("reply = %+v", r)
	}
	if r := u.submit(map[string]string{"signInName": "", "password": "wrong"}); r.Message != "Erforderlich: E-mail address" {
		t.Errorf("reply = %+v", r)
	}
	// The profile's metadata goes before our own words.
	_, body = e.graph("admin-token", http.MethodGet, "beta/trustFramework/policies/B2C_1A_TestExtensions/$value", nil)
	e.put(strings.Replace(body["body"].(string), `<TechnicalProfile Id="Facebook">`, `<TechnicalProfile Id="Password-Check"><Metadata><Item Key="UserMessageIfClaimsPrincipalDoesNotExist">Who are you?</Item></Metadata></TechnicalProfile><TechnicalProfile Id="Facebook">`, 1))
	u = e.user()
	u.authorize(policy, map[string]string{"ui_locales": "de"})
	if r := u.submit(map[string]string{"signInName": "nobody@example.com", "password": "wrong"}); r.Message != "Who are you?" {
		t.Errorf("reply = %+v", r)
	}
	u.get(e.base + "/" + tenant + "/B2C_1A_None/oauth2/v2.0/authorize?ui_locales=de")
	if !strings.Contains(u.page, texts.For("de").Text(texts.GlobalException, "heading")) {
		t.Errorf("the error page isn't German: %s", excerpt(u.page))
	}
}
