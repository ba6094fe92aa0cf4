// Package token signs and checks JSON Web Tokens, and declares the errors of redeeming a grant.
//
// Reference: protocol §4.
package token

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
)

// Errors of redeeming codes and refresh tokens. The store returns them.
var (
	// ErrReplayed means that a code or refresh token was redeemed before. Its whole family is now revoked.
	ErrReplayed = errors.New("grant was redeemed before")
	// ErrRevoked means that the family or all grants of its account were revoked.
	ErrRevoked = errors.New("grant was revoked")
	// ErrNoAccount means that the account of the grant is gone.
	ErrNoAccount = errors.New("account of the grant is gone")
)

// Redemption is one use of a code or refresh token.
type Redemption struct {
	ID      string
	Family  string
	Expires time.Time // of the grant
	// Account is the object id of the grant's directory account, or "" for none. Epoch is the account's at
	// the time of the grant.
	Account string
	Epoch   int64
}

// Claims is the payload of a token. Members keep their order.
type Claims struct {
	names  []string
	values []any
}

// Set adds a member, or replaces the member of this name in its place.
func (c *Claims) Set(name string, value any) {
	for i, have := range c.names {
		if have == name {
			c.values[i] = value
			return
		}
	}
	c.names, c.values = append(c.names, name), append(c.values, value)
}

// Get finds a member.
func (c *Claims) Get(name string) (any, bool) {
	for i, have := range c.names {
		if have == name {
			return c.values[i], true
		}
	}
	return nil, false
}

// MarshalJSON writes the members in order, without HTML escapes.
func (c *Claims) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	err := c.WriteJSON(&b)
	return b.Bytes(), err
}

// WriteJSON writes the output of MarshalJSON without a second pass of encoding/json.
func (c *Claims) WriteJSON(b *bytes.Buffer) error {
	enc := json.NewEncoder(b)
	enc.SetEscapeHTML(false)
	write := func(v any, next byte) error {
		if err := enc.Encode(v); err != nil {
			return err
		}
		b.Truncate(b.Len() - 1) // the line end
		b.WriteByte(next)
		return nil
	}
	b.WriteByte('{')
	for i, name := range c.names {
		next := byte(',')
		if i == len(c.names)-1 {
			next = '}'
		}
		if err := write(name, ':'); err != nil {
			return err
		}
		if err := write(c.values[i], next); err != nil {
			return err
		}
	}
	if len(c.names) == 0 {
		b.WriteByte('}')
	}
	return nil
}

// Sign makes a JWT with RS256. Header members are in B2C's order. random serves blinding.
func Sign(key crypto.Signer, kid string, c *Claims, random io.Reader) (string, error) {
	header, err := json.Marshal(struct {
		Alg string `json:"alg"`
		KID string `json:"kid"`
		Typ string `json:"typ"`
	}{"RS256", kid, "JWT"})
	if err != nil {
		return "", err
	}
	payload, err := c.MarshalJSON()
	if err != nil {
		return "", fmt.Errorf("token claims: %w", err)
	}
	enc := base64.RawURLEncoding
	signed := enc.EncodeToString(header) + "." + enc.EncodeToString(payload)
	digest := sha256.Sum256([]byte(signed))
	if random == nil {
		random = rand.Reader
	}
	signature, err := key.Sign(random, digest[:], crypto.SHA256)
	if err != nil {
		return "", fmt.Errorf("token signature: %w", err)
	}
	return signed + "." + enc.EncodeToString(signature), nil
}

// HalfHash returns c_hash or at_hash: the left half of the SHA-256 of a code or token.
func HalfHash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return base64.RawURLEncoding.EncodeToString(sum[:16])
}
