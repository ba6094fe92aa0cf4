package userflows_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"journeyman.dev/internal/refusal"

	"journeyman.dev/internal/connector"
	"journeyman.dev/internal/keyset"
	"journeyman.dev/internal/live"
	"journeyman.dev/internal/msgraph/msgraphtest"
	"journeyman.dev/internal/msgraph/userflows"
	"journeyman.dev/internal/policy"
	"journeyman.dev/internal/userflow"
)

// surroundings are what user flows stand in.
type surroundings struct {
	connectors []connector.Connector
	statuses   []live.Status
}

func (s *surroundings) Get(id string) (connector.Connector, error) {
	for _, c := range s.connectors {
		if strings.EqualFold(c.ID, id) {
			return c, nil
		}
	}
	return connector.Connector{}, connector.ErrNotFound
}

func (s *surroundings) Statuses() []live.Status { return s.statuses }

// member is how connectors and providers are shown here.
type member struct {
	ID string `json:"id"`
}

// handler serves user flows in memory, with a connector "api".
func handler(flows userflows.Flows, s *surroundings) *userflows.Handler {
	return &userflows.Handler{
		Flows: flows, Connectors: s, Policies: s,
		ShowConnector: func(c connector.Connector) any { return member{c.ID} }, ShowProvider: func(p userflow.Provider) any { return member{p.ID} },
		Export: func(flowID, policyID string) ([]byte, error) {
			if policyID == "B2C_1_x" {
				return nil, refusal.Because(userflow.ErrInvalid, "a custom policy's id begins with B2C_1A_")
			}
			return fmt.Appendf(nil, "<TrustFrameworkPolicy PolicyId=%q/>", flowID+policyID), nil
		},
		PageTexts: func(layout, language string) []userflows.PageText {
			return []userflows.PageText{{ElementType: "UxElement", StringID: layout, Value: language}}
		},
		Now: msgraphtest.Now,
	}
}

// start runs an admin API with the user flow B2C_1_One.
func start(t *testing.T) (*msgraphtest.Graph, *surroundings) {
	t.Helper()
	s := &surroundings{connectors: []connector.Connector{{ID: "api"}}}
	g := msgraphtest.New(t, handler(msgraphtest.UserFlows(t), s))
	g.Run(t, []msgraphtest.Step{{
		Name: "a user flow", Method: "POST", Path: list, Body: `{"id":"One","userFlowType":"signUpOrSignIn","userFlowTypeVersion":3}`, Status: 201, Records: created,
		Header: "Location: {base}/graph/beta/identity/b2cUserFlows/B2C_1_One", Want: `{"@odata.context":"{base}/graph/beta/$metadata#identity/b2cUserFlows/$entity",` + shown + `}`,
	}})
	return g, s
}

var (
	created    = msgraphtest.Twice("Create user flow", "success")
	notCreated = msgraphtest.Twice("Create user flow", "failure")
	updated    = msgraphtest.Twice("Update user flow", "success")
	notUpdated = msgraphtest.Twice("Update user flow", "failure")
	deleted    = msgraphtest.Twice("Delete user flow", "success")
	notDeleted = msgraphtest.Twice("Delete user flow", "failure")
)

const (
	list  = "/beta/identity/b2cUserFlows"
	one   = list + "/B2C_1_One"
	shown = `"id":"B2C_1_One","userFlowType":"signUpOrSignIn","userFlowTypeVersion":3,"isLanguageCustomizationEnabled":false,"defaultLanguageTag":"en","apiConnectorConfiguration":{}`
	none  = `{"error":{"code":"AADB2C","message":"There is no user flow with the id 'x'."}}`
)

