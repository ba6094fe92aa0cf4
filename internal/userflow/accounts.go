package userflow

import "strings"

// The technical profiles of a flow. Names that appear after a connector's failure have B2C's spelling,
// because applications' logs contain it (rest-and-connectors §1.6).
const (
	passwordCheck    = "login-NonInteractive" //nolint:gosec // an id, no secret
	signInPage       = "SelfAsserted-LocalAccountSignin"
	signUpPage       = "SelfAsserted-LocalAccountSignUp"
	attributesPage   = "SelfAsserted-Social"
	profilePage      = "SelfAsserted-ProfileUpdate"
	findAccountPage  = "LocalAccountDiscovery"
	verifyOwnerPage  = "LocalAccountVerification"
	newPasswordPage  = "LocalAccountWritePassword"
	blockPage        = "BlockPage"
	forgotPassword   = "ForgotPassword"
	directoryBase    = "AAD-Common"
	createLocal      = "AAD-UserWriteLocalAccount"
	createFederated  = "AAD-UserWriteFederatedAccount"
	readUser         = "AAD-UserRead"
	readFederated    = "AAD-UserReadFederatedAccount"
	findByName       = "AAD-UserFind"
	writeProfile     = "AAD-UserWriteProfile"
	writePassword    = "AAD-UserWritePassword"                   //nolint:gosec // an id, no secret
	ropcProfile      = "ResourceOwnerPasswordCredentials-OAUTH2" //nolint:gosec // an id, no secret
	sessionNone      = "SM-Noop"
	sessionLocal     = "SM-AAD"
	sessionFederated = "SM-SocialLogin"
	sessionTokens    = "SM-jwt-issuer"
	issuer           = "JwtIssuer"
)

const (
	selfAsserted = "Web.TPEngine.Providers.SelfAssertedAttributeProvider, Web.TPEngine, Version=1.0.0.0, Culture=neutral, PublicKeyToken=null"
	directory    = "Web.TPEngine.Providers.AzureActiveDirectoryProvider, Web.TPEngine, Version=1.0.0.0, Culture=neutral, PublicKeyToken=null"
	transforming = "Web.TPEngine.Providers.ClaimsTransformationProtocolProvider, Web.TPEngine, Version=1.0.0.0, Culture=neutral, PublicKeyToken=null"
	connecting   = "Journeyman.Providers.ApiConnectorProvider, Journeyman"
	noSession    = "Web.TPEngine.SSO.NoopSSOSessionProvider, Web.TPEngine, Version=1.0.0.0, Culture=neutral, PublicKeyToken=null"
	someSession  = "Web.TPEngine.SSO.DefaultSSOSessionProvider, Web.TPEngine, Version=1.0.0.0, Culture=neutral, PublicKeyToken=null"
	farSession   = "Web.TPEngine.SSO.ExternalLoginSSOSessionProvider, Web.TPEngine, Version=1.0.0.0, Culture=neutral, PublicKeyToken=null"
	appsSession  = "Web.TPEngine.SSO.OAuthSSOSessionProvider, Web.TPEngine, Version=1.0.0.0, Culture=neutral, PublicKeyToken=null"
)

// profile makes a technical profile. The handler "" is for a part that other profiles include.
func profile(id, label, handler string) *element {
	tp := el("TechnicalProfile", "Id", id).with(text("DisplayName", label))
	switch {
	case handler == "":
	case !strings.Contains(handler, ","):
		tp.with(el("Protocol", "Name", handler))
	default:
		tp.with(el("Protocol", "Name", "Proprietary", "Handler", handler))
	}
	return tp
}

// metadata makes items: key, value …
func metadata(items ...string) *element {
	m := el("Metadata")
	for i := 0; i+1 < len(items); i += 2 {
		m.with(text("Item", items[i+1], "Key", items[i]))
	}
	return m
}

func inputClaim(id string, attrs ...string) *element {
	return el("InputClaim", append([]string{"ClaimTypeReferenceId", id}, attrs...)...)
}

func outputClaim(id string, attrs ...string) *element {
	return el("OutputClaim", append([]string{"ClaimTypeReferenceId", id}, attrs...)...)
}

func persistedClaim(id string, attrs ...string) *element {
	return el("PersistedClaim", append([]string{"ClaimTypeReferenceId", id}, attrs...)...)
}

