package msgraph

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"journeyman.dev/internal/userflow"
)

// flowJSON is a user flow as Graph shows it: apiConnectorConfiguration is always empty
// here (rest-and-connectors §5.3).
func flowJSON(f *userflow.Flow) map[string]any {
	tag := f.DefaultLanguage
	if tag == "" {
		tag = "en"
	}
	return map[string]any{
		"id": f.ID, "userFlowType": f.Kind, "userFlowTypeVersion": f.Version, "isLanguageCustomizationEnabled": f.LanguageCustomization,
		"defaultLanguageTag": tag, "apiConnectorConfiguration": map[string]any{},
	}
}

func (q *Request) listFlows() error {
	f, err := q.Filter()
	if err != nil {
		return err
	}
	value := []map[string]any{}
	t := q.s.Flows.Tenant()
	for i := range t.Flows {
		object := flowJSON(&t.Flows[i])
		ok, err := f.Matches(object)
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		q.expandFlow(object, t, &t.Flows[i])
		value = append(value, choose(object, q.URL.Query().Get("$select")))
	}
	return q.Write(http.StatusOK, "identity/b2cUserFlows", map[string]any{"value": value})
}

// expandFlow adds what $expand asks for.
func (q *Request) expandFlow(object map[string]any, t *userflow.Tenant, f *userflow.Flow) {
	for name := range strings.SplitSeq(q.URL.Query().Get("$expand"), ",") {
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "identityproviders", "userflowidentityproviders":
			object[strings.TrimSpace(name)] = providersOf(t, f)
		case "userattributeassignments":
			list := []map[string]any{}
			for _, a := range f.Attributes {
				list = append(list, assignmentJSON(t, a, false))
			}
			object["userAttributeAssignments"] = list
		}
	}
}

// flow finds the flow that the address names.
func (q *Request) flow() (*userflow.Flow, error) {
	f, err := q.s.Flows.Tenant().Flow(q.Arg(0))
	if errors.Is(err, userflow.ErrNotFound) {
		return nil, B2CNotFound("user flow", q.Arg(0))
	}
	return f, err
}

func (q *Request) getFlow() error {
	f, err := q.flow()
	if err != nil {
		return err
	}
	object := flowJSON(f)
	q.expandFlow(object, q.s.Flows.Tenant(), f)
	return q.Write(http.StatusOK, "identity/b2cUserFlows/$entity", object)
}

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
		return "", B2CBadRequest("@odata.id must be the address of one of the " + kind + ".")
	}
	return m[1], nil
}

type flowInput struct {
	ID                    string  `json:"id"`
	Kind                  string  `json:"userFlowType"`
	Version               float64 `json:"userFlowTypeVersion"`
	LanguageCustomization *bool   `json:"isLanguageCustomizationEnabled"`
	DefaultLanguage       *string `json:"defaultLanguageTag"`
	Providers             []struct {
		ID string `json:"id"`
	} `json:"identityProviders"`
	Connectors map[string]*reference `json:"apiConnectorConfiguration"`
}

func (q *Request) createFlow() error {
	var in flowInput
	if err := q.Read(&in); err != nil {
		return err
	}
	kind, ok := userflow.ParseKind(in.Kind)
	if !ok {
		return B2CBadRequest(fmt.Sprintf("userFlowType must be one of %v.", userflow.Kinds))
	}
	var providers []string
	for _, p := range in.Providers {
		providers = append(providers, p.ID)
	}
	f, err := userflow.NewFlow(in.ID, kind, in.Version, providers, q.s.Now())
	if err != nil {
		return err
	}
	if in.LanguageCustomization != nil {
		f.LanguageCustomization = *in.LanguageCustomization
	}
	if in.DefaultLanguage != nil {
		f.DefaultLanguage = *in.DefaultLanguage
	}
	for name, r := range in.Connectors {
		if r == nil {
			continue
		}
		if err := q.bind(&f, name, *r); err != nil {
			return err
		}
	}
	q.Target(f.ID, f.ID, "Policy")
	err = q.s.Flows.Change(q.Context(), func(t *userflow.Tenant) error {
		if _, err := t.Flow(f.ID); err == nil {
			return fmt.Errorf("user flow %s: %w", f.ID, userflow.ErrExists)
		}
		t.Flows = append(t.Flows, f)
		return nil
	})
	if err != nil {
		return err
	}
	q.SetHeader("Location", q.Base()+"/identity/b2cUserFlows/"+f.ID)
	return q.Write(http.StatusCreated, "identity/b2cUserFlows/$entity", flowJSON(&f))
}

