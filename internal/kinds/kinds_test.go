package kinds_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"journeyman.dev/internal/kinds"
	"journeyman.dev/internal/policy"
)

func TestEveryKindOfTheGrammarIsListed(t *testing.T) {
	t.Parallel()
	names := kinds.Offline().Names()
	for _, list := range []struct {
		of   string
		have []policy.KindName
		// not are values of the grammar that aren't kinds. Proprietary profiles are distinguished by their
		// handler; B2C accepts the others without a meaning.
		not []string
	}{
		{"OrchestrationStep@Type", names.Steps, nil},
		{"DisplayControl@UserInterfaceControlType", names.Controls, nil},
		{"Protocol@Name", names.Protocols, []string{"Proprietary", "UProve11"}},
		{"TechnicalProfile/OutputTokenFormat", names.TokenFormats, []string{"CpimUnsigned", "UProve11"}},
	} {
		legal := policy.Values(list.of)
		if len(legal) == 0 {
			t.Errorf("the grammar has no values of %s", list.of)
		}
		for _, name := range legal {
			if !slices.Contains(list.not, name) && !slices.ContainsFunc(list.have, func(k policy.KindName) bool { return k.Name == name }) {
				t.Errorf("%s may be %s, and kinds.New lists no such kind", list.of, name)
			}
		}
		for _, k := range list.have {
			if !slices.Contains(legal, k.Name) {
				t.Errorf("kinds.New lists %s, which %s can't be", k.Name, list.of)
			}
		}
	}
}

// An unsupported kind is listed where people look: in the README's table.
func TestKindsThatAreNotBuiltAreSaidToBeMissing(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	// The table's words for kinds whose names nobody would search.
	called := map[string]string{
		"SAML11": "SAML", "SAML2": "SAML", "SamlSSOSessionProvider": "SAML", "AssertionConsumerProvider": "SAML", "OAuth1": "OAuth 1", "OAuth1Provider": "OAuth 1",
		"PhoneFactorProtocolProvider": "phone factor", "PhoneFactorSSOSessionProvider": "phone factor", "MultiFactorAuthenticationProvider": "phone factor",
		"AzureMfaProtocolProvider": "Azure MFA", "AzureMfaProvider": "Azure MFA", "ConditionalAccessProtocolProvider": "conditional access",
		"AzureIdentityProtectionProvider": "conditional access", "HumanChallengeProtocolProvider": "captcha", "CaptchaProvider": "captcha", "CaptchaControl": "captcha",
		"QrCodeControl": "authenticator apps", "AuthenticatorAppIconControl": "authenticator apps", "AuthenticatorInfoControl": "authenticator apps",
		"WsFed": "WS-Federation", "WsTrust": "WS-Federation",
	}
	// Names in samples for which B2C documents nothing.
	undocumented := []string{
		"SocialIdpProvider", "TpEngineProvider", "OpenIdConnectProvider", "OAuth2Provider", "WebAuthnProvider", "AadSelfServicePasswordResetProvider", "ProofUpProvider",
	}
	_, table, _ := strings.Cut(string(readme), "| Area | Now | Not yet |")
	var missing strings.Builder
	for line := range strings.Lines(table) {
		if cells := strings.Split(line, "|"); len(cells) > 3 {
			missing.WriteString(cells[3] + "\n")
		}
	}
	n := kinds.Offline().Names()
	for _, k := range slices.Concat(n.Handlers, n.Protocols, n.TokenFormats, n.Steps, n.Controls) {
		name := k.Name
		if as, ok := called[name]; ok {
			name = as
		}
		switch {
		case k.Built && called[k.Name] != "":
			t.Errorf("%s is built now: take it out of the list of what is missing", k.Name)
		case k.Built || slices.Contains(undocumented, k.Name):
		case !strings.Contains(missing.String(), name):
			t.Errorf("%s isn't built, and the column \"Not yet\" of README.md doesn't say %q", k.Name, name)
		}
	}
}
