package keyset

import (
	"context"
	"slices"
)

// Key finds a key of a set by its kid.
func (set *Set) Key(kid string) (*Key, error) {
	for i := range set.Keys {
		if set.Keys[i].KID == kid {
			return &set.Keys[i], nil
		}
	}
	return nil, ErrNoKey
}

// SetDisabled disables or enables one key of a set. A disabled key neither signs nor is published, and its
// secret isn't used.
func (s *Service) SetDisabled(ctx context.Context, id, kid string, disabled bool) error {
	return s.edit(ctx, id, kid, func(keys []Key) []Key {
		for i := range keys {
			if keys[i].KID == kid {
				keys[i].Disabled = disabled
			}
		}
		return keys
	})
}

// RemoveKey removes one key of a set.
func (s *Service) RemoveKey(ctx context.Context, id, kid string) error {
	return s.edit(ctx, id, kid, func(keys []Key) []Key {
		return slices.DeleteFunc(keys, func(k Key) bool { return k.KID == kid })
	})
}

// edit changes all keys of a kid. A certificate uploaded twice gives two keys of one kid.
func (s *Service) edit(ctx context.Context, id, kid string, change func(keys []Key) []Key) error {
	set, err := s.Get(id)
	if err != nil {
		return err
	}
	if _, err := set.Key(kid); err != nil {
		return err
	}
	return s.replace(ctx, &Set{ID: set.ID, Version: set.Version, Keys: change(slices.Clone(set.Keys))})
}
