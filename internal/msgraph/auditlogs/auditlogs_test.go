package auditlogs_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"journeyman.dev/internal/audit"
	"journeyman.dev/internal/msgraph/auditlogs"
	"journeyman.dev/internal/msgraph/msgraphtest"
)

// start runs an admin API with n records, a minute apart, whose ids begin with R.
func start(t *testing.T, n int) *msgraphtest.Graph {
	t.Helper()
	audits := &msgraphtest.Audits{}
	for i := range n {
		service, activity := audit.ServiceB2C, audit.CodeIssued
		if i%2 == 1 {
			service, activity = audit.ServiceDirectory, audit.UserAdded
		}
		if err := audits.AppendAudits(t.Context(), []audit.Record{{
			ID: fmt.Sprintf("R%04d", i), Category: audit.CategoryUsers, Activity: activity, Service: service, At: audit.Time{Time: msgraphtest.Now().Add(time.Duration(i) * time.Minute)},
			Targets: []audit.Target{}, Details: []audit.Detail{{Key: "b", Value: "<&>"}, {Key: "a", Value: "2"}},
		}}); err != nil {
			t.Fatal(err)
		}
	}
	log := msgraphtest.NewLog(t, audits)
	g := msgraphtest.NewOver(t, &msgraphtest.Applications{}, audits, &auditlogs.Handler{Records: audits, Recent: log})
	g.NewRecords(t)
	return g
}

func TestAuditRecordsAreListedTheNewestFirst(t *testing.T) {
	t.Parallel()
	g := start(t, 4)
	g.Set("reader", g.Token(t, "AuditLog.Read.All"))
	g.Set("stranger", g.Token(t, "User.Read.All"))
	list := func(ids string) string {
		return `{"@odata.context":"{base}/graph/v1.0/$metadata#auditLogs/directoryAudits","value":[` + ids + `]}`
	}
	const r0, r1, r2, r3 = `{"id":"R0000"}`, `{"id":"R0001"}`, `{"id":"R0002"}`, `{"id":"R0003"}`
	steps := []msgraphtest.Step{
		{Name: "all", Token: "{reader}", Path: "/v1.0/auditLogs/directoryAudits?$select=id", Want: list(r3 + "," + r2 + "," + r1 + "," + r0)},
		{Name: "the oldest first", Path: "/v1.0/auditLogs/directoryAudits?$select=id&$orderby=activityDateTime asc", Want: list(r0 + "," + r1 + "," + r2 + "," + r3)},
		{
			Name: "a page", Path: "/v1.0/auditLogs/directoryAudits?$select=id&$top=2",
			Want: `{"@odata.context":"{base}/graph/v1.0/$metadata#auditLogs/directoryAudits","value":[` + r3 + "," + r2 + `],"@odata.nextLink":"{base}/v1.0/auditLogs/directoryAudits?%24select=id&%24skiptoken=R0002&%24top=2"}`,
		},
		{Name: "the next page", Path: "/v1.0/auditLogs/directoryAudits?$select=id&$top=2&$skiptoken=R0002", Want: list(r1 + "," + r0)},
		{
			Name: "one", Path: "/v1.0/auditLogs/directoryAudits/R0000",
			Want: `{"@odata.context":"{base}/graph/v1.0/$metadata#auditLogs/directoryAudits/$entity","id":"R0000","category":"UserManagement","correlationId":"","result":"","resultReason":"",
				"activityDisplayName":"Issue an authorization code to the application","activityDateTime":"2026-01-02T03:04:05.0000000Z","loggedByService":"B2C","operationType":"",
				"initiatedBy":{"user":null,"app":null},"targetResources":[],"additionalDetails":[{"key":"b","value":"<&>"},{"key":"a","value":"2"}]}`,
		},
		{Name: "none", Path: "/v1.0/auditLogs/directoryAudits/x", Status: 404, Want: `{"error":{"code":"AADB2C","message":"No such audit record."}}`},
		{Name: "another order", Path: "/v1.0/auditLogs/directoryAudits?$orderby=result", Status: 400, Want: "ordered by activityDateTime only"},
		{Name: "no filter", Path: "/v1.0/auditLogs/directoryAudits?$filter=((", Status: 400, Want: "Invalid filter clause."},
		{Name: "an unknown function", Path: "/v1.0/auditLogs/directoryAudits?$filter=length(id) eq 3", Status: 400, Want: "filter clause"},
		{Name: "a large page", Path: "/v1.0/auditLogs/directoryAudits?$top=1001", Status: 400, Want: "Must be between 1 and 1000 inclusive."},
		{Name: "no permission", Token: "{stranger}", Path: "/v1.0/auditLogs/directoryAudits", Status: 403},
	}
	for filter, want := range map[string]string{
		"loggedByService eq 'B2C'":                               r2 + "," + r0,
		"activityDisplayName eq 'Add user'":                      r3 + "," + r1,
		"activityDateTime ge 2026-01-02T03:06:05Z":               r3 + "," + r2,
		"activityDateTime lt 2026-01-02T03:05:05Z and id ne 'x'": r0,
		"activityDateTime eq 2026-01-02T03:05:05Z":               r1,
		"loggedByService eq 'B2C' or id eq 'R0003'":              r3 + "," + r2 + "," + r0,
		"additionalDetails/any(d:d/key eq 'b') and result eq ''": r3 + "," + r2 + "," + r1 + "," + r0,
	} {
		steps = append(steps, msgraphtest.Step{Name: filter, Path: "/v1.0/auditLogs/directoryAudits?$select=id&$filter=" + filter, Want: list(want)})
	}
	g.Run(t, steps)
}

func TestAFilterIsFollowedBeyondOnePageOfTheStore(t *testing.T) {
	t.Parallel()
	g := start(t, 2001)
	g.Run(t, []msgraphtest.Step{
		{Name: "the last", Path: "/v1.0/auditLogs/directoryAudits?$select=id&$filter=startswith(id,'R0000')", Want: `"value":[{"id":"R0000"}]`},
		{Name: "a page of many", Path: "/v1.0/auditLogs/directoryAudits?$select=id", Want: `skiptoken=R1001`},
	})
}

// broken is a store that fails.
type broken struct{}

func (broken) Audits(context.Context, audit.Query) ([]audit.Record, error) {
	return nil, errors.New("the disk is gone")
}

func (broken) GetAudit(context.Context, string) (audit.Record, error) {
	return audit.Record{}, errors.New("the disk is gone")
}

func (broken) Flush(context.Context) error { return errors.New("the disk is gone") }

func TestAFailingStoreIsAFaultOfTheService(t *testing.T) {
	t.Parallel()
	g := msgraphtest.New(t, &auditlogs.Handler{Records: broken{}, Recent: broken{}})
	const fault = `{"error":{"code":"AADB2C90063","message":"There is a problem with the service."}}`
	g.Run(t, []msgraphtest.Step{
		{Name: "list", Path: "/v1.0/auditLogs/directoryAudits", Status: 500, Want: fault},
		{Name: "one", Path: "/v1.0/auditLogs/directoryAudits/x", Status: 500, Want: fault},
	})
}
