package transform

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"math/big"
	mathrand "math/rand/v2"
	"net/url"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"

	"github.com/google/uuid"

	"journeyman.dev/internal/claims"
	"journeyman.dev/internal/diag"
)

// formatLimit is the documented length limit of formats and their results.
const formatLimit = 4000

// Reference: claims-and-transformations §2.7.
var stringMethods = map[string]method{
	"AssertStringClaimsAreEqual": {
		in: "inputClaim1:string inputClaim2:string", par: "stringComparison:text=Ordinal",
		plan: func(p *plan) step {
			comparison := p.choice("stringComparison", "Ordinal", "OrdinalIgnoreCase")
			return func(_ context.Context, c *call) error {
				if equalClaims(c.get("inputClaim1"), c.get("inputClaim2"), comparison == "OrdinalIgnoreCase") {
					return nil
				}
				return &Assertion{
					Key:     "UserMessageIfClaimsTransformationStringsAreNotEqual",
					Default: `Claim value comparison failed using StringComparison "` + comparison + `".`,
				}
			}
		},
	},
	"BuildUri": {
		in: "path:string? query.*:string?", par: "scheme:text host:text query.*:text?", out: "outputClaim:string",
		plan: planBuildURI,
	},
	"ChangeCase": {
		in: "inputClaim1:string", par: "toCase:text", out: "outputClaim:string",
		plan: func(p *plan) step {
			fold := lowerInvariant
			if p.choice("toCase", "LOWER", "UPPER") == "UPPER" {
				fold = upperInvariant
			}
			return func(_ context.Context, c *call) error {
				text, ok := c.text("inputClaim1")
				if !ok {
					return c.set("outputClaim", claims.Value{})
				}
				return c.set("outputClaim", claims.Text(strings.Map(fold, text)))
			}
		},
	},
	"CompareClaims": {
		in: "inputClaim1:string inputClaim2:string", par: "operator:text ignoreCase:bool=false", out: "outputClaim:boolean",
		plan: func(p *plan) step {
			equal, fold := p.choice("operator", "EQUAL", "NOT EQUAL") == "EQUAL", p.bool("ignoreCase")
			return func(_ context.Context, c *call) error {
				return c.set("outputClaim", claims.Bool(equalClaims(c.get("inputClaim1"), c.get("inputClaim2"), fold) == equal))
			}
		},
	},
	"CompareClaimToValue": {
		in: "inputClaim1:string", par: "compareTo:text operator:text ignoreCase:bool=false", out: "outputClaim:boolean",
		plan: func(p *plan) step {
			want, equal, fold := claims.Text(p.text("compareTo")), p.choice("operator", "EQUAL", "NOT EQUAL") == "EQUAL", p.bool("ignoreCase")
			return func(_ context.Context, c *call) error {
				return c.set("outputClaim", claims.Bool(equalClaims(c.get("inputClaim1"), want, fold) == equal))
			}
		},
	},
	"CopyClaimIfPredicateMatch": {
		in: "inputClaim:string", out: "outputClaim:string|phoneNumber",
		plan: func(p *plan) step {
			out := p.out["outputclaim"]
			if out == nil {
				p.report(diag.MissingRole, p.d.Position, `add an OutputClaim with TransformationClaimType="outputClaim"`,
					"claims transformation %q: CopyClaimIfPredicateMatch needs the output claim \"outputClaim\"", p.d.ID)
				return nil
			}
			if p.env.Validate == nil {
				return nil
			}
			check, has := p.env.Validate(out)
			if !has {
				p.report(diag.MissingPredicate, p.d.Position, "give the claim type a PredicateValidationReference",
					"claims transformation %q: the output claim %q has no predicate validation to match", p.d.ID, out.ID())
				return nil
			}
			return func(_ context.Context, c *call) error {
				if text, ok := c.text("inputClaim"); ok && check(text, c.rt.Now()) {
					return c.set("outputClaim", claims.Text(text))
				}
				return nil
			}
		},
	},
	"CreateOtpSecret": {
		out: "outputClaim:string",
		plan: func(*plan) step {
			return func(_ context.Context, c *call) error {
				var b [10]byte
				if _, err := io.ReadFull(c.rt.Rand, b[:]); err != nil {
					return err
				}
				return c.set("outputClaim", claims.Text(strings.ToLower(base32.StdEncoding.EncodeToString(b[:]))))
			}
		},
	},
	"CreateRandomString": {
		par: "randomGeneratorType:text stringFormat:text? base64:bool=false maximumNumber:int? seed:int?", out: "outputClaim:string",
		plan: planRandomString,
	},
	// The older name of CreateRandomString.
	"GuidAndRandomGenerator": {
		par: "randomGeneratorType:text stringFormat:text? base64:bool=false maximumNumber:int? seed:int?", out: "outputClaim:string",
		plan: planRandomString,
	},
	"CreateStringClaim": {
		par: "value:text", out: "createdClaim:string",
		plan: func(p *plan) step {
			value := p.expand(p.text("value"))
			return func(_ context.Context, c *call) error { return c.set("createdClaim", claims.Text(value(c.rt))) }
		},
	},
	"FormatLocalizedString": {
		in: "*:*", par: "stringFormatId:text", out: "outputClaim:string",
		plan: func(p *plan) step {
			id := p.text("stringFormatId")
			return func(_ context.Context, c *call) error {
				if c.rt.Text == nil {
					return fmt.Errorf("%w: no localized text %s", ErrInput, id)
				}
				format, ok := c.rt.Text("FormatLocalizedStringTransformationClaimType", id)
				if !ok {
					return fmt.Errorf("%w: no localized text %s", ErrInput, id)
				}
				var args []string
				for _, in := range c.t.inputs {
					args = append(args, c.bag.Get(in.Claim.ID()).String())
				}
				text, err := compositeFormat(format, args)
				if err != nil {
					return err
				}
				return c.set("outputClaim", claims.Text(text))
			}
		},
	},
	"FormatStringClaim": {
		in: "inputClaim:string", par: "stringFormat:text", out: "outputClaim:string",
		plan: func(p *plan) step { return planFormat(p, "inputClaim") },
	},
	"FormatStringMultipleClaims": {
		in: "inputClaim1:string inputClaim2:string", par: "stringFormat:text", out: "outputClaim:string",
		plan: func(p *plan) step { return planFormat(p, "inputClaim1", "inputClaim2") },
	},
	"GetLocalizedStringsTransformation": {
		out: "*:string",
		plan: func(*plan) step {
			return func(_ context.Context, c *call) error {
				for _, out := range c.t.outs {
					text := ""
					if c.rt.Text != nil {
						text, _ = c.rt.Text("GetLocalizedStringsTransformationClaimType", out.Role)
					}
					c.bag.Set(out.Claim.ID(), claims.Text(text))
				}
				return nil
			}
		},
	},
	"GetMappedValueFromLocalizedCollection": {
		in: "mapFromClaim:string", out: "restrictionValueClaim:string",
		plan: func(p *plan) step {
			out := p.out["restrictionvalueclaim"]
			return func(_ context.Context, c *call) error {
				text, ok := c.text("mapFromClaim")
				if ok && out != nil && c.rt.Collection != nil {
					for _, choice := range c.rt.Collection(out.ID()) {
						if choice.Text == text {
							return c.set("restrictionValueClaim", claims.Text(choice.Value))
						}
					}
				}
				return c.set("restrictionValueClaim", claims.Value{})
			}
		},
	},
	"LookupValue": {
		in: "inputParameterId:string", par: "*:text errorOnFailedLookup:bool=false", out: "outputClaim:string",
		plan: func(p *plan) step {
			fail := p.bool("errorOnFailedLookup")
			table := make(map[string]string)
			for _, par := range p.d.Parameters {
				if !strings.EqualFold(par.ID, "errorOnFailedLookup") {
					table[par.ID] = par.Value
				}
			}
			return func(_ context.Context, c *call) error {
				key, ok := c.text("inputParameterId")
				value, found := table[key]
				switch {
				case ok && found:
					return c.set("outputClaim", claims.Text(value))
				case fail:
					return &Assertion{Key: "LookupNotFound", Default: "The value was not found."}
				}
				return c.set("outputClaim", claims.Value{})
			}
		},
	},
	"NullClaim": {
		in: "claim_to_null:*?", out: "claim_to_null:*",
		plan: func(*plan) step {
			return func(_ context.Context, c *call) error { return c.set("claim_to_null", claims.Value{}) }
		},
	},
	"ParseDomain": {
		in: "emailAddress:string", out: "domain:string",
		plan: func(*plan) step {
			return func(_ context.Context, c *call) error {
				text, ok := c.text("emailAddress")
				if !ok {
					return c.set("domain", claims.Value{})
				}
				_, domain, _ := strings.Cut(text, "@")
				return c.set("domain", claims.Text(domain))
			}
		},
	},
	"SetClaimIfBooleansMatch": {
		in: "claimToMatch:boolean", par: "matchTo:bool outputClaimIfMatched:text", out: "outputClaim:string",
		plan: func(p *plan) step {
			want, text := p.bool("matchTo"), claims.Text(p.text("outputClaimIfMatched"))
			return func(_ context.Context, c *call) error {
				v := c.get("claimToMatch")
				if !v.Exists() {
					return missing("claimToMatch")
				}
				if v.True() != want {
					return nil
				}
				return c.set("outputClaim", text)
			}
		},
	},
	"SetClaimsIfRegexMatch": {
		in: "claimToMatch:string", par: "matchTo:text outputClaimIfMatched:text? extractGroups:bool=false",
		out:  "outputClaim:string regexCompareResultClaim:boolean *:*",
		plan: planRegexMatch,
	},
	"SetClaimsIfStringsAreEqual": {
		in: "inputClaim:string", par: "matchTo:text stringComparison:text=Ordinal stringMatchMsg:text? stringMatchMsgCode:text?",
		out: "outputClaim1:string outputClaim2:string stringCompareResultClaim:boolean",
		plan: func(p *plan) step {
			want, fold := claims.Text(p.text("matchTo")), p.choice("stringComparison", "Ordinal", "OrdinalIgnoreCase") != "Ordinal"
			message, code := claims.Text(p.text("stringMatchMsg")), claims.Text(p.text("stringMatchMsgCode"))
			return func(_ context.Context, c *call) error {
				equal := equalClaims(c.get("inputClaim"), want, fold)
				if equal {
					if err := c.set("outputClaim1", message); err != nil {
						return err
					}
					if err := c.set("outputClaim2", code); err != nil {
						return err
					}
				}
				return c.set("stringCompareResultClaim", claims.Bool(equal))
			}
		},
	},
	"SetClaimsIfStringsMatch": {
		in: "claimToMatch:string", par: "matchTo:text stringComparison:text=Ordinal outputClaimIfMatched:text?",
		out: "outputClaim:string stringCompareResultClaim:boolean",
		plan: func(p *plan) step {
			want, fold := claims.Text(p.text("matchTo")), p.choice("stringComparison", "Ordinal", "OrdinalIgnoreCase") != "Ordinal"
			text := claims.Text(p.text("outputClaimIfMatched"))
			return func(_ context.Context, c *call) error {
				equal := equalClaims(c.get("claimToMatch"), want, fold)
				out := claims.Value{}
				if equal {
					out = text
				}
				if err := c.set("outputClaim", out); err != nil {
					return err
				}
				return c.set("stringCompareResultClaim", claims.Bool(equal))
			}
		},
	},
	"StringContains": {
		in: "inputClaim:string", par: "contains:text ignoreCase:bool=false", out: "outputClaim:boolean|string",
		plan: func(p *plan) step {
			needle, fold := p.text("contains"), p.bool("ignoreCase")
			if fold {
				needle = strings.Map(upperInvariant, needle)
			}
			return func(_ context.Context, c *call) error {
				text, ok := c.text("inputClaim")
				if fold {
					text = strings.Map(upperInvariant, text)
				}
				return c.set("outputClaim", claims.Bool(ok && strings.Contains(text, needle)))
			}
		},
	},
	"StringSubstring": {
		in: "inputClaim:string", par: "startIndex:int length:int", out: "outputClaim:string",
		plan: func(p *plan) step {
			start, length := p.int("startIndex"), p.int("length")
			return func(_ context.Context, c *call) error {
				text, ok := c.text("inputClaim")
				if !ok {
					return c.set("outputClaim", claims.Value{})
				}
				// .NET counts UTF-16 units.
				units := utf16.Encode([]rune(text))
				if start < 0 || length < 0 || start+length > int64(len(units)) {
					return fmt.Errorf("%w: inputClaim is shorter than startIndex and length", ErrInput)
				}
				return c.set("outputClaim", claims.Text(string(utf16.Decode(units[start:start+length]))))
			}
		},
	},
	"StringReplace": {
		in: "inputClaim:string", par: "oldValue:text newValue:text", out: "outputClaim:string",
		plan: func(p *plan) step {
			from, to := p.text("oldValue"), p.text("newValue")
			if from == "" {
				p.report(diag.BadParameter, p.at("oldValue"), "write the text to replace",
					"claims transformation %q has an invalid value \"\" for the parameter \"oldValue\"", p.d.ID)
				return nil
			}
			return func(_ context.Context, c *call) error {
				text, ok := c.text("inputClaim")
				if !ok {
					return c.set("outputClaim", claims.Value{})
				}
				return c.set("outputClaim", claims.Text(strings.ReplaceAll(text, from, to)))
			}
		},
	},
	"StringJoin": {
		in: "inputClaim:stringCollection", par: "delimiter:text", out: "outputClaim:string",
		plan: func(p *plan) step {
			delimiter := p.text("delimiter")
			return func(_ context.Context, c *call) error {
				v := c.get("inputClaim")
				if !v.Exists() {
					return c.set("outputClaim", v)
				}
				return c.set("outputClaim", claims.Text(strings.Join(v.Items(), delimiter)))
			}
		},
	},
	"StringSplit": {
		in: "inputClaim:string", par: "delimiter:text", out: "outputClaim:stringCollection",
		plan: func(p *plan) step {
			delimiter := p.text("delimiter")
			return func(_ context.Context, c *call) error {
				text, ok := c.text("inputClaim")
				if !ok {
					return c.set("outputClaim", claims.Value{})
				}
				if delimiter == "" {
					return c.set("outputClaim", claims.Collection(text))
				}
				return c.set("outputClaim", claims.Collection(strings.Split(text, delimiter)...))
			}
		},
	},
}

