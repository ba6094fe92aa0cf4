// Package store implements the other packages' small interfaces in SQL. SQLite and PostgreSQL use the same
// statements.
//
// With SQLite, one goroutine does all writes. It puts waiting writes into one transaction, each in its own
// savepoint, with one commit and one sync for all. Reads use their own connections. PostgreSQL groups commits
// itself; each write is a transaction on a connection of the pool. In both databases a write that returned no
// error is on disk.
//
// Reference: DESIGN §4.
package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/pressly/goose/v3"
	_ "modernc.org/sqlite" // the driver "sqlite"
)

//go:embed migrations/*.sql
var migrations embed.FS

// DB is an open database.
type DB struct {
	read *pool
	// inWrite runs a write. The write is durable when inWrite returns nil. run may run again, and in a
	// transaction with other writes: it must only touch the database.
	inWrite func(ctx context.Context, run func(ctx context.Context, q querier) error) error

	// SQLite only.
	write *sql.DB
	conn  *sql.Conn // the only connection that writes
	jobs  chan *job
	done  chan struct{}

	closing sync.Once
	mu      sync.RWMutex
	closed  bool
}

// querier runs statements: a connection or a pool.
type querier interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

type job struct {
	ctx  context.Context
	run  func(ctx context.Context, q querier) error
	done chan error
}

// maxBatch limits the writes of one transaction.
const maxBatch = 128

// ErrClosed means that the database was closed.
var ErrClosed = errors.New("database is closed")

// Open opens sqlite:FILE or postgres://… and migrates its tables.
func Open(ctx context.Context, address string) (*DB, error) {
	if err := CheckAddress(address); err != nil {
		return nil, err
	}
	if file, ok := strings.CutPrefix(address, "sqlite:"); ok {
		return OpenSQLite(ctx, file)
	}
	return openPostgres(ctx, address)
}

// CheckAddress reports whether an address names a kind of database that Open knows.
func CheckAddress(address string) error {
	kind, rest, ok := strings.Cut(address, ":")
	switch kind {
	case "sqlite":
		if ok && rest != "" {
			return nil
		}
	case "postgres", "postgresql":
		if _, err := pgx.ParseConfig(address); err != nil {
			return errors.New("the database's address can't be read") // the address may contain a password
		}
		return nil
	}
	return fmt.Errorf("database %q is not supported: use sqlite:FILE or postgres://…", kind)
}

// OpenSQLite opens or makes a database file and migrates its tables.
func OpenSQLite(ctx context.Context, path string) (*DB, error) {
	source := func(mode string) string {
		q := url.Values{"_pragma": {
			"journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(ON)", "busy_timeout(10000)", "temp_store(MEMORY)",
		}, "_txlock": {mode}}
		return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + q.Encode()
	}
	if err := makePrivate(path); err != nil {
		return nil, fmt.Errorf("database %s: %w", path, err)
	}
	write, err := sql.Open("sqlite", source("immediate"))
	if err != nil {
		return nil, err
	}
	write.SetMaxOpenConns(1)
	if err := migrate(ctx, write, goose.DialectSQLite3); err != nil {
		return nil, errors.Join(fmt.Errorf("database %s: %w", path, err), write.Close())
	}
	read, err := sql.Open("sqlite", source("deferred"))
	if err != nil {
		return nil, errors.Join(err, write.Close())
	}
	read.SetMaxOpenConns(8)
	read.SetMaxIdleConns(8)
	conn, err := write.Conn(ctx)
	if err != nil {
		return nil, errors.Join(err, read.Close(), write.Close())
	}
	d := &DB{read: &pool{read, defaultTimeout}, write: write, conn: conn, jobs: make(chan *job, maxBatch), done: make(chan struct{})}
	d.inWrite = d.queue
	go d.writer()
	return d, nil
}

// makePrivate makes the database's file readable only by its owner. SQLite gives its other files the same
// permissions.
func makePrivate(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	for _, beside := range []string{"", "-wal", "-shm", "-journal"} {
		info, err := os.Stat(path + beside)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return err
		case info.Mode().Perm()&0o077 != 0:
			if err := os.Chmod(path+beside, 0o600); err != nil {
				return fmt.Errorf("others may read it, and that can't be changed: %w", err)
			}
		}
	}
	return nil
}

// exec runs a write of one statement, durably, and returns the number of changed rows.
func (d *DB) exec(ctx context.Context, statement string, args ...any) (n int64, err error) {
	run := func(ctx context.Context, q querier) error {
		res, err := q.ExecContext(ctx, statement, args...)
		if err != nil {
			return err
		}
		n, err = res.RowsAffected()
		return err
	}
	if d.jobs == nil {
		// PostgreSQL runs a single statement as a transaction, which saves two round trips.
		ctx, cancel := within(ctx, d.read.timeout)
		defer cancel()
		err = run(ctx, d.read.DB)
		return n, err
	}
	err = d.inWrite(ctx, run)
	return n, err
}

