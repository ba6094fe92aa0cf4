// Package apple makes the client secrets of Sign in with Apple. Such a secret is a token signed with a
// private key of an Apple developer, and it expires. So the private key is stored beside it, and a new secret
// is signed in time.
//
// Callers: the admin API when an identity provider gets its private key; server's housekeeping renews.
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

// Apple accepts client secrets with a lifetime of at most six months. Ours are renewed a month before their
// end.
const (
	lifetime = 180 * 24 * time.Hour
	renew    = 30 * 24 * time.Hour
	audience = "https://appleid.apple.com"
)

// Secrets makes and renews client secrets. Both fields must be set.
type Secrets struct {
	Keys *keyset.Service // our own key sets, which policies can't name
	Now  func() time.Time
}

// Make makes a client secret of an identity provider for the caller to store. It stores the private key, an
// elliptic curve key in PKCS #8.
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

// Renew signs new client secrets for Apple's providers whose secret ends within a month. A failure doesn't
// stop the other renewals; the errors are joined.
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
