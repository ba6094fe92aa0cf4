package applications_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"

	"journeyman.dev/internal/application"
	"journeyman.dev/internal/msgraph/applications"
	"journeyman.dev/internal/msgraph/msgraphtest"
)

const (
	added   = "Add application: success"
	updated = "Update application: success"
	failed  = "Update application: failure"
)

// start runs an admin API with registrations, among which is an application "stored".
func start(t *testing.T) *msgraphtest.Graph {
	t.Helper()
	apps := &msgraphtest.Applications{}
	g := msgraphtest.NewOver(t, apps, &msgraphtest.Audits{}, &applications.Handler{
		Find: apps, Change: apps, ExtensionsApp: msgraphtest.ExtensionsApp, Now: msgraphtest.Now,
	})
	stored := application.Application{
		ID: "11111111-0000-4000-8000-000000000000", AppID: "aaaaaaaa-0000-4000-8000-000000000000", DisplayName: "Stored", Created: msgraphtest.Now(),
		WebRedirects: []string{"https://app.example/signin"}, IdentifierURIs: []string{"https://contoso.example/stored"},
		Extra: map[string]json.RawMessage{"api": json.RawMessage(`{"count":12345678901234567890}`), "web": json.RawMessage(`{"homePageUrl":"https://app.example","logoutUrl":"hidden"}`)},
	}
	if err := apps.Create(t.Context(), stored); err != nil {
		t.Fatal(err)
	}
	g.Set("id", stored.ID)
	g.Set("appId", stored.AppID)
	return g
}

func TestAnApplicationIsShownWithWhatIsOnlyKept(t *testing.T) {
	t.Parallel()
	g := start(t)
	const whole = `{"@odata.context":"{base}/graph/v1.0/$metadata#applications/$entity","id":"{id}","appId":"{appId}","displayName":"Stored",
		"createdDateTime":"2026-01-02T03:04:05Z","signInAudience":null,"identifierUris":["https://contoso.example/stored"],"isFallbackPublicClient":false,
		"web":{"redirectUris":["https://app.example/signin"],"logoutUrl":null,"implicitGrantSettings":{"enableIdTokenIssuance":false,"enableAccessTokenIssuance":false},"homePageUrl":"https://app.example"},
		"spa":{"redirectUris":[]},"publicClient":{"redirectUris":[]},"pkce":{"required":null,"allowPlain":true},"passwordCredentials":[],"keyCredentials":[],
		"requiredResourceAccess":[],"api":{"count":12345678901234567890}}`
	g.Run(t, []msgraphtest.Step{
		{Name: "by id", Path: "/v1.0/applications/{id}", Want: whole},
		{Name: "by app id", Path: "/v1.0/applications(appId='{appId}')", Want: whole},
		{Name: "numbers keep their digits", Path: "/v1.0/applications/{id}", Want: "12345678901234567890"},
		{
			Name: "chosen members, in any case", Path: "/v1.0/applications/{id}?$select=DisplayName, id",
			Want: `{"@odata.context":"{base}/graph/v1.0/$metadata#applications/$entity","id":"{id}","displayName":"Stored"}`,
		},
		{Name: "an unknown id", Path: "/v1.0/applications/00000000-0000-0000-0000-000000000000", Status: 404, Want: "Resource '00000000-0000-0000-0000-000000000000' does not exist"},
		{Name: "an unknown app id", Path: "/v1.0/applications(appId='x')", Status: 404, Want: "Resource 'appId=x' does not exist"},
	})
	names := msgraphtest.Names(t, g.Do(t, msgraphtest.Step{Path: "/v1.0/applications/{id}?$select=web,id,displayName"}).Body.Bytes())
	if got, want := strings.Join(names, " "), "@odata.context id displayName web"; got != want {
		t.Errorf("order of members: got %s, want %s", got, want)
	}
}

