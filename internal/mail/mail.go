// Package mail writes and sends the mails of journeys: verification codes, and notices of changed accounts.
// It sends them by SMTP, or puts them into a developer's outbox.
//
//	Codes   writes verification codes, and bounds how many go to an address and from a client
//	Notices writes notices, which wait in a queue that no journey waits for
//	SMTP    sends through a mail server
//	Outbox  keeps the last mails in memory, and shows them
//
// Callers: the providers of pages and one-time codes send codes, the directory provider notifies; server
// wires them, and serves the outbox.
//
// Reference: pages §4.2.
package mail

import (
	"context"
	"errors"
	"time"
)

// Message is a mail as text.
type Message struct {
	ID      int       `json:"id"`
	Time    time.Time `json:"time"`
	To      string    `json:"to"`
	Subject string    `json:"subject"`
	Text    string    `json:"text"`
}

// Code is a verification code for a mail in the user's language.
type Code struct {
	To       string
	Code     string
	Lifetime time.Duration
	Language string
	Tenant   string
	RemoteIP string
}

// ErrThrottled means that an address or a client got too many codes.
var ErrThrottled = errors.New("too many verification codes")

// Sender sends a message.
type Sender interface {
	Send(ctx context.Context, m Message) error
}

// Notice reports a change of an account to its owner. It contains no new value and no secret, because an
// attacker who took the account may read the mail.
type Notice struct {
	To       []string // the account's addresses before the change
	Changes  []Change
	Language string
	Tenant   string
}

// Change is a kind of change.
type Change string

// The changes that are reported to owners.
const (
	PasswordChanged     Change = "password"
	AddressChanged      Change = "address"
	SecondFactorChanged Change = "factor"
)
