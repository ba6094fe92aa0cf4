package listen

import (
	"crypto/tls"
	"net"
	"net/http"

	"journeyman.dev/internal/limit"
)

// Limits of the listeners' connections. They share the process's limit of open files: the admin listener has
// its own part, so that it answers while the public one is full, and the rest is for the database and calls
// out.
const (
	mostConnections  = 8192
	adminConnections = 512
)

// AdminConnections returns the limit of the admin listener.
func AdminConnections() int { return forAdmin(descriptors()) }

// PublicConnections returns the limit of the public listener: most, or for 0 the process's limit minus the
// needs of the rest.
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

// bounded returns the limited connection under a connection of a listener.
func bounded(c net.Conn) *limit.Conn {
	if t, ok := c.(*tls.Conn); ok {
		c = t.NetConn()
	}
	own, _ := c.(*limit.Conn)
	return own
}

// NoteIdle reports idle connections to a listener of Open. It is the ConnState of an http.Server.
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
