// Package onetime has the codes that prove who reads a mailbox or holds a phone: made at
// random, compared in constant time, good for a while and for a few tries.
//
// Reference: policy-engine §5.11, §5.13; pages §4.2.
package onetime

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"io"
	"math/big"
	"strings"
	"time"
)

// Digits is the usual character set.
const Digits = "0123456789"

// New makes a random code of length characters of a set.
func New(random io.Reader, set string, length int) (string, error) {
	chars := []rune(set)
	limit := big.NewInt(int64(len(chars)))
	var code strings.Builder
	for range length {
		n, err := rand.Int(random, limit)
		if err != nil {
			return "", fmt.Errorf("one-time code: %w", err)
		}
		code.WriteRune(chars[n.Int64()])
	}
	return code.String(), nil
}

// Code is an issued code, as it is kept: hashed, bound to whom it was sent.
type Code struct {
	Identifier string    `json:"i"` // e-mail address, phone number …
	Hash       []byte    `json:"h,omitempty"`
	Expires    time.Time `json:"x"`
	Tries      int       `json:"t,omitempty"` // wrong ones
	Issued     int       `json:"n,omitempty"` // codes so far
}

// Issue replaces the code. The salt keeps equal codes of two places apart.
func (c *Code) Issue(salt, identifier, code string, expires time.Time) {
	*c = Code{Identifier: identifier, Hash: hash(salt, code), Expires: expires, Issued: c.Issued + 1}
}

// Verdict is what Check found.
type Verdict uint8

// The verdicts.
const (
	Right   Verdict = iota + 1
	Wrong           // another try is left
	NoRetry         // no try is left
	Expired         // too late, or there is no code
)

// Check compares what was entered, and counts a wrong try.
func (c *Code) Check(salt, entered string, now time.Time, maxTries int) Verdict {
	switch {
	case c == nil || c.Hash == nil || !now.Before(c.Expires):
		return Expired
	case c.Tries >= maxTries:
		return NoRetry
	}
	if subtle.ConstantTimeCompare(hash(salt, strings.TrimSpace(entered)), c.Hash) == 1 {
		return Right
	}
	if c.Tries++; c.Tries >= maxTries {
		return NoRetry
	}
	return Wrong
}

func hash(salt, code string) []byte {
	h := sha256.Sum256([]byte(salt + "|" + code))
	return h[:]
}
