package users

import (
	"errors"
	"net/http"
	"strings"

	"journeyman.dev/internal/directory"
	"journeyman.dev/internal/msgraph"
)

// listDeleted lists deleted users, which can be restored for 30 days.
func (h *Handler) listDeleted(q *msgraph.Request) error {
	f, err := q.Filter()
	if err != nil {
		return err
	}
	limit, err := q.Top(100, 999)
	if err != nil {
		return err
	}
	value, next, err := h.scan(q, f, limit, true)
	if err != nil {
		return err
	}
	return msgraph.WritePage(q, "directoryObjects", value, next)
}

func (h *Handler) getDeleted(q *msgraph.Request) error {
	u, err := h.Deleted.GetDeletedUser(q.Context(), strings.ToLower(q.Arg(0)))
	if err != nil {
		return missing(q, err)
	}
	return h.writeDeleted(q, u)
}

// writeDeleted answers with a user and names its type, as the collection may hold other
// kinds.
func (h *Handler) writeDeleted(q *msgraph.Request, u *directory.User) error {
	object, err := h.selected(q, u)
	if err != nil {
		return err
	}
	if object, err = object.With("@odata.type", "#microsoft.graph.user"); err != nil {
		return err
	}
	if at := msgraph.TimeOrNull(u.Deleted); at != nil {
		if object, err = object.With("deletedDateTime", at); err != nil {
			return err
		}
	}
	return q.Write(http.StatusOK, "directoryObjects/$entity", object)
}

// restoreDeleted brings a user back, unless somebody else has one of its names by now.
// Codes, tokens and sessions from before the deletion stay void.
func (h *Handler) restoreDeleted(q *msgraph.Request) error {
	u, err := h.Deleted.RestoreUser(q.Context(), strings.ToLower(q.Arg(0)))
	if err != nil {
		return missing(q, err)
	}
	return h.writeDeleted(q, u)
}

func (h *Handler) purgeDeleted(q *msgraph.Request) error {
	if err := h.Deleted.PurgeUser(q.Context(), strings.ToLower(q.Arg(0))); err != nil {
		return missing(q, err)
	}
	return q.WriteNothing()
}

// missing names the resource that isn't there.
func missing(q *msgraph.Request, err error) error {
	if errors.Is(err, directory.ErrNotFound) {
		return msgraph.NotFound(q.Arg(0))
	}
	return err
}
