package test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"journeyman.dev/internal/directory"
	"journeyman.dev/internal/server"
	"journeyman.dev/internal/userflow"
)

// accountEnds are the ways in which what an account was given comes to its end.
var accountEnds = map[string]func(e *env, id string){
	"disabled": func(e *env, id string) {
		e.must(204, "PATCH", "v1.0/users/"+id, object{"accountEnabled": false})
	},
	"disabled and enabled again": func(e *env, id string) {
		e.must(204, "PATCH", "v1.0/users/"+id, object{"accountEnabled": false})
		e.must(204, "PATCH", "v1.0/users/"+id, object{"accountEnabled": true})
	},
	"revoked": func(e *env, id string) { e.must(200, "POST", "v1.0/users/"+id+"/revokeSignInSessions", nil) },
	"a new password": func(e *env, id string) {
		e.must(204, "PATCH", "v1.0/users/"+id, object{"passwordProfile": object{"password": "Another-word.2", "forceChangePasswordNextSignIn": false}})
	},
	"deleted": func(e *env, id string) { e.must(204, "DELETE", "v1.0/users/"+id, nil) },
	"deleted and restored": func(e *env, id string) {
		e.must(204, "DELETE", "v1.0/users/"+id, nil)
		e.must(200, "POST", "v1.0/directory/deletedItems/"+id+"/restore", nil)
	},
}

// held is what a browser and an application hold of an account at some moment.
type held struct {
	u             *user
	id            string
	code, refresh string
}

// hold signs in by the given way and keeps one of each thing, unused.
func (e *env) hold(policy string, signIn func(u *user)) held {
	e.t.Helper()
	u := e.user()
	signIn(u)
	got := u.redeem(policy)
	_, payload := decode(e.t, got.IDToken)
	u.authorize(policy, nil)
	code := u.result().Get("code")
	id, _ := payload["sub"].(string)
	if code == "" || got.RefreshToken == "" || id == "" {
		e.t.Fatalf("code %d bytes, refresh token %d bytes, sub %q", len(code), len(got.RefreshToken), id)
	}
	return held{u, id, code, got.RefreshToken}
}

// worthless checks that nothing of it is good for anything.
func (h held) worthless(policy string) {
	h.u.t.Helper()
	e := h.u.e
	for what, form := range map[string]url.Values{
		"the code":          {"grant_type": {"authorization_code"}, "code": {h.code}, "redirect_uri": {spaRedirect}, "code_verifier": {h.u.verifier}},
		"the refresh token": {"grant_type": {"refresh_token"}, "refresh_token": {h.refresh}},
	} {
		got := e.token(policy, form)
		if got.status != 400 || got.Error != "invalid_grant" || !strings.HasPrefix(got.Description, "AADB2C90129") && !strings.HasPrefix(got.Description, "AADB2C90128") {
			h.u.t.Errorf("%s: %d %v", what, got.status, got.raw)
		}
	}
	h.u.authorize(policy, map[string]string{"prompt": "none"})
	if got := h.u.result(); got.Get("code") != "" {
		h.u.t.Error("the session still gives a code")
	}
}

// What a local account was given is worth nothing once the account's grants have ended, in
// whatever second that happened.
func TestWhatAnAccountWasGivenEndsWithIt(t *testing.T) {
	t.Parallel()
	for name, end := range accountEnds {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := start(t, nil)
			flow := e.flow("susi", "signUpOrSignIn")
			h := e.hold(flow, func(u *user) { u.register(flow, "ada@example.com", nil) })
			end(e, h.id)
			h.worthless(flow)
		})
	}
}

