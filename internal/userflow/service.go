package userflow

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"journeyman.dev/internal/refusal"
)

// Stored is a stored flow, attribute or identity provider.
type Stored struct {
	Kind    string // one of the kinds below
	ID      string
	Version int64
	Data    []byte // JSON; nil: delete it
}

// The kinds of stored items.
const (
	storedFlow      = "userFlow"
	storedAttribute = "userFlowAttribute"
	storedProvider  = "identityProvider"
)

// Store keeps flows, attributes and identity providers.
type Store interface {
	LoadUserFlows(ctx context.Context) ([]Stored, error)
	// SaveUserFlows writes all changes or none. Each change needs the version before its own in the store,
	// else ErrConflict.
	SaveUserFlows(ctx context.Context, changes []Stored) error
}

// ErrConflict means that another request changed the same item in the meantime.
var ErrConflict = errors.New("the user flow was changed by another request")

// Publisher publishes the documents of all flows.
type Publisher interface {
	// PublishFlows compiles the documents, by policy id, and makes them current. It calls save after they
	// compiled without errors; if save fails, nothing changes. With a nil save the documents are already
	// stored: a document that doesn't compile any more is logged.
	PublishFlows(ctx context.Context, documents map[string][]byte, save func(context.Context) error) error
}

// Service manages the flows of a tenant and keeps them in memory. The exported fields must be set before the
// first Reload. It is safe for concurrent use.
type Service struct {
	Store         Store
	Publisher     Publisher
	TenantName    string
	ExtensionsApp string // app id without dashes
	// Prepare makes the keys of tokens, which every flow needs and the tenant may lack. It is called before
	// flows are stored.
	Prepare func(ctx context.Context) error
	Now     func() time.Time

	changes sync.Mutex // held from reading the store until publishing
	live    atomic.Pointer[state]
}

// state is the content of the store. It never changes.
type state struct {
	tenant Tenant
	rows   map[string]Stored // by kind and folded id
}

func rowKey(kind, id string) string { return kind + " " + strings.ToLower(id) }

// Reload reads everything again and publishes it: at the start, and after a change by another node.
func (s *Service) Reload(ctx context.Context) error {
	s.changes.Lock()
	defer s.changes.Unlock()
	next, err := s.load(ctx)
	if err != nil {
		return err
	}
	if err := s.Publisher.PublishFlows(ctx, next.tenant.documents(), nil); err != nil {
		return err
	}
	s.live.Store(next)
	return nil
}

func (s *Service) load(ctx context.Context) (*state, error) {
	rows, err := s.Store.LoadUserFlows(ctx)
	if err != nil {
		return nil, fmt.Errorf("user flows: %w", err)
	}
	next := &state{tenant: Tenant{Name: s.TenantName, ExtensionsApp: s.ExtensionsApp}, rows: make(map[string]Stored)}
	for _, row := range rows {
		next.rows[rowKey(row.Kind, row.ID)] = row
		switch row.Kind {
		case storedFlow:
			err = add(&next.tenant.Flows, row)
		case storedAttribute:
			err = add(&next.tenant.Attributes, row)
		case storedProvider:
			err = add(&next.tenant.Providers, row)
		}
		if err != nil {
			return nil, err
		}
	}
	next.tenant.sort()
	return next, nil
}

func add[T any](list *[]T, row Stored) error {
	var v T
	if err := json.Unmarshal(row.Data, &v); err != nil {
		return fmt.Errorf("stored %s %s can't be read: %w", row.Kind, row.ID, err)
	}
	*list = append(*list, v)
	return nil
}

func (t *Tenant) sort() {
	slices.SortFunc(t.Flows, func(a, b Flow) int { return strings.Compare(strings.ToLower(a.ID), strings.ToLower(b.ID)) })
	slices.SortFunc(t.Attributes, func(a, b Attribute) int { return strings.Compare(strings.ToLower(a.ID), strings.ToLower(b.ID)) })
	slices.SortFunc(t.Providers, func(a, b Provider) int { return strings.Compare(strings.ToLower(a.ID), strings.ToLower(b.ID)) })
}

