package userflows

import (
	"net/http"
	"slices"
	"strings"

	"journeyman.dev/internal/refusal"

	"journeyman.dev/internal/msgraph"
	"journeyman.dev/internal/userflow"
)

// assignment is a user attribute of a flow; its id is the attribute's.
type assignment struct {
	ID          string           `json:"id"`
	DisplayName string           `json:"displayName"`
	Optional    bool             `json:"isOptional"`
	Verify      bool             `json:"requiresVerification"`
	Input       userflow.Input   `json:"userInputType"`
	Values      []userflow.Value `json:"userAttributeValues"`
	Attribute   *attribute       `json:"userAttribute,omitempty"` // if $expand names it
}

func showAssignment(t *userflow.Tenant, a userflow.Assignment, expand bool) assignment {
	of, _ := t.Attribute(a.Attribute)
	out := assignment{ID: of.ID, DisplayName: a.DisplayName, Optional: a.Optional, Verify: a.Verify, Input: a.Input, Values: msgraph.OrEmpty(a.Values)}
	if out.DisplayName == "" {
		out.DisplayName = of.DisplayName
	}
	if out.Input == "" {
		out.Input = userflow.TextBox
	}
	if expand {
		shown := showAttribute(of)
		out.Attribute = &shown
	}
	return out
}

func expands(q *msgraph.Request, name string) bool {
	return strings.Contains(strings.ToLower(q.Option("$expand")), strings.ToLower(name))
}

func (h *Handler) listAssignments(q *msgraph.Request) error {
	f, err := h.flow(q)
	if err != nil {
		return err
	}
	var value []assignment
	for _, a := range f.Attributes {
		value = append(value, showAssignment(h.Flows.Tenant(), a, expands(q, "userAttribute")))
	}
	return msgraph.WriteList(q, "identity/b2cUserFlows('"+f.ID+"')/userAttributeAssignments", value)
}

// findAssignment finds an attribute of a flow by any of the attribute's names.
func findAssignment(t *userflow.Tenant, f *userflow.Flow, id string) int {
	attribute, ok := t.Attribute(id)
	if !ok {
		return -1
	}
	return slices.IndexFunc(f.Attributes, func(a userflow.Assignment) bool { return strings.EqualFold(a.Attribute, attribute.ID) })
}

func (h *Handler) getAssignment(q *msgraph.Request) error {
	f, err := h.flow(q)
	if err != nil {
		return err
	}
	t := h.Flows.Tenant()
	i := findAssignment(t, f, q.Arg(1))
	if i < 0 {
		return msgraph.B2CNotFound("user attribute assignment", q.Arg(1))
	}
	return q.Write(http.StatusOK, "identity/b2cUserFlows('"+f.ID+"')/userAttributeAssignments/$entity", showAssignment(t, f.Attributes[i], expands(q, "userAttribute")))
}

// sentAssignment is an assignment as callers send it; absent members are nil.
type sentAssignment struct {
	DisplayName *string           `json:"displayName"`
	Optional    *bool             `json:"isOptional"`
	Verify      *bool             `json:"requiresVerification"`
	Input       *string           `json:"userInputType"`
	Values      *[]userflow.Value `json:"userAttributeValues"`
	Attribute   *struct {
		ID string `json:"id"`
	} `json:"userAttribute"`
}

func (in *sentAssignment) apply(a *userflow.Assignment) error {
	if in.DisplayName != nil {
		a.DisplayName = *in.DisplayName
	}
	if in.Optional != nil {
		a.Optional = *in.Optional
	}
	if in.Verify != nil {
		a.Verify = *in.Verify
	}
	if in.Input != nil && *in.Input != "" {
		input, ok := userflow.ParseInput(*in.Input)
		if !ok {
			return msgraph.B2CBadRequest("userInputType must be textBox, dateTimeDropdown, radioSingleSelect, dropdownSingleSelect, emailBox or checkboxMultiSelect.")
		}
		a.Input = input
	}
	if in.Values != nil {
		a.Values = *in.Values
	}
	return nil
}

