package journey_test

import (
	"context"
	"strings"
	"testing"

	"journeyman.dev/internal/journey"
	. "journeyman.dev/internal/journey/journeytest"
)

// page is a policy of one self-asserted page, which asks for email and is checked by profiles.
func page(validated, profiles string, metadata ...string) Policy {
	return Policy{
		Claims: "email trail secret", Building: contents(),
		Profiles: formWith("Form", Outputs("email!", "trail")+validated, metadata...) + profiles,
		Steps:    []string{Run("Form")},
	}
}

// policy-engine §5.1 (VTP visibility), claims-and-transformations §3.3.
func TestValidationProfilesRunInOrder(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, list string
		failing    string // profile that fails
		claims     string // "" if the form is refused
		story      []string
	}{
		{"both run", validation("A", "", "") + validation("B", "", ""), "", "email=e trail=b", []string{"validate A: done", "validate B: done"}},
		{"the first one's success ends the list", validation("A", `ContinueOnSuccess="false"`, "") + validation("B", "", ""), "", "email=e trail=a", []string{"validate A: done"}},
		{"the first one fails", validation("A", "", "") + validation("B", "", ""), "A", "", []string{"validate A: fails with AADB2C90085"}},
		{"the first one may fail", validation("A", `ContinueOnError="true"`, "") + validation("B", "", ""), "A", "email=e trail=b", []string{"validate A: fails with AADB2C90085", "validate B: done"}},
		{"a precondition on a value of the page", validation("A", "", ValidationPrecondition(true, "email", "e")) + validation("B", "", ""), "", "email=e trail=b", []string{"skip A: a precondition holds", "validate B: done"}},
		{"a precondition on what an earlier one put out", validation("A", "", "") + validation("B", "", ValidationPrecondition(true, "trail", "a")), "", "email=e trail=a", []string{"validate A: done", "skip B: a precondition holds"}},
		{"one that isn't enabled", validation("Never", "", "") + validation("B", "", ""), "", "email=e trail=b", []string{"skip Never: not enabled", "validate B: done"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t)
			never := strings.Replace(Sets("Never", "trail", "n"), "</TechnicalProfile>", "<EnabledForUserJourneys>Never</EnabledForUserJourneys></TechnicalProfile>", 1)
			p := s.Compile(page(validations(c.list), Sets("A", "trail", "a", "secret", "never seen")+Sets("B", "trail", "b")+never))
			if c.failing != "" {
				s.Script(c.failing, Fails(ErrTest))
			}
			u := s.User().Visit(p)
			s.Story.Take()
			reply := u.Post("email", "e")
			answer := "post RESPONSE: 200"
			if c.claims == "" {
				answer = "post RESPONSE: 400 AADB2C90085"
				if reply.OK || strings.Contains(reply.Message, ErrTest.Error()) || reply.Message == "" {
					t.Errorf("reply: %+v", reply)
				}
				expect(t, s, append(c.story, "run Form: fails with AADB2C90085", answer)...)
				return
			}
			expect(t, s, append(c.story, "run Form: done", answer)...)
			// A claim that the page's profile doesn't put out stays with the validation.
			if got := u.Confirm().Claims(); got != c.claims {
				t.Errorf("claims: %s", got)
			}
		})
	}
}

// A failing validation leaves the bag as it was, and the user tries again.
func TestARefusedPostChangesNothing(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	p := s.Compile(page(validations(validation("A", "", ""), validation("B", "", "")), Sets("A", "trail", "a")+Scripted("B", Inputs("email"))))
	s.Script("B", func(_ context.Context, call *journey.Call) (journey.Result, error) {
		if v, _ := call.Inputs.Get("email"); v.String() == "bad" {
			return nil, &journey.Failure{Code: journey.CodeNotValid, Public: "Bad.", Field: "email"}
		}
		return journey.Done{Output: journey.Nothing{}}, nil
	})
	u := s.User().Visit(p)
	if r := u.Post("email", "bad"); r.OK || r.Message != "Bad." || r.Field != "email" || r.Code != string(journey.CodeNotValid) {
		t.Errorf("reply: %+v", r)
	}
	if got := u.Confirm().Fields(); got != "email=" {
		t.Errorf("after a refused post the navigation shows %s", got)
	}
	if got := u.Submit("email", "good").Claims(); got != "email=good trail=a" {
		t.Errorf("claims: %s", got)
	}
}

