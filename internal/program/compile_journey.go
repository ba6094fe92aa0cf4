package program

import (
	"net/url"
	"strconv"
	"strings"
	"time"

	"journeyman.dev/internal/claims"
	"journeyman.dev/internal/diag"
	"journeyman.dev/internal/keyset"
	"journeyman.dev/internal/policy"
)

// kindName is the kind of a profile as the policy has it, for people.
func kindName(src *policy.TechnicalProfile, as Role) string {
	switch {
	case as == AsIssuer:
		return "token format " + strings.TrimSpace(src.OutputTokenFormat.Value)
	case strings.EqualFold(src.Protocol.Name.Value, "Proprietary"):
		return src.HandlerClass()
	case src.Protocol.Name.Value == "":
		return "no protocol"
	}
	return "protocol " + src.Protocol.Name.Value
}

func (c *compiler) relyingParty() {
	src := c.e.RelyingParty
	rp := &RelyingParty{sso: SingleSignOn{lifetime: 24 * time.Hour}}
	c.p.relyingParty = rp
	rp.journey = c.userJourney(src.DefaultJourney.Value)
	for _, endpoint := range src.Endpoints {
		switch policy.Fold(endpoint.ID.Value) {
		case "token":
			rp.refresh = c.userJourney(endpoint.Journey.Value)
		case "userinfo":
			rp.userInfo = c.userJourney(endpoint.Journey.Value)
		}
	}
	c.behaviors(rp, src.Behaviors)
	for _, tp := range src.TechnicalProfiles {
		rp.protocol = tp.Protocol.Name.Value
		protocol := policy.Fold(rp.protocol)
		rp.inputs = c.uses(tp.InputClaims, protocol, resolved)
		rp.outputs = c.uses(tp.OutputClaims, protocol, resolved)
		rp.assertionKey = c.assertionKey(tp)
		if tp.SubjectNaming != nil {
			rp.subject = tp.SubjectNaming.ClaimType.Value
		}
		for _, use := range rp.outputs {
			c.policyPlaceholder(use)
		}
	}
	c.issuerJourneys(rp)
	rp.takesPassword = takesPassword(rp.journey)
	c.strays()
}

// assertionKey is the key set that client assertions of authorization requests are checked
// with: applications send the input claims in them (a JWT-secured request). "" for none.
func (c *compiler) assertionKey(tp *policy.TechnicalProfile) string {
	if len(tp.InputClaims) == 0 {
		return ""
	}
	for _, k := range tp.Keys {
		if !strings.EqualFold(k.ID.Value, "client_secret") || k.Storage.Value == "" {
			continue
		}
		name := keyset.Name(k.Storage.Value)
		if !c.needs(name) {
			c.diag.Report(diag.MissingKeySet, k.Storage.Pos, "create the key set before users come this way",
				"the tenant has no policy key %q, which the relying party uses as %s", k.Storage.Value, k.ID.Value)
		}
		return name
	}
	return ""
}

// takesPassword reports whether profiles of a journey and its sub journeys have input
// claims for the user name and password of a token request.
func takesPassword(uj *UserJourney) bool {
	needs := map[string]bool{"username": false, "password": false}
	seen := make(map[*UserJourney]bool)
	var visit func(uj *UserJourney)
	visit = func(uj *UserJourney) {
		if uj == nil || seen[uj] {
			return
		}
		seen[uj] = true
		for _, step := range uj.steps {
			visit(step.subJourney)
			for _, x := range step.exchanges {
				for _, use := range x.profile.inputs {
					for _, ref := range use.defaultValue.References() {
						if strings.EqualFold(ref.Namespace, "OIDC") && use.resolve {
							needs[strings.ToLower(ref.Key)] = true
						}
					}
				}
			}
		}
	}
	visit(uj)
	return needs["username"] && needs["password"]
}

// strays warns of misspelt overlays.
func (c *compiler) strays() {
	for _, s := range c.e.Strays {
		c.diag.Report(diag.StrayProfile, s.Profile.ID.Pos, "did you mean "+strconv.Quote(s.Meant.ID.Value)+"?",
			"technical profile %q has no Protocol, and nothing refers to it", s.Profile.ID.Value)
	}
}

// policyPlaceholder makes {policy}, the documented default of the
// trustFrameworkPolicy claim, the claim resolver that it stands for.
func (c *compiler) policyPlaceholder(use *ClaimUse) {
	if use.hasDefault && strings.EqualFold(use.defaultValue.Source(), "{policy}") {
		use.defaultValue = claims.ParseTemplate("{Policy:PolicyId}")
	}
}

// issuerJourneys finds the journeys that the token issuer names: for client credentials,
// and the older way to name a refresh journey; and the claims that the latter restores.
func (c *compiler) issuerJourneys(rp *RelyingParty) {
	if rp.journey == nil {
		return
	}
	for _, issuer := range c.p.Issuers() {
		if rp.refresh == nil && issuer.refreshJourney != "" {
			rp.refresh = c.userJourney(issuer.refreshJourney)
		}
		if rp.credentials == nil && issuer.credentialsJourney != "" {
			rp.credentials = c.userJourney(issuer.credentialsJourney)
		}
	}
	seen := make(map[string]bool)
	add := func(id string) {
		if t, ok := c.p.schema.Claim(id); ok && !seen[t.ID()] {
			seen[t.ID()] = true
			c.p.grantClaims = append(c.p.grantClaims, t.ID())
		}
	}
	add("objectId")
	if rp.refresh != nil {
		for _, step := range rp.refresh.steps {
			for _, x := range step.exchanges {
				if x.profile.restores {
					for _, use := range x.profile.outputs {
						add(use.claim.ID())
					}
				}
			}
		}
	}
}

