// Package vault finds a tenant's data: the address of its database and the place of its master keys. Each is
// useless without the other, so package vault refuses to make one if the other exists already.
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

// ErrNoTenant means that there is a master key but no tenant.
var ErrNoTenant = errors.New("start with --init to begin with an empty tenant, or restore the database")

// ErrNoKey means that there is a tenant but no master key for it.
var ErrNoKey = errors.New("restore the file or give --master-key, as no other key opens the sealed data")

// Vault is the place of a tenant's data.
type Vault struct {
	Data     string // folder
	Database string // address; "": a file in Data
	// MasterKey contains keys in base64, separated by commas or blanks: the first seals, all open; "": a file
	// in Data.
	MasterKey string
	// Init allows a new tenant although Data contains a tenant's master key.
	Init bool
}

// Address returns the address of the database: sqlite:FILE or postgres://….
func (v Vault) Address() string {
	if v.Database != "" {
		return v.Database
	}
	return "sqlite:" + filepath.Join(v.Data, databaseFile)
}

func (v Vault) keyPath() string { return filepath.Join(v.Data, keyFile) }

// Tenant reads the tenant's settings in a database.
type Tenant interface {
	// Setting returns a setting, "" if there is none.
	Setting(ctx context.Context, name string) (string, error)
}

// Found is the condition of a vault before anything is made.
type Found struct {
	vault Vault
	// key reports that the data folder contains a tenant's master key. The tenant's database must then exist,
	// too. Otherwise the server would start as an empty tenant, and after the loss of the old database nobody
	// could open the sealed data.
	key bool
}

// Look examines a vault before a database is opened or made. ErrNoTenant means that the master key exists and
// the database file beside it is missing.
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

// Sealer returns a sealer that seals with the first master key and opens with all. It is called when the
// database has been reached, so that a failed first start leaves no key. For a database without tenant it
// makes a key. ErrNoTenant means that such a database isn't the key's; ErrNoKey means that the database's
// tenant has lost its key.
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

// Existing returns the Sealer of an existing tenant. It makes nothing; a missing file is an error.
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

// keys parses the keys of the setting, or reads them from the file.
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
