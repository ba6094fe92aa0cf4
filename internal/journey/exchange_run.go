package journey

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"

	"journeyman.dev/internal/claims"
	"journeyman.dev/internal/claims/transform"
	"journeyman.dev/internal/program"
	"journeyman.dev/internal/texts"
)

// situation is what claim resolvers give now, with the claims of a bag.
func (r *run) situation(bag *claims.Bag) *program.Situation {
	return &program.Situation{
		Program: r.p, Claims: bag, Parameters: r.j.Request.Parameters, Password: r.j.password, Language: r.j.Language, CorrelationID: r.j.CorrelationID,
		Host: r.j.Request.Host, RemoteIP: r.j.Request.RemoteIP, KMSI: r.j.KMSI, Now: r.e.Now,
	}
}

// defaultValue converts a use's default, resolvers expanded. ok is false if there
// is no default, or it resolves to nothing: the claim is then not set.
func (r *run) defaultValue(use *program.ClaimUse, bag *claims.Bag) (claims.Value, bool) {
	if !use.HasDefault() {
		return claims.Value{}, false
	}
	text := use.Default().Source()
	if use.Resolve() && use.Default().Dynamic() {
		text = use.Default().Expand(r.situation(bag), nil)
		if text == "" {
			return claims.Value{}, false
		}
	}
	v, err := claims.Parse(use.Claim().DataType(), text)
	if err != nil {
		return claims.Value{}, false
	}
	return v, true
}

// inputs evaluates input or persisted claims: the bag's value, else the default;
// AlwaysUseDefaultValue forces the default (policy-engine §5.1.3). A resolver
// without value leaves the bag's value in place.
func (r *run) inputs(uses program.List[*program.ClaimUse], bag *claims.Bag) Inputs {
	in := make(Inputs, 0, uses.Len())
	for _, use := range uses.All() {
		value := bag.Get(use.Claim().ID())
		if !value.Exists() || use.AlwaysDefault() {
			if v, ok := r.defaultValue(use, bag); ok {
				value = v
			}
		}
		if value.Exists() {
			in = append(in, Input{Use: use, Value: value})
		}
	}
	return in
}

// transformAll runs claims transformations over a bag.
func (r *run) transformAll(ctx context.Context, list program.List[*transform.Transformation], tp *program.TechnicalProfile, bag *claims.Bag) error {
	if list.Len() == 0 {
		return nil
	}
	resources := r.resources(r.content(tp))
	rt := &transform.Runtime{
		Now: r.e.Now, Rand: r.e.Rand, TechnicalProfileID: tp.ID(), Secret: r.e.Secret,
		Text: func(elementType, stringID string) (string, bool) {
			return resources.Text(elementType, "", stringID)
		},
		Collection: func(claimID string) []claims.Choice {
			if choices, ok := resources.Choices(claimID); ok {
				return choices
			}
			if t, ok := r.p.Schema().Claim(claimID); ok {
				return t.Enumerations()
			}
			return nil
		},
	}
	for _, t := range list.All() {
		if err := r.transform(ctx, t, rt, tp, bag); err != nil {
			if a, ok := errors.AsType[*transform.Assertion](err); ok {
				return &Failure{Code: CodeNotValid, Public: a.Default, MessageKey: a.Key,
					Cause: fmt.Errorf("claims transformation %s: %w", t.ID(), err)}
			}
			return fmt.Errorf("claims transformation %s: %w", t.ID(), err)
		}
	}
	return nil
}

func (r *run) transform(ctx context.Context, t *transform.Transformation, rt *transform.Runtime, tp *program.TechnicalProfile, bag *claims.Bag) error {
	if !r.observed() {
		return t.Run(ctx, rt, bag)
	}
	before := bag.Clone()
	err := t.Run(ctx, rt, bag)
	r.observe(ctx, Transformed{Profile: tp, Transformation: t.ID(), Before: &before, After: bag, Err: err})
	return err
}

// exchangeRun is one run of a profile on a bag.
type exchangeRun struct {
	answer     *Answer
	memory     []byte
	state      string
	resumed    bool // input transformations ran before
	validation bool // as a validation profile: no pages, no session
}

// bystander is an exchange that only watches: it ends no journey and changes no claim.
type bystander interface{ Bystander() }

// runProfile runs a profile on bag, which the caller throws away on failure. What only
// watches doesn't fail, and changes no claim: the journey goes on as if it weren't there.
func (r *run) runProfile(ctx context.Context, tp *program.TechnicalProfile, bag *claims.Bag, x exchangeRun) (Result, error) {
	if !r.observed() {
		return r.runWatching(ctx, tp, bag, x)
	}
	before := bag.Clone()
	result, err := r.runWatching(ctx, tp, bag, x)
	r.observe(ctx, ProfileRun{Profile: tp, Validation: x.validation, Before: &before, After: bag, Result: result, Err: err})
	return result, err
}

