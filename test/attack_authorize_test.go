package test

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"journeyman.dev/internal/server"
)

// authorizing is an authorize request of a stranger with parameters of their own.
func (e *env) authorizing(client *http.Client, policy string, more url.Values) (*http.Response, error) {
	q := url.Values{"client_id": {e.spa.AppID}, "redirect_uri": {spaRedirect}, "response_type": {"code"}, "scope": {"openid"},
		"code_challenge": {challenge(strings.Repeat("v", 50))}, "code_challenge_method": {"S256"}}
	for name, values := range more {
		q[name] = values
	}
	res, err := client.Post(e.base+"/"+tenant+"/"+policy+"/oauth2/v2.0/authorize", "application/x-www-form-urlencoded", strings.NewReader(q.Encode()))
	if err != nil {
		return nil, err
	}
	_, err = io.Copy(io.Discard, res.Body)
	return res, err
}

// What a program doesn't read is kept by no journey, and what it reads has a bound.
func TestJourneysKeepWhatTheirPolicyReads(t *testing.T) {
	t.Parallel()
	for name, change := range databases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := ""
			e := start(t, func(c *server.Config) {
				change(t)(c)
				path = strings.TrimPrefix(c.Database, "sqlite:")
			})
			e.upload(enriched(t, e.api.server.URL+"/api/GetProfile"))
			client := e.client(nil)
			size := func() (n int64) {
				for _, suffix := range []string{"", "-wal"} {
					if info, err := os.Stat(path + suffix); err == nil {
						n += info.Size()
					}
				}
				return n
			}
			heap := func() int64 {
				var m runtime.MemStats
				runtime.GC()
				runtime.ReadMemStats(&m)
				return int64(m.HeapAlloc)
			}
			requests := 300
			if os.Getenv("JOURNEYMAN_TEST_STORM") != "" {
				requests = 10_000
			}
			before, used, refused := size(), heap(), 0
			for i := range requests {
				// Encoded, the body is near the bound of 64 kB that it has.
				res, err := e.authorizing(client, signUpSignIn, url.Values{fmt.Sprint("junk", i): {strings.Repeat("x", 60_000)}})
				switch {
				case err != nil:
					t.Fatal(err)
				case res.StatusCode == http.StatusTooManyRequests:
					refused++
				case res.StatusCode != http.StatusOK:
					t.Fatalf("status %d", res.StatusCode)
				}
			}
			grown := size() - before
			if name == "SQLite" && grown > int64(requests)*16<<10 {
				t.Errorf("%d requests of 60 kB made the database grow by %d bytes", requests, grown)
			}
			t.Logf("%d requests of 60 kB, %d refused: files grew by %d kB, memory by %d kB", requests, refused, grown>>10, (heap()-used)>>10)
			// Of a client that leaves more than 5000, no more are kept.
			if want := max(0, requests-5000); refused < want-want/10 {
				t.Errorf("%d of %d were refused, want about %d", refused, requests, want)
			}
			for name, more := range map[string]url.Values{
				"known ones altogether": {"state": {strings.Repeat("s", 15_000)}, "nonce": {strings.Repeat("n", 15_000)}, "login_hint": {strings.Repeat("l", 15_000)}},
			} {
				res, err := e.authorizing(client, signUpSignIn, more)
				if err != nil {
					t.Fatal(err)
				}
				location, _ := res.Location()
				if location == nil || location.Query().Get("error") != "invalid_request" {
					t.Errorf("%s: %d %v", name, res.StatusCode, location)
				}
			}
		})
	}
}

// What a client leaves is bounded; what ends in tokens isn't counted, so that those who
// share an address with many others meet no bound.
func TestAbandonedJourneysAreBoundedByClient(t *testing.T) {
	t.Parallel()
	e := start(t, func(c *server.Config) { c.JourneysPerClient = 40 })
	e.upload(enriched(t, e.api.server.URL+"/api/GetProfile"))
	e.user().signUp(signUpSignIn, "emily@example.com")
	for i := range 60 {
		u := e.user()
		u.authorize(signUpSignIn, nil)
		if u.settings.API == "" {
			t.Fatalf("honest sign-in %d got no page: %s", i, excerpt(u.page))
		}
		u.pass(map[string]string{"signInName": "emily@example.com", "password": password})
		u.result()
	}
	client := e.client(nil)
	opened, refused := 0, 0
	for i := range 60 {
		// Those with much in them count for more.
		res, err := e.authorizing(client, signUpSignIn, url.Values{"state": {strings.Repeat("s", i%2*7000)}})
		if err != nil {
			t.Fatal(err)
		}
		switch res.StatusCode {
		case http.StatusOK:
			opened++
		case http.StatusTooManyRequests:
			refused++
			if res.Header.Get("Retry-After") == "" {
				t.Error("no Retry-After")
			}
		default:
			t.Fatalf("status %d", res.StatusCode)
		}
	}
	if opened < 15 || opened > 30 || opened+refused != 60 {
		t.Errorf("%d journeys were opened, %d refused", opened, refused)
	}
	e.clock.advance(time.Hour)
	u := e.user()
	u.authorize(signUpSignIn, nil)
	u.pass(map[string]string{"signInName": "emily@example.com", "password": password})
	u.result()
}
