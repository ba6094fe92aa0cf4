package policy

import (
	"slices"
	"strconv"
	"strings"

	"journeyman.dev/internal/claims"
	"journeyman.dev/internal/diag"
)

// Check reports what an effective policy has wrong in itself: references, steps,
// the relying party. What providers ask of their profiles' metadata is checked when
// the policy is compiled (package journey). Rule names are those of policy-engine §3.2.
func Check(e *Effective) diag.List {
	c := &checker{e: e}
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
	c.relyingParty()
	// What a reference that doesn't resolve would have brought isn't missed a second
	// time.
	if !c.unresolved && e.RelyingParty != nil {
		for _, tp := range e.TechnicalProfiles.All() {
			if strings.EqualFold(tp.HandlerClass(), "SelfAssertedAttributeProvider") && len(tp.DisplayClaims) == 0 {
				c.sources(tp)
			}
		}
		c.outputs()
		c.requiredInputs()
	}
	c.support()
	list := c.List()
	for i := range list {
		if list[i].PolicyID == "" {
			list[i].PolicyID = c.owner(list[i].Position.File)
		}
	}
	return list.Sort()
}

type checker struct {
	diag.Collector
	e          *Effective
	unresolved bool // a reference didn't resolve
}

// owner is the policy that a file declares.
func (c *checker) owner(file string) string {
	for _, d := range c.e.Chain {
		if d.File == file {
			return d.PolicyID.Value
		}
	}
	return c.e.PolicyID()
}

// reference reports an id that isn't declared (REF-1, REF-2).
func reference[T any](c *checker, x *Index[T], ref Text, code diag.Code, kind, from string) {
	id := strings.TrimSpace(ref.Value)
	if !ref.Set() || id == "" || placeholder(id) {
		return
	}
	if _, ok := x.Get(id); ok {
		return
	}
	var ids []string
	for key := range x.byID {
		ids = append(ids, key)
	}
	slices.Sort(ids)
	c.unresolved = true
	hint := "declare it, or correct the id"
	if near := diag.Nearest(id, ids); near != "" {
		hint = "did you mean " + strconv.Quote(c.spelling(near)) + "?"
	}
	c.Report(code, ref.Pos, hint, "%s refers to the %s %q, which neither the policy nor any of its bases declare", from, kind, id)
}

// spelling finds how a folded id was declared.
func (c *checker) spelling(folded string) string {
	if t, ok := c.e.ClaimTypes.Get(folded); ok {
		return t.ID.Value
	}
	if t, ok := c.e.TechnicalProfiles.Get(folded); ok {
		return t.ID.Value
	}
	if t, ok := c.e.ClaimsTransformations.Get(folded); ok {
		return t.ID.Value
	}
	if t, ok := c.e.UserJourneys.Get(folded); ok {
		return t.ID.Value
	}
	if t, ok := c.e.SubJourneys.Get(folded); ok {
		return t.ID.Value
	}
	if t, ok := c.e.ContentDefinitions.Get(folded); ok {
		return t.ID.Value
	}
	return folded
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
			c.Report(diag.MissingDataType, t.Pos, "add <DataType>string</DataType>", "claim type %q has no DataType", t.ID.Value)
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
			}
		}
	}
}

