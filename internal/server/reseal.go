package server

import (
	"context"
	"errors"
	"fmt"

	"journeyman.dev/internal/connector"
	"journeyman.dev/internal/keyset"
	"journeyman.dev/internal/seal"
	"journeyman.dev/internal/settings"
	"journeyman.dev/internal/store"
)

// Resealed counts the rows of a kind: those that were sealed anew, and all.
type Resealed struct {
	Kind       string
	Count, All int
}

// Reseal seals everything secret at rest with the first master key. It may run while servers
// use the database, and be repeated: what is sealed with that key already is left alone.
// Journeys under way aren't resealed; they end within the hour.
func Reseal(ctx context.Context, at settings.Storage) (done []Resealed, err error) {
	sealer, err := at.Vault().Existing()
	if err != nil {
		return nil, err
	}
	db, err := store.Open(ctx, at.Vault().Address())
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	for _, kind := range []struct {
		name   string
		reseal func(context.Context, *seal.Sealer) (count, all int, err error)
	}{
		{"key sets", func(ctx context.Context, s *seal.Sealer) (int, int, error) {
			return keyset.Reseal(ctx, store.KeySets{DB: db}, s)
		}},
		{"API connectors", func(ctx context.Context, s *seal.Sealer) (int, int, error) {
			return connector.Reseal(ctx, store.Resources{DB: db}, s)
		}},
	} {
		count, all, err := kind.reseal(ctx, sealer)
		if err != nil {
			return done, fmt.Errorf("%s: %w", kind.name, err)
		}
		done = append(done, Resealed{kind.name, count, all})
	}
	return done, nil
}
