package claims

import (
	"errors"
	"time"

	"github.com/dlclark/regexp2/v2"
)

// patternTimeout limits one match, because .NET expressions backtrack and the input is the user's. The limit
// is our decision; B2C's is not published.
const patternTimeout = 250 * time.Millisecond

// ErrPatternTimeout means that a match took too long. The library's own error contains the input, so it is
// never returned.
var ErrPatternTimeout = errors.New("regular expression took too long")

// Pattern is a compiled .NET regular expression. It is safe for concurrent use.
type Pattern struct {
	re *regexp2.Regexp
}

// CompilePattern compiles a .NET regular expression.
func CompilePattern(expression string) (*Pattern, error) {
	re, err := regexp2.Compile(expression)
	if err != nil {
		return nil, err
	}
	re.MatchTimeout = patternTimeout
	return &Pattern{re: re}, nil
}

// Match reports whether the expression matches anywhere in the text, like Regex.IsMatch.
func (p *Pattern) Match(text string) (bool, error) {
	ok, err := p.re.MatchString(text)
	if err != nil {
		return false, ErrPatternTimeout
	}
	return ok, nil
}

// Groups returns the named groups of the first match; ok is false without match.
func (p *Pattern) Groups(text string) (groups map[string]string, ok bool, err error) {
	m, err := p.re.FindStringMatch(text)
	if err != nil {
		return nil, false, ErrPatternTimeout
	}
	if m == nil {
		return nil, false, nil
	}
	groups = make(map[string]string)
	for _, g := range m.Groups() {
		if len(g.Captures) > 0 {
			groups[g.Name] = g.String()
		}
	}
	return groups, true, nil
}

// GroupNames returns the names of the expression's groups, numbers included.
func (p *Pattern) GroupNames() []string { return p.re.GetGroupNames() }

// Replace works like Regex.Replace, with .NET substitutions in replacement.
func (p *Pattern) Replace(text, replacement string) (string, error) {
	out, err := p.re.Replace(text, replacement, -1, -1)
	if err != nil {
		return "", ErrPatternTimeout
	}
	return out, nil
}

// String returns the expression.
func (p *Pattern) String() string { return p.re.String() }
