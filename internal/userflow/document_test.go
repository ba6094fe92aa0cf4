package userflow_test

import (
	"slices"
	"strings"
	"testing"

	"journeyman.dev/internal/diag"
	"journeyman.dev/internal/kinds"
	"journeyman.dev/internal/lint"
	"journeyman.dev/internal/policy"
	"journeyman.dev/internal/userflow"
)

const connectorID = "9a1b2c3d-0000-4000-8000-00000000000f"

// contoso has an attribute of each type, Facebook, and a provider of its own.
func contoso(t *testing.T) *userflow.Tenant {
	t.Helper()
	tenant := &userflow.Tenant{Name: "contoso.onmicrosoft.com", ExtensionsApp: "app"}
	for name, kind := range map[string]userflow.AttributeType{"Level": userflow.Int64Attribute, "Member": userflow.BooleanAttribute, "Nickname": userflow.StringAttribute} {
		a, err := tenant.NewAttribute(name, name+" of the user", kind)
		if err != nil {
			t.Fatal(err)
		}
		tenant.Attributes = append(tenant.Attributes, a)
	}
	own := userflow.Provider{
		Type: userflow.TypeOpenIDConnect, DisplayName: "Our AD", ClientID: "client", MetadataURL: "https://login.example/.well-known/openid-configuration",
		ResponseType: "code", ResponseMode: "query", Scope: "openid profile", Claims: userflow.ClaimsMapping{UserID: "sub", Email: "mail"},
	}
	facebook := userflow.Provider{Type: "Facebook", DisplayName: "Facebook", ClientID: "fb"}
	own.Identify("1234")
	facebook.Identify("")
	tenant.Providers = []userflow.Provider{facebook, own}
	return tenant
}

const (
	facebook = "Facebook-OAUTH"
	ourAD    = "OIDC-V1-Our_AD-1234"
)

// made is the effective policy of a flow, which must lint clean.
func made(t *testing.T, f userflow.Flow, policyID string) *policy.Effective {
	t.Helper()
	tenant := contoso(t)
	if f.ID = "B2C_1_test"; policyID == "" {
		policyID = f.ID
	}
	if f.Providers == nil {
		f.Providers = []string{userflow.EmailProvider}
	}
	if err := f.Check(tenant); err != nil {
		t.Fatal(err)
	}
	source := userflow.Document(&f, tenant, policyID)
	for _, d := range lint.Check([]lint.File{{Path: policyID + ".xml", Source: source}}, kinds.Offline()) {
		if d.Severity != diag.Info {
			t.Errorf("%s", d)
		}
	}
	document, found := policy.Parse(policyID+".xml", source)
	if found.HasErrors() {
		t.Fatal(found)
	}
	e, _ := policy.Inherit([]*policy.Document{document})
	return e
}

// stepsOf are the steps of the flow's journey: what each runs or shows, in short.
func stepsOf(t *testing.T, e *policy.Effective) []string {
	t.Helper()
	j, ok := e.UserJourneys.Get("UserFlow")
	if !ok {
		t.Fatal("no journey")
	}
	var list []string
	for _, s := range j.Steps {
		text := s.Type.Value
		for _, x := range s.Exchanges {
			text += " " + x.TechnicalProfile.Value
		}
		for _, p := range s.Preconditions {
			text += " " + p.Type.Value[len("Claim"):] + "=" + p.ExecuteActionsIf.Value + ":" + p.Values[0].Value
		}
		list = append(list, text)
	}
	return list
}

// profileOf finds a technical profile.
func profileOf(t *testing.T, e *policy.Effective, id string) *policy.TechnicalProfile {
	t.Helper()
	tp, ok := e.TechnicalProfiles.Get(id)
	if !ok {
		t.Fatalf("no technical profile %s among %v", id, e.TechnicalProfiles.IDs())
	}
	return tp
}

// item is a metadata item; "" if there is none.
func item(tp *policy.TechnicalProfile, key string) string {
	i, _ := tp.Metadata.Get(key)
	return i.Value.Value
}

