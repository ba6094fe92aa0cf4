package vault

import (
	"context"
	"fmt"

	"journeyman.dev/internal/seal"
)

// Rows are the sealed rows of a kind.
type Rows struct {
	Kind string
	// Reseal seals those anew that the first master key didn't seal, and counts them and all.
	Reseal func(ctx context.Context, s *seal.Sealer) (count, all int, err error)
}

// Resealed counts the rows of a kind: those that were sealed anew, and all.
type Resealed struct {
	Kind       string
	Count, All int
}

// Reseal reseals kind by kind. With an error it returns the kinds that were done before.
func Reseal(ctx context.Context, sealer *seal.Sealer, all ...Rows) ([]Resealed, error) {
	var done []Resealed
	for _, rows := range all {
		r := Resealed{Kind: rows.Kind}
		var err error
		if r.Count, r.All, err = rows.Reseal(ctx, sealer); err != nil {
			return done, fmt.Errorf("%s: %w", rows.Kind, err)
		}
		done = append(done, r)
	}
	return done, nil
}