// bind sets or removes the connector of a step.
func (q *Request) bind(f *userflow.Flow, name string, r reference) error {
	step, ok := userflow.ParseStep(name)
	if !ok {
		return B2CBadRequest(fmt.Sprintf("A step must be one of %v.", userflow.ConnectorSteps))
	}
	id, err := r.id("apiConnectors")
	if err != nil {
		return err
	}
	if id == "" {
		delete(f.Connectors, step)
		return nil
	}
	c, err := q.s.Connectors.Get(id)
	if err != nil {
		return B2CNotFound("API connector", id)
	}
	if f.Connectors == nil {
		f.Connectors = make(map[userflow.ConnectorStep]string)
	}
	f.Connectors[step] = c.ID
	return nil
}

// changeFlow changes the flow that the address names, and answers with nothing.
func (q *Request) changeFlow(change func(t *userflow.Tenant, f *userflow.Flow) error) error {
	q.Target(q.Arg(0), q.Arg(0), "Policy")
	err := q.s.Flows.Change(q.Context(), func(t *userflow.Tenant) error {
		f, err := t.Flow(q.Arg(0))
		if err != nil {
			return B2CNotFound("user flow", q.Arg(0))
		}
		return change(t, f)
	})
	if err != nil {
		return err
	}
	return q.WriteNothing()
}

func (q *Request) patchFlow() error {
	var in struct {
		LanguageCustomization *bool   `json:"isLanguageCustomizationEnabled"`
		DefaultLanguage       *string `json:"defaultLanguageTag"`
		ID                    *string `json:"id"`
		Kind                  *string `json:"userFlowType"`
	}
	if err := q.Read(&in); err != nil {
		return err
	}
	return q.changeFlow(func(_ *userflow.Tenant, f *userflow.Flow) error {
		if in.ID != nil && !strings.EqualFold(*in.ID, f.ID) || in.Kind != nil && !strings.EqualFold(*in.Kind, string(f.Kind)) {
			return B2CBadRequest("id and userFlowType of a user flow can't be changed.")
		}
		if in.LanguageCustomization != nil {
			f.LanguageCustomization = *in.LanguageCustomization
		}
		if in.DefaultLanguage != nil {
			f.DefaultLanguage = *in.DefaultLanguage
		}
		return nil
	})
}

func (q *Request) deleteFlow() error {
	f, err := q.flow()
	if err != nil {
		return err
	}
	for _, s := range q.s.Policies.Statuses() {
		if s.Document != nil && s.Document.Base != nil && strings.EqualFold(s.Document.Base.PolicyID.Value, f.ID) {
			return B2CBadRequest("The policy " + s.ID + " inherits from the user flow.")
		}
	}
	return q.changeFlow(func(t *userflow.Tenant, f *userflow.Flow) error {
		id := f.ID
		t.Flows = slices.DeleteFunc(t.Flows, func(have userflow.Flow) bool { return have.ID == id })
		return nil
	})
}

func (q *Request) exportFlow() error {
	f, err := q.flow()
	if err != nil {
		return err
	}
	xml, err := q.s.ExportFlow(f.ID, q.URL.Query().Get("policyId"))
	if err != nil {
		return B2CBadRequest(err.Error())
	}
	return q.WritePolicy(http.StatusOK, xml)
}

// getBindings shows the connectors that $expand names.
func (q *Request) getBindings() error {
	f, err := q.flow()
	if err != nil {
		return err
	}
	body := map[string]any{}
	for name := range strings.SplitSeq(q.URL.Query().Get("$expand"), ",") {
		name = strings.TrimSpace(name)
		if name == "" {
			continue
		}
		step, ok := userflow.ParseStep(name)
		if !ok {
			return BadRequest("$expand names '" + name + "', which isn't a step.")
		}
		body[string(step)] = nil
		if c, err := q.s.Connectors.Get(f.Connectors[step]); err == nil {
			body[string(step)] = connectorJSON(c, q.s.Now())
		}
	}
	return q.Write(http.StatusOK, "identity/b2cUserFlows('"+f.ID+"')/apiConnectorConfiguration", body)
}