func displayClaim(id string, attrs ...string) *element {
	return el("DisplayClaim", append([]string{"ClaimTypeReferenceId", id}, attrs...)...)
}

func session(id string) *element {
	return el("UseTechnicalProfileForSessionManagement", "ReferenceId", id)
}

func validations(ids ...*element) *element { return el("ValidationTechnicalProfiles").with(ids...) }

func validation(id string) *element { return el("ValidationTechnicalProfile", "ReferenceId", id) }

// transformationsOfList makes <InputClaimsTransformations> or <OutputClaimsTransformations>.
func transformationsOfList(name string, ids ...string) *element {
	list := el(name + "s")
	for _, id := range ids {
		list.with(el(name, "ReferenceId", id))
	}
	return list
}

func claimsProvider(label string, profiles ...*element) *element {
	list := el("TechnicalProfiles").with(profiles...)
	if len(list.children) == 0 {
		return nil
	}
	return el("ClaimsProvider").with(text("DisplayName", label), list)
}

func (d *document) claimsProviders() []*element {
	var list []*element
	for _, p := range d.social {
		list = append(list, d.identityProvider(p))
	}
	return append(list,
		claimsProvider("Local accounts", d.localAccounts()...),
		claimsProvider("Attributes", d.attributePages()...),
		claimsProvider("API connectors", d.connectors()...),
		claimsProvider("Directory", d.directory()...),
		claimsProvider("Sessions and tokens", d.sessions()...),
	)
}

// verified returns the attributes of the page's address: verified, unless the flow disables that.
func (d *document) verified() []string {
	if d.address != nil && !d.address.Verify {
		return []string{"Required", "true"}
	}
	return []string{"PartnerClaimType", "Verified.Email", "Required", "true"}
}

func (d *document) localAccounts() []*element {
	if !d.local() {
		return nil
	}
	var list []*element
	if d.Kind.signsIn() {
		list = append(list, d.passwordProfile(), d.signIn())
	}
	if d.Kind.signsUp() {
		list = append(list, d.signUp())
	}
	if d.Kind == PasswordReset || d.Settings.SelfServicePasswordReset {
		list = append(list, d.reset()...)
	}
	if d.Kind == ResourceOwner {
		list = append(list, profile(ropcProfile, "Local account", "OpenIdConnect").with(
			metadata("client_id", "journeyman", "IncludeClaimResolvingInClaimsHandling", "true"),
			el("InputClaims").with(
				inputClaim("signInName", "PartnerClaimType", "username", "DefaultValue", "{OIDC:Username}", "Required", "true"),
				inputClaim("password", "DefaultValue", "{OIDC:Password}", "Required", "true"),
				inputClaim("grant_type", "DefaultValue", "password", "AlwaysUseDefaultValue", "true"),
			),
			el("OutputClaims").with(outputClaim("objectId", "PartnerClaimType", "oid")),
			session(sessionNone),
		))
	}
	return list
}

func (d *document) passwordProfile() *element {
	return profile(passwordCheck, "Local account", "OpenIdConnect").with(
		metadata("client_id", "journeyman"),
		el("InputClaims").with(
			inputClaim("signInName", "PartnerClaimType", "username", "Required", "true"), inputClaim("password", "Required", "true"),
			inputClaim("grant_type", "DefaultValue", "password", "AlwaysUseDefaultValue", "true"),
		),
		el("OutputClaims").with(outputClaim("objectId", "PartnerClaimType", "oid")),
		session(sessionNone),
	)
}

func (d *document) signIn() *element {
	mode := "Username"
	if !d.username {
		mode = "Email"
	}
	items := []string{"setting.operatingMode", mode, "IncludeClaimResolvingInClaimsHandling", "true", "ContentDefinitionReferenceId", "api.signuporsignin"}
	if d.Kind.signsUp() {
		items = append(items, "SignUpTarget", signUpExchange)
	} else {
		items = append(items, "setting.showSignupLink", "false")
	}
	if d.Settings.KeepSignedInDays > 0 {
		items = append(items, "setting.enableRememberMe", "true")
	}
	return profile(signInPage, "Local account", selfAsserted).with(
		metadata(items...),
		el("InputClaims").with(inputClaim("signInName", "DefaultValue", "{OIDC:LoginHint}", "AlwaysUseDefaultValue", "true")),
		el("OutputClaims").with(outputClaim("signInName", "Required", "true"), outputClaim("password", "Required", "true"), outputClaim("objectId")),
		validations(validation(passwordCheck)), session(sessionLocal),
	)
}

