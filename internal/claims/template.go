package claims

import "strings"

// Reference is one claim resolver: {Namespace:Key}, e.g. {Culture:LCID}.
type Reference struct {
	Namespace string // as written: Culture, Policy, Context, Claim, OIDC, OAUTH-KV, SAML
	Key       string // as written
}

// Resolver returns the run-time values of claim resolvers. A known resolver without value gives ok and "":
// the claim is not set. Unknown resolvers give ok false and stay literal (rest-and-connectors §3 [N]).
type Resolver interface {
	Resolve(ref Reference) (value string, ok bool)
}

// Template is a text with optional claim resolvers, split when the policy is compiled. The zero Template is
// the empty text.
type Template struct {
	source string
	parts  []templatePart
}

type templatePart struct {
	literal string
	ref     Reference // if literal is ""
}

// ParseTemplate splits a text at {Namespace:Key}. Other braces stay literal.
func ParseTemplate(text string) Template {
	t := Template{source: text}
	rest, literal := text, ""
	for rest != "" {
		open := strings.IndexByte(rest, '{')
		if open < 0 {
			literal += rest
			break
		}
		literal += rest[:open]
		rest = rest[open:]
		end := strings.IndexByte(rest, '}')
		if end < 0 {
			literal += rest
			break
		}
		ref, ok := parseReference(rest[1:end])
		if !ok {
			literal += rest[:1]
			rest = rest[1:]
			continue
		}
		if literal != "" {
			t.parts = append(t.parts, templatePart{literal: literal})
			literal = ""
		}
		t.parts = append(t.parts, templatePart{ref: ref})
		rest = rest[end+1:]
	}
	if literal != "" {
		t.parts = append(t.parts, templatePart{literal: literal})
	}
	return t
}

func parseReference(inside string) (Reference, bool) {
	namespace, key, ok := strings.Cut(inside, ":")
	if !ok || namespace == "" || key == "" || strings.ContainsAny(inside, "{ \t\r\n") {
		return Reference{}, false
	}
	return Reference{Namespace: namespace, Key: key}, true
}

// Source returns the text as written.
func (t Template) Source() string { return t.source }

// References returns the resolvers in the text.
func (t Template) References() []Reference {
	var refs []Reference
	for _, p := range t.parts {
		if p.literal == "" {
			refs = append(refs, p.ref)
		}
	}
	return refs
}

// Dynamic reports whether the text contains resolvers.
func (t Template) Dynamic() bool {
	for _, p := range t.parts {
		if p.literal == "" {
			return true
		}
	}
	return false
}

// Expand replaces the resolvers. escape, if not nil, is applied to each resolved value, not to literals
// (percent-encoding in URLs).
func (t Template) Expand(r Resolver, escape func(string) string) string {
	if !t.Dynamic() {
		return t.source
	}
	var b strings.Builder
	for _, p := range t.parts {
		if p.literal != "" {
			b.WriteString(p.literal)
			continue
		}
		value, ok := r.Resolve(p.ref)
		switch {
		case !ok:
			b.WriteString("{" + p.ref.Namespace + ":" + p.ref.Key + "}")
		case escape != nil:
			b.WriteString(escape(value))
		default:
			b.WriteString(value)
		}
	}
	return b.String()
}
