// Package keyset manages two kinds of keys. The policy keys of a tenant are signing keys, encryption keys,
// secrets and certificates that policies name as B2C_1A_…. Our own keys, such as the secrets of user flows'
// identity providers, are in a namespace that neither policies nor the admin API can name.
//
// A set contains keys in the order of their addition. The dates of the keys decide which one is active.
// Private parts are sealed in the store and parsed in memory. A deleted policy key leaves a copy with .bak
// after its name, until the copy is deleted, too.
//
// Reference: admin-surface §3.
package keyset

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1" //nolint:gosec // x5t is a SHA-1 thumbprint by its standard
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"

	"journeyman.dev/internal/seal"
)

// Prefix begins the names of all policy keys.
const Prefix = "B2C_1A_"

// Name adds the prefix to a name without it.
func Name(id string) string {
	if len(id) >= len(Prefix) && strings.EqualFold(id[:len(Prefix)], Prefix) {
		return id
	}
	return Prefix + id
}

// Set is a key set with its parsed keys.
type Set struct {
	ID      string // as created
	Version int64
	Keys    []Key
}

// Key is one key of a set.
type Key struct {
	KID       string    `json:"kid"`
	Use       string    `json:"use"` // sig, enc, or "" for certificates
	Kind      string    `json:"kty"` // RSA or oct
	NotBefore time.Time `json:"nbf,omitzero"`
	Expires   time.Time `json:"exp,omitzero"`
	Disabled  bool      `json:"disabled,omitempty"`
	Private   []byte    `json:"private,omitempty"` // PKCS #8
	Public    []byte    `json:"public,omitempty"`  // PKIX; the only key part of certificates without private key
	Secret    []byte    `json:"secret,omitempty"`
	Chain     [][]byte  `json:"chain,omitempty"` // DER, leaf first

	signer *rsa.PrivateKey
}

// Store keeps key sets. Ids compare without regard to case.
type Store interface {
	LoadKeySets(ctx context.Context) ([]Stored, error)
	// CreateKeySet returns ErrExists if the id is taken.
	CreateKeySet(ctx context.Context, s Stored) error
	// SaveKeySet replaces a set of the given version. Another version gives ErrConflict.
	SaveKeySet(ctx context.Context, s Stored) error
	DeleteKeySet(ctx context.Context, id string) error
	// MoveKeySet puts the set to in place of from and the others, in one write. It returns ErrConflict if
	// from has another version, and ErrExists if another set has the id of to.
	MoveKeySet(ctx context.Context, from Stored, others []string, to Stored) error
}

// Stored is a key set at rest.
type Stored struct {
	ID      string
	Version int64
	Data    []byte // sealed JSON
}

// Fault is an error of key management with a code for tools.
type Fault struct {
	Code string
	Text string
}

// Error implements error.
func (f *Fault) Error() string { return f.Code + ": " + f.Text }

// Errors of finding and changing sets.
var (
	ErrNotFound = errors.New("no such key set")
	ErrNoActive = errors.New("key set has no active key")
	ErrNoKey    = errors.New("no such key in the key set")
	ErrExists   = &Fault{"AADB2C95028", "A key set of this name exists already."}
	ErrConflict = errors.New("key set was changed by another request")
)

// Service manages the keys of one namespace of a tenant. It keeps them parsed in memory.
type Service struct {
	store Store
	seal  *seal.Sealer
	now   func() time.Time
	space namespace

	// changes is held from reading or writing the store until the sets in memory are changed: otherwise a
	// reload could restore a set that a change has just replaced.
	changes sync.Mutex
	mu      sync.RWMutex
	sets    map[string]*Set // by folded id
}

// NewService loads the policy keys.
func NewService(ctx context.Context, store Store, sealer *seal.Sealer, now func() time.Time) (*Service, error) {
	s := &Service{store: store, seal: sealer, now: now, space: policyKeys}
	return s, s.Reload(ctx)
}

