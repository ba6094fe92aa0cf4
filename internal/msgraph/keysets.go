package msgraph

import (
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"

	"journeyman.dev/internal/keyset"
)

func keySetJSON(set *keyset.Set) map[string]any {
	keys := []keyset.JWK{}
	for i := range set.Keys {
		keys = append(keys, set.Keys[i].JWK())
	}
	return map[string]any{"id": set.ID, "keys": keys}
}

func (q *Request) listKeySets() error {
	value := []map[string]any{}
	for _, set := range q.s.Keys.List() {
		value = append(value, keySetJSON(set))
	}
	return q.Write(http.StatusOK, "trustFramework/keySets", map[string]any{"value": value})
}

// set finds the key set of the request. A missing one is a 400, which a tool tells
// from other errors (admin-surface §3).
func (q *Request) set() (*keyset.Set, error) {
	set, err := q.s.Keys.Get(q.Arg(0))
	if errors.Is(err, keyset.ErrNotFound) {
		return nil, NewError(http.StatusBadRequest, "AADB2C95024", "The key set '"+keyset.Name(q.Arg(0))+"' does not exist.")
	}
	return set, err
}

func (q *Request) getKeySet() error {
	set, err := q.set()
	if err != nil {
		return err
	}
	return q.Write(http.StatusOK, "trustFramework/keySets/$entity", keySetJSON(set))
}

func (q *Request) createKeySet() error {
	var in struct {
		ID   string            `json:"id"`
		Keys []json.RawMessage `json:"keys"`
	}
	if err := q.Read(&in); err != nil {
		return err
	}
	keys, err := readJWKs(in.Keys)
	if err != nil {
		return err
	}
	set, err := q.s.Keys.Create(q.Context(), in.ID, keys...)
	if err != nil {
		return err
	}
	q.SetHeader("Location", q.Base()+"/trustFramework/keySets('"+set.ID+"')")
	return q.Write(http.StatusCreated, "trustFramework/keySets/$entity", keySetJSON(set))
}

func (q *Request) replaceKeySet() error {
	if _, err := q.set(); err != nil {
		return err
	}
	var in struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := q.Read(&in); err != nil {
		return err
	}
	keys, err := readJWKs(in.Keys)
	if err != nil {
		return err
	}
	var set *keyset.Set
	replace := func() error {
		set, err = q.s.Keys.Replace(q.Context(), q.Arg(0), keys)
		return err
	}
	if len(keys) == 0 {
		err = q.unused(replace, q.Arg(0))
	} else {
		err = replace()
	}
	if err != nil {
		return err
	}
	return q.Write(http.StatusOK, "trustFramework/keySets/$entity", keySetJSON(set))
}

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

func (q *Request) deleteKeySet() error {
	set, err := q.set()
	if err != nil {
		return err
	}
	names := []string{set.ID}
	if backup := keyset.BackupName(set.ID); backup != "" {
		names = append(names, backup) // the copy takes the place of an older one
	}
	if err := q.unused(func() error { return q.s.Keys.Delete(q.Context(), set.ID) }, names...); err != nil {
		return err
	}
	return q.WriteNothing()
}

// unused takes keys away that no policy needs: B2C lets it be done, and sign-ins break
// (admin-surface §3.11).
func (q *Request) unused(remove func() error, names ...string) error {
	users, err := q.s.Policies.RemoveKey(q.Context(), names, remove)
	if err == nil && len(users) > 0 {
		return NewError(http.StatusBadRequest, "AADB2C", "The key set '"+keyset.Name(q.Arg(0))+"' is used by "+strings.Join(users, ", ")+
			". Remove it from these policies and user flows first.")
	}
	return err
}

// restoreKeySet puts the copy of a deleted set back. Graph has no such action.
func (q *Request) restoreKeySet() error {
	if _, err := q.set(); err != nil {
		return err
	}
	set, err := q.s.Keys.Restore(q.Context(), q.Arg(0))
	if err != nil {
		return err
	}
	return q.Write(http.StatusOK, "trustFramework/keySets/$entity", keySetJSON(set))
}

// keyJSON is a trustFrameworkKey_v2: a key with its status.
func keyJSON(k *keyset.Key) map[string]any {
	body := make(map[string]any)
	b, _ := json.Marshal(k.JWK())
	_ = json.Unmarshal(b, &body)
	body["status"] = "enabled"
	if k.Disabled {
		body["status"] = "disabled"
	}
	return body
}

func (q *Request) listKeys() error {
	set, err := q.set()
	if err != nil {
		return err
	}
	value := []map[string]any{}
	for i := range set.Keys {
		value = append(value, keyJSON(&set.Keys[i]))
	}
	return q.Write(http.StatusOK, "trustFramework/keySets('"+set.ID+"')/keys_v2", map[string]any{"value": value})
}

// key finds the key of the request.
func (q *Request) key() (*keyset.Set, *keyset.Key, error) {
	set, err := q.set()
	if err != nil {
		return nil, nil, err
	}
	k, err := set.Key(q.Arg(1))
	if errors.Is(err, keyset.ErrNoKey) {
		err = NotFound(q.Arg(1))
	}
	return set, k, err
}