// equalClaims compares two texts. No value equals only no value.
func equalClaims(a, b claims.Value, fold bool) bool {
	if a.Exists() != b.Exists() {
		return false
	}
	return equalText(a.String(), b.String(), fold)
}

// equalText compares ordinally, or as .NET's OrdinalIgnoreCase: rune by rune in
// upper case, without the folds of EqualFold such as the Kelvin sign.
func equalText(a, b string, fold bool) bool {
	if !fold {
		return a == b
	}
	return strings.Map(upperInvariant, a) == strings.Map(upperInvariant, b)
}

// upperInvariant is char.ToUpperInvariant: it doesn't change the dotless i.
func upperInvariant(r rune) rune {
	if r == 'ı' || r == 'ſ' {
		return r
	}
	return unicode.ToUpper(r)
}

// lowerInvariant is char.ToLowerInvariant: it doesn't change the dotted capital I and letters such as the
// Kelvin sign.
func lowerInvariant(r rune) rune {
	if r == 'İ' {
		return r
	}
	return unicode.ToLower(r)
}

func planFormat(p *plan, roles ...string) step {
	format := p.expandFormat(p.text("stringFormat"))
	probe := make([]string, len(roles))
	if _, err := compositeFormat(format(&Runtime{TechnicalProfileID: "x"}), probe); err != nil {
		p.report(diag.BadParameter, p.at("stringFormat"), "use {0}"+map[bool]string{true: " and {1}"}[len(roles) == 2]+"; write {{ for a brace",
			"claims transformation %q has an invalid format %q", p.d.ID, p.text("stringFormat"))
		return nil
	}
	return func(_ context.Context, c *call) error {
		args := make([]string, len(roles))
		for i, role := range roles {
			args[i], _ = c.text(role)
		}
		text, err := compositeFormat(format(c.rt), args)
		if err != nil {
			return err
		}
		return c.set("outputClaim", claims.Text(text))
	}
}

