package program

import (
	"maps"
	"slices"
	"strings"

	"journeyman.dev/internal/claims"
)

// alwaysRead are the request parameters that journeys read by themselves, beside those
// that {OIDC:…} gives.
var alwaysRead = []string{"client_id", "ui_locales", "id_token_hint"}

// reads notes which request parameters a program reads, so that a journey keeps no
// others: anybody may send any.
func (c *compiler) reads() {
	c.p.parameters = make(map[string]bool)
	for _, name := range alwaysRead {
		c.p.parameters[name] = true
	}
	for _, name := range requestParameters {
		c.p.parameters[name] = true
	}
	note := func(t claims.Template) {
		for _, ref := range t.References() {
			if strings.EqualFold(ref.Namespace, "OAUTH-KV") {
				c.p.parameters[strings.ToLower(ref.Key)] = true
			}
		}
	}
	// Everything that may hold a resolver, of the whole policy: what isn't reached in the end
	// costs nothing here.
	for _, tp := range c.e.TechnicalProfiles.All() {
		for _, item := range tp.Metadata {
			note(claims.ParseTemplate(item.Value.Value))
		}
	}
	for _, t := range c.defaults {
		note(t)
	}
	for _, content := range c.p.content {
		note(content.loadURI)
		for _, res := range content.resources {
			if res.dynamic {
				for _, text := range res.texts {
					note(claims.ParseTemplate(text.value))
				}
			}
		}
	}
	for _, t := range c.e.ClaimTypes.All() {
		note(claims.ParseTemplate(t.DisplayName.Value))
		note(claims.ParseTemplate(t.UserHelpText.Value))
	}
	if rp := c.p.relyingParty; rp != nil && rp.assertionKey == "" && c.hints {
		// A GetClaims step takes its hint from these, too.
		c.p.parameters["client_assertion"], c.p.parameters["client_assertion_type"] = true, true
	}
	if rp := c.p.relyingParty; rp != nil {
		for _, p := range rp.pageParameters {
			note(p.value)
		}
	}
}

// Keeps are the request parameters that the program reads.
func (p *Program) Keeps(parameters map[string]string) map[string]string {
	kept := make(map[string]string)
	for name, value := range parameters {
		if p.parameters[strings.ToLower(name)] {
			kept[name] = value
		}
	}
	return kept
}

// needs is the compiler's KeyExists: it notes which key sets the program needs.
func (c *compiler) needs(id string) bool {
	if c.keys == nil {
		c.keys = make(map[string]bool)
	}
	c.keys[id] = true
	return c.o.KeyExists == nil || c.o.KeyExists(id)
}

// needsOwn is the compiler's OwnKeyExists.
func (c *compiler) needsOwn(id string) bool {
	if c.ownKeys == nil {
		c.ownKeys = make(map[string]bool)
	}
	c.ownKeys[id] = true
	return c.o.OwnKeyExists == nil || c.o.OwnKeyExists(id)
}

func (c *compiler) neededKeys() (keys, own []string) {
	return slices.Sorted(maps.Keys(c.keys)), slices.Sorted(maps.Keys(c.ownKeys))
}
