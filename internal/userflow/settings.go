package userflow

import (
	"strings"
)

// Settings are the settings without members in Graph. The zero value is B2C's default for each; 0 means an
// unset number.
type Settings struct {
	// ApplicationClaims are ids of attributes, and of the other application claims: emails, newUser,
	// identityProvider, identityProviderAccessToken, objectId. nil: the default, emails and objectId.
	ApplicationClaims []string `json:"applicationClaims"`

	AccessTokenMinutes int  `json:"accessTokenMinutes,omitempty"` // 5–1440; 60
	RefreshTokenDays   int  `json:"refreshTokenDays,omitempty"`   // 1–90; 14
	RefreshWindowDays  int  `json:"refreshWindowDays,omitempty"`  // 1–365; 90
	RefreshNoExpiry    bool `json:"refreshNoExpiry,omitempty"`

	IssuerWithPolicy bool `json:"issuerWithPolicy,omitempty"` // https://host/tfp/tenant/policy/v2.0/
	NoSubject        bool `json:"noSubject,omitempty"`        // sub: Not supported
	PolicyInACR      bool `json:"policyInAcr,omitempty"`      // acr instead of tfp

	SessionMinutes         int    `json:"sessionMinutes,omitempty"` // 15–1440; 1440
	SessionAbsolute        bool   `json:"sessionAbsolute,omitempty"`
	SingleSignOn           string `json:"singleSignOn,omitempty"` // "": Tenant
	RequireIDTokenInLogout bool   `json:"requireIdTokenInLogout,omitempty"`
	KeepSignedInDays       int    `json:"keepSignedInDays,omitempty"` // 1–90; 0: off

	Password PasswordRule `json:"password,omitzero"`

	// RefuseKnownPasswords refuses new passwords that are common or stolen. NotifyOfChanges mails the owner
	// of an account after a change of its password, address or second factor. Both are on for new flows and
	// off for older ones.
	RefuseKnownPasswords bool `json:"refuseKnownPasswords,omitempty"`
	NotifyOfChanges      bool `json:"notifyOfChanges,omitempty"`

	SelfServicePasswordReset bool            `json:"selfServicePasswordReset,omitempty"`
	JavaScript               bool            `json:"javaScript,omitempty"`
	Pages                    map[string]Page `json:"pages,omitempty"` // by page id
	// SkipConnectorOnSSO skips the connector of PreTokenIssuance when the session signs the user in, as some
	// users of B2C observed (rest-and-connectors §1.5 [I]).
	SkipConnectorOnSSO bool `json:"skipConnectorOnSingleSignOn,omitempty"`
}

// PasswordRule is the complexity of new passwords.
type PasswordRule struct {
	Kind string `json:"kind,omitempty"` // "": Strong; Simple, Custom
	// Only for Custom.
	MinLength  int  `json:"minLength,omitempty"`
	MaxLength  int  `json:"maxLength,omitempty"`
	DigitsOnly bool `json:"digitsOnly,omitempty"`
	Classes    int  `json:"classes,omitempty"` // 2, 3, 4 of 4; 0: any characters
}

// Page is the look of a page.
type Page struct {
	URI     string `json:"uri,omitempty"`     // https template; "": built in
	Version string `json:"version,omitempty"` // of the layout, such as 2.1.7; "": ours
}

// The kinds of password rules.
const (
	PasswordSimple = "Simple"
	PasswordStrong = "Strong"
	PasswordCustom = "Custom"
)

// claimsBeside are the application claims besides the attributes.
var claimsBeside = []string{"emails", "newUser", "identityProvider", "identityProviderAccessToken", "objectId"}

// defaultClaims are the application claims of a flow without the setting.
var defaultClaims = []string{"emails", "objectId"}

// ClaimIDs lists all possible application claims.
func (t *Tenant) ClaimIDs() []string {
	var ids []string
	for _, a := range t.AllAttributes() {
		if !a.isEmail() {
			ids = append(ids, a.ID)
		}
	}
	return append(ids, claimsBeside...)
}

