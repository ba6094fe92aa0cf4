package journey

import (
	"strings"

	"journeyman.dev/internal/audit"
	"journeyman.dev/internal/program"
)

// Auditor keeps records of what journeys did; it must not hold them up.
type Auditor interface {
	Add(r audit.Record)
}

// Event is something in a journey that administrators want to find again. What
// journeys have in common is added to it.
type Event struct {
	Activity string
	Result   string // "": success
	Reason   string
	// UserID is the object id of the user it was about; "" if none is known yet.
	UserID string
	// Provider is the identity provider's name, or Username the local account's; they
	// share a place in the record (admin-surface §6).
	Provider, ProviderAppID, Username string
	// Service is what logs it; "": B2C.
	Service, Operation string
	// Details come after those of the journey.
	Details []audit.Detail
}

// Record makes the audit record of an event of the journey: details 0 to 6 are in the
// order that workbooks rely on.
func (j *Journey) Record(p *program.Program, e Event) audit.Record {
	fourth := audit.Detail{Key: "IdentityProviderName", Value: orNA(e.Provider)}
	if e.Username != "" {
		fourth = audit.Detail{Key: "LocalAccountUsername", Value: e.Username}
	}
	clientID := j.Request.Parameters["client_id"]
	r := audit.Record{
		Category: audit.CategoryAuthentication, Activity: e.Activity, CorrelationID: j.CorrelationID, Service: e.Service, OperationType: e.Operation,
		Result: e.Result, ResultReason: e.Reason,
		InitiatedBy: audit.Initiator{App: &audit.App{AppID: clientID, ServicePrincipalName: clientID}},
		Targets:     []audit.Target{{ID: e.UserID, Type: "User", Modified: []audit.Modified{}}},
		Details: append([]audit.Detail{
			{Key: "TenantId", Value: p.TenantName()}, {Key: "PolicyId", Value: p.PolicyID()}, {Key: "ApplicationId", Value: clientID},
			{Key: "Client", Value: j.Request.UserAgent}, fourth, {Key: "IdentityProviderApplicationId", Value: orNA(e.ProviderAppID)},
			{Key: "ClientIpAddress", Value: j.Request.RemoteIP},
		}, e.Details...),
	}
	if e.Service == audit.ServiceDirectory {
		r.Category = audit.CategoryUsers
	}
	return r
}

func orNA(s string) string {
	if s == "" {
		return "N/A"
	}
	return s
}

// audit records an event; the user is the journey's unless the event names one.
func (r *run) audit(e Event) {
	if r.e.Audit == nil {
		return
	}
	if e.UserID == "" {
		e.UserID = r.j.Claims.Get("objectId").String()
	}
	r.e.Audit.Add(r.j.Record(r.p, e))
}

// maxUserAgent bounds the kept part of a User-Agent header, in bytes.
const maxUserAgent = 256

// CutUserAgent shortens a User-Agent header to the length that journeys keep.
func CutUserAgent(text string) string {
	if len(text) > maxUserAgent {
		text = text[:maxUserAgent]
	}
	return strings.ToValidUTF8(text, "")
}
