package journey

import (
	"net/url"
	"strings"

	"journeyman.dev/internal/program"
)

// templateURL resolves a content definition's LoadUri and adds what B2C adds to the
// query: the language and the policy's ContentDefinitionParameters (pages §2.1 [D]).
// A template of B2C's own has no address: builtIn names it.
func (r *run) templateURL(content *program.ContentDefinition) (address, builtIn string) {
	res := r.situation(&r.j.Claims)
	address = content.LoadURI().Expand(res, escapeURL)
	if address == "" || strings.HasPrefix(address, program.BuiltInPrefix) {
		return "", strings.TrimPrefix(address, program.BuiltInPrefix)
	}
	address, fragment, _ := strings.Cut(address, "#")
	separator := "?"
	if strings.Contains(address, "?") {
		separator = "&"
	}
	address += separator + "ui_locales=" + escapeURL(r.j.Language)
	for _, p := range r.p.RelyingParty().PageParameters().All() {
		address += "&" + escapeURL(p.Name()) + "=" + escapeURL(r.p.Schema().WithoutResolvers(p.Value().Expand(res, nil)))
	}
	if fragment != "" {
		address += "#" + fragment
	}
	return address, ""
}

// escapeURL makes a value fit for every part of an address after the host. A value of
// dots alone would climb in the path, so nothing stays of it.
func escapeURL(value string) string {
	if strings.Trim(value, ".") == "" {
		return ""
	}
	return strings.ReplaceAll(url.QueryEscape(value), "+", "%20")
}
