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

// Codes writes the mails of e-mail verification. It limits the codes to each address and from each client.
// All fields but PerClient must be set. It is safe for concurrent use.
type Codes struct {
	Sender Sender
	Log    *slog.Logger
	// PerClient limits the codes that one client requests in ten minutes and nobody enters; 0: no limit. See
	// [CodesPerClient].
	PerClient int
	Sent      *limit.Windows // over all nodes
}

// Limits of codes to an address, and of requested codes that nobody enters, within a time. B2C doesn't
// publish its limits. Ours let a person try again, but not a script.
const (
	codesWithin     = 10 * time.Minute
	codesPerAddress = 5
	// CodesPerClient is the usual limit of a client, because many people may share an address.
	CodesPerClient = 500
)

// clientKey is the key of a client's count of requested codes.
func clientKey(c Code) string { return limit.Key("code from", limit.Client(c.RemoteIP)) }

// SendCode mails a code; ErrThrottled if a limit is reached. A failure to send is an error, and is logged.
// The client's limit comes first, and its refusals aren't counted for the address: otherwise a client without
// remaining codes could still block an address.
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
		// Log here: a failed answer of a page isn't a failed journey, so the engine doesn't log it.
		m.Log.ErrorContext(ctx, "a verification code can't be mailed: journeyman mail test tries the mail server", "err", err)
	}
	return err
}

// CodeUsed removes an entered code from the client's count, so that people who share an address and enter
// their codes never reach the limit.
func (m *Codes) CodeUsed(ctx context.Context, c Code) error {
	if m.PerClient == 0 || c.RemoteIP == "" {
		return nil
	}
	return m.Sent.Give(ctx, clientKey(c))
}
