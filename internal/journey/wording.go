package journey

import (
	"maps"
	"slices"
	"strings"

	"journeyman.dev/internal/claims"
)

// B2C documents claim resolvers for default values and addresses, not for what people read;
// policies write them there all the same, and nobody is to read "{OIDC:LoginHint}". Texts of
// the policy are resolved. What may be a user's or an API's is not: "{Claim:password}" as
// somebody's name must not show a claim. There, a resolver that exists becomes nothing.

// wording resolves the claim resolvers in a text of the policy.
func (r *run) wording(text string) string {
	if !strings.Contains(text, "{") {
		return text
	}
	return claims.ParseTemplate(text).Expand(resolver{r, &r.j.Claims}, func(value string) string {
		return r.p.Schema.WithoutResolvers(unmarked(value))
	})
}

// unmarked takes out of a value what a text with links and emphasis would be read as.
func unmarked(value string) string {
	return strings.Map(func(c rune) rune {
		switch c {
		case '<', '>', '"', '\'', '&':
			return -1
		}
		return c
	}, value)
}

// blank is a resolver that knows the names and has no values.
type blank struct{ schema *Schema }

// Resolve implements claims.Resolver.
func (b blank) Resolve(ref claims.Reference) (string, bool) { return "", b.schema.KnownResolver(ref) }

// WithoutResolvers is a text without the claim resolvers that exist.
func (s *Schema) WithoutResolvers(text string) string {
	if !strings.Contains(text, "{") {
		return text
	}
	return claims.ParseTemplate(text).Expand(blank{s}, nil)
}

// bound are the texts with claim resolvers resolved by expand.
func (r *Resources) bound(expand func(string) string) *Resources {
	if r == nil || !r.dynamic {
		return r
	}
	b := *r
	b.expand = expand
	return &b
}

// WithoutResolvers are the texts for a page that belongs to no journey.
func (r *Resources) WithoutResolvers(s *Schema) *Resources { return r.bound(s.WithoutResolvers) }

func (r *Resources) worded(text string) string {
	if r.expand == nil {
		return text
	}
	return r.expand(text)
}

// word resolves the texts of a page that aren't localized resources, and leaves nothing of
// a resolver in what its fields are filled with.
func (r *run) word(page *Page) {
	for _, list := range [][]Choice{page.Providers, page.SignUps} {
		for i := range list {
			list[i].Label = r.wording(list[i].Label)
		}
	}
	if page.Form == nil {
		return
	}
	for _, f := range page.Form.Fields {
		f.DisplayName, f.HelpText, f.PatternHelp = r.wording(f.DisplayName), r.wording(f.HelpText), r.wording(f.PatternHelp)
		f.Value = r.p.Schema.WithoutResolvers(f.Value)
		if slices.ContainsFunc(f.Choices, func(c claims.Choice) bool { return strings.Contains(c.Text, "{") }) {
			f.Choices = slices.Clone(f.Choices) // the program's
			for i := range f.Choices {
				f.Choices[i].Text = r.wording(f.Choices[i].Text)
			}
		}
		for i := range f.Groups {
			f.Groups[i].Help = r.wording(f.Groups[i].Help)
			for j := range f.Groups[i].Predicates {
				f.Groups[i].Predicates[j].Help = r.wording(f.Groups[i].Predicates[j].Help)
			}
		}
	}
	page.Form.Messages, page.Form.Settings = r.words(page.Form.Messages), r.words(page.Form.Settings)
}

// words are the texts of a profile's metadata, which is the program's and stays as it is.
func (r *run) words(texts Items) Items {
	if !slices.ContainsFunc(slices.Collect(maps.Values(texts)), func(i item) bool { return strings.Contains(i.value, "{") }) {
		return texts
	}
	out := make(Items, len(texts))
	for folded, i := range texts {
		out[folded] = item{i.key, r.wording(i.value)}
	}
	return out
}