// scanner is one row, alone or of several.
type scanner interface{ Scan(...any) error }

// collect reads all rows of a query. It returns none if one of them can't be read.
func collect[T any](ctx context.Context, d *DB, scan func(scanner) (T, error), query string, args ...any) (list []T, err error) {
	ctx, cancel := within(ctx, d.read.timeout)
	defer cancel()
	rows, err := d.read.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	return list, rows.Err()
}

// migrate migrates the tables to the newest version.
func migrate(ctx context.Context, db *sql.DB, dialect goose.Dialect, options ...goose.ProviderOption) error {
	p, err := migrationsOf(db, dialect, options...)
	if err != nil {
		return err
	}
	_, err = p.Up(ctx)
	return err
}

// migrationsOf returns the history of the tables. Both databases share it; only the name of the type for
// bytes differs.
func migrationsOf(db *sql.DB, dialect goose.Dialect, options ...goose.ProviderOption) (*goose.Provider, error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	if dialect == goose.DialectPostgres {
		files = bytesAs{files, "BYTEA"}
	}
	return goose.NewProvider(dialect, db, files, append(options, goose.WithGoMigrations(accounts()))...)
}

// Close waits for the running writes and closes the database.
func (d *DB) Close() error {
	var err error
	d.closing.Do(func() {
		if d.jobs == nil {
			err = d.read.Close()
			return
		}
		d.mu.Lock()
		d.closed = true
		close(d.jobs)
		d.mu.Unlock()
		<-d.done
		err = errors.Join(d.conn.Close(), d.write.Close(), d.read.Close())
	})
	return err
}

// Ready reports whether the database accepts a write. It writes as much as a sign-in does, because a full
// disk may still have room for less.
func (d *DB) Ready(ctx context.Context, now time.Time) error {
	filling := make([]byte, 8<<10)
	_, _ = rand.Read(filling)
	n, err := d.exec(ctx, `INSERT INTO probes (id, at, filling) VALUES ('ready', $1, $2)
		ON CONFLICT (id) DO UPDATE SET at = excluded.at, filling = excluded.filling`, micros(now), filling)
	if err == nil && n != 1 {
		err = errors.New("nothing was written")
	}
	return err
}

// queue gives a write to the writer and waits for its commit.
func (d *DB) queue(ctx context.Context, run func(ctx context.Context, q querier) error) error {
	j := &job{ctx: ctx, run: run, done: make(chan error, 1)}
	d.mu.RLock()
	if d.closed {
		d.mu.RUnlock()
		return ErrClosed
	}
	select {
	case d.jobs <- j:
		d.mu.RUnlock()
	case <-ctx.Done():
		d.mu.RUnlock()
		return ctx.Err()
	}
	// Wait for a write that has begun: otherwise its outcome would be unknown.
	return <-j.done
}

func (d *DB) writer() {
	defer close(d.done)
	for first := range d.jobs {
		batch := []*job{first}
	fill:
		for len(batch) < maxBatch {
			select {
			case j, ok := <-d.jobs:
				if !ok {
					break fill
				}
				batch = append(batch, j)
			default:
				break fill
			}
		}
		d.commit(batch)
	}
}

// commit runs a batch in one transaction. If the commit fails, every write of the batch fails.
func (d *DB) commit(batch []*job) {
	ctx := context.Background()
	results := make([]error, len(batch))
	if _, err := d.conn.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
		answer(batch, results, err)
		return
	}
	for i, j := range batch {
		if results[i] = j.ctx.Err(); results[i] == nil {
			results[i] = d.savepoint(ctx, j)
		}
	}
	if _, err := d.conn.ExecContext(ctx, "COMMIT"); err != nil {
		_, _ = d.conn.ExecContext(ctx, "ROLLBACK")
		answer(batch, results, err)
		return
	}
	answer(batch, results, nil)
}

func answer(batch []*job, results []error, err error) {
	for i, j := range batch {
		if results[i] == nil {
			results[i] = err
		}
		j.done <- results[i]
	}
}

func (d *DB) savepoint(ctx context.Context, j *job) (err error) {
	if _, err := d.conn.ExecContext(ctx, "SAVEPOINT job"); err != nil {
		return err
	}
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("write panicked: %v", r)
		}
		if err != nil {
			_, undo := d.conn.ExecContext(ctx, "ROLLBACK TO job")
			err = errors.Join(err, undo)
		}
		if _, end := d.conn.ExecContext(ctx, "RELEASE job"); end != nil {
			err = errors.Join(err, end)
		}
	}()
	return j.run(ctx, d.conn)
}