// policy-engine §5.3, claims-and-transformations §2.0.9: who has the text of a failure.
func TestTheTextOfAFailureIsLookedForInOrder(t *testing.T) {
	t.Parallel()
	localized := strings.Replace(contents(), `selfasserted:2.1.17</DataUri>`, `selfasserted:2.1.17</DataUri><LocalizedResourcesReferences MergeBehavior="Prepend"><LocalizedResourcesReference Language="en" LocalizedResourcesReferenceId="en" /></LocalizedResourcesReferences>`, 1) +
		`<Localization Enabled="true"><SupportedLanguages DefaultLanguage="en" MergeBehavior="ReplaceAll"><SupportedLanguage>en</SupportedLanguage></SupportedLanguages><LocalizedResources Id="en"><LocalizedStrings><LocalizedString ElementType="ErrorMessage" StringId="UserMessageIfClaimsPrincipalDoesNotExist">localized</LocalizedString></LocalizedStrings></LocalizedResources></Localization>`
	const key = "UserMessageIfClaimsPrincipalDoesNotExist"
	for _, c := range []struct {
		name, building    string
		page, own         []string
		language, failure string // failure is a message key
		want              string
	}{
		{"the page's resources", localized, []string{key, "page"}, []string{key, "own"}, "en", key, "localized"},
		{"the page's metadata", contents(), []string{key, "page of {OIDC:ClientId}"}, []string{key, "own"}, "en", key, "page of app"},
		{"the metadata of the profile that failed", contents(), nil, []string{key, "own"}, "en", key, "own"},
		{"another key", contents(), nil, []string{"UserMessageIfInvalidPassword", "other"}, "en", "UserMessageIfUserAccountLocked", "other"},
		{"the failure's own", contents(), nil, nil, "en", "NoSuchKey", "its own text"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t)
			policy := page(validations(validation("A", "", "")), Scripted("A", Metadata(c.own...)), c.page...)
			policy.Building = c.building
			s.Script("A", Fails(&journey.Failure{Code: journey.CodeUserNotFound, Public: "its own text", MessageKey: c.failure, OtherKey: "UserMessageIfInvalidPassword", Cause: ErrTest}))
			u := s.User().Visit(s.Compile(policy), "ui_locales", c.language)
			if r := u.Post("email", "e"); r.Message != c.want {
				t.Errorf("message: %q", r.Message)
			}
		})
	}
	// Our own text, in the journey's language.
	s := newStage(t)
	policy := page(validations(validation("A", "", "")), Scripted("A", ""))
	s.Script("A", Fails(&journey.Failure{Code: journey.CodeUserNotFound, Public: "x", MessageKey: key}))
	texts := make(map[string]string)
	for _, language := range []string{"en", "de"} {
		texts[language] = s.User().Visit(s.Compile(policy), "ui_locales", language).Post("email", "e").Message
	}
	if texts["de"] == texts["en"] || texts["de"] == "" || texts["de"] == "x" {
		t.Errorf("texts: %v", texts)
	}
}

// policy-engine §4.9; a failure that is fatal ends the journey, although a page could ask again.
func TestAFatalFailureInAPostEndsTheJourneyWithTheNextNavigation(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	p := s.Compile(page(validations(validation("A", "", "")), Scripted("A", "")))
	s.Script("A", Fails(&journey.Failure{Code: journey.CodeExchangeFailed, Public: "Closed.", Fatal: true, Reason: "Conflict", Cause: ErrTest}))
	u := s.User().Visit(p)
	if r := u.Post("email", "e"); !r.OK {
		t.Fatalf("reply: %+v", r)
	}
	if r := u.Post("email", "e"); !r.OK {
		t.Errorf("a doubled post: %+v", r)
	}
	f := u.Confirm().Failed()
	if f.Code != journey.CodeExchangeFailed || f.Public != "Closed." || f.Reason != "Conflict" || f.Exchange != "A" || f.Step != 1 {
		t.Errorf("failure: %+v", f)
	}
}

