package server

import (
	"context"
	"strconv"
	"strings"
	"sync"
	"time"

	"journeyman.dev/internal/mail"
	"journeyman.dev/internal/texts"
)

// codeMailer writes the mails of e-mail verification, and bounds how many go to one
// address and come from one.
type codeMailer struct {
	sender    mail.Sender
	perClient int // 0: no bound
	sent      throttle
}

// How many codes an address gets, or asks for, in a while. B2C doesn't publish its
// limits; ours let a person try again, and a script not.
const (
	codesWithin     = 10 * time.Minute
	codesPerAddress = 5
	codesPerClient  = 200 // many people may share an address
)

// SendCode implements selfasserted.Mailer and otp.Mailer.
func (m *codeMailer) SendCode(ctx context.Context, c mail.Code) error {
	if !m.sent.Allow("to "+strings.ToLower(c.To), codesPerAddress, codesWithin) || m.perClient > 0 && c.RemoteIP != "" && !m.sent.Allow("from "+c.RemoteIP, m.perClient, codesWithin) {
		return mail.ErrThrottled
	}
	tenant, _, _ := strings.Cut(c.Tenant, ".")
	own := texts.For(c.Language)
	text := func(id, arg string) string { return strings.ReplaceAll(own.Text(texts.Mail, id), "{0}", arg) }
	minutes := strconv.Itoa(int(c.Lifetime.Minutes()))
	return m.sender.Send(ctx, mail.Message{
		To: c.To, Subject: text("subject", tenant),
		Text: text("code", c.Code) + "\r\n\r\n" + text("hint", minutes) + "\r\n" + text("ignore", "") + "\r\n",
	})
}

// throttle counts what was done lately, by key. It is of this process: more servers
// allow more.
type throttle struct {
	now func() time.Time

	mu   sync.Mutex
	done map[string][]time.Time
}

// Allow implements otp.Limits.
func (t *throttle) Allow(key string, most int, within time.Duration) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	if t.done == nil || len(t.done) > 100_000 {
		t.done = make(map[string][]time.Time)
	}
	var recent []time.Time
	for _, at := range t.done[key] {
		if now.Sub(at) < within {
			recent = append(recent, at)
		}
	}
	if len(recent) >= most {
		t.done[key] = recent
		return false
	}
	t.done[key] = append(recent, now)
	return true
}
