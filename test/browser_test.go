package test

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"journeyman.dev/internal/needtest"
)

// chromium finds a browser; tests that need one are skipped where there is none.
func chromium(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	needtest.Missing(t, needtest.Chromium, "no Chromium on this machine")
	return ""
}

// browser starts one with a profile of its own; the test's certificates are accepted.
func browser(t *testing.T) context.Context {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(chromium(t)), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.UserDataDir(t.TempDir()), chromedp.IgnoreCertErrors, chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-background-networking", true), chromedp.Flag("lang", "en-US"),
		chromedp.Env("LANG=en_US.UTF-8"), chromedp.WindowSize(1280, 900))
	alloc, cancelAlloc := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(cancelAlloc)
	ctx, cancel := chromedp.NewContext(alloc)
	t.Cleanup(cancel)
	ctx, stop := context.WithTimeout(ctx, 3*time.Minute)
	t.Cleanup(stop)
	if err := chromedp.Do(ctx); err != nil { // starts it: a step's own deadline must not end it
		t.Fatal(err)
	}
	return ctx
}

func do(t *testing.T, ctx context.Context, steps ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	for i, step := range steps {
		limited, cancel := context.WithTimeout(ctx, 20*time.Second)
		err := chromedp.Do(limited, step)
		cancel()
		if err != nil {
			page, _ := chromedp.Run(ctx, chromedp.OuterHTML(css("#api")))
			t.Fatalf("step %d: %v\n%s", i+1, err, page)
		}
	}
}

// css is a selector: a bare string would find text, too.
func css(selector string) chromedp.CSS { return chromedp.CSS(selector) }

// get runs an action that has a value.
func get[T any](t *testing.T, ctx context.Context, action chromedp.Action[T]) T {
	t.Helper()
	v, err := chromedp.Run(ctx, action)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// shoot takes pictures of the page in both colour schemes, narrow and wide, if
// JOURNEYMAN_SCREENSHOTS names a folder; and checks that nothing needs sideways
// scrolling at 320 pixels.
func shoot(t *testing.T, ctx context.Context, name string) {
	t.Helper()
	folder := os.Getenv("JOURNEYMAN_SCREENSHOTS")
	for _, width := range []int64{320, 1280} {
		for _, scheme := range []string{"light", "dark"} {
			do(t, ctx, chromedp.EmulateViewport(width, 900))
			media := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}}
			if _, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, media); err != nil {
				t.Fatal(err)
			}
			overflow := get(t, ctx, chromedp.Evaluate[int](`document.documentElement.scrollWidth - document.documentElement.clientWidth`))
			if overflow > 0 {
				t.Errorf("%s: %d pixels too wide at %d", name, overflow, width)
			}
			if outside := get(t, ctx, chromedp.Evaluate[string](`[...document.querySelectorAll("body *")].filter(x => (r => r.width && (r.left < 0 || r.right > innerWidth + 1))(x.getBoundingClientRect())).map(x => x.tagName + "#" + x.id + "." + x.className + " " + JSON.stringify(x.getBoundingClientRect())).slice(0, 3).join("; ")`)); outside != "" {
				t.Errorf("%s at %d: the content is outside of the window: %s", name, width, outside)
			}
			if problems := accessibility(t, ctx); problems != "" {
				t.Errorf("%s at %d %s: %s", name, width, scheme, problems)
			}
			if folder == "" {
				continue
			}
			png := get(t, ctx, chromedp.FullScreenshot(100))
			if err := os.WriteFile(filepath.Join(folder, fmt.Sprintf("%s-%d-%s.png", name, width, scheme)), png, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	do(t, ctx, chromedp.ResetViewport())
}

// axe is axe-core, which scripts/pages.sh fetches; "" if it isn't there.
var axe = sync.OnceValue(func() string {
	source, err := os.ReadFile(filepath.Join("..", "web", "pages", "node_modules", "axe-core", "axe.min.js"))
	if err != nil {
		return ""
	}
	return string(source)
})

// accessibility runs axe-core over the page and lists what it finds.
func accessibility(t *testing.T, ctx context.Context) string {
	t.Helper()
	if axe() == "" {
		if needtest.Required(needtest.NPM) {
			t.Error("axe-core isn't there: run scripts/pages.sh")
		}
		t.Log("axe-core isn't there: run scripts/pages.sh")
		return ""
	}
	get(t, ctx, chromedp.Evaluate[bool](axe()+";true"))
	return get(t, ctx, chromedp.Evaluate[string](`axe.run({runOnly: ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]}).then(r => r.passes.length < 10 ? "axe-core looked at nothing" : r.violations.map(v => v.id + ": " + v.nodes.map(n => n.target.join(" ") + " " + n.failureSummary).join("; ")).join("\n"))`, chromedp.EvalAwaitPromise))
}

var addresses = regexp.MustCompile(`https://localhost:\d+`)

// dev builds and runs `journeyman dev` as a new user would, and returns its addresses:
// demo application, outbox, admin, server, API.
func dev(t *testing.T) []string {
	t.Helper()
	return devIn(t, t.TempDir())
}

// devIn is dev with a data folder that the test looks into.
func devIn(t *testing.T, data string) []string {
	t.Helper()
	d := runDev(t, data)
	var hosts []string
	for i := range d.found {
		hosts = append(hosts, d.at(i))
	}
	return hosts
}

// devRun is a running `journeyman dev`.
type devRun struct {
	binary string
	found  []string // the addresses that it printed, in their order
}

// at is scheme and host of an address.
func (d *devRun) at(i int) string { return addresses.FindString(d.found[i]) }

// client takes every certificate.
func (d *devRun) client() *http.Client {
	return &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}} //nolint:gosec // the test's own server
}

