package mail_test

import (
	"strings"
	"testing"

	"journeyman.dev/internal/mail"
	"journeyman.dev/internal/mail/mailtest"
)

func TestTheCauseOfAMailThatFailsHasNoAddressAndNoCode(t *testing.T) {
	t.Parallel()
	for name, script := range map[string]map[string]string{
		"the recipient is refused": {"RCPT": "550 5.1.1 <Em.Ily@example.com>: Recipient address em.ily@EXAMPLE.com rejected: unknown"},
		"by a filter":              {"END": "554 5.7.1 message with 'Your code is: 482913' to em.ily (em.ily@example.com) looks like spam: unknown"},
		"the sender is refused":    {"MAIL": "553 unknown sender no-reply@contoso.example"},
	} {
		server := mailtest.Start(t, script)
		sender, err := mail.NewSMTP(server.URL)
		if err != nil {
			t.Fatal(err)
		}
		err = sender.Send(t.Context(), mail.Message{To: "em.ily@example.com", Subject: "Your code", Text: "Your code is: 482913\r\n"})
		if err == nil || !strings.Contains(err.Error(), "unknown") {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, own := range []string{"example", "482913", "Your code is"} {
			if strings.Contains(strings.ToLower(err.Error()), strings.ToLower(own)) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

func TestAMailServerThatIsAwayIsNamedWithItsPort(t *testing.T) {
	t.Parallel()
	sender, err := mail.NewSMTP("smtp://127.0.0.1:1?from=a@b.example")
	if err != nil {
		t.Fatal(err)
	}
	err = sender.Send(t.Context(), mail.Message{To: "emily@example.com", Text: "x"})
	if err == nil || !strings.Contains(err.Error(), "127.0.0.1:1") {
		t.Error(err)
	}
}
