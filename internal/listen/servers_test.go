package listen

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// serve serves a handler and returns its address.
func serve(t *testing.T, s *Servers, base context.Context, h http.HandlerFunc) (net.Listener, string) {
	t.Helper()
	l, origin, err := Open("listen", "127.0.0.1:0", 10, nil)
	if err != nil {
		t.Fatal(err)
	}
	s.Serve(base, l, h)
	return l, origin
}

// answer is the result of a request in the background.
func answer(origin string) <-chan string {
	got := make(chan string, 1)
	go func() {
		res, err := http.Get(origin) //nolint:noctx // of this test
		if err != nil {
			got <- "error: " + err.Error()
			return
		}
		defer func() { _ = res.Body.Close() }()
		body, _ := io.ReadAll(res.Body)
		got <- string(body)
	}()
	return got
}

func TestARequestUnderWayFinishesWhileItIsDrained(t *testing.T) {
	t.Parallel()
	s := NewServers(slog.New(slog.DiscardHandler))
	began, goOn := make(chan bool), make(chan bool)
	_, origin := serve(t, s, t.Context(), func(w http.ResponseWriter, _ *http.Request) {
		began <- true
		<-goOn
		_, _ = io.WriteString(w, "finished")
	})
	got := answer(origin)
	<-began
	drained := make(chan bool)
	go func() {
		s.Drain(time.Minute, func() { t.Error("cancelled") })
		close(drained)
	}()
	if err := <-s.Failed(); !errors.Is(err, http.ErrServerClosed) { // no new connections
		t.Error(err)
	}
	close(goOn)
	if text := <-got; text != "finished" {
		t.Error(text)
	}
	<-drained
}

func TestARequestThatHangsIsCancelledBeforeTheLimit(t *testing.T) {
	t.Parallel()
	s := NewServers(slog.New(slog.DiscardHandler))
	base, cancel := context.WithCancel(t.Context())
	began := make(chan bool)
	_, origin := serve(t, s, base, func(w http.ResponseWriter, r *http.Request) {
		began <- true
		<-r.Context().Done()
		_, _ = io.WriteString(w, "cancelled")
	})
	got := answer(origin)
	<-began
	s.Drain(2*time.Second, cancel)
	if text := <-got; text != "cancelled" {
		t.Error(text)
	}
}

func TestARequestThatIgnoresItsEndIsCutOff(t *testing.T) {
	t.Parallel()
	s := NewServers(slog.New(slog.DiscardHandler))
	began, end := make(chan bool), make(chan bool)
	defer close(end)
	_, origin := serve(t, s, t.Context(), func(http.ResponseWriter, *http.Request) {
		began <- true
		<-end
	})
	got := answer(origin)
	<-began
	s.Drain(10*time.Millisecond, func() {})
	if text := <-got; !strings.HasPrefix(text, "error: ") {
		t.Error(text)
	}
}

func TestAListenerThatFailsIsReported(t *testing.T) {
	t.Parallel()
	s := NewServers(slog.New(slog.DiscardHandler))
	broken, _ := serve(t, s, t.Context(), http.NotFound)
	_, _ = serve(t, s, t.Context(), http.NotFound)
	if err := broken.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-s.Failed(); !errors.Is(err, net.ErrClosed) {
		t.Error(err)
	}
	s.Drain(time.Minute, func() {})
}
