package live

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"unicode/utf8"

	"journeyman.dev/internal/diag"
	"journeyman.dev/internal/policy"
)

// Settings are the values of one environment of an appsettings.json. They replace the placeholders
// {Settings:name} of policies, as the VS Code extension for B2C does when it builds policies (its README,
// "Policy settings").
type Settings struct {
	Environment string
	Tenant      string
	Production  bool
	// Folder is the name of folders with already built policies. They aren't sources.
	Folder string

	values []setting // in the file's order, because one value may refer to another
}

type setting struct{ name, value string }

// defaultFolder is the extension's folder for built policies.
const defaultFolder = "Environments"

// ReadSettings reads "appsettings.json" or "appsettings.json:Environment". Without an environment it takes
// the first one that isn't for production, else the only one.
func ReadSettings(from string) (*Settings, error) {
	file, name := from, ""
	if _, err := os.Stat(file); err != nil {
		if i := strings.LastIndexByte(from, ':'); i > 0 {
			file, name = from[:i], from[i+1:]
		}
	}
	b, err := os.ReadFile(file) //nolint:gosec // named by who runs the command
	if err != nil {
		return nil, fmt.Errorf("settings: %w", err)
	}
	s, err := ParseSettings(b, name)
	if err != nil {
		return nil, fmt.Errorf("settings %s: %w", file, err)
	}
	return s, nil
}

// ParseSettings reads the settings of one environment; see [ReadSettings].
func ParseSettings(src []byte, environment string) (*Settings, error) {
	var file struct {
		Environments []struct {
			Name           string
			Tenant         string
			Production     bool
			PolicySettings json.RawMessage
		}
		EnvironmentsFolder string
	}
	if err := json.Unmarshal(bytes.TrimPrefix(src, []byte("\xef\xbb\xbf")), &file); err != nil {
		return nil, err
	}
	var names []string
	chosen := -1
	for i, e := range file.Environments {
		names = append(names, e.Name)
		switch {
		case environment != "" && strings.EqualFold(e.Name, environment), environment == "" && (!e.Production || len(file.Environments) == 1):
			if chosen < 0 {
				chosen = i
			}
		}
	}
	switch {
	case len(names) == 0:
		return nil, errors.New(`it has no "Environments"`)
	case chosen < 0 && environment != "":
		return nil, fmt.Errorf("it has no environment %q; there are: %s", environment, strings.Join(names, ", "))
	case chosen < 0:
		return nil, fmt.Errorf("all of its environments are for production; name one of them: %s", strings.Join(names, ", "))
	}
	e := file.Environments[chosen]
	s := &Settings{Environment: e.Name, Tenant: e.Tenant, Production: e.Production, Folder: file.EnvironmentsFolder}
	if s.Folder == "" {
		s.Folder = defaultFolder
	}
	if len(e.PolicySettings) == 0 {
		return nil, fmt.Errorf("environment %q has no PolicySettings", e.Name)
	}
	return s, s.read(e.PolicySettings)
}

// read keeps the order of the members, and the text of numbers and flags.
func (s *Settings) read(members json.RawMessage) error {
	dec := json.NewDecoder(bytes.NewReader(members))
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return errors.New("PolicySettings is no object")
	}
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			return err
		}
		var raw json.RawMessage
		if err := dec.Decode(&raw); err != nil {
			return err
		}
		value := string(raw)
		if raw[0] == '{' || raw[0] == '[' || value == "null" {
			return fmt.Errorf("the setting %q is no text", name)
		}
		if raw[0] == '"' {
			if err := json.Unmarshal(raw, &value); err != nil {
				return err
			}
		}
		s.values = append(s.values, setting{fmt.Sprint(name), value})
	}
	return nil
}

// Fill replaces the placeholders of a policy file and warns of placeholders without a value. It inserts the
// values unchanged, as the extension does: settings must contain the escaped form of special XML characters.
func (s *Settings) Fill(file string, src []byte) ([]byte, diag.List) {
	text, err := policy.DecodeText(src)
	if err != nil || !bytes.Contains(text, []byte("{")) {
		return src, nil // the linter reports the fault
	}
	name := path.Base(filepath.ToSlash(file))
	name = strings.TrimSuffix(name, path.Ext(name))
	all := append([]setting{
		{"Tenant", s.Tenant}, {"Filename", name}, {"PolicyFilename", strings.ReplaceAll(name, "B2C_1A_", "")}, {"Environment", s.Environment},
	}, s.values...)
	out := string(text)
	for _, one := range all {
		out = regexp.MustCompile(`(?i)\{Settings:`+regexp.QuoteMeta(one.name)+`\}`).ReplaceAllLiteralString(out, one.value)
	}
	if !bytes.Equal(text, src) {
		out = declaredUTF16.ReplaceAllString(out, "${1}utf-8${2}") // it was UTF-16 and now is UTF-8
	}
	return []byte(out), leftPlaceholders(file, []byte(out), "the settings of environment "+s.Environment+" have no value for it")
}

var (
	declaredUTF16 = regexp.MustCompile(`(?i)^(\s*<\?xml[^>]*encoding=["'])utf-16(["'])`)
	settingsMark  = regexp.MustCompile(`(?i)<!--(?s:.*?)-->|\{Settings:[^{}]*\}`)
)

// leftPlaceholders warns of the placeholders that remain in a file.
func leftPlaceholders(file string, text []byte, hint string) diag.List {
	if !bytes.Contains(text, []byte("{")) {
		return nil
	}
	var c diag.Collector
	for _, m := range settingsMark.FindAllIndex(text, -1) {
		if text[m[0]] == '<' {
			continue // a comment
		}
		before := text[:m[0]]
		start := bytes.LastIndexByte(before, '\n') + 1
		at := diag.Position{File: file, Line: 1 + bytes.Count(before, []byte("\n")), Column: 1 + utf8.RuneCount(before[start:])}
		c.Report(diag.LeftPlaceholder, at, hint, "the placeholder %s isn't filled in", text[m[0]:m[1]])
	}
	return c.List()
}