func (h *Handler) createAssignment(q *msgraph.Request) error {
	var in sentAssignment
	if err := q.Read(&in); err != nil {
		return err
	}
	if in.Attribute == nil || in.Attribute.ID == "" {
		return msgraph.B2CBadRequest("userAttribute.id is required.")
	}
	var made userflow.Assignment
	q.Target(q.Arg(0), q.Arg(0), "Policy")
	err := h.Flows.Change(q.Context(), func(t *userflow.Tenant) error {
		f, err := t.Flow(q.Arg(0))
		if err != nil {
			return msgraph.B2CNotFound("user flow", q.Arg(0))
		}
		attribute, ok := t.Attribute(in.Attribute.ID)
		if !ok {
			return msgraph.B2CNotFound("user attribute", in.Attribute.ID)
		}
		if findAssignment(t, f, attribute.ID) >= 0 {
			return refusal.Because(userflow.ErrExists, "user attribute %s of the user flow: exists already", attribute.ID)
		}
		made = userflow.Assignment{Attribute: attribute.ID}
		f.Attributes = append(f.Attributes, made)
		last := &f.Attributes[len(f.Attributes)-1]
		err = in.apply(last)
		made = *last
		return err
	})
	if err != nil {
		return err
	}
	return q.WriteCreated("identity/b2cUserFlows/"+q.Arg(0)+"/userAttributeAssignments/"+made.Attribute, "identity/b2cUserFlows('"+q.Arg(0)+"')/userAttributeAssignments/$entity", showAssignment(h.Flows.Tenant(), made, false))
}

func (h *Handler) patchAssignment(q *msgraph.Request) error {
	var in sentAssignment
	if err := q.Read(&in); err != nil {
		return err
	}
	return h.changeFlow(q, func(t *userflow.Tenant, f *userflow.Flow) error {
		i := findAssignment(t, f, q.Arg(1))
		if i < 0 {
			return msgraph.B2CNotFound("user attribute assignment", q.Arg(1))
		}
		return in.apply(&f.Attributes[i])
	})
}

func (h *Handler) deleteAssignment(q *msgraph.Request) error {
	return h.changeFlow(q, func(t *userflow.Tenant, f *userflow.Flow) error {
		i := findAssignment(t, f, q.Arg(1))
		if i < 0 {
			return msgraph.B2CNotFound("user attribute assignment", q.Arg(1))
		}
		f.Attributes = slices.Delete(f.Attributes, i, i+1)
		return nil
	})
}

// assignmentOrder are the attributes of a flow in their order on the page.
type assignmentOrder struct {
	Order []string `json:"order"`
}

func (h *Handler) getOrder(q *msgraph.Request) error {
	f, err := h.flow(q)
	if err != nil {
		return err
	}
	out := assignmentOrder{Order: []string{}}
	for _, a := range f.Attributes {
		out.Order = append(out.Order, a.Attribute)
	}
	return q.Write(http.StatusOK, "microsoft.graph.assignmentOrder", out)
}

func (h *Handler) setOrder(q *msgraph.Request) error {
	var in struct {
		New assignmentOrder `json:"newAssignmentOrder"`
	}
	if err := q.Read(&in); err != nil {
		return err
	}
	return h.changeFlow(q, func(t *userflow.Tenant, f *userflow.Flow) error {
		var next []userflow.Assignment
		for _, id := range in.New.Order {
			i := findAssignment(t, f, id)
			if i < 0 {
				return msgraph.B2CBadRequest("The order names '" + id + "', which the user flow doesn't collect.")
			}
			next = append(next, f.Attributes[i])
		}
		if len(next) != len(f.Attributes) {
			return msgraph.B2CBadRequest("The order must name each user attribute of the flow once.")
		}
		f.Attributes = next // naming one twice is found by the flow's own check
		return nil
	})
}
