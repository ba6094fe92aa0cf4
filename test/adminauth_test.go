package test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"journeyman.dev/internal/server"
)

// as calls the admin API from an address, with a bearer token.
func (e *env) as(address, bearer string) (status int, wait string) {
	e.t.Helper()
	req, err := http.NewRequest(http.MethodGet, e.srv.AdminURL()+"/graph/v1.0/domains", nil)
	if err != nil {
		e.t.Error(err)
		return 0, ""
	}
	req.Header.Set("X-Forwarded-For", address)
	req.Header.Set("Authorization", "Bearer "+bearer)
	return e.sent(req)
}

func (e *env) sent(req *http.Request) (status int, wait string) {
	e.t.Helper()
	res, err := e.client(nil).Do(req)
	if err != nil {
		e.t.Error(err)
		return 0, ""
	}
	_ = res.Body.Close()
	return res.StatusCode, res.Header.Get("Retry-After")
}

// secretFor asks for an admin token from an address.
func (e *env) secretFor(address, appID, secret string) (status int, wait string) {
	e.t.Helper()
	req, err := http.NewRequest(http.MethodPost, e.srv.AdminURL()+"/"+tenant+"/oauth2/v2.0/token", strings.NewReader(url.Values{"grant_type": {"client_credentials"}, "client_id": {appID},
		"client_secret": {secret}, "scope": {"https://graph.microsoft.com/.default"}}.Encode()))
	if err != nil {
		e.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("X-Forwarded-For", address)
	return e.sent(req)
}

func TestFailedAdminAuthenticationIsRecordedAndSlowed(t *testing.T) {
	t.Parallel()
	strong := strings.Repeat("s", 32)
	e := start(t, func(c *server.Config) { c.AdminToken, c.TrustProxy = strong, true })
	const attacker, administrator = "192.0.2.1", "192.0.2.2"
	var mu sync.Mutex
	answers := map[int]int{}
	var all sync.WaitGroup
	for i := range 150 {
		all.Go(func() {
			status, wait := e.as(attacker, fmt.Sprintf("%032d", i))
			mu.Lock()
			defer mu.Unlock()
			answers[status]++
			if status == http.StatusTooManyRequests && wait == "" {
				t.Error("429 without Retry-After")
			}
		})
	}
	all.Wait()
	if answers[401] < 60 || answers[401] > 75 || answers[401]+answers[429] != 150 {
		t.Errorf("answers: %v", answers)
	}
	// The administrator isn't locked out, neither elsewhere nor behind the same address.
	for _, address := range []string{administrator, attacker} {
		if status, _ := e.as(address, strong); status != http.StatusOK {
			t.Errorf("the administrator at %s: %d", address, status)
		}
	}
	if status, _ := e.as(administrator, "wrong"); status != http.StatusUnauthorized {
		t.Errorf("the administrator's own mistake: %d", status)
	}
	// Requests without credentials are no attempts.
	for range 70 {
		if status, _ := e.as("192.0.2.3", ""); status != http.StatusUnauthorized {
			t.Fatalf("without credentials: %d", status)
		}
	}
	_, got := e.graph(strong, "GET", "v1.0/auditLogs/directoryAudits?$top=200&$filter="+url.QueryEscape("activityDisplayName eq 'Authenticate to the admin API'"), nil)
	list, _ := got["value"].([]any)
	if len(list) < 60 || len(list) > 80 {
		t.Errorf("%d records: %v", len(list), got)
	}
	for _, r := range list {
		text := fmt.Sprint(r)
		if r.(object)["result"] != "failure" || !strings.Contains(text, attacker) && !strings.Contains(text, administrator) || strings.Contains(text, "00000000000000000000000000000") && strings.Contains(text, "Bearer") {
			t.Errorf("record: %v", r)
		}
	}
	e.clock.advance(10 * time.Minute)
	if status, _ := e.as(attacker, strings.Repeat("x", 40)); status != http.StatusUnauthorized {
		t.Errorf("later: %d", status)
	}
}

func TestSecretsThatCouldBeGuessedAreTriedAsOftenAsTheyAreCounted(t *testing.T) {
	t.Parallel()
	strong := strings.Repeat("s", 40)
	e := start(t, func(c *server.Config) { c.AdminToken, c.TrustProxy = strong, true })
	const attacker = "198.51.100.1"
	answers := map[int]int{}
	for i := range 100 {
		status, _ := e.secretFor(attacker, e.web.AppID, fmt.Sprint("guess", i))
		answers[status]++
	}
	if answers[401] < 60 || answers[401] > 75 || answers[401]+answers[429] != 100 {
		t.Errorf("answers: %v", answers)
	}
	if status, wait := e.secretFor(attacker, e.web.AppID, "short"); status != http.StatusTooManyRequests || wait == "" {
		t.Errorf("one more: %d, %q", status, wait)
	}
	// Secrets that the server made are long; their owners aren't locked out.
	if status, _ := e.secretFor(attacker, e.web.AppID, e.secret); status != http.StatusOK {
		t.Errorf("the right secret: %d", status)
	}
	if status, _ := e.secretFor("198.51.100.2", "00000000-0000-0000-0000-000000000000", "x"); status != http.StatusBadRequest {
		t.Errorf("an unknown application: %d", status)
	}
}

func TestShortAdminTokensAreForDevelopmentOnly(t *testing.T) {
	t.Parallel()
	for token, good := range map[string]bool{"secret": false, strings.Repeat("é", 31): false, strings.Repeat("é", 32): true, "": true} {
		config := serverConfig(t.TempDir(), "")
		config.Development, config.AdminToken, config.Outbound, config.Log = false, token, "strict", slog.New(slog.DiscardHandler)
		config.Now = time.Now
		srv, err := server.New(t.Context(), config)
		if (err == nil) != good {
			t.Errorf("%d bytes: %v", len(token), err)
		}
		if err != nil && (!strings.Contains(err.Error(), "32") || token != "" && strings.Contains(err.Error(), token)) {
			t.Errorf("error: %v", err)
		}
		if srv != nil && err == nil {
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			if err := srv.Run(ctx); err != nil {
				t.Error(err)
			}
		}
	}
}
