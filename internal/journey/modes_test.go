package journey_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"journeyman.dev/internal/claims"
	"journeyman.dev/internal/journey"
	. "journeyman.dev/internal/journey/journeytest"
)

// policy-engine §4.10: ROPC. The journey shows no pages, is never stored and uses no session.
func TestAResourceOwnersJourney(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	p := s.Compile(Policy{
		Claims: "email *password", Profiles: Scripted("Login", `<InputClaims><InputClaim ClaimTypeReferenceId="email" DefaultValue="{OIDC:Username}" /><InputClaim ClaimTypeReferenceId="password" DefaultValue="{OIDC:Password}" /></InputClaims>`) + form("Form", Outputs("email")),
		Building: contents(), Steps: []string{Run("Login"), Run("Form", Precondition(true, "email", "ada"))},
	})
	got := ""
	s.Script("Login", func(_ context.Context, call *journey.Call) (journey.Result, error) {
		name, _ := call.Inputs.Get("email")
		password, _ := call.Inputs.Get("password")
		got = name.String() + "/" + password.String()
		return journey.Done{Output: journey.Nothing{}}, nil
	})
	u := s.User().Run(p, &journey.ResourceOwner{Password: "pass"}, "username", "ada")
	if claims := u.Claims(); got != "ada/pass" || claims != "email=ada" {
		t.Errorf("profile %s, claims %s", got, claims)
	}
	if !p.RelyingParty().TakesPassword() {
		t.Error("the program doesn't say that it takes a password")
	}
	if f := s.User().Run(p, &journey.ResourceOwner{Password: "pass"}, "username", "bob").Failed(); f.Code != journey.CodeInteractionRequired {
		t.Errorf("where a page would be shown: %v", f)
	}
	if u.Session != nil || s.Store.Len() != 0 || s.Records.Saved() != 0 || strings.Contains(s.Log.String(), "pass\n") {
		t.Error("something is kept")
	}
}

// policy-engine §4.10: refresh, with the claims that the policy asks to keep.
func TestARenewalRestoresKeptClaims(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	p := s.Compile(Policy{
		Claims: "objectId kind since", Profiles: Sets("First", "objectId", ada, "kind", "gold") + ProfileOf("Read", `<Protocol Name="None" />`, Outputs("objectId", "kind")),
		Steps: []string{Run("First")}, Journeys: Journey("Refresh", Run("Read"), SendClaims("Issuer")),
		Endpoints: `<Endpoint Id="Token" UserJourneyReferenceId="Refresh" />`,
	})
	first := s.User().Visit(p).Finished()
	if v := first.Kept.Get("kind"); v.String() != "gold" {
		t.Fatalf("kept: %v", first.Kept)
	}
	s.Script("Read", func(_ context.Context, call *journey.Call) (journey.Result, error) {
		out := journey.Values{}
		for id, v := range call.Journey.Renewal.Claims.All() {
			out[id] = v
		}
		return journey.Done{Output: out}, nil
	})
	u := s.User().Run(p, &journey.Renewal{Claims: first.Kept, IssuedAt: s.Clock.Now()})
	if got := u.Claims(); got != "kind=gold sub="+ada {
		t.Errorf("claims: %s", got)
	}
}

// policy-engine §4.10: UserInfo; no step runs before a profile accepts the token.
func TestABearerMustAuthorizeTheJourney(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	info := strings.Replace(Journey("Info", SendClaims("Document")), `<OrchestrationSteps>`, `<Authorization><AuthorizationTechnicalProfiles><AuthorizationTechnicalProfile ReferenceId="Auth" /></AuthorizationTechnicalProfiles></Authorization><OrchestrationSteps>`, 1)
	p := s.Compile(Policy{
		Claims: "objectId", Profiles: ProfileOf("Auth", `<Protocol Name="None" /><InputTokenFormat>JWT</InputTokenFormat>`, Outputs("objectId=sub")) + ProfileOf("Document", `<Protocol Name="None" /><OutputTokenFormat>JSON</OutputTokenFormat>`, ""),
		Journeys: info, Endpoints: `<Endpoint Id="UserInfo" UserJourneyReferenceId="Info" />`,
	})
	s.Script("Auth", func(_ context.Context, call *journey.Call) (journey.Result, error) {
		if call.Journey.Bearer.Token != "good" {
			return nil, &journey.Failure{OAuth: journey.InvalidToken, Public: "No.", Cause: ErrTest}
		}
		return journey.Done{Output: Texts{"sub": ada}}, nil
	})
	if got := s.User().Run(p, &journey.Bearer{Token: "good"}).Claims(); got != "sub="+ada {
		t.Errorf("claims: %s", got)
	}
	s.Story.Take()
	if f := s.User().Run(p, &journey.Bearer{Token: "bad"}).Failed(); f.OAuth != journey.InvalidToken {
		t.Errorf("failure: %+v", f)
	}
	expect(t, s, "run Auth: fails with ", "end ")
	if got := (journey.Bearer{Token: "secret"}).LogValue().String(); strings.Contains(got, "secret") {
		t.Errorf("logged as %s", got)
	}
}

