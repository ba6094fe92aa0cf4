package journey_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"journeyman.dev/internal/journey"
	. "journeyman.dev/internal/journey/journeytest"
)

// policy-engine §4.1: steps run in ascending order, and one SendClaims ends the journey.
func TestStepsRunInOrderAndEachObservationComesOnce(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	p := s.Compile(Policy{
		Claims: "trail", Profiles: Sets("A", "trail", "a") + Sets("B", "trail", "b"),
		Steps: []string{Run("A"), Step("Noop", ""), Run("B")},
	})
	u := s.User().Visit(p)
	if got := u.Claims(); got != "trail=b" {
		t.Errorf("claims: %s", got)
	}
	expect(t, s, "step 1 ClaimsExchange", "run A: done", "step 2 Noop", "step 3 ClaimsExchange", "run B: done", "step 4 SendClaims", "run Issuer: issues", "end")
}

func TestNothingIsObservedWithoutObserver(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.Engine.Observe = nil
	p := s.Compile(Policy{Claims: "trail", Profiles: Sets("A", "trail", "a"), Steps: []string{Run("A")}})
	if got := s.User().Visit(p).Claims(); got != "trail=a" {
		t.Errorf("claims: %s", got)
	}
	expect(t, s)
}

// policy-engine §4.5.
func TestPreconditionsSkipSteps(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name          string
		preconditions []string
		skipped       string // why; "" if the step runs
	}{
		{"no precondition", nil, ""},
		{"a claim that exists, and should not", []string{Precondition(true, "have")}, "have exists"},
		{"a claim that is missing, and should not exist", []string{Precondition(true, "lack")}, ""},
		{"a claim that is missing, and should exist", []string{Precondition(false, "lack")}, "lack does not exist"},
		{"a claim that exists, and should", []string{Precondition(false, "have")}, ""},
		{"an equal claim", []string{Precondition(true, "have", "Yes")}, "have is Yes"},
		{"a claim that differs in case", []string{Precondition(true, "have", "yes")}, ""},
		{"a claim that differs, and should not", []string{Precondition(false, "have", "No")}, "have is not No"},
		{"an equal claim, and should be", []string{Precondition(false, "have", "Yes")}, ""},
		{"a missing claim is never compared", []string{Precondition(false, "lack", "x")}, ""},
		{"any of several texts", []string{Precondition(true, "have", "No", "Yes")}, "have is No or Yes"},
		{"a boolean in another spelling", []string{Precondition(true, "flag", "true")}, "flag is true"},
		{"the first of two that hold", []string{Precondition(true, "lack"), Precondition(true, "have"), Precondition(true, "flag")}, "have exists"},
		{"a second Value is no claim", []string{Precondition(true, "have", "other")}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t)
			p := s.Compile(Policy{
				Claims: "have lack other flag:boolean trail", Profiles: Sets("Begin", "have", "Yes", "other", "Yes", "flag", "True") + Sets("A", "trail", "a"),
				Steps: []string{Run("Begin"), Run("A", c.preconditions...)},
			})
			ran := strings.Contains(s.User().Visit(p).Claims(), "trail=a")
			if ran != (c.skipped == "") {
				t.Errorf("ran: %t", ran)
			}
			if line := "skip step 2: " + c.skipped; c.skipped != "" && !strings.Contains(strings.Join(s.Story.Take(), "\n"), line) {
				t.Errorf("no line %q", line)
			}
		})
	}
}

