package test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// signInPage adds to the starter policies' combined page.
func signInPage(metadata, inputs, outputs string) string {
	wrap := func(tag, inside string) string {
		if inside == "" {
			return ""
		}
		return "<" + tag + ">" + inside + "</" + tag + ">"
	}
	return `<BuildingBlocks><ClaimsSchema><ClaimType Id="plang"><DisplayName>Language</DisplayName><DataType>string</DataType><UserInputType>DropdownSingleSelect</UserInputType><Restriction><Enumeration Text="English" Value="en" SelectByDefault="true" /><Enumeration Text="French" Value="fr" /></Restriction></ClaimType>
<ClaimType Id="terms"><DisplayName>Terms</DisplayName><DataType>string</DataType><UserInputType>TextBox</UserInputType></ClaimType></ClaimsSchema></BuildingBlocks>
<ClaimsProviders><ClaimsProvider><DisplayName>t</DisplayName><TechnicalProfiles><TechnicalProfile Id="Page-SignIn">` + wrap("Metadata", metadata) + wrap("InputClaims", inputs) + wrap("OutputClaims", outputs) + `</TechnicalProfile></TechnicalProfiles></ClaimsProvider></ClaimsProviders>`
}

var inputID = regexp.MustCompile(`<(?:input|select|textarea)[^>]* id="([^"]+)"`)

func shownInputs(page string) []string {
	var ids []string
	for _, m := range inputID.FindAllStringSubmatch(page, -1) {
		if m[1] != "rememberMe" {
			ids = append(ids, m[1])
		}
	}
	return ids
}

func TestTheCombinedPageShowsUserNameAndPasswordOnly(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	policy := e.own(signInPage("", "", `<OutputClaim ClaimTypeReferenceId="plang" Required="true" /><OutputClaim ClaimTypeReferenceId="terms" Required="true" />`), relyingParty("SignUpOrSignIn", "", "displayName"))
	e.user().ownSignUp("ada@example.com")
	u := e.user()
	u.authorize(policy, nil)
	if diff := cmp.Diff([]string{"signInName", "password"}, shownInputs(u.page)); diff != "" {
		t.Fatalf("fields (-want +got): %s", diff)
	}
	// What isn't shown isn't asked for either, though it is required; nor is it taken.
	u.pass(map[string]string{"signInName": "ada@example.com", "password": password, "plang": "fr"})
	u.redeem(policy)
}

func TestALoginHintIsOnTheCombinedPageWithoutTheFlag(t *testing.T) {
	t.Parallel()
	for name, metadata := range map[string]string{
		"flag false":    `<Item Key="IncludeClaimResolvingInClaimsHandling">false</Item>`,
		"flag misspelt": `<Item Key="IncludeClaimResolvingInClaimsHandling">false</Item><Item Key="IncludeClaimResolvingInClaimHandling">true</Item>`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := start(t, nil)
			policy := e.own(signInPage(metadata, `<InputClaim ClaimTypeReferenceId="signInName" DefaultValue="{OIDC:LoginHint}" />`, ""), relyingParty("SignUpOrSignIn", "", "displayName"))
			for hint, want := range map[string]string{"": "", "ann@example.com": "ann@example.com"} {
				u := e.user()
				u.authorize(policy, map[string]string{"login_hint": hint})
				if !strings.Contains(u.page, `id="signInName"`) || !strings.Contains(u.page, `placeholder="E-mail address" value="`+want+`"`) {
					t.Errorf("login_hint %q:\n%s", hint, excerpt(u.page))
				}
				if strings.Contains(u.page, "{OIDC") {
					t.Errorf("login_hint %q: the page has braces", hint)
				}
			}
		})
	}
}

