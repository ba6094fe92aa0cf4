package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
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
		res, err := q.ExecContext(ctx, "INSERT INTO users (id, data, epoch) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING", u.ID, data, u.Epoch)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return errors.Join(directory.ErrExists, err)
		}
		return index(ctx, q, u.ID, nil, u.Keys())
	})
}

// index changes the index entries of a user from some keys to others. It doesn't touch unchanged keys: an
// older version may have let two users share a key, and that must not prevent changes of either.
func index(ctx context.Context, q querier, id string, from, to []directory.Key) error {
	for _, k := range from {
		if slices.Contains(to, k) {
			continue
		}
		if _, err := q.ExecContext(ctx, "DELETE FROM names WHERE scope = $1 AND value = $2 AND user_id = $3", k.Scope, k.Value, id); err != nil {
			return err
		}
	}
	for _, k := range to {
		if slices.Contains(from, k) {
			continue
		}
		// Only a migration makes entries with clash > 0.
		res, err := q.ExecContext(ctx, `INSERT INTO names (scope, value, clash, user_id)
			SELECT $1, $2, 0, $3 WHERE NOT EXISTS (SELECT 1 FROM names WHERE scope = $1 AND value = $2) ON CONFLICT DO NOTHING`, k.Scope, k.Value, id)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return errors.Join(directory.ErrExists, err)
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
	return readUser(data)
}

func readUser(data []byte) (*directory.User, error) {
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

// GetUserInSession implements directory.Store.
func (s Users) GetUserInSession(ctx context.Context, id, sessionID string) (*directory.User, bool, error) {
	var data []byte
	var live bool
	err := s.read.QueryRowContext(ctx, `SELECT data, EXISTS (SELECT 1 FROM sessions WHERE id = $2 AND user_id = $1)
		FROM users WHERE id = $1 AND deleted IS NULL`, id, sessionID).Scan(&data, &live)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, false, directory.ErrNotFound
	}
	if err != nil {
		return nil, false, err
	}
	u, err := readUser(data)
	return u, live, err
}

// FindUser implements directory.Store.
func (s Users) FindUser(ctx context.Context, k directory.Key) (*directory.User, error) {
	found, err := collect(ctx, s.DB, scanUser,
		"SELECT u.data FROM names n JOIN users u ON u.id = n.user_id WHERE n.scope = $1 AND n.value = $2 AND u.deleted IS NULL", k.Scope, k.Value)
	switch {
	case err != nil:
		return nil, err
	case len(found) == 0:
		return nil, directory.ErrNotFound
	case len(found) > 1:
		return nil, directory.ErrAmbiguous
	}
	return found[0], nil
}

// Clashes implements directory.Store.
func (s Users) Clashes(ctx context.Context) ([]directory.Clash, error) {
	type entry struct {
		directory.Key
		user string
	}
	rows, err := collect(ctx, s.DB, func(row scanner) (e entry, err error) {
		return e, row.Scan(&e.Scope, &e.Value, &e.user)
	}, `SELECT scope, value, user_id FROM names WHERE (scope, value) IN (SELECT scope, value FROM names WHERE clash > 0) ORDER BY scope, value, clash`)
	if err != nil {
		return nil, err
	}
	var out []directory.Clash
	var last directory.Key
	for i, e := range rows {
		if i == 0 || e.Key != last {
			out, last = append(out, directory.Clash{Scope: e.Scope}), e.Key
		}
		c := &out[len(out)-1]
		c.Users = append(c.Users, e.user)
	}
	return slices.DeleteFunc(out, func(c directory.Clash) bool { return len(c.Users) < 2 }), nil
}

// UpdateUser implements directory.Store.
func (s Users) UpdateUser(ctx context.Context, id string, change func(*directory.User) error) (*directory.User, error) {
	return s.update(ctx, id, false, change)
}

// RestoreUser implements directory.Store.
func (s Users) RestoreUser(ctx context.Context, id string) (*directory.User, error) {
	return s.update(ctx, id, true, func(u *directory.User) error {
		u.Deleted = time.Time{}
		return nil
	})
}

// update changes a user that is deleted or not, as the argument says. A change that ends the user's grants
// also ends its sessions.
func (s Users) update(ctx context.Context, id string, deleted bool, change func(*directory.User) error) (*directory.User, error) {
	var out *directory.User
	err := s.inWrite(ctx, func(ctx context.Context, q querier) error {
		if err := lockRow(ctx, q, "UPDATE users SET id = id WHERE id = $1", id); err != nil {
			return err
		}
		u, err := scanUser(q.QueryRowContext(ctx, "SELECT data FROM users WHERE id = $1", id))
		if err != nil {
			return err
		}
		if deleted == u.Deleted.IsZero() {
			return directory.ErrNotFound
		}
		before, epoch := u.Keys(), u.Epoch
		if err := change(u); err != nil {
			return err
		}
		data, err := json.Marshal(u)
		if err != nil {
			return err
		}
		var when any
		if !u.Deleted.IsZero() {
			when = micros(u.Deleted)
		}
		if _, err := q.ExecContext(ctx, "UPDATE users SET data = $1, deleted = $2, epoch = $3 WHERE id = $4", data, when, u.Epoch, id); err != nil {
			return err
		}
		if u.Epoch != epoch {
			if _, err := q.ExecContext(ctx, "DELETE FROM sessions WHERE user_id = $1", id); err != nil {
				return err
			}
		}
		out = u
		return index(ctx, q, id, before, u.Keys())
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// lockRow makes other writes of a row wait until this one ends. It replaces SELECT … FOR UPDATE in SQL that
// both databases support.
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

// GetDeletedUser implements directory.Store.
func (s Users) GetDeletedUser(ctx context.Context, id string) (*directory.User, error) {
	return scanUser(s.read.QueryRowContext(ctx, "SELECT data FROM users WHERE id = $1 AND deleted IS NOT NULL", id))
}

// PurgeUser implements directory.Store.
func (s Users) PurgeUser(ctx context.Context, id string) error {
	n, err := s.exec(ctx, "DELETE FROM users WHERE id = $1 AND deleted IS NOT NULL", id)
	if err == nil && n == 0 {
		err = directory.ErrNotFound
	}
	return err
}

// PurgeUsers implements directory.Store.
func (s Users) PurgeUsers(ctx context.Context, deletedBefore time.Time) error {
	return s.inWrite(ctx, func(ctx context.Context, q querier) error {
		_, err := q.ExecContext(ctx, "DELETE FROM users WHERE deleted < $1", micros(deletedBefore))
		return err
	})
}