// names are the claims of a list, with their partner names after a colon.
func names(list []*policy.ClaimReference) []string {
	var out []string
	for _, c := range list {
		name := c.Claim.Value
		if c.Partner.Set() {
			name += ":" + c.Partner.Value
		}
		out = append(out, name)
	}
	return out
}

func differs(t *testing.T, of string, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s:\n %s, want\n %s", of, strings.Join(got, "\n "), strings.Join(want, "\n "))
	}
}

func TestEachKindOfFlowHasItsSteps(t *testing.T) {
	t.Parallel()
	const (
		combined = "CombinedSignInAndSignUp SelfAsserted-LocalAccountSignin"
		read     = "ClaimsExchange AAD-UserRead"
		send     = "SendClaims"
		known    = " sExist=true:objectId"
	)
	local, both := []string{userflow.EmailProvider}, []string{userflow.EmailProvider, facebook, ourAD}
	city := []userflow.Assignment{{Attribute: "City"}}
	reset := userflow.Settings{SelfServicePasswordReset: true}
	for _, c := range []struct {
		name string
		flow userflow.Flow
		want []string
	}{
		{"sign up or sign in", userflow.Flow{Kind: userflow.SignUpOrSignIn, Providers: local},
			[]string{combined, "ClaimsExchange SelfAsserted-LocalAccountSignUp" + known, read, send}},
		{"sign up or sign in, identity providers", userflow.Flow{Kind: userflow.SignUpOrSignIn, Providers: both}, []string{
			combined, "ClaimsExchange Facebook-OAUTH-Profile OIDC-V1-Our_AD-1234-Profile SelfAsserted-LocalAccountSignUp" + known,
			"ClaimsExchange AAD-UserReadFederatedAccount sExist=false:alternativeSecurityId", "ClaimsExchange AAD-UserWriteFederatedAccount" + known, read, send}},
		{"sign up or sign in, identity providers alone", userflow.Flow{Kind: userflow.SignUpOrSignIn, Providers: both[1:2]}, []string{
			"ClaimsProviderSelection", "ClaimsExchange Facebook-OAUTH-Profile" + known,
			"ClaimsExchange AAD-UserReadFederatedAccount sExist=false:alternativeSecurityId", "ClaimsExchange AAD-UserWriteFederatedAccount" + known, read, send}},
		{"sign up or sign in, attributes", userflow.Flow{Kind: userflow.SignUpOrSignIn, Providers: both[:2], Attributes: city}, []string{
			combined, "ClaimsExchange Facebook-OAUTH-Profile SelfAsserted-LocalAccountSignUp" + known,
			"ClaimsExchange AAD-UserReadFederatedAccount sExist=false:alternativeSecurityId", "ClaimsExchange SelfAsserted-Social" + known, read, send}},
		{"sign up or sign in, password reset", userflow.Flow{Kind: userflow.SignUpOrSignIn, Providers: local, Settings: reset}, []string{
			combined, "ClaimsExchange ForgotPassword SelfAsserted-LocalAccountSignUp" + known,
			"ClaimsExchange LocalAccountDiscovery sExist=false:isForgotPassword", "ClaimsExchange LocalAccountWritePassword sExist=false:isForgotPassword", read, send}},
		{"sign up", userflow.Flow{Kind: userflow.SignUp, Providers: local}, []string{"ClaimsExchange SelfAsserted-LocalAccountSignUp", read, send}},
		{"sign up, identity providers", userflow.Flow{Kind: userflow.SignUp, Providers: both[:2]}, []string{
			"ClaimsProviderSelection", "ClaimsExchange Facebook-OAUTH-Profile SelfAsserted-LocalAccountSignUp" + known,
			"ClaimsExchange AAD-UserReadFederatedAccount sExist=false:alternativeSecurityId", "ClaimsExchange AAD-UserWriteFederatedAccount" + known, read, send}},
		{"sign in", userflow.Flow{Kind: userflow.SignIn, Providers: local}, []string{combined, read, send}},
		{"sign in, identity providers", userflow.Flow{Kind: userflow.SignIn, Providers: both[:2]}, []string{
			combined, "ClaimsExchange Facebook-OAUTH-Profile" + known, "ClaimsExchange AAD-UserReadFederatedAccount sExist=false:alternativeSecurityId", read, send}},
		{"profile update", userflow.Flow{Kind: userflow.ProfileUpdate, Providers: local, Attributes: city},
			[]string{combined, read, "ClaimsExchange SelfAsserted-ProfileUpdate", send}},
		{"profile update of nothing", userflow.Flow{Kind: userflow.ProfileUpdate, Providers: local}, []string{combined, read, send}},
		{"password reset", userflow.Flow{Kind: userflow.PasswordReset, Providers: local},
			[]string{"ClaimsExchange LocalAccountDiscovery", "ClaimsExchange LocalAccountWritePassword", read, send}},
		{"password reset, user names", userflow.Flow{Kind: userflow.PasswordReset, Providers: []string{userflow.UsernameProvider}},
			[]string{"ClaimsExchange LocalAccountDiscovery", "ClaimsExchange LocalAccountVerification", "ClaimsExchange LocalAccountWritePassword", read, send}},
		{"resource owner", userflow.Flow{Kind: userflow.ResourceOwner, Providers: local},
			[]string{"ClaimsExchange ResourceOwnerPasswordCredentials-OAUTH2", read, send}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			differs(t, "steps", stepsOf(t, made(t, c.flow, "")), c.want)
		})
	}
}

