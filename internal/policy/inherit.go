package policy

import (
	"strings"

	"journeyman.dev/internal/diag"
)

// Inherit merges a chain of documents, root first, into the effective policy by the rules of policy-engine
// §2: first the whole chain, then the profiles' includes. It doesn't change the documents, so several chains
// may share them.
func Inherit(chain []*Document) (*Effective, diag.List) {
	e := &Effective{Chain: chain, Leaf: chain[len(chain)-1]}
	var c diag.Collector
	profiles := Index[*TechnicalProfile]{}
	for _, d := range chain {
		overlay(&e.ClaimTypes, d.ClaimTypes, func(t *ClaimType) Text { return t.ID }, mergeClaimType)
		overlay(&e.Predicates, d.Predicates, func(p *Predicate) Text { return p.ID }, replace)
		overlay(&e.PredicateValidations, d.InputValidations, func(p *PredicateValidation) Text { return p.ID }, replace)
		overlay(&e.PredicateValidations, d.PredicateValidations, func(p *PredicateValidation) Text { return p.ID }, replace)
		overlay(&e.ClaimsTransformations, d.ClaimsTransformations, func(t *ClaimsTransformation) Text { return t.ID }, replace)
		overlay(&e.ClientDefinitions, d.ClientDefinitions, func(t *ClientDefinition) Text { return t.ID }, replace)
		overlay(&e.ContentDefinitions, d.ContentDefinitions, func(t *ContentDefinition) Text { return t.ID }, mergeContent)
		overlay(&e.DisplayControls, d.DisplayControls, func(t *DisplayControl) Text { return t.ID }, replace)
		overlay(&e.UserJourneys, d.UserJourneys, func(j *UserJourney) Text { return j.ID }, mergeJourney)
		overlay(&e.SubJourneys, d.SubJourneys, func(j *UserJourney) Text { return j.ID }, mergeJourney)
		for _, p := range d.ClaimsProviders {
			overlay(&profiles, p.TechnicalProfiles, func(t *TechnicalProfile) Text { return t.ID }, func(child, parent *TechnicalProfile) *TechnicalProfile {
				changedProtocol(&c, child, parent)
				return mergeProfile(child, parent)
			})
		}
		if d.Localization != nil {
			mergeLocalization(e, d.Localization)
		}
		if d.RelyingParty != nil {
			e.RelyingParty = mergeRelyingParty(d.RelyingParty, e.RelyingParty)
		}
	}
	inc := &includer{profiles: &profiles, done: make(map[string]*TechnicalProfile), open: make(map[string]bool), c: &c}
	for _, tp := range profiles.All() {
		e.TechnicalProfiles.Put(tp.ID.Value, inc.resolve(tp))
	}
	if e.RelyingParty != nil {
		rp := *e.RelyingParty
		rp.TechnicalProfiles = append([]*TechnicalProfile(nil), rp.TechnicalProfiles...)
		for i, tp := range rp.TechnicalProfiles {
			rp.TechnicalProfiles[i] = inc.resolve(tp)
		}
		e.RelyingParty = &rp
	}
	e.Strays = strays(e)
	return e, c.List()
}

// overlay adds a file's items to an index: new items unchanged, known items merged.
func overlay[T any](x *Index[T], items []T, id func(T) Text, merge func(child, parent T) T) {
	for _, item := range items {
		key := id(item).Value
		if parent, ok := x.Get(key); ok {
			item = merge(item, parent)
		}
		x.Put(key, item)
	}
}

func replace[T any](child, _ T) T { return child }

// pick returns the child's member if it is set, else the parent's.
func pick(child, parent Text) Text {
	if child.Set() {
		return child
	}
	return parent
}

func pickPointer[T any](child, parent *T) *T {
	if child != nil {
		return child
	}
	return parent
}

// union merges lists: first the child's entries in the child's order, then the parent's entries that the
// child doesn't repeat (policy-engine §2.3 [C→I]).
func union[T any](child, parent []T, key func(T) string, merge func(child, parent T) T) []T {
	if len(child) == 0 {
		return parent
	}
	if len(parent) == 0 {
		return child
	}
	out := make([]T, 0, len(child)+len(parent))
	at := make(map[string]int, len(child))
	for _, c := range child {
		at[key(c)] = len(out)
		out = append(out, c)
	}
	for _, p := range parent {
		if i, ok := at[key(p)]; ok {
			out[i] = merge(out[i], p)
			continue
		}
		out = append(out, p)
	}
	return out
}

