package store

import (
	"context"
	"database/sql"
	"time"
)

// Time limits of the database, unless the caller's context has a deadline: one for a statement with the wait
// for a connection, one for a transaction. A database that hangs then gives an error while the user still
// waits.
const (
	defaultTimeout = 5 * time.Second
	transactions   = 2 // in units of a statement's limit
	connectTimeout = 3 * time.Second
)

// within limits the time of a use of the database. An existing deadline is the caller's choice, such as for
// housekeeping, and stays.
func within(ctx context.Context, limit time.Duration) (context.Context, context.CancelFunc) {
	if _, ok := ctx.Deadline(); ok || limit == 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, limit)
}

// pool is a pool of connections that limits the time of queries for one row.
type pool struct {
	*sql.DB
	timeout time.Duration
}

// QueryRowContext sends the query when the row is scanned, so that the time limit ends with the scan.
func (p *pool) QueryRowContext(ctx context.Context, query string, args ...any) scanner {
	return row{p, ctx, query, args}
}

type row struct {
	p     *pool
	ctx   context.Context //nolint:containedctx // of one call, as in sql.Row
	query string
	args  []any
}

// Scan implements scanner.
func (r row) Scan(to ...any) error {
	ctx, cancel := within(r.ctx, r.p.timeout)
	defer cancel()
	return r.p.DB.QueryRowContext(ctx, r.query, r.args...).Scan(to...)
}

// SetTimeout limits the time of each use of the database; 0 means 5 s. Call it before the database is used.
func (d *DB) SetTimeout(limit time.Duration) {
	if limit > 0 {
		d.read.timeout = limit
	}
}
