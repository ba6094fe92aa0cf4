package journey_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"journeyman.dev/internal/directory"
	"journeyman.dev/internal/journey"
	. "journeyman.dev/internal/journey/journeytest"
)

// sm is a session-management profile.
func sm(id, handler, inner string) string {
	return `<TechnicalProfile Id="` + id + `"><DisplayName>Session</DisplayName><Protocol Name="Proprietary" Handler="Web.TPEngine.SSO.` + handler + `, Web.TPEngine, Version=1.0.0.0, Culture=neutral, PublicKeyToken=null" />` + inner + `</TechnicalProfile>`
}

// managed lets a session profile manage a technical profile.
func managed(profile, by string) string {
	return strings.Replace(profile, "</TechnicalProfile>", `<UseTechnicalProfileForSessionManagement ReferenceId="`+by+`" /></TechnicalProfile>`, 1)
}

// remembering is a policy whose page asks for an account, and whose session remembers it.
func remembering(id, behaviors string) Policy {
	return Policy{
		ID: id, Claims: "objectId again", Building: contents(), Behaviors: behaviors,
		Profiles: managed(form("Form", Outputs("objectId!")), "SM") +
			sm("SM", "DefaultSSOSessionProvider", Persisted("objectId")+`<OutputClaims><OutputClaim ClaimTypeReferenceId="again" DefaultValue="true" /></OutputClaims>`),
		Steps: []string{Run("Form")},
	}
}

// Accounts of these tests.
const (
	ada = "aaaaaaaa-0000-0000-0000-000000000001"
	bob = "bbbbbbbb-0000-0000-0000-000000000002"
)

// enter visits and signs in as ada if asked; it reports whether the user was asked.
func enter(t *testing.T, s *Stage, u *User, p Policy, parameters ...string) (asked bool) {
	t.Helper()
	u.Visit(s.Compile(p), parameters...)
	if _, asked = u.Ran.Outcome.(*journey.ShowPage); asked {
		u.Submit("objectId", ada)
	}
	if got := u.Finished().Subject; got != ada {
		t.Errorf("subject %q", got)
	}
	return asked
}

// policy-engine §5.16: the profile is skipped, and its claims come back; protocol §6.2.
func TestASessionBringsClaimsBackAndSkipsTheProfile(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.Records.SetAccount(ada, directory.Standing{Epoch: 3})
	p, u := remembering("", ""), s.User()
	enter(t, s, u, p)
	s.Story.Take()
	if enter(t, s, u, p) {
		t.Error("the user is asked again")
	}
	if got := u.Claims(); got != "again=true sub="+ada {
		t.Errorf("claims: %s", got)
	}
	expect(t, s, "step 1 ClaimsExchange", "skip Form: the session remembers", "step 2 SendClaims", "run Issuer: issues", "end")
	if out := u.Finished(); out.Account != (journey.Account{ID: ada, Epoch: 3}) || !out.AuthTime.Equal(s.Clock.Now()) {
		t.Errorf("account %+v at %v", out.Account, out.AuthTime)
	}
	if enter(t, s, s.User(), p); s.Records.Sessions() != 2 {
		t.Errorf("%d sessions", s.Records.Sessions())
	}
}

// protocol §6.1: who shares a session.
func TestScopesOfSessions(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	policies := make(map[string]Policy)
	for name, scope := range map[string]string{"T1": "Tenant", "T2": "Tenant", "A1": "Application", "A2": "Application", "P1": "Policy", "P2": "Policy", "None": "Suppressed"} {
		policies[name] = remembering("B2C_1A_"+name, `<SingleSignOn Scope="`+scope+`" />`)
	}
	u := s.User()
	for i, c := range []struct {
		policy, client string
		asks           bool
	}{
		{"None", "app", true}, {"None", "app", true}, {"T1", "app", true}, {"T2", "app", false}, {"T1", "web", false}, {"None", "app", true},
		{"A1", "app", true}, {"A2", "app", false}, {"A1", "web", true}, {"A2", "web", false},
		{"P1", "app", true}, {"P1", "web", false}, {"P2", "web", true}, {"P1", "app", false},
	} {
		if asked := enter(t, s, u, policies[c.policy], "client_id", c.client); asked != c.asks {
			t.Errorf("%d: %s of %s asks: %t", i, c.policy, c.client, asked)
		}
	}
	for policy, silent := range map[string]bool{"P1": true, "None": false} {
		u.Run(s.Compile(policies[policy]), &journey.Browser{Session: u.Session, NoPages: true})
		if _, ok := u.Ran.Outcome.(*journey.Finished); ok != silent {
			t.Errorf("%s without pages: %s", policy, Describe(u.Ran.Outcome))
		}
	}
}