// printed are addresses as dev prints them, each in front of what it is.
var printed = regexp.MustCompile(`^  (https://localhost:\d+\S*) `)

// runDev builds and runs `journeyman dev`.
func runDev(t *testing.T, data string, args ...string) *devRun {
	t.Helper()
	d := &devRun{binary: filepath.Join(t.TempDir(), "journeyman")}
	if out, err := exec.Command("go", "build", "-o", d.binary, "../cmd/journeyman").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	cmd := exec.Command(d.binary, append([]string{"dev", "--data", data, "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0", "--api-listen", "127.0.0.1:0", "--demo-listen", "127.0.0.1:0"}, args...)...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		if err := cmd.Wait(); err != nil {
			t.Errorf("journeyman dev ended with %v", err)
		}
	})
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if m := printed.FindStringSubmatch(lines.Text()); m != nil {
			d.found = append(d.found, m[1])
		} else if len(d.found) > 0 {
			break
		}
	}
	if len(d.found) < 5 {
		t.Fatalf("journeyman dev printed %v", d.found)
	}
	go func() { // keep the pipe empty
		for lines.Scan() {
		}
	}()
	return d
}

// outboxCode reads the newest code that was mailed to an address.
func outboxCode(t *testing.T, admin, address string) string {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}} //nolint:gosec // the test's own server
	res, err := client.Get(admin + "/outbox.json")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	var messages []struct{ To, Text string }
	if err := json.NewDecoder(res.Body).Decode(&messages); err != nil {
		t.Fatal(err)
	}
	for _, m := range messages {
		if m.To == address {
			return codePattern.FindString(m.Text)
		}
	}
	t.Fatalf("no mail to %s", address)
	return ""
}

// verifyInPage proves an address with the page's own buttons.
func verifyInPage(t *testing.T, ctx context.Context, admin, address string) {
	t.Helper()
	do(t, ctx, chromedp.WaitVisible(css("#email_ver_but_send")), chromedp.SendKeys(css("#email"), address), chromedp.Click(css("#email_ver_but_send")), chromedp.WaitVisible(css("#email_ver_input")))
	do(t, ctx, chromedp.SendKeys(css("#email_ver_input"), "000000"), chromedp.Click(css("#email_ver_but_verify")), chromedp.WaitVisible(css("#email_fail_retry")))
	do(t, ctx, chromedp.SetValue(css("#email_ver_input"), outboxCode(t, admin, address)), chromedp.Click(css("#email_ver_but_verify")), chromedp.WaitVisible(css("#email_success")))
}

