package mail

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"journeyman.dev/internal/texts"
)

// slowSender sends each mail in a while, unless its context ends.
type slowSender struct {
	takes time.Duration
	err   error
	mu    sync.Mutex
	sent  []Message
}

func (s *slowSender) Send(ctx context.Context, m Message) error {
	select {
	case <-time.After(s.takes):
	case <-ctx.Done():
		return ctx.Err()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sent = append(s.sent, m)
	return s.err
}

var notice = Notice{To: []string{"ada@example.com"}, Changes: []Change{PasswordChanged}, Language: "en", Tenant: "contoso.onmicrosoft.com"}

func TestNoticesThatWaitAreSentBeforeTheStop(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		sender := &slowSender{takes: time.Second}
		m := &Notices{sender: sender, log: slog.New(slog.DiscardHandler), queue: make(chan Notice, 10)}
		ctx, cancel := context.WithCancel(t.Context())
		for range 10 {
			m.Notify(ctx, notice)
		}
		m.Notify(ctx, notice) // beyond the queue: dropped, and nobody waits
		cancel()
		m.Run(ctx)
		if len(sender.sent) != 10 {
			t.Errorf("%d were sent", len(sender.sent))
		}
	})
}

func TestAMailServerThatHangsHoldsNoStop(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for _, sender := range []*slowSender{{takes: time.Hour}, {takes: time.Millisecond, err: errors.New("refused")}} {
			m := &Notices{sender: sender, log: slog.New(slog.DiscardHandler), queue: make(chan Notice, 100)}
			ctx, cancel := context.WithCancel(t.Context())
			for range 100 {
				m.Notify(ctx, notice)
			}
			began := time.Now()
			cancel()
			m.Run(ctx)
			if took := time.Since(began); took > noticesAtStop {
				t.Errorf("the stop took %v", took)
			}
		}
	})
}

func TestANoticeIsWrittenInEveryLanguage(t *testing.T) {
	t.Parallel()
	for _, language := range texts.Languages() {
		n := notice
		n.Language, n.Changes = language, []Change{PasswordChanged, AddressChanged, SecondFactorChanged}
		m := noticeOf(n)
		if lines := strings.Split(strings.TrimSpace(m.Text), "\r\n"); len(lines) != 5 || !strings.Contains(m.Subject, "contoso") || !strings.Contains(lines[4], "contoso") || strings.Contains(m.Text, "{0}") {
			t.Errorf("%s: %q %q", language, m.Subject, m.Text)
		}
	}
}
