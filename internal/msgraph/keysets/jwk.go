package keysets

import (
	"encoding/base64"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"

	"journeyman.dev/internal/keyset"
)

// readJWKs reads keys in JWK form.
func readJWKs(list []json.RawMessage) ([]keyset.Key, error) {
	var keys []keyset.Key
	for _, raw := range list {
		var head struct {
			KID string `json:"kid"`
			Kty string `json:"kty"`
			Use string `json:"use"`
			K   string `json:"k"`
			dates
		}
		if err := json.Unmarshal(raw, &head); err != nil {
			return nil, &keyset.Fault{Code: "AADB2C95026", Text: "A key is no valid JSON Web Key."}
		}
		if head.KID != "" {
			return nil, &keyset.Fault{Code: "AADB2C95059", Text: "A key must not have a kid: the service gives one."}
		}
		var k keyset.Key
		switch strings.ToUpper(head.Kty) {
		case "":
			return nil, &keyset.Fault{Code: "AADB2C95030", Text: "A key has no kty."}
		case "OCT":
			secret, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(head.K, "="))
			if err != nil || len(secret) == 0 {
				return nil, &keyset.Fault{Code: "AADB2C95029", Text: "The k of a key is not in base64url."}
			}
			k = keyset.NewSecret(head.Use, secret)
		case "RSA":
			var jwk jose.JSONWebKey
			if err := jwk.UnmarshalJSON(raw); err != nil {
				return nil, &keyset.Fault{Code: "AADB2C95026", Text: "A key is no valid JSON Web Key."}
			}
			var err error
			if k, err = keyset.FromRSA(head.Use, jwk.Key); err != nil {
				return nil, err
			}
		default:
			return nil, &keyset.Fault{Code: "AADB2C95031", Text: "The kty of a key must be RSA or oct."}
		}
		if err := head.apply(&k); err != nil {
			return nil, err
		}
		keys = append(keys, k)
	}
	for i := range keys {
		if keys[i].Kind != keys[0].Kind {
			return nil, &keyset.Fault{Code: "AADB2C95032", Text: "A key set can't hold keys of different types."}
		}
	}
	return keys, nil
}

// dates are nbf and exp: seconds since 1970 as number or text.
type dates struct {
	NotBefore any `json:"nbf"`
	Expires   any `json:"exp"`
}

func (d dates) apply(k *keyset.Key) error {
	for _, x := range []struct {
		raw any
		to  *time.Time
	}{{d.NotBefore, &k.NotBefore}, {d.Expires, &k.Expires}} {
		switch v := x.raw.(type) {
		case nil:
		case float64:
			*x.to = time.Unix(int64(v), 0).UTC()
		case string:
			if v == "" {
				continue
			}
			n, err := strconv.ParseInt(v, 10, 64)
			if err != nil {
				return &keyset.Fault{Code: "AADB2C95026", Text: "nbf and exp are seconds since 1970."}
			}
			*x.to = time.Unix(n, 0).UTC()
		default:
			return &keyset.Fault{Code: "AADB2C95026", Text: "nbf and exp are seconds since 1970."}
		}
	}
	return nil
}
