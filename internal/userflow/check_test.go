package userflow_test

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"journeyman.dev/internal/userflow"
)

func TestWhatAFlowHasWrongIsReportedInWords(t *testing.T) {
	t.Parallel()
	email := []string{userflow.EmailProvider}
	for _, c := range []struct {
		name string
		flow userflow.Flow
		want string // "": it is good
	}{
		{"good", userflow.Flow{Kind: userflow.SignIn, Providers: email}, ""},
		{"no kind", userflow.Flow{Kind: "dance"}, "userFlowType must be one of"},
		{"no language", userflow.Flow{Kind: userflow.SignIn, Providers: email, DefaultLanguage: "german!"}, `defaultLanguageTag "german!" is no language tag`},
		{"unknown provider", userflow.Flow{Kind: userflow.SignIn, Providers: []string{"MySpace"}}, `the tenant has no identity provider "MySpace"`},
		{"no provider", userflow.Flow{Kind: userflow.SignIn}, "a user flow needs at least one identity provider"},
		{"federated reset", userflow.Flow{Kind: userflow.PasswordReset, Providers: []string{facebook}}, "a user flow of the type passwordReset has local accounts only"},
		{"no account to reset", userflow.Flow{Kind: userflow.SignIn, Providers: []string{facebook}, Settings: userflow.Settings{SelfServicePasswordReset: true}}, "selfServicePasswordReset needs local accounts"},
		{"a step that isn't there", userflow.Flow{Kind: userflow.ProfileUpdate, Providers: email, Connectors: map[userflow.ConnectorStep]string{userflow.PreTokenIssuance: "x"}}, "a user flow of the type profileUpdate has no step preTokenIssuance"},
		{"unknown attribute", userflow.Flow{Kind: userflow.SignUp, Providers: email, Attributes: []userflow.Assignment{{Attribute: "Shoe"}}}, `the tenant has no user attribute "Shoe"`},
		{"an attribute twice", userflow.Flow{Kind: userflow.SignUp, Providers: email, Attributes: []userflow.Assignment{{Attribute: "City"}, {Attribute: "city"}}}, `the user attribute "City" is there twice`},
		{"verified city", userflow.Flow{Kind: userflow.SignUp, Providers: email, Attributes: []userflow.Assignment{{Attribute: "City", Verify: true}}}, `only an e-mail address can be verified, not "City"`},
		{"nothing to choose", userflow.Flow{Kind: userflow.SignUp, Providers: email, Attributes: []userflow.Assignment{{Attribute: "City", Input: userflow.RadioSingleSelect}}}, "userAttributeValues are needed"},
		{"values of a text", userflow.Flow{Kind: userflow.SignUp, Providers: email, Attributes: []userflow.Assignment{{Attribute: "City", Input: userflow.TextBox, Values: []userflow.Value{{}}}}}, "userAttributeValues go with a select input only"},
		{"several numbers", userflow.Flow{Kind: userflow.SignUp, Providers: email, Attributes: []userflow.Assignment{{Attribute: "extension_Level", Input: userflow.CheckboxMultiSelect, Values: []userflow.Value{{}}}}}, "several values can't be one number"},
		{"bad language", userflow.Flow{Kind: userflow.SignUp, Providers: email, Languages: []userflow.Language{{Tag: "x"}}}, `"x" is no language tag`},
		{"texts of a page that isn't there", userflow.Flow{Kind: userflow.SignIn, Providers: email, Languages: []userflow.Language{{Tag: "de", Overrides: map[string]userflow.Texts{"blockpage": {}}}}}, `a user flow of the type signIn has no page "blockpage"`},
	} {
		checked(t, c.name, c.flow.Check(contoso(t)), c.want)
	}
}

