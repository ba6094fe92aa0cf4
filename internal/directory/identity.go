package directory

import (
	"net/mail"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"journeyman.dev/internal/refusal"
)

// typePattern is the form of names of identity types. Custom types are allowed (admin-surface §4).
var typePattern = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_\-]{0,63}$`)

// Limits of identities. User names have their own (admin-surface §4 [D]).
const (
	maxIdentityID = 256
	maxIssuer     = 512
	maxUserName   = 64
)

// check reports the fault of an identity from any source.
func (i Identity) check() error {
	switch kind := strings.ToLower(i.Type); {
	case i.ID == "" || i.Type == "" || kind == Federated && i.Issuer == "":
		return refusal.Because(ErrInvalid, "an identity lacks its type, issuer or id")
	case len(i.ID) > maxIdentityID || len(i.Issuer) > maxIssuer || !utf8.ValidString(i.ID+i.Issuer) || strings.ContainsFunc(i.ID+i.Issuer, hidden):
		return refusal.Because(ErrInvalid, "an identity is too long or has characters that aren't allowed")
	case i.Type == Federated:
		return nil
	case !typePattern.MatchString(i.Type) || kind == Federated:
		return refusal.Because(ErrInvalid, "the sign-in type of an identity has up to 64 letters, digits, '-' and '_' and begins with a letter")
	case strings.HasPrefix(kind, "emailaddress"):
		if a, err := mail.ParseAddress(i.ID); err != nil || a.Address != i.ID {
			return refusal.Because(ErrInvalid, "the id of an e-mail identity is no e-mail address")
		}
	case kind == "username":
		if utf8.RuneCountInString(i.ID) > maxUserName || strings.ContainsFunc(i.ID, unicode.IsSpace) {
			return refusal.Because(ErrInvalid, "a user name has up to %d characters and no blanks", maxUserName)
		}
	}
	return nil
}

// maxUPN is Graph's limit.
const maxUPN = 113

// checkUPN reports the fault of a user principal name. Create completes "".
func checkUPN(upn string) error {
	if upn == "" {
		return nil
	}
	local, domain, ok := strings.Cut(upn, "@")
	if !ok || local == "" || domain == "" || utf8.RuneCountInString(upn) > maxUPN || !utf8.ValidString(upn) ||
		strings.ContainsFunc(upn, func(r rune) bool { return hidden(r) || unicode.IsSpace(r) || strings.ContainsRune(`/\%?`, r) }) || strings.Contains(domain, "@") {
		return refusal.Because(ErrInvalid, "a user principal name is name@domain, of up to %d characters, without blanks and special characters", maxUPN)
	}
	return nil
}

// hidden reports an invisible character. People can't distinguish two names that differ only by one.
func hidden(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) }
