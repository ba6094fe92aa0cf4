package directory

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"runtime"
	"strings"

	"golang.org/x/crypto/argon2"

	"journeyman.dev/internal/limit"
)

// Cost is the cost of one argon2id hash.
type Cost struct {
	Memory  uint32 // KiB
	Time    uint32
	Threads uint8
}

// DefaultCost is OWASP's first recommendation for argon2id.
var DefaultCost = Cost{Memory: 19 * 1024, Time: 2, Threads: 1}

// Passwords hashes and checks passwords, a limited number at a time: each hash takes memory and a processor,
// and anybody may request one.
type Passwords struct {
	cost  Cost
	gate  *limit.Gate
	dummy string
}

// Limits of waiting requests, for each running hash and for one account: about two seconds of work. One
// account may run only a few hashes at once.
const (
	waitPerSlot    = 64
	waitPerAccount = 100
	runPerAccount  = 4
)

// NewPasswords makes a hasher. parallel 0 means one hash per processor.
func NewPasswords(cost Cost, parallel int) *Passwords {
	if parallel == 0 {
		parallel = runtime.GOMAXPROCS(0)
	}
	p := &Passwords{cost: cost, gate: limit.NewGate(parallel, parallel*waitPerSlot, runPerAccount, waitPerAccount)}
	p.dummy = p.hash("no password")
	return p
}

// enter waits for a place until ctx ends; ErrBusy if too many wait.
func (p *Passwords) enter(ctx context.Context, e limit.Entry) (leave func(failed bool), err error) {
	if leave, err = p.gate.Enter(ctx, e); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBusy, err)
	}
	return leave, nil
}

// Hash makes a PHC string. It waits for a place until ctx ends; ErrBusy if too many wait.
func (p *Passwords) Hash(ctx context.Context, password string) (string, error) {
	leave, err := p.enter(ctx, entryOf(limit.From(ctx)))
	if err != nil {
		return "", err
	}
	defer leave(false)
	return p.hash(password), nil
}

func (p *Passwords) hash(password string) string {
	salt := make([]byte, 16)
	_, _ = rand.Read(salt)
	key := argon2.IDKey([]byte(password), salt, p.cost.Time, p.cost.Memory, p.cost.Threads, 32)
	enc := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, p.cost.Memory, p.cost.Time, p.cost.Threads,
		enc.EncodeToString(salt), enc.EncodeToString(key))
}

// Verify compares a password with a PHC string.
func (p *Passwords) Verify(ctx context.Context, phc, password string) (bool, error) {
	leave, err := p.enter(ctx, entryOf(limit.From(ctx)))
	if err != nil {
		return false, err
	}
	defer leave(false)
	good, _, err := verify(phc, password)
	return good, err
}

// verify also returns the hash of the entered password with the salt of the right one. A wrong password is
// often similar to the right one, so it must not be kept in a cheaper form.
func verify(phc, password string) (good bool, entered string, err error) {
	parts := strings.Split(phc, "$")
	var version int
	var c Cost
	if len(parts) != 6 || parts[1] != "argon2id" {
		return false, "", fmt.Errorf("stored password hash is of an unknown kind")
	}
	if _, err := fmt.Sscanf(parts[2], "v=%d", &version); err != nil || version != argon2.Version {
		return false, "", fmt.Errorf("stored password hash has an unknown version")
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &c.Memory, &c.Time, &c.Threads); err != nil || c.Memory > 1<<20 || c.Time == 0 || c.Time > 100 || c.Threads == 0 {
		return false, "", fmt.Errorf("stored password hash has unacceptable costs")
	}
	salt, err1 := base64.RawStdEncoding.DecodeString(parts[4])
	want, err2 := base64.RawStdEncoding.DecodeString(parts[5])
	if err1 != nil || err2 != nil || len(want) == 0 {
		return false, "", fmt.Errorf("stored password hash can't be read")
	}
	got := argon2.IDKey([]byte(password), salt, c.Time, c.Memory, c.Threads, uint32(len(want)))
	return subtle.ConstantTimeCompare(got, want) == 1, base64.RawStdEncoding.EncodeToString(got), nil
}