// claims checks claim references and their defaults (REF-1, REF-4).
func (c *checker) claims(list []*ClaimReference, from string) {
	for _, ref := range list {
		if ref.DisplayControl.Set() {
			reference(c, &c.e.DisplayControls, ref.DisplayControl, diag.UndeclaredControl, "display control", from)
		}
		c.claim(ref.Claim, from)
		if !ref.Claim.Set() && !ref.DisplayControl.Set() {
			c.Report(diag.UnknownDisplay, ref.Pos, "add ClaimTypeReferenceId", "%s has a claim reference without a claim", from)
		}
		t, ok := c.e.ClaimTypes.Get(strings.TrimSpace(ref.Claim.Value))
		if !ok || !ref.DefaultValue.Set() || ref.DefaultValue.Value == "" || strings.ContainsAny(ref.DefaultValue.Value, "{") {
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
	c.technicalProfile(tp.Session, from)
}

// sources checks that each output claim of a page comes from somewhere (TP-3).
func (c *checker) sources(tp *TechnicalProfile) {
	have := make(map[string]bool)
	for _, v := range tp.Validations {
		if p, ok := c.e.TechnicalProfiles.Get(v.TechnicalProfile.Value); ok {
			c.produced(p, have, false)
		}
	}
	for _, ref := range tp.InputClaims {
		have[Fold(ref.Claim.Value)] = true
	}
	for _, list := range [][]Text{tp.InputTransformations, tp.OutputTransformations} {
		c.transformed(list, have)
	}
	if item, ok := tp.Metadata.Get("IpAddressClaimReferenceId"); ok {
		have[Fold(strings.TrimSpace(item.Value.Value))] = true
	}
	for _, ref := range tp.OutputClaims {
		t, ok := c.e.ClaimTypes.Get(ref.Claim.Value)
		if !ok || t.UserInputType.Set() || ref.DefaultValue.Set() || have[Fold(ref.Claim.Value)] {
			continue
		}
		c.Report(diag.ClaimNotShown, ref.Pos, "give claim type "+strconv.Quote(t.ID.Value)+" a UserInputType",
			"output claim %q of technical profile %q has no UserInputType, no DefaultValue and is not retrieved from a validation technical profile", ref.Claim.Value, tp.ID.Value)
	}
}

func (c *checker) transformed(refs []Text, into map[string]bool) {
	for _, ref := range refs {
		if t, ok := c.e.ClaimsTransformations.Get(ref.Value); ok {
			for _, out := range t.OutputClaims {
				into[Fold(out.Claim.Value)] = true
			}
		}
	}
}

// produced adds the claims that a profile may leave behind.
func (c *checker) produced(tp *TechnicalProfile, into map[string]bool, deep bool) {
	for _, list := range [][]*ClaimReference{tp.OutputClaims, tp.DisplayClaims} {
		for _, ref := range list {
			into[Fold(ref.Claim.Value)] = true
			if d, ok := c.e.DisplayControls.Get(ref.DisplayControl.Value); ok {
				for _, out := range d.OutputClaims {
					into[Fold(out.Claim.Value)] = true
				}
			}
		}
	}
	for _, ref := range tp.InputClaims {
		if ref.DefaultValue.Set() {
			into[Fold(ref.Claim.Value)] = true
		}
	}
	c.transformed(tp.InputTransformations, into)
	c.transformed(tp.OutputTransformations, into)
	if sm, ok := c.e.TechnicalProfiles.Get(tp.Session.Value); ok {
		for _, list := range [][]*ClaimReference{sm.PersistedClaims, sm.OutputClaims} {
			for _, ref := range list {
				into[Fold(ref.Claim.Value)] = true
			}
		}
	}
	if !deep {
		return
	}
	for _, v := range tp.Validations {
		if p, ok := c.e.TechnicalProfiles.Get(v.TechnicalProfile.Value); ok {
			c.produced(p, into, false)
		}
	}
}

func (c *checker) preconditions(list []Precondition, from string) {
	for _, p := range list {
		want := 1
		if strings.EqualFold(p.Type.Value, "ClaimEquals") {
			want = 2
		}
		if len(p.Values) < want {
			c.Report(diag.BadPrecondition, p.Pos, "ClaimsExist takes one Value, ClaimEquals two", "%s has a precondition with %d values", from, len(p.Values))
			continue
		}
		c.claim(trimmed(p.Values[0]), from)
	}
}

func trimmed(t Text) Text {
	t.Value = strings.TrimSpace(t.Value)
	return t
}

func (c *checker) journey(j *UserJourney, sub bool) {
	kind := "user journey "
	if sub {
		kind = "sub journey "
	}
	from := kind + strconv.Quote(j.ID.Value)
	c.technicalProfile(j.DefaultIssuer, from)
	for _, ref := range j.AuthorizationProfiles {
		c.technicalProfile(ref, from)
	}
	reference(c, &c.e.ClientDefinitions, j.ClientDefinition, diag.UndeclaredClientDef, "client definition", from)
	steps := ordered(j)
	if c.e.RelyingParty == nil {
		// A base may be completed by its children: how steps follow each other is
		// checked with a relying party, as B2C does. References are checked now.
		for _, s := range steps {
			c.stepReferences(s, from+" step "+strings.TrimSpace(s.Order.Value))
		}
		return
	}
	for i, s := range steps {
		where := from + " step " + strings.TrimSpace(s.Order.Value)
		if n, err := strconv.Atoi(strings.TrimSpace(s.Order.Value)); err != nil || n != i+1 {
			c.Report(diag.MissingOrder, s.Order.Pos, "number the steps 1, 2, 3 …", "%s: expected an orchestration step with order %q, which was not found", from, strconv.Itoa(i+1))
			return // the rest would be guesswork
		}
		var next, previous *OrchestrationStep
		if i+1 < len(steps) {
			next = steps[i+1]
		}
		if i > 0 {
			previous = steps[i-1]
		}
		c.step(j, s, previous, next, where)
	}
	c.ending(j, steps, sub, from)
}

// ordered sorts a journey's steps by order; ones without a number come last.
func ordered(j *UserJourney) []*OrchestrationStep {
	steps := slices.Clone(j.Steps)
	order := func(s *OrchestrationStep) int {
		n, err := strconv.Atoi(strings.TrimSpace(s.Order.Value))
		if err != nil {
			return 1 << 30
		}
		return n
	}
	slices.SortStableFunc(steps, func(a, b *OrchestrationStep) int { return order(a) - order(b) })
	return steps
}

func is(s *OrchestrationStep, types ...string) bool {
	return s != nil && slices.ContainsFunc(types, func(t string) bool { return strings.EqualFold(s.Type.Value, t) })
}

func (c *checker) step(j *UserJourney, s, previous, next *OrchestrationStep, where string) {
	c.stepReferences(s, where)
	for _, x := range s.Exchanges {
		if tp, ok := c.e.TechnicalProfiles.Get(x.TechnicalProfile.Value); ok {
			c.usable(tp)
			for _, v := range tp.Validations {
				if p, ok := c.e.TechnicalProfiles.Get(v.TechnicalProfile.Value); ok {
					c.usable(p)
				}
			}
		}
	}
	selection := is(s, "CombinedSignInAndSignUp", "ClaimsProviderSelection")
	targets := slices.ContainsFunc(s.Selections, func(x ProviderSelection) bool { return x.Target.Set() })
	switch {
	case selection && targets && !is(next, "ClaimsExchange"):
		c.Report(diag.MissingExchange, s.Pos, "put a ClaimsExchange step with the target exchanges after it", "%s must be followed by a claims exchange step", where)
	case is(s, "ClaimsExchange") && len(s.Exchanges) > 1 && !is(previous, "CombinedSignInAndSignUp", "ClaimsProviderSelection"):
		c.Report(diag.MissingSelection, s.Pos, "put a ClaimsProviderSelection step before it", "%s with %d claims exchanges must be preceded by a claims provider selection", where, len(s.Exchanges))
	case is(s, "InvokeSubJourney") && len(s.Candidates) == 0:
		c.Report(diag.IncompleteStep, s.Pos, "add <JourneyList><Candidate SubJourneyReferenceId=\"…\" /></JourneyList>", "%s invokes no sub journey", where)
	case is(s, "GetClaims", "SendClaims"):
		if !s.Issuer.Set() && !j.DefaultIssuer.Set() {
			c.Report(diag.IncompleteStep, s.Pos, "add CpimIssuerTechnicalProfileReferenceId=\"…\"", "%s names no technical profile", where)
		}
	}
	c.selections(s, next, where)
}

// stepReferences checks what a step refers to.
func (c *checker) stepReferences(s *OrchestrationStep, where string) {
	c.preconditions(s.Preconditions, where)
	reference(c, &c.e.ContentDefinitions, s.ContentDefinition, diag.UndeclaredContent, "content definition", where)
	for _, x := range s.Exchanges {
		c.technicalProfile(x.TechnicalProfile, where)
	}
	for _, ref := range s.Candidates {
		reference(c, &c.e.SubJourneys, ref, diag.UndeclaredSubJourney, "sub journey", where)
	}
	c.technicalProfile(s.Issuer, where)
}

// selections checks that targets are exchanges of the next step and validations of
// this one (UJ-4).
func (c *checker) selections(s, next *OrchestrationStep, where string) {
	has := func(s *OrchestrationStep, id string) bool {
		return s != nil && slices.ContainsFunc(s.Exchanges, func(x ClaimsExchange) bool { return strings.EqualFold(x.ID.Value, id) })
	}
	ids := func(s *OrchestrationStep) []string {
		var out []string
		if s != nil {
			for _, x := range s.Exchanges {
				out = append(out, x.ID.Value)
			}
		}
		return out
	}
	for _, x := range s.Selections {
		if x.Target.Set() && is(next, "ClaimsExchange") && !has(next, x.Target.Value) {
			hint := didYouMean(x.Target.Value, ids(next))
			if hint == "" {
				hint = "name a claims exchange of the next step"
			}
			c.Report(diag.UnknownTarget, x.Target.Pos, hint, "%s selects the claims exchange %q, which the next step doesn't have", where, x.Target.Value)
		}
		if x.Validation.Set() && !has(s, x.Validation.Value) {
			hint := didYouMean(x.Validation.Value, ids(s))
			if hint == "" {
				hint = "name a claims exchange of this step"
			}
			c.Report(diag.UnknownTarget, x.Validation.Pos, hint, "%s validates with the claims exchange %q, which it doesn't have", where, x.Validation.Value)
		}
	}
}

// usable checks that a profile that a journey runs can be run (TP-1).
func (c *checker) usable(tp *TechnicalProfile) {
	name := tp.Protocol.Name
	switch {
	case !name.Set():
		c.Report(diag.ProfileProtocol, tp.Pos, "add <Protocol Name=\"…\" />", "technical profile %q, which a journey uses, has no Protocol", tp.ID.Value)
	case strings.EqualFold(name.Value, "Proprietary"):
		if class := tp.HandlerClass(); !knownHandler(class) {
			hint := didYouMean(class, handlers)
			if hint == "" {
				hint = "for example Web.TPEngine.Providers.RestfulProvider, Web.TPEngine, Version=1.0.0.0, …"
			}
			at := tp.Protocol.Handler.Pos
			if !at.Known() {
				at = tp.Protocol.Pos
			}
			c.Report(diag.UnknownHandler, at, hint, "technical profile %q has the unknown handler %q", tp.ID.Value, class)
		}
	}
}

// ending checks UJ-5 to UJ-7.
func (c *checker) ending(j *UserJourney, steps []*OrchestrationStep, sub bool, from string) {
	sends := 0
	for _, s := range steps {
		if is(s, "SendClaims") {
			sends++
		}
	}
	transfers := slices.ContainsFunc(steps, func(s *OrchestrationStep) bool {
		return is(s, "InvokeSubJourney") && slices.ContainsFunc(s.Candidates, func(ref Text) bool {
			target, ok := c.e.SubJourneys.Get(ref.Value)
			return ok && strings.EqualFold(target.Type.Value, "Transfer")
		})
	})
	if !sub {
		if len(steps) > 0 && sends == 0 && !transfers {
			c.Report(diag.NoSendClaims, j.Pos, "add a SendClaims step at the end", "%s has no SendClaims step", from)
		}
		if sends > 1 && !j.DefaultIssuer.Set() {
			c.Report(diag.NoDefaultIssuer, j.Pos, "add DefaultCpimIssuerTechnicalProfileReferenceId", "%s has %d SendClaims steps and no default issuer", from, sends)
		}
		return
	}
	transfer := strings.EqualFold(j.Type.Value, "Transfer")
	switch {
	case transfer && sends == 0 && !transfers:
		c.Report(diag.SubJourneyEnd, j.Pos, "add a SendClaims step, or use Type=\"Call\"", "%s of type Transfer has no SendClaims step", from)
	case !transfer && sends > 0:
		c.Report(diag.SubJourneyEnd, j.Pos, "remove the SendClaims step, or use Type=\"Transfer\"", "%s of type Call has a SendClaims step", from)
	}
	if c.reaches(j, j, make(map[string]bool)) {
		c.Report(diag.RecursiveCall, j.Pos, "remove one of the calls", "%s is entered again from itself", from)
	}
}

func (c *checker) reaches(from, target *UserJourney, seen map[string]bool) bool {
	for _, s := range from.Steps {
		for _, ref := range s.Candidates {
			next, ok := c.e.SubJourneys.Get(ref.Value)
			if !ok {
				continue
			}
			if next == target {
				return true
			}
			if key := Fold(ref.Value); !seen[key] {
				seen[key] = true
				if c.reaches(next, target, seen) {
					return true
				}
			}
		}
	}
	return false
}

func (c *checker) relyingParty() {
	rp := c.e.RelyingParty
	if rp == nil {
		return
	}
	reference(c, &c.e.UserJourneys, rp.DefaultJourney, diag.UndeclaredJourney, "user journey", "the relying party")
	for _, endpoint := range rp.Endpoints {
		reference(c, &c.e.UserJourneys, endpoint.Journey, diag.UndeclaredJourney, "user journey", "the endpoint "+strconv.Quote(endpoint.ID.Value))
	}
	c.behaviors(rp.Behaviors)
	for _, tp := range rp.TechnicalProfiles {
		for _, list := range [][]*ClaimReference{tp.InputClaims, tp.OutputClaims} {
			c.claims(list, "the relying party")
		}
		c.subject(tp)
	}
}

// outputs checks that each output claim of the relying party comes from somewhere
// (RP-2).
func (c *checker) outputs() {
	rp := c.e.RelyingParty
	if rp == nil {
		return
	}
	j, ok := c.e.UserJourneys.Get(rp.DefaultJourney.Value)
	if !ok {
		return
	}
	produced := make(map[string]bool)
	c.producedBy(j, produced, make(map[string]bool))
	for _, tp := range rp.TechnicalProfiles {
		for _, ref := range tp.InputClaims {
			produced[Fold(ref.Claim.Value)] = true
		}
		for _, ref := range tp.OutputClaims {
			if ref.DefaultValue.Set() || produced[Fold(ref.Claim.Value)] {
				continue
			}
			c.Report(diag.OutputWithoutSource, ref.Pos, "put it out in a step, or add DefaultValue=\"\"",
				"output claim %q of the relying party is not an output claim of any step of user journey %q", ref.Claim.Value, rp.DefaultJourney.Value)
		}
	}
}

// requiredInputs checks that a required input claim of an exchange is put out by an
// earlier step (UJ-8). Sub journeys aren't looked into: what is there when they are
// called differs.
func (c *checker) requiredInputs() {
	rp := c.e.RelyingParty
	if rp == nil {
		return
	}
	j, ok := c.e.UserJourneys.Get(rp.DefaultJourney.Value)
	if !ok {
		return
	}
	have, seen := make(map[string]bool), make(map[string]bool)
	for _, tp := range rp.TechnicalProfiles {
		for _, ref := range tp.InputClaims {
			have[Fold(ref.Claim.Value)] = true
		}
	}
	for _, s := range ordered(j) {
		for _, x := range s.Exchanges {
			tp, ok := c.e.TechnicalProfiles.Get(x.TechnicalProfile.Value)
			if !ok {
				continue
			}
			own := make(map[string]bool)
			c.transformed(tp.InputTransformations, own)
			for _, ref := range tp.InputClaims {
				if boolean(ref.Required) && !ref.DefaultValue.Set() && !have[Fold(ref.Claim.Value)] && !own[Fold(ref.Claim.Value)] {
					c.Report(diag.RequiredNotOutput, ref.Pos, "put it out in an earlier step, or give it a DefaultValue",
						"claim %q is a required input claim of technical profile %q in step %s of user journey %q, but not an output claim of any previous step",
						ref.Claim.Value, tp.ID.Value, strings.TrimSpace(s.Order.Value), j.ID.Value)
				}
			}
		}
		c.producedBy(&UserJourney{Steps: []*OrchestrationStep{s}}, have, seen)
	}
}

func boolean(t Text) bool {
	text := strings.TrimSpace(t.Value)
	return strings.EqualFold(text, "true") || text == "1"
}

// producedBy adds what a journey's steps may leave in the bag.
func (c *checker) producedBy(j *UserJourney, into, seen map[string]bool) {
	for _, s := range j.Steps {
		for _, x := range s.Exchanges {
			if tp, ok := c.e.TechnicalProfiles.Get(x.TechnicalProfile.Value); ok {
				c.produced(tp, into, true)
			}
		}
		if tp, ok := c.e.TechnicalProfiles.Get(s.Issuer.Value); ok && is(s, "GetClaims") {
			c.produced(tp, into, true)
		}
		for _, ref := range s.Candidates {
			if sub, ok := c.e.SubJourneys.Get(ref.Value); ok && !seen[Fold(ref.Value)] {
				seen[Fold(ref.Value)] = true
				c.producedBy(sub, into, seen)
			}
		}
	}
}

func (c *checker) subject(tp *TechnicalProfile) {
	if tp.SubjectNaming == nil || !tp.SubjectNaming.ClaimType.Set() {
		return
	}
	name := tp.SubjectNaming.ClaimType
	var names []string
	for _, ref := range tp.OutputClaims {
		partner := ref.Partner.Value
		if partner == "" {
			partner = ref.Claim.Value
			if t, ok := c.e.ClaimTypes.Get(ref.Claim.Value); ok {
				for _, p := range t.DefaultPartnerClaimTypes {
					if strings.EqualFold(p.Protocol.Value, tp.Protocol.Name.Value) {
						names = append(names, p.Name.Value)
					}
				}
			}
		}
		names = append(names, partner)
	}
	if !slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, name.Value) }) {
		hint := didYouMean(name.Value, names)
		if hint == "" {
			hint = "name the PartnerClaimType of one of the output claims"
		}
		c.Report(diag.UnknownSubject, name.Pos, hint, "SubjectNamingInfo names %q, which the relying party doesn't put out", name.Value)
	}
}

func (c *checker) behaviors(b *Behaviors) {
	if b == nil {
		return
	}
	within := func(t Text, low, high int, what string) {
		text := strings.TrimSpace(t.Value)
		if !t.Set() || placeholder(text) {
			return
		}
		if n, err := strconv.Atoi(text); err != nil || n < low || n > high {
			c.Report(diag.OutOfRange, t.Pos, "use a number from "+strconv.Itoa(low)+" to "+strconv.Itoa(high), "%s has the value %q", what, text)
		}
	}
	within(b.SessionExpiryInSeconds, 900, 86400, "SessionExpiryInSeconds")
	if b.SingleSignOn != nil {
		within(b.SingleSignOn.KeepAliveInDays, 0, 90, "KeepAliveInDays")
	}
}
