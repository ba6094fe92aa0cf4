package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"journeyman.dev/internal/limit"
	"journeyman.dev/internal/store"
)

func tries(t *testing.T, reopen func() *store.DB) {
	ctx := context.Background()
	var at atomic.Int64
	clock := func() time.Time { return now.Add(time.Duration(at.Load())) }
	rule := limit.Rule{After: 10, First: time.Minute, Most: 15 * time.Minute, Few: time.Hour, Forget: 24 * time.Hour}
	// Two nodes.
	nodes := []*limit.Tries{{Store: store.Limits{DB: reopen()}, Rule: rule, Now: clock}, {Store: store.Limits{DB: reopen()}, Rule: rule, Now: clock}}
	isLocked := func(key string) bool {
		t.Helper()
		try, err := nodes[0].Begin(ctx, key)
		if err == nil {
			check(t, try.Undo(ctx))
		} else if !limit.IsLocked(err) {
			t.Fatal(err)
		}
		return err != nil
	}
	guess := func(key string, fingerprint func(i int) string, n int) (made int64) {
		t.Helper()
		var count atomic.Int64
		var all sync.WaitGroup
		for i := range n {
			all.Go(func() {
				try, err := nodes[i%2].Begin(ctx, key)
				if limit.IsLocked(err) || errors.Is(err, limit.ErrBusy) {
					return
				}
				if err != nil {
					t.Error(err)
					return
				}
				count.Add(1)
				if err := try.Wrong(ctx, fingerprint(i)); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		return count.Load()
	}
	different := func(i int) string { return fmt.Sprint(at.Load(), i) }
	for lock := range 7 {
		if made := guess("many", different, 100); made != 10 {
			t.Errorf("before lock %d, %d of 100 tries were made", lock+1, made)
		}
		wait := min(time.Minute<<lock, 15*time.Minute)
		at.Add(int64(wait - time.Second))
		if !isLocked("many") {
			t.Errorf("lock %d is over too soon", lock+1)
		}
		at.Add(int64(time.Second))
		if isLocked("many") {
			t.Errorf("lock %d isn't over after %v", lock+1, wait)
		}
	}
	if made := guess("same", func(int) string { return "old" }, 30); made != 30 || isLocked("same") {
		t.Errorf("%d of 30 tries with the same wrong password were made, locked: %v", made, isLocked("same"))
	}
	// A right try clears the earlier ones; one that runs at the same time stays charged.
	guess("right", different, 9)
	slow := must(nodes[1].Begin(ctx, "right2"))(t)
	check(t, must(nodes[0].Begin(ctx, "right2"))(t).Right(ctx))
	check(t, must(nodes[0].Begin(ctx, "right"))(t).Right(ctx))
	if made := guess("right", different, 20); made != 10 {
		t.Errorf("after a right try, %d of 20 were made", made)
	}
	check(t, slow.Wrong(ctx, "x"))
	if made := guess("right2", different, 20); made != 9 {
		t.Errorf("beside a guess under way, %d of 20 were made", made)
	}
	// A try whose process was killed counts as failed.
	for range 10 {
		_ = must(nodes[0].Begin(ctx, "killed"))(t)
	}
	at.Add(int64(31 * time.Second))
	if !isLocked("killed") {
		t.Error("tries that never ended don't count")
	}
	// A few are forgotten after an hour, many after a day.
	guess("few", different, 9)
	at.Add(int64(59 * time.Minute))
	if made := guess("few", different, 1); made != 1 || !isLocked("few") {
		t.Error("nine tries were forgotten within the hour")
	}
	guess("forgotten", different, 9)
	at.Add(int64(61 * time.Minute))
	if guess("forgotten", different, 9); isLocked("forgotten") {
		t.Error("nine tries are remembered after an hour")
	}
	at.Add(int64(25 * time.Hour))
	check(t, nodes[0].Store.(store.Limits).Purge(ctx, clock()))
	if made := guess("many", different, 20); made != 10 {
		t.Errorf("a day later, %d of 20 were made", made)
	}
	at.Add(int64(time.Minute))
	if isLocked("many") {
		t.Error("a day later, locks are still as long")
	}
}

func windows(t *testing.T, reopen func() *store.DB) {
	ctx := context.Background()
	clock := now
	w := &limit.Windows{Store: store.Limits{DB: reopen()}, Now: func() time.Time { return clock }}
	take := func(bounds ...limit.Bound) bool { t.Helper(); return must(w.Take(ctx, bounds...))(t) }
	client := limit.Bound{Key: "client", Most: 3, Within: time.Minute}
	address := limit.Bound{Key: "address", Most: 5, Within: time.Minute}
	for i := range 10 {
		if ok := take(client, address); ok != (i < 3) {
			t.Errorf("%d: %v", i, ok)
		}
	}
	// The client's refusals didn't use the address's bound, and the address's refusals no other client's.
	other := limit.Bound{Key: "other", Most: 3, Within: time.Minute}
	for i := range 10 {
		if ok := take(other, address); ok != (i < 2) {
			t.Errorf("another client, %d: %v", i, ok)
		}
	}
	if !take(other) {
		t.Error("what was refused was counted")
	}
	check(t, w.Give(ctx, "address"))
	if !take(address) || take(address) {
		t.Error("what was given back isn't one")
	}
	if !take(limit.Bound{Key: "address"}) {
		t.Error("no bound is one")
	}
	clock = clock.Add(time.Minute)
	if !take(client, address) {
		t.Error("the time is over and nothing is allowed")
	}
	var all sync.WaitGroup
	var taken atomic.Int64
	for range 50 {
		all.Go(func() {
			ok, err := w.Take(ctx, limit.Bound{Key: "many", Most: 7, Within: time.Hour})
			if err != nil {
				t.Error(err)
			}
			if ok {
				taken.Add(1)
			}
		})
	}
	all.Wait()
	if taken.Load() != 7 {
		t.Errorf("%d of 50 at once were counted, want 7", taken.Load())
	}
}
