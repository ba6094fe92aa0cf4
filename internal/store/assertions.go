package store

import (
	"context"
	"errors"
	"time"

	"journeyman.dev/internal/application"
	"journeyman.dev/internal/token"
)

// SpendAssertion implements application.Assertions, in one write.
func (d *DB) SpendAssertion(ctx context.Context, id string, expires time.Time) error {
	n, err := d.exec(ctx, "INSERT INTO assertions (id, expires) VALUES ($1, $2) ON CONFLICT DO NOTHING", id, micros(expires))
	if err == nil && n == 0 {
		return application.ErrSpent
	}
	return err
}

// Revoke invalidates a family of grants, in one write.
func (s Grants) Revoke(ctx context.Context, family string, expires time.Time) error {
	_, err := s.exec(ctx, "INSERT INTO revoked_families (family, expires) VALUES ($1, $2) ON CONFLICT DO NOTHING", family, micros(expires))
	return err
}

// Redeemable returns the result that Redeem would return for a grant. It changes nothing.
func (s Grants) Redeemable(ctx context.Context, r token.Redemption) error {
	var revoked, redeemed int
	if err := s.read.QueryRowContext(ctx, `SELECT (SELECT COUNT(*) FROM revoked_families WHERE family = $1), (SELECT COUNT(*) FROM redemptions WHERE id = $2)`,
		r.Family, r.ID).Scan(&revoked, &redeemed); err != nil {
		return err
	}
	switch {
	case revoked > 0:
		return token.ErrRevoked
	case redeemed > 0:
		return token.ErrReplayed
	}
	ctx, cancel := within(ctx, s.read.timeout)
	defer cancel()
	outcome, err := s.standing(ctx, s.read.DB, r)
	return errors.Join(err, outcome)
}
