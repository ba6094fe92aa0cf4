package limit

import (
	"net/http"
	"testing"
)

func TestTheNearestProxySaysWhoAsks(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		remote    string
		forwarded []string
		behind    bool
		want      string
	}{
		{"203.0.113.1:1234", nil, false, "203.0.113.1"},
		{"[2001:db8::1]:1234", nil, false, "2001:db8::1"},
		{"203.0.113.1:1234", []string{"198.51.100.7"}, false, "203.0.113.1"},
		{"203.0.113.1:1234", []string{"198.51.100.7"}, true, "198.51.100.7"},
		{"203.0.113.1:1234", []string{"10.0.0.1, 198.51.100.7"}, true, "198.51.100.7"},
		{"203.0.113.1:1234", []string{"10.0.0.1", " 2001:DB8::7 "}, true, "2001:db8::7"},
		{"203.0.113.1:1234", []string{"198.51.100.7, nonsense"}, true, "203.0.113.1"},
		{"203.0.113.1:1234", nil, true, "203.0.113.1"},
		{"@", nil, false, ""},
	} {
		r := &http.Request{RemoteAddr: c.remote, Header: http.Header{"X-Forwarded-For": c.forwarded}}
		if got := RemoteIP(r, c.behind); got != c.want {
			t.Errorf("%+v: %q", c, got)
		}
	}
}
