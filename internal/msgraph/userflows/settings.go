package userflows

import (
	"errors"
	"net/http"
	"strings"

	"journeyman.dev/internal/msgraph"
	"journeyman.dev/internal/userflow"
)

// settings are those that Graph has no members for: our own sub-resource of a user flow.
type settings struct {
	ApplicationClaims        []string                `json:"applicationClaims"`
	TokenLifetimes           tokenLifetimes          `json:"tokenLifetimes"`
	TokenCompatibility       tokenCompatibility      `json:"tokenCompatibility"`
	Session                  sessionSettings         `json:"session"`
	PasswordComplexity       passwordSettings        `json:"passwordComplexity"`
	PasswordProtection       passwordProtection      `json:"passwordProtection"`
	Notifications            notificationSettings    `json:"notifications"`
	SelfServicePasswordReset bool                    `json:"selfServicePasswordReset"`
	JavaScript               bool                    `json:"javaScript"`
	Pages                    map[string]pageSettings `json:"pages"`
	APIConnectors            connectorCompatibility  `json:"apiConnectors"`

	// These come later: they are off, and can't be set to anything else.
	MFA               mfaSettings `json:"multiFactorAuthentication"`
	AgeGating         onOff       `json:"ageGating"`
	ForcedReset       onOff       `json:"forcedPasswordReset"`
	ConditionalAccess onOff       `json:"conditionalAccess"`
}

type tokenLifetimes struct {
	AccessAndIDTokenMinutes int `json:"accessAndIdTokenMinutes"`
	RefreshTokenDays        int `json:"refreshTokenDays"`
	// RefreshTokenSlidingWindowDays is null for no expiry.
	RefreshTokenSlidingWindowDays *int `json:"refreshTokenSlidingWindowDays"`
}

type tokenCompatibility struct {
	Issuer      string `json:"issuer"`      // authorityAndTenantGuid, authorityWithTfp
	Subject     string `json:"subject"`     // objectId, notSupported
	PolicyClaim string `json:"policyClaim"` // tfp, acr
}

type sessionSettings struct {
	LifetimeMinutes        int    `json:"lifetimeMinutes"`
	Timeout                string `json:"timeout"`      // rolling, absolute
	SingleSignOn           string `json:"singleSignOn"` // tenant, application, policy, disabled
	RequireIDTokenInLogout bool   `json:"requireIdTokenInLogout"`
	KeepMeSignedInDays     int    `json:"keepMeSignedInDays"` // 0: off
}

type passwordSettings struct {
	Kind             string `json:"kind"` // simple, strong, custom
	MinimumLength    int    `json:"minimumLength"`
	MaximumLength    int    `json:"maximumLength"`
	Characters       string `json:"characters"`       // all, digits
	CharacterClasses int    `json:"characterClasses"` // 2, 3, 4; 0: any
}

// passwordProtection refuses passwords whatever their complexity.
type passwordProtection struct {
	RefuseKnownPasswords bool `json:"refuseKnownPasswords"` // common or stolen ones
}

// notificationSettings are about mails to the owner of an account.
type notificationSettings struct {
	AccountChanges bool `json:"accountChanges"` // of password, address or second factor
}

type pageSettings struct {
	URI           string `json:"uri"`
	LayoutVersion string `json:"layoutVersion"`
}

type connectorCompatibility struct {
	SkipOnSingleSignOn bool `json:"skipOnSingleSignOn"`
}

type mfaSettings struct {
	Enforcement string `json:"enforcement"`
}

type onOff struct {
	Enabled bool `json:"enabled"`
}

func pick(on bool, yes, no string) string {
	if on {
		return yes
	}
	return no
}

func or[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}

func showSettings(s *userflow.Settings) settings {
	out := settings{
		ApplicationClaims: s.ApplicationClaims,
		TokenLifetimes:    tokenLifetimes{AccessAndIDTokenMinutes: or(s.AccessTokenMinutes, 60), RefreshTokenDays: or(s.RefreshTokenDays, 14)},
		TokenCompatibility: tokenCompatibility{
			Issuer: pick(s.IssuerWithPolicy, "authorityWithTfp", "authorityAndTenantGuid"), Subject: pick(s.NoSubject, "notSupported", "objectId"),
			PolicyClaim: pick(s.PolicyInACR, "acr", "tfp"),
		},
		Session: sessionSettings{
			LifetimeMinutes: or(s.SessionMinutes, 1440), Timeout: pick(s.SessionAbsolute, "absolute", "rolling"), SingleSignOn: strings.ToLower(or(s.SingleSignOn, "tenant")),
			RequireIDTokenInLogout: s.RequireIDTokenInLogout, KeepMeSignedInDays: s.KeepSignedInDays,
		},
		PasswordComplexity: passwordSettings{
			Kind: strings.ToLower(or(s.Password.Kind, userflow.PasswordStrong)), MinimumLength: or(s.Password.MinLength, 8), MaximumLength: or(s.Password.MaxLength, 64),
			Characters: pick(s.Password.DigitsOnly, "digits", "all"), CharacterClasses: s.Password.Classes,
		},
		PasswordProtection: passwordProtection{s.RefuseKnownPasswords}, Notifications: notificationSettings{s.NotifyOfChanges},
		SelfServicePasswordReset: s.SelfServicePasswordReset, JavaScript: s.JavaScript, Pages: map[string]pageSettings{},
		APIConnectors: connectorCompatibility{SkipOnSingleSignOn: s.SkipConnectorOnSSO}, MFA: mfaSettings{"off"},
	}
	if s.ApplicationClaims == nil {
		out.ApplicationClaims = userflow.DefaultClaims()
	}
	if s.Password.Kind == "" || s.Password.Kind == userflow.PasswordStrong {
		out.PasswordComplexity.CharacterClasses = 3
	}
	if !s.RefreshNoExpiry {
		days := or(s.RefreshWindowDays, 90)
		out.TokenLifetimes.RefreshTokenSlidingWindowDays = &days
	}
	for id, p := range s.Pages {
		out.Pages[id] = pageSettings{p.URI, p.Version}
	}
	return out
}

