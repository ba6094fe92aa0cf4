package userflow

import (
	"slices"
	"strconv"
	"strings"
)

// sessions returns the session management and the token issuer.
func (d *document) sessions() []*element {
	list := []*element{
		profile(sessionNone, "No session", noSession),
		profile(sessionTokens, "Applications to sign out", appsSession),
		d.issuer(),
	}
	if d.local() && d.Kind.federates() {
		list = append(list, profile(sessionLocal, "Session of a local account", someSession).with(
			el("PersistedClaims").with(persistedClaim("objectId"), persistedClaim("signInName")),
			el("OutputClaims").with(outputClaim("objectIdFromSession", "DefaultValue", "true")),
		))
	}
	if len(d.social) > 0 {
		list = append(list, profile(sessionFederated, "Session of an account at an identity provider", farSession).with(
			el("PersistedClaims").with(persistedClaim("alternativeSecurityId"), persistedClaim("identityProvider")),
			el("OutputClaims").with(outputClaim("objectIdFromSession", "DefaultValue", "true")),
		))
	}
	return list
}

func (d *document) issuer() *element {
	s := &d.Settings
	seconds := func(n int, unit int) string { return strconv.Itoa(n * unit) }
	const day = 24 * 60 * 60
	items := []string{
		"client_id", "{service:te}", "issuer_refresh_token_user_identity_claim_type", "objectId", "SendTokenResponseBodyWithJsonNumbers", "true",
		"token_lifetime_secs", seconds(or(s.AccessTokenMinutes, 60), 60), "id_token_lifetime_secs", seconds(or(s.AccessTokenMinutes, 60), 60),
		"refresh_token_lifetime_secs", seconds(or(s.RefreshTokenDays, 14), day),
	}
	if s.RefreshNoExpiry {
		items = append(items, "allow_infinite_rolling_refresh_token", "true")
	} else {
		items = append(items, "rolling_refresh_token_lifetime_secs", seconds(or(s.RefreshWindowDays, 90), day))
	}
	if s.IssuerWithPolicy {
		items = append(items, "IssuanceClaimPattern", "AuthorityWithTfp")
	}
	if !s.PolicyInACR {
		items = append(items, "AuthenticationContextReferenceClaimPattern", "None")
	}
	return profile(issuer, "JSON Web Token", "OpenIdConnect").with(
		text("OutputTokenFormat", "JWT"), metadata(items...),
		el("CryptographicKeys").with(
			el("Key", "Id", "issuer_secret", "StorageReferenceId", "B2C_1A_TokenSigningKeyContainer"),
			el("Key", "Id", "issuer_refresh_token_key", "StorageReferenceId", "B2C_1A_TokenEncryptionKeyContainer")),
		session(sessionTokens),
	)
}

// noSubject is the subject of tokens of a flow with the setting NoSubject, in B2C's text.
const noSubject = "Not supported currently. Use oid claim."

func (d *document) relyingParty() *element {
	s := &d.Settings
	single := el("SingleSignOn", "Scope", ssoScope(s.SingleSignOn))
	if s.KeepSignedInDays > 0 {
		single.attrs = append(single.attrs, "KeepAliveInDays", strconv.Itoa(s.KeepSignedInDays))
	}
	if s.RequireIDTokenInLogout {
		single.attrs = append(single.attrs, "EnforceIdTokenHintOnLogout", "true")
	}
	expiry := "Rolling"
	if s.SessionAbsolute {
		expiry = "Absolute"
	}
	behaviors := el("UserJourneyBehaviors").with(
		single, text("SessionExpiryType", expiry), text("SessionExpiryInSeconds", strconv.Itoa(or(s.SessionMinutes, 1440)*60)),
		text("ScriptExecution", "Allow").when(s.JavaScript),
	)
	outputs := el("OutputClaims")
	for _, id := range d.claims {
		claim, token, ok := d.t.applicationClaim(id)
		if !ok || !d.gives(claim) {
			continue
		}
		outputs.with(outputClaim(claim, "PartnerClaimType", token))
	}
	if s.NoSubject {
		outputs.with(outputClaim("sub", "DefaultValue", noSubject, "AlwaysUseDefaultValue", "true"))
	} else {
		outputs.with(outputClaim("objectId", "PartnerClaimType", "sub"))
	}
	if !s.PolicyInACR {
		outputs.with(outputClaim("trustFrameworkPolicy", "PartnerClaimType", "tfp", "DefaultValue", "{policy}", "AlwaysUseDefaultValue", "true"))
	}
	return el("RelyingParty").with(
		el("DefaultUserJourney", "ReferenceId", journeyID), behaviors,
		el("TechnicalProfile", "Id", "PolicyProfile").with(
			text("DisplayName", "PolicyProfile"), el("Protocol", "Name", "OpenIdConnect"), outputs, el("SubjectNamingInfo", "ClaimType", "sub")),
	)
}

// gives reports whether the flow can have a claim at all: without identity providers there is never a
// provider's name.
func (d *document) gives(claim string) bool {
	switch claim {
	case "newUser":
		return d.Kind.signsUp()
	case "identityProvider":
		return len(d.social) > 0
	case "identityProviderAccessToken":
		return slices.ContainsFunc(d.social, func(p Provider) bool { return catalogue[p.Type].Protocol == "OAuth2" })
	}
	return true
}

// ssoScope returns the policy's name of a single sign-on setting.
func ssoScope(text string) string {
	switch strings.ToLower(text) {
	case "application":
		return "Application"
	case "policy":
		return "Policy"
	case "disabled", "suppressed":
		return "Suppressed"
	}
	return "Tenant"
}
