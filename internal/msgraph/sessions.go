package msgraph

import (
	"errors"
	"time"

	"journeyman.dev/internal/session"
)

// listSessions lists a user's single sign-on sessions. Graph has no such resource: it is
// ours, for a help desk that ends the session of one lost device.
func (q *Request) listSessions() error {
	u, err := q.user()
	if err != nil {
		return err
	}
	list, err := q.s.Sessions.UserSessions(q.Context(), u.ID, q.s.Now())
	if err != nil {
		return err
	}
	value := []map[string]any{}
	for _, r := range list {
		value = append(value, map[string]any{
			"id": r.ID, "startedDateTime": r.Started.UTC().Format(time.RFC3339), "lastSeenDateTime": r.Used.UTC().Format(time.RFC3339),
			"policyId": r.PolicyID, "appId": OrNull(r.ClientID), "ipAddress": OrNull(r.RemoteIP), "userAgent": OrNull(r.UserAgent),
		})
	}
	return WritePage(q, "users('"+u.ID+"')/sessions", value, "")
}

// endSession ends one session. Refresh tokens that applications got in it stay good, as
// they do when the user signs out; revokeSignInSessions ends everything.
func (q *Request) endSession() error {
	u, err := q.user()
	if err != nil {
		return err
	}
	switch err := q.s.Sessions.EndUserSession(q.Context(), u.ID, q.Arg(1)); {
	case errors.Is(err, session.ErrNotFound):
		return NotFound(q.Arg(1))
	case err != nil:
		return err
	}
	return q.WriteNothing()
}
