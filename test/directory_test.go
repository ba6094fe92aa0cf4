package test

import (
	"fmt"
	"strings"
	"testing"
)

const directoryHandler = `<Protocol Name="Proprietary" Handler="Web.TPEngine.Providers.AzureActiveDirectoryProvider, Web.TPEngine, Version=1.0.0.0, Culture=neutral, PublicKeyToken=null" />`

// directoryProfile is a directory profile with an operation.
func directoryProfile(id, operation, metadata, inputs, persisted, outputs string) string {
	wrap := func(name, inner string) string {
		if inner == "" {
			return ""
		}
		return "<" + name + ">" + inner + "</" + name + ">"
	}
	return `<TechnicalProfile Id="` + id + `"><DisplayName>d</DisplayName>` + directoryHandler + `<Metadata><Item Key="Operation">` + operation + `</Item>` + metadata + `</Metadata>` +
		wrap("InputClaims", inputs) + wrap("PersistedClaims", persisted) + wrap("OutputClaims", outputs) + `</TechnicalProfile>`
}

func persisted(claim, more string) string {
	return `<PersistedClaim ClaimTypeReferenceId="` + claim + `" ` + more + ` />`
}

func output(claim, more string) string {
	return `<OutputClaim ClaimTypeReferenceId="` + claim + `" ` + more + ` />`
}

// directoryJourney runs profiles one after the other, without pages, and puts out what
// is in the bag then.
func (e *env) directoryJourney(t *testing.T, profiles string, steps []string, outputs ...string) (map[string]any, string) {
	t.Helper()
	claims := ""
	for _, c := range []string{"loginName:string", "issuer:string", "key:string", "alt:string", "points:int", "level:string", "mails:stringCollection", "created:boolean", "found:string", "enabled:boolean", "pw:string", "gone:string", "when:dateTime"} {
		id, kind, _ := strings.Cut(c, ":")
		claims += `<ClaimType Id="` + id + `"><DataType>` + kind + `</DataType></ClaimType>`
	}
	set := `<TechnicalProfile Id="Set"><DisplayName>s</DisplayName>` + transformation + `<OutputClaims>` + output("loginName", `DefaultValue="Ada_1"`) + output("issuer", `DefaultValue="facebook.com"`) + output("key", `DefaultValue="fb-1"`) +
		output("points", `DefaultValue="7"`) + output("mails", `DefaultValue="ada@example.com"`) + output("displayName", `DefaultValue="Ada"`) + output("pw", `DefaultValue="Pass-word.1"`) + `</OutputClaims><OutputClaimsTransformations><OutputClaimsTransformation ReferenceId="Alt" /></OutputClaimsTransformations></TechnicalProfile>`
	null := `<TechnicalProfile Id="Forget"><DisplayName>n</DisplayName>` + transformation + `<OutputClaims>` + output("found", "") + `</OutputClaims><OutputClaimsTransformations><OutputClaimsTransformation ReferenceId="ForgetPoints" /><OutputClaimsTransformation ReferenceId="ForgetName" /><OutputClaimsTransformation ReferenceId="ForgetCreated" /></OutputClaimsTransformations></TechnicalProfile>`
	forget := func(id, claim string) string {
		return `<ClaimsTransformation Id="` + id + `" TransformationMethod="NullClaim"><OutputClaims>` + output(claim, `TransformationClaimType="claim_to_null"`) + `</OutputClaims></ClaimsTransformation>`
	}
	var journey strings.Builder
	for i, s := range append([]string{"Set"}, steps...) {
		journey.WriteString(step(i+1, s, ""))
	}
	extension := `<BuildingBlocks><ClaimsSchema>` + claims + `</ClaimsSchema><ClaimsTransformations>` +
		`<ClaimsTransformation Id="Alt" TransformationMethod="CreateAlternativeSecurityId"><InputClaims><InputClaim ClaimTypeReferenceId="key" TransformationClaimType="key" /><InputClaim ClaimTypeReferenceId="issuer" TransformationClaimType="identityProvider" /></InputClaims><OutputClaims>` + output("alt", `TransformationClaimType="alternativeSecurityId"`) + `</OutputClaims></ClaimsTransformation>` +
		forget("ForgetPoints", "points") + forget("ForgetName", "displayName") + forget("ForgetCreated", "created") + `</ClaimsTransformations></BuildingBlocks>` +
		`<ClaimsProviders><ClaimsProvider><DisplayName>t</DisplayName><TechnicalProfiles>` + set + null + profiles + `</TechnicalProfiles></ClaimsProvider></ClaimsProviders>` +
		`<UserJourneys><UserJourney Id="J"><OrchestrationSteps>` + journey.String() + fmt.Sprintf(`<OrchestrationStep Order="%d" `, len(steps)+2) + sendClaims + `</OrchestrationSteps></UserJourney></UserJourneys>`
	policy := e.own(extension, relyingParty("J", "", outputs...))
	u := e.user()
	u.authorize(policy, nil)
	if u.result().Get("error") != "" {
		return nil, u.result().Get("error_description")
	}
	_, payload := decode(t, u.redeem(policy).IDToken)
	return payload, ""
}

