package test

import (
	"log/slog"
	"strings"
	"testing"
	"time"

	"journeyman.dev/internal/live"
	"journeyman.dev/internal/server"
)

// The session settings of UserJourneyBehaviors (protocol §6.1).

// signInPolicies uploads sign-in policies on our starter policies, by name, each with
// behaviors of its own, and a user.
func (e *env) signInPolicies(behaviors map[string]string) {
	e.t.Helper()
	blocks, _ := trailBlocks("A")
	e.own(blocks, relyingParty("SignUpOrSignIn", "", "displayName"))
	xml := e.policyXML("B2C_1A_Test")
	for name, b := range behaviors {
		changed := strings.Replace(xml, `PolicyId="B2C_1A_Test"`, `PolicyId="B2C_1A_`+name+`"`, 1)
		changed = strings.Replace(changed, `<TechnicalProfile Id="PolicyProfile">`, `<UserJourneyBehaviors>`+b+`</UserJourneyBehaviors><TechnicalProfile Id="PolicyProfile">`, 1)
		if list, err := e.srv.Policies.Put(e.t.Context(), live.Policy{XML: []byte(changed)}); err != nil {
			e.t.Fatalf("%s: %v\n%v", name, err, list)
		}
	}
	e.user().ownSignUp("ada@example.com")
}

func (e *env) policyXML(id string) string {
	e.t.Helper()
	status, body := e.graph(admin, "GET", "beta/trustFramework/policies/"+id+"/$value", nil)
	if status != 200 {
		e.t.Fatalf("%d %v", status, body)
	}
	return body["body"].(string)
}

// enter comes to a policy and signs in if it asks; it reports whether it asked.
func (u *user) enter(policy string, parameters map[string]string) bool {
	u.t.Helper()
	u.authorize("B2C_1A_"+policy, parameters)
	if u.callback != nil {
		if u.result().Get("code") == "" {
			u.t.Fatalf("%v", u.result())
		}
		return false
	}
	u.pass(map[string]string{"signInName": "ada@example.com", "password": password})
	if u.result().Get("code") == "" {
		u.t.Fatalf("%v", u.result())
	}
	return true
}

func TestScopesOfSessions(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	e.signInPolicies(map[string]string{
		"Default": "", "Tenant1": `<SingleSignOn Scope="Tenant" />`, "Tenant2": `<SingleSignOn Scope="TrustFramework" />`,
		"App1": `<SingleSignOn Scope="Application" />`, "App2": `<SingleSignOn Scope="Application" />`,
		"Policy1": `<SingleSignOn Scope="Policy" />`, "Policy2": `<SingleSignOn Scope="Policy" />`,
		"None": `<SingleSignOn Scope="Suppressed" />`,
	})
	web := map[string]string{"client_id": e.web.AppID, "redirect_uri": webRedirect, "code_challenge": "", "code_challenge_method": ""}
	u := e.user()
	for i, c := range []struct {
		policy string
		client map[string]string
		asks   bool
	}{
		{"None", nil, true}, {"None", nil, true}, // no session is made, and none is used
		{"Tenant1", nil, true}, {"Tenant2", nil, false}, {"Default", web, false},
		{"None", nil, true}, {"Tenant1", nil, false},
		{"App1", nil, true}, {"App2", nil, false}, {"App1", web, true}, {"App2", web, false}, {"App1", nil, false},
		{"Policy1", nil, true}, {"Policy1", web, false}, {"Policy2", nil, true}, {"Policy2", web, false}, {"Policy1", nil, false},
		{"Default", nil, false},
	} {
		if asked := u.enter(c.policy, c.client); asked != c.asks {
			t.Errorf("%d: %s asks: %t, want %t", i, c.policy, asked, c.asks)
		}
	}
	// prompt=none with and without a session of the scope.
	silent := e.user()
	silent.authorize("B2C_1A_Policy1", map[string]string{"prompt": "none"})
	if got := silent.result(); got.Get("error") != "interaction_required" || !strings.HasPrefix(got.Get("error_description"), "AADB2C90077: ") {
		t.Errorf("prompt=none without session: %v", got)
	}
	u.authorize("B2C_1A_None", map[string]string{"prompt": "none"})
	if got := u.result(); got.Get("error") != "interaction_required" {
		t.Errorf("prompt=none where sessions are suppressed: %v", got)
	}
	u.authorize("B2C_1A_Policy1", map[string]string{"prompt": "none"})
	if got := u.result(); got.Get("code") == "" {
		t.Errorf("prompt=none with a session: %v", got)
	}
	// Signing out at one scope leaves the others.
	u.get(e.base + "/" + tenant + "/B2C_1A_Policy1/oauth2/v2.0/logout")
	if !u.enter("Policy1", nil) || u.enter("Policy2", nil) || u.enter("Tenant1", nil) {
		t.Error("a logout at one policy ends other sessions, or not its own")
	}
}

