package msgraph

import (
	"bytes"
	"encoding/json"
	"net/http"
	"time"
)

// SetHeader sets a header of the answer.
func (q *Request) SetHeader(name, value string) { q.w.Header().Set(name, value) }

// Write answers with the members of v, which must be an object in JSON. context is the
// fragment of its @odata.context, "" for none.
func (q *Request) Write(status int, context string, v any) error {
	body, err := encode(v)
	if err != nil {
		return err
	}
	if context != "" {
		if body, err = withContext(body, q.Base()+"/$metadata#"+context); err != nil {
			return err
		}
	}
	q.SetHeader("Content-Type", "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8")
	q.w.WriteHeader(status)
	_, _ = q.w.Write(body)
	return nil
}

// WriteCreated answers with a new resource; path is its address below the version.
func (q *Request) WriteCreated(path, context string, v any) error {
	q.SetHeader("Location", q.Base()+"/"+path)
	return q.Write(http.StatusCreated, context, v)
}

// WriteNothing answers that the change was made.
func (q *Request) WriteNothing() error {
	q.w.WriteHeader(http.StatusNoContent)
	return nil
}

// WriteFile answers with something that isn't JSON.
func (q *Request) WriteFile(status int, contentType string, data []byte) error {
	q.SetHeader("Content-Type", contentType)
	q.w.WriteHeader(status)
	_, _ = q.w.Write(data)
	return nil
}

// page is a list, or a part of one.
type page[T any] struct {
	Value []T    `json:"value"`
	Next  string `json:"@odata.nextLink,omitempty"`
}

// WriteList answers with a list; nil is an empty one.
func WriteList[T any](q *Request, context string, list []T) error {
	return WritePage(q, context, list, "")
}

// WritePage answers with a part of a list; next is the token of the following part, ""
// for the last.
func WritePage[T any](q *Request, context string, list []T, next string) error {
	body := page[T]{Value: list}
	if list == nil {
		body.Value = []T{}
	}
	if next != "" {
		body.Next = q.link(next)
	}
	return q.Write(http.StatusOK, context, body)
}

// encode writes JSON with a line's end, and with <, > and & as they are.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return b.Bytes(), err
}

// withContext puts an @odata.context before the other members of an object.
func withContext(object []byte, context string) ([]byte, error) {
	if object[0] != '{' {
		return nil, errNoObject
	}
	value, err := encode(context)
	if err != nil {
		return nil, err
	}
	head := append([]byte(`{"@odata.context":`), bytes.TrimSpace(value)...)
	if object[1] != '}' {
		head = append(head, ',')
	}
	return append(head, object[1:]...), nil
}

// Time is an instant as Graph writes it: UTC, in whole seconds.
type Time time.Time

// MarshalJSON implements json.Marshaler.
func (t Time) MarshalJSON() ([]byte, error) {
	return []byte(`"` + time.Time(t).UTC().Format(time.RFC3339) + `"`), nil
}

// TimeOrNull is nil for no time.
func TimeOrNull(t time.Time) *Time {
	if t.IsZero() {
		return nil
	}
	at := Time(t)
	return &at
}

// OrNull is nil for an empty text.
func OrNull(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// OrEmpty is a list that is never null.
func OrEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
