// Package kinds is the one list of the kinds of technical profiles, steps and display controls in policies:
// the supported ones, each with its provider, and the others of B2C by name. Checks, compiler, linter, server
// and documents read it.
//
// A new provider is one line here.
//
// Reference: policy-engine §4.2, §5; pages §4.3.
package kinds

import (
	"journeyman.dev/internal/journey"
	"journeyman.dev/internal/program"
	"journeyman.dev/internal/provider/apiconnector"
	"journeyman.dev/internal/provider/directory"
	"journeyman.dev/internal/provider/federation"
	"journeyman.dev/internal/provider/insights"
	"journeyman.dev/internal/provider/jwtissuer"
	"journeyman.dev/internal/provider/otp"
	"journeyman.dev/internal/provider/refreshtoken"
	"journeyman.dev/internal/provider/restful"
	"journeyman.dev/internal/provider/selfasserted"
	"journeyman.dev/internal/provider/transformation"
	"journeyman.dev/internal/provider/usercontext"
	"journeyman.dev/internal/provider/userinfo"
)

// Providers are the providers that need services of the server. The zero value of each plans technical
// profiles, which is enough for a compilation without a server.
type Providers struct {
	APIConnector  apiconnector.Provider
	Authorization userinfo.Authorization
	Directory     directory.Provider
	Hint          federation.Hint
	Insights      insights.Provider
	MailedCode    otp.Mailed
	OAuth2        federation.OAuth2
	OneTimeCode   otp.Provider
	OpenIDConnect federation.OpenIDConnect
	RESTful       restful.Provider
	SelfAsserted  selfasserted.Provider
}

// Offline returns the registry for compilations that run nothing, such as a lint.
func Offline() *program.Kinds { return New(&Providers{}) }

// New makes the registry over a server's providers.
func New(p *Providers) *program.Kinds {
	p.SelfAsserted.Controls = displayControls()
	profiles := []program.ProfileKind{
		{Name: "SelfAssertedAttributeProvider", Plan: journey.Plans(&p.SelfAsserted), Resolving: program.ResolvesForms},
		{Name: "RestfulProvider", Plan: journey.Plans(&p.RESTful), Resolving: program.ResolvesInputs},
		{Name: "AzureActiveDirectoryProvider", Plan: journey.Plans(&p.Directory)},
		{Name: "ClaimsTransformationProtocolProvider", Plan: journey.Plans(transformation.Provider{})},
		{Name: "UserJourneyContextProvider", Plan: journey.Plans(usercontext.Provider{})},
		{Name: "OneTimePasswordProtocolProvider", Plan: journey.Plans(&p.OneTimeCode)},
		{Name: "AadSsprProtocolProvider", Plan: journey.Plans(&p.MailedCode)},
		{Name: "ApiConnectorProvider", Plan: journey.Plans(&p.APIConnector)}, // ours, for user flows

		// B2C's documentation and older policies use several names for one provider.
		{Name: "AzureApplicationInsightsProvider", Plan: journey.Plans(&p.Insights), Resolving: program.ResolvesAll},
		{Name: "ApplicationInsightsProvider", Plan: journey.Plans(&p.Insights), Resolving: program.ResolvesAll},
		{Name: "InsightsTelemetryProvider", Plan: journey.Plans(&p.Insights), Resolving: program.ResolvesAll},

		{Name: "DefaultSSOSessionProvider", Session: program.SessionDefault},
		{Name: "ExternalLoginSSOSessionProvider", Session: program.SessionExternalLogin},
		{Name: "NoopSSOSessionProvider", Session: program.SessionNoop},
		{Name: "OAuthSSOSessionProvider", Session: program.SessionOAuth},
		{Name: "SamlSSOSessionProvider", Session: program.SessionSAML},

		{Name: "None", Protocol: true, Plan: journey.Plans(refreshtoken.Provider{})}, // RefreshTokenReadAndSetup
		{Name: "OpenIdConnect", Protocol: true, Plan: journey.Plans(&p.OpenIDConnect), Resolving: program.ResolvesInputs},
		{Name: "OAuth2", Protocol: true, Plan: journey.Plans(&p.OAuth2), Resolving: program.ResolvesInputs},
		{Name: "OAuth1", Protocol: true},
		{Name: "SAML2", Protocol: true},
		{Name: "WsFed", Protocol: true},
		{Name: "WsTrust", Protocol: true},

		{Name: "JWT", Role: program.AsIssuer, Plan: journey.Plans(jwtissuer.Provider{})},
		{Name: "OAuth2Error", Role: program.AsIssuer, Plan: journey.Plans(jwtissuer.ErrorProvider{})},
		{Name: "JSON", Role: program.AsIssuer, Plan: journey.Plans(userinfo.Issuer{})},
		{Name: "SAML11", Role: program.AsIssuer},
		{Name: "SAML2", Role: program.AsIssuer},

		{Role: program.AsHint, Plan: journey.Plans(&p.Hint)},
		{Role: program.AsAuthorization, Plan: journey.Plans(&p.Authorization)},
	}
	for _, class := range missing {
		profiles = append(profiles, program.ProfileKind{Name: class})
	}
	steps := append(journey.StepKinds(), program.StepKind{Name: "ConsentScreen"}, program.StepKind{Name: "ReviewScreen"}, program.StepKind{Name: "UserDialog"})
	controls := []program.ControlKind{{Name: "QrCodeControl"}, {Name: "AuthenticatorAppIconControl"}, {Name: "AuthenticatorInfoControl"}, {Name: "CaptchaControl"}}
	for _, c := range displayControls() {
		controls = append(controls, program.ControlKind{Name: c.Drawn.Name, Built: true})
	}
	return program.NewKinds(profiles, steps, controls)
}

// displayControls returns the supported kinds of display controls.
func displayControls() []selfasserted.ControlKind {
	return []selfasserted.ControlKind{selfasserted.VerificationControl}
}

// Pages returns the kinds of pages of providers and steps.
func Pages() []*journey.PageKind {
	return []*journey.PageKind{journey.PageSelfAsserted, journey.PageUnified, journey.PageProviderSelection}
}

// Controls returns the kinds of display controls for drawing.
func Controls() []*journey.ControlKind {
	var list []*journey.ControlKind
	for _, c := range displayControls() {
		list = append(list, c.Drawn)
	}
	return list
}

// missing are the handler classes of B2C that this version doesn't support.
var missing = []string{
	"PhoneFactorProtocolProvider", "AzureMfaProtocolProvider", "ConditionalAccessProtocolProvider",
	"PhoneFactorSSOSessionProvider", "MultiFactorAuthenticationProvider", "SocialIdpProvider", "TpEngineProvider",
	"AssertionConsumerProvider", "OpenIdConnectProvider", "OAuth2Provider", "OAuth1Provider", "WebAuthnProvider", "CaptchaProvider",
	"AzureIdentityProtectionProvider", "HumanChallengeProtocolProvider", "AzureMfaProvider", "AadSelfServicePasswordResetProvider", "ProofUpProvider",
}
