package main

import (
	"context"
	"fmt"
	"strings"

	"journeyman.dev/internal/server"
)

type keysCommand struct {
	Reseal resealCommand `cmd:"" help:"Seal what rests in the database with the first master key."`
}

type resealCommand struct {
	Config    string   `help:"JSON file of settings." type:"path"`
	Database  string   `help:"sqlite:FILE or postgres://user:password@host/name; a file in the data folder if not given."`
	Data      string   `help:"Folder for database and master keys." default:"./data" type:"path"`
	MasterKey []string `help:"Master keys, 32 bytes in base64 each: the first seals, all open; a file in the data folder if not given." sep:","`
}

// Run reseals and says how much.
func (c *resealCommand) Run(ctx context.Context, s streams) error {
	done, err := server.Reseal(ctx, server.Config{Database: c.Database, Data: c.Data, MasterKey: strings.Join(c.MasterKey, ",")})
	for _, kind := range done {
		fmt.Fprintf(s.out, "%s: %d of %d sealed with the first master key; the others were already\n", kind.Kind, kind.Count, kind.All)
	}
	return err
}
