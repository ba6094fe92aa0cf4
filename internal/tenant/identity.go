package tenant

import (
	"context"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"journeyman.dev/internal/live"
	"journeyman.dev/internal/policy"
)

// Settings store a tenant's identity over all nodes.
type Settings interface {
	// Setting returns a setting, "" if there is none.
	Setting(ctx context.Context, name string) (string, error)
	// SetSetting stores a setting unless it exists, and returns the stored value.
	SetSetting(ctx context.Context, name, value string) (string, error)
}

// Policies are the stored policies of the tenant.
type Policies interface {
	List(ctx context.Context) ([]live.Policy, error)
}

// Identity is a tenant's identity, except its name.
type Identity struct {
	ID            string // GUID in lower case
	ExtensionsApp string // app id, a GUID, of the application for extension attributes
}

// Identify makes or reads the identity. id is the operator's GUID, "" for none. If the database belongs to
// another name or GUID, it returns an error.
func Identify(ctx context.Context, db Settings, stored Policies, name, id string) (Identity, error) {
	given := id
	if id == "" {
		id = uuid.NewString()
	}
	var t Identity
	var err error
	if t.ID, err = db.SetSetting(ctx, "tenantId", strings.ToLower(id)); err != nil {
		return t, err
	}
	if given != "" && !strings.EqualFold(t.ID, given) {
		return t, fmt.Errorf("the data folder belongs to the tenant %s, not %s", t.ID, given)
	}
	if err := checkName(ctx, db, stored, name, t.ID); err != nil {
		return t, err
	}
	t.ExtensionsApp, err = db.SetSetting(ctx, "extensionsAppId", uuid.NewString())
	return t, err
}

// checkName refuses another tenant's name: accounts and policies contain the name, and under another one
// nobody could sign in. For a database without a stored name, it reads the name in the policies.
func checkName(ctx context.Context, db Settings, stored Policies, own, id string) error {
	name, err := db.Setting(ctx, "tenantName")
	if err != nil {
		return err
	}
	if name == "" {
		if name, err = formerName(ctx, stored, own, id); err != nil {
			return err
		}
	}
	if !strings.EqualFold(name, own) {
		return fmt.Errorf("the database belongs to the tenant %s, not %s: start with --tenant %s, or with another --data or --database", name, own, name)
	}
	// If two nodes start for the first time at once, one writes the name and both read it.
	if name, err = db.SetSetting(ctx, "tenantName", name); err != nil {
		return err
	}
	if !strings.EqualFold(name, own) {
		return fmt.Errorf("the database belongs to the tenant %s, not %s", name, own)
	}
	return nil
}

// formerName returns the name in the policies, or our own if the policies name no other.
func formerName(ctx context.Context, stored Policies, own, id string) (string, error) {
	list, err := stored.List(ctx)
	if err != nil {
		return "", err
	}
	short, _, _ := strings.Cut(own, ".")
	for _, p := range list {
		d, _ := policy.Parse(p.ID, p.XML)
		if d == nil || !d.TenantID.Set() {
			continue
		}
		if said := d.TenantID.Value; !strings.EqualFold(said, id) && !strings.EqualFold(said, short) {
			return said, nil
		}
	}
	return own, nil
}
