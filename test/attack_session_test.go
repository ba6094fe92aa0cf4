package test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"journeyman.dev/internal/directory"
)

// signedIn reports whether the browser's session is enough for a token.
func (u *user) signedIn() bool {
	u.t.Helper()
	u.authorize(ownSignIn, map[string]string{"prompt": "none"})
	return u.result().Get("code") != ""
}

// Whoever changes a password, or has sessions revoked, throws everybody else out: the
// sessions of other browsers end with the refresh tokens.
func TestSessionsEndWithThePassword(t *testing.T) {
	t.Parallel()
	const changed = "Another-word.2"
	reset := func(e *env, _ string) *user {
		u := e.user()
		u.authorize("B2C_1A_PasswordReset", nil)
		u.verify("email", "ada@example.com")
		u.pass(map[string]string{"email": "ada@example.com"})
		u.pass(map[string]string{"newPassword": changed, "reenterPassword": changed})
		u.redeem("B2C_1A_PasswordReset")
		return nil // the policy asks no session to remember the user
	}
	change := func(e *env, _ string) *user {
		u := e.user()
		u.authorize("B2C_1A_Test", map[string]string{"prompt": "login"})
		u.pass(map[string]string{"signInName": "ada@example.com", "password": password})
		e.clock.advance(5 * time.Second)
		u.pass(map[string]string{"newPassword": changed, "reenterPassword": changed})
		u.redeem("B2C_1A_Test")
		return u
	}
	graph := func(method, path string, body any, want int) func(e *env, id string) *user {
		return func(e *env, id string) *user {
			if status, answer := e.graph("admin-token", method, strings.ReplaceAll(path, "ID", id), body); status != want {
				e.t.Fatalf("%s %s: %d %v", method, path, status, answer)
			}
			return nil
		}
	}
	for name, end := range map[string]func(e *env, id string) *user{
		"the user resets it":      reset,
		"the user changes it":     change,
		"an administrator does":   graph("PATCH", "v1.0/users/ID", object{"passwordProfile": object{"password": changed, "forceChangePasswordNextSignIn": false}}, 204),
		"sessions are revoked":    graph("POST", "v1.0/users/ID/revokeSignInSessions", object{}, 200),
		"the account is disabled": graph("PATCH", "v1.0/users/ID", object{"accountEnabled": false}, 204),
		"the account is deleted":  graph("DELETE", "v1.0/users/ID", nil, 204),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onBoth(t, nil, func(t *testing.T, e *env) {
				e.own(`<UserJourneys><UserJourney Id="Change"><OrchestrationSteps><OrchestrationStep Order="1" Type="CombinedSignInAndSignUp" ContentDefinitionReferenceId="api.signin">
					<ClaimsProviderSelections><ClaimsProviderSelection ValidationClaimsExchangeId="SignInExchange" /></ClaimsProviderSelections><ClaimsExchanges><ClaimsExchange Id="SignInExchange" TechnicalProfileReferenceId="Page-SignIn" /></ClaimsExchanges></OrchestrationStep>`+step(2, "Page-NewPassword", "")+`<OrchestrationStep Order="3" `+sendClaims+`</OrchestrationSteps></UserJourney></UserJourneys>`, relyingParty("Change", ""))
				e.user().ownSignUp("ada@example.com")
				e.user().ownSignUp("bob@example.com")
				found, err := e.srv.Users.Store.FindUser(t.Context(), directory.NameKey("ada@example.com"))
				if err != nil {
					t.Fatal(err)
				}
				signIn := func(name, password string) *user {
					u := e.user()
					u.authorize(ownSignIn, nil)
					u.pass(map[string]string{"signInName": name, "password": password})
					u.redeem(ownSignIn)
					return u
				}
				ada, bob := signIn("ada@example.com", password), signIn("bob@example.com", password)
				if !ada.signedIn() || !bob.signedIn() {
					t.Fatal("a session doesn't sign in")
				}
				e.clock.advance(time.Minute)
				own := end(e, found.ID)
				e.clock.advance(time.Minute)
				if ada.signedIn() {
					t.Error("the session goes on")
				}
				if !bob.signedIn() {
					t.Error("another user's session ended, too")
				}
				if own != nil && !own.signedIn() {
					t.Error("whoever gave the old password and set the new one must sign in again")
				}
				if own != nil {
					if u := signIn("ada@example.com", changed); !u.signedIn() {
						t.Error("a session that began afterwards isn't used")
					}
				}
			})
		})
	}
}

// Session fixation: what an attacker's browser began or holds never becomes the
// victim's, and the victim's sign-in never becomes the attacker's.
func TestSessionsCannotBeFixed(t *testing.T) {
	t.Parallel()
	e := ownPolicies(t)
	e.user().ownSignUp("ada@example.com")
	e.user().ownSignUp("mallory@example.com")
	at, err := url.Parse(e.srv.URL())
	if err != nil {
		t.Fatal(err)
	}
	plant := func(to *user, cookies []*http.Cookie) {
		for _, c := range cookies {
			c.Path = "/"
		}
		to.http.Jar.SetCookies(at, cookies)
	}
	signIn := func(u *user, name string) {
		u.authorize(ownSignIn, map[string]string{"prompt": "login"})
		u.pass(map[string]string{"signInName": name, "password": password})
		u.redeem(ownSignIn)
	}
	// The attacker's session in the victim's browser is replaced by the victim's sign-in,
	// and the attacker's copy of it stays the attacker's own.
	mallory, ada := e.user(), e.user()
	signIn(mallory, "mallory@example.com")
	before := mallory.http.Jar.Cookies(at)
	plant(ada, before)
	signIn(ada, "ada@example.com")
	ada.authorize(ownSignIn, nil)
	if _, payload := decode(t, ada.redeem(ownSignIn).IDToken); payload["email"] != "ada@example.com" {
		t.Errorf("the victim is %v", payload["email"])
	}
	mallory.authorize(ownSignIn, nil)
	if _, payload := decode(t, mallory.redeem(ownSignIn).IDToken); payload["email"] != "mallory@example.com" {
		t.Errorf("the attacker became %v", payload["email"])
	}
	for _, c := range ada.http.Jar.Cookies(at) {
		if strings.HasPrefix(c.Name, "__Host-x-ms-cpim-sso") {
			for _, old := range before {
				if old.Name == c.Name && old.Value == c.Value {
					t.Error("signing in left the planted session cookie as it was")
				}
			}
		}
	}
	// A journey that the attacker began: without its cookie the victim's browser can't go
	// on with it, so that no address sent by mail makes the victim finish it.
	mallory = e.user()
	mallory.authorize(ownSignIn, nil)
	victim := e.user()
	victim.settings = mallory.settings
	if r := victim.submit(map[string]string{"signInName": "ada@example.com", "password": password}); r.ErrorCode != "AADB2C90046" {
		t.Errorf("the victim's post in the attacker's journey: %+v", r)
	}
	victim.confirm()
	if victim.callback != nil {
		t.Error("the victim went on with the attacker's journey")
	}
	// And a journey that the victim finished gives the attacker nothing.
	ada = e.user()
	ada.authorize(ownSignIn, nil)
	thief := e.user()
	thief.settings = ada.settings
	if r := ada.submit(map[string]string{"signInName": "ada@example.com", "password": password}); r.Status != "200" {
		t.Fatalf("%+v", r)
	}
	thief.confirm()
	if thief.callback != nil {
		t.Error("the attacker took the victim's sign-in")
	}
	ada.confirm()
	ada.redeem(ownSignIn)
	thief.confirm()
	if thief.callback != nil {
		t.Error("the attacker took the end of the victim's journey")
	}
}
