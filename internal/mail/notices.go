package mail

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"time"

	"journeyman.dev/internal/texts"
)

const (
	noticesWaiting = 1024 // further notices are dropped and logged
	noticesAtOnce  = 4
	noticeTimeout  = 30 * time.Second
	// noticesAtStop limits a stop's wait for queued notices.
	noticesAtStop = 5 * time.Second
)

// Notices mails notices of changed accounts. A mail server may be slow or down, so journeys don't wait for
// it, and a failed notice doesn't affect them. It is safe for concurrent use.
type Notices struct {
	sender Sender
	log    *slog.Logger
	queue  chan Notice // nil: notices are sent at once
}

// NewNotices makes a mailer with a queue of up to 1024 notices for Run.
func NewNotices(sender Sender, log *slog.Logger) *Notices {
	return &Notices{sender: sender, log: log, queue: make(chan Notice, noticesWaiting)}
}

// NewNoticesAtOnce makes a mailer for a sender without delay, such as an [Outbox]: Notify sends, and Run
// returns at once.
func NewNoticesAtOnce(sender Sender, log *slog.Logger) *Notices {
	return &Notices{sender: sender, log: log}
}

// Notify queues a notice for Run without waiting. If the queue is full, it drops the notice and logs that.
func (m *Notices) Notify(ctx context.Context, n Notice) {
	if m.queue == nil {
		m.send(ctx, n)
		return
	}
	select {
	case m.queue <- n:
	default:
		m.log.ErrorContext(ctx, "a notice of a changed account is dropped: too many wait for the mail server")
	}
}

// Run sends notices until ctx ends, and then the queued ones for up to five seconds.
func (m *Notices) Run(ctx context.Context) {
	if m.queue == nil {
		return
	}
	sending, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	defer context.AfterFunc(ctx, func() {
		time.AfterFunc(noticesAtStop, cancel)
	})()
	var workers sync.WaitGroup
	for range noticesAtOnce {
		workers.Go(func() {
			for {
				select {
				case n := <-m.queue:
					m.send(sending, n)
					continue
				default:
				}
				select {
				case n := <-m.queue:
					m.send(sending, n)
				case <-ctx.Done():
					if len(m.queue) == 0 {
						return
					}
				}
			}
		})
	}
	workers.Wait()
}

// send mails a notice in the language of the journey that changed the account.
func (m *Notices) send(ctx context.Context, n Notice) {
	ctx, cancel := context.WithTimeout(ctx, noticeTimeout)
	defer cancel()
	message := noticeOf(n)
	for _, to := range n.To {
		message.To = to
		if err := m.sender.Send(ctx, message); err != nil {
			m.log.ErrorContext(ctx, "a notice of a changed account can't be sent", "err", err)
		}
	}
}

// noticeOf writes the message of a notice.
func noticeOf(n Notice) Message {
	tenant, _, _ := strings.Cut(n.Tenant, ".")
	own := texts.For(n.Language)
	text := func(id string) string { return strings.ReplaceAll(own.Text(texts.Mail, id), "{0}", tenant) }
	var b strings.Builder
	for _, change := range n.Changes {
		b.WriteString(text("notice_"+string(change)) + "\r\n")
	}
	b.WriteString("\r\n" + text("notice_advice") + "\r\n")
	return Message{Subject: text("notice_subject"), Text: b.String()}
}
