package canonical_test

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"journeyman.dev/internal/canonical"
)

func ExampleName() {
	fmt.Println(canonical.Name(" Ada.Lovelace@Example.COM "))
	fmt.Println(canonical.Name("+44 (0)20 7946 0018"))
	fmt.Println(canonical.Name("Ada_1815"))
	// Output:
	// ada.lovelace@example.com
	// +442079460018
	// ada_1815
}

func TestOneNameHasOneForm(t *testing.T) {
	t.Parallel()
	for name, same := range map[string][]string{
		"an address":                     {"sam.kirk@example.com", "SAM.KIRK@EXAMPLE.COM", " sam.kirk@example.com\t", "sam.kirk@example.com.", "sam.kirk@ｅxample.com"},
		"an address of another alphabet": {"ada@bücher.example", "ada@BÜCHER.example", "Ada@xn--bcher-kva.example", "ada@XN--BCHER-KVA.EXAMPLE", "ada@bu\u0308cher.example"},
		"a user name":                    {"zoë", "ZOË", "Zoe\u0308", " zoë "},
		"a phone number":                 {"+1 555 010 0123", "+15550100123", "+1 (555) 010-0123", "+1.555.010.0123"},
	} {
		for _, text := range same {
			if got, want := canonical.Name(text), canonical.Name(same[0]); got != want {
				t.Errorf("%s: %q becomes %q, want %q", name, text, got, want)
			}
			if !canonical.Same(text, same[0]) {
				t.Errorf("%s: %q isn't the same as %q", name, text, same[0])
			}
		}
	}
}

// Names that look or fold alike may belong to different people.
func TestDifferentNamesStayDifferent(t *testing.T) {
	t.Parallel()
	for _, pair := range [][2]string{
		{"ſam.kirk@example.com", "sam.kirk@example.com"},      // long s
		{"sam.\u212airk@example.com", "sam.kirk@example.com"}, // Kelvin sign
		{"İda@example.com", "ida@example.com"},                // I with a dot
		{"ÄDA@example.com", "äda@example.com"},                // a mail server may distinguish them
		{"e\u0301va@example.com", "\u00e9va@example.com"},     // and these
		{"ｓam@example.com", "sam@example.com"},                // full width
		{"s\u0430m@example.com", "sam@example.com"},           // Cyrillic
		{"İda", "ida"}, {"ſam", "sam"}, {"ı", "i"}, {"ﬁ", "fi"}, // user names
		{"+15550100123", "15550100123"}, {"+1555", "+1556"},
		{"sam", "sam@example.com"}, {"", ""}, {" ", "\t"},
	} {
		if canonical.Same(pair[0], pair[1]) {
			t.Errorf("%q is the same as %q: %q", pair[0], pair[1], canonical.Name(pair[0]))
		}
	}
}

func TestTextKeepsWhatWasEnteredWhereItIsTheName(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"Sam@Example.com": "Sam@Example.com", " sam@example.com ": "sam@example.com", "Zoë": "Zoë", "+1 555 010 0123": "+1 555 010 0123",
		"Sam@ｅxample.com": "sam@example.com", "ada@bücher.example": "ada@xn--bcher-kva.example", "ſam@example.com": "ſam@example.com",
	} {
		if got := canonical.Text(in); got != want {
			t.Errorf("Text(%q) = %q, want %q", in, got, want)
		}
	}
}

// FuzzName checks that a form is its own form, and that no letter of another alphabet before the @ becomes an
// ASCII letter.
func FuzzName(f *testing.F) {
	for _, seed := range []string{"Ada@Example.com", "ſam@example.com", "\u212a", "+1 (555) 010-0123", "a@b@c", "@", "ada@bücher.example", "İ", "+", "xn--a@xn--a"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if !utf8.ValidString(text) {
			return
		}
		once := canonical.Name(text)
		if twice := canonical.Name(once); twice != once {
			t.Errorf("Name(%q) = %q, but Name of that is %q", text, once, twice)
		}
		if local, _, ok := cutLast(strings.TrimSpace(text)); ok {
			got, _, _ := cutLast(once)
			if !strings.EqualFold(got, local) || len([]rune(got)) != len([]rune(local)) {
				t.Errorf("%q: the part before the @ became %q", text, got)
			}
			for i, r := range []rune(local) {
				if r >= utf8.RuneSelf && []rune(got)[i] != r {
					t.Errorf("%q: %q became %q", text, r, []rune(got)[i])
				}
			}
		}
		if shown := canonical.Text(text); canonical.Name(shown) != once {
			t.Errorf("Text(%q) = %q is another name", text, shown)
		}
	})
}

func cutLast(s string) (before, after string, ok bool) {
	i := strings.LastIndexByte(s, '@')
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+1:], true
}
