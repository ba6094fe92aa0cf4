package limit

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestCallsToAHostAreBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := Hosts{Width: 2}
		inside := make([]func(), 2)
		for i := range inside {
			leave, err := g.Enter(t.Context(), "slow")
			if err != nil {
				t.Fatal(err)
			}
			inside[i] = leave
		}
		short, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := g.Enter(short, "slow"); !errors.Is(err, ErrFull) {
			t.Errorf("a call that waited in vain: %v", err)
		}
		entered := make(chan func())
		for range 2 {
			go func() {
				leave, err := g.Enter(t.Context(), "slow")
				if err != nil {
					t.Error(err)
				}
				entered <- leave
			}()
		}
		synctest.Wait() // two inside, two waiting
		if _, err := g.Enter(t.Context(), "slow"); !errors.Is(err, ErrFull) {
			t.Errorf("a call beyond those that may wait: %v", err)
		}
		if leave, err := g.Enter(t.Context(), "quick"); err != nil {
			t.Errorf("another host: %v", err)
		} else {
			leave()
		}
		for _, leave := range inside {
			leave()
			(<-entered)()
		}
		if len(g.hosts) != 0 {
			t.Errorf("hosts without calls are remembered: %d", len(g.hosts))
		}
	})
}
