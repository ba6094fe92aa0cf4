package vault

import (
	"context"
	"fmt"

	"journeyman.dev/internal/seal"
)

// Rows are the sealed rows of one kind.
type Rows struct {
	Kind string
	// Reseal seals rows with the first master key, unless they are already sealed with it. It returns the
	// number of newly sealed rows and of all rows.
	Reseal func(ctx context.Context, s *seal.Sealer) (count, all int, err error)
}

// Resealed contains the numbers of one kind: newly sealed rows, and all rows.
type Resealed struct {
	Kind       string
	Count, All int
}

// Reseal reseals kind by kind. With an error it returns the kinds before the failure.
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
