package msgraph

import (
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"journeyman.dev/internal/keyset"
	"journeyman.dev/internal/userflow"
)

// providerJSON is an identity provider as Graph shows it, without its secret.
func providerJSON(p userflow.Provider) map[string]any {
	out := map[string]any{"id": p.ID, "displayName": p.DisplayName}
	switch {
	case p.BuiltIn():
		out["@odata.type"], out["identityProviderType"] = "#microsoft.graph.builtInIdentityProvider", p.Type
	case p.Type == userflow.TypeApple:
		out["@odata.type"], out["developerId"], out["serviceId"], out["keyId"], out["certificateData"] = "#microsoft.graph.appleManagedIdentityProvider", p.DeveloperID, p.ClientID, p.KeyID, masked
	case p.Type == userflow.TypeOpenIDConnect:
		for name, v := range map[string]any{
			"@odata.type": "#microsoft.graph.openIdConnectIdentityProvider", "clientId": p.ClientID, "clientSecret": masked, "metadataUrl": p.MetadataURL, "scope": p.Scope,
			"responseType": p.ResponseType, "responseMode": p.ResponseMode, "domainHint": p.DomainHint, "claimsMapping": p.Claims,
		} {
			out[name] = v
		}
	default:
		out["@odata.type"], out["identityProviderType"], out["clientId"], out["clientSecret"] = "#microsoft.graph.socialIdentityProvider", p.Type, p.ClientID, masked
	}
	return out
}

func (q *Request) listProviders() error {
	f, err := q.Filter()
	if err != nil {
		return err
	}
	value := []map[string]any{}
	for _, p := range q.s.Flows.Tenant().AllProviders() {
		object := providerJSON(p)
		ok, err := f.Matches(object)
		if err != nil {
			return err
		}
		if ok {
			value = append(value, object)
		}
	}
	return q.Write(http.StatusOK, "identity/identityProviders", map[string]any{"value": value})
}

func (q *Request) providerTypes() error {
	return q.Write(http.StatusOK, "Collection(Edm.String)", map[string]any{"value": userflow.ProviderTypes()})
}

func (q *Request) provider() (userflow.Provider, error) {
	p, ok := q.s.Flows.Tenant().Provider(q.Arg(0))
	if !ok {
		return p, B2CNotFound("identity provider", q.Arg(0))
	}
	return p, nil
}

func (q *Request) getProvider() error {
	p, err := q.provider()
	if err != nil {
		return err
	}
	return q.Write(http.StatusOK, "identity/identityProviders/$entity", providerJSON(p))
}

