package connector

import (
	"context"
	"errors"
	"fmt"

	"journeyman.dev/internal/seal"
)

// maxReseals is how often a connector is tried that servers change meanwhile.
const maxReseals = 10

// Reseal seals all connectors with the first master key, where they aren't. It returns how
// many it sealed, of how many there are. A connector has another version then, so that
// running servers read it anew.
func Reseal(ctx context.Context, store Store, sealer *seal.Sealer) (count, all int, err error) {
	for range maxReseals {
		rows, err := store.LoadConnectors(ctx)
		if err != nil {
			return count, 0, err
		}
		again := false
		for _, row := range rows {
			about := sealContext(row.ID)
			if sealer.Fresh(seal.Secret, about, row.Data) {
				continue
			}
			plain, err := sealer.Open(seal.Secret, about, row.Data)
			if err != nil {
				return count, len(rows), fmt.Errorf("API connector %s: %w (is its master key among those that were given?)", row.ID, err)
			}
			row.Data, row.Version = sealer.Seal(seal.Secret, about, plain), row.Version+1
			switch err := store.PutConnector(ctx, row); {
			case errors.Is(err, ErrConflict):
				again = true // changed or deleted meanwhile
			case err != nil:
				return count, len(rows), err
			default:
				count++
			}
		}
		if !again {
			return count, len(rows), nil
		}
	}
	return count, 0, ErrConflict
}
