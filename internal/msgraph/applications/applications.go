// Package applications serves the admin API's /applications: registrations, their
// secrets and certificates.
//
// Reference: admin-surface §5.
package applications

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"journeyman.dev/internal/refusal"

	"github.com/google/uuid"

	"journeyman.dev/internal/application"
	"journeyman.dev/internal/audit"
	"journeyman.dev/internal/msgraph"
)

const (
	read  = "Application.Read.All Application.ReadWrite.All Directory.ReadWrite.All"
	write = "Application.ReadWrite.All Directory.ReadWrite.All"
	// credentials is the activity of all changes of secrets and certificates.
	credentials = "Update application – Certificates and secrets management"
)

// Finder finds registrations; application.ErrNotFound if there is none.
type Finder interface {
	Get(ctx context.Context, id string) (application.Application, error)
	GetByAppID(ctx context.Context, appID string) (application.Application, error)
	// List returns all, by id.
	List(ctx context.Context) ([]application.Application, error)
}

// Changer changes registrations; application.ErrNotFound if there is none.
type Changer interface {
	Create(ctx context.Context, a application.Application) error
	// Update changes one in a transaction; change may run again.
	Update(ctx context.Context, id string, change func(*application.Application) error) (application.Application, error)
	Delete(ctx context.Context, id string) error
}

// Handler serves registrations. All fields must be set.
type Handler struct {
	Find   Finder
	Change Changer
	// ExtensionsApp is the application that holds the users' extension attributes: its app
	// id without dashes. It can't be deleted.
	ExtensionsApp string
	Now           func() time.Time
}

// Resources implements msgraph.Source.
func (h *Handler) Resources() []msgraph.Resource {
	return []msgraph.Resource{{
		Kind: "application", Service: audit.ServiceDirectory, Category: audit.CategoryApplications, Failure: failure,
		Routes: []msgraph.Route{
			msgraph.Get("applications", read, h.list),
			msgraph.Add("applications", write, "Add application", h.create),
			msgraph.Get("applications/{}", read, h.get),
			msgraph.Change(http.MethodPatch, "applications/{}", write, "Update application", h.patch),
			msgraph.Delete("applications/{}", write, "Delete application", h.delete),
			msgraph.Change(http.MethodPost, "applications/{}/addPassword", write, credentials, h.addPassword),
			msgraph.Change(http.MethodPost, "applications/{}/removePassword", write, credentials, h.removePassword),
			msgraph.Change(http.MethodPost, "applications/{}/addKey", write, credentials, h.addKey),
			msgraph.Change(http.MethodPost, "applications/{}/removeKey", write, credentials, h.removeKey),
		},
	}}
}

func failure(err error) *msgraph.Error {
	if errors.Is(err, application.ErrInvalid) {
		return msgraph.BadRequest(application.ErrInvalid.Error() + ": " + refusal.Text(err))
	}
	return nil
}

func (h *Handler) list(q *msgraph.Request) error {
	f, err := q.Filter()
	if err != nil {
		return err
	}
	limit, err := q.Top(100, 999)
	if err != nil {
		return err
	}
	list, err := h.Find.List(q.Context())
	if err != nil {
		return err
	}
	var value []registration
	after, next := q.Option("$skiptoken"), ""
	for _, a := range list {
		if a.ID <= after {
			continue
		}
		shown := show(a, false)
		good, err := f.Matches(shown)
		if err != nil {
			return err
		}
		if !good {
			continue
		}
		if len(value) == limit {
			next = value[limit-1].ID
			break
		}
		value = append(value, shown)
	}
	selected, err := msgraph.SelectEach(q, value)
	if err != nil {
		return err
	}
	return msgraph.WritePage(q, "applications", selected, next)
}

// find finds the registration of the request by id or (appId='…').
func (h *Handler) find(q *msgraph.Request) (application.Application, error) {
	var a application.Application
	var err error
	if appID, ok := strings.CutPrefix(q.Arg(0), "appId="); ok {
		a, err = h.Find.GetByAppID(q.Context(), appID)
	} else {
		a, err = h.Find.Get(q.Context(), strings.ToLower(q.Arg(0)))
	}
	if errors.Is(err, application.ErrNotFound) {
		return a, msgraph.NotFound(q.Arg(0))
	}
	return a, err
}

func (h *Handler) get(q *msgraph.Request) error {
	a, err := h.find(q)
	if err != nil {
		return err
	}
	// Graph shows the certificates themselves only to those who name them.
	shown, err := q.Select(show(a, msgraph.Selects(q.Option("$select"), "keyCredentials")))
	if err != nil {
		return err
	}
	return q.Write(http.StatusOK, "applications/$entity", shown)
}

func (h *Handler) create(q *msgraph.Request) error {
	var members map[string]json.RawMessage
	if err := q.Read(&members); err != nil {
		return err
	}
	a := application.Application{
		ID: uuid.NewString(), AppID: uuid.NewString(), Created: h.Now().UTC().Truncate(time.Second), SignInAudience: "AzureADandPersonalMicrosoftAccount",
		PKCE: new(application.PKCE),
	}
	if err := change(q.Caller, &a, members); err != nil {
		return err
	}
	if err := h.ownIdentifiers(q.Context(), members, a.ID); err != nil {
		return err
	}
	if err := h.Change.Create(q.Context(), a); err != nil {
		return err
	}
	return q.WriteCreated("applications/"+a.ID, "applications/$entity", show(a, false))
}

func (h *Handler) patch(q *msgraph.Request) error {
	a, err := h.find(q)
	if err != nil {
		return err
	}
	var members map[string]json.RawMessage
	if err := q.Read(&members); err != nil {
		return err
	}
	if err := h.ownIdentifiers(q.Context(), members, a.ID); err != nil {
		return err
	}
	if _, err := h.Change.Update(q.Context(), a.ID, func(a *application.Application) error {
		if err := mayChange(q.Caller, a); err != nil {
			return err
		}
		return change(q.Caller, a, members)
	}); err != nil {
		return err
	}
	return q.WriteNothing()
}

func (h *Handler) delete(q *msgraph.Request) error {
	a, err := h.find(q)
	if err != nil {
		return err
	}
	if strings.EqualFold(strings.ReplaceAll(a.AppID, "-", ""), h.ExtensionsApp) {
		return msgraph.BadRequest("The application that holds the users' extension attributes can't be deleted.")
	}
	if err := mayChange(q.Caller, &a); err != nil {
		return err
	}
	if err := h.Change.Delete(q.Context(), a.ID); err != nil {
		return err
	}
	return q.WriteNothing()
}

// ownIdentifiers refuses identifier URIs that another application is known by: tokens for
// one API would be made for the other.
func (h *Handler) ownIdentifiers(ctx context.Context, members map[string]json.RawMessage, id string) error {
	var asked []string
	for name, value := range members {
		if strings.EqualFold(name, "identifierUris") && json.Unmarshal(value, &asked) != nil {
			return nil // change reports the error
		}
	}
	if len(asked) == 0 {
		return nil
	}
	list, err := h.Find.List(ctx)
	if err != nil {
		return err
	}
	for _, other := range list {
		if other.ID != id && slices.ContainsFunc(asked, other.Identifies) {
			return msgraph.BadRequest("Another object with the same value for property identifierUris already exists.")
		}
	}
	return nil
}

var _ msgraph.Source = (*Handler)(nil)
