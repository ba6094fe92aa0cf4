package keyset

import (
	"context"

	"journeyman.dev/internal/seal"
)

// Reseal seals the sets of all namespaces with the first master key, unless they are already sealed with it.
// It returns the number of newly sealed sets and of all sets. A newly sealed set gets a new version, so that
// running servers read it again.
func Reseal(ctx context.Context, store Store, sealer *seal.Sealer) (count, all int, err error) {
	return seal.Reseal(ctx, sealer, seal.Rows[Stored]{
		Load:     store.LoadKeySets,
		Save:     store.SaveKeySet,
		Conflict: ErrConflict,
		Sealed:   func(row *Stored) (string, *[]byte) { return sealContext(row.ID), &row.Data },
		Name:     func(row Stored) string { return "key set " + row.ID },
	})
}
