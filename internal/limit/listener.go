package limit

import (
	"net"
	"sync"
)

// Listener limits the connections of a listener. If all places are taken, a new connection replaces one of
// the client with most connections, unless its own client has as many. Idle connections are replaced first.
type Listener struct {
	net.Listener
	most int

	mu      sync.Mutex
	total   int
	clients map[string]map[*Conn]struct{}
	seq     int64
}

// Conn is a connection of a Listener.
type Conn struct {
	net.Conn
	l      *Listener
	client string
	seq    int64
	state  connState
	gone   bool
}

// connState orders connections by the loss if they are closed.
type connState uint8

const (
	connIdle connState = iota // served, and kept alive
	connNew                   // no request yet
	connBusy
)

// Listen limits a listener to most connections.
func Listen(l net.Listener, most int) *Listener {
	return &Listener{Listener: l, most: most, clients: make(map[string]map[*Conn]struct{})}
}

// Accept implements net.Listener.
func (l *Listener) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		host, _, err := net.SplitHostPort(conn.RemoteAddr().String())
		if err != nil {
			host = conn.RemoteAddr().String()
		}
		c := &Conn{Conn: conn, l: l, client: Client(host), state: connNew}
		victim, ok := l.add(c)
		if victim != nil {
			_ = victim.Conn.Close()
		}
		if ok {
			return c, nil
		}
		_ = conn.Close()
	}
}

// add takes a place for a connection. victim is the connection that must close for it.
func (l *Listener) add(c *Conn) (victim *Conn, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.total >= l.most {
		if victim = l.victim(c.client); victim == nil {
			return nil, false
		}
		l.remove(victim)
	}
	l.seq++
	c.seq = l.seq
	own := l.clients[c.client]
	if own == nil {
		own = make(map[*Conn]struct{})
		l.clients[c.client] = own
	}
	own[c] = struct{}{}
	l.total++
	return victim, true
}

// victim returns the connection that must close for a new one: the oldest of the client with most
// connections, idle ones first, then those without a request. If the new connection's client itself has most,
// it replaces no busy one.
func (l *Listener) victim(client string) *Conn {
	heaviest := client
	for key, conns := range l.clients {
		if len(conns) > len(l.clients[heaviest]) {
			heaviest = key
		}
	}
	var victim *Conn
	for c := range l.clients[heaviest] {
		if victim == nil || c.state < victim.state || c.state == victim.state && c.seq < victim.seq {
			victim = c
		}
	}
	if victim != nil && victim.state == connBusy && len(l.clients[heaviest]) <= len(l.clients[client])+1 {
		return nil
	}
	return victim
}

func (l *Listener) remove(c *Conn) {
	if c.gone {
		return
	}
	c.gone = true
	own := l.clients[c.client]
	delete(own, c)
	if len(own) == 0 {
		delete(l.clients, c.client)
	}
	l.total--
}

// Open returns the number of connections.
func (l *Listener) Open() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.total
}

// SetIdle sets whether a request is running on the connection.
func (c *Conn) SetIdle(idle bool) {
	c.l.mu.Lock()
	defer c.l.mu.Unlock()
	c.state = connBusy
	if idle {
		c.state = connIdle
	}
}

// Close implements net.Conn.
func (c *Conn) Close() error {
	c.l.mu.Lock()
	c.l.remove(c)
	c.l.mu.Unlock()
	return c.Conn.Close()
}
