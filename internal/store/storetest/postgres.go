package storetest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	osuser "os/user"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"journeyman.dev/internal/needtest"
)

// cluster is a PostgreSQL server of the test itself, started once for a test binary.
type cluster struct {
	folder string // data and socket
	bin    string
	err    error
}

var (
	startOnce sync.Once
	shared    cluster
	databases atomic.Int64
)

// errNoServer means that the server program isn't installed.
var errNoServer = errors.New("no PostgreSQL server program on this machine")

// Postgres makes an empty database and returns its address. Without PostgreSQL it skips the test, unless
// JOURNEYMAN_TEST_REQUIRE names it. Call StopPostgres after the tests.
func Postgres(t testing.TB) string {
	t.Helper()
	startOnce.Do(func() { shared.err = shared.start() })
	if errors.Is(shared.err, errNoServer) && !needtest.Required(needtest.Postgres) {
		t.Skip(shared.err)
	}
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	name := fmt.Sprintf("test%d", databases.Add(1))
	db, err := sql.Open("pgx", shared.address("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if _, err := db.ExecContext(t.Context(), "CREATE DATABASE "+name); err != nil {
		t.Fatal(err)
	}
	return shared.address(name)
}

// StopPostgres ends the server, if one was started. TestMain calls it.
func StopPostgres() {
	if shared.folder == "" {
		return
	}
	_ = shared.command("pg_ctl", "-D", filepath.Join(shared.folder, "data"), "-m", "immediate", "stop").Run()
	_ = os.RemoveAll(shared.folder)
}

func (c *cluster) address(database string) string {
	return "postgres:///" + database + "?" + url.Values{"host": {c.folder}, "user": {"journeyman"}}.Encode()
}

// start makes and starts the server. It listens on a socket in its folder only.
func (c *cluster) start() error {
	if c.bin = findServer(); c.bin == "" {
		return errNoServer
	}
	folder, err := os.MkdirTemp("", "jmpg")
	if err != nil {
		return err
	}
	c.folder = folder
	if id, ok := serverUser(); ok {
		if err := os.Chown(folder, int(id.Uid), int(id.Gid)); err != nil {
			return err
		}
	}
	data := filepath.Join(folder, "data")
	if out, err := c.command("initdb", "-D", data, "-A", "trust", "-U", "journeyman", "-E", "UTF8", "--locale=C", "--no-sync").CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w: %s", err, out)
	}
	options := "-c listen_addresses='' -c unix_socket_directories=" + folder + " -c fsync=off -c max_connections=300"
	if out, err := c.command("pg_ctl", "-D", data, "-l", filepath.Join(folder, "log"), "-o", options, "-w", "start").CombinedOutput(); err != nil {
		return fmt.Errorf("pg_ctl: %w: %s", err, out)
	}
	return nil
}

// command makes a command of the server's programs. It doesn't run as root, because they refuse that.
func (c *cluster) command(name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(context.Background(), filepath.Join(c.bin, name), args...)
	cmd.Dir = c.folder
	if id, ok := serverUser(); ok {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: id}
	}
	return cmd
}

// serverUser returns the user for the server if the tests run as root.
func serverUser() (*syscall.Credential, bool) {
	if os.Geteuid() != 0 {
		return nil, false
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := osuser.Lookup(name)
		if err != nil {
			continue
		}
		uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
		gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
		if err1 == nil && err2 == nil {
			return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, true
		}
	}
	return nil, false
}

func findServer() string {
	if path, err := exec.LookPath("initdb"); err == nil {
		return filepath.Dir(path)
	}
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	best, newest := "", 0
	for _, path := range found {
		folder := filepath.Dir(path)
		// Debian's folders are named by the major version.
		if version, err := strconv.Atoi(filepath.Base(filepath.Dir(folder))); err == nil && version > newest {
			best, newest = folder, version
		}
	}
	return best
}