func TestConnectorsAreCalledAtTheirSteps(t *testing.T) {
	t.Parallel()
	all := make(map[userflow.ConnectorStep]string)
	for _, s := range userflow.ConnectorSteps {
		all[s] = connectorID
	}
	e := made(t, userflow.Flow{
		Kind: userflow.SignUp, Providers: []string{userflow.EmailProvider, facebook}, Connectors: all,
		Attributes: []userflow.Assignment{{Attribute: "City"}, {Attribute: "email"}}, Settings: userflow.Settings{ApplicationClaims: []string{"City", "extension_Level"}, SkipConnectorOnSSO: true},
	}, "")
	const block = "ClaimsExchange BlockPage sExist=false:connectorAction Equals=false:connectorAction"
	differs(t, "steps", stepsOf(t, e), []string{
		"ClaimsProviderSelection", "ClaimsExchange Facebook-OAUTH-Profile SelfAsserted-LocalAccountSignUp sExist=true:objectId",
		"ClaimsExchange AAD-UserReadFederatedAccount sExist=false:alternativeSecurityId",
		"ClaimsExchange PostFederationSignupRestful sExist=true:objectId", block, "ClaimsExchange SelfAsserted-Social sExist=true:objectId", block,
		"ClaimsExchange AAD-UserRead", "ClaimsExchange PreTokenIssuanceRestful sExist=true:objectIdFromSession", "SendClaims",
	})
	for id, step := range map[string]string{"PostFederationSignupRestful": "PostFederationSignup", "PreUserWriteRestful": "PostAttributeCollection", "PreTokenIssuanceRestful": "PreTokenIssuance"} {
		tp := profileOf(t, e, id)
		if item(tp, "ConnectorId") != connectorID || item(tp, "Step") != step || tp.HandlerClass() != "ApiConnectorProvider" {
			t.Errorf("%s: %+v", id, tp.Metadata)
		}
		if sent := names(tp.InputClaims); !slices.Contains(sent, "extension_Level:extension_app_Level") || !slices.Contains(sent, "city:city") {
			t.Errorf("%s sends %v", id, sent)
		}
	}
	answer := []string{"connectorAction:action", "connectorMessage:userMessage"}
	differs(t, "after federation", names(profileOf(t, e, "PostFederationSignupRestful").OutputClaims), append([]string{"city:city", "email:email", "extension_Level:extension_Level"}, answer...))
	differs(t, "before the account is made", names(profileOf(t, e, "PreUserWriteRestful").OutputClaims), append([]string{"city:city", "extension_Level:extension_Level"}, answer...))
	differs(t, "before the token", names(profileOf(t, e, "PreTokenIssuanceRestful").OutputClaims), []string{"city:city", "extension_Level:extension_Level"})
	// The account isn't made if the connector blocks.
	page := profileOf(t, e, "SelfAsserted-LocalAccountSignUp")
	if len(page.Validations) != 2 || page.Validations[0].TechnicalProfile.Value != "PreUserWriteRestful" || page.Validations[1].Preconditions[0].Values[1].Value != "ShowBlockPage" {
		t.Errorf("%+v", page.Validations)
	}

	// Without attributes to ask for, the connector is called before the account is made.
	e = made(t, userflow.Flow{Kind: userflow.SignUp, Providers: []string{facebook}, Connectors: map[userflow.ConnectorStep]string{userflow.PostAttributeCollection: connectorID, userflow.PreTokenIssuance: connectorID}}, "")
	differs(t, "steps", stepsOf(t, e), []string{
		"ClaimsProviderSelection", "ClaimsExchange Facebook-OAUTH-Profile sExist=true:objectId", "ClaimsExchange AAD-UserReadFederatedAccount sExist=false:alternativeSecurityId",
		"ClaimsExchange PreUserWriteRestful sExist=true:objectId", block, "ClaimsExchange AAD-UserWriteFederatedAccount sExist=true:objectId", block,
		"ClaimsExchange AAD-UserRead", "ClaimsExchange PreTokenIssuanceRestful", "SendClaims",
	})
}

