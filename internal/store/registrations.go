package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"journeyman.dev/internal/application"
	"journeyman.dev/internal/keyset"
)

// Applications implements application.Store.
type Applications struct{ *DB }

// Create implements application.Store.
func (s Applications) Create(ctx context.Context, a application.Application) error {
	data, err := json.Marshal(a)
	if err != nil {
		return err
	}
	return s.inWrite(ctx, func(ctx context.Context, q querier) error {
		res, err := q.ExecContext(ctx, "INSERT INTO applications (id, app_id, data) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING", a.ID, strings.ToLower(a.AppID), data)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return errors.Join(fmt.Errorf("%w: the appId is taken", application.ErrInvalid), err)
		}
		return nil
	})
}

func scanApplication(row scanner) (application.Application, error) {
	var data []byte
	var a application.Application
	if err := row.Scan(&data); err != nil {
		if errors.Is(err, sql.ErrNoRows) {
			return a, application.ErrNotFound
		}
		return a, err
	}
	if err := json.Unmarshal(data, &a); err != nil {
		return a, fmt.Errorf("stored application can't be read: %w", err)
	}
	return a, nil
}

// Get implements application.Store.
func (s Applications) Get(ctx context.Context, id string) (application.Application, error) {
	return scanApplication(s.read.QueryRowContext(ctx, "SELECT data FROM applications WHERE id = $1", id))
}

// GetByAppID implements application.Store.
func (s Applications) GetByAppID(ctx context.Context, appID string) (application.Application, error) {
	return scanApplication(s.read.QueryRowContext(ctx, "SELECT data FROM applications WHERE app_id = $1", strings.ToLower(appID)))
}

// List implements application.Store.
func (s Applications) List(ctx context.Context) ([]application.Application, error) {
	return collect(ctx, s.DB, scanApplication, "SELECT data FROM applications ORDER BY id")
}

// Update implements application.Store.
func (s Applications) Update(ctx context.Context, id string, change func(*application.Application) error) (application.Application, error) {
	var out application.Application
	err := s.inWrite(ctx, func(ctx context.Context, q querier) error {
		if err := lockRow(ctx, q, "UPDATE applications SET id = id WHERE id = $1", id); err != nil {
			return err
		}
		a, err := scanApplication(q.QueryRowContext(ctx, "SELECT data FROM applications WHERE id = $1", id))
		if err != nil {
			return err
		}
		if err := change(&a); err != nil {
			return err
		}
		data, err := json.Marshal(a)
		if err != nil {
			return err
		}
		out = a
		_, err = q.ExecContext(ctx, "UPDATE applications SET data = $1 WHERE id = $2", data, id)
		return err
	})
	return out, err
}

// Delete implements application.Store.
func (s Applications) Delete(ctx context.Context, id string) error {
	return s.inWrite(ctx, func(ctx context.Context, q querier) error {
		res, err := q.ExecContext(ctx, "DELETE FROM applications WHERE id = $1", id)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return errors.Join(application.ErrNotFound, err)
		}
		return nil
	})
}

// KeySets implements keyset.Store.
type KeySets struct{ *DB }

// LoadKeySets implements keyset.Store.
func (s KeySets) LoadKeySets(ctx context.Context) ([]keyset.Stored, error) {
	return collect(ctx, s.DB, func(row scanner) (k keyset.Stored, err error) {
		err = row.Scan(&k.ID, &k.Version, &k.Data)
		return k, err
	}, "SELECT name, version, data FROM keysets ORDER BY id")
}

// CreateKeySet implements keyset.Store.
func (s KeySets) CreateKeySet(ctx context.Context, k keyset.Stored) error {
	return s.inWrite(ctx, func(ctx context.Context, q querier) error { return insertKeySet(ctx, q, k) })
}

func insertKeySet(ctx context.Context, q querier, k keyset.Stored) error {
	res, err := q.ExecContext(ctx, "INSERT INTO keysets (id, name, version, data) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
		strings.ToLower(k.ID), k.ID, k.Version, k.Data)
	if err != nil {
		return err
	}
	n, err := res.RowsAffected()
	if err != nil {
		return err
	}
	if n == 0 {
		return keyset.ErrExists
	}
	return nil
}

// SaveKeySet implements keyset.Store.
func (s KeySets) SaveKeySet(ctx context.Context, k keyset.Stored) error {
	return s.inWrite(ctx, func(ctx context.Context, q querier) error {
		res, err := q.ExecContext(ctx, "UPDATE keysets SET data = $1, version = version + 1 WHERE id = $2 AND version = $3", k.Data, strings.ToLower(k.ID), k.Version)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return errors.Join(keyset.ErrConflict, err)
		}
		return nil
	})
}

// DeleteKeySet implements keyset.Store.
func (s KeySets) DeleteKeySet(ctx context.Context, id string) error {
	return s.inWrite(ctx, func(ctx context.Context, q querier) error {
		_, err := q.ExecContext(ctx, "DELETE FROM keysets WHERE id = $1", strings.ToLower(id))
		return err
	})
}

// MoveKeySet implements keyset.Store.
func (s KeySets) MoveKeySet(ctx context.Context, from keyset.Stored, others []string, to keyset.Stored) error {
	return s.inWrite(ctx, func(ctx context.Context, q querier) error {
		res, err := q.ExecContext(ctx, "DELETE FROM keysets WHERE id = $1 AND version = $2", strings.ToLower(from.ID), from.Version)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return errors.Join(keyset.ErrConflict, err)
		}
		for _, id := range others {
			if _, err := q.ExecContext(ctx, "DELETE FROM keysets WHERE id = $1", strings.ToLower(id)); err != nil {
				return err
			}
		}
		return insertKeySet(ctx, q, to)
	})
}

// Fingerprint returns a text that changes with every change of a policy, key set, user flow or API connector,
// on any node.
func (d *DB) Fingerprint(ctx context.Context) (string, error) {
	lines, err := collect(ctx, d, func(row scanner) (string, error) {
		var id string
		var version int64
		err := row.Scan(&id, &version)
		return fmt.Sprintf("%s %d\n", id, version), err
	}, "SELECT id, version FROM policies UNION ALL SELECT id, version FROM keysets UNION ALL SELECT kind || ' ' || id, version FROM resources ORDER BY 1")
	return strings.Join(lines, ""), err
}

// Setting returns a setting of the tenant, "" if there is none.
func (d *DB) Setting(ctx context.Context, name string) (string, error) {
	var value string
	err := d.read.QueryRowContext(ctx, "SELECT value FROM settings WHERE name = $1", name).Scan(&value)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return value, err
}

// SetSetting stores a setting unless it exists, and returns the stored value.
func (d *DB) SetSetting(ctx context.Context, name, value string) (string, error) {
	err := d.inWrite(ctx, func(ctx context.Context, q querier) error {
		_, err := q.ExecContext(ctx, "INSERT INTO settings (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING", name, value)
		return err
	})
	if err != nil {
		return "", err
	}
	return d.Setting(ctx, name)
}
