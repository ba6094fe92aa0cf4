package token_test

import (
	"encoding/json"
	"testing"

	"journeyman.dev/internal/token"
)

func TestClaimsKeepTheirOrder(t *testing.T) {
	t.Parallel()
	c := new(token.Claims)
	if b, err := json.Marshal(c); err != nil || string(b) != "{}" {
		t.Errorf("no members: %s, %v", b, err)
	}
	c.Set("z", "<a&b>")
	c.Set("a", int64(7))
	c.Set("quoted \"name\"", []string{"x", "y"})
	c.Set("z", "<again>")
	c.Set("null", nil)
	const want = `{"z":"<again>","a":7,"quoted \"name\"":["x","y"],"null":null}`
	if b, err := c.MarshalJSON(); err != nil || string(b) != want {
		t.Errorf("got %s, %v\nwant %s", b, err, want)
	}
	c.Set("bad", func() {})
	if _, err := c.MarshalJSON(); err == nil {
		t.Error("a value that is no JSON was written")
	}
}
