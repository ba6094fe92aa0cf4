package msgraph

import (
	"bytes"
	"encoding/json"
	"maps"
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
	dec := json.NewDecoder(bytes.NewReader(data))
	if _, err := dec.Token(); err != nil {
		return nil, err
	}
	object := Object{}
	for dec.More() {
		var m Member
		name, err := dec.Token()
		if err != nil {
			return nil, err
		}
		m.Name, _ = name.(string)
		if err := dec.Decode(&m.Value); err != nil {
			return nil, err
		}
		object = append(object, m)
	}
	return object, nil
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
	if len(others) == 0 {
		return encode(known)
	}
	object, err := ObjectOf(known)
	if err != nil {
		return nil, err
	}
	all := object
	for _, name := range slices.Sorted(maps.Keys(others)) {
		if slices.ContainsFunc(object, func(m Member) bool { return m.Name == name }) {
			continue
		}
		if all, err = all.With(name, others[name]); err != nil {
			return nil, err
		}
	}
	return all.MarshalJSON()
}