// What one node ends is over on every other at once: account, session, signing out, and the
// names of a deleted account.
func TestAccountsEndOnEveryNode(t *testing.T) {
	t.Parallel()
	postgres := onPostgres(t)
	node := func(c *server.Config) {
		postgres(c)
		c.MasterKey = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
	}
	api := newAPI(t)
	first, second := startWith(t, api, node), startWith(t, api, node)
	second.clock = first.clock
	flow := first.flow("susi", "signUpOrSignIn")
	if err := second.srv.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	at, err := url.Parse(first.srv.URL())
	if err != nil {
		t.Fatal(err)
	}
	there, err := url.Parse(second.srv.URL())
	if err != nil {
		t.Fatal(err)
	}
	// move takes a browser to the other node, as behind a load balancer.
	move := func(u *user) *user {
		jar := second.user()
		jar.http.Jar.SetCookies(there, u.http.Jar.Cookies(at))
		jar.verifier = u.verifier
		return jar
	}
	second.spa = first.spa
	names := []string{}
	for name := range accountEnds {
		names = append(names, name)
	}
	slices.Sort(names)
	for i, name := range names {
		address := fmt.Sprintf("user%d@example.com", i)
		h := first.hold(flow, func(u *user) { u.register(flow, address, nil) })
		h.u = move(h.u)
		if !h.u.signedInAt(flow) {
			t.Fatalf("%s: the other node doesn't know the session", name)
		}
		accountEnds[name](first, h.id)
		h.worthless(flow)
	}
	h := first.hold(flow, func(u *user) { u.register(flow, "last@example.com", nil) })
	copied := move(h.u)
	h.u.get(first.base + "/" + tenant + "/" + flow + "/oauth2/v2.0/logout")
	if copied.signedInAt(flow) {
		t.Error("a session that was signed out at one node lives on at the other")
	}
	first.must(204, "DELETE", "v1.0/users/"+h.id, nil)
	again := second.user()
	again.register(flow, "last@example.com", nil)
	if got := again.claims(flow); got["sub"] == h.id {
		t.Error("the deleted account came back at the other node")
	}
}

// socialFlow is a user flow with an identity provider alone, that asks for nothing.
func (e *env) socialFlow(name string, sub map[string]any) string {
	e.t.Helper()
	e.identityProvider(sub, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) })
	return e.must(201, "POST", flows, object{"id": name, "userFlowType": "signUpOrSignIn", "userFlowTypeVersion": 3, "identityProviders": []object{{"id": e.openIDConnect()}}})["id"].(string)
}

// An account of another identity provider is asked about as a local one is: at single
// sign-on, and when the provider vouches for the user anew.
func TestWhatAFederatedAccountWasGivenEndsWithIt(t *testing.T) {
	t.Parallel()
	for name, end := range accountEnds {
		if name == "a new password" {
			continue // it has none
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := start(t, nil)
			flow := e.socialFlow("social", map[string]any{"sub": "u-8", "name": "Ora Id"})
			h := e.hold(flow, func(u *user) { u.authorize(flow, nil) })
			end(e, h.id)
			h.worthless(flow)
			u := e.user()
			u.authorize(flow, nil)
			switch code := u.result().Get("code"); name {
			case "disabled":
				if code != "" || !strings.HasPrefix(u.result().Get("error_description"), "AADB2C90111") {
					t.Errorf("a disabled account signs in anew: %v", u.result())
				}
			case "deleted":
				if got := u.claims(flow); got["sub"] == h.id {
					t.Error("a deleted account signs in anew")
				}
			default:
				if got := u.claims(flow); got["sub"] != h.id {
					t.Errorf("signing in anew: %v", got)
				}
			}
		})
	}
}

// The laxer way of B2C is a setting: a disabled account of another provider gets tokens as
// long as the policy doesn't ask. What it had before it was disabled stays void.
func TestDisabledFederatedAccountsAsInB2C(t *testing.T) {
	t.Parallel()
	e := start(t, func(c *server.Config) { c.CompatibleDisabledAccounts = true })
	flow := e.socialFlow("social", map[string]any{"sub": "u-8", "name": "Ora Id"})
	h := e.hold(flow, func(u *user) { u.authorize(flow, nil) })
	accountEnds["disabled"](e, h.id)
	h.worthless(flow)
	u := e.user()
	u.authorize(flow, nil)
	if got := u.claims(flow); got["sub"] != h.id {
		t.Errorf("signing in anew: %v", got)
	}
}