func TestSettingsReachTheTokenIssuerAndTheSession(t *testing.T) {
	t.Parallel()
	e := made(t, userflow.Flow{Kind: userflow.SignIn}, "")
	issuer := profileOf(t, e, "JwtIssuer")
	for key, want := range map[string]string{
		"token_lifetime_secs": "3600", "id_token_lifetime_secs": "3600", "refresh_token_lifetime_secs": "1209600", "rolling_refresh_token_lifetime_secs": "7776000",
		"allow_infinite_rolling_refresh_token": "", "IssuanceClaimPattern": "", "AuthenticationContextReferenceClaimPattern": "None",
	} {
		if item(issuer, key) != want {
			t.Errorf("default %s is %q, want %q", key, item(issuer, key), want)
		}
	}
	b := e.RelyingParty.Behaviors
	if b.SingleSignOn.Scope.Value != "Tenant" || b.SingleSignOn.KeepAliveInDays.Set() || b.SingleSignOn.EnforceIDTokenHintOnLogout.Set() || b.SessionExpiryType.Value != "Rolling" || b.SessionExpiryInSeconds.Value != "86400" || b.ScriptExecution.Set() {
		t.Errorf("default %+v", b)
	}
	differs(t, "default claims", names(e.RelyingParty.TechnicalProfiles[0].OutputClaims), []string{"emails:emails", "objectId:oid", "objectId:sub", "trustFrameworkPolicy:tfp"})

	e = made(t, userflow.Flow{Kind: userflow.SignIn, Providers: []string{userflow.EmailProvider, facebook}, Settings: userflow.Settings{
		ApplicationClaims:  []string{"DisplayName", "extension_app_Nickname", "newUser", "identityProvider", "identityProviderAccessToken"},
		AccessTokenMinutes: 5, RefreshTokenDays: 90, RefreshNoExpiry: true, IssuerWithPolicy: true, NoSubject: true, PolicyInACR: true, SessionMinutes: 15, SessionAbsolute: true,
		SingleSignOn: "Application", RequireIDTokenInLogout: true, KeepSignedInDays: 30, JavaScript: true,
	}}, "")
	issuer = profileOf(t, e, "JwtIssuer")
	for key, want := range map[string]string{
		"token_lifetime_secs": "300", "refresh_token_lifetime_secs": "7776000", "rolling_refresh_token_lifetime_secs": "",
		"allow_infinite_rolling_refresh_token": "true", "IssuanceClaimPattern": "AuthorityWithTfp", "AuthenticationContextReferenceClaimPattern": "",
	} {
		if item(issuer, key) != want {
			t.Errorf("%s is %q, want %q", key, item(issuer, key), want)
		}
	}
	b = e.RelyingParty.Behaviors
	if b.SingleSignOn.Scope.Value != "Application" || b.SingleSignOn.KeepAliveInDays.Value != "30" || b.SingleSignOn.EnforceIDTokenHintOnLogout.Value != "true" || b.SessionExpiryType.Value != "Absolute" || b.SessionExpiryInSeconds.Value != "900" || b.ScriptExecution.Value != "Allow" {
		t.Errorf("%+v", b)
	}
	outputs := e.RelyingParty.TechnicalProfiles[0].OutputClaims
	// Nobody signs up in this flow, so that it knows of no new user.
	differs(t, "claims", names(outputs), []string{"displayName:name", "extension_Nickname:extension_Nickname", "identityProvider:idp", "identityProviderAccessToken:idp_access_token", "sub"})
	if last := outputs[len(outputs)-1]; last.DefaultValue.Value != "Not supported currently. Use oid claim." {
		t.Errorf("sub is %q", last.DefaultValue.Value)
	}
	if page := profileOf(t, e, "SelfAsserted-LocalAccountSignin"); item(page, "setting.enableRememberMe") != "true" || item(page, "setting.showSignupLink") != "false" {
		t.Errorf("%+v", page.Metadata)
	}
	for setting, want := range map[string]string{"": "Tenant", "tenant": "Tenant", "POLICY": "Policy", "disabled": "Suppressed", "suppressed": "Suppressed"} {
		e := made(t, userflow.Flow{Kind: userflow.SignIn, Settings: userflow.Settings{SingleSignOn: setting}}, "")
		if got := e.RelyingParty.Behaviors.SingleSignOn.Scope.Value; got != want {
			t.Errorf("%q: %s, want %s", setting, got, want)
		}
	}
}

