package policy

import (
	"slices"
	"strconv"
	"strings"

	"journeyman.dev/internal/claims"
	"journeyman.dev/internal/diag"
)

// Check reports the faults that are visible in an effective policy itself: references, steps, the relying
// party, and parts of kinds that this version doesn't run. Package program checks the metadata of technical
// profiles when it compiles the policy. Rule names are those of policy-engine §3.2.
func Check(e *Effective, kinds Kinds) diag.List {
	c := &checker{e: e, kinds: kinds, reach: reached(e)}
	c.claimTypes()
	c.buildingBlocks()
	for _, tp := range e.TechnicalProfiles.All() {
		c.profile(tp)
	}
	for _, j := range e.UserJourneys.All() {
		c.journey(j, false)
	}
	for _, j := range e.SubJourneys.All() {
		c.journey(j, true)
	}
	for _, tp := range c.reach.exchanges {
		c.usable(tp)
	}
	for _, tp := range c.reach.sessions {
		c.handler(tp, diag.UnknownHandler)
	}
	c.recursion()
	c.relyingParty()
	// An unresolved reference was already reported; don't report the claims that it would have brought.
	if !c.unresolved && e.RelyingParty != nil {
		for _, tp := range c.reach.exchanges {
			if strings.EqualFold(tp.HandlerClass(), "SelfAssertedAttributeProvider") && len(tp.DisplayClaims) == 0 {
				c.sources(tp)
			}
		}
		c.outputs()
		c.requiredInputs()
	}
	c.texts()
	c.support()
	c.unchecked()
	list := c.List()
	for i := range list {
		if list[i].PolicyID == "" {
			list[i].PolicyID = e.Owner(list[i].Position.File)
		}
	}
	return list.Sort()
}

// maxHints limits the references of a policy that get a suggestion. A suggestion compares every id, and a
// hostile file could ask for millions.
const maxHints = 100

type checker struct {
	diag.Collector
	e          *Effective
	kinds      Kinds
	reach      *reach
	unresolved bool            // a reference didn't resolve
	hints      int             // hints given so far
	exchanges  map[string]bool // see anyExchange
}

// reference reports an id that isn't declared (REF-1, REF-2).
func reference[T any](c *checker, x *Index[T], ref Text, code diag.Code, kind, from string) {
	id := ref.Value
	if !ref.Set() || placeholder(id) {
		return
	}
	if _, ok := x.Get(id); ok {
		return
	}
	c.unresolved = c.unresolved || code.Entry().Severity == diag.Error
	hint := "declare it, or correct the id"
	if c.hints < maxHints {
		c.hints++
		if near := didYouMean(id, x.IDs()); near != "" {
			hint = near
		}
	}
	c.Report(code, ref.Pos, hint, "%s refers to the %s %q, which neither the policy nor any of its bases declare", from, kind, id)
}

func (c *checker) claim(ref Text, from string) {
	reference(c, &c.e.ClaimTypes, ref, diag.UndeclaredClaimType, "claim type", from)
}

func (c *checker) technicalProfile(ref Text, from string) {
	reference(c, &c.e.TechnicalProfiles, ref, diag.UndeclaredProfile, "technical profile", from)
}

func (c *checker) claimTypes() {
	for _, t := range c.e.ClaimTypes.All() {
		from := "claim type " + strconv.Quote(t.ID.Value)
		reference(c, &c.e.PredicateValidations, t.PredicateValidation, diag.UndeclaredValidation, "predicate validation", from)
		reference(c, &c.e.PredicateValidations, t.InputValidation, diag.UndeclaredValidation, "input validation", from)
		if !t.DataType.Set() || strings.TrimSpace(t.DataType.Value) == "" {
			hint := "add <DataType>string</DataType>"
			if near := diag.Slip(t.ID.Value, slices.DeleteFunc(slices.Clone(c.e.ClaimTypes.IDs()), func(id string) bool { return strings.EqualFold(id, t.ID.Value) })); near != "" {
				hint += ", or did you mean " + strconv.Quote(near) + "?"
			}
			c.Report(diag.MissingDataType, t.Pos, hint, "claim type %q has no DataType", t.ID.Value)
		}
	}
	// A child may not change the type that its bases gave (claims-and-transformations §1.7 [I]).
	types := make(map[string]Text)
	for _, d := range c.e.Chain {
		for _, t := range d.ClaimTypes {
			key := Fold(t.ID.Value)
			first, ok := types[key]
			switch {
			case !t.DataType.Set():
			case !ok:
				types[key] = t.DataType
			case !strings.EqualFold(strings.TrimSpace(first.Value), strings.TrimSpace(t.DataType.Value)):
				c.Report(diag.ChangedDataType, t.DataType.Pos, "it is declared at "+first.Pos.String(),
					"claim type %q changes its data type from %s to %s", t.ID.Value, strings.TrimSpace(first.Value), strings.TrimSpace(t.DataType.Value))
			}
		}
	}
}

func (c *checker) buildingBlocks() {
	for _, v := range c.e.PredicateValidations.All() {
		for _, g := range v.Groups {
			for _, ref := range g.References {
				reference(c, &c.e.Predicates, ref, diag.UndeclaredPredicate, "predicate", "predicate validation "+strconv.Quote(v.ID.Value))
			}
		}
	}
	for _, t := range c.e.ClaimsTransformations.All() {
		from := "claims transformation " + strconv.Quote(t.ID.Value)
		for _, list := range [][]TransformationClaim{t.InputClaims, t.OutputClaims} {
			for _, a := range list {
				c.claim(a.Claim, from)
			}
		}
	}
	for _, d := range c.e.ContentDefinitions.All() {
		if d.LocalizedReferences == nil {
			continue
		}
		for _, ref := range d.LocalizedReferences.References {
			reference(c, &c.e.LocalizedResources, ref.ID, diag.UndeclaredResource, "localized resource", "content definition "+strconv.Quote(d.ID.Value))
		}
	}
	for _, d := range c.e.DisplayControls.All() {
		from := "display control " + strconv.Quote(d.ID.Value)
		for _, list := range [][]*ClaimReference{d.InputClaims, d.DisplayClaims, d.OutputClaims} {
			c.claims(list, from)
		}
		for _, a := range d.Actions {
			for _, x := range a.Exchanges {
				c.technicalProfile(x.TechnicalProfile, from)
				c.preconditions(x.Preconditions, from)
			}
		}
	}
}

