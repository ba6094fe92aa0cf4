package lint_test

import (
	"strconv"
	"testing"

	"journeyman.dev/internal/diag"
	"journeyman.dev/internal/kinds"
	"journeyman.dev/internal/lint"
	"journeyman.dev/policies"
)

// The compilation of any policy ends in diagnostics with positions.
func FuzzCompile(f *testing.F) {
	files, err := policies.LocalAccounts(map[string]string{"Tenant": "contoso.onmicrosoft.com", "ApiUrl": "https://api.example/"})
	if err != nil {
		f.Fatal(err)
	}
	var base []lint.File
	for i, xml := range files {
		name := strconv.Itoa(i) + ".xml"
		f.Add([]byte(xml))
		base = append(base, lint.File{Path: name, Source: []byte(xml)})
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		list := lint.Check(append([]lint.File{{Path: "fuzzed.xml", Source: src}}, base...), kinds.Offline())
		for _, d := range list {
			if d.Position.File != "" && (d.Position.Line < 1 || d.Position.Column < 1) || d.Code == "" || d.Message == "" || d.Severity == diag.Error && d.Position.File == "" {
				t.Errorf("%#v", d)
			}
		}
	})
}