// A journey that is under way when the account is disabled, or its grants end, ends without
// a token: the password that it began with may be the one that was changed.
func TestAJourneyEndsWithItsAccount(t *testing.T) {
	t.Parallel()
	for name, end := range accountEnds {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := start(t, nil)
			flow := e.flow("susi", "signUpOrSignIn")
			edit := e.flow("edit", "profileUpdate")
			e.assign(edit, "DisplayName", nil)
			u := e.user()
			u.register(flow, "ada@example.com", map[string]string{})
			id := u.claims(flow)["sub"].(string)
			u = e.user()
			u.authorize(edit, nil)
			u.pass(map[string]string{"signInName": "ada@example.com", "password": password})
			end(e, id)
			if r := u.submit(map[string]string{"displayName": "Ada"}); r.Status == "200" {
				u.confirm()
			}
			if u.callback != nil && u.result().Get("code") != "" {
				t.Errorf("the journey gave a code: %v", u.result())
			}
		})
	}
}

// One's own journey that changes the password goes on: it has made the new epoch itself.
func TestTheJourneyThatSetsAPasswordEndsWithATokenOfTheNewEpoch(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	flow := e.flow("susi", "signUpOrSignIn")
	reset := e.flow("reset", "passwordReset")
	h := e.hold(flow, func(u *user) { u.register(flow, "ada@example.com", nil) })
	u := e.user()
	u.authorize(reset, nil)
	u.verify("email", "ada@example.com")
	u.pass(map[string]string{"email": "ada@example.com"})
	u.pass(map[string]string{"newPassword": "Another-word.2", "reenterPassword": "Another-word.2"})
	got := u.redeem(reset)
	if _, payload := decode(t, got.IDToken); payload["sub"] != h.id {
		t.Errorf("token of the reset: %v", payload)
	}
	h.worthless(flow)
}

// Signing out ends the session, not only this browser's copy of its cookie.
func TestACopiedSessionDiesWithTheSignOut(t *testing.T) {
	t.Parallel()
	e, _ := signedUp(t, nil)
	s := e.sealed(signUpSignIn)
	if !e.signedInWith(signUpSignIn, s.session) {
		t.Fatal("the copy doesn't work")
	}
	// To an address that nobody registered: the user is signed out all the same.
	s.u.get(e.base + "/" + tenant + "/" + signUpSignIn + "/oauth2/v2.0/logout?post_logout_redirect_uri=https://elsewhere.example/")
	if s.u.callback != nil || !strings.Contains(s.u.page, "You are signed out") {
		t.Errorf("signed-out page:\n%s", excerpt(s.u.page))
	}
	if e.signedInWith(signUpSignIn, s.session) {
		t.Error("the copy still works")
	}
	if s.u.signedInAt(signUpSignIn) {
		t.Error("the browser is still signed in")
	}
}

// directoryAudits checks how many records there are of an activity of the directory.
func (e *env) directoryAudits(activity string, want int) {
	e.t.Helper()
	body := e.must(200, "GET", "v1.0/auditLogs/directoryAudits?$filter="+url.QueryEscape("activityDisplayName eq '"+activity+"'"), nil)
	if got := len(body["value"].([]any)); got != want {
		e.t.Errorf("%d records of %q, want %d", got, activity, want)
	}
}

func (u *user) signedInAt(policy string) bool {
	u.t.Helper()
	u.authorize(policy, map[string]string{"prompt": "none"})
	return u.result().Get("code") != ""
}

// ASP.NET Core comes back to /signout-callback-oidc while /signin-oidc is registered.
func TestSigningOutLeadsToTheOriginOfARegisteredAddress(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	flow := e.flow("susi", "signUpOrSignIn")
	u := e.user()
	for address, leads := range map[string]bool{
		"https://app.example/signout-callback-oidc": true, "https://APP.example:443/x?y=1": true, "http://app.example/signin": false,
		"https://app.example:8443/": false, "https://app.example.evil.example/": false, "https://user@app.example/": false, "https:app.example/x": false,
	} {
		res, err := u.http.Get(e.base + "/" + tenant + "/" + flow + "/oauth2/v2.0/logout?" + url.Values{"post_logout_redirect_uri": {address}, "state": {"s 1"}}.Encode())
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		to, err := url.Parse(res.Header.Get("Location"))
		if err != nil || (to.Host != "") != leads || leads && to.Query().Get("state") != "s 1" {
			t.Errorf("%s leads to %v, %v", address, to, err)
		}
	}
}

