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
	"journeyman.dev/internal/policy"
	"journeyman.dev/internal/server"
)

// streams are what a command writes to.
type streams struct{ out, err io.Writer }

type policyCommand struct {
	Lint    lintCommand    `cmd:"" help:"Check policy files and folders as one tenant, offline."`
	Compile compileCommand `cmd:"" help:"Print a policy merged with its bases."`
}

type lintCommand struct {
	Paths []string `arg:"" name:"path" help:"Policy files and folders." type:"path"`
	JSON  bool     `help:"Print one JSON object per diagnostic." name:"json"`
}

// Run prints every diagnostic; errors end with exit code 1.
func (c *lintCommand) Run(s streams) error {
	files, err := readPolicies(c.Paths)
	if err != nil {
		return err
	}
	list := server.Lint(files)
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
		fmt.Fprintf(s.out, "%d files, %d errors, %d warnings\n", len(files), errors, warnings)
	}
	if errors > 0 {
		return errFound
	}
	return nil
}

type compileCommand struct {
	Paths  []string `arg:"" name:"path" help:"Policy files and folders." type:"path"`
	Policy string   `required:"" help:"Id of the policy to print."`
}

// Run prints the effective policy; diagnostics go to standard error.
func (c *compileCommand) Run(s streams) error {
	files, err := readPolicies(c.Paths)
	if err != nil {
		return err
	}
	e, list := server.CompileFiles(files, c.Policy)
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

// readPolicies reads files, and the XML files of folders.
func readPolicies(paths []string) ([]server.File, error) {
	var files []server.File
	here, _ := os.Getwd()
	name := func(path string) string {
		if rel, err := filepath.Rel(here, path); err == nil && !strings.HasPrefix(rel, "..") {
			return rel
		}
		return path
	}
	read := func(path string, found bool) error {
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		files = append(files, server.File{Path: name(path), Source: b, Found: found})
		return nil
	}
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			return nil, err
		}
		if !info.IsDir() {
			if err := read(path, false); err != nil {
				return nil, err
			}
			continue
		}
		err = filepath.WalkDir(path, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.EqualFold(filepath.Ext(path), ".xml") {
				return err
			}
			return read(path, true)
		})
		if err != nil {
			return nil, err
		}
	}
	return files, nil
}
