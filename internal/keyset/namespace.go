package keyset

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"journeyman.dev/internal/seal"
)

// namespace is the owner of a Service's key sets. One table contains the sets of both namespaces.
type namespace struct {
	name func(id string) string // the full name of an id
	has  func(name string) bool
	// backups is set if deleted sets leave copies.
	backups bool
}

// The ids of our own key sets. A policy key's name always begins with [Prefix], so none
// of them is one.
const (
	ownPrefix = "journeyman:"
	// formerPrefix began the names of our own key sets when they were policy keys, hidden only by the admin
	// API.
	formerPrefix = Prefix + "Journeyman"
)

// former reports whether a name was one of ours. No policy key may have such a name.
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

// Own returns the id of one of our own key sets from a reference in a user flow's policy. Journeys that began
// before an upgrade use the former name.
func Own(reference string) (id string, ok bool) {
	switch {
	case hasPrefix(reference, ownPrefix):
		return reference, true
	case former(reference):
		return ownPrefix + reference[len(formerPrefix):], true
	}
	return "", false
}

// NewOwn loads our own key sets. It first moves those that have names of policy keys.
func NewOwn(ctx context.Context, store Store, sealer *seal.Sealer, now func() time.Time) (*Service, error) {
	s := &Service{store: store, seal: sealer, now: now, space: ownKeys}
	if err := s.adopt(ctx); err != nil {
		return nil, err
	}
	return s, s.Reload(ctx)
}

// adopt moves the sets that were policy keys. Several nodes may do so at once.
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
			err = s.store.DeleteKeySet(ctx, row.ID) // a node of the earlier version made it in the meantime
		}
		if err != nil && !errors.Is(err, ErrConflict) {
			return fmt.Errorf("key set %s: %w", row.ID, err)
		}
	}
	return nil
}

// Ring finds secrets of policy keys by name and of our own keys by id. It serves providers whose profiles
// come from policies and from user flows. A policy can't contain such an id: see program.Plan.Key.
type Ring struct{ Policies, Own *Service }

// ActiveSigningKey returns the active RSA key of a set.
func (r Ring) ActiveSigningKey(ctx context.Context, id string) (SigningKey, error) {
	if hasPrefix(id, ownPrefix) {
		return r.Own.ActiveSigningKey(ctx, id)
	}
	return r.Policies.ActiveSigningKey(ctx, id)
}

// Secret returns the active secret of a set.
func (r Ring) Secret(ctx context.Context, id string) ([]byte, error) {
	if hasPrefix(id, ownPrefix) {
		return r.Own.Secret(ctx, id)
	}
	return r.Policies.Secret(ctx, id)
}
