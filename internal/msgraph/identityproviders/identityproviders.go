// Package identityproviders serves the admin API's /identity/identityProviders: where
// users of user flows may sign in. Their secrets are never shown.
//
// Reference: admin-surface §1.1, rest-and-connectors §5.
package identityproviders

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"net/http"
	"slices"
	"strings"

	"journeyman.dev/internal/refusal"

	"journeyman.dev/internal/audit"
	"journeyman.dev/internal/keyset"
	"journeyman.dev/internal/msgraph"
	"journeyman.dev/internal/userflow"
)

const (
	read  = "IdentityProvider.Read.All IdentityProvider.ReadWrite.All"
	write = "IdentityProvider.ReadWrite.All"
)

// Flows are the providers of the tenant, and the user flows that use them.
type Flows interface {
	// Tenant is what there is now; the caller must not change it.
	Tenant() *userflow.Tenant
	// Change changes a copy of the tenant; userflow.ErrInvalid has a text for the caller.
	Change(ctx context.Context, change func(t *userflow.Tenant) error) error
}

// Secrets keeps the secrets of providers, in key sets of our own.
type Secrets interface {
	Exists(id string) bool
	Create(ctx context.Context, id string, keys ...keyset.Key) (*keyset.Set, error)
	Replace(ctx context.Context, id string, keys []keyset.Key) (*keyset.Set, error)
}

// Remover forgets the secrets of providers.
type Remover interface {
	// Delete returns keyset.ErrNotFound if there is no such set.
	Delete(ctx context.Context, id string) error
}

// Handler serves identity providers. All fields must be set.
type Handler struct {
	Flows   Flows
	Secrets Secrets
	Remove  Remover
	// AppleSecret makes the client secret of Sign in with Apple from its private key
	// (PKCS #8), and keeps the key to renew it.
	AppleSecret func(ctx context.Context, p *userflow.Provider, private []byte) (keyset.Key, error)
}

// Resources implements msgraph.Source.
func (h *Handler) Resources() []msgraph.Resource {
	const list, one = "identity/identityProviders", "identity/identityProviders/{}"
	return []msgraph.Resource{{
		Kind: "identity provider", Service: audit.ServiceB2C, Category: audit.CategoryResources, Failure: failure,
		Routes: []msgraph.Route{
			msgraph.Get(list, read, h.list),
			msgraph.Add(list, write, "Create identity provider", h.create),
			msgraph.Get(list+"/availableProviderTypes", read, types),
			msgraph.Get(list+"/availableProviderTypes()", read, types),
			msgraph.Get(one, read, h.get),
			msgraph.Change(http.MethodPatch, one, write, "Update identity provider", h.patch),
			msgraph.Delete(one, write, "Delete identity provider", h.delete),
		},
	}}
}

func failure(err error) *msgraph.Error {
	var fault *keyset.Fault
	switch {
	case errors.As(err, &fault):
		return msgraph.NewError(http.StatusBadRequest, fault.Code, fault.Text)
	case errors.Is(err, userflow.ErrInvalid):
		return msgraph.B2CBadRequest(msgraph.Refused(err, userflow.ErrInvalid))
	case errors.Is(err, userflow.ErrExists), errors.Is(err, userflow.ErrConflict), errors.Is(err, keyset.ErrConflict):
		return msgraph.B2CError(http.StatusConflict, msgraph.Refused(err, userflow.ErrExists, userflow.ErrConflict, keyset.ErrConflict))
	case errors.Is(err, userflow.ErrNotFound):
		return msgraph.B2CError(http.StatusNotFound, msgraph.Refused(err, userflow.ErrNotFound))
	}
	return nil
}

func (h *Handler) list(q *msgraph.Request) error {
	var all []any
	for _, p := range h.Flows.Tenant().AllProviders() {
		all = append(all, Show(p))
	}
	value, err := msgraph.Matching(q, all)
	if err != nil {
		return err
	}
	return msgraph.WriteList(q, "identity/identityProviders", value)
}

func types(q *msgraph.Request) error {
	return msgraph.WriteList(q, "Collection(Edm.String)", userflow.ProviderTypes())
}

// find finds the provider of the request.
func (h *Handler) find(q *msgraph.Request) (userflow.Provider, error) {
	p, ok := h.Flows.Tenant().Provider(q.Arg(0))
	if !ok {
		return p, msgraph.B2CNotFound("identity provider", q.Arg(0))
	}
	return p, nil
}

