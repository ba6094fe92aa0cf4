package federation

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestClaimsOfAPostedForm(t *testing.T) {
	t.Parallel()
	const user = `{"name":{"firstName":"Ann","lastName":"Apple","age":41},"email":"a@b.example","list":["x"]}`
	for _, tt := range []struct {
		name, paths string
		fields      map[string]string
		want        map[string]string
	}{
		{"the paths of the walkthrough", "user.name.firstName user.name.lastName user.email", map[string]string{"user": user}, map[string]string{"user.name.firstName": "Ann", "user.name.lastName": "Apple", "user.email": "a@b.example"}},
		{"commas and a number", "user.name.age,user.none", map[string]string{"user": user}, map[string]string{"user.name.age": "41"}},
		{"a plain field", "hint", map[string]string{"hint": "x"}, map[string]string{"hint": "x"}},
		{"objects and lists are no claims", "user.name user.list user", map[string]string{"user": user}, map[string]string{"user": user}},
		{"all of it, but for the protocol's", "true", map[string]string{"user": `{"name":{"firstName":"Ann"}}`, "code": "c", "state": "s", "hint": "x"}, map[string]string{"user.name.firstName": "Ann", "hint": "x"}},
		{"the protocol's are no claims", "code id_token", map[string]string{"code": "c", "id_token": "t"}, map[string]string{}},
		{"no JSON", "user.name.firstName", map[string]string{"user": `{"name":`}, map[string]string{}},
		{"none", "", map[string]string{"user": user}, map[string]string{}},
		{"false", "false", map[string]string{"user": user}, map[string]string{}},
		{"too long", "user.name", map[string]string{"user": `{"name":"` + strings.Repeat("x", maxPostedBytes+1) + `"}`}, map[string]string{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, parsePosted(tt.paths).read(tt.fields)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func FuzzPostedForm(f *testing.F) {
	f.Add("user.name.firstName", `{"name":{"firstName":"Ann"}}`)
	f.Add("true", `{"a":{"b":{"c":{"d":1}}}}`)
	f.Fuzz(func(t *testing.T, paths, user string) {
		out := parsePosted(paths).read(map[string]string{"user": user, "code": "c"})
		if len(out) > maxPosted {
			t.Errorf("%d claims", len(out))
		}
		for name, text := range out {
			if len(text) > maxPostedBytes || text == "" || name == "code" {
				t.Errorf("%q: %d bytes", name, len(text))
			}
		}
	})
}

func TestAnIssuerIsUnderAPrefixOfItsOwnHostOnly(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		address, prefix string
		want            bool
	}{
		{"https://login.example/tenant/v2.0", "https://login.example/", true},
		{"https://login.example/tenant/v2.0", "https://login.example", true},
		{"https://login.example.evil/tenant", "https://login.example", false},
		{"https://login.example@evil.example/", "https://login.example", false},
		{"http://login.example/", "https://login.example/", false},
		{"https://login.example/b", "https://login.example/a", false},
		{"", "", false},
	} {
		if got := under(tt.address, tt.prefix); got != tt.want {
			t.Errorf("%s under %s: %v", tt.address, tt.prefix, got)
		}
	}
}

func TestAnswersOfProviders(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, body, kind string
		jsonP            bool
		want             string
	}{
		{"JSON", `{"a":"1"}`, "application/json", false, "1"},
		{"a call", "callback( {\"a\":\"1\"} );\n", "text/html", true, "1"},
		{"a call that isn't expected", `callback({"a":"1"})`, "text/html", false, ""},
		{"JSON with brackets in a text", `{"a":"1","b":"(x)"}`, "application/json", true, "1"},
		{"a form", "access_token=x&a=1", "text/plain", false, "1"},
	} {
		if got := told(decodeObject([]byte(tt.body), tt.kind, tt.jsonP), "a"); got != tt.want {
			t.Errorf("%s: %q", tt.name, got)
		}
	}
}
