package policy

import (
	"errors"
	"regexp"

	"journeyman.dev/internal/diag"
)

// Parse reads a policy file and reports all faults of its structure. The document is nil if the file can't be
// read as a policy at all. If the file stops being XML after its first tag, the document contains only the
// information of that tag; see [Document.Faults].
func Parse(file string, src []byte) (*Document, diag.List) {
	c := &shapeChecker{}
	start := diag.Position{File: file, Line: 1, Column: 1}
	if len(src) > MaxFileBytes {
		c.Report(diag.TooLarge, start, "B2C takes at most 1024 KB", "the file has more than %d bytes", MaxFileBytes)
		return nil, c.List()
	}
	text, err := DecodeText(src)
	if err != nil {
		c.Report(diag.BadEncoding, start, "save it as UTF-8", "%v", err)
		return nil, c.List()
	}
	root, err := readTree(newSource(file, text))
	if err != nil {
		var se *syntaxError
		errors.As(err, &se)
		c.damage(diag.NotWellFormed, se.pos, se.hint, "%s", se.msg)
		if root == nil {
			return nil, c.List()
		}
		return c.document(file, &node{name: root.name, pos: root.pos, attrs: root.attrs})
	}
	if root.name != "TrustFrameworkPolicy" {
		c.Report(diag.WrongRoot, root.pos, "the root element is TrustFrameworkPolicy", "the root element is %q", root.name)
		return nil, c.List()
	}
	c.element(root, grammar()["TrustFrameworkPolicy"])
	return c.document(file, root)
}

func (c *shapeChecker) document(file string, root *node) (*Document, diag.List) {
	d := decode(file, root)
	c.identifiers(d)
	c.duplicates(d)
	for _, list := range []diag.List{c.List(), c.faults.List()} {
		for i := range list {
			list[i].PolicyID = d.PolicyID.Value
		}
	}
	d.Faults = c.faults.List().Sort()
	return d, c.List().Sort()
}

var (
	tenantPattern = regexp.MustCompile(`^[A-Za-z0-9.\-]{3,63}$`)
	policyPattern = regexp.MustCompile(`^[A-Za-z0-9_\-.]*[A-Za-z0-9_\-]$`)
)

func (c *shapeChecker) identifiers(d *Document) {
	if t := d.TenantID; t.Set() && !placeholder(t.Value) && !tenantPattern.MatchString(t.Value) {
		c.damage(diag.BadIdentifier, t.Pos, "for example contoso.onmicrosoft.com", "TenantId %q is no tenant name", t.Value)
	}
	if p := d.PolicyID; p.Set() && !placeholder(p.Value) && !policyPattern.MatchString(p.Value) {
		c.damage(diag.BadIdentifier, p.Pos, "use letters, digits, '_', '-' and '.', not ending in '.'", "PolicyId %q has characters that aren't allowed", p.Value)
	}
}

// uniqueSet finds duplicate ids.
type uniqueSet struct {
	c    *shapeChecker
	what string
	seen map[string]Text
	// loose is set for kinds without a key in the published schema: B2C accepts duplicates.
	loose bool
}

func (c *shapeChecker) unique(what string) *uniqueSet {
	return &uniqueSet{c: c, what: what, seen: make(map[string]Text)}
}

func (u *uniqueSet) add(id Text) {
	if !id.Set() || id.Value == "" {
		return
	}
	key := Fold(id.Value)
	first, twice := u.seen[key]
	switch {
	case !twice:
		u.seen[key] = id
	case u.loose || first.Value != id.Value:
		// The schema's keys compare exactly; B2C's own look-ups ignore case.
		u.c.Report(diag.SameID, id.Pos, "the first is at "+first.Pos.String(), "%s %q is there twice", u.what, id.Value)
	default:
		u.c.damage(diag.DuplicateID, id.Pos, "the first is at "+first.Pos.String(), "%s %q is there twice", u.what, id.Value)
	}
}

// duplicates checks the schema's uniqueness keys (policy-engine §1.4–1.6).
func (c *shapeChecker) duplicates(d *Document) {
	add := func(what string, ids func(u *uniqueSet)) { ids(c.unique(what)) }
	add("claim type", func(u *uniqueSet) { each(d.ClaimTypes, func(x *ClaimType) { u.add(x.ID) }) })
	add("predicate", func(u *uniqueSet) { each(d.Predicates, func(x *Predicate) { u.add(x.ID) }) })
	add("predicate validation", func(u *uniqueSet) { each(d.PredicateValidations, func(x *PredicateValidation) { u.add(x.ID) }) })
	add("claims transformation", func(u *uniqueSet) { each(d.ClaimsTransformations, func(x *ClaimsTransformation) { u.add(x.ID) }) })
	add("content definition", func(u *uniqueSet) { each(d.ContentDefinitions, func(x *ContentDefinition) { u.add(x.ID) }) })
	add("display control", func(u *uniqueSet) { u.loose = true; each(d.DisplayControls, func(x *DisplayControl) { u.add(x.ID) }) })
	if d.Localization != nil {
		add("localized resource", func(u *uniqueSet) {
			u.loose = true
			each(d.Localization.Resources, func(x *LocalizedResources) { u.add(x.ID) })
		})
	}
	add("technical profile", func(u *uniqueSet) {
		each(d.ClaimsProviders, func(p *ClaimsProvider) {
			each(p.TechnicalProfiles, func(x *TechnicalProfile) { u.add(x.ID) })
		})
	})
	each(d.ClaimsProviders, func(p *ClaimsProvider) { each(p.TechnicalProfiles, c.profileDuplicates) })
	add("user journey", func(u *uniqueSet) { each(d.UserJourneys, func(x *UserJourney) { u.add(x.ID) }) })
	add("sub journey", func(u *uniqueSet) { each(d.SubJourneys, func(x *UserJourney) { u.add(x.ID) }) })
	for _, journeys := range [][]*UserJourney{d.UserJourneys, d.SubJourneys} {
		each(journeys, func(j *UserJourney) {
			c.orders(j)
			exchanges := c.unique("claims exchange of " + j.ID.Value)
			each(j.Steps, func(s *OrchestrationStep) {
				for _, x := range s.Exchanges {
					exchanges.add(x.ID)
				}
			})
		})
	}
}

// orders finds steps with the same Order. It reports the one that is out of sequence.
func (c *shapeChecker) orders(j *UserJourney) {
	seen := make(map[int]int)
	for i, s := range j.Steps {
		n := s.number()
		first, twice := seen[n]
		if !twice {
			seen[n] = i
			continue
		}
		wrong, other := s, j.Steps[first]
		if n == i+1 {
			wrong, other = other, wrong
		}
		if wrong.Order.Set() {
			c.damage(diag.DuplicateID, wrong.Order.Pos, "another is at "+other.Order.Pos.String(), "orchestration step order %q is there twice", wrong.Order.Value)
		}
	}
}

func (c *shapeChecker) profileDuplicates(tp *TechnicalProfile) {
	u := c.unique("validation technical profile")
	for _, v := range tp.Validations {
		u.add(v.TechnicalProfile)
	}
	keys := c.unique("cryptographic key")
	keys.loose = true
	for _, k := range tp.Keys {
		keys.add(k.ID)
	}
	if len(tp.Includes) > 1 {
		c.damage(diag.RepeatedElement, tp.Includes[1].Pos, "a profile includes at most one other; chain them instead",
			"technical profile %q includes more than one other", tp.ID.Value)
	}
}

func each[T any](list []T, f func(T)) {
	for _, x := range list {
		f(x)
	}
}