// Sessions of a user are listed and ended one by one.
func TestSessionsOfAUser(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	flow := e.flow("susi", "signUpOrSignIn")
	u := e.user()
	u.register(flow, "ada@example.com", nil)
	id := u.claims(flow)["sub"].(string)
	phone := e.user()
	phone.authorize(flow, nil)
	phone.pass(map[string]string{"signInName": "ada@example.com", "password": password})
	phone.claims(flow)
	list := func() (ids []string) {
		t.Helper()
		for _, s := range e.must(200, "GET", "v1.0/users/"+id+"/sessions", nil)["value"].([]any) {
			one := s.(map[string]any)
			if one["policyId"] != flow || one["appId"] != e.spa.AppID || one["ipAddress"] != "127.0.0.1" || one["startedDateTime"] == nil {
				t.Errorf("session: %v", one)
			}
			ids = append(ids, one["id"].(string))
		}
		return ids
	}
	both := list()
	if len(both) != 2 {
		t.Fatalf("sessions: %v", both)
	}
	// Using a session makes no other one.
	if !u.signedInAt(flow) || !phone.signedInAt(flow) || len(list()) != 2 {
		t.Errorf("after single sign-on: %v", list())
	}
	e.must(204, "DELETE", "v1.0/users/"+id+"/sessions/"+both[0], nil)
	e.must(404, "DELETE", "v1.0/users/"+id+"/sessions/"+both[0], nil)
	if u.signedInAt(flow) == phone.signedInAt(flow) {
		t.Error("not exactly one session ended")
	}
	if left := list(); len(left) != 1 || left[0] != both[1] {
		t.Errorf("left: %v", left)
	}
	// Another's session isn't this user's to end.
	other := e.user()
	other.register(flow, "bob@example.com", nil)
	bob := other.claims(flow)["sub"].(string)
	e.must(404, "DELETE", "v1.0/users/"+bob+"/sessions/"+both[1], nil)
	e.must(200, "POST", "v1.0/users/"+id+"/revokeSignInSessions", nil)
	if left := list(); len(left) != 0 {
		t.Errorf("after revoking: %v", left)
	}
	// Signing in anew in the same browser takes the place of the account's old session there.
	for range 2 {
		other.authorize(flow, map[string]string{"prompt": "login"})
		other.pass(map[string]string{"signInName": "bob@example.com", "password": password})
		other.claims(flow)
	}
	if sessions := e.must(200, "GET", "v1.0/users/"+bob+"/sessions", nil)["value"].([]any); len(sessions) != 1 {
		t.Errorf("%d sessions of one browser", len(sessions))
	}
	e.directoryAudits("Delete user session", 3)
}

// A code that was mailed to an address whose letters fold to another's proves nothing about
// the other's: the long s, and the Kelvin sign.
func TestLookalikesOfAnAddressProveNothingAboutIt(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	flow := e.flow("susi", "signUpOrSignIn")
	reset := e.flow("reset", "passwordReset")
	const victim = "sam.kirk@example.com"
	u := e.user()
	u.register(flow, victim, nil)
	u.claims(flow)
	for _, mine := range []string{"\u017fam.kirk@example.com", "sam.\u212airk@example.com", "\uff53am.kirk@example.com"} {
		u := e.user()
		u.authorize(reset, nil)
		ask := func(kind, value, code string) reply {
			return u.post(url.Values{"request_type": {kind}, "claim_id": {"email"}, "claim_value": {value}, "user_input": {code}})
		}
		if r := ask("VERIFICATION_REQUEST", mine, ""); r.Status != "200" || r.Result != 0 {
			continue // not taken at all
		}
		code := e.mailedCode(mine)
		if r := ask("VALIDATION_REQUEST", victim, code); r.Result == 0 {
			t.Errorf("the code for %q is taken for %q: %+v", mine, victim, r)
		}
		if r := ask("VALIDATION_REQUEST", mine, code); r.Result != 0 {
			t.Errorf("the code for %q: %+v", mine, r)
		}
		if r := u.submit(map[string]string{"email": victim}); r.Status == "200" {
			t.Errorf("%q proved %q: %+v", mine, victim, r)
		}
		if r := u.submit(map[string]string{"email": mine}); r.Status == "200" {
			t.Errorf("%q finds the account of %q: %+v", mine, victim, r)
		}
	}
	// The same mailbox written in another way is the same account, and is mailed in one form.
	for _, same := range []string{"SAM.Kirk@Example.COM", "sam.kirk@ｅxample.com"} {
		u := e.user()
		u.authorize(reset, nil)
		u.post(url.Values{"request_type": {"VERIFICATION_REQUEST"}, "claim_id": {"email"}, "claim_value": {same}})
		code := e.mailedCode(victim)
		if r := u.post(url.Values{"request_type": {"VALIDATION_REQUEST"}, "claim_id": {"email"}, "claim_value": {same}, "user_input": {code}}); r.Result != 0 {
			t.Errorf("the code of %q: %+v", same, r)
		}
		u.pass(map[string]string{"email": same})
		u.pass(map[string]string{"newPassword": password, "reenterPassword": password})
		if got := u.claims(reset); got["sub"] == nil {
			t.Errorf("reset by %q: %v", same, got)
		}
	}
}

