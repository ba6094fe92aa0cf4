package limit

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
)

// Caller identifies the sender of a request for bounds. The methods of a nil Caller work and know nothing.
type Caller struct {
	// Client is the result of [Client]; "" if unknown.
	Client string
	// Connection is the request's connection. It is nil if requests of many clients share connections, as
	// behind a proxy.
	Connection *Connection
	// Devices are the proven earlier sign-ins of the browser: a device's id by the account's.
	Devices map[string]string

	mu      sync.Mutex
	trusted []string
}

// Connection counts the failures of the requests on one connection, and its refusals.
type Connection struct{ failures, refusals atomic.Int64 }

func (c *Connection) strikes() int64 {
	if c == nil {
		return 0
	}
	return c.failures.Load() + c.refusals.Load()
}

type callerKey struct{}

type connectionKey struct{}

// With makes a context for one request of a caller.
func With(ctx context.Context, c *Caller) context.Context {
	return context.WithValue(ctx, callerKey{}, c)
}

// From returns the caller of a request; nil if unknown.
func From(ctx context.Context) *Caller {
	c, _ := ctx.Value(callerKey{}).(*Caller)
	return c
}

// WithConnection makes the context of a new connection.
func WithConnection(ctx context.Context) context.Context {
	return context.WithValue(ctx, connectionKey{}, new(Connection))
}

// ConnectionOf returns the connection of a request; nil if unknown.
func ConnectionOf(ctx context.Context) *Connection {
	c, _ := ctx.Value(connectionKey{}).(*Connection)
	return c
}

// Device returns the id of the device if it has signed in to the account before, else "".
func (c *Caller) Device(account string) string {
	if c == nil {
		return ""
	}
	return c.Devices[account]
}

// Trust records that the caller has proved to own an account. The browser's next tries there then don't count
// as a stranger's.
func (c *Caller) Trust(account string) {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if !slices.Contains(c.trusted, account) {
		c.trusted = append(c.trusted, account)
	}
}

// Trusted returns the accounts that the caller has proved to own in this request.
func (c *Caller) Trusted() []string {
	if c == nil {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.trusted)
}

// Client returns the key of a client's address. For IPv6 it is the network, because a client has too many
// addresses there to count.
func Client(address string) string {
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return address
	}
	ip = ip.Unmap().WithZone("")
	if ip.Is6() {
		if network, err := ip.Prefix(64); err == nil {
			return network.Masked().String()
		}
	}
	return ip.String()
}

// Key makes a store key of fixed length. It doesn't reveal its parts.
func Key(kind string, parts ...string) string {
	h := sha256.New()
	var size [8]byte
	for _, part := range parts {
		binary.BigEndian.PutUint64(size[:], uint64(len(part)))
		_, _ = h.Write(size[:])
		_, _ = h.Write([]byte(part))
	}
	return kind + ":" + base64.RawURLEncoding.EncodeToString(h.Sum(nil)[:18])
}
