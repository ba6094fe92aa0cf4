package server

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

// Apple's client secrets are signed by ourselves and live for at most six months; they
// are renewed a month before their end.
const (
	appleLifetime = 180 * 24 * time.Hour
	appleRenew    = 30 * 24 * time.Hour
	appleAudience = "https://appleid.apple.com"
)

// appleSecret makes a client secret of Sign in with Apple, and keeps the private key.
func (s *Server) appleSecret(ctx context.Context, p *userflow.Provider, private []byte) (keyset.Key, error) {
	key, err := s.signApple(p, private)
	if err != nil {
		return key, err
	}
	kept := keyset.NewSecret("sig", private)
	if name := p.PrivateKey(); s.OwnKeys.Exists(name) {
		_, err = s.OwnKeys.Replace(ctx, name, []keyset.Key{kept})
	} else {
		_, err = s.OwnKeys.Create(ctx, name, kept)
	}
	return key, err
}

func (s *Server) signApple(p *userflow.Provider, private []byte) (keyset.Key, error) {
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
	now := s.Config.Now().UTC()
	text, err := jwt.Signed(signer).Claims(jwt.Claims{
		Issuer: p.DeveloperID, Subject: p.ClientID, Audience: jwt.Audience{appleAudience}, IssuedAt: jwt.NewNumericDate(now), Expiry: jwt.NewNumericDate(now.Add(appleLifetime)),
	}).Serialize()
	if err != nil {
		return keyset.Key{}, err
	}
	secret := keyset.NewSecret("sig", []byte(text))
	secret.Expires = now.Add(appleLifetime)
	return secret, nil
}

// renewApple signs new client secrets before the old ones end.
func (s *Server) renewApple(ctx context.Context) error {
	var errs []error
	for _, p := range s.Flows.Tenant().Providers {
		if p.Type != userflow.TypeApple {
			continue
		}
		set, err := s.OwnKeys.Get(p.SecretKey())
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if active, ok := set.Active(s.Config.Now()); ok && s.Config.Now().Add(appleRenew).Before(active.Expires) {
			continue
		}
		private, err := s.OwnKeys.Secret(ctx, p.PrivateKey())
		if err != nil {
			errs = append(errs, err)
			continue
		}
		key, err := s.signApple(&p, private)
		if err == nil {
			_, err = s.OwnKeys.Replace(ctx, p.SecretKey(), []keyset.Key{key})
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}
