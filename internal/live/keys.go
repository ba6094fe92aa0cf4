package live

import (
	"context"
	"slices"
	"strings"

	"journeyman.dev/internal/keyset"
	"journeyman.dev/internal/policy"
)

// RemoveKey calls remove, which removes a policy key, unless policies or user flows refer to one of the key's
// names: then it returns their ids. Meanwhile no policy that refers to the key can be uploaded.
func (l *Policies) RemoveKey(ctx context.Context, names []string, remove func() error) (users []string, err error) {
	l.changes.Lock()
	defer l.changes.Unlock()
	sources, err := l.stored(ctx)
	if err != nil {
		return nil, err
	}
	named := func(name string) bool {
		return slices.ContainsFunc(names, func(key string) bool { return strings.EqualFold(keyset.Name(key), keyset.Name(name)) })
	}
	for _, d := range parseAll(sources, l.flows).All() {
		if slices.ContainsFunc(keysOf(d), named) {
			users = append(users, d.PolicyID.Value)
		}
	}
	// Programs of last good versions may use keys that no file names any more.
	for _, p := range l.current().current {
		if p.Keys().Any(named) {
			users = append(users, p.PolicyID())
		}
	}
	if len(users) > 0 {
		slices.Sort(users)
		return slices.Compact(users), nil
	}
	return nil, remove()
}

// keysOf returns the policy keys that a document names.
func keysOf(d *policy.Document) []string {
	var profiles []*policy.TechnicalProfile
	for _, p := range d.ClaimsProviders {
		profiles = append(profiles, p.TechnicalProfiles...)
	}
	if d.RelyingParty != nil {
		profiles = append(profiles, d.RelyingParty.TechnicalProfiles...)
	}
	var names []string
	for _, tp := range profiles {
		for _, k := range tp.Keys {
			names = append(names, k.Storage.Value)
		}
	}
	for _, t := range d.ClaimsTransformations {
		for _, p := range t.InputParameters {
			if strings.EqualFold(p.ID.Value, "randomizerSecret") { // of Hash
				names = append(names, p.Value.Value)
			}
		}
	}
	return names
}
