package test

import (
	"strings"
	"testing"

	"journeyman.dev/internal/mail"
)

// Mails to the owner of an account that was changed (issue: what enterprises ask for).

// notices are the mails to an address that are no codes, oldest first.
func (e *env) notices(to string) []mail.Message {
	var list []mail.Message
	for _, m := range e.srv.Outbox.Messages() {
		if m.To == to && codePattern.FindString(m.Text) == "" {
			list = append([]mail.Message{m}, list...)
		}
	}
	return list
}

func TestAUserFlowTellsOfANewPassword(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	e.user().register(e.flow("signup", "signUpOrSignIn"), "ada@example.com", nil)
	reset := e.flow("reset", "passwordReset")
	forget := func(language, next string) {
		t.Helper()
		u := e.user()
		u.authorize(reset, map[string]string{"ui_locales": language})
		u.verify("email", "ada@example.com")
		u.pass(map[string]string{"email": "ada@example.com"})
		u.pass(map[string]string{"newPassword": next, "reenterPassword": next})
		u.redeem(reset)
	}
	if got := e.notices("ada@example.com"); len(got) != 0 {
		t.Errorf("a new account got a notice: %v", got)
	}
	forget("en", "Another-word.2")
	e.settings(reset, object{"notifications": object{"accountChanges": false}})
	forget("en", "Another-word.3")
	got := e.notices("ada@example.com")
	if len(got) != 1 {
		t.Fatalf("%d notices: %v", len(got), got)
	}
	if !strings.Contains(got[0].Subject, "your account was changed") || !strings.Contains(got[0].Text, "The password of your account was changed.") ||
		strings.Contains(got[0].Text, "Another-word") || strings.Contains(got[0].Text, "{0}") || strings.Contains(got[0].Text, "e-mail address") {
		t.Errorf("got %+v", got[0])
	}
}

// changing is a policy whose reset writes more than the password, and says that it tells.
func changing(e *env, tell, persisted string) string {
	blocks := `<BuildingBlocks><ClaimsSchema><ClaimType Id="trail"><DataType>stringCollection</DataType></ClaimType><ClaimType Id="phone"><DataType>string</DataType></ClaimType><ClaimType Id="next"><DataType>string</DataType></ClaimType></ClaimsSchema>` + germanToo + `</BuildingBlocks>`
	return e.own(blocks+`<ClaimsProviders><ClaimsProvider><DisplayName>t</DisplayName><TechnicalProfiles><TechnicalProfile Id="Directory-WritePassword"><Metadata><Item Key="Journeyman.NotifyOfChanges">`+
		tell+`</Item></Metadata><PersistedClaims>`+persisted+`</PersistedClaims></TechnicalProfile></TechnicalProfiles></ClaimsProvider></ClaimsProviders>`,
		relyingParty("PasswordReset", "", "trail"))
}

func TestAPolicyTellsTheOldAddress(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, tell, persisted, language string
		want, not                       []string
	}{
		{"the password", "true", "", "en", []string{"password"}, []string{"e-mail address", "confirm who you are"}},
		{"in German", "true", "", "de", []string{"Das Passwort Ihres Kontos wurde geändert."}, nil},
		{"a phone number", "true", `<PersistedClaim ClaimTypeReferenceId="phone" PartnerClaimType="strongAuthenticationPhoneNumber" DefaultValue="+351210000000" />`, "en",
			[]string{"password", "confirm who you are"}, []string{"351", "e-mail address"}},
		{"the address", "true", `<PersistedClaim ClaimTypeReferenceId="next" PartnerClaimType="signInNames.emailAddress" DefaultValue="mallory@example.com" />`, "en",
			[]string{"e-mail address"}, []string{"mallory"}},
		{"the same address", "true", `<PersistedClaim ClaimTypeReferenceId="next" PartnerClaimType="signInNames.emailAddress" DefaultValue="ADA@example.com" />`, "en",
			[]string{"password"}, []string{"e-mail address"}},
		{"nobody", "false", "", "en", nil, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			e := start(t, nil)
			policy := changing(e, c.tell, c.persisted)
			e.must(201, "POST", "v1.0/users", object{"displayName": "Ada", "passwordProfile": object{"password": password}, "identities": []object{{"signInType": "emailAddress", "issuer": tenant, "issuerAssignedId": "ada@example.com"}}})
			u := e.user()
			u.authorize(policy, map[string]string{"ui_locales": c.language})
			u.verify("email", "ada@example.com")
			u.pass(map[string]string{"email": "ada@example.com"})
			u.pass(map[string]string{"newPassword": "Another-word.2", "reenterPassword": "Another-word.2"})
			u.redeem(policy)
			got := e.notices("ada@example.com")
			if len(got) != min(len(c.want), 1) {
				t.Fatalf("%d notices: %v", len(got), got)
			}
			for _, m := range got {
				for _, text := range c.want {
					if !strings.Contains(m.Text, text) {
						t.Errorf("%q is missing: %s", text, m.Text)
					}
				}
				for _, text := range c.not {
					if strings.Contains(m.Text, text) {
						t.Errorf("%q is there: %s", text, m.Text)
					}
				}
			}
			if other := e.notices("mallory@example.com"); len(other) != 0 {
				t.Errorf("the new address got a notice: %v", other)
			}
		})
	}
}
