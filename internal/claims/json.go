package claims

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// FromJSON converts a decoded JSON value (from a decoder with UseNumber) to a claim. JSON null gives no
// value. Strings, numbers and booleans are converted without loss; a scalar for a collection becomes one
// item; objects and arrays for a string become compact JSON text. Sources: rest-and-connectors §2.2, §2.4.8
// [N]; claims-and-transformations §1.2 [I].
func FromJSON(t DataType, raw any) (Value, error) {
	switch x := raw.(type) {
	case nil:
		return Value{}, nil
	case string:
		return Parse(t, x)
	case bool:
		if t == Boolean {
			return Bool(x), nil
		}
		return Parse(t, strconv.FormatBool(x))
	case json.Number:
		return fromNumber(t, x.String())
	case float64:
		return fromNumber(t, strconv.FormatFloat(x, 'f', -1, 64))
	case int64:
		return fromNumber(t, strconv.FormatInt(x, 10))
	case []any:
		return fromArray(t, x)
	case map[string]any:
		if t == String {
			return compact(x)
		}
		if t == StringCollection {
			one, err := compact(x)
			if err != nil {
				return Value{}, err
			}
			return Collection(one.text), nil
		}
		if t == UserIdentity || t == ObjectIdentity {
			id, err := identity(x)
			if err != nil {
				return Value{}, err
			}
			return Value{kind: t, ids: []Identity{id}}, nil
		}
	}
	return Value{}, formatError(t)
}

func fromNumber(t DataType, digits string) (Value, error) {
	switch t {
	case Date, DateTime:
		// Unix seconds, the form in our own tokens.
		n, err := strconv.ParseInt(digits, 10, 64)
		at := time.Unix(n, 0).UTC()
		if err != nil || at.Year() < 1 || at.Year() > 9999 {
			return Value{}, formatError(t) // the text of such a date couldn't be read again
		}
		if t == Date {
			return Day(at), nil
		}
		return Instant(at), nil
	}
	return Parse(t, digits)
}

func fromArray(t DataType, items []any) (Value, error) {
	switch t {
	case StringCollection:
		// An empty array is no value: B2C failed to issue tokens with one (rest-and-connectors §2.4.8 [I
		// 55126]).
		if len(items) == 0 {
			return Value{}, nil
		}
		texts := make([]string, 0, len(items))
		for _, item := range items {
			v, err := FromJSON(String, item)
			if err != nil {
				return Value{}, err
			}
			texts = append(texts, v.text)
		}
		return Collection(texts...), nil
	case String:
		return compact(items)
	case UserIdentityCollection, AlternativeSecurityIDCollection, ObjectIdentityCollection:
		ids := make([]Identity, 0, len(items))
		for _, item := range items {
			object, ok := item.(map[string]any)
			if !ok {
				return Value{}, formatError(t)
			}
			read := identity
			if t == AlternativeSecurityIDCollection {
				read = alternativeSecurityID
			}
			id, err := read(object)
			if err != nil {
				return Value{}, err
			}
			ids = append(ids, id)
		}
		return Value{kind: t, ids: ids}, nil
	}
	return Value{}, formatError(t)
}

func identity(object map[string]any) (Identity, error) {
	issuer, ok1 := object["issuer"].(string)
	user, ok2 := object["issuerUserId"].(string)
	if !ok1 || !ok2 {
		return Identity{}, formatError(UserIdentity)
	}
	return Identity{Issuer: issuer, IssuerUserID: user}, nil
}

// alternativeSecurityID reads an item of an alternativeSecurityIdCollection in either form of
// claims-and-transformations §2.9, with the id in base64. It also accepts a plain id, because APIs may send
// it.
func alternativeSecurityID(object map[string]any) (Identity, error) {
	if provider, ok := object["identityProvider"].(string); ok {
		object = map[string]any{"issuer": provider, "issuerUserId": object["key"]}
	}
	id, err := identity(object)
	if err != nil {
		return id, err
	}
	if plain, err := base64.StdEncoding.DecodeString(id.IssuerUserID); err == nil && utf8.Valid(plain) {
		id.IssuerUserID = string(plain)
	}
	return id, nil
}

// written returns the identities in the form of texts and JSON: in an alternativeSecurityIdCollection the id
// is in base64 (claims-and-transformations §2.9 [D]).
func (v Value) written() []Identity {
	ids := v.IdentityItems()
	if v.kind == AlternativeSecurityIDCollection {
		for i := range ids {
			ids[i].IssuerUserID = base64.StdEncoding.EncodeToString([]byte(ids[i].IssuerUserID))
		}
	}
	return ids
}

func compact(x any) (Value, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(x); err != nil {
		return Value{}, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	return Text(strings.TrimSuffix(b.String(), "\n")), nil
}

// JSON returns the value in the form of REST bodies: booleans and numbers unquoted, dates as ISO text,
// collections as arrays (rest-and-connectors §2.2).
func (v Value) JSON() any {
	switch v.kind {
	case 0:
		return nil
	case Boolean:
		return v.num == 1
	case Int, Long:
		return v.num
	case StringCollection:
		return v.Items()
	case UserIdentity, ObjectIdentity:
		return v.ids[0]
	case UserIdentityCollection, AlternativeSecurityIDCollection, ObjectIdentityCollection:
		return v.written()
	}
	return v.String()
}

// TokenJSON returns the value in the form of tokens: like JSON, but a dateTime is a number of seconds since
// 1970 (protocol §4.1 [D]).
func (v Value) TokenJSON() any {
	if v.kind == DateTime {
		return v.when.Unix()
	}
	return v.JSON()
}

type storedValue struct {
	Type  string     `json:"t"`
	Text  string     `json:"s,omitempty"`
	Num   int64      `json:"n,omitempty"`
	Items []string   `json:"l,omitempty"`
	IDs   []Identity `json:"i,omitempty"`
}

// MarshalJSON writes the stored form of journeys, sessions and grants. It contains the type, so that reading
// gives an equal value.
func (v Value) MarshalJSON() ([]byte, error) {
	if v.kind == 0 {
		return []byte("null"), nil
	}
	s := storedValue{Type: v.kind.String(), Text: v.text, Num: v.num, Items: v.items, IDs: v.ids}
	if v.kind == Date || v.kind == DateTime {
		s.Text = v.when.Format(DateTimeLayout)
	}
	return json.Marshal(s)
}

// UnmarshalJSON reads the output of MarshalJSON.
func (v *Value) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		*v = Value{}
		return nil
	}
	var s storedValue
	if err := json.Unmarshal(b, &s); err != nil {
		return err
	}
	t, ok := ParseDataType(s.Type)
	if !ok {
		return fmt.Errorf("claims: stored value has unknown type %q", s.Type)
	}
	*v = Value{kind: t, text: s.Text, num: s.Num, items: s.Items, ids: s.IDs}
	if t == Date || t == DateTime {
		at, err := ParseTime(s.Text)
		if err != nil {
			return err
		}
		v.text, v.when = "", at
	}
	return nil
}
