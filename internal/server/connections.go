package server

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

// forAdmin is the bound of the admin listener.
func forAdmin(descriptors int) int {
	if descriptors == 0 {
		return adminConnections
	}
	return max(32, min(adminConnections, descriptors/8))
}

// connections is the bound of the public listener.
func connections(most, descriptors int) int {
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

// noteIdle tells the listener on which connections nothing is under way.
func noteIdle(c net.Conn, state http.ConnState) {
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
