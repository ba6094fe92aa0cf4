package claims

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// DataType is the declared type of a claim.
type DataType uint8

// The data types of the schema, in the order of claims-and-transformations §1.2.
const (
	String DataType = iota + 1
	Boolean
	Date
	DateTime
	Duration
	Int
	Long
	StringCollection
	PhoneNumber
	UserIdentity
	UserIdentityCollection
	AlternativeSecurityIDCollection
	ObjectIdentity
	ObjectIdentityCollection
)

var dataTypeNames = [...]string{
	String: "string", Boolean: "boolean", Date: "date", DateTime: "dateTime", Duration: "duration",
	Int: "int", Long: "long", StringCollection: "stringCollection", PhoneNumber: "phoneNumber",
	UserIdentity: "userIdentity", UserIdentityCollection: "userIdentityCollection",
	AlternativeSecurityIDCollection: "alternativeSecurityIdCollection",
	ObjectIdentity:                  "objectIdentity", ObjectIdentityCollection: "objectIdentityCollection",
}

// String returns the name in policies.
func (t DataType) String() string {
	if int(t) < len(dataTypeNames) && dataTypeNames[t] != "" {
		return dataTypeNames[t]
	}
	return "DataType(" + strconv.Itoa(int(t)) + ")"
}

// ParseDataType finds a data type by name, ignoring case.
func ParseDataType(name string) (DataType, bool) {
	for t, n := range dataTypeNames {
		if n != "" && strings.EqualFold(n, name) {
			return DataType(t), true
		}
	}
	return 0, false
}

// Identity is an account at an issuer: a userIdentity, or an item of an
// alternativeSecurityIdCollection. IssuerUserID is plain, never base64.
type Identity struct {
	Issuer       string `json:"issuer"`
	IssuerUserID string `json:"issuerUserId"`
}

// Value is an immutable claim value. The zero Value is no value: absent or null.
type Value struct {
	kind  DataType
	text  string    // String, PhoneNumber, Duration
	num   int64     // Boolean (0, 1), Int, Long
	when  time.Time // Date, DateTime; UTC
	items []string
	ids   []Identity
}

// Text makes a string value.
func Text(s string) Value { return Value{kind: String, text: s} }

// Bool makes a boolean value.
func Bool(b bool) Value {
	v := Value{kind: Boolean}
	if b {
		v.num = 1
	}
	return v
}

// Integer makes an int value.
func Integer(n int32) Value { return Value{kind: Int, num: int64(n)} }

// LongInteger makes a long value.
func LongInteger(n int64) Value { return Value{kind: Long, num: n} }

// Instant makes a dateTime value, kept in UTC with 100 ns resolution.
func Instant(t time.Time) Value { return Value{kind: DateTime, when: t.UTC().Truncate(100)} }

// Day makes a date value from the UTC day of t.
func Day(t time.Time) Value {
	y, m, d := t.UTC().Date()
	return Value{kind: Date, when: time.Date(y, m, d, 0, 0, 0, 0, time.UTC)}
}

// Phone makes a phoneNumber value from an E.164 text.
func Phone(e164 string) Value { return Value{kind: PhoneNumber, text: e164} }

// Collection makes a stringCollection value; the items are copied.
func Collection(items ...string) Value {
	return Value{kind: StringCollection, items: append([]string{}, items...)}
}

// UserIdentityOf makes a userIdentity value.
func UserIdentityOf(id Identity) Value { return Value{kind: UserIdentity, ids: []Identity{id}} }

// Identities makes a userIdentityCollection or alternativeSecurityIdCollection.
func Identities(t DataType, ids ...Identity) Value {
	return Value{kind: t, ids: append([]Identity{}, ids...)}
}

// Type returns the value's data type; 0 for no value.
func (v Value) Type() DataType { return v.kind }

// Exists reports whether there is a value, even an empty one.
func (v Value) Exists() bool { return v.kind != 0 }

// Empty reports whether there is no value, an empty text or an empty collection.
func (v Value) Empty() bool {
	switch v.kind {
	case 0:
		return true
	case String, PhoneNumber, Duration:
		return v.text == ""
	case StringCollection:
		return len(v.items) == 0
	case UserIdentity, UserIdentityCollection, AlternativeSecurityIDCollection, ObjectIdentity, ObjectIdentityCollection:
		return len(v.ids) == 0
	}
	return false
}

// True reports whether the value is the boolean true.
func (v Value) True() bool { return v.kind == Boolean && v.num == 1 }

// Number returns an int's, long's or boolean's number.
func (v Value) Number() int64 { return v.num }

// Time returns a date's or dateTime's instant.
func (v Value) Time() time.Time { return v.when }

