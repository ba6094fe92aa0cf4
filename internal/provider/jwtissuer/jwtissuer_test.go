package jwtissuer_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"journeyman.dev/internal/journey"
	. "journeyman.dev/internal/journey/journeytest"
	"journeyman.dev/internal/program"
	"journeyman.dev/internal/provider/jwtissuer"
	"journeyman.dev/internal/provider/providertest"
	"journeyman.dev/internal/token"
)

func jwt() program.ProfileKind {
	return program.ProfileKind{Name: "JWT", Role: program.AsIssuer, Plan: journey.Plans(jwtissuer.Provider{})}
}

const keys = `<CryptographicKeys>
<Key Id="issuer_secret" StorageReferenceId="B2C_1A_Sign" />
<Key Id="issuer_refresh_token_key" StorageReferenceId="B2C_1A_Encrypt" />
</CryptographicKeys>`

// issuer is an issuer's profile with the required settings, and more.
func issuer(settings ...string) string {
	items := "\n<Item Key=\"issuer_refresh_token_user_identity_claim_type\">objectId</Item>\n"
	for i := 0; i+1 < len(settings); i += 2 {
		items += `<Item Key="` + settings[i] + `">` + settings[i+1] + "</Item>\n"
	}
	return ProfileOf("Subject", `<Protocol Name="None" /><OutputTokenFormat>JWT</OutputTokenFormat>`, "<Metadata>"+items+"</Metadata>"+keys)
}

func TestTheSuiteOfProviders(t *testing.T) {
	t.Parallel()
	providertest.Suite(t, providertest.Description{
		New: func(*testing.T, providertest.Service) program.ProfileKind { return jwt() }, Claims: "objectId", Profile: issuer(), Role: program.AsIssuer, Alone: true,
		Required: []string{"issuer_refresh_token_user_identity_claim_type"}, Keys: []string{"issuer_secret", "issuer_refresh_token_key"},
		Inputs: map[string]string{"objectId": "ada-1234"}, Ends: "finished",
	})
}

// policy-engine §5.15.
func TestSettingsOfTokens(t *testing.T) {
	t.Parallel()
	settings := func(t *testing.T, more ...string) *token.Settings {
		t.Helper()
		s := New(t, jwt())
		p := s.Compile(Policy{Claims: "objectId", Profiles: Sets("Begin", "objectId", "a") + issuer(more...), Steps: []string{Run("Begin"), SendClaims("Subject")}})
		issued, ok := s.User().Visit(p).Finished().Issued.(*token.Settings)
		if !ok {
			t.Fatal("other settings")
		}
		return issued
	}
	standard := &token.Settings{
		ProfileID: "Subject", RefreshIdentity: "objectId", AccessLifetime: time.Hour, IDLifetime: time.Hour, RefreshLifetime: 14 * 24 * time.Hour, RefreshWindow: 90 * 24 * time.Hour,
		SigningKey: "B2C_1A_Sign", EncryptionKey: "B2C_1A_Encrypt",
	}
	if diff := cmp.Diff(standard, settings(t)); diff != "" {
		t.Errorf("defaults:\n%s", diff)
	}
	own := *standard
	own.AccessLifetime, own.IDLifetime, own.RefreshLifetime, own.RefreshWindow = 5*time.Minute, 10*time.Minute, 24*time.Hour, 48*time.Hour
	own.InfiniteWindow, own.IssuerWithPolicy, own.NoACR, own.NumbersAsText = true, true, true, true
	if diff := cmp.Diff(&own, settings(t, "token_lifetime_secs", "300", "id_token_lifetime_secs", "600", "refresh_token_lifetime_secs", "86400", "rolling_refresh_token_lifetime_secs", "172800",
		"allow_infinite_rolling_refresh_token", "true", "IssuanceClaimPattern", "AuthorityWithTfp", "AuthenticationContextReferenceClaimPattern", "None", "SendTokenResponseBodyWithJsonNumbers", "false")); diff != "" {
		t.Errorf("the policy's:\n%s", diff)
	}
}

func TestSettingsOfTokensThatAreReported(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		settings []string
		want     string
	}{
		"a life that is too short": {[]string{"token_lifetime_secs", "299"}, "from 300 to 86400"},
		"no such journey":          {[]string{"RefreshTokenUserJourneyId", "Jurney"}, `did you mean "Journey"?`},
		"no such pattern":          {[]string{"IssuanceClaimPattern", "AuthorityWithTpf"}, `did you mean "AuthorityWithTfp"?`},
	} {
		s := New(t, jwt())
		_, found := s.Findings(Policy{Claims: "objectId", Profiles: Sets("Begin", "objectId", "a") + issuer(c.settings...), Steps: []string{Run("Begin"), SendClaims("Subject")}})
		if text := Text(found); !strings.Contains(text, c.want) {
			t.Errorf("%s:\n%s", name, text)
		}
	}
}

// policy-engine §4.9: the application gets the policy's own error.
func TestAnErrorOfThePolicysOwn(t *testing.T) {
	t.Parallel()
	s := New(t, program.ProfileKind{Name: "OAuth2Error", Role: program.AsIssuer, Plan: journey.Plans(jwtissuer.ErrorProvider{})})
	p := s.Compile(Policy{
		Claims: "code text", Profiles: Sets("Begin", "code", "1234", "text", "Not today.") + ProfileOf("Error", `<Protocol Name="None" /><OutputTokenFormat>OAuth2Error</OutputTokenFormat>`, Inputs("code=errorCode", "text=errorMessage")),
		Steps: []string{Run("Begin"), SendClaims("Error")},
	})
	if f := s.User().Visit(p).Failed(); f.Code != "AAD_Custom_1234" || f.Public != "Not today." || f.OAuth != "access_denied" {
		t.Errorf("failure: %+v", f)
	}
}