func (q *Request) getKey() error {
	set, k, err := q.key()
	if err != nil {
		return err
	}
	return q.Write(http.StatusOK, "trustFramework/keySets('"+set.ID+"')/keys_v2/$entity", keyJSON(k))
}

// patchKey changes the status, the only member that can be changed.
func (q *Request) patchKey() error {
	set, k, err := q.key()
	if err != nil {
		return err
	}
	var in struct {
		Status *string `json:"status"`
	}
	if err := q.Read(&in); err != nil {
		return err
	}
	disabled := k.Disabled
	if in.Status != nil {
		switch strings.ToLower(*in.Status) {
		case "enabled":
			disabled = false
		case "disabled":
			disabled = true
		default:
			return BadRequest("status must be enabled or disabled.")
		}
	}
	if disabled != k.Disabled {
		if err := q.s.Keys.SetDisabled(q.Context(), set.ID, k.KID, disabled); err != nil {
			return err
		}
	}
	return q.WriteNothing()
}

func (q *Request) deleteKey() error {
	set, k, err := q.key()
	if err != nil {
		return err
	}
	remove := func() error { return q.s.Keys.RemoveKey(q.Context(), set.ID, k.KID) }
	if len(set.Keys) == 1 {
		err = q.unused(remove, set.ID)
	} else {
		err = remove()
	}
	if err != nil {
		return err
	}
	return q.WriteNothing()
}

func (q *Request) activeKey() error {
	set, err := q.set()
	if err != nil {
		return err
	}
	k, ok := set.Active(q.s.Now())
	if !ok {
		return NewError(http.StatusBadRequest, "AADB2C95024", "The key set has no active key.")
	}
	return q.writeKey(*k)
}

func (q *Request) writeKey(k keyset.Key) error {
	b, err := json.Marshal(k.JWK())
	if err != nil {
		return err
	}
	body := make(map[string]any)
	if err := json.Unmarshal(b, &body); err != nil {
		return err
	}
	return q.Write(http.StatusOK, "microsoft.graph.trustFrameworkKey", body)
}

// add appends a key to the request's set.
func (q *Request) add(k keyset.Key, d dates) error {
	if _, err := q.set(); err != nil {
		return err
	}
	if err := d.apply(&k); err != nil {
		return err
	}
	added, err := q.s.Keys.Add(q.Context(), q.Arg(0), k)
	if err != nil {
		return err
	}
	return q.writeKey(added)
}

func checkUse(use string) error {
	if use != "sig" && use != "enc" {
		return &keyset.Fault{Code: "AADB2C95026", Text: "use must be sig or enc."}
	}
	return nil
}

func (q *Request) generateKey() error {
	var in struct {
		Use string `json:"use"`
		Kty string `json:"kty"`
		dates
	}
	if err := q.Read(&in); err != nil {
		return err
	}
	if err := checkUse(in.Use); err != nil {
		return err
	}
	switch strings.ToUpper(in.Kty) {
	case "RSA":
		k, err := keyset.GenerateRSA(in.Use)
		if err != nil {
			return err
		}
		return q.add(k, in.dates)
	case "OCT":
		return q.add(keyset.NewSecret(in.Use, nil), in.dates)
	case "":
		return &keyset.Fault{Code: "AADB2C95030", Text: "The key has no kty."}
	}
	return &keyset.Fault{Code: "AADB2C95031", Text: "kty must be RSA or oct."}
}

func (q *Request) uploadSecret() error {
	var in struct {
		Use string `json:"use"`
		K   string `json:"k"`
		dates
	}
	if err := q.Read(&in); err != nil {
		return err
	}
	if err := checkUse(in.Use); err != nil {
		return err
	}
	if in.K == "" {
		return &keyset.Fault{Code: "AADB2C95029", Text: "k has no value."}
	}
	return q.add(keyset.NewSecret(in.Use, []byte(in.K)), in.dates)
}

func (q *Request) uploadCertificate() error {
	var in struct {
		Key string `json:"key"`
	}
	if err := q.Read(&in); err != nil {
		return err
	}
	der, err := base64.StdEncoding.DecodeString(strings.TrimSpace(in.Key))
	if err != nil {
		der = []byte(in.Key)
	}
	if block, _ := pem.Decode(der); block != nil {
		der = block.Bytes
	}
	k, err := keyset.FromCertificate(der)
	if err != nil {
		return err
	}
	return q.add(k, dates{})
}

func (q *Request) uploadPKCS12() error {
	var in struct {
		Key      string `json:"key"`
		Password string `json:"password"`
	}
	if err := q.Read(&in); err != nil {
		return err
	}
	data, err := base64.StdEncoding.DecodeString(strings.TrimSpace(in.Key))
	if err != nil {
		return &keyset.Fault{Code: "AADB2C95024", Text: "The PKCS #12 file is not in base64."}
	}
	k, err := keyset.FromPKCS12(data, in.Password)
	if err != nil {
		return err
	}
	return q.add(k, dates{})
}
