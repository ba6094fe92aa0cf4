package policy

import "strings"

// reach is the set of parts that a relying party's journeys can reach. Other parts, such as profiles that are
// only included and left-overs, aren't checked for running.
type reach struct {
	journeys  []*UserJourney
	exchanges []*TechnicalProfile // run by steps, pages, display controls or an authorization
	issuers   []*TechnicalProfile
	sessions  []*TechnicalProfile // session profiles of the exchanges

	e    *Effective
	seen map[any]bool
}

// reached walks the journeys of the relying party: the default one, those of its endpoints and those that its
// issuers name.
func reached(e *Effective) *reach {
	r := &reach{e: e, seen: make(map[any]bool)}
	rp := e.RelyingParty
	if rp == nil {
		return r
	}
	r.journey(e.UserJourneys.Get(rp.DefaultJourney.Value))
	for _, endpoint := range rp.Endpoints {
		if listed(builtEndpoints, endpoint.ID.Value) {
			r.journey(e.UserJourneys.Get(endpoint.Journey.Value))
		}
	}
	return r
}

func (r *reach) once(x any) bool {
	if r.seen[x] {
		return false
	}
	r.seen[x] = true
	return true
}

func (r *reach) journey(j *UserJourney, ok bool) {
	if !ok || !r.once(j) {
		return
	}
	r.journeys = append(r.journeys, j)
	for _, ref := range j.AuthorizationProfiles {
		r.profile(r.e.TechnicalProfiles.Get(ref.Value))
	}
	for _, s := range j.Steps {
		for _, x := range s.Exchanges {
			r.profile(r.e.TechnicalProfiles.Get(x.TechnicalProfile.Value))
		}
		if is(s, "SendClaims") {
			r.issuer(r.e.TechnicalProfiles.Get(pick(s.Issuer, j.DefaultIssuer).Value))
		}
		for _, ref := range s.Candidates {
			r.journey(r.e.SubJourneys.Get(ref.Value))
		}
	}
}

func (r *reach) issuer(tp *TechnicalProfile, ok bool) {
	type role struct{ issuer *TechnicalProfile }
	if !ok || !r.once(role{tp}) {
		return
	}
	r.issuers = append(r.issuers, tp)
	r.session(tp)
	for _, key := range []string{"RefreshTokenUserJourneyId", "ClientCredentialsUserJourneyId"} {
		if item, ok := tp.Metadata.Get(key); ok {
			r.journey(r.e.UserJourneys.Get(strings.TrimSpace(item.Value.Value)))
		}
	}
}

func (r *reach) session(of *TechnicalProfile) {
	if tp, ok := r.e.TechnicalProfiles.Get(of.Session.Value); ok && r.once(tp) {
		r.sessions = append(r.sessions, tp)
	}
}

func (r *reach) profile(tp *TechnicalProfile, ok bool) {
	if !ok || !r.once(tp) {
		return
	}
	r.exchanges = append(r.exchanges, tp)
	r.session(tp)
	for _, v := range tp.Validations {
		r.profile(r.e.TechnicalProfiles.Get(v.TechnicalProfile.Value))
	}
	for _, ref := range tp.DisplayClaims {
		if d, ok := r.e.DisplayControls.Get(ref.DisplayControl.Value); ok {
			for _, a := range d.Actions {
				for _, x := range a.Exchanges {
					r.profile(r.e.TechnicalProfiles.Get(x.TechnicalProfile.Value))
				}
			}
		}
	}
}
