package msgraph

import (
	"errors"
	"net/http"
	"strings"

	"journeyman.dev/internal/directory"
)

// listDeleted lists deleted users, which can be restored for 30 days.
func (q *request) listDeleted() error {
	f, err := parseFilter(q.URL.Query().Get("$filter"))
	if err != nil {
		return err
	}
	limit, err := q.top(100, 999)
	if err != nil {
		return err
	}
	value, next, err := q.scan(f, limit, true)
	if err != nil {
		return err
	}
	return q.writePage("directoryObjects", value, next)
}

func (q *request) getDeleted() error {
	u, err := q.s.Users.Store.GetDeletedUser(q.Context(), strings.ToLower(q.args[0]))
	if err != nil {
		return q.missing(err)
	}
	return q.write(http.StatusOK, "directoryObjects/$entity", q.deletedUser(u))
}

// deletedUser names the type, as the collection may hold other kinds.
func (q *request) deletedUser(u *directory.User) map[string]any {
	object := q.shown(u)
	object["@odata.type"] = "#microsoft.graph.user"
	if !u.Deleted.IsZero() {
		object["deletedDateTime"] = q.s.userJSON(u)["deletedDateTime"]
	}
	return object
}

// restoreDeleted brings a user back, unless somebody else has one of its names by now.
// What the user was given before the deletion stays void.
func (q *request) restoreDeleted() error {
	u, err := q.s.Users.Store.RestoreUser(q.Context(), strings.ToLower(q.args[0]))
	if err != nil {
		return conflict(q.missing(err))
	}
	return q.write(http.StatusOK, "directoryObjects/$entity", q.deletedUser(u))
}

func (q *request) purgeDeleted() error {
	if err := q.s.Users.Store.PurgeUser(q.Context(), strings.ToLower(q.args[0])); err != nil {
		return q.missing(err)
	}
	return q.noContent()
}

// missing names the resource that isn't there.
func (q *request) missing(err error) error {
	if errors.Is(err, directory.ErrNotFound) {
		return notFound(q.args[0])
	}
	return err
}
