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

// Caller is who sent a request, as far as bounds are concerned. The methods of a nil
// Caller work: nothing is known then.
type Caller struct {
	// Client is the address by [Client]; "" if it isn't known.
	Client string
	// Connection is the one that the request came on; nil where requests of many clients
	// share connections, as behind a proxy.
	Connection *Connection
	// Devices are what the browser proved to have signed in as before: a device's id by
	// the account's.
	Devices map[string]string

	mu      sync.Mutex
	trusted []string
}

// Connection counts the failures of the requests that came on one connection, and how often
// they were sent away.
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

// From is the caller of a request; nil if it isn't known.
func From(ctx context.Context) *Caller {
	c, _ := ctx.Value(callerKey{}).(*Caller)
	return c
}

// WithConnection makes the context of a new connection.
func WithConnection(ctx context.Context) context.Context {
	return context.WithValue(ctx, connectionKey{}, new(Connection))
}

// ConnectionOf is the connection of a request; nil if it isn't known.
func ConnectionOf(ctx context.Context) *Connection {
	c, _ := ctx.Value(connectionKey{}).(*Connection)
	return c
}

// Device returns the id of the device if it has signed in to the account before.
func (c *Caller) Device(account string) string {
	if c == nil {
		return ""
	}
	return c.Devices[account]
}

// Trust notes that the caller has proved to own an account: the browser's next tries
// there are not those of a stranger.
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

// Trusted are the accounts that the caller has proved to own in this request.
func (c *Caller) Trusted() []string {
	if c == nil {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.trusted)
}

// Client is the key of a client's address. Of IPv6 it is the network, as everybody there
// has more addresses than could be counted.
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

// Key makes a key of a store: of a fixed length, and without the names that it is made
// of.
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
