package test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"testing"
	"time"

	"journeyman.dev/internal/server"
)

// childVariable makes this program a server, for tests that kill one or measure one.
const childVariable = "JOURNEYMAN_TEST_CHILD"

// childConfig is what a server in a process of its own is told.
type childConfig struct {
	Data, Database, OutboundCA string
	TLS                        string
	Shutdown                   time.Duration
	// Floor makes it the bare loop that the server is measured against, which calls API.
	Floor bool
	API   string
}

// child is a running server in a process of its own.
type child struct {
	process *exec.Cmd
	public  string
	admin   string
}

// serveAsChild runs a server of a configuration in JSON, and says where it listens.
func serveAsChild(configuration string) error {
	var set childConfig
	if err := json.Unmarshal([]byte(configuration), &set); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	if set.Floor {
		return serveFloor(ctx, set)
	}
	c := serverConfig(set.Data, set.OutboundCA)
	c.Database, c.ShutdownTimeout = set.Database, set.Shutdown
	if set.TLS != "" {
		c.TLS = set.TLS
	}
	c.Log = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))
	srv, err := server.New(ctx, c)
	if err != nil {
		return err
	}
	fmt.Println(srv.URL(), srv.AdminURL())
	return srv.Run(ctx)
}

// startChild runs this program as a server and waits until it listens.
func startChild(t testing.TB, config childConfig) child {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(config)
	if err != nil {
		t.Fatal(err)
	}
	c := child{process: exec.Command(program, "-test.run", "^$")}
	c.process.Env = append(os.Environ(), childVariable+"="+string(b))
	c.process.Stderr = os.Stderr
	out, err := c.process.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.process.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("the server doesn't start: %v", err)
	}
	if _, err := fmt.Sscan(line, &c.public, &c.admin); err != nil {
		t.Fatalf("%q: %v", line, err)
	}
	return c
}

// kill ends it without a chance to tidy up.
func (c child) kill() {
	_ = c.process.Process.Kill()
	_ = c.process.Wait()
}