// policy-engine §4.6.
func TestSubJourneysReturnAndTransfersDoNot(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	p := s.Compile(Policy{
		Claims: "trail", Profiles: Sets("A", "trail", "a") + Sets("B", "trail", "b") + Sets("C", "trail", "c") + Sets("D", "trail", "d"),
		Steps: []string{Invoke("Outer"), Run("B"), Invoke("End"), Run("C")},
		SubJourneys: SubJourney("Outer", "Call", Invoke("Inner")) + SubJourney("Inner", "Call", Run("A")) +
			SubJourney("End", "Transfer", Run("D"), SendClaims("Issuer")),
	})
	if got := s.User().Visit(p).Claims(); got != "trail=d" {
		t.Errorf("claims: %s", got)
	}
	expect(t, s, "step 1 InvokeSubJourney", "step Outer.1 InvokeSubJourney", "step Inner.1 ClaimsExchange", "run A: done",
		"step 2 ClaimsExchange", "run B: done", "step 3 InvokeSubJourney", "step End.1 ClaimsExchange", "run D: done", "step End.2 SendClaims", "run Issuer: issues", "end")
}

// policy-engine §4.6: selection pages work inside both types.
func TestASubJourneyWaitsForTheUser(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	p := s.Compile(Policy{
		Claims: "email", Building: contents(), Profiles: form("Form", Outputs("email!")),
		Steps: []string{Invoke("Ask")}, SubJourneys: SubJourney("Ask", "Call", Run("Form")),
	})
	u := s.User().Visit(p)
	if got := u.Submit("email", "a@b.example").Claims(); got != "email=a@b.example" {
		t.Errorf("claims: %s", got)
	}
}

// policy-engine §4.9: no SendClaims reached.
func TestAJourneyThatSkipsSendClaimsFails(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	send := strings.Replace(SendClaims("Issuer"), "/>", "><Preconditions>"+Precondition(true, "trail")+"</Preconditions></OrchestrationStep>", 1)
	p := s.Compile(Policy{Claims: "trail", Profiles: Sets("A", "trail", "a"), Steps: []string{Run("A"), send}})
	if f := s.User().Visit(p).Failed(); f.Code != journey.CodeNoSendClaims {
		t.Errorf("failure: %v", f)
	}
	expect(t, s, "step 1 ClaimsExchange", "run A: done", "skip step 2: trail exists", "end AADB2C90040")
}

// policy-engine §4.7.
func TestProfilesThatAreNotEnabledPassWithoutEffect(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, mode, claim, value string
		runs                     bool
	}{
		{"always", "Always", "", "", true},
		{"true", "true", "", "", true},
		{"never", "Never", "", "", false},
		{"false", "false", "", "", false},
		{"the claim has the value", "OnClaimsExistence", "have", "Yes", true},
		{"the claim has another value", "OnClaimsExistence", "have", "No", false},
		{"the claim is missing", "OnClaimsExistence", "lack", "No", false},
		{"the collection has the item", "OnItemExistenceInStringCollectionClaim", "list", "x", true},
		{"the collection lacks the item", "OnItemExistenceInStringCollectionClaim", "list", "y", false},
		{"the collection must lack the item", "OnItemAbsenceInStringCollectionClaim", "list", "y", true},
		{"the collection must lack an item that it has", "OnItemAbsenceInStringCollectionClaim", "list", "x", false},
		{"a missing collection lacks the item", "OnItemAbsenceInStringCollectionClaim", "none", "x", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t)
			p := s.Compile(Policy{
				Claims: "have lack list:stringCollection none:stringCollection trail", Outputs: `<OutputClaim ClaimTypeReferenceId="trail" />`,
				Profiles: Sets("Begin", "have", "Yes", "list", "x") +
					Scripted("A", Metadata("ClaimTypeOnWhichToEnable", c.claim, "ClaimValueOnWhichToEnable", c.value)+`<OutputClaims><OutputClaim ClaimTypeReferenceId="trail" DefaultValue="a" /></OutputClaims><EnabledForUserJourneys>`+c.mode+`</EnabledForUserJourneys>`),
				Steps: []string{Run("Begin"), Run("A")},
			})
			if got := s.User().Visit(p).Claims() == "trail=a"; got != c.runs {
				t.Errorf("ran: %t", got)
			}
			if line := "skip A: not enabled"; !c.runs && !strings.Contains(strings.Join(s.Story.Take(), "\n"), line) {
				t.Errorf("no line %q", line)
			}
		})
	}
}

