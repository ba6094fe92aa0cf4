package transform

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"journeyman.dev/internal/claims"
	"journeyman.dev/internal/diag"
)

// method is an entry of the registry. Roles are written "name:type", several types with "|", "*" for any; "?"
// after the type makes an input role optional. Parameters are "name:kind" with the kinds text, bool, int and
// date, with "=value" for a default and "?" for an optional one. A role or parameter "*" allows any further
// names.
type method struct {
	in, par, out string
	// plan checks the constants and returns the function for journeys. After a fault it reports through p and
	// returns nil.
	plan func(p *plan) step
}

// step is a planned call.
type step func(ctx context.Context, c *call) error

// registry contains the methods by folded name.
var registry = gather(booleanMethods, dateMethods, generalMethods, numberMethods, jsonMethods, phoneMethods,
	stringMethods, collectionMethods, identityMethods, ageMethods)

func gather(tables ...map[string]method) map[string]entry {
	all := make(map[string]entry)
	for _, table := range tables {
		for name, m := range table {
			key := strings.ToLower(name)
			if _, twice := all[key]; twice {
				panic("transform: method in two tables: " + name)
			}
			all[key] = entry{
				name: name, in: parseRoles(m.in), out: parseRoles(m.out), par: parseParameters(m.par), plan: m.plan,
			}
		}
	}
	return all
}

// Methods lists the names of all methods, sorted.
func Methods() []string {
	names := make([]string, 0, len(registry))
	for _, e := range registry {
		names = append(names, e.name)
	}
	slices.Sort(names)
	return names
}

// entry is a method with its parsed signature.
type entry struct {
	name    string
	in, out []role
	par     []parameter
	plan    func(p *plan) step
}

type role struct {
	name     string
	types    []claims.DataType // empty: any
	optional bool
}

type parameter struct {
	name     string
	kind     string
	def      string
	hasDef   bool
	optional bool
}

func parseRoles(text string) []role {
	var roles []role
	for _, word := range strings.Fields(text) {
		name, types, _ := strings.Cut(word, ":")
		r := role{name: name}
		types, r.optional = strings.CutSuffix(types, "?")
		for t := range strings.SplitSeq(types, "|") {
			if t == "*" {
				continue
			}
			dt, ok := claims.ParseDataType(t)
			if !ok {
				panic("transform: no data type " + t)
			}
			r.types = append(r.types, dt)
		}
		roles = append(roles, r)
	}
	return roles
}

func parseParameters(text string) []parameter {
	var list []parameter
	for _, word := range strings.Fields(text) {
		name, rest, _ := strings.Cut(word, ":")
		p := parameter{name: name}
		p.kind, p.def, p.hasDef = strings.Cut(rest, "=")
		p.kind, p.optional = strings.CutSuffix(p.kind, "?")
		list = append(list, p)
	}
	return list
}

// Transformation is a compiled declaration, immutable and shared by journeys.
type Transformation struct {
	id     string
	inputs []ClaimArgument
	in     map[string]*claims.Type // by folded role
	out    map[string]*claims.Type // by folded role
	outs   []ClaimArgument
	run    step
}

// ID is the declaration's id.
func (t *Transformation) ID() string { return t.id }

// Run runs the transformation over the bag. The error wraps [ErrInput] or is an [*Assertion]; it never
// contains a claim value.
func (t *Transformation) Run(ctx context.Context, rt *Runtime, bag *claims.Bag) error {
	return t.run(ctx, &call{t: t, rt: rt, bag: bag})
}

// Compile checks a declaration against its method's signature and plans it. It returns nil if it reported an
// error.
func Compile(d Declaration, env Environment, c *diag.Collector) *Transformation {
	e, ok := registry[strings.ToLower(strings.TrimSpace(d.Method))]
	if !ok {
		hint := "no claims transformation has this name"
		if near := diag.Nearest(d.Method, Methods()); near != "" {
			hint = "did you mean " + strconv.Quote(near) + "?"
		}
		c.Report(diag.UnknownMethod, d.MethodAt, hint, "claims transformation %q has the unknown method %q", d.ID, d.Method)
		return nil
	}
	p := &plan{d: d, e: e, env: env, c: c, values: make(map[string]Parameter), in: make(map[string]*claims.Type), out: make(map[string]*claims.Type)}
	p.bind("input", d.Inputs, e.in, p.in)
	p.bind("output", d.Outputs, e.out, p.out)
	p.constants()
	if p.failed {
		return nil
	}
	run := e.plan(p)
	if p.failed || run == nil {
		return nil
	}
	return &Transformation{id: d.ID, inputs: d.Inputs, in: p.in, out: p.out, outs: d.Outputs, run: run}
}

