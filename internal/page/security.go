package page

import "strings"

// contentSecurity returns the Content-Security-Policy of a page.
//
// Our own pages, and customers' without scripts, run only the scripts with the nonce. If the policy's author
// lets the template run scripts, the template may use inline handlers, files from other sites, and libraries
// that evaluate text, as customers' templates do. Our content is escaped in any case, and only the policy's
// author decides where the template comes from.
func contentSecurity(t *Template, nonce, framing string, development bool) string {
	sites := " https:"
	if development {
		sites += " http://localhost:* http://127.0.0.1:*"
	}
	own := "'nonce-" + nonce + "'"
	directives := []string{"default-src 'none'"}
	switch {
	case t.builtIn:
		directives = append(directives, "script-src "+own, "style-src "+own, "style-src-attr 'unsafe-inline'", "img-src 'self' data: https:", "connect-src 'self'", "form-action 'self'")
	case t.scripts:
		directives = append(directives, "script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:"+sites, "worker-src 'self' blob:"+sites, "style-src 'self' 'unsafe-inline'"+sites,
			"img-src 'self' data: blob:"+sites, "font-src 'self' data:"+sites, "media-src 'self' data: blob:"+sites, "connect-src 'self'"+sites, "frame-src 'self'"+sites, "form-action 'self'"+sites)
	default:
		directives = append(directives, "script-src "+own, "style-src 'self' 'unsafe-inline'"+sites, "img-src 'self' data:"+sites, "font-src 'self' data:"+sites, "media-src 'self' data:"+sites,
			"connect-src 'self'", "form-action 'self'"+sites)
	}
	ancestors := "'none'"
	if framing != "" {
		ancestors = framing // origins: the compiler accepts nothing else
	}
	directives = append(directives, "object-src 'none'", "base-uri 'none'", "frame-ancestors "+ancestors)
	return strings.Join(directives, "; ")
}
