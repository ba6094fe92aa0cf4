package test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The starter pack is read where it lies and edited in memory, as a customer does by
// hand: nothing of it is part of the project. Where it isn't, policies of our own with the
// same ids stand in for it.

const tenant = "contoso.onmicrosoft.com"

// starterPack reads the files of SocialAndLocalAccounts by name. JOURNEYMAN_TEST_PACK=own
// takes ours although the pack is there.
func starterPack(t testing.TB) map[string]string {
	t.Helper()
	folder := filepath.Join("..", "..", "shared", "corpus", "starterpack", "SocialAndLocalAccounts")
	if _, err := os.Stat(folder); err != nil || os.Getenv("JOURNEYMAN_TEST_PACK") == "own" {
		folder = filepath.Join("testdata", "pack")
	}
	return readPack(t, folder)
}

func readPack(t testing.TB, folder string) map[string]string {
	t.Helper()
	files := make(map[string]string)
	for _, name := range uploadOrder {
		b, err := os.ReadFile(filepath.Join(folder, name+".xml"))
		if err != nil {
			t.Fatal(err)
		}
		files[name] = strings.ReplaceAll(string(b), "yourtenant.onmicrosoft.com", tenant)
	}
	return files
}

// TestOurOwnPackServes keeps ours good also where the real one is used instead.
func TestOurOwnPackServes(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	e.upload(readPack(t, filepath.Join("testdata", "pack")))
	if payload := e.user().signUp(signUpSignIn, "emily@example.com"); payload["name"] == nil || payload["sub"] == nil {
		t.Errorf("payload = %v", payload)
	}
}

// uploadOrder is the order in which the files go up.
var uploadOrder = []string{"TrustFrameworkBase", "TrustFrameworkLocalization", "TrustFrameworkExtensions", "SignUpOrSignin", "ProfileEdit", "PasswordReset"}

// edit replaces one piece of a file that must be there once.
func edit(t testing.TB, files map[string]string, name, old, new string) {
	t.Helper()
	if strings.Count(files[name], old) != 1 {
		t.Fatalf("%s: %q is there %d times", name, old, strings.Count(files[name], old))
	}
	files[name] = strings.Replace(files[name], old, new, 1)
}

// enriched makes the walkthrough's edits: REST-GetProfile before the last step of the
// three journeys, balance in their tokens.
func enriched(t testing.TB, apiURL string) map[string]string {
	t.Helper()
	files := starterPack(t)
	edit(t, files, "TrustFrameworkExtensions", "<BuildingBlocks>", `<BuildingBlocks>
    <ClaimsSchema>
      <ClaimType Id="balance">
        <DisplayName>Your Balance</DisplayName>
        <DataType>string</DataType>
      </ClaimType>
      <ClaimType Id="userLanguage">
        <DisplayName>User UI language (used by REST API to return localized error messages)</DisplayName>
        <DataType>string</DataType>
      </ClaimType>
    </ClaimsSchema>`)
	edit(t, files, "TrustFrameworkExtensions", "</ClaimsProviders>", fmt.Sprintf(`
    <ClaimsProvider>
      <DisplayName>REST APIs</DisplayName>
      <TechnicalProfiles>
        <TechnicalProfile Id="REST-GetProfile">
          <DisplayName>Get user extended profile Azure Function web hook</DisplayName>
          <Protocol Name="Proprietary" Handler="Web.TPEngine.Providers.RestfulProvider, Web.TPEngine, Version=1.0.0.0, Culture=neutral, PublicKeyToken=null" />
          <Metadata>
            <Item Key="ServiceUrl">%s</Item>
            <Item Key="SendClaimsIn">Body</Item>
            <Item Key="AuthenticationType">None</Item>
            <Item Key="AllowInsecureAuthInProduction">true</Item>
          </Metadata>
          <InputClaims>
            <InputClaim ClaimTypeReferenceId="objectId" />
            <InputClaim ClaimTypeReferenceId="userLanguage" PartnerClaimType="lang" DefaultValue="{Culture:LCID}" AlwaysUseDefaultValue="true" />
          </InputClaims>
          <OutputClaims>
            <OutputClaim ClaimTypeReferenceId="balance" />
          </OutputClaims>
          <UseTechnicalProfileForSessionManagement ReferenceId="SM-Noop" />
        </TechnicalProfile>
      </TechnicalProfiles>
    </ClaimsProvider>
  </ClaimsProviders>`, apiURL))
	var journeys strings.Builder
	journeys.WriteString("<UserJourneys>\n")
	for _, id := range []string{"SignUpOrSignIn", "ProfileEdit", "PasswordReset"} {
		journeys.WriteString(withEnrichment(t, files["TrustFrameworkBase"], id))
	}
	journeys.WriteString("</UserJourneys>\n</TrustFrameworkPolicy>")
	edit(t, files, "TrustFrameworkExtensions", "</TrustFrameworkPolicy>", journeys.String())
	for _, name := range []string{"SignUpOrSignin", "ProfileEdit", "PasswordReset"} {
		edit(t, files, name, "</OutputClaims>", `<OutputClaim ClaimTypeReferenceId="balance" DefaultValue="" /></OutputClaims>`)
	}
	return files
}

var lastStep = regexp.MustCompile(`<OrchestrationStep Order="(\d+)" Type="SendClaims"`)

// withEnrichment copies a journey of the base with a step for the API before its last.
func withEnrichment(t testing.TB, base, id string) string {
	t.Helper()
	start := strings.Index(base, `<UserJourney Id="`+id+`">`)
	if start < 0 {
		t.Fatalf("no journey %s", id)
	}
	end := start + strings.Index(base[start:], "</UserJourney>") + len("</UserJourney>")
	body := base[start:end]
	m := lastStep.FindStringSubmatch(body)
	order := 0
	if _, err := fmt.Sscan(m[1], &order); err != nil {
		t.Fatal(err)
	}
	step := fmt.Sprintf(`<OrchestrationStep Order="%d" Type="ClaimsExchange"><ClaimsExchanges><ClaimsExchange Id="RESTGetProfile" TechnicalProfileReferenceId="REST-GetProfile" /></ClaimsExchanges></OrchestrationStep>
        <OrchestrationStep Order="%d" Type="SendClaims"`, order, order+1)
	return strings.Replace(body, m[0], step, 1)
}