func TestWhatSettingsHaveWrongIsReportedInWords(t *testing.T) {
	t.Parallel()
	rule := func(p userflow.PasswordRule) userflow.Settings {
		p.Kind = userflow.PasswordCustom
		return userflow.Settings{Password: p}
	}
	for _, c := range []struct {
		name     string
		kind     userflow.Kind
		settings userflow.Settings
		want     string
	}{
		{"all good", userflow.SignUpOrSignIn, userflow.Settings{ApplicationClaims: contoso(t).ClaimIDs(), AccessTokenMinutes: 1440, KeepSignedInDays: 90, SessionMinutes: 15}, ""},
		{"the address is no claim", userflow.SignIn, userflow.Settings{ApplicationClaims: []string{"Email"}}, `"Email" can't be an application claim`},
		{"short access", userflow.SignIn, userflow.Settings{AccessTokenMinutes: 4}, "tokenLifetimes.accessAndIdTokenMinutes must be between 5 and 1440"},
		{"long refresh", userflow.SignIn, userflow.Settings{RefreshTokenDays: 91}, "tokenLifetimes.refreshTokenDays must be between 1 and 90"},
		{"short window", userflow.SignIn, userflow.Settings{RefreshTokenDays: 20, RefreshWindowDays: 19}, "tokenLifetimes.refreshTokenSlidingWindowDays must not be less than refreshTokenDays"},
		{"no window", userflow.SignIn, userflow.Settings{RefreshTokenDays: 20, RefreshWindowDays: 19, RefreshNoExpiry: true}, ""},
		{"short session", userflow.SignIn, userflow.Settings{SessionMinutes: 14}, "session.lifetimeMinutes must be between 15 and 1440"},
		{"signed in by signing up", userflow.SignUp, userflow.Settings{KeepSignedInDays: 1}, "a user flow of the type signUp has no keep me signed in"},
		{"reset while signing up", userflow.SignUp, userflow.Settings{SelfServicePasswordReset: true}, "a user flow of the type signUp has no self-service password reset"},
		{"unknown page", userflow.SignIn, userflow.Settings{Pages: map[string]userflow.Page{"x": {}}}, `a user flow of the type signIn has no page "x"`},
		{"page over http", userflow.SignIn, userflow.Settings{Pages: map[string]userflow.Page{"error": {URI: "http://a.example"}}}, "pages.error.uri must be an absolute https URL"},
		{"page at any host", userflow.SignIn, userflow.Settings{Pages: map[string]userflow.Page{"error": {URI: "https://{Claim:host}/a"}}}, "pages.error.uri must be an absolute https URL"},
		{"page of no version", userflow.SignIn, userflow.Settings{Pages: map[string]userflow.Page{"error": {Version: "2"}}}, "pages.error.layoutVersion must be like 2.1.7"},
		{"short password", userflow.SignIn, rule(userflow.PasswordRule{MinLength: 3}), "passwordComplexity.minimumLength must be between 4 and 256"},
		{"no password", userflow.SignIn, rule(userflow.PasswordRule{MinLength: 9, MaxLength: 8}), "passwordComplexity.maximumLength must be between"},
		{"one class", userflow.SignIn, rule(userflow.PasswordRule{Classes: 1}), "passwordComplexity.characterClasses must be 2, 3 or 4"},
		{"classes of digits", userflow.SignIn, rule(userflow.PasswordRule{Classes: 2, DigitsOnly: true}), "passwordComplexity.characterClasses don't go with digits only"},
	} {
		f := userflow.Flow{Kind: c.kind, Providers: []string{userflow.EmailProvider}, Settings: c.settings}
		checked(t, c.name, f.Check(contoso(t)), c.want)
	}
}

func TestWhatAProviderHasWrongIsReportedInWords(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		change func(p *userflow.Provider)
		want   string
	}{
		{"good", func(*userflow.Provider) {}, ""},
		{"of the catalogue", func(p *userflow.Provider) { *p = userflow.Provider{Type: "Google", DisplayName: "G", ClientID: "c"} }, ""},
		{"no name", func(p *userflow.Provider) { p.DisplayName = " " }, "displayName is required"},
		{"no client", func(p *userflow.Provider) { p.ClientID = "" }, "the client id is required"},
		{"http", func(p *userflow.Provider) { p.MetadataURL = "http://login.example" }, "metadataUrl must be an absolute https URL"},
		{"response type", func(p *userflow.Provider) { p.ResponseType = "token" }, "responseType must be code or id_token"},
		{"response mode", func(p *userflow.Provider) { p.ResponseMode = "fragment" }, "responseMode must be form_post or query"},
		{"an id token by query", func(p *userflow.Provider) { p.ResponseType = "id_token" }, "an id_token can't come by query"},
		{"no openid", func(p *userflow.Provider) { p.Scope = "profile" }, "scope must have openid"},
		{"no user id", func(p *userflow.Provider) { p.Claims.UserID = "" }, "claimsMapping.userId is required"},
	} {
		p, _ := contoso(t).Provider(ourAD)
		c.change(&p)
		checked(t, c.name, p.Check(), c.want)
	}
}

func checked(t *testing.T, name string, err error, want string) {
	t.Helper()
	if want == "" {
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		return
	}
	if !errors.Is(err, userflow.ErrInvalid) || !strings.Contains(err.Error(), want) {
		t.Errorf("%s: %v, want %s", name, err, want)
	}
}

