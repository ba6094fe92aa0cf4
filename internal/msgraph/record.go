package msgraph

import (
	"bytes"
	"context"
	"net/http"
	"strings"
	"time"

	"journeyman.dev/internal/audit"
)

// activity is how a change is called in audit records (admin-surface §6).
type activity struct {
	kind     string // what is acted on: "custom policy"
	service  string
	category string
}

// activities are by the first segments of a route; what isn't here isn't recorded.
var activities = []struct {
	prefix string
	activity
}{
	{"trustframework/policies", activity{"custom policy", audit.ServiceB2C, audit.CategoryResources}},
	{"trustframework/keysets", activity{"policy key", audit.ServiceB2C, audit.CategoryKeys}},
	{"identity/apiconnectors", activity{"Api connector", audit.ServiceB2C, audit.CategoryResources}},
	{"identity/b2cuserflows", activity{"user flow", audit.ServiceB2C, audit.CategoryResources}},
	{"identity/userflowattributes", activity{"user attribute", audit.ServiceB2C, audit.CategoryResources}},
	{"identity/identityproviders", activity{"identity provider", audit.ServiceB2C, audit.CategoryResources}},
	{"applications", activity{"application", audit.ServiceDirectory, audit.CategoryApplications}},
	{"users/{}/sessions", activity{"user session", audit.ServiceDirectory, audit.CategoryUsers}},
	{"users", activity{"user", audit.ServiceDirectory, audit.CategoryUsers}},
	{"directory/deleteditems", activity{"user", audit.ServiceDirectory, audit.CategoryUsers}},
}

// named are the activities of actions that have a name of their own.
var named = map[string]string{
	"generatekey": "Generate key", "uploadsecret": "Upload secret into policy key", "uploadcertificate": "Upload certificate to policy key",
	"uploadpkcs12": "Upload certificate to policy key", "uploadclientcertificate": "Upload certificate to Api connector", "probe": "Probe Api connector",
	"addpassword": "Update application – Certificates and secrets management", "removepassword": "Update application – Certificates and secrets management",
	"addkey": "Update application – Certificates and secrets management", "removekey": "Update application – Certificates and secrets management",
	"revokesigninsessions": "Revoke user sessions", "upload": "Update custom policy",
}

// activityOf is the activity of a route, "" for one that changes nothing.
func activityOf(h *route) (name string, a activity, operation string) {
	if h.method == http.MethodGet {
		return "", a, ""
	}
	last := h.pattern[strings.LastIndexByte(h.pattern, '/')+1:]
	for _, known := range activities {
		if !strings.HasPrefix(h.pattern, known.prefix) {
			continue
		}
		a = known.activity
		verb, op := "Update", "Update"
		switch {
		case h.method == http.MethodPost && !strings.Contains(strings.TrimPrefix(h.pattern, known.prefix), "/"):
			verb, op = "Create", "Add"
		case h.method == http.MethodDelete && !strings.Contains(strings.TrimPrefix(h.pattern, known.prefix+"/{}"), "/"):
			verb, op = "Delete", "Delete"
		}
		if known.prefix == "directory/deleteditems" && verb == "Delete" {
			verb = "Hard Delete"
		}
		if a.service == audit.ServiceDirectory && verb == "Create" {
			verb = "Add"
		}
		if own, ok := named[last]; ok {
			return own, a, op
		}
		if last == "restore" {
			verb = "Restore"
		}
		return verb + " " + a.kind, a, op
	}
	return "", a, ""
}

// target says what the call acts on.
func (q *request) target(id, name, kind string) {
	q.targets = []audit.Target{{ID: id, DisplayName: name, Type: kind, Modified: []audit.Modified{}}}
}

// run calls a handler. A change is recorded durably before it is answered: the answer
// waits in a buffer.
func (q *request) run(h *route) {
	name, a, operation := activityOf(h)
	if name == "" || q.s.Audit == nil {
		if err := h.handle(q); err != nil {
			q.fail(err)
		}
		return
	}
	direct := q.w
	held := &heldResponse{header: direct.Header(), status: http.StatusOK}
	q.w = held
	if err := h.handle(q); err != nil {
		q.fail(err)
	}
	q.record(name, a, operation, held.status)
	q.w = direct
	direct.WriteHeader(held.status)
	_, _ = direct.Write(held.body.Bytes())
}

