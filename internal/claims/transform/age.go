package transform

import (
	"context"
	"strings"
	"time"

	"journeyman.dev/internal/claims"
)

// Reference: claims-and-transformations §2.11.
var ageMethods = map[string]method{
	"GetAgeGroupConsentProvidedAndRequiresConsent": {
		in:  "dateOfBirth:date countryCode:string consentProvidedForMinor:string",
		out: "ageGroup:string requiresParentalConsent:boolean consentProvidedForMinor:string",
		plan: func(*plan) step {
			return func(_ context.Context, c *call) error { return ageGroup(c, "requiresParentalConsent") }
		},
	},
	// The older name, with another output role.
	"GetAgeGroupAndConsentProvided": {
		in:  "dateOfBirth:date countryCode:string consentProvidedForMinor:string",
		out: "ageGroup:string doRegulationsRequireParentalConsent:boolean consentProvidedForMinor:string",
		plan: func(*plan) step {
			return func(_ context.Context, c *call) error { return ageGroup(c, "doRegulationsRequireParentalConsent") }
		},
	},
}

// ages are the age of consent (0: none) and of majority.
type ages struct{ consent, minor int }

// agesOf are the documented countries; "" is the default.
var agesOf = func() map[string]ages {
	m := map[string]ages{"": {0, 18}}
	add := func(a ages, countries string) {
		for _, country := range strings.Fields(countries) {
			m[country] = a
		}
	}
	add(ages{14, 18}, "AT BE KR")
	add(ages{13, 18}, "ES GB IE PL SE US")
	add(ages{16, 18}, "BG CY CZ DE DK EE FR GR HR HU IT LT LU LV MT NL PT RO SI SK")
	add(ages{0, 21}, "AE BH CM EG NA SG TD")
	add(ages{0, 20}, "TH TW")
	return m
}()

func ageGroup(c *call, requires string) error {
	birth := c.get("dateOfBirth")
	consent, _ := c.text("consentProvidedForMinor")
	if err := c.set("consentProvidedForMinor", claims.Text(consent)); err != nil {
		return err
	}
	if !birth.Exists() {
		return c.set("ageGroup", claims.Value{})
	}
	country, _ := c.text("countryCode")
	a, ok := agesOf[strings.ToUpper(country)]
	if !ok {
		a = agesOf[""]
	}
	group := "Adult"
	switch {
	case a.consent > 0 && younger(birth.Time(), c.rt.Now(), a.consent):
		group = "Minor"
	case younger(birth.Time(), c.rt.Now(), a.minor):
		group = "MinorNoConsentRequired"
	}
	if err := c.set("ageGroup", claims.Text(group)); err != nil {
		return err
	}
	return c.set(requires, claims.Bool(a.consent > 0 && group == "Minor"))
}

// younger reports whether a person hasn't yet reached the given birthday. A person born on 29 February
// reaches it on 1 March of other years (§6.47 [I]).
func younger(birth, now time.Time, years int) bool {
	return now.UTC().Before(birth.AddDate(years, 0, 0))
}
