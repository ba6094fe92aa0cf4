package store

import (
	"context"
	"strings"

	"journeyman.dev/internal/connector"
	"journeyman.dev/internal/userflow"
)

// Resources implements connector.Store and userflow.Store.
type Resources struct{ *DB }

const connectorKind = "apiConnector"

// LoadConnectors implements connector.Store.
func (s Resources) LoadConnectors(ctx context.Context) ([]connector.Stored, error) {
	return collect(ctx, s.DB, func(row scanner) (c connector.Stored, err error) {
		err = row.Scan(&c.ID, &c.Version, &c.Data)
		return c, err
	}, "SELECT name, version, data FROM resources WHERE kind = $1 ORDER BY id", connectorKind)
}

// PutConnector implements connector.Store.
func (s Resources) PutConnector(ctx context.Context, c connector.Stored) error {
	return s.inWrite(ctx, func(ctx context.Context, q querier) error {
		done, err := putResource(ctx, q, connectorKind, c.ID, c.Version, c.Data)
		if err == nil && !done {
			err = connector.ErrConflict
		}
		return err
	})
}

// DeleteConnector implements connector.Store.
func (s Resources) DeleteConnector(ctx context.Context, id string) error {
	_, err := s.exec(ctx, "DELETE FROM resources WHERE kind = $1 AND id = $2", connectorKind, strings.ToLower(id))
	return err
}

// LoadUserFlows implements userflow.Store.
func (s Resources) LoadUserFlows(ctx context.Context) ([]userflow.Stored, error) {
	return collect(ctx, s.DB, func(row scanner) (f userflow.Stored, err error) {
		err = row.Scan(&f.Kind, &f.ID, &f.Version, &f.Data)
		return f, err
	}, "SELECT kind, name, version, data FROM resources WHERE kind <> $1 ORDER BY kind, id", connectorKind)
}

// SaveUserFlows implements userflow.Store.
func (s Resources) SaveUserFlows(ctx context.Context, changes []userflow.Stored) error {
	return s.inWrite(ctx, func(ctx context.Context, q querier) error {
		for _, c := range changes {
			done, err := putResource(ctx, q, c.Kind, c.ID, c.Version, c.Data)
			if err != nil {
				return err
			}
			if !done {
				return userflow.ErrConflict
			}
		}
		return nil
	})
}

// putResource writes a resource, or deletes it if data is nil. It returns false if the stored version isn't
// the one before.
func putResource(ctx context.Context, q querier, kind, id string, version int64, data []byte) (bool, error) {
	statement := `INSERT INTO resources (kind, id, name, version, data) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`
	args := []any{kind, strings.ToLower(id), id, version, data}
	switch {
	case data == nil:
		statement = "DELETE FROM resources WHERE kind = $1 AND id = $2 AND version = $3"
		args = []any{kind, strings.ToLower(id), version - 1}
	case version > 1:
		statement = "UPDATE resources SET name = $3, version = $4, data = $5 WHERE kind = $1 AND id = $2 AND version = $4 - 1"
	}
	res, err := q.ExecContext(ctx, statement, args...)
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	return n == 1, err
}

var (
	_ connector.Store = Resources{}
	_ userflow.Store  = Resources{}
)
