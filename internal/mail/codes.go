package mail

import (
	"context"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"journeyman.dev/internal/canonical"
	"journeyman.dev/internal/limit"
	"journeyman.dev/internal/texts"
)

// Codes writes the mails of e-mail verification, and bounds how many go to one address and
// how many one client asks for. All fields but PerClient must be set; it is safe for
// concurrent use.
type Codes struct {
	Sender Sender
	Log    *slog.Logger
	// PerClient is how many codes one client may ask for in ten minutes that nobody enters;
	// 0: no bound. See [CodesPerClient].
	PerClient int
	Sent      *limit.Windows // over all nodes
}

// How many codes an address gets, or a client asks for that nobody enters, in a while.
// B2C doesn't publish its limits; ours let a person try again, and a script not.
const (
	codesWithin     = 10 * time.Minute
	codesPerAddress = 5
	// CodesPerClient is the usual bound of a client: many people may share an address.
	CodesPerClient = 500
)

// clientKey counts the codes that a client asked for.
func clientKey(c Code) string { return limit.Key("code from", limit.Client(c.RemoteIP)) }

// SendCode mails a code, or returns ErrThrottled if a bound is reached. A mail that can't be
// sent is an error, and in the log. The client's bound comes first,
// and what it refuses isn't counted for the address: else a client that may send nothing
// any more could still see to it that an address gets no code.
func (m *Codes) SendCode(ctx context.Context, c Code) error {
	client := limit.Bound{Key: clientKey(c), Most: m.PerClient, Within: codesWithin}
	if c.RemoteIP == "" {
		client.Most = 0
	}
	ok, err := m.Sent.Take(ctx, client, limit.Bound{Key: limit.Key("code to", canonical.Name(c.To)), Most: codesPerAddress, Within: codesWithin})
	if err != nil {
		return fmt.Errorf("count of codes: %w", err)
	}
	if !ok {
		return ErrThrottled
	}
	tenant, _, _ := strings.Cut(c.Tenant, ".")
	own := texts.For(c.Language)
	text := func(id, arg string) string { return strings.ReplaceAll(own.Text(texts.Mail, id), "{0}", arg) }
	minutes := strconv.Itoa(int(c.Lifetime.Minutes()))
	err = m.Sender.Send(ctx, Message{
		To: c.To, Subject: text("subject", tenant),
		Text: text("code", c.Code) + "\r\n\r\n" + text("hint", minutes) + "\r\n" + text("ignore", "") + "\r\n",
	})
	if err != nil {
		// Here, as what a page answers is no failure of its journey, and not logged there.
		m.Log.ErrorContext(ctx, "a verification code can't be mailed: journeyman mail test tries the mail server", "err", err)
	}
	return err
}

// CodeUsed takes a code that was entered off the client's bound: people who share an address
// and enter their codes meet none.
func (m *Codes) CodeUsed(ctx context.Context, c Code) error {
	if m.PerClient == 0 || c.RemoteIP == "" {
		return nil
	}
	return m.Sent.Give(ctx, clientKey(c))
}
