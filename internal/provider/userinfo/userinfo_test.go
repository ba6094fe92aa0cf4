package userinfo_test

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"journeyman.dev/internal/journey"
	. "journeyman.dev/internal/journey/journeytest"
	"journeyman.dev/internal/program"
	"journeyman.dev/internal/provider/providertest"
	"journeyman.dev/internal/provider/userinfo"
)

// The kinds, as package kinds lists them.
func authorization(keys userinfo.Keys) program.ProfileKind {
	return program.ProfileKind{Role: program.AsAuthorization, Plan: journey.Plans(&userinfo.Authorization{Keys: keys})}
}

func issuer() program.ProfileKind {
	return program.ProfileKind{Name: "JSON", Role: program.AsIssuer, Plan: journey.Plans(userinfo.Issuer{})}
}

// profile authorizes a journey.
func profile(id, metadata string) string {
	return ProfileOf(id, `<Protocol Name="None" /><InputTokenFormat>JWT</InputTokenFormat>`, "<Metadata>\n<Item Key=\"issuer\">https://issuer.example</Item>\n"+metadata+`</Metadata><CryptographicKeys>
<Key Id="issuer_secret" StorageReferenceId="B2C_1A_Sign" />
</CryptographicKeys>`+Outputs("objectId=sub", "age"))
}

// bearer has a token whose claims are changed; nil takes one away.
func bearer(t *testing.T, now time.Time, change map[string]any) *journey.Bearer {
	t.Helper()
	all := map[string]any{"iss": "https://issuer.example", "aud": "app", "sub": "ada-1234", "exp": now.Add(time.Hour).Unix(), "nbf": now.Unix(), "age": 36}
	for name, v := range change {
		if all[name] = v; v == nil {
			delete(all, name)
		}
	}
	token, err := providertest.Sign("B2C_1A_Sign", all)
	if err != nil {
		t.Fatal(err)
	}
	return &journey.Bearer{Token: token, Issuer: "https://here.example"}
}

func TestTheSuiteOfProviders(t *testing.T) {
	t.Parallel()
	providertest.Suite(t, providertest.Description{
		New: func(_ *testing.T, s providertest.Service) program.ProfileKind {
			return authorization(&providertest.Keys{Service: s})
		},
		Claims: "objectId age:int", Role: program.AsAuthorization, Profile: profile("Subject", ""), Required: []string{"issuer"}, Keys: []string{"issuer_secret"}, Ends: "finished",
		Mode: func(now time.Time) journey.Mode { return bearer(t, now, nil) },
	})
}

// protocol §5.1.
func TestTokensThatAuthorizeAJourney(t *testing.T) {
	t.Parallel()
	stage := New(t, authorization(new(providertest.Keys)), issuer())
	policy := func(metadata string) *program.Program {
		return stage.Compile(Policy{
			Claims: "objectId age:int", Profiles: profile("Auth", metadata) + ProfileOf("Document", `<Protocol Name="None" /><OutputTokenFormat>JSON</OutputTokenFormat>`, Inputs("objectId=id", "age=years")),
			Journeys: strings.Replace(Journey("Info", SendClaims("Document")), `<OrchestrationSteps>`,
				`<Authorization><AuthorizationTechnicalProfiles><AuthorizationTechnicalProfile ReferenceId="Auth" /></AuthorizationTechnicalProfiles></Authorization><OrchestrationSteps>`, 1),
			Endpoints: `<Endpoint Id="UserInfo" UserJourneyReferenceId="Info" />`,
		})
	}
	any_, two := policy(""), policy(`<Item Key="audience">["app", "web"]</Item><Item Key="client_assertion_type">urn:ietf:params:oauth:client-assertion-type:jwt-bearer</Item>`)
	now := stage.Clock.Now()
	for _, c := range []struct {
		name   string
		p      *program.Program
		change map[string]any
		good   bool
	}{
		{"as it should be", any_, nil, true},
		{"this server's own issuer", any_, map[string]any{"iss": "https://here.example"}, true},
		{"another issuer", any_, map[string]any{"iss": "https://evil.example"}, false},
		{"no issuer", any_, map[string]any{"iss": nil}, false},
		{"one of the audiences", two, map[string]any{"aud": []string{"x", "web"}}, true},
		{"another audience", two, map[string]any{"aud": "x"}, false},
		{"any audience", any_, map[string]any{"aud": "x"}, true},
		{"no expiry", any_, map[string]any{"exp": nil}, false},
		{"expired within a minute", any_, map[string]any{"exp": now.Add(-time.Minute).Unix()}, true},
		{"expired", any_, map[string]any{"exp": now.Add(-2 * time.Minute).Unix()}, false},
		{"not valid yet", any_, map[string]any{"nbf": now.Add(2 * time.Minute).Unix()}, false},
	} {
		u := stage.User().Run(c.p, bearer(t, now, c.change))
		if !c.good {
			if f := u.Failed(); f.OAuth != journey.InvalidToken || f.Public == "" {
				t.Errorf("%s: %+v", c.name, f)
			}
			continue
		}
		d, ok := u.Finished().Issued.(*journey.Document)
		if !ok || len(d.Members) != 2 || d.Members[0].Name != "id" || d.Members[0].Value.String() != "ada-1234" || d.Members[1].Name != "years" {
			t.Errorf("%s: %+v", c.name, d)
		}
	}
	good := bearer(t, now, nil).Token
	parts := strings.Split(good, ".")
	none := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`)) + "." + parts[1] + "."
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.HS256, Key: []byte(strings.Repeat("k", 32))}, nil)
	if err != nil {
		t.Fatal(err)
	}
	other, err := jwt.Signed(signer).Claims(map[string]any{"iss": "https://issuer.example"}).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	for _, token := range []string{"", "x", none, other, parts[0] + "." + parts[1] + "." + strings.Repeat("A", len(parts[2])), good[:len(good)-4] + "AAAA"} {
		if f := stage.User().Run(any_, &journey.Bearer{Token: token}).Failed(); f.OAuth != journey.InvalidToken {
			t.Errorf("%q: %+v", token, f)
		}
	}
	if strings.Contains(stage.Log.String(), parts[2]) {
		t.Error("the log has a token")
	}
}

func TestSettingsThatAreReported(t *testing.T) {
	t.Parallel()
	for metadata, want := range map[string]string{
		`<Item Key="audience">app</Item>`:            "JSON array",
		`<Item Key="audience">[]</Item>`:             "JSON array",
		`<Item Key="client_assertion_type">x</Item>`: "bearer tokens are JWTs",
	} {
		stage := New(t, authorization(nil))
		_, found := stage.Findings(Policy{
			Claims: "objectId age:int", Profiles: profile("Auth", metadata) + ProfileOf("Document", `<Protocol Name="None" /><OutputTokenFormat>JSON</OutputTokenFormat>`, ""),
			Journeys: strings.Replace(Journey("Info", SendClaims("Document")), `<OrchestrationSteps>`,
				`<Authorization><AuthorizationTechnicalProfiles><AuthorizationTechnicalProfile ReferenceId="Auth" /></AuthorizationTechnicalProfiles></Authorization><OrchestrationSteps>`, 1),
			Endpoints: `<Endpoint Id="UserInfo" UserJourneyReferenceId="Info" />`,
		})
		if text := Text(found); !strings.Contains(text, want) {
			t.Errorf("%s:\n%s", metadata, text)
		}
	}
}
