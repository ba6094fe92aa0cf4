// Package chores runs regular work beside the requests.
//
// Callers: server.
package chores

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// Chore is one kind of regular work.
type Chore struct {
	Every time.Duration
	// Timeout limits the time of Do; 0: until ctx of Run ends.
	Timeout time.Duration
	Do      func(ctx context.Context) error
	// Failure is the log's message if Do fails.
	Failure string
}

// Run runs each chore at its intervals until ctx ends, and never twice at once. After a failure the chore
// runs again at its next time.
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