// Reload reads all sets again, because another node may have changed them.
func (s *Service) Reload(ctx context.Context) error {
	s.changes.Lock()
	defer s.changes.Unlock()
	stored, err := s.store.LoadKeySets(ctx)
	if err != nil {
		return fmt.Errorf("key sets: %w", err)
	}
	sets := make(map[string]*Set)
	for _, row := range stored {
		if !s.space.has(row.ID) {
			continue
		}
		set, err := s.open(row)
		if err != nil {
			return err
		}
		sets[fold(row.ID)] = set
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sets = sets
	return nil
}

func fold(id string) string { return strings.ToLower(id) }

// sealContext binds a sealed set to its id.
func sealContext(id string) string { return "keyset " + fold(id) }

func (s *Service) open(row Stored) (*Set, error) {
	data, err := s.seal.Open(seal.Secret, sealContext(row.ID), row.Data)
	if err != nil {
		return nil, fmt.Errorf("key set %s: %w (is it the master key that it was stored with?)", row.ID, err)
	}
	set := &Set{ID: row.ID, Version: row.Version}
	if err := json.Unmarshal(data, &set.Keys); err != nil {
		return nil, fmt.Errorf("key set %s: %w", row.ID, err)
	}
	for i := range set.Keys {
		if err := set.Keys[i].parse(); err != nil {
			return nil, fmt.Errorf("key set %s: %w", row.ID, err)
		}
	}
	return set, nil
}

func (k *Key) parse() error {
	if len(k.Private) == 0 {
		return nil
	}
	parsed, err := x509.ParsePKCS8PrivateKey(k.Private)
	if err != nil {
		return err
	}
	key, ok := parsed.(*rsa.PrivateKey)
	if !ok {
		return errors.New("private key is no RSA key")
	}
	k.signer = key
	return nil
}

func (s *Service) stored(set *Set) (Stored, error) {
	data, err := json.Marshal(set.Keys)
	if err != nil {
		return Stored{}, err
	}
	return Stored{ID: set.ID, Version: set.Version, Data: s.seal.Seal(seal.Secret, sealContext(set.ID), data)}, nil
}

// List returns all sets by id.
func (s *Service) List() []*Set {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var list []*Set
	for _, set := range s.sets {
		list = append(list, set)
	}
	slices.SortFunc(list, func(a, b *Set) int { return strings.Compare(fold(a.ID), fold(b.ID)) })
	return list
}

// Get finds a set with or without the prefix of its namespace.
func (s *Service) Get(id string) (*Set, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if set, ok := s.sets[fold(s.space.name(id))]; ok {
		return set, nil
	}
	return nil, fmt.Errorf("%w: %s", ErrNotFound, id)
}

// Exists reports whether there is a set, for the policy compiler.
func (s *Service) Exists(id string) bool {
	_, err := s.Get(id)
	return err == nil
}

// Create makes an empty set, or one with keys.
func (s *Service) Create(ctx context.Context, id string, keys ...Key) (*Set, error) {
	if id == "" || strings.ContainsAny(id, "/\\'\"?#%\r\n") || len(id) > 120 || isBackup(id) {
		return nil, &Fault{"AADB2C95024", "The name of the key set is not acceptable."}
	}
	if !s.space.has(s.space.name(id)) {
		return nil, ErrExists
	}
	// Versions begin with the time, so that a deleted and recreated set has another version.
	set := &Set{ID: s.space.name(id), Version: s.now().UnixMicro(), Keys: keys}
	for i := range set.Keys {
		if err := set.Keys[i].parse(); err != nil {
			return nil, err
		}
	}
	row, err := s.stored(set)
	if err != nil {
		return nil, err
	}
	s.changes.Lock()
	defer s.changes.Unlock()
	if err := s.store.CreateKeySet(ctx, row); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sets[fold(set.ID)] = set
	return set, nil
}

// Add appends a key to a set. A set never mixes RSA keys and secrets.
func (s *Service) Add(ctx context.Context, id string, k Key) (Key, error) {
	set, err := s.Get(id)
	if err != nil {
		return Key{}, err
	}
	for _, have := range set.Keys {
		if have.Kind != k.Kind {
			return Key{}, &Fault{"AADB2C95032", "A key set can't hold keys of different types."}
		}
	}
	if err := k.parse(); err != nil {
		return Key{}, err
	}
	next := &Set{ID: set.ID, Version: set.Version, Keys: append(slices.Clone(set.Keys), k)}
	return k, s.replace(ctx, next)
}

// Replace replaces all keys of a set.
func (s *Service) Replace(ctx context.Context, id string, keys []Key) (*Set, error) {
	set, err := s.Get(id)
	if err != nil {
		return nil, err
	}
	next := &Set{ID: set.ID, Version: set.Version, Keys: keys}
	for i := range next.Keys {
		if err := next.Keys[i].parse(); err != nil {
			return nil, err
		}
	}
	return next, s.replace(ctx, next)
}

func (s *Service) replace(ctx context.Context, next *Set) error {
	row, err := s.stored(next)
	if err != nil {
		return err
	}
	s.changes.Lock()
	defer s.changes.Unlock()
	if err := s.store.SaveKeySet(ctx, row); err != nil {
		return err
	}
	next.Version++
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sets[fold(next.ID)] = next
	return nil
}

// Active returns the active key. Candidates are the enabled keys whose nbf has passed and whose exp hasn't.
// The one with the newest nbf wins; keys without nbf come after those with one, newest first (admin-surface
// §3.7).
func (set *Set) Active(now time.Time) (*Key, bool) {
	var best *Key
	for i := range set.Keys {
		k := &set.Keys[i]
		if k.Disabled || k.NotBefore.After(now) || !k.Expires.IsZero() && !now.Before(k.Expires) {
			continue
		}
		if best == nil || !k.NotBefore.Before(best.NotBefore) {
			best = k
		}
	}
	return best, best != nil
}

// SigningKey signs tokens.
type SigningKey struct {
	KID string
	Key crypto.Signer
}

// ActiveSigningKey returns the active RSA key of a set.
func (s *Service) ActiveSigningKey(_ context.Context, id string) (SigningKey, error) {
	k, err := s.active(id)
	if err != nil {
		return SigningKey{}, err
	}
	if k.signer == nil {
		return SigningKey{}, fmt.Errorf("%w: %s can't sign", ErrNoActive, id)
	}
	return SigningKey{KID: k.KID, Key: k.signer}, nil
}

// HasActive reports whether a set contains an active key.
func (s *Service) HasActive(id string) bool {
	_, err := s.active(id)
	return err == nil
}

func (s *Service) active(id string) (*Key, error) {
	set, err := s.Get(id)
	if err != nil {
		return nil, err
	}
	k, ok := set.Active(s.now())
	if !ok {
		return nil, fmt.Errorf("%w: %s", ErrNoActive, id)
	}
	return k, nil
}

// Secret returns the active secret of a set.
func (s *Service) Secret(_ context.Context, id string) ([]byte, error) {
	k, err := s.active(id)
	if err != nil {
		return nil, err
	}
	if len(k.Secret) == 0 {
		return nil, fmt.Errorf("%w: %s has no secret", ErrNoActive, id)
	}
	return slices.Clone(k.Secret), nil
}

// Certificate returns the active certificate of a set with its private key.
func (s *Service) Certificate(_ context.Context, id string) (chain [][]byte, key crypto.Signer, err error) {
	k, err := s.active(id)
	if err != nil {
		return nil, nil, err
	}
	if len(k.Chain) == 0 || k.signer == nil {
		return nil, nil, fmt.Errorf("%w: %s has no certificate with private key", ErrNoActive, id)
	}
	return k.Chain, k.signer, nil
}

// PublicJWKS returns the public keys of a set that are neither expired nor disabled. It includes future keys,
// so that clients know them in time.
func (s *Service) PublicJWKS(_ context.Context, id string) (jose.JSONWebKeySet, error) {
	set, err := s.Get(id)
	if err != nil {
		return jose.JSONWebKeySet{}, err
	}
	out := jose.JSONWebKeySet{Keys: []jose.JSONWebKey{}}
	now := s.now()
	for i := range set.Keys {
		k := &set.Keys[i]
		if k.Disabled || k.signer == nil || !k.Expires.IsZero() && !now.Before(k.Expires) {
			continue
		}
		out.Keys = append(out.Keys, jose.JSONWebKey{KeyID: k.KID, Use: "sig", Key: k.signer.Public()})
	}
	return out, nil
}

// GenerateRSA makes an RSA key of 2048 bits.
func GenerateRSA(use string) (Key, error) {
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return Key{}, err
	}
	return rsaKey(use, private)
}

