package onetime

import (
	"crypto/rand"
	"strings"
	"testing"
	"time"
)

func TestNewDrawsFromTheSet(t *testing.T) {
	seen := make(map[rune]bool)
	for range 200 {
		code, err := New(rand.Reader, "abcdefghij", 8)
		if err != nil {
			t.Fatal(err)
		}
		if len(code) != 8 || strings.Trim(code, "abcdefghij") != "" {
			t.Fatalf("code %q isn't of the set", code)
		}
		for _, r := range code {
			seen[r] = true
		}
	}
	if len(seen) != 10 {
		t.Errorf("1600 characters used %d of 10", len(seen))
	}
}

func TestCheckCountsWrongTriesAndEndsInTime(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	var c Code
	if got := c.Check("s", "", now, 3); got != Expired {
		t.Errorf("without a code: %v", got)
	}
	c.Issue("s", "a@b.c", "123456", now.Add(time.Minute))
	for i, want := range []Verdict{Wrong, Wrong, NoRetry} {
		if got := c.Check("s", "000000", now, 3); got != want {
			t.Errorf("wrong try %d: %v, want %v", i+1, got, want)
		}
	}
	if got := c.Check("s", "123456", now, 3); got != NoRetry {
		t.Errorf("right code after the last try: %v", got)
	}
	c.Issue("s", "a@b.c", "654321", now.Add(time.Minute))
	if got := c.Check("other", "654321", now, 3); got != Wrong {
		t.Errorf("with another salt: %v", got)
	}
	if got := c.Check("s", " 654321 ", now, 3); got != Right {
		t.Errorf("the right code: %v", got)
	}
	if got := c.Check("s", "654321", now.Add(time.Minute), 3); got != Expired {
		t.Errorf("too late: %v", got)
	}
	if c.Issued != 2 {
		t.Errorf("%d codes issued, want 2", c.Issued)
	}
}
