package server

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"time"

	"journeyman.dev/internal/mail"
	"journeyman.dev/internal/texts"
)

const (
	noticesWaiting = 1024 // beyond, notices are dropped, and the log says so
	noticesAtOnce  = 4
	noticeTimeout  = 30 * time.Second
	// noticesAtStop is how long a stop waits for the notices that wait.
	noticesAtStop = 5 * time.Second
)

// noticeMailer mails notices of changed accounts. A mail server may be slow or away: a
// journey waits for neither, and ends well whatever comes of its notice.
type noticeMailer struct {
	sender mail.Sender
	log    *slog.Logger
	queue  chan mail.Notice // nil: they are sent at once, into an outbox
}

// Notify implements the directory provider's Notifier.
func (m *noticeMailer) Notify(ctx context.Context, n mail.Notice) {
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

// Run sends until ctx ends, and then for a moment what still waits.
func (m *noticeMailer) Run(ctx context.Context) {
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
func (m *noticeMailer) send(ctx context.Context, n mail.Notice) {
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

// noticeOf writes a notice.
func noticeOf(n mail.Notice) mail.Message {
	tenant, _, _ := strings.Cut(n.Tenant, ".")
	own := texts.For(n.Language)
	text := func(id string) string { return strings.ReplaceAll(own.Text(texts.Mail, id), "{0}", tenant) }
	var b strings.Builder
	for _, change := range n.Changes {
		b.WriteString(text("notice_"+string(change)) + "\r\n")
	}
	b.WriteString("\r\n" + text("notice_advice") + "\r\n")
	return mail.Message{Subject: text("notice_subject"), Text: b.String()}
}
