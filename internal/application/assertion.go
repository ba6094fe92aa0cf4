package application

import (
	"context"
	"crypto/sha1" //nolint:gosec // the name of a certificate in x5t, not a proof
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// AssertionType is the only client_assertion_type (RFC 7523 §2.2).
const AssertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

// AssertionAlgorithms are the allowed signature algorithms of assertions.
var AssertionAlgorithms = []string{string(jose.RS256), string(jose.PS256)}

const (
	// assertionSkew is the tolerated error of a client's clock.
	assertionSkew = 5 * time.Minute
	// maxAssertionLife limits the validity of an assertion, so that a stolen copy soon becomes worthless.
	// Microsoft's libraries use ten minutes.
	maxAssertionLife = time.Hour
	maxAssertion     = 16 << 10
	maxAssertionID   = 255
)

// AssertionFault is a kind of fault of an assertion.
type AssertionFault int

// The faults.
const (
	AssertionMalformed AssertionFault = iota
	AssertionUnknownKey
	AssertionKeyExpired
	AssertionSignature
	AssertionClient
	AssertionAudience
	AssertionTime
	AssertionReplayed
)

// AssertionError is a refused assertion. The client may see the text.
type AssertionError struct {
	Fault AssertionFault
	Text  string
}

func (e *AssertionError) Error() string { return e.Text }

func refuse(fault AssertionFault, text string) error { return &AssertionError{fault, text} }

// ErrSpent means that an assertion was used before.
var ErrSpent = errors.New("assertion was used before")

// Assertions makes assertions single-use over all nodes.
type Assertions interface {
	// SpendAssertion records the use of an assertion durably; ErrSpent if it was used before.
	SpendAssertion(ctx context.Context, id string, expires time.Time) error
}

// ClientOfAssertion returns the client that an assertion names, unchecked, or "" if it names none. A request
// with an assertion may omit client_id (RFC 7521 §4.2).
func ClientOfAssertion(text string) string {
	var named jwt.Claims
	parsed, err := parseAssertion(text)
	if err != nil || parsed.UnsafeClaimsWithoutVerification(&named) != nil {
		return ""
	}
	return named.Subject
}

func parseAssertion(text string) (*jwt.JSONWebToken, error) {
	if len(text) > maxAssertion {
		return nil, errors.New("too long")
	}
	return jwt.ParseSigned(text, []jose.SignatureAlgorithm{jose.RS256, jose.PS256})
}

// Authenticate checks a client's assertion (RFC 7523 §3). It must be signed with a certificate of the
// application, name the application and an audience of this server, be valid now, and be used only once.
// Authenticate returns the key id of the certificate. The error is an *AssertionError, or the store's.
//
// Microsoft's libraries make one assertion and send it with every request for ten minutes. Such an assertion
// names its certificate by thumbprint in its signed header, and may be used until it expires. Other
// assertions follow RFC 7523 and OpenID Connect, and are valid for one request.
func (a *Application) Authenticate(ctx context.Context, text string, audience func(string) bool, now time.Time, store Assertions) (keyID string, err error) {
	parsed, err := parseAssertion(text)
	if err != nil || len(parsed.Headers) != 1 {
		return "", refuse(AssertionMalformed, "it must be one JWT that is signed with RS256 or PS256")
	}
	certificates, byThumbprint := a.namedBy(parsed.Headers[0])
	if len(certificates) == 0 {
		return "", refuse(AssertionUnknownKey, "the certificate that it names is not registered with the application")
	}
	certificates = slices.DeleteFunc(certificates, func(c Certificate) bool { return !c.Valid(now) })
	if len(certificates) == 0 {
		return "", refuse(AssertionKeyExpired, "the certificate that it is signed with has expired or is not valid yet")
	}
	var got jwt.Claims
	signer := slices.IndexFunc(certificates, func(c Certificate) bool {
		key := c.publicKey()
		got = jwt.Claims{}
		return key != nil && parsed.Claims(key, &got) == nil
	})
	if signer < 0 {
		return "", refuse(AssertionSignature, "its signature does not fit the certificate")
	}
	if err := a.checkAssertion(got, audience, now); err != nil {
		return "", err
	}
	keyID = certificates[signer].KeyID
	if byThumbprint {
		return keyID, nil
	}
	sum := sha256.Sum256([]byte(strings.ToLower(a.AppID) + "\n" + got.ID))
	err = store.SpendAssertion(ctx, hex.EncodeToString(sum[:]), got.Expiry.Time().Add(assertionSkew))
	if errors.Is(err, ErrSpent) {
		err = refuse(AssertionReplayed, "it was used before; each request needs one with a jti of its own")
	}
	return keyID, err
}

// namedBy returns the certificates that a header may refer to: all, if it names none.
func (a *Application) namedBy(h jose.Header) (list []Certificate, byThumbprint bool) {
	one, hasOne := h.ExtraHeaders["x5t"].(string)
	two, hasTwo := h.ExtraHeaders["x5t#S256"].(string)
	for _, c := range a.Certificates {
		if hasOne {
			if sum := sha1.Sum(c.DER); !thumbprint(one, sum[:]) { //nolint:gosec // as above
				continue
			}
		}
		if hasTwo {
			if sum := sha256.Sum256(c.DER); !thumbprint(two, sum[:]) {
				continue
			}
		}
		if !hasOne && !hasTwo && h.KeyID != "" && !c.named(h.KeyID) {
			continue
		}
		list = append(list, c)
	}
	return list, hasOne || hasTwo
}

func (a *Application) checkAssertion(got jwt.Claims, audience func(string) bool, now time.Time) error {
	switch {
	case !strings.EqualFold(got.Issuer, a.AppID), !strings.EqualFold(got.Subject, a.AppID):
		return refuse(AssertionClient, "its iss and sub must be the client id")
	case !slices.ContainsFunc(got.Audience, audience):
		return refuse(AssertionAudience, "its aud must be the address of the token endpoint, or the issuer")
	case got.Expiry == nil:
		return refuse(AssertionTime, "it has no exp")
	case !now.Before(got.Expiry.Time().Add(assertionSkew)):
		return refuse(AssertionTime, "it has expired")
	case got.Expiry.Time().After(now.Add(maxAssertionLife + assertionSkew)):
		return refuse(AssertionTime, "its exp is more than an hour ahead")
	case got.NotBefore != nil && got.NotBefore.Time().After(now.Add(assertionSkew)), got.IssuedAt != nil && got.IssuedAt.Time().After(now.Add(assertionSkew)):
		return refuse(AssertionTime, "it is not valid yet")
	case got.ID == "" || len(got.ID) > maxAssertionID:
		return refuse(AssertionMalformed, "it must have a jti of at most 255 characters")
	}
	return nil
}
