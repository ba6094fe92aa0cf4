package msgraph

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/tailscale/hujson"
)

// read decodes a JSON body.
func (q *request) read(to any) error {
	body, err := q.body()
	if err != nil {
		return err
	}
	if err := json.Unmarshal(body, to); err != nil {
		var typeError *json.UnmarshalTypeError
		if errors.As(err, &typeError) {
			return badRequest(fmt.Sprintf("The member '%s' has a value of the wrong type.", typeError.Field))
		}
		return badRequest("The body is no valid JSON.")
	}
	return nil
}

// body reads the request's body whole, as [standardJSON] gives it.
func (q *request) body() ([]byte, error) {
	b, err := io.ReadAll(q.Body)
	if err != nil {
		return nil, badRequest("The body is too large or could not be read.")
	}
	b = bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))
	if len(bytes.TrimSpace(b)) == 0 {
		return nil, badRequest("The request has no body.")
	}
	return standardJSON(b), nil
}

// exactJSON decodes a value whose numbers keep all their digits; nil if it can't be read.
func exactJSON(raw []byte) (v any) {
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