// policy-engine §4.1: client credentials run the journey that the issuer names.
func TestAnApplicationsOwnJourney(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	p := s.Compile(Policy{Claims: "kind"})
	if uj := p.RelyingParty().Credentials(); uj != nil {
		t.Errorf("a policy without has %s", uj.ID())
	}
}

// prompt=none: whatever would ask the user fails (protocol §3).
func TestJourneysWithoutPages(t *testing.T) {
	t.Parallel()
	for name, policy := range map[string]Policy{
		"a page": page("", ""), "a selection": twoProviders(Select("providers", "", "One", "Two"), ""), "another site": away(),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t)
			s.Script("IdP", Leaves("https://idp.example"))
			u := s.User().Run(s.Compile(policy), &journey.Browser{NoPages: true})
			if f := u.Failed(); f.Code != journey.CodeInteractionRequired {
				t.Errorf("failure: %v", f)
			}
			if s.Store.Len() != 0 {
				t.Error("the journey is stored")
			}
		})
	}
}

// An application sends the relying party's input claims in a signed assertion.
func TestAssertedClaimsBeginTheJourney(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	p := s.Compile(Policy{Claims: "email trail secret", Profiles: Scripted("A", Inputs("email")+Outputs("email", "trail", "secret")), Steps: []string{Run("A")},
		Inputs: `<InputClaim ClaimTypeReferenceId="email" /><InputClaim ClaimTypeReferenceId="trail" DefaultValue="d" />`})
	var asserted claims.Bag
	asserted.Set("email", claims.Text("a@b.example"))
	asserted.Set("secret", claims.Text("not an input claim"))
	if got := s.User().Run(p, &journey.Browser{Asserted: &asserted}).Claims(); got != "email=a@b.example trail=d" {
		t.Errorf("claims: %s", got)
	}
}

// afterwards is a policy with steps behind its SendClaims.
func afterwards(steps ...string) Policy {
	return Policy{
		Claims: "trail", Building: contents(), Profiles: Sets("A", "trail", "a") + Sets("Later", "trail", "later") + Scripted("Last", Inputs("trail")) + form("Form", Outputs("trail")),
		Steps: append([]string{Run("A"), SendClaims("Issuer")}, steps...),
	}
}

// Steps behind the last SendClaims run beside the answer, and change nothing of it.
func TestStepsBehindSendClaimsRunAfterTheAnswer(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	p, found := s.Findings(afterwards(Run("Later"), Run("Last"), Run("Form"), strings.Replace(Run("Last", Precondition(true, "trail")), "LastX", "Y", 1), Step("Noop", "")))
	if found.HasErrors() {
		t.Fatal(Text(found))
	}
	release, seen := make(chan struct{}), ""
	s.Script("Last", func(_ context.Context, call *journey.Call) (journey.Result, error) {
		<-release
		v, _ := call.Inputs.Get("trail")
		seen += v.String()
		return journey.Done{Output: journey.Nothing{}}, nil
	})
	if got := s.User().Visit(p).Claims(); got != "trail=a" {
		t.Errorf("claims: %s", got)
	}
	close(release)
	s.Engine.Wait(time.Minute)
	if seen != "later" {
		t.Errorf("the step behind saw %q", seen)
	}
}

func TestAStepBehindSendClaimsThatFailsIsLogged(t *testing.T) {
	t.Parallel()
	for name, script := range map[string]Script{
		"a failure": Fails(ErrTest),
		"a panic":   func(context.Context, *journey.Call) (journey.Result, error) { panic(ErrTest.Error()) },
	} {
		s := newStage(t)
		s.Script("Last", script)
		p, _ := s.Findings(afterwards(Run("Last")))
		s.User().Visit(p).Finished()
		s.Engine.Wait(time.Minute)
		if log := s.Log.String(); !strings.Contains(log, "a step behind SendClaims failed") || !strings.Contains(log, ErrTest.Error()) {
			t.Errorf("%s: log\n%s", name, log)
		}
	}
}

// A stop has a limit, and so has each journey's time behind its end.
func TestStepsBehindSendClaimsEndInTime(t *testing.T) {
	t.Parallel()
	for name, patience := range map[string]time.Duration{"a stop is near": time.Second, "the step has its own limit": time.Hour} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newStage(t)
				var ended error
				s.Script("Last", func(ctx context.Context, _ *journey.Call) (journey.Result, error) {
					<-ctx.Done()
					ended = ctx.Err()
					return nil, ctx.Err()
				})
				p, _ := s.Findings(afterwards(Run("Last")))
				begun := time.Now()
				s.User().Visit(p).Finished()
				s.Engine.Wait(patience)
				if took := time.Since(begun); ended == nil || took > 10*time.Second {
					t.Errorf("ended with %v after %v", ended, took)
				}
			})
		})
	}
}

