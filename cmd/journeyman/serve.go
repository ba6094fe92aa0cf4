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

// Run serves until a signal stops it.
func (c *serveCommand) Run(ctx context.Context, s streams) error {
	srv, err := server.New(ctx, config(c.Server, s))
	if err != nil {
		return err
	}
	fmt.Fprintf(s.err, "journeyman serves %s at %s, admin at %s\n", c.Tenant, srv.URL(), srv.AdminURL())
	return srv.Run(ctx)
}

// config adds the machine's general settings.
func config(set settings.Server, s streams) server.Config {
	set.OutboundProxy, set.NoProxy = outboundProxy(set.OutboundProxy, os.Getenv), variable(os.Getenv, "NO_PROXY")
	return server.Config{Server: set, Log: logger(s, set.LogLevel)}
}

// outboundProxy returns the proxy of our own setting, or the machine's general one.
func outboundProxy(set string, getenv func(string) string) string {
	switch set {
	case "":
		return variable(getenv, "HTTPS_PROXY")
	case "none":
		return ""
	}
	return set
}

// variable reads a variable that programs use in both letter cases.
func variable(getenv func(string) string, name string) string {
	if value := getenv(name); value != "" {
		return value
	}
	return getenv(strings.ToLower(name))
}