func TestThePasswordRuleBecomesPredicates(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		rule userflow.PasswordRule
		want []string // predicates: id and parameters
	}{
		{"the default", userflow.PasswordRule{}, []string{"LengthRange 8 64", "Lowercase a-z", "Uppercase A-Z", "Number 0-9", "Symbol [^A-Za-z0-9]"}},
		{"simple", userflow.PasswordRule{Kind: userflow.PasswordSimple}, []string{"LengthRange 8 64"}},
		{"strong", userflow.PasswordRule{Kind: userflow.PasswordStrong}, []string{"LengthRange 8 64", "Lowercase a-z", "Uppercase A-Z", "Number 0-9", "Symbol [^A-Za-z0-9]"}},
		{"digits", userflow.PasswordRule{Kind: userflow.PasswordCustom, MinLength: 4, MaxLength: 6, DigitsOnly: true}, []string{"LengthRange 4 6", "DigitsOnly ^[0-9]*$"}},
		{"custom", userflow.PasswordRule{Kind: userflow.PasswordCustom, Classes: 2}, []string{"LengthRange 8 64", "Lowercase a-z", "Uppercase A-Z", "Number 0-9", "Symbol [^A-Za-z0-9]"}},
	} {
		e := made(t, userflow.Flow{Kind: userflow.SignUp, Settings: userflow.Settings{Password: c.rule}}, "")
		var got []string
		for _, p := range e.Predicates.All() {
			text := p.ID.Value
			for _, parameter := range p.Parameters {
				text += " " + parameter.Value.Value
			}
			got = append(got, text)
		}
		differs(t, c.name, got, c.want)
		if validation, ok := e.PredicateValidations.Get("PasswordComplexity"); !ok || len(validation.Groups) != 1+min(1, len(c.want)-1) {
			t.Errorf("%s: %+v", c.name, validation)
		}
	}
	e := made(t, userflow.Flow{Kind: userflow.SignUp, Settings: userflow.Settings{Password: userflow.PasswordRule{Kind: userflow.PasswordCustom, Classes: 4}}}, "")
	if v, _ := e.PredicateValidations.Get("PasswordComplexity"); v.Groups[1].MatchAtLeast.Value != "4" {
		t.Errorf("%+v", v.Groups[1])
	}
}

