package policy

import (
	"slices"
	"strings"

	"journeyman.dev/internal/diag"
)

// handlers are the classes that Proprietary profiles name (policy-engine §5).
var handlers = []string{
	"AzureActiveDirectoryProvider", "SelfAssertedAttributeProvider", "RestfulProvider", "ClaimsTransformationProtocolProvider",
	"DefaultSSOSessionProvider", "ExternalLoginSSOSessionProvider", "NoopSSOSessionProvider", "OAuthSSOSessionProvider", "SamlSSOSessionProvider",
	"UserJourneyContextProvider", "OneTimePasswordProtocolProvider", "PhoneFactorProtocolProvider", "AzureMfaProtocolProvider",
	"AadSsprProtocolProvider", "ConditionalAccessProtocolProvider", "AzureApplicationInsightsProvider", "ApplicationInsightsProvider",
	"InsightsTelemetryProvider", "PhoneFactorSSOSessionProvider", "MultiFactorAuthenticationProvider", "SocialIdpProvider", "TpEngineProvider",
	"AssertionConsumerProvider", "OpenIdConnectProvider", "OAuth2Provider", "OAuth1Provider", "WebAuthnProvider", "CaptchaProvider",
	"AzureIdentityProtectionProvider", "HumanChallengeProtocolProvider", "AzureMfaProvider", "AadSelfServicePasswordResetProvider", "ProofUpProvider",
	"ApiConnectorProvider", // ours: what user flows call
}

func knownHandler(class string) bool {
	return placeholder(class) || slices.ContainsFunc(handlers, func(h string) bool { return strings.EqualFold(h, class) })
}

// builtKinds are the handlers and protocols that this version runs. It is the only
// place that says so: take a kind off here and policies that use it warn.
var (
	builtHandlers = []string{
		"AzureActiveDirectoryProvider", "SelfAssertedAttributeProvider", "RestfulProvider", "ClaimsTransformationProtocolProvider",
		"DefaultSSOSessionProvider", "ExternalLoginSSOSessionProvider", "NoopSSOSessionProvider", "OAuthSSOSessionProvider", "UserJourneyContextProvider",
		"ApiConnectorProvider", "OneTimePasswordProtocolProvider", "AadSsprProtocolProvider",
		"AzureApplicationInsightsProvider", "ApplicationInsightsProvider", "InsightsTelemetryProvider",
	}
	builtControls  = []string{"VerificationControl"}
	builtProtocols = []string{"None", "OpenIdConnect", "OAuth2"}
	builtIssuers   = []string{"JWT", "OAuth2Error", "JSON"}
	builtEndpoints = []string{"Token", "UserInfo"}
	builtSteps     = []string{"ClaimsExchange", "CombinedSignInAndSignUp", "ClaimsProviderSelection", "InvokeSubJourney", "GetClaims", "SendClaims", "Noop"}
)

func listed(list []string, name string) bool {
	return slices.ContainsFunc(list, func(l string) bool { return strings.EqualFold(l, strings.TrimSpace(name)) })
}

// support warns of what the relying party's journeys use and this version doesn't
// run yet, so that nothing is silently ignored.
func (c *checker) support() {
	rp := c.e.RelyingParty
	if rp == nil {
		return
	}
	for _, endpoint := range rp.Endpoints {
		if !listed(builtEndpoints, endpoint.ID.Value) {
			c.Report(diag.UnsupportedSetting, endpoint.Pos, "the endpoint isn't served yet", "the relying party binds the endpoint %q to a journey", endpoint.ID.Value)
		}
	}
	for _, j := range c.reach.journeys {
		for _, s := range j.Steps {
			if !listed(builtSteps, s.Type.Value) {
				c.Report(diag.UnsupportedStep, s.Type.Pos, "users who come to it see an error", "journey %q has a step of type %q", j.ID.Value, s.Type.Value)
			}
		}
	}
	for _, tp := range c.reach.issuers {
		if tp.OutputTokenFormat.Set() && !listed(builtIssuers, tp.OutputTokenFormat.Value) {
			c.Report(diag.UnsupportedProfile, tp.Pos, "users who come to it see an error", "technical profile %q issues tokens of format %q", tp.ID.Value, tp.OutputTokenFormat.Value)
		}
	}
	for _, tp := range c.reach.exchanges {
		c.supported(tp)
	}
	for _, tp := range rp.TechnicalProfiles {
		if !strings.EqualFold(tp.Protocol.Name.Value, "OpenIdConnect") && tp.Protocol.Name.Set() {
			c.Report(diag.UnsupportedProfile, tp.Protocol.Name.Pos, "only OpenIdConnect applications are served yet", "the relying party has the protocol %q", tp.Protocol.Name.Value)
		}
	}
	if b := rp.Behaviors; b != nil {
		if b.Insights != nil {
			c.Report(diag.UnsupportedSetting, b.Insights.Pos, "nothing is sent to Application Insights; with DeveloperMode, and DeploymentMode Development, the log tells each step", "the relying party has %s", b.Insights.Element)
		}
	}
}

// supported warns of a profile that isn't run yet, and of what it shows.
func (c *checker) supported(tp *TechnicalProfile) {
	protocol := tp.Protocol.Name
	switch {
	case !protocol.Set():
	case strings.EqualFold(protocol.Value, "Proprietary"):
		if class := tp.HandlerClass(); knownHandler(class) && !listed(builtHandlers, class) {
			c.Report(diag.UnsupportedProfile, tp.Protocol.Pos, "users who come to it see an error", "technical profile %q has the handler %q", tp.ID.Value, class)
		}
	case !listed(builtProtocols, protocol.Value):
		c.Report(diag.UnsupportedProfile, tp.Protocol.Pos, "users who come to it see an error", "technical profile %q has the protocol %q", tp.ID.Value, protocol.Value)
	}
	if item, ok := tp.Metadata.Get("client_id"); ok && strings.EqualFold(strings.TrimSpace(item.Value.Value), "facebook_clientid") {
		c.Report(diag.PlaceholderID, item.Value.Pos, "write the id of your application", "technical profile %q has the placeholder %q", tp.ID.Value, strings.TrimSpace(item.Value.Value))
	}
	for _, ref := range tp.DisplayClaims {
		if d, ok := c.e.DisplayControls.Get(ref.DisplayControl.Value); ok && !listed(builtControls, d.Type.Value) {
			c.Report(diag.UnsupportedControl, ref.DisplayControl.Pos, "the page fails when users come to it", "technical profile %q shows the display control %q", tp.ID.Value, ref.DisplayControl.Value)
		}
	}
}
