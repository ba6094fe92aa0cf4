package mail_test

import (
	"log/slog"
	"strings"
	"testing"

	"journeyman.dev/internal/mail"
)

func TestWithoutAMailServerTheLogSaysWhatWillFail(t *testing.T) {
	t.Parallel()
	open := func(address string, outbox *mail.Outbox) (codes *mail.Codes, notices *mail.Notices, log string, err error) {
		var text strings.Builder
		codes, notices, err = mail.Open(address, outbox, slog.New(slog.NewTextHandler(&text, nil)), nil)
		return codes, notices, text.String(), err
	}
	if codes, notices, log, err := open("", nil); codes != nil || notices != nil || err != nil || !strings.Contains(log, "--smtp-url") {
		t.Errorf("without any: %v %v %v %s", codes, notices, err, log)
	}
	if codes, notices, log, err := open("", newOutbox()); codes == nil || codes.PerClient != 0 || notices == nil || err != nil || log != "" {
		t.Errorf("an outbox: %v %v %v %s", codes, notices, err, log)
	}
	if codes, notices, log, err := open("smtp://localhost:25?from=a@b.example", newOutbox()); codes == nil || codes.PerClient == 0 || notices == nil || err != nil || log != "" {
		t.Errorf("a mail server: %v %v %v %s", codes, notices, err, log)
	}
	if _, _, _, err := open("http://x", nil); err == nil {
		t.Error("http is no mail server")
	}
}
