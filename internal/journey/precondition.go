package journey

import (
	"slices"

	"journeyman.dev/internal/claims"
)

// Precondition is a compiled precondition: a condition that, when it holds, skips
// the step or validation.
type Precondition struct {
	Equals   bool // ClaimEquals; else ClaimsExist
	WhenTrue bool // ExecuteActionsIf
	Claim    string
	Texts    []string // ClaimEquals: any of them; one is usual
}

// skips reports whether any precondition skips: they are evaluated in order and
// the first that holds ends evaluation, so skips are OR-ed (policy-engine §4.5).
func skips(preconditions []Precondition, bag *claims.Bag) bool {
	return slices.ContainsFunc(preconditions, func(p Precondition) bool { return p.holds(bag) })
}

// holds evaluates one condition. ClaimEquals on an absent claim is ignored,
// whatever ExecuteActionsIf says [D]; texts compare ordinally, case-sensitively,
// booleans as True and False.
func (p Precondition) holds(bag *claims.Bag) bool {
	value := bag.Get(p.Claim)
	if !p.Equals {
		return value.Exists() == p.WhenTrue
	}
	if !value.Exists() {
		return false
	}
	return slices.Contains(p.Texts, value.String()) == p.WhenTrue
}

// allows evaluates EnabledForUserJourneys.
func (e Enablement) allows(bag *claims.Bag) bool {
	switch e.Mode {
	case EnabledNever:
		return false
	case EnabledOnClaim:
		value := bag.Get(e.Claim)
		return value.Exists() && (e.Value == "" || value.String() == e.Value)
	case EnabledOnItemInCollection:
		return slices.Contains(bag.Get(e.Claim).Items(), e.Value)
	case EnabledOnItemNotInCollection:
		// A claim without value has no item: absent [I].
		return !slices.Contains(bag.Get(e.Claim).Items(), e.Value)
	}
	return true
}
