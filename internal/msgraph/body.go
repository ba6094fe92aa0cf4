package msgraph

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/tailscale/hujson"
)

// Read decodes a JSON body. The error is an *Error.
func (q *Request) Read(to any) error {
	body, err := q.ReadBody()
	if err != nil {
		return err
	}
	if err := json.Unmarshal(body, to); err != nil {
		var typeError *json.UnmarshalTypeError
		if errors.As(err, &typeError) {
			return BadRequest(fmt.Sprintf("The member '%s' has a value of the wrong type.", typeError.Field))
		}
		return BadRequest("The body is no valid JSON.")
	}
	return nil
}

// ReadOptional is Read for a body that may be left out.
func (q *Request) ReadOptional(to any) error {
	if q.ContentLength == 0 {
		return nil
	}
	return q.Read(to)
}

// ReadBody returns the request's body whole, without a byte order mark and trailing
// commas. The error is an *Error.
func (q *Request) ReadBody() ([]byte, error) {
	b, err := io.ReadAll(q.Body)
	if err != nil {
		return nil, BadRequest("The body is too large or could not be read.")
	}
	b = bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))
	if len(bytes.TrimSpace(b)) == 0 {
		return nil, BadRequest("The request has no body.")
	}
	return standardJSON(b), nil
}

// Merge puts the members of a body over those of to: members of objects one by one,
// lists whole. Unknown members are refused: a misspelt setting must not look as if it
// were set. The error is an *Error.
func Merge(body []byte, to any) error {
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.DisallowUnknownFields()
	err := dec.Decode(to)
	var typeError *json.UnmarshalTypeError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &typeError):
		return B2CBadRequest("The member '" + typeError.Field + "' has a value of the wrong type.")
	case strings.HasPrefix(err.Error(), "json: unknown field "):
		// encoding/json has no type for this error.
		return B2CBadRequest("There is no setting " + strings.TrimPrefix(err.Error(), "json: unknown field ") + ".")
	}
	return BadRequest("The body is no valid JSON.")
}

// Exact decodes a value whose numbers keep all their digits, as json.Number; nil if it
// can't be read.
func Exact(raw []byte) (v any) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if d.Decode(&v) != nil {
		return nil
	}
	return v
}

// maxLenientNesting bounds the brackets of a body that is read leniently: the lenient
// reader calls itself for each, and encoding/json refuses what is nested deeper, too.
const maxLenientNesting = 10_000

// standardJSON returns a body without the trailing commas that one tool sends
// (admin-surface §9 row 12). Valid JSON is returned as it came, and so is everything
// that has more wrong than such commas, comments among it: the caller refuses it.
func standardJSON(body []byte) []byte {
	if json.Valid(body) || bytes.Count(body, []byte("["))+bytes.Count(body, []byte("{")) > maxLenientNesting {
		return body
	}
	v, err := hujson.Parse(body)
	if err != nil {
		return body
	}
	for part := range v.All() {
		if !part.BeforeExtra.IsStandard() || !part.AfterExtra.IsStandard() {
			return body
		}
		switch composite := part.Value.(type) {
		case *hujson.Object:
			if !composite.AfterExtra.IsStandard() {
				return body
			}
		case *hujson.Array:
			if !composite.AfterExtra.IsStandard() {
				return body
			}
		}
	}
	v.Standardize()
	return v.Pack()
}
