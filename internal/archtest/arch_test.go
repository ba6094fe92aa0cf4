package archtest

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

const module = "journeyman.dev/"

// floors says on which floor a package lives; it imports only floors below its own
// (docs/architecture.md). A folder stands for the packages in it.
var floors = map[string]int{
	"cmd/journeyman": 7,
	"examples":       7, "policies": 0,
	"internal/server":   6,
	"internal/oidc":     5,
	"internal/msgraph":  5,
	"internal/page":     5,
	"internal/store":    5,
	"internal/provider": 5,
	"internal/library":  4,
	"internal/journey":  3,
	"internal/policy":   2, "internal/directory": 2, "internal/keyset": 2, "internal/session": 2, "internal/token": 2,
	"internal/application": 2, "internal/outbound": 2, "internal/mail": 2, "internal/endpoint": 2,
	"internal/audit": 2, "internal/userflow": 2,
	"internal/connector": 3, // beside the engine: it calls out
	"internal/seal":      1,
	"internal/claims":    1,
	"internal/texts":     0,
	"internal/diag":      0,
}

// inside are the imports within one floor that are meant: sub packages of claims.
var inside = map[string][]string{
	"internal/claims/transform": {"internal/claims"},
	"internal/claims/predicate": {"internal/claims"},
	"internal/store/storetest":  {"internal/store"},
}

// onlyHere are imports that one package alone may have, and why.
var onlyHere = map[string]string{
	"database/sql":               "internal/store internal/store/storetest", // SQL
	"code.dny.dev/ssrf":          "internal/outbound",                       // the only way out
	"html/template":              "internal/page internal/oidc internal/server examples/demoapp",
	"modernc.org/sqlite":         "internal/store",
	"github.com/alecthomas/kong": "cmd/journeyman",
}

// never are imports that the engine must not have.
var never = map[string][]string{
	"internal/journey": {"net/http", "html/template", "database/sql"},
	"internal/policy":  {"net/http", "database/sql"},
	"internal/claims":  {"net/http", "database/sql"},
}

func floorOf(pkg string) (int, bool) {
	for p := pkg; p != "."; p = filepath.Dir(p) {
		if n, ok := floors[p]; ok {
			return n, true
		}
	}
	return 0, false
}

func TestPackagesImportOnlyFloorsBelow(t *testing.T) {
	t.Parallel()
	root := filepath.Join("..", "..")
	seen := 0
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(root, path)
		if d.IsDir() {
			if strings.HasPrefix(d.Name(), ".") && rel != "." || d.Name() == "node_modules" || rel == "test" {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		pkg := filepath.ToSlash(filepath.Dir(rel))
		if pkg == "internal/archtest" {
			return nil
		}
		floor, ok := floorOf(pkg)
		if !ok {
			t.Errorf("%s has no floor: give it one here and in docs/architecture.md", pkg)
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		seen++
		for _, spec := range f.Imports {
			checkImport(t, rel, pkg, floor, spec.Path.Value)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if seen < 50 {
		t.Errorf("saw only %d files", seen)
	}
}

func checkImport(t *testing.T, file, pkg string, floor int, quoted string) {
	t.Helper()
	path, _ := strconv.Unquote(quoted)
	if allowed, ok := onlyHere[path]; ok && !containsWord(allowed, pkg) {
		t.Errorf("%s imports %s, which only %s may", file, path, allowed)
	}
	for owner, list := range never {
		if pkg == owner || strings.HasPrefix(pkg, owner+"/") {
			for _, forbidden := range list {
				if path == forbidden {
					t.Errorf("%s imports %s", file, path)
				}
			}
		}
	}
	own, ok := strings.CutPrefix(path, module)
	if !ok {
		return
	}
	for _, meant := range inside[pkg] {
		if own == meant {
			return
		}
	}
	theirs, known := floorOf(own)
	if own == "examples/enrichmentapi" || own == "examples/demoapp" {
		if pkg == "cmd/journeyman" {
			return // dev runs the examples
		}
	}
	if !known || theirs >= floor {
		t.Errorf("%s (floor %d) imports %s (floor %d)", file, floor, own, theirs)
	}
}

func containsWord(words, word string) bool {
	for w := range strings.FieldsSeq(words) {
		if w == word {
			return true
		}
	}
	return false
}
