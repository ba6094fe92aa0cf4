package transform

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"journeyman.dev/internal/claims"
	"journeyman.dev/internal/diag"
)

// Argument is an input or parameter of a trial. Without Type it has the first type that the method accepts.
type Argument struct {
	Name, Type, Value string
}

// Result is an output of a trial.
type Result struct {
	Name  string
	Value claims.Value
}

// Try runs a method once with given values, like a declaration with exactly these inputs and all outputs with
// fixed names. The diagnostics are those of a policy. The error is that of the run: an [*Assertion], or one
// that wraps [ErrInput].
func Try(ctx context.Context, name string, inputs, parameters []Argument, env Environment, rt *Runtime) ([]Result, diag.List, error) {
	var c diag.Collector
	d := Declaration{ID: name, Method: name}
	e, known := registry[strings.ToLower(strings.TrimSpace(name))]
	if known {
		d.ID, d.Method = e.name, e.name
	}
	var bag claims.Bag
	for _, in := range inputs {
		dataType := claims.String
		if r, ok := findRole(e.in, in.Name); ok && len(r.types) > 0 {
			dataType = r.types[0]
		}
		if in.Type != "" {
			dt, ok := claims.ParseDataType(in.Type)
			if !ok {
				return nil, nil, fmt.Errorf("%w: there is no data type %q", ErrInput, in.Type)
			}
			dataType = dt
		}
		v, err := value(dataType, in.Value)
		if err != nil {
			return nil, nil, fmt.Errorf("%w: %s is no %s", ErrInput, in.Name, dataType)
		}
		t := claims.NewType(claims.TypeDefinition{ID: "in " + in.Name, DataType: dataType})
		bag.Set(t.ID(), v)
		d.Inputs = append(d.Inputs, ClaimArgument{Claim: t, Role: in.Name})
	}
	for _, p := range parameters {
		kind := p.Type
		if kind == "" {
			kind = "string"
		}
		d.Parameters = append(d.Parameters, Parameter{ID: p.Name, DataType: kind, Value: p.Value})
	}
	for _, r := range e.out {
		if strings.Contains(r.name, "*") {
			continue
		}
		dataType := claims.String
		if len(r.types) > 0 {
			dataType = r.types[0]
		}
		t := claims.NewType(claims.TypeDefinition{ID: "out " + r.name, DataType: dataType})
		d.Outputs = append(d.Outputs, ClaimArgument{Claim: t, Role: r.name})
		// A role that is changed in place, such as a collection, begins with its input.
		if i := slices.IndexFunc(d.Inputs, func(a ClaimArgument) bool { return strings.EqualFold(a.Role, r.name) }); i >= 0 {
			d.Outputs[len(d.Outputs)-1].Claim = d.Inputs[i].Claim
		}
	}
	t := Compile(d, env, &c)
	if t == nil || c.List().HasErrors() {
		return nil, c.List(), nil
	}
	if err := t.Run(ctx, rt, &bag); err != nil {
		return nil, c.List(), err
	}
	var out []Result
	for _, o := range d.Outputs {
		out = append(out, Result{o.Role, bag.Get(o.Claim.ID())})
	}
	return out, c.List(), nil
}

// value reads a value in the form of a command line: a collection is its items separated by commas.
func value(t claims.DataType, text string) (claims.Value, error) {
	if t == claims.StringCollection && !strings.HasPrefix(text, "[") {
		if text == "" {
			return claims.Collection(), nil
		}
		return claims.Collection(strings.Split(text, ",")...), nil
	}
	return claims.Parse(t, text)
}

// Describe returns a method's signature for people: inputs, parameters and outputs with their types. ok is
// false if there is no such method.
func Describe(name string) (text string, ok bool) {
	e, ok := registry[strings.ToLower(strings.TrimSpace(name))]
	if !ok {
		return "", false
	}
	var b strings.Builder
	b.WriteString(e.name + "\n")
	roles := func(label string, list []role) {
		for _, r := range list {
			types := "any"
			if len(r.types) > 0 {
				types = typeNames(r.types)
			}
			if r.optional {
				types += ", optional"
			}
			fmt.Fprintf(&b, "  %-7s %s (%s)\n", label, r.name, types)
		}
	}
	roles("--in", e.in)
	for _, p := range e.par {
		note := p.kind
		if p.hasDef {
			note += ", default " + p.def
		} else if p.optional {
			note += ", optional"
		}
		fmt.Fprintf(&b, "  %-7s %s (%s)\n", "--param", p.name, note)
	}
	roles("output", e.out)
	return b.String(), true
}
