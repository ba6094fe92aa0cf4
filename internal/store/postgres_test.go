package store

import "testing"

func TestVersionsOfPostgreSQL(t *testing.T) {
	t.Parallel()
	for version, want := range map[int]bool{90624: false, 120022: false, 130000: true, 150004: true, 180001: true} {
		if got := supported(version) == nil; got != want {
			t.Errorf("%d: supported = %v", version, got)
		}
	}
}
