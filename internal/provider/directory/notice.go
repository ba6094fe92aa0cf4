package directory

import (
	"context"
	"slices"
	"strings"

	"journeyman.dev/internal/canonical"
	"journeyman.dev/internal/claims"
	"journeyman.dev/internal/directory"
	"journeyman.dev/internal/journey"
	"journeyman.dev/internal/mail"
)

// Notifier informs the owner of an account of a change. It returns soon, and no
// failure of a mail is the journey's.
type Notifier interface {
	Notify(ctx context.Context, n mail.Notice)
}

// notify informs the former addresses of an account of a change; nobody if
// nothing was. An account that is made was not changed.
func (x *Exchange) notify(ctx context.Context, call *journey.Call, before, after *directory.User, newPassword bool) {
	if x.notifier == nil || !x.m.Notify || before == nil {
		return
	}
	var changes []mail.Change
	if newPassword {
		changes = append(changes, mail.PasswordChanged)
	}
	if !slices.Equal(sorted(addresses(before)), sorted(addresses(after))) {
		changes = append(changes, mail.AddressChanged)
	}
	for _, name := range factors {
		if !sameValue(before.Attribute(name), after.Attribute(name)) {
			changes = append(changes, mail.SecondFactorChanged)
			break
		}
	}
	to := recipients(before)
	if len(changes) == 0 || len(to) == 0 {
		return
	}
	x.notifier.Notify(ctx, mail.Notice{To: to, Changes: changes, Language: call.Language, Tenant: call.Program.TenantName()})
}

// factors are the attributes with which an account's owner confirms who it is.
var factors = []string{"strongAuthenticationPhoneNumber", "strongAuthenticationAlternativePhoneNumber", "strongAuthenticationEmailAddress"}

// sameValue compares attributes; an empty one is as none.
func sameValue(a, b claims.Value) bool {
	return slices.Equal(sorted(textsOf(a)), sorted(textsOf(b)))
}

// addresses are those by which a user signs in or is reached.
func addresses(u *directory.User) []string {
	list := signInAddresses(u)
	for _, name := range []string{"mail", "otherMails"} {
		list = append(list, textsOf(u.Attribute(name))...)
	}
	return list
}

func signInAddresses(u *directory.User) []string {
	var list []string
	for _, i := range u.Identities {
		if len(i.Type) >= len("emailAddress") && strings.EqualFold(i.Type[:len("emailAddress")], "emailAddress") {
			list = append(list, i.ID)
		}
	}
	return list
}

// recipients are where a user is reached: the addresses of its sign-in, else those with
// which it proves who it is, else the others.
func recipients(u *directory.User) []string {
	for _, list := range [][]string{signInAddresses(u), textsOf(u.Attribute("strongAuthenticationEmailAddress")), textsOf(u.Attribute("mail")), textsOf(u.Attribute("otherMails"))} {
		var to []string
		for _, address := range sorted(list) {
			if strings.Contains(address, "@") {
				to = append(to, address)
			}
		}
		if len(to) > 0 {
			return to
		}
	}
	return nil
}

// sorted are addresses and numbers in the form in which they are compared, each once.
func sorted(list []string) []string {
	var out []string
	for _, text := range list {
		if name := canonical.Name(text); name != "" {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// textsOf are the texts of an attribute: the items of a collection, or its one.
func textsOf(v claims.Value) []string {
	switch {
	case v.Empty():
		return nil
	case v.Type() == claims.StringCollection:
		return v.Items()
	}
	return []string{v.String()}
}
