// Package needtest skips tests that need something which a machine may lack. JOURNEYMAN_TEST_REQUIRE lists
// required things, separated by commas: a test then fails without them.
package needtest

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// Things that tests may need.
const (
	Corpus   = "corpus"   // the real policies beside the project, ../shared
	Chromium = "chromium" // a browser
	NPM      = "npm"      // packages from npm: MSAL, jQuery, axe-core
	Postgres = "postgres" // PostgreSQL's server program
)

// Required reports whether the machine must have a thing.
func Required(what string) bool {
	return slices.Contains(strings.FieldsFunc(os.Getenv("JOURNEYMAN_TEST_REQUIRE"), func(r rune) bool { return r == ',' || r == ' ' }), what)
}

// Missing ends a test without a needed thing: it skips the test, or fails it if the thing is required.
func Missing(t testing.TB, what, why string) {
	t.Helper()
	if Required(what) {
		t.Fatalf("%s (JOURNEYMAN_TEST_REQUIRE has %s)", why, what)
	}
	t.Skip(why)
}

// Folder returns a folder that a test needs, such as one of the corpus.
func Folder(t testing.TB, what, path string) string {
	t.Helper()
	if _, err := os.Stat(path); err != nil {
		Missing(t, what, "there is no "+path+" beside the project")
	}
	return path
}
