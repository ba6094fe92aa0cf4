package session_test

import (
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"time"

	"journeyman.dev/internal/session"
)

var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func TestAPartitionLivesUntilItExpires(t *testing.T) {
	t.Parallel()
	s := new(session.Session)
	s.Put("tenant", &session.Partition{ID: "a", Expires: now, Credentials: now.Add(-time.Hour)})
	s.Put("policy:x", &session.Partition{ID: "b", Expires: now.Add(time.Second)})
	s.Put("tenant", &session.Partition{ID: "c", Expires: now, Credentials: now.Add(-time.Minute)})
	for _, c := range []struct {
		scope string
		at    time.Time
		want  string // id; "": none
	}{
		{"tenant", now.Add(-1), "c"}, {"tenant", now, ""}, {"policy:x", now, "b"}, {"policy:y", now, ""}, {"", now, ""},
	} {
		got := s.Live(c.scope, c.at)
		if (got == nil) != (c.want == "") || got != nil && got.ID != c.want {
			t.Errorf("%q at %v: %+v", c.scope, c.at, got)
		}
	}
	if at, ok := s.CredentialsAt("tenant", now.Add(-1)); !ok || !at.Equal(now.Add(-time.Minute)) {
		t.Errorf("%v, %v", at, ok)
	}
	if at, ok := s.CredentialsAt("tenant", now); ok || !at.IsZero() {
		t.Errorf("%v, %v", at, ok)
	}
	var none *session.Session
	if none.Live("tenant", now) != nil {
		t.Error("a session that isn't there lives")
	}
	if !s.Prune(now) || len(s.Partitions) != 1 {
		t.Errorf("%+v", s.Partitions)
	}
	if s.Prune(now.Add(time.Second)) || len(s.Partitions) != 0 {
		t.Errorf("%+v", s.Partitions)
	}
}

func TestAnApplicationRegistersOnce(t *testing.T) {
	t.Parallel()
	p := new(session.Partition)
	p.Register(session.Client{ID: "a", LogoutURL: "old"})
	p.Register(session.Client{ID: "b"})
	p.Register(session.Client{ID: "a", LogoutURL: "new"})
	if want := []session.Client{{ID: "b"}, {ID: "a", LogoutURL: "new"}}; !slices.Equal(p.Clients, want) {
		t.Errorf("%v, want %v", p.Clients, want)
	}
}

func TestTheOldestIdentityProvidersMakeWay(t *testing.T) {
	t.Parallel()
	p := new(session.Partition)
	at := func(n int) session.Provider { return session.Provider{Policy: "x", Profile: fmt.Sprint(n)} }
	for n := range 9 {
		p.SignedInAt(at(n))
	}
	p.SignedInAt(at(3))
	if want := []session.Provider{at(1), at(2), at(4), at(5), at(6), at(7), at(8), at(3)}; !slices.Equal(p.Providers, want) {
		t.Errorf("%v, want %v", p.Providers, want)
	}
}

func TestALogSaysOnlyThatThereIsASession(t *testing.T) {
	t.Parallel()
	var none *session.Session
	if got := (&session.Session{ID: "secret"}).LogValue(); got.Kind() != slog.KindBool || !got.Bool() || none.LogValue().Bool() {
		t.Errorf("%v", got)
	}
}