// protocol §6.1: SessionExpiryType and SessionExpiryInSeconds.
func TestLivesOfSessions(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, behaviors string
		every           time.Duration
		uses            int
		after           time.Duration
	}{
		{"rolling, a day", "", 20 * time.Hour, 3, 25 * time.Hour},
		{"rolling, 900 s", "<SessionExpiryType>Rolling</SessionExpiryType><SessionExpiryInSeconds>900</SessionExpiryInSeconds>", 14 * time.Minute, 4, 15 * time.Minute},
		{"absolute, a day", "<SessionExpiryType>Absolute</SessionExpiryType>", 7 * time.Hour, 3, 3 * time.Hour},
		{"absolute, 1800 s", "<SessionExpiryType>Absolute</SessionExpiryType><SessionExpiryInSeconds>1800</SessionExpiryInSeconds>", 9 * time.Minute, 3, 3 * time.Minute},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t)
			p, u := remembering("", c.behaviors), s.User()
			enter(t, s, u, p)
			for i := range c.uses {
				s.Clock.Advance(c.every)
				if enter(t, s, u, p) {
					t.Errorf("use %d asks", i+1)
				}
			}
			s.Clock.Advance(c.after)
			if !enter(t, s, u, p) {
				t.Error("the session is still there")
			}
		})
	}
}

// Using a session costs no write; its record is renewed when the cookie would outlive it.
func TestTheRecordOfASessionIsRenewedNowAndThen(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	p, u := remembering("", ""), s.User()
	for range 10 {
		enter(t, s, u, p)
		s.Clock.Advance(time.Hour)
	}
	if s.Records.Saved() != 2 || s.Records.Sessions() != 1 {
		t.Errorf("written %d times, %d sessions", s.Records.Saved(), s.Records.Sessions())
	}
}

// protocol §6.1: KMSI, and a policy without it in the same session, which drops it.
func TestKeepMeSignedIn(t *testing.T) {
	t.Parallel()
	const keep = `<SingleSignOn Scope="Tenant" KeepAliveInDays="30" />`
	s := newStage(t)
	kept, plain := remembering("B2C_1A_Kept", keep), remembering("B2C_1A_Plain", "")
	stay := func() *User {
		u := s.User().Visit(s.Compile(kept))
		if r := u.Post("objectId", ada); !r.OK {
			t.Fatalf("%+v", r)
		}
		u.ConfirmAndStay().Finished()
		return u
	}
	a, b, c := stay(), stay(), s.User()
	enter(t, s, c, kept)
	for range 2 {
		if enter(t, s, b, plain) {
			t.Error("the session isn't shared")
		}
	}
	s.Clock.Advance(25 * time.Hour)
	for name, u := range map[string]struct {
		*User
		asks bool
	}{"kept": {a, false}, "kept, then used by a policy without": {b, true}, "not asked for": {c, true}} {
		if enter(t, s, u.User, kept) != u.asks {
			t.Errorf("%s: asks: %t", name, !u.asks)
		}
	}
	s.Clock.Advance(31 * 24 * time.Hour)
	if !enter(t, s, a, kept) {
		t.Error("kept for more than 30 days")
	}
	// The combined page offers the box where it is on and the policy keeps sessions.
	policy := twoProviders(Combined("unified", "SignIn", "One"), signIn("setting.enableRememberMe", "true"))
	policy.Behaviors = keep
	if !s.User().Visit(s.Compile(policy)).Page().KeepSignedIn {
		t.Error("no box")
	}
}

