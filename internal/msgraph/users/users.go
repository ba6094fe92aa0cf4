// Package users serves the admin API's /users with their sessions, and the deleted users
// of /directory/deletedItems.
//
// Reference: admin-surface §4.
package users

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"journeyman.dev/internal/refusal"

	"journeyman.dev/internal/audit"
	"journeyman.dev/internal/canonical"
	"journeyman.dev/internal/directory"
	"journeyman.dev/internal/limit"
	"journeyman.dev/internal/msgraph"
	"journeyman.dev/internal/session"
)

const (
	read    = "User.Read.All User.ReadWrite.All Directory.Read.All Directory.ReadWrite.All"
	write   = "User.ReadWrite.All Directory.ReadWrite.All"
	restore = "User.DeleteRestore.All User.ReadWrite.All Directory.ReadWrite.All"
)

// Finder finds users; see directory.Store for the errors.
type Finder interface {
	GetUser(ctx context.Context, id string) (*directory.User, error)
	FindUser(ctx context.Context, k directory.Key) (*directory.User, error)
	// ListUsers returns up to limit users with an id after the given one, by id.
	ListUsers(ctx context.Context, after string, limit int, deleted bool) ([]*directory.User, error)
}

// Accounts changes users; see directory.Directory for the errors.
type Accounts interface {
	Create(ctx context.Context, u *directory.User, password string) error
	Update(ctx context.Context, id, password, policies string, change func(*directory.User) error) (*directory.User, error)
	Delete(ctx context.Context, id string) error
}

// Revoker ends the sessions, codes and tokens of a user.
type Revoker interface {
	Revoke(ctx context.Context, id string) error
}

// KnownPasswords refuses passwords that are common or were stolen, by
// directory.ErrKnownPassword.
type KnownPasswords interface {
	RefuseKnown(ctx context.Context, password string) error
}

// DeletedUsers finds and changes deleted users; directory.ErrNotFound for one that isn't
// deleted.
type DeletedUsers interface {
	GetDeletedUser(ctx context.Context, id string) (*directory.User, error)
	// RestoreUser returns directory.ErrExists if another user has one of its names now.
	RestoreUser(ctx context.Context, id string) (*directory.User, error)
	PurgeUser(ctx context.Context, id string) error
}

// Sessions are the single sign-on sessions of users.
type Sessions interface {
	UserSessions(ctx context.Context, account string, now time.Time) ([]session.Record, error)
	// EndUserSession returns session.ErrNotFound if the account has no such session.
	EndUserSession(ctx context.Context, account, id string) error
}

// Handler serves users. All fields must be set, except Known.
type Handler struct {
	TenantName string
	Find       Finder
	Accounts   Accounts
	Revoke     Revoker
	// Known checks the passwords that administrators set; nil: they may set any.
	Known    KnownPasswords
	Deleted  DeletedUsers
	Sessions Sessions
	Now      func() time.Time
}

// Resources implements msgraph.Source.
func (h *Handler) Resources() []msgraph.Resource {
	return []msgraph.Resource{
		{
			Kind: "user", Service: audit.ServiceDirectory, Category: audit.CategoryUsers, Failure: failure,
			Routes: []msgraph.Route{
				msgraph.Get("users", read, h.list),
				msgraph.Add("users", write, "Add user", h.create),
				msgraph.Get("users/{}", read, h.get),
				msgraph.Change(http.MethodPatch, "users/{}", write, "Update user", h.patch),
				msgraph.Delete("users/{}", write, "Delete user", h.delete),
				msgraph.Change(http.MethodPost, "users/{}/revokeSignInSessions", write, "Revoke user sessions", h.revokeSessions),

				msgraph.Get("directory/deletedItems/microsoft.graph.user", read, h.listDeleted),
				msgraph.Get("directory/deletedItems/{}", read, h.getDeleted),
				msgraph.Change(http.MethodPost, "directory/deletedItems/{}/restore", restore, "Restore user", h.restoreDeleted),
				msgraph.Delete("directory/deletedItems/{}", restore, "Hard Delete user", h.purgeDeleted),
			},
		},
		{
			Kind: "user session", Service: audit.ServiceDirectory, Category: audit.CategoryUsers, Failure: failure,
			Routes: []msgraph.Route{
				msgraph.Get("users/{}/sessions", read, h.listSessions),
				msgraph.Delete("users/{}/sessions/{}", write, "Delete user session", h.endSession),
			},
		},
	}
}

