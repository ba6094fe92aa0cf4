package listen

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"journeyman.dev/internal/limit"
)

// Servers serve listeners side by side until they are drained.
type Servers struct {
	log    *slog.Logger
	failed chan error
	all    []*http.Server
}

// NewServers makes Servers without listeners.
func NewServers(log *slog.Logger) *Servers {
	return &Servers{log: log, failed: make(chan error, 1)}
}

// Serve serves a listener. base is the parent of every request's context. All calls come
// before Drain.
func (s *Servers) Serve(base context.Context, l net.Listener, h http.Handler) {
	srv := &http.Server{
		Handler: h, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 60 * time.Second, WriteTimeout: 3 * time.Minute, IdleTimeout: 2 * time.Minute,
		MaxHeaderBytes: 64 << 10, ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
		BaseContext: func(net.Listener) context.Context { return base },
		ConnState:   NoteIdle,
		ConnContext: func(ctx context.Context, _ net.Conn) context.Context { return limit.WithConnection(ctx) },
	}
	s.all = append(s.all, srv)
	go func() {
		err := srv.Serve(l)
		select {
		case s.failed <- err:
		default: // one error is enough to report the end
		}
	}()
}

// Failed returns the channel for the error of the first listener that fails.
func (s *Servers) Failed() <-chan error { return s.failed }

// Drain accepts nothing new and lets running requests finish within a limit. Shortly before the limit it
// calls cancel, which must end the requests' contexts, so that they can answer with an error. Then it closes
// the remaining connections.
func (s *Servers) Drain(limit time.Duration, cancel func()) {
	patience := limit - min(limit/2, 5*time.Second) // the rest is for cancelled requests
	late := time.AfterFunc(patience, func() {
		s.log.Warn("requests under way are cancelled: the time to stop is nearly over", "limit", limit)
		cancel()
	})
	defer late.Stop()
	until, release := context.WithTimeout(context.Background(), limit)
	defer release()
	var all sync.WaitGroup
	for _, srv := range s.all {
		all.Go(func() {
			if err := srv.Shutdown(until); err != nil {
				s.log.Warn("connections are cut off: their requests did not end in time", "err", errors.Join(err, srv.Close()))
			}
		})
	}
	all.Wait()
}
