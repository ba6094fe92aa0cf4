package server

import (
	"fmt"
	"strings"
	"testing"

	"journeyman.dev/internal/diag"
	"journeyman.dev/internal/journey"
	"journeyman.dev/internal/policy"
)

// upload lints the files of an example as if they were uploaded to contoso, which lacks
// one policy key and has no API connector.
func upload(x diag.Example) diag.List {
	options := journey.Options{Providers: Kinds(), TenantName: "contoso.onmicrosoft.com"}
	var files []File
	var list diag.List
	for i, src := range x.Files() {
		file := File{Path: fmt.Sprintf("%d.xml", i+1), Source: []byte(src)}
		files = append(files, file)
		if !x.Upload {
			continue
		}
		options.ConnectorExists = func(string) bool { return false }
		options.KeyExists = func(id string) bool { return id != "B2C_1A_Missing" }
		if d, _ := policy.Parse(file.Path, file.Source); d != nil {
			list = append(list, identity(d, "", options)...)
		}
	}
	return append(list, lint(files, options)...)
}

func TestEveryCodeHasABadExampleThatGivesItAlone(t *testing.T) {
	t.Parallel()
	if list := lint([]File{{Path: "base.xml", Source: []byte(diag.ExampleBase)}}, journey.Options{Providers: Kinds()}); len(list) > 0 {
		t.Fatalf("the examples' base: %v", list)
	}
	for _, code := range diag.Codes() {
		t.Run(string(code), func(t *testing.T) {
			t.Parallel()
			entry := code.Entry()
			if entry.Example.Policy == "" && entry.Example.Whole == "" {
				t.Fatal("no example")
			}
			told := 0
			list := upload(entry.Example)
			for _, d := range list {
				if d.Code == code {
					told++
				} else if d.Severity == diag.Error {
					t.Errorf("also %v", d)
				}
				if d.Severity != d.Code.Entry().Severity || d.Position.Line < 1 || d.Hint == "" || strings.HasSuffix(d.Message, ".") {
					t.Errorf("%+v", d)
				}
			}
			if told != 1 {
				t.Errorf("told %d times: %v", told, list)
			}
		})
	}
}
