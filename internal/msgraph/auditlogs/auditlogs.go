// Package auditlogs serves the admin API's /auditLogs/directoryAudits.
//
// Reference: admin-surface §6.
package auditlogs

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"journeyman.dev/internal/audit"
	"journeyman.dev/internal/msgraph"
)

const read = "AuditLog.Read.All"

// maxRecords is the most records of a page, and the page without $top.
const maxRecords = 1000

// Records are those that are stored.
type Records interface {
	Audits(ctx context.Context, q audit.Query) ([]audit.Record, error)
	// GetAudit returns audit.ErrNotFound.
	GetAudit(ctx context.Context, id string) (audit.Record, error)
}

// Flusher stores the records that wait on this server.
type Flusher interface {
	Flush(ctx context.Context) error
}

// Handler serves audit records. All fields must be set.
type Handler struct {
	Records Records
	Recent  Flusher
}

// Resources implements msgraph.Source.
func (h *Handler) Resources() []msgraph.Resource {
	return []msgraph.Resource{{Failure: failure, Routes: []msgraph.Route{
		msgraph.Get("auditLogs/directoryAudits", read, h.list),
		msgraph.Get("auditLogs/directoryAudits/{}", read, h.get),
	}}}
}

func failure(err error) *msgraph.Error {
	if errors.Is(err, audit.ErrNotFound) {
		return msgraph.B2CError(http.StatusNotFound, msgraph.Sentence(audit.ErrNotFound.Error()))
	}
	return nil
}

func (h *Handler) get(q *msgraph.Request) error {
	r, err := h.Records.GetAudit(q.Context(), q.Arg(0))
	if err != nil {
		return err
	}
	return q.Write(http.StatusOK, "auditLogs/directoryAudits/$entity", r)
}

// list answers with records, the newest first. The filter decides; those of its terms that
// an index can use bound the query.
func (h *Handler) list(q *msgraph.Request) error {
	f, err := q.Filter()
	if err != nil {
		return err
	}
	limit, err := q.Top(maxRecords, maxRecords)
	if err != nil {
		return err
	}
	query := audit.Query{Before: q.Option("$skiptoken"), Limit: maxRecords}
	switch order := strings.ToLower(strings.Join(strings.Fields(q.Option("$orderby")), " ")); order {
	case "", "activitydatetime desc":
	case "activitydatetime", "activitydatetime asc":
		query.Oldest = true
	default:
		return msgraph.BadRequest("Audit records are ordered by activityDateTime only.")
	}
	narrow(f, &query)
	// The records that wait on this server are stored first, unless its database is in
	// trouble.
	soon, cancel := context.WithTimeout(q.Context(), time.Second)
	defer cancel()
	if err := h.Recent.Flush(soon); err != nil && q.Context().Err() != nil {
		return err
	}
	found, next, err := h.page(q.Context(), f, query, limit)
	if err != nil {
		return err
	}
	value, err := msgraph.SelectEach(q, found)
	if err != nil {
		return err
	}
	return msgraph.WritePage(q, "auditLogs/directoryAudits", value, next)
}

// page reads until a page is full; next is the id that the following one goes on after, ""
// for the last.
func (h *Handler) page(ctx context.Context, f *msgraph.Filter, query audit.Query, limit int) (found []audit.Record, next string, err error) {
	for {
		records, err := h.Records.Audits(ctx, query)
		if err != nil {
			return nil, "", err
		}
		for i := range records {
			ok, err := f.Matches(&records[i])
			if err != nil {
				return nil, "", err
			}
			if !ok {
				continue
			}
			if len(found) == limit {
				return found, query.Before, nil
			}
			query.Before = records[i].ID
			found = append(found, records[i])
		}
		if len(records) < query.Limit {
			return found, "", nil
		}
		query.Before = records[len(records)-1].ID
	}
}

// narrow bounds a query by the terms of a filter that all must hold.
func narrow(f *msgraph.Filter, query *audit.Query) {
	for _, c := range f.Comparisons() {
		switch v := c.Value.(type) {
		case string:
			switch {
			case c.Operator == "eq" && c.Property == "activitydisplayname":
				query.Activity = v
			case c.Operator == "eq" && c.Property == "loggedbyservice":
				query.Service = v
			}
		case time.Time:
			if c.Property != "activitydatetime" {
				continue
			}
			if c.Operator == "ge" || c.Operator == "gt" || c.Operator == "eq" {
				query.From = v
			}
			if c.Operator == "le" || c.Operator == "lt" || c.Operator == "eq" {
				query.To = v
			}
		}
	}
}

var _ msgraph.Source = (*Handler)(nil)
