package test

import (
	"context"
	"crypto/sha1"
	"encoding/hex"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"

	"journeyman.dev/internal/server"
	"journeyman.dev/internal/userflow"
)

// Passwords that are common or were stolen (issue: what enterprises ask for).

const common = "Password1" // meets every rule of complexity

// ranges is a folder of breached passwords.
func ranges(t *testing.T, passwords ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, p := range passwords {
		sum := sha1.Sum([]byte(p))
		digits := strings.ToUpper(hex.EncodeToString(sum[:]))
		if err := os.WriteFile(filepath.Join(dir, digits[:5]+".txt"), []byte(digits[5:]+":7\r\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestAUserFlowRefusesKnownPasswords(t *testing.T) {
	t.Parallel()
	const stolen = "Blue-Giraffe.77"
	e := start(t, func(c *server.Config) { c.BreachedPasswords = ranges(t, stolen) })
	flow := e.flow("known", "signUpOrSignIn")
	e.settings(flow, object{"selfServicePasswordReset": true})
	got := e.must(200, "GET", flows+"/"+flow+"/settings", nil)
	if got["passwordProtection"].(map[string]any)["refuseKnownPasswords"] != true || got["notifications"].(map[string]any)["accountChanges"] != true {
		t.Errorf("a new flow's settings: %v", got)
	}
	u := e.user()
	u.openSignUp(flow, "ada@example.com")
	for _, p := range []string{common, "pASSWORD1", stolen} {
		if r := u.submit(map[string]string{"email": "ada@example.com", "newPassword": p, "reenterPassword": p}); r.Status == "200" || !strings.Contains(r.Message, "too easy to guess") {
			t.Errorf("%s: %+v", p, r)
		}
	}
	u.pass(map[string]string{"email": "ada@example.com", "newPassword": password, "reenterPassword": password})
	u.claims(flow)

	e.settings(flow, object{"passwordProtection": object{"refuseKnownPasswords": false}})
	if got := e.must(200, "GET", flows+"/"+flow+"/settings", nil); got["passwordProtection"].(map[string]any)["refuseKnownPasswords"] != false || got["selfServicePasswordReset"] != true {
		t.Errorf("switched off: %v", got)
	}
	u = e.user()
	u.openSignUp(flow, "eve@example.com")
	u.pass(map[string]string{"email": "eve@example.com", "newPassword": common, "reenterPassword": common})
	u.claims(flow)
}

// A flow that was stored before there was the setting goes on as it was, whatever the
// operator chose for policies.
func TestAnOlderUserFlowKeepsItsPasswords(t *testing.T) {
	t.Parallel()
	e := start(t, func(c *server.Config) { c.RefuseKnownPasswords = true })
	flow := e.flow("older", "signUpOrSignIn")
	if err := e.srv.Flows.Change(context.Background(), func(tenant *userflow.Tenant) error {
		f, err := tenant.Flow(flow)
		if err == nil {
			f.Settings = userflow.Settings{}
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	e.user().register(flow, "ada@example.com", map[string]string{"newPassword": common, "reenterPassword": common})
}

const germanToo = `<Localization Enabled="true"><SupportedLanguages DefaultLanguage="en" MergeBehavior="Append"><SupportedLanguage>de</SupportedLanguage></SupportedLanguages></Localization>`

func TestACustomPolicyRefusesKnownPasswords(t *testing.T) {
	t.Parallel()
	signUp := func(e *env, policy, language string) reply {
		u := e.user()
		u.authorize(policy, map[string]string{"ui_locales": language})
		u.navigate("/api/CombinedSigninAndSignup/unified?local=signup")
		u.verify("email", "ada@example.com")
		return u.submit(map[string]string{"email": "ada@example.com", "newPassword": common, "reenterPassword": common, "displayName": "Ada"})
	}
	metadata := func(value, message string) string {
		return `<ClaimsProviders><ClaimsProvider><DisplayName>t</DisplayName><TechnicalProfiles><TechnicalProfile Id="Directory-Create"><Metadata><Item Key="Journeyman.RefuseKnownPasswords">` +
			value + `</Item>` + message + `</Metadata></TechnicalProfile></TechnicalProfiles></ClaimsProvider></ClaimsProviders>`
	}
	for _, c := range []struct {
		name, metadata, language, want string
		operator                       bool
	}{
		{"as B2C does", "", "en", "", false},
		{"by the operator", "", "en", "too easy to guess", true},
		{"by the profile", metadata("true", ""), "de", "zu leicht zu erraten", false},
		{"not by the profile", metadata("false", ""), "en", "", true},
		{"in the policy's words", metadata("true", `<Item Key="UserMessageIfPasswordIsKnown">Not this one.</Item>`), "en", "Not this one.", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			e := start(t, func(config *server.Config) { config.RefuseKnownPasswords = c.operator })
			blocks, _ := trailBlocks("A")
			blocks = strings.Replace(blocks, "</BuildingBlocks>", germanToo+"</BuildingBlocks>", 1)
			policy := e.own(blocks+c.metadata, relyingParty("SignUpOrSignIn", "", "trail"))
			r := signUp(e, policy, c.language)
			if c.want == "" && r.Status != "200" || c.want != "" && (r.Status == "200" || !strings.Contains(r.Message, c.want)) {
				t.Errorf("got %+v, want %q", r, c.want)
			}
		})
	}
}

// Administrators set what they like, unless the operator holds them to it.
func TestAdministratorsAndKnownPasswords(t *testing.T) {
	t.Parallel()
	user := func(p string) object {
		return object{"displayName": "Ada", "passwordProfile": object{"password": p}, "identities": []object{{"signInType": "emailAddress", "issuer": tenant, "issuerAssignedId": uuid.NewString() + "@example.com"}}}
	}
	e := start(t, nil)
	e.must(201, "POST", "v1.0/users", user(common))
	e = start(t, func(c *server.Config) { c.RefuseKnownPasswords = true })
	status, body := e.graph(admin, "POST", "v1.0/users", user(common))
	if message := body["error"].(map[string]any)["message"].(string); status != http.StatusBadRequest || !strings.HasPrefix(message, "The specified password does not comply with password complexity requirements.") {
		t.Errorf("create: %d %v", status, body)
	}
	made := e.must(201, "POST", "v1.0/users", user(password))
	if status, body := e.graph(admin, "PATCH", "v1.0/users/"+made["id"].(string), object{"passwordProfile": object{"password": common}}); status != http.StatusBadRequest {
		t.Errorf("update: %d %v", status, body)
	}
}
