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
	"reflect"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/alecthomas/kong"
)

type cli struct {
	Dev    devCommand    `cmd:"" help:"Run everything on this machine, with nothing to configure."`
	Serve  serveCommand  `cmd:"" help:"Run the server in production."`
	Policy policyCommand `cmd:"" help:"Work on policy files."`

	Userflow  userflowCommand  `cmd:"" help:"Work on user flows."`
	Connector connectorCommand `cmd:"" help:"Work on API connectors."`
	Keys      keysCommand      `cmd:"" help:"Work on the keys of a tenant at rest."`
	Settings  configCommand    `cmd:"" name:"config" help:"Look at the settings of the server."`
	Mail      mailCommand      `cmd:"" help:"Try the mail server."`
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
		kong.DefaultEnvars("JOURNEYMAN"), kong.Bind(s), kong.TypeMapper(reflect.TypeFor[time.Duration](), durations()))
	if err != nil {
		fmt.Fprintln(s.err, "journeyman:", err)
		return 2
	}
	if file := configPath(args, os.LookupEnv); file != "" {
		config, err := readConfig(file, parser.Model)
		if err == nil {
			err = kong.Resolvers(config).Apply(parser)
		}
		if err != nil {
			fmt.Fprintln(s.err, "journeyman:", err)
			return 2
		}
	}
	if len(args) > 0 && args[0] == "policy" && slices.Contains(args, "") {
		// A path that is blank would mean the folder that one is in, with all that lies below.
		fmt.Fprintln(s.err, "journeyman: an argument is blank: is a variable of your shell not set?")
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

// level is how much is logged; names in any case, as package slog reads them.
type level slog.Level

// UnmarshalText implements encoding.TextUnmarshaler.
func (l *level) UnmarshalText(text []byte) error {
	var own slog.Level
	if err := own.UnmarshalText(text); err != nil {
		return fmt.Errorf("the level %q isn't known: use debug, info, warn or error", text)
	}
	*l = level(own)
	return nil
}

// String implements fmt.Stringer.
func (l level) String() string { return strings.ToLower(slog.Level(l).String()) }

func logger(s streams, l level) *slog.Logger {
	return slog.New(slog.NewJSONHandler(s.err, &slog.HandlerOptions{Level: slog.Level(l)}))
}
