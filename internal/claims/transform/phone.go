package transform

import (
	"context"
	"strconv"
	"strings"

	"github.com/nyaruka/phonenumbers"

	"journeyman.dev/internal/claims"
)

// Reference: claims-and-transformations §2.6.
var phoneMethods = map[string]method{
	"ConvertPhoneNumberClaimToString": {
		in: "phoneNumber:phoneNumber", out: "phoneNumberString:string",
		plan: func(*plan) step {
			return func(_ context.Context, c *call) error {
				return c.set("phoneNumberString", asText(c.get("phoneNumber")))
			}
		},
	},
	"ConvertStringToPhoneNumberClaim": {
		// inputClaim is the name of phoneNumberString in older documents.
		in: "phoneNumberString:string? inputClaim:string? country:string?", out: "outputClaim:phoneNumber",
		plan: func(*plan) step {
			return func(_ context.Context, c *call) error {
				text, ok := c.text("phoneNumberString")
				if !ok {
					text, _ = c.text("inputClaim")
				}
				country, _ := c.text("country")
				number, ok := internationalNumber(text, country)
				if !ok {
					return &Assertion{Key: "UserMessageIfClaimsTransformationInvalidPhoneNumber", Default: "The phone number is not valid."}
				}
				return c.set("outputClaim", claims.Phone(number))
			}
		},
	},
	"GetNationalNumberAndCountryCodeFromPhoneNumberString": {
		in: "phoneNumber:string", par: "throwExceptionOnFailure:bool=false countryCodeType:text=CallingCode",
		out: "nationalNumber:string countryCode:string",
		plan: func(p *plan) step {
			fail, letters := p.bool("throwExceptionOnFailure"), p.choice("countryCodeType", "CallingCode", "ISO3166") == "ISO3166"
			return func(_ context.Context, c *call) error {
				text, ok := c.text("phoneNumber")
				number, err := phonenumbers.Parse(text, "")
				if !ok || err != nil || !phonenumbers.IsPossibleNumber(number) {
					if fail {
						return &Assertion{Key: "UserMessageIfPhoneNumberParseFailure", Default: "The phone number could not be read."}
					}
					return nil // the outputs keep their values
				}
				code := "+" + strconv.Itoa(int(number.GetCountryCode()))
				if letters {
					code = phonenumbers.GetRegionCodeForNumber(number)
				}
				if err := c.set("nationalNumber", claims.Text(phonenumbers.GetNationalSignificantNumber(number))); err != nil {
					return err
				}
				return c.set("countryCode", claims.Text(code))
			}
		},
	},
}

// internationalNumber makes an E.164 number. It checks the possible length, not assigned ranges, and keeps a
// national leading 0, as in the documented examples.
func internationalNumber(text, country string) (string, bool) {
	digits := strings.NewReplacer(" ", "", "(", "", ")", "", "-", "", ".", "").Replace(strings.TrimSpace(text))
	if !strings.HasPrefix(digits, "+") {
		code := phonenumbers.GetCountryCodeForRegion(strings.ToUpper(country))
		if country == "" || code == 0 {
			return "", false
		}
		digits = "+" + strconv.Itoa(code) + digits
	}
	if len(digits) < 8 || len(digits) > 16 {
		return "", false
	}
	for _, r := range digits[1:] {
		if r < '0' || r > '9' {
			return "", false
		}
	}
	return digits, true
}
