package mail_test

import (
	"encoding/json"
	"log/slog"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"journeyman.dev/internal/mail"
)

func newOutbox() *mail.Outbox {
	return &mail.Outbox{Now: func() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC) }}
}

func TestTheOutboxShowsTheLastMailsNewestFirst(t *testing.T) {
	t.Parallel()
	outbox := newOutbox()
	shown := func() string {
		page := httptest.NewRecorder()
		outbox.ServePage(page, httptest.NewRequest("GET", "/outbox", nil))
		return page.Body.String()
	}
	if !strings.Contains(shown(), "Nothing yet.") {
		t.Error(shown())
	}
	for i := range 201 {
		if err := outbox.Send(t.Context(), mail.Message{To: "ada@example.com", Subject: "Mail " + strconv.Itoa(i), Text: "<b>"}); err != nil {
			t.Fatal(err)
		}
	}
	page := shown()
	if first, second := strings.Index(page, "Mail 200<"), strings.Index(page, "Mail 199<"); first < 0 || second < first {
		t.Errorf("mail 200 is at %d, mail 199 at %d", first, second)
	}
	if strings.Contains(page, "Mail 0<") || strings.Contains(page, "<b>") || !strings.Contains(page, "03:04:05 UTC") {
		t.Error(page)
	}
	answer := httptest.NewRecorder()
	outbox.ServeJSON(answer, httptest.NewRequest("GET", "/outbox.json", nil))
	var list []mail.Message
	if err := json.Unmarshal(answer.Body.Bytes(), &list); err != nil || len(list) != 200 || list[0].ID != 201 || list[0].Subject != "Mail 200" {
		t.Errorf("%v: %d mails, %+v", err, len(list), list[0])
	}
}

func TestNoticesAtOnceAreInTheOutboxWhenNotifyReturns(t *testing.T) {
	t.Parallel()
	outbox := newOutbox()
	m := mail.NewNoticesAtOnce(outbox, slog.New(slog.DiscardHandler))
	m.Run(t.Context()) // it has nothing to wait for
	m.Notify(t.Context(), mail.Notice{To: []string{"ada@example.com", "ada@example.net"}, Changes: []mail.Change{mail.AddressChanged}, Language: "en", Tenant: "contoso.onmicrosoft.com"})
	if list := outbox.Messages(); len(list) != 2 || list[0].To != "ada@example.net" || list[1].To != "ada@example.com" {
		t.Errorf("%+v", list)
	}
}