// policy-engine §4.2: of several exchanges without a choice the first enabled one runs [I].
func TestTheFirstEnabledExchangeOfAStepRuns(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	never := strings.Replace(Sets("Never", "trail", "n"), "</TechnicalProfile>", "<EnabledForUserJourneys>Never</EnabledForUserJourneys></TechnicalProfile>", 1)
	p := s.Compile(Policy{Claims: "trail", Profiles: never + Sets("A", "trail", "a") + Sets("B", "trail", "b"), Steps: []string{`<OrchestrationStep Type="ClaimsProviderSelection" ContentDefinitionReferenceId="providers">` + "<Preconditions>" + Precondition(false, "trail") + "</Preconditions>" + strings.SplitN(Select("providers", "", "Never", "A", "B"), ">", 2)[1], Offer(nil, "Never", "A", "B")}, Building: contents()})
	if got := s.User().Visit(p).Claims(); got != "trail=a" {
		t.Errorf("claims: %s", got)
	}
}

// policy-engine §4.2 and §5.8: only the relying party's input claims flow, and no hint is no
// error.
func TestGetClaimsTakesTheRelyingPartysInputClaims(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		script Script
		want   string
		code   journey.Code
	}{
		{"a hint", Gives(map[string]string{"email": "a@b.example", "secret": "s"}), "email=a@b.example lang=none", ""},
		{"no hint", Gives(nil), "lang=none", ""},
		{"a wrong hint", Fails(journey.Fail(journey.CodeHintSignature, ErrTest)), "", journey.CodeHintSignature},
		{"an unknown fault", Fails(ErrTest), "", journey.CodeInternal},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t)
			p := s.Compile(Policy{
				Claims: "email secret lang", Inputs: `<InputClaim ClaimTypeReferenceId="email" /><InputClaim ClaimTypeReferenceId="lang" DefaultValue="none" />`,
				Profiles: ProfileOf("Hint", `<Protocol Name="None" />`, Outputs("email", "secret")),
				Steps:    []string{`<OrchestrationStep Type="GetClaims" CpimIssuerTechnicalProfileReferenceId="Hint" />`},
			})
			s.Script("Hint", c.script)
			u := s.User().Visit(p)
			if c.code != "" {
				if f := u.Failed(); f.Code != c.code || f.Step != 1 || f.StepType != "GetClaims" {
					t.Errorf("failure: %+v", f)
				}
				return
			}
			if got := u.Claims(); got != c.want {
				t.Errorf("claims: %s, want %s", got, c.want)
			}
		})
	}
}

// policy-engine §4.9; rest-and-connectors §2.6: a failure says where it happened.
func TestAFailureNamesStepExchangeAndProfileAndKeepsItsCause(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	p := s.Compile(Policy{Claims: "trail", Profiles: Sets("A", "trail", "a") + Scripted("Bad", ""), Steps: []string{Run("A"), Run("Bad")}})
	s.Script("Bad", Fails(ErrTest))
	f := s.User().Visit(p).Failed()
	if f.Code != journey.CodeInternal || f.Step != 2 || f.StepType != "ClaimsExchange" || f.Exchange != "BadX" || f.Profile != "Bad" || !errors.Is(f, ErrTest) {
		t.Errorf("failure: %+v", f)
	}
	if strings.Contains(f.Public, ErrTest.Error()) {
		t.Errorf("the user reads the cause: %s", f.Public)
	}
	if log := s.Log.String(); !strings.Contains(log, ErrTest.Error()) || !strings.Contains(log, "claimsExchange=BadX") {
		t.Errorf("log:\n%s", log)
	}
	if s.Store.Len() != 0 {
		t.Error("a journey that never waited is stored")
	}
}

