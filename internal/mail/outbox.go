package mail

import (
	"context"
	_ "embed" // for go:embed
	"encoding/json"
	"html/template"
	"net/http"
	"sync"
	"time"
)

// Outbox keeps the last messages in memory instead of sending them.
type Outbox struct {
	Now func() time.Time

	mu       sync.Mutex
	next     int
	messages []Message
}

// maxOutbox is the number of messages in a full Outbox.
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

//go:embed outbox.html
var outboxText string

var outboxPage = template.Must(template.New("outbox").Parse(outboxText))

// ServePage shows the kept messages as an HTML page that reloads itself.
func (o *Outbox) ServePage(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
	_ = outboxPage.Execute(w, o.Messages())
}

// ServeJSON answers with the kept messages as a JSON array of [Message], newest first.
func (o *Outbox) ServeJSON(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(o.Messages())
}