func rsaKey(use string, private *rsa.PrivateKey) (Key, error) {
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return Key{}, err
	}
	public, err := x509.MarshalPKIXPublicKey(private.Public())
	if err != nil {
		return Key{}, err
	}
	thumb, err := (&jose.JSONWebKey{Key: private.Public()}).Thumbprint(crypto.SHA256)
	if err != nil {
		return Key{}, err
	}
	return Key{KID: base64.RawURLEncoding.EncodeToString(thumb), Use: use, Kind: "RSA", Private: der, Public: public, signer: private}, nil
}

// NewSecret makes a key from a secret; a nil secret makes a random one of 64 bytes.
func NewSecret(use string, secret []byte) Key {
	if secret == nil {
		secret = make([]byte, 64)
		_, _ = rand.Read(secret)
	}
	var id [16]byte
	_, _ = rand.Read(id[:])
	return Key{KID: base64.RawURLEncoding.EncodeToString(id[:]), Use: use, Kind: "oct", Secret: secret}
}

// FromCertificate reads a certificate, PEM or DER, without private key.
func FromCertificate(der []byte) (Key, error) {
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return Key{}, &Fault{"AADB2C95024", "The certificate can't be read."}
	}
	public, err := x509.MarshalPKIXPublicKey(leaf.PublicKey)
	if err != nil {
		return Key{}, &Fault{"AADB2C95031", "The certificate's key can't be used."}
	}
	k := Key{Kind: "RSA", Public: public}
	k.certify([]*x509.Certificate{leaf})
	return k, nil
}

