package msgraph

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
)

// bodyOf is what a request's body is decoded to.
func bodyOf(body string, to any) error {
	return (&Request{Request: httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))}).Read(to)
}

func TestBodiesAreDecodedAsTheyWereSent(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, body, want string }{
		{"a comma before a bracket in a string", `{"password":"Secret1,]x"}`, `{"password":"Secret1,]x"}`},
		{"a comma before a brace in a string", `{"a":["p,}w", "q, ]"]}`, `{"a":["p,}w", "q, ]"]}`},
		{"a trailing comma of an object", `{"use":"sig","kty":"RSA",}`, `{"use":"sig","kty":"RSA"}`},
		{"trailing commas of arrays, with blanks", "{\"a\":[1, 2 ,\n ] ,\n}", `{"a":[1,2]}`},
		{"a trailing comma beside such a string", `{"k":"a,}b,]",}`, `{"k":"a,}b,]"}`},
		{"an escaped quotation mark before the comma", `{"k":"\",}",}`, `{"k":"\",}"}`},
		{"what looks like a comment in a string", `{"k":"// ,} /* ,] */",}`, `{"k":"// ,} /* ,] */"}`},
		{"a byte order mark", "\ufeff{\"k\":\",}\"}", `{"k":",}"}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var got, want any
			if err := bodyOf(tt.body, &got); err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal([]byte(tt.want), &want); err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("got %v, want %v", got, want)
			}
		})
	}
}

func TestTheLastOfTwoMembersCountsAlsoWithTrailingCommas(t *testing.T) {
	t.Parallel()
	for _, body := range []string{`{"k":"first","K":"second","k":"third"}`, `{"k":"first","K":"second","k":"third",}`} {
		var got struct {
			K string `json:"k"`
		}
		var members map[string]string
		if err := bodyOf(body, &got); err != nil || got.K != "third" {
			t.Errorf("%s: %q, %v", body, got.K, err)
		}
		if err := bodyOf(body, &members); err != nil || members["k"] != "third" || members["K"] != "second" {
			t.Errorf("%s: %v, %v", body, members, err)
		}
	}
}

func TestOnlyTrailingCommasAreLetPass(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"a comment": "{\"a\":1 // one\n}", "a comment beside a trailing comma": `{"a":1,/* one */}`, "a comment after a trailing comma": `{"a":[1,], /* one */}`,
		"a comment in an empty array": `{"a":[/**/],}`, "a comment before all": `/**/{"a":1,}`, "a comma alone": `[,]`, "two commas": `[1,,]`, "a comma after all": `{"a":1},`,
		"single quotes": `{'a':1}`, "no brace at the end": `{"a":1,`, "two values": `{"a":1,}{}`,
		"nesting without end": strings.Repeat("[", 4<<20), "deep nesting with a trailing comma": strings.Repeat("[", 1<<20) + "1," + strings.Repeat("]", 1<<20),
	} {
		var got any
		if err := bodyOf(body, &got); err == nil {
			t.Errorf("%s: taken as %v", name, got)
		}
	}
}

// A body that encoding/json accepts is decoded unchanged, and one with trailing commas as
// the same body without them.
func FuzzBody(f *testing.F) {
	for _, body := range []string{
		`{"password":"Secret1,]x"}`, `["p,}w"]`, `{"a":{"b":[1,2,{"c":",}"}]},"d":"\",]"}`, "\"\\\\\",}", `[]`, `{}`, `{"a":1,"a":2,"A":3}`, "[\"\xff,]\"]", `{"":",\n}"}`, `[1,]`, `{"a":"//",}`,
		`{"a":"/*",} */`, " [ \"\u2028,]\" , null , true ] ",
	} {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body string) {
		var want any
		if json.Unmarshal([]byte(body), &want) != nil {
			return
		}
		if got := standardJSON([]byte(body)); string(got) != body {
			t.Fatalf("%q became %q", body, got)
		}
		var got any
		if err := bodyOf(body, &got); err != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("%q was decoded as %v, %v", body, got, err)
		}
		commas := withTrailingCommas(want)
		if strings.Count(commas, "[")+strings.Count(commas, "{") > maxLenientNesting {
			return
		}
		var lenient any
		if err := bodyOf(commas, &lenient); err != nil || !reflect.DeepEqual(lenient, want) {
			t.Fatalf("%q was decoded as %v, %v", commas, lenient, err)
		}
	})
}

// withTrailingCommas writes a value with a comma after each last member and item.
func withTrailingCommas(v any) string {
	var b strings.Builder
	switch v := v.(type) {
	case map[string]any:
		b.WriteString("{")
		for name, member := range v {
			b.WriteString(withTrailingCommas(name) + ": " + withTrailingCommas(member) + " , ")
		}
		b.WriteString("}")
	case []any:
		b.WriteString("[")
		for _, item := range v {
			b.WriteString(withTrailingCommas(item) + ",\n")
		}
		b.WriteString("]")
	default:
		var text bytes.Buffer
		enc := json.NewEncoder(&text)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(v); err != nil {
			return fmt.Sprint(err)
		}
		b.WriteString(strings.TrimSpace(text.String()))
	}
	return b.String()
}
