package page

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"journeyman.dev/internal/outbound"
)

// host is a template host: its answers and the requests.
type host struct {
	mu     sync.Mutex
	answer func(r outbound.Request) (outbound.Response, error)
	asked  []outbound.Request
}

func (h *host) Do(_ context.Context, r outbound.Request) (outbound.Response, error) {
	h.mu.Lock()
	h.asked = append(h.asked, r)
	answer := h.answer
	h.mu.Unlock()
	return answer(r)
}

func (h *host) set(answer func(r outbound.Request) (outbound.Response, error)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.answer = answer
}

func (h *host) calls() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	n := len(h.asked)
	h.asked = nil
	return n
}

func page(status int, body string, header ...string) func(outbound.Request) (outbound.Response, error) {
	h := http.Header{}
	for i := 0; i < len(header); i += 2 {
		h.Set(header[i], header[i+1])
	}
	return func(outbound.Request) (outbound.Response, error) {
		return outbound.Response{Status: status, Header: h, Body: []byte(body)}, nil
	}
}

type wall struct {
	mu sync.Mutex
	at time.Time
}

func (w *wall) now() time.Time { w.mu.Lock(); defer w.mu.Unlock(); return w.at }

func (w *wall) advance(d time.Duration) { w.mu.Lock(); defer w.mu.Unlock(); w.at = w.at.Add(d) }

func templatesOf(age time.Duration) (*Templates, *host, *wall) {
	h, clock := &host{}, &wall{at: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
	return NewTemplates(h, age, clock.now), h, clock
}

const address = "https://cdn.example/page.html"

func marked(t *Template) string {
	return string(t.render(filling{language: "en"}))
}

func TestTemplatesAreKeptAsTheirHostSays(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		cacheControl string
		after        time.Duration
		calls        int
	}{
		{"", 59 * time.Second, 0},
		{"", 61 * time.Second, 1},
		{"max-age=600", 9 * time.Minute, 0},
		{"public, max-age=31536000", 61 * time.Minute, 1}, // an hour at most
		{"no-store", 0, 1},
		{"private, no-cache", 0, 1},
		{"max-age=0", 0, 1},
		{"max-age=nonsense", 59 * time.Second, 0},
	} {
		templates, h, clock := templatesOf(time.Minute)
		h.set(page(200, `<div id="api"></div>`, "Cache-Control", c.cacheControl))
		if _, err := templates.Load(t.Context(), address, true); err != nil {
			t.Fatal(err)
		}
		h.calls()
		clock.advance(c.after)
		if _, err := templates.Load(t.Context(), address, true); err != nil {
			t.Fatal(err)
		}
		if got := h.calls(); got != c.calls {
			t.Errorf("Cache-Control %q after %v: %d calls, want %d", c.cacheControl, c.after, got, c.calls)
		}
	}
}

func TestTemplatesAreAskedForByTheirTag(t *testing.T) {
	t.Parallel()
	templates, h, _ := templatesOf(0)
	h.set(page(200, `<p>one</p><div id="api"></div>`, "ETag", `"1"`, "Last-Modified", "Thu, 01 Jan 2026 00:00:00 GMT"))
	if _, err := templates.Load(t.Context(), address, true); err != nil {
		t.Fatal(err)
	}
	h.set(func(r outbound.Request) (outbound.Response, error) {
		if r.Header.Get("If-None-Match") != `"1"` || r.Header.Get("If-Modified-Since") == "" {
			t.Errorf("header = %v", r.Header)
		}
		return outbound.Response{Status: http.StatusNotModified, Header: http.Header{}}, nil
	})
	got, err := templates.Load(t.Context(), address, true)
	if err != nil || !strings.Contains(marked(got), "one") {
		t.Errorf("%v", err)
	}
}