func TestANewUserOfDevSeesAnEnrichedToken(t *testing.T) {
	t.Parallel()
	ctx := browser(t)
	at := dev(t)
	demo, admin := at[0], at[1]
	do(t, ctx, chromedp.Navigate(demo+"/"), chromedp.WaitVisible(css("#signin")))
	shoot(t, ctx, "demo-welcome")
	do(t, ctx, chromedp.Click(css("#signin")), chromedp.WaitVisible(css("#localAccountForm")))
	shoot(t, ctx, "signin")
	do(t, ctx, chromedp.Click(css("#createAccount")), chromedp.WaitVisible(css("#attributeVerification")))
	shoot(t, ctx, "signup")
	// The page's own checks: nothing is filled in, nothing was sent.
	do(t, ctx, chromedp.Click(css("#continue")), chromedp.WaitVisible(css("#requiredFieldMissing")))
	shoot(t, ctx, "signup-missing")
	verifyInPage(t, ctx, admin, "emily@example.com")
	do(t, ctx, chromedp.SendKeys(css("#newPassword"), "short"), chromedp.SendKeys(css("#reenterPassword"), "short"), chromedp.SendKeys(css("#displayName"), "Emily Smith"), chromedp.Click(css("#continue")), chromedp.WaitVisible(css("#newPassword_error")))
	shoot(t, ctx, "signup-weak-password")
	do(t, ctx, chromedp.SetValue(css("#newPassword"), password), chromedp.SetValue(css("#reenterPassword"), password), chromedp.Click(css("#continue")), chromedp.WaitVisible(css("#balance")))
	token := get(t, ctx, chromedp.Text(css("#token")))
	shoot(t, ctx, "demo-signed-in")
	var claims map[string]any
	if err := json.Unmarshal([]byte(token), &claims); err != nil || claims["balance"] != "50.00" || claims["name"] != "Emily Smith" {
		t.Errorf("token: %v %s", err, token)
	}

	// The customer's system changes the balance: the next sign-in shows it, a refresh
	// repeats the first.
	req, _ := http.NewRequest(http.MethodPut, at[4]+"/api/balances/"+fmt.Sprint(claims["sub"]), strings.NewReader(`{"balance":"760.50"}`))
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}} //nolint:gosec // the test's own server
	res, err := client.Do(req)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("the sample API: %v %v", res, err)
	}
	_ = res.Body.Close()
	do(t, ctx, chromedp.Click(css("form button")), chromedp.WaitVisible(css(".message")))
	if balance := get(t, ctx, chromedp.Text(css("#balance"))); balance != "50.00" {
		t.Errorf("after the refresh: %s", balance)
	}
	do(t, ctx, chromedp.Click(css(`a[href="/signout"]`)), chromedp.WaitVisible(css("#signin")), chromedp.Click(css("#signin")), chromedp.WaitVisible(css("#localAccountForm")))
	do(t, ctx, chromedp.SendKeys(css("#signInName"), "emily@example.com"), chromedp.SendKeys(css("#password"), "wrong"), chromedp.Click(css("#next")), chromedp.WaitVisible(css(".error.pageLevel")))
	shoot(t, ctx, "signin-wrong-password")
	name, message := get(t, ctx, chromedp.Value(css("#signInName"))), get(t, ctx, chromedp.Text(css(".error.pageLevel")))
	if name != "emily@example.com" || message != "Your password is incorrect." {
		t.Errorf("after a wrong password: %q, %q", name, message)
	}
	do(t, ctx, chromedp.SetValue(css("#password"), password), chromedp.Click(css("#next")), chromedp.WaitVisible(css("#balance")))
	if balance := get(t, ctx, chromedp.Text(css("#balance"))); balance != "760.50" {
		t.Errorf("after the sign-in: %s", balance)
	}
	// Profile edit with a session asks for no password.
	do(t, ctx, chromedp.Click(css(`a[href="/edit"]`)), chromedp.WaitVisible(css("#attributeVerification")))
	shoot(t, ctx, "profile")
	do(t, ctx, chromedp.SetValue(css("#displayName"), "Em"), chromedp.Click(css("#continue")), chromedp.WaitVisible(css("#token")))
	if token := get(t, ctx, chromedp.Text(css("#token"))); !strings.Contains(token, `"name": "Em"`) {
		t.Errorf("after the edit: %s", token)
	}
	// Cancel tells the application.
	do(t, ctx, chromedp.Click(css(`a[href="/edit"]`)), chromedp.WaitVisible(css("#cancel")), chromedp.Click(css("#cancel")), chromedp.WaitVisible(css(".message")))
	if message := get(t, ctx, chromedp.Text(css(".message"))); !strings.Contains(message, "access_denied: AADB2C90091") {
		t.Errorf("after cancel: %s", message)
	}
}

