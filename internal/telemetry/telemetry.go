// Package telemetry connects work with its journey through contexts, so that calls out can be logged, traced
// and observed.
//
// The engine puts a Scope into the context of each run, and package outbound reads it. Metrics and exporters
// of traces belong here.
package telemetry

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"strings"
	"sync/atomic"
	"time"
)

// Scope is a piece of work that belongs to one journey.
type Scope struct {
	// CorrelationID is the journey's GUID.
	CorrelationID string
	// Called gets each finished call out; nil: nobody does. It must not block.
	Called func(ctx context.Context, c Call)

	spans atomic.Uint64
}

// Call is a finished call out. It contains neither path nor headers nor bodies, because those may contain
// personal data and secrets.
type Call struct {
	Method   string
	Host     string // with the port, if there is one
	Status   int    // 0 if there was no answer
	Attempts int
	Duration time.Duration // of all attempts
	Err      error         // nil if there was an answer
}

type key struct{}

// With puts a scope into a context.
func With(ctx context.Context, s *Scope) context.Context { return context.WithValue(ctx, key{}, s) }

// From returns the scope of a context; nil if there is none.
func From(ctx context.Context) *Scope {
	s, _ := ctx.Value(key{}).(*Scope)
	return s
}

// TraceParent makes the traceparent header of a call out (W3C Trace Context). The trace is the journey, and
// each call is a span. The result is "" if the correlation id isn't a GUID.
func (s *Scope) TraceParent() string {
	trace := strings.ReplaceAll(strings.ToLower(s.CorrelationID), "-", "")
	if raw, err := hex.DecodeString(trace); err != nil || len(raw) != 16 || trace == strings.Repeat("0", 32) {
		return ""
	}
	var n [8]byte
	binary.BigEndian.PutUint64(n[:], s.spans.Add(1))
	span := sha256.Sum256(append([]byte(trace), n[:]...))
	return "00-" + trace + "-" + hex.EncodeToString(span[:8]) + "-01"
}
