// Package onetime implements the codes that prove access to a mailbox or a phone: random, compared in
// constant time, valid for a limited time and number of tries.
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

// Code is an issued code in its stored form: hashed and bound to the recipient.
type Code struct {
	Identifier string    `json:"i"` // e-mail address, phone number …
	Hash       []byte    `json:"h,omitempty"`
	Expires    time.Time `json:"x"`
	Tries      int       `json:"t,omitempty"` // wrong tries
	Issued     int       `json:"n,omitempty"` // number of codes so far
}

// Issue replaces the code. With the salt, equal codes of two places have different hashes.
func (c *Code) Issue(salt, identifier, code string, expires time.Time) {
	*c = Code{Identifier: identifier, Hash: hash(salt, code), Expires: expires, Issued: c.Issued + 1}
}

// Verdict is the result of Check.
type Verdict uint8

// The verdicts.
const (
	Right   Verdict = iota + 1
	Wrong           // tries remain
	NoRetry         // no tries remain
	Expired         // too late, or there is no code
)

// Check compares the entered code, and counts a wrong try.
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