func (q *Request) getBinding() error {
	f, err := q.flow()
	if err != nil {
		return err
	}
	step, ok := userflow.ParseStep(q.Arg(1))
	if !ok {
		return B2CNotFound("step", q.Arg(1))
	}
	c, err := q.s.Connectors.Get(f.Connectors[step])
	if err != nil {
		return B2CNotFound("API connector for the step", string(step))
	}
	return q.writeConnector(http.StatusOK, c)
}

func (q *Request) putBinding() error {
	var in reference
	if err := q.Read(&in); err != nil {
		return err
	}
	return q.changeFlow(func(_ *userflow.Tenant, f *userflow.Flow) error { return q.bind(f, q.Arg(1), in) })
}

func (q *Request) deleteBinding() error {
	return q.changeFlow(func(_ *userflow.Tenant, f *userflow.Flow) error { return q.bind(f, q.Arg(1), reference{}) })
}

func providersOf(t *userflow.Tenant, f *userflow.Flow) []map[string]any {
	list := []map[string]any{}
	for _, id := range f.Providers {
		if p, ok := t.Provider(id); ok {
			list = append(list, providerJSON(p))
		}
	}
	return list
}

func (q *Request) listFlowProviders() error {
	f, err := q.flow()
	if err != nil {
		return err
	}
	return q.Write(http.StatusOK, "Collection(microsoft.graph.identityProviderBase)", map[string]any{"value": providersOf(q.s.Flows.Tenant(), f)})
}

func (q *Request) addFlowProvider() error {
	var in struct {
		reference
		Plain string `json:"id"` // the legacy form
	}
	if err := q.Read(&in); err != nil {
		return err
	}
	id, err := in.reference.id("identityProviders")
	if err != nil {
		return err
	}
	if id == "" {
		id = in.Plain
	}
	return q.changeFlow(func(t *userflow.Tenant, f *userflow.Flow) error {
		p, ok := t.Provider(id)
		if !ok {
			return B2CNotFound("identity provider", id)
		}
		if !slices.ContainsFunc(f.Providers, func(have string) bool { return strings.EqualFold(have, p.ID) }) {
			f.Providers = append(f.Providers, p.ID)
		}
		return nil
	})
}

func (q *Request) removeFlowProvider() error {
	return q.changeFlow(func(_ *userflow.Tenant, f *userflow.Flow) error {
		had := len(f.Providers)
		f.Providers = slices.DeleteFunc(f.Providers, func(have string) bool { return strings.EqualFold(have, q.Arg(1)) })
		if len(f.Providers) == had {
			return B2CNotFound("identity provider of the user flow", q.Arg(1))
		}
		return nil
	})
}

// assignmentJSON is a user attribute of a flow; its id is the attribute's.
func assignmentJSON(t *userflow.Tenant, a userflow.Assignment, expand bool) map[string]any {
	attribute, _ := t.Attribute(a.Attribute)
	values := []map[string]any{}
	for _, v := range a.Values {
		values = append(values, map[string]any{"name": v.Name, "value": v.Value, "isDefault": v.Default})
	}
	name, input := a.DisplayName, a.Input
	if name == "" {
		name = attribute.DisplayName
	}
	if input == "" {
		input = userflow.TextBox
	}
	out := map[string]any{
		"id": attribute.ID, "displayName": name, "isOptional": a.Optional, "requiresVerification": a.Verify, "userInputType": input, "userAttributeValues": values,
	}
	if expand {
		out["userAttribute"] = attributeJSON(attribute)
	}
	return out
}

func (q *Request) expands(name string) bool {
	return strings.Contains(strings.ToLower(q.URL.Query().Get("$expand")), strings.ToLower(name))
}

func (q *Request) listAssignments() error {
	f, err := q.flow()
	if err != nil {
		return err
	}
	value := []map[string]any{}
	for _, a := range f.Attributes {
		value = append(value, assignmentJSON(q.s.Flows.Tenant(), a, q.expands("userAttribute")))
	}
	return q.Write(http.StatusOK, "identity/b2cUserFlows('"+f.ID+"')/userAttributeAssignments", map[string]any{"value": value})
}