func TestApplicationsAreListedInPages(t *testing.T) {
	t.Parallel()
	g := start(t)
	for _, id := range []string{"22222222-0000-4000-8000-000000000000", "33333333-0000-4000-8000-000000000000"} {
		if err := g.Apps.Create(t.Context(), application.Application{ID: id, AppID: id, DisplayName: "More", IdentifierURIs: []string{"https://contoso.example/more"}}); err != nil {
			t.Fatal(err)
		}
	}
	g.Run(t, []msgraphtest.Step{
		{
			Name: "the first page", Path: "/v1.0/applications?$top=2&$select=id",
			Want: `{"@odata.context":"{base}/graph/v1.0/$metadata#applications","value":[{"id":"{id}"},{"id":"22222222-0000-4000-8000-000000000000"}],
				"@odata.nextLink":"{base}/v1.0/applications?%24select=id&%24skiptoken=22222222-0000-4000-8000-000000000000&%24top=2"}`,
		},
		{
			Name: "the last page", Path: "/v1.0/applications?$top=2&$select=id&$skiptoken=22222222-0000-4000-8000-000000000000",
			Want: `{"@odata.context":"{base}/graph/v1.0/$metadata#applications","value":[{"id":"33333333-0000-4000-8000-000000000000"}]}`,
		},
		{
			Name: "a filter", Path: "/v1.0/applications?$filter=displayName eq 'stored'&$select=displayName",
			Want: `{"@odata.context":"{base}/graph/v1.0/$metadata#applications","value":[{"displayName":"Stored"}]}`,
		},
		{
			Name: "a filter on a list", Path: "/v1.0/applications?$filter=identifierUris/any(u:u eq 'https://contoso.example/stored')&$select=displayName",
			Want: `{"@odata.context":"{base}/graph/v1.0/$metadata#applications","value":[{"displayName":"Stored"}]}`,
		},
		{Name: "a filter that is none", Path: "/v1.0/applications?$filter=displayName eq", Status: 400, Want: "Invalid filter clause."},
		{Name: "a filter that isn't supported", Path: "/v1.0/applications?$filter=tolower(displayName) eq 'x'", Status: 400, Want: "query filter clause"},
		{Name: "a page of no size", Path: "/v1.0/applications?$top=0", Status: 400, Want: "Invalid page size specified: '0'. Must be between 1 and 999 inclusive."},
	})
}

func TestAnApplicationIsMadeChangedAndDeleted(t *testing.T) {
	t.Parallel()
	g := start(t)
	g.Run(t, []msgraphtest.Step{
		{
			Name: "made", Method: "POST", Path: "/v1.0/applications", Status: 201, Records: added, Save: "made=id",
			Body: `{"displayName":"New","spa":{"redirectUris":["https://spa.example/"]},"notes":"kept","id":"mine","@odata.type":"#x"}`,
			Want: `{"@odata.context":"{base}/graph/v1.0/$metadata#applications/$entity","id":"*","appId":"*","displayName":"New","createdDateTime":"2026-01-02T03:04:05Z",
				"signInAudience":"AzureADandPersonalMicrosoftAccount","identifierUris":[],"isFallbackPublicClient":false,
				"web":{"redirectUris":[],"logoutUrl":null,"implicitGrantSettings":{"enableIdTokenIssuance":false,"enableAccessTokenIssuance":false}},
				"spa":{"redirectUris":["https://spa.example/"]},"publicClient":{"redirectUris":[]},"pkce":{"required":null,"allowPlain":null},
				"passwordCredentials":[],"keyCredentials":[],"requiredResourceAccess":[],"notes":"kept"}`,
		},
		{Name: "made where it is said", Path: "/v1.0/applications/{made}?$select=notes", Want: `"notes":"kept"`},
		{
			Name: "changed", Method: "PATCH", Path: "/v1.0/applications/{made}", Status: 204, Records: updated,
			Body: `{"signInAudience":"AzureADMyOrg","isFallbackPublicClient":true,"pkce":{"required":true},"identifierUris":["api://made"],
				"web":{"redirectUris":["https://web.example/"],"logoutUrl":"https://web.example/out","implicitGrantSettings":{"enableIdTokenIssuance":true,"enableAccessTokenIssuance":true}},
				"publicClient":{"redirectUris":["http://localhost"]}}`,
		},
		{
			Name: "what was left out stays", Method: "PATCH", Path: "/v1.0/applications/{made}", Status: 204, Records: updated,
			Body: `{"web":{},"pkce":{"allowPlain":false},"isFallbackPublicClient":null}`,
		},
		{
			Name: "as it is now", Path: "/v1.0/applications/{made}?$select=signInAudience,web,pkce,isFallbackPublicClient,publicClient",
			Want: `{"@odata.context":"{base}/graph/v1.0/$metadata#applications/$entity","signInAudience":"AzureADMyOrg","isFallbackPublicClient":false,
				"web":{"redirectUris":["https://web.example/"],"logoutUrl":"https://web.example/out","implicitGrantSettings":{"enableIdTokenIssuance":true,"enableAccessTokenIssuance":true}},
				"publicClient":{"redirectUris":["http://localhost"]},"pkce":{"required":true,"allowPlain":false}}`,
		},
		{Name: "null follows the tenant", Method: "PATCH", Path: "/v1.0/applications/{made}", Body: `{"pkce":null}`, Status: 204, Records: updated},
		{Name: "as the tenant's", Path: "/v1.0/applications/{made}", Want: `"pkce":{"required":null,"allowPlain":null}`},
		{Name: "another's identifier", Method: "PATCH", Path: "/v1.0/applications/{made}", Body: `{"identifierUris":["https://contoso.example/stored/"]}`, Status: 400, Records: failed, Want: "identifierUris already exists"},
		{Name: "its own identifier again", Method: "PATCH", Path: "/v1.0/applications/{made}", Body: `{"identifierUris":["api://made"]}`, Status: 204, Records: updated},
		{Name: "deleted", Method: "DELETE", Path: "/v1.0/applications/{made}", Status: 204, Records: "Delete application: success"},
		{Name: "gone", Method: "DELETE", Path: "/v1.0/applications/{made}", Status: 404, Records: "Delete application: failure", Want: `{"error":{"code":"Request_ResourceNotFound","message":"*"}}`},
	})
}

