package keyset

import (
	"context"
	"strings"
)

// backupSuffix ends the name of a deleted set's copy, as in B2C (admin-surface §3).
const backupSuffix = ".bak"

func isBackup(id string) bool { return strings.HasSuffix(fold(id), backupSuffix) }

// BackupName returns the name of the copy that the deletion of a set leaves; "" for the name of a copy, which
// leaves none.
func BackupName(id string) string {
	if isBackup(id) {
		return ""
	}
	return id + backupSuffix
}

// Delete removes a set. It keeps a copy of a policy key, which replaces an earlier copy of the same name.
// Copies and sets of our own are removed for good. The caller must check that no policy needs the set.
func (s *Service) Delete(ctx context.Context, id string) error {
	set, err := s.Get(id)
	if err != nil {
		return err
	}
	if !s.space.backups || isBackup(set.ID) {
		s.changes.Lock()
		defer s.changes.Unlock()
		if err := s.store.DeleteKeySet(ctx, set.ID); err != nil {
			return err
		}
		s.publish(nil, set.ID)
		return nil
	}
	return s.move(ctx, set, BackupName(set.ID), BackupName(set.ID))
}

// Restore restores a deleted set from its copy under the set's old name, which must be free. id is the copy's
// name.
func (s *Service) Restore(ctx context.Context, id string) (*Set, error) {
	if !isBackup(id) {
		return nil, &Fault{"AADB2C95027", "The name of a backup ends with .bak."}
	}
	set, err := s.Get(id)
	if err != nil {
		return nil, err
	}
	name := set.ID[:len(set.ID)-len(backupSuffix)]
	if err := s.move(ctx, set, name); err != nil {
		return nil, err
	}
	return s.Get(name)
}

// move renames a set and replaces the others.
func (s *Service) move(ctx context.Context, set *Set, name string, others ...string) error {
	moved := &Set{ID: name, Version: s.now().UnixMicro(), Keys: set.Keys}
	row, err := s.stored(moved)
	if err != nil {
		return err
	}
	s.changes.Lock()
	defer s.changes.Unlock()
	if err := s.store.MoveKeySet(ctx, Stored{ID: set.ID, Version: set.Version}, others, row); err != nil {
		return err
	}
	s.publish(moved, set.ID)
	return nil
}

// publish adds a set to memory, if there is one, and removes another. The caller holds changes.
func (s *Service) publish(set *Set, gone string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.sets, fold(gone))
	if set != nil {
		s.sets[fold(set.ID)] = set
	}
}
