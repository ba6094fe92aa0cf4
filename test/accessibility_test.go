package test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// TestPagesAreAccessible walks every kind of page in a left-to-right and a right-to-left
// language; shoot looks at each in both colour schemes, narrow and wide.
func TestPagesAreAccessible(t *testing.T) {
	t.Parallel()
	ctx := browser(t)
	e := start(t, nil)
	signIn := everySignIn(e, "~/tenant/default/unified.cshtml")
	_, body := e.graph("admin-token", http.MethodGet, "beta/trustFramework/policies/B2C_1A_TestExtensions/$value", nil)
	e.put(strings.Replace(body["body"].(string), "</ContentDefinitions>", `</ContentDefinitions><Localization Enabled="true"><SupportedLanguages DefaultLanguage="en" MergeBehavior="ReplaceAll"><SupportedLanguage>en</SupportedLanguage><SupportedLanguage>ar</SupportedLanguage></SupportedLanguages></Localization>`, 1))
	e.user().signUpAt(signIn, "emily@example.com")
	for _, language := range []string{"en", "ar"} {
		do(t, ctx, chromedp.Navigate(e.authorizeURL(signIn, language)), chromedp.WaitVisible(css("#localAccountForm")))
		shoot(t, ctx, "unified-"+language)
		do(t, ctx, chromedp.Click(css("#next")), chromedp.WaitVisible(css(".error.itemLevel.show")))
		shoot(t, ctx, "unified-missing-"+language)
		do(t, ctx, chromedp.SendKeys(css("#signInName"), "emily@example.com"), chromedp.SendKeys(css("#password"), "wrong"), chromedp.Click(css("#next")), chromedp.WaitVisible(css(".error.pageLevel")))
		shoot(t, ctx, "unified-wrong-"+language)
		do(t, ctx, chromedp.SetValue(css("#password"), password), chromedp.Click(css("#next")), chromedp.WaitVisible(css("#GoogleExchange")))
		shoot(t, ctx, "providers-"+language)
		do(t, ctx, chromedp.Navigate(e.authorizeURL(signIn, language)+"&prompt=login"), chromedp.WaitVisible(css("#createAccount")), chromedp.Click(css("#createAccount")), chromedp.WaitVisible(css("#email_ver_but_send")))
		shoot(t, ctx, "signup-"+language)
		do(t, ctx, chromedp.SendKeys(css("#email"), "ada"+language+"@example.com"), chromedp.Click(css("#email_ver_but_send")), chromedp.WaitVisible(css("#email_ver_input")))
		shoot(t, ctx, "signup-sent-"+language)
		do(t, ctx, chromedp.SendKeys(css("#email_ver_input"), "000000"), chromedp.Click(css("#email_ver_but_verify")), chromedp.WaitVisible(css("#email_fail_retry")))
		shoot(t, ctx, "signup-wrong-code-"+language)
		do(t, ctx, chromedp.Navigate(strings.Replace(e.authorizeURL(signIn, language), e.spa.AppID, "nobody", 1)), chromedp.WaitVisible(css(".error-page-correlationid")))
		shoot(t, ctx, "error-"+language)
	}
	policy := e.asks(everyInputPage())
	for _, language := range []string{"en", "ar"} {
		do(t, ctx, chromedp.Navigate(e.authorizeURL(policy, language)), chromedp.WaitVisible(css("#attributeVerification")))
		shoot(t, ctx, "inputs-"+language)
		do(t, ctx, chromedp.Click(css("#nick_label ~ .helpLink")), chromedp.Click(css("#continue")), chromedp.WaitVisible(css("#requiredFieldMissing")))
		shoot(t, ctx, "inputs-missing-"+language)
	}
}

// TestErrorsReachScreenReaders: the browser's accessibility tree has what a reader says.
func TestErrorsReachScreenReaders(t *testing.T) {
	t.Parallel()
	ctx := browser(t)
	e := start(t, nil)
	policy := e.asks(everyInputPage())
	do(t, ctx, chromedp.Navigate(e.authorizeURL(policy, "en")), chromedp.WaitVisible(css("#attributeVerification")))
	state := func() string {
		return get(t, ctx, chromedp.Evaluate[string](`(() => {
  const field = document.querySelector("#nick"), error = document.getElementById(field.getAttribute("aria-describedby"));
  const summary = document.querySelector("#requiredFieldMissing");
  return [document.activeElement.id, field.getAttribute("aria-invalid"), error.getAttribute("role"), error.getAttribute("aria-hidden"), error.textContent.trim(), summary.getAttribute("role"), summary.getAttribute("aria-hidden")].join("|");
})()`))
	}
	if got := state(); got != "email||alert|true||alert|true" {
		t.Errorf("before: %s", got)
	}
	do(t, ctx, chromedp.SetValue(css("#email"), "em@example.com"), chromedp.Click(css("#continue")), chromedp.WaitVisible(css("#requiredFieldMissing")))
	if got := state(); got != "nick|true|alert|false|This information is required.|alert|false" {
		t.Errorf("after: %s", got)
	}
}

// TestTheSignInPageIsLight: one answer paints it, and its weight is bounded.
func TestTheSignInPageIsLight(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	u := e.user()
	policy := everySignIn(e, "~/tenant/default/unified.cshtml")
	u.authorize(policy, nil)
	res, err := u.http.Get(u.pageURL)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	page, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("the sign-in page has %d bytes", len(page))
	if len(page) > 60<<10 {
		t.Errorf("the sign-in page has %d bytes", len(page))
	}
	_, style, _ := strings.Cut(string(page), "<style")
	style, _, _ = strings.Cut(style, "</style>")
	for _, blocks := range []string{"<link", "@import", "url("} {
		if strings.Contains(style, blocks) || blocks == "<link" && strings.Contains(string(page), blocks) {
			t.Errorf("the page asks for more before it is painted: %s", blocks)
		}
	}
	for _, tag := range strings.Split(string(page), "<script")[1:] {
		tag, _, _ = strings.Cut(tag, ">")
		if strings.Contains(tag, "src=") && !strings.Contains(tag, " defer") {
			t.Errorf("a script blocks the page: %s", tag)
		}
	}
}
