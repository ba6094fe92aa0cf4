package limit

import (
	"net"
	"sync"
)

// Listener bounds the connections of a listener. When all places are taken, one that
// comes from a client with fewer connections takes the place of one of the client with
// most: an idle one if there is one.
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

// connState orders connections by how much is lost with them.
type connState uint8

const (
	connIdle connState = iota // served, and kept alive
	connNew                   // nothing was asked yet
	connBusy
)

// Listen bounds a listener to most connections.
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

// add takes a place for a connection; victim is one that has to go for it.
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

// victim is the connection that makes way for one of a client: the oldest of the client
// that has most, idle ones first, then those on which nothing was asked yet. A client that
// has most itself replaces no busy one.
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

// Open is how many connections there are.
func (l *Listener) Open() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.total
}

// SetIdle says whether a request is under way on the connection.
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
