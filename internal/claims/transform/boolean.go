package transform

import (
	"context"

	"journeyman.dev/internal/claims"
)

// Reference: claims-and-transformations §2.1.
var booleanMethods = map[string]method{
	"AndClaims": {
		in: "inputClaim1:boolean inputClaim2:boolean", out: "outputClaim:boolean",
		plan: func(*plan) step {
			return func(_ context.Context, c *call) error {
				return c.set("outputClaim", claims.Bool(c.get("inputClaim1").True() && c.get("inputClaim2").True()))
			}
		},
	},
	"OrClaims": {
		in: "inputClaim1:boolean inputClaim2:boolean", out: "outputClaim:boolean",
		plan: func(*plan) step {
			return func(_ context.Context, c *call) error {
				return c.set("outputClaim", claims.Bool(c.get("inputClaim1").True() || c.get("inputClaim2").True()))
			}
		},
	},
	"NotClaims": {
		in: "inputClaim:boolean", out: "outputClaim:boolean",
		plan: func(*plan) step {
			return func(_ context.Context, c *call) error {
				v := c.get("inputClaim")
				if !v.Exists() {
					return c.set("outputClaim", claims.Value{})
				}
				return c.set("outputClaim", claims.Bool(!v.True()))
			}
		},
	},
	"CompareBooleanClaimToValue": {
		in: "inputClaim:boolean", par: "valueToCompareTo:bool", out: "compareResult:boolean",
		plan: func(p *plan) step {
			want := p.bool("valueToCompareTo")
			return func(_ context.Context, c *call) error {
				v := c.get("inputClaim")
				return c.set("compareResult", claims.Bool(v.Exists() && v.True() == want))
			}
		},
	},
	"AssertBooleanClaimIsEqualToValue": {
		in: "inputClaim:boolean", par: "valueToCompareTo:bool",
		plan: func(p *plan) step {
			want := p.bool("valueToCompareTo")
			return func(_ context.Context, c *call) error {
				if v := c.get("inputClaim"); v.Exists() && v.True() == want {
					return nil
				}
				return &Assertion{
					Key:     "UserMessageIfClaimsTransformationBooleanValueIsNotEqual",
					Default: `Boolean claim value comparison failed for claim type "inputClaim".`,
				}
			}
		},
	},
}
