package store

import (
	"context"
	"database/sql"
	"errors"
	"strings"

	"github.com/pressly/goose/v3"
)

// AtVersion makes the tables of an older version and runs statements on them.
func AtVersion(ctx context.Context, address string, version int64, run func(db *sql.DB) error) (err error) {
	driver, source, dialect := "pgx", address, goose.DialectPostgres
	if file, ok := strings.CutPrefix(address, "sqlite:"); ok {
		driver, source, dialect = "sqlite", file, goose.DialectSQLite3
	}
	db, err := sql.Open(driver, source)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	p, err := migrationsOf(db, dialect)
	if err != nil {
		return err
	}
	if _, err := p.UpTo(ctx, version); err != nil {
		return err
	}
	return run(db)
}