// runWatching is runProfile without observers.
func (r *run) runWatching(ctx context.Context, tp *program.TechnicalProfile, bag *claims.Bag, x exchangeRun) (Result, error) {
	if _, ok := tp.Exchange().(bystander); !ok {
		return r.runPhases(ctx, tp, bag, x)
	}
	before := bag.Clone()
	result, err := r.runPhases(ctx, tp, bag, x)
	*bag = before
	if _, ok := result.(Done); err != nil || !ok {
		r.e.Log.WarnContext(ctx, "telemetry failed, the journey goes on", "technicalProfileId", tp.ID(), "policyId", r.p.PolicyID(),
			"correlationId", r.j.CorrelationID, "err", err)
		return Done{Nothing{}}, nil
	}
	return result, nil
}

// runPhases runs phases 2 to 7 of policy-engine §5.1. When the result asks or leaves, the
// outputs aren't read.
func (r *run) runPhases(ctx context.Context, tp *program.TechnicalProfile, bag *claims.Bag, x exchangeRun) (Result, error) {
	if !x.resumed {
		if err := r.transformAll(ctx, tp.InputTransformations(), tp, bag); err != nil {
			return nil, err
		}
	}
	call := &Call{
		Profile: tp, Journey: r.j, Program: r.p, Resolver: r.situation(bag),
		Inputs: slices.Concat(r.inputs(tp.Inputs(), bag), r.controlInputs(tp, bag)),
		Answer: x.answer, Memory: x.memory, State: x.state, Notes: r.j.notes(),
		Language: r.j.Language, Resources: r.resources(r.content(tp)),
		Now: r.e.Now, Rand: r.e.Rand, Audit: r.audit, browser: &browserMemory{r}, wording: r.wording, SignIn: r.signsIn(tp),
	}
	for _, in := range call.Inputs {
		// The defaults of input claims are in the bag for the output transformations
		// (claims-and-transformations §3.1.2 [C]); passwords never are.
		if in.Use.Claim().Input() != claims.Password {
			bag.Set(in.Use.Claim().ID(), in.Value)
		}
	}
	if err := requireInputs(tp, call.Inputs); err != nil {
		return nil, err
	}
	call.Persisted = r.inputs(tp.Persisted(), bag)
	call.ReturnURL = r.j.Request.BaseURL + "/" + r.j.Request.Tenant + "/oauth2/authresp"
	call.PolicyReturnURL = r.j.Request.BaseURL + "/" + r.j.Request.Tenant + "/" + r.p.PolicyID() + "/oauth2/authresp"
	call.Validate = func(ctx context.Context, list program.List[program.Validation], page *claims.Bag) error {
		return r.validate(ctx, tp, list, bag, page)
	}
	exchange, err := runnable(tp)
	if err != nil {
		return nil, err
	}
	result, err := exchange.Run(ctx, call)
	if err != nil {
		return nil, err
	}
	var output Output = Nothing{}
	switch result := result.(type) {
	case Done:
		output = result.Output
	case Issue:
	default:
		return result, nil
	}
	if _, nobody := output.(NotFound); nobody {
		// There is nothing to transform: an assertion on the missing user would refuse a journey
		// that the policy lets pass (policy-engine §5.3).
		return result, nil
	}
	if err := r.outputs(tp.Outputs(), output, bag); err != nil {
		return nil, fmt.Errorf("technical profile %s: %w", tp.ID(), err)
	}
	if err := r.transformAll(ctx, tp.OutputTransformations(), tp, bag); err != nil {
		return nil, err
	}
	return result, nil
}

// runnable is the work of a profile, or the failure of one whose kind this version can't run.
func runnable(tp *program.TechnicalProfile) (Exchange, error) {
	if tp.NotBuilt() != "" {
		return nil, NotBuilt("technical profile", tp.ID(), tp.NotBuilt())
	}
	x, ok := tp.Exchange().(Exchange)
	if !ok {
		return nil, Fail(CodeInternal, fmt.Errorf("technical profile %s can't be run", tp.ID()))
	}
	return x, nil
}

// signsIn reports whether a profile's form is that of the combined sign-in page.
func (r *run) signsIn(tp *program.TechnicalProfile) bool {
	at, ok := r.here()
	if !ok {
		return false
	}
	n, ok := at.step.Node().(*selection)
	return ok && n.combined && n.validation != nil && n.validation.Profile() == tp
}

// controlInputs are the values that fill display controls beforehand. They are a page's
// inputs like its own, which come first (pages §4.3 [D]).
func (r *run) controlInputs(tp *program.TechnicalProfile, bag *claims.Bag) Inputs {
	var in Inputs
	for _, d := range tp.Display().All() {
		if d.Control() != nil {
			in = append(in, r.inputs(d.Control().Inputs(), bag)...)
		}
	}
	return in
}