// record writes the records of a change: for B2C's own resources one of the
// authorization and one of the change (admin-surface §6).
func (q *request) record(name string, a activity, operation string, status int) {
	r := audit.Record{
		Category: a.category, Activity: name, CorrelationID: q.id, Service: a.service, OperationType: operation, Result: audit.Success,
		InitiatedBy: q.initiator(), Targets: q.acted(a), Details: []audit.Detail{
			{Key: "TenantId", Value: q.s.TenantName}, {Key: "UserAgent", Value: cut(q.UserAgent(), 256)}, {Key: "ClientIpAddress", Value: q.s.remoteIP(q.Request)},
		},
	}
	r.Details = append(r.Details, q.details...)
	if a.service == audit.ServiceB2C {
		r.OperationType = ""
	}
	if status >= http.StatusBadRequest {
		r.Result, r.ResultReason = audit.Failure, http.StatusText(status)
	}
	records := []audit.Record{r}
	if a.service == audit.ServiceB2C {
		allowed := r
		allowed.Category, allowed.Result, allowed.ResultReason = audit.CategoryAuthorization, audit.Success, ""
		records = []audit.Record{allowed, r}
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(q.Context()), recordWithin)
	defer cancel()
	if err := q.s.Audit.Write(ctx, records...); err != nil {
		q.s.Log.ErrorContext(ctx, "audit record can't be written", "requestId", q.id, "activity", name, "err", err)
	}
}

// recordWithin is how long an answer waits for its record.
const recordWithin = 10 * time.Second

// recordDenied records a change that the caller may not make.
func (q *request) recordDenied(h *route) {
	name, a, _ := activityOf(h)
	if name == "" || q.s.Audit == nil {
		return
	}
	q.s.Audit.Add(audit.Record{
		Category: audit.CategoryAuthorization, Activity: name, CorrelationID: q.id, Service: a.service, Result: audit.Failure, ResultReason: "Access is denied",
		InitiatedBy: q.initiator(), Targets: q.acted(a), Details: []audit.Detail{
			{Key: "TenantId", Value: q.s.TenantName}, {Key: "UserAgent", Value: cut(q.UserAgent(), 256)}, {Key: "ClientIpAddress", Value: q.s.remoteIP(q.Request)},
		},
	})
}

// initiator is the application that calls; the static token is the operator's own.
func (q *request) initiator() audit.Initiator {
	if q.caller.all {
		return audit.Initiator{App: &audit.App{DisplayName: "Static admin token"}}
	}
	return audit.Initiator{App: &audit.App{AppID: q.caller.appID, ServicePrincipalName: q.caller.appID}}
}

// acted is what the call acted on: what its handler said, else what the address names.
func (q *request) acted(a activity) []audit.Target {
	if q.targets != nil {
		return q.targets
	}
	if len(q.args) > 0 {
		return []audit.Target{{ID: q.args[0], DisplayName: q.args[0], Type: a.kind, Modified: []audit.Modified{}}}
	}
	return []audit.Target{}
}

func cut(s string, most int) string {
	if len(s) > most {
		return strings.ToValidUTF8(s[:most], "")
	}
	return s
}

func remoteIP(r *http.Request) string {
	if i := strings.LastIndexByte(r.RemoteAddr, ':'); i >= 0 {
		return strings.Trim(r.RemoteAddr[:i], "[]")
	}
	return r.RemoteAddr
}

// heldResponse keeps an answer until its record is on disk.
type heldResponse struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// Header implements http.ResponseWriter.
func (h *heldResponse) Header() http.Header { return h.header }

// WriteHeader implements http.ResponseWriter.
func (h *heldResponse) WriteHeader(status int) { h.status = status }

// Write implements http.ResponseWriter.
func (h *heldResponse) Write(p []byte) (int, error) { return h.body.Write(p) }
