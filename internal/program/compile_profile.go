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
		id: src.ID.Value, displayName: strings.TrimSpace(src.DisplayName.Value), protocol: protocol, position: src.Pos,
		inputTransformations:  c.transformList(src.InputTransformations),
		outputTransformations: c.transformList(src.OutputTransformations),
	}
	c.profiles[key] = tp
	if as == AsExchange {
		c.p.profiles[policy.Fold(id)] = tp
	}
	if src.Domain.Set() {
		tp.domains = append(tp.domains, strings.TrimSpace(src.Domain.Value))
	}
	for _, d := range src.Domains {
		tp.domains = append(tp.domains, strings.TrimSpace(d.Value))
	}
	resolve := c.resolveRule(src, metadata)
	tp.inputs = c.uses(src.InputClaims, protocol, resolve.input)
	tp.persisted = c.uses(src.PersistedClaims, protocol, resolve.input)
	tp.outputs = c.uses(src.OutputClaims, protocol, resolve.output)
	tp.display = c.display(src, protocol, resolve)
	tp.signUpTarget = metadata.String("SignUpTarget", "")
	tp.forgotTarget = metadata.String("setting.forgotPasswordLinkOverride", "")
	tp.textLink = strings.EqualFold(metadata.String("ClaimsProviderSelectionDisplayType", ""), "TextLink")
	if ref := metadata.String("ContentDefinitionReferenceId", ""); ref != "" {
		content, ok := c.p.content[policy.Fold(ref)]
		if !ok {
			c.diag.Report(diag.UndeclaredContent, metadata.At("ContentDefinitionReferenceId"), meant(ref, c.e.ContentDefinitions.IDs(), "declare it under ContentDefinitions"),
				"technical profile %q refers to the content definition %q, which neither the policy nor any of its bases declare", tp.id, ref)
		}
		tp.content = content
	}
	tp.messages = metadata.Prefixed("UserMessageIf", "DefaultMessage", "DefaultUserMessage", "UserMessage.", "AADRequestsThrottled", "DateTimeGreaterThan", "AssertNumberError", "LookupNotFound", "ResourceOwnerFlow", "ServiceThrottled")
	c.enablement(tp, src, metadata)
	tp.session = c.session(src)
	tp.validations = c.validations(src.Validations)
	c.plan(tp, src, metadata, as)
	return tp
}

