package mail

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"journeyman.dev/internal/limit"
	"journeyman.dev/internal/store"
)

func TestCodesAreBoundedByAddressAndByClient(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	clock := func() time.Time { return now }
	outbox := &Outbox{Now: clock}
	db, err := store.OpenSQLite(t.Context(), filepath.Join(t.TempDir(), "db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	sent1 := &limit.Windows{Store: db, Now: clock}
	bounded := &Codes{Sender: outbox, Log: slog.New(slog.DiscardHandler), PerClient: 7, Sent: sent1}
	free := &Codes{Sender: outbox, Log: slog.New(slog.DiscardHandler), Sent: sent1}
	// sent counts the sent codes out of ten.
	sent := func(m *Codes, to func(i int) string, ip string) (n int) {
		for i := range 10 {
			err := m.SendCode(t.Context(), Code{To: to(i), Code: "123456", RemoteIP: ip, Tenant: "contoso.onmicrosoft.com"})
			if err == nil {
				n++
			} else if !errors.Is(err, ErrThrottled) {
				t.Fatal(err)
			}
		}
		return n
	}
	one := func(int) string { return "Em@example.com" }
	many := func(i int) string { return fmt.Sprintf("em%d@example.com", i) }
	if n := sent(bounded, one, ""); n != codesPerAddress {
		t.Errorf("an address got %d codes, want %d", n, codesPerAddress)
	}
	if n := sent(bounded, func(int) string { return "em@EXAMPLE.com" }, ""); n != 0 {
		t.Errorf("written otherwise, it got %d more", n)
	}
	if n := sent(bounded, many, "203.0.113.1"); n != 7 {
		t.Errorf("a client sent %d codes, want 7", n)
	}
	if n := sent(bounded, many, "203.0.113.2"); n != 7 {
		t.Errorf("another client sent %d codes, want 7", n)
	}
	// A client at its limit doesn't use up an address's codes, and entered codes don't count.
	victim := func(int) string { return "victim@example.com" }
	if n := sent(bounded, victim, "203.0.113.1"); n != 0 {
		t.Errorf("a client over its bound sent %d codes", n)
	}
	if n := sent(bounded, victim, "203.0.113.3"); n != codesPerAddress {
		t.Errorf("the address then got %d codes, want %d", n, codesPerAddress)
	}
	for i := range 50 {
		code := Code{To: fmt.Sprintf("office%d@example.com", i), Code: "123456", RemoteIP: "203.0.113.4", Tenant: "contoso.onmicrosoft.com"}
		if err := errors.Join(bounded.SendCode(t.Context(), code), bounded.CodeUsed(t.Context(), code)); err != nil {
			t.Fatalf("code %d of an office: %v", i, err)
		}
	}
	now = now.Add(codesWithin)
	if n := sent(bounded, one, "203.0.113.1"); n != codesPerAddress {
		t.Errorf("ten minutes later, %d codes went out", n)
	}
	if n := sent(free, many, "203.0.113.1"); n != 10 {
		t.Errorf("without a bound, %d codes went out", n)
	}
}

// brokenSender sends nothing.
type brokenSender struct{}

func (brokenSender) Send(context.Context, Message) error { return errors.New("mailbox is full") }

func TestACodeIsWrittenInTheUsersLanguage(t *testing.T) {
	t.Parallel()
	outbox, log := &Outbox{Now: time.Now}, &strings.Builder{}
	code := Code{To: "ada@example.com", Code: "123456", Lifetime: 10 * time.Minute, Language: "de", Tenant: "contoso.onmicrosoft.com"}
	m := &Codes{Sender: outbox, Log: slog.New(slog.NewTextHandler(log, nil)), Sent: &limit.Windows{Store: freeWindows{}, Now: time.Now}}
	if err := m.SendCode(t.Context(), code); err != nil {
		t.Fatal(err)
	}
	sent := outbox.Messages()[0]
	for _, part := range []string{"123456", "10 Min"} {
		if !strings.Contains(sent.Text, part) {
			t.Errorf("%q lacks %q", sent.Text, part)
		}
	}
	if !strings.Contains(sent.Subject, "contoso") || strings.Contains(sent.Subject, "onmicrosoft") || strings.Contains(sent.Subject+sent.Text, "{0}") {
		t.Errorf("%q %q", sent.Subject, sent.Text)
	}
	m.Sender = brokenSender{}
	if err := m.SendCode(t.Context(), code); err == nil || !strings.Contains(log.String(), "mailbox is full") || strings.Contains(log.String(), "123456") {
		t.Errorf("%v, log %s", err, log)
	}
	if err := m.CodeUsed(t.Context(), code); err != nil {
		t.Errorf("a client without a bound: %v", err)
	}
	m.Sent.Store = freeWindows{errors.New("no database")}
	if err := m.SendCode(t.Context(), code); err == nil || errors.Is(err, ErrThrottled) {
		t.Errorf("without a database: %v", err)
	}
}

// freeWindows is a store without limits, or one that fails.
type freeWindows struct{ err error }

func (f freeWindows) Take(context.Context, time.Time, ...limit.Bound) (bool, time.Time, error) {
	return true, time.Time{}, f.err
}

func (f freeWindows) Give(context.Context, time.Time, string) error { return f.err }
