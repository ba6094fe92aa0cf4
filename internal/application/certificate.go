package application

import (
	"bytes"
	"crypto/rsa"
	"crypto/sha1" //nolint:gosec // the name of a certificate in x5t, not a proof
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"slices"
	"strings"
	"time"

	"journeyman.dev/internal/refusal"

	"github.com/google/uuid"
)

// Certificate identifies a client. The client signs with the private key, which it never sends; the public
// key of the certificate checks the signature (Graph's keyCredentials).
type Certificate struct {
	KeyID       string    `json:"keyId"`
	DisplayName string    `json:"displayName,omitempty"`
	Identifier  []byte    `json:"identifier,omitempty"` // Graph's customKeyIdentifier; the SHA-1 thumbprint unless given
	Start       time.Time `json:"start"`
	End         time.Time `json:"end"` // never after the certificate's own
	DER         []byte    `json:"der"`
}

// maxCertificates limits the certificates that one assertion may be checked against [I].
const maxCertificates = 20

// Sizes of RSA keys in bits. Smaller keys can be broken, larger ones cost too much to check.
const minKeyBits, maxKeyBits = 2048, 8192

// NewCertificate reads a certificate in DER or PEM. It refuses a private key beside it, so that the sender
// learns of the leak.
func NewCertificate(displayName string, data []byte) (Certificate, error) {
	if bytes.Contains(data, []byte("PRIVATE KEY-----")) {
		return Certificate{}, refusal.Because(ErrInvalid, "the key credential holds a private key; send the certificate alone")
	}
	if block, rest := pem.Decode(data); block != nil {
		if block.Type != "CERTIFICATE" || len(bytes.TrimSpace(rest)) > 0 {
			return Certificate{}, refusal.Because(ErrInvalid, "the key credential must hold one certificate")
		}
		data = block.Bytes
	}
	parsed, err := x509.ParseCertificate(data)
	if err != nil {
		return Certificate{}, refusal.Because(ErrInvalid, "the key credential is no X.509 certificate")
	}
	public, ok := parsed.PublicKey.(*rsa.PublicKey)
	if !ok || public.N.BitLen() < minKeyBits || public.N.BitLen() > maxKeyBits {
		return Certificate{}, refusal.Because(ErrInvalid, "the certificate must have an RSA key of %d to %d bits", minKeyBits, maxKeyBits)
	}
	sum := sha1.Sum(data) //nolint:gosec // as above
	return Certificate{
		KeyID: uuid.NewString(), DisplayName: displayName, Identifier: sum[:], Start: parsed.NotBefore.UTC(), End: parsed.NotAfter.UTC(), DER: data,
	}, nil
}

// Valid reports whether the certificate may be used at a time.
func (c *Certificate) Valid(now time.Time) bool { return !now.Before(c.Start) && now.Before(c.End) }

// publicKey returns the key of a stored certificate; nil if it can't be read.
func (c *Certificate) publicKey() *rsa.PublicKey {
	parsed, err := x509.ParseCertificate(c.DER)
	if err != nil {
		return nil
	}
	public, _ := parsed.PublicKey.(*rsa.PublicKey)
	return public
}

// named reports whether a kid names the certificate: by keyId, or by thumbprint in the forms of Microsoft's
// libraries (hexadecimal, base64url; SHA-1 or SHA-256).
func (c *Certificate) named(kid string) bool {
	one, two := sha1.Sum(c.DER), sha256.Sum256(c.DER) //nolint:gosec // as above
	return strings.EqualFold(kid, c.KeyID) || strings.EqualFold(kid, hex.EncodeToString(one[:])) || strings.EqualFold(kid, hex.EncodeToString(two[:])) ||
		thumbprint(kid, one[:]) || thumbprint(kid, two[:])
}

// thumbprint compares a base64url text, padded or not, with a hash.
func thumbprint(text string, sum []byte) bool {
	return strings.TrimRight(text, "=") == base64.RawURLEncoding.EncodeToString(sum)
}

// checkCertificates reports the fault of the certificates as a whole.
func (a *Application) checkCertificates() error {
	if len(a.Certificates) > maxCertificates {
		return refusal.Because(ErrInvalid, "more than %d key credentials", maxCertificates)
	}
	for i, c := range a.Certificates {
		if slices.ContainsFunc(a.Certificates[:i], func(other Certificate) bool { return strings.EqualFold(other.KeyID, c.KeyID) }) {
			return refusal.Because(ErrInvalid, "two key credentials have the keyId %s", c.KeyID)
		}
		if !c.End.After(c.Start) {
			return refusal.Because(ErrInvalid, "the end of a key credential is not after its start")
		}
	}
	return nil
}
