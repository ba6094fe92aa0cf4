package audit_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"journeyman.dev/internal/audit"
)

// memory is a Store that fails a given number of times.
type memory struct {
	audit.Store
	mu      sync.Mutex
	records []audit.Record
	batches int
	fail    int
	hold    chan struct{} // nil: doesn't wait
}

func (m *memory) AppendAudits(_ context.Context, records []audit.Record) error {
	if m.hold != nil {
		<-m.hold
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail > 0 {
		m.fail--
		return errors.New("disk full")
	}
	m.batches++
	m.records = append(m.records, records...)
	return nil
}

func newLog(m *memory) *audit.Log {
	return &audit.Log{Store: m, Now: time.Now, Rand: rand.Reader, Log: slog.New(slog.DiscardHandler)}
}

func TestRecordsAreWrittenTogetherAndNoneIsLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &memory{hold: make(chan struct{})}
		l := newLog(m)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- l.Run(ctx) }()
		l.Add(audit.Record{Activity: "first"})
		synctest.Wait() // the writer waits for others
		var all sync.WaitGroup
		for i := range 300 {
			all.Go(func() { l.Add(audit.Record{Activity: fmt.Sprint(i)}) })
		}
		all.Wait()
		time.Sleep(time.Second) // of the bubble: the writer is busy, and new records wait
		l.Add(audit.Record{Activity: "last"})
		close(m.hold)
		time.Sleep(time.Second)
		synctest.Wait()
		if len(m.records) != 302 || m.batches != 2 {
			t.Errorf("%d records in %d writes", len(m.records), m.batches)
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		l.Add(audit.Record{Activity: "late"})
		if len(m.records) != 303 {
			t.Error("a record after the end is lost")
		}
		seen := make(map[string]bool)
		for _, r := range m.records {
			if seen[r.ID] || r.Result != audit.Success || r.Service != audit.ServiceB2C || r.At.IsZero() {
				t.Errorf("%+v", r)
			}
			seen[r.ID] = true
		}
	})
}

func TestAFullQueueMakesSignInsWaitAndAShutdownWritesIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &memory{hold: make(chan struct{})}
		l := newLog(m)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- l.Run(ctx) }()
		const many = 10_000
		added := 0
		var all sync.WaitGroup
		all.Go(func() {
			for range many {
				l.Add(audit.Record{})
				added++
			}
		})
		synctest.Wait()
		if added == many {
			t.Error("the queue has no bound")
		}
		cancel() // while one waits for room
		close(m.hold)
		if err := <-done; err != nil {
			t.Error(err)
		}
		all.Wait()
		if len(m.records) != many {
			t.Errorf("%d records, want %d", len(m.records), many)
		}
	})
}

func TestAFailedWriteIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &memory{fail: 3}
		l := newLog(m)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- l.Run(ctx) }()
		l.Add(audit.Record{Activity: "a"})
		time.Sleep(10 * time.Second) // virtual
		synctest.Wait()
		if len(m.records) != 1 {
			t.Errorf("%d records", len(m.records))
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if err := l.Write(t.Context(), audit.Record{Activity: "b"}); err != nil || len(m.records) != 2 {
			t.Errorf("%v, %d records", err, len(m.records))
		}
		m.fail = 1
		if err := l.Write(t.Context(), audit.Record{Activity: "c"}); err == nil {
			t.Error("a write that failed was answered as done")
		}
	})
}

func TestFlushWaitsForWhatWasAddedBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &memory{fail: 1}
		l := newLog(m)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- l.Run(ctx) }()
		for i := range 1000 { // more than one batch
			l.Add(audit.Record{Activity: fmt.Sprint(i)})
		}
		if err := l.Flush(ctx); err != nil || len(m.records) != 1000 {
			t.Errorf("%d records are stored: %v", len(m.records), err)
		}
		if err := l.Flush(ctx); err != nil {
			t.Error("with nothing to write:", err)
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if err := l.Flush(t.Context()); err != nil {
			t.Error("after the end:", err)
		}
		held := newLog(&memory{})
		soon, stop := context.WithTimeout(t.Context(), time.Minute)
		defer stop()
		if err := held.Flush(soon); !errors.Is(err, context.DeadlineExceeded) {
			t.Error("without a writer:", err)
		}
	})
}