// pages §3.4: after setting.retryLimit refused posts the journey ends with AADB2C90157; the
// defaults are 7, and 3 on the combined page.
func TestTriesAreCounted(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		policy   Policy
		refusals int
		after    func(u *User) *User
	}{
		{"a page", page("", ""), 7, (*User).Confirm},
		{"a page with a limit", page("", "", "setting.retryLimit", "2"), 2, (*User).Confirm},
		{"a combined page", twoProviders(Combined("unified", "SignIn", "One"), signIn()), 3, (*User).Confirm},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t)
			u := s.User().Visit(s.Compile(c.policy))
			for i := range c.refusals {
				if r := u.Post(); r.OK {
					t.Fatalf("post %d: %+v", i+1, r)
				}
			}
			if r := u.Post(); !r.OK {
				t.Errorf("the post beyond the limit: %+v", r)
			}
			if r := u.Post(); !r.OK {
				t.Errorf("the script's second try: %+v", r)
			}
			if f := u.Confirm().Failed(); f.Code != journey.CodeRetriesUsed {
				t.Errorf("failure: %v", f)
			}
		})
	}
	// Who waits for a processor has not guessed.
	s := newStage(t)
	s.Script("A", Fails(journey.Fail(journey.CodeThrottled, nil)))
	u := s.User().Visit(s.Compile(page(validations(validation("A", "", "")), Scripted("A", ""), "setting.retryLimit", "1")))
	for range 5 {
		if r := u.Post("email", "e"); r.OK || !r.Throttled {
			t.Errorf("throttled: %+v", r)
		}
	}
}

// pages §3.1: layouts below 2.1.17 answer without a code.
func TestOlderLayoutsAnswerWithoutCode(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	policy := page("", "")
	policy.Building = Contents(Content("form", "selfasserted:2.1.16"))
	if r := s.User().Visit(s.Compile(policy)).Post(); r.OK || r.Code != "" || r.Message == "" {
		t.Errorf("reply: %+v", r)
	}
}

// What an API or a user writes can't show a claim.
func TestMessagesOfAPostShowNoClaims(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.Script("A", Fails(&journey.Failure{Code: journey.CodeExchangeFailed, Public: "Hello {Claim:trail}."}))
	u := s.User().Visit(s.Compile(page(validations(validation("A", "", "")), Scripted("A", ""))))
	if r := u.Post("email", "e", "trail", "hidden"); strings.Contains(r.Message, "hidden") || strings.Contains(r.Message, "{Claim") {
		t.Errorf("message: %q", r.Message)
	}
}

// policy-engine §5.1: password-typed claims exist for the page's validations alone.
func TestPasswordsDoNotOutliveThePost(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	p := s.Compile(Policy{
		Claims: "email *password seen", Building: contents(),
		Profiles: form("Form", Outputs("email", "password")+validations(validation("A", "", ""))) + Scripted("A", Inputs("password")) + Scripted("Later", Inputs("password")+Outputs("seen")),
		Steps:    []string{Run("Form"), Run("Later")},
	})
	var seen []string
	for _, id := range []string{"A", "Later"} {
		s.Script(id, func(_ context.Context, call *journey.Call) (journey.Result, error) {
			v, _ := call.Inputs.Get("password")
			seen = append(seen, id+"="+v.String())
			return journey.Done{Output: journey.Nothing{}}, nil
		})
	}
	s.User().Visit(p).Submit("email", "e", "password", "secret").Finished()
	if got := strings.Join(seen, " "); got != "A=secret Later=" {
		t.Errorf("seen: %s", got)
	}
	if strings.Contains(s.Log.String(), "secret") {
		t.Error("the log has the password")
	}
}