func TestLivesOfSessions(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	e.signInPolicies(map[string]string{
		"Rolling": `<SingleSignOn Scope="Policy" />`, "RollingShort": `<SingleSignOn Scope="Policy" /><SessionExpiryType>Rolling</SessionExpiryType><SessionExpiryInSeconds>900</SessionExpiryInSeconds>`,
		"Absolute": `<SingleSignOn Scope="Policy" /><SessionExpiryType>Absolute</SessionExpiryType>`, "AbsoluteShort": `<SingleSignOn Scope="Policy" /><SessionExpiryType>Absolute</SessionExpiryType><SessionExpiryInSeconds>1800</SessionExpiryInSeconds>`,
	})
	for _, c := range []struct {
		policy string
		every  time.Duration
		uses   int // that a session is good for
		after  time.Duration
	}{
		{"Rolling", 20 * time.Hour, 3, 25 * time.Hour},
		{"RollingShort", 14 * time.Minute, 4, 16 * time.Minute},
		{"Absolute", 7 * time.Hour, 3, 4 * time.Hour},
		{"AbsoluteShort", 9 * time.Minute, 3, 4 * time.Minute},
	} {
		u := e.user()
		if !u.enter(c.policy, nil) {
			t.Errorf("%s: a new browser isn't asked", c.policy)
		}
		for i := range c.uses {
			e.clock.advance(c.every)
			if u.enter(c.policy, nil) {
				t.Errorf("%s: use %d asks", c.policy, i+1)
			}
		}
		e.clock.advance(c.after)
		if !u.enter(c.policy, nil) {
			t.Errorf("%s: the session is still there", c.policy)
		}
	}
}

// A policy without KeepAliveInDays takes a session over that was to be kept, and ends the
// keeping (protocol §6.1 [D]).
func TestAPolicyWithoutKMSIEndsTheKeeping(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	e.signInPolicies(map[string]string{"Kept": `<SingleSignOn Scope="Tenant" KeepAliveInDays="30" />`, "Plain": `<SingleSignOn Scope="Tenant" />`})
	keep := func() *user {
		u := e.user()
		u.authorize("B2C_1A_Kept", nil)
		if r := u.submit(map[string]string{"signInName": "ada@example.com", "password": password}); r.Status != "200" {
			t.Fatalf("%+v", r)
		}
		u.navigate("/api/CombinedSigninAndSignup/confirmed?rememberMe=true")
		u.result()
		return u
	}
	kept, mixed := keep(), keep()
	if mixed.enter("Plain", nil) {
		t.Error("the session isn't shared")
	}
	e.clock.advance(26 * time.Hour)
	if kept.enter("Kept", nil) {
		t.Error("a kept session ended after a day")
	}
	if !mixed.enter("Kept", nil) {
		t.Error("a session is kept though a policy without keeping took it over")
	}
}

