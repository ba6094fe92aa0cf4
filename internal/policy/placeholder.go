package policy

import (
	"regexp"
	"strings"
)

// placeholders are the forms in which deployment tools mark what they fill in: the VS Code
// extension's {Settings:x}, Octopus' #{x}, Helm's {{x}}, Azure Pipelines' $(x) and __x__,
// and the like. your_tenant, which samples ask their users to write over, is one, too.
var placeholders = regexp.MustCompile(`(?i)\{[^{}]*\}|\$\([^()\s]+\)|__[a-z0-9.:\-]+(?:_[a-z0-9.:\-]+)*__|@[a-z0-9_.\-]+@|%[a-z_][a-z0-9_.\-]*%|##[a-z0-9_.\-]+##|your[_-]tenant|your_?tenant_?name`)

// Placeholder reports whether a text has a placeholder that deployment tools fill in: what
// it will be isn't known (policy-engine §1.8 [C]).
func Placeholder(text string) bool {
	return mayHold(text) && placeholders.MatchString(text)
}

// mayHold reports whether a text has the marks of one of the forms. Most texts have none, and
// there are many: the expression alone was a sixth of the time of a check.
func mayHold(text string) bool {
	if !strings.ContainsAny(text, "{$_@%#yY") {
		return false
	}
	return strings.Contains(text, "{") || strings.Contains(text, "$(") || strings.Contains(text, "__") || strings.Contains(text, "##") ||
		strings.Count(text, "@") > 1 || strings.Count(text, "%") > 1 || strings.Contains(strings.ToLower(text), "your")
}

// braces are the placeholders in braces that nobody but deployment tools writes.
var braces = regexp.MustCompile(`\{\{[^{}]*\}\}|#\{[^{}]*\}#?|\$\{[^{}]*\}`)

// WithoutBraces is a text without placeholders such as {{x}}, #{x}# and ${x}; what is left in
// braces may be a claim, or one more placeholder.
func WithoutBraces(text string) string { return braces.ReplaceAllString(text, "") }

func placeholder(text string) bool { return Placeholder(text) }