func TestAUserFlowIsReadChangedAndDeleted(t *testing.T) {
	t.Parallel()
	g, s := start(t)
	g.Set("reader", g.Token(t, "IdentityUserFlow.Read.All"))
	g.Run(t, []msgraphtest.Step{
		{Name: "read", Path: one, Token: "{reader}", Want: `{"@odata.context":"{base}/graph/beta/$metadata#identity/b2cUserFlows/$entity",` + shown + `}`},
		{Name: "not in v1.0", Path: "/v1.0/identity/b2cUserFlows", Status: 404},
		{Name: "expanded", Path: list + "('b2c_1_one')?$expand=identityProviders, userAttributeAssignments,unknown", Want: `{"@odata.context":"{base}/graph/beta/$metadata#identity/b2cUserFlows/$entity",` + shown + `,"identityProviders":[{"id":"EmailPassword-OAUTH"}],"userAttributeAssignments":[]}`},
		{Name: "listed", Path: list + "?$select=id,userFlowIdentityProviders&$expand=userFlowIdentityProviders", Want: `{"@odata.context":"{base}/graph/beta/$metadata#identity/b2cUserFlows","value":[{"id":"B2C_1_One","userFlowIdentityProviders":[{"id":"EmailPassword-OAUTH"}]}]}`},
		{Name: "filtered by its type", Path: list + "?$select=id&$filter=userFlowType eq 'signUpOrSignIn'", Want: `"value":[{"id":"B2C_1_One"}]`},
		{Name: "filtered away", Path: list + "?$filter=userFlowTypeVersion gt 3", Want: `"value":[]`},
		{Name: "no filter", Path: list + "?$filter=((", Status: 400},
		{Name: "none", Path: list + "/x", Status: 404, Want: none},
		{Name: "not by a reader", Method: "PATCH", Path: one, Token: "{reader}", Body: "{}", Status: 403, Records: "Update user flow: failure"},
		{Name: "changed", Method: "PATCH", Path: one, Body: `{"id":"b2c_1_one","userFlowType":"SignUpOrSignIn","isLanguageCustomizationEnabled":true,"defaultLanguageTag":"de"}`, Status: 204, Records: updated},
		{Name: "as it is now", Path: one, Want: `"isLanguageCustomizationEnabled":true,"defaultLanguageTag":"de"`},
		{Name: "another type", Method: "PATCH", Path: one, Body: `{"userFlowType":"signIn"}`, Status: 400, Records: notUpdated, Want: "id and userFlowType of a user flow can't be changed."},
		{Name: "no language", Method: "PATCH", Path: one, Body: `{"defaultLanguageTag":"?"}`, Status: 400, Records: notUpdated, Want: `{"error":{"code":"AADB2C","message":"User flow B2C_1_One: defaultLanguageTag \"?\" is no language tag."}}`},
		{Name: "no object", Method: "PATCH", Path: one, Body: `1`, Status: 400, Records: notUpdated},
		{Name: "nothing to change", Method: "PATCH", Path: list + "/x", Body: "{}", Status: 404, Records: notUpdated, Want: none},
		{Name: "its policy", Path: one + "/policy/$value?policyId=B2C_1A_x", Header: "Content-Type: application/xml", Want: `PolicyId="B2C_1_OneB2C_1A_x"`},
		{Name: "no policy", Path: one + "/policy/$value?policyId=B2C_1_x", Status: 400, Want: "a custom policy's id begins with B2C_1A_"},
		{Name: "the policy of none", Path: list + "/x/policy/$value", Status: 404, Want: none},
	})
	child := &policy.Document{Base: &policy.BasePolicy{}}
	child.Base.PolicyID.Value = "b2c_1_one"
	s.statuses = []live.Status{{ID: "B2C_1A_Lost"}, {ID: "B2C_1A_Child", Document: child}}
	g.Run(t, []msgraphtest.Step{{Name: "inherited from", Method: "DELETE", Path: one, Status: 400, Records: notDeleted, Want: "The policy B2C_1A_Child inherits from the user flow."}})
	s.statuses = nil
	g.Run(t, []msgraphtest.Step{
		{Name: "deleted", Method: "DELETE", Path: one, Status: 204, Records: deleted},
		{Name: "gone", Method: "DELETE", Path: one, Status: 404, Records: notDeleted},
	})
}

