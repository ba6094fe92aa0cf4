package texts

import (
	"slices"
	"testing"
)

func TestTextsOfAPageAreItsOwnAndTheMessages(t *testing.T) {
	t.Parallel()
	for layout, section := range pageSections {
		list := OfPage(layout, "de")
		if want := len(IDs(section)) + len(IDs(Message)); len(list) != want {
			t.Errorf("%s: %d texts, want %d", layout, len(list), want)
		}
		for i, text := range list {
			want := "UxElement"
			if i >= len(IDs(section)) {
				want = "ErrorMessage"
			}
			if text.ElementType != want || text.StringID == "" || text.Value == "" {
				t.Errorf("%s, text %d: %+v", layout, i, text)
			}
		}
	}
	german, english := OfPage("unifiedssp", "de"), OfPage("unifiedssp", "en")
	if slices.Equal(german, english) {
		t.Error("German texts are English")
	}
	if list := OfPage("nothing", "en"); len(list) != len(IDs(Message)) {
		t.Errorf("an unknown page: %d texts", len(list))
	}
}
