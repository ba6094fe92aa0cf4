package journey_test

import (
	"errors"
	"strings"
	"testing"

	"journeyman.dev/internal/journey"
	. "journeyman.dev/internal/journey/journeytest"
)

// provider is a claims provider of a domain with one scripted profile, which says who signed in.
func provider(id, domain, inner string) string {
	return `<ClaimsProvider><Domain>` + domain + `</Domain><DisplayName>` + id + `</DisplayName><TechnicalProfiles>` +
		Scripted(id, inner+`<OutputClaims><OutputClaim ClaimTypeReferenceId="idp" DefaultValue="`+id+`" AlwaysUseDefaultValue="true" /></OutputClaims>`) + `</TechnicalProfiles></ClaimsProvider>`
}

// twoProviders is a policy with a step that chooses between providers One and Two.
func twoProviders(choose string, more string) Policy {
	return Policy{
		Claims: "idp email *password", Building: contents(), Providers: provider("One", "one.example", "") + provider("Two", "two.example", ""),
		Profiles: more, Steps: []string{choose, Offer(nil, "One", "Two")},
	}
}

// policy-engine §4.3: the order of the buttons is that of the selections, their labels are the
// display names, and the choice is for the next step.
func TestAProviderIsChosenByItsButton(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	u := s.User().Visit(s.Compile(twoProviders(Select("providers", "", "Two", "One"), "")))
	if page := u.Page(); page.Kind != journey.PageProviderSelection || u.Buttons() != "TwoX OneX" || page.Providers[0].Label != "Two" || page.Form != nil {
		t.Errorf("page: %+v", page)
	}
	if got := u.Choose("ONEX").Claims(); got != "idp=One" {
		t.Errorf("claims: %s", got)
	}
	expect(t, s, "step 1 ClaimsProviderSelection", "page providers", "step 2 ClaimsExchange", "run One: done", "step 3 SendClaims", "run Issuer: issues", "end")
}

func TestNavigationsThatAPageDoesNotOfferShowItAgain(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	u := s.User().Visit(s.Compile(twoProviders(Select("providers", "", "One", "Two"), "")))
	for _, a := range []journey.Action{{Kind: journey.Choose, Exchange: "IssuerX"}, {Kind: journey.SignUp}, {Kind: journey.Confirm}, {Kind: journey.Reload}, {}} {
		if got := u.Go(a).Buttons(); got != "OneX TwoX" {
			t.Errorf("%+v: %s", a, got)
		}
	}
	if _, err := s.Engine.Post(t.Context(), u.Here(), journey.Answer{Kind: journey.Submitted}); !errors.Is(err, journey.ErrStale) {
		t.Errorf("a post to a page without form: %v", err)
	}
}

// policy-engine §4.3: domain_hint.
func TestADomainHintChoosesAProvider(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	p := s.Compile(twoProviders(Select("providers", "", "One", "Two"), ""))
	for hint, asks := range map[string]bool{"two.example": false, "TWO.Example": false, "three.example": true, "": true} {
		u := s.User().Visit(p, "domain_hint", hint)
		if _, asked := u.Ran.Outcome.(*journey.ShowPage); asked != asks {
			t.Errorf("%q: %s", hint, Describe(u.Ran.Outcome))
		}
		if !asks && u.Claims() != "idp=Two" {
			t.Errorf("%q: %s", hint, u.Claims())
		}
	}
	// Only the first selection heeds it [I].
	policy := twoProviders(Select("providers", "", "One", "Two"), "")
	for _, step := range policy.Steps {
		policy.Steps = append(policy.Steps, strings.NewReplacer("OneX", "OneY", "TwoX", "TwoY").Replace(step))
	}
	u := s.User().Visit(s.Compile(policy), "domain_hint", "two.example")
	if got := u.Buttons(); got != "OneY TwoY" {
		t.Errorf("the second selection: %s", got)
	}
}

