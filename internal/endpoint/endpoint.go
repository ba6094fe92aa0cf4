// Package endpoint reads and writes the addresses of applications and browsers: tenant, policy in the path or
// as ?p=, and the prefixes that some clients hard-code. The protocols and the pages share it.
//
// Reference: protocol §1.1.
package endpoint

import (
	"errors"
	"net/url"
	"strings"
)

// Endpoint is a parsed address.
type Endpoint struct {
	Prefix  string // "tfp", "te" or ""; as requested
	Tenant  string // as requested
	Policy  string // as requested; "" if there is none
	InQuery bool   // the policy came as ?p=
	Path    string // the rest, lower case, without slashes at its ends
}

// ErrConflict means that path and query name different policies.
var ErrConflict = errors.New("the path and the parameter p name different policies")

// fixed are the first segments after the tenant that aren't policy ids.
var fixed = map[string]bool{
	"oauth2": true, "v2.0": true, "discovery": true, "openid": true, ".well-known": true, "samlp": true,
}

// Parse reads a request's path and query. ok is false if the path names no tenant.
func Parse(u *url.URL) (e Endpoint, ok bool, err error) {
	segments := strings.Split(strings.Trim(u.Path, "/"), "/")
	if len(segments) > 0 && (strings.EqualFold(segments[0], "tfp") || strings.EqualFold(segments[0], "te")) {
		e.Prefix = segments[0]
		segments = segments[1:]
	}
	if len(segments) < 2 || segments[0] == "" {
		return Endpoint{}, false, nil
	}
	e.Tenant = segments[0]
	segments = segments[1:]
	if !fixed[strings.ToLower(segments[0])] {
		e.Policy = segments[0]
		segments = segments[1:]
	}
	e.Path = strings.ToLower(strings.Join(segments, "/"))
	if p := u.Query().Get("p"); p != "" {
		switch {
		case e.Policy == "":
			e.Policy, e.InQuery = p, true
		case !strings.EqualFold(e.Policy, p):
			return e, true, ErrConflict
		}
	}
	return e, true, nil
}

// URL returns the address of another endpoint of the same policy, in the same style. The policy is always in
// lower case, because clients replace it as text (protocol §9).
func (e Endpoint) URL(base, path string) string {
	var b strings.Builder
	b.WriteString(base)
	if e.Prefix != "" {
		b.WriteString("/" + e.Prefix)
	}
	b.WriteString("/" + url.PathEscape(e.Tenant))
	policy := strings.ToLower(e.Policy)
	if e.InQuery || policy == "" {
		b.WriteString("/" + path)
		if policy != "" {
			b.WriteString("?p=" + url.QueryEscape(policy))
		}
		return b.String()
	}
	b.WriteString("/" + url.PathEscape(policy) + "/" + path)
	return b.String()
}
