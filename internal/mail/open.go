package mail

import (
	"log/slog"

	"journeyman.dev/internal/limit"
)

// Open makes the mailers of a server: by SMTP if there is an address, else into an outbox. Without either
// both are nil, and the log reports the consequence.
func Open(address string, outbox *Outbox, log *slog.Logger, sent *limit.Windows) (*Codes, *Notices, error) {
	switch {
	case address != "":
		sender, err := NewSMTP(address)
		if err != nil {
			return nil, nil, err
		}
		return &Codes{Sender: sender, Log: log, PerClient: CodesPerClient, Sent: sent}, NewNotices(sender, log), nil
	case outbox != nil:
		// No mail is sent, and load tests come from one client.
		return &Codes{Sender: outbox, Log: log, Sent: sent}, NewNoticesAtOnce(outbox, log), nil
	}
	log.Warn("no mail server is set (--smtp-url): pages that verify e-mail addresses will answer AADB2C90161, " +
		"so that nobody signs up or resets a password by mail; so will technical profiles that mail codes, " +
		"and owners of changed accounts get no notice")
	return nil, nil, nil
}
