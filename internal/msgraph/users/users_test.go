package users_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"journeyman.dev/internal/claims"
	"journeyman.dev/internal/directory"
	"journeyman.dev/internal/msgraph/msgraphtest"
	"journeyman.dev/internal/session"
)

const (
	added     = "Add user: success"
	notAdded  = "Add user: failure"
	updated   = "Update user: success"
	notUpdate = "Update user: failure"
	level     = "extension_99999999000040008000000000000000_Level"
)

// ada is a user who has much.
func ada() *directory.User {
	return &directory.User{
		ID: "aaaaaaaa-0000-4000-8000-000000000000", UPN: "ada@contoso.example", Created: msgraphtest.Now(), TokensValidFrom: msgraphtest.Now(),
		PasswordPolicies: "DisablePasswordExpiration",
		Identities: []directory.Identity{
			{Type: "emailAddress", Issuer: msgraphtest.Tenant, ID: "ada@mail.example"}, {Type: directory.Federated, Issuer: "facebook.com", ID: "123"},
		},
		Attributes: map[string]claims.Value{
			"displayName": claims.Text("Ada"), "mobile": claims.Text("+1"), "telephoneNumber": claims.Text("+2"), "otherMails": claims.Collection("a@mail.example", "b@mail.example"),
			level: claims.LongInteger(7),
		},
	}
}

// numbered are n users with names alone.
func numbered(n int) []*directory.User {
	var list []*directory.User
	for i := range n {
		list = append(list, &directory.User{
			ID: fmt.Sprintf("bbbbbbbb-0000-4000-8000-%012d", i), UPN: fmt.Sprintf("u%d@contoso.example", i),
			Attributes: map[string]claims.Value{"displayName": claims.Text(fmt.Sprint("User ", i))},
		})
	}
	return list
}

func TestAUserIsShownAsItsVersionDoes(t *testing.T) {
	t.Parallel()
	g, _ := start(t, ada())
	const short = `"id":"aaaaaaaa-0000-4000-8000-000000000000","userPrincipalName":"ada@contoso.example","businessPhones":["+2"],"displayName":"Ada","givenName":null,"surname":null,
		"jobTitle":null,"mail":null,"mobilePhone":"+1","officeLocation":null,"preferredLanguage":null`
	const identities = `"identities":[{"signInType":"emailAddress","issuer":"contoso.example","issuerAssignedId":"ada@mail.example"},{"signInType":"federated","issuer":"facebook.com","issuerAssignedId":"123"},
		{"signInType":"userPrincipalName","issuer":"contoso.example","issuerAssignedId":"ada@contoso.example"}]`
	g.Run(t, []msgraphtest.Step{
		{Name: "v1.0", Path: "/v1.0/users/aaaaaaaa-0000-4000-8000-000000000000", Want: `{"@odata.context":"{base}/graph/v1.0/$metadata#users/$entity",` + short + `}`},
		{
			Name: "beta, by name", Path: "/beta/users/ADA@contoso.example",
			Want: `{"@odata.context":"{base}/graph/beta/$metadata#users/$entity",` + short + `,` + identities + `,"accountEnabled":true,"createdDateTime":"2026-01-02T03:04:05Z","creationType":"LocalAccount",
				"passwordPolicies":"DisablePasswordExpiration","signInSessionsValidFromDateTime":"2026-01-02T03:04:05Z","refreshTokensValidFromDateTime":"2026-01-02T03:04:05Z",
				"otherMails":["a@mail.example","b@mail.example"],"city":null,"country":null,"state":null,"streetAddress":null,"postalCode":null,"department":null,"mailNickname":null,
				"usageLocation":null,"ageGroup":null,"consentProvidedForMinor":null,"legalAgeGroupClassification":null,"userType":null,"companyName":null,"employeeId":null,"faxNumber":null,
				"` + level + `":7}`,
		},
		{Name: "chosen", Path: "/v1.0/users/ada@contoso.example?$select=identities," + level, Want: `{"@odata.context":"{base}/graph/v1.0/$metadata#users/$entity",` + identities + `,"` + level + `":7}`},
		{Name: "an address is no name", Path: "/v1.0/users/ada@mail.example", Status: 404, Want: `{"error":{"code":"Request_ResourceNotFound","message":"*"}}`},
		{Name: "nobody", Path: "/v1.0/users/eve@contoso.example", Status: 404, Want: "Resource 'eve@contoso.example' does not exist"},
	})
}

