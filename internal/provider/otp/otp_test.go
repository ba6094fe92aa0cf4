package otp

import "testing"

func TestCharactersExpandsRangesAndDropsWhatIsDoubled(t *testing.T) {
	for set, want := range map[string]string{
		"0-9": "0123456789", "a-cA-C": "abcABC", "aab-da": "abcd", "0-2-": "012-", "-a": "-a", "z-a": "z-a", "": "", "a b\nc": "abc", "é1": "1", "ab-": "ab-",
	} {
		if got := characters(set); got != want {
			t.Errorf("characters(%q) = %q, want %q", set, got, want)
		}
	}
}

func FuzzCharacters(f *testing.F) {
	f.Add("a-z0-9")
	f.Fuzz(func(t *testing.T, set string) {
		seen := make(map[rune]bool)
		for _, r := range characters(set) {
			if r <= ' ' || r >= 0x7f || seen[r] {
				t.Errorf("characters(%q) has %q", set, r)
			}
			seen[r] = true
		}
	})
}
