package test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"journeyman.dev/internal/server"
)

func TestEveryAddressThatDevPrintsAnswersWithAPage(t *testing.T) {
	t.Parallel()
	d := runDev(t, t.TempDir())
	if len(d.found) < 6 {
		t.Fatalf("dev printed %v", d.found)
	}
	for _, address := range d.found {
		res, err := d.client().Get(address)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if res.StatusCode != 200 || !strings.HasPrefix(res.Header.Get("Content-Type"), "text/html") || !strings.Contains(string(body), "<h1>") {
			t.Errorf("%s: %d %s", address, res.StatusCode, body)
		}
	}
}

func TestTheBareAddressOfAServerLeaksNothing(t *testing.T) {
	t.Parallel()
	e := start(t, func(c *server.Config) { c.Development, c.AdminToken = false, "" })
	for _, address := range []string{e.srv.URL(), e.srv.AdminURL()} {
		for _, path := range []string{"", "/"} {
			res, err := e.client(nil).Get(address + path)
			if err != nil {
				t.Fatal(err)
			}
			body, _ := io.ReadAll(res.Body)
			_ = res.Body.Close()
			if res.StatusCode != 200 || !strings.Contains(string(body), "<h1>") || strings.Contains(strings.ToLower(string(body)), "contoso") || strings.Contains(string(body), e.srv.TenantID) || strings.Contains(string(body), "outbox") {
				t.Errorf("%s%s: %d %s", address, path, res.StatusCode, body)
			}
		}
		res, err := e.client(nil).Get(address + "/nothing")
		if err != nil || res.StatusCode != 404 {
			t.Errorf("another address: %v %v", res, err)
		}
		_ = res.Body.Close()
		res, err = e.client(nil).Post(address+"/", "text/plain", nil)
		if err != nil || res.StatusCode == http.StatusOK {
			t.Errorf("a post: %v %v", res, err)
		}
		_ = res.Body.Close()
	}
}

func TestAnAuthorRunsAPolicyUpToTheToken(t *testing.T) {
	t.Parallel()
	ctx := browser(t)
	d := runDev(t, t.TempDir())
	demo, admin, public := d.at(0), d.at(1), d.at(3)
	for name, address := range map[string]string{"root-public": public + "/", "root-admin": d.at(2) + "/", "root-api": d.at(4) + "/"} {
		do(t, ctx, chromedp.Navigate(address), chromedp.WaitVisible(css("h1")))
		shoot(t, ctx, name)
	}
	do(t, ctx, chromedp.Navigate(demo+"/policies"), chromedp.WaitVisible(css(`button[aria-label="Run B2C_1A_SignUpOrSignIn now"]`)))
	shoot(t, ctx, "policies")
	list := get(t, ctx, chromedp.Text(css("main")))
	for _, want := range []string{"B2C_1A_Base", "B2C_1A_Extensions", "B2C_1_susi", "current", "user flow"} {
		if !strings.Contains(list, want) {
			t.Errorf("the list lacks %q: %s", want, list)
		}
	}
	do(t, ctx, chromedp.Click(css(`button[aria-label="Run B2C_1A_SignUpOrSignIn now"]`)), chromedp.WaitVisible(css("#createAccount")), chromedp.Click(css("#createAccount")))
	verifyInPage(t, ctx, admin, "emily@example.com")
	do(t, ctx, chromedp.SendKeys(css("#newPassword"), password), chromedp.SendKeys(css("#reenterPassword"), password), chromedp.SendKeys(css("#displayName"), "Emily"), chromedp.Click(css("#continue")), chromedp.WaitVisible(css("#token")))
	shoot(t, ctx, "policies-ran")
	var claims map[string]any
	if token := get(t, ctx, chromedp.Text(css("#token"))); json.Unmarshal([]byte(token), &claims) != nil || claims["balance"] != "50.00" || claims["acr"] != "b2c_1a_signuporsignin" {
		t.Errorf("token: %s", token)
	}
	if ran := get(t, ctx, chromedp.Text(css("#ran"))); ran != "B2C_1A_SignUpOrSignIn" {
		t.Errorf("ran %q", ran)
	}
	// Run again asks again, although there is a session.
	do(t, ctx, chromedp.Click(css(`form[action="/run"] button`)), chromedp.WaitVisible(css("#createAccount")))
}