func TestUsersAreFoundByFilters(t *testing.T) {
	t.Parallel()
	g, _ := start(t, append(numbered(3), ada())...)
	const isAda = `{"displayName":"Ada"}`
	steps := []msgraphtest.Step{
		{Name: "an unknown function", Path: "/v1.0/users?$filter=length(displayName) eq 3", Status: 400, Want: "Unsupported or invalid query filter clause"},
		{Name: "no filter", Path: "/v1.0/users?$filter=((", Status: 400, Want: "Invalid filter clause."},
		{Name: "no size", Path: "/v1.0/users?$top=x", Status: 400, Want: "Invalid page size"},
	}
	for filter, want := range map[string]string{
		"id eq 'AAAAAAAA-0000-4000-8000-000000000000'": isAda,
		"id eq 'x'": "",
		"userPrincipalName eq 'ada@contoso.example'":                                                                   isAda,
		"userPrincipalName eq 'ada@contoso.example' and accountEnabled eq false":                                       "",
		"identities/any(c:c/issuerAssignedId eq 'ada@mail.example' and c/issuer eq 'other.example')":                   isAda,
		"identities/any(c:c/issuerAssignedId eq '123' and c/issuer eq 'facebook.com')":                                 isAda,
		"identities/any(c:c/issuerAssignedId eq '123' and c/issuer eq 'google.com')":                                   "",
		"startswith(displayName,'a')":                                                                                  isAda,
		"endswith(displayName,'2') or contains(displayName,'da')":                                                      isAda + `,{"displayName":"User 2"}`,
		"not startswith(displayName,'u')":                                                                              isAda,
		level + " ge 7 and " + level + " lt 8":                                                                         isAda,
		"createdDateTime gt 2025-12-31T00:00:00Z and createdDateTime le 2026-01-02T03:04:05Z and creationType ne null": isAda,
		"otherMails/any(m:m eq 'b@mail.example')":                                                                      isAda,
	} {
		steps = append(steps, msgraphtest.Step{
			Name: filter, Path: "/v1.0/users?$select=displayName&$filter=" + filter, Want: `{"@odata.context":"{base}/graph/v1.0/$metadata#users","value":[` + want + `]}`,
		})
	}
	g.Run(t, steps)
}

func TestAnAmbiguousNameFindsBoth(t *testing.T) {
	t.Parallel()
	both := numbered(2)
	for _, u := range both {
		u.Identities = []directory.Identity{{Type: "userName", Issuer: msgraphtest.Tenant, ID: "same"}}
	}
	g, _ := start(t, both...)
	g.Run(t, []msgraphtest.Step{
		{
			Name: "by filter", Path: "/v1.0/users?$select=displayName&$filter=identities/any(c:c/issuerAssignedId eq 'same')",
			Want: `{"@odata.context":"{base}/graph/v1.0/$metadata#users","value":[{"displayName":"User 0"},{"displayName":"User 1"}]}`,
		},
		{Name: "by address", Path: "/v1.0/users/same", Status: 409, Want: "Two users have this name."},
	})
}

func TestUsersAreListedInPages(t *testing.T) {
	t.Parallel()
	g, m := start(t, numbered(1001)...)
	g.Run(t, []msgraphtest.Step{
		{Name: "the first", Path: "/v1.0/users?$top=2&$select=id", Want: `"@odata.nextLink":"{base}/v1.0/users?%24select=id&%24skiptoken=bbbbbbbb-0000-4000-8000-000000000001&%24top=2"`},
		{Name: "beyond the store's page", Path: "/v1.0/users?$filter=displayName eq 'User 1000'&$select=id", Want: `"value":[{"id":"bbbbbbbb-0000-4000-8000-000000001000"}]`},
		{
			Name: "the last", Path: "/v1.0/users?$select=id&$skiptoken=bbbbbbbb-0000-4000-8000-000000000999",
			Want: `{"@odata.context":"{base}/graph/v1.0/$metadata#users","value":[{"id":"bbbbbbbb-0000-4000-8000-000000001000"}]}`,
		},
	})
	m.broken = errors.New("the disk is gone")
	g.Run(t, []msgraphtest.Step{
		{Name: "a list of a broken store", Path: "/v1.0/users", Status: 500, Want: `{"error":{"code":"AADB2C90063","message":"There is a problem with the service."}}`},
		{Name: "a user of a broken store", Path: "/v1.0/users/x", Status: 500},
		{Name: "a filter on a broken store", Path: "/v1.0/users?$filter=id eq 'x'", Status: 500},
		{Name: "a name in a broken store", Path: "/v1.0/users?$filter=userPrincipalName eq 'x'", Status: 500},
	})
}

