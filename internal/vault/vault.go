// Package vault knows where a tenant rests: at which address its database is, and where its
// master keys are. One is worth nothing without the other, so that it refuses to make either
// where the other is there already.
//
// Callers: server when it starts, and when it reseals.
package vault

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"journeyman.dev/internal/seal"
)

// The files of the data folder.
const (
	keyFile      = "master.key"
	databaseFile = "journeyman.db"
)

// ErrNoTenant says that a master key is there, and the tenant isn't.
var ErrNoTenant = errors.New("start with --init to begin with an empty tenant, or restore the database")

// ErrNoKey says that a tenant is there, and its master key isn't.
var ErrNoKey = errors.New("restore the file or give --master-key, as no other key opens what is sealed there")

// Vault is where a tenant rests.
type Vault struct {
	Data     string // folder
	Database string // address; "": a file in Data
	// MasterKey are keys in base64, several with commas or blanks between: the first seals,
	// all open; "": a file in Data.
	MasterKey string
	// Init lets a tenant begin anew although Data has the master key of one.
	Init bool
}

// Address is the address of the database: sqlite:FILE or postgres://….
func (v Vault) Address() string {
	if v.Database != "" {
		return v.Database
	}
	return "sqlite:" + filepath.Join(v.Data, databaseFile)
}

func (v Vault) keyPath() string { return filepath.Join(v.Data, keyFile) }

// Tenant reads what a database keeps of its tenant.
type Tenant interface {
	// Setting returns a setting, "" if there is none.
	Setting(ctx context.Context, name string) (string, error)
}

// Found is a vault as it was before anything was made.
type Found struct {
	vault Vault
	// key says that the data folder has the master key of a tenant. Its database must then be
	// there, too: a server that came up without would be an empty tenant, and what was sealed
	// could not be opened by anybody any more once the old database is gone.
	key bool
}

// Look finds what is there before a database is opened or made. ErrNoTenant: the file of the
// database is missing beside its master key.
func (v Vault) Look() (Found, error) {
	f := Found{vault: v}
	if v.MasterKey == "" && !v.Init {
		_, err := os.Stat(v.keyPath())
		f.key = err == nil
	}
	path, ok := strings.CutPrefix(v.Address(), "sqlite:")
	if !f.key || !ok {
		return f, nil
	}
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		return f, fmt.Errorf("the database %s is missing, but its master key %s is there: %w", path, v.keyPath(), ErrNoTenant)
	}
	return f, nil
}

// Sealer seals with the first master key and opens with all, once the database is reached: a
// first start that can't reach it leaves no key. It makes a key for a database that has no
// tenant yet. ErrNoTenant: such a database isn't the one that the key belongs to; ErrNoKey:
// the database has a tenant, whose key is gone.
func (f Found) Sealer(ctx context.Context, db Tenant) (*seal.Sealer, error) {
	id, err := db.Setting(ctx, "tenantId")
	if err != nil {
		return nil, err
	}
	if f.key && id == "" {
		return nil, fmt.Errorf("the database has no tenant, but the master key %s of one is there: %w", f.vault.keyPath(), ErrNoTenant)
	}
	if id == "" {
		return sealer(f.vault.keys(seal.LoadOrCreateMasterKeys))
	}
	s, err := sealer(f.vault.keys(seal.LoadMasterKeys))
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("the database has a tenant, but its master key %s is missing: %w", f.vault.keyPath(), ErrNoKey)
	}
	return s, err
}

// Existing is a Sealer for a tenant that is there: it makes nothing, and a file that is
// missing is an error.
func (v Vault) Existing() (*seal.Sealer, error) {
	if v.MasterKey == "" {
		if _, err := os.Stat(v.keyPath()); err != nil {
			return nil, fmt.Errorf("master key: %w", err)
		}
	}
	if path, ok := strings.CutPrefix(v.Address(), "sqlite:"); ok {
		if _, err := os.Stat(path); err != nil {
			return nil, fmt.Errorf("database: %w", err)
		}
	}
	return sealer(v.keys(seal.LoadMasterKeys))
}

// keys parses the keys of the setting, or reads those of the file.
func (v Vault) keys(read func(path string) ([][]byte, error)) ([][]byte, error) {
	if v.MasterKey != "" {
		return seal.ParseMasterKeys(v.MasterKey)
	}
	return read(v.keyPath())
}

func sealer(keys [][]byte, err error) (*seal.Sealer, error) {
	if err != nil {
		return nil, fmt.Errorf("master key: %w", err)
	}
	return seal.New(keys...)
}
