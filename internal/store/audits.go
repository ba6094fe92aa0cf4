package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"journeyman.dev/internal/audit"
)

// Audits implements audit.Store.
type Audits struct{ *DB }

// auditRows limits the rows of one statement.
const auditRows = 64

// AppendAudits implements audit.Store.
func (s Audits) AppendAudits(ctx context.Context, records []audit.Record) error {
	return s.inWrite(ctx, func(ctx context.Context, q querier) error {
		for len(records) > 0 {
			n := min(len(records), auditRows)
			if err := appendAudits(ctx, q, records[:n]); err != nil {
				return err
			}
			records = records[n:]
		}
		return nil
	})
}

func appendAudits(ctx context.Context, q querier, records []audit.Record) error {
	var statement strings.Builder
	statement.WriteString("INSERT INTO audits (id, activity, service, data) VALUES ")
	args := make([]any, 0, 4*len(records))
	for i, r := range records {
		data, err := json.Marshal(r)
		if err != nil {
			return err
		}
		if i > 0 {
			statement.WriteString(", ")
		}
		fmt.Fprintf(&statement, "($%d, $%d, $%d, $%d)", 4*i+1, 4*i+2, 4*i+3, 4*i+4)
		args = append(args, r.ID, r.Activity, r.Service, data)
	}
	statement.WriteString(" ON CONFLICT DO NOTHING")
	_, err := q.ExecContext(ctx, statement.String(), args...)
	return err
}

func scanAudit(row scanner) (r audit.Record, err error) {
	var data []byte
	if err := row.Scan(&data); err != nil {
		return r, err
	}
	if err := json.Unmarshal(data, &r); err != nil {
		return r, fmt.Errorf("stored audit record can't be read: %w", err)
	}
	return r, nil
}

// Audits implements audit.Store.
func (s Audits) Audits(ctx context.Context, q audit.Query) ([]audit.Record, error) {
	from, to := q.Bounds()
	var where []string
	var args []any
	add := func(condition, value string) {
		if value == "" {
			return
		}
		args = append(args, value)
		where = append(where, fmt.Sprintf(condition, len(args)))
	}
	add("id >= $%d", from)
	add("id < $%d", to)
	add("activity = $%d", q.Activity)
	add("service = $%d", q.Service)
	order := "DESC"
	if q.Oldest {
		order = "ASC"
		add("id > $%d", q.Before)
	} else {
		add("id < $%d", q.Before)
	}
	statement := "SELECT data FROM audits"
	if len(where) > 0 {
		statement += " WHERE " + strings.Join(where, " AND ")
	}
	args = append(args, q.Limit)
	statement += fmt.Sprintf(" ORDER BY id %s LIMIT $%d", order, len(args))
	return collect(ctx, s.DB, scanAudit, statement, args...)
}

// GetAudit implements audit.Store.
func (s Audits) GetAudit(ctx context.Context, id string) (audit.Record, error) {
	r, err := scanAudit(s.read.QueryRowContext(ctx, "SELECT data FROM audits WHERE id = $1", id))
	if errors.Is(err, sql.ErrNoRows) {
		return r, audit.ErrNotFound
	}
	return r, err
}

// PurgeAudits implements audit.Store.
func (s Audits) PurgeAudits(ctx context.Context, before time.Time) error {
	from, _ := audit.Query{From: before}.Bounds()
	_, err := s.exec(ctx, "DELETE FROM audits WHERE id < $1", from)
	return err
}

var _ audit.Store = Audits{}