// Nobody takes another's name as a name of another kind, not through the admin API and not
// by signing up.
func TestANameIsTakenWhateverItsKind(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	flow := e.flow("susi", "signUpOrSignIn")
	u := e.user()
	u.register(flow, "ada@example.com", nil)
	id := u.claims(flow)["sub"].(string)
	upn := e.must(200, "GET", "v1.0/users/"+id, nil)["userPrincipalName"].(string)
	identity := func(kind, name string) object {
		return object{"displayName": "Mallory", "passwordProfile": object{"password": "Mallorys-word.1"},
			"identities": []object{{"signInType": kind, "issuer": tenant, "issuerAssignedId": name}}}
	}
	for _, taken := range []object{
		identity("aaa", "ada@example.com"), identity("AAA", "ADA@example.com"), identity("emailAddress9", "ada@EXAMPLE.com"), identity("aaa", upn), identity("aaa", strings.ToUpper(upn)),
	} {
		if status, body := e.graph(admin, "POST", "v1.0/users", taken); status != 400 {
			t.Errorf("%v: %d %v", taken["identities"], status, body)
		}
	}
	for _, wrong := range []object{
		identity("user name", "mallory"), identity("1st", "mallory"), identity("userName", "ada@example.com"), identity("emailAddress", "no address"), identity("userName", strings.Repeat("m", 65)),
	} {
		if status, body := e.graph(admin, "POST", "v1.0/users", wrong); status != 400 {
			t.Errorf("%v: %d %v", wrong["identities"], status, body)
		}
	}
	mallory := e.must(201, "POST", "v1.0/users", identity("customerNumber", "4711"))["id"].(string)
	if status, body := e.graph(admin, "PATCH", "v1.0/users/"+mallory, object{"identities": []object{{"signInType": "aaa", "issuer": tenant, "issuerAssignedId": "ada@example.com"}}}); status != 400 {
		t.Errorf("by a change: %d %v", status, body)
	}
	if status, body := e.graph(admin, "PATCH", "v1.0/users/"+mallory, object{"userPrincipalName": upn}); status != 400 {
		t.Errorf("as a user principal name: %d %v", status, body)
	}
	// By self-service: a user name that is another's address or user principal name.
	names := e.must(201, "POST", flows, object{"id": "names", "userFlowType": "signUpOrSignIn", "identityProviders": []object{{"id": userflow.UsernameProvider}}})["id"].(string)
	for _, name := range []string{"ada@example.com", upn} {
		u := e.user()
		u.openSignUp(names, "mallory@example.com")
		if r := u.submit(map[string]string{"signInNames.userName": name, "email": "mallory@example.com", "newPassword": password, "reenterPassword": password}); r.Status == "200" {
			t.Errorf("%s was taken as a user name: %+v", name, r)
		}
	}
	// The owner is not locked out.
	u = e.user()
	u.authorize(flow, nil)
	u.pass(map[string]string{"signInName": "ADA@example.com", "password": password})
	if got := u.claims(flow); got["sub"] != id {
		t.Errorf("the owner: %v", got)
	}
}

