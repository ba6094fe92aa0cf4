package archtest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
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
