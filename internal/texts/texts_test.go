package texts

import (
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var placeholder = regexp.MustCompile(`\{\d\}`)

// TestEveryLanguageHasEveryText checks that no language lacks an id or a placeholder, and that none contains
// one that English lacks.
func TestEveryLanguageHasEveryText(t *testing.T) {
	t.Parallel()
	english := For(Default)
	for _, tag := range Languages() {
		set := library().sets[tag]
		for _, section := range Sections() {
			for id, want := range english.sections[section] {
				have, ok := set.sections[section][id]
				if !ok || strings.TrimSpace(have) == "" {
					t.Errorf("%s: %s/%s has no text", tag, section, id)
					continue
				}
				wanted, found := placeholder.FindAllString(want, -1), placeholder.FindAllString(have, -1)
				slices.Sort(wanted)
				slices.Sort(found)
				if !slices.Equal(wanted, found) {
					t.Errorf("%s: %s/%s has the placeholders %v, not %v", tag, section, id, found, wanted)
				}
				if strings.ContainsAny(have, "<>") || strings.TrimSpace(have) != have {
					t.Errorf("%s: %s/%s = %q", tag, section, id, have)
				}
			}
		}
		for section, members := range set.sections {
			for id := range members {
				if _, ok := english.sections[section][id]; !ok {
					t.Errorf("%s: %s/%s is no text", tag, section, id)
				}
			}
		}
		if months := strings.Split(set.Text(SelfAsserted, "months"), ","); len(months) != 12 {
			t.Errorf("%s has %d months", tag, len(months))
		}
	}
	if len(Languages()) < 11 {
		t.Errorf("only %d languages", len(Languages()))
	}
}

// TestNoTextIsThereTwiceInAFile reads the lines, because a decoder silently keeps the last duplicate.
func TestNoTextIsThereTwiceInAFile(t *testing.T) {
	t.Parallel()
	member := regexp.MustCompile(`^( +)"([^"]+)":`)
	for _, tag := range Languages() {
		b, err := fs.ReadFile(files, "languages/"+tag+".json")
		if err != nil {
			t.Fatal(err)
		}
		seen, section := make(map[string]bool), ""
		for line := range strings.Lines(string(b)) {
			m := member.FindStringSubmatch(line)
			if m == nil {
				continue
			}
			if len(m[1]) == 2 {
				section = m[2]
				continue
			}
			if name := section + "/" + m[2]; seen[name] {
				t.Errorf("%s: %s is there twice", tag, name)
			} else {
				seen[name] = true
			}
		}
	}
}

func TestALanguageFindsItsTexts(t *testing.T) {
	t.Parallel()
	for tag, want := range map[string]string{
		"en-GB": "en", "de-AT": "de", "DE": "de", "pt-BR": "pt-BR", "pt": "pt-BR", "pt-PT": "pt-PT", "zh-CN": "zh-Hans", "zh-SG": "zh-Hans", "zh-TW": "zh-Hant", "zh-HK": "zh-Hant",
		"zh": "zh-Hans", "ar-EG": "ar", "es-MX": "es", "fr-CA": "fr", "tlh": "en", "x-klingon": "en", "": "en", "not a tag": "en",
	} {
		if got := For(tag).Tag(); got != want {
			t.Errorf("For(%q) = %s, want %s", tag, got, want)
		}
	}
}
