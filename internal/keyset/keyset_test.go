package keyset_test

import (
	"testing"
	"time"

	"journeyman.dev/internal/keyset"
)

func TestTheActiveKeyIsTheNewestThatHasBegun(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	day := 24 * time.Hour
	undated := keyset.Key{KID: "undated"}
	old := keyset.Key{KID: "old", NotBefore: now.Add(-10 * day)}
	fresh := keyset.Key{KID: "fresh", NotBefore: now.Add(-day)}
	expired := keyset.Key{KID: "expired", NotBefore: now.Add(-time.Hour), Expires: now}
	future := keyset.Key{KID: "future", NotBefore: now.Add(time.Hour)}
	disabled := keyset.Key{KID: "disabled", NotBefore: now.Add(-time.Minute), Disabled: true}
	tests := []struct {
		name string
		keys []keyset.Key
		want string
	}{
		{"the newest that has begun", []keyset.Key{fresh, old, future, undated}, "fresh"},
		{"an expired one falls back", []keyset.Key{old, expired}, "old"},
		{"an undated one is the last resort", []keyset.Key{undated, expired, future}, "undated"},
		{"of two undated ones the later", []keyset.Key{{KID: "a"}, {KID: "b"}}, "b"},
		{"a disabled one isn't used", []keyset.Key{undated, disabled}, "undated"},
		{"none", []keyset.Key{expired, future}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, ok := (&keyset.Set{Keys: tt.keys}).Active(now)
			if ok != (tt.want != "") || ok && got.KID != tt.want {
				t.Errorf("got %+v, want %s", got, tt.want)
			}
		})
	}
}
