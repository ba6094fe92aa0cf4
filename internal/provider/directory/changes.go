package directory

import (
	"slices"

	"journeyman.dev/internal/claims"
	"journeyman.dev/internal/directory"
	"journeyman.dev/internal/journey"
)

// changes are the persisted claims by their property of a user.
type changes struct {
	local      []directory.Identity
	federated  []directory.Identity
	replaceAll bool // the federated identities came as a whole collection
	upn        *string
	password   string
	policies   *string
	enabled    *bool
	force      *bool
	attributes map[string]claims.Value
}

func (x *Exchange) changes(persisted journey.Inputs) (*changes, error) {
	c := &changes{attributes: make(map[string]claims.Value)}
	for _, in := range persisted {
		if p := x.property(in.Use); p.write != nil {
			if err := p.write(c, in.Value); err != nil {
				return nil, err
			}
		}
	}
	return c, nil
}

// apply changes a user. Local identities that are written replace all others of the
// kind (§5.3 [D]).
func (c *changes) apply(u *directory.User) {
	keep := func(local bool) []directory.Identity {
		var out []directory.Identity
		for _, i := range u.Identities {
			if (i.Type != directory.Federated) == local {
				out = append(out, i)
			}
		}
		return out
	}
	locals, others := keep(true), keep(false)
	if len(c.local) > 0 {
		locals = c.local
	}
	if c.replaceAll {
		others = nil
	}
	for _, id := range c.federated {
		if !slices.Contains(others, id) {
			others = append(others, id)
		}
	}
	u.Identities = append(locals, others...)
	if c.upn != nil && *c.upn != "" {
		u.UPN = *c.upn
	}
	if c.policies != nil {
		u.PasswordPolicies = *c.policies
	}
	if c.enabled != nil {
		u.Disabled = !*c.enabled
	}
	if c.force != nil {
		u.ForceChange = *c.force
	}
	for name, v := range c.attributes {
		u.SetAttribute(name, v)
	}
}
