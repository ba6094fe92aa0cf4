package transform

import (
	"context"
	"time"

	"journeyman.dev/internal/claims"
)

// Reference: claims-and-transformations §2.2.
var dateMethods = map[string]method{
	"AssertDateTimeIsGreaterThan": {
		in:  "leftOperand:string rightOperand:string",
		par: "AssertIfEqualTo:bool=true AssertIfRightOperandIsNotPresent:bool=true TreatAsEqualIfWithinMillseconds:int=0",
		plan: func(p *plan) step {
			failIfEqual, passWithoutRight := p.bool("AssertIfEqualTo"), p.bool("AssertIfRightOperandIsNotPresent")
			tolerance := time.Duration(p.int("TreatAsEqualIfWithinMillseconds")) * time.Millisecond
			failed := &Assertion{
				Key:     "DateTimeGreaterThan",
				Default: "Claim value comparison failed: The provided left operand is greater than the right operand.",
			}
			return func(_ context.Context, c *call) error {
				rightText, ok := c.text("rightOperand")
				if !ok {
					if passWithoutRight {
						return nil
					}
					return failed
				}
				leftText, _ := c.text("leftOperand")
				left, err := claims.ParseTime(leftText)
				if err != nil {
					return failed
				}
				right, err := claims.ParseTime(rightText)
				if err != nil {
					return failed
				}
				apart := left.Sub(right)
				if apart.Abs() <= tolerance {
					if failIfEqual {
						return failed
					}
					return nil
				}
				if apart < 0 {
					return failed
				}
				return nil
			}
		},
	},
	"ConvertDateTimeToDateClaim": {
		in: "inputClaim:dateTime", out: "outputClaim:date",
		plan: func(*plan) step {
			return func(_ context.Context, c *call) error {
				v := c.get("inputClaim")
				if v.Exists() {
					v = claims.Day(v.Time())
				}
				return c.set("outputClaim", v)
			}
		},
	},
	"ConvertDateToDateTimeClaim": {
		in: "inputClaim:date", out: "outputClaim:dateTime",
		plan: func(*plan) step {
			return func(_ context.Context, c *call) error {
				v := c.get("inputClaim")
				if v.Exists() {
					v = claims.Instant(v.Time())
				}
				return c.set("outputClaim", v)
			}
		},
	},
	"DateTimeComparison": {
		in: "firstDateTime:dateTime secondDateTime:dateTime", par: "operator:text timeSpanInSeconds:int=0", out: "result:boolean",
		plan: func(p *plan) step {
			operator := p.choice("operator", "same", "later than", "earlier than")
			span := time.Duration(p.int("timeSpanInSeconds")) * time.Second
			return func(_ context.Context, c *call) error {
				first, second := c.get("firstDateTime"), c.get("secondDateTime")
				if !first.Exists() {
					return missing("firstDateTime")
				}
				other := second.Time()
				if !second.Exists() {
					other = c.rt.Now()
				}
				order := first.Time().Add(span).Compare(other)
				return c.set("result", claims.Bool(operator == "same" && order == 0 || operator == "later than" && order > 0 || operator == "earlier than" && order < 0))
			}
		},
	},
	"GetCurrentDateTime": {
		out: "currentDateTime:dateTime",
		plan: func(*plan) step {
			return func(_ context.Context, c *call) error { return c.set("currentDateTime", claims.Instant(c.rt.Now())) }
		},
	},
	"IsTermsOfUseConsentRequired": {
		in: "termsOfUseConsentDateTime:dateTime", par: "termsOfUseTextUpdateDateTime:date", out: "result:boolean",
		plan: func(p *plan) step {
			updated, _ := claims.ParseTime(p.text("termsOfUseTextUpdateDateTime"))
			return func(_ context.Context, c *call) error {
				v := c.get("termsOfUseConsentDateTime")
				return c.set("result", claims.Bool(!v.Exists() || v.Time().Before(updated)))
			}
		},
	},
}
