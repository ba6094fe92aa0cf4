package test

import (
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"journeyman.dev/internal/keyset"
)

const invitationKey = "a-secret-of-at-least-thirty-two-bytes"

// invitation signs claims as an application's back end does.
func invitation(t *testing.T, key string, algorithm jose.SignatureAlgorithm, more map[string]any) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: algorithm, Key: []byte(key)}, (&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]any{"iss": "contoso", "aud": "contoso", "nbf": time.Now().Add(-time.Minute).Unix(), "exp": time.Now().Add(time.Hour).Unix()}
	for k, v := range more {
		if all[k] = v; v == nil {
			delete(all, k)
		}
	}
	text, err := jwt.Signed(signer).Claims(all).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestClaimsOfARelyingPartyComeInAClientAssertion, as invitations by a link send them.
func TestClaimsOfARelyingPartyComeInAClientAssertion(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	if _, err := e.srv.Keys.Create(t.Context(), "InvitationSigningKey", keyset.NewSecret("sig", []byte(invitationKey))); err != nil {
		t.Fatal(err)
	}
	blocks, profiles := trailBlocks("A")
	extension := blocks + `<ClaimsProviders><ClaimsProvider><DisplayName>t</DisplayName><TechnicalProfiles>` + profiles + `</TechnicalProfiles></ClaimsProvider></ClaimsProviders>` +
		`<UserJourneys><UserJourney Id="J"><OrchestrationSteps>` + step(1, "A", "") + `<OrchestrationStep Order="2" ` + sendClaims + `</OrchestrationSteps></UserJourney></UserJourneys>`
	inputs := `<CryptographicKeys><Key Id="client_secret" StorageReferenceId="B2C_1A_InvitationSigningKey" /></CryptographicKeys><InputClaims><InputClaim ClaimTypeReferenceId="email" PartnerClaimType="invited" Required="true" /><InputClaim ClaimTypeReferenceId="loyalty" DefaultValue="none" /><InputClaim ClaimTypeReferenceId="flag" /></InputClaims>`
	policy := e.own(extension, relyingParty("J", inputs, "email", "loyalty", "flag", "trail"))
	good := map[string]any{"invited": "ann@example.com", "flag": true, "displayName": "not asked for"}
	for name, c := range map[string]struct {
		assertion, kind string
		code            string
	}{
		"signed with the key":   {invitation(t, invitationKey, jose.HS256, good), "jwt", ""},
		"none at all":           {"", "", "AADB2C90039"},
		"another key":           {invitation(t, strings.Repeat("x", 40), jose.HS256, good), "jwt", "AADB2C90017"},
		"another type":          {invitation(t, invitationKey, jose.HS256, good), "saml2", "AADB2C90016"},
		"no type":               {invitation(t, invitationKey, jose.HS256, good), "", "AADB2C90016"},
		"expired":               {invitation(t, invitationKey, jose.HS256, map[string]any{"invited": "a@b.example", "exp": time.Now().Add(-time.Hour).Unix()}), "jwt", "AADB2C90017"},
		"without end":           {invitation(t, invitationKey, jose.HS256, map[string]any{"invited": "a@b.example", "exp": nil}), "jwt", "AADB2C90017"},
		"without what is asked": {invitation(t, invitationKey, jose.HS256, map[string]any{"email": "a@b.example"}), "jwt", "AADB2C90017"},
		"a value that is none":  {invitation(t, invitationKey, jose.HS256, map[string]any{"invited": "a@b.example", "flag": "perhaps"}), "jwt", "AADB2C90017"},
		"no JWT":                {"e30.e30.", "jwt", "AADB2C90017"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			kind := c.kind
			if kind != "" {
				kind = "urn:ietf:params:oauth:client-assertion-type:" + strings.Replace(kind, "jwt", "jwt-bearer", 1)
			}
			u := e.user()
			u.authorize(policy, map[string]string{"client_assertion": c.assertion, "client_assertion_type": kind})
			if c.code != "" {
				if got := u.result(); got.Get("error") != "invalid_request" || !strings.HasPrefix(got.Get("error_description"), c.code+": ") || strings.Contains(got.Get("error_description"), "perhaps") {
					t.Errorf("%v, want %s", got, c.code)
				}
				return
			}
			_, payload := decode(t, u.redeem(policy).IDToken)
			if payload["email"] != "ann@example.com" || payload["loyalty"] != "none" || payload["flag"] != true || payload["name"] != nil {
				t.Errorf("%v", payload)
			}
		})
	}
}