func mergeClaimType(child, parent *ClaimType) *ClaimType {
	m := *parent
	m.Pos, m.ID = child.Pos, parent.ID // the first declaration's spelling stays
	m.StatementType = pick(child.StatementType, parent.StatementType)
	m.DisplayName = pick(child.DisplayName, parent.DisplayName)
	m.DataType = pick(child.DataType, parent.DataType)
	m.AdminHelpText = pick(child.AdminHelpText, parent.AdminHelpText)
	m.UserHelpText = pick(child.UserHelpText, parent.UserHelpText)
	m.UserInputType = pick(child.UserInputType, parent.UserInputType)
	m.InputValidation = pick(child.InputValidation, parent.InputValidation)
	m.PredicateValidation = pick(child.PredicateValidation, parent.PredicateValidation)
	m.Mask = pickPointer(child.Mask, parent.Mask)
	if len(child.DefaultPartnerClaimTypes) > 0 {
		m.DefaultPartnerClaimTypes = child.DefaultPartnerClaimTypes
	}
	m.Restriction = mergeRestriction(child.Restriction, parent.Restriction)
	return &m
}

// mergeRestriction follows MergeBehavior. Without it the child's restriction replaces the parent's
// (claims-and-transformations §1.6 [S]).
func mergeRestriction(child, parent *Restriction) *Restriction {
	if child == nil || parent == nil {
		return pickPointer(child, parent)
	}
	m := *child
	first, second := child.Enumerations, parent.Enumerations
	switch strings.ToLower(child.MergeBehavior.Value) {
	case "append":
		first, second = second, first
	case "prepend":
	default:
		return child
	}
	// If two entries have the same value, the child's stays [I].
	mine := make(map[string]bool)
	for _, x := range child.Enumerations {
		mine[x.Value.Value] = true
	}
	m.Enumerations = nil
	for i, list := range [][]Enumeration{first, second} {
		fromParent := (i == 0) == (strings.EqualFold(child.MergeBehavior.Value, "append"))
		for _, x := range list {
			if !fromParent || !mine[x.Value.Value] {
				m.Enumerations = append(m.Enumerations, x)
			}
		}
	}
	m.Pattern = pickPointer(child.Pattern, parent.Pattern)
	return &m
}

func mergeMetadata(child, parent Metadata) Metadata {
	return union(child, parent, func(i MetadataItem) string { return Fold(i.Key.Value) }, func(c, _ MetadataItem) MetadataItem { return c })
}

func mergeContent(child, parent *ContentDefinition) *ContentDefinition {
	m := *parent
	m.Pos = child.Pos
	m.LoadURI = pick(child.LoadURI, parent.LoadURI)
	m.RecoveryURI = pick(child.RecoveryURI, parent.RecoveryURI)
	m.DataURI = pick(child.DataURI, parent.DataURI)
	m.Metadata = mergeMetadata(child.Metadata, parent.Metadata)
	if child.LocalizedReferences != nil {
		if parent.LocalizedReferences == nil || strings.EqualFold(child.LocalizedReferences.MergeBehavior.Value, "ReplaceAll") {
			m.LocalizedReferences = child.LocalizedReferences
		} else {
			l := *child.LocalizedReferences
			l.References = union(l.References, parent.LocalizedReferences.References,
				func(r LocalizedReference) string { return Fold(r.Language.Value) }, func(c, _ LocalizedReference) LocalizedReference { return c })
			m.LocalizedReferences = &l
		}
	}
	return &m
}

func mergeLocalization(e *Effective, l *Localization) {
	if l.Enabled.Set() {
		e.LocalizationEnabled = strings.EqualFold(strings.TrimSpace(l.Enabled.Value), "true") || l.Enabled.Value == "1"
	}
	if s := l.Supported; s != nil {
		old := e.SupportedLanguages
		next := *s
		next.DefaultLanguage = pick(s.DefaultLanguage, old.DefaultLanguage)
		next.PolicyLanguage = pick(s.PolicyLanguage, old.PolicyLanguage)
		key := func(t Text) string { return Fold(t.Value) }
		keep := func(c, _ Text) Text { return c }
		switch strings.ToLower(s.MergeBehavior.Value) {
		case "append":
			next.Languages = union(old.Languages, s.Languages, key, keep)
		case "prepend":
			next.Languages = union(s.Languages, old.Languages, key, keep)
		}
		e.SupportedLanguages = next
	}
	overlay(&e.LocalizedResources, l.Resources, func(r *LocalizedResources) Text { return r.ID }, mergeResources)
}

