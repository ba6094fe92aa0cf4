package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"journeyman.dev/internal/directory"
)

// Users implements directory.Store.
type Users struct{ *DB }

// CreateUser implements directory.Store.
func (s Users) CreateUser(ctx context.Context, u *directory.User) error {
	data, err := json.Marshal(u)
	if err != nil {
		return err
	}
	return s.inWrite(ctx, func(ctx context.Context, q querier) error {
		res, err := q.ExecContext(ctx, "INSERT INTO users (id, data) VALUES ($1, $2) ON CONFLICT DO NOTHING", u.ID, data)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return errors.Join(directory.ErrExists, err)
		}
		return index(ctx, q, u)
	})
}

// index writes a user's keys.
func index(ctx context.Context, q querier, u *directory.User) error {
	for _, key := range u.Keys() {
		res, err := q.ExecContext(ctx, "INSERT INTO identities (scope, value, user_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING", key[0], key[1], u.ID)
		if err != nil {
			return err
		}
		n, err := res.RowsAffected()
		if err != nil {
			return err
		}
		if n == 0 {
			var owner string
			if err := q.QueryRowContext(ctx, "SELECT user_id FROM identities WHERE scope = $1 AND value = $2", key[0], key[1]).Scan(&owner); err != nil {
				return err
			}
			if owner != u.ID {
				return directory.ErrExists
			}
		}
	}
	return nil
}

func scanUser(row scanner) (*directory.User, error) {
	var data []byte
	if err := row.Scan(&data); err != nil {
		if errors.Is(err, sql.ErrNoRows) {
			return nil, directory.ErrNotFound
		}
		return nil, err
	}
	u := new(directory.User)
	if err := json.Unmarshal(data, u); err != nil {
		return nil, fmt.Errorf("stored user can't be read: %w", err)
	}
	return u, nil
}

// GetUser implements directory.Store.
func (s Users) GetUser(ctx context.Context, id string) (*directory.User, error) {
	return scanUser(s.read.QueryRowContext(ctx, "SELECT data FROM users WHERE id = $1 AND deleted IS NULL", id))
}

// FindUser implements directory.Store.
func (s Users) FindUser(ctx context.Context, scope, value string) (*directory.User, error) {
	return scanUser(s.read.QueryRowContext(ctx,
		"SELECT u.data FROM identities i JOIN users u ON u.id = i.user_id WHERE i.scope = $1 AND i.value = $2 AND u.deleted IS NULL", scope, value))
}

// FindLocal implements directory.Store.
func (s Users) FindLocal(ctx context.Context, value string) ([]*directory.User, error) {
	return collect(ctx, s.DB, scanUser,
		"SELECT u.data FROM identities i JOIN users u ON u.id = i.user_id WHERE i.value = $1 AND (i.scope LIKE 'local:%' OR i.scope = 'upn') AND u.deleted IS NULL ORDER BY i.scope", value)
}

// UpdateUser implements directory.Store.
func (s Users) UpdateUser(ctx context.Context, id string, change func(*directory.User) error) (*directory.User, error) {
	var out *directory.User
	err := s.inWrite(ctx, func(ctx context.Context, q querier) error {
		if err := lockRow(ctx, q, "UPDATE users SET id = id WHERE id = $1", id); err != nil {
			return err
		}
		u, err := scanUser(q.QueryRowContext(ctx, "SELECT data FROM users WHERE id = $1", id))
		if err != nil {
			return err
		}
		if err := change(u); err != nil {
			return err
		}
		data, err := json.Marshal(u)
		if err != nil {
			return err
		}
		var deleted any
		if !u.Deleted.IsZero() {
			deleted = micros(u.Deleted)
		}
		if _, err := q.ExecContext(ctx, "UPDATE users SET data = $1, deleted = $2 WHERE id = $3", data, deleted, id); err != nil {
			return err
		}
		if _, err := q.ExecContext(ctx, "DELETE FROM identities WHERE user_id = $1", id); err != nil {
			return err
		}
		out = u
		return index(ctx, q, u)
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// lockRow makes other writes of a row wait until this one is done: what SELECT … FOR
// UPDATE does, in SQL that both databases have.
func lockRow(ctx context.Context, q querier, update, id string) error {
	_, err := q.ExecContext(ctx, update, id)
	return err
}

// ListUsers implements directory.Store.
func (s Users) ListUsers(ctx context.Context, after string, limit int, deleted bool) ([]*directory.User, error) {
	condition := "deleted IS NULL"
	if deleted {
		condition = "deleted IS NOT NULL"
	}
	return collect(ctx, s.DB, scanUser,
		"SELECT data FROM users WHERE id > $1 AND "+condition+" ORDER BY id LIMIT $2", after, limit)
}

// PurgeUsers implements directory.Store.
func (s Users) PurgeUsers(ctx context.Context, deletedBefore time.Time) error {
	return s.inWrite(ctx, func(ctx context.Context, q querier) error {
		_, err := q.ExecContext(ctx, "DELETE FROM users WHERE deleted < $1", micros(deletedBefore))
		return err
	})
}