// A deleted user's address is free; the user can be seen, restored and deleted for good.
func TestDeletedUsers(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	flow := e.flow("susi", "signUpOrSignIn")
	u := e.user()
	u.register(flow, "ada@example.com", nil)
	first := u.claims(flow)["sub"].(string)
	e.must(204, "DELETE", "v1.0/users/"+first, nil)
	e.must(404, "DELETE", "v1.0/users/"+first, nil)
	e.must(404, "PATCH", "v1.0/users/"+first, object{"accountEnabled": true})
	listed := e.must(200, "GET", "v1.0/directory/deletedItems/microsoft.graph.user", nil)["value"].([]any)
	if len(listed) != 1 || listed[0].(map[string]any)["id"] != first {
		t.Errorf("deleted users: %v", listed)
	}
	if got := e.must(200, "GET", "v1.0/directory/deletedItems/"+first, nil); got["deletedDateTime"] == nil || got["@odata.type"] != "#microsoft.graph.user" {
		t.Errorf("a deleted user: %v", got)
	}
	u = e.user()
	u.register(flow, "ada@example.com", nil)
	second := u.claims(flow)["sub"].(string)
	if second == first {
		t.Fatal("the deleted account came back")
	}
	if status, body := e.graph(admin, "POST", "v1.0/directory/deletedItems/"+first+"/restore", nil); status != 400 {
		t.Errorf("restored beside the one that has the address now: %d %v", status, body)
	}
	e.must(204, "DELETE", "v1.0/users/"+second, nil)
	e.must(200, "POST", "v1.0/directory/deletedItems/"+first+"/restore", nil)
	e.must(404, "POST", "v1.0/directory/deletedItems/"+first+"/restore", nil)
	u = e.user()
	u.authorize(flow, nil)
	u.pass(map[string]string{"signInName": "ada@example.com", "password": password})
	if got := u.claims(flow); got["sub"] != first {
		t.Errorf("the restored account: %v", got)
	}
	e.must(204, "DELETE", "v1.0/directory/deletedItems/"+second, nil)
	e.must(404, "GET", "v1.0/directory/deletedItems/"+second, nil)
	e.must(404, "DELETE", "v1.0/directory/deletedItems/"+first, nil)
	e.directoryAudits("Restore user", 3)
	e.directoryAudits("Hard Delete user", 2)
}

// The policy that deletes or disables the user's own account still ends with a token, which
// can't be renewed, and leaves no session.
func TestAPolicyThatClosesTheAccount(t *testing.T) {
	t.Parallel()
	for what, profile := range map[string]string{
		"deletes":  directoryProfile("Directory-Close", "DeleteClaimsPrincipal", "", `<InputClaim ClaimTypeReferenceId="objectId" Required="true" />`, "", ""),
		"disables": directoryProfile("Directory-Close", "Write", "", `<InputClaim ClaimTypeReferenceId="objectId" Required="true" />`, persisted("objectId", "")+persisted("off", `PartnerClaimType="accountEnabled" DefaultValue="false"`), ""),
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			closesAccount(t, profile)
		})
	}
}

func closesAccount(t *testing.T, profile string) {
	e := start(t, nil)
	policy := e.own(`<BuildingBlocks><ClaimsSchema><ClaimType Id="off"><DataType>boolean</DataType></ClaimType></ClaimsSchema></BuildingBlocks>
<ClaimsProviders><ClaimsProvider><DisplayName>d</DisplayName><TechnicalProfiles>`+profile+`</TechnicalProfiles></ClaimsProvider></ClaimsProviders>
<UserJourneys><UserJourney Id="J"><OrchestrationSteps>`+step(1, "Page-SignUp", "")+step(2, "Directory-Close", "")+`<OrchestrationStep Order="3" `+sendClaims+`</OrchestrationSteps></UserJourney></UserJourneys>`,
		relyingParty("J", "", "displayName"))
	u := e.user()
	u.authorize(policy, nil)
	u.verify("email", "ada@example.com")
	u.pass(map[string]string{"email": "ada@example.com", "newPassword": password, "reenterPassword": password, "displayName": "Ada"})
	got := u.redeem(policy)
	if _, payload := decode(t, got.IDToken); payload["name"] != "Ada" || got.RefreshToken != "" {
		t.Errorf("token: %v, refresh token: %t", payload, got.RefreshToken != "")
	}
	if left, err := e.srv.Users.Store.FindUser(t.Context(), directory.NameKey("ada@example.com")); err == nil && !left.Disabled {
		t.Error("the account is still open")
	}
	if u.signedInAt(policy) {
		t.Error("there is a session of the closed account")
	}
}
