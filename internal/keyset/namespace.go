package keyset

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"journeyman.dev/internal/seal"
)

// namespace says whose key sets a Service has: the sets of both rest in one table.
type namespace struct {
	name func(id string) string // the full name of an id
	has  func(name string) bool
	// backups are kept of deleted sets.
	backups bool
}

// The ids of our own key sets. A policy key's name always begins with [Prefix], so none
// of them is one.
const (
	ownPrefix = "journeyman:"
	// formerPrefix is what ours began with when they were policy keys that only the admin
	// API hid.
	formerPrefix = Prefix + "Journeyman"
)

// former reports whether a name was one of ours. No policy key gets such a name.
func former(name string) bool {
	return hasPrefix(name, formerPrefix+"IdentityProvider_") || strings.EqualFold(name, formerPrefix+"AdminTokens")
}

var (
	policyKeys = namespace{Name, func(name string) bool { return hasPrefix(name, Prefix) && !former(name) }, true}
	ownKeys    = namespace{ownName, func(name string) bool { return hasPrefix(name, ownPrefix) }, false}
)

func hasPrefix(name, prefix string) bool { return strings.HasPrefix(fold(name), fold(prefix)) }

func ownName(id string) string {
	if hasPrefix(id, ownPrefix) {
		return id
	}
	return ownPrefix + id
}

// Own finds the id of one of our own key sets in a reference of a policy that we made
// from a user flow. Those of journeys that began before an upgrade have the former name.
func Own(reference string) (id string, ok bool) {
	switch {
	case hasPrefix(reference, ownPrefix):
		return reference, true
	case former(reference):
		return ownPrefix + reference[len(formerPrefix):], true
	}
	return "", false
}

// NewOwn loads our own key sets. Those that have the names of policy keys are moved first.
func NewOwn(ctx context.Context, store Store, sealer *seal.Sealer, now func() time.Time) (*Service, error) {
	s := &Service{store: store, seal: sealer, now: now, space: ownKeys}
	if err := s.adopt(ctx); err != nil {
		return nil, err
	}
	return s, s.Reload(ctx)
}

// adopt moves the sets that were policy keys. Several nodes may be at it.
func (s *Service) adopt(ctx context.Context) error {
	rows, err := s.store.LoadKeySets(ctx)
	if err != nil {
		return fmt.Errorf("key sets: %w", err)
	}
	for _, row := range rows {
		id, ok := Own(row.ID)
		if !ok || hasPrefix(row.ID, ownPrefix) {
			continue
		}
		set, err := s.open(row)
		if err != nil {
			return err
		}
		set.ID, set.Version = id, s.now().UnixMicro()
		to, err := s.stored(set)
		if err != nil {
			return err
		}
		err = s.store.MoveKeySet(ctx, row, nil, to)
		if errors.Is(err, ErrExists) {
			err = s.store.DeleteKeySet(ctx, row.ID) // made by a node of the version before, meanwhile
		}
		if err != nil && !errors.Is(err, ErrConflict) {
			return fmt.Errorf("key set %s: %w", row.ID, err)
		}
	}
	return nil
}

// Ring finds secrets of policy keys by their names, and of our own by their ids: for
// providers whose profiles come from policies and from user flows. A policy can't have
// such an id: see journey.Plan.Key.
type Ring struct{ Policies, Own *Service }

// ActiveSigningKey returns the RSA key in use of a set.
func (r Ring) ActiveSigningKey(ctx context.Context, id string) (SigningKey, error) {
	if hasPrefix(id, ownPrefix) {
		return r.Own.ActiveSigningKey(ctx, id)
	}
	return r.Policies.ActiveSigningKey(ctx, id)
}

// Secret returns the secret in use of a set.
func (r Ring) Secret(ctx context.Context, id string) ([]byte, error) {
	if hasPrefix(id, ownPrefix) {
		return r.Own.Secret(ctx, id)
	}
	return r.Policies.Secret(ctx, id)
}
