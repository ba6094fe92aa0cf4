package archtest

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "journeyman.dev/"

// floorLine matches a floor in the picture of docs/architecture.md.
var floorLine = regexp.MustCompile(`(?m)^ (\d) │ (.+?) +│$`)

// readFloors reads each package's floor from the picture of the house. A package imports only floors below
// its own. A folder stands for the packages in it.
func readFloors(t *testing.T) map[string]int {
	t.Helper()
	doc, err := os.ReadFile(filepath.Join("..", "..", "docs", "architecture.md"))
	if err != nil {
		t.Fatal(err)
	}
	floors := make(map[string]int)
	for _, m := range floorLine.FindAllSubmatch(doc, -1) {
		n, _ := strconv.Atoi(string(m[1]))
		for name := range strings.SplitSeq(string(m[2]), " · ") {
			pkg := "internal/" + strings.TrimSuffix(name, "/*")
			if top, _, _ := strings.Cut(name, "/"); top == "cmd" || top == "examples" || top == "policies" || top == "scripts" {
				pkg = name
			}
			if _, err := os.Stat(filepath.Join("..", "..", filepath.FromSlash(pkg))); err != nil {
				t.Errorf("the picture has %s, which isn't there", name)
			}
			floors[pkg] = n
		}
	}
	return floors
}

// inside are the intended imports within one floor: sub packages of claims.
var inside = map[string][]string{
	"internal/claims/transform":    {"internal/claims"},
	"internal/claims/predicate":    {"internal/claims"},
	"internal/store/storetest":     {"internal/store"},
	"internal/journey/journeytest": {"internal/journey"},
}

// frames are packages that the packages below them may import on the same floor. Those are their resources,
// and don't import each other.
var frames = []string{"internal/msgraph"}

// onlyHere are imports that only one package may contain, and why.
var onlyHere = map[string]string{
	"database/sql":                    "internal/store internal/store/storetest", // SQL
	"code.dny.dev/ssrf":               "internal/outbound",                       // the only way out
	"golang.org/x/net/http/httpproxy": "internal/outbound",
	"html/template":                   "internal/page internal/oidc internal/mail internal/signpost examples/demoapp",
	"modernc.org/sqlite":              "internal/store",
	"github.com/alecthomas/kong":      "cmd/journeyman",
}

// never are imports that the engine must not contain.
var never = map[string][]string{
	"internal/program": {"net/http", "html/template", "database/sql"},
	"internal/journey": {"net/http", "html/template", "database/sql"},
	"internal/policy":  {"net/http", "database/sql"},
	"internal/claims":  {"net/http", "database/sql"},
}

func floorOf(floors map[string]int, pkg string) (int, bool) {
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
	floors := readFloors(t)
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
		if _, ok := floorOf(floors, pkg); !ok {
			t.Errorf("%s has no floor: draw it in docs/architecture.md", pkg)
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		seen++
		for _, spec := range f.Imports {
			checkImport(t, floors, rel, pkg, spec.Path.Value)
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

func checkImport(t *testing.T, floors map[string]int, file, pkg, quoted string) {
	t.Helper()
	floor, _ := floorOf(floors, pkg)
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
	if slices.Contains(frames, own) && strings.HasPrefix(pkg, own+"/") {
		return
	}
	theirs, known := floorOf(floors, own)
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

// walkStep is a row of a walk in docs/architecture.md: a package, and a function or a
// method of a type in it.
var walkStep = regexp.MustCompile("(?m)^\\| `([a-z/]+)`, `(?:([A-Za-z]+)\\.)?([A-Za-z]+)` \\|")

func TestTheWalksOfTheDocumentAreInTheCode(t *testing.T) {
	t.Parallel()
	root := filepath.Join("..", "..")
	doc, err := os.ReadFile(filepath.Join(root, "docs", "architecture.md"))
	if err != nil {
		t.Fatal(err)
	}
	steps := walkStep.FindAllSubmatch(doc, -1)
	if len(steps) < 10 {
		t.Errorf("only %d steps", len(steps))
	}
	for _, m := range steps {
		pkg, receiver, name := string(m[1]), string(m[2]), string(m[3])
		want := regexp.MustCompile(`(?m)^func ` + name + `[\[(]`)
		if receiver != "" {
			want = regexp.MustCompile(`(?m)^func \([a-z]+ \*?` + receiver + `\) ` + name + `\(`)
		}
		files, err := filepath.Glob(filepath.Join(root, "internal", filepath.FromSlash(pkg), "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		if !slices.ContainsFunc(files, func(file string) bool {
			src, err := os.ReadFile(file)
			return err == nil && want.Match(src)
		}) {
			t.Errorf("package %s has no %s", pkg, m[0])
		}
	}
}
