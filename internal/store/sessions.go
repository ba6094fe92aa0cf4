package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"journeyman.dev/internal/session"
)

// Sessions implements session.Store.
type Sessions struct{ *DB }

// SaveSession implements session.Store.
func (s Sessions) SaveSession(ctx context.Context, r session.Record, replaced string) error {
	data, err := json.Marshal(r)
	if err != nil {
		return err
	}
	return s.inWrite(ctx, func(ctx context.Context, q querier) error {
		if replaced != "" {
			if _, err := q.ExecContext(ctx, "DELETE FROM sessions WHERE id = $1", replaced); err != nil {
				return err
			}
		}
		_, err := q.ExecContext(ctx, `INSERT INTO sessions (id, user_id, data, used, expires) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (id) DO UPDATE SET data = excluded.data, used = excluded.used, expires = excluded.expires`,
			r.ID, r.Account, string(data), micros(r.Used), micros(r.Expires))
		return err
	})
}

// SessionLive implements session.Store.
func (s Sessions) SessionLive(ctx context.Context, id string) (live bool, err error) {
	err = s.read.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM sessions WHERE id = $1)", id).Scan(&live)
	return live, err
}

// DropSession implements session.Store.
func (s Sessions) DropSession(ctx context.Context, id string) error {
	_, err := s.exec(ctx, "DELETE FROM sessions WHERE id = $1", id)
	return err
}

// UserSessions implements session.Store.
func (s Sessions) UserSessions(ctx context.Context, account string, now time.Time) ([]session.Record, error) {
	return collect(ctx, s.DB, func(row scanner) (r session.Record, err error) {
		var data string
		var used, expires int64
		if err := row.Scan(&r.ID, &data, &used, &expires); err != nil {
			return r, err
		}
		if err := json.Unmarshal([]byte(data), &r); err != nil {
			return r, fmt.Errorf("stored session can't be read: %w", err)
		}
		r.Account, r.Used, r.Expires = account, time.UnixMicro(used).UTC(), time.UnixMicro(expires).UTC()
		return r, nil
	}, "SELECT id, data, used, expires FROM sessions WHERE user_id = $1 AND expires > $2 ORDER BY used DESC, id", account, micros(now))
}

// EndUserSession implements session.Store.
func (s Sessions) EndUserSession(ctx context.Context, account, id string) error {
	n, err := s.exec(ctx, "DELETE FROM sessions WHERE id = $1 AND user_id = $2", id, account)
	if err == nil && n == 0 {
		err = session.ErrNotFound
	}
	return err
}

var _ session.Store = Sessions{}
