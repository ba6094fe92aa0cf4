package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

// maxConns limits the pool. More connections than the database's processors can serve would only wait there.
const maxConns = 24

// openPostgres opens a PostgreSQL database, version 13 or newer.
func openPostgres(ctx context.Context, address string) (*DB, error) {
	config, err := pgx.ParseConfig(address)
	if err != nil {
		return nil, errors.New("the database's address can't be read") // the address may contain a password
	}
	if !strings.Contains(address, "connect_timeout") {
		config.ConnectTimeout = connectTimeout
	}
	db := stdlib.OpenDB(*config)
	db.SetMaxOpenConns(maxConns)
	db.SetMaxIdleConns(maxConns)
	db.SetConnMaxIdleTime(5 * time.Minute)
	asking, cancel := within(ctx, transactions*defaultTimeout)
	defer cancel()
	if err := db.PingContext(asking); err != nil {
		return nil, errors.Join(fmt.Errorf("database doesn't answer: %w", withoutAddress(err)), db.Close())
	}
	var version int
	if err := db.QueryRowContext(asking, "SELECT current_setting('server_version_num')::int").Scan(&version); err != nil {
		return nil, errors.Join(fmt.Errorf("database: %w", err), db.Close())
	}
	if err := supported(version); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	// Several nodes may start at once: one migrates, the others wait.
	locker, err := lock.NewPostgresSessionLocker()
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	if err := migrate(ctx, db, goose.DialectPostgres, goose.WithSessionLocker(locker)); err != nil {
		return nil, errors.Join(fmt.Errorf("database: %w", err), db.Close())
	}
	d := &DB{read: &pool{db, defaultTimeout}}
	d.inWrite = d.transact
	return d, nil
}

// oldest is the oldest supported major version.
const oldest = 13

// supported checks a server by its server_version_num, such as 150004 for 15.4.
func supported(version int) error {
	if version/10000 < oldest {
		return fmt.Errorf("the database is PostgreSQL %d, but %d or newer is needed", version/10000, oldest)
	}
	return nil
}

// withoutAddress keeps a password in the address out of errors: it keeps only the server's own message.
func withoutAddress(err error) error {
	var server *pgconn.PgError
	if errors.As(err, &server) {
		return server
	}
	return errors.New("no connection")
}

// maxTransactions limits the attempts of a write that conflicts with others.
const maxTransactions = 20

// transact runs a write in its own transaction, and again after a conflict with another write.
func (d *DB) transact(ctx context.Context, run func(ctx context.Context, q querier) error) error {
	var err error
	for range maxTransactions {
		if err = d.attempt(ctx, run); !conflicted(err) {
			return err
		}
	}
	return err
}

// conflicted reports a deadlock or a serialization failure.
func conflicted(err error) bool {
	var server *pgconn.PgError
	return errors.As(err, &server) && (server.Code == "40P01" || server.Code == "40001")
}

func (d *DB) attempt(ctx context.Context, run func(ctx context.Context, q querier) error) (err error) {
	ctx, cancel := within(ctx, transactions*d.read.timeout)
	defer cancel()
	tx, err := d.read.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("write panicked: %v", r)
		}
		if err != nil {
			_ = tx.Rollback() // the first error names the fault
		}
	}()
	if err := run(ctx, tx); err != nil {
		return err
	}
	// Wait for a commit that has begun: otherwise its outcome would be unknown.
	return tx.Commit()
}

// bytesAs is the folder of the migrations with another name for BLOB.
type bytesAs struct {
	fs.FS
	name string
}

// ReadFile implements fs.ReadFileFS.
func (f bytesAs) ReadFile(name string) ([]byte, error) {
	b, err := fs.ReadFile(f.FS, name)
	return bytes.ReplaceAll(b, []byte(" BLOB "), []byte(" "+f.name+" ")), err
}

// Open implements fs.FS.
func (f bytesAs) Open(name string) (fs.File, error) {
	file, err := f.FS.Open(name)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err != nil || info.IsDir() {
		return file, err
	}
	b, err := f.ReadFile(name)
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return replaced{file, bytes.NewReader(b)}, nil
}

// replaced is a file with replaced content.
type replaced struct {
	fs.File
	content io.Reader
}

// Read implements fs.File.
func (r replaced) Read(p []byte) (int, error) { return r.content.Read(p) }
