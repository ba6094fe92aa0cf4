package test

import (
	"net/url"
	"testing"
	"time"
)

// Results of requests about codes (pages §3.1 row 5).
const (
	resultGood    = 0
	resultNoRetry = 2
	resultWrong   = 3
)

// Wrong codes are counted by address, over journeys and nodes: a new journey gives a new
// code, and no new tries.
func TestWrongCodesAreCountedOverJourneys(t *testing.T) {
	t.Parallel()
	bothDatabases(t, func(t *testing.T, list []*env) {
		list[0].upload(enriched(t, list[0].api.server.URL+"/api/GetProfile"))
		for _, e := range list {
			if err := e.srv.Sync(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		const address = "victim@example.com"
		asked := func(e *env) *user {
			u := e.user()
			u.authorize(signUpSignIn, nil)
			u.navigate("/api/CombinedSigninAndSignup/unified?local=signup")
			if r := u.post(url.Values{"request_type": {"VERIFICATION_REQUEST"}, "claim_id": {"email"}, "claim_value": {address}}); r.Result != resultGood {
				t.Fatalf("sending a code: %+v", r)
			}
			return u
		}
		enter := func(u *user, code string) int {
			return u.post(url.Values{"request_type": {"VALIDATION_REQUEST"}, "claim_id": {"email"}, "claim_value": {"Victim@Example.com"}, "user_input": {code}}).Result
		}
		evaluated := 0
		var last *user
		for i := range 5 {
			last = asked(list[i%len(list)])
			for range 4 {
				if enter(last, "000000") == resultWrong {
					evaluated++
				}
			}
		}
		if evaluated != 20 {
			t.Errorf("%d wrong codes were compared, want 20", evaluated)
		}
		if got := enter(last, last.e.mailedCode(address)); got != resultNoRetry {
			t.Errorf("the right code after 20 wrong ones: %d", got)
		}
		for _, e := range list {
			e.clock.advance(11 * time.Minute)
		}
		u := asked(list[0])
		if got := enter(u, u.e.mailedCode(address)); got != resultGood {
			t.Errorf("later: %d", got)
		}
	})
}
