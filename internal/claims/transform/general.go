package transform

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"math"

	"journeyman.dev/internal/claims"
	"journeyman.dev/internal/diag"
)

// Reference: claims-and-transformations §2.3.
var generalMethods = map[string]method{
	"CopyClaim": {
		in: "inputClaim:*", out: "outputClaim:*",
		plan: func(p *plan) step {
			from, to := p.in["inputclaim"], p.out["outputclaim"]
			if from != nil && to != nil && from.DataType() != to.DataType() {
				p.report(diag.RoleType, p.d.Position, "use two claims of one data type",
					"claims transformation %q copies a %s claim to a %s claim", p.d.ID, from.DataType(), to.DataType())
				return nil
			}
			return func(_ context.Context, c *call) error { return c.set("outputClaim", c.get("inputClaim")) }
		},
	},
	"DoesClaimExist": {
		in: "inputClaim:*", out: "outputClaim:boolean",
		plan: func(*plan) step {
			return func(_ context.Context, c *call) error {
				return c.set("outputClaim", claims.Bool(c.get("inputClaim").Exists()))
			}
		},
	},
	"Hash": {
		in: "plaintext:string salt:string", par: "randomizerSecret:text", out: "hash:string",
		plan: func(p *plan) step {
			key := p.text("randomizerSecret")
			if p.env.KeyExists != nil && !p.env.KeyExists(key) {
				p.report(diag.MissingKeySet, p.at("randomizerSecret"), "create the key set before users come this way",
					"the tenant has no policy key %q, which claims transformation %q uses", key, p.d.ID)
			}
			return func(ctx context.Context, c *call) error {
				plaintext, ok := c.text("plaintext")
				if !ok {
					return missing("plaintext")
				}
				salt, _ := c.text("salt")
				if c.rt.Secret == nil {
					return fmt.Errorf("%w: policy key %s can't be read", ErrInput, key)
				}
				secret, err := c.rt.Secret(ctx, key)
				if err != nil {
					return fmt.Errorf("policy key %s: %w", key, err)
				}
				return c.set("hash", claims.Text(hash(plaintext, salt, secret)))
			}
		},
	},
}

// hash uses our own byte layout, because B2C's isn't published. It can't match hashes that B2C stored
// (claims-and-transformations §2.3 [I]).
func hash(plaintext, salt string, secret []byte) string {
	h := sha256.New()
	h.Write([]byte(plaintext + salt))
	h.Write(secret)
	return base64.StdEncoding.EncodeToString(h.Sum(nil))
}

// Reference: claims-and-transformations §2.4.
var numberMethods = map[string]method{
	"AdjustNumber": {
		in: "inputClaim:int", par: "Operator:text=INCREMENT", out: "outputClaim:int",
		plan: func(p *plan) step {
			by := int64(1)
			if p.choice("Operator", "INCREMENT", "DECREMENT") == "DECREMENT" {
				by = -1
			}
			return func(_ context.Context, c *call) error {
				n := c.get("inputClaim").Number() + by
				if n > math.MaxInt32 || n < math.MinInt32 {
					return fmt.Errorf("%w: the number leaves the range of an int", ErrInput)
				}
				return c.set("outputClaim", claims.Integer(int32(n)))
			}
		},
	},
	"AssertNumber": {
		in: "inputClaim:int", par: "CompareToValue:int Operator:text throwError:bool=true", out: "outputClaim:boolean",
		plan: func(p *plan) step {
			operator := p.choice("Operator", "LessThan", "GreaterThan", "GreaterThanOrEqual", "LessThanOrEqual", "Equal", "NotEqual")
			than, fail := p.int("CompareToValue"), p.bool("throwError")
			return func(_ context.Context, c *call) error {
				v := c.get("inputClaim")
				if !v.Exists() {
					return missing("inputClaim")
				}
				holds := compareNumbers(v.Number(), operator, than)
				if holds && fail {
					return &Assertion{Key: "AssertNumberError", Default: "The comparison of a number failed."}
				}
				return c.set("outputClaim", claims.Bool(holds))
			}
		},
	},
	"ConvertNumberToStringClaim": {
		in: "inputClaim:long|int", out: "outputClaim:string",
		plan: func(*plan) step {
			return func(_ context.Context, c *call) error { return c.set("outputClaim", asText(c.get("inputClaim"))) }
		},
	},
}

func compareNumbers(a int64, operator string, b int64) bool {
	switch operator {
	case "LessThan":
		return a < b
	case "GreaterThan":
		return a > b
	case "GreaterThanOrEqual":
		return a >= b
	case "LessThanOrEqual":
		return a <= b
	case "Equal":
		return a == b
	}
	return a != b
}

// asText returns the text of a value; no value stays no value.
func asText(v claims.Value) claims.Value {
	if !v.Exists() {
		return v
	}
	return claims.Text(v.String())
}
