package claims_test

import (
	"fmt"
	"net/url"

	"journeyman.dev/internal/claims"
)

// request resolves what a request says.
type request map[string]string

// Resolve implements claims.Resolver.
func (r request) Resolve(ref claims.Reference) (string, bool) {
	value, ok := r[ref.Namespace+":"+ref.Key]
	return value, ok
}

// A text of a policy is split once and expanded for each request; an unknown resolver stays as
// it is written.
func ExampleTemplate() {
	template := claims.ParseTemplate("https://pages.example/{Culture:LanguageName}/?campaign={OAUTH-KV:campaign}&x={Nobody:Knows}")
	for _, ref := range template.References() {
		fmt.Println(ref.Namespace, ref.Key)
	}
	fmt.Println(template.Expand(request{"Culture:LanguageName": "en", "OAUTH-KV:campaign": "spring & summer"}, url.QueryEscape))
	// Output:
	// Culture LanguageName
	// OAUTH-KV campaign
	// Nobody Knows
	// https://pages.example/en/?campaign=spring+%26+summer&x={Nobody:Knows}
}