func mergeResources(child, parent *LocalizedResources) *LocalizedResources {
	m := *parent
	m.Pos, m.Culture = child.Pos, pick(child.Culture, parent.Culture)
	m.Strings = union(child.Strings, parent.Strings, func(s LocalizedString) string {
		return Fold(s.ElementType.Value + "\x00" + s.ElementID.Value + "\x00" + s.StringID.Value)
	}, func(c, _ LocalizedString) LocalizedString { return c })
	m.Collections = union(child.Collections, parent.Collections, func(s LocalizedCollection) string {
		return Fold(s.ElementType.Value + "\x00" + s.ElementID.Value + "\x00" + s.TargetCollection.Value)
	}, func(c, _ LocalizedCollection) LocalizedCollection { return c })
	return &m
}

func claimKey(c *ClaimReference) string {
	if c.DisplayControl.Set() {
		return "control " + Fold(c.DisplayControl.Value)
	}
	return Fold(c.Claim.Value)
}

func mergeClaim(child, parent *ClaimReference) *ClaimReference {
	m := *parent
	m.Pos = child.Pos
	m.Claim = pick(child.Claim, parent.Claim)
	m.ControlClaimType = pick(child.ControlClaimType, parent.ControlClaimType)
	m.Partner = pick(child.Partner, parent.Partner)
	m.DefaultValue = pick(child.DefaultValue, parent.DefaultValue)
	m.AlwaysUseDefaultValue = pick(child.AlwaysUseDefaultValue, parent.AlwaysUseDefaultValue)
	m.Required = pick(child.Required, parent.Required)
	m.OverwriteIfExists = pick(child.OverwriteIfExists, parent.OverwriteIfExists)
	m.FromTechnicalProfileID = pick(child.FromTechnicalProfileID, parent.FromTechnicalProfileID)
	return &m
}

func mergeValidation(child, parent ValidationReference) ValidationReference {
	child.ContinueOnError = pick(child.ContinueOnError, parent.ContinueOnError)
	child.ContinueOnSuccess = pick(child.ContinueOnSuccess, parent.ContinueOnSuccess)
	if len(child.Preconditions) == 0 {
		child.Preconditions = parent.Preconditions
	}
	return child
}

// mergeProfile is the deep merge of §2.3. Includes use it, too, with the included profile as parent.
func mergeProfile(child, parent *TechnicalProfile) *TechnicalProfile {
	m := *child
	m.ID = Text{parent.ID.Value, child.ID.Pos}
	if !child.Domain.Set() {
		m.Domain = parent.Domain
	}
	if len(child.Domains) == 0 {
		m.Domains = parent.Domains
	}
	m.DisplayName = pick(child.DisplayName, parent.DisplayName)
	m.Description = pick(child.Description, parent.Description)
	if !child.Protocol.Pos.Known() {
		m.Protocol = parent.Protocol
	} else if !child.Protocol.Handler.Set() {
		m.Protocol.Handler = parent.Protocol.Handler
	}
	m.InputTokenFormat = pick(child.InputTokenFormat, parent.InputTokenFormat)
	m.OutputTokenFormat = pick(child.OutputTokenFormat, parent.OutputTokenFormat)
	m.SubjectAuthentication = pickPointer(child.SubjectAuthentication, parent.SubjectAuthentication)
	m.Metadata = mergeMetadata(child.Metadata, parent.Metadata)
	m.Keys = union(child.Keys, parent.Keys, func(k KeyReference) string { return Fold(k.ID.Value) }, func(c, _ KeyReference) KeyReference { return c })
	m.IncludeInSSO = pick(child.IncludeInSSO, parent.IncludeInSSO)
	m.InputClaims = union(child.InputClaims, parent.InputClaims, claimKey, mergeClaim)
	m.DisplayClaims = union(child.DisplayClaims, parent.DisplayClaims, claimKey, mergeClaim)
	m.PersistedClaims = union(child.PersistedClaims, parent.PersistedClaims, claimKey, mergeClaim)
	m.OutputClaims = union(child.OutputClaims, parent.OutputClaims, claimKey, mergeClaim)
	folded := func(t Text) string { return Fold(t.Value) }
	first := func(c, _ Text) Text { return c }
	m.InputTransformations = union(child.InputTransformations, parent.InputTransformations, folded, first)
	m.OutputTransformations = union(child.OutputTransformations, parent.OutputTransformations, folded, first)
	m.Validations = union(child.Validations, parent.Validations, func(v ValidationReference) string { return Fold(v.TechnicalProfile.Value) }, mergeValidation)
	m.SubjectNaming = pickPointer(child.SubjectNaming, parent.SubjectNaming)
	if len(child.Includes) == 0 {
		m.Includes = parent.Includes
	}
	m.Session = pick(child.Session, parent.Session)
	m.EnabledForJourneys = pick(child.EnabledForJourneys, parent.EnabledForJourneys)
	m.Ignored = append(append([]Text(nil), child.Ignored...), parent.Ignored...)
	return &m
}

