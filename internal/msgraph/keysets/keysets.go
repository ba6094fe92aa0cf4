// Package keysets serves the admin API's /trustFramework/keySets: the policy keys of the
// tenant. Secrets and private parts are never shown.
//
// Reference: admin-surface §3.
package keysets

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"journeyman.dev/internal/audit"
	"journeyman.dev/internal/keyset"
	"journeyman.dev/internal/msgraph"
)

const (
	read  = "TrustFrameworkKeySet.Read.All TrustFrameworkKeySet.ReadWrite.All"
	write = "TrustFrameworkKeySet.ReadWrite.All"
)

// Finder finds key sets, with or without the prefix of policy keys.
type Finder interface {
	List() []*keyset.Set
	// Get returns keyset.ErrNotFound if there is none.
	Get(id string) (*keyset.Set, error)
}

// Sets changes key sets. The errors are those of keyset.Service: a *keyset.Fault is for
// the caller.
type Sets interface {
	Create(ctx context.Context, id string, keys ...keyset.Key) (*keyset.Set, error)
	Replace(ctx context.Context, id string, keys []keyset.Key) (*keyset.Set, error)
	Delete(ctx context.Context, id string) error
}

// Backups restores the copy of a deleted set.
type Backups interface {
	Restore(ctx context.Context, id string) (*keyset.Set, error)
}

// Keys changes the keys of a set; the errors are those of Sets.
type Keys interface {
	Add(ctx context.Context, id string, k keyset.Key) (keyset.Key, error)
	SetDisabled(ctx context.Context, id, kid string, disabled bool) error
	RemoveKey(ctx context.Context, id, kid string) error
}

// Policies are those that name keys.
type Policies interface {
	// RemoveKey runs remove unless policies or user flows name one of the keys: then it
	// returns their ids.
	RemoveKey(ctx context.Context, keys []string, remove func() error) (users []string, err error)
}

// Handler serves key sets. All fields must be set.
type Handler struct {
	Find     Finder
	Sets     Sets
	Backups  Backups
	Keys     Keys
	Policies Policies
	Now      func() time.Time
}

// Resources implements msgraph.Source.
func (h *Handler) Resources() []msgraph.Resource {
	const sets, set, key = "trustFramework/keySets", "trustFramework/keySets/{}", "trustFramework/keySets/{}/keys_v2/{}"
	return []msgraph.Resource{{
		Kind: "policy key", Service: audit.ServiceB2C, Category: audit.CategoryKeys, Beta: true, Failure: failure,
		Routes: []msgraph.Route{
			msgraph.Get(sets, read, h.list),
			msgraph.Add(sets, write, "Create policy key", h.create),
			msgraph.Get(set, read, h.get),
			msgraph.Change(http.MethodPut, set, write, "Update policy key", h.replace),
			msgraph.Delete(set, write, "Delete policy key", h.delete),
			msgraph.Change(http.MethodPost, set+"/restore", write, "Restore policy key", h.restore),
			msgraph.Get(set+"/keys_v2", read, h.listKeys),
			msgraph.Get(key, read, h.getKey),
			msgraph.Change(http.MethodPatch, key, write, "Update policy key", h.patchKey),
			msgraph.Change(http.MethodDelete, key, write, "Update policy key", h.deleteKey),
			msgraph.Get(set+"/getActiveKey", read, h.activeKey),
			msgraph.Change(http.MethodPost, set+"/generateKey", write, "Generate key", h.generateKey),
			msgraph.Change(http.MethodPost, set+"/uploadSecret", write, "Upload secret into policy key", h.uploadSecret),
			msgraph.Change(http.MethodPost, set+"/uploadCertificate", write, "Upload certificate to policy key", h.uploadCertificate),
			msgraph.Change(http.MethodPost, set+"/uploadPkcs12", write, "Upload certificate to policy key", h.uploadPKCS12),
		},
	}}
}

func failure(err error) *msgraph.Error {
	var fault *keyset.Fault
	switch {
	case errors.As(err, &fault):
		return msgraph.NewError(http.StatusBadRequest, fault.Code, fault.Text)
	case errors.Is(err, keyset.ErrConflict):
		return msgraph.B2CError(http.StatusConflict, msgraph.Sentence(keyset.ErrConflict.Error()))
	}
	return nil
}

