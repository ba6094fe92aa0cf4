package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"journeyman.dev/internal/claims"
	"journeyman.dev/internal/claims/transform"
)

type transformCommand struct {
	Method  string   `arg:"" optional:"" help:"Claims transformation method; without it, the command lists all methods."`
	In      []string `sep:"none" placeholder:"NAME[:TYPE]=VALUE" help:"Input claim, by its TransformationClaimType. Separate the items of a string collection by commas."`
	Param   []string `sep:"none" placeholder:"NAME[:TYPE]=VALUE" help:"Input parameter."`
	Text    []string `sep:"none" placeholder:"STRINGID=TEXT" help:"Localized string, for the methods that read one."`
	Choices []string `sep:"none" placeholder:"TEXT=VALUE" help:"Item of a localized collection, for the methods that read one."`
	Secret  string   `help:"Secret of the policy key that the method names."`
	Tenant  string   `help:"Tenant name." default:"contoso.onmicrosoft.com"`
	JSON    bool     `name:"json" help:"Print the outputs as a JSON object."`
}

// Run runs a method once and prints its outputs. After a failed assertion it prints the message key, and the
// exit code is 1.
func (c *transformCommand) Run(ctx context.Context, s streams) error {
	if c.Method == "" {
		for _, name := range transform.Methods() {
			fmt.Fprintln(s.out, name)
		}
		return nil
	}
	inputs, err1 := arguments(c.In)
	parameters, err2 := arguments(c.Param)
	texts, err3 := arguments(c.Text)
	choices, err4 := arguments(c.Choices)
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		return err
	}
	env := transform.Environment{RelyingPartyTenantID: c.Tenant, TrustFrameworkTenantID: c.Tenant, AuthenticatorIssuer: c.Tenant}
	rt := &transform.Runtime{
		Now: time.Now, Rand: rand.Reader, TechnicalProfileID: "Trial",
		Secret: func(context.Context, string) ([]byte, error) {
			if c.Secret == "" {
				return nil, errors.New("give the policy key's secret with --secret")
			}
			return []byte(c.Secret), nil
		},
		Text: func(_, id string) (string, bool) {
			for _, t := range texts {
				if strings.EqualFold(t.Name, id) {
					return t.Value, true
				}
			}
			return "", false
		},
		Collection: func(string) []claims.Choice {
			var list []claims.Choice
			for _, t := range choices {
				list = append(list, claims.Choice{Text: t.Name, Value: t.Value})
			}
			return list
		},
	}
	results, list, err := transform.Try(ctx, c.Method, inputs, parameters, env, rt)
	for _, d := range list {
		fmt.Fprintf(s.err, "%s %s: %s; %s\n", d.Severity, d.Code, d.Message, d.Hint)
	}
	if list.HasErrors() {
		if text, ok := transform.Describe(c.Method); ok {
			fmt.Fprint(s.err, text)
		}
		return errFound
	}
	var assertion *transform.Assertion
	if errors.As(err, &assertion) {
		fmt.Fprintf(s.out, "assertion failed: %s (%s)\n", assertion.Key, assertion.Default)
		return errFound
	}
	if err != nil {
		return err
	}
	return c.print(s, results)
}

func (c *transformCommand) print(s streams, results []transform.Result) error {
	if c.JSON {
		object := make(map[string]any)
		for _, r := range results {
			object[r.Name] = r.Value.JSON()
		}
		b, err := json.Marshal(object)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(s.out, string(b))
		return err
	}
	for _, r := range results {
		if !r.Value.Exists() {
			fmt.Fprintf(s.out, "%s has no value\n", r.Name)
			continue
		}
		fmt.Fprintf(s.out, "%s = %s\n", r.Name, r.Value)
	}
	return nil
}

// arguments reads NAME[:TYPE]=VALUE.
func arguments(list []string) ([]transform.Argument, error) {
	var out []transform.Argument
	for _, text := range list {
		name, value, ok := strings.Cut(text, "=")
		if !ok || name == "" {
			return nil, fmt.Errorf("%q isn't NAME=VALUE", text)
		}
		a := transform.Argument{Name: name, Value: value}
		if i := strings.LastIndexByte(name, ':'); i > 0 {
			if _, isType := claims.ParseDataType(name[i+1:]); isType {
				a.Name, a.Type = name[:i], name[i+1:]
			}
		}
		out = append(out, a)
	}
	return out, nil
}