// validations compiles the validation profiles of a page or of an action.
func (c *compiler) validations(list []policy.ValidationReference) []Validation {
	var out []Validation
	for _, v := range list {
		if p := c.profile(v.TechnicalProfile.Value, AsExchange); p != nil {
			out = append(out, Validation{
				profile: p, continueOnSuccess: boolText(v.ContinueOnSuccess, true), continueOnError: boolText(v.ContinueOnError, false),
				preconditions: c.preconditions(v.Preconditions),
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
				use.index = len(out)
				out = append(out, DisplayClaim{use: use})
			}
			continue
		}
		d, ok := c.e.DisplayControls.Get(ref.DisplayControl.Value)
		if !ok {
			continue // policy.Check reported it
		}
		control := &DisplayControl{
			id: d.ID.Value, controlType: strings.TrimSpace(d.Type.Value), position: ref.Pos,
			inputs: c.uses(d.InputClaims, protocol, resolve.input), display: c.uses(d.DisplayClaims, protocol, resolve.output),
			outputs: c.uses(d.OutputClaims, protocol, resolve.output),
		}
		for _, a := range d.Actions {
			control.actions = append(control.actions, DisplayAction{id: a.ID.Value, validations: c.validations(a.Exchanges)})
		}
		out = append(out, DisplayClaim{control: control})
	}
	return out
}

// plan lets the provider of the profile's kind do its part.
func (c *compiler) plan(tp *TechnicalProfile, src *policy.TechnicalProfile, metadata *Metadata, as Role) {
	kind, _ := c.o.Kinds.of(src, as)
	if kind.Plan == nil || src.Incomplete {
		// policy.Check says what isn't supported or lacks; running it fails clearly.
		tp.notBuilt = kindName(src, as)
		return
	}
	tp.exchange = kind.Plan(&Plan{
		Policy: c.e, Source: src, Profile: tp, Program: c.p, Metadata: metadata, KeyExists: c.needs,
		Generated: c.o.Generated, OwnKeyExists: c.needsOwn, ConnectorExists: c.o.ConnectorExists,
		Offline: c.o.Offline, Production: !strings.EqualFold(c.p.deploymentMode, "Development"), collector: &c.diag,
		Incomplete: len(tp.inputs) < len(src.InputClaims) || len(tp.persisted) < len(src.PersistedClaims) || len(tp.outputs) < len(src.OutputClaims),
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
		t, ok := c.p.schema.Claim(ref.Claim.Value)
		if !ok {
			continue
		}
		use := &ClaimUse{
			claim: t, partner: t.Partner(protocol), hasDefault: ref.DefaultValue.Set(), resolve: resolve == resolved || resolve == resolvedUnasked,
			alwaysDefault: boolText(ref.AlwaysUseDefaultValue, false), required: boolText(ref.Required, false),
			overwrite: boolText(ref.OverwriteIfExists, true), controlType: ref.ControlClaimType.Value,
			index: len(uses), position: ref.Pos,
		}
		if ref.Partner.Set() && ref.Partner.Value != "" {
			use.partner = ref.Partner.Value
		}
		if use.hasDefault {
			use.defaultValue = claims.ParseTemplate(ref.DefaultValue.Value)
			c.defaults = append(c.defaults, use.defaultValue)
			c.resolvers(use, ref, resolve)
		}
		uses = append(uses, use)
	}
	return uses
}

// resolvers warns of claim resolvers that don't exist, and of ones that stay text
// because the profile doesn't resolve them.
func (c *compiler) resolvers(use *ClaimUse, ref *policy.ClaimReference, resolve resolving) {
	for _, r := range use.defaultValue.References() {
		text := "{" + r.Namespace + ":" + r.Key + "}"
		switch known := c.p.schema.KnownResolver(r); {
		case strings.EqualFold(r.Namespace, "Settings"), strings.EqualFold(r.Namespace, "service"), strings.EqualFold(r.Namespace, "property"):
			// deployment tools and the engine itself write these
		case !known:
			hint := "it stays as it is"
			if near := diag.Nearest(text, resolverNames()); near != "" {
				hint = "did you mean \"" + near + "\"?"
			}
			c.diag.Report(diag.UnknownResolver, ref.DefaultValue.Pos, hint, "the DefaultValue of %q has the claim resolver %s, which doesn't exist", use.claim.ID(), text)
		case resolve == resolvedUnasked:
			c.diag.Report(diag.LiteralResolver, ref.DefaultValue.Pos, "set IncludeClaimResolvingInClaimsHandling to true in the profile's Metadata",
				"the DefaultValue of %q has the claim resolver %s, which is resolved, though the profile doesn't ask for it", use.claim.ID(), text)
		case resolve == literal:
			c.diag.Report(diag.LiteralResolver, ref.DefaultValue.Pos, "set IncludeClaimResolvingInClaimsHandling to true in the profile's Metadata",
				"the DefaultValue of %q has the claim resolver %s, which isn't resolved here", use.claim.ID(), text)
		}
	}
}

func (c *compiler) enablement(tp *TechnicalProfile, src *policy.TechnicalProfile, m *Metadata) {
	tp.enabled = Enablement{value: m.String("ClaimValueOnWhichToEnable", "")}
	if t := m.claim(c.p.schema, "ClaimTypeOnWhichToEnable"); t != nil {
		tp.enabled.claim = t.ID()
	}
	switch policy.Fold(strings.TrimSpace(src.EnabledForJourneys.Value)) {
	case "", "always", "true":
	case "never", "false":
		tp.enabled.mode = EnabledNever
	case "onclaimsexistence":
		tp.enabled.mode = EnabledOnClaim
	case "onitemexistenceinstringcollectionclaim":
		tp.enabled.mode = EnabledOnItemInCollection
	case "onitemabsenceinstringcollectionclaim":
		tp.enabled.mode = EnabledOnItemNotInCollection
	}
	if tp.enabled.mode > EnabledNever {
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
		id: sm.ID.Value, kind: kind.Session, persisted: c.uses(sm.PersistedClaims, "none", resolved),
		outputs: c.uses(sm.OutputClaims, "none", resolved), alwaysFetch: m.Bool("AlwaysFetchClaimsFromProvider", false),
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