// requireInputs checks Required: it is met when any claim of the partner name has
// a value (policy-engine §2.3 [I]).
func requireInputs(tp *program.TechnicalProfile, in Inputs) error {
	for _, use := range tp.Inputs().All() {
		if !use.Required() {
			continue
		}
		if v, ok := in.Get(use.Partner()); !ok || v.Empty() {
			return Fail(CodeExchangeFailed, fmt.Errorf("technical profile %s: the required input claim %s has no value", tp.ID(), use.Claim().ID()))
		}
	}
	return nil
}

// outputs writes the output claims into the bag by the ladder of
// claims-and-transformations §3.2: forced default, the provider's value, the bag's
// value, default.
func (r *run) outputs(uses program.List[*program.ClaimUse], from Output, bag *claims.Bag) error {
	for _, use := range uses.All() {
		if use.Claim().Input() == claims.Password {
			continue // passwords are for the page's own validation profiles only
		}
		if use.AlwaysDefault() {
			if v, ok := r.defaultValue(use, bag); ok {
				bag.Set(use.Claim().ID(), v)
				continue
			}
		}
		v, err := from.Claim(use)
		if err != nil {
			return fmt.Errorf("output claim %s: %w", use.Claim().ID(), err)
		}
		if v.Exists() {
			bag.Set(use.Claim().ID(), v)
			continue
		}
		if bag.Has(use.Claim().ID()) {
			continue
		}
		if v, ok := r.defaultValue(use, bag); ok {
			bag.Set(use.Claim().ID(), v)
		}
	}
	return nil
}

// validate runs validation profiles of a self-asserted one: its own, or those of a
// display control's action. They see the bag, the page's values and the outputs of earlier ones; their changes are added to
// page (policy-engine §5.1, claims-and-transformations §3.3).
func (r *run) validate(ctx context.Context, tp *program.TechnicalProfile, list program.List[program.Validation], bag, page *claims.Bag) error {
	for _, v := range list.All() {
		scope := bag.Clone()
		scope.Merge(page)
		if program.Skips(v.Preconditions(), &scope) {
			r.skipped(ctx, v.Profile(), PreconditionMet)
			continue
		}
		if !v.Profile().Enabled().Allows(&scope) {
			r.skipped(ctx, v.Profile(), NotEnabled)
			continue
		}
		before := scope.Clone()
		_, err := r.runProfile(ctx, v.Profile(), &scope, exchangeRun{validation: true})
		if err != nil {
			if v.ContinueOnError() {
				r.e.Log.DebugContext(ctx, "validation failed, continuing", "technicalProfileId", v.Profile().ID(), "correlationId", r.j.CorrelationID)
				continue
			}
			f := AsFailure(err)
			if f.Fatal && f.Exchange == "" {
				g := *f
				g.Exchange, g.Profile = v.Profile().ID(), v.Profile().ID()
				f = &g
			}
			if f.Code == CodeInternal {
				r.e.Log.ErrorContext(ctx, "validation technical profile failed", "technicalProfileId", v.Profile().ID(),
					"correlationId", r.j.CorrelationID, "err", err)
			}
			f = r.localise(f, tp, v.Profile())
			return f
		}
		for id, value := range scope.All() {
			if !reflect.DeepEqual(value, before.Get(id)) {
				page.Set(id, value)
			}
		}
		for id := range before.All() {
			if !scope.Has(id) {
				page.Delete(id)
			}
		}
		if !v.ContinueOnSuccess() {
			return nil
		}
	}
	return nil
}

// localise gives a failure the text that the page has for it: localised resources
// of the page, then the metadata of the page's profile, then that of the profile
// that failed, then our own in the journey's language, then the failure's own
// (claims-and-transformations §2.0.9).
func (r *run) localise(f *Failure, page *program.TechnicalProfile, failed *program.TechnicalProfile) *Failure {
	own := texts.For(r.j.Language)
	g := *f
	if f.MessageKey == "" {
		if text, ok := own.Translation(texts.Failure, string(f.Code)); ok && f.Public == f.Code.Text() {
			g.Public = text
		}
		return &g
	}
	g.MessageKey, g.OtherKey = "", "" // who passes the failure on must not look again
	resources := r.resources(r.content(page))
	for _, key := range []string{f.MessageKey, f.OtherKey} {
		if text, ok := resources.Text("ErrorMessage", "", key); ok && key != "" {
			g.Public = text
			return &g
		}
		for _, tp := range []*program.TechnicalProfile{page, failed} {
			if tp == nil || key == "" {
				continue
			}
			if text, ok := tp.Messages().Lookup(key); ok {
				g.Public = r.wording(text)
				return &g
			}
		}
	}
	if text, ok := own.Translation(texts.Message, f.MessageKey); ok {
		g.Public = text
	}
	return &g
}
