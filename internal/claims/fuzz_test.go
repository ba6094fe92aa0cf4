package claims_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"journeyman.dev/internal/claims"
)

// Any answer of an API becomes a value that survives storing, or an error.
func FuzzAnswer(f *testing.F) {
	for _, body := range []string{`{"a":"x"}`, `{"a":1.50}`, `{"a":[1,"b",null,[2]]}`, `{"a":{"b":[{"c":true}]}}`, `{"a":9007199254740993}`, `{"a":1e400}`, `{"a":253402300799}`, `{"a":253402300800}`, `{"a":-99999999999}`, `{"a":"2024-01-01T00:00:00Z"}`, `[]`, `{"a":"\ud800"}`} {
		f.Add(body, "a")
		f.Add(body, "a.b[0].c")
	}
	f.Fuzz(func(t *testing.T, body, path string) {
		dec := json.NewDecoder(bytes.NewReader([]byte(body)))
		dec.UseNumber()
		var data any
		if dec.Decode(&data) != nil {
			return
		}
		p, err := claims.ParsePath(path)
		if err != nil {
			return
		}
		raw, ok := p.Get(data)
		if !ok {
			return
		}
		for kind := claims.String; kind <= claims.ObjectIdentity; kind++ {
			v, err := claims.FromJSON(kind, raw)
			if err != nil || !v.Exists() {
				continue
			}
			if v.Type() != kind {
				t.Fatalf("asked for %s, got %s", kind, v.Type())
			}
			stored, err := json.Marshal(v)
			if err != nil {
				t.Fatalf("%s: %v", kind, err)
			}
			var back claims.Value
			if err := json.Unmarshal(stored, &back); err != nil || back.Type() != kind || back.String() != v.String() {
				t.Errorf("%s: %q came back as %q: %v", kind, v.String(), back.String(), err)
			}
		}
	})
}