func TestUserFlowsThatCantBeAreRefused(t *testing.T) {
	t.Parallel()
	g, _ := start(t)
	for _, tt := range []struct {
		name, body string
		status     int
		want       string
	}{
		{"a second", `{"id":"One","userFlowType":"signIn"}`, 409, `{"error":{"code":"AADB2C","message":"User flow B2C_1_One: exists already."}}`},
		{"another type", `{"id":"Two","userFlowType":"other"}`, 400, "userFlowType must be one of"},
		{"no name", `{"id":"a b","userFlowType":"signIn"}`, 400, "letters, digits"},
		{"an unknown provider", `{"id":"Two","userFlowType":"signIn","identityProviders":[{"id":"Nobody"}]}`, 400, `no identity provider \"Nobody\"`},
		{"an unknown connector", `{"id":"Two","userFlowType":"signUp","apiConnectorConfiguration":{"postAttributeCollection":{"@odata.id":"x/apiConnectors/none"}}}`, 404, "There is no API connector with the id 'none'."},
		{"an unknown step", `{"id":"Two","userFlowType":"signUp","apiConnectorConfiguration":{"later":{}}}`, 400, "A step must be one of"},
		{"no object", `1`, 400, "wrong type"},
	} {
		g.Run(t, []msgraphtest.Step{{Name: tt.name, Method: "POST", Path: list, Body: tt.body, Status: tt.status, Records: notCreated, Want: tt.want}})
	}
	g.Run(t, []msgraphtest.Step{{
		Name: "with all", Method: "POST", Path: list, Status: 201, Records: created,
		Body: `{"id":"Two","userFlowType":"signUp","isLanguageCustomizationEnabled":true,"defaultLanguageTag":"pt-BR","identityProviders":[{"id":"UsernamePassword-OAUTH"}],
			"apiConnectorConfiguration":{"postAttributeCollection":{"@odata.id":"x/apiConnectors/api"},"postFederationSignup":null}}`, Want: `"defaultLanguageTag":"pt-BR"`,
	}})
}

func TestTheConnectorsOfSteps(t *testing.T) {
	t.Parallel()
	g, _ := start(t)
	const bindings = one + "/apiConnectorConfiguration"
	const context = `"@odata.context":"{base}/graph/beta/$metadata#identity/b2cUserFlows('B2C_1_One')/apiConnectorConfiguration"`
	g.Run(t, []msgraphtest.Step{
		{Name: "bound", Method: "PUT", Path: bindings + "/postAttributeCollection/$ref", Body: `{"@odata.id":"https://graph.microsoft.com/beta/identity/apiConnectors('API')"}`, Status: 204, Records: updated},
		{Name: "all", Path: bindings, Want: `{` + context + `}`},
		{Name: "expanded", Path: bindings + "?$expand=postAttributeCollection, pretokenissuance", Want: `{` + context + `,"postAttributeCollection":{"id":"api"},"preTokenIssuance":null}`},
		{Name: "of no step", Path: bindings + "?$expand=later", Status: 400, Want: "$expand names 'later', which isn't a step."},
		{Name: "one", Path: bindings + "/postAttributeCollection", Want: `{"@odata.context":"{base}/graph/beta/$metadata#identity/apiConnectors/$entity","id":"api"}`},
		{Name: "one that isn't bound", Path: bindings + "/preTokenIssuance", Status: 404, Want: "There is no API connector for the step with the id 'preTokenIssuance'."},
		{Name: "one that is no step", Path: bindings + "/later", Status: 404, Want: "There is no step with the id 'later'."},
		{Name: "a reference elsewhere", Method: "PUT", Path: bindings + "/preTokenIssuance/$ref", Body: `{"@odata.id":"x/users/api"}`, Status: 400, Records: notUpdated, Want: "@odata.id must be the address of one of the apiConnectors."},
		{Name: "no object", Method: "PUT", Path: bindings + "/preTokenIssuance/$ref", Body: `1`, Status: 400, Records: notUpdated},
		{Name: "let go", Method: "DELETE", Path: bindings + "/postAttributeCollection/$ref", Status: 204, Records: updated},
		{Name: "let go indeed", Path: bindings + "/postAttributeCollection", Status: 404},
		{Name: "all of none", Path: list + "/x/apiConnectorConfiguration", Status: 404, Want: none},
		{Name: "one of none", Path: list + "/x/apiConnectorConfiguration/preTokenIssuance", Status: 404, Want: none},
	})
}

