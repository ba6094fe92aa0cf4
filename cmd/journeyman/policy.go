package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"journeyman.dev/internal/diag"
	"journeyman.dev/internal/kinds"
	"journeyman.dev/internal/lint"
	"journeyman.dev/internal/live"
	"journeyman.dev/internal/policy"
)

// streams are the outputs of a command.
type streams struct{ out, err io.Writer }

type policyCommand struct {
	Lint    lintCommand    `cmd:"" help:"Check policy files and folders as one tenant, offline."`
	Compile compileCommand `cmd:"" help:"Print a policy merged with its bases."`

	Upload uploadCommand `cmd:"" help:"Upload policy files and folders to a running server, all or none."`

	Transform transformCommand `cmd:"" help:"Try a claims transformation method with values of your own."`
}

type lintCommand struct {
	Paths    []string `arg:"" name:"path" help:"Policy files and folders." type:"path"`
	Base     []string `help:"Files and folders of base policies, such as a starter pack; they aren't checked themselves." type:"path" placeholder:"PATH"`
	JSON     bool     `help:"Print one JSON object per diagnostic." name:"json"`
	Strict   bool     `help:"Treat warnings as errors."`
	Settings string   `help:"Replace {Settings:…} by values of an appsettings.json, as the VS Code extension does; without ENVIRONMENT, of the first environment that isn't for production." placeholder:"FILE[:ENVIRONMENT]"`
}

// Run prints every diagnostic. After errors the exit code is 1.
func (c *lintCommand) Run(s streams) error {
	files, list, err := readFilled(c.Paths, c.Base, c.Settings)
	if err != nil {
		return err
	}
	list = append(list, lint.Check(files, kinds.Offline())...).Sort()
	shown := newExcerpts(files)
	errors, warnings := 0, 0
	for _, d := range list {
		if c.Strict && d.Severity == diag.Warning {
			d.Severity = diag.Error
		}
		switch d.Severity {
		case diag.Error:
			errors++
		case diag.Warning:
			warnings++
		}
		if c.JSON {
			b, err := json.Marshal(d)
			if err != nil {
				return err
			}
			fmt.Fprintln(s.out, string(b))
			continue
		}
		shown.print(s.out, d)
	}
	if !c.JSON {
		linted := 0
		for _, f := range files {
			if !f.Base {
				linted++
			}
		}
		fmt.Fprintf(s.out, "%d files, %d errors, %d warnings\n", linted, errors, warnings)
	}
	if errors > 0 {
		return errFound
	}
	return nil
}

type compileCommand struct {
	Paths    []string `arg:"" name:"path" help:"Policy files and folders." type:"path"`
	Base     []string `help:"Files and folders of base policies, such as a starter pack." type:"path" placeholder:"PATH"`
	Policy   string   `required:"" help:"Id of the policy to print."`
	Settings string   `help:"Replace {Settings:…} by values of an appsettings.json." placeholder:"FILE[:ENVIRONMENT]"`
}

// Run prints the effective policy. Diagnostics go to standard error.
func (c *compileCommand) Run(s streams) error {
	files, _, err := readFilled(c.Paths, c.Base, c.Settings)
	if err != nil {
		return err
	}
	e, list := lint.Merge(files, kinds.Offline(), c.Policy)
	for _, d := range list {
		if d.Severity == diag.Error {
			fmt.Fprintln(s.err, d)
		}
	}
	if e == nil {
		if !list.HasErrors() {
			return fmt.Errorf("there is no policy %q in these files", c.Policy)
		}
		return errFound
	}
	if _, err := s.out.Write(policy.Print(e)); err != nil {
		return err
	}
	if list.HasErrors() {
		return errFound
	}
	return nil
}

// readFilled is readPolicies with replaced placeholders, if settings are named. It warns of placeholders
// without a value.
func readFilled(paths, bases []string, from string) ([]lint.File, diag.List, error) {
	if from == "" {
		files, err := readPolicies(paths, bases, "")
		return files, nil, err
	}
	settings, err := live.ReadSettings(from)
	if err != nil {
		return nil, nil, err
	}
	files, err := readPolicies(paths, bases, settings.Folder)
	if err != nil {
		return nil, nil, err
	}
	var list diag.List
	for i, f := range files {
		filled, found := settings.Fill(f.Path, f.Source)
		files[i].Source = filled
		list = append(list, found...)
	}
	return files, list, nil
}

// readPolicies reads files, and the XML files of folders. bases only serve the others. A file named twice
// counts once, as one to check. It omits folders of the name built, because they contain copies built from
// the sources. A folder without policies is an error.
func readPolicies(paths, bases []string, built string) ([]lint.File, error) {
	r := &policyReader{seen: make(map[string]bool), built: built}
	r.here, _ = os.Getwd()
	for _, path := range paths {
		if err := r.add(path, false); err != nil {
			return nil, err
		}
	}
	for _, path := range bases {
		if err := r.add(path, true); err != nil {
			return nil, err
		}
	}
	return r.files, nil
}

type policyReader struct {
	here  string
	built string
	files []lint.File
	seen  map[string]bool
}

func (r *policyReader) add(path string, base bool) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return r.read(path, lint.File{Base: base})
	}
	before, policies := len(r.files), false
	err = filepath.WalkDir(path, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && r.built != "" && strings.EqualFold(d.Name(), r.built):
			return fs.SkipDir
		case d.IsDir() || !strings.EqualFold(filepath.Ext(path), ".xml"):
			return nil
		}
		policies = policies || r.seen[path]
		return r.read(path, lint.File{Base: base, Found: true})
	})
	if err != nil {
		return err
	}
	for _, f := range r.files[before:] {
		text, err := policy.DecodeText(f.Source)
		policies = policies || err != nil || bytes.Contains(text, []byte("TrustFrameworkPolicy"))
	}
	if !policies {
		return fmt.Errorf("there are no policies in %s", path)
	}
	return nil
}

func (r *policyReader) read(path string, file lint.File) error {
	if r.seen[path] {
		return nil
	}
	r.seen[path] = true
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	// Read just enough to recognise a file that is too large.
	if file.Source, err = io.ReadAll(io.LimitReader(f, policy.MaxFileBytes+1)); err != nil {
		return err
	}
	file.Path = path
	if rel, err := filepath.Rel(r.here, path); err == nil && !strings.HasPrefix(rel, "..") {
		file.Path = rel
	}
	r.files = append(r.files, file)
	return nil
}
