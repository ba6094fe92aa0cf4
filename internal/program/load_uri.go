package program

import (
	"strings"

	"journeyman.dev/internal/claims"
	"journeyman.dev/internal/diag"
	"journeyman.dev/internal/policy"
)

// BuiltInPrefix begins the addresses of B2C's own page templates (pages §2.1).
const BuiltInPrefix = "~/"

// checkLoadURI reports faults of a page template's address. Who chooses its
// host writes the page, so a resolver there may only be one that the request can't
// influence; such a policy is refused at upload rather than attacked later.
func (c *compiler) checkLoadURI(src *policy.ContentDefinition, uri claims.Template) {
	text := uri.Source()
	if text == "" || strings.HasPrefix(text, BuiltInPrefix) {
		return
	}
	for _, ref := range claims.ParseTemplate(authority(text)).References() {
		if !strings.EqualFold(ref.Namespace, "Policy") && !strings.EqualFold(ref.Namespace, "Settings") {
			c.diag.Report(diag.LoadURIHost, src.LoadURI.Pos, "write the host, and use the resolver in path or query",
				"content definition %q lets {%s:%s} choose the host of its page", src.ID.Value, ref.Namespace, ref.Key)
		}
	}
	if !strings.HasPrefix(strings.ToLower(text), "https://") && !strings.HasPrefix(text, "{") && !unsettled(text, c.o.Offline) {
		c.diag.Report(diag.LoadURIScheme, src.LoadURI.Pos, "write https://…, or ~/tenant/… for a built-in page",
			"content definition %q loads its page from %q", src.ID.Value, text)
	}
	c.knownResolvers(uri, src.LoadURI.Pos, "the LoadUri of", src.ID.Value)
}

// knownResolvers warns of claim resolvers that don't exist, in the addresses of pages.
func (c *compiler) knownResolvers(t claims.Template, at diag.Position, what, id string) {
	for _, ref := range t.References() {
		name := "{" + ref.Namespace + ":" + ref.Key + "}"
		if strings.EqualFold(ref.Namespace, "Settings") || c.p.schema.KnownResolver(ref) {
			continue
		}
		hint := "it stays as it is"
		if near := diag.Nearest(name, resolverNames()); near != "" {
			hint = "did you mean \"" + near + "\"?"
		}
		c.diag.Report(diag.UnknownResolver, at, hint, "%s %q has the claim resolver %s, which doesn't exist", what, id, name)
	}
}

// authority is scheme and host of an address, resolvers and all.
func authority(text string) string {
	_, rest, ok := strings.Cut(text, "://")
	if !ok {
		return text
	}
	host := rest
	if i := strings.IndexAny(rest, "/?#\\"); i >= 0 {
		host = rest[:i]
	}
	return text[:len(text)-len(rest)] + host
}
