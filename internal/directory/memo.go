package directory

import (
	"context"
	"sync"
)

// memo holds the users that a request has read. A sign-in looks at the user several
// times: whether the session is still good, and what the policy reads.
type memo struct {
	mu    sync.Mutex
	users map[string]*User
}

type memoKey struct{}

// Remembering makes a context for one request, in which Get reads a user once.
func Remembering(ctx context.Context) context.Context {
	return context.WithValue(ctx, memoKey{}, new(memo))
}

// Get returns a user, ErrNotFound if there is none. The caller must not change it.
func (d *Directory) Get(ctx context.Context, id string) (*User, error) {
	m, ok := ctx.Value(memoKey{}).(*memo)
	if !ok {
		return d.Store.GetUser(ctx, id)
	}
	m.mu.Lock()
	u := m.users[id]
	m.mu.Unlock()
	if u != nil {
		return u, nil
	}
	u, err := d.Store.GetUser(ctx, id)
	if err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.users == nil {
		m.users = make(map[string]*User)
	}
	m.users[id] = u
	return u, nil
}

// forget makes Get read a user anew: the request is about to change it.
func forget(ctx context.Context, id string) {
	if m, ok := ctx.Value(memoKey{}).(*memo); ok {
		m.mu.Lock()
		defer m.mu.Unlock()
		delete(m.users, id)
	}
}
