package live_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"journeyman.dev/internal/kinds"
	"journeyman.dev/internal/live"
	"journeyman.dev/internal/program"
)

// stored is a store with data of an older version.
type stored struct {
	memory
	served   map[string]live.Served
	programs map[string][][]byte
}

func (s stored) Served(context.Context) (map[string]live.Served, error) { return s.served, nil }

func (s stored) Program(_ context.Context, hash string) ([][]byte, error) {
	if p, ok := s.programs[hash]; ok {
		return p, nil
	}
	return nil, live.ErrNoProgram
}

func policyOf(id, content string) []byte {
	return []byte(`<TrustFrameworkPolicy xmlns="http://schemas.microsoft.com/online/cpim/schemas/2013/06" PolicySchemaVersion="0.3.0.0" TenantId="contoso.onmicrosoft.com" PolicyId="` + id +
		`" PublicPolicyUri="http://contoso.onmicrosoft.com/` + id + `">` + content + `</TrustFrameworkPolicy>`)
}

// runnable is a policy whose journey outputs a claim.
func runnable(id, claim string) []byte {
	return policyOf(id, `<BuildingBlocks><ClaimsSchema><ClaimType Id="a"><DisplayName>a</DisplayName><DataType>string</DataType></ClaimType></ClaimsSchema></BuildingBlocks>
<ClaimsProviders><ClaimsProvider><DisplayName>t</DisplayName><TechnicalProfiles><TechnicalProfile Id="JWT"><DisplayName>t</DisplayName><Protocol Name="None" /><OutputTokenFormat>JWT</OutputTokenFormat>
<Metadata><Item Key="issuer_refresh_token_user_identity_claim_type">a</Item></Metadata><CryptographicKeys><Key Id="issuer_refresh_token_key" StorageReferenceId="B2C_1A_Encrypt" /><Key Id="issuer_secret" StorageReferenceId="B2C_1A_Sign" /></CryptographicKeys></TechnicalProfile></TechnicalProfiles></ClaimsProvider></ClaimsProviders>
<UserJourneys><UserJourney Id="J"><OrchestrationSteps><OrchestrationStep Order="1" Type="SendClaims" CpimIssuerTechnicalProfileReferenceId="JWT" /></OrchestrationSteps></UserJourney></UserJourneys>
<RelyingParty><DefaultUserJourney ReferenceId="J" /><TechnicalProfile Id="PolicyProfile"><DisplayName>p</DisplayName><Protocol Name="OpenIdConnect" /><OutputClaims><OutputClaim ClaimTypeReferenceId="`+claim+`" PartnerClaimType="sub" DefaultValue="x" /></OutputClaims><SubjectNamingInfo ClaimType="sub" /></TechnicalProfile></RelyingParty>`)
}

// A version with stricter checks breaks no sign-in: served programs continue if their documents are still
// readable. A policy without program is reported as broken.
func TestWhatAnOlderVersionServedGoesOn(t *testing.T) {
	t.Parallel()
	put := func(id string, xml []byte) live.Policy { return live.Policy{ID: id, XML: xml, Version: 1} }
	s := stored{memory: memory{
		"B2C_1A_Served": put("B2C_1A_Served", runnable("B2C_1A_Served", "undeclared")),
		"B2C_1A_Never":  put("B2C_1A_Never", runnable("B2C_1A_Never", "undeclared")),
		"B2C_1A_Gone":   put("B2C_1A_Gone", runnable("B2C_1A_Gone", "undeclared")),
		"B2C_1A_Good":   put("B2C_1A_Good", runnable("B2C_1A_Good", "a")),
	}, served: map[string]live.Served{
		"b2c_1a_served": {Hash: "h1", Since: time.Unix(1, 0)}, "b2c_1a_gone": {Hash: "h2", Since: time.Unix(1, 0)},
	}, programs: map[string][][]byte{"h1": {runnable("B2C_1A_Served", "undeclared")}}}
	l := &live.Policies{Store: s, Now: time.Now, Log: slog.New(slog.DiscardHandler), Options: program.Options{Kinds: kinds.Offline(), TenantName: "contoso.onmicrosoft.com"}}
	if err := l.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	for id, want := range map[string]live.State{"Served": live.LastGood, "b2c_1a_never": live.Broken, "B2C_1A_Gone": live.Broken, "B2C_1A_Good": live.Current} {
		got, err := l.Status(id)
		if err != nil || got.State != want || got.Diagnostics.HasErrors() == (want == live.Current) {
			t.Errorf("%s is %s, want %s: %v, %v", id, got.State, want, err, got.Diagnostics)
		}
		serves := want == live.Current || want == live.LastGood
		if !l.Knows(id) || (l.Current(got.ID) != nil) != serves {
			t.Errorf("%s: serves %t", id, !serves)
		}
	}
	if l.Knows("B2C_1A_Nobody") {
		t.Error("a policy that isn't there is known")
	}
}
