// Package mail sends the mails of pages: by SMTP, or into an outbox that a developer
// looks at.
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
	"sync"
	"time"

	gomail "github.com/wneessen/go-mail"
)

// Message is a mail as text.
type Message struct {
	ID      int       `json:"id"`
	Time    time.Time `json:"time"`
	To      string    `json:"to"`
	Subject string    `json:"subject"`
	Text    string    `json:"text"`
}

// Code is a verification code to be written in the user's language.
type Code struct {
	To       string
	Code     string
	Lifetime time.Duration
	Language string
	Tenant   string
	RemoteIP string
}

// ErrThrottled says that an address or who asked for it got too many codes.
var ErrThrottled = errors.New("too many verification codes")

// Sender sends a message.
type Sender interface {
	Send(ctx context.Context, m Message) error
}

// Outbox keeps the last messages in memory instead of sending them.
type Outbox struct {
	Now func() time.Time

	mu       sync.Mutex
	next     int
	messages []Message
}

// maxOutbox is how many messages an Outbox keeps.
const maxOutbox = 200

// Send implements Sender.
func (o *Outbox) Send(_ context.Context, m Message) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.next++
	m.ID, m.Time = o.next, o.Now().UTC()
	o.messages = append(o.messages, m)
	if len(o.messages) > maxOutbox {
		o.messages = o.messages[1:]
	}
	return nil
}

// Messages returns the kept messages, newest first.
func (o *Outbox) Messages() []Message {
	o.mu.Lock()
	defer o.mu.Unlock()
	out := make([]Message, 0, len(o.messages))
	for i := len(o.messages) - 1; i >= 0; i-- {
		out = append(out, o.messages[i])
	}
	return out
}

// SMTP sends through a mail server.
type SMTP struct {
	client *gomail.Client
	from   string
}

// NewSMTP reads smtp://user:password@host:port?from=no-reply@example.com; smtps:// is
// TLS from the start, smtp:// needs STARTTLS unless the host is this machine.
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

// Send implements Sender. The error says what the mail server said, without addresses and
// without anything of the message: it goes to the log.
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

// addressLike is whatever may be an address: servers repeat the recipient in many ways, of
// which a name in angle brackets may lack the domain.
var (
	addressLike = regexp.MustCompile(`<[^<>\s]*>|[^\s<>,;:()"']*@[^\s<>,;()"']*`)
	digitsLike  = regexp.MustCompile(`[0-9]{4,}`)
)

// cause is the text of an error without what is the user's: addresses, and the words of the
// message, as filters repeat what they don't like. Of a reply's text, codes are all numbers
// of four digits and more; ports and the like go with them.
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
	if !errors.As(err, &network) { // whose numbers are ports
		text = digitsLike.ReplaceAllString(text, "…")
	}
	return strings.Join(strings.Fields(text), " ")
}

// Notice tells the owner of an account that it was changed. It has no new value and no
// secret: who reads the mail may be who took the account.
type Notice struct {
	To       []string // addresses that the account had before
	Changes  []Change
	Language string
	Tenant   string
}

// Change is what was changed.
type Change string

// The changes that are reported to owners.
const (
	PasswordChanged     Change = "password"
	AddressChanged      Change = "address"
	SecondFactorChanged Change = "factor"
)
