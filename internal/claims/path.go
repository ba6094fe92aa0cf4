package claims

import (
	"strings"

	"github.com/ohler55/ojg/jp"
)

// Path finds a value in decoded JSON. Policies write it in PartnerClaimType: data[0].to[0].email. A member's
// name may contain any character.
type Path struct{ expr jp.Expr }

// ParsePath reads a path. A leading "$." is allowed.
func ParsePath(text string) (Path, error) {
	expr, err := jp.ParseString(bracketed(text))
	if err != nil {
		return Path{}, err
	}
	return Path{expr}, nil
}

// Get returns the first value at the path.
func (p Path) Get(data any) (any, bool) {
	if found := p.expr.Get(data); len(found) > 0 {
		return found[0], true
	}
	return nil, false
}

// bracketed quotes the member names of a path for the parser.
func bracketed(path string) string {
	whole := path
	path = strings.TrimPrefix(strings.TrimPrefix(path, "$"), ".")
	var b strings.Builder
	b.WriteString("$")
	for path != "" {
		switch {
		case path[0] == '[':
			end := strings.IndexByte(path, ']')
			if end < 0 {
				return whole // the parser reports it
			}
			b.WriteString(path[:end+1])
			path = path[end+1:]
		case strings.HasPrefix(path, ".."):
			b.WriteString(".")
			path = path[1:]
		case path[0] == '.':
			path = path[1:]
		default:
			end := strings.IndexAny(path, ".[")
			if end < 0 {
				end = len(path)
			}
			name := path[:end]
			if name == "*" {
				b.WriteString("[*]")
			} else {
				b.WriteString("['" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(name) + "']")
			}
			path = path[end:]
		}
	}
	return b.String()
}