// plan gives constants to a method's plan function.
type plan struct {
	d      Declaration
	e      entry
	env    Environment
	c      *diag.Collector
	in     map[string]*claims.Type
	out    map[string]*claims.Type
	values map[string]Parameter // by folded name
	failed bool
}

func (p *plan) report(code diag.Code, at diag.Position, hint, format string, args ...any) {
	p.c.Report(code, at, hint, format, args...)
	p.failed = p.failed || code.Entry().Severity == diag.Error
}

// bind checks declared claims against the method's roles.
func (p *plan) bind(kind string, args []ClaimArgument, roles []role, to map[string]*claims.Type) {
	var names []string
	for _, r := range roles {
		names = append(names, r.name)
	}
	for _, a := range args {
		r, ok := findRole(roles, a.Role)
		if !ok {
			hint := "the method has no " + kind + " claims"
			if len(names) > 0 {
				hint = "legal: " + strings.Join(names, ", ")
				if near := diag.Nearest(a.Role, names); near != "" {
					hint = "did you mean " + strconv.Quote(near) + "?"
				}
			}
			p.report(diag.UnexpectedRole, a.Position, hint,
				"claims transformation %q: %s doesn't expect the %s claim %q", p.d.ID, p.e.name, kind, a.Role)
			continue
		}
		if len(r.types) > 0 && !slices.Contains(r.types, a.Claim.DataType()) {
			p.report(diag.RoleType, a.Position, "use a claim of data type "+typeNames(r.types),
				"claims transformation %q: the %s claim %q has data type %s, %s expects %s", p.d.ID, kind, a.Role, a.Claim.DataType(), p.e.name, typeNames(r.types))
			continue
		}
		to[strings.ToLower(a.Role)] = a.Claim
	}
	if kind == "output" || p.d.Incomplete || p.failed {
		return // an undeclared output isn't written (§2.0.7)
	}
	for _, r := range roles {
		if _, ok := to[strings.ToLower(r.name)]; !ok && !r.optional && r.name != "*" && !strings.HasSuffix(r.name, ".*") {
			p.report(diag.MissingRole, p.d.Position, "add an InputClaim with TransformationClaimType=\""+r.name+"\"",
				"claims transformation %q: %s expects the input claim %q", p.d.ID, p.e.name, r.name)
		}
	}
}

func findRole(roles []role, name string) (role, bool) {
	for _, r := range roles {
		if strings.EqualFold(r.name, name) || r.name == "*" {
			return r, true
		}
		if prefix, ok := strings.CutSuffix(r.name, "*"); ok && len(name) > len(prefix) && strings.EqualFold(name[:len(prefix)], prefix) {
			return r, true
		}
	}
	return role{}, false
}

func typeNames(types []claims.DataType) string {
	var names []string
	for _, t := range types {
		names = append(names, t.String())
	}
	return strings.Join(names, " or ")
}

// constants checks the declared parameters.
func (p *plan) constants() {
	any := false
	known := make(map[string]parameter)
	var names []string
	for _, par := range p.e.par {
		if par.name == "*" || strings.HasSuffix(par.name, ".*") {
			any = true
			continue
		}
		known[strings.ToLower(par.name)] = par
		names = append(names, par.name)
	}
	declared := func(name string) bool {
		return slices.ContainsFunc(p.d.Parameters, func(have Parameter) bool { return strings.EqualFold(have.ID, name) })
	}
	lacks := func(par parameter) bool { return !par.optional && !par.hasDef && !declared(par.name) }
	misspelt := make(map[string]bool) // required ones, by folded name
	for _, have := range p.d.Parameters {
		par, ok := known[strings.ToLower(have.ID)]
		if !ok && !any {
			hint, near := "remove it", diag.Nearest(have.ID, names)
			meant := known[strings.ToLower(near)]
			switch {
			case near != "" && lacks(meant) && !misspelt[strings.ToLower(near)]:
				// One cause, one diagnostic: the declaration contains the missing parameter under another
				// name.
				misspelt[strings.ToLower(near)] = true
				p.report(diag.MissingParameter, have.Position, "did you mean "+strconv.Quote(near)+"?",
					"claims transformation %q: %s expects the parameter %q, and has %q", p.d.ID, p.e.name, near, have.ID)
				continue
			case near != "":
				hint = "did you mean " + strconv.Quote(near) + "?"
			}
			p.report(diag.UnexpectedParameter, have.Position, hint,
				"claims transformation %q: %s doesn't know the parameter %q", p.d.ID, p.e.name, have.ID)
			continue
		}
		if ok {
			p.checkParameter(par, have)
		}
		p.values[strings.ToLower(have.ID)] = have
	}
	for _, par := range p.e.par {
		if par.name == "*" || strings.HasSuffix(par.name, ".*") || par.optional || par.hasDef {
			continue
		}
		if _, ok := p.values[strings.ToLower(par.name)]; !ok && !p.failed {
			p.report(diag.MissingParameter, p.d.Position, "add <InputParameter Id=\""+par.name+"\" …/>",
				"claims transformation %q: %s expects the parameter %q", p.d.ID, p.e.name, par.name)
		}
	}
}

