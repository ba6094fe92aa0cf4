// Package canonical makes the form in which sign-in names are compared: addresses, user names, user principal
// names and phone numbers. The directory's index, the ledgers of verification codes, throttles and the
// recipients of mails all use it, so that a proved address is the written address.
//
// The form depends only on the text, not on the kind of name: an address registered as a user name is still
// the same name. Two texts have the same form only if every mail system and every keyboard treats them as the
// same. In Unicode many more pairs look alike or fold alike, such as the long s and s or the Kelvin sign and
// k. Those stay different, because their mailboxes may belong to different people.
package canonical

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/nyaruka/phonenumbers"
	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"
)

// Name returns the canonical form of a sign-in name; "" for a blank one.
//
//   - An address (a text with @) has its ASCII letters in lower case and its domain in
//     the form of DNS. Other letters of the part before the @ stay as they are.
//   - A phone number (a text that begins with + and contains only digits and separators) is in
//     the form of E.164.
//   - Any other text is a user name: composed (NFC), in lower case. A letter outside ASCII
//     never becomes one inside.
func Name(text string) string {
	text = strings.TrimSpace(text)
	if at := strings.LastIndexByte(text, '@'); at >= 0 {
		return lowerASCII(text[:at]) + "@" + domain(text[at+1:])
	}
	if number, ok := phone(text); ok {
		return number
	}
	return lower(norm.NFC.String(text))
}

// Same reports whether two texts are the same name. No name is the same as a blank one.
func Same(a, b string) bool {
	name := Name(a)
	return name != "" && name == Name(b)
}

// Text returns the form of a name for storing and showing: the name as entered, or its canonical form if a
// reader that knows only ASCII could take the entered form for another name. So an application that reads an
// address from a token never sees another domain than the mailed one.
func Text(text string) string {
	text = strings.TrimSpace(text)
	if name := Name(text); strings.IndexByte(name, '@') >= 0 && name != lowerASCII(text) {
		return name
	}
	return text
}

// Fold converts a text's ASCII letters to lower case. It is for foreign identifiers, such as issuers, because
// we have no rule for their other letters.
func Fold(text string) string { return lowerASCII(text) }

func lowerASCII(s string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}

// lower is strings.ToLower, except for letters that would become ASCII letters, such as İ.
func lower(s string) string {
	return strings.Map(func(r rune) rune {
		if l := unicode.ToLower(r); r < utf8.RuneSelf || l >= utf8.RuneSelf {
			return l
		}
		return r
	}, s)
}

// lookup maps domains in the way of mail servers and browsers before a DNS request.
var lookup = idna.New(idna.MapForLookup(), idna.Transitional(false), idna.StrictDomainName(false))

// No domain and no number is longer, so longer texts need no work.
const (
	maxDomain = 255
	maxPhone  = 40
)

func domain(s string) string {
	s = strings.TrimRightFunc(s, func(r rune) bool { return r == '.' || unicode.IsSpace(r) })
	ascii := true
	for i := range len(s) {
		ascii = ascii && s[i] < utf8.RuneSelf
	}
	if ascii && !strings.Contains(lowerASCII(s), "xn--") || len(s) > maxDomain {
		return lowerASCII(s)
	}
	if a, err := lookup.ToASCII(s); err == nil {
		return lowerASCII(a)
	}
	return lowerASCII(s)
}

// phone reads a number with its country code. It doesn't read digits of other scripts, because no keypad has
// them.
func phone(text string) (string, bool) {
	rest, ok := strings.CutPrefix(text, "+")
	if !ok || rest == "" || len(rest) > maxPhone || strings.Trim(rest, "0123456789 -./()") != "" {
		return "", false
	}
	plain := "+" + strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, rest)
	if len(plain) < 4 {
		return "", false
	}
	// The library handles the 0 that some people write in brackets after the country code.
	if n, err := phonenumbers.Parse(text, ""); err == nil && phonenumbers.IsPossibleNumber(n) {
		return phonenumbers.Format(n, phonenumbers.E164), true
	}
	return plain, true
}