// findAssignment finds an attribute of a flow by any of the attribute's names.
func findAssignment(t *userflow.Tenant, f *userflow.Flow, id string) int {
	attribute, ok := t.Attribute(id)
	if !ok {
		return -1
	}
	return slices.IndexFunc(f.Attributes, func(a userflow.Assignment) bool { return strings.EqualFold(a.Attribute, attribute.ID) })
}

func (q *Request) getAssignment() error {
	f, err := q.flow()
	if err != nil {
		return err
	}
	t := q.s.Flows.Tenant()
	i := findAssignment(t, f, q.Arg(1))
	if i < 0 {
		return B2CNotFound("user attribute assignment", q.Arg(1))
	}
	return q.Write(http.StatusOK, "identity/b2cUserFlows('"+f.ID+"')/userAttributeAssignments/$entity", assignmentJSON(t, f.Attributes[i], q.expands("userAttribute")))
}

type assignmentInput struct {
	DisplayName *string           `json:"displayName"`
	Optional    *bool             `json:"isOptional"`
	Verify      *bool             `json:"requiresVerification"`
	Input       *string           `json:"userInputType"`
	Values      *[]userflow.Value `json:"userAttributeValues"`
	Attribute   *struct {
		ID string `json:"id"`
	} `json:"userAttribute"`
}

func (in *assignmentInput) apply(a *userflow.Assignment) error {
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
			return B2CBadRequest("userInputType must be textBox, dateTimeDropdown, radioSingleSelect, dropdownSingleSelect, emailBox or checkboxMultiSelect.")
		}
		a.Input = input
	}
	if in.Values != nil {
		a.Values = *in.Values
	}
	return nil
}

