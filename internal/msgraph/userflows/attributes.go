package userflows

import (
	"net/http"
	"slices"
	"strings"

	"journeyman.dev/internal/refusal"

	"journeyman.dev/internal/msgraph"
	"journeyman.dev/internal/userflow"
)

func (h *Handler) attributeRoutes() []msgraph.Route {
	const list, one = "identity/userFlowAttributes", "identity/userFlowAttributes/{}"
	return []msgraph.Route{
		msgraph.Get(list, read, h.listAttributes),
		msgraph.Add(list, write, "Create user attribute", h.createAttribute),
		msgraph.Get(one, read, h.getAttribute),
		msgraph.Change(http.MethodPatch, one, write, "Update user attribute", h.patchAttribute),
		msgraph.Delete(one, write, "Delete user attribute", h.deleteAttribute),
	}
}

// attribute is a user attribute as Graph shows it.
type attribute struct {
	Type        string                 `json:"@odata.type"`
	ID          string                 `json:"id"`
	DisplayName string                 `json:"displayName"`
	Description string                 `json:"description"`
	Kind        string                 `json:"userFlowAttributeType"` // builtIn, custom
	DataType    userflow.AttributeType `json:"dataType"`
}

func showAttribute(a userflow.Attribute) attribute {
	out := attribute{
		Type: "#microsoft.graph.identityBuiltInUserFlowAttribute", ID: a.ID, DisplayName: a.DisplayName, Description: a.Description, Kind: "builtIn", DataType: a.Type,
	}
	if a.Custom {
		out.Type, out.Kind = "#microsoft.graph.identityCustomUserFlowAttribute", "custom"
	}
	return out
}

func (h *Handler) listAttributes(q *msgraph.Request) error {
	var all []attribute
	for _, a := range h.Flows.Tenant().AllAttributes() {
		all = append(all, showAttribute(a))
	}
	found, err := msgraph.Matching(q, all)
	if err != nil {
		return err
	}
	value, err := msgraph.SelectEach(q, found)
	if err != nil {
		return err
	}
	return msgraph.WriteList(q, "identity/userFlowAttributes", value)
}

// attribute finds the attribute of the request.
func (h *Handler) attribute(q *msgraph.Request) (userflow.Attribute, error) {
	a, ok := h.Flows.Tenant().Attribute(q.Arg(0))
	if !ok {
		return a, msgraph.B2CNotFound("user attribute", q.Arg(0))
	}
	return a, nil
}

func (h *Handler) getAttribute(q *msgraph.Request) error {
	a, err := h.attribute(q)
	if err != nil {
		return err
	}
	return q.Write(http.StatusOK, "identity/userFlowAttributes/$entity", showAttribute(a))
}

func (h *Handler) createAttribute(q *msgraph.Request) error {
	var in struct {
		DisplayName string `json:"displayName"`
		Description string `json:"description"`
		Type        string `json:"dataType"`
	}
	if err := q.Read(&in); err != nil {
		return err
	}
	var made userflow.Attribute
	err := h.Flows.Change(q.Context(), func(t *userflow.Tenant) (err error) {
		if made, err = t.NewAttribute(in.DisplayName, in.Description, attributeType(in.Type)); err != nil {
			return refusal.About("user attribute "+in.DisplayName, err)
		}
		t.Attributes = append(t.Attributes, made)
		return nil
	})
	if err != nil {
		return err
	}
	q.Target(made.ID, made.DisplayName, "UserAttribute")
	return q.WriteCreated("identity/userFlowAttributes/"+made.ID, "identity/userFlowAttributes/$entity", showAttribute(made))
}

// attributeType spells a type as we do: tools write String and Int64, too.
func attributeType(text string) userflow.AttributeType {
	for _, t := range []userflow.AttributeType{userflow.StringAttribute, userflow.BooleanAttribute, userflow.Int64Attribute, "stringCollection", "dateTime"} {
		if strings.EqualFold(string(t), text) {
			return t
		}
	}
	return userflow.AttributeType(text)
}

func (h *Handler) patchAttribute(q *msgraph.Request) error {
	a, err := h.attribute(q)
	if err != nil {
		return err
	}
	var in struct {
		Description *string `json:"description"`
		DisplayName *string `json:"displayName"`
		Type        *string `json:"dataType"`
	}
	if err := q.Read(&in); err != nil {
		return err
	}
	switch {
	case !a.Custom:
		return msgraph.B2CBadRequest("A built-in user attribute can't be changed.")
	case in.DisplayName != nil && *in.DisplayName != a.DisplayName || in.Type != nil && !strings.EqualFold(*in.Type, string(a.Type)):
		return msgraph.B2CBadRequest("Only the description of a user attribute can be changed.")
	}
	q.Target(a.ID, a.DisplayName, "UserAttribute")
	err = h.Flows.Change(q.Context(), func(t *userflow.Tenant) error {
		i := slices.IndexFunc(t.Attributes, func(have userflow.Attribute) bool { return have.ID == a.ID })
		if i < 0 {
			return msgraph.B2CNotFound("user attribute", a.ID)
		}
		if in.Description != nil {
			t.Attributes[i].Description = *in.Description
		}
		return nil
	})
	if err != nil {
		return err
	}
	return q.WriteNothing()
}

// deleteAttribute refuses while a user flow uses the attribute. Its values stay in the
// directory.
func (h *Handler) deleteAttribute(q *msgraph.Request) error {
	a, err := h.attribute(q)
	if err != nil {
		return err
	}
	if !a.Custom {
		return msgraph.B2CBadRequest("A built-in user attribute can't be deleted.")
	}
	q.Target(a.ID, a.DisplayName, "UserAttribute")
	err = h.Flows.Change(q.Context(), func(t *userflow.Tenant) error {
		for i := range t.Flows {
			if t.Flows[i].Uses(a) {
				return msgraph.B2CBadRequest("The user flow " + t.Flows[i].ID + " uses this user attribute. Remove it there first.")
			}
		}
		t.Attributes = slices.DeleteFunc(t.Attributes, func(have userflow.Attribute) bool { return have.ID == a.ID })
		return nil
	})
	if err != nil {
		return err
	}
	return q.WriteNothing()
}
