package program

import (
	"strings"

	"journeyman.dev/internal/claims"
	"journeyman.dev/internal/diag"
	"journeyman.dev/internal/policy"
)

// profile compiles a technical profile in a role, once.
func (c *compiler) profile(id string, as Role) *TechnicalProfile {
	src, ok := c.e.TechnicalProfiles.Get(id)
	if !ok {
		return nil
	}
	key := string(rune('0'+as)) + policy.Fold(id)
	if tp, ok := c.profiles[key]; ok {
		return tp
	}
	protocol := policy.Fold(src.Protocol.Name.Value)
	metadata := c.metadata(src)
	if stray, ok := c.e.StrayFor(src.ID.Value); ok {
		metadata.stray = &stray
	}
	tp := &TechnicalProfile{
		ID: src.ID.Value, DisplayName: strings.TrimSpace(src.DisplayName.Value), Protocol: protocol, Position: src.Pos,
		InputTransformations:  c.transformList(src.InputTransformations),
		OutputTransformations: c.transformList(src.OutputTransformations),
	}
	c.profiles[key] = tp
	if as == AsExchange {
		c.p.Profiles[policy.Fold(id)] = tp
	}
	if src.Domain.Set() {
		tp.Domains = append(tp.Domains, strings.TrimSpace(src.Domain.Value))
	}
	for _, d := range src.Domains {
		tp.Domains = append(tp.Domains, strings.TrimSpace(d.Value))
	}
	resolve := c.resolveRule(src, metadata)
	tp.Inputs = c.uses(src.InputClaims, protocol, resolve.input)
	tp.Persisted = c.uses(src.PersistedClaims, protocol, resolve.input)
	tp.Outputs = c.uses(src.OutputClaims, protocol, resolve.output)
	tp.Display = c.display(src, protocol, resolve)
	tp.SignUpTarget = metadata.String("SignUpTarget", "")
	tp.ForgotTarget = metadata.String("setting.forgotPasswordLinkOverride", "")
	tp.TextLink = strings.EqualFold(metadata.String("ClaimsProviderSelectionDisplayType", ""), "TextLink")
	if ref := metadata.String("ContentDefinitionReferenceId", ""); ref != "" {
		content, ok := c.p.Content[policy.Fold(ref)]
		if !ok {
			c.diag.Report(diag.UndeclaredContent, metadata.At("ContentDefinitionReferenceId"), meant(ref, c.e.ContentDefinitions.IDs(), "declare it under ContentDefinitions"),
				"technical profile %q refers to the content definition %q, which neither the policy nor any of its bases declare", tp.ID, ref)
		}
		tp.Content = content
	}
	tp.Messages = metadata.Prefixed("UserMessageIf", "DefaultMessage", "DefaultUserMessage", "UserMessage.", "AADRequestsThrottled", "DateTimeGreaterThan", "AssertNumberError", "LookupNotFound", "ResourceOwnerFlow", "ServiceThrottled")
	c.enablement(tp, src, metadata)
	tp.Session = c.session(src)
	tp.Validations = c.validations(src.Validations)
	c.plan(tp, src, metadata, as)
	return tp
}

// validations compiles the validation profiles of a page or of an action.
func (c *compiler) validations(list []policy.ValidationReference) []Validation {
	var out []Validation
	for _, v := range list {
		if p := c.profile(v.TechnicalProfile.Value, AsExchange); p != nil {
			out = append(out, Validation{
				Profile: p, ContinueOnSuccess: boolText(v.ContinueOnSuccess, true), ContinueOnError: boolText(v.ContinueOnError, false),
				Preconditions: c.preconditions(v.Preconditions),
			})
		}
	}
	return out
}

// display compiles what a page shows, in order. A display control has the claim
// resolvers of the profile that shows it.
func (c *compiler) display(src *policy.TechnicalProfile, protocol string, resolve resolveRules) []DisplayClaim {
	var out []DisplayClaim
	for _, ref := range src.DisplayClaims {
		if !ref.DisplayControl.Set() {
			for _, use := range c.uses([]*policy.ClaimReference{ref}, protocol, resolve.output) {
				use.Index = len(out)
				out = append(out, DisplayClaim{Use: use})
			}
			continue
		}
		d, ok := c.e.DisplayControls.Get(ref.DisplayControl.Value)
		if !ok {
			continue // policy.Check told
		}
		control := &DisplayControl{
			ID: d.ID.Value, Type: strings.TrimSpace(d.Type.Value), Position: ref.Pos,
			Inputs: c.uses(d.InputClaims, protocol, resolve.input), Display: c.uses(d.DisplayClaims, protocol, resolve.output),
			Outputs: c.uses(d.OutputClaims, protocol, resolve.output),
		}
		for _, a := range d.Actions {
			control.Actions = append(control.Actions, DisplayAction{ID: a.ID.Value, Validations: c.validations(a.Exchanges)})
		}
		out = append(out, DisplayClaim{Control: control})
	}
	return out
}

