package page

import (
	"container/list"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"journeyman.dev/internal/outbound"
)

// The limits of loading templates. B2C publishes none (pages §2.1 [I]).
const (
	maxTemplateBytes   = 1 << 20
	templateTimeout    = 10 * time.Second
	staleTimeout       = 3 * time.Second // if an older version can be shown instead
	maxTemplates       = 256
	maxTemplatesBytes  = 32 << 20
	maxTemplateLoads   = 32 // at once
	maxTemplateHops    = 4
	maxTemplateAge     = time.Hour
	staleTemplateFor   = 24 * time.Hour
	retryTemplateAfter = 10 * time.Second
)

// Fetcher calls out; *outbound.Client is one.
type Fetcher interface {
	Do(ctx context.Context, r outbound.Request) (outbound.Response, error)
}

// Templates loads customers' page templates and keeps them as long as their hosts'
// cache headers say. It is safe for concurrent use.
type Templates struct {
	fetch Fetcher
	now   func() time.Time
	// age is the lifetime of a template without cache headers.
	age time.Duration

	loads singleflight.Group
	slots chan struct{}

	mu      sync.Mutex
	entries map[string]*list.Element // of *loaded, by key
	recent  *list.List               // front: the last used
	bytes   int
}

// loaded is a template, or the failure to load it.
type loaded struct {
	key      string
	template *Template // nil: err is the reason
	err      error
	size     int
	etag     string
	modified string
	expires  time.Time
	loaded   time.Time
}

// NewTemplates makes an empty cache. age is the lifetime of templates without cache headers; 0 asks the host
// each time.
func NewTemplates(fetch Fetcher, age time.Duration, now func() time.Time) *Templates {
	return &Templates{
		fetch: fetch, now: now, age: age, slots: make(chan struct{}, maxTemplateLoads),
		entries: make(map[string]*list.Element), recent: list.New(),
	}
}

// errBusy means that too many templates are loading.
var errBusy = errors.New("too many templates are being loaded")

// Load returns the template of an address, parsed for pages with or without scripts. After a failure the host
// isn't asked again for some seconds, and the earlier version is used for up to a day. Load then returns the
// earlier version together with the error.
func (t *Templates) Load(ctx context.Context, address string, scripts bool) (*Template, error) {
	key := strconv.FormatBool(scripts) + " " + address
	if have := t.fresh(key); have != nil {
		return have.template, have.err
	}
	got, _, _ := t.loads.Do(key, func() (any, error) {
		if have := t.fresh(key); have != nil {
			return have, nil
		}
		// Several pages wait for this answer; the end of one must not fail the others.
		return t.renew(context.WithoutCancel(ctx), key, address, scripts), nil
	})
	l := got.(*loaded)
	return l.template, l.err
}

func (t *Templates) fresh(key string) *loaded {
	t.mu.Lock()
	defer t.mu.Unlock()
	e, ok := t.entries[key]
	if !ok {
		return nil
	}
	l := e.Value.(*loaded)
	if !t.now().Before(l.expires) {
		return nil
	}
	t.recent.MoveToFront(e)
	return l
}

// renew asks the host and stores the answer.
func (t *Templates) renew(ctx context.Context, key, address string, scripts bool) *loaded {
	t.mu.Lock()
	var old *loaded
	if e, ok := t.entries[key]; ok {
		if l := e.Value.(*loaded); l.template != nil && t.now().Sub(l.loaded) < staleTemplateFor {
			old = l
		}
	}
	t.mu.Unlock()
	next, err := t.get(ctx, address, scripts, old)
	if err != nil {
		next = &loaded{err: err, expires: t.now().Add(retryTemplateAfter)}
		if errors.Is(err, errBusy) {
			next.expires = t.now() // the host is not at fault
		}
		if old != nil {
			next = &loaded{template: old.template, err: err, size: old.size, etag: old.etag, modified: old.modified, loaded: old.loaded, expires: next.expires}
		}
	}
	next.key = key
	t.keep(next)
	return next
}

func (t *Templates) keep(l *loaded) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if e, ok := t.entries[l.key]; ok {
		t.bytes -= e.Value.(*loaded).size
		t.recent.Remove(e)
	}
	t.entries[l.key] = t.recent.PushFront(l)
	t.bytes += l.size
	for len(t.entries) > maxTemplates || t.bytes > maxTemplatesBytes {
		last := t.recent.Back()
		gone := last.Value.(*loaded)
		t.recent.Remove(last)
		delete(t.entries, gone.key)
		t.bytes -= gone.size
	}
}

// get fetches a template. It follows redirects, and the client checks each one.
func (t *Templates) get(ctx context.Context, address string, scripts bool, old *loaded) (*loaded, error) {
	select {
	case t.slots <- struct{}{}:
		defer func() { <-t.slots }()
	default:
		return nil, errBusy
	}
	timeout := templateTimeout
	header := http.Header{"Accept": {"text/html, */*;q=0.1"}}
	if old != nil {
		timeout = staleTimeout
		if old.etag != "" {
			header.Set("If-None-Match", old.etag)
		}
		if old.modified != "" {
			header.Set("If-Modified-Since", old.modified)
		}
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	address, _, _ = strings.Cut(address, "#")
	for range maxTemplateHops {
		res, err := t.fetch.Do(ctx, outbound.Request{Method: http.MethodGet, URL: address, Header: header, Timeout: timeout, MaxBody: maxTemplateBytes})
		if err != nil {
			return nil, err
		}
		switch {
		case res.Status == http.StatusNotModified && old != nil:
			next := *old
			next.err, next.loaded = nil, t.now()
			next.expires = next.loaded.Add(t.ageOf(res.Header))
			return &next, nil
		case res.Status == http.StatusOK:
			return t.parse(res, scripts)
		case res.Status < 300 || res.Status > 399 || res.Header.Get("Location") == "":
			return nil, fmt.Errorf("the host answered %d", res.Status)
		}
		if address, err = follow(address, res.Header.Get("Location")); err != nil {
			return nil, err
		}
	}
	return nil, errors.New("the host redirects too often")
}

func follow(from, to string) (string, error) {
	base, err := url.Parse(from)
	if err != nil {
		return "", errors.New("the address can't be read")
	}
	next, err := base.Parse(to)
	if err != nil {
		return "", errors.New("the host redirects to an invalid address")
	}
	next.Fragment = ""
	return next.String(), nil
}

func (t *Templates) parse(res outbound.Response, scripts bool) (*loaded, error) {
	doc, err := decodeTemplate(res.Body, res.Header.Get("Content-Type"))
	if err != nil {
		return nil, err
	}
	template, err := parseTemplate(doc, scripts)
	if err != nil {
		return nil, err
	}
	now := t.now()
	return &loaded{
		template: template, size: len(doc), etag: res.Header.Get("ETag"), modified: res.Header.Get("Last-Modified"),
		loaded: now, expires: now.Add(t.ageOf(res.Header)),
	}, nil
}

// ageOf reads Cache-Control within limits: even if a host answers "a year", its change has effect within an
// hour.
func (t *Templates) ageOf(h http.Header) time.Duration {
	for directive := range strings.SplitSeq(strings.ToLower(strings.Join(h.Values("Cache-Control"), ",")), ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(directive), "=")
		switch name {
		case "no-store", "no-cache":
			return 0
		case "max-age":
			if n, err := strconv.Atoi(strings.Trim(value, `"`)); err == nil && n >= 0 {
				return min(time.Duration(min(n, 1<<30))*time.Second, maxTemplateAge)
			}
		}
	}
	return t.age
}
