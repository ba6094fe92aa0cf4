package audit

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"
)

// Query selects the records to read, the newest first.
type Query struct {
	// From and To limit the time, both inclusive; zero: no limit.
	From, To time.Time
	// Activity and Service compare exactly; "" for any.
	Activity, Service string
	// Before is the last record id of the previous page; "" starts at the first page.
	Before string
	// Oldest reverses the order. Before is then the id to continue after.
	Oldest bool
	Limit  int
}

// Store keeps records.
type Store interface {
	// AppendAudits writes records durably, all or none. Existing records are ignored.
	AppendAudits(ctx context.Context, records []Record) error
	Audits(ctx context.Context, q Query) ([]Record, error)
	// GetAudit returns ErrNotFound.
	GetAudit(ctx context.Context, id string) (Record, error)
	PurgeAudits(ctx context.Context, before time.Time) error
}

// ErrNotFound means that there is no such record.
var ErrNotFound = errors.New("no such audit record")

// Log accepts records. Now, Rand and Store must be set. It is safe for concurrent use.
type Log struct {
	Store Store
	Now   func() time.Time
	Rand  io.Reader
	Log   *slog.Logger

	once  sync.Once
	queue chan entry
	mu    sync.RWMutex // read lock while adding, write lock to close
	ended bool
}

// entry is a waiting record, or a mark that is closed when all entries before it are written.
type entry struct {
	record Record
	mark   chan struct{}
}

// queued limits the waiting records. At the limit the database is slower than the sign-ins, and these wait
// with it: no record is dropped.
const queued = 4096

// gather is the time that a record waits for others to share its commit.
const gather = 50 * time.Millisecond

// retryAfter is the writer's wait after a failed write.
const retryAfter = time.Second

func (l *Log) init() {
	l.once.Do(func() { l.queue = make(chan entry, queued) })
}

// complete sets the id and time of a record.
func (l *Log) complete(r *Record) {
	if r.At.IsZero() {
		r.At = Time{l.Now().UTC()}
	}
	if r.ID == "" {
		var random [5]byte
		_, _ = io.ReadFull(l.Rand, random[:])
		r.ID = newID(r.At.Time, random[:])
	}
	if r.ResultReason == "" {
		r.ResultReason = "N/A"
	}
	if r.Result == "" {
		r.Result = Success
	}
	if r.Service == "" {
		r.Service = ServiceB2C
	}
}

// newID makes an id like B2C_DQO3J_4984536 that sorts by time.
func newID(at time.Time, random []byte) string {
	return idAt(at) + "_" + hex.EncodeToString(random)
}

// idAt returns the smallest id of an instant.
func idAt(at time.Time) string { return fmt.Sprintf("B2C_%014X", at.UnixMicro()) }

// Bounds returns the range of ids of the query's time: from inclusive, to exclusive; "" for no limit.
func (q Query) Bounds() (from, to string) {
	if !q.From.IsZero() {
		from = idAt(q.From)
	}
	if !q.To.IsZero() {
		to = idAt(q.To.Add(time.Microsecond))
	}
	return from, to
}

// Add queues a record. It is on disk a moment later, in one commit with others, so that no sign-in waits for
// it. A clean shutdown writes all queued records.
func (l *Log) Add(r Record) {
	if l == nil {
		return
	}
	l.init()
	l.complete(&r)
	l.mu.RLock()
	defer l.mu.RUnlock()
	if l.ended {
		// The request outlived the writer; write its record directly.
		if err := l.Store.AppendAudits(context.Background(), []Record{r}); err != nil {
			l.Log.Error("audit record is lost", "activity", r.Activity, "correlationId", r.CorrelationID, "err", err)
		}
		return
	}
	l.queue <- entry{record: r}
}

// Write writes records and returns when they are on disk.
func (l *Log) Write(ctx context.Context, records ...Record) error {
	if l == nil || len(records) == 0 {
		return nil
	}
	for i := range records {
		l.complete(&records[i])
	}
	return l.Store.AppendAudits(ctx, records)
}

// maxBatch limits the records of one write.
const maxBatch = 512

// Run writes queued records until ctx ends, and then the rest. Run it once.
func (l *Log) Run(ctx context.Context) error {
	l.init()
	for {
		select {
		case <-ctx.Done():
			return l.drain()
		case first := <-l.queue:
			// Records come one by one. A commit for each would cost a sign-in more than its own redemption.
			select {
			case <-ctx.Done():
			case <-time.After(gather):
			}
			batch, marks := l.more(first)
			l.store(ctx, batch)
			for _, mark := range marks {
				close(mark)
			}
		}
	}
}

// more takes other queued entries, up to a batch.
func (l *Log) more(first entry) (batch []Record, marks []chan struct{}) {
	for next := first; ; {
		if next.mark != nil {
			marks = append(marks, next.mark)
		} else {
			batch = append(batch, next.record)
		}
		if len(batch) == maxBatch {
			return batch, marks
		}
		select {
		case next = <-l.queue:
		default:
			return batch, marks
		}
	}
}

// Flush waits until all earlier records are stored, so that a reader finds the latest events of this server.
func (l *Log) Flush(ctx context.Context) error {
	l.init()
	mark := make(chan struct{})
	l.mu.RLock()
	if l.ended {
		l.mu.RUnlock()
		return nil
	}
	select {
	case l.queue <- entry{mark: mark}:
		l.mu.RUnlock()
	case <-ctx.Done():
		l.mu.RUnlock()
		return ctx.Err()
	}
	select {
	case <-mark:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (l *Log) store(ctx context.Context, batch []Record) {
	if len(batch) == 0 {
		return // only marks
	}
	if err := l.Store.AppendAudits(context.WithoutCancel(ctx), batch); err != nil {
		l.Log.ErrorContext(ctx, "audit records can't be written", "records", len(batch), "err", err)
		l.retry(ctx, batch)
	}
}

// retry writes a batch until it succeeds or ctx ends.
func (l *Log) retry(ctx context.Context, batch []Record) {
	for {
		select {
		case <-ctx.Done():
		case <-time.After(retryAfter):
		}
		err := l.Store.AppendAudits(context.WithoutCancel(ctx), batch)
		if err == nil {
			return
		}
		if ctx.Err() != nil {
			l.Log.ErrorContext(ctx, "audit records are lost", "records", len(batch), "err", err)
			return
		}
	}
}

// drain writes the remaining records. Callers write later records themselves.
func (l *Log) drain() error {
	// Callers that wait for room in the queue hold the lock: make room until the lock is free.
	locked := make(chan struct{})
	go func() {
		l.mu.Lock()
		l.ended = true
		l.mu.Unlock()
		close(locked)
	}()
	var left []Record
	take := func(e entry) {
		if e.mark == nil {
			left = append(left, e.record)
			return
		}
		close(e.mark) // nobody waits for a server that ends
	}
	for open := true; open; {
		select {
		case e := <-l.queue:
			take(e)
		case <-locked:
			open = false
		}
	}
	for {
		select {
		case e := <-l.queue:
			take(e)
			continue
		default:
		}
		break
	}
	for len(left) > 0 {
		n := min(len(left), maxBatch)
		if err := l.Store.AppendAudits(context.Background(), left[:n]); err != nil {
			return fmt.Errorf("audit: %d records are lost: %w", len(left), err)
		}
		left = left[n:]
	}
	return nil
}