func TestAttributesAreAskedForAsTheFlowSays(t *testing.T) {
	t.Parallel()
	e := made(t, userflow.Flow{Kind: userflow.SignUp, Providers: []string{userflow.EmailProvider, facebook}, Attributes: []userflow.Assignment{
		{Attribute: "email", DisplayName: "Your address"}, {Attribute: "DisplayName"}, {Attribute: "extension_app_Level"}, {Attribute: "extension_Member", Optional: true},
		{Attribute: "City", DisplayName: "Town", Input: userflow.DropdownSingleSelect, Values: []userflow.Value{{Name: "Here", Value: "h", Default: true}, {Name: "There", Value: "t"}}},
	}}, "")
	page := profileOf(t, e, "SelfAsserted-LocalAccountSignUp")
	differs(t, "page", names(page.DisplayClaims), []string{"email", "newPassword", "reenterPassword", "displayName", "extension_Level", "extension_Member", "city"})
	for _, c := range page.DisplayClaims {
		if (c.Required.Value == "true") == (c.Claim.Value == "extension_Member") {
			t.Errorf("%s: required %q", c.Claim.Value, c.Required.Value)
		}
	}
	differs(t, "page of identity providers", names(profileOf(t, e, "SelfAsserted-Social").DisplayClaims), []string{"email", "displayName", "extension_Level", "extension_Member", "city"})
	kept := names(profileOf(t, e, "AAD-UserWriteLocalAccount").PersistedClaims)
	differs(t, "account", kept, []string{"email:signInNames.emailAddress", "newPassword:password", "passwordPolicies", "displayName", "extension_Level", "extension_Member", "city"})

	claim := func(id string) *policy.ClaimType {
		c, ok := e.ClaimTypes.Get(id)
		if !ok {
			t.Fatalf("no claim type %s", id)
		}
		return c
	}
	if c := claim("email"); c.DisplayName.Value != "Your address" {
		t.Errorf("%+v", c)
	}
	if c := claim("city"); c.DisplayName.Value != "Town" || c.UserInputType.Value != "DropdownSingleSelect" || len(c.Restriction.Enumerations) != 2 || c.Restriction.Enumerations[0].SelectByDefault.Value != "true" {
		t.Errorf("%+v", c)
	}
	if c := claim("extension_Member"); c.DataType.Value != "boolean" || c.UserInputType.Value != "RadioSingleSelect" || c.Restriction.Enumerations[1].Value.Value != "false" {
		t.Errorf("%+v", c)
	}
	if c := claim("extension_Level"); c.DataType.Value != "int" || c.Restriction.Pattern.RegularExpression.Value != "^-?[0-9]{1,10}$" {
		t.Errorf("%+v", c)
	}
	if c := claim("displayName"); c.Restriction.Pattern.RegularExpression.Value != "^[^<>]{0,256}$" || c.DefaultPartnerClaimTypes[0].Name.Value != "name" {
		t.Errorf("%+v", c)
	}
	if c := claim("extension_Nickname"); c.Restriction.Pattern.RegularExpression.Value != `^[\s\S]{0,250}$` || c.UserHelpText.Value != "Nickname of the user" {
		t.Errorf("%+v", c)
	}

	// An address is verified, unless the flow asks for it and says that it isn't.
	for _, c := range []struct {
		attributes []userflow.Assignment
		want       string
	}{{nil, "email:Verified.Email"}, {[]userflow.Assignment{{Attribute: "Email", Verify: true}}, "email:Verified.Email"}} {
		e := made(t, userflow.Flow{Kind: userflow.SignUp, Attributes: c.attributes}, "")
		if got := names(profileOf(t, e, "SelfAsserted-LocalAccountSignUp").DisplayClaims); got[0] != c.want {
			t.Errorf("%v, want %s", got, c.want)
		}
	}
}

