package msgraph

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"journeyman.dev/internal/audit"
)

// maxAudits is the most records of a page, and the page without $top.
const maxAudits = 1000

// listAudits answers directoryAudits, the newest first (admin-surface §6). What an index
// can narrow is read from the filter; the filter itself decides.
func (q *Request) listAudits() error {
	values := q.URL.Query()
	f, err := q.Filter()
	if err != nil {
		return err
	}
	limit, err := q.Top(maxAudits, maxAudits)
	if err != nil {
		return err
	}
	// What this server has just done is there, unless its database is in trouble.
	soon, cancel := context.WithTimeout(q.Context(), time.Second)
	defer cancel()
	if err := q.s.Audit.Flush(soon); err != nil && q.Context().Err() != nil {
		return err
	}
	query := audit.Query{Before: values.Get("$skiptoken"), Limit: maxAudits}
	switch order := strings.ToLower(strings.Join(strings.Fields(values.Get("$orderby")), " ")); order {
	case "", "activitydatetime desc":
	case "activitydatetime", "activitydatetime asc":
		query.Oldest = true
	default:
		return BadRequest("Audit records are ordered by activityDateTime only.")
	}
	narrow(f, &query)
	value := []map[string]any{}
	next := ""
	for next == "" {
		records, err := q.s.Audit.Store.Audits(q.Context(), query)
		if err != nil {
			return err
		}
		for i := range records {
			object, err := auditJSON(&records[i])
			if err != nil {
				return err
			}
			ok, err := f.Matches(object)
			if err != nil {
				return err
			}
			if !ok {
				continue
			}
			if len(value) == limit {
				next = query.Before
				break
			}
			query.Before = records[i].ID
			value = append(value, choose(object, values.Get("$select")))
		}
		if len(records) < query.Limit {
			break
		}
		if next == "" {
			query.Before = records[len(records)-1].ID
		}
	}
	return WritePage(q, "auditLogs/directoryAudits", value, next)
}

func auditJSON(r *audit.Record) (map[string]any, error) {
	data, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	var object map[string]any
	return object, json.Unmarshal(data, &object)
}

func (q *Request) getAudit() error {
	r, err := q.s.Audit.Store.GetAudit(q.Context(), q.Arg(0))
	if err != nil {
		return err
	}
	object, err := auditJSON(&r)
	if err != nil {
		return err
	}
	return q.Write(http.StatusOK, "auditLogs/directoryAudits/$entity", object)
}

// narrow bounds a query by the terms of a filter that all must hold.
func narrow(f *Filter, query *audit.Query) {
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
