package msgraph

import (
	"errors"
	"net/http"
	"strings"

	"journeyman.dev/internal/directory"
)

// listDeleted lists deleted users, which can be restored for 30 days.
func (q *Request) listDeleted() error {
	f, err := q.Filter()
	if err != nil {
		return err
	}
	limit, err := q.Top(100, 999)
	if err != nil {
		return err
	}
	value, next, err := q.scan(f, limit, true)
	if err != nil {
		return err
	}
	return WritePage(q, "directoryObjects", value, next)
}

func (q *Request) getDeleted() error {
	u, err := q.s.Users.Store.GetDeletedUser(q.Context(), strings.ToLower(q.Arg(0)))
	if err != nil {
		return q.missing(err)
	}
	return q.Write(http.StatusOK, "directoryObjects/$entity", q.deletedUser(u))
}

// deletedUser names the type, as the collection may hold other kinds.
func (q *Request) deletedUser(u *directory.User) map[string]any {
	object := q.shown(u)
	object["@odata.type"] = "#microsoft.graph.user"
	if !u.Deleted.IsZero() {
		object["deletedDateTime"] = q.s.userJSON(u)["deletedDateTime"]
	}
	return object
}

// restoreDeleted brings a user back, unless somebody else has one of its names by now.
// What the user was given before the deletion stays void.
func (q *Request) restoreDeleted() error {
	u, err := q.s.Users.Store.RestoreUser(q.Context(), strings.ToLower(q.Arg(0)))
	if err != nil {
		return conflict(q.missing(err))
	}
	return q.Write(http.StatusOK, "directoryObjects/$entity", q.deletedUser(u))
}

func (q *Request) purgeDeleted() error {
	if err := q.s.Users.Store.PurgeUser(q.Context(), strings.ToLower(q.Arg(0))); err != nil {
		return q.missing(err)
	}
	return q.WriteNothing()
}

// missing names the resource that isn't there.
func (q *Request) missing(err error) error {
	if errors.Is(err, directory.ErrNotFound) {
		return NotFound(q.Arg(0))
	}
	return err
}