func TestAUserIsMadeChangedAndDeleted(t *testing.T) {
	t.Parallel()
	g, m := start(t, ada())
	g.Run(t, []msgraphtest.Step{
		{
			Name: "made", Method: "POST", Path: "/v1.0/users", Status: 201, Records: added, Save: "id=id",
			Body: `{"displayName":"Grace","identities":[{"signInType":"emailAddress","issuer":"contoso.example","issuerAssignedId":"grace@mail.example"},{"signInType":"userPrincipalName"}],
				"passwordProfile":{"password":"Correct1horse","forceChangePasswordNextSignIn":true},"accountEnabled":true,"unknown":1}`,
			Want: `{"@odata.context":"{base}/graph/v1.0/$metadata#users/$entity","id":"*","userPrincipalName":"*","businessPhones":[],"displayName":"Grace","givenName":null,"surname":null,
				"jobTitle":null,"mail":null,"mobilePhone":null,"officeLocation":null,"preferredLanguage":null,
				"identities":[{"signInType":"emailAddress","issuer":"contoso.example","issuerAssignedId":"grace@mail.example"},{"signInType":"userPrincipalName","issuer":"contoso.example","issuerAssignedId":"*"}]}`,
		},
		{
			Name: "changed", Method: "PATCH", Path: "/v1.0/users/{id}", Status: 204, Records: updated,
			Body: `{"officeLocation":"B","otherMails":["g@mail.example"],"businessPhones":["+3","+4"],"accountEnabled":false,"userPrincipalName":"grace@contoso.example","passwordPolicies":"DisableStrongPassword",
				"passwordProfile":{"password":"simplepassword"},"` + level + `":5.0,"extension_99999999000040008000000000000000_On":true,"extension_99999999000040008000000000000000_Text":"x"}`,
		},
		{Name: "null takes away, or says nothing", Method: "PATCH", Path: "/v1.0/users/{id}", Status: 204, Records: updated, Body: `{"` + level + `":null,"identities":null,"accountEnabled":null,"passwordProfile":null}`},
		{
			Name: "as it is now", Path: "/beta/users/{id}?$select=officeLocation,otherMails,businessPhones,accountEnabled,userPrincipalName,passwordPolicies,displayName," + level + ",extension_99999999000040008000000000000000_On,extension_99999999000040008000000000000000_Text",
			Want: `{"@odata.context":"{base}/graph/beta/$metadata#users/$entity","officeLocation":"B","otherMails":["g@mail.example"],"businessPhones":["+3,+4"],"accountEnabled":false,
				"userPrincipalName":"grace@contoso.example","passwordPolicies":"DisableStrongPassword","displayName":"Grace","extension_99999999000040008000000000000000_On":true,"extension_99999999000040008000000000000000_Text":"x"}`,
		},
		{Name: "another's name", Method: "PATCH", Path: "/v1.0/users/{id}", Body: `{"userPrincipalName":"ada@contoso.example"}`, Status: 400, Records: notUpdate, Want: "proxyAddresses already exists"},
		{Name: "revoked", Method: "POST", Path: "/v1.0/users/{id}/revokeSignInSessions", Records: "Revoke user sessions: success", Want: `{"@odata.context":"{base}/graph/v1.0/$metadata#Edm.Boolean","value":true}`},
		{Name: "deleted", Method: "DELETE", Path: "/v1.0/users/{id}", Status: 204, Records: "Delete user: success"},
		{Name: "gone", Method: "DELETE", Path: "/v1.0/users/{id}", Status: 404, Records: "Delete user: failure"},
		{Name: "not revoked", Method: "POST", Path: "/v1.0/users/{id}/revokeSignInSessions", Status: 404, Records: "Revoke user sessions: failure"},
		{Name: "not changed", Method: "PATCH", Path: "/v1.0/users/{id}", Body: "{}", Status: 404, Records: notUpdate},
	})
	if got := m.users[1].Epoch; got == 0 {
		t.Errorf("epoch of a user whose sessions were revoked: got %d, want more", got)
	}
}