func TestUserNamesChangeWhatAccountsAreKnownBy(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		providers         []string
		mode, label, find string
		persisted         []string
	}{
		{[]string{userflow.EmailProvider}, "Email", "Email Address", "email:signInNames.emailAddress", []string{"email:signInNames.emailAddress", "newPassword:password", "passwordPolicies"}},
		{[]string{userflow.UsernameProvider}, "Username", "User Name", "signInName:signInNames",
			[]string{"signInNames.userName", "email:strongAuthenticationEmailAddress", "otherMails", "newPassword:password", "passwordPolicies"}},
		{[]string{userflow.EmailProvider, userflow.UsernameProvider}, "Username", "Email Address or User Name", "signInName:signInNames",
			[]string{"email:signInNames.emailAddress", "signInNames.userName", "email:strongAuthenticationEmailAddress", "newPassword:password", "passwordPolicies"}},
	} {
		e := made(t, userflow.Flow{Kind: userflow.SignUpOrSignIn, Providers: c.providers, Settings: userflow.Settings{SelfServicePasswordReset: true, RefuseKnownPasswords: true, NotifyOfChanges: true}}, "")
		if got := item(profileOf(t, e, "SelfAsserted-LocalAccountSignin"), "setting.operatingMode"); got != c.mode {
			t.Errorf("mode %s, want %s", got, c.mode)
		}
		if label, _ := e.ClaimTypes.Get("signInName"); label.DisplayName.Value != c.label {
			t.Errorf("label %s, want %s", label.DisplayName.Value, c.label)
		}
		differs(t, c.label, names(profileOf(t, e, "AAD-UserWriteLocalAccount").PersistedClaims), c.persisted)
		differs(t, c.label, names(profileOf(t, e, "AAD-UserFind").InputClaims), []string{c.find})
		for _, id := range []string{"AAD-UserWriteLocalAccount", "AAD-UserWritePassword"} {
			tp := profileOf(t, e, id)
			if item(tp, "Journeyman.RefuseKnownPasswords") != "true" || item(tp, "Journeyman.NotifyOfChanges") != "true" || tp.HandlerClass() != "AzureActiveDirectoryProvider" {
				t.Errorf("%s: %+v", id, tp.Metadata)
			}
		}
	}
	e := made(t, userflow.Flow{Kind: userflow.SignUp}, "")
	if tp := profileOf(t, e, "AAD-UserWriteLocalAccount"); item(tp, "Journeyman.RefuseKnownPasswords") != "false" || item(tp, "Journeyman.NotifyOfChanges") != "" {
		t.Errorf("%+v", tp.Metadata)
	}
}

func TestIdentityProvidersBecomeTechnicalProfiles(t *testing.T) {
	t.Parallel()
	flow := userflow.Flow{Kind: userflow.SignUpOrSignIn, Providers: []string{facebook, ourAD}, Settings: userflow.Settings{ApplicationClaims: []string{"identityProviderAccessToken"}}}
	e := made(t, flow, "")
	fb := profileOf(t, e, "Facebook-OAUTH-Profile")
	differs(t, "Facebook", names(fb.OutputClaims), []string{
		"issuerUserId:id", "displayName:name", "givenName:first_name", "surname:last_name", "email:email", "identityProvider", "identityProviderAccessToken:{oauth2:access_token}"})
	if item(fb, "client_id") != "fb" || fb.Protocol.Name.Value != "OAuth2" || fb.Domain.Value != "facebook.com" || fb.Keys[0].Storage.Value != "journeyman:IdentityProvider_Facebook_OAUTH" {
		t.Errorf("%+v", fb)
	}
	own := profileOf(t, e, ourAD+"-Profile")
	differs(t, "our own", names(own.OutputClaims), []string{"issuerUserId:sub", "email:mail", "identityProvider"})
	if item(own, "METADATA") != "https://login.example/.well-known/openid-configuration" || item(own, "response_mode") != "query" || own.Protocol.Name.Value != "OpenIdConnect" || own.Domain.Value != "login.example" {
		t.Errorf("%+v", own)
	}
	if got := item(profileOf(t, e, "AAD-UserReadFederatedAccount"), "RaiseErrorIfClaimsPrincipalDoesNotExist"); got != "false" {
		t.Errorf("signing up raises %q", got)
	}
	// An exported flow names policy keys, as our own can't be uploaded.
	exported := profileOf(t, made(t, flow, "B2C_1A_exported"), "Facebook-OAUTH-Profile")
	if exported.Keys[0].Storage.Value != "B2C_1A_Facebook_OAUTH_Secret" {
		t.Errorf("%+v", exported.Keys)
	}
	flow = userflow.Flow{Kind: userflow.SignIn, Providers: []string{facebook}}
	if got := item(profileOf(t, made(t, flow, ""), "AAD-UserReadFederatedAccount"), "RaiseErrorIfClaimsPrincipalDoesNotExist"); got != "true" {
		t.Errorf("signing in raises %q", got)
	}
}

