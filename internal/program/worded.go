package program

import (
	"strings"

	"journeyman.dev/internal/claims"
)

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

// Bound are the texts with claim resolvers resolved by expand.
func (r *Resources) Bound(expand func(string) string) *Resources {
	if r == nil || !r.dynamic {
		return r
	}
	b := *r
	b.expand = expand
	return &b
}

// WithoutResolvers are the texts for a page that belongs to no journey.
func (r *Resources) WithoutResolvers(s *Schema) *Resources { return r.Bound(s.WithoutResolvers) }

func (r *Resources) worded(text string) string {
	if r.expand == nil {
		return text
	}
	return r.expand(text)
}