// A session is worth what its account is: there is one gate, and each journey asks anew.
func TestSessionsThatAreNotGoodAnyMore(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		change func(s *Stage)
		asks   bool
	}{
		{"nothing happened", func(*Stage) {}, false},
		{"an administrator ended it", func(s *Stage) { s.Records.EndSessions() }, true},
		{"a new password", func(s *Stage) { s.Records.SetAccount(ada, directory.Standing{Epoch: 2}) }, true},
		{"the account is gone", func(s *Stage) { s.Records.DeleteAccount(ada) }, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t)
			s.Records.SetAccount(ada, directory.Standing{Epoch: 1})
			p, u := remembering("", ""), s.User()
			enter(t, s, u, p)
			c.change(s)
			if enter(t, s, u, p) != c.asks {
				t.Errorf("asks: %t", !c.asks)
			}
		})
	}
	// A disabled account gets nothing, unless disabled accounts may.
	s := newStage(t)
	s.Records.SetAccount(ada, directory.Standing{Epoch: 1})
	p, u := remembering("", ""), s.User()
	enter(t, s, u, p)
	s.Records.SetAccount(ada, directory.Standing{Epoch: 1, Disabled: true})
	if f := s.User().Visit(s.Compile(p)).Submit("objectId", ada).Failed(); f.Code != journey.CodeAccountDisabled {
		t.Errorf("disabled: %v", f)
	}
	s.Engine.AllowDisabled = true
	if enter(t, s, u, p) {
		t.Error("a disabled account that may: asked")
	}
}

// prompt=login: what an older session remembers isn't used, and a session is of one account.
func TestAFreshJourneyReplacesTheSession(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	for _, id := range []string{ada, bob} {
		s.Records.SetAccount(id, directory.Standing{})
	}
	p, u := remembering("", ""), s.User()
	enter(t, s, u, p)
	at := s.Clock.Now()
	s.Clock.Advance(time.Hour)
	u.Run(s.Compile(p), &journey.Browser{Session: u.Session, Fresh: true}).Submit("objectId", bob)
	if got := u.Finished().Subject; got != bob {
		t.Errorf("subject %s", got)
	}
	// Another's session ends for this browser alone: its cookie may have been planted.
	if s.Records.Sessions() != 2 {
		t.Errorf("%d sessions", s.Records.Sessions())
	}
	if got := u.Visit(s.Compile(p)).Finished().Subject; got != bob {
		t.Errorf("the session is of %s", got)
	}
	if when, ok := u.Session.CredentialsAt("tenant", s.Clock.Now()); !ok || !when.After(at) {
		t.Errorf("credentials at %v", when)
	}
	u.Run(s.Compile(p), &journey.Browser{Session: u.Session, Fresh: true}).Submit("objectId", bob).Finished()
	if s.Records.Sessions() != 2 {
		t.Errorf("%d sessions after bob signed in once more", s.Records.Sessions())
	}
}

// A journey that ends with another account than that of the session leaves nothing of the
// first account to the second; a new epoch ends the session, unless the user has just proved
// an identity.
func TestASessionIsOfTheAccountThatTheJourneyEndsWith(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	for _, id := range []string{ada, bob} {
		s.Records.SetAccount(id, directory.Standing{Epoch: 1})
	}
	policy := remembering("", "")
	u := s.User()
	enter(t, s, u, policy)
	becomes := policy
	becomes.Profiles += Sets("Bob", "objectId", bob)
	becomes.Steps = []string{Run("Form"), Run("Bob")}
	u.Visit(s.Compile(becomes))
	if got := u.Finished().Subject; got != bob {
		t.Fatalf("subject %s", got)
	}
	if p := u.Session.Live("tenant", s.Clock.Now()); p == nil || p.Account != bob || len(p.Entries) != 0 {
		t.Errorf("the session: %+v", p)
	}
	if !enter(t, s, u, policy) {
		t.Error("ada's session goes on in bob's")
	}
	// The journey itself gives the account a new epoch, such as by a new password.
	changes := policy
	changes.Profiles += Scripted("Change", Inputs("objectId"))
	changes.Steps = []string{Run("Form"), Run("Change")}
	s.Script("Change", func(_ context.Context, call *journey.Call) (journey.Result, error) {
		call.Changed(ada, 1, 2)
		s.Records.SetAccount(ada, directory.Standing{Epoch: 2})
		return journey.Done{Output: journey.Nothing{}}, nil
	})
	before := u.Session.Live("tenant", s.Clock.Now())
	u.Visit(s.Compile(changes)).Finished()
	if p := u.Session.Live("tenant", s.Clock.Now()); p == nil || p.ID == before.ID || p.Epoch != 2 || len(p.Entries) != 0 {
		t.Errorf("the session: %+v", p)
	}
}

