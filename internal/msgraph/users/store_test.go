package users_test

import (
	"context"
	"crypto/rand"
	"slices"
	"strings"
	"testing"
	"time"

	"journeyman.dev/internal/directory"
	"journeyman.dev/internal/msgraph/msgraphtest"
	"journeyman.dev/internal/msgraph/users"
	"journeyman.dev/internal/session"
)

// memory has the users and sessions of a test; what the admin API doesn't need of a
// directory's store isn't there.
type memory struct {
	directory.Store

	users    []*directory.User
	sessions []session.Record
	known    string // a password that is known
	broken   error  // of every look-up, unless nil
}

func (m *memory) find(deleted bool, good func(*directory.User) bool) (*directory.User, error) {
	if m.broken != nil {
		return nil, m.broken
	}
	for _, u := range m.users {
		if u.Deleted.IsZero() != deleted && good(u) {
			return u, nil
		}
	}
	return nil, directory.ErrNotFound
}

func (m *memory) GetUser(_ context.Context, id string) (*directory.User, error) {
	return m.find(false, func(u *directory.User) bool { return u.ID == id })
}

func (m *memory) GetDeletedUser(_ context.Context, id string) (*directory.User, error) {
	return m.find(true, func(u *directory.User) bool { return u.ID == id })
}

func (m *memory) FindUser(_ context.Context, k directory.Key) (*directory.User, error) {
	owners := 0
	for _, u := range m.users {
		if u.Deleted.IsZero() && slices.Contains(u.Keys(), k) {
			owners++
		}
	}
	if owners > 1 {
		return nil, directory.ErrAmbiguous
	}
	return m.find(false, func(u *directory.User) bool { return slices.Contains(u.Keys(), k) })
}

func (m *memory) ListUsers(_ context.Context, after string, limit int, deleted bool) ([]*directory.User, error) {
	if m.broken != nil {
		return nil, m.broken
	}
	var list []*directory.User
	for _, u := range m.users {
		if u.Deleted.IsZero() != deleted && u.ID > after {
			list = append(list, u)
		}
	}
	slices.SortFunc(list, func(a, b *directory.User) int { return strings.Compare(a.ID, b.ID) })
	return list[:min(len(list), limit)], nil
}

func (m *memory) taken(u *directory.User) bool {
	return slices.ContainsFunc(m.users, func(have *directory.User) bool {
		return have.ID != u.ID && slices.ContainsFunc(have.Keys(), func(k directory.Key) bool { return slices.Contains(u.Keys(), k) })
	})
}

func (m *memory) CreateUser(_ context.Context, u *directory.User) error {
	if m.taken(u) {
		return directory.ErrExists
	}
	m.users = append(m.users, u)
	return nil
}

func (m *memory) UpdateUser(ctx context.Context, id string, change func(*directory.User) error) (*directory.User, error) {
	u, err := m.GetUser(ctx, id)
	if err != nil {
		return nil, err
	}
	next := u.Clone()
	if err := change(next); err != nil {
		return nil, err
	}
	if m.taken(next) {
		return nil, directory.ErrExists
	}
	*u = *next
	return u, nil
}

func (m *memory) RestoreUser(ctx context.Context, id string) (*directory.User, error) {
	u, err := m.GetDeletedUser(ctx, id)
	if err != nil {
		return nil, err
	}
	back := u.Clone()
	back.Deleted = time.Time{}
	if m.taken(back) {
		return nil, directory.ErrExists
	}
	*u = *back
	return u, nil
}

func (m *memory) PurgeUser(ctx context.Context, id string) error {
	u, err := m.GetDeletedUser(ctx, id)
	m.users = slices.DeleteFunc(m.users, func(have *directory.User) bool { return have == u })
	return err
}

func (*memory) ClearTries(context.Context, string) error { return nil }

func (m *memory) UserSessions(_ context.Context, account string, _ time.Time) ([]session.Record, error) {
	if m.broken != nil {
		return nil, m.broken
	}
	return slices.DeleteFunc(slices.Clone(m.sessions), func(r session.Record) bool { return r.Account != account }), nil
}

func (m *memory) EndUserSession(_ context.Context, account, id string) error {
	if m.broken != nil {
		return m.broken
	}
	had := len(m.sessions)
	m.sessions = slices.DeleteFunc(m.sessions, func(r session.Record) bool { return r.Account == account && r.ID == id })
	if len(m.sessions) == had {
		return session.ErrNotFound
	}
	return nil
}

// Known implements directory.KnownPasswords.
func (m *memory) Known(_ context.Context, password string) bool { return password == m.known }

// start runs an admin API with the real directory over users in memory.
func start(t *testing.T, list ...*directory.User) (*msgraphtest.Graph, *memory) {
	t.Helper()
	m := &memory{users: list, known: "Password123!"}
	d := &directory.Directory{
		Store: m, TenantName: msgraphtest.Tenant, Passwords: directory.NewPasswords(directory.Cost{Memory: 64, Time: 1, Threads: 1}, 1), Known: m,
		Now: msgraphtest.Now, Rand: rand.Reader,
	}
	return msgraphtest.New(t, &users.Handler{
		TenantName: msgraphtest.Tenant, Find: m, Accounts: d, Revoke: d, Known: d, Deleted: m, Sessions: m, Now: msgraphtest.Now,
	}), m
}
