package msgraph

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/CiscoM31/godata"

	"journeyman.dev/internal/audit"
)

// maxAudits is the most records of a page, and the page without $top.
const maxAudits = 1000

// listAudits answers directoryAudits, the newest first (admin-surface §6). What an index
// can narrow is read from the filter; the filter itself decides.
func (q *request) listAudits() error {
	values := q.URL.Query()
	f, err := parseFilter(values.Get("$filter"))
	if err != nil {
		return err
	}
	limit, err := q.top(maxAudits, maxAudits)
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
		return badRequest("Audit records are ordered by activityDateTime only.")
	}
	f.narrow(&query)
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
			ok, err := f.matches(object)
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
	return q.writePage("auditLogs/directoryAudits", value, next)
}

func auditJSON(r *audit.Record) (map[string]any, error) {
	data, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	var object map[string]any
	return object, json.Unmarshal(data, &object)
}

func (q *request) getAudit() error {
	r, err := q.s.Audit.Store.GetAudit(q.Context(), q.args[0])
	if err != nil {
		return err
	}
	object, err := auditJSON(&r)
	if err != nil {
		return err
	}
	return q.write(http.StatusOK, "auditLogs/directoryAudits/$entity", object)
}

// narrow bounds a query by the terms of a filter that all must hold.
func (f *filter) narrow(query *audit.Query) {
	if f == nil || f.hasOr() {
		return
	}
	var walk func(n *godata.ParseNode)
	walk = func(n *godata.ParseNode) {
		operator := strings.ToLower(n.Token.Value)
		if operator == "and" {
			for _, c := range n.Children {
				walk(c)
			}
			return
		}
		if len(n.Children) != 2 || len(n.Children[0].Children) > 0 || len(n.Children[1].Children) > 0 {
			return
		}
		name, value := strings.ToLower(n.Children[0].Token.Value), leaf(n.Children[1], scope{})
		switch v := value.(type) {
		case string:
			switch {
			case operator == "eq" && name == "activitydisplayname":
				query.Activity = v
			case operator == "eq" && name == "loggedbyservice":
				query.Service = v
			}
		case time.Time:
			if name != "activitydatetime" {
				return
			}
			if operator == "ge" || operator == "gt" || operator == "eq" {
				query.From = v
			}
			if operator == "le" || operator == "lt" || operator == "eq" {
				query.To = v
			}
		}
	}
	walk(f.root)
}
