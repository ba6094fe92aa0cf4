package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"journeyman.dev/internal/mail"
	"journeyman.dev/internal/settings"
)

type mailCommand struct {
	Test mailTestCommand `cmd:"" help:"Send a mail to an address, with the settings of serve."`
}

type mailTestCommand struct {
	Address string        `arg:"" help:"Recipient of the mail."`
	Config  configFlag    `help:"JSON file of settings."`
	Timeout time.Duration `help:"Time-out of the mail server." default:"30s"`
	settings.Mail
}

// Run sends one mail and prints the mail server's answer.
func (c *mailTestCommand) Run(ctx context.Context, s streams) error {
	if c.SMTP == "" {
		return errors.New("no mail server is set: give --smtp-url, JOURNEYMAN_SMTP_URL or smtp_url in the file of --config")
	}
	sender, err := mail.NewSMTP(c.SMTP)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	host := ""
	if u, err := url.Parse(c.SMTP); err == nil {
		host = u.Host
	}
	if err := sender.Send(ctx, mail.Message{
		To: c.Address, Subject: "Journeyman: the mail server works", Text: "This mail was sent by journeyman mail test. Verification codes will arrive the same way.\r\n",
	}); err != nil {
		return fmt.Errorf("the mail wasn't sent through %s: %w", host, err)
	}
	fmt.Fprintf(s.out, "%s took the mail for %s.\n", host, c.Address)
	return nil
}