// policy-engine §5.16: ExternalLogin remembers the provider, and asks it again only if the
// claims are always fetched.
func TestAnExternalLoginIsRemembered(t *testing.T) {
	t.Parallel()
	for always, away := range map[string]bool{"false": false, "true": true} {
		s := newStage(t)
		policy := twoProviders(Select("providers", "", "One", "Two"),
			sm("SM", "ExternalLoginSSOSessionProvider", Metadata("AlwaysFetchClaimsFromProvider", always)+Persisted("email")))
		policy.Providers = managed(strings.Replace(provider("One", "x", ""), "</OutputClaims>", `<OutputClaim ClaimTypeReferenceId="email" PartnerClaimType="mail" /></OutputClaims>`, 1), "SM") + managed(provider("Two", "y", ""), "SM")
		s.Script("One", Leaves("https://one.example"))
		p := s.Compile(policy)
		u := s.User().Visit(p).Choose("OneX").Return("mail", "a@b.example")
		if got := u.Claims(); got != "email=a@b.example idp=One" {
			t.Errorf("claims: %s", got)
		}
		u.Visit(p)
		if _, ok := u.Ran.Outcome.(*journey.GoTo); ok != away {
			t.Errorf("always %s: %s", always, Describe(u.Ran.Outcome))
		}
	}
}

// policy-engine §5.16: a combined step whose form's session is remembered has no page.
func TestACombinedStepIsSkippedByTheSessionOfItsForm(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	policy := twoProviders(Combined("unified", "SignIn", "One"), "")
	policy.Profiles = managed(formWith("SignIn", Outputs("email!", "password!")), "SM") + sm("SM", "DefaultSSOSessionProvider", Persisted("email"))
	policy.Steps[1] = Offer([]string{Precondition(true, "email")}, "One")
	p, u := s.Compile(policy), s.User()
	u.Visit(p).Submit("email", "e", "password", "p").Finished()
	s.Story.Take()
	if got := u.Visit(p).Claims(); got != "email=e" {
		t.Errorf("claims: %s", got)
	}
	expect(t, s, "step 1 CombinedSignInAndSignUp", "skip SignIn: the session remembers", "skip step 2: email exists", "step 3 SendClaims", "run Issuer: issues", "end")
}

// policy-engine §5.16: Noop keeps nothing; a profile with no claims has nothing to restore.
func TestProfilesThatKeepNothingRunAgain(t *testing.T) {
	t.Parallel()
	for _, profile := range []string{sm("SM", "NoopSSOSessionProvider", ""), sm("SM", "DefaultSSOSessionProvider", ""), sm("SM", "OAuthSSOSessionProvider", "")} {
		s := newStage(t)
		policy := remembering("", "")
		policy.Profiles = managed(form("Form", Outputs("objectId!", "again")), "SM") + profile
		u := s.User()
		enter(t, s, u, policy)
		if !enter(t, s, u, policy) {
			t.Errorf("not asked: %s", profile)
		}
	}
}

// protocol §6.2: who is signed out later, application and provider, is in the session.
func TestASessionKnowsWhoTookPart(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	p, u := s.Compile(remembering("", "")), s.User()
	for _, client := range []string{"one", "two", "one"} {
		u.Run(p, &journey.Browser{Session: u.Session, LogoutURL: "https://" + client + ".example"}, "client_id", client)
		if _, ok := u.Ran.Outcome.(*journey.ShowPage); ok {
			u.Submit("objectId", ada)
		}
	}
	if got := fmt.Sprint(u.Session.Partitions["tenant"].Clients); got != "[{two https://two.example} {one https://one.example}]" {
		t.Errorf("clients: %s", got)
	}
	s.Issues(&Token{})
	v := s.User()
	enter(t, s, v, remembering("", ""))
	if got := v.Session.Partitions["tenant"].Clients; len(got) != 0 {
		t.Errorf("clients without single sign-out: %v", got)
	}
}

// An account that the journey itself has closed gets its last token, and no session.
func TestAnAccountThatTheJourneyClosesLosesItsSession(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.Records.SetAccount(ada, directory.Standing{Epoch: 1})
	policy := remembering("", "")
	u := s.User()
	enter(t, s, u, policy)
	policy.Profiles += Scripted("Delete", Inputs("objectId"))
	policy.Steps = []string{Run("Form"), Run("Delete")}
	s.Script("Delete", func(_ context.Context, call *journey.Call) (journey.Result, error) {
		call.Closed(ada)
		s.Records.DeleteAccount(ada)
		return journey.Done{Output: journey.Nothing{}}, nil
	})
	u.Visit(s.Compile(policy))
	if out := u.Finished(); !out.Account.Closed || s.Records.Sessions() != 0 || u.Session.Live("tenant", s.Clock.Now()) != nil {
		t.Errorf("account %+v, %d sessions", out.Account, s.Records.Sessions())
	}
}

