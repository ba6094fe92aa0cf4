package msgraphtest

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"time"

	"journeyman.dev/internal/application"
	"journeyman.dev/internal/audit"
	"journeyman.dev/internal/connector"
	"journeyman.dev/internal/keyset"
	"journeyman.dev/internal/userflow"
)

// Applications is an application.Store in memory.
type Applications struct {
	mu   sync.Mutex
	rows map[string][]byte
}

// Create implements application.Store.
func (s *Applications) Create(_ context.Context, a application.Application) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.put(a)
}

func (s *Applications) put(a application.Application) error {
	data, err := json.Marshal(a)
	if err != nil {
		return err
	}
	if s.rows == nil {
		s.rows = make(map[string][]byte)
	}
	s.rows[a.ID] = data
	return nil
}

func (s *Applications) get(id string) (a application.Application, err error) {
	data, ok := s.rows[id]
	if !ok {
		return a, application.ErrNotFound
	}
	return a, json.Unmarshal(data, &a)
}

// Get implements application.Store.
func (s *Applications) Get(_ context.Context, id string) (application.Application, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.get(id)
}

// GetByAppID implements application.Store.
func (s *Applications) GetByAppID(ctx context.Context, appID string) (application.Application, error) {
	list, err := s.List(ctx)
	for _, a := range list {
		if strings.EqualFold(a.AppID, appID) {
			return a, nil
		}
	}
	if err != nil {
		return application.Application{}, err
	}
	return application.Application{}, application.ErrNotFound
}

// List implements application.Store.
func (s *Applications) List(context.Context) ([]application.Application, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []application.Application
	for id := range s.rows {
		a, err := s.get(id)
		if err != nil {
			return nil, err
		}
		list = append(list, a)
	}
	slices.SortFunc(list, func(a, b application.Application) int { return strings.Compare(a.ID, b.ID) })
	return list, nil
}

// Update implements application.Store.
func (s *Applications) Update(_ context.Context, id string, change func(*application.Application) error) (application.Application, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a, err := s.get(id)
	if err != nil {
		return a, err
	}
	if err := change(&a); err != nil {
		return a, err
	}
	return a, s.put(a)
}

// Delete implements application.Store.
func (s *Applications) Delete(_ context.Context, id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := s.get(id); err != nil {
		return err
	}
	delete(s.rows, id)
	return nil
}

// Audits is an audit.Store in memory.
type Audits struct {
	mu   sync.Mutex
	list []audit.Record
}

// All are the records in the order in which they were written.
func (s *Audits) All() []audit.Record {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.list)
}

// AppendAudits implements audit.Store.
func (s *Audits) AppendAudits(_ context.Context, records []audit.Record) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list = append(s.list, records...)
	return nil
}

// Audits implements audit.Store.
func (s *Audits) Audits(_ context.Context, q audit.Query) ([]audit.Record, error) {
	list := s.All()
	order := -1
	if q.Oldest {
		order = 1
	}
	slices.SortFunc(list, func(a, b audit.Record) int { return order * strings.Compare(a.ID, b.ID) })
	list = slices.DeleteFunc(list, func(r audit.Record) bool {
		return q.Activity != "" && r.Activity != q.Activity || q.Service != "" && r.Service != q.Service ||
			!q.From.IsZero() && r.At.Before(q.From) || !q.To.IsZero() && r.At.After(q.To) ||
			q.Before != "" && order*strings.Compare(r.ID, q.Before) <= 0
	})
	return list[:min(len(list), q.Limit)], nil
}

// GetAudit implements audit.Store.
func (s *Audits) GetAudit(_ context.Context, id string) (audit.Record, error) {
	for _, r := range s.All() {
		if r.ID == id {
			return r, nil
		}
	}
	return audit.Record{}, audit.ErrNotFound
}

// PurgeAudits implements audit.Store.
func (s *Audits) PurgeAudits(_ context.Context, before time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list = slices.DeleteFunc(s.list, func(r audit.Record) bool { return r.At.Before(before) })
	return nil
}

// KeySets is a keyset.Store in memory.
type KeySets struct {
	mu   sync.Mutex
	rows map[string]keyset.Stored // by folded id
}

// LoadKeySets implements keyset.Store.
func (s *KeySets) LoadKeySets(context.Context) ([]keyset.Stored, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []keyset.Stored
	for _, row := range s.rows {
		list = append(list, row)
	}
	return list, nil
}

