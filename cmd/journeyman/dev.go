package main

import (
	"context"
	"fmt"
)

type devCommand struct {
	settings
	Tenant   string `help:"Name of the tenant." default:"contoso.onmicrosoft.com"`
	Outbound string `help:"strict or development." enum:"strict,development" default:"development"`
}

func (c *devCommand) Run(ctx context.Context, s streams) error { return fmt.Errorf("todo") }
