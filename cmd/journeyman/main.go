// Command journeyman runs the identity server and works on its policies.
//
// The commands and their flags are a contract: DESIGN §7.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"
)

type cli struct {
	Dev    devCommand    `cmd:"" help:"Run everything on this machine, with nothing to configure."`
	Serve  serveCommand  `cmd:"" help:"Run the server in production."`
	Policy policyCommand `cmd:"" help:"Work on policy files."`

	Userflow  userflowCommand  `cmd:"" help:"Work on user flows."`
	Connector connectorCommand `cmd:"" help:"Work on API connectors."`
	Keys      keysCommand      `cmd:"" help:"Work on the keys of a tenant at rest."`
}

// errFound ends a command that found errors it has printed already.
var errFound = errors.New("errors were found")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	code := run(ctx, os.Args[1:], streams{os.Stdout, os.Stderr})
	stop()
	os.Exit(code)
}

// run is the whole command; it returns the exit code.
func run(ctx context.Context, args []string, s streams) int {
	var c cli
	exit := -1
	parser, err := kong.New(&c, kong.Name("journeyman"), kong.Description("A self-hosted identity server that runs Azure AD B2C's policies."),
		kong.UsageOnError(), kong.Writers(s.out, s.err), kong.Exit(func(code int) { exit = code }),
		kong.DefaultEnvars("JOURNEYMAN"), kong.Bind(s))
	if err != nil {
		fmt.Fprintln(s.err, "journeyman:", err)
		return 2
	}
	for i, a := range args {
		if file, ok := strings.CutPrefix(a, "--config="); ok {
			err = withConfig(parser, file)
		} else if a == "--config" && i+1 < len(args) {
			err = withConfig(parser, args[i+1])
		}
	}
	if file := os.Getenv("JOURNEYMAN_CONFIG"); file != "" && err == nil {
		err = withConfig(parser, file)
	}
	if err != nil {
		fmt.Fprintln(s.err, "journeyman:", err)
		return 2
	}
	k, err := parser.Parse(args)
	if exit >= 0 {
		return exit
	}
	if err != nil {
		fmt.Fprintln(s.err, "journeyman:", err)
		return 2
	}
	k.BindTo(ctx, (*context.Context)(nil))
	switch err := k.Run(); {
	case err == nil:
		return 0
	case errors.Is(err, errFound):
		return 1
	default:
		fmt.Fprintln(s.err, "journeyman:", err)
		return 1
	}
}

// withConfig reads a JSON file of settings, by flag with underscores:
// {"tenant": "…", "admin_listen": "…"}.
func withConfig(parser *kong.Kong, file string) error {
	f, err := os.Open(file)
	if err != nil {
		return fmt.Errorf("config: %w", err)
	}
	defer func() { _ = f.Close() }()
	resolver, err := kong.JSON(f)
	if err != nil {
		return fmt.Errorf("config %s: %w", file, err)
	}
	return kong.Resolvers(resolver).Apply(parser)
}

func logger(s streams, level string) *slog.Logger {
	var l slog.Level
	if err := l.UnmarshalText([]byte(level)); err != nil {
		l = slog.LevelInfo
	}
	return slog.New(slog.NewJSONHandler(s.err, &slog.HandlerOptions{Level: l}))
}