// What happens to an account after the journey has met it counts against the journey.
func TestTheGateAtTheEndOfAJourney(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		met    func(s *Stage, call *journey.Call)
		issuer string // claim that names the account before objectId
		code   journey.Code
		want   journey.Account
	}{
		{"met as it stands", func(_ *Stage, call *journey.Call) { call.Met(ada, 1) }, "", "", journey.Account{ID: ada, Epoch: 1}},
		{"met twice, the first counts", func(_ *Stage, call *journey.Call) { call.Met(ada, 1); call.Met(ada, 0) }, "", "", journey.Account{ID: ada, Epoch: 1}},
		{"met before its grants were ended", func(_ *Stage, call *journey.Call) { call.Met(ada, 0) }, "", journey.CodeGrantRevoked, journey.Account{}},
		{"changed by the journey itself", func(_ *Stage, call *journey.Call) { call.Met(ada, 0); call.Changed(ada, 0, 1) }, "", "", journey.Account{ID: ada, Epoch: 1}},
		{"changed by another meanwhile", func(_ *Stage, call *journey.Call) { call.Met(ada, -5); call.Changed(ada, 0, 1) }, "", journey.CodeGrantRevoked, journey.Account{}},
		{"deleted by another meanwhile", func(s *Stage, call *journey.Call) { call.Met(ada, 1); s.Records.DeleteAccount(ada) }, "", journey.CodeUserNotFound, journey.Account{}},
		{"never met, and not in the directory", func(s *Stage, _ *journey.Call) { s.Records.DeleteAccount(ada) }, "", "", journey.Account{}},
		{"the issuer names another claim", func(*Stage, *journey.Call) {}, "again", "", journey.Account{ID: bob, Epoch: 7}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t)
			s.Records.SetAccount(ada, directory.Standing{Epoch: 1})
			s.Records.SetAccount(bob, directory.Standing{Epoch: 7})
			s.Issues(&Token{Account: c.issuer})
			s.Script("Find", func(_ context.Context, call *journey.Call) (journey.Result, error) {
				c.met(s, call)
				return journey.Done{Output: journey.Nothing{}}, nil
			})
			u := s.User().Visit(s.Compile(Policy{Claims: "objectId again", Profiles: Sets("Find", "objectId", strings.ToUpper(ada), "again", bob), Steps: []string{Run("Find")}}))
			if c.code != "" {
				if f := u.Failed(); f.Code != c.code || f.OAuth != "access_denied" {
					t.Errorf("failure: %+v", f)
				}
				return
			}
			if got := u.Finished().Account; got != c.want {
				t.Errorf("account: %+v", got)
			}
		})
	}
}

// What another site says only once is remembered in the browser until a journey finishes.
func TestProvidersRememberInTheBrowser(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	recalled := ""
	s.Script("IdP", func(_ context.Context, call *journey.Call) (journey.Result, error) {
		recalled = string(call.Recall("one"))
		if call.Journey.Request.Parameters["login_hint"] != "" {
			call.Remember("long", json.RawMessage(`"`+strings.Repeat("x", 2000)+`"`))
			for _, name := range []string{"a", "b", "c", "d", "one"} { // the fifth displaces the others
				call.Remember(name, json.RawMessage(`"`+name+`"`))
			}
			return nil, ErrTest
		}
		return journey.Done{Output: journey.Nothing{}}, nil
	})
	policy := Policy{Claims: "email", Profiles: Scripted("IdP", `<InputClaims><InputClaim ClaimTypeReferenceId="email" DefaultValue="{OIDC:LoginHint}" /></InputClaims>`), Steps: []string{Run("IdP")}}
	p, u := s.Compile(policy), s.User()
	u.Visit(p, "login_hint", "x").Failed()
	if got := len(u.Session.Memory); got != 1 {
		t.Errorf("%d memories", got)
	}
	u.Visit(p).Finished()
	if recalled != `"one"` {
		t.Errorf("recalled %s", recalled)
	}
	if u.Visit(p).Finished(); recalled != "" {
		t.Errorf("after the end: %s", recalled)
	}
	// Journeys without a browser remember nothing.
	u.Run(p, &journey.ResourceOwner{}, "login_hint", "x").Failed()
	if u.Ran.Session != nil {
		t.Error("a session of a token request")
	}
}
