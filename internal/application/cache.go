package application

import (
	"context"
	"strings"
	"sync"
)

// Cache keeps requested applications in memory. Changes through it have effect at once; Forget makes it read
// other changes.
//
// Callers share the returned applications and must not change them.
type Cache struct {
	Store

	mu    sync.RWMutex
	reads uint64 // changes with every Forget, so that an earlier read isn't stored afterwards
	known map[string]Application
	all   []Application // nil: not read
}

// NewCache puts a cache before a store.
func NewCache(s Store) *Cache {
	return &Cache{Store: s, known: make(map[string]Application)}
}

// GetByAppID implements Store.
func (c *Cache) GetByAppID(ctx context.Context, appID string) (Application, error) {
	key := strings.ToLower(appID)
	c.mu.RLock()
	a, ok := c.known[key]
	reads := c.reads
	c.mu.RUnlock()
	if ok {
		return a, nil
	}
	a, err := c.Store.GetByAppID(ctx, appID)
	if err != nil {
		return a, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if reads == c.reads {
		c.known[key] = a
	}
	return a, nil
}

// List implements Store.
func (c *Cache) List(ctx context.Context) ([]Application, error) {
	c.mu.RLock()
	all, reads := c.all, c.reads
	c.mu.RUnlock()
	if all != nil {
		return all, nil
	}
	all, err := c.Store.List(ctx)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if reads == c.reads {
		c.all = all
	}
	return all, nil
}

// Create implements Store.
func (c *Cache) Create(ctx context.Context, a Application) error {
	defer c.Forget()
	return c.Store.Create(ctx, a)
}

// Update implements Store.
func (c *Cache) Update(ctx context.Context, id string, change func(*Application) error) (Application, error) {
	defer c.Forget()
	return c.Store.Update(ctx, id, change)
}

// Delete implements Store.
func (c *Cache) Delete(ctx context.Context, id string) error {
	defer c.Forget()
	return c.Store.Delete(ctx, id)
}

// Forget makes the cache read applications again.
func (c *Cache) Forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.reads++
	c.all = nil
	clear(c.known)
}