func TestAHostThatFailsIsNotAskedAgainAtOnce(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]func(outbound.Request) (outbound.Response, error){
		"no answer": func(outbound.Request) (outbound.Response, error) { return outbound.Response{}, outbound.ErrTimeout },
		"too large": func(r outbound.Request) (outbound.Response, error) {
			if r.MaxBody != maxTemplateBytes || r.Timeout > templateTimeout {
				return outbound.Response{}, fmt.Errorf("bounds are %d, %v", r.MaxBody, r.Timeout)
			}
			return outbound.Response{}, outbound.ErrTooLarge
		},
		"not found": page(404, `<div id="api"></div>`),
		"not HTML":  page(200, "\x00\x01\x02"),
		"no place":  page(200, "<p>Hello</p>"),
		"redirects": page(302, "", "Location", "/again"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			templates, h, clock := templatesOf(0)
			h.set(answer)
			for range 3 {
				if got, err := templates.Load(t.Context(), address, true); err == nil || got != nil {
					t.Fatalf("loaded %v, %v", got, err)
				}
			}
			if got := h.calls(); got > maxTemplateHops {
				t.Errorf("%d calls", got)
			}
			clock.advance(retryTemplateAfter)
			h.set(page(200, `<div id="api"></div>`))
			if _, err := templates.Load(t.Context(), address, true); err != nil {
				t.Errorf("after a while: %v", err)
			}
			// A loaded template replaces later failures.
			h.set(answer)
			clock.advance(time.Minute)
			if got, err := templates.Load(t.Context(), address, true); err == nil || got == nil {
				t.Errorf("no older version: %v, %v", got, err)
			}
			clock.advance(staleTemplateFor)
			if got, _ := templates.Load(t.Context(), address, true); got != nil {
				t.Error("the older version is too old")
			}
		})
	}
}

func TestRedirectsAreFollowedToTheirEnd(t *testing.T) {
	t.Parallel()
	templates, h, _ := templatesOf(0)
	h.set(func(r outbound.Request) (outbound.Response, error) {
		if r.URL == "https://www.example/x/page.html" {
			return outbound.Response{Status: 200, Header: http.Header{}, Body: []byte(`<div id="api"></div>`)}, nil
		}
		return outbound.Response{Status: 301, Header: http.Header{"Location": {"//www.example/x/page.html#top"}}}, nil
	})
	if _, err := templates.Load(t.Context(), address, true); err != nil {
		t.Error(err)
	}
}

func TestTheCacheOfTemplatesIsBounded(t *testing.T) {
	t.Parallel()
	templates, h, _ := templatesOf(time.Hour)
	h.set(page(200, `<div id="api"></div>`+strings.Repeat("x", 300<<10)))
	for i := range 3 * maxTemplates {
		if _, err := templates.Load(t.Context(), fmt.Sprintf("%s?%d", address, i), true); err != nil {
			t.Fatal(err)
		}
	}
	if len(templates.entries) > maxTemplates || templates.bytes > maxTemplatesBytes || templates.recent.Len() != len(templates.entries) {
		t.Errorf("%d templates, %d bytes", len(templates.entries), templates.bytes)
	}
}

func TestPagesThatWaitForOneTemplateShareTheCall(t *testing.T) {
	t.Parallel()
	templates, h, _ := templatesOf(time.Hour)
	var calls atomic.Int32
	release := make(chan struct{})
	h.set(func(outbound.Request) (outbound.Response, error) {
		calls.Add(1)
		<-release
		return outbound.Response{Status: 200, Header: http.Header{}, Body: []byte(`<div id="api"></div>`)}, nil
	})
	gone, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for i := range 20 {
		ctx := t.Context()
		if i == 0 {
			ctx = gone
		}
		wg.Go(func() {
			if _, err := templates.Load(ctx, address, true); err != nil {
				t.Errorf("load: %v", err)
			}
		})
	}
	cancel() // the first requester may leave
	close(release)
	wg.Wait()
	if calls.Load() > 2 {
		t.Errorf("%d calls", calls.Load())
	}
}

func TestOnlySoManyTemplatesLoadAtOnce(t *testing.T) {
	t.Parallel()
	templates, h, _ := templatesOf(time.Hour)
	release, started := make(chan struct{}), make(chan struct{}, maxTemplateLoads)
	h.set(func(outbound.Request) (outbound.Response, error) {
		started <- struct{}{}
		<-release
		return outbound.Response{}, outbound.ErrTimeout
	})
	var wg sync.WaitGroup
	for i := range maxTemplateLoads {
		wg.Go(func() { _, _ = templates.Load(t.Context(), fmt.Sprintf("%s?%d", address, i), true) })
	}
	for range maxTemplateLoads {
		<-started
	}
	if _, err := templates.Load(t.Context(), address+"?more", true); !errors.Is(err, errBusy) {
		t.Errorf("one more: %v", err)
	}
	close(release)
	wg.Wait()
}
