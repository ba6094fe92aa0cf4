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
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"journeyman.dev/internal/settings"
)

type cli struct {
	Dev    devCommand    `cmd:"" help:"Run everything on this machine, with nothing to configure."`
	Serve  serveCommand  `cmd:"" help:"Run the server in production."`
	Policy policyCommand `cmd:"" help:"Work on policy files."`

	Userflow  userflowCommand  `cmd:"" help:"Work on user flows."`
	Connector connectorCommand `cmd:"" help:"Work on API connectors."`
	Keys      keysCommand      `cmd:"" help:"Work on the stored keys of a tenant."`
	Settings  configCommand    `cmd:"" name:"config" help:"Examine the settings of the server."`
	Mail      mailCommand      `cmd:"" help:"Try the mail server."`
}

// errFound ends a command that has already printed its errors.
var errFound = errors.New("errors were found")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	code := run(ctx, os.Args[1:], streams{os.Stdout, os.Stderr})
	stop()
	os.Exit(code)
}

// run runs the whole command and returns the exit code.
func run(ctx context.Context, args []string, s streams) int {
	var c cli
	exit := -1
	parser, err := newParser(&c, s, kong.Exit(func(code int) { exit = code }))
	if err != nil {
		fmt.Fprintln(s.err, "journeyman:", err)
		return 2
	}
	if len(args) > 0 && args[0] == "policy" && slices.Contains(args, "") {
		// A blank path would mean the current folder with all of its subfolders.
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

// newParser makes the parser of the commands and their flags.
func newParser(c *cli, s streams, more ...kong.Option) (*kong.Kong, error) {
	return kong.New(c, append(more, kong.Name("journeyman"), kong.Description("A self-hosted identity server that runs Azure AD B2C's policies."),
		kong.UsageOnError(), kong.Writers(s.out, s.err), kong.DefaultEnvars("JOURNEYMAN"), kong.PostBuild(developers), kong.Bind(s),
		kong.TypeMapper(reflect.TypeFor[time.Duration](), durations()), kong.NamedMapper("keys", lists()))...)
}

// developers sets the defaults of journeyman dev, from the tag dev of the settings, and removes its useless
// flags.
func developers(k *kong.Kong) error {
	for _, command := range k.Model.Children {
		if command.Name != "dev" {
			continue
		}
		command.Flags = slices.DeleteFunc(command.Flags, func(f *kong.Flag) bool { return f.Tag.Get("dev") == "-" })
		for _, f := range command.Flags {
			if f.Tag.Has("dev") {
				f.Required, f.HasDefault, f.Default = false, true, f.Tag.Get("dev")
			}
		}
	}
	return nil
}

func logger(s streams, l settings.Level) *slog.Logger {
	return slog.New(slog.NewJSONHandler(s.err, &slog.HandlerOptions{Level: slog.Level(l)}))
}