func TestPagesAndTextsAreTheAdministrators(t *testing.T) {
	t.Parallel()
	city, empty := "city", ""
	texts := userflow.Texts{
		LocalizedStrings: []userflow.LocalizedString{
			{ElementType: "ClaimType", ElementID: &city, StringID: "DisplayName", Override: true, Value: "Ort"},
			{ElementType: "UxElement", ElementID: &empty, StringID: "button_continue", Override: true, Value: "Los"},
			{ElementType: "UxElement", StringID: "button_cancel", Override: false, Value: "not this"},
		},
		LocalizedCollections: []userflow.LocalizedCollection{
			{ElementType: "ClaimType", ElementID: "city", Override: true, Items: []userflow.LocalizedItem{{Name: "Hier", Value: "h"}}},
			{ElementType: "ClaimType", ElementID: "state", Override: false, Items: []userflow.LocalizedItem{{Name: "x", Value: "x"}}},
		},
	}
	flow := userflow.Flow{
		Kind: userflow.SignUp, DefaultLanguage: "de", LanguageCustomization: true, Attributes: []userflow.Assignment{{Attribute: "City"}},
		Languages: []userflow.Language{{Tag: "de", Enabled: true, Overrides: map[string]userflow.Texts{"localaccountsignup": texts}}, {Tag: "fr", Enabled: true}, {Tag: "it"}},
		Settings:  userflow.Settings{Pages: map[string]userflow.Page{"localaccountsignup": {URI: "https://pages.example/{Culture:RFC5646}/up.html", Version: "2.1.0"}}},
	}
	e := made(t, flow, "")
	content, ok := e.ContentDefinitions.Get("api.localaccountsignup")
	if !ok || content.LoadURI.Value != "https://pages.example/{Culture:RFC5646}/up.html" || !strings.HasSuffix(content.DataURI.Value, ":selfasserted:2.1.0") || len(content.LocalizedReferences.References) != 2 {
		t.Errorf("%+v", content)
	}
	if other, _ := e.ContentDefinitions.Get("api.error"); other.LoadURI.Value != "~/tenant/templates/AzureBlue/exception.cshtml" || !strings.HasSuffix(other.DataURI.Value, ":globalexception:1.2.1") {
		t.Errorf("%+v", other)
	}
	var languages []string
	for _, l := range e.SupportedLanguages.Languages {
		languages = append(languages, l.Value)
	}
	differs(t, "languages", languages, []string{"de", "fr"})
	resources, _ := e.LocalizedResources.Get("api.localaccountsignup.de")
	got := make(map[string]string)
	for _, s := range resources.Strings {
		got[s.ElementType.Value+" "+s.ElementID.Value+" "+s.StringID.Value] = s.Value.Value
	}
	if got["ClaimType city DisplayName"] != "Ort" || got["UxElement  button_continue"] != "Los" || got["UxElement  button_cancel"] == "not this" {
		t.Errorf("%v", got)
	}
	if len(resources.Collections) != 1 || resources.Collections[0].TargetCollection.Value != "Restriction" || resources.Collections[0].Items[0].Text.Value != "Hier" {
		t.Errorf("%+v", resources.Collections)
	}
	// Without language customization there is the default alone.
	flow.LanguageCustomization, flow.DefaultLanguage = false, ""
	if e := made(t, flow, ""); len(e.SupportedLanguages.Languages) != 1 || e.SupportedLanguages.DefaultLanguage.Value != "en" {
		t.Errorf("%+v", e.SupportedLanguages)
	}
	reset := made(t, userflow.Flow{Kind: userflow.SignIn, Settings: userflow.Settings{SelfServicePasswordReset: true}}, "")
	if content, _ := reset.ContentDefinitions.Get("api.signuporsignin"); len(content.Metadata) != 1 || content.Metadata[0].Value.Value != "ForgotPasswordExchange" {
		t.Errorf("%+v", content)
	}
}
