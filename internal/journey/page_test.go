package journey_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"journeyman.dev/internal/journey"
	. "journeyman.dev/internal/journey/journeytest"
)

// pages §2.1 [D]: the address of a page's template, its language and the policy's parameters.
func TestAddressesOfTemplates(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, uri, behaviors, campaign string
		address, builtIn               string
	}{
		{"a built-in page", "~/tenant/templates/AzureBlue/unified.cshtml", "", "", "", "tenant/templates/AzureBlue/unified.cshtml"},
		{"a customer's page", "https://cdn.example/page.html", "", "", "https://cdn.example/page.html?ui_locales=en", ""},
		{"with a query and a fragment", "https://cdn.example/page.html?a=b#top", "", "", "https://cdn.example/page.html?a=b&ui_locales=en#top", ""},
		{"a resolver in the path", "https://cdn.example/{OAUTH-KV:campaign}/page.html", "", "a/b c", "https://cdn.example/a%2Fb%20c/page.html?ui_locales=en", ""},
		{"a value that would climb", "https://cdn.example/{OAUTH-KV:campaign}/page.html", "", "..", "https://cdn.example//page.html?ui_locales=en", ""},
		{"parameters of the policy", "https://cdn.example/page.html", `<ContentDefinitionParameters><Parameter Name="campaign id">{OAUTH-KV:campaign}</Parameter></ContentDefinitionParameters>`, "x&y", "https://cdn.example/page.html?ui_locales=en&campaign%20id=x%26y", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t)
			policy := page("", "")
			policy.Building = strings.Replace(policy.Building, `<ContentDefinition Id="form"><LoadUri>~/tenant/templates/AzureBlue/unified.cshtml`, `<ContentDefinition Id="form"><LoadUri>`+c.uri, 1)
			policy.Behaviors = c.behaviors + `<ScriptExecution>Allow</ScriptExecution>`
			got := s.User().Visit(s.Compile(policy), "campaign", c.campaign, "ui_locales", "en").Page()
			if got.TemplateURL != c.address || got.BuiltIn != c.builtIn || !got.Scripts {
				t.Errorf("%q, %q", got.TemplateURL, got.BuiltIn)
			}
		})
	}
}

// Texts of the policy are resolved; what may be a user's or an API's shows no claim.
func TestTextsOfAPageAreResolved(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	policy := page("", "", "UserMessageIfInvalidPassword", "Ask {OIDC:ClientId}.")
	policy.Claims = "email trail *secret"
	policy.ClaimTypes = `<ClaimType Id="color"><DisplayName>Color for {OIDC:LoginHint}</DisplayName><DataType>string</DataType><UserHelpText>Of {OIDC:ClientId}</UserHelpText><UserInputType>DropdownSingleSelect</UserInputType>
		<Restriction><Enumeration Text="Red of {OIDC:ClientId}" Value="r" /><Enumeration Text="Blue" Value="b" /></Restriction></ClaimType>`
	policy.Profiles = formWith("Form", Inputs("email")+Displays("email", "color")+Outputs("email"), "UserMessageIfInvalidPassword", "Ask {OIDC:ClientId}.") + Sets("Begin", "email", "I am {Claim:trail}", "trail", "hidden")
	policy.Steps = []string{Run("Begin"), Run("Form")}
	f := s.User().Visit(s.Compile(policy), "login_hint", `<b>"ada"`).Page().Form
	if got := f.Fields[1]; got.DisplayName != "Color for bada" || got.HelpText != "Of app" || got.Choices[0].Text != "Red of app" {
		t.Errorf("field: %+v", got)
	}
	if got := f.Fields[0].Value; strings.Contains(got, "hidden") || strings.Contains(got, "{Claim") {
		t.Errorf("a user's value: %q", got)
	}
	if got, _ := f.Messages.Lookup("UserMessageIfInvalidPassword"); got != "Ask app." {
		t.Errorf("message: %q", got)
	}
	// The program's own texts are as they were.
	f = s.User().Visit(s.Compile(policy), "login_hint", "bob").Page().Form
	if got := f.Fields[1].DisplayName; got != "Color for bob" {
		t.Errorf("the second user reads %q", got)
	}
}