func TestTheIdentityProvidersOfAFlow(t *testing.T) {
	t.Parallel()
	g, _ := start(t)
	const both = `{"@odata.context":"{base}/graph/beta/$metadata#Collection(microsoft.graph.identityProviderBase)","value":[{"id":"EmailPassword-OAUTH"},{"id":"UsernamePassword-OAUTH"}]}`
	g.Run(t, []msgraphtest.Step{
		{Name: "added", Method: "POST", Path: one + "/userFlowIdentityProviders/$ref", Body: `{"@odata.id":"x/identityProviders/usernamepassword-oauth"}`, Status: 204, Records: updated},
		{Name: "added again, as before", Method: "POST", Path: one + "/identityProviders/$ref", Body: `{"id":"UsernamePassword-OAUTH"}`, Status: 204, Records: updated},
		{Name: "listed", Path: one + "/userFlowIdentityProviders", Want: both},
		{Name: "listed, as before", Path: one + "/identityProviders", Want: both},
		{Name: "an unknown one", Method: "PATCH", Path: one + "/userFlowIdentityProviders/$ref", Body: `{"id":"Nobody"}`, Status: 404, Records: notUpdated, Want: "There is no identity provider with the id 'Nobody'."},
		{Name: "no reference", Method: "POST", Path: one + "/userFlowIdentityProviders/$ref", Body: `{"@odata.id":"x"}`, Status: 400, Records: notUpdated},
		{Name: "no object", Method: "POST", Path: one + "/userFlowIdentityProviders/$ref", Body: `1`, Status: 400, Records: notUpdated},
		{Name: "removed", Method: "DELETE", Path: one + "/userFlowIdentityProviders/emailpassword-oauth/$ref", Status: 204, Records: updated},
		{Name: "removed already", Method: "DELETE", Path: one + "/identityProviders/EmailPassword-OAUTH/$ref", Status: 404, Records: notUpdated, Want: "There is no identity provider of the user flow"},
		{Name: "the last", Method: "DELETE", Path: one + "/identityProviders/UsernamePassword-OAUTH/$ref", Status: 400, Records: notUpdated, Want: "needs at least one identity provider"},
		{Name: "of none", Path: list + "/x/identityProviders", Status: 404, Want: none},
	})
}

func TestTheAttributesOfTheTenant(t *testing.T) {
	t.Parallel()
	g, _ := start(t)
	const attributes = "/v1.0/identity/userFlowAttributes"
	added, notAdded := msgraphtest.Twice("Create user attribute", "success"), msgraphtest.Twice("Create user attribute", "failure")
	changed, notChanged := msgraphtest.Twice("Update user attribute", "success"), msgraphtest.Twice("Update user attribute", "failure")
	removed, notRemoved := msgraphtest.Twice("Delete user attribute", "success"), msgraphtest.Twice("Delete user attribute", "failure")
	const level = `"@odata.type":"#microsoft.graph.identityCustomUserFlowAttribute","id":"extension_` + msgraphtest.ExtensionsApp + `_Level","displayName":"Level","description":"How far","userFlowAttributeType":"custom","dataType":"int64"`
	g.Run(t, []msgraphtest.Step{
		{Name: "made", Method: "POST", Path: attributes, Body: `{"displayName":"Level","description":"How far","dataType":"Int64"}`, Status: 201, Records: added, Save: "id=id", Want: `{"@odata.context":"{base}/graph/v1.0/$metadata#identity/userFlowAttributes/$entity",` + level + `}`},
		{Name: "made again", Method: "POST", Path: attributes, Body: `{"displayName":"Level","dataType":"string"}`, Status: 409, Records: notAdded, Want: `{"error":{"code":"AADB2C","message":"User attribute Level: exists already."}}`},
		{Name: "of no type", Method: "POST", Path: attributes, Body: `{"displayName":"X","dataType":"date"}`, Status: 400, Records: notAdded, Want: "User attribute X: dataType must be string, boolean or int64."},
		{Name: "of a type that flows can't use", Method: "POST", Path: attributes, Body: `{"displayName":"X","dataType":"StringCollection"}`, Status: 400, Records: notAdded, Want: "can't be used in user flows"},
		{Name: "no object", Method: "POST", Path: attributes, Body: `1`, Status: 400, Records: notAdded},
		{Name: "read", Path: attributes + "/extension_level", Want: level},
		{Name: "filtered", Path: attributes + "?$filter=userFlowAttributeType eq 'custom'&$select=displayName", Want: `{"@odata.context":"{base}/graph/v1.0/$metadata#identity/userFlowAttributes","value":[{"displayName":"Level"}]}`},
		{Name: "no filter", Path: attributes + "?$filter=((", Status: 400},
		{Name: "built in", Path: attributes + "/city", Want: `"@odata.type":"#microsoft.graph.identityBuiltInUserFlowAttribute","id":"City"`},
		{Name: "none", Path: attributes + "/x", Status: 404, Want: "There is no user attribute with the id 'x'."},
		{Name: "changed", Method: "PATCH", Path: attributes + "/{id}", Body: `{"description":"New","displayName":"Level"}`, Status: 204, Records: changed},
		{Name: "left as it is", Method: "PATCH", Path: attributes + "/{id}", Body: `{}`, Status: 204, Records: changed},
		{Name: "another type", Method: "PATCH", Path: attributes + "/{id}", Body: `{"dataType":"string"}`, Status: 400, Records: notChanged, Want: "Only the description of a user attribute can be changed."},
		{Name: "a built-in one, changed", Method: "PATCH", Path: attributes + "/city", Body: `{}`, Status: 400, Records: notChanged, Want: "A built-in user attribute can't be changed."},
		{Name: "nothing, changed", Method: "PATCH", Path: attributes + "/x", Body: `{}`, Status: 404, Records: notChanged},
		{Name: "of the wrong type, changed", Method: "PATCH", Path: attributes + "/{id}", Body: `1`, Status: 400, Records: notChanged},
		{Name: "collected", Method: "POST", Path: one + "/userAttributeAssignments", Body: `{"userAttribute":{"id":"{id}"}}`, Status: 201, Records: updated},
		{Name: "in use", Method: "DELETE", Path: attributes + "/{id}", Status: 400, Records: notRemoved, Want: "The user flow B2C_1_One uses this user attribute. Remove it there first."},
		{Name: "not collected", Method: "DELETE", Path: one + "/userAttributeAssignments/{id}", Status: 204, Records: updated},
		{Name: "deleted", Method: "DELETE", Path: attributes + "/{id}", Status: 204, Records: removed},
		{Name: "gone", Method: "DELETE", Path: attributes + "/{id}", Status: 404, Records: notRemoved},
		{Name: "a built-in one, deleted", Method: "DELETE", Path: attributes + "/city", Status: 400, Records: notRemoved, Want: "A built-in user attribute can't be deleted."},
	})
}