// policy-engine §4.3: DisplayOption and enablement.
func TestALoneProviderNeedsNoPage(t *testing.T) {
	t.Parallel()
	const never = "<EnabledForUserJourneys>Never</EnabledForUserJourneys>"
	off := func(id string) string {
		return strings.Replace(provider(id, id+".example", ""), "</TechnicalProfile>", never+"</TechnicalProfile>", 1)
	}
	for _, c := range []struct {
		name, choose, providers, want string
	}{
		{"one is enabled", Select("providers", "", "One", "Two"), provider("One", "x", "") + off("Two"), "finished"},
		{"one is enabled, and is to be shown", Select("providers", `DisplayOption="ShowSingleProvider"`, "One", "Two"), provider("One", "x", "") + off("Two"), "page providers"},
		{"a combined step with page", Combined("unified", "", "One", "Two"), provider("One", "x", "") + off("Two"), "page unified"},
		{"none is enabled", Select("providers", "", "One", "Two"), off("One") + off("Two"), "AADB2C90051"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t)
			policy := twoProviders(c.choose, "")
			policy.Providers = c.providers
			u := s.User().Visit(s.Compile(policy))
			if got := Describe(u.Ran.Outcome); !strings.Contains(got, c.want) {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}

// signIn is a sign-in form that checks the password with a scripted profile, and more metadata.
func signIn(metadata ...string) string {
	return formWith("SignIn", Outputs("email!", "password!")+validations(validation("Check", "", "")), metadata...) +
		Scripted("Check", Inputs("email=username", "password"))
}

// policy-engine §4.2: the combined page.
func TestTheCombinedPageSignsInOrLeadsOn(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	p := s.Compile(twoProviders(Combined("unified", "SignIn", "One"), signIn("SignUpTarget", "TwoX", "setting.enableRememberMe", "true")))
	start := func() *User { return s.User().Visit(p) }
	u := start()
	page := u.Page()
	if page.Kind != journey.PageUnified || u.Fields() != "email= password=" || u.Buttons() != "OneX" || u.SignUps() != "TwoX" || !page.ForgotLink || page.Forgot != "" || page.KeepSignedIn {
		t.Errorf("page: %+v", page)
	}
	if page.Transaction == "" || page.CSRF == "" || page.ClientID != "app" || page.CorrelationID == "" || page.TenantName != Tenant {
		t.Errorf("page: %+v", page)
	}
	for name, c := range map[string]struct {
		go_  func(u *User)
		want string
	}{
		"a button":            {func(u *User) { u.Choose("OneX") }, "idp=One"},
		"the sign-up link":    {func(u *User) { u.SignUp() }, "idp=Two"},
		"the same link by id": {func(u *User) { u.Choose("twox") }, "idp=Two"},
		"the form: without choice the first exchange runs": {func(u *User) { u.Submit("email", "a@b.example", "password", "p") }, "email=a@b.example idp=One"},
	} {
		u := start()
		c.go_(u)
		if got := u.Claims(); got != c.want {
			t.Errorf("%s: %s", name, got)
		}
	}
	// policy-engine §4.9.
	if f := start().Forgot().Failed(); f.Code != journey.CodeForgotPassword {
		t.Errorf("forgot: %v", f)
	}
	if f := start().Cancel().Failed(); f.Code != journey.CodeCancelled {
		t.Errorf("cancel: %v", f)
	}
	// An accepted form is no page to choose on any more.
	u = start()
	if reply := u.Post("email", "a@b.example", "password", "p"); !reply.OK {
		t.Fatalf("%+v", reply)
	}
	if u.Choose("TwoX").Page().Kind != journey.PageUnified {
		t.Error("a button after the form")
	}
}

// policy-engine §4.3, §4.4: a choice for a step that is skipped is dropped; of a choice that
// isn't there nothing runs.
func TestAChoiceIsForTheNextStepAlone(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	policy := twoProviders(Select("providers", "", "One", "Two"), Sets("Before", "email", "x"))
	policy.Steps = []string{Run("Before"), policy.Steps[0], Offer([]string{Precondition(true, "email")}, "One", "Two"), Run("One")}
	policy.Steps[3] = strings.Replace(policy.Steps[3], "OneX", "Last", 1)
	u := s.User().Visit(s.Compile(policy)).Choose("TwoX")
	if got := u.Claims(); got != "email=x idp=One" {
		t.Errorf("claims: %s", got)
	}
	// A sign-up link to an exchange that the next step lacks.
	policy = twoProviders(Combined("unified", "SignIn", "One", "Two"), signIn("SignUpTarget", "GoneX"))
	if p, found := s.Findings(policy); !found.HasErrors() {
		u = s.User().Visit(p).SignUp()
		if got := u.Claims(); got != "" {
			t.Errorf("claims: %s", got)
		}
	}
}

// policy-engine §4.3: setting.forgotPasswordLinkOverride, of the profile or the content
// definition, with layouts from 2.1.2.
func TestTheForgotLinkMayRunAnExchange(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, layout string
		content      []string
		profile      []string
		buttons      string
		code         journey.Code
	}{
		{"of the profile", "unifiedssp:2.1.7", nil, []string{"setting.forgotPasswordLinkOverride", "TwoX"}, "OneX", ""},
		{"of the content definition", "unifiedssp:2.1.7", []string{"setting.forgotPasswordLinkOverride", "TwoX"}, nil, "OneX", ""},
		{"an older layout", "unifiedssp:2.1.1", nil, []string{"setting.forgotPasswordLinkOverride", "TwoX"}, "OneX TwoX", journey.CodeForgotPassword},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t)
			policy := twoProviders(Combined("unified", "SignIn", "One", "Two"), signIn(c.profile...))
			policy.Building = Contents(Content("unified", c.layout, c.content...), Content("form", "selfasserted:2.1.17"))
			u := s.User().Visit(s.Compile(policy))
			if got := u.Buttons(); got != c.buttons {
				t.Errorf("buttons: %s", got)
			}
			u.Forgot()
			if c.code != "" {
				if f := u.Failed(); f.Code != c.code {
					t.Errorf("failure: %v", f)
				}
				return
			}
			if got := u.Claims(); got != "idp=Two" {
				t.Errorf("claims: %s", got)
			}
			if got := s.User().Visit(s.Compile(policy)).Choose("twox").Claims(); got != "idp=Two" {
				t.Errorf("by its id: %s", got)
			}
		})
	}
}

