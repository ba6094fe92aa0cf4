package telemetry_test

import (
	"context"
	"regexp"
	"testing"

	"journeyman.dev/internal/telemetry"
)

func TestTheTraceIsTheJourneyAndEachCallASpan(t *testing.T) {
	t.Parallel()
	s := &telemetry.Scope{CorrelationID: "8F3B1C5E-9d7a-4f60-8a0b-0c1d2e3f4a5b"}
	shape := regexp.MustCompile(`^00-8f3b1c5e9d7a4f608a0b0c1d2e3f4a5b-[0-9a-f]{16}-01$`)
	first, second := s.TraceParent(), s.TraceParent()
	for _, got := range []string{first, second} {
		if !shape.MatchString(got) {
			t.Errorf("traceparent = %q, want the shape %s", got, shape)
		}
	}
	if first == second {
		t.Errorf("two calls have the span %q", first)
	}
}

func TestACorrelationIDThatIsNoGUIDMakesNoTrace(t *testing.T) {
	t.Parallel()
	for _, id := range []string{"", "x", "00000000-0000-0000-0000-000000000000", "8f3b1c5e-9d7a-4f60-8a0b-0c1d2e3f4a5", "8f3b1c5e\r\nX: y"} {
		if got := (&telemetry.Scope{CorrelationID: id}).TraceParent(); got != "" {
			t.Errorf("traceparent of %q = %q, want none", id, got)
		}
	}
}

func TestAScopeIsFoundInItsContextAlone(t *testing.T) {
	t.Parallel()
	if got := telemetry.From(context.Background()); got != nil {
		t.Errorf("scope of an empty context = %v", got)
	}
	s := new(telemetry.Scope)
	if got := telemetry.From(telemetry.With(t.Context(), s)); got != s {
		t.Errorf("scope = %p, want %p", got, s)
	}
}
