package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"journeyman.dev/internal/journey"
	"journeyman.dev/internal/token"
)

func micros(t time.Time) int64 { return t.UnixMicro() }

// Journeys implements journey.Store.
type Journeys struct{ *DB }

// Create implements journey.Store.
func (s Journeys) Create(ctx context.Context, id string, data []byte, expires time.Time) error {
	_, err := s.exec(ctx, "INSERT INTO journeys (id, version, data, expires) VALUES ($1, 1, $2, $3)", id, data, micros(expires))
	return err
}

// Load implements journey.Store.
func (s Journeys) Load(ctx context.Context, id string) (data []byte, version int64, err error) {
	err = s.read.QueryRowContext(ctx, "SELECT data, version FROM journeys WHERE id = $1", id).Scan(&data, &version)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, 0, journey.ErrNoJourney
	}
	return data, version, err
}

// Claim implements journey.Store. With SQLite it writes nothing: a SQLite file belongs to one process, and
// that process's engine serialises the requests of a journey.
func (s Journeys) Claim(ctx context.Context, id string, version int64, now, until time.Time) (int64, error) {
	if s.jobs != nil {
		return version, nil
	}
	n, err := s.exec(ctx, "UPDATE journeys SET version = version + 1, claimed = $1 WHERE id = $2 AND version = $3 AND claimed < $4",
		micros(until), id, version, micros(now))
	if err == nil && n == 0 {
		err = journey.ErrConflict
	}
	return version + 1, err
}

// Release implements journey.Store.
func (s Journeys) Release(ctx context.Context, id string, version int64) error {
	if s.jobs != nil {
		return nil
	}
	_, err := s.exec(ctx, "UPDATE journeys SET claimed = 0 WHERE id = $1 AND version = $2", id, version)
	return err
}

// Save implements journey.Store.
func (s Journeys) Save(ctx context.Context, id string, version int64, data []byte, expires time.Time) error {
	n, err := s.exec(ctx, "UPDATE journeys SET version = version + 1, claimed = 0, data = $1, expires = $2 WHERE id = $3 AND version = $4",
		data, micros(expires), id, version)
	if err == nil && n == 0 {
		err = journey.ErrConflict
	}
	return err
}

// Grants makes codes and refresh tokens single-use.
type Grants struct{ *DB }

// Redeem records a redemption in one write. It returns token.ErrReplayed if the grant was redeemed before,
// and revokes the family; token.ErrRevoked if the family was revoked or the account's grants were ended
// since; token.ErrNoAccount if the account is gone.
func (s Grants) Redeem(ctx context.Context, r token.Redemption) error {
	// Almost all redemptions are of unused tokens, so try one statement first.
	n, err := s.exec(ctx, `INSERT INTO redemptions (id, expires)
		SELECT $1, CAST($2 AS BIGINT) WHERE NOT EXISTS (SELECT 1 FROM revoked_families WHERE family = $3)
		AND ($4 = '' OR EXISTS (SELECT 1 FROM users WHERE id = $4 AND epoch = $5 AND deleted IS NULL)) ON CONFLICT DO NOTHING`,
		r.ID, micros(r.Expires), r.Family, r.Account, r.Epoch)
	if err != nil || n == 1 {
		return err
	}
	return s.refuse(ctx, r)
}

// refuse returns the reason why a token wasn't redeemed. It revokes the family of a replayed token.
func (s Grants) refuse(ctx context.Context, r token.Redemption) error {
	var outcome error
	err := s.inWrite(ctx, func(ctx context.Context, q querier) error {
		outcome = nil
		var one int
		switch err := q.QueryRowContext(ctx, "SELECT 1 FROM revoked_families WHERE family = $1", r.Family).Scan(&one); {
		case err == nil:
			outcome = token.ErrRevoked
			return nil
		case !errors.Is(err, sql.ErrNoRows):
			return err
		}
		var err error
		if outcome, err = s.standing(ctx, q, r); err != nil || outcome != nil {
			return err
		}
		res, err := q.ExecContext(ctx, "INSERT INTO redemptions (id, expires) VALUES ($1, $2) ON CONFLICT DO NOTHING", r.ID, micros(r.Expires))
		if err != nil {
			return err
		}
		n, err := res.RowsAffected()
		if err != nil || n == 1 {
			return err
		}
		outcome = token.ErrReplayed
		// The family's tokens may live as long as the longest refresh window.
		_, err = q.ExecContext(ctx, "INSERT INTO revoked_families (family, expires) VALUES ($1, $2) ON CONFLICT DO NOTHING",
			r.Family, micros(r.Expires.AddDate(2, 0, 0)))
		return err
	})
	return errors.Join(err, outcome)
}

// standing returns the fault of a redemption's account, or nil.
func (Grants) standing(ctx context.Context, q querier, r token.Redemption) (outcome, err error) {
	if r.Account == "" {
		return nil, nil
	}
	var epoch int64
	switch err := q.QueryRowContext(ctx, "SELECT epoch FROM users WHERE id = $1 AND deleted IS NULL", r.Account).Scan(&epoch); {
	case errors.Is(err, sql.ErrNoRows):
		return token.ErrNoAccount, nil
	case err != nil:
		return nil, err
	case epoch != r.Epoch:
		return token.ErrRevoked, nil
	}
	return nil, nil
}

// Purge removes expired rows.
func (d *DB) Purge(ctx context.Context, now time.Time) error {
	return d.inWrite(ctx, func(ctx context.Context, q querier) error {
		for _, statement := range []string{
			"DELETE FROM journeys WHERE expires < $1",
			"DELETE FROM redemptions WHERE expires < $1",
			"DELETE FROM revoked_families WHERE expires < $1",
			"DELETE FROM tries WHERE expires < $1",
			"DELETE FROM windows WHERE until < $1",
			"DELETE FROM assertions WHERE expires < $1",
			"DELETE FROM sessions WHERE expires < $1",
		} {
			if _, err := q.ExecContext(ctx, statement, micros(now)); err != nil {
				return err
			}
		}
		return nil
	})
}