// An exchange that gives no result, and an issuer that issues nothing, are our own bugs; they
// end the journey, not the process.
func TestProvidersWithoutResultEndTheJourney(t *testing.T) {
	t.Parallel()
	nothing := Script(Gives(nil))
	for _, c := range []struct {
		name, profile string
		script        Script
	}{
		{"an issuer that is only done", "Issuer", nothing},
		{"an issuer that fails", "Issuer", Fails(ErrTest)},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t)
			s.Script(c.profile, c.script)
			if f := s.User().Visit(s.Compile(Policy{Claims: "trail"})).Failed(); f.Code != journey.CodeInternal {
				t.Errorf("failure: %+v", f)
			}
		})
	}
}

func TestTheStepsOfAPolicyUnderDevelopmentAreLoggedWithoutValues(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	p := s.Compile(Policy{
		Claims: "trail", Profiles: Sets("A", "trail", "hidden"), Steps: []string{Run("A")}, Development: true,
		Behaviors: `<JourneyInsights TelemetryEngine="ApplicationInsights" InstrumentationKey="4d7e7b86-bb8b-41e6-9185-3b13fb625cb5" DeveloperMode="true" ClientEnabled="false" ServerEnabled="true" TelemetryVersion="1.0.0" />`,
	})
	s.User().Visit(p).Finished()
	log := s.Log.String()
	if !strings.Contains(log, "level=INFO msg=step") || !strings.Contains(log, "type=SendClaims claims=[trail]") || strings.Contains(log, "hidden") {
		t.Errorf("log:\n%s", log)
	}
}

func TestDefaultsPersistedClaimsAndResolvers(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	p := s.Compile(Policy{
		Claims: "given default forced required missing resolved late",
		Profiles: Sets("Begin", "given", "g", "forced", "old") + Scripted("A", `<InputClaims>
			<InputClaim ClaimTypeReferenceId="given" DefaultValue="not used" PartnerClaimType="a" />
			<InputClaim ClaimTypeReferenceId="default" DefaultValue="d" PartnerClaimType="b" />
			<InputClaim ClaimTypeReferenceId="forced" DefaultValue="f" AlwaysUseDefaultValue="true" PartnerClaimType="c" />
			<InputClaim ClaimTypeReferenceId="missing" PartnerClaimType="d" />
			<InputClaim ClaimTypeReferenceId="resolved" DefaultValue="{OAUTH-KV:campaign}" PartnerClaimType="e" />
			<InputClaim ClaimTypeReferenceId="required" DefaultValue="{OIDC:ClientId}" PartnerClaimType="f" /></InputClaims>`+Persisted("given=g", "missing=m")+
			`<OutputClaims><OutputClaim ClaimTypeReferenceId="default" DefaultValue="not used" /><OutputClaim ClaimTypeReferenceId="late" DefaultValue="l" /><OutputClaim ClaimTypeReferenceId="missing" PartnerClaimType="told" DefaultValue="unused" /><OutputClaim ClaimTypeReferenceId="forced" DefaultValue="always" AlwaysUseDefaultValue="true" PartnerClaimType="told" /></OutputClaims>`),
		Steps: []string{Run("Begin"), Run("A")},
	})
	var inputs, persisted []string
	s.Script("A", func(_ context.Context, call *journey.Call) (journey.Result, error) {
		for _, in := range call.Inputs {
			inputs = append(inputs, in.Use.Partner()+"="+in.Value.String())
		}
		for _, in := range call.Persisted {
			persisted = append(persisted, in.Use.Partner()+"="+in.Value.String())
		}
		return journey.Done{Output: Texts{"told": "t"}}, nil
	})
	// claims-and-transformations §3.1.2 and §3.2; policy-engine §5.1 phases 3 and 6. Defaults of
	// input claims stay in the bag.
	got := s.User().Visit(p, "campaign", "c1").Claims()
	if want := "default=d forced=always given=g late=l missing=t required=app resolved=c1"; got != want {
		t.Errorf("claims: %s, want %s", got, want)
	}
	if diff := cmp.Diff([]string{"a=g", "b=d", "c=f", "e=c1", "f=app"}, inputs); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"g=g"}, persisted); diff != "" {
		t.Error(diff)
	}
}

