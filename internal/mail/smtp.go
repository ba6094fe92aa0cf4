package mail

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"
)

// SMTP sends through a mail server.
type SMTP struct {
	client *gomail.Client
	from   string
}

// NewSMTP reads smtp://user:password@host:port?from=no-reply@example.com. smtps:// uses TLS from the start;
// smtp:// requires STARTTLS unless the host is this machine.
func NewSMTP(address string) (*SMTP, error) {
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" || u.Scheme != "smtp" && u.Scheme != "smtps" {
		return nil, fmt.Errorf("the SMTP address must look like smtp://user:password@host:port?from=no-reply@example.com")
	}
	from := u.Query().Get("from")
	if from == "" {
		from = "no-reply@" + u.Hostname()
		if u.User != nil && len(u.User.Username()) > 3 && containsAt(u.User.Username()) {
			from = u.User.Username()
		}
	}
	options := []gomail.Option{gomail.WithTimeout(20 * time.Second)}
	if port, err := strconv.Atoi(u.Port()); err == nil {
		options = append(options, gomail.WithPort(port))
	}
	switch {
	case u.Scheme == "smtps":
		options = append(options, gomail.WithSSL())
	case u.Hostname() == "localhost" || u.Hostname() == "127.0.0.1" || u.Hostname() == "::1":
		options = append(options, gomail.WithTLSPolicy(gomail.TLSOpportunistic))
	default:
		options = append(options, gomail.WithTLSPolicy(gomail.TLSMandatory))
	}
	if u.User != nil {
		password, _ := u.User.Password()
		options = append(options, gomail.WithSMTPAuth(gomail.SMTPAuthAutoDiscover), gomail.WithUsername(u.User.Username()), gomail.WithPassword(password))
	}
	client, err := gomail.NewClient(u.Hostname(), options...)
	if err != nil {
		return nil, err
	}
	return &SMTP{client: client, from: from}, nil
}

func containsAt(s string) bool {
	for _, r := range s {
		if r == '@' {
			return true
		}
	}
	return false
}

// Send implements Sender. The error contains the mail server's reply without addresses and without text of
// the message, because it is logged.
func (s *SMTP) Send(ctx context.Context, m Message) error {
	msg := gomail.NewMsg()
	if err := msg.From(s.from); err != nil {
		return errors.New("the sender of mails (from= in the SMTP address) is no address")
	}
	if err := msg.To(m.To); err != nil {
		return errors.New("recipient of a mail is no address")
	}
	msg.Subject(m.Subject)
	msg.SetBodyString(gomail.TypeTextPlain, m.Text)
	if err := s.client.DialAndSendWithContext(ctx, msg); err != nil {
		return fmt.Errorf("mail server: %s", cause(err, m))
	}
	return nil
}

// addressLike matches every possible address. Servers repeat the recipient in many forms; a name in angle
// brackets may lack the domain.
var (
	addressLike = regexp.MustCompile(`<[^<>\s]*>|[^\s<>,;:()"']*@[^\s<>,;()"']*`)
	digitsLike  = regexp.MustCompile(`[0-9]{4,}`)
)

// cause returns the text of an error without the user's data: addresses, and words of the message, because
// filters quote them. In a reply all numbers of four digits and more may be codes, so ports and the like are
// removed with them.
func cause(err error, m Message) string {
	text := err.Error()
	if i := strings.Index(text, ", affected recipient(s)"); i >= 0 {
		text = text[:i]
	}
	if i := strings.Index(text, ", affected message ID"); i >= 0 {
		text = text[:i]
	}
	for _, own := range []string{m.To, m.Text, m.Subject} {
		if own = strings.TrimSpace(own); own != "" {
			text = strings.ReplaceAll(text, own, "…")
		}
	}
	text = addressLike.ReplaceAllString(text, "…")
	var network *net.OpError
	if !errors.As(err, &network) { // network errors contain ports
		text = digitsLike.ReplaceAllString(text, "…")
	}
	return strings.Join(strings.Fields(text), " ")
}