func (c *compiler) behaviors(rp *RelyingParty, b *policy.Behaviors) {
	if b == nil {
		return
	}
	if s := b.SingleSignOn; s != nil {
		switch policy.Fold(s.Scope.Value) {
		case "suppressed":
			rp.sso.scope = ScopeSuppressed
		case "application":
			rp.sso.scope = ScopeApplication
		case "policy":
			rp.sso.scope = ScopePolicy
		}
		if days, err := strconv.Atoi(strings.TrimSpace(s.KeepAliveInDays.Value)); err == nil && days > 0 {
			rp.sso.keepAlive = time.Duration(min(days, 90)) * 24 * time.Hour
		}
		rp.sso.enforceHint = boolText(s.EnforceIDTokenHintOnLogout, false)
	}
	rp.sso.absolute = strings.EqualFold(b.SessionExpiryType.Value, "Absolute")
	if secs, err := strconv.Atoi(strings.TrimSpace(b.SessionExpiryInSeconds.Value)); err == nil && secs > 0 {
		rp.sso.lifetime = time.Duration(min(max(secs, 900), 86400)) * time.Second
	}
	rp.scriptExecution = strings.EqualFold(strings.TrimSpace(b.ScriptExecution.Value), "Allow")
	rp.recorded = b.Insights != nil && boolText(b.Insights.DeveloperMode, false) && strings.EqualFold(c.p.deploymentMode, "Development")
	rp.showErrors = strings.EqualFold(strings.TrimSpace(b.OnErrorMode.Value), "DisplayInService")
	if f := b.JourneyFraming; f != nil && boolText(f.Enabled, false) {
		rp.framing = c.frameSources(f)
	}
	for _, p := range b.ContentDefinitionParameters {
		c.knownResolvers(claims.ParseTemplate(p.Value.Value), p.Value.Pos, "the content definition parameter", p.Name.Value)
		rp.pageParameters = append(rp.pageParameters, PageParameter{name: p.Name.Value, value: claims.ParseTemplate(p.Value.Value)})
	}
}

// frameSources keeps the origins of a JourneyFraming list: full https addresses without
// path or wildcard [D]. Whatever else is in it would widen the page's policy.
func (c *compiler) frameSources(f *policy.JourneyFraming) string {
	var out []string
	for _, source := range strings.Fields(f.Sources.Value) {
		u, err := url.Parse(source)
		local := err == nil && u.Scheme == "http" && u.Hostname() == "localhost"
		if err != nil || u.Scheme != "https" && !local || u.Host == "" || u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || strings.ContainsAny(source, "*;,'\"#") {
			c.diag.Report(diag.FrameSource, f.Sources.Pos, "write full https origins with blanks between them", "JourneyFraming has the source %q", source)
			continue
		}
		out = append(out, u.Scheme+"://"+u.Host)
	}
	return strings.Join(out, " ")
}

// userJourney compiles a user journey by id, once.
func (c *compiler) userJourney(id string) *UserJourney {
	src, ok := c.e.UserJourneys.Get(id)
	if !ok {
		return nil
	}
	key := policy.Fold(id)
	if uj, ok := c.p.journeys[key]; ok {
		return uj
	}
	uj := &UserJourney{id: src.ID.Value}
	c.p.journeys[key] = uj
	c.steps(uj, src)
	return uj
}

func (c *compiler) subJourney(id string) *UserJourney {
	src, ok := c.e.SubJourneys.Get(id)
	if !ok {
		return nil
	}
	key := policy.Fold(id)
	if uj, ok := c.p.subJourneys[key]; ok {
		return uj
	}
	uj := &UserJourney{id: src.ID.Value, transfer: strings.EqualFold(src.Type.Value, "Transfer")}
	c.p.subJourneys[key] = uj
	c.steps(uj, src)
	return uj
}

// needsPage reports a profile that shows a page for which neither it nor the step
// names a content definition.
func (c *compiler) needsPage(step *Step, tp *TechnicalProfile) {
	shows, ok := tp.exchange.(interface{ NeedsPage() bool })
	if !ok || !shows.NeedsPage() || step.content != nil || tp.content != nil {
		return
	}
	if src, ok := c.e.TechnicalProfiles.Get(tp.id); ok {
		if _, named := src.Metadata.Get("ContentDefinitionReferenceId"); named {
			return // it was reported that it isn't declared
		}
	}
	c.diag.Report(diag.MissingMetadata, tp.position, `add <Item Key="ContentDefinitionReferenceId">…</Item> to its Metadata`,
		"technical profile %q needs the metadata item %q", tp.id, "ContentDefinitionReferenceId")
}

func (c *compiler) preconditions(list []policy.Precondition) []Precondition {
	var out []Precondition
	for _, src := range list {
		if len(src.Values) == 0 {
			continue
		}
		p := Precondition{
			equals:   strings.EqualFold(src.Type.Value, "ClaimEquals"),
			whenTrue: boolText(src.ExecuteActionsIf, true),
			claim:    strings.TrimSpace(src.Values[0].Value),
		}
		if t, ok := c.p.schema.Claim(p.claim); ok {
			p.claim = t.ID()
		}
		for _, v := range src.Values[1:] {
			p.texts = append(p.texts, v.Value)
		}
		out = append(out, p)
	}
	return out
}