// documents returns the policies of all flows, by id.
func (t *Tenant) documents() map[string][]byte {
	out := make(map[string][]byte)
	for i := range t.Flows {
		out[t.Flows[i].ID] = Document(&t.Flows[i], t, t.Flows[i].ID)
	}
	return out
}

// Tenant returns the current tenant. The caller must not change it.
func (s *Service) Tenant() *Tenant {
	if live := s.live.Load(); live != nil {
		return &live.tenant
	}
	return &Tenant{Name: s.TenantName, ExtensionsApp: s.ExtensionsApp}
}

// Flow finds a flow by id, ignoring case; ErrNotFound if there is none.
func (t *Tenant) Flow(id string) (*Flow, error) {
	for i := range t.Flows {
		if strings.EqualFold(t.Flows[i].ID, id) {
			return &t.Flows[i], nil
		}
	}
	return nil, refusal.Because(ErrNotFound, "user flow %s: not found", id)
}

// Change calls change with a copy of the tenant, checks every flow, compiles their policies, stores the
// differences in one write, and makes the result current. If any of this fails, nothing changes.
func (s *Service) Change(ctx context.Context, change func(t *Tenant) error) error {
	s.changes.Lock()
	defer s.changes.Unlock()
	// Read the store, not this node's memory: another node may have changed it.
	was, err := s.load(ctx)
	if err != nil {
		return err
	}
	next, err := was.tenant.clone()
	if err != nil {
		return err
	}
	if err := change(next); err != nil {
		return err
	}
	next.sort()
	for i := range next.Flows {
		if err := next.Flows[i].Check(next); err != nil {
			return refusal.About("user flow "+next.Flows[i].ID, err)
		}
	}
	if len(next.Flows) > 0 {
		if err := s.Prepare(ctx); err != nil {
			return err
		}
	}
	rows, changes, err := was.differences(next)
	if err != nil || len(changes) == 0 {
		return err
	}
	save := func(ctx context.Context) error { return s.Store.SaveUserFlows(ctx, changes) }
	if err := s.Publisher.PublishFlows(ctx, next.documents(), save); err != nil {
		return err
	}
	s.live.Store(&state{tenant: *next, rows: rows})
	return nil
}

func (t *Tenant) clone() (*Tenant, error) {
	data, err := json.Marshal(t)
	if err != nil {
		return nil, err
	}
	c := new(Tenant)
	return c, json.Unmarshal(data, c)
}

// differences returns the rows to write so that the store contains another tenant, and all rows of the store
// afterwards.
func (s *state) differences(next *Tenant) (map[string]Stored, []Stored, error) {
	rows := make(map[string]Stored)
	var changes []Stored
	put := func(kind, id string, v any) error {
		data, err := json.Marshal(v)
		if err != nil {
			return err
		}
		key := rowKey(kind, id)
		have, there := s.rows[key]
		if there && string(have.Data) == string(data) {
			rows[key] = have
			return nil
		}
		rows[key] = Stored{Kind: kind, ID: id, Version: have.Version + 1, Data: data}
		changes = append(changes, rows[key])
		return nil
	}
	var err error
	for _, f := range next.Flows {
		err = errors.Join(err, put(storedFlow, f.ID, f))
	}
	for _, a := range next.Attributes {
		err = errors.Join(err, put(storedAttribute, a.ID, a))
	}
	for _, p := range next.Providers {
		err = errors.Join(err, put(storedProvider, p.ID, p))
	}
	for key, row := range s.rows {
		if _, kept := rows[key]; !kept {
			changes = append(changes, Stored{Kind: row.Kind, ID: row.ID, Version: row.Version + 1})
		}
	}
	return rows, changes, err
}

// NewFlow makes a flow that works at once: with local accounts by e-mail, unless providers are given
// (rest-and-connectors §5; the defaults are ours [N]).
func NewFlow(id string, kind Kind, version float64, providers []string, now time.Time) (Flow, error) {
	id, err := FlowID(id)
	if err != nil {
		return Flow{}, err
	}
	if len(providers) == 0 {
		providers = []string{EmailProvider}
	}
	return Flow{ID: id, Kind: kind, Version: or(version, 3), Providers: providers, Created: now.UTC(), Settings: Settings{RefuseKnownPasswords: true, NotifyOfChanges: true}}, nil
}
