package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	"journeyman.dev/internal/server"
	"journeyman.dev/internal/settings"
)

type serveCommand struct {
	Config configFlag `help:"JSON file of settings."`
	settings.Server
}

// Run serves until it is told to stop.
func (c *serveCommand) Run(ctx context.Context, s streams) error {
	srv, err := server.New(ctx, config(c.Server, s))
	if err != nil {
		return err
	}
	fmt.Fprintf(s.err, "journeyman serves %s at %s, admin at %s\n", c.Tenant, srv.URL(), srv.AdminURL())
	return srv.Run(ctx)
}

// config adds what this machine sets for all programs.
func config(set settings.Server, s streams) server.Config {
	set.OutboundProxy, set.NoProxy = outboundProxy(set.OutboundProxy, os.Getenv), variable(os.Getenv, "NO_PROXY")
	return server.Config{Server: set, Log: logger(s, set.LogLevel)}
}

// outboundProxy is the proxy that was set here, or for all programs of the machine.
func outboundProxy(set string, getenv func(string) string) string {
	switch set {
	case "":
		return variable(getenv, "HTTPS_PROXY")
	case "none":
		return ""
	}
	return set
}

// variable reads one that programs know in both cases.
func variable(getenv func(string) string, name string) string {
	if value := getenv(name); value != "" {
		return value
	}
	return getenv(strings.ToLower(name))
}
