package main

import (
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"journeyman.dev/internal/diag"
	"journeyman.dev/internal/library"
	"journeyman.dev/internal/policy"
	"journeyman.dev/internal/server"
)

// streams are what a command writes to.
type streams struct{ out, err io.Writer }

type policyCommand struct {
	Lint    lintCommand    `cmd:"" help:"Check policy files and folders as one tenant, offline."`
	Compile compileCommand `cmd:"" help:"Print a policy merged with its bases."`

	Upload uploadCommand `cmd:"" help:"Upload policy files and folders to a running server, all or none."`

	Transform transformCommand `cmd:"" help:"Try a claims transformation method with values of your own."`
}

type lintCommand struct {
	Paths []string `arg:"" name:"path" help:"Policy files and folders." type:"path"`
	Base  []string `help:"Files and folders with the policies that these inherit from, such as a starter pack; they aren't checked themselves." type:"path" placeholder:"PATH"`
	JSON  bool     `help:"Print one JSON object per diagnostic." name:"json"`
}

// Run prints every diagnostic; errors end with exit code 1.
func (c *lintCommand) Run(s streams) error {
	files, err := readPolicies(c.Paths, c.Base)
	if err != nil {
		return err
	}
	list := library.Lint(files, server.Kinds())
	errors, warnings := 0, 0
	for _, d := range list {
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
		fmt.Fprintln(s.out, d)
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
	Paths  []string `arg:"" name:"path" help:"Policy files and folders." type:"path"`
	Base   []string `help:"Files and folders with the policies that these inherit from, such as a starter pack." type:"path" placeholder:"PATH"`
	Policy string   `required:"" help:"Id of the policy to print."`
}

// Run prints the effective policy; diagnostics go to standard error.
func (c *compileCommand) Run(s streams) error {
	files, err := readPolicies(c.Paths, c.Base)
	if err != nil {
		return err
	}
	e, list := library.Merge(files, c.Policy)
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

// readPolicies reads files, and the XML files of folders; bases only serve others. A
// file that is named twice counts once, as one to check.
func readPolicies(paths, bases []string) ([]library.File, error) {
	r := &policyReader{seen: make(map[string]bool)}
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
	files []library.File
	seen  map[string]bool
}

func (r *policyReader) add(path string, base bool) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return r.read(path, library.File{Base: base})
	}
	return filepath.WalkDir(path, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.EqualFold(filepath.Ext(path), ".xml") {
			return err
		}
		return r.read(path, library.File{Base: base, Found: true})
	})
}

func (r *policyReader) read(path string, file library.File) error {
	if r.seen[path] {
		return nil
	}
	r.seen[path] = true
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	// Of a file that is too large, no more than shows it.
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
