package main

import (
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/alecthomas/kong"
)

// lists reads values separated by commas, lists of the file, and repeated flags as one text.
func lists() kong.Mapper {
	return kong.MapperFunc(func(ctx *kong.DecodeContext, target reflect.Value) error {
		token, err := ctx.Scan.PopValue("keys")
		if err != nil {
			return err
		}
		var values []string
		if target.String() != "" {
			values = append(values, target.String())
		}
		list, ok := token.Value.([]any)
		if !ok {
			list = []any{token.Value}
		}
		for _, value := range list {
			values = append(values, fmt.Sprint(value))
		}
		target.SetString(strings.Join(values, ","))
		return nil
	})
}

// durations refuses a number without a unit, because Go would read it as nanoseconds.
func durations() kong.Mapper {
	return kong.MapperFunc(func(ctx *kong.DecodeContext, target reflect.Value) error {
		token, err := ctx.Scan.PopValue("duration")
		if err != nil {
			return err
		}
		text := fmt.Sprint(token.Value)
		d, err := time.ParseDuration(text)
		if err != nil {
			return fmt.Errorf("%q is no duration with a unit: write 500ms, 30s, 5m or 24h", text)
		}
		target.SetInt(int64(d))
		return nil
	})
}