// signUp returns the page that makes a local account. It lists its inputs, because otherwise it wouldn't show
// attributes that a connector may return.
func (d *document) signUp() *element {
	display := el("DisplayClaims")
	if d.username {
		display.with(displayClaim("signInNames.userName", "Required", "true"))
	}
	display.with(displayClaim("email", d.verified()...), displayClaim("newPassword", "Required", "true"), displayClaim("reenterPassword", "Required", "true"))
	outputs := el("OutputClaims").with(outputClaim("email"), outputClaim("newPassword"), outputClaim("reenterPassword"))
	if d.username {
		outputs.with(outputClaim("signInNames.userName"))
	}
	d.addFields(display, outputs, nil)
	outputs.with(outputClaim("objectId"), outputClaim("newUser"))
	return profile(signUpPage, "Email signup", selfAsserted).with(
		metadata("ContentDefinitionReferenceId", "api.localaccountsignup"), display, outputs,
		validations(d.asking(createLocal)...), session(sessionLocal),
	)
}

// addFields adds the flow's attributes to a page, and the outputs of its connector.
func (d *document) addFields(display, outputs, inputs *element) {
	for _, f := range d.fields {
		if inputs != nil {
			inputs.with(inputClaim(f.claim))
		}
		show := displayClaim(f.claim)
		if !f.shown.Optional {
			show.attrs = append(show.attrs, "Required", "true")
		}
		display.with(show)
	}
	seen := make(map[string]bool)
	for _, f := range d.fields {
		seen[f.claim] = true
		outputs.with(outputClaim(f.claim))
	}
	if _, ok := d.connector(PostAttributeCollection); ok && d.Kind.signsUp() {
		for _, a := range d.returnable() {
			if !seen[a.claim] {
				outputs.with(outputClaim(a.claim))
			}
		}
		outputs.with(outputClaim("connectorAction"), outputClaim("connectorMessage"))
	}
}

// asking returns the validations of a page that makes an account. The connector, if there is one, comes
// first; if it blocks, the account isn't made.
func (d *document) asking(create string) []*element {
	if _, ok := d.connector(PostAttributeCollection); !ok {
		return []*element{validation(create)}
	}
	return []*element{validation(beforeCreating), validation(create).with(unlessBlocked("SkipThisValidationTechnicalProfile"))}
}

// unlessBlocked skips a part when the connector blocks.
func unlessBlocked(action string) *element {
	return el("Preconditions").with(el("Precondition", "Type", "ClaimEquals", "ExecuteActionsIf", "true").with(
		text("Value", "connectorAction"), text("Value", "ShowBlockPage"), text("Action", action)))
}

// attributePages returns the pages for users from identity providers, of the profile, and the block page.
func (d *document) attributePages() []*element {
	var list []*element
	if d.Kind.signsUp() && len(d.social) > 0 && d.asksFederated() {
		inputs, display, outputs := el("InputClaims"), el("DisplayClaims"), el("OutputClaims")
		if d.address != nil {
			inputs.with(inputClaim("email"))
			display.with(displayClaim("email", d.verified()...))
			outputs.with(outputClaim("email"))
		}
		d.addFields(display, outputs, inputs)
		outputs.with(outputClaim("objectId"), outputClaim("newUser"))
		list = append(list, profile(attributesPage, "User attributes", selfAsserted).with(
			metadata("ContentDefinitionReferenceId", "api.selfasserted"), inputs.filled(), display, outputs,
			validations(d.asking(createFederated)...), session(sessionNone),
		))
	}
	if d.Kind == ProfileUpdate && len(d.fields) > 0 {
		inputs, display, outputs := el("InputClaims"), el("DisplayClaims"), el("OutputClaims")
		d.addFields(display, outputs, inputs)
		list = append(list, profile(profilePage, "Profile", selfAsserted).with(
			metadata("ContentDefinitionReferenceId", "api.selfasserted.profileupdate"), inputs, display, outputs,
			validations(validation(writeProfile)), session(sessionNone),
		))
	}
	if d.blocks() {
		list = append(list, profile(blockPage, "Sign-up ends", selfAsserted).with(
			metadata("ContentDefinitionReferenceId", "api.blockpage", "setting.showContinueButton", "false", "setting.showCancelButton", "false"),
			el("InputClaims").with(inputClaim("connectorMessage")), el("DisplayClaims").with(displayClaim("connectorMessage")),
			el("OutputClaims").with(outputClaim("connectorMessage")), session(sessionNone),
		))
	}
	return list
}