func (p *plan) checkParameter(par parameter, have Parameter) {
	var err error
	want := ""
	switch par.kind {
	case "bool":
		_, err = claims.Parse(claims.Boolean, have.Value)
		want = "true or false"
	case "int":
		_, err = claims.Parse(claims.Int, have.Value)
		want = "a whole number"
	case "date":
		_, err = claims.ParseTime(have.Value)
		want = "an ISO 8601 date"
	}
	if err != nil && p.env.Unsettled != nil && p.env.Unsettled(have.Value) {
		p.failed = true // silently
		return
	}
	if err != nil {
		p.report(diag.BadParameter, have.Position, "use "+want,
			"claims transformation %q has an invalid value %q for the parameter %q", p.d.ID, have.Value, have.ID)
	}
}

func (p *plan) value(name string) (string, bool) {
	if v, ok := p.values[strings.ToLower(name)]; ok {
		return v.Value, true
	}
	for _, par := range p.e.par {
		if par.name == name && par.hasDef {
			return par.def, true
		}
	}
	return "", false
}

func (p *plan) at(name string) diag.Position {
	if v, ok := p.values[strings.ToLower(name)]; ok {
		return v.Position
	}
	return p.d.Position
}

func (p *plan) text(name string) string {
	v, _ := p.value(name)
	return v
}

func (p *plan) has(name string) bool {
	_, ok := p.value(name)
	return ok
}

func (p *plan) bool(name string) bool {
	v, _ := p.value(name)
	b, _ := claims.Parse(claims.Boolean, v)
	return b.True()
}

func (p *plan) int(name string) int64 {
	v, _ := p.value(name)
	n, _ := claims.Parse(claims.Int, v)
	return n.Number()
}

// choice reads a parameter with few legal values. It returns the spelling given here.
func (p *plan) choice(name string, legal ...string) string {
	v, ok := p.value(name)
	if !ok {
		return legal[0]
	}
	for _, l := range legal {
		if strings.EqualFold(l, strings.TrimSpace(v)) {
			return l
		}
	}
	p.report(diag.BadParameter, p.at(name), "legal: "+strings.Join(legal, ", "),
		"claims transformation %q has an invalid value %q for the parameter %q", p.d.ID, v, name)
	return legal[0]
}

// expand replaces the expressions in some parameters (§2.0.6). The technical profile's id is known only at
// run time.
func (p *plan) expand(text string) func(rt *Runtime) string {
	return p.expandWith(text, func(s string) string { return s })
}

// expandFormat is expand for a composite format: braces in the values are text.
func (p *plan) expandFormat(text string) func(rt *Runtime) string {
	return p.expandWith(text, strings.NewReplacer("{", "{{", "}", "}}").Replace)
}

func (p *plan) expandWith(text string, escape func(string) string) func(rt *Runtime) string {
	text = strings.NewReplacer("{RelyingPartyTenantId}", escape(p.env.RelyingPartyTenantID),
		"{TrustFrameworkTenantId}", escape(p.env.TrustFrameworkTenantID), "{AuthenticatorIssuer}", escape(p.env.AuthenticatorIssuer)).Replace(text)
	if !strings.Contains(text, "{TechnicalProfileId}") {
		return func(*Runtime) string { return text }
	}
	return func(rt *Runtime) string {
		return strings.ReplaceAll(text, "{TechnicalProfileId}", rt.TechnicalProfileID)
	}
}

// call is one run.
type call struct {
	t   *Transformation
	rt  *Runtime
	bag *claims.Bag
}

// get returns the value of an input role; no value if the role isn't declared.
func (c *call) get(role string) claims.Value {
	t, ok := c.t.in[strings.ToLower(role)]
	if !ok {
		return claims.Value{}
	}
	return c.bag.Get(t.ID())
}

// set writes an output role, converted to its claim's type. It doesn't write an undeclared role.
func (c *call) set(role string, v claims.Value) error {
	t, ok := c.t.out[strings.ToLower(role)]
	if !ok {
		return nil
	}
	converted, err := v.Convert(t.DataType())
	if err != nil {
		return fmt.Errorf("%w: output %s: %w", ErrInput, role, err)
	}
	c.bag.Set(t.ID(), converted)
	return nil
}

func (c *call) text(role string) (string, bool) {
	v := c.get(role)
	return v.String(), v.Exists()
}

// missing returns the error of a required input without value.
func missing(role string) error { return fmt.Errorf("%w: %s has no value", ErrInput, role) }
