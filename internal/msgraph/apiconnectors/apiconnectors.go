// Package apiconnectors serves the admin API's /identity/apiConnectors, with their
// settings and dry runs in sub-resources of our own.
//
// Reference: rest-and-connectors §1.
package apiconnectors

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"journeyman.dev/internal/audit"
	"journeyman.dev/internal/connector"
	"journeyman.dev/internal/directory"
	"journeyman.dev/internal/keyset"
	"journeyman.dev/internal/msgraph"
	"journeyman.dev/internal/userflow"
)

const (
	read  = "APIConnectors.Read.All APIConnectors.ReadWrite.All"
	write = "APIConnectors.ReadWrite.All"
)

// Finder finds connectors.
type Finder interface {
	List() []connector.Connector
	// Get returns connector.ErrNotFound if there is none.
	Get(id string) (connector.Connector, error)
}

// Changer changes connectors; connector.ErrInvalid has a text for the caller.
type Changer interface {
	// Create gives the connector its id.
	Create(ctx context.Context, c connector.Connector) (connector.Connector, error)
	Update(ctx context.Context, id string, change func(*connector.Connector) error) (connector.Connector, error)
	Delete(ctx context.Context, id string) error
}

// Certificates reads and keeps client certificates.
type Certificates interface {
	// Certificate reads a PKCS #12 file.
	Certificate(data []byte, password string) (connector.Certificate, error)
	AddCertificate(ctx context.Context, id string, c connector.Certificate) (connector.Connector, error)
}

// Flows are the user flows that call connectors.
type Flows interface {
	Tenant() *userflow.Tenant
}

// ProbeRequest asks for a dry run of a connector.
type ProbeRequest struct {
	// User is an object id or sign-in name; "" calls with an unknown user.
	User string `json:"user"`
	// Step is one of the connector's steps; "": PreTokenIssuance.
	Step     string `json:"step"`
	UserFlow string `json:"userFlow"` // whose application claims count; "": all attributes
	ClientID string `json:"clientId"`
	Locales  string `json:"uiLocales"`
}

// Prober makes dry runs. Its errors wrap connector.ErrNotFound or ErrInvalid,
// userflow.ErrNotFound or directory.ErrAmbiguous, or are internal; a failure of the call
// is a part of the result. The result is an object in JSON.
type Prober interface {
	Probe(ctx context.Context, connectorID string, r ProbeRequest) (any, error)
}

// Handler serves API connectors. All fields must be set.
type Handler struct {
	Find         Finder
	Change       Changer
	Certificates Certificates
	Flows        Flows
	Prober       Prober
	Now          func() time.Time
}

// Resources implements msgraph.Source.
func (h *Handler) Resources() []msgraph.Resource {
	const list, one = "identity/apiConnectors", "identity/apiConnectors/{}"
	return []msgraph.Resource{{
		Kind: "Api connector", Service: audit.ServiceB2C, Category: audit.CategoryResources, Failure: failure,
		Routes: []msgraph.Route{
			msgraph.Get(list, read, h.list),
			msgraph.Add(list, write, "Create Api connector", h.create),
			msgraph.Get(one, read, h.get),
			msgraph.Change(http.MethodPatch, one, write, "Update Api connector", h.patch),
			msgraph.Delete(one, write, "Delete Api connector", h.delete),
			msgraph.Change(http.MethodPost, one+"/uploadClientCertificate", write, "Upload certificate to Api connector", h.uploadCertificate),
			msgraph.Get(one+"/settings", read, h.getSettings),
			msgraph.Change(http.MethodPatch, one+"/settings", write, "Update Api connector", h.patchSettings),
			msgraph.Change(http.MethodPost, one+"/probe", write, "Probe Api connector", h.probe),
		},
	}}
}

func failure(err error) *msgraph.Error {
	var fault *keyset.Fault
	switch {
	case errors.As(err, &fault): // of a certificate
		return msgraph.NewError(http.StatusBadRequest, fault.Code, fault.Text)
	case errors.Is(err, connector.ErrInvalid):
		return msgraph.B2CBadRequest(msgraph.Refused(err, connector.ErrInvalid))
	case errors.Is(err, directory.ErrAmbiguous): // the user of a dry run
		return msgraph.NewError(http.StatusConflict, "Request_BadRequest", "Two users have this name. Address them by id, and rename or delete one of them.")
	case errors.Is(err, connector.ErrConflict):
		return msgraph.B2CError(http.StatusConflict, msgraph.Refused(err, connector.ErrConflict))
	case errors.Is(err, userflow.ErrNotFound), errors.Is(err, connector.ErrNotFound):
		return msgraph.B2CError(http.StatusNotFound, msgraph.Refused(err, userflow.ErrNotFound, connector.ErrNotFound))
	}
	return nil
}

