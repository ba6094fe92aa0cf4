package listen

import (
	"crypto/tls"
	"net"
	"net/http"

	"journeyman.dev/internal/limit"
)

// How many connections the listeners take. What the process may open at all is shared: the
// admin listener keeps its own, so that it answers while the public one is full, and the
// rest is for the database and calls out.
const (
	mostConnections  = 8192
	adminConnections = 512
)

// AdminConnections is the bound of the admin listener.
func AdminConnections() int { return forAdmin(descriptors()) }

// PublicConnections is the bound of the public listener: most, or if that is 0 what the
// process may have open less what the rest needs.
func PublicConnections(most int) int { return forPublic(most, descriptors()) }

func forAdmin(descriptors int) int {
	if descriptors == 0 {
		return adminConnections
	}
	return max(32, min(adminConnections, descriptors/8))
}

func forPublic(most, descriptors int) int {
	if most > 0 {
		return most
	}
	if descriptors == 0 {
		return mostConnections
	}
	return max(64, min(mostConnections, (descriptors-forAdmin(descriptors))*2/3))
}

// bounded is what lies under a connection of a listener.
func bounded(c net.Conn) *limit.Conn {
	if t, ok := c.(*tls.Conn); ok {
		c = t.NetConn()
	}
	own, _ := c.(*limit.Conn)
	return own
}

// NoteIdle reports to a listener of Open on which connections nothing is under way: it is the
// ConnState of an http.Server.
func NoteIdle(c net.Conn, state http.ConnState) {
	own := bounded(c)
	if own == nil {
		return
	}
	switch state {
	case http.StateActive:
		own.SetIdle(false)
	case http.StateIdle:
		own.SetIdle(true)
	}
}
