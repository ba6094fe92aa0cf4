package store

import (
	"context"
	"database/sql"
	"time"
)

// How long the database may take, unless the caller's context says: a statement with the
// wait for a connection, and a transaction. A database that hangs gives an error,
// while who asked still waits for it.
const (
	defaultTimeout = 5 * time.Second
	transactions   = 2 // as long as so many statements
	connectTimeout = 3 * time.Second
)

// within bounds a use of the database; a deadline that is there already is the caller's
// choice, such as of housekeeping.
func within(ctx context.Context, limit time.Duration) (context.Context, context.CancelFunc) {
	if _, ok := ctx.Deadline(); ok || limit == 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, limit)
}

// pool is a pool of connections whose queries of one row are bounded in time.
type pool struct {
	*sql.DB
	timeout time.Duration
}

// QueryRowContext asks when the row is scanned, so that the time ends with it.
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

// SetTimeout bounds each use of the database; 0 is 5 s. It must be called before the
// database is used.
func (d *DB) SetTimeout(limit time.Duration) {
	if limit > 0 {
		d.read.timeout = limit
	}
}
