package chores_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"journeyman.dev/internal/chores"
)

func TestEachChoreIsDoneInItsTimeAndFailuresAreLogged(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		ctx, stop := context.WithCancel(t.Context())
		often, seldom := 0, 0
		ended := make(chan bool)
		go func() {
			chores.Run(ctx, slog.New(slog.NewTextHandler(&log, nil)),
				chores.Chore{Every: time.Second, Do: func(context.Context) error { often++; return nil }, Failure: "often failed"},
				chores.Chore{Every: time.Minute, Timeout: time.Second, Failure: "seldom failed", Do: func(ctx context.Context) error {
					seldom++
					<-ctx.Done() // a hanging chore delays no other
					return errors.New("too slow")
				}},
			)
			close(ended)
		}()
		time.Sleep(2*time.Minute + 1500*time.Millisecond)
		synctest.Wait()
		if often != 121 || seldom != 2 {
			t.Errorf("done %d and %d times", often, seldom)
		}
		stop()
		<-ended
		if text := log.String(); strings.Count(text, "seldom failed") != 2 || !strings.Contains(text, "too slow") || strings.Contains(text, "often") {
			t.Error(text)
		}
	})
}

func TestAChoreThatAStopEndsHasNotFailed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		ctx, stop := context.WithCancel(t.Context())
		began, ended := make(chan bool), make(chan bool)
		go func() {
			chores.Run(ctx, slog.New(slog.NewTextHandler(&log, nil)), chores.Chore{Every: time.Second, Failure: "failed", Do: func(ctx context.Context) error {
				close(began)
				<-ctx.Done()
				return ctx.Err()
			}})
			close(ended)
		}()
		<-began
		stop()
		<-ended
		if log.Len() > 0 {
			t.Error(log.String())
		}
	})
}
