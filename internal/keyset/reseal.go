package keyset

import (
	"context"

	"journeyman.dev/internal/seal"
)

// Reseal seals the sets of all namespaces with the first master key, where they aren't. It
// returns how many it sealed, of how many there are. A set has another version then, so
// that running servers read it anew.
func Reseal(ctx context.Context, store Store, sealer *seal.Sealer) (count, all int, err error) {
	return seal.Reseal(ctx, sealer, seal.Rows[Stored]{
		Load:     store.LoadKeySets,
		Save:     store.SaveKeySet,
		Conflict: ErrConflict,
		Sealed:   func(row *Stored) (string, *[]byte) { return sealContext(row.ID), &row.Data },
		Name:     func(row Stored) string { return "key set " + row.ID },
	})
}
