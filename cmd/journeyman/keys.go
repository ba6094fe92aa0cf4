package main

import (
	"context"
	"fmt"

	"journeyman.dev/internal/server"
	"journeyman.dev/internal/settings"
)

type keysCommand struct {
	Reseal resealCommand `cmd:"" help:"Seal the secrets in the database with the first master key."`
}

type resealCommand struct {
	Config configFlag `help:"JSON file of settings."`
	settings.Storage
}

// Run reseals and prints the numbers.
func (c *resealCommand) Run(ctx context.Context, s streams) error {
	done, err := server.Reseal(ctx, c.Storage)
	for _, kind := range done {
		fmt.Fprintf(s.out, "%s: %d of %d sealed with the first master key; the others were already\n", kind.Kind, kind.Count, kind.All)
	}
	return err
}