// policy-engine §2.3 [I]: Required is met by any claim of the partner name.
func TestARequiredInputWithoutValueFailsTheExchange(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, inputs string
		fails        bool
	}{
		{"no value", `<InputClaim ClaimTypeReferenceId="one" Required="true" />`, true},
		{"a default", `<InputClaim ClaimTypeReferenceId="one" Required="true" DefaultValue="x" />`, false},
		{"another claim of the partner name", `<InputClaim ClaimTypeReferenceId="one" Required="true" PartnerClaimType="p" /><InputClaim ClaimTypeReferenceId="two" DefaultValue="x" PartnerClaimType="p" />`, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t)
			p := s.Compile(Policy{Claims: "one two", Profiles: Scripted("None", Outputs("one")) + Scripted("A", "<InputClaims>"+c.inputs+"</InputClaims>"), Steps: []string{Run("None"), Run("A")}})
			u := s.User().Visit(p)
			if !c.fails {
				u.Finished()
				return
			}
			if f := u.Failed(); f.Code != journey.CodeExchangeFailed || !strings.Contains(f.Error(), "required input claim one has no value") {
				t.Errorf("failure: %v", f)
			}
		})
	}
}

// policy-engine §5.1 phases 2 and 7.
func TestTransformationsRunAroundAProfile(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	change := func(id, to string) string {
		return `<ClaimsTransformation Id="` + id + `" TransformationMethod="ChangeCase"><InputClaims><InputClaim ClaimTypeReferenceId="name" TransformationClaimType="inputClaim1" /></InputClaims><InputParameters><InputParameter Id="toCase" DataType="string" Value="` + to + `" /></InputParameters><OutputClaims><OutputClaim ClaimTypeReferenceId="name" TransformationClaimType="outputClaim" /></OutputClaims></ClaimsTransformation>`
	}
	assert := `<ClaimsTransformation Id="MustBeTrue" TransformationMethod="AssertBooleanClaimIsEqualToValue"><InputClaims><InputClaim ClaimTypeReferenceId="ok" TransformationClaimType="inputClaim" /></InputClaims><InputParameters><InputParameter Id="valueToCompareTo" DataType="boolean" Value="true" /></InputParameters></ClaimsTransformation>`
	p := s.Compile(Policy{
		Claims: "name ok:boolean", Building: "<ClaimsTransformations>" + change("Upper", "UPPER") + change("Lower", "LOWER") + assert + "</ClaimsTransformations>",
		Profiles: Sets("Begin", "name", "Ada", "ok", "false") +
			Scripted("A", `<InputClaimsTransformations><InputClaimsTransformation ReferenceId="Upper" /></InputClaimsTransformations>`+Inputs("name")+Outputs("name")+`<OutputClaimsTransformations><OutputClaimsTransformation ReferenceId="Lower" /></OutputClaimsTransformations>`) +
			Profile("Assert", transforming, Metadata("UserMessageIfClaimsTransformationBooleanValueIsNotEqual", "Not for you.")+Outputs("ok")+`<OutputClaimsTransformations><OutputClaimsTransformation ReferenceId="MustBeTrue" /></OutputClaimsTransformations>`),
		Steps: []string{Run("Begin"), Run("A"), Run("Assert")},
	})
	seen := ""
	s.Script("A", func(_ context.Context, call *journey.Call) (journey.Result, error) {
		v, _ := call.Inputs.Get("name")
		seen = v.String()
		return journey.Done{Output: journey.Nothing{}}, nil
	})
	f := s.User().Visit(p).Failed()
	if seen != "ADA" {
		t.Errorf("the profile got %q", seen)
	}
	if f.Code != journey.CodeNotValid || f.Public != "Not for you." {
		t.Errorf("failure: %+v", f)
	}
	expect(t, s, "step 1 ClaimsExchange", "run Begin: done", "step 2 ClaimsExchange", "transform Upper", "transform Lower", "run A: done",
		"step 3 ClaimsExchange", "transform MustBeTrue: fails", "run Assert: fails with AADB2C90158", "end AADB2C90158")
}
