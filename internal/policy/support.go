package policy

import (
	"slices"
	"strings"

	"journeyman.dev/internal/diag"
)

// knownHandler reports whether B2C has a handler class. A placeholder may become one.
func (c *checker) knownHandler(class string) bool {
	return placeholder(class) || known(c.kinds.Handlers, class)
}

// builtEndpoints are the endpoints of a relying party whose journeys this version runs.
var builtEndpoints = []string{"Token", "UserInfo"}

func listed(list []string, name string) bool {
	return slices.ContainsFunc(list, func(l string) bool { return strings.EqualFold(l, strings.TrimSpace(name)) })
}

// support warns of the parts of the relying party's journeys that this version doesn't run yet, so that
// nothing is ignored silently.
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
			if !built(c.kinds.Steps, s.Type.Value) {
				c.Report(diag.UnsupportedStep, s.Type.Pos, "users who reach it see an error", "journey %q has a step of type %q", j.ID.Value, s.Type.Value)
			}
		}
	}
	for _, tp := range c.reach.issuers {
		if tp.OutputTokenFormat.Set() && !built(c.kinds.TokenFormats, tp.OutputTokenFormat.Value) {
			c.Report(diag.UnsupportedProfile, tp.Pos, "users who reach it see an error", "technical profile %q issues tokens of format %q", tp.ID.Value, tp.OutputTokenFormat.Value)
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
			c.Report(diag.UnsupportedSetting, b.Insights.Pos, "nothing is sent to Application Insights; with DeveloperMode, and DeploymentMode Development, the log contains each step", "the relying party has %s", b.Insights.Element)
		}
	}
}

// supported warns of a profile that this version doesn't run yet, and of its unsupported display controls.
func (c *checker) supported(tp *TechnicalProfile) {
	protocol := tp.Protocol.Name
	switch {
	case !protocol.Set():
	case strings.EqualFold(protocol.Value, "Proprietary"):
		if class := tp.HandlerClass(); c.knownHandler(class) && !built(c.kinds.Handlers, class) {
			c.Report(diag.UnsupportedProfile, tp.Protocol.Pos, "users who reach it see an error", "technical profile %q has the handler %q", tp.ID.Value, class)
		}
	case !built(c.kinds.Protocols, protocol.Value):
		c.Report(diag.UnsupportedProfile, tp.Protocol.Pos, "users who reach it see an error", "technical profile %q has the protocol %q", tp.ID.Value, protocol.Value)
	}
	if item, ok := tp.Metadata.Get("client_id"); ok && strings.EqualFold(strings.TrimSpace(item.Value.Value), "facebook_clientid") {
		c.Report(diag.PlaceholderID, item.Value.Pos, "write the id of your application", "technical profile %q has the placeholder %q", tp.ID.Value, strings.TrimSpace(item.Value.Value))
	}
	for _, ref := range tp.DisplayClaims {
		if d, ok := c.e.DisplayControls.Get(ref.DisplayControl.Value); ok && !built(c.kinds.Controls, d.Type.Value) {
			c.Report(diag.UnsupportedControl, ref.DisplayControl.Pos, "the page fails when users reach it", "technical profile %q shows the display control %q", tp.ID.Value, ref.DisplayControl.Value)
		}
	}
}
