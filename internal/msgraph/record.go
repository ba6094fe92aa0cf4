package msgraph

import (
	"bytes"
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"

	"journeyman.dev/internal/audit"
)

// run calls a handler. A change is recorded durably before it is answered: the answer
// waits in a buffer.
func (q *Request) run(h *route) {
	if h.Activity == "" || q.s.Audit == nil {
		if err := h.Handle(q); err != nil {
			q.failBy(h.of, err)
		}
		return
	}
	direct := q.w
	held := &heldResponse{header: direct.Header(), status: http.StatusOK}
	q.w = held
	if err := h.Handle(q); err != nil {
		q.failBy(h.of, err)
	}
	q.record(h, held.status)
	q.w = direct
	direct.WriteHeader(held.status)
	_, _ = direct.Write(held.body.Bytes())
}

// record writes the records of a change: for B2C's own resources one of the
// authorization and one of the change (admin-surface §6).
func (q *Request) record(h *route, status int) {
	r := audit.Record{
		Category: h.of.Category, Activity: h.Activity, CorrelationID: q.id, Service: h.of.Service, OperationType: h.Operation, Result: audit.Success,
		InitiatedBy: q.Caller.initiator(), Targets: q.acted(h), Details: append(q.s.circumstances(q.Request), q.details...),
	}
	if r.Service == audit.ServiceB2C {
		r.OperationType = ""
	}
	if status >= http.StatusBadRequest {
		r.Result, r.ResultReason = audit.Failure, http.StatusText(status)
	}
	records := []audit.Record{r}
	if r.Service == audit.ServiceB2C {
		allowed := r
		allowed.Category, allowed.Result, allowed.ResultReason = audit.CategoryAuthorization, audit.Success, ""
		records = []audit.Record{allowed, r}
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(q.Context()), recordWithin)
	defer cancel()
	if err := q.s.Audit.Write(ctx, records...); err != nil {
		q.s.Log.ErrorContext(ctx, "audit record can't be written", "requestId", q.id, "activity", h.Activity, "err", err)
	}
}

// recordWithin is how long an answer waits for its record.
const recordWithin = 10 * time.Second

// recordDenied records a change that the caller may not make.
func (q *Request) recordDenied(h *route) {
	if h.Activity == "" || q.s.Audit == nil {
		return
	}
	q.s.Audit.Add(audit.Record{
		Category: audit.CategoryAuthorization, Activity: h.Activity, CorrelationID: q.id, Service: h.of.Service, Result: audit.Failure, ResultReason: "Access is denied",
		InitiatedBy: q.Caller.initiator(), Targets: q.acted(h), Details: q.s.circumstances(q.Request),
	})
}

// recordRefused records that a caller could not be authenticated. appID is the one that
// the caller claims; only a text in the form of an id is written.
func (s *Server) recordRefused(r *http.Request, id, appID, reason string) {
	if s.Audit == nil {
		return
	}
	initiator := audit.Initiator{App: &audit.App{}}
	if uuid.Validate(appID) == nil {
		initiator.App.AppID = appID
	}
	s.Audit.Add(audit.Record{
		Category: audit.CategoryAuthentication, Activity: "Authenticate to the admin API", CorrelationID: id, Service: audit.ServiceB2C, Result: audit.Failure, ResultReason: reason,
		InitiatedBy: initiator, Targets: []audit.Target{}, Details: s.circumstances(r),
	})
}

// circumstances are the details that all records have, in the order of B2C's.
func (s *Server) circumstances(r *http.Request) []audit.Detail {
	return []audit.Detail{
		{Key: "TenantId", Value: s.TenantName}, {Key: "UserAgent", Value: cut(r.UserAgent(), 256)}, {Key: "ClientIpAddress", Value: s.remoteIP(r)},
	}
}

// initiator is the application that calls; the static token is the operator's own.
func (c Caller) initiator() audit.Initiator {
	if c.all {
		return audit.Initiator{App: &audit.App{DisplayName: "Static admin token"}}
	}
	return audit.Initiator{App: &audit.App{AppID: c.appID, ServicePrincipalName: c.appID}}
}

// acted are the targets that the handler named, else the one in the address.
func (q *Request) acted(h *route) []audit.Target {
	if q.targets != nil {
		return q.targets
	}
	if len(q.args) > 0 {
		return []audit.Target{{ID: q.args[0], DisplayName: q.args[0], Type: h.of.Kind, Modified: []audit.Modified{}}}
	}
	return []audit.Target{}
}

func cut(s string, most int) string {
	if len(s) > most {
		return strings.ToValidUTF8(s[:most], "")
	}
	return s
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