// compositeFormat is .NET's String.Format with text arguments: {i}, {i,width}, and
// {{ and }} for braces.
func compositeFormat(format string, args []string) (string, error) {
	if len(format) > formatLimit {
		return "", fmt.Errorf("%w: the format is longer than %d characters", ErrInput, formatLimit)
	}
	bad := fmt.Errorf("%w: the format is not in a correct format", ErrInput)
	var b strings.Builder
	for i := 0; i < len(format); i++ {
		switch c := format[i]; {
		case (c == '{' || c == '}') && i+1 < len(format) && format[i+1] == c:
			b.WriteByte(c)
			i++
		case c == '}':
			return "", bad
		case c == '{':
			end := strings.IndexByte(format[i:], '}')
			if end < 0 {
				return "", bad
			}
			item, _, _ := strings.Cut(format[i+1:i+end], ":")
			index, width, aligned := strings.Cut(item, ",")
			n, err := strconv.Atoi(strings.TrimSpace(index))
			if err != nil || n < 0 || n >= len(args) {
				return "", bad
			}
			w := 0
			if aligned {
				if w, err = strconv.Atoi(strings.TrimSpace(width)); err != nil || w > formatLimit || w < -formatLimit {
					return "", bad
				}
			}
			fmt.Fprintf(&b, "%*s", w, args[n])
			i += end
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), nil
}

func planRandomString(p *plan) step {
	kind := p.choice("randomGeneratorType", "GUID", "INTEGER")
	encode := p.bool("base64")
	format := p.text("stringFormat")
	if format != "" {
		if _, err := compositeFormat(format, []string{"1"}); err != nil {
			p.report(diag.BadParameter, p.at("stringFormat"), "use {0} for the random value",
				"claims transformation %q has an invalid format %q", p.d.ID, format)
			return nil
		}
	}
	maximum := int64(2147483647)
	if p.has("maximumNumber") {
		maximum = p.int("maximumNumber")
	}
	if maximum <= 0 {
		p.report(diag.BadParameter, p.at("maximumNumber"), "use a number above 0",
			"claims transformation %q has an invalid value for the parameter \"maximumNumber\"", p.d.ID)
		return nil
	}
	seeded, seed := p.has("seed"), p.int("seed")
	return func(_ context.Context, c *call) error {
		text := ""
		switch {
		case kind == "GUID":
			id, err := uuid.NewRandomFromReader(c.rt.Rand)
			if err != nil {
				return err
			}
			text = id.String()
		case seeded:
			// The same seed gives the same number, but not .NET's.
			var key [32]byte
			binary.LittleEndian.PutUint64(key[:], uint64(seed))
			text = strconv.FormatInt(mathrand.New(mathrand.NewChaCha8(key)).Int64N(maximum), 10)
		default:
			n, err := rand.Int(c.rt.Rand, big.NewInt(maximum))
			if err != nil {
				return err
			}
			text = n.String()
		}
		if format != "" {
			text, _ = compositeFormat(format, []string{text})
		}
		if encode {
			text = base64.StdEncoding.EncodeToString([]byte(text))
		}
		return c.set("outputClaim", claims.Text(text))
	}
}

func planRegexMatch(p *plan) step {
	pattern, err := claims.CompilePattern(p.text("matchTo"))
	if err != nil {
		p.report(diag.BadRegularExpression, p.at("matchTo"), "B2C uses .NET regular expressions",
			"claims transformation %q has an invalid regular expression: %v", p.d.ID, err)
		return nil
	}
	text, extract := claims.Text(p.text("outputClaimIfMatched")), p.bool("extractGroups")
	return func(_ context.Context, c *call) error {
		input, ok := c.text("claimToMatch")
		var groups map[string]string
		matched := false
		if ok {
			var err error
			if groups, matched, err = pattern.Groups(input); err != nil {
				return fmt.Errorf("%w: %w", ErrInput, err)
			}
		}
		out := claims.Value{}
		if matched {
			out = text
		}
		if err := c.set("outputClaim", out); err != nil {
			return err
		}
		if extract {
			for _, o := range c.t.outs {
				if strings.EqualFold(o.Role, "outputClaim") || strings.EqualFold(o.Role, "regexCompareResultClaim") {
					continue
				}
				v := claims.Value{}
				if g, ok := groups[o.Role]; ok {
					v = claims.Text(g)
				}
				if err := c.set(o.Role, v); err != nil {
					return err
				}
			}
		}
		return c.set("regexCompareResultClaim", claims.Bool(matched))
	}
}

// planBuildURI: blanks become %20 in the path and + in the query. The claims' query items come before the
// parameters', in declared order.
func planBuildURI(p *plan) step {
	type item struct {
		name, value string
		role        string
	}
	var items []item
	for _, in := range p.d.Inputs {
		if name, ok := cutFold(in.Role, "query."); ok {
			items = append(items, item{name: name, role: in.Role})
		}
	}
	for _, par := range p.d.Parameters {
		if name, ok := cutFold(par.ID, "query."); ok {
			items = append(items, item{name: name, value: p.expand(par.Value)(&Runtime{})})
		}
	}
	scheme, host := p.text("scheme"), p.text("host")
	return func(_ context.Context, c *call) error {
		var b strings.Builder
		b.WriteString(scheme + "://" + host)
		if path, ok := c.text("path"); ok {
			b.WriteString((&url.URL{Path: "/" + strings.TrimPrefix(path, "/")}).EscapedPath())
		}
		separator := "?"
		for _, i := range items {
			value := i.value
			if i.role != "" {
				v, ok := c.text(i.role)
				if !ok {
					continue
				}
				value = v
			}
			b.WriteString(separator + url.QueryEscape(i.name) + "=" + url.QueryEscape(value))
			separator = "&"
		}
		return c.set("outputClaim", claims.Text(b.String()))
	}
}

func cutFold(text, prefix string) (string, bool) {
	if len(text) > len(prefix) && strings.EqualFold(text[:len(prefix)], prefix) {
		return text[len(prefix):], true
	}
	return "", false
}
