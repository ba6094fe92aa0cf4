package store

import (
	"context"
	"database/sql"

	"github.com/pressly/goose/v3"

	"journeyman.dev/internal/directory"
)

// accounts is the migration to one index of names, epochs and sessions. It is in Go, because SQL can't make
// the canonical form of a name. If two users share a name, both keep it, and the entries after the first get
// clash 1 and up. Nobody is found by such a name until an administrator renames or deletes a user (see
// Users.Clashes).
func accounts() *goose.Migration {
	return goose.NewGoMigration(4, &goose.GoFunc{RunTx: func(ctx context.Context, tx *sql.Tx) error {
		for _, statement := range []string{
			"ALTER TABLE users ADD COLUMN epoch BIGINT NOT NULL DEFAULT 0",
			`CREATE TABLE names (
				scope TEXT NOT NULL,
				value TEXT NOT NULL,
				clash BIGINT NOT NULL DEFAULT 0,
				user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
				PRIMARY KEY (scope, value, clash)
			)`,
			"CREATE INDEX names_user ON names (user_id)",
			`CREATE TABLE sessions (
				id TEXT PRIMARY KEY,
				user_id TEXT NOT NULL, -- '' for a session without account
				data TEXT NOT NULL,
				used BIGINT NOT NULL,
				expires BIGINT NOT NULL
			)`,
			"CREATE INDEX sessions_user ON sessions (user_id)",
			"CREATE INDEX sessions_expires ON sessions (expires)",
			"DROP TABLE identities",
		} {
			if _, err := tx.ExecContext(ctx, statement); err != nil {
				return err
			}
		}
		return fillNames(ctx, tx)
	}}, nil)
}

// fillNames indexes all users that aren't deleted, page by page.
func fillNames(ctx context.Context, tx *sql.Tx) error {
	for after := ""; ; {
		page, err := usersAfter(ctx, tx, after)
		if err != nil || len(page) == 0 {
			return err
		}
		for _, u := range page {
			after = u.ID
			for _, k := range u.Keys() {
				if _, err := tx.ExecContext(ctx, `INSERT INTO names (scope, value, clash, user_id)
					SELECT $1, $2, (SELECT COUNT(*) FROM names WHERE scope = $1 AND value = $2), $3`, k.Scope, k.Value, u.ID); err != nil {
					return err
				}
			}
		}
	}
}

func usersAfter(ctx context.Context, tx *sql.Tx, after string) (page []*directory.User, err error) {
	rows, err := tx.QueryContext(ctx, "SELECT data FROM users WHERE id > $1 AND deleted IS NULL ORDER BY id LIMIT 500", after)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		u, err := scanUser(rows)
		if err != nil {
			return nil, err
		}
		page = append(page, u)
	}
	return page, rows.Err()
}
