package server

import (
	"context"
	"strconv"
	"strings"
	"sync"
	"time"

	"journeyman.dev/internal/mail"
	"journeyman.dev/internal/provider/selfasserted"
	"journeyman.dev/internal/texts"
)

// codeMailer writes the mails of e-mail verification, and bounds how many go to one
// address and come from one.
type codeMailer struct {
	sender mail.Sender
	now    func() time.Time

	mu   sync.Mutex
	sent map[string][]time.Time
}

// How many codes an address gets, or asks for, in a while. B2C doesn't publish its
// limits; ours let a person try again, and a script not.
const (
	codesWithin     = 10 * time.Minute
	codesPerAddress = 5
	codesPerClient  = 50
)

// SendCode implements selfasserted.Mailer.
func (m *codeMailer) SendCode(ctx context.Context, c selfasserted.CodeMail) error {
	if !m.allow("to "+strings.ToLower(c.To), codesPerAddress) || c.RemoteIP != "" && !m.allow("from "+c.RemoteIP, codesPerClient) {
		return selfasserted.ErrThrottled
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

func (m *codeMailer) allow(key string, most int) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.now()
	if m.sent == nil || len(m.sent) > 100_000 {
		m.sent = make(map[string][]time.Time)
	}
	var recent []time.Time
	for _, at := range m.sent[key] {
		if now.Sub(at) < codesWithin {
			recent = append(recent, at)
		}
	}
	if len(recent) >= most {
		m.sent[key] = recent
		return false
	}
	m.sent[key] = append(recent, now)
	return true
}