func (k *Key) certify(chain []*x509.Certificate) {
	for _, c := range chain {
		k.Chain = append(k.Chain, c.Raw)
	}
	leaf := chain[0]
	k.NotBefore, k.Expires = leaf.NotBefore, leaf.NotAfter
	thumb := sha256.Sum256(leaf.Raw)
	k.KID = base64.RawURLEncoding.EncodeToString(thumb[:])
}

// JWK is the public form of a key in the admin API.
type JWK struct {
	KID       string   `json:"kid"`
	Use       string   `json:"use,omitempty"`
	Kind      string   `json:"kty"`
	NotBefore *int64   `json:"nbf,omitempty"`
	Expires   *int64   `json:"exp,omitempty"`
	N         string   `json:"n,omitempty"`
	E         string   `json:"e,omitempty"`
	X5C       []string `json:"x5c,omitempty"`
	X5T       string   `json:"x5t,omitempty"`
}

// JWK returns the public parts of a key, never a secret or private part.
func (k *Key) JWK() JWK {
	out := JWK{KID: k.KID, Use: k.Use, Kind: k.Kind, NotBefore: epoch(k.NotBefore), Expires: epoch(k.Expires)}
	if parsed, err := x509.ParsePKIXPublicKey(k.Public); err == nil {
		if public, ok := parsed.(*rsa.PublicKey); ok {
			out.N = base64.RawURLEncoding.EncodeToString(public.N.Bytes())
			out.E = base64.RawURLEncoding.EncodeToString(big.NewInt(int64(public.E)).Bytes())
		}
	}
	for _, der := range k.Chain {
		out.X5C = append(out.X5C, base64.StdEncoding.EncodeToString(der))
	}
	if len(k.Chain) > 0 {
		thumb := sha1.Sum(k.Chain[0]) //nolint:gosec // by its standard
		out.X5T = base64.RawURLEncoding.EncodeToString(thumb[:])
	}
	return out
}

func epoch(t time.Time) *int64 {
	if t.IsZero() {
		return nil
	}
	n := t.Unix()
	return &n
}

// FromRSA makes a key from a parsed private RSA key.
func FromRSA(use string, key any) (Key, error) {
	private, ok := key.(*rsa.PrivateKey)
	if !ok {
		return Key{}, &Fault{"AADB2C95031", "The key is no private RSA key."}
	}
	if private.N.BitLen() < 2048 {
		return Key{}, &Fault{"AADB2C95031", "The RSA key has fewer than 2048 bits."}
	}
	return rsaKey(use, private)
}
