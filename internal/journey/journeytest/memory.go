package journeytest

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"journeyman.dev/internal/directory"
	"journeyman.dev/internal/journey"
	"journeyman.dev/internal/session"
)

// Journeys is a journey.Store in memory. Processes that share a database are engines that
// share a Journeys.
type Journeys struct {
	mu   sync.Mutex
	rows map[string]*row
}

type row struct {
	data    []byte
	version int64
	claimed time.Time // until then one request has it
}

// Create implements journey.Store.
func (s *Journeys) Create(_ context.Context, id string, data []byte, _ time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.rows == nil {
		s.rows = make(map[string]*row)
	}
	if s.rows[id] != nil {
		return errors.New("there is such a journey")
	}
	s.rows[id] = &row{data: bytes.Clone(data), version: 1}
	return nil
}

// Load implements journey.Store.
func (s *Journeys) Load(_ context.Context, id string) ([]byte, int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.rows[id]
	if r == nil {
		return nil, 0, journey.ErrNoJourney
	}
	return bytes.Clone(r.data), r.version, nil
}

// Claim implements journey.Store.
func (s *Journeys) Claim(_ context.Context, id string, version int64, now, until time.Time) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.rows[id]
	if r == nil || r.version != version || !r.claimed.Before(now) {
		return 0, journey.ErrConflict
	}
	r.version, r.claimed = version+1, until
	return r.version, nil
}

// Release implements journey.Store.
func (s *Journeys) Release(_ context.Context, id string, version int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := s.rows[id]; r != nil && r.version == version {
		r.claimed = time.Time{}
	}
	return nil
}

// Save implements journey.Store.
func (s *Journeys) Save(_ context.Context, id string, version int64, data []byte, _ time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.rows[id]
	if r == nil || r.version != version {
		return journey.ErrConflict
	}
	*r = row{data: bytes.Clone(data), version: version + 1}
	return nil
}

// Len is how many journeys are stored.
func (s *Journeys) Len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.rows)
}

// seal binds the data of a journey to its id, as a real sealer does, and hides nothing.
type seal struct{}

// SealJourney implements journey.Sealer.
func (seal) SealJourney(id string, data []byte) []byte {
	return append([]byte(id+"\n"), data...)
}

// OpenJourney implements journey.Sealer.
func (seal) OpenJourney(id string, sealed []byte) ([]byte, error) {
	data, ok := bytes.CutPrefix(sealed, []byte(id+"\n"))
	if !ok {
		return nil, errors.New("sealed for another journey")
	}
	return data, nil
}

// Records are the accounts and single sign-on sessions of a stage, in memory.
type Records struct {
	mu       sync.Mutex
	accounts map[string]directory.Standing
	sessions map[string]session.Record
	saved    int
}

// SetAccount adds an account of an object id, or changes how it stands. Session is ignored.
func (r *Records) SetAccount(objectID string, s directory.Standing) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.accounts == nil {
		r.accounts = make(map[string]directory.Standing)
	}
	r.accounts[objectID] = s
}

// DeleteAccount takes an account away.
func (r *Records) DeleteAccount(objectID string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.accounts, objectID)
}

// EndSessions ends all sessions, as an administrator does.
func (r *Records) EndSessions() {
	r.mu.Lock()
	defer r.mu.Unlock()
	clear(r.sessions)
}

// Sessions is how many sessions there are, Saved how often one was written.
func (r *Records) Sessions() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.sessions)
}

// Saved is how often a session was written.
func (r *Records) Saved() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.saved
}

// Standing implements journey.Accounts.
func (r *Records) Standing(_ context.Context, objectID, sessionID string) (directory.Standing, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s, ok := r.accounts[strings.ToLower(objectID)]
	if !ok {
		return directory.Standing{}, directory.ErrNotFound
	}
	record, live := r.sessions[sessionID]
	s.Session = live && record.Account == strings.ToLower(objectID)
	return s, nil
}

// SaveSession implements journey.Sessions.
func (r *Records) SaveSession(_ context.Context, record session.Record, replaced string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.sessions == nil {
		r.sessions = make(map[string]session.Record)
	}
	r.sessions[record.ID] = record
	delete(r.sessions, replaced)
	r.saved++
	return nil
}

// SessionLive implements journey.Sessions.
func (r *Records) SessionLive(_ context.Context, id string) (bool, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	_, ok := r.sessions[id]
	return ok, nil
}

// DropSession implements journey.Sessions.
func (r *Records) DropSession(_ context.Context, id string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.sessions, id)
	return nil
}

var (
	_ journey.Store    = (*Journeys)(nil)
	_ journey.Sealer   = seal{}
	_ journey.Accounts = (*Records)(nil)
	_ journey.Sessions = (*Records)(nil)
)