func TestUsersThatCantBeAreRefused(t *testing.T) {
	t.Parallel()
	g, m := start(t, ada())
	const local = `"displayName":"X","passwordProfile":{"password":"Correct1horse"},"identities":`
	var steps []msgraphtest.Step
	for body, want := range map[string]string{
		`{}`:                  "A value is required for property 'displayName'",
		`{"displayName":"X"}`: "A value is required for property 'identities'",
		`{"displayName":"X","identities":[{"signInType":"userName","issuer":"contoso.example","issuerAssignedId":"x"}]}`:  "A password must be specified",
		`{` + local + `[{"signInType":"userName","issuer":"contoso.example"}]}`:                                           "An identity needs signInType, issuer and issuerAssignedId.",
		`{` + local + `[{"signInType":"userName","issuer":"other.example","issuerAssignedId":"x"}]}`:                      "The issuer of a local identity is the tenant's domain, contoso.example.",
		`{` + local + `[{"signInType":"emailAddress","issuer":"contoso.example","issuerAssignedId":"x"}]}`:                "no e-mail address",
		`{` + local + `[{"signInType":"userName","issuer":"contoso.example","issuerAssignedId":"-"}]}`:                    "A user name has up to 64 letters",
		`{` + local + `[{"signInType":"emailAddress","issuer":"contoso.example","issuerAssignedId":"ada@mail.example"}]}`: "proxyAddresses already exists",
		`{` + local + `[` + strings.Repeat(`{"signInType":"FEDERATED","issuer":"i","issuerAssignedId":"x"},`, 11) + `]}`:  "at most 10 identities",
		`{"displayName":"X","userPrincipalName":"x@other.example"}`:                                                       "The domain portion of the userPrincipalName property is invalid.",
		`{"displayName":" "}`:  "Invalid value specified for property 'displayName' of resource 'User'.",
		`{"displayName":null}`: "Invalid value specified for property 'displayName' of resource 'User'.",
		`{"displayName":1}`:    "Invalid value specified for property 'displayName' of resource 'User'.",
		`{"identities":1}`:     "Invalid value specified for property 'identities' of resource 'User'.",
		`{"accountEnabled":1}`: "'accountEnabled'", `{"passwordProfile":1}`: "'passwordProfile'", `{"passwordPolicies":1}`: "'passwordPolicies'", `{"otherMails":1}`: "'otherMails'",
		`{"businessPhones":1}`: "'businessPhones'", `{"userPrincipalName":1}`: "'userPrincipalName'",
		`{"extension_Level":1}`: "The property 'extension_Level' does not exist", `{"` + level + `":1.5}`: "'" + level + "'",
		`{` + strings.Replace(local, "Correct1horse", "Password123!", 1) + `[{"signInType":"userName","issuer":"contoso.example","issuerAssignedId":"x"}]}`: "this one is common, or was stolen",
		`{` + strings.Replace(local, "Correct1horse", "short", 1) + `[{"signInType":"userName","issuer":"contoso.example","issuerAssignedId":"x"}]}`:        "the password does not meet the requirements",
		`[]`: "has a value of the wrong type.",
	} {
		steps = append(steps, msgraphtest.Step{Name: body, Method: "POST", Path: "/v1.0/users", Body: body, Status: 400, Records: notAdded, Want: want})
	}
	steps = append(steps,
		msgraphtest.Step{Name: "a known password", Method: "PATCH", Path: "/v1.0/users/ada@contoso.example", Body: `{"passwordProfile":{"password":"Password123!"}}`, Status: 400, Records: notUpdate, Want: "this one is common"},
		msgraphtest.Step{Name: "no body", Method: "PATCH", Path: "/v1.0/users/ada@contoso.example", Status: 400, Records: notUpdate, Want: "The request has no body."},
	)
	g.Run(t, steps)
	if got := len(m.users); got != 1 {
		t.Errorf("users: got %d, want 1", got)
	}
}