// plan lets the provider of the profile's kind do its part.
func (c *compiler) plan(tp *TechnicalProfile, src *policy.TechnicalProfile, metadata *Metadata, as Role) {
	kind, _ := c.o.Kinds.of(src, as)
	if kind.Plan == nil || src.Incomplete {
		// policy.Check says what isn't supported or lacks; running it fails clearly.
		tp.NotBuilt = kindName(src, as)
		return
	}
	tp.Exchange = kind.Plan(&Plan{
		Policy: c.e, Source: src, Profile: tp, Program: c.p, Metadata: metadata, KeyExists: c.needs,
		Generated: c.o.Generated, OwnKeyExists: c.needsOwn, ConnectorExists: c.o.ConnectorExists,
		Offline: c.o.Offline, Production: !strings.EqualFold(c.p.DeploymentMode, "Development"), collector: &c.diag,
		Incomplete: len(tp.Inputs) < len(src.InputClaims) || len(tp.Persisted) < len(src.PersistedClaims) || len(tp.Outputs) < len(src.OutputClaims),
	})
	metadata.Unused("the element DisplayName counts", "DisplayName")
	metadata.Prefixed("setting.", "language.")
	metadata.reportUnknown()
}

// resolving says what becomes of claim resolvers in default values.
type resolving uint8

const (
	resolved        resolving = iota + 1
	literal                   // they stay text
	resolvedUnasked           // they are resolved, but B2C would want the flag: reported
	literalByKey              // they stay text, as the flag's key is misspelt: reported
)

type resolveRules struct{ input, output resolving }

// resolveRule says whether defaults with claim resolvers are resolved. Some kinds resolve
// unasked, as the walkthrough and samples rely on it; elsewhere the flag is needed
// (rest-and-connectors §3 "Build").
func (c *compiler) resolveRule(src *policy.TechnicalProfile, m *Metadata) resolveRules {
	const flag = "IncludeClaimResolvingInClaimsHandling"
	kind, ok := c.o.Kinds.handler(src.HandlerClass())
	if !ok {
		kind, _ = c.o.Kinds.of(src, AsExchange)
	}
	r := resolveRules{input: literal, output: literal}
	if kind.Resolving == ResolvesAll {
		m.String(flag, "") // it is no error to ask
		return resolveRules{input: resolved, output: resolved}
	}
	if m.Bool(flag, false) {
		return resolveRules{input: resolved, output: resolved}
	}
	if _, slip := m.misspelt(flag); slip && !m.Has(flag) {
		r = resolveRules{input: literalByKey, output: literalByKey}
	}
	switch kind.Resolving {
	case ResolvesInputs:
		r.input = resolved
	case ResolvesForms:
		if r.input = resolvedUnasked; r.output == literalByKey {
			r.input = resolved
		}
	}
	return r
}

// uses compiles claim references; unresolved ones were reported by policy.Check.
func (c *compiler) uses(list []*policy.ClaimReference, protocol string, resolve resolving) []*ClaimUse {
	var uses []*ClaimUse
	for _, ref := range list {
		t, ok := c.p.Schema.Claim(ref.Claim.Value)
		if !ok {
			continue
		}
		use := &ClaimUse{
			Claim: t, Partner: t.Partner(protocol), HasDefault: ref.DefaultValue.Set(), Resolve: resolve == resolved || resolve == resolvedUnasked,
			AlwaysDefault: boolText(ref.AlwaysUseDefaultValue, false), Required: boolText(ref.Required, false),
			Overwrite: boolText(ref.OverwriteIfExists, true), ControlType: ref.ControlClaimType.Value,
			Index: len(uses), Position: ref.Pos,
		}
		if ref.Partner.Set() && ref.Partner.Value != "" {
			use.Partner = ref.Partner.Value
		}
		if use.HasDefault {
			use.Default = claims.ParseTemplate(ref.DefaultValue.Value)
			c.defaults = append(c.defaults, use.Default)
			c.resolvers(use, ref, resolve)
		}
		uses = append(uses, use)
	}
	return uses
}

