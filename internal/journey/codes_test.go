package journey_test

import (
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"journeyman.dev/internal/journey"
)

var update = flag.Bool("update", false, "write docs/errors.md anew")

func TestTheErrorsPageIsTheCatalogue(t *testing.T) {
	t.Parallel()
	file := filepath.Join("..", "..", "docs", "errors.md")
	if *update {
		if err := os.WriteFile(file, []byte(journey.ErrorsPage()), 0o644); err != nil { //nolint:gosec // a document
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(file)
	if err != nil || string(have) != journey.ErrorsPage() {
		t.Errorf("docs/errors.md is not what the catalogue says; run go test ./internal/journey -update (%v)", err)
	}
}

// A run-time code is written once, in the catalogue, where cause and cure stand beside it.
// Codes of the admin API are its own.
func TestRunTimeCodesAreInTheCatalogueAlone(t *testing.T) {
	t.Parallel()
	literal := regexp.MustCompile(`"AADB2C9\d{4}"`)
	err := filepath.WalkDir(filepath.Join(".."), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		for _, own := range []string{"journey/codes.go", "msgraph/", "keyset/"} {
			if strings.HasPrefix(filepath.ToSlash(path), "../"+own) {
				return nil
			}
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, found := range literal.FindAllString(string(text), -1) {
			t.Errorf("%s writes %s itself", path, found)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range journey.Codes() {
		if c.Text() == "" || c.OAuth() == "" {
			t.Errorf("%s lacks its text or OAuth error", c)
		}
	}
}
