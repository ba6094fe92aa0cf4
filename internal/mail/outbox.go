package mail

import (
	"context"
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

var outboxPage = template.Must(template.New("outbox").Parse(`<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="5"><title>Mail outbox</title><style>:root{color-scheme:light dark}body{font:1rem/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem}article{border:1px solid #8888;border-radius:.5rem;padding:.75rem 1rem;margin:0 0 1rem}pre{white-space:pre-wrap;margin:.5rem 0 0;font:inherit}small{opacity:.75}</style></head>
<body><h1>Mail outbox</h1><p>Mails that would have been sent, newest first.</p>{{range .}}<article><strong>{{.Subject}}</strong><br><small>to {{.To}} · {{.Time.Format "15:04:05"}} UTC</small><pre>{{.Text}}</pre></article>{{else}}<p>Nothing yet.</p>{{end}}</body></html>`))

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