func TestTheAttributesThatAFlowCollects(t *testing.T) {
	t.Parallel()
	g, _ := start(t)
	const assignments = one + "/userAttributeAssignments"
	const city = `"id":"City","displayName":"Town","isOptional":true,"requiresVerification":false,"userInputType":"dropdownSingleSelect","userAttributeValues":[{"name":"Rome","value":"rome","isDefault":true}]`
	const entity = `"@odata.context":"{base}/graph/beta/$metadata#identity/b2cUserFlows('B2C_1_One')/userAttributeAssignments/$entity"`
	g.Run(t, []msgraphtest.Step{
		{
			Name: "added", Method: "POST", Path: assignments, Status: 201, Records: updated, Header: "Location: {base}/graph/beta/identity/b2cUserFlows/B2C_1_One/userAttributeAssignments/City",
			Body: `{"userAttribute":{"id":"City"},"displayName":"Town","isOptional":true,"userInputType":"DropdownSingleSelect","userAttributeValues":[{"name":"Rome","value":"rome","isDefault":true}]}`,
			Want: `{` + entity + `,` + city + `}`,
		},
		{Name: "a second", Method: "POST", Path: assignments, Body: `{"userAttribute":{"id":"country"}}`, Status: 201, Records: updated, Want: `{` + entity + `,"id":"Country","displayName":"*","isOptional":false,"requiresVerification":false,"userInputType":"textBox","userAttributeValues":[]}`},
		{Name: "again", Method: "POST", Path: assignments, Body: `{"userAttribute":{"id":"city"}}`, Status: 409, Records: notUpdated, Want: "User attribute City of the user flow: exists already."},
		{Name: "an unknown one", Method: "POST", Path: assignments, Body: `{"userAttribute":{"id":"x"}}`, Status: 404, Records: notUpdated, Want: "There is no user attribute with the id 'x'."},
		{Name: "none", Method: "POST", Path: assignments, Body: `{}`, Status: 400, Records: notUpdated, Want: "userAttribute.id is required."},
		{Name: "no object", Method: "POST", Path: assignments, Body: `1`, Status: 400, Records: notUpdated},
		{Name: "of none", Method: "POST", Path: list + "/x/userAttributeAssignments", Body: `{"userAttribute":{"id":"city"}}`, Status: 404, Records: notUpdated, Want: none},
		{Name: "an unknown input", Method: "POST", Path: assignments, Body: `{"userAttribute":{"id":"jobTitle"},"userInputType":"x"}`, Status: 400, Records: notUpdated, Want: "userInputType must be textBox"},
		{Name: "read", Path: assignments + "/City", Want: `{` + entity + `,` + city + `}`},
		{Name: "expanded", Path: assignments + "/city?$expand=userAttribute", Want: `"userAttribute":{"@odata.type":"#microsoft.graph.identityBuiltInUserFlowAttribute","id":"City"`},
		{Name: "listed", Path: assignments, Want: `"value":[{` + city + `},{"id":"Country"`},
		{Name: "changed", Method: "PATCH", Path: assignments + "/country", Body: `{"isOptional":true,"displayName":"Land"}`, Status: 204, Records: updated},
		{Name: "as it is now", Path: assignments + "/country", Want: `"displayName":"Land","isOptional":true`},
		{Name: "only an address is verified", Method: "PATCH", Path: assignments + "/country", Body: `{"requiresVerification":true}`, Status: 400, Records: notUpdated, Want: `"code":"AADB2C"`},
		{Name: "nothing, changed", Method: "PATCH", Path: assignments + "/jobTitle", Body: `{}`, Status: 404, Records: notUpdated, Want: "There is no user attribute assignment with the id 'jobTitle'."},
		{Name: "no object, changed", Method: "PATCH", Path: assignments + "/city", Body: `1`, Status: 400, Records: notUpdated},
		{Name: "their order", Path: assignments + "/getOrder()", Want: `{"@odata.context":"{base}/graph/beta/$metadata#microsoft.graph.assignmentOrder","order":["City","Country"]}`},
		{Name: "another order", Method: "POST", Path: assignments + "/setOrder", Body: `{"newAssignmentOrder":{"order":["country","city"]}}`, Status: 204, Records: updated},
		{Name: "that order", Path: assignments + "/getOrder", Want: `"order":["Country","City"]`},
		{Name: "an order of less", Method: "POST", Path: assignments + "/setOrder", Body: `{"newAssignmentOrder":{"order":["city"]}}`, Status: 400, Records: notUpdated, Want: "The order must name each user attribute of the flow once."},
		{Name: "an order of more", Method: "POST", Path: assignments + "/setOrder", Body: `{"newAssignmentOrder":{"order":["jobTitle"]}}`, Status: 400, Records: notUpdated, Want: "The order names 'jobTitle', which the user flow doesn't collect."},
		{Name: "no order", Method: "POST", Path: assignments + "/setOrder", Body: `1`, Status: 400, Records: notUpdated},
		{Name: "removed", Method: "DELETE", Path: assignments + "/city", Status: 204, Records: updated},
		{Name: "removed already", Method: "DELETE", Path: assignments + "/city", Status: 404, Records: notUpdated},
		{Name: "not there", Path: assignments + "/city", Status: 404},
		{Name: "unknown", Path: assignments + "/x", Status: 404},
		{Name: "listed of none", Path: list + "/x/userAttributeAssignments", Status: 404, Want: none},
		{Name: "one of none", Path: list + "/x/userAttributeAssignments/city", Status: 404, Want: none},
		{Name: "order of none", Path: list + "/x/userAttributeAssignments/getOrder", Status: 404, Want: none},
	})
}

