package msgraph

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"journeyman.dev/internal/userflow"
)

func attributeJSON(a userflow.Attribute) map[string]any {
	kind, odata := "builtIn", "#microsoft.graph.identityBuiltInUserFlowAttribute"
	if a.Custom {
		kind, odata = "custom", "#microsoft.graph.identityCustomUserFlowAttribute"
	}
	return map[string]any{"@odata.type": odata, "id": a.ID, "displayName": a.DisplayName, "description": a.Description, "userFlowAttributeType": kind, "dataType": string(a.Type)}
}

func (q *Request) listAttributes() error {
	f, err := q.Filter()
	if err != nil {
		return err
	}
	value := []map[string]any{}
	for _, a := range q.s.Flows.Tenant().AllAttributes() {
		object := attributeJSON(a)
		ok, err := f.Matches(object)
		if err != nil {
			return err
		}
		if ok {
			value = append(value, choose(object, q.URL.Query().Get("$select")))
		}
	}
	return q.Write(http.StatusOK, "identity/userFlowAttributes", map[string]any{"value": value})
}

func (q *Request) attribute() (userflow.Attribute, error) {
	a, ok := q.s.Flows.Tenant().Attribute(q.Arg(0))
	if !ok {
		return a, B2CNotFound("user attribute", q.Arg(0))
	}
	return a, nil
}

func (q *Request) getAttribute() error {
	a, err := q.attribute()
	if err != nil {
		return err
	}
	return q.Write(http.StatusOK, "identity/userFlowAttributes/$entity", attributeJSON(a))
}

func (q *Request) createAttribute() error {
	var in struct {
		DisplayName string `json:"displayName"`
		Description string `json:"description"`
		Type        string `json:"dataType"`
	}
	if err := q.Read(&in); err != nil {
		return err
	}
	var made userflow.Attribute
	err := q.s.Flows.Change(q.Context(), func(t *userflow.Tenant) (err error) {
		if made, err = t.NewAttribute(in.DisplayName, in.Description, attributeType(in.Type)); err != nil {
			return fmt.Errorf("user attribute %s: %w", in.DisplayName, err)
		}
		t.Attributes = append(t.Attributes, made)
		return nil
	})
	if err != nil {
		return err
	}
	q.Target(made.ID, made.DisplayName, "UserAttribute")
	q.SetHeader("Location", q.Base()+"/identity/userFlowAttributes/"+made.ID)
	return q.Write(http.StatusCreated, "identity/userFlowAttributes/$entity", attributeJSON(made))
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

func (q *Request) patchAttribute() error {
	a, err := q.attribute()
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
		return B2CBadRequest("A built-in user attribute can't be changed.")
	case in.DisplayName != nil && *in.DisplayName != a.DisplayName || in.Type != nil && !strings.EqualFold(*in.Type, string(a.Type)):
		return B2CBadRequest("Only the description of a user attribute can be changed.")
	}
	q.Target(a.ID, a.DisplayName, "UserAttribute")
	err = q.s.Flows.Change(q.Context(), func(t *userflow.Tenant) error {
		i := slices.IndexFunc(t.Attributes, func(have userflow.Attribute) bool { return have.ID == a.ID })
		if i < 0 {
			return B2CNotFound("user attribute", a.ID)
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

// deleteAttribute refuses while a user flow uses the attribute. What users have of it
// stays in the directory.
func (q *Request) deleteAttribute() error {
	a, err := q.attribute()
	if err != nil {
		return err
	}
	if !a.Custom {
		return B2CBadRequest("A built-in user attribute can't be deleted.")
	}
	q.Target(a.ID, a.DisplayName, "UserAttribute")
	err = q.s.Flows.Change(q.Context(), func(t *userflow.Tenant) error {
		for i := range t.Flows {
			if t.Flows[i].Uses(a) {
				return B2CBadRequest("The user flow " + t.Flows[i].ID + " uses this user attribute. Remove it there first.")
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