// shownSet is a key set as the API shows it.
type shownSet struct {
	ID   string       `json:"id"`
	Keys []keyset.JWK `json:"keys"`
}

func show(set *keyset.Set) shownSet {
	keys := []keyset.JWK{}
	for i := range set.Keys {
		keys = append(keys, set.Keys[i].JWK())
	}
	return shownSet{ID: set.ID, Keys: keys}
}

func (h *Handler) list(q *msgraph.Request) error {
	var value []shownSet
	for _, set := range h.Find.List() {
		value = append(value, show(set))
	}
	return msgraph.WriteList(q, "trustFramework/keySets", value)
}

// set finds the key set of the request. A missing one is a 400, which one tool
// distinguishes from other errors (admin-surface §3).
func (h *Handler) set(q *msgraph.Request) (*keyset.Set, error) {
	set, err := h.Find.Get(q.Arg(0))
	if errors.Is(err, keyset.ErrNotFound) {
		return nil, msgraph.NewError(http.StatusBadRequest, "AADB2C95024", "The key set '"+keyset.Name(q.Arg(0))+"' does not exist.")
	}
	return set, err
}

func (h *Handler) get(q *msgraph.Request) error {
	set, err := h.set(q)
	if err != nil {
		return err
	}
	return q.Write(http.StatusOK, "trustFramework/keySets/$entity", show(set))
}

// sent is a key set as callers send it.
type sent struct {
	ID   string            `json:"id"`
	Keys []json.RawMessage `json:"keys"`
}

func (h *Handler) create(q *msgraph.Request) error {
	var in sent
	if err := q.Read(&in); err != nil {
		return err
	}
	keys, err := readJWKs(in.Keys)
	if err != nil {
		return err
	}
	set, err := h.Sets.Create(q.Context(), in.ID, keys...)
	if err != nil {
		return err
	}
	return q.WriteCreated("trustFramework/keySets('"+set.ID+"')", "trustFramework/keySets/$entity", show(set))
}

func (h *Handler) replace(q *msgraph.Request) error {
	if _, err := h.set(q); err != nil {
		return err
	}
	var in sent
	if err := q.Read(&in); err != nil {
		return err
	}
	keys, err := readJWKs(in.Keys)
	if err != nil {
		return err
	}
	var set *keyset.Set
	replace := func() error {
		set, err = h.Sets.Replace(q.Context(), q.Arg(0), keys)
		return err
	}
	if len(keys) == 0 {
		err = h.unused(q, replace, q.Arg(0))
	} else {
		err = replace()
	}
	if err != nil {
		return err
	}
	return q.Write(http.StatusOK, "trustFramework/keySets/$entity", show(set))
}

func (h *Handler) delete(q *msgraph.Request) error {
	set, err := h.set(q)
	if err != nil {
		return err
	}
	names := []string{set.ID}
	if backup := keyset.BackupName(set.ID); backup != "" {
		names = append(names, backup) // the copy takes the place of an older one
	}
	if err := h.unused(q, func() error { return h.Sets.Delete(q.Context(), set.ID) }, names...); err != nil {
		return err
	}
	return q.WriteNothing()
}

// unused takes keys away that no policy needs: B2C lets it be done, and sign-ins break
// (admin-surface §3.11).
func (h *Handler) unused(q *msgraph.Request, remove func() error, names ...string) error {
	users, err := h.Policies.RemoveKey(q.Context(), names, remove)
	if err == nil && len(users) > 0 {
		return msgraph.B2CBadRequest("The key set '" + keyset.Name(q.Arg(0)) + "' is used by " + strings.Join(users, ", ") +
			". Remove it from these policies and user flows first.")
	}
	return err
}

// restore puts the copy of a deleted set back. Graph has no such action.
func (h *Handler) restore(q *msgraph.Request) error {
	if _, err := h.set(q); err != nil {
		return err
	}
	set, err := h.Backups.Restore(q.Context(), q.Arg(0))
	if err != nil {
		return err
	}
	return q.Write(http.StatusOK, "trustFramework/keySets/$entity", show(set))
}

var _ msgraph.Source = (*Handler)(nil)