// resolvers warns of claim resolvers that don't exist, and of ones that stay text
// because the profile doesn't resolve them.
func (c *compiler) resolvers(use *ClaimUse, ref *policy.ClaimReference, resolve resolving) {
	for _, r := range use.Default.References() {
		text := "{" + r.Namespace + ":" + r.Key + "}"
		switch known := c.p.Schema.KnownResolver(r); {
		case strings.EqualFold(r.Namespace, "Settings"), strings.EqualFold(r.Namespace, "service"), strings.EqualFold(r.Namespace, "property"):
			// deployment tools and the engine itself write these
		case !known:
			hint := "it stays as it is"
			if near := diag.Nearest(text, resolverNames()); near != "" {
				hint = "did you mean \"" + near + "\"?"
			}
			c.diag.Report(diag.UnknownResolver, ref.DefaultValue.Pos, hint, "the DefaultValue of %q has the claim resolver %s, which doesn't exist", use.Claim.ID, text)
		case resolve == resolvedUnasked:
			c.diag.Report(diag.LiteralResolver, ref.DefaultValue.Pos, "set IncludeClaimResolvingInClaimsHandling to true in the profile's Metadata",
				"the DefaultValue of %q has the claim resolver %s, which is resolved, though the profile doesn't ask for it", use.Claim.ID, text)
		case resolve == literal:
			c.diag.Report(diag.LiteralResolver, ref.DefaultValue.Pos, "set IncludeClaimResolvingInClaimsHandling to true in the profile's Metadata",
				"the DefaultValue of %q has the claim resolver %s, which isn't resolved here", use.Claim.ID, text)
		}
	}
}

func (c *compiler) enablement(tp *TechnicalProfile, src *policy.TechnicalProfile, m *Metadata) {
	tp.Enabled = Enablement{Value: m.String("ClaimValueOnWhichToEnable", "")}
	if t := m.claim(c.p.Schema, "ClaimTypeOnWhichToEnable"); t != nil {
		tp.Enabled.Claim = t.ID
	}
	switch policy.Fold(strings.TrimSpace(src.EnabledForJourneys.Value)) {
	case "", "always", "true":
	case "never", "false":
		tp.Enabled.Mode = EnabledNever
	case "onclaimsexistence":
		tp.Enabled.Mode = EnabledOnClaim
	case "onitemexistenceinstringcollectionclaim":
		tp.Enabled.Mode = EnabledOnItemInCollection
	case "onitemabsenceinstringcollectionclaim":
		tp.Enabled.Mode = EnabledOnItemNotInCollection
	}
	if tp.Enabled.Mode > EnabledNever {
		m.Required("ClaimTypeOnWhichToEnable")
	}
}

// session compiles the session-management profile that a profile refers to; nil if
// it has none: the default provider then has nothing to persist, so the profile
// always runs (policy-engine §5.16 [I]).
func (c *compiler) session(src *policy.TechnicalProfile) *SessionRule {
	if !src.Session.Set() {
		return nil
	}
	sm, ok := c.e.TechnicalProfiles.Get(src.Session.Value)
	if !ok {
		return nil
	}
	key := policy.Fold(sm.ID.Value)
	if rule, ok := c.rules[key]; ok {
		return rule
	}
	kind, _ := c.o.Kinds.handler(sm.HandlerClass())
	if kind.Session == 0 {
		return nil
	}
	m := c.metadata(sm)
	rule := &SessionRule{
		ID: sm.ID.Value, Kind: kind.Session, Persisted: c.uses(sm.PersistedClaims, "none", resolved),
		Outputs: c.uses(sm.OutputClaims, "none", resolved), AlwaysFetch: m.Bool("AlwaysFetchClaimsFromProvider", false),
	}
	m.Met("IncludeClaimResolvingInClaimsHandling") // sessions always resolve
	m.Unused("no SAML application takes part in sessions yet", "IncludeSessionIndex", "RegisterServiceProviders")
	m.Unused("the element DisplayName counts", "DisplayName")
	m.reportUnknown()
	c.rules[key] = rule
	return rule
}

func boolText(t policy.Text, def bool) bool {
	switch text := strings.TrimSpace(t.Value); {
	case strings.EqualFold(text, "true"), text == "1":
		return true
	case strings.EqualFold(text, "false"), text == "0":
		return false
	}
	return def
}
