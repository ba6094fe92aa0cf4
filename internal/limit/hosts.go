package limit

import (
	"context"
	"errors"
	"sync"
)

// ErrFull says that a host has as many calls under way and waiting as it may.
var ErrFull = errors.New("too many calls to the host")

// Hosts limits the calls to each host, so that a hanging host doesn't occupy the whole process. A limit of
// connections wouldn't do that, because HTTP/2 puts many calls on one.
type Hosts struct {
	// Width is the number of calls to one host at a time; as many again may wait.
	Width int

	mu    sync.Mutex
	hosts map[string]*place // with calls under way
}

type place struct {
	slots chan struct{}
	users int // inside and waiting
}

// Enter waits for a place until ctx ends. leave returns the place. If as many wait already as fit in, Enter
// returns ErrFull at once.
func (g *Hosts) Enter(ctx context.Context, host string) (leave func(), err error) {
	g.mu.Lock()
	at := g.hosts[host]
	if at == nil {
		at = &place{slots: make(chan struct{}, g.Width)}
		if g.hosts == nil {
			g.hosts = make(map[string]*place)
		}
		g.hosts[host] = at
	}
	if at.users >= 2*g.Width {
		g.mu.Unlock()
		return nil, ErrFull
	}
	at.users++
	g.mu.Unlock()
	out := func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		if at.users--; at.users == 0 {
			delete(g.hosts, host)
		}
	}
	select {
	case at.slots <- struct{}{}:
		return func() {
			<-at.slots
			out()
		}, nil
	case <-ctx.Done():
		out()
		return nil, ErrFull
	}
}