// Items returns a copy of a stringCollection's items.
func (v Value) Items() []string { return append([]string{}, v.items...) }

// IdentityItems returns a copy of the identities of an identity-typed value.
func (v Value) IdentityItems() []Identity { return append([]Identity{}, v.ids...) }

// DateTimeLayout is B2C's text form of a dateTime: seven fraction digits, always.
const DateTimeLayout = "2006-01-02T15:04:05.0000000Z"

// String returns the text of the value for comparisons in policies: booleans are "True" and "False",
// dateTimes have seven fraction digits. Source: claims-and-transformations §1.2 [D].
func (v Value) String() string {
	switch v.kind {
	case String, PhoneNumber, Duration:
		return v.text
	case Boolean:
		if v.num == 1 {
			return "True"
		}
		return "False"
	case Int, Long:
		return strconv.FormatInt(v.num, 10)
	case Date:
		return v.when.Format(time.DateOnly)
	case DateTime:
		return v.when.Format(DateTimeLayout)
	case StringCollection:
		b, _ := json.Marshal(v.Items())
		return string(b)
	case 0:
		return ""
	}
	b, _ := json.Marshal(v.written())
	return string(b)
}

// GoString keeps claim values out of logs: it gives only the type.
func (v Value) GoString() string { return "claims.Value(" + v.kind.String() + ")" }

// ErrFormat is the cause of every failed conversion. Error texts contain types, never values.
var ErrFormat = errors.New("input was not in a correct format")

func formatError(t DataType) error { return fmt.Errorf("%w for data type %s", ErrFormat, t) }

// Parse reads the text form of a type like .NET: it ignores blanks around numbers and booleans, accepts true
// and false in any case, 1 and 0 as booleans, and reads a dateTime without offset as UTC.
func Parse(t DataType, text string) (Value, error) {
	switch t {
	case String, Duration:
		return Value{kind: t, text: text}, nil
	case PhoneNumber:
		return Phone(strings.TrimSpace(text)), nil
	case Boolean:
		switch s := strings.TrimSpace(text); {
		case strings.EqualFold(s, "true"), s == "1":
			return Bool(true), nil
		case strings.EqualFold(s, "false"), s == "0":
			return Bool(false), nil
		}
	case Int:
		if n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 32); err == nil {
			return Integer(int32(n)), nil
		}
	case Long:
		if n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64); err == nil {
			return LongInteger(n), nil
		}
	case Date:
		if at, err := ParseTime(text); err == nil {
			return Day(at), nil
		}
	case DateTime:
		if at, err := ParseTime(text); err == nil {
			return Instant(at), nil
		}
	case StringCollection:
		var items []string
		if strings.HasPrefix(strings.TrimSpace(text), "[") && json.Unmarshal([]byte(text), &items) == nil {
			return Collection(items...), nil
		}
		if text == "" {
			return Collection(), nil // DefaultValue="" gives an empty collection, as it gives an empty text [I]
		}
		// A single text becomes a collection of one (§1.2, our choice [I]).
		return Collection(text), nil
	case UserIdentity, ObjectIdentity:
		var id Identity
		if json.Unmarshal([]byte(text), &id) == nil && id.Issuer != "" {
			return Value{kind: t, ids: []Identity{id}}, nil
		}
	case UserIdentityCollection, AlternativeSecurityIDCollection, ObjectIdentityCollection:
		var items []any
		if json.Unmarshal([]byte(text), &items) == nil && items != nil {
			return fromArray(t, items)
		}
	}
	return Value{}, formatError(t)
}

var timeLayouts = [...]string{
	time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05.999999999Z07:00",
	"2006-01-02 15:04:05.999999999", "2006-01-02T15:04Z07:00", "2006-01-02T15:04", time.DateOnly,
}

// ParseTime reads an ISO 8601 date or date-time; without offset it is UTC
// (claims-and-transformations §6.38).
func ParseTime(text string) (time.Time, error) {
	text = strings.TrimSpace(text)
	for _, layout := range timeLayouts {
		if at, err := time.Parse(layout, text); err == nil {
			return at.UTC(), nil
		}
	}
	return time.Time{}, formatError(DateTime)
}

// Convert converts a value to another type if nothing is lost. A value of that type and no value stay
// unchanged.
func (v Value) Convert(t DataType) (Value, error) {
	switch {
	case v.kind == t || v.kind == 0:
		return v, nil
	case v.kind == Date && t == DateTime:
		return Instant(v.when), nil
	case v.kind == StringCollection && t == String && len(v.items) == 1:
		return Text(v.items[0]), nil
	}
	return Parse(t, v.String())
}
