package policy

import (
	"strconv"
	"strings"

	"journeyman.dev/internal/diag"
)

// sources checks that each output claim of a page has a source (TP-3).
func (c *checker) sources(tp *TechnicalProfile) {
	have := make(map[string]bool)
	for _, v := range tp.Validations {
		if p, ok := c.e.TechnicalProfiles.Get(v.TechnicalProfile.Value); ok {
			c.produced(p, have, false)
		}
	}
	for _, ref := range tp.InputClaims {
		have[Fold(ref.Claim.Value)] = true
	}
	for _, list := range [][]Text{tp.InputTransformations, tp.OutputTransformations} {
		c.transformed(list, have)
	}
	if item, ok := tp.Metadata.Get("IpAddressClaimReferenceId"); ok {
		have[Fold(strings.TrimSpace(item.Value.Value))] = true
	}
	for _, ref := range tp.OutputClaims {
		t, ok := c.e.ClaimTypes.Get(ref.Claim.Value)
		if !ok || t.UserInputType.Set() || ref.DefaultValue.Set() || have[Fold(ref.Claim.Value)] {
			continue
		}
		c.Report(diag.ClaimNotShown, ref.Pos, "give claim type "+strconv.Quote(t.ID.Value)+" a UserInputType",
			"output claim %q of technical profile %q has no UserInputType, no DefaultValue and is not retrieved from a validation technical profile", ref.Claim.Value, tp.ID.Value)
	}
}

func (c *checker) transformed(refs []Text, into map[string]bool) {
	for _, ref := range refs {
		if t, ok := c.e.ClaimsTransformations.Get(ref.Value); ok {
			for _, out := range t.OutputClaims {
				into[Fold(out.Claim.Value)] = true
			}
		}
	}
}

// produced adds the claims that a profile may leave behind.
func (c *checker) produced(tp *TechnicalProfile, into map[string]bool, deep bool) {
	for _, list := range [][]*ClaimReference{tp.OutputClaims, tp.DisplayClaims} {
		for _, ref := range list {
			into[Fold(ref.Claim.Value)] = true
			if d, ok := c.e.DisplayControls.Get(ref.DisplayControl.Value); ok {
				for _, out := range d.OutputClaims {
					into[Fold(out.Claim.Value)] = true
				}
			}
		}
	}
	for _, ref := range tp.InputClaims {
		if ref.DefaultValue.Set() {
			into[Fold(ref.Claim.Value)] = true
		}
	}
	c.transformed(tp.InputTransformations, into)
	c.transformed(tp.OutputTransformations, into)
	if item, ok := tp.Metadata.Get("IpAddressClaimReferenceId"); ok {
		into[Fold(strings.TrimSpace(item.Value.Value))] = true
	}
	if sm, ok := c.e.TechnicalProfiles.Get(tp.Session.Value); ok {
		for _, list := range [][]*ClaimReference{sm.PersistedClaims, sm.OutputClaims} {
			for _, ref := range list {
				into[Fold(ref.Claim.Value)] = true
			}
		}
	}
	if !deep {
		return
	}
	for _, v := range tp.Validations {
		if p, ok := c.e.TechnicalProfiles.Get(v.TechnicalProfile.Value); ok {
			c.produced(p, into, false)
		}
	}
}

// outputs checks that each output claim of the relying party has a source (RP-2).
func (c *checker) outputs() {
	rp := c.e.RelyingParty
	if rp == nil {
		return
	}
	j, ok := c.e.UserJourneys.Get(rp.DefaultJourney.Value)
	if !ok {
		return
	}
	produced := make(map[string]bool)
	c.producedBy(j, produced, make(map[string]bool))
	for _, tp := range rp.TechnicalProfiles {
		for _, ref := range tp.InputClaims {
			produced[Fold(ref.Claim.Value)] = true
		}
		for _, ref := range tp.OutputClaims {
			if ref.DefaultValue.Set() || produced[Fold(ref.Claim.Value)] || placeholder(ref.Claim.Value) {
				continue
			}
			c.Report(diag.OutputWithoutSource, ref.Pos, "output it in a step, or add DefaultValue=\"\"",
				"output claim %q of the relying party is not an output claim of any step of user journey %q", ref.Claim.Value, rp.DefaultJourney.Value)
		}
	}
}

// requiredInputs checks that an earlier step outputs each required input claim of an exchange (UJ-8). Sub
// journeys aren't checked: the claims differ from call to call.
func (c *checker) requiredInputs() {
	rp := c.e.RelyingParty
	if rp == nil {
		return
	}
	j, ok := c.e.UserJourneys.Get(rp.DefaultJourney.Value)
	if !ok {
		return
	}
	have, seen := make(map[string]bool), make(map[string]bool)
	for _, tp := range rp.TechnicalProfiles {
		for _, ref := range tp.InputClaims {
			have[Fold(ref.Claim.Value)] = true
		}
	}
	for _, s := range ordered(j) {
		for _, x := range s.Exchanges {
			tp, ok := c.e.TechnicalProfiles.Get(x.TechnicalProfile.Value)
			if !ok {
				continue
			}
			own := make(map[string]bool)
			c.transformed(tp.InputTransformations, own)
			for _, ref := range tp.InputClaims {
				if boolean(ref.Required) && !ref.DefaultValue.Set() && !have[Fold(ref.Claim.Value)] && !own[Fold(ref.Claim.Value)] && !placeholder(ref.Claim.Value) {
					c.Report(diag.RequiredNotOutput, ref.Pos, "output it in an earlier step, or give it a DefaultValue",
						"claim %q is a required input claim of technical profile %q in step %s of user journey %q, but not an output claim of any previous step",
						ref.Claim.Value, tp.ID.Value, strings.TrimSpace(s.Order.Value), j.ID.Value)
				}
			}
		}
		c.producedBy(&UserJourney{Steps: []*OrchestrationStep{s}}, have, seen)
	}
}

func boolean(t Text) bool {
	text := strings.TrimSpace(t.Value)
	return strings.EqualFold(text, "true") || text == "1"
}

// producedBy adds the claims that a journey's steps may output.
func (c *checker) producedBy(j *UserJourney, into, seen map[string]bool) {
	for _, s := range j.Steps {
		for _, x := range s.Exchanges {
			if tp, ok := c.e.TechnicalProfiles.Get(x.TechnicalProfile.Value); ok {
				c.produced(tp, into, true)
			}
		}
		if tp, ok := c.e.TechnicalProfiles.Get(s.Issuer.Value); ok && is(s, "GetClaims", "SendClaims") {
			c.produced(tp, into, true)
		}
		for _, ref := range s.Candidates {
			if sub, ok := c.e.SubJourneys.Get(ref.Value); ok && !seen[Fold(ref.Value)] {
				seen[Fold(ref.Value)] = true
				c.producedBy(sub, into, seen)
			}
		}
	}
}
