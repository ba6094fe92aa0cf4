package directory

import (
	"context"
	"sync"
)

// memo contains the users that a request has read. A sign-in reads the user several times: to check the
// session, and for the policy.
type memo struct {
	mu    sync.Mutex
	users map[string]*User
}

type memoKey struct{}

// Remembering makes a context for one request, in which Get reads each user once.
func Remembering(ctx context.Context) context.Context {
	return context.WithValue(ctx, memoKey{}, new(memo))
}

// Get returns a user; ErrNotFound if there is none. The caller must not change it.
func (d *Directory) Get(ctx context.Context, id string) (*User, error) {
	u, _, err := d.getInSession(ctx, id, "")
	return u, err
}

// getInSession is Get and reports whether a session exists. It reads each named session every time.
func (d *Directory) getInSession(ctx context.Context, id, sessionID string) (*User, bool, error) {
	m, _ := ctx.Value(memoKey{}).(*memo)
	if u := m.get(id); u != nil && sessionID == "" {
		return u, false, nil
	}
	if sessionID != "" {
		u, live, err := d.Store.GetUserInSession(ctx, id, sessionID)
		if err == nil {
			m.put(u)
		}
		return u, live, err
	}
	u, err := d.Store.GetUser(ctx, id)
	if err == nil {
		m.put(u)
	}
	return u, false, err
}

// get and put do nothing without a memo.
func (m *memo) get(id string) *User {
	if m == nil {
		return nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.users[id]
}

func (m *memo) put(u *User) {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.users == nil {
		m.users = make(map[string]*User)
	}
	m.users[u.ID] = u
}

// forget makes Get read a user again, because the request is about to change it.
func forget(ctx context.Context, id string) {
	if m, ok := ctx.Value(memoKey{}).(*memo); ok {
		m.mu.Lock()
		defer m.mu.Unlock()
		delete(m.users, id)
	}
}
