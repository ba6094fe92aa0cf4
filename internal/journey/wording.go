package journey

import (
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
	return claims.ParseTemplate(text).Expand(r.situation(&r.j.Claims), func(value string) string {
		return r.p.Schema().WithoutResolvers(unmarked(value))
	})
}

// unmarked removes the characters of a value that could become markup.
func unmarked(value string) string {
	return strings.Map(func(c rune) rune {
		switch c {
		case '<', '>', '"', '\'', '&':
			return -1
		}
		return c
	}, value)
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
		f.Value = r.p.Schema().WithoutResolvers(f.Value)
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
	page.Form.Messages, page.Form.Settings = page.Form.Messages.Worded(r.wording), page.Form.Settings.Worded(r.wording)
}