// claims checks claim references and their default values (REF-1, REF-4).
func (c *checker) claims(list []*ClaimReference, from string) {
	for _, ref := range list {
		if ref.DisplayControl.Set() {
			reference(c, &c.e.DisplayControls, ref.DisplayControl, diag.UndeclaredControl, "display control", from)
		}
		c.claim(ref.Claim, from)
		c.technicalProfile(ref.FromTechnicalProfileID, from)
		if !ref.Claim.Set() && !ref.DisplayControl.Set() {
			c.Report(diag.UnknownDisplay, ref.Pos, "add ClaimTypeReferenceId", "%s has a claim reference without a claim", from)
		}
		t, ok := c.e.ClaimTypes.Get(ref.Claim.Value)
		if !ok || !ref.DefaultValue.Set() || ref.DefaultValue.Value == "" || strings.Contains(ref.DefaultValue.Value, "{") || placeholder(ref.DefaultValue.Value) {
			continue
		}
		if dt, ok := claims.ParseDataType(strings.TrimSpace(t.DataType.Value)); ok {
			if _, err := claims.Parse(dt, ref.DefaultValue.Value); err != nil {
				c.Report(diag.BadDefault, ref.DefaultValue.Pos, "write a value of data type "+dt.String(),
					"%s: the DefaultValue of %q is no %s", from, ref.Claim.Value, dt)
			}
		}
	}
}

func (c *checker) profile(tp *TechnicalProfile) {
	from := "technical profile " + strconv.Quote(tp.ID.Value)
	for _, list := range [][]*ClaimReference{tp.InputClaims, tp.DisplayClaims, tp.PersistedClaims, tp.OutputClaims} {
		c.claims(list, from)
	}
	for _, list := range [][]Text{tp.InputTransformations, tp.OutputTransformations} {
		for _, ref := range list {
			reference(c, &c.e.ClaimsTransformations, ref, diag.UndeclaredTransform, "claims transformation", from)
		}
	}
	for _, v := range tp.Validations {
		c.technicalProfile(v.TechnicalProfile, from)
		c.preconditions(v.Preconditions, from)
	}
	for _, ref := range tp.Includes {
		c.technicalProfile(ref, from)
	}
	c.technicalProfile(tp.Session, from)
	c.session(tp)
	if !c.reach.seen[tp] {
		c.handler(tp, diag.UnusedHandler)
	}
}

// session warns of a profile whose session profile doesn't manage sessions.
func (c *checker) session(tp *TechnicalProfile) {
	sm, ok := c.e.TechnicalProfiles.Get(tp.Session.Value)
	if !ok || sm.Incomplete || !c.knownHandler(sm.HandlerClass()) && sm.Protocol.Handler.Set() || strings.HasSuffix(Fold(sm.HandlerClass()), "ssosessionprovider") {
		return
	}
	c.Report(diag.NotASession, tp.Session.Pos, "name a profile such as SM-AAD or SM-Noop",
		"technical profile %q keeps its session with %q, which isn't a session-management profile", tp.ID.Value, sm.ID.Value)
}

// handler reports a Proprietary profile whose handler doesn't exist (TP-1). In a profile that no journey runs
// it reports only a misspelling, and only as a warning: B2C may have undocumented handlers.
func (c *checker) handler(tp *TechnicalProfile, code diag.Code) {
	if !strings.EqualFold(tp.Protocol.Name.Value, "Proprietary") || tp.Incomplete || c.knownHandler(tp.HandlerClass()) {
		return
	}
	hint := didYouMean(tp.HandlerClass(), names(c.kinds.Handlers))
	if hint == "" && code == diag.UnusedHandler {
		return
	}
	if hint == "" {
		hint = "for example Web.TPEngine.Providers.RestfulProvider, Web.TPEngine, Version=1.0.0.0, …"
	}
	at := tp.Protocol.Handler.Pos
	if !at.Known() {
		at = tp.Protocol.Pos
	}
	c.Report(code, at, hint, "technical profile %q has the unknown handler %q", tp.ID.Value, tp.HandlerClass())
}

// usable checks that a profile that a journey runs has a protocol (TP-1).
func (c *checker) usable(tp *TechnicalProfile) {
	if !tp.Protocol.Name.Set() && !tp.Incomplete {
		c.Report(diag.ProfileProtocol, tp.Pos, "add <Protocol Name=\"…\" />", "technical profile %q, which a journey uses, has no Protocol", tp.ID.Value)
	}
	c.handler(tp, diag.UnknownHandler)
}

// unchecked reports that a policy without relying party was checked only in part: its reached profiles and the
// applications' claims are unknown.
func (c *checker) unchecked() {
	if c.e.RelyingParty == nil {
		c.Report(diag.NotChecked, c.e.Leaf.Pos, "upload or lint a policy that inherits from it and contains a RelyingParty",
			"policy %q has no relying party: the sources of its journeys' claims and the settings of its technical profiles aren't checked", c.e.PolicyID())
	}
}
