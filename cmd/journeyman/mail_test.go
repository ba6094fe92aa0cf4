package main

import (
	"strings"
	"testing"

	"journeyman.dev/internal/mail/mailtest"
)

func TestMailTestSendsAMailOrSaysWhyNot(t *testing.T) {
	t.Parallel()
	good := mailtest.Start(t, nil)
	code, out, errOut := command(t, "mail", "test", "ops@contoso.example", "--smtp-url", good.URL)
	if code != 0 || !strings.Contains(out, "took the mail for ops@contoso.example") {
		t.Fatalf("%d %s %s", code, out, errOut)
	}
	if got := <-good.Received; !strings.Contains(got, "RCPT TO:<ops@contoso.example>") || !strings.Contains(got, "journeyman mail test") {
		t.Error(got)
	}
	bad := mailtest.Start(t, map[string]string{"MAIL": "530 5.7.0 authentication required"})
	if code, _, errOut := command(t, "mail", "test", "ops@contoso.example", "--config", fileOf(t, `{"smtp_url": "`+bad.URL+`"}`)); code != 1 || !strings.Contains(errOut, "authentication required") {
		t.Errorf("%d %s", code, errOut)
	}
	if code, _, errOut := command(t, "mail", "test", "ops@contoso.example"); code != 1 || !strings.Contains(errOut, "--smtp-url") {
		t.Errorf("without a server: %d %s", code, errOut)
	}
}
