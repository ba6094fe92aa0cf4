package userflow

// identityProvider returns the claims provider of an identity provider: the data of the catalogue or the
// administrator as a technical profile.
func (d *document) identityProvider(p Provider) *element {
	domain := p.domain()
	s, known := catalogue[p.Type]
	if !known {
		s = social{Protocol: "OpenIdConnect", Claims: [5]string{p.Claims.UserID, p.Claims.DisplayName, p.Claims.GivenName, p.Claims.Surname, p.Claims.Email}, Metadata: []string{
			"ProviderName", domain, "METADATA", p.MetadataURL, "response_types", p.ResponseType, "response_mode", p.ResponseMode,
			"scope", p.Scope, "HttpBinding", "POST", "UsePolicyInRedirectUri", "false",
		}}
	}
	outputs := el("OutputClaims").with(outputClaim("issuerUserId", "PartnerClaimType", s.Claims[0]))
	for i, claim := range []string{"displayName", "givenName", "surname", "email"} {
		if name := s.Claims[i+1]; name != "" {
			outputs.with(outputClaim(claim, "PartnerClaimType", name))
		}
	}
	outputs.with(outputClaim("identityProvider", "DefaultValue", domain, "AlwaysUseDefaultValue", "true"))
	if s.Protocol == "OAuth2" && d.wants("identityProviderAccessToken") {
		outputs.with(outputClaim("identityProviderAccessToken", "PartnerClaimType", "{oauth2:access_token}"))
	}
	secret := p.SecretKey()
	if d.exported {
		secret = p.exportedKey()
	}
	tp := profile(profileID(p), p.DisplayName, s.Protocol).with(
		metadata(append([]string{"client_id", p.ClientID}, s.Metadata...)...),
		el("CryptographicKeys").with(el("Key", "Id", "client_secret", "StorageReferenceId", secret)),
		outputs, transformationsOfList("OutputClaimsTransformation", "CreateAlternativeSecurityId"), session(sessionFederated),
	)
	provider := claimsProvider(p.DisplayName, tp)
	provider.children = append([]*element{text("Domain", domain)}, provider.children...)
	return provider
}

func profileID(p Provider) string { return p.ID + "-Profile" }
