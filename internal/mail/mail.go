// Package mail writes and sends the mails that journeys cause: verification codes, and
// notices of changed accounts. They go out by SMTP, or into an outbox that a developer
// looks at.
//
//	Codes   writes verification codes, and bounds how many go to an address and from a client
//	Notices writes notices, which wait in a queue that no journey waits for
//	SMTP    sends through a mail server
//	Outbox  keeps the last mails in memory, and shows them
//
// Callers: the providers of pages and one-time codes send codes, the directory provider
// notifies; server wires them, and serves the outbox.
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

// Notice reports to the owner of an account that it was changed. It has no new value and no
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