// A profile that the session doesn't skip and that proves the same identity once more leaves
// the rest of the session in use; another identity doesn't (policy-engine §5.16 [I]).
func TestProvingTheSameIdentityKeepsTheSession(t *testing.T) {
	t.Parallel()
	for second, restored := range map[string]bool{"ada": true, "bob": false} {
		s := newStage(t)
		who := "ada"
		s.Script("IdP", func(context.Context, *journey.Call) (journey.Result, error) {
			return journey.Done{Output: Texts{"email": who}}, nil
		})
		policy := Policy{
			Claims: "email trail", Building: contents(),
			Profiles: managed(Scripted("IdP", Outputs("email")), "SM-IdP") + managed(form("Form", Outputs("trail!")), "SM-Form") +
				sm("SM-IdP", "ExternalLoginSSOSessionProvider", Metadata("AlwaysFetchClaimsFromProvider", "true")+Persisted("email")) + sm("SM-Form", "DefaultSSOSessionProvider", Persisted("trail")),
			Steps: []string{Run("IdP"), Run("Form")},
		}
		p, u := s.Compile(policy), s.User()
		u.Visit(p).Submit("trail", "of ada").Finished()
		first := s.Clock.Now()
		s.Clock.Advance(time.Hour)
		who = second
		u.Visit(p)
		if _, ok := u.Ran.Outcome.(*journey.Finished); ok != restored {
			t.Errorf("%s: %s", second, Describe(u.Ran.Outcome))
		}
		if restored {
			if at, _ := u.Session.CredentialsAt("tenant", s.Clock.Now()); !at.After(first) || u.Claims() != "email=ada trail=of ada" {
				t.Errorf("credentials at %v, %s", at, u.Claims())
			}
		}
	}
}

// A message of a provider: the page's resources, the profile's metadata, our own, the built-in one.
func TestMessagesOfProviders(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	var got []string
	s.Script("A", func(_ context.Context, call *journey.Call) (journey.Result, error) {
		for _, key := range []string{"UserMessageIfInvalidPassword", "UserMessageIfMissingRequiredElement", "NoSuchKey"} {
			got = append(got, call.Message(key, "built in {0}", "x"))
		}
		return journey.Done{Output: journey.Nothing{}}, nil
	})
	p := s.Compile(Policy{Claims: "email", Profiles: Scripted("A", Metadata("UserMessageIfInvalidPassword", "{0} of {OIDC:ClientId}")), Steps: []string{Run("A")}})
	s.User().Visit(p, "ui_locales", "de").Finished()
	if got[0] != "x of app" || got[1] == "" || strings.HasPrefix(got[1], "built in") || got[2] != "built in x" {
		t.Errorf("messages: %q", got)
	}
}

// claims-and-transformations §2: transformations read the page's texts and a claim's choices.
func TestTransformationsReadLocalizedTexts(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	p := s.Compile(Policy{
		Claims: "name", Building: `<ClaimsTransformations><ClaimsTransformation Id="Texts" TransformationMethod="GetLocalizedStringsTransformation"><OutputClaims><OutputClaim ClaimTypeReferenceId="name" TransformationClaimType="subject" /></OutputClaims></ClaimsTransformation></ClaimsTransformations>` +
			strings.Replace(Contents(Content("form", "selfasserted:2.1.17")), "</ContentDefinition>", `<LocalizedResourcesReferences MergeBehavior="Prepend"><LocalizedResourcesReference Language="en" LocalizedResourcesReferenceId="en" /></LocalizedResourcesReferences></ContentDefinition>`, 1) +
			`<Localization Enabled="true"><SupportedLanguages DefaultLanguage="en" MergeBehavior="ReplaceAll"><SupportedLanguage>en</SupportedLanguage></SupportedLanguages><LocalizedResources Id="en"><LocalizedStrings><LocalizedString ElementType="GetLocalizedStringsTransformationClaimType" StringId="subject">Hello</LocalizedString></LocalizedStrings></LocalizedResources></Localization>`,
		Profiles: Profile("T", transforming, Metadata("ContentDefinitionReferenceId", "form")+Outputs("name")+`<OutputClaimsTransformations><OutputClaimsTransformation ReferenceId="Texts" /></OutputClaimsTransformations>`), Steps: []string{Run("T")},
	})
	if got := s.User().Visit(p).Claims(); got != "name=Hello" {
		t.Errorf("claims: %s", got)
	}
}
