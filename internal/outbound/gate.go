package outbound

import (
	"context"
	"sync"
)

// defaultPerHost is the number of calls that one slow API may occupy. It is far above the usual calls to a
// healthy API, and costs little memory if the API hangs.
const defaultPerHost = 512

// gates limits the calls to each host, so that a hanging host doesn't occupy the whole process. A limit of
// connections wouldn't do that, because HTTP/2 puts many calls on one.
type gates struct {
	width int
	mu    sync.Mutex
	hosts map[string]*gate // with calls under way
}

type gate struct {
	slots chan struct{}
	users int // inside and waiting
}

// enter waits for a place until ctx ends. leave returns the place. If as many wait already as fit in, enter
// returns ErrBusy at once.
func (g *gates) enter(ctx context.Context, host string) (leave func(), err error) {
	g.mu.Lock()
	at := g.hosts[host]
	if at == nil {
		at = &gate{slots: make(chan struct{}, g.width)}
		if g.hosts == nil {
			g.hosts = make(map[string]*gate)
		}
		g.hosts[host] = at
	}
	if at.users >= 2*g.width {
		g.mu.Unlock()
		return nil, ErrBusy
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
		return nil, ErrBusy
	}
}
