package identityproviders

import (
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"strings"

	"journeyman.dev/internal/msgraph"
	"journeyman.dev/internal/userflow"
)

// sent is a provider as callers send it; absent members are nil.
type sent struct {
	Type         string                  `json:"@odata.type"`
	Kind         string                  `json:"identityProviderType"`
	DisplayName  *string                 `json:"displayName"`
	ClientID     *string                 `json:"clientId"`
	ClientSecret *string                 `json:"clientSecret"`
	MetadataURL  *string                 `json:"metadataUrl"`
	Scope        *string                 `json:"scope"`
	ResponseType *string                 `json:"responseType"`
	ResponseMode *string                 `json:"responseMode"`
	DomainHint   *string                 `json:"domainHint"`
	Claims       *userflow.ClaimsMapping `json:"claimsMapping"`
	DeveloperID  *string                 `json:"developerId"`
	ServiceID    *string                 `json:"serviceId"`
	KeyID        *string                 `json:"keyId"`
	Certificate  *string                 `json:"certificateData"`
}

// kind is the type of the provider that is to be made.
func (in *sent) kind() (string, error) {
	switch strings.ToLower(strings.TrimPrefix(in.Type, "#")) {
	case "microsoft.graph.openidconnectidentityprovider", "microsoft.graph.openidconnectprovider":
		return userflow.TypeOpenIDConnect, nil
	case "microsoft.graph.applemanagedidentityprovider":
		return userflow.TypeApple, nil
	case "microsoft.graph.socialidentityprovider", "":
		return userflow.CatalogueType(in.Kind)
	}
	return "", msgraph.B2CBadRequest("@odata.type must be microsoft.graph.socialIdentityProvider, openIdConnectIdentityProvider or appleManagedIdentityProvider.")
}

func set(to *string, from *string) {
	if from != nil {
		*to = *from
	}
}

func (in *sent) apply(p *userflow.Provider) {
	set(&p.DisplayName, in.DisplayName)
	set(&p.ClientID, in.ClientID)
	set(&p.ClientID, in.ServiceID)
	set(&p.MetadataURL, in.MetadataURL)
	set(&p.Scope, in.Scope)
	set(&p.ResponseType, in.ResponseType)
	set(&p.ResponseMode, in.ResponseMode)
	set(&p.DomainHint, in.DomainHint)
	set(&p.DeveloperID, in.DeveloperID)
	set(&p.KeyID, in.KeyID)
	if in.Claims != nil {
		p.Claims = *in.Claims
	}
}

// secret is the client secret to keep; nil keeps the present one. Apple's is its private
// key, from which client secrets are made.
func (in *sent) secret(p *userflow.Provider) ([]byte, error) {
	text := in.ClientSecret
	if p.Type == userflow.TypeApple {
		text = in.Certificate
	}
	if text == nil || msgraph.IsMasked(*text) {
		return nil, nil
	}
	if p.Type != userflow.TypeApple {
		return []byte(*text), nil
	}
	data := []byte(*text)
	if block, _ := pem.Decode(data); block != nil {
		data = block.Bytes
	} else if raw, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(*text), "")); err == nil {
		data = raw
	}
	key, err := x509.ParsePKCS8PrivateKey(data)
	if err != nil {
		return nil, msgraph.B2CBadRequest("certificateData must be the private key of Sign in with Apple (the .p8 file).")
	}
	if _, ok := key.(*ecdsa.PrivateKey); !ok {
		return nil, msgraph.B2CBadRequest("certificateData must be an elliptic curve key, as Apple gives it.")
	}
	return data, nil
}
