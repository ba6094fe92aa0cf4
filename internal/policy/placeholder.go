package policy

import (
	"regexp"
	"strings"
)

// placeholders are the forms in which deployment tools mark variable text: the VS Code extension's
// {Settings:x}, Octopus' #{x}, Helm's {{x}}, Azure Pipelines' $(x) and __x__, and similar ones. your_tenant
// counts, too: samples ask their users to replace it.
var placeholders = regexp.MustCompile(`(?i)\{[^{}]*\}|\$\([^()\s]+\)|__[a-z0-9.:\-]+(?:_[a-z0-9.:\-]+)*__|@[a-z0-9_.\-]+@|%[a-z_][a-z0-9_.\-]*%|##[a-z0-9_.\-]+##|your[_-]tenant|your_?tenant_?name`)

// Placeholder reports whether a text contains a placeholder for deployment tools. The final text is then
// unknown (policy-engine §1.8 [C]).
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

// braces are the placeholders in braces that only deployment tools write.
var braces = regexp.MustCompile(`\{\{[^{}]*\}\}|#\{[^{}]*\}#?|\$\{[^{}]*\}`)

// WithoutBraces removes placeholders such as {{x}}, #{x}# and ${x} from a text. A part that is still in
// braces may be a claim or one more placeholder.
func WithoutBraces(text string) string { return braces.ReplaceAllString(text, "") }

func placeholder(text string) bool { return Placeholder(text) }
