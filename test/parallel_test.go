package test

import (
	"net/url"
	"sync"
	"testing"
)

// Of 200 that redeem one code or one refresh token at once, one wins; and since the
// others replayed it, what the winner got is revoked, too.
func TestOneOfManyRedemptionsWins(t *testing.T) {
	t.Parallel()
	for name, change := range databases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := start(t, change(t))
			e.upload(enriched(t, e.api.server.URL+"/api/GetProfile"))
			e.user().signUp(signUpSignIn, "emily@example.com")
			u := e.user()
			u.authorize(signUpSignIn, nil)
			u.pass(map[string]string{"signInName": "emily@example.com", "password": password})
			code := url.Values{"grant_type": {"authorization_code"}, "code": {u.result().Get("code")}, "redirect_uri": {spaRedirect}, "code_verifier": {u.verifier}}
			won := e.redeemAtOnce(200, code)
			refused(t, e, "the refresh token of a replayed code", won.RefreshToken)

			u = e.user()
			u.authorize(signUpSignIn, nil)
			u.pass(map[string]string{"signInName": "emily@example.com", "password": password})
			won = e.redeemAtOnce(200, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {u.redeem(signUpSignIn).RefreshToken}})
			refused(t, e, "the refresh token of a replayed refresh token", won.RefreshToken)
		})
	}
}

func refused(t *testing.T, e *env, what, refreshToken string) {
	t.Helper()
	if got := e.token(signUpSignIn, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {refreshToken}}); got.status != 400 || got.Error != "invalid_grant" {
		t.Errorf("%s: %+v", what, got)
	}
}

// redeemAtOnce sends n equal token requests at once and returns the answer of the one
// that won.
func (e *env) redeemAtOnce(n int, form url.Values) tokens {
	e.t.Helper()
	form.Set("client_id", e.spa.AppID)
	client := e.client(nil)
	answers := make([]tokens, n)
	var all sync.WaitGroup
	for i := range answers {
		all.Go(func() { answers[i] = e.tokenBy(client, signUpSignIn, form) })
	}
	all.Wait()
	var won tokens
	wins := 0
	for _, a := range answers {
		if a.status == 200 {
			wins++
			won = a
		} else if a.status != 400 || a.Error != "invalid_grant" {
			e.t.Errorf("one that lost: %+v", a)
		}
	}
	if wins != 1 {
		e.t.Fatalf("%d of %d won", wins, n)
	}
	return won
}