// changedProtocol warns of a profile whose protocol or handler differs from its base's. B2C accepts it
// (policy-engine §2.3 [I]).
func changedProtocol(c *diag.Collector, child, parent *TechnicalProfile) {
	was, now := parent.Protocol, child.Protocol
	if !was.Name.Set() || !now.Name.Set() {
		return
	}
	if !strings.EqualFold(was.Name.Value, now.Name.Value) || now.Handler.Set() && was.Handler.Set() && !strings.EqualFold(child.HandlerClass(), parent.HandlerClass()) {
		c.Report(diag.ChangedProtocol, now.Pos, "it is declared at "+was.Pos.String(), "technical profile %q changes its protocol", child.ID.Value)
	}
}

// includer applies IncludeTechnicalProfile after the whole chain is merged, so that an overlay of AAD-Common
// reaches all profiles that include it (§2.1).
type includer struct {
	profiles *Index[*TechnicalProfile]
	done     map[string]*TechnicalProfile
	open     map[string]bool
	c        *diag.Collector
	merged   int // items added by includes so far
	full     bool
}

// maxMerged limits the items that includes may add to the profiles of a policy. Real policies add some
// hundreds; a hostile file with thousands of claims and thousands of includes would add millions. B2C
// documents no limit.
const maxMerged = 200_000

func (x *includer) resolve(tp *TechnicalProfile) *TechnicalProfile {
	if len(tp.Includes) == 0 {
		return tp
	}
	key := Fold(tp.ID.Value)
	if done, ok := x.done[key]; ok {
		return done
	}
	out := *tp
	if x.open[key] {
		x.c.Report(diag.IncludeCycle, tp.Includes[0].Pos, "break the cycle", "technical profile %q includes itself", tp.ID.Value)
		out.Incomplete = true
		return &out
	}
	x.open[key] = true
	defer delete(x.open, key)
	parent, ok := x.profiles.Get(tp.Includes[0].Value)
	switch {
	case !ok || x.full:
		out.Incomplete = true
	default:
		base := x.resolve(parent)
		out = *mergeProfile(tp, base)
		out.ID = tp.ID
		out.Domain, out.Domains = tp.Domain, tp.Domains // the includer's provider, not the included one's
		out.Includes = tp.Includes
		out.Incomplete = base.Incomplete
		x.count(&out)
	}
	x.done[key] = &out
	return &out
}

func (x *includer) count(tp *TechnicalProfile) {
	x.merged += len(tp.Metadata) + len(tp.Keys) + len(tp.InputClaims) + len(tp.DisplayClaims) + len(tp.PersistedClaims) +
		len(tp.OutputClaims) + len(tp.InputTransformations) + len(tp.OutputTransformations) + len(tp.Validations)
	if x.merged > maxMerged && !x.full {
		x.full = true
		x.c.Report(diag.MergeTooLarge, tp.Includes[0].Pos, "include fewer items", "technical profile %q: the included profiles add more than %d items together", tp.ID.Value, maxMerged)
	}
}

