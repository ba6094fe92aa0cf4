package connector

import (
	"context"

	"journeyman.dev/internal/seal"
)

// Reseal seals all connectors with the first master key, unless they are already sealed with it. It returns
// the number of newly sealed connectors and of all connectors. A newly sealed connector gets a new version,
// so that running servers read it again.
func Reseal(ctx context.Context, store Store, sealer *seal.Sealer) (count, all int, err error) {
	return seal.Reseal(ctx, sealer, seal.Rows[Stored]{
		Load: store.LoadConnectors,
		Save: func(ctx context.Context, row Stored) error {
			row.Version++
			return store.PutConnector(ctx, row)
		},
		Conflict: ErrConflict,
		Sealed:   func(row *Stored) (string, *[]byte) { return sealContext(row.ID), &row.Data },
		Name:     func(row Stored) string { return "API connector " + row.ID },
	})
}