func failure(err error) *msgraph.Error {
	switch {
	case errors.Is(err, directory.ErrNotFound): // deleted by another meanwhile
		return msgraph.NewError(http.StatusNotFound, "Request_ResourceNotFound", "The user does not exist.")
	case errors.Is(err, directory.ErrAmbiguous):
		return msgraph.NewError(http.StatusConflict, "Request_BadRequest", "Two users have this name. Address them by id, and rename or delete one of them.")
	case errors.Is(err, directory.ErrExists):
		return msgraph.BadRequest("Another object with the same value for property proxyAddresses already exists.")
	case errors.Is(err, directory.ErrBusy):
		busy := msgraph.NewError(http.StatusTooManyRequests, "TooManyRequests", "There are many requests at this moment. Please wait for some time and try again.")
		busy.RetryAfter = limit.RetryAfter
		return busy
	case errors.Is(err, directory.ErrInvalid):
		return msgraph.BadRequest(directory.ErrInvalid.Error() + ": " + refusal.Text(err))
	case errors.Is(err, directory.ErrWeakPassword):
		return msgraph.BadRequest(directory.ErrWeakPassword.Error())
	}
	return nil
}

// find finds the user of the request by id or user principal name.
func (h *Handler) find(q *msgraph.Request) (*directory.User, error) {
	id := strings.ToLower(q.Arg(0))
	u, err := h.Find.GetUser(q.Context(), id)
	if errors.Is(err, directory.ErrNotFound) {
		u, err = h.Find.FindUser(q.Context(), directory.NameKey(id))
		if err == nil && !canonical.Same(u.UPN, id) {
			err = directory.ErrNotFound // an address isn't the name of the resource
		}
	}
	if errors.Is(err, directory.ErrNotFound) {
		return nil, msgraph.NotFound(q.Arg(0))
	}
	return u, err
}

func (h *Handler) get(q *msgraph.Request) error {
	u, err := h.find(q)
	if err != nil {
		return err
	}
	shown, err := h.selected(q, u)
	if err != nil {
		return err
	}
	return q.Write(http.StatusOK, "users/$entity", shown)
}

func (h *Handler) create(q *msgraph.Request) error {
	in, err := h.read(q)
	if err != nil {
		return err
	}
	u := new(directory.User)
	for _, change := range in.changes {
		change(u)
	}
	local := slices.ContainsFunc(u.Identities, func(i directory.Identity) bool { return i.Type != directory.Federated })
	switch {
	case u.Attribute("displayName").Empty():
		return msgraph.BadRequest("A value is required for property 'displayName' of resource 'User'.")
	case len(u.Identities) == 0 && u.UPN == "":
		return msgraph.BadRequest("A value is required for property 'identities' of resource 'User'.")
	case local && in.password == "":
		return msgraph.BadRequest("A password must be specified to create a new user.")
	}
	if err := h.refuseKnown(q.Context(), in.password); err != nil {
		return err
	}
	if err := h.Accounts.Create(q.Context(), u, in.password); err != nil {
		return err
	}
	object, err := msgraph.ObjectOf(h.show(u))
	if err != nil {
		return err
	}
	return q.WriteCreated("users/"+u.ID, "users/$entity", object.Select(shownByDefault+",identities"))
}

// refuseKnown holds an administrator to the operator's setting, in Graph's words.
func (h *Handler) refuseKnown(ctx context.Context, password string) error {
	if h.Known == nil {
		return nil
	}
	err := h.Known.RefuseKnown(ctx, password)
	if errors.Is(err, directory.ErrKnownPassword) {
		return msgraph.BadRequest("The specified password does not comply with password complexity requirements. Please provide a different password: this one is common, or was stolen from a website.")
	}
	return err
}

func (h *Handler) patch(q *msgraph.Request) error {
	u, err := h.find(q)
	if err != nil {
		return err
	}
	in, err := h.read(q)
	if err != nil {
		return err
	}
	if err := h.refuseKnown(q.Context(), in.password); err != nil {
		return err
	}
	_, err = h.Accounts.Update(q.Context(), u.ID, in.password, in.policies, func(u *directory.User) error {
		for _, change := range in.changes {
			change(u)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return q.WriteNothing()
}

func (h *Handler) delete(q *msgraph.Request) error {
	u, err := h.find(q)
	if err != nil {
		return err
	}
	if err := h.Accounts.Delete(q.Context(), u.ID); err != nil {
		return err
	}
	return q.WriteNothing()
}

// revoked is the answer of revokeSignInSessions.
type revoked struct {
	Value bool `json:"value"`
}

// revokeSessions ends the sessions, codes and refresh tokens that the user's sign-ins gave.
func (h *Handler) revokeSessions(q *msgraph.Request) error {
	u, err := h.find(q)
	if err != nil {
		return err
	}
	if err := h.Revoke.Revoke(q.Context(), u.ID); err != nil {
		return err
	}
	return q.Write(http.StatusOK, "Edm.Boolean", revoked{true})
}

var _ msgraph.Source = (*Handler)(nil)