// providerInput is what callers send; absent members are nil.
type providerInput struct {
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

// kind finds what is to be created.
func (in *providerInput) kind() (string, error) {
	switch strings.ToLower(strings.TrimPrefix(in.Type, "#")) {
	case "microsoft.graph.openidconnectidentityprovider", "microsoft.graph.openidconnectprovider":
		return userflow.TypeOpenIDConnect, nil
	case "microsoft.graph.applemanagedidentityprovider":
		return userflow.TypeApple, nil
	case "microsoft.graph.socialidentityprovider", "":
		return userflow.CatalogueType(in.Kind)
	}
	return "", B2CBadRequest("@odata.type must be microsoft.graph.socialIdentityProvider, openIdConnectIdentityProvider or appleManagedIdentityProvider.")
}

func set(to *string, from *string) {
	if from != nil {
		*to = *from
	}
}

func (in *providerInput) apply(p *userflow.Provider) {
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

// secret is the client secret to keep; nil keeps what is there. Apple's is its private
// key, from which client secrets are made.
func (in *providerInput) secret(p *userflow.Provider) ([]byte, error) {
	text := in.ClientSecret
	if p.Type == userflow.TypeApple {
		text = in.Certificate
	}
	if text == nil || isMasked(*text) {
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
		return nil, B2CBadRequest("certificateData must be the private key of Sign in with Apple (the .p8 file).")
	}
	if _, ok := key.(*ecdsa.PrivateKey); !ok {
		return nil, B2CBadRequest("certificateData must be an elliptic curve key, as Apple gives it.")
	}
	return data, nil
}

func (q *Request) createProvider() error {
	var in providerInput
	if err := q.Read(&in); err != nil {
		return err
	}
	kind, err := in.kind()
	if err != nil {
		return err
	}
	p := userflow.Provider{Type: kind}
	in.apply(&p)
	if p.DisplayName == "" && kind != userflow.TypeOpenIDConnect {
		p.DisplayName = kind
	}
	var random [4]byte
	_, _ = rand.Read(random[:])
	p.Identify(hex.EncodeToString(random[:]))
	if err := checkProvider(&p); err != nil {
		return err
	}
	secret, err := in.secret(&p)
	if err != nil {
		return err
	}
	if len(secret) == 0 {
		return B2CBadRequest("The provider's secret is required.")
	}
	q.Target(p.ID, p.DisplayName, "IdentityProvider")
	if _, taken := q.s.Flows.Tenant().Provider(p.ID); taken {
		return fmt.Errorf("identity provider %s: %w", p.ID, userflow.ErrExists)
	}
	if err := q.keepSecret(&p, secret); err != nil {
		return err
	}
	err = q.s.Flows.Change(q.Context(), func(t *userflow.Tenant) error {
		if _, taken := t.Provider(p.ID); taken {
			return fmt.Errorf("identity provider %s: %w", p.ID, userflow.ErrExists)
		}
		t.Providers = append(t.Providers, p)
		return nil
	})
	if err != nil {
		return err
	}
	q.SetHeader("Location", q.Base()+"/identity/identityProviders/"+p.ID)
	return q.Write(http.StatusCreated, "identity/identityProviders/$entity", providerJSON(p))
}

func checkProvider(p *userflow.Provider) error {
	if p.Type == userflow.TypeApple && (p.DeveloperID == "" || p.KeyID == "") {
		return B2CBadRequest("developerId, serviceId and keyId are required.")
	}
	return p.Check()
}

// keepSecret stores a provider's secret as the key set that its technical profile
// names. It comes before the provider: a provider without secret must not be there.
func (q *Request) keepSecret(p *userflow.Provider, secret []byte) error {
	key := keyset.NewSecret("sig", secret)
	name := p.SecretKey()
	if p.Type == userflow.TypeApple {
		var err error
		if key, err = q.s.AppleSecret(q.Context(), p, secret); err != nil {
			return err
		}
	}
	if q.s.OwnKeys.Exists(name) {
		_, err := q.s.OwnKeys.Replace(q.Context(), name, []keyset.Key{key})
		return err
	}
	_, err := q.s.OwnKeys.Create(q.Context(), name, key)
	return err
}

func (q *Request) patchProvider() error {
	p, err := q.provider()
	if err != nil {
		return err
	}
	if p.BuiltIn() {
		return B2CBadRequest("A built-in identity provider can't be changed.")
	}
	var in providerInput
	if err := q.Read(&in); err != nil {
		return err
	}
	q.Target(p.ID, p.DisplayName, "IdentityProvider")
	changed := p
	in.apply(&changed)
	if err := checkProvider(&changed); err != nil {
		return err
	}
	secret, err := in.secret(&changed)
	if err != nil {
		return err
	}
	if len(secret) > 0 {
		if err := q.keepSecret(&changed, secret); err != nil {
			return err
		}
	}
	err = q.s.Flows.Change(q.Context(), func(t *userflow.Tenant) error {
		i := slices.IndexFunc(t.Providers, func(have userflow.Provider) bool { return strings.EqualFold(have.ID, p.ID) })
		if i < 0 {
			return B2CNotFound("identity provider", p.ID)
		}
		in.apply(&t.Providers[i])
		return nil
	})
	if err != nil {
		return err
	}
	return q.WriteNothing()
}

func (q *Request) deleteProvider() error {
	p, err := q.provider()
	if err != nil {
		return err
	}
	if p.BuiltIn() {
		return B2CBadRequest("A built-in identity provider can't be deleted.")
	}
	q.Target(p.ID, p.DisplayName, "IdentityProvider")
	err = q.s.Flows.Change(q.Context(), func(t *userflow.Tenant) error {
		for i := range t.Flows {
			if slices.ContainsFunc(t.Flows[i].Providers, func(id string) bool { return strings.EqualFold(id, p.ID) }) {
				return B2CBadRequest("The user flow " + t.Flows[i].ID + " uses this identity provider. Remove it there first.")
			}
		}
		t.Providers = slices.DeleteFunc(t.Providers, func(have userflow.Provider) bool { return strings.EqualFold(have.ID, p.ID) })
		return nil
	})
	if err != nil {
		return err
	}
	for _, id := range []string{p.SecretKey(), p.PrivateKey()} {
		if err := q.s.OwnKeys.Delete(q.Context(), id); err != nil && !errors.Is(err, keyset.ErrNotFound) {
			return err
		}
	}
	return q.WriteNothing()
}
