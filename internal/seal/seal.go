// Package seal encrypts data that leaves the process and comes back: codes, refresh tokens, cookies, state.
// It also encrypts data in the database: suspended journeys, private keys and secrets.
//
// A sealed blob is bound to a purpose and a context, so that it can't be used for another purpose, client or
// journey. Keys are derived from a master key. Several master keys may be given: the first seals and all
// open, so that the master key can be changed.
//
// Reference: DESIGN §4.
package seal

import (
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"unicode"

	"golang.org/x/crypto/chacha20poly1305"
)

// Purpose is the use of a blob. Numbers are stored: never reuse one.
type Purpose uint8

// The purposes.
const (
	Code Purpose = iota + 1
	Refresh
	Session
	State
	Journey
	Secret // private keys and secrets at rest
	Browser
)

var purposeNames = map[Purpose]string{
	Code: "authorization code", Refresh: "refresh token", Session: "session", State: "federation state",
	Journey: "journey", Secret: "secret at rest", Browser: "browser binding",
}

// MasterKeySize is the length of a master key in bytes.
const MasterKeySize = 32

// ErrOpen is the only error of opening. It doesn't reveal the fault of the blob.
var ErrOpen = errors.New("sealed data can't be opened")

// Sealer seals and opens. It is safe for concurrent use.
type Sealer struct {
	keys []map[Purpose]cipher.AEAD
}

// New makes a Sealer. The first master key seals; all open.
func New(masters ...[]byte) (*Sealer, error) {
	if len(masters) == 0 {
		return nil, errors.New("seal: no master key")
	}
	s := new(Sealer)
	for _, master := range masters {
		if len(master) != MasterKeySize {
			return nil, fmt.Errorf("seal: the master key has %d bytes, want %d", len(master), MasterKeySize)
		}
		keys := make(map[Purpose]cipher.AEAD)
		for p, name := range purposeNames {
			key, err := hkdf.Key(sha256.New, master, nil, "journeyman "+name, chacha20poly1305.KeySize)
			if err != nil {
				return nil, err
			}
			if keys[p], err = chacha20poly1305.NewX(key); err != nil {
				return nil, err
			}
		}
		s.keys = append(s.keys, keys)
	}
	return s, nil
}

// Seal encrypts plaintext for a purpose and context: 24 bytes of nonce, then the
// ciphertext with its tag.
func (s *Sealer) Seal(p Purpose, context string, plaintext []byte) []byte {
	aead := s.keys[0][p]
	nonce := make([]byte, aead.NonceSize(), aead.NonceSize()+len(plaintext)+aead.Overhead())
	_, _ = rand.Read(nonce) // never fails
	return aead.Seal(nonce, nonce, plaintext, []byte(context))
}

// Open decrypts the output of Seal for the same purpose and context; everything else gives ErrOpen.
func (s *Sealer) Open(p Purpose, context string, sealed []byte) ([]byte, error) {
	for _, keys := range s.keys {
		aead := keys[p]
		if len(sealed) < aead.NonceSize() {
			return nil, ErrOpen
		}
		plaintext, err := aead.Open(nil, sealed[:aead.NonceSize()], sealed[aead.NonceSize():], []byte(context))
		if err == nil {
			return plaintext, nil
		}
	}
	return nil, ErrOpen
}

// strict refuses a text whose last character contains unused bits, so that each blob has exactly one text.
var strict = base64.RawURLEncoding.Strict()

// SealText is Seal as URL-safe text.
func (s *Sealer) SealText(p Purpose, context string, plaintext []byte) string {
	return strict.EncodeToString(s.Seal(p, context, plaintext))
}

// OpenText opens the output of SealText.
func (s *Sealer) OpenText(p Purpose, context, sealed string) ([]byte, error) {
	if strings.ContainsAny(sealed, "\r\n") {
		return nil, ErrOpen // the decoder would ignore them
	}
	b, err := strict.DecodeString(sealed)
	if err != nil {
		return nil, ErrOpen
	}
	return s.Open(p, context, b)
}

// SealJourney seals a suspended journey.
func (s *Sealer) SealJourney(id string, data []byte) []byte { return s.Seal(Journey, id, data) }

// OpenJourney opens a suspended journey.
func (s *Sealer) OpenJourney(id string, sealed []byte) ([]byte, error) {
	return s.Open(Journey, id, sealed)
}

// Fresh reports whether the current first master key sealed a blob.
func (s *Sealer) Fresh(p Purpose, context string, sealed []byte) bool {
	first := Sealer{keys: s.keys[:1]}
	_, err := first.Open(p, context, sealed)
	return err == nil
}

// LoadOrCreateMasterKeys reads master keys from a file. If there is no file, it makes one with a new key,
// readable only by the owner.
func LoadOrCreateMasterKeys(path string) ([][]byte, error) {
	keys, err := LoadMasterKeys(path)
	if !errors.Is(err, os.ErrNotExist) {
		return keys, err
	}
	key := make([]byte, MasterKeySize)
	_, _ = rand.Read(key)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	if _, err := f.WriteString(base64.StdEncoding.EncodeToString(key) + "\n"); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	if err := f.Sync(); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return [][]byte{key}, f.Close()
}

// LoadMasterKeys reads master keys from a file, one on each line.
func LoadMasterKeys(path string) ([][]byte, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return ParseMasterKeys(string(text))
}

// ParseMasterKeys reads one or more master keys in base64, separated by commas, blanks or line breaks. The
// first one seals.
func ParseMasterKeys(text string) ([][]byte, error) {
	var keys [][]byte
	for i, word := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' || unicode.IsSpace(r) }) {
		key, err := base64.StdEncoding.DecodeString(word)
		if err != nil || len(key) != MasterKeySize {
			return nil, fmt.Errorf("master key %d must be %d bytes in base64", i+1, MasterKeySize)
		}
		keys = append(keys, key)
	}
	if len(keys) == 0 {
		return nil, fmt.Errorf("a master key must be there: %d bytes in base64", MasterKeySize)
	}
	return keys, nil
}