func TestGraphsNamesAreFoundInAnyCase(t *testing.T) {
	t.Parallel()
	kind, ok := userflow.ParseKind("SIGNIN")
	step, found := userflow.ParseStep("PreTokenIssuance")
	input, known := userflow.ParseInput("textbox")
	if kind != userflow.SignIn || step != userflow.PreTokenIssuance || input != userflow.TextBox || !ok || !found || !known {
		t.Errorf("%s %s %s", kind, step, input)
	}
	_, ok = userflow.ParseKind("x")
	_, found = userflow.ParseStep("x")
	_, known = userflow.ParseInput("x")
	if ok || found || known {
		t.Error("a name that there isn't was found")
	}
	if name, err := userflow.CatalogueType("google"); name != "Google" || err != nil {
		t.Errorf("%s, %v", name, err)
	}
	_, err := userflow.CatalogueType("twitter")
	checked(t, "not yet", err, "identityProviderType Twitter is not supported yet")
	_, err = userflow.CatalogueType("x")
	checked(t, "never", err, "identityProviderType must be one of Facebook, GitHub")
	if userflow.PageLayout("error") != "globalexception" || userflow.PageLayout("x") != "" {
		t.Error("the layouts are mixed up")
	}
}

func TestAFlowsIDIsNoCustomPolicys(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{"susi": "B2C_1_susi", "b2c_1_Susi": "B2C_1_Susi", "": "", "a b": "", "B2C_1_A_x": "", "a_x": "", strings.Repeat("x", 65): ""} {
		got, err := userflow.FlowID(name)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v", name, got, err)
		}
		if want != "" && !userflow.IsFlowID(got) {
			t.Errorf("%q is no flow's id", got)
		}
	}
	if userflow.IsFlowID("B2C_1A_x") || userflow.IsFlowID("B2C_1_") {
		t.Error("a custom policy's id was taken for a flow's")
	}
}

func TestAttributesHaveTheirNamesEverywhere(t *testing.T) {
	t.Parallel()
	tenant := contoso(t)
	level, ok := tenant.Attribute("EXTENSION_app_level")
	if !ok || level.ClaimID() != "extension_Level" || level.TokenName() != "extension_Level" || level.GraphName() != "extension_app_Level" {
		t.Errorf("%+v", level)
	}
	given, _ := tenant.Attribute("GivenName")
	if given.ClaimID() != "givenName" || given.TokenName() != "given_name" || given.GraphName() != "givenName" {
		t.Errorf("%+v", given)
	}
	for _, c := range []struct {
		name string
		kind userflow.AttributeType
		want string
	}{{"Fresh", "stringCollection", "can't be used in user flows"}, {"Fresh", "x", "dataType must be"}, {"1st", userflow.StringAttribute, "displayName must begin with a letter"}} {
		_, err := tenant.NewAttribute(c.name, "", c.kind)
		checked(t, c.name, err, c.want)
	}
	if _, err := tenant.NewAttribute("level", "", userflow.StringAttribute); !errors.Is(err, userflow.ErrExists) {
		t.Errorf("%v", err)
	}
	f := &userflow.Flow{Attributes: []userflow.Assignment{{Attribute: "givenname"}}, Settings: userflow.Settings{ApplicationClaims: []string{"extension_Level"}}}
	if !f.Uses(level) || !f.Uses(given) || f.Uses(tenant.AllAttributes()[0]) {
		t.Error("what the flow uses is mixed up")
	}
	if got := tenant.TokenNames(f); !maps.Equal(got, map[string]string{"extension_level": "extension_Level"}) {
		t.Errorf("%v", got)
	}
	if all := tenant.TokenNames(nil); len(all) != len(tenant.AllAttributes())-1 || all["displayname"] != "name" {
		t.Errorf("%v", all)
	}
	if got := userflow.DefaultClaims(); !slices.Equal(got, []string{"emails", "objectId"}) {
		t.Errorf("%v", got)
	}
}

func TestAProvidersSecretsAreOurOwnKeySets(t *testing.T) {
	t.Parallel()
	p, _ := contoso(t).Provider(strings.ToLower(ourAD))
	if p.SecretKey() != "journeyman:IdentityProvider_OIDC_V1_Our_AD_1234" || p.PrivateKey() != p.SecretKey()+"_PrivateKey" || p.BuiltIn() {
		t.Errorf("%s %s", p.SecretKey(), p.PrivateKey())
	}
	if local, ok := contoso(t).Provider(userflow.EmailProvider); !ok || !local.BuiltIn() {
		t.Error("local accounts aren't built in")
	}
}