func (q *Request) createAssignment() error {
	var in assignmentInput
	if err := q.Read(&in); err != nil {
		return err
	}
	if in.Attribute == nil || in.Attribute.ID == "" {
		return B2CBadRequest("userAttribute.id is required.")
	}
	var made userflow.Assignment
	q.Target(q.Arg(0), q.Arg(0), "Policy")
	err := q.s.Flows.Change(q.Context(), func(t *userflow.Tenant) error {
		f, err := t.Flow(q.Arg(0))
		if err != nil {
			return B2CNotFound("user flow", q.Arg(0))
		}
		attribute, ok := t.Attribute(in.Attribute.ID)
		if !ok {
			return B2CNotFound("user attribute", in.Attribute.ID)
		}
		if findAssignment(t, f, attribute.ID) >= 0 {
			return fmt.Errorf("user attribute %s of the user flow: %w", attribute.ID, userflow.ErrExists)
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
	q.SetHeader("Location", q.Base()+"/identity/b2cUserFlows/"+q.Arg(0)+"/userAttributeAssignments/"+made.Attribute)
	return q.Write(http.StatusCreated, "identity/b2cUserFlows('"+q.Arg(0)+"')/userAttributeAssignments/$entity", assignmentJSON(q.s.Flows.Tenant(), made, false))
}

func (q *Request) patchAssignment() error {
	var in assignmentInput
	if err := q.Read(&in); err != nil {
		return err
	}
	return q.changeFlow(func(t *userflow.Tenant, f *userflow.Flow) error {
		i := findAssignment(t, f, q.Arg(1))
		if i < 0 {
			return B2CNotFound("user attribute assignment", q.Arg(1))
		}
		return in.apply(&f.Attributes[i])
	})
}

func (q *Request) deleteAssignment() error {
	return q.changeFlow(func(t *userflow.Tenant, f *userflow.Flow) error {
		i := findAssignment(t, f, q.Arg(1))
		if i < 0 {
			return B2CNotFound("user attribute assignment", q.Arg(1))
		}
		f.Attributes = slices.Delete(f.Attributes, i, i+1)
		return nil
	})
}

func (q *Request) getOrder() error {
	f, err := q.flow()
	if err != nil {
		return err
	}
	order := []string{}
	for _, a := range f.Attributes {
		order = append(order, a.Attribute)
	}
	return q.Write(http.StatusOK, "microsoft.graph.assignmentOrder", map[string]any{"order": order})
}

func (q *Request) setOrder() error {
	var in struct {
		New struct {
			Order []string `json:"order"`
		} `json:"newAssignmentOrder"`
	}
	if err := q.Read(&in); err != nil {
		return err
	}
	return q.changeFlow(func(t *userflow.Tenant, f *userflow.Flow) error {
		var next []userflow.Assignment
		for _, id := range in.New.Order {
			i := findAssignment(t, f, id)
			if i < 0 {
				return B2CBadRequest("The order names '" + id + "', which the user flow doesn't collect.")
			}
			next = append(next, f.Attributes[i])
		}
		if len(next) != len(f.Attributes) {
			return B2CBadRequest("The order must name each user attribute of the flow once.")
		}
		f.Attributes = next // naming one twice is found by the flow's own check
		return nil
	})
}

// knownLanguages are the ones that B2C has built in.
var knownLanguages = strings.Fields("bn cs da de el en es fi fr gu hi hr hu it ja kn ko ml mr ms nb nl pa pl pt-BR pt-PT ro ru sk sv ta te th tr zh-Hans zh-Hant")

func languageJSON(f *userflow.Flow, tag string) map[string]any {
	name := tag
	if parsed, err := language.Parse(tag); err == nil {
		if text := display.English.Languages().Name(parsed); text != "" {
			name = text
		}
	}
	enabled := strings.EqualFold(tag, f.DefaultLanguage) || f.DefaultLanguage == "" && strings.EqualFold(tag, "en")
	if i := findLanguage(f, tag); i >= 0 {
		enabled = f.Languages[i].Enabled
	}
	return map[string]any{"id": tag, "displayName": name, "isEnabled": enabled}
}

func findLanguage(f *userflow.Flow, tag string) int {
	return slices.IndexFunc(f.Languages, func(l userflow.Language) bool { return strings.EqualFold(l.Tag, tag) })
}

func knownLanguage(tag string) (string, bool) {
	for _, known := range knownLanguages {
		if strings.EqualFold(known, tag) {
			return known, true
		}
	}
	return tag, false
}

func (q *Request) listLanguages() error {
	f, err := q.flow()
	if err != nil {
		return err
	}
	value := []map[string]any{}
	for _, tag := range knownLanguages {
		value = append(value, languageJSON(f, tag))
	}
	for _, l := range f.Languages {
		if _, known := knownLanguage(l.Tag); !known {
			value = append(value, languageJSON(f, l.Tag))
		}
	}
	return q.Write(http.StatusOK, "identity/b2cUserFlows('"+f.ID+"')/languages", map[string]any{"value": value})
}

func (q *Request) getLanguage() error {
	f, err := q.flow()
	if err != nil {
		return err
	}
	tag, known := knownLanguage(q.Arg(1))
	if !known && findLanguage(f, tag) < 0 {
		return B2CNotFound("language", q.Arg(1))
	}
	return q.Write(http.StatusOK, "identity/b2cUserFlows('"+f.ID+"')/languages/$entity", languageJSON(f, tag))
}

// putLanguage makes or changes a language; language customization must be on.
func (q *Request) putLanguage() error {
	in := struct {
		ID      *string `json:"id"`
		Enabled *bool   `json:"isEnabled"`
	}{}
	if q.ContentLength != 0 {
		if err := q.Read(&in); err != nil {
			return err
		}
	}
	tag, known := knownLanguage(q.Arg(1))
	if in.ID != nil && !strings.EqualFold(*in.ID, tag) {
		return B2CBadRequest("The id in the body is not that of the address.")
	}
	created := false
	q.Target(q.Arg(0), q.Arg(0), "Policy")
	err := q.s.Flows.Change(q.Context(), func(t *userflow.Tenant) error {
		f, err := t.Flow(q.Arg(0))
		if err != nil {
			return B2CNotFound("user flow", q.Arg(0))
		}
		if !f.LanguageCustomization {
			return B2CBadRequest("Turn isLanguageCustomizationEnabled of the user flow on first.")
		}
		i := findLanguage(f, tag)
		if i < 0 {
			created = !known
			f.Languages = append(f.Languages, userflow.Language{Tag: tag})
			i = len(f.Languages) - 1
		}
		f.Languages[i].Enabled = in.Enabled == nil || *in.Enabled
		return nil
	})
	if err != nil {
		return err
	}
	if !created {
		return q.WriteNothing()
	}
	f, err := q.flow()
	if err != nil {
		return err
	}
	return q.Write(http.StatusCreated, "identity/b2cUserFlows('"+f.ID+"')/languages/$entity", languageJSON(f, tag))
}

func (q *Request) deleteLanguage() error {
	if _, known := knownLanguage(q.Arg(1)); known {
		return B2CBadRequest("A built-in language can't be deleted; set isEnabled to false.")
	}
	return q.changeFlow(func(_ *userflow.Tenant, f *userflow.Flow) error {
		i := findLanguage(f, q.Arg(1))
		if i < 0 {
			return B2CNotFound("language", q.Arg(1))
		}
		f.Languages = slices.Delete(f.Languages, i, i+1)
		return nil
	})
}

func (q *Request) listPages() error {
	f, err := q.flow()
	if err != nil {
		return err
	}
	value := []map[string]any{}
	for _, id := range userflow.PageIDs(f.Kind) {
		value = append(value, map[string]any{"id": id})
	}
	return q.Write(http.StatusOK, "Collection(microsoft.graph.userFlowLanguagePage)", map[string]any{"value": value})
}

func (q *Request) page(f *userflow.Flow) error {
	if !slices.Contains(userflow.PageIDs(f.Kind), q.Arg(2)) {
		return B2CNotFound("page", q.Arg(2))
	}
	return nil
}

// getDefaultPage gives the built-in texts of a page, to be changed and put back as
// overrides.
func (q *Request) getDefaultPage() error {
	f, err := q.flow()
	if err != nil {
		return err
	}
	if err := q.page(f); err != nil {
		return err
	}
	texts := userflow.Texts{LocalizedStrings: []userflow.LocalizedString{}}
	for _, s := range q.s.PageTexts(userflow.PageLayout(q.Arg(2)), q.Arg(1)) {
		texts.LocalizedStrings = append(texts.LocalizedStrings, userflow.LocalizedString{ElementType: s.ElementType, StringID: s.StringID, Value: s.Value})
	}
	return q.writeStruct(http.StatusOK, "", texts)
}

func (q *Request) getOverridesPage() error {
	f, err := q.flow()
	if err != nil {
		return err
	}
	if err := q.page(f); err != nil {
		return err
	}
	texts := userflow.Texts{LocalizedStrings: []userflow.LocalizedString{}}
	if i := findLanguage(f, q.Arg(1)); i >= 0 {
		if have, ok := f.Languages[i].Overrides[q.Arg(2)]; ok {
			texts = have
		}
	}
	return q.writeStruct(http.StatusOK, "", texts)
}

func (q *Request) putOverridesPage() error {
	body, err := q.ReadBody()
	if err != nil {
		return err
	}
	var texts userflow.Texts
	if err := json.Unmarshal(body, &texts); err != nil {
		return B2CBadRequest("The body must have LocalizedStrings and LocalizedCollections as defaultPages has them.")
	}
	tag, _ := knownLanguage(q.Arg(1))
	return q.changeFlow(func(_ *userflow.Tenant, f *userflow.Flow) error {
		if err := q.page(f); err != nil {
			return err
		}
		if !f.LanguageCustomization {
			return B2CBadRequest("Turn isLanguageCustomizationEnabled of the user flow on first.")
		}
		i := findLanguage(f, tag)
		if i < 0 {
			f.Languages = append(f.Languages, userflow.Language{Tag: tag, Enabled: languageJSON(f, tag)["isEnabled"] == true})
			i = len(f.Languages) - 1
		}
		if f.Languages[i].Overrides == nil {
			f.Languages[i].Overrides = make(map[string]userflow.Texts)
		}
		f.Languages[i].Overrides[q.Arg(2)] = texts
		return nil
	})
}

func (q *Request) deleteOverridesPage() error {
	return q.changeFlow(func(_ *userflow.Tenant, f *userflow.Flow) error {
		if i := findLanguage(f, q.Arg(1)); i >= 0 {
			delete(f.Languages[i].Overrides, q.Arg(2))
		}
		return nil
	})
}
