package main

import (
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// documentedFlag matches a line of the table of settings in docs/operating.md.
var documentedFlag = regexp.MustCompile("(?m)^\\| `--([a-z-]+)` \\| (?:`([^`]*)` )?[^|]*\\|")

func TestEachSettingHasOneLineInTheDocumentation(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "operating.md"))
	if err != nil {
		t.Fatal(err)
	}
	defaults := make(map[string]string)
	var documented []string
	for _, m := range documentedFlag.FindAllStringSubmatch(string(text), -1) {
		documented = append(documented, m[1])
		defaults[m[1]] = m[2]
	}
	parser, err := newParser(new(cli), streams{io.Discard, io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	var flags []string
	for _, command := range parser.Model.Children {
		if command.Name != "serve" {
			continue
		}
		for _, f := range command.Flags {
			if f.Name == "help" || f.Name == "config" {
				continue // the text above the table explains how settings are given
			}
			flags = append(flags, f.Name)
			if f.Help == "" {
				t.Errorf("--%s has no help", f.Name)
			}
			// A value in the document is the actual default; words explain other defaults.
			if said := defaults[f.Name]; said != "" && f.HasDefault && f.Default != "0" && said != f.Default {
				t.Errorf("--%s: the default is %s, documented is %s", f.Name, f.Default, said)
			}
		}
	}
	slices.Sort(documented)
	slices.Sort(flags)
	if diff := cmp.Diff(flags, documented); diff != "" {
		t.Errorf("flags (-) and documented ones (+):\n%s", diff)
	}
}