func TestDirectoryOperations(t *testing.T) {
	t.Parallel()
	directoryOperations(t, start(t, nil))
}

func directoryOperations(t *testing.T, e *env) {
	t.Helper()
	byID := `<InputClaim ClaimTypeReferenceId="objectId" Required="true" />`
	byName := `<InputClaim ClaimTypeReferenceId="loginName" PartnerClaimType="signInNames.userName" Required="true" />`
	byAlt := `<InputClaim ClaimTypeReferenceId="alt" PartnerClaimType="alternativeSecurityId" Required="true" />`
	everything := output("objectId", "") + output("displayName", "") + output("points", `PartnerClaimType="extension_points"`) + output("mails", `PartnerClaimType="otherMails"`) +
		output("found", `PartnerClaimType="signInNames.userName"`) + output("enabled", `PartnerClaimType="accountEnabled"`) + output("gone", `PartnerClaimType="jobTitle" DefaultValue="none"`)
	profiles := directoryProfile("Create", "Write", `<Item Key="RaiseErrorIfClaimsPrincipalAlreadyExists">true</Item>`, byName,
		persisted("loginName", `PartnerClaimType="signInNames.userName"`)+persisted("pw", `PartnerClaimType="password"`)+persisted("displayName", "")+persisted("points", `PartnerClaimType="extension_points"`)+persisted("mails", `PartnerClaimType="otherMails"`),
		output("objectId", "")+output("created", `PartnerClaimType="newClaimsPrincipalCreated"`)) +
		directoryProfile("Link", "Write", `<Item Key="RaiseErrorIfClaimsPrincipalDoesNotExist">true</Item>`, byID, persisted("objectId", "")+persisted("alt", `PartnerClaimType="alternativeSecurityId"`), "") +
		directoryProfile("ReadByAlt", "Read", `<Item Key="RaiseErrorIfClaimsPrincipalDoesNotExist">true</Item>`, byAlt, "", everything) +
		directoryProfile("DropClaims", "DeleteClaims", "", byID, persisted("objectId", "")+persisted("points", `PartnerClaimType="extension_points"`)+persisted("displayName", ""), "") +
		directoryProfile("ReadAgain", "Read", "", byID, "", everything) +
		directoryProfile("DropUser", "DeleteClaimsPrincipal", "", byID, "", "") +
		directoryProfile("MustBeThere", "Read", `<Item Key="RaiseErrorIfClaimsPrincipalDoesNotExist">true</Item>`, byID, "", everything)

	all := []string{"displayName", "points", "mails", "found", "enabled", "gone", "created"}
	// A step each: what it leaves behind is what the next reads.
	payload, failed := e.directoryJourney(t, profiles, []string{"Create", "Link", "Forget", "ReadByAlt"}, all...)
	got := fmt.Sprint(payload["name"], payload["points"], payload["mails"], payload["found"], payload["enabled"], payload["gone"], payload["created"])
	if failed != "" || got != "Ada7 [ada@example.com]Ada_1truenone<nil>" {
		t.Errorf("after creating: %s %s", got, failed)
	}
	id := fmt.Sprint(payload["sub"])
	if u, err := e.srv.Users.Store.GetUser(t.Context(), id); err != nil || u.Attribute("extension_"+e.srv.ExtensionsApp+"_points").Number() != 7 || len(u.Identities) != 2 || u.Password == "" {
		t.Errorf("stored: %+v %v", u, err)
	}
	if _, failed := e.directoryJourney(t, profiles, []string{"Create"}, all...); !strings.HasPrefix(failed, "AADB2C99001") {
		t.Errorf("creating again: %s", failed)
	}
	payload, failed = e.directoryJourney(t, profiles, []string{"ReadByAlt", "DropClaims", "Forget", "ReadAgain"}, all...)
	if got := fmt.Sprint(payload["name"], payload["points"], payload["mails"], payload["found"]); failed != "" || got != "<nil> <nil> [ada@example.com]Ada_1" {
		t.Errorf("after deleting claims: %s %s", got, failed)
	}
	// Not found without an error: no claims, and no defaults either.
	payload, failed = e.directoryJourney(t, profiles, []string{"ReadByAlt", "DropUser", "Forget", "ReadAgain"}, "created", "loginName")
	if failed != "" || payload["sub"] != id {
		t.Errorf("after deleting the user: %v %s", payload, failed)
	}
	if _, failed := e.directoryJourney(t, profiles, []string{"ReadByAlt"}, all...); !strings.HasPrefix(failed, "AADB2C90053") {
		t.Errorf("the deleted user: %s", failed)
	}
}

