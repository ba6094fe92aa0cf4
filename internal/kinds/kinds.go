// Package kinds is the one list of the kinds of technical profiles, steps and display controls
// that policies may name: those that this version runs, each with its provider, and those of
// B2C that it knows by name alone. Checks, compiler, linter, server and documents read it.
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

// Providers are the providers that run with services of the server. The zero value of each
// plans technical profiles, which is all that a compilation without a server needs.
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

// Offline is the registry for compilations that run nothing, such as a lint.
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
		{Name: "ApiConnectorProvider", Plan: journey.Plans(&p.APIConnector)}, // ours: what user flows call

		// B2C's documentation and older policies have several names of one provider.
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

// displayControls are the kinds of display controls that pages run.
func displayControls() []selfasserted.ControlKind {
	return []selfasserted.ControlKind{selfasserted.VerificationControl}
}

// Pages are the kinds of pages that providers and steps show.
func Pages() []*journey.PageKind {
	return []*journey.PageKind{journey.PageSelfAsserted, journey.PageUnified, journey.PageProviderSelection}
}

// Controls are the kinds of display controls, as pages draw them.
func Controls() []*journey.ControlKind {
	var list []*journey.ControlKind
	for _, c := range displayControls() {
		list = append(list, c.Drawn)
	}
	return list
}

// missing are the handler classes of B2C that this version doesn't run.
var missing = []string{
	"PhoneFactorProtocolProvider", "AzureMfaProtocolProvider", "ConditionalAccessProtocolProvider",
	"PhoneFactorSSOSessionProvider", "MultiFactorAuthenticationProvider", "SocialIdpProvider", "TpEngineProvider",
	"AssertionConsumerProvider", "OpenIdConnectProvider", "OAuth2Provider", "OAuth1Provider", "WebAuthnProvider", "CaptchaProvider",
	"AzureIdentityProtectionProvider", "HumanChallengeProtocolProvider", "AzureMfaProvider", "AadSelfServicePasswordResetProvider", "ProofUpProvider",
}
