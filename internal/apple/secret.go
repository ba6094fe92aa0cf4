// Package apple makes the client secrets of Sign in with Apple. Such a secret is a token that
// we sign with a private key of Apple's developer, and it ends: so the private key is kept
// beside it, and a new one is signed in time.
//
// Callers: the admin API when an identity provider gets its private key; server's
// housekeeping renews.
//
// Reference: Apple, "Creating a client secret".
package apple

import (
	"context"
	"crypto/ecdsa"
	"crypto/x509"
	"errors"
	"fmt"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"journeyman.dev/internal/keyset"
	"journeyman.dev/internal/userflow"
)

// Apple takes client secrets that live for at most six months; ours are renewed a month
// before their end.
const (
	lifetime = 180 * 24 * time.Hour
	renew    = 30 * 24 * time.Hour
	audience = "https://appleid.apple.com"
)

// Secrets makes and renews client secrets. Both fields must be set.
type Secrets struct {
	Keys *keyset.Service // those that no policy can name
	Now  func() time.Time
}

// Make makes a client secret of an identity provider, to be kept by the caller, and keeps
// the private key, which is an elliptic curve key in PKCS #8.
func (s *Secrets) Make(ctx context.Context, p *userflow.Provider, private []byte) (keyset.Key, error) {
	key, err := s.sign(p, private)
	if err != nil {
		return key, err
	}
	kept := keyset.NewSecret("sig", private)
	if name := p.PrivateKey(); s.Keys.Exists(name) {
		_, err = s.Keys.Replace(ctx, name, []keyset.Key{kept})
	} else {
		_, err = s.Keys.Create(ctx, name, kept)
	}
	return key, err
}

func (s *Secrets) sign(p *userflow.Provider, private []byte) (keyset.Key, error) {
	parsed, err := x509.ParsePKCS8PrivateKey(private)
	if err != nil {
		return keyset.Key{}, fmt.Errorf("private key of %s: %w", p.ID, err)
	}
	key, ok := parsed.(*ecdsa.PrivateKey)
	if !ok {
		return keyset.Key{}, fmt.Errorf("private key of %s is no elliptic curve key", p.ID)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: key}, (&jose.SignerOptions{}).WithHeader("kid", p.KeyID))
	if err != nil {
		return keyset.Key{}, fmt.Errorf("private key of %s: %w", p.ID, err)
	}
	now := s.Now().UTC()
	text, err := jwt.Signed(signer).Claims(jwt.Claims{
		Issuer: p.DeveloperID, Subject: p.ClientID, Audience: jwt.Audience{audience}, IssuedAt: jwt.NewNumericDate(now), Expiry: jwt.NewNumericDate(now.Add(lifetime)),
	}).Serialize()
	if err != nil {
		return keyset.Key{}, err
	}
	secret := keyset.NewSecret("sig", []byte(text))
	secret.Expires = now.Add(lifetime)
	return secret, nil
}

// Renew signs new client secrets of those providers that are Apple's and whose secret ends
// within a month. One that fails keeps no other from being renewed; the errors are joined.
func (s *Secrets) Renew(ctx context.Context, providers []userflow.Provider) error {
	var errs []error
	for _, p := range providers {
		if p.Type != userflow.TypeApple {
			continue
		}
		set, err := s.Keys.Get(p.SecretKey())
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if active, ok := set.Active(s.Now()); ok && s.Now().Add(renew).Before(active.Expires) {
			continue
		}
		private, err := s.Keys.Secret(ctx, p.PrivateKey())
		if err != nil {
			errs = append(errs, err)
			continue
		}
		key, err := s.sign(&p, private)
		if err == nil {
			_, err = s.Keys.Replace(ctx, p.SecretKey(), []keyset.Key{key})
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}