func TestTooManyWrongPasswordsEndTheJourney(t *testing.T) {
	t.Parallel()
	e, _ := signedUp(t, nil)
	u := e.user()
	u.authorize(signUpSignIn, nil)
	fields := map[string]string{"signInName": "emily@example.com", "password": "wrong"}
	for range 3 {
		if r := u.submit(fields); r.Status != "400" {
			t.Fatalf("%+v", r)
		}
	}
	u.submit(fields)
	u.confirm()
	if got := u.result(); got.Get("error") != "access_denied" || !strings.HasPrefix(got.Get("error_description"), "AADB2C90157") {
		t.Errorf("after too many: %v", got)
	}
}

func TestSignOutOfOtherApplications(t *testing.T) {
	t.Parallel()
	e, _ := signedUp(t, nil)
	if status, body := e.graph("admin-token", "PATCH", "v1.0/applications/"+e.web.ID, object{"web": object{"logoutUrl": "https://other.example/signout"}}); status != 204 {
		t.Fatalf("%d %v", status, body)
	}
	u := e.user()
	u.authorize(signUpSignIn, map[string]string{"client_id": e.web.AppID, "redirect_uri": webRedirect, "code_challenge": "", "code_challenge_method": "", "response_type": "id_token"})
	u.pass(map[string]string{"signInName": "emily@example.com", "password": password})
	hint := u.result().Get("id_token")
	if hint == "" {
		t.Fatal("no id token")
	}
	u.authorize(signUpSignIn, nil)
	u.redeem(signUpSignIn)
	u.get(e.srv.URL() + "/" + tenant + "/" + signUpSignIn + "/oauth2/v2.0/logout?post_logout_redirect_uri=" + spaRedirect + "&client_id=" + e.spa.AppID)
	if !strings.Contains(u.page, `<iframe src="https://other.example/signout"`) || !strings.Contains(u.page, spaRedirect) {
		t.Errorf("signed-out page:\n%s", u.page)
	}
	u.get(e.srv.URL() + "/" + tenant + "/" + signUpSignIn + "/oauth2/v2.0/logout?post_logout_redirect_uri=https://evil.example/")
	if !strings.Contains(u.page, "AADB2C90006") {
		t.Errorf("a foreign address:\n%s", excerpt(u.page))
	}
}

// Output claims transformations belong to what was read: after a read that found nobody and
// may, none runs, such as the starter pack's assertion that the account is enabled.
func TestAReadThatFindsNobodyTransformsNothing(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	byName := `<InputClaim ClaimTypeReferenceId="loginName" PartnerClaimType="signInNames.userName" Required="true" />`
	forgetting := func(profile string) string {
		return strings.Replace(profile, `</TechnicalProfile>`, `<OutputClaimsTransformations><OutputClaimsTransformation ReferenceId="ForgetName" /></OutputClaimsTransformations></TechnicalProfile>`, 1)
	}
	create := directoryProfile("Create", "Write", "", byName, persisted("loginName", `PartnerClaimType="signInNames.userName"`)+persisted("pw", `PartnerClaimType="password"`)+persisted("displayName", ""), output("objectId", ""))
	read := forgetting(directoryProfile("ReadIfThere", "Read", `<Item Key="RaiseErrorIfClaimsPrincipalDoesNotExist">false</Item>`, byName, "", output("found", `PartnerClaimType="signInNames.userName" DefaultValue="no"`)))
	payload, failed := e.directoryJourney(t, create+read, []string{"ReadIfThere"}, "displayName", "found")
	if failed != "" || payload["name"] != "Ada" || payload["found"] != nil {
		t.Errorf("nobody is there: %v %s", payload, failed)
	}
	payload, failed = e.directoryJourney(t, create+read, []string{"Create", "ReadIfThere"}, "displayName", "found")
	if failed != "" || payload["name"] != nil || payload["found"] != "Ada_1" {
		t.Errorf("somebody is there: %v %s", payload, failed)
	}
}
