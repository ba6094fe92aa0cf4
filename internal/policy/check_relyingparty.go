package policy

import (
	"slices"
	"strconv"
	"strings"

	"journeyman.dev/internal/diag"
)

func (c *checker) relyingParty() {
	rp := c.e.RelyingParty
	if rp == nil {
		return
	}
	reference(c, &c.e.UserJourneys, rp.DefaultJourney, diag.UndeclaredJourney, "user journey", "the relying party")
	if !rp.DefaultJourney.Set() {
		c.Report(diag.IncompleteParty, rp.Pos, "add <DefaultUserJourney ReferenceId=\"…\" />", "the relying party has no DefaultUserJourney")
	}
	for _, endpoint := range rp.Endpoints {
		reference(c, &c.e.UserJourneys, endpoint.Journey, diag.UndeclaredJourney, "user journey", "the endpoint "+strconv.Quote(endpoint.ID.Value))
		if strings.EqualFold(endpoint.ID.Value, "UserInfo") {
			c.userInfo(endpoint)
		}
	}
	c.behaviors(rp.Behaviors)
	for _, tp := range rp.TechnicalProfiles {
		for _, list := range [][]*ClaimReference{tp.InputClaims, tp.OutputClaims} {
			c.claims(list, "the relying party")
		}
		for _, ref := range tp.Includes {
			c.technicalProfile(ref, "the relying party")
		}
		if !tp.Protocol.Name.Set() && !tp.Incomplete {
			c.Report(diag.IncompleteParty, tp.Pos, "add <Protocol Name=\"OpenIdConnect\" />", "the relying party's technical profile has no Protocol")
		}
		c.subject(tp)
	}
}

// userInfo checks RP-4: the endpoint needs an authorization profile, or anybody could ask it, and only a JSON
// issuer answers.
func (c *checker) userInfo(endpoint Endpoint) {
	j, ok := c.e.UserJourneys.Get(endpoint.Journey.Value)
	if !ok {
		return
	}
	if len(j.AuthorizationProfiles) == 0 {
		c.Report(diag.IncompleteParty, endpoint.Pos, "add <Authorization> with an AuthorizationTechnicalProfile to the user journey",
			"the endpoint %q runs the user journey %q, which has no authorization technical profile", endpoint.ID.Value, j.ID.Value)
	}
	for _, s := range j.Steps {
		issuer := s.Issuer
		if !issuer.Set() {
			issuer = j.DefaultIssuer
		}
		tp, ok := c.e.TechnicalProfiles.Get(issuer.Value)
		if ok && is(s, "SendClaims") && !tp.Incomplete && !strings.EqualFold(strings.TrimSpace(tp.OutputTokenFormat.Value), "JSON") {
			c.Report(diag.IncompleteParty, s.Pos, "name an issuer with <OutputTokenFormat>JSON</OutputTokenFormat>",
				"the endpoint %q runs the user journey %q, whose issuer %q doesn't give JSON", endpoint.ID.Value, j.ID.Value, tp.ID.Value)
		}
	}
}

// subject checks that SubjectNamingInfo names an output claim (RP-3), by the claim's name in the token.
func (c *checker) subject(tp *TechnicalProfile) {
	if tp.SubjectNaming == nil || !tp.SubjectNaming.ClaimType.Set() || tp.Incomplete || placeholder(tp.SubjectNaming.ClaimType.Value) {
		return
	}
	name := tp.SubjectNaming.ClaimType
	var names []string
	partners := make(map[string]Text) // that the relying party itself outputs
	for _, ref := range tp.OutputClaims {
		t, ok := c.e.ClaimTypes.Get(ref.Claim.Value)
		switch {
		case ref.Partner.Value != "":
			names = append(names, ref.Partner.Value)
			partners[ref.Partner.Value] = ref.Partner
		case !ok:
			return // already reported as undeclared; it may be the subject
		default:
			names = append(names, t.partner(tp.Protocol.Name.Value))
		}
	}
	if slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, name.Value) }) {
		return
	}
	near := diag.Nearest(name.Value, names)
	if partner, ok := partners[near]; ok && name.Value == "sub" {
		// Everybody names the subject "sub", so the output claim is the misspelt one.
		c.Report(diag.UnknownSubject, partner.Pos, "did you mean \"sub\"?", "SubjectNamingInfo names \"sub\", but the relying party puts out %q", near)
		return
	}
	hint := "name the PartnerClaimType of one of the output claims"
	if near != "" {
		hint = "did you mean " + strconv.Quote(near) + "?"
	}
	c.Report(diag.UnknownSubject, name.Pos, hint, "SubjectNamingInfo names %q, which isn't an output claim of the relying party", name.Value)
}

// partner returns the name of a claim type in a protocol: its default there, else its id.
func (t *ClaimType) partner(protocol string) string {
	for _, p := range t.DefaultPartnerClaimTypes {
		if strings.EqualFold(p.Protocol.Value, protocol) {
			return p.Name.Value
		}
	}
	return t.ID.Value
}

func (c *checker) behaviors(b *Behaviors) {
	if b == nil {
		return
	}
	within := func(t Text, low, high int, what string) {
		text := strings.TrimSpace(t.Value)
		if !t.Set() || placeholder(text) {
			return
		}
		n, err := strconv.Atoi(text)
		if err != nil {
			c.Report(diag.IllegalValue, t.Pos, "write a whole number", "%s has the illegal value %q", what, text)
		} else if n < low || n > high {
			c.Report(diag.OutOfRange, t.Pos, "use a number from "+strconv.Itoa(low)+" to "+strconv.Itoa(high), "%s has the value %q", what, text)
		}
	}
	within(b.SessionExpiryInSeconds, 900, 86400, "SessionExpiryInSeconds")
	if b.SingleSignOn != nil {
		within(b.SingleSignOn.KeepAliveInDays, 0, 90, "KeepAliveInDays")
	}
}