// failing is a service whose changes fail.
type failing struct {
	userflows.Flows
	err error
}

func (f *failing) Change(context.Context, func(*userflow.Tenant) error) error { return f.err }

func TestErrorsOfChangesAreGraphs(t *testing.T) {
	t.Parallel()
	flows := &failing{Flows: msgraphtest.UserFlows(t)}
	g := msgraphtest.New(t, handler(flows, &surroundings{}))
	for _, tt := range []struct {
		err    error
		status int
		want   string
	}{
		{userflow.ErrConflict, 409, `{"error":{"code":"AADB2C","message":"The user flow was changed by another request."}}`},
		{keyset.ErrConflict, 409, `{"error":{"code":"AADB2C","message":"Key set was changed by another request."}}`},
		{keyset.ErrExists, 400, `{"error":{"code":"AADB2C95028","message":"A key set of this name exists already."}}`},
		{userflow.ErrNotFound, 404, `{"error":{"code":"AADB2C","message":"Not found."}}`},
		{refusal.Because(userflow.ErrInvalid, "user flow x: the reason"), 400, `{"error":{"code":"AADB2C","message":"User flow x: the reason."}}`},
		{errors.New("the disk is gone"), 500, `{"error":{"code":"AADB2C90063","message":"There is a problem with the service."}}`},
	} {
		flows.err = tt.err
		g.Run(t, []msgraphtest.Step{{Name: tt.err.Error(), Method: "POST", Path: list, Body: `{"id":"One","userFlowType":"signIn"}`, Status: tt.status, Records: notCreated, Want: tt.want}})
	}
}
