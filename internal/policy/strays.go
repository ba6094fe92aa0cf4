package policy

import (
	"strings"

	"journeyman.dev/internal/diag"
)

// Stray is a technical profile that was probably meant as an overlay of another, with a misspelt id. It has
// no protocol and no include, so it can't run, and nothing refers to it. B2C accepts it, and the other
// profile lacks its settings.
type Stray struct {
	Profile *TechnicalProfile
	Meant   *TechnicalProfile
}

// strays finds the strays of a policy with a relying party. Unused profiles of a base may still serve its
// children.
func strays(e *Effective) []Stray {
	if e.RelyingParty == nil {
		return nil
	}
	var used map[string]bool
	var found []Stray
	for _, tp := range e.TechnicalProfiles.All() {
		if tp.Protocol.Name.Set() || len(tp.Includes) > 0 {
			continue
		}
		if used == nil {
			used = profilesInUse(e)
		}
		if used[Fold(tp.ID.Value)] || len(found) >= maxHints {
			continue
		}
		var others []string
		for _, other := range e.TechnicalProfiles.All() {
			if other.Protocol.Name.Set() {
				others = append(others, other.ID.Value)
			}
		}
		if meant, ok := e.TechnicalProfiles.Get(diag.Slip(tp.ID.Value, others)); ok {
			found = append(found, Stray{Profile: tp, Meant: meant})
		}
	}
	return found
}

// profilesInUse returns the folded ids of the profiles that are referred to.
func profilesInUse(e *Effective) map[string]bool {
	used := make(map[string]bool)
	add := func(refs ...Text) {
		for _, ref := range refs {
			used[Fold(ref.Value)] = true
		}
	}
	for _, tp := range e.TechnicalProfiles.All() {
		add(tp.Session)
		add(tp.Includes...)
		for _, v := range tp.Validations {
			add(v.TechnicalProfile)
		}
	}
	for _, d := range e.DisplayControls.All() {
		for _, a := range d.Actions {
			for _, x := range a.Exchanges {
				add(x.TechnicalProfile)
			}
		}
	}
	for _, journeys := range [][]*UserJourney{e.UserJourneys.All(), e.SubJourneys.All()} {
		for _, j := range journeys {
			add(j.DefaultIssuer)
			add(j.AuthorizationProfiles...)
			for _, s := range j.Steps {
				add(s.Issuer)
				for _, x := range s.Exchanges {
					add(x.TechnicalProfile)
				}
			}
		}
	}
	return used
}

// StrayFor finds the profile that was probably meant as an overlay of another.
func (e *Effective) StrayFor(id string) (Stray, bool) {
	for _, s := range e.Strays {
		if strings.EqualFold(s.Meant.ID.Value, id) {
			return s, true
		}
	}
	return Stray{}, false
}
