package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"journeyman.dev/internal/canonical"
	"journeyman.dev/internal/limit"
	"journeyman.dev/internal/mail"
	"journeyman.dev/internal/onetime"
	"journeyman.dev/internal/texts"
)

// codeMailer writes the mails of e-mail verification, and bounds how many go to one
// address and come from one.
type codeMailer struct {
	sender    mail.Sender
	log       *slog.Logger
	perClient int // 0: no bound
	sent      *limit.Windows
}

// How many codes an address gets, or a client asks for that nobody enters, in a while.
// B2C doesn't publish its limits; ours let a person try again, and a script not.
const (
	codesWithin     = 10 * time.Minute
	codesPerAddress = 5
	codesPerClient  = 500 // many people may share an address
)

// clientKey counts the codes that a client asked for.
func clientKey(c mail.Code) string { return limit.Key("code from", limit.Client(c.RemoteIP)) }

// SendCode implements selfasserted.Mailer and otp.Mailer. The client's bound comes first,
// and what it refuses isn't counted for the address: else a client that may send nothing
// any more could still see to it that an address gets no code.
func (m *codeMailer) SendCode(ctx context.Context, c mail.Code) error {
	client := limit.Bound{Key: clientKey(c), Most: m.perClient, Within: codesWithin}
	if c.RemoteIP == "" {
		client.Most = 0
	}
	ok, err := m.sent.Take(ctx, client, limit.Bound{Key: limit.Key("code to", canonical.Name(c.To)), Most: codesPerAddress, Within: codesWithin})
	if err != nil {
		return fmt.Errorf("count of codes: %w", err)
	}
	if !ok {
		return mail.ErrThrottled
	}
	tenant, _, _ := strings.Cut(c.Tenant, ".")
	own := texts.For(c.Language)
	text := func(id, arg string) string { return strings.ReplaceAll(own.Text(texts.Mail, id), "{0}", arg) }
	minutes := strconv.Itoa(int(c.Lifetime.Minutes()))
	err = m.sender.Send(ctx, mail.Message{
		To: c.To, Subject: text("subject", tenant),
		Text: text("code", c.Code) + "\r\n\r\n" + text("hint", minutes) + "\r\n" + text("ignore", "") + "\r\n",
	})
	if err != nil {
		// Here, as what a page answers is no failure of its journey, and not logged there.
		m.log.ErrorContext(ctx, "a verification code can't be mailed: journeyman mail test tries the mail server", "err", err)
	}
	return err
}

// CodeUsed implements selfasserted.Mailer and otp.Mailer: people who share an address and
// enter their codes meet no bound.
func (m *codeMailer) CodeUsed(ctx context.Context, c mail.Code) error {
	if m.perClient == 0 || c.RemoteIP == "" {
		return nil
	}
	return m.sent.Give(ctx, clientKey(c))
}

// wrongCodes: so many wrong codes for one identifier, over all journeys, lock it for a
// while. A person enters a few of each of a few codes; who may try so many finds one of a
// million in years.
var wrongCodes = limit.Rule{After: 20, First: 10 * time.Minute, Most: time.Hour, Few: time.Hour, Forget: 24 * time.Hour}

// codeGuesses implements onetime.Guesses.
type codeGuesses struct{ tries *limit.Tries }

// Guard implements onetime.Guesses.
func (g codeGuesses) Guard(ctx context.Context, identifier string, try func() bool) error {
	err := g.tries.Guard(ctx, limit.Key("code", canonical.Name(identifier)), try)
	if limit.IsLocked(err) || errors.Is(err, limit.ErrBusy) {
		return onetime.ErrGuessed
	}
	return err
}

// codeLimits implements otp.Limits.
type codeLimits struct{ made *limit.Windows }

// Allow implements otp.Limits.
func (l codeLimits) Allow(ctx context.Context, identifier string, most int, within time.Duration) (bool, error) {
	return l.made.Take(ctx, limit.Bound{Key: limit.Key("code for", canonical.Name(identifier)), Most: most, Within: within})
}
