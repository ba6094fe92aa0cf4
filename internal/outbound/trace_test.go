package outbound

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"journeyman.dev/internal/telemetry"
)

func TestACallOfAJourneyCarriesItsTraceAndIsLoggedWithIt(t *testing.T) {
	t.Parallel()
	var got []string
	api := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = append(got, r.Header.Get("Traceparent"))
		w.WriteHeader(http.StatusTeapot)
	}))
	t.Cleanup(api.Close)
	var log bytes.Buffer
	client, err := New(Config{
		Development: true, RootCAs: api.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs,
		Log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	if err != nil {
		t.Fatal(err)
	}
	var calls []telemetry.Call
	const id = "8f3b1c5e-9d7a-4f60-8a0b-0c1d2e3f4a5b"
	of := telemetry.With(t.Context(), &telemetry.Scope{CorrelationID: id, Called: func(_ context.Context, c telemetry.Call) { calls = append(calls, c) }})
	own := http.Header{"Traceparent": {"00-11111111111111111111111111111111-2222222222222222-01"}}
	for _, c := range []struct {
		ctx    context.Context
		header http.Header
	}{{of, nil}, {of, own}, {t.Context(), nil}} {
		if _, err := client.Do(c.ctx, Request{Method: "POST", URL: api.URL + "/secret/path", Header: c.header}); err != nil {
			t.Fatal(err)
		}
	}
	if len(got) != 3 || !strings.HasPrefix(got[0], "00-"+strings.ReplaceAll(id, "-", "")+"-") || got[1] != own.Get("Traceparent") || got[2] != "" {
		t.Errorf("traceparent = %q; want that of the journey, the caller's own, and none", got)
	}
	if n := strings.Count(log.String(), "correlationId="+id); n != 2 {
		t.Errorf("%d lines of the log have the correlation id, want 2:\n%s", n, log.String())
	}
	if strings.Contains(log.String(), "secret") {
		t.Errorf("the log contains the path:\n%s", log.String())
	}
	if len(calls) != 2 || calls[0].Status != http.StatusTeapot || calls[0].Method != "POST" || calls[0].Attempts != 1 || !strings.HasPrefix(calls[0].Host, "127.0.0.1:") {
		t.Errorf("observed %+v", calls)
	}
}