func (h *Handler) list(q *msgraph.Request) error {
	var all []shown
	for _, c := range h.Find.List() {
		all = append(all, show(c, h.Now()))
	}
	found, err := msgraph.Matching(q, all)
	if err != nil {
		return err
	}
	value, err := msgraph.SelectEach(q, found)
	if err != nil {
		return err
	}
	return msgraph.WriteList(q, "identity/apiConnectors", value)
}

// find finds the connector of the request.
func (h *Handler) find(q *msgraph.Request) (connector.Connector, error) {
	c, err := h.Find.Get(q.Arg(0))
	if errors.Is(err, connector.ErrNotFound) {
		return c, msgraph.B2CNotFound("API connector", q.Arg(0))
	}
	return c, err
}

func (h *Handler) get(q *msgraph.Request) error {
	c, err := h.find(q)
	if err != nil {
		return err
	}
	return q.Write(http.StatusOK, "identity/apiConnectors/$entity", show(c, h.Now()))
}

// sent is a connector as callers send it; absent members are nil.
type sent struct {
	DisplayName *string         `json:"displayName"`
	TargetURL   *string         `json:"targetUrl"`
	Auth        json.RawMessage `json:"authenticationConfiguration"`
}

func (h *Handler) create(q *msgraph.Request) error {
	var in sent
	if err := q.Read(&in); err != nil {
		return err
	}
	if in.DisplayName == nil || in.TargetURL == nil || in.Auth == nil {
		return msgraph.B2CBadRequest("displayName, targetUrl and authenticationConfiguration are required.")
	}
	auth, err := h.authentication(in.Auth, connector.Authentication{})
	if err != nil {
		return err
	}
	c, err := h.Change.Create(q.Context(), connector.Connector{DisplayName: *in.DisplayName, TargetURL: *in.TargetURL, Auth: auth})
	if err != nil {
		return err
	}
	target(q, &c)
	return q.WriteCreated("identity/apiConnectors/"+c.ID, "identity/apiConnectors/$entity", show(c, h.Now()))
}

func target(q *msgraph.Request, c *connector.Connector) {
	q.Target(c.ID, c.DisplayName, "ApiConnector")
}

func (h *Handler) patch(q *msgraph.Request) error {
	was, err := h.find(q)
	if err != nil {
		return err
	}
	var in sent
	if err := q.Read(&in); err != nil {
		return err
	}
	target(q, &was)
	_, err = h.Change.Update(q.Context(), was.ID, func(c *connector.Connector) error {
		if in.DisplayName != nil {
			c.DisplayName = *in.DisplayName
		}
		if in.TargetURL != nil {
			c.TargetURL = *in.TargetURL
		}
		if in.Auth != nil {
			c.Auth, err = h.authentication(in.Auth, c.Auth)
			return err
		}
		return nil
	})
	if err != nil {
		return err
	}
	return q.WriteNothing()
}

// delete refuses while a user flow calls the connector: its users would see an error.
func (h *Handler) delete(q *msgraph.Request) error {
	c, err := h.find(q)
	if err != nil {
		return err
	}
	for _, f := range h.Flows.Tenant().Flows {
		for _, id := range f.Connectors {
			if strings.EqualFold(id, c.ID) {
				return msgraph.B2CBadRequest("The user flow " + f.ID + " calls this API connector. Remove it there first.")
			}
		}
	}
	target(q, &c)
	if err := h.Change.Delete(q.Context(), c.ID); err != nil {
		return err
	}
	return q.WriteNothing()
}

// probe makes a dry run: the API is called once as in a journey, nothing is kept, and the
// answer shows the effects that it would have.
func (h *Handler) probe(q *msgraph.Request) error {
	c, err := h.find(q)
	if err != nil {
		return err
	}
	var in ProbeRequest
	if err := q.ReadOptional(&in); err != nil {
		return err
	}
	target(q, &c)
	result, err := h.Prober.Probe(q.Context(), c.ID, in)
	if err != nil {
		return err
	}
	return q.Write(http.StatusOK, "identity/apiConnectors('"+c.ID+"')/probe", result)
}

var _ msgraph.Source = (*Handler)(nil)
