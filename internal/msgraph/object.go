package msgraph

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strings"
)

// Object is a JSON object whose members keep their order.
type Object []Member

// Member is a member of an object.
type Member struct {
	Name  string
	Value json.RawMessage
}

// ObjectOf returns the members of a value, which must be an object in JSON.
func ObjectOf(v any) (Object, error) {
	data, err := encode(v)
	if err != nil {
		return nil, err
	}
	rest, ok := bytes.CutPrefix(data, []byte("{"))
	if !ok {
		return nil, errNoObject
	}
	object := make(Object, 0, 16)
	// encoding/json wrote the text, so that it is valid and without blanks.
	for rest[0] == '"' {
		end := valueEnd(rest)
		m := Member{Name: string(rest[1 : end-1])}
		if strings.Contains(m.Name, `\`) {
			if err := json.Unmarshal(rest[:end], &m.Name); err != nil {
				return nil, err
			}
		}
		rest = rest[end+1:]
		end = valueEnd(rest)
		m.Value = rest[:end:end]
		object = append(object, m)
		rest = rest[end+1:]
	}
	return object, nil
}

var errNoObject = errors.New("the value is no object in JSON")

// valueEnd is where the first value of a valid JSON text ends, which goes on with a comma,
// a colon or a closing bracket.
func valueEnd(text []byte) int {
	depth, quoted := 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case depth == 0 && (c == ',' || c == ':' || c == '}' || c == ']'):
			return i
		case c == '{' || c == '[':
			depth++
		case c == '}' || c == ']':
			depth--
		}
	}
	return len(text)
}

// MarshalJSON implements json.Marshaler.
func (o Object) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, m := range o {
		if i > 0 {
			b.WriteByte(',')
		}
		name, err := encode(m.Name)
		if err != nil {
			return nil, err
		}
		b.Write(bytes.TrimSpace(name))
		b.WriteByte(':')
		b.Write(m.Value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// With returns the object with a member: in its place if there is one of the name, else
// at the end.
func (o Object) With(name string, v any) (Object, error) {
	data, err := encode(v)
	if err != nil {
		return nil, err
	}
	m := Member{Name: name, Value: bytes.TrimSpace(data)}
	out := slices.Clone(o)
	if i := slices.IndexFunc(o, func(have Member) bool { return have.Name == name }); i >= 0 {
		out[i] = m
		return out, nil
	}
	return append(out, m), nil
}

// Select returns the members that are named, by comma and without regard to case, in
// their own order; no names, and *, select all.
func (o Object) Select(names string) Object {
	if names = strings.TrimSpace(names); names == "" || names == "*" {
		return o
	}
	out := Object{}
	for _, m := range o {
		if Selects(names, m.Name) {
			out = append(out, m)
		}
	}
	return out
}

// Selects reports whether a list of names by comma has a name, without regard to case.
func Selects(names, name string) bool {
	for selected := range strings.SplitSeq(names, ",") {
		if strings.EqualFold(strings.TrimSpace(selected), name) {
			return true
		}
	}
	return false
}

// Select returns the members of a value that $select names, all without $select.
func (q *Request) Select(v any) (Object, error) {
	object, err := ObjectOf(v)
	return object.Select(q.Option("$select")), err
}

// SelectEach is Select for a list.
func SelectEach[T any](q *Request, list []T) ([]Object, error) {
	out := make([]Object, 0, len(list))
	for _, v := range list {
		object, err := q.Select(v)
		if err != nil {
			return nil, err
		}
		out = append(out, object)
	}
	return out, nil
}

// MarshalOpen writes an object that has members of a known shape and others of any: the
// known ones first, then the others by name. A known one hides another of its name.
func MarshalOpen(known any, others map[string]any) ([]byte, error) {
	data, err := encode(known)
	if err != nil || len(others) == 0 {
		return data, err
	}
	visible := make(map[string]any, len(others))
	for name, v := range others {
		if !bytes.Contains(data, []byte(`"`+name+`":`)) {
			visible[name] = v
			continue
		}
		// A member of that name is there, maybe inside another.
		object, err := ObjectOf(known)
		if err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(object, func(m Member) bool { return m.Name == name }) {
			visible[name] = v
		}
	}
	more, err := encode(visible)
	if err != nil || len(visible) == 0 {
		return data, err
	}
	return slices.Concat(bytes.TrimSuffix(data, []byte("}\n")), []byte(","), more[1:]), nil
}
