package predicate_test

import (
	"testing"
	"time"

	"journeyman.dev/internal/claims/predicate"
)

func TestPredicates(t *testing.T) {
	t.Parallel()
	const symbols = `@#$%^&*\-_+=[]{}|\\:',.?/` + "`" + `~"();!`
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	tests := []struct {
		name, method string
		parameters   map[string]string
		text         string
		want         bool
	}{
		{"too short", "IsLengthRange", map[string]string{"Minimum": "8", "Maximum": "64"}, "abc", false},
		{"lengths count UTF-16 units", "islengthrange", map[string]string{"Minimum": "2", "Maximum": "2"}, "😀", true},
		{"a search, not a whole match", "MatchesRegex", map[string]string{"RegularExpression": "[0-9]{3}"}, "ab1234", true},
		{"a dot before @", "MatchesRegex", map[string]string{"RegularExpression": `^([a-z@]|(\.(?!@)))+$`}, "a.@b", false},
		{"a range", "IncludesCharacters", map[string]string{"CharacterSet": "a-z"}, "ABCd", true},
		{"brackets are literal", "IncludesCharacters", map[string]string{"CharacterSet": symbols}, "{", true},
		{"no letter in the symbols", "IncludesCharacters", map[string]string{"CharacterSet": symbols}, "Z", false},
		{"an escaped dash is no range", "IncludesCharacters", map[string]string{"CharacterSet": symbols}, "A", false},
		{"a backslash", "IncludesCharacters", map[string]string{"CharacterSet": symbols}, `\`, true},
		{"today", "IsDateRange", map[string]string{"Minimum": "1970-01-01", "Maximum": "Today"}, "2026-11-24", true},
		{"tomorrow", "IsDateRange", map[string]string{"Minimum": "1970-01-01", "Maximum": "today"}, "2026-11-25", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p, err := predicate.Compile("x", tt.method, "", tt.parameters)
			if err != nil {
				t.Fatal(err)
			}
			if got := p.Check(tt.text, now); got != tt.want {
				t.Errorf("Check(%q) = %v, want %v", tt.text, got, tt.want)
			}
		})
	}
}

func TestPredicatesThatCannotBeCompiled(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		method     string
		parameters map[string]string
	}{
		"unknown method":    {"IsNice", nil},
		"missing parameter": {"IsLengthRange", map[string]string{"Minimum": "1"}},
		"not a number":      {"IsLengthRange", map[string]string{"Minimum": "x", "Maximum": "2"}},
		"bad expression":    {"MatchesRegex", map[string]string{"RegularExpression": "("}},
		"bad date":          {"IsDateRange", map[string]string{"Minimum": "1.1.1970", "Maximum": "Today"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := predicate.Compile("x", tt.method, "", tt.parameters); err == nil {
				t.Error("compiled")
			}
		})
	}
}
