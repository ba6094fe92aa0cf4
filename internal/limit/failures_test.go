package limit

import (
	"fmt"
	"testing"
	"time"
)

func TestFailuresAreCountedByClientAndForgottenInTime(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	f := &Failures{Now: func() time.Time { return now }}
	free := func(client string) (n int) {
		for f.Take(client) == 0 {
			n++
		}
		return n
	}
	if n := free("a"); n != failureBurst {
		t.Errorf("%d of a new client are free", n)
	}
	if n := free("b"); n != failureBurst {
		t.Errorf("%d of another client are free", n)
	}
	if wait := f.Take("a"); wait <= 0 || wait > failureEvery {
		t.Errorf("wait %v", wait)
	}
	f.Refund("a")
	if n := free("a"); n != 1 {
		t.Errorf("%d after a refund", n)
	}
	now = now.Add(3 * failureEvery)
	if n := free("a"); n != 3 {
		t.Errorf("%d after a while", n)
	}
	now = now.Add(time.Hour)
	if n := free("a"); n != failureBurst {
		t.Errorf("%d after an hour", n)
	}
}

func TestManyClientsTakeBoundedMemoryAndForgetNobody(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	f := &Failures{Now: func() time.Time { return now }}
	for f.Take("attacker") == 0 {
	}
	for i := range 3 * maxFailing {
		f.Take(fmt.Sprint(i))
	}
	if len(f.clients) > maxFailing+1 {
		t.Errorf("%d clients are kept", len(f.clients))
	}
	if f.Take("attacker") == 0 {
		t.Error("others made a client forgotten")
	}
	now = now.Add(time.Hour)
	if f.Take("new") != 0 || len(f.clients) > 2 {
		t.Errorf("%d clients are kept after an hour", len(f.clients))
	}
}

func TestClientsOfANetworkCountTogether(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"192.0.2.7": "192.0.2.7", "2001:db8:1:2:3:4:5:6": "2001:db8:1:2::/64", "2001:db8:1:2::9%eth0": "2001:db8:1:2::/64", "::ffff:192.0.2.7": "192.0.2.7", "": "", "pipe": "pipe",
	} {
		if got := Client(address); got != want {
			t.Errorf("%s: %s, want %s", address, got, want)
		}
	}
}