// Check reports the fault of settings.
func (s *Settings) Check(f *Flow, t *Tenant) error {
	for _, id := range s.ApplicationClaims {
		if _, _, ok := t.applicationClaim(id); !ok {
			return invalid("%q can't be an application claim; these can: %s", id, strings.Join(t.ClaimIDs(), ", "))
		}
	}
	for _, bound := range []struct {
		name        string
		value       int
		least, most int
	}{
		{"tokenLifetimes.accessAndIdTokenMinutes", s.AccessTokenMinutes, 5, 1440},
		{"tokenLifetimes.refreshTokenDays", s.RefreshTokenDays, 1, 90},
		{"tokenLifetimes.refreshTokenSlidingWindowDays", s.RefreshWindowDays, 1, 365},
		{"session.lifetimeMinutes", s.SessionMinutes, 15, 1440},
		{"session.keepMeSignedInDays", s.KeepSignedInDays, 1, 90},
	} {
		if bound.value != 0 && (bound.value < bound.least || bound.value > bound.most) {
			return invalid("%s must be between %d and %d", bound.name, bound.least, bound.most)
		}
	}
	if window := or(s.RefreshWindowDays, 90); !s.RefreshNoExpiry && window < or(s.RefreshTokenDays, 14) {
		return invalid("tokenLifetimes.refreshTokenSlidingWindowDays must not be less than refreshTokenDays")
	}
	if s.KeepSignedInDays > 0 && f.Kind != SignUpOrSignIn && f.Kind != SignIn && f.Kind != ProfileUpdate {
		return invalid("a user flow of the type %s has no keep me signed in", f.Kind)
	}
	if s.SelfServicePasswordReset && f.Kind != SignUpOrSignIn && f.Kind != SignIn {
		return invalid("a user flow of the type %s has no self-service password reset", f.Kind)
	}
	for id, page := range s.Pages {
		if err := checkPage(f.Kind, id, page); err != nil {
			return err
		}
	}
	return s.Password.check()
}

func (p PasswordRule) check() error {
	if p.Kind != PasswordCustom {
		return nil
	}
	least, most := or(p.MinLength, 8), or(p.MaxLength, 64)
	switch {
	case least < 4 || least > 256:
		return invalid("passwordComplexity.minimumLength must be between 4 and 256")
	case most < least || most > 256:
		return invalid("passwordComplexity.maximumLength must be between minimumLength and 256")
	case p.Classes != 0 && (p.Classes < 2 || p.Classes > 4):
		return invalid("passwordComplexity.characterClasses must be 2, 3 or 4")
	case p.DigitsOnly && p.Classes != 0:
		return invalid("passwordComplexity.characterClasses don't go with digits only")
	}
	return nil
}

func or[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}

// TokenNames returns the attributes that a connector can put into a flow's token: their names there, by
// folded claim id. For a nil flow all attributes are application claims.
func (t *Tenant) TokenNames(f *Flow) map[string]string {
	out := make(map[string]string)
	for _, a := range t.AllAttributes() {
		if a.isEmail() {
			continue
		}
		selected := f == nil
		if f != nil {
			for _, id := range f.Settings.ApplicationClaims {
				selected = selected || strings.EqualFold(id, a.ID) || strings.EqualFold(id, a.claim)
			}
		}
		if selected {
			out[strings.ToLower(a.claim)] = a.TokenName()
		}
	}
	return out
}

// applicationClaim finds a claim of the token: the claim type and its name there.
func (t *Tenant) applicationClaim(id string) (claim, token string, ok bool) {
	for _, c := range claimsBeside {
		if strings.EqualFold(c, id) {
			switch c {
			case "identityProvider":
				return c, "idp", true
			case "identityProviderAccessToken":
				return c, "idp_access_token", true
			case "objectId":
				return c, "oid", true
			}
			return c, c, true
		}
	}
	a, found := t.Attribute(id)
	if !found || a.isEmail() {
		return "", "", false
	}
	return a.claim, a.TokenName(), true
}

// DefaultClaims returns the application claims of a flow without the setting.
func DefaultClaims() []string { return append([]string{}, defaultClaims...) }
