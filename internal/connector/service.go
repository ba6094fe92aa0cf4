package connector

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"journeyman.dev/internal/seal"
)

// Stored is a stored connector. It is sealed, because it contains secrets.
type Stored struct {
	ID      string
	Version int64
	Data    []byte
}

// Store keeps connectors.
type Store interface {
	LoadConnectors(ctx context.Context) ([]Stored, error)
	// PutConnector writes a connector if the stored version is the one before its own, else it returns
	// ErrConflict. Version 1 is a new connector.
	PutConnector(ctx context.Context, c Stored) error
	DeleteConnector(ctx context.Context, id string) error
}

// ErrConflict means that another request changed the connector in the meantime.
var ErrConflict = errors.New("the API connector was changed by another request")

// Service manages and calls the connectors of a tenant, and keeps them in memory. The exported fields must be
// set before the first Reload. It is safe for concurrent use.
type Service struct {
	Store  Store
	Sealer *seal.Sealer
	Caller Caller
	// Decode reads a PKCS #12 file: the chain in DER, the leaf first, and the private key in PKCS #8. Its
	// errors contain texts for administrators.
	Decode func(data []byte, password string) (chain [][]byte, private []byte, err error)
	// Timeout of each attempt and number of attempts for connectors without their own settings; 0: 20 s and 2
	// (rest-and-connectors §1.7).
	Timeout  time.Duration
	Attempts int
	Now      func() time.Time

	changes sync.Mutex // held from reading the store until publishing
	live    atomic.Pointer[map[string]*running]
}

// running is a connector in use with parsed certificates and the shared state of its calls.
type running struct {
	Connector
	version      int64
	certificates []*tls.Certificate // parallel to Auth.Certificates
	state        *state
}

// Reload reads all connectors again, because another node may have changed them.
func (s *Service) Reload(ctx context.Context) error {
	s.changes.Lock()
	defer s.changes.Unlock()
	rows, err := s.Store.LoadConnectors(ctx)
	if err != nil {
		return fmt.Errorf("API connectors: %w", err)
	}
	was := s.current()
	next := make(map[string]*running)
	for _, row := range rows {
		if have, ok := was[fold(row.ID)]; ok && have.version == row.Version {
			next[fold(row.ID)] = have
			continue
		}
		r, err := s.open(row)
		if err != nil {
			return err
		}
		next[fold(row.ID)] = r
	}
	s.live.Store(&next)
	return nil
}

func (s *Service) current() map[string]*running {
	if m := s.live.Load(); m != nil {
		return *m
	}
	return nil
}

func fold(id string) string { return strings.ToLower(id) }

// sealContext binds a sealed connector to its id.
func sealContext(id string) string { return "api connector " + fold(id) }

func (s *Service) open(row Stored) (*running, error) {
	plain, err := s.Sealer.Open(seal.Secret, sealContext(row.ID), row.Data)
	if err != nil {
		return nil, fmt.Errorf("API connector %s: %w", row.ID, err)
	}
	var c Connector
	if err := json.Unmarshal(plain, &c); err != nil {
		return nil, fmt.Errorf("API connector %s can't be read: %w", row.ID, err)
	}
	return newRunning(c, row.Version)
}

func newRunning(c Connector, version int64) (*running, error) {
	r := &running{Connector: c, version: version, state: newState(c.Settings)}
	for i := range c.Auth.Certificates {
		key, err := x509.ParsePKCS8PrivateKey(c.Auth.Certificates[i].Private)
		if err != nil {
			return nil, fmt.Errorf("API connector %s: a private key can't be read: %w", c.ID, err)
		}
		r.certificates = append(r.certificates, &tls.Certificate{Certificate: c.Auth.Certificates[i].Chain, PrivateKey: key})
	}
	return r, nil
}

// List returns all connectors, by id.
func (s *Service) List() []Connector {
	var list []Connector
	m := s.current()
	for _, id := range slices.Sorted(maps.Keys(m)) {
		list = append(list, m[id].Connector)
	}
	return list
}

// Get finds a connector; ErrNotFound if there is none.
func (s *Service) Get(id string) (Connector, error) {
	if r, ok := s.current()[fold(id)]; ok {
		return r.Connector, nil
	}
	return Connector{}, ErrNotFound
}

// Exists reports whether there is a connector of an id.
func (s *Service) Exists(id string) bool {
	_, ok := s.current()[fold(id)]
	return ok
}

// Create stores a new connector and sets its id.
func (s *Service) Create(ctx context.Context, c Connector) (Connector, error) {
	c.ID, c.Created = uuid.NewString(), s.Now().UTC()
	if err := c.Check(); err != nil {
		return c, err
	}
	s.changes.Lock()
	defer s.changes.Unlock()
	if len(s.current()) >= maxConnectors {
		return c, invalid("the tenant has %d API connectors already, which is the limit", maxConnectors)
	}
	return c, s.put(ctx, c, 1)
}

// Update changes a connector.
func (s *Service) Update(ctx context.Context, id string, change func(*Connector) error) (Connector, error) {
	s.changes.Lock()
	defer s.changes.Unlock()
	have, ok := s.current()[fold(id)]
	if !ok {
		return Connector{}, ErrNotFound
	}
	c := have.Connector
	c.Auth.Certificates = slices.Clone(c.Auth.Certificates)
	if err := change(&c); err != nil {
		return c, err
	}
	if err := c.Check(); err != nil {
		return c, err
	}
	return c, s.put(ctx, c, have.version+1)
}

// put stores and publishes; the caller holds changes.
func (s *Service) put(ctx context.Context, c Connector, version int64) error {
	plain, err := json.Marshal(c)
	if err != nil {
		return err
	}
	r, err := newRunning(c, version)
	if err != nil {
		return err
	}
	if err := s.Store.PutConnector(ctx, Stored{ID: c.ID, Version: version, Data: s.Sealer.Seal(seal.Secret, sealContext(c.ID), plain)}); err != nil {
		return err
	}
	next := maps.Clone(s.current())
	if next == nil {
		next = make(map[string]*running)
	}
	next[fold(c.ID)] = r
	s.live.Store(&next)
	return nil
}

// Delete removes a connector. The caller must check that no user flow refers to it.
func (s *Service) Delete(ctx context.Context, id string) error {
	s.changes.Lock()
	defer s.changes.Unlock()
	have, ok := s.current()[fold(id)]
	if !ok {
		return ErrNotFound
	}
	if err := s.Store.DeleteConnector(ctx, have.ID); err != nil {
		return err
	}
	next := maps.Clone(s.current())
	delete(next, fold(id))
	s.live.Store(&next)
	return nil
}

// Certificate reads an uploaded PKCS #12 file.
func (s *Service) Certificate(data []byte, password string) (Certificate, error) {
	chain, private, err := s.Decode(data, password)
	if err != nil {
		return Certificate{}, err
	}
	return certificateOf(chain, private, s.Now())
}

// AddCertificate adds an uploaded certificate to a connector.
func (s *Service) AddCertificate(ctx context.Context, id string, c Certificate) (Connector, error) {
	return s.Update(ctx, id, func(have *Connector) error {
		if have.Auth.Kind != ClientCertificate {
			return invalid("the connector doesn't authenticate with a certificate: change its authenticationConfiguration")
		}
		have.Auth.Certificates = append(have.Auth.Certificates, c)
		return nil
	})
}
