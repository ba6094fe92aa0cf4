package keysets

import (
	"errors"
	"net/http"
	"strings"

	"journeyman.dev/internal/keyset"
	"journeyman.dev/internal/msgraph"
)

// shownKey is a trustFrameworkKey_v2: a key with its status.
type shownKey struct {
	keyset.JWK
	Status string `json:"status"` // enabled, disabled
}

func showKey(k *keyset.Key) shownKey {
	status := "enabled"
	if k.Disabled {
		status = "disabled"
	}
	return shownKey{k.JWK(), status}
}

func (h *Handler) listKeys(q *msgraph.Request) error {
	set, err := h.set(q)
	if err != nil {
		return err
	}
	var value []shownKey
	for i := range set.Keys {
		value = append(value, showKey(&set.Keys[i]))
	}
	return msgraph.WriteList(q, "trustFramework/keySets('"+set.ID+"')/keys_v2", value)
}

// key finds the key of the request.
func (h *Handler) key(q *msgraph.Request) (*keyset.Set, *keyset.Key, error) {
	set, err := h.set(q)
	if err != nil {
		return nil, nil, err
	}
	k, err := set.Key(q.Arg(1))
	if errors.Is(err, keyset.ErrNoKey) {
		err = msgraph.NotFound(q.Arg(1))
	}
	return set, k, err
}

func (h *Handler) getKey(q *msgraph.Request) error {
	set, k, err := h.key(q)
	if err != nil {
		return err
	}
	return q.Write(http.StatusOK, "trustFramework/keySets('"+set.ID+"')/keys_v2/$entity", showKey(k))
}

// patchKey changes the status, the only member that can be changed.
func (h *Handler) patchKey(q *msgraph.Request) error {
	set, k, err := h.key(q)
	if err != nil {
		return err
	}
	var in struct {
		Status *string `json:"status"`
	}
	if err := q.Read(&in); err != nil {
		return err
	}
	disabled := k.Disabled
	if in.Status != nil {
		switch strings.ToLower(*in.Status) {
		case "enabled":
			disabled = false
		case "disabled":
			disabled = true
		default:
			return msgraph.BadRequest("status must be enabled or disabled.")
		}
	}
	if disabled != k.Disabled {
		if err := h.Keys.SetDisabled(q.Context(), set.ID, k.KID, disabled); err != nil {
			return err
		}
	}
	return q.WriteNothing()
}

func (h *Handler) deleteKey(q *msgraph.Request) error {
	set, k, err := h.key(q)
	if err != nil {
		return err
	}
	remove := func() error { return h.Keys.RemoveKey(q.Context(), set.ID, k.KID) }
	if len(set.Keys) == 1 {
		err = h.unused(q, remove, set.ID)
	} else {
		err = remove()
	}
	if err != nil {
		return err
	}
	return q.WriteNothing()
}

func (h *Handler) activeKey(q *msgraph.Request) error {
	set, err := h.set(q)
	if err != nil {
		return err
	}
	k, ok := set.Active(h.Now())
	if !ok {
		return msgraph.NewError(http.StatusBadRequest, "AADB2C95024", "The key set has no active key.")
	}
	return q.Write(http.StatusOK, "microsoft.graph.trustFrameworkKey", k.JWK())
}
