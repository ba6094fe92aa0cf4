package policy

import (
	"slices"
	"strconv"
	"strings"

	"journeyman.dev/internal/diag"
)

func (c *checker) preconditions(list []Precondition, from string) {
	for _, p := range list {
		switch {
		case len(p.Values) == 0:
			c.Report(diag.BadPrecondition, p.Pos, "ClaimsExist takes one Value, ClaimEquals two", "%s has a precondition without a value", from)
			continue
		case len(p.Values) == 1 && strings.EqualFold(p.Type.Value, "ClaimEquals"):
			c.Report(diag.EmptyComparison, p.Pos, "ClaimsExist takes one Value, ClaimEquals two", "%s has a precondition that compares a claim with nothing", from)
		}
		c.claim(p.Values[0], from)
		if len(p.Actions) == 0 {
			c.Report(diag.BadPrecondition, p.Pos, "add <Action>SkipThisOrchestrationStep</Action>", "%s has a precondition without an action", from)
		}
	}
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
	// B2C checks the sequence of steps in bases and extensions, too.
	steps := ordered(j)
	for i, s := range steps {
		where := from + " step " + strings.TrimSpace(s.Order.Value)
		if s.number() != i+1 {
			// The step in this place is misnumbered, or it follows the gap.
			at := j.Steps[i].Order
			c.Report(diag.MissingOrder, at.Pos, "number the steps 1, 2, 3 …", "%s: expected an orchestration step with order %q, which was not found", from, strconv.Itoa(i+1))
			for _, s := range steps {
				c.stepReferences(s, where)
			}
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

// ordered sorts a journey's steps by order; steps without a number come last.
func ordered(j *UserJourney) []*OrchestrationStep {
	steps := slices.Clone(j.Steps)
	slices.SortStableFunc(steps, func(a, b *OrchestrationStep) int { return a.number() - b.number() })
	return steps
}

// number is a step's Order.
func (s *OrchestrationStep) number() int {
	n, err := strconv.Atoi(strings.TrimSpace(s.Order.Value))
	if err != nil {
		return 1 << 30
	}
	return n
}

func is(s *OrchestrationStep, types ...string) bool {
	return s != nil && slices.ContainsFunc(types, func(t string) bool { return strings.EqualFold(s.Type.Value, t) })
}

func (c *checker) step(j *UserJourney, s, previous, next *OrchestrationStep, where string) {
	c.stepReferences(s, where)
	c.complete(j, s, where)
	selection := is(s, "CombinedSignInAndSignUp", "ClaimsProviderSelection")
	target := slices.IndexFunc(s.Selections, func(x ProviderSelection) bool { return x.Target.Set() })
	switch {
	case selection && target >= 0 && !is(next, "ClaimsExchange"):
		c.Report(diag.MissingExchange, s.Pos, "put a ClaimsExchange step with the target exchanges after it", "%s must be followed by a claims exchange step", where)
	case is(s, "ClaimsExchange") && len(s.Exchanges) > 1 && !is(previous, "CombinedSignInAndSignUp", "ClaimsProviderSelection"):
		c.Report(diag.MissingSelection, s.Pos, "put a ClaimsProviderSelection step before it", "%s with %d claims exchanges must be preceded by a claims provider selection", where, len(s.Exchanges))
	}
	c.selections(s, next, where)
}

// complete checks that a step contains the parts that its type requires (policy-engine §4.2, UJ-9).
func (c *checker) complete(j *UserJourney, s *OrchestrationStep, where string) {
	lacks := func(hint, what string) { c.Report(diag.IncompleteStep, s.Pos, hint, "%s %s", where, what) }
	switch {
	case is(s, "ClaimsExchange") && len(s.Exchanges) == 0:
		lacks(`add <ClaimsExchanges><ClaimsExchange Id="…" TechnicalProfileReferenceId="…" /></ClaimsExchanges>`, "has no claims exchange")
	case is(s, "InvokeSubJourney") && len(s.Candidates) == 0:
		lacks(`add <JourneyList><Candidate SubJourneyReferenceId="…" /></JourneyList>`, "invokes no sub journey")
	case is(s, "GetClaims") && !s.Issuer.Set():
		lacks(`add CpimIssuerTechnicalProfileReferenceId="…"`, "names no technical profile to read the id_token_hint with")
	case is(s, "SendClaims"):
		c.issuer(j, s, where)
	case is(s, "CombinedSignInAndSignUp", "ClaimsProviderSelection"):
		if len(s.Selections) == 0 {
			lacks(`add <ClaimsProviderSelections><ClaimsProviderSelection TargetClaimsExchangeId="…" /></ClaimsProviderSelections>`, "has nothing to select from")
		}
		if !s.ContentDefinition.Set() && !s.single() {
			lacks(`add ContentDefinitionReferenceId="…"`, "shows a page, but names no content definition")
		}
	}
}

// single reports whether a selection step has exactly one provider. It then chooses that provider without a
// page.
func (s *OrchestrationStep) single() bool {
	return len(s.Selections) == 1 && s.Selections[0].Target.Set() && !strings.EqualFold(s.DisplayOption.Value, "ShowSingleProvider")
}

// issuer checks that a SendClaims step names a profile that can issue (UJ-9).
func (c *checker) issuer(j *UserJourney, s *OrchestrationStep, where string) {
	ref := pick(s.Issuer, j.DefaultIssuer)
	if !ref.Set() {
		c.Report(diag.IncompleteStep, s.Pos, `add CpimIssuerTechnicalProfileReferenceId="…"`, "%s names no technical profile that issues", where)
		return
	}
	tp, ok := c.e.TechnicalProfiles.Get(ref.Value)
	if !ok || tp.Incomplete || tp.OutputTokenFormat.Set() {
		return
	}
	hint := "name an issuer, such as JwtIssuer"
	var issuers []string
	for _, other := range c.e.TechnicalProfiles.All() {
		if other.OutputTokenFormat.Set() {
			issuers = append(issuers, other.ID.Value)
		}
	}
	if near := didYouMean(ref.Value, issuers); near != "" {
		hint = near
	}
	c.Report(diag.NotAnIssuer, ref.Pos, hint, "%s sends claims with technical profile %q, which has no OutputTokenFormat", where, tp.ID.Value)
}

// stepReferences checks the references of a step.
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

// selections checks that targets are exchanges of the next step, and validations exchanges of this step
// (UJ-4).
func (c *checker) selections(s, next *OrchestrationStep, where string) {
	for _, x := range s.Selections {
		switch {
		case x.Target.Set() == x.Validation.Set():
			c.Report(diag.BadSelection, x.Pos, "name TargetClaimsExchangeId for an exchange of the next step, ValidationClaimsExchangeId for one of this step",
				"%s has a selection that names both a target and a validation exchange, or neither", where)
		case x.Target.Set() && is(next, "ClaimsExchange"):
			c.target(diag.UnknownTarget, x.Target, next, "name a claims exchange of the next step", "%s selects the claims exchange %q, which the next step doesn't have", where)
		case x.Validation.Set():
			if c.target(diag.UnknownTarget, x.Validation, s, "name a claims exchange of this step", "%s validates with the claims exchange %q, which it doesn't have", where) {
				c.links(s, next, x.Validation.Value)
			}
		}
	}
}

// links checks that the next step contains the targets of a sign-in form's links (§4.3). One profile serves
// many journeys, and some lack the targets of its links. So a name is a fault only if no journey declares it
// and it is similar to a name in the step.
func (c *checker) links(s, next *OrchestrationStep, validation string) {
	if !is(next, "ClaimsExchange") {
		return
	}
	for _, x := range s.Exchanges {
		tp, ok := c.e.TechnicalProfiles.Get(x.TechnicalProfile.Value)
		if !ok || !strings.EqualFold(x.ID.Value, validation) {
			continue
		}
		for _, key := range []string{"SignUpTarget", "setting.forgotPasswordLinkOverride"} {
			item, ok := tp.Metadata.Get(key)
			item.Value.Value = strings.TrimSpace(item.Value.Value)
			if ok && !c.anyExchange(item.Value.Value) && didYouMean(item.Value.Value, exchangeIDs(next)) != "" {
				c.target(diag.NotInPolicy, item.Value, next, "name a claims exchange of the next step",
					"technical profile %s names the claims exchange %q, which the step after it doesn't have", strconv.Quote(tp.ID.Value))
			}
		}
	}
}

// target reports a claims exchange that a step doesn't contain. The format takes from and the exchange's id.
func (c *checker) target(code diag.Code, ref Text, step *OrchestrationStep, otherwise, format, from string) bool {
	ids := exchangeIDs(step)
	if placeholder(ref.Value) || slices.ContainsFunc(ids, func(id string) bool { return strings.EqualFold(id, ref.Value) }) {
		return true
	}
	hint := didYouMean(ref.Value, ids)
	if hint == "" {
		hint = otherwise
	}
	c.Report(code, ref.Pos, hint, format, from, ref.Value)
	return false
}

func exchangeIDs(s *OrchestrationStep) []string {
	var ids []string
	for _, x := range s.Exchanges {
		ids = append(ids, x.ID.Value)
	}
	return ids
}

// anyExchange reports whether any journey contains a claims exchange of this id.
func (c *checker) anyExchange(id string) bool {
	if c.exchanges == nil {
		c.exchanges = make(map[string]bool)
		for _, journeys := range [][]*UserJourney{c.e.UserJourneys.All(), c.e.SubJourneys.All()} {
			for _, j := range journeys {
				for _, s := range j.Steps {
					for _, x := range s.Exchanges {
						c.exchanges[Fold(x.ID.Value)] = true
					}
				}
			}
		}
	}
	return c.exchanges[Fold(id)]
}

// ending checks UJ-5 to UJ-7.
func (c *checker) ending(j *UserJourney, steps []*OrchestrationStep, sub bool, from string) {
	if len(steps) == 0 {
		return
	}
	sends := 0
	for _, s := range steps {
		if is(s, "SendClaims") {
			sends++
		}
	}
	// Steps may follow: they run after the token is made.
	ends := sends > 0 || slices.ContainsFunc(steps, c.transfers)
	transfer := sub && strings.EqualFold(j.Type.Value, "Transfer")
	switch {
	case !sub && !ends:
		c.Report(diag.NoSendClaims, j.Pos, "add a SendClaims step at the end", "%s has no SendClaims step", from)
	case !sub && sends > 1 && !j.DefaultIssuer.Set():
		c.Report(diag.NoDefaultIssuer, j.Pos, "add DefaultCpimIssuerTechnicalProfileReferenceId", "%s has %d SendClaims steps and no default issuer", from, sends)
	case transfer && !ends:
		c.Report(diag.SubJourneyEnd, j.Type.Pos, "add a SendClaims step, or use Type=\"Call\"", "%s of type Transfer has no SendClaims step", from)
	case sub && !transfer && sends > 0:
		c.Report(diag.SubJourneyEnd, j.Type.Pos, "remove the SendClaims step, or use Type=\"Transfer\"", "%s of type Call has a SendClaims step", from)
	}
}

// transfers reports whether a step calls a sub journey that never returns.
func (c *checker) transfers(s *OrchestrationStep) bool {
	return is(s, "InvokeSubJourney") && slices.ContainsFunc(s.Candidates, func(ref Text) bool {
		target, ok := c.e.SubJourneys.Get(ref.Value)
		return !ok || strings.EqualFold(target.Type.Value, "Transfer") // an undeclared one might be a transfer
	})
}

// recursion reports the call that closes each circle of sub journeys (UJ-7).
func (c *checker) recursion() {
	const open, done = 1, 2
	state := make(map[*UserJourney]int)
	var visit func(j *UserJourney)
	visit = func(j *UserJourney) {
		state[j] = open
		for _, s := range j.Steps {
			for _, ref := range s.Candidates {
				next, ok := c.e.SubJourneys.Get(ref.Value)
				switch {
				case !ok || state[next] == done:
				case state[next] == open:
					c.Report(diag.RecursiveCall, ref.Pos, "remove one of the calls", "sub journey %q calls itself through sub journey %q", next.ID.Value, j.ID.Value)
				default:
					visit(next)
				}
			}
		}
		state[j] = done
	}
	for _, j := range c.e.SubJourneys.All() {
		if state[j] == 0 {
			visit(j)
		}
	}
}
