// Package predicate implements the basic checks of claim values that policies combine to predicate
// validations, such as the complexity of passwords.
//
// Reference: claims-and-transformations §4.
package predicate

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"

	"journeyman.dev/internal/claims"
)

// Predicate is a compiled predicate, safe for concurrent use.
type Predicate struct {
	ID         string
	Method     string            // in its documented spelling
	Help       string            // message after a failure; may be empty
	Parameters map[string]string // by documented name, for checks in the page
	check      func(text string, now time.Time) bool
}

// Check reports whether a text passes.
func (p *Predicate) Check(text string, now time.Time) bool { return p.check(text, now) }

// Parameters lists the parameters of each method, by folded name. All are required.
func Parameters(method string) []string {
	switch strings.ToLower(strings.TrimSpace(method)) {
	case "islengthrange", "isdaterange":
		return []string{"Minimum", "Maximum"}
	case "matchesregex":
		return []string{"RegularExpression"}
	case "includescharacters":
		return []string{"CharacterSet"}
	}
	return nil
}

// Fault is a missing or invalid parameter.
type Fault struct {
	Parameter  string // its documented name
	Missing    bool
	Expression bool // it is an invalid regular expression
	message    string
}

// Error implements error.
func (f *Fault) Error() string { return f.message }

func missing(method, name string) error {
	return &Fault{Parameter: name, Missing: true, message: method + " needs the parameter " + name}
}

func unusable(name, format string, args ...any) error {
	return &Fault{Parameter: name, message: fmt.Sprintf(format, args...)}
}

// Compile makes a predicate from its declaration. Parameter names are compared without regard to case. The
// error describes the fault; for a parameter it is a *[Fault].
func Compile(id, method, help string, parameters map[string]string) (*Predicate, error) {
	p := &Predicate{ID: id, Help: help, Parameters: make(map[string]string)}
	get := func(name string) (string, bool) {
		for k, v := range parameters {
			if strings.EqualFold(k, name) {
				p.Parameters[name] = v
				return v, true
			}
		}
		return "", false
	}
	var err error
	switch strings.ToLower(strings.TrimSpace(method)) {
	case "islengthrange":
		p.Method = "IsLengthRange"
		p.check, err = lengthRange(get)
	case "matchesregex":
		p.Method = "MatchesRegex"
		p.check, err = matchesRegex(get)
	case "includescharacters":
		p.Method = "IncludesCharacters"
		p.check, err = includesCharacters(get)
	case "isdaterange":
		p.Method = "IsDateRange"
		p.check, err = dateRange(get)
	default:
		return nil, fmt.Errorf("there is no method %q; legal: IsLengthRange, MatchesRegex, IncludesCharacters, IsDateRange", method)
	}
	if err != nil {
		return nil, err
	}
	return p, nil
}

type getter func(name string) (string, bool)

func lengthRange(get getter) (func(string, time.Time) bool, error) {
	bounds := [2]int{}
	for i, name := range []string{"Minimum", "Maximum"} {
		text, ok := get(name)
		if !ok {
			return nil, missing("IsLengthRange", name)
		}
		n, err := strconv.Atoi(strings.TrimSpace(text))
		if err != nil || n < 0 {
			return nil, unusable(name, "the parameter %s is no length: %q", name, text)
		}
		bounds[i] = n
	}
	return func(text string, _ time.Time) bool {
		n := len(utf16.Encode([]rune(text))) // .NET counts UTF-16 units
		return n >= bounds[0] && n <= bounds[1]
	}, nil
}

func matchesRegex(get getter) (func(string, time.Time) bool, error) {
	expression, ok := get("RegularExpression")
	if !ok {
		return nil, missing("MatchesRegex", "RegularExpression")
	}
	pattern, err := claims.CompilePattern(expression)
	if err != nil {
		return nil, &Fault{Parameter: "RegularExpression", Expression: true, message: "the regular expression is invalid: " + err.Error()}
	}
	return func(text string, _ time.Time) bool {
		ok, err := pattern.Match(text)
		return err == nil && ok
	}, nil
}

// includesCharacters: the set is the inside of a character class. It contains ranges and backslash escapes;
// all other characters are literal, including brackets.
func includesCharacters(get getter) (func(string, time.Time) bool, error) {
	set, ok := get("CharacterSet")
	if !ok || set == "" {
		return nil, missing("IncludesCharacters", "CharacterSet")
	}
	type span struct{ low, high rune }
	var spans []span
	runes := []rune(set)
	for i := 0; i < len(runes); i++ {
		r := runes[i]
		if r == '\\' && i+1 < len(runes) {
			i++
			spans = append(spans, span{runes[i], runes[i]})
			continue
		}
		if i+2 < len(runes) && runes[i+1] == '-' && runes[i+2] != '\\' && r <= runes[i+2] {
			spans = append(spans, span{r, runes[i+2]})
			i += 2
			continue
		}
		spans = append(spans, span{r, r})
	}
	return func(text string, _ time.Time) bool {
		for _, r := range text {
			for _, s := range spans {
				if r >= s.low && r <= s.high {
					return true
				}
			}
		}
		return false
	}, nil
}

func dateRange(get getter) (func(string, time.Time) bool, error) {
	bounds := [2]func(now time.Time) time.Time{}
	for i, name := range []string{"Minimum", "Maximum"} {
		text, ok := get(name)
		if !ok {
			return nil, missing("IsDateRange", name)
		}
		if strings.EqualFold(strings.TrimSpace(text), "Today") {
			bounds[i] = func(now time.Time) time.Time { return claims.Day(now).Time() }
			continue
		}
		at, err := time.Parse(time.DateOnly, strings.TrimSpace(text))
		if err != nil {
			return nil, unusable(name, "the parameter %s is neither a date (yyyy-MM-dd) nor Today: %q", name, text)
		}
		bounds[i] = func(time.Time) time.Time { return at }
	}
	return func(text string, now time.Time) bool {
		v, err := claims.Parse(claims.Date, text)
		return err == nil && !v.Time().Before(bounds[0](now)) && !v.Time().After(bounds[1](now))
	}, nil
}
