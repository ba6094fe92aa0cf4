package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"journeyman.dev/internal/diag"
)

// configFile is a JSON file of settings: {"tenant": "…", "admin_listen": "…"}. A member has the flag's name,
// with dashes, underscores or in camel case.
type configFile struct {
	path   string
	values map[string]any // by flag name
}

// configFlag is the name of such a file.
type configFlag string

// Decode implements kong.MapperValue. A blank name, such as from an empty variable, means no file.
func (f *configFlag) Decode(ctx *kong.DecodeContext) error {
	var path string
	if err := ctx.Scan.PopValueInto("path", &path); err != nil {
		return err
	}
	if path != "" {
		path = kong.ExpandPath(path)
	}
	*f = configFlag(path)
	return nil
}

// BeforeResolve reads the file like kong.ConfigFlag, but only if the flag belongs to the running command: if
// the variable is set, kong calls the flags of all commands.
func (f configFlag) BeforeResolve(k *kong.Kong, ctx *kong.Context, trace *kong.Path) error {
	path, _ := ctx.FlagValue(trace.Flag).(configFlag)
	if path == "" || !slices.Contains(ctx.Flags(), trace.Flag) {
		return nil
	}
	file, err := readConfig(string(path), k.Model)
	if err != nil {
		return err
	}
	ctx.AddResolver(file)
	return nil
}

// settingName returns the form in which names of settings are compared.
func settingName(name string) string {
	return strings.ToLower(strings.NewReplacer("-", "", "_", "").Replace(name))
}

// readConfig reads a file. Its members must be flags of commands with --config: otherwise a misspelt setting
// would silently keep its default.
func readConfig(path string, app *kong.Application) (*configFile, error) {
	source, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("config: %w", err)
	}
	c := &configFile{path: path, values: make(map[string]any)}
	if err := c.decode(bytes.TrimPrefix(source, []byte("\xef\xbb\xbf")), fileSettings(app)); err != nil {
		return nil, fmt.Errorf("config %s: %w", path, err)
	}
	return c, nil
}

func (c *configFile) decode(source []byte, known map[string]string) error {
	in := json.NewDecoder(bytes.NewReader(source))
	in.UseNumber()
	if open, err := in.Token(); err != nil || open != json.Delim('{') {
		return errors.New("the file must be one JSON object, such as {\"tenant\": \"contoso.onmicrosoft.com\"}")
	}
	seen := make(map[string]string)
	for in.More() {
		token, err := in.Token()
		if err != nil {
			return err
		}
		member, _ := token.(string)
		var value any
		if err := in.Decode(&value); err != nil {
			return fmt.Errorf("member %q: %w", member, err)
		}
		flag, ok := known[settingName(member)]
		if !ok {
			hint := ""
			if near := diag.Nearest(member, memberNames(known)); near != "" {
				hint = fmt.Sprintf("; did you mean %q?", near)
			}
			return fmt.Errorf("there is no setting %q%s", member, hint)
		}
		if first, twice := seen[flag]; twice {
			return fmt.Errorf("the setting %q is there twice (first as %q)", member, first)
		}
		seen[flag] = member
		if value, err = plain(value); err != nil {
			return fmt.Errorf("member %q: %w", member, err)
		}
		if value != nil {
			c.values[flag] = value
		}
	}
	if _, err := in.Token(); err != nil {
		return err
	}
	if _, err := in.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows the JSON object")
	}
	return nil
}

// plain converts a member's value to a setting's. Numbers keep their text.
func plain(value any) (any, error) {
	switch v := value.(type) {
	case nil, bool, string:
		return v, nil
	case json.Number:
		return v.String(), nil
	case []any:
		out := []any{}
		for _, one := range v {
			s, ok := one.(string)
			if !ok {
				return nil, errors.New("a list must have strings")
			}
			out = append(out, s)
		}
		return out, nil
	}
	return nil, errors.New("the value must be a string, a number, true, false or a list")
}

func memberNames(known map[string]string) []string {
	var names []string
	for _, flag := range known {
		names = append(names, strings.ReplaceAll(flag, "-", "_"))
	}
	slices.Sort(names)
	return names
}

// fileSettings returns the flags that a file may set, by compared name. One file may serve several commands.
func fileSettings(app *kong.Application) map[string]string {
	known := make(map[string]string)
	var walk func(n *kong.Node)
	walk = func(n *kong.Node) {
		if slices.ContainsFunc(n.Flags, func(f *kong.Flag) bool { return f.Name == "config" }) {
			for _, f := range n.Flags {
				if f.Name != "config" && f.Name != "help" {
					known[settingName(f.Name)] = f.Name
				}
			}
		}
		for _, child := range n.Children {
			walk(child)
		}
	}
	walk(app.Node)
	return known
}

// Validate implements kong.Resolver.
func (c *configFile) Validate(*kong.Application) error { return nil }

// Resolve implements kong.Resolver. Kong calls it for flags that aren't on the command line, even if a
// variable sets them: variables have priority over the file.
func (c *configFile) Resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	if variableOf(flag, os.LookupEnv) != "" {
		return nil, nil
	}
	if value, ok := c.values[flag.Name]; ok {
		return value, nil
	}
	return nil, nil
}

// variableOf returns the variable that sets a flag, "" if there is none.
func variableOf(flag *kong.Flag, lookup func(string) (string, bool)) string {
	for _, name := range flag.Envs {
		if _, ok := lookup(name); ok {
			return name
		}
	}
	return ""
}