func mergeJourney(child, parent *UserJourney) *UserJourney {
	m := *parent
	m.Pos = child.Pos
	m.Type = pick(child.Type, parent.Type)
	m.NonInteractive = pick(child.NonInteractive, parent.NonInteractive)
	m.DefaultIssuer = pick(child.DefaultIssuer, parent.DefaultIssuer)
	m.AssuranceLevel = pick(child.AssuranceLevel, parent.AssuranceLevel)
	m.PreserveOriginalAssertion = pick(child.PreserveOriginalAssertion, parent.PreserveOriginalAssertion)
	m.ClientDefinition = pick(child.ClientDefinition, parent.ClientDefinition)
	m.HasUnusedCryptographicKeys = child.HasUnusedCryptographicKeys || parent.HasUnusedCryptographicKeys
	if len(child.AuthorizationProfiles) > 0 {
		m.AuthorizationProfiles = child.AuthorizationProfiles
	}
	// Steps keep the parent's sequence. Steps that only the child declares follow.
	m.Steps = nil
	mine := make(map[int]*OrchestrationStep)
	for _, s := range child.Steps {
		mine[s.number()] = s
	}
	for _, s := range parent.Steps {
		if c, ok := mine[s.number()]; ok {
			delete(mine, s.number())
			s = mergeStep(c, s)
		}
		m.Steps = append(m.Steps, s)
	}
	for _, s := range child.Steps {
		if mine[s.number()] == s {
			m.Steps = append(m.Steps, s)
		}
	}
	return &m
}

// mergeStep merges two steps of the same Order, deep (§2.4).
func mergeStep(child, parent *OrchestrationStep) *OrchestrationStep {
	m := *child
	m.Type = pick(child.Type, parent.Type)
	m.ContentDefinition = pick(child.ContentDefinition, parent.ContentDefinition)
	m.Issuer = pick(child.Issuer, parent.Issuer)
	m.DisplayOption = pick(child.DisplayOption, parent.DisplayOption)
	if len(child.Preconditions) == 0 {
		m.Preconditions = parent.Preconditions
	}
	m.Exchanges = union(child.Exchanges, parent.Exchanges, func(x ClaimsExchange) string { return Fold(x.ID.Value) }, func(c, _ ClaimsExchange) ClaimsExchange { return c })
	m.Selections = union(child.Selections, parent.Selections, func(s ProviderSelection) string {
		return Fold(s.Target.Value + "\x00" + s.Validation.Value)
	}, func(c, _ ProviderSelection) ProviderSelection { return c })
	m.Candidates = union(child.Candidates, parent.Candidates, func(t Text) string { return Fold(t.Value) }, func(c, _ Text) Text { return c })
	return &m
}

func mergeRelyingParty(child, parent *RelyingParty) *RelyingParty {
	if parent == nil {
		return child
	}
	m := *child
	m.DefaultJourney = pick(child.DefaultJourney, parent.DefaultJourney)
	m.Endpoints = union(child.Endpoints, parent.Endpoints, func(e Endpoint) string { return Fold(e.ID.Value) }, func(c, _ Endpoint) Endpoint { return c })
	m.TechnicalProfiles = union(child.TechnicalProfiles, parent.TechnicalProfiles, func(t *TechnicalProfile) string { return Fold(t.ID.Value) }, mergeProfile)
	switch {
	case child.Behaviors == nil:
		m.Behaviors = parent.Behaviors
	case parent.Behaviors != nil:
		b := *child.Behaviors
		p := parent.Behaviors
		b.SingleSignOn = pickPointer(b.SingleSignOn, p.SingleSignOn)
		b.SessionExpiryType = pick(b.SessionExpiryType, p.SessionExpiryType)
		b.SessionExpiryInSeconds = pick(b.SessionExpiryInSeconds, p.SessionExpiryInSeconds)
		b.Insights = pickPointer(b.Insights, p.Insights)
		b.JourneyFraming = pickPointer(b.JourneyFraming, p.JourneyFraming)
		b.ScriptExecution = pick(b.ScriptExecution, p.ScriptExecution)
		b.OnErrorMode = pick(b.OnErrorMode, p.OnErrorMode)
		if len(b.ContentDefinitionParameters) == 0 {
			b.ContentDefinitionParameters = p.ContentDefinitionParameters
		}
		m.Behaviors = &b
	}
	return &m
}
