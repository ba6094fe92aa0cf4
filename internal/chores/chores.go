// Package chores does what has to be done again and again beside the requests.
//
// Callers: server.
package chores

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// Chore is one of them.
type Chore struct {
	Every time.Duration
	// Timeout is how long Do may take; 0: until ctx of Run ends.
	Timeout time.Duration
	Do      func(ctx context.Context) error
	// Failure is the log's message where Do fails.
	Failure string
}

// Run does each chore when its time has come, and never twice at once, until ctx ends. A
// chore that fails is done again as if it had not.
func Run(ctx context.Context, log *slog.Logger, all ...Chore) {
	var running sync.WaitGroup
	for _, c := range all {
		running.Go(func() { c.run(ctx, log) })
	}
	running.Wait()
}

func (c Chore) run(ctx context.Context, log *slog.Logger) {
	ticker := time.NewTicker(c.Every)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			if err := c.once(ctx); err != nil && ctx.Err() == nil {
				log.ErrorContext(ctx, c.Failure, "err", err)
			}
		}
	}
}

func (c Chore) once(ctx context.Context) error {
	if c.Timeout > 0 {
		var done context.CancelFunc
		ctx, done = context.WithTimeout(ctx, c.Timeout)
		defer done()
	}
	return c.Do(ctx)
}