// asksFederated reports whether users from identity providers have any input.
func (d *document) asksFederated() bool { return len(d.fields) > 0 || d.address != nil }

// blocks reports whether a connector of the flow may answer with a block page.
func (d *document) blocks() bool {
	_, first := d.connector(PostFederationSignup)
	_, second := d.connector(PostAttributeCollection)
	return first && len(d.social) > 0 || second
}

// reset returns the pages of a new password: the owner of the account proves to have its address, then
// chooses a password.
func (d *document) reset() []*element {
	list := []*element{
		profile(forgotPassword, "Forgot your password?", transforming).with(
			el("OutputClaims").with(outputClaim("isForgotPassword", "DefaultValue", "true", "AlwaysUseDefaultValue", "true")), session(sessionNone)),
		profile(newPasswordPage, "New password", selfAsserted).with(
			metadata("ContentDefinitionReferenceId", "api.localaccountpasswordreset"),
			el("InputClaims").with(inputClaim("objectId")),
			el("OutputClaims").with(outputClaim("newPassword", "Required", "true"), outputClaim("reenterPassword", "Required", "true")),
			validations(validation(writePassword)), session(sessionNone)),
	}
	find := profile(findAccountPage, "Find the account", selfAsserted)
	if !d.username {
		return append(list, find.with(
			metadata("ContentDefinitionReferenceId", "api.localaccountpasswordreset"),
			el("OutputClaims").with(outputClaim("email", "PartnerClaimType", "Verified.Email", "Required", "true"), outputClaim("objectId")),
			validations(validation(findByName)), session(sessionNone)))
	}
	// Accounts with a user name: first the name, then proof of the stored address. The page doesn't show the
	// address, so that a user name doesn't reveal it.
	return append(list,
		find.with(
			metadata("ContentDefinitionReferenceId", "api.localaccountpasswordreset"),
			el("OutputClaims").with(outputClaim("signInName", "Required", "true"), outputClaim("objectId"),
				outputClaim("strongAuthenticationEmailAddress"), outputClaim("signInNames.emailAddress")),
			validations(validation(findByName)), session(sessionNone)),
		profile(verifyOwnerPage, "Verify the address", selfAsserted).with(
			metadata("ContentDefinitionReferenceId", "api.localaccountpasswordreset"),
			el("DisplayClaims").with(displayClaim("email", "PartnerClaimType", "Verified.Email", "Required", "true")), el("OutputClaims").with(outputClaim("email")),
			validations(
				validation(assertRecorded).with(existing("strongAuthenticationEmailAddress", false, "SkipThisValidationTechnicalProfile")),
				validation(assertSignInName).with(existing("strongAuthenticationEmailAddress", true, "SkipThisValidationTechnicalProfile")),
			), session(sessionNone)),
		d.assertion(assertRecorded, "AssertRecordedAddress"), d.assertion(assertSignInName, "AssertSignInAddress"),
	)
}

// assertion makes a validation of a claims transformation that asserts.
func (d *document) assertion(id, transformation string) *element {
	return profile(id, "Compare the addresses", transforming).with(
		metadata("UserMessageIfClaimsTransformationStringsAreNotEqual", "This is not the address that the account has."),
		el("OutputClaims").with(outputClaim("email")),
		transformationsOfList("OutputClaimsTransformation", transformation), session(sessionNone))
}

const (
	assertRecorded   = "Assert-RecordedAddress"
	assertSignInName = "Assert-SignInAddress"
)

// existing skips a part depending on the existence of a claim.
func existing(claim string, exists bool, action string) *element {
	return el("Preconditions").with(el("Precondition", "Type", "ClaimsExist", "ExecuteActionsIf", boolText(exists)).with(text("Value", claim), text("Action", action)))
}

func boolText(b bool) string {
	if b {
		return "true"
	}
	return "false"
}