// TestNobodyReadsAClaimResolver: in no text of a page, no field and no message.
func TestNobodyReadsAClaimResolver(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	policy := e.asks(pageSpec{
		blocks: `<ClaimType Id="nick"><DisplayName>Nick for {OIDC:LoginHint}</DisplayName><DataType>string</DataType><UserHelpText>As {Claim:held}</UserHelpText><UserInputType>TextBox</UserInputType><Restriction><Pattern RegularExpression="^[a-z]+$" HelpText="Small, {Culture:RFC5646}" /></Restriction></ClaimType>
<ClaimType Id="held"><DisplayName>Held</DisplayName><DataType>string</DataType><UserInputType>TextBox</UserInputType></ClaimType>
<ClaimType Id="note"><DisplayName>Note</DisplayName><DataType>string</DataType><UserInputType>Paragraph</UserInputType></ClaimType>
<ClaimType Id="city"><DisplayName>City</DisplayName><DataType>string</DataType><UserInputType>DropdownSingleSelect</UserInputType><Restriction><Enumeration Text="In {Policy:PolicyId}" Value="x" /></Restriction></ClaimType>`,
		resources: `<LocalizedResourcesReference Language="en" LocalizedResourcesReferenceId="test.en" />`,
		more: `<Localization Enabled="true"><SupportedLanguages DefaultLanguage="en" MergeBehavior="Append"><SupportedLanguage>en</SupportedLanguage></SupportedLanguages><LocalizedResources Id="test.en"><LocalizedStrings>
<LocalizedString ElementType="UxElement" StringId="heading">Hello {OIDC:LoginHint}, {Unknown:Thing} {0}</LocalizedString><LocalizedString ElementType="UxElement" StringId="MyOwn">{Context:HostName}{Claim:city} for {OAUTH-KV:campaign}</LocalizedString>
<LocalizedString ElementType="ErrorMessage" StringId="UserMessageIfMissingRequiredElement">{0} is missing, {OIDC:LoginHint}</LocalizedString></LocalizedStrings></LocalizedResources></Localization>`,
		// A profile before that doesn't resolve leaves the text itself in a claim.
		providers: `<TechnicalProfile Id="Before"><DisplayName>b</DisplayName>` + transformation + `<OutputClaims><OutputClaim ClaimTypeReferenceId="held" DefaultValue="{Context:CorrelationId}" /><OutputClaim ClaimTypeReferenceId="note" DefaultValue="Note for {OIDC:LoginHint}" /></OutputClaims></TechnicalProfile>`,
		steps:     step(1, "Before", ""),
		metadata:  `<Item Key="language.button_continue">Go on, {OIDC:LoginHint}</Item>`,
		inputs:    `<InputClaim ClaimTypeReferenceId="held" /><InputClaim ClaimTypeReferenceId="note" /><InputClaim ClaimTypeReferenceId="nick" DefaultValue="{OIDC:LoginHint}" />`,
		outputs:   `<OutputClaim ClaimTypeReferenceId="nick" Required="true" /><OutputClaim ClaimTypeReferenceId="held" /><OutputClaim ClaimTypeReferenceId="note" /><OutputClaim ClaimTypeReferenceId="city" />`,
	})
	u := e.user()
	u.authorize(policy, map[string]string{"login_hint": `ann"><a href="//evil.example">x`, "campaign": "spring"})
	if m := regexp.MustCompile(`\{(OIDC|Context|Policy|Claim|Culture|OAUTH-KV):[^}]*\}`).FindAllString(u.page, -1); m != nil {
		t.Errorf("the page has %v:\n%s", m, u.page)
	}
	for _, want := range []string{"Hello annahref=//evil.example", "{Unknown:Thing} {0}", "Go on, ann", "In " + policy, "Small, en-US", "for spring"} {
		if !strings.Contains(strings.ReplaceAll(u.page, "anna href", "annahref"), want) {
			t.Errorf("the page lacks %q:\n%s", want, excerpt(u.page))
		}
	}
	if strings.Contains(u.page, `<a href="//evil`) || strings.Contains(u.page, `href="//evil.example" target`) {
		t.Error("the hint made a link")
	}
	if r := u.submit(map[string]string{"nick": ""}); strings.Contains(r.Message, "{OIDC") || !strings.HasSuffix(r.Message, "is missing, anna href=//evil.examplex") {
		t.Errorf("message %q", r.Message)
	}
}
