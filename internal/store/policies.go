package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"journeyman.dev/internal/live"
)

// Policies implements live.Store.
type Policies struct{ *DB }

func scanPolicy(row scanner) (p live.Policy, err error) {
	var updated int64
	err = row.Scan(&p.ID, &p.Version, &p.XML, &updated, &p.By)
	p.Updated = time.UnixMicro(updated).UTC()
	return p, err
}

// List implements live.Store.
func (s Policies) List(ctx context.Context) ([]live.Policy, error) {
	return collect(ctx, s.DB, scanPolicy, "SELECT name, version, xml, updated, uploaded_by FROM policies ORDER BY id")
}

// Put implements live.Store.
func (s Policies) Put(ctx context.Context, list []live.Policy, now live.Serving) error {
	return s.inWrite(ctx, func(ctx context.Context, q querier) error {
		for _, p := range list {
			if err := putPolicy(ctx, q, p); err != nil {
				return err
			}
		}
		return serve(ctx, q, now)
	})
}

func putPolicy(ctx context.Context, q querier, p live.Policy) error {
	id := strings.ToLower(p.ID)
	if err := lockRow(ctx, q, "UPDATE policies SET id = id WHERE id = $1", id); err != nil {
		return err
	}
	// Versions continue after a deletion.
	if err := q.QueryRowContext(ctx, "SELECT COALESCE(MAX(version), 0) + 1 FROM policy_versions WHERE id = $1", id).Scan(&p.Version); err != nil {
		return err
	}
	if _, err := q.ExecContext(ctx, `INSERT INTO policies (id, name, version, xml, updated, uploaded_by) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (id) DO UPDATE SET name = excluded.name, version = excluded.version, xml = excluded.xml, updated = excluded.updated, uploaded_by = excluded.uploaded_by`,
		id, p.ID, p.Version, p.XML, micros(p.Updated), p.By); err != nil {
		return err
	}
	if _, err := q.ExecContext(ctx, "INSERT INTO policy_versions (id, version, name, xml, updated, uploaded_by) VALUES ($1, $2, $3, $4, $5, $6)",
		id, p.Version, p.ID, p.XML, micros(p.Updated), p.By); err != nil {
		return err
	}
	_, err := q.ExecContext(ctx, "DELETE FROM policy_versions WHERE id = $1 AND version <= $2", id, p.Version-live.KeptVersions)
	return err
}

// serve records the programs that policies serve from now on, with the programs' documents.
func serve(ctx context.Context, q querier, now live.Serving) error {
	for hash, documents := range now.Programs {
		data, err := json.Marshal(documents)
		if err != nil {
			return err
		}
		if _, err := q.ExecContext(ctx, `INSERT INTO programs (hash, documents, used) VALUES ($1, $2, $3)
			ON CONFLICT (hash) DO UPDATE SET used = excluded.used`, hash, data, micros(now.At)); err != nil {
			return err
		}
	}
	for id, hash := range now.Served {
		if _, err := q.ExecContext(ctx, `INSERT INTO served (id, hash, since) VALUES ($1, $2, $3)
			ON CONFLICT (id) DO UPDATE SET hash = excluded.hash, since = excluded.since WHERE served.hash <> excluded.hash`, id, hash, micros(now.At)); err != nil {
			return err
		}
	}
	return nil
}

// Delete implements live.Store. The versions stay.
func (s Policies) Delete(ctx context.Context, id string) error {
	return s.inWrite(ctx, func(ctx context.Context, q querier) error {
		for _, statement := range []string{"DELETE FROM policies WHERE id = $1", "DELETE FROM served WHERE id = $1"} {
			if _, err := q.ExecContext(ctx, statement, strings.ToLower(id)); err != nil {
				return err
			}
		}
		return nil
	})
}

// Versions implements live.Store.
func (s Policies) Versions(ctx context.Context, id string) ([]live.Policy, error) {
	return collect(ctx, s.DB, scanPolicy, "SELECT name, version, xml, updated, uploaded_by FROM policy_versions WHERE id = $1 ORDER BY version DESC", strings.ToLower(id))
}

// Served implements live.Store.
func (s Policies) Served(ctx context.Context) (map[string]live.Served, error) {
	type row struct {
		id string
		live.Served
	}
	rows, err := collect(ctx, s.DB, func(sc scanner) (r row, err error) {
		var since int64
		err = sc.Scan(&r.id, &r.Hash, &since)
		r.Since = time.UnixMicro(since).UTC()
		return r, err
	}, "SELECT id, hash, since FROM served")
	out := make(map[string]live.Served, len(rows))
	for _, r := range rows {
		out[r.id] = r.Served
	}
	return out, err
}

// Program implements live.Store.
func (s Policies) Program(ctx context.Context, hash string) (documents [][]byte, err error) {
	var data []byte
	err = s.read.QueryRowContext(ctx, "SELECT documents FROM programs WHERE hash = $1", hash).Scan(&data)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, live.ErrNoProgram
	}
	if err != nil {
		return nil, err
	}
	err = json.Unmarshal(data, &documents)
	return documents, err
}

// KeepPrograms implements live.Store.
func (s Policies) KeepPrograms(ctx context.Context, now live.Serving, forget time.Time) error {
	return s.inWrite(ctx, func(ctx context.Context, q querier) error {
		if err := serve(ctx, q, now); err != nil {
			return err
		}
		_, err := q.ExecContext(ctx, "DELETE FROM programs WHERE used < $1 AND hash NOT IN (SELECT hash FROM served)", micros(forget))
		return err
	})
}

var _ live.Store = Policies{}