// What a request brings is bounded, and its parameters are those that the program reads.
func TestAJourneyKeepsWhatItsProgramReads(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	u := s.User()
	u.Request.AcceptLanguage, u.Request.Host = strings.Repeat("é", 1000), strings.Repeat("h", 1000)
	u.Visit(s.Compile(page("", "")), "unknown", "x", "login_hint", "h")
	r := u.Ran.Outcome.(*journey.ShowPage).Journey.Request
	if len(r.AcceptLanguage) > 512 || len(r.Host) > 300 || r.Parameters["unknown"] != "" || r.Parameters["client_id"] != "app" {
		t.Errorf("kept: %+v", r)
	}
	if got := r.LogValue().String(); strings.Contains(got, "login_hint") {
		t.Errorf("logged as %s", got)
	}
	if got := journey.CutUserAgent(strings.Repeat("é", 200)); len(got) > 256 || strings.ContainsRune(got, '\uFFFD') {
		t.Errorf("user agent %q", got)
	}
}

// admin-surface §6: the order of the details is what workbooks rely on.
func TestEventsBecomeAuditRecords(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.Script("A", func(_ context.Context, call *journey.Call) (journey.Result, error) {
		call.Audit(journey.Event{Activity: "Did something", Username: "ada"})
		call.Audit(journey.Event{Activity: "Met a provider", Provider: "idp", ProviderAppID: "p1", UserID: bob, Service: "Core Directory", Result: "failure", Reason: "no"})
		return journey.Done{Output: journey.Nothing{}}, nil
	})
	p := s.Compile(Policy{Claims: "objectId", Profiles: Sets("Begin", "objectId", ada) + Scripted("A", ""), Steps: []string{Run("Begin"), Run("A")}})
	s.User().Visit(p).Finished()
	records := s.Audits.Take()
	if len(records) != 2 {
		t.Fatalf("%d records", len(records))
	}
	var details []string
	for _, r := range records {
		for _, d := range r.Details {
			details = append(details, d.Key+"="+d.Value)
		}
	}
	if diff := cmp.Diff([]string{
		"TenantId=" + Tenant, "PolicyId=B2C_1A_Test", "ApplicationId=app", "Client=Test", "LocalAccountUsername=ada", "IdentityProviderApplicationId=N/A", "ClientIpAddress=192.0.2.1",
		"TenantId=" + Tenant, "PolicyId=B2C_1A_Test", "ApplicationId=app", "Client=Test", "IdentityProviderName=idp", "IdentityProviderApplicationId=p1", "ClientIpAddress=192.0.2.1",
	}, details); diff != "" {
		t.Error(diff)
	}
	if records[0].Targets[0].ID != ada || records[1].Targets[0].ID != bob || records[0].Category == records[1].Category {
		t.Errorf("records: %+v", records)
	}
	s.Engine.Audit = nil
	s.User().Visit(p).Finished()
}

func TestFailuresAndTheirTexts(t *testing.T) {
	t.Parallel()
	f := journey.NotBuilt("technical profile", "X", "PhoneFactor")
	if f.Public != "The technical profile 'X' (PhoneFactor) is not supported by this version." || !f.Fatal {
		t.Errorf("%+v", f)
	}
	if f := journey.Ambiguous(ErrTest); f.Code != journey.CodeAccountLocked || strings.Contains(f.Public, ErrTest.Error()) || !errors.Is(f, ErrTest) {
		t.Errorf("%+v", f)
	}
	if got := (&journey.Failure{Code: "C", Public: "p"}).LogValue().String(); strings.Contains(got, "p") && !strings.Contains(got, "code=C") {
		t.Errorf("logged as %s", got)
	}
	if got := (&journey.Failure{Code: "C"}).Error(); got != "C" {
		t.Errorf("%s", got)
	}
}

// A kind that this version knows by name alone compiles, and fails where a journey meets it.
func TestPartsThatAreNotBuiltFailWhereAJourneyMeetsThem(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	p, _ := s.Findings(Policy{Claims: "trail", Profiles: Profile("Phone", "PhoneFactorProtocolProvider", ""), Steps: []string{Run("Phone")}})
	if f := s.User().Visit(p).Failed(); f.Code != journey.CodeInternal || !strings.Contains(f.Public, "'Phone'") || f.Step != 1 {
		t.Errorf("failure: %+v", f)
	}
	p, _ = s.Findings(Policy{Claims: "trail", Steps: []string{Step("ConsentScreen", "")}})
	if f := s.User().Visit(p).Failed(); !strings.Contains(f.Public, "ConsentScreen") {
		t.Errorf("failure: %+v", f)
	}
}
