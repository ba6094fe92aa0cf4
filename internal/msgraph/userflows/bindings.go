package userflows

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"

	"journeyman.dev/internal/msgraph"
	"journeyman.dev/internal/userflow"
)

// reference is {"@odata.id": "…/apiConnectors/{id}"}; without one it detaches.
type reference struct {
	ID string `json:"@odata.id"`
}

var lastSegment = regexp.MustCompile(`(?:/|\(')([^/()']+)(?:'\))?/?$`)

// id is the id that a reference names; kind is the collection that it must be of.
func (r reference) id(kind string) (string, error) {
	if r.ID == "" {
		return "", nil
	}
	m := lastSegment.FindStringSubmatch(r.ID)
	if m == nil || !strings.Contains(strings.ToLower(r.ID), strings.ToLower(kind)) {
		return "", msgraph.B2CBadRequest("@odata.id must be the address of one of the " + kind + ".")
	}
	return m[1], nil
}

// bind sets or removes the connector of a step.
func (h *Handler) bind(f *userflow.Flow, name string, r reference) error {
	step, ok := userflow.ParseStep(name)
	if !ok {
		return msgraph.B2CBadRequest(fmt.Sprintf("A step must be one of %v.", userflow.ConnectorSteps))
	}
	id, err := r.id("apiConnectors")
	if err != nil {
		return err
	}
	if id == "" {
		delete(f.Connectors, step)
		return nil
	}
	c, err := h.Connectors.Get(id)
	if err != nil {
		return msgraph.B2CNotFound("API connector", id)
	}
	if f.Connectors == nil {
		f.Connectors = make(map[userflow.ConnectorStep]string)
	}
	f.Connectors[step] = c.ID
	return nil
}

// getBindings shows the connectors that $expand names.
func (h *Handler) getBindings(q *msgraph.Request) error {
	f, err := h.flow(q)
	if err != nil {
		return err
	}
	body := msgraph.Object{}
	for name := range strings.SplitSeq(q.Option("$expand"), ",") {
		name = strings.TrimSpace(name)
		if name == "" {
			continue
		}
		step, ok := userflow.ParseStep(name)
		if !ok {
			return msgraph.BadRequest("$expand names '" + name + "', which isn't a step.")
		}
		var bound any
		if c, err := h.Connectors.Get(f.Connectors[step]); err == nil {
			bound = h.ShowConnector(c)
		}
		if body, err = body.With(string(step), bound); err != nil {
			return err
		}
	}
	return q.Write(http.StatusOK, "identity/b2cUserFlows('"+f.ID+"')/apiConnectorConfiguration", body)
}

func (h *Handler) getBinding(q *msgraph.Request) error {
	f, err := h.flow(q)
	if err != nil {
		return err
	}
	step, ok := userflow.ParseStep(q.Arg(1))
	if !ok {
		return msgraph.B2CNotFound("step", q.Arg(1))
	}
	c, err := h.Connectors.Get(f.Connectors[step])
	if err != nil {
		return msgraph.B2CNotFound("API connector for the step", string(step))
	}
	return q.Write(http.StatusOK, "identity/apiConnectors/$entity", h.ShowConnector(c))
}

func (h *Handler) putBinding(q *msgraph.Request) error {
	var in reference
	if err := q.Read(&in); err != nil {
		return err
	}
	return h.changeFlow(q, func(_ *userflow.Tenant, f *userflow.Flow) error { return h.bind(f, q.Arg(1), in) })
}

func (h *Handler) deleteBinding(q *msgraph.Request) error {
	return h.changeFlow(q, func(_ *userflow.Tenant, f *userflow.Flow) error { return h.bind(f, q.Arg(1), reference{}) })
}