func TestDeletedUsersCanBeRestored(t *testing.T) {
	t.Parallel()
	gone, other, taken := ada(), numbered(1)[0], numbered(2)[1]
	gone.Deleted = msgraphtest.Now()
	taken.Deleted, taken.UPN = msgraphtest.Now(), other.UPN
	g, _ := start(t, gone, other, taken)
	g.Set("id", gone.ID)
	g.Set("taken", taken.ID)
	g.Set("helper", g.Token(t, "User.DeleteRestore.All"))
	g.Run(t, []msgraphtest.Step{
		{
			Name: "listed", Path: "/v1.0/directory/deletedItems/microsoft.graph.user?$filter=displayName eq 'Ada'&$select=id,deletedDateTime",
			Want: `{"@odata.context":"{base}/graph/v1.0/$metadata#directoryObjects","value":[{"id":"{id}","deletedDateTime":"2026-01-02T03:04:05Z"}]}`,
		},
		{
			Name: "shown", Path: "/v1.0/directory/deletedItems/{id}?$select=id",
			Want: `{"@odata.context":"{base}/graph/v1.0/$metadata#directoryObjects/$entity","id":"{id}","@odata.type":"#microsoft.graph.user","deletedDateTime":"2026-01-02T03:04:05Z"}`,
		},
		{Name: "shown in beta", Path: "/beta/directory/deletedItems/{id}", Want: `"deletedDateTime":"2026-01-02T03:04:05Z"`},
		{Name: "no user any more", Path: "/v1.0/users/{id}", Status: 404},
		{Name: "no permission", Path: "/v1.0/directory/deletedItems/{id}", Token: "{helper}", Status: 403},
		{Name: "a name that another has", Method: "POST", Path: "/v1.0/directory/deletedItems/{taken}/restore", Status: 400, Records: "Restore user: failure", Want: "proxyAddresses already exists"},
		{Name: "restored", Method: "POST", Path: "/v1.0/directory/deletedItems/{id}/restore", Token: "{helper}", Records: "Restore user: success", Want: `"@odata.type":"#microsoft.graph.user"`},
		{Name: "restored already", Method: "POST", Path: "/v1.0/directory/deletedItems/{id}/restore", Status: 404, Records: "Restore user: failure", Want: "Resource '{id}' does not exist"},
		{Name: "purged", Method: "DELETE", Path: "/v1.0/directory/deletedItems/{taken}", Status: 204, Records: "Hard Delete user: success"},
		{Name: "purged already", Method: "DELETE", Path: "/v1.0/directory/deletedItems/{taken}", Status: 404, Records: "Hard Delete user: failure"},
		{Name: "shown no more", Path: "/v1.0/directory/deletedItems/{taken}", Status: 404},
		{Name: "a filter that is none", Path: "/v1.0/directory/deletedItems/microsoft.graph.user?$filter=(", Status: 400},
		{Name: "no size", Path: "/v1.0/directory/deletedItems/microsoft.graph.user?$top=1000", Status: 400},
	})
}

func TestOneSessionOfAUserIsEnded(t *testing.T) {
	t.Parallel()
	g, m := start(t, ada())
	m.sessions = []session.Record{
		{ID: "one", Account: ada().ID, Started: msgraphtest.Now(), Used: msgraphtest.Now().Add(time.Hour), PolicyID: "B2C_1A_SignIn", ClientID: "app"},
		{ID: "two", Account: "another"},
	}
	g.Run(t, []msgraphtest.Step{
		{
			Name: "listed", Path: "/v1.0/users/ada@contoso.example/sessions",
			Want: `{"@odata.context":"{base}/graph/v1.0/$metadata#users('aaaaaaaa-0000-4000-8000-000000000000')/sessions","value":[{"id":"one","startedDateTime":"2026-01-02T03:04:05Z",
				"lastSeenDateTime":"2026-01-02T04:04:05Z","policyId":"B2C_1A_SignIn","appId":"app","ipAddress":null,"userAgent":null}]}`,
		},
		{Name: "another's", Method: "DELETE", Path: "/v1.0/users/ada@contoso.example/sessions/two", Status: 404, Records: "Delete user session: failure", Want: "Resource 'two' does not exist"},
		{Name: "ended", Method: "DELETE", Path: "/v1.0/users/ada@contoso.example/sessions/one", Status: 204, Records: "Delete user session: success"},
		{Name: "none left", Path: "/v1.0/users/ada@contoso.example/sessions", Want: `"value":[]`},
		{Name: "of nobody", Path: "/v1.0/users/x/sessions", Status: 404},
		{Name: "of nobody, ended", Method: "DELETE", Path: "/v1.0/users/x/sessions/one", Status: 404, Records: "Delete user session: failure"},
	})
}

func TestAnAccountThatManyAskForSaysWhenToComeAgain(t *testing.T) {
	t.Parallel()
	g, m := start(t, ada())
	m.broken = fmt.Errorf("hashing: %w", directory.ErrBusy)
	g.Run(t, []msgraphtest.Step{{Name: "busy", Path: "/v1.0/users/x", Status: 429, Header: "Retry-After: 2", Want: `{"error":{"code":"TooManyRequests","message":"*"}}`}})
}
