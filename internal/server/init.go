package server

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"journeyman.dev/internal/store"
)

// existing says that the data folder has the master key of a tenant. Its database must
// then be there, too: a server that came up without would be an empty tenant, and what
// was sealed could not be opened by anybody any more once the old database is gone.
type existing bool

// ErrNoTenant says that a master key is there, and the tenant isn't.
var ErrNoTenant = errors.New("start with --init to begin with an empty tenant, or restore the database")

func keyPath(c Config) string { return filepath.Join(c.Data, masterKeyFile) }

func tenantBefore(c Config) existing {
	if c.MasterKey != "" || c.Init {
		return false
	}
	_, err := os.Stat(keyPath(c))
	return err == nil
}

// databaseFile refuses a missing file before another is made in its place.
func (e existing) databaseFile(c Config) error {
	path, ok := strings.CutPrefix(databaseAddress(c), "sqlite:")
	if !bool(e) || !ok {
		return nil
	}
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("the database %s is missing, but its master key %s is there: %w", path, keyPath(c), ErrNoTenant)
	}
	return nil
}

// tenant refuses a database without a tenant.
func (e existing) tenant(ctx context.Context, c Config, db *store.DB) error {
	if !e {
		return nil
	}
	id, err := db.Setting(ctx, "tenantId")
	if err != nil || id != "" {
		return err
	}
	return fmt.Errorf("the database has no tenant, but the master key %s of one is there: %w", keyPath(c), ErrNoTenant)
}
