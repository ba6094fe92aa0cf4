package server

import (
	"context"
	"errors"

	"journeyman.dev/internal/connector"
	"journeyman.dev/internal/keyset"
	"journeyman.dev/internal/seal"
	"journeyman.dev/internal/settings"
	"journeyman.dev/internal/store"
	"journeyman.dev/internal/vault"
)

// Reseal seals all stored secrets with the first master key. It may run while servers use the database, and
// may be repeated: secrets sealed with that key stay unchanged. It doesn't reseal running journeys, because
// they end within the hour.
func Reseal(ctx context.Context, at settings.Storage) (done []vault.Resealed, err error) {
	sealer, err := at.Vault().Existing()
	if err != nil {
		return nil, err
	}
	db, err := store.Open(ctx, at.Vault().Address())
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	return vault.Reseal(ctx, sealer,
		vault.Rows{Kind: "key sets", Reseal: func(ctx context.Context, s *seal.Sealer) (int, int, error) {
			return keyset.Reseal(ctx, store.KeySets{DB: db}, s)
		}},
		vault.Rows{Kind: "API connectors", Reseal: func(ctx context.Context, s *seal.Sealer) (int, int, error) {
			return connector.Reseal(ctx, store.Resources{DB: db}, s)
		}})
}
