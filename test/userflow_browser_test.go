package test

import (
	"bytes"
	"crypto/tls"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// TestTheWalkthroughOfUserFlows does what the README says: the calls are read from it.
func TestTheWalkthroughOfUserFlows(t *testing.T) {
	t.Parallel()
	ctx := browser(t)
	data := t.TempDir()
	at := devIn(t, data)
	demo, adminURL, api := at[0], at[1], at[4]
	token, err := os.ReadFile(filepath.Join(data, "admin.token"))
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}} //nolint:gosec // the test's own server
	graph := func(method, path, body string) map[string]any {
		t.Helper()
		req, err := http.NewRequest(method, adminURL+"/graph/beta/"+path, bytes.NewReader([]byte(body)))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+strings.TrimSpace(string(token)))
		res, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = res.Body.Close() }()
		text, _ := io.ReadAll(res.Body)
		if res.StatusCode > 299 {
			t.Fatalf("%s %s: %d %s", method, path, res.StatusCode, text)
		}
		var out map[string]any
		_ = json.Unmarshal(text, &out)
		return out
	}
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	id, calls := "", 0
	for _, m := range regexp.MustCompile(`(?s)\ngraph ([A-Z]+) (\S+) (?:'([^']*)'|"((?:[^"\\]|\\.)*)")(?: \|)?\n`).FindAllStringSubmatch(strings.NewReplacer("\ngraph", "\n\ngraph", "\nID=$(graph", "\n\ngraph").Replace(string(readme)), -1) {
		body := m[3]
		if m[4] != "" {
			body = strings.ReplaceAll(strings.ReplaceAll(m[4], `\"`, `"`), "$ID", id)
		}
		body = strings.ReplaceAll(body, "https://localhost:8445", api)
		got := graph(m[1], "identity/"+strings.Trim(m[2], "'"), body)
		if m[2] == "apiConnectors" {
			id = got["id"].(string)
		}
		calls++
	}
	if calls != 6 {
		t.Fatalf("the README has %d calls", calls)
	}
	// What development begins with.
	do(t, ctx, chromedp.Navigate(demo+"/"), chromedp.WaitVisible(css("#flow")), chromedp.Click(css("#flow")), chromedp.WaitVisible(css("#localAccountForm")))
	shoot(t, ctx, "flow-signin")
	// What the walkthrough made.
	do(t, ctx, chromedp.Navigate(demo+"/flow?id=B2C_1_mine"), chromedp.WaitVisible(css("#createAccount")), chromedp.Click(css("#createAccount")), chromedp.WaitVisible(css("#attributeVerification")))
	shoot(t, ctx, "flow-signup")
	verifyInPage(t, ctx, adminURL, "emily@example.com")
	do(t, ctx, chromedp.SendKeys(css("#newPassword"), password), chromedp.SendKeys(css("#reenterPassword"), password), chromedp.SendKeys(css("#displayName"), "Admin"), chromedp.Click(css("#continue")),
		chromedp.WaitVisible(css("#claimVerificationServerError")))
	shoot(t, ctx, "flow-validation-error")
	if message := get(t, ctx, chromedp.Text(css("#claimVerificationServerError"))); message != "This name is reserved. Please choose another one." {
		t.Errorf("message %q", message)
	}
	do(t, ctx, chromedp.SetValue(css("#displayName"), "Emily"), chromedp.Click(css("#continue")), chromedp.WaitVisible(css("#balance")))
	var claims map[string]any
	if text := get(t, ctx, chromedp.Text(css("#token"))); json.Unmarshal([]byte(text), &claims) != nil || claims["extension_Balance"] != "50.00" || claims["name"] != "Emily" || claims["tfp"] != "B2C_1_mine" {
		t.Errorf("token: %s", text)
	}
	do(t, ctx, chromedp.Click(css(`a[href="/signout"]`)), chromedp.WaitVisible(css("#flow")), chromedp.Navigate(demo+"/flow?id=B2C_1_mine"), chromedp.WaitVisible(css("#createAccount")), chromedp.Click(css("#createAccount")), chromedp.WaitVisible(css("#attributeVerification")))
	verifyInPage(t, ctx, adminURL, "eve@blocked.example")
	do(t, ctx, chromedp.SendKeys(css("#newPassword"), password), chromedp.SendKeys(css("#reenterPassword"), password), chromedp.SendKeys(css("#displayName"), "Eve"), chromedp.Click(css("#continue")), chromedp.WaitVisible(css("#connectorMessage")))
	shoot(t, ctx, "flow-block-page")
	if message := get(t, ctx, chromedp.Text(css("#api"))); !strings.Contains(message, "Your organisation can't sign up here.") {
		t.Errorf("block page: %q", message)
	}
	if list := graph("GET", "auditLogs/directoryAudits?$filter=activityDisplayName%20eq%20'An%20API%20was%20called%20as%20part%20of%20a%20user%20flow'", "")["value"].([]any); len(list) < 3 {
		t.Errorf("%d records of calls", len(list))
	}
}