// sent runs steps that send the browser to the application, and returns the parameters
// that it brings. The application's host doesn't exist; where the browser was sent is
// what counts.
func sent(t *testing.T, ctx context.Context, steps ...chromedp.Action[chromedp.Void]) url.Values {
	t.Helper()
	listening, stop := context.WithCancel(ctx)
	defer stop()
	arrived := make(chan string, 1)
	if err := chromedp.Listen(listening, sentTo("https://app.example/", arrived)); err != nil {
		t.Fatal(err)
	}
	for _, step := range steps {
		limited, cancel := context.WithTimeout(ctx, 20*time.Second)
		_ = chromedp.Do(limited, step) // the last one ends on an error page of the browser
		cancel()
	}
	select {
	case address := <-arrived:
		u, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		if u.Fragment != "" {
			values, err := url.ParseQuery(u.Fragment)
			if err != nil {
				t.Fatal(err)
			}
			return values
		}
		return u.Query()
	case <-time.After(30 * time.Second):
		page, _ := chromedp.Run(ctx, chromedp.OuterHTML(css("#api")))
		t.Fatalf("the browser was not sent to the application:\n%s", page)
		return nil
	}
}

func TestTheStarterPackInABrowser(t *testing.T) {
	t.Parallel()
	ctx := browser(t)
	e := start(t, nil)
	deny := false
	scriptedFacebook(t, e, &deny)
	files := enriched(t, e.api.server.URL+"/api/GetProfile")
	withFacebook(t, e, files)
	e.upload(files)
	address := func(policy string) string {
		return e.srv.URL() + "/" + tenant + "/" + policy + "/oauth2/v2.0/authorize?" + url.Values{"client_id": {e.spa.AppID}, "redirect_uri": {spaRedirect},
			"response_type": {"id_token"}, "response_mode": {"fragment"}, "scope": {"openid"}, "nonce": {"n"}, "state": {"s"}, "ui_locales": {"en-US"}}.Encode()
	}
	click := func(selector string) chromedp.Action[chromedp.Void] { return chromedp.Click(css(selector)) }
	open := func(policy, wait string) {
		t.Helper()
		do(t, ctx, chromedp.Navigate(address(policy)), chromedp.WaitVisible(css(wait)))
	}
	forget := func() {
		t.Helper()
		if _, err := chromedp.Call(ctx, network.ClearBrowserCookies, cdp.Empty{}); err != nil {
			t.Fatal(err)
		}
	}
	token := func(values url.Values) map[string]any {
		t.Helper()
		_, payload := decode(t, values.Get("id_token"))
		if payload["balance"] != "760.50" {
			t.Errorf("payload = %v", payload)
		}
		return payload
	}

	// Sign-up with a verified address.
	open(signUpSignIn, "#FacebookExchange")
	shoot(t, ctx, "starterpack-signin")
	do(t, ctx, click("#createAccount"), chromedp.WaitVisible(css("#attributeVerification")))
	shoot(t, ctx, "starterpack-signup")
	verifyInPage(t, ctx, e.srv.AdminURL(), "emily@example.com")
	do(t, ctx, chromedp.SendKeys(css("#newPassword"), password), chromedp.SendKeys(css("#reenterPassword"), password), chromedp.SendKeys(css("#displayName"), "Emily"),
		chromedp.SendKeys(css("#givenName"), "Emily"), chromedp.SendKeys(css("#surname"), "Smith"))
	shoot(t, ctx, "starterpack-signup-filled")
	e.api.take()
	payload := token(sent(t, ctx, click("#continue")))
	if payload["email"] != "emily@example.com" {
		t.Errorf("payload = %v", payload)
	}
	if calls := e.api.take(); len(calls) != 1 || !strings.Contains(calls[0].Body, `"lang":"1033"`) {
		t.Errorf("calls = %+v", calls)
	}

	// Sign-in: a wrong password keeps the form.
	forget()
	open(signUpSignIn, "#localAccountForm")
	do(t, ctx, chromedp.SendKeys(css("#signInName"), "emily@example.com"), chromedp.SendKeys(css("#password"), "wrong"), click("#next"), chromedp.WaitVisible(css(".error.pageLevel")))
	if got := get(t, ctx, chromedp.Value(css("#signInName"))); got != "emily@example.com" {
		t.Errorf("the form lost %q", got)
	}
	do(t, ctx, chromedp.SetValue(css("#password"), password))
	token(sent(t, ctx, click("#next")))

	// Facebook: sign-up, and in another browser sign-in without a page.
	forget()
	open(signUpSignIn, "#FacebookExchange")
	do(t, ctx, click("#FacebookExchange"), chromedp.WaitVisible(css("#attributeVerification")))
	shoot(t, ctx, "starterpack-facebook")
	if payload := token(sent(t, ctx, click("#continue"))); payload["idp"] != "facebook.com" || payload["email"] != "fay@example.com" {
		t.Errorf("payload = %v", payload)
	}
	forget()
	open(signUpSignIn, "#FacebookExchange")
	token(sent(t, ctx, click("#FacebookExchange")))

	// Profile edit, through the choice of providers.
	forget()
	open("B2C_1A_ProfileEdit", "#LocalAccountSigninEmailExchange")
	shoot(t, ctx, "starterpack-providers")
	do(t, ctx, click("#LocalAccountSigninEmailExchange"), chromedp.WaitVisible(css("#signInName")))
	do(t, ctx, chromedp.SendKeys(css("#signInName"), "emily@example.com"), chromedp.SendKeys(css("#password"), password), click("#continue"), chromedp.WaitVisible(css("#givenName")))
	shoot(t, ctx, "starterpack-profile")
	do(t, ctx, chromedp.SetValue(css("#givenName"), "Em"))
	token(sent(t, ctx, click("#continue")))

	// Password reset, cancel, and the forgotten password.
	forget()
	open("B2C_1A_PasswordReset", "#email")
	shoot(t, ctx, "starterpack-reset")
	verifyInPage(t, ctx, e.srv.AdminURL(), "emily@example.com")
	do(t, ctx, click("#continue"), chromedp.WaitVisible(css("#newPassword")))
	shoot(t, ctx, "starterpack-new-password")
	do(t, ctx, chromedp.SendKeys(css("#newPassword"), "Another-word.2"), chromedp.SendKeys(css("#reenterPassword"), "Another-word.3"), click("#continue"), chromedp.WaitVisible(css("#passwordEntryMismatch")))
	do(t, ctx, chromedp.SetValue(css("#reenterPassword"), "Another-word.2"))
	token(sent(t, ctx, click("#continue")))
	forget()
	open("B2C_1A_PasswordReset", "#cancel")
	if got := sent(t, ctx, click("#cancel")); got.Get("error") != "access_denied" || !strings.HasPrefix(got.Get("error_description"), "AADB2C90091") {
		t.Errorf("cancel: %v", got)
	}
	forget()
	open(signUpSignIn, "#forgotPassword")
	if got := sent(t, ctx, click("#forgotPassword")); !strings.HasPrefix(got.Get("error_description"), "AADB2C90118") || got.Get("state") != "s" {
		t.Errorf("forgot: %v", got)
	}

	do(t, ctx, chromedp.Navigate(strings.Replace(address(signUpSignIn), e.spa.AppID, "nobody", 1)), chromedp.WaitVisible(css(".error-page-correlationid")))
	shoot(t, ctx, "error")
}
