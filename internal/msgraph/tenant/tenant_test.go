package tenant_test

import (
	"testing"

	"journeyman.dev/internal/msgraph/msgraphtest"
	"journeyman.dev/internal/msgraph/tenant"
)

func TestTheTenantIsFoundByItsDomainAndOrganization(t *testing.T) {
	t.Parallel()
	g := msgraphtest.New(t, &tenant.Handler{Name: msgraphtest.Tenant, ID: msgraphtest.TenantID})
	g.Set("reader", g.Token(t, "Policy.Read.All"))
	g.Set("stranger", g.Token(t, "User.Read.All"))
	g.Run(t, []msgraphtest.Step{
		{
			Name: "domains", Path: "/v1.0/domains", Token: "{reader}",
			Want: `{"@odata.context":"{base}/graph/v1.0/$metadata#domains","value":[{"id":"{tenant}","isDefault":true,"isInitial":true,"isVerified":true}]}`,
		},
		{
			Name: "the organization", Path: "/beta/organization",
			Want: `{"@odata.context":"{base}/graph/beta/$metadata#organization","value":[{"id":"` + msgraphtest.TenantID + `","displayName":"{tenant}",
				"verifiedDomains":[{"name":"{tenant}","isDefault":true,"isInitial":true}]}]}`,
		},
		{Name: "no permission", Path: "/v1.0/domains", Token: "{stranger}", Status: 403, Want: "Authorization_RequestDenied"},
		{Name: "nothing to change", Method: "POST", Path: "/v1.0/domains", Body: "{}", Status: 405, Header: "Allow: GET"},
	})
}
