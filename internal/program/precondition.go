package program

import (
	"slices"

	"journeyman.dev/internal/claims"
)

// Precondition is a compiled precondition: a condition that, when it holds, skips
// the step or validation.
type Precondition struct {
	equals   bool // ClaimEquals; else ClaimsExist
	whenTrue bool // ExecuteActionsIf
	claim    string
	texts    []string // ClaimEquals: any of them; one is usual
}

// SkippedBy finds the precondition that skips, -1 if none does: they are evaluated in order
// and the first that holds ends evaluation, so skips are OR-ed (policy-engine §4.5).
func SkippedBy(preconditions List[Precondition], bag *claims.Bag) int {
	return slices.IndexFunc(preconditions.items, func(p Precondition) bool { return p.holds(bag) })
}

// Skips reports whether any precondition skips.
func Skips(preconditions List[Precondition], bag *claims.Bag) bool {
	return SkippedBy(preconditions, bag) >= 0
}

// holds evaluates one condition. ClaimEquals on an absent claim is ignored,
// whatever ExecuteActionsIf says [D].
func (p Precondition) holds(bag *claims.Bag) bool {
	value := bag.Get(p.claim)
	if !p.equals {
		return value.Exists() == p.whenTrue
	}
	if !value.Exists() {
		return false
	}
	return slices.ContainsFunc(p.texts, func(text string) bool { return equalsText(value, text) }) == p.whenTrue
}

// equalsText compares a claim with a policy's text: ordinally and with case, but a boolean
// by its value. Policies write True, true and 1, and all mean the same [I].
func equalsText(value claims.Value, text string) bool {
	if value.Type() == claims.Boolean {
		want, err := claims.Parse(claims.Boolean, text)
		return err == nil && want.True() == value.True()
	}
	return value.String() == text
}

// Allows evaluates EnabledForUserJourneys.
func (e Enablement) Allows(bag *claims.Bag) bool {
	switch e.mode {
	case EnabledNever:
		return false
	case EnabledOnClaim:
		value := bag.Get(e.claim)
		return value.Exists() && (e.value == "" || equalsText(value, e.value))
	case EnabledOnItemInCollection:
		return slices.Contains(bag.Get(e.claim).Items(), e.value)
	case EnabledOnItemNotInCollection:
		// A claim without value has no item: absent [I].
		return !slices.Contains(bag.Get(e.claim).Items(), e.value)
	}
	return true
}
