package archtest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// speaking are packages whose errors and answers users, applications or administrators read.
// Texts come from the catalogue or from typed errors; an error's own text is for logs.
var speaking = []string{"connector", "endpoint", "oidc", "onetime", "session", "userflow"}

// TestNoPublicTextIsMadeFromAnError looks for the two ways in which an internal detail comes
// into a text: a call of Error, and an error that is formatted. Wrapping by fmt.Errorf and %w
// keeps the error an error; panics are our own bugs.
func TestNoPublicTextIsMadeFromAnError(t *testing.T) {
	t.Parallel()
	for _, pkg := range speaking {
		files, err := filepath.Glob(filepath.Join("..", pkg, "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: no files (%v)", pkg, err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			places := token.NewFileSet()
			parsed, err := parser.ParseFile(places, file, nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(parsed, func(n ast.Node) bool {
				call, ok := n.(*ast.CallExpr)
				if !ok {
					return true
				}
				switch name := callee(call); {
				case name == "panic":
					return false
				case name == "Error" && len(call.Args) == 0:
					t.Errorf("%s: a text is made from an error", places.Position(call.Pos()))
				case name == "Errorf" && wraps(call):
				case formats(name):
					for _, arg := range call.Args {
						if id, ok := arg.(*ast.Ident); ok && (id.Name == "err" || strings.HasSuffix(id.Name, "Err")) {
							t.Errorf("%s: a text is made from %s", places.Position(arg.Pos()), id.Name)
						}
					}
				}
				return true
			})
		}
	}
}

// callee is the last name of what is called; "" for a function literal.
func callee(call *ast.CallExpr) string {
	switch f := call.Fun.(type) {
	case *ast.Ident:
		return f.Name
	case *ast.SelectorExpr:
		return f.Sel.Name
	}
	return ""
}

// formats reports whether a function makes a text of its arguments, by fmt or as the packages'
// own invalid does.
func formats(name string) bool {
	return name == "invalid" || strings.HasPrefix(name, "Sprint") || strings.HasPrefix(name, "Fprint") || name == "Errorf"
}

// wraps reports whether all errors that a call formats stay errors: its format has %w and no
// other verb for them.
func wraps(call *ast.CallExpr) bool {
	format, ok := call.Args[0].(*ast.BasicLit)
	return ok && strings.Contains(format.Value, "%w") && !strings.Contains(format.Value, "%v")
}

// shown are the packages that write what users, applications and administrators read. Words
// of an error are for the log: a text for people is a Failure's, a Refusal's or a constant.
var shown = []string{"internal/msgraph", "internal/oidc", "internal/page", "internal/userflow", "internal/connector", "internal/journey"}

// errorWords are the places where the words of an error are meant, by file and reason.
var errorWords = map[string]string{
	"internal/msgraph/body.go":    "encoding/json has no type for an unknown member",
	"internal/page/page.go":       "a notice to the author of a template, in development alone",
	"internal/page/builtin.go":    "a bug of ours",
	"internal/page/script.go":     "a bug of ours",
	"internal/journey/engine.go":  "a bug of ours: no randomness",
	"internal/journey/failure.go": "the log",
}

func TestNoTextForPeopleIsMadeOfAnError(t *testing.T) {
	t.Parallel()
	words := regexp.MustCompile(`\b(err|cause|Cause)\.Error\(\)`)
	for _, pkg := range shown {
		err := filepath.WalkDir(filepath.Join("..", "..", filepath.FromSlash(pkg)), func(path string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			name := filepath.ToSlash(strings.TrimPrefix(path, filepath.Join("..", "..")+string(filepath.Separator)))
			source, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			if words.Match(source) && errorWords[name] == "" {
				t.Errorf("%s takes the words of an error: give it a text of its own, or its reason here", name)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}