// CreateKeySet implements keyset.Store.
func (s *KeySets) CreateKeySet(_ context.Context, row keyset.Stored) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := strings.ToLower(row.ID)
	if _, taken := s.rows[key]; taken {
		return keyset.ErrExists
	}
	if s.rows == nil {
		s.rows = make(map[string]keyset.Stored)
	}
	s.rows[key] = row
	return nil
}

// SaveKeySet implements keyset.Store.
func (s *KeySets) SaveKeySet(_ context.Context, row keyset.Stored) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := strings.ToLower(row.ID)
	have, ok := s.rows[key]
	if !ok || have.Version != row.Version {
		return keyset.ErrConflict
	}
	row.Version++
	s.rows[key] = row
	return nil
}

// DeleteKeySet implements keyset.Store.
func (s *KeySets) DeleteKeySet(_ context.Context, id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.rows, strings.ToLower(id))
	return nil
}

// MoveKeySet implements keyset.Store.
func (s *KeySets) MoveKeySet(_ context.Context, from keyset.Stored, others []string, to keyset.Stored) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := strings.ToLower(from.ID)
	if have, ok := s.rows[key]; !ok || have.Version != from.Version {
		return keyset.ErrConflict
	}
	delete(s.rows, key)
	for _, id := range others {
		delete(s.rows, strings.ToLower(id))
	}
	if _, taken := s.rows[strings.ToLower(to.ID)]; taken {
		return keyset.ErrExists
	}
	s.rows[strings.ToLower(to.ID)] = to
	return nil
}

// Assertions is an application.Assertions in memory.
type Assertions struct {
	mu    sync.Mutex
	spent map[string]bool
}

// SpendAssertion implements application.Assertions.
func (s *Assertions) SpendAssertion(_ context.Context, id string, _ time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.spent[id] {
		return application.ErrSpent
	}
	if s.spent == nil {
		s.spent = make(map[string]bool)
	}
	s.spent[id] = true
	return nil
}

// Connectors is a connector.Store in memory.
type Connectors struct {
	mu   sync.Mutex
	rows map[string]connector.Stored
}

// LoadConnectors implements connector.Store.
func (s *Connectors) LoadConnectors(context.Context) ([]connector.Stored, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []connector.Stored
	for _, row := range s.rows {
		list = append(list, row)
	}
	return list, nil
}

// PutConnector implements connector.Store.
func (s *Connectors) PutConnector(_ context.Context, row connector.Stored) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.rows[row.ID].Version != row.Version-1 {
		return connector.ErrConflict
	}
	if s.rows == nil {
		s.rows = make(map[string]connector.Stored)
	}
	s.rows[row.ID] = row
	return nil
}

// DeleteConnector implements connector.Store.
func (s *Connectors) DeleteConnector(_ context.Context, id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.rows, id)
	return nil
}

// Flows is a userflow.Store in memory, and a userflow.Publisher that takes every document.
type Flows struct {
	mu   sync.Mutex
	rows map[string]userflow.Stored
}

// LoadUserFlows implements userflow.Store.
func (s *Flows) LoadUserFlows(context.Context) ([]userflow.Stored, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []userflow.Stored
	for _, row := range s.rows {
		list = append(list, row)
	}
	return list, nil
}

// SaveUserFlows implements userflow.Store.
func (s *Flows) SaveUserFlows(_ context.Context, changes []userflow.Stored) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.rows == nil {
		s.rows = make(map[string]userflow.Stored)
	}
	for _, row := range changes {
		key := row.Kind + " " + strings.ToLower(row.ID)
		if s.rows[key].Version != row.Version-1 {
			return userflow.ErrConflict
		}
		if row.Data == nil {
			delete(s.rows, key)
			continue
		}
		s.rows[key] = row
	}
	return nil
}

// PublishFlows implements userflow.Publisher.
func (s *Flows) PublishFlows(ctx context.Context, _ map[string][]byte, save func(context.Context) error) error {
	if save == nil {
		return nil
	}
	return save(ctx)
}

var (
	_ application.Store      = (*Applications)(nil)
	_ application.Assertions = (*Assertions)(nil)
	_ audit.Store            = (*Audits)(nil)
	_ keyset.Store           = (*KeySets)(nil)
	_ connector.Store        = (*Connectors)(nil)
	_ userflow.Store         = (*Flows)(nil)
	_ userflow.Publisher     = (*Flows)(nil)
)