// legal finds a value among those that are allowed, ignoring case.
func legal(member, value string, values ...string) (string, error) {
	for _, v := range values {
		if strings.EqualFold(v, value) {
			return v, nil
		}
	}
	return "", msgraph.B2CBadRequest(member + " must be one of " + strings.Join(values, ", ") + ".")
}

// kept brings the members back. Numbers are kept as they came: the flow's own check
// reports those that are out of bounds.
func (in *settings) kept() (userflow.Settings, error) {
	issuer, err1 := legal("tokenCompatibility.issuer", in.TokenCompatibility.Issuer, "authorityAndTenantGuid", "authorityWithTfp")
	subject, err2 := legal("tokenCompatibility.subject", in.TokenCompatibility.Subject, "objectId", "notSupported")
	policy, err3 := legal("tokenCompatibility.policyClaim", in.TokenCompatibility.PolicyClaim, "tfp", "acr")
	timeout, err4 := legal("session.timeout", in.Session.Timeout, "rolling", "absolute")
	sso, err5 := legal("session.singleSignOn", in.Session.SingleSignOn, "tenant", "application", "policy", "disabled", "suppressed")
	kind, err6 := legal("passwordComplexity.kind", in.PasswordComplexity.Kind, userflow.PasswordSimple, userflow.PasswordStrong, userflow.PasswordCustom)
	characters, err7 := legal("passwordComplexity.characters", in.PasswordComplexity.Characters, "all", "digits")
	if err := errors.Join(err1, err2, err3, err4, err5, err6, err7, in.unsupported()); err != nil {
		return userflow.Settings{}, first(err1, err2, err3, err4, err5, err6, err7, in.unsupported())
	}
	s := userflow.Settings{
		ApplicationClaims: in.ApplicationClaims, AccessTokenMinutes: in.TokenLifetimes.AccessAndIDTokenMinutes, RefreshTokenDays: in.TokenLifetimes.RefreshTokenDays,
		IssuerWithPolicy: issuer == "authorityWithTfp", NoSubject: subject == "notSupported", PolicyInACR: policy == "acr",
		SessionMinutes: in.Session.LifetimeMinutes, SessionAbsolute: timeout == "absolute", SingleSignOn: sso,
		RequireIDTokenInLogout: in.Session.RequireIDTokenInLogout, KeepSignedInDays: in.Session.KeepMeSignedInDays,
		Password:             userflow.PasswordRule{Kind: kind},
		RefuseKnownPasswords: in.PasswordProtection.RefuseKnownPasswords, NotifyOfChanges: in.Notifications.AccountChanges,
		SelfServicePasswordReset: in.SelfServicePasswordReset, JavaScript: in.JavaScript, SkipConnectorOnSSO: in.APIConnectors.SkipOnSingleSignOn,
	}
	if s.ApplicationClaims == nil {
		s.ApplicationClaims = []string{}
	}
	if kind == userflow.PasswordCustom {
		s.Password = userflow.PasswordRule{Kind: kind, MinLength: in.PasswordComplexity.MinimumLength, MaxLength: in.PasswordComplexity.MaximumLength,
			DigitsOnly: characters == "digits", Classes: in.PasswordComplexity.CharacterClasses}
	}
	if in.TokenLifetimes.RefreshTokenSlidingWindowDays == nil {
		s.RefreshNoExpiry = true
	} else {
		s.RefreshWindowDays = *in.TokenLifetimes.RefreshTokenSlidingWindowDays
	}
	for id, p := range in.Pages {
		if s.Pages == nil {
			s.Pages = make(map[string]userflow.Page)
		}
		if p != (pageSettings{}) {
			s.Pages[id] = userflow.Page{URI: p.URI, Version: p.LayoutVersion}
		}
	}
	return s, nil
}

func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// unsupported refuses settings that don't work yet, so that nobody relies on them.
func (in *settings) unsupported() error {
	switch {
	case !strings.EqualFold(in.MFA.Enforcement, "off"):
		return msgraph.B2CBadRequest("multiFactorAuthentication is not supported yet: its enforcement must be off.")
	case in.AgeGating.Enabled:
		return msgraph.B2CBadRequest("ageGating is not supported yet.")
	case in.ForcedReset.Enabled:
		return msgraph.B2CBadRequest("forcedPasswordReset is not supported yet.")
	case in.ConditionalAccess.Enabled:
		return msgraph.B2CBadRequest("conditionalAccess is not supported yet.")
	}
	return nil
}

func (h *Handler) getSettings(q *msgraph.Request) error {
	f, err := h.flow(q)
	if err != nil {
		return err
	}
	return q.Write(http.StatusOK, "identity/b2cUserFlows('"+f.ID+"')/settings", showSettings(&f.Settings))
}

func (h *Handler) patchSettings(q *msgraph.Request) error {
	body, err := q.ReadBody()
	if err != nil {
		return err
	}
	return h.changeFlow(q, func(_ *userflow.Tenant, f *userflow.Flow) error {
		in := showSettings(&f.Settings)
		if f.Settings.Password.Kind != userflow.PasswordCustom {
			in.PasswordComplexity.CharacterClasses = 0 // a rule of the flow's own doesn't inherit it
		}
		if err := msgraph.Merge(body, &in); err != nil {
			return err
		}
		s, err := in.kept()
		f.Settings = s
		return err
	})
}
