package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"journeyman.dev/internal/limit"
)

// Limits implements limit.TryStore and limit.WindowStore. Every other part of the store implements them, too,
// because the methods are DB's.
type Limits struct{ *DB }

// runningFor limits the time of a try. A charged try without end, whose process was killed, counts as failed
// after it.
const runningFor = 30 * time.Second

// ChargeTry implements limit.TryStore. It uses one statement, so that simultaneous tries can't exceed the
// bound. A try that reaches the bound locks at once; if the try turns out right, the lock is removed.
func (d *DB) ChargeTry(ctx context.Context, key string, rule limit.Rule, now time.Time) (limit.Charge, error) {
	locks := rule.Locks()
	// A bound of one would have to lock at the first charge.
	first := int64(0)
	if rule.After == 1 {
		first = micros(now.Add(locks[0]))
	}
	n, err := d.exec(ctx, `INSERT INTO tries (key, failures, running, running_until, locked_until, last, expires)
		VALUES ($1, 1, 1, CAST($2 AS BIGINT), CAST($3 AS BIGINT), '', CAST($12 AS BIGINT))
		ON CONFLICT (key) DO UPDATE SET
			failures = CASE WHEN tries.expires <= $5 THEN 1 ELSE tries.failures + 1 END,
			running = CASE WHEN tries.running_until <= $5 THEN 1 ELSE tries.running + 1 END,
			running_until = excluded.running_until,
			last = CASE WHEN tries.expires <= $5 THEN '' ELSE tries.last END,
			locked_until = CASE
				WHEN tries.expires <= $5 THEN excluded.locked_until
				WHEN (tries.failures + 1) % CAST($6 AS BIGINT) <> 0 THEN 0
				ELSE CASE (tries.failures + 1) / CAST($6 AS BIGINT)
					WHEN 1 THEN CAST($7 AS BIGINT) WHEN 2 THEN CAST($8 AS BIGINT) WHEN 3 THEN CAST($9 AS BIGINT)
					WHEN 4 THEN CAST($10 AS BIGINT) ELSE CAST($11 AS BIGINT) END
				END,
			expires = CASE WHEN tries.expires > $5 AND tries.failures + 1 >= CAST($6 AS BIGINT) THEN CAST($4 AS BIGINT) ELSE excluded.expires END
		WHERE tries.locked_until <= $5 OR tries.expires <= $5`,
		key, micros(now.Add(runningFor)), first, micros(now.Add(rule.Forget)), micros(now), rule.After,
		micros(now.Add(locks[0])), micros(now.Add(locks[1])), micros(now.Add(locks[2])), micros(now.Add(locks[3])), micros(now.Add(locks[4])),
		micros(now.Add(rule.Few)))
	if err != nil || n == 1 {
		return limit.Charge{Charged: n == 1}, err
	}
	var running, runningUntil, lockedUntil int64
	err = d.read.QueryRowContext(ctx, "SELECT running, running_until, locked_until FROM tries WHERE key = $1", key).Scan(&running, &runningUntil, &lockedUntil)
	if errors.Is(err, sql.ErrNoRows) {
		return limit.Charge{Running: true}, nil // a right try has just cleared it: try again
	}
	return limit.Charge{Until: time.UnixMicro(lockedUntil).UTC(), Running: lockedUntil <= micros(now) || running > 0 && runningUntil > micros(now)}, err
}

// EndTry implements limit.TryStore.
func (d *DB) EndTry(ctx context.Context, key string, rule limit.Rule, now time.Time, change func(last string) (keep string, refund bool)) error {
	return d.inWrite(ctx, func(ctx context.Context, q querier) error {
		if err := lockRow(ctx, q, "UPDATE tries SET running = CASE WHEN running > 0 THEN running - 1 ELSE 0 END WHERE key = $1", key); err != nil {
			return err
		}
		var failures, lockedUntil int64
		var last string
		err := q.QueryRowContext(ctx, "SELECT failures, locked_until, last FROM tries WHERE key = $1", key).Scan(&failures, &lockedUntil, &last)
		if errors.Is(err, sql.ErrNoRows) {
			return nil // a right try cleared it in the meantime
		}
		if err != nil {
			return err
		}
		keep, refund := change(last)
		if refund && failures > 0 {
			if failures%int64(rule.After) == 0 {
				lockedUntil = 0 // fewer failures remain than the lock needs
			}
			failures--
		}
		if failures == 0 && keep == "" {
			_, err = q.ExecContext(ctx, "DELETE FROM tries WHERE key = $1", key)
			return err
		}
		_, err = q.ExecContext(ctx, "UPDATE tries SET failures = $1, locked_until = $2, last = $3 WHERE key = $4", failures, lockedUntil, keep, key)
		return err
	})
}

// ClearTries implements limit.TryStore. Tries that run at the same time stay charged.
func (d *DB) ClearTries(ctx context.Context, key string) error {
	n, err := d.exec(ctx, "DELETE FROM tries WHERE key = $1 AND running <= 1", key)
	if err != nil || n == 1 {
		return err
	}
	_, err = d.exec(ctx, "UPDATE tries SET running = running - 1, failures = running - 1, locked_until = 0, last = '' WHERE key = $1 AND running > 1", key)
	return err
}

// errUsedUp rolls a Take back.
var errUsedUp = errors.New("a bound is used up")

// Take implements limit.WindowStore.
func (d *DB) Take(ctx context.Context, now time.Time, bounds ...limit.Bound) (ok bool, until time.Time, err error) {
	err = d.inWrite(ctx, func(ctx context.Context, q querier) error {
		for _, b := range bounds {
			if b.Most == 0 {
				continue
			}
			res, err := q.ExecContext(ctx, `INSERT INTO windows (key, count, until) VALUES ($1, 1, CAST($2 AS BIGINT))
				ON CONFLICT (key) DO UPDATE SET
					count = CASE WHEN windows.until <= $3 THEN 1 ELSE windows.count + 1 END,
					until = CASE WHEN windows.until <= $3 THEN excluded.until ELSE windows.until END
				WHERE windows.until <= $3 OR windows.count < $4`, b.Key, micros(now.Add(b.Within)), micros(now), b.Most)
			if err != nil {
				return err
			}
			n, err := res.RowsAffected()
			if err != nil {
				return err
			}
			if n == 0 {
				var end int64
				if err := q.QueryRowContext(ctx, "SELECT until FROM windows WHERE key = $1", b.Key).Scan(&end); err != nil {
					return err
				}
				until = time.UnixMicro(end).UTC()
				return errUsedUp
			}
		}
		return nil
	})
	if errors.Is(err, errUsedUp) {
		return false, until, nil
	}
	return err == nil, time.Time{}, err
}

// Give implements limit.WindowStore.
func (d *DB) Give(ctx context.Context, now time.Time, key string) error {
	_, err := d.exec(ctx, "UPDATE windows SET count = count - 1 WHERE key = $1 AND until > $2 AND count > 0", key, micros(now))
	return err
}

var (
	_ limit.TryStore    = Limits{}
	_ limit.WindowStore = Limits{}
)
