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

// Query says which records to read, the newest first.
type Query struct {
	// From and To bound the time, both inclusive; zero: no bound.
	From, To time.Time
	// Activity and Service compare exactly; "" for any.
	Activity, Service string
	// Before is the id of the record that the last page ended with; "" begins.
	Before string
	// Oldest turns the order around; Before is then the id to go on after.
	Oldest bool
	Limit  int
}

// Store keeps records.
type Store interface {
	// AppendAudits writes records durably, all or none; a record that is there already
	// is passed over.
	AppendAudits(ctx context.Context, records []Record) error
	Audits(ctx context.Context, q Query) ([]Record, error)
	// GetAudit returns ErrNotFound.
	GetAudit(ctx context.Context, id string) (Record, error)
	PurgeAudits(ctx context.Context, before time.Time) error
}

// ErrNotFound says that there is no such record.
var ErrNotFound = errors.New("no such audit record")

// Log takes records. Now, Rand and Store must be set; it is safe for concurrent use.
type Log struct {
	Store Store
	Now   func() time.Time
	Rand  io.Reader
	Log   *slog.Logger

	once  sync.Once
	queue chan entry
	mu    sync.RWMutex // held for reading while adding, for writing to close
	ended bool
}

// entry is a record that waits to be written, or a mark that is closed once all before
// it are.
type entry struct {
	record Record
	mark   chan struct{}
}

// queued bounds the records that wait. When so many do, the database is slower than
// the sign-ins, and these wait with it: no record is dropped.
const queued = 4096

// gather is how long a record waits for others to share its commit.
const gather = 50 * time.Millisecond

// retryAfter is how long the writer waits after a failed write.
const retryAfter = time.Second

func (l *Log) init() {
	l.once.Do(func() { l.queue = make(chan entry, queued) })
}

// complete gives a record its id and time.
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

// newID is like B2C_DQO3J_4984536, and sorts by time.
func newID(at time.Time, random []byte) string {
	return idAt(at) + "_" + hex.EncodeToString(random)
}

// idAt is the smallest id of an instant.
func idAt(at time.Time) string { return fmt.Sprintf("B2C_%014X", at.UnixMicro()) }

// Bounds are the ids between which the records of a time lie: from inclusive, to
// exclusive; "" for no bound.
func (q Query) Bounds() (from, to string) {
	if !q.From.IsZero() {
		from = idAt(q.From)
	}
	if !q.To.IsZero() {
		to = idAt(q.To.Add(time.Microsecond))
	}
	return from, to
}

// Add queues a record: it is on disk a moment later, with others in one commit, so
// that no sign-in waits for it. A clean shutdown writes what is queued.
func (l *Log) Add(r Record) {
	if l == nil {
		return
	}
	l.init()
	l.complete(&r)
	l.mu.RLock()
	defer l.mu.RUnlock()
	if l.ended {
		// A request that outlived the writer: its record is still worth a write.
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

// maxBatch bounds the records of one write.
const maxBatch = 512

// Run writes what is queued until ctx ends, and then what is left. Run it once.
func (l *Log) Run(ctx context.Context) error {
	l.init()
	for {
		select {
		case <-ctx.Done():
			return l.drain()
		case first := <-l.queue:
			// Records come in a trickle: with a commit for each, they would cost a sign-in
			// more than its own redemption does.
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

// more takes what else is queued, up to a batch.
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

// Flush waits until what was added before is stored, so that whoever reads the records
// finds what just happened on this server.
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
		return // there were marks only
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

// drain writes what is left; later records are written by who adds them.
func (l *Log) drain() error {
	// Whoever waits for room in the queue holds the lock: make room until it is ours.
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