func (h *Handler) get(q *msgraph.Request) error {
	p, err := h.find(q)
	if err != nil {
		return err
	}
	return q.Write(http.StatusOK, "identity/identityProviders/$entity", Show(p))
}

func (h *Handler) create(q *msgraph.Request) error {
	var in sent
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
		return msgraph.B2CBadRequest("The provider's secret is required.")
	}
	q.Target(p.ID, p.DisplayName, "IdentityProvider")
	if _, taken := h.Flows.Tenant().Provider(p.ID); taken {
		return refusal.Because(userflow.ErrExists, "identity provider %s: exists already", p.ID)
	}
	if err := h.keepSecret(q.Context(), &p, secret); err != nil {
		return err
	}
	err = h.Flows.Change(q.Context(), func(t *userflow.Tenant) error {
		if _, taken := t.Provider(p.ID); taken {
			return refusal.Because(userflow.ErrExists, "identity provider %s: exists already", p.ID)
		}
		t.Providers = append(t.Providers, p)
		return nil
	})
	if err != nil {
		return err
	}
	return q.WriteCreated("identity/identityProviders/"+p.ID, "identity/identityProviders/$entity", Show(p))
}

func checkProvider(p *userflow.Provider) error {
	if p.Type == userflow.TypeApple && (p.DeveloperID == "" || p.KeyID == "") {
		return msgraph.B2CBadRequest("developerId, serviceId and keyId are required.")
	}
	return p.Check()
}

// keepSecret stores a provider's secret as the key set that its technical profile
// names. It comes before the provider: a provider without secret must not be there.
func (h *Handler) keepSecret(ctx context.Context, p *userflow.Provider, secret []byte) error {
	key := keyset.NewSecret("sig", secret)
	name := p.SecretKey()
	if p.Type == userflow.TypeApple {
		var err error
		if key, err = h.AppleSecret(ctx, p, secret); err != nil {
			return err
		}
	}
	if h.Secrets.Exists(name) {
		_, err := h.Secrets.Replace(ctx, name, []keyset.Key{key})
		return err
	}
	_, err := h.Secrets.Create(ctx, name, key)
	return err
}

func (h *Handler) patch(q *msgraph.Request) error {
	p, err := h.find(q)
	if err != nil {
		return err
	}
	if p.BuiltIn() {
		return msgraph.B2CBadRequest("A built-in identity provider can't be changed.")
	}
	var in sent
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
		if err := h.keepSecret(q.Context(), &changed, secret); err != nil {
			return err
		}
	}
	err = h.Flows.Change(q.Context(), func(t *userflow.Tenant) error {
		i := slices.IndexFunc(t.Providers, func(have userflow.Provider) bool { return strings.EqualFold(have.ID, p.ID) })
		if i < 0 {
			return msgraph.B2CNotFound("identity provider", p.ID)
		}
		in.apply(&t.Providers[i])
		return nil
	})
	if err != nil {
		return err
	}
	return q.WriteNothing()
}

func (h *Handler) delete(q *msgraph.Request) error {
	p, err := h.find(q)
	if err != nil {
		return err
	}
	if p.BuiltIn() {
		return msgraph.B2CBadRequest("A built-in identity provider can't be deleted.")
	}
	q.Target(p.ID, p.DisplayName, "IdentityProvider")
	err = h.Flows.Change(q.Context(), func(t *userflow.Tenant) error {
		for i := range t.Flows {
			if slices.ContainsFunc(t.Flows[i].Providers, func(id string) bool { return strings.EqualFold(id, p.ID) }) {
				return msgraph.B2CBadRequest("The user flow " + t.Flows[i].ID + " uses this identity provider. Remove it there first.")
			}
		}
		t.Providers = slices.DeleteFunc(t.Providers, func(have userflow.Provider) bool { return strings.EqualFold(have.ID, p.ID) })
		return nil
	})
	if err != nil {
		return err
	}
	for _, id := range []string{p.SecretKey(), p.PrivateKey()} {
		if err := h.Remove.Delete(q.Context(), id); err != nil && !errors.Is(err, keyset.ErrNotFound) {
			return err
		}
	}
	return q.WriteNothing()
}

var _ msgraph.Source = (*Handler)(nil)
