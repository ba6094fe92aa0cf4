package users

import (
	"errors"

	"journeyman.dev/internal/msgraph"
	"journeyman.dev/internal/session"
)

// shownSession is a single sign-on session as the API shows it.
type shownSession struct {
	ID        string       `json:"id"`
	Started   msgraph.Time `json:"startedDateTime"`
	LastSeen  msgraph.Time `json:"lastSeenDateTime"`
	PolicyID  string       `json:"policyId"`
	AppID     *string      `json:"appId"`
	IPAddress *string      `json:"ipAddress"`
	UserAgent *string      `json:"userAgent"`
}

// listSessions lists a user's single sign-on sessions. Graph has no such resource: it is
// ours, for a help desk that ends the session of one lost device.
func (h *Handler) listSessions(q *msgraph.Request) error {
	u, err := h.find(q)
	if err != nil {
		return err
	}
	list, err := h.Sessions.UserSessions(q.Context(), u.ID, h.Now())
	if err != nil {
		return err
	}
	var value []shownSession
	for _, r := range list {
		value = append(value, shownSession{
			ID: r.ID, Started: msgraph.Time(r.Started), LastSeen: msgraph.Time(r.Used), PolicyID: r.PolicyID,
			AppID: msgraph.OrNull(r.ClientID), IPAddress: msgraph.OrNull(r.RemoteIP), UserAgent: msgraph.OrNull(r.UserAgent),
		})
	}
	return msgraph.WriteList(q, "users('"+u.ID+"')/sessions", value)
}

// endSession ends one session. Refresh tokens that applications got in it stay good, as
// they do when the user signs out; revokeSignInSessions ends everything.
func (h *Handler) endSession(q *msgraph.Request) error {
	u, err := h.find(q)
	if err != nil {
		return err
	}
	switch err := h.Sessions.EndUserSession(q.Context(), u.ID, q.Arg(1)); {
	case errors.Is(err, session.ErrNotFound):
		return msgraph.NotFound(q.Arg(1))
	case err != nil:
		return err
	}
	return q.WriteNothing()
}