func TestMembersOfTheWrongTypeAreRefused(t *testing.T) {
	t.Parallel()
	g := start(t)
	for member, value := range map[string]string{
		"displayName": "1", "signInAudience": "[]", "identifierUris": `"x"`, "isFallbackPublicClient": `"yes"`, "pkce": "1", "web": "1",
		"requiredResourceAccess": "1", "keyCredentials": "1",
	} {
		g.Run(t, []msgraphtest.Step{{
			Name: member, Method: "PATCH", Path: "/v1.0/applications/{id}", Body: `{"` + member + `":` + value + `}`, Status: 400, Records: failed,
			Want: `{"error":{"code":"Request_BadRequest","message":"Invalid value specified for property '` + member + `' of resource 'Application'."}}`,
		}})
	}
	g.Run(t, []msgraphtest.Step{
		{Name: "no name", Method: "POST", Path: "/v1.0/applications", Body: `{}`, Status: 400, Records: "Add application: failure", Want: "invalid application: displayName must have 1 to 256 characters"},
		{Name: "no body", Method: "POST", Path: "/v1.0/applications", Status: 400, Records: "Add application: failure", Want: "The request has no body."},
		{Name: "no JSON", Method: "POST", Path: "/v1.0/applications", Body: `{`, Status: 400, Records: "Add application: failure", Want: "The body is no valid JSON."},
	})
}

func TestNobodyGivesOrTakesAPermissionThatItLacks(t *testing.T) {
	t.Parallel()
	g := start(t)
	g.Set("reader", g.Token(t, "Application.Read.All"))
	g.Set("writer", g.Token(t, "Application.ReadWrite.All"))
	const users = "741f803b-c850-494e-b5df-cde7c675a1ca" // User.ReadWrite.All
	const write = "1bfefb4e-e0b5-418b-a88f-73c46d2cc8e9" // Application.ReadWrite.All
	asks := func(role string) string {
		return `{"requiredResourceAccess":[{"resourceAppId":"00000003-0000-0000-c000-000000000000","resourceAccess":[{"id":"` + role + `","type":"Role"},{"id":"x","type":"Scope"}]},
			{"resourceAppId":"other","resourceAccess":[]}]}`
	}
	g.Run(t, []msgraphtest.Step{
		{Name: "a reader reads", Path: "/v1.0/applications/{id}", Token: "{reader}"},
		{Name: "a reader doesn't write", Method: "PATCH", Path: "/v1.0/applications/{id}", Token: "{reader}", Body: "{}", Status: 403, Records: failed, Want: "One of these roles is needed: Application.ReadWrite.All, Directory.ReadWrite.All."},
		{Name: "a role that the caller has", Method: "PATCH", Path: "/v1.0/applications/{id}", Token: "{writer}", Body: asks(write), Status: 204, Records: updated},
		{Name: "a role that it lacks", Method: "PATCH", Path: "/v1.0/applications/{id}", Token: "{writer}", Body: asks(users), Status: 403, Records: failed, Want: "The caller can't grant the role User.ReadWrite.All"},
		{Name: "by who has all", Method: "PATCH", Path: "/v1.0/applications/{id}", Body: asks(users), Status: 204, Records: updated},
		{Name: "an application with more is not changed", Method: "PATCH", Path: "/v1.0/applications/{id}", Token: "{writer}", Body: `{"displayName":"Mine"}`, Status: 403, Records: failed, Want: "which the caller doesn't have"},
		{Name: "and not deleted", Method: "DELETE", Path: "/v1.0/applications/{id}", Token: "{writer}", Status: 403, Records: "Delete application: failure"},
		{Name: "and gets no secret", Method: "POST", Path: "/v1.0/applications/{id}/addPassword", Token: "{writer}", Status: 403, Records: "Update application – Certificates and secrets management: failure"},
		{Name: "and loses none", Method: "POST", Path: "/v1.0/applications/{id}/removePassword", Token: "{writer}", Body: `{"keyId":"x"}`, Status: 403, Records: "Update application – Certificates and secrets management: failure"},
	})
}

func TestTheApplicationOfTheExtensionsStays(t *testing.T) {
	t.Parallel()
	g := start(t)
	extensions := application.Application{ID: uuid.NewString(), AppID: "99999999-0000-4000-8000-000000000000", DisplayName: "b2c-extensions-app"}
	if err := g.Apps.Create(t.Context(), extensions); err != nil {
		t.Fatal(err)
	}
	g.Run(t, []msgraphtest.Step{{
		Name: "delete", Method: http.MethodDelete, Path: "/v1.0/applications/" + extensions.ID, Status: 400, Records: "Delete application: failure",
		Want: "extension attributes can't be deleted",
	}})
}
