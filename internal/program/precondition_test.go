package program

import (
	"testing"

	"journeyman.dev/internal/claims"
)

func TestClaimEqualsComparesABooleanByItsValue(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		value claims.Value
		text  string
		want  bool
	}{
		{"True", claims.Bool(true), "True", true},
		{"true", claims.Bool(true), "true", true},
		{"TRUE with blanks", claims.Bool(true), " TRUE ", true},
		{"1", claims.Bool(true), "1", true},
		{"false is not true", claims.Bool(true), "false", false},
		{"0 is false", claims.Bool(false), "0", true},
		{"no boolean at all", claims.Bool(true), "yes", false},
		{"a text keeps its case", claims.Text("True"), "true", false},
		{"a number keeps its form", claims.Integer(1), "True", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var bag claims.Bag
			bag.Set("flag", tt.value)
			for _, when := range []bool{true, false} {
				p := Precondition{equals: true, whenTrue: when, claim: "flag", texts: []string{tt.text}}
				if got := p.holds(&bag); got != (tt.want == when) {
					t.Errorf("ExecuteActionsIf=%v: holds %v", when, got)
				}
			}
			enabled := Enablement{mode: EnabledOnClaim, claim: "flag", value: tt.text}
			if got := enabled.Allows(&bag); got != tt.want {
				t.Errorf("OnClaimsExistence: %v", got)
			}
		})
	}
	absent := Precondition{equals: true, whenTrue: false, claim: "flag", texts: []string{"True"}}
	if absent.holds(new(claims.Bag)) {
		t.Error("an absent claim holds")
	}
}