// JourneyInsights with DeveloperMode is the switch of our own record, in policies under
// development only; values are never in it.
func TestJourneyInsightsTellEachStepInTheLog(t *testing.T) {
	t.Parallel()
	log := new(lockedBuffer)
	e := start(t, func(c *server.Config) {
		c.Log = slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelInfo}))
	})
	insights := `<JourneyInsights TelemetryEngine="ApplicationInsights" InstrumentationKey="4d7e7b86-bb8b-41e6-9185-3b13fb625cb5" DeveloperMode="true" ClientEnabled="false" ServerEnabled="true" TelemetryVersion="1.0.0" />`
	e.signInPolicies(map[string]string{"Insights": insights})
	e.user().enter("Insights", nil)
	if strings.Contains(log.String(), "msg=step") {
		t.Error("a policy in production is recorded")
	}
	if list, err := e.srv.Policies.Put(t.Context(), live.Policy{XML: []byte(strings.Replace(e.policyXML("B2C_1A_Insights"), `PolicySchemaVersion=`, `DeploymentMode="Development" PolicySchemaVersion=`, 1))}); err != nil {
		t.Fatalf("%v\n%v", err, list)
	}
	e.user().enter("Insights", nil)
	text := log.String()
	for _, want := range []string{"type=CombinedSignInAndSignUp", "type=SendClaims", "objectId", "policyId=B2C_1A_Insights"} {
		if !strings.Contains(text, want) {
			t.Errorf("the record lacks %q:\n%s", want, text)
		}
	}
	for _, secret := range []string{"ada@example.com", password} {
		if strings.Contains(text, secret) {
			t.Errorf("the record has the value %q", secret)
		}
	}
}

// OnError DisplayInService keeps a failure with the user; what the user chose, and what
// prompt=none can't do, still goes to the application.
func TestErrorsThatStayWithTheUser(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	blocks, _ := trailBlocks("A")
	rest := `<TechnicalProfile Id="REST-Check"><DisplayName>x</DisplayName><Protocol Name="Proprietary" Handler="Web.TPEngine.Providers.RestfulProvider, Web.TPEngine, Version=1.0.0.0, Culture=neutral, PublicKeyToken=null" />
<Metadata><Item Key="ServiceUrl">` + e.api.server.URL + `/check</Item><Item Key="SendClaimsIn">Body</Item><Item Key="AuthenticationType">None</Item><Item Key="AllowInsecureAuthInProduction">true</Item></Metadata><OutputClaims><OutputClaim ClaimTypeReferenceId="loyalty" /></OutputClaims></TechnicalProfile>`
	extension := blocks + `<ClaimsProviders><ClaimsProvider><DisplayName>t</DisplayName><TechnicalProfiles>` + rest + `</TechnicalProfiles></ClaimsProvider></ClaimsProviders>` +
		`<UserJourneys><UserJourney Id="J"><OrchestrationSteps>` + step(1, "REST-Check", "") + step(2, "Page-Profile", "") + `<OrchestrationStep Order="3" ` + sendClaims + `</OrchestrationSteps></UserJourney></UserJourneys>`
	party := relyingParty("J", "", "loyalty")
	policy := e.own(extension, strings.Replace(party, `<TechnicalProfile Id="PolicyProfile">`, `<UserJourneyBehaviors><OnError Mode="DisplayInService" /></UserJourneyBehaviors><TechnicalProfile Id="PolicyProfile">`, 1))
	e.api.respond(409, `{"version":"1.0.0","status":409,"userMessage":"We are <b>closed</b>."}`)
	u := e.user()
	u.authorize(policy, nil)
	if u.callback != nil || !strings.Contains(u.page, "AADB2C90075") || strings.Contains(u.page, "<b>closed") {
		t.Errorf("the failure isn't shown: %v\n%s", u.callback, excerpt(u.page))
	}
	e.api.respond(200, `{}`)
	u.authorize(policy, map[string]string{"prompt": "none"})
	if got := u.result(); got.Get("error") != "interaction_required" {
		t.Errorf("prompt=none: %v", got)
	}
	u.authorize(policy, nil)
	u.navigate("/api/" + u.settings.API + "/error?x=")
	if got := u.result(); got.Get("error") != "access_denied" || !strings.HasPrefix(got.Get("error_description"), "AADB2C90091: ") {
		t.Errorf("cancelled: %v", got)
	}
}