// pages §2.3 [C→I]: up to three links to sign up; setting.bottomUnderFormClaimsProviderSelections
// and ClaimsProviderSelectionDisplayType.
func TestLinksAndButtonsOfTheCombinedPage(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	policy := twoProviders(Combined("unified", "SignIn", "One", "Two"), signIn("SignUpTarget", "TwoX, OneX,TwoX,OneX", "setting.forgotPasswordLinkLocation", "None"))
	policy.Building = Contents(Content("unified", "unifiedssp:2.1.7", "setting.bottomUnderFormClaimsProviderSelections", "twox"), Content("form", "selfasserted:2.1.17"))
	policy.Providers = provider("One", "x", Metadata("ClaimsProviderSelectionDisplayType", "TextLink")) + provider("Two", "y", "")
	u := s.User().Visit(s.Compile(policy))
	page := u.Page()
	if u.SignUps() != "TwoX OneX TwoX" || page.ForgotLink || !page.Providers[0].TextLink || page.Providers[0].UnderForm || page.Providers[1].TextLink || !page.Providers[1].UnderForm {
		t.Errorf("page: %+v", page)
	}
	policy.Profiles = signIn("SignUpTarget", "TwoX", "setting.showSignupLink", "false")
	if got := s.User().Visit(s.Compile(policy)).SignUps(); got != "" {
		t.Errorf("hidden links: %s", got)
	}
}

// claims-and-transformations §2.0.9; pages §6: labels are localized by exchange id.
func TestLabelsOfButtonsAreLocalized(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	policy := twoProviders(Select("providers", "", "One", "Two"), "")
	policy.Building = strings.Replace(Contents(Content("providers", "providerselection:1.2.1")), "</ContentDefinition>",
		`<LocalizedResourcesReferences MergeBehavior="Prepend"><LocalizedResourcesReference Language="en" LocalizedResourcesReferenceId="en" /></LocalizedResourcesReferences></ContentDefinition>`, 1) +
		`<Localization Enabled="true"><SupportedLanguages DefaultLanguage="en" MergeBehavior="ReplaceAll"><SupportedLanguage>en</SupportedLanguage></SupportedLanguages>
		<LocalizedResources Id="en"><LocalizedStrings><LocalizedString ElementType="ClaimsProvider" StringId="OneX">First of {OIDC:ClientId}</LocalizedString><LocalizedString ElementType="ClaimsProvider" ElementId="TwoX" StringId="DisplayName">Second</LocalizedString></LocalizedStrings></LocalizedResources></Localization>`
	page := s.User().Visit(s.Compile(policy)).Page()
	if page.Providers[0].Label != "First of app" || page.Providers[1].Label != "Second" {
		t.Errorf("labels: %+v", page.Providers)
	}
}
